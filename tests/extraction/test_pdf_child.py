"""The long-lived child: what it survives, what it is told apart, and that it never outlives its parent."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.extraction import child as module
from pipeline.extraction.child import Child, ChildCrashed, child_of
from pipeline.trouble import EnvironmentTrouble

DOUBLE = "tests.extraction.pdf_child_double"


@pytest.fixture
def child() -> Iterator[Child]:
    found = Child(DOUBLE)
    yield found
    found.close()


def test_one_child_answers_many_questions(child: Child) -> None:
    first = child.ask({"do": "nothing"}, b"x" * 3_000_000)
    assert (first["bytes"], first["text"]) == (3_000_000, "\ud800é")
    assert child.ask({"do": "nothing"}, b"")["pid"] == first["pid"]


def test_a_child_is_replaced_after_many_questions(child: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_QUESTIONS", 2)
    pids = [child.ask({"do": "nothing"}, b"")["pid"] for _ in range(4)]
    assert pids[0] == pids[1] != pids[2] == pids[3]


@pytest.mark.parametrize("how", ["crash", "exit", "memory", "spin"])
def test_a_question_that_kills_twice_is_a_crash_and_the_next_is_answered(child: Child, how: str) -> None:
    with pytest.raises(ChildCrashed):
        child.ask({"do": how}, b"")
    assert child.ask({"do": "nothing"}, b"abc")["bytes"] == 3


@pytest.mark.parametrize("how", ["crash", "exit", "kill"])
def test_a_question_is_put_once_more_to_a_fresh_child(child: Child, how: str, tmp_path: Path) -> None:
    before = child.ask({"do": "nothing"}, b"")["pid"]
    assert child.ask({"do": how, "flag": str(tmp_path / "flag")}, b"")["pid"] != before


def test_what_is_killed_from_outside_twice_is_trouble_of_the_environment(child: Child) -> None:
    with pytest.raises(EnvironmentTrouble, match="SIGKILL"):
        child.ask({"do": "kill"}, b"")


def test_a_bug_is_raised_here_with_the_childs_traceback(child: Child) -> None:
    with pytest.raises(RuntimeError, match=r"KeyError: 'of our own'"):
        child.ask({"do": "bug"}, b"")
    assert child.ask({"do": "nothing"}, b"")["bytes"] == 0


def test_what_libraries_print_does_not_disturb(child: Child) -> None:
    assert child.ask({"do": "print"}, b"")["bytes"] == 0


def frame(answer: bytes) -> bytes:
    return len(answer).to_bytes(8) + bytes(8) + answer


@pytest.mark.parametrize(
    "written",
    [b"\xff" * 4096, frame(b"{"), frame(b"[]"), frame(b"[" * 200_000)],
    ids=["no frame", "no JSON", "no object", "nested too deep"],
)
def test_a_child_that_answers_nonsense_has_crashed_and_is_gone(child: Child, written: bytes) -> None:
    with pytest.raises(ChildCrashed, match="nonsense"):
        child.ask({"do": "nonsense"}, written)
    assert child._process is None
    assert child.ask({"do": "nothing"}, b"abc")["bytes"] == 3


def test_a_child_cannot_write_files(child: Child, tmp_path: Path) -> None:
    with pytest.raises((ChildCrashed, RuntimeError)):
        child.ask({"do": "write", "to": str(tmp_path / "x")}, b"")
    assert not (tmp_path / "x").exists() or (tmp_path / "x").stat().st_size == 0


def test_a_child_that_cannot_start_is_trouble_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EnvironmentTrouble, match="No module named"):
        Child("tests.extraction.there_is_no_such_module").ask({}, b"")
    monkeypatch.setattr(sys, "executable", "/there/is/no/python")
    with pytest.raises(EnvironmentTrouble, match="cannot start"):
        Child(DOUBLE).ask({}, b"")
    monkeypatch.setattr(sys, "executable", "")
    with pytest.raises(EnvironmentTrouble, match="no Python"):
        Child(DOUBLE).ask({}, b"")


def test_a_fork_has_a_child_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = child_of(DOUBLE)
    assert child_of(DOUBLE) is mine
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert child_of(DOUBLE) is not mine


def test_a_child_dies_with_its_parent() -> None:
    program = (
        "import os, sys; from pipeline.extraction.child import child_of\n"
        f"print(child_of({DOUBLE!r}).ask({{'do': 'nothing'}}, b'')['pid'], flush=True); os._exit(1)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    pid = int(done.stdout)
    for _ in range(6000):
        if not _runs(pid):
            return
        time.sleep(0.05)
    pytest.fail(f"the child {pid} is still there")


def _runs(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def test_what_is_no_content_is_refused_before_anything_is_sent(child: Child) -> None:
    first = child.ask({"do": "nothing"}, b"")["pid"]
    with pytest.raises(TypeError, match="bytes-like"):
        child.ask({"do": "nothing"}, "text")  # type: ignore[arg-type]
    assert child.ask({"do": "nothing"}, bytearray(b"x"))["bytes"] == 1
    assert child.ask({"do": "nothing"}, b"")["pid"] == first
