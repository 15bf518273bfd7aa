"""Where people and scripts read what commands say: pipes that close, closed streams, ASCII, a narrow terminal."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.e2e import drive
from tests.e2e.test_folders import run, written

PIPELINE = (drive.PYTHON, "-m", "pipeline")
TEXT = "Ünïcode — and 한국어 — is all over the place, and a text of it may be shown anywhere."


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("terminals")
    assert run(written(folder), folder / "data") == 0
    return folder / "data"


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More than a pipe holds."""
    path = tmp_path_factory.mktemp("texts") / "u.jsonl"
    path.write_text("".join(json.dumps({"text": f"{n} {TEXT}"}) + "\n" for n in range(2000)))
    return path


def extracting(texts: Path) -> list[str]:
    return [*PIPELINE, "extract", str(texts), "--kind", "text"]


def querying(data: Path) -> list[str]:
    return [*PIPELINE, "query", "--data", str(data), "select range, repeat('x', 200) from range(5000)"]


@pytest.mark.parametrize("command", [extracting, querying])
def test_a_reader_that_has_enough_is_no_failure(command, data: Path, texts: Path) -> None:
    """`| head`: it was exit code 1, which says that a stage has a bug."""
    wanted = command(texts if command is extracting else data)
    with subprocess.Popen(wanted, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert (process.stderr.read(), process.wait(timeout=600)) == (b"", 0)


def test_lines_are_the_same_json_where_output_is_ascii(texts: Path) -> None:
    found = []
    for encoding in ("utf-8", "ascii"):
        environment = os.environ | {"PYTHONIOENCODING": encoding}
        done = subprocess.run(extracting(texts), capture_output=True, cwd=ROOT, env=environment, check=True)
        found.append([json.loads(line) for line in done.stdout.decode(encoding).splitlines()])
    assert found[0] == found[1] and found[0][3]["text"] == f"3 {TEXT}"


def test_what_an_encoding_lacks_is_no_failure(data: Path, tmp_path: Path) -> None:
    """DuckDB draws its tables in what ASCII lacks; UTF-8 lacks the bytes of a name that is no text."""
    file = os.fsencode(tmp_path) + b"/\xff.txt"
    Path(os.fsdecode(file)).write_text("MIT License")
    for encoding, command in (
        ("ascii", ["query", "--data", str(data), "select 1"]),
        ("utf-8:strict", ["licence", file]),
    ):
        environment = os.environ | {"PYTHONIOENCODING": encoding}
        done = subprocess.run([*PIPELINE, *command], capture_output=True, cwd=ROOT, env=environment, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["file"] == os.fsdecode(file)


@pytest.mark.parametrize(
    ("closed", "said"), [(">&-", False), ("2>&-", True), ("<&- >&- 2>&-", False)], ids=["output", "errors", "all"]
)
def test_streams_that_are_closed_are_given_to_nobody(data: Path, texts: Path, closed: str, said: bool) -> None:
    """The first file that the package opens, and keeps open, is the one that holds the compiled kernels."""
    line = f'exec "$@" {closed}'
    extract = ("extract", str(texts), "--kind", "text")
    for command in (("status", "--data", str(data)), ("funnel", "--data", str(data)), extract):
        done = subprocess.run(
            ["bash", "-c", line, "-", *PIPELINE, *command], capture_output=True, cwd=ROOT, check=False
        )
        assert (done.returncode, bool(done.stdout), done.stderr) == (0, said, b"")


@pytest.mark.parametrize("package", ["classifiers", "mixtures", "proxy_models"])
def test_the_other_commands_begin_without_standard_output(package: str) -> None:
    command = ["bash", "-c", 'exec "$@" >&-', "-", drive.PYTHON, "-m", package, "--help"]
    done = subprocess.run(command, capture_output=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_narrow_terminal_shows_whole_numbers(data: Path) -> None:
    """A table that was made to fit left out what did not."""
    ours, theirs = pty.openpty()
    environment = os.environ | {"COLUMNS": "24", "TERM": "dumb"}
    command = [*PIPELINE, "funnel", "--data", str(data)]
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, cwd=ROOT, env=environment) as process:
        os.close(theirs)
        said = b""
        while part := _read(ours):
            said += part
        os.close(ours)
        assert process.wait(timeout=600) == 0
    for whole in (b"10_extracted", b"40_published", b"kept", b"docs"):
        assert whole in said, said.decode()
    assert "…" not in said.decode()


def _read(terminal: int) -> bytes:
    """What comes next; nothing at the end, which Linux says by an error."""
    try:
        return os.read(terminal, 1 << 16)
    except OSError:
        return b""
