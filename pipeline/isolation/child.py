"""One piece of work in a process of its own, and what became of that."""

from __future__ import annotations

import os
import pickle
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from pipeline.extraction.child import FROM_OUTSIDE, OUT_OF_MEMORY, allow_cpu
from pipeline.process import marker
from pipeline.trouble import EnvironmentTrouble

MEMORY_BYTES = 8 << 30
"""What the process may allocate: ten times the largest record of any source (`docs/architecture.md`, Memory), and
twice a zstd window of 2 GiB with all that stands beside it. So what runs away ends by itself, on any machine."""
CPU_S = 600
"""What it may use between two marks: a record takes milliseconds, a batch of 16 MB seconds."""
_MARK, _RESULT = "mark", "result"
_LEFT_NOTHING = 78
"""Exit status of a process that is done and cannot write what came of it."""


@dataclass(frozen=True)
class Ended:
    """What a process came to: its `result`, or what it `died` of, and `at` which mark, its last.

    is_from_outside: something else than its work ended it.
    """

    result: Any = None
    died: str = ""
    at: marker.Place = ()
    is_from_outside: bool = False


def run(work: Callable[[], Any]) -> Ended:
    """Do `work`, which can be pickled, in a fresh process; nothing that it does there ends this one.

    Raises EnvironmentTrouble that is raised there or where no process can be started, and RuntimeError with the
    traceback for any other exception.
    """
    with _folder() as folder:
        path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(folder)],
                stdin=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": path},
            )
        except OSError as error:
            raise EnvironmentTrouble(f"cannot start a process for one shard: {error}") from error
        assert process.stdin is not None
        try:
            process.stdin.write(pickle.dumps(work))
            process.stdin.flush()  # and left open: its end is the child's
            status = process.wait()
        except BrokenPipeError:
            status = process.wait()
        finally:
            process.kill()
            try:
                process.stdin.close()
            except BrokenPipeError:  # what was not sent
                pass
            process.wait()
        if status == 0:
            return _result(folder)
        if status == _LEFT_NOTHING:
            raise EnvironmentTrouble(f"a process cannot write to {folder}: is the disk full?")
        is_from_outside = -status in FROM_OUTSIDE
        if _memory_bytes() < MEMORY_BYTES and status != -signal.SIGXCPU:  # what needs more ends in many ways
            is_from_outside = True
        return Ended(died=_cause(status), at=marker.read(folder / _MARK), is_from_outside=is_from_outside)


@contextmanager
def _folder() -> Iterator[Path]:
    """Where the two meet, for as long as the process lives. Raises EnvironmentTrouble where none can be made."""
    try:
        folder = tempfile.TemporaryDirectory(prefix="riffle-alone-")
    except OSError as error:
        raise EnvironmentTrouble(f"cannot make a folder for one shard's process: {error}") from error
    with folder as name:
        yield Path(name)


def _memory_bytes() -> int:
    """What the process may allocate here: less than MEMORY_BYTES where a `ulimit` says so."""
    limits = resource.getrlimit(resource.RLIMIT_AS)[0], resource.getrlimit(resource.RLIMIT_DATA)[1]
    return min([MEMORY_BYTES, *(limit for limit in limits if limit != resource.RLIM_INFINITY)])


def _result(folder: Path) -> Ended:
    kind, found = pickle.loads((folder / _RESULT).read_bytes())
    if kind == "environment":
        raise EnvironmentTrouble(found)
    if kind == "bug":
        raise RuntimeError(f"in a process of its own:\n{found}")
    return Ended(result=found)


def _cause(status: int) -> str:
    if status == -signal.SIGXCPU:
        return f"more than {CPU_S} CPU seconds"
    if status == OUT_OF_MEMORY:
        return f"more than {_memory_bytes() / (1 << 30):.3g} GiB of memory"
    return signal.Signals(-status).name if status < 0 else f"exit status {status}"


# --- the child's side -------------------------------------------------------------------------------------------------


def _serve(folder: Path) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the parent's end is this one's too
    work = pickle.load(sys.stdin.buffer)
    threading.Thread(target=_end_with_parent, args=(sys.stdin.buffer,), daemon=True).start()
    for limit, value in ((resource.RLIMIT_DATA, MEMORY_BYTES), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(limit)[1]
        resource.setrlimit(limit, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))
    marker.keep(folder / _MARK, lambda: allow_cpu(CPU_S))
    sys.excepthook = lambda *error: _fail(folder, error[0], "".join(traceback.format_exception(*error)), error[1])
    _leave(folder, "done", work())


def _fail(folder: Path, kind: type[BaseException], trace: str, error: BaseException) -> None:
    """The end of work that raised: out of memory, environment, or a bug, which the parent raises."""
    if issubclass(kind, MemoryError):
        os._exit(OUT_OF_MEMORY)
    if issubclass(kind, EnvironmentTrouble):
        _leave(folder, "environment", str(error))
    _leave(folder, "bug", trace)


def _leave(folder: Path, kind: str, found: Any) -> None:
    """End here, so that nothing can go wrong behind what is told."""
    try:
        (folder / _RESULT).write_bytes(pickle.dumps((kind, found)))
    except OSError:
        os._exit(_LEFT_NOTHING)
    os._exit(0)


def _end_with_parent(stream: IO[bytes]) -> None:
    """Nothing more is sent: where reading ends, the parent has ended."""
    stream.read()
    os._exit(1)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
