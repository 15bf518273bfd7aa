"""Who is at work in a folder: told by real processes that live, are stopped, die, or have the pid of another."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import journal, storage
from pipeline.journal.process import Process
from pipeline.trouble import EnvironmentTrouble

WORKING = """
import sys
from pipeline.journal import at_work
with at_work(sys.argv[1]):
    print("at work", flush=True)
    sys.stdin.read()
"""
OF_ANOTHER_NAMESPACE = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")

where_birth_is_told = pytest.mark.skipif(not Process.this().born, reason="nobody says when a process was born")


@contextmanager
def working(data: Path, *, under: Sequence[str] = ()) -> Iterator[subprocess.Popen[str]]:
    """A process that is at work in `data` until it is told to end."""
    command = [*under, sys.executable, "-c", WORKING, str(data)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None and process.stdout.readline() == "at work\n"
            yield process
        finally:
            process.kill()


@pytest.fixture(autouse=True)
def no_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of journals of this process, whose folders are renamed: a beat would make another under the name of before."""
    monkeypatch.setattr(journal, "FLUSH_S", 3600.0)


def written_long_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "DEAD_AFTER_S", -1.0)


@where_birth_is_told
def test_a_process_is_at_work_while_it_lives(tmp_path, monkeypatch):
    with working(tmp_path) as process:
        (run,) = journal.runs(str(tmp_path))
        assert journal.living(str(tmp_path)) == run
        with pytest.raises(EnvironmentTrouble, match=run), journal.at_work(str(tmp_path)):
            raise AssertionError
        written_long_ago(monkeypatch)
        process.send_signal(signal.SIGSTOP)
        assert journal.living(str(tmp_path)) == run, "who is stopped may go on"
        process.send_signal(signal.SIGCONT)
        process.communicate("", timeout=300)
    assert journal.living(str(tmp_path)) is None
    with journal.at_work(str(tmp_path)):
        assert journal.living(str(tmp_path)) is None, "one's own work is not another's"


@where_birth_is_told
def test_a_killed_process_is_not_at_work_reaped_or_not(tmp_path):
    with working(tmp_path) as process:
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert journal.living(str(tmp_path)) is None, "its parent has not asked yet how it ended"
    assert journal.living(str(tmp_path)) is None


def renamed(data: Path, run: str, process: Process) -> None:
    (data / "journal" / run).rename(data / "journal" / f"{run.partition('-')[0]}-{process}")


@where_birth_is_told
def test_a_pid_that_was_given_to_another_process_does_not_work(tmp_path):
    with working(tmp_path):
        (run,) = journal.runs(str(tmp_path))
        process = Process.named(run.partition("-")[2])
        assert process is not None and process.is_alive()
        ignored = shutil.ignore_patterns(".*", "earlier")  # drafts of a beat, which come and go
        shutil.copytree(tmp_path, tmp_path / "earlier", ignore=ignored)
        renamed(tmp_path / "earlier", run, process._replace(born=process.born - 1))
        assert journal.living(str(tmp_path / "earlier")) is None


@pytest.mark.parametrize("change", [{"place": "another"}, {"host": "elsewhere"}, {"born": 0}], ids=repr)
def test_where_a_process_cannot_be_asked_for_its_events_decide(tmp_path, monkeypatch, change):
    """Two containers of one name have the same pid, often 1; on macOS nobody says when a process was born."""
    with journal.at_work(str(tmp_path)):
        (run,) = journal.runs(str(tmp_path))
        renamed(tmp_path, run, Process.this()._replace(**change))
        (other,) = journal.runs(str(tmp_path))
        assert journal.living(str(tmp_path)) == other != run
        written_long_ago(monkeypatch)
        assert journal.living(str(tmp_path)) is None
        renamed(tmp_path, other, Process.this())


def test_where_nobody_says_when_a_process_was_born_the_dead_are_known_all_the_same(monkeypatch):
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        known = Process.this()._replace(pid=process.pid, born=0)
        assert known.is_alive() is None
        process.communicate(b"\n")
    assert known.is_alive() is False


@where_birth_is_told
def test_another_users_process_lives(tmp_path, monkeypatch):
    def refused(pid: int, number: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refused)
    assert Process.this().is_alive() is True
    assert Process.this()._replace(born=0).is_alive() is None


def test_a_container_of_the_same_name_is_another_place(tmp_path, monkeypatch):
    allowed = subprocess.run([*OF_ANOTHER_NAMESPACE, "true"], capture_output=True, check=False)
    if allowed.returncode:
        pytest.skip(f"no pid namespace can be made here: {allowed.stderr.decode().strip()}")
    with working(tmp_path, under=OF_ANOTHER_NAMESPACE):
        (run,) = journal.runs(str(tmp_path))
        process = Process.named(run.partition("-")[2])
        assert process is not None and process.host == Process.this().host and process.place != Process.this().place
        monkeypatch.setattr(os, "getpid", lambda: process.pid)
        assert journal.living(str(tmp_path)) == run, "it is not the one that asks, though it has its pid"
        written_long_ago(monkeypatch)
        assert journal.living(str(tmp_path)) is None


@given(st.text(), st.text().filter(lambda text: "-" not in text), st.integers(0), st.integers(0))
def test_a_name_says_which_process_it_is(host, place, pid, born):
    assert Process.named(str(Process(host, place, pid, born))) == (host, place, pid, born)


@pytest.mark.parametrize("name", ["", "host", "host-7", "host-a-b-c", "host-a-1-x"])
def test_other_names_are_of_no_process(name):
    assert Process.named(name) is None


def test_a_run_without_a_segment_is_not_at_work(tmp_path):
    (tmp_path / "journal" / "20300101T000000-host-7").mkdir(parents=True)
    line = json.dumps({"event": "beat", "at": time.time()})
    storage.put_if_absent(str(tmp_path / "journal" / "20290101T000000-host-7" / "000001.jsonl"), line.encode())
    assert journal.living(str(tmp_path)) == "20290101T000000-host-7"
