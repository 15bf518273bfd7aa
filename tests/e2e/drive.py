"""What the end-to-end tests share: runs as a user starts them, real Dask processes, and the digest of a run."""

from __future__ import annotations

import hashlib
import io
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import psutil

from pipeline.__main__ import main
from pipeline.demo.shards import OTHERS
from pipeline.rooms.manifest import Manifest
from tests.conftest import ROOT

PYTHON = sys.executable
MAKE = ("make", "-s", "-o", ".venv/.installed")  # a test installs nothing, however old the environment is
os.environ["DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED"] = (
    "False"  # for the workers started here; see cluster.connected
)
ROOMS = (
    "05_spilled",
    "10_extracted",
    "20_filtered",
    "30_signatures",
    "31_duplicates",
    "40_published",
    "audit",
    "versions",
)

RULES = """
run: test
sources:
  web:
    reader: {kind: commoncrawl}
    inputs: %s
  docs:
    reader: {kind: text}
    inputs: %s
    licence: Apache-2.0
%sfilter:
  - {kind: normalise}
  - {kind: language}
  - kind: rules
    name: language
    rules:
      - {drop: "language:not_english", when: "language <> 'en'"}
  - {kind: statistics}
  - kind: rules
    name: size
    rules:
      - {drop: "size:words", when: "word_count < %d"}
dedup:
  url_sources: [web]
  lines: {sources: [web], min_pages: 3}
  passages: {min_words: 40}
audit: {one_in: 10, floor: 5}
publish: {shard_bytes: 200000}
"""


def write_config(folder: Path, raw: Path, least_words: int = 30) -> Path:
    """A config over the demo's raw shards."""
    path = folder / "config.yaml"
    others = "".join(f"  {kind}: {{reader: {{kind: {kind}}}, inputs: {raw / kind}}}\n" for kind in OTHERS)
    path.write_text(RULES % (raw / "web", raw / "docs", others, least_words))
    return path


def command(config: Path, data: Path | str, *extra: str) -> list[str]:
    return [PYTHON, "-m", "pipeline", "run", "--config", str(config), "--data", str(data), *extra]


def run(config: Path, data: Path | str, *extra: str, env: dict[str, str] | None = None, expect: int = 0) -> str:
    """Run to its end as a subprocess; returns what it printed, and checks the exit code."""
    done = subprocess.run(
        command(config, data, *extra),
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        check=False,
    )
    printed = done.stdout + done.stderr
    assert done.returncode == expect, f"exit {done.returncode}, expected {expect}:\n{printed[-6000:]}"
    return printed


def run_here(config: Path, data: Path | str, *extra: str) -> str:
    """The same in this process and with its exit code checked, where it is what a run does that is asked for.

    Beside the tests that start, kill and resume processes: a process of its own
    is four CPU seconds of imports, tables and kernels.
    """
    return said_by(main, command(config, data, "--workers", "0", *extra)[3:])


def said_by(command_line: Callable[[list[str]], int], arguments: list[str], expect: int = 0) -> str:
    """What a package's `main` prints when it is called with `arguments`; checks the exit code."""
    with redirect_stdout(io.StringIO()) as printed, redirect_stderr(printed):
        code = command_line(arguments)
    assert code == expect, f"exit {code}, expected {expect}:\n{printed.getvalue()[-6000:]}"
    return printed.getvalue()


def digest(data: Path) -> dict[str, str]:
    """sha256 of every committed file of a run, by name; what depends on time (journal, page) is not of it."""
    return {
        str(path.relative_to(data)): hashlib.sha256(path.read_bytes()).hexdigest()
        for room in ROOMS
        for path in sorted((data / room).rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


def committed(data: Path, room: str) -> int:
    """How many shards of a room have their manifest."""
    return len(list((data / room).glob("*.*.json"))) if (data / room).exists() else 0


def manifests(data: Path, room: str) -> list[Manifest]:
    """All of a room, of whatever recipe."""
    return [Manifest.from_bytes(path.read_bytes()) for path in sorted((data / room).glob("*.*.json"))]


def wait_for(
    condition: Callable[[], bool], process: subprocess.Popen[str] | None = None, seconds: float = 1200
) -> bool:
    """Wait until it holds; False if the process ended before it did. Fails the test after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        if process is not None and process.poll() is not None:
            return False
        time.sleep(0.01)
    raise AssertionError("waited too long")


@contextmanager
def started(arguments: list[str], log: Path) -> Iterator[subprocess.Popen[str]]:
    """A process in a session of its own; whatever is left of it is killed at the end."""
    with log.open("a") as file:
        process = subprocess.Popen(arguments, stdout=file, stderr=file, text=True, cwd=ROOT, start_new_session=True)
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def dask_scheduler(folder: Path, port: int = 0) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A real `dask scheduler` process and its address."""
    log = folder / f"scheduler-{time.monotonic_ns()}.log"
    arguments = [
        PYTHON,
        "-m",
        "distributed.cli.dask_scheduler",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--no-dashboard",
    ]
    with started(arguments, log) as process:
        found: list[str] = []

        def listening() -> bool:
            found[:] = re.findall(r"Scheduler at:\s+(tcp://\S+)", log.read_text())
            return bool(found)

        assert wait_for(listening, process), log.read_text()
        yield process, found[0]


@contextmanager
def dask_workers(folder: Path, address: str, count: int = 2) -> Iterator[list[subprocess.Popen[str]]]:
    """Real `dask worker` processes, one thread each, with their nannies."""
    arguments = [
        PYTHON,
        "-m",
        "distributed.cli.dask_worker",
        address,
        "--nthreads",
        "1",
        "--no-dashboard",
        "--memory-limit",
        "4GiB",
    ]
    log = folder / f"workers-{time.monotonic_ns()}.log"
    with started(arguments, log) as first, started(arguments, log) as second:
        yield [first, second][:count]


def worker_pids(nanny: subprocess.Popen[str]) -> list[int]:
    """The process ids below a nanny: the worker itself among them."""
    return children_of(nanny.pid)


def children_of(pid: int) -> list[int]:
    """The ids of the processes that a process has started."""
    return [process.pid for process in psutil.Process(pid).children()]
