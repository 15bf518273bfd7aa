"""One long-lived child process a worker, for a C parser of hostile files: asked over pipes, bounded, replaced if dead.

A question and an answer are a frame each: two lengths of 8 bytes, a JSON object, and raw bytes. JSON, so that a parser
that a file has taken over cannot have its parent run what it likes, as pickle would.
"""

from __future__ import annotations

import atexit
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from pipeline.process import timing
from pipeline.trouble import EnvironmentTrouble

Answer = Callable[[Mapping[str, Any], bytes], dict[str, Any]]

MAX_ANSWER_BYTES = 1 << 30  # a child that promises more has lost its mind, and counts as one that crashed
MAX_QUESTIONS = 2_000  # then a fresh one: what C code leaks does not add up; a start costs about 0.2 s
OUT_OF_MEMORY = 77  # exit status
_CPU_S = "child_cpu_s"  # in an answer: what it took, for the clock of `timing`
# Nothing that a file can do to the parser ends in these: the out-of-memory killer, or a user who stops everything.
FROM_OUTSIDE = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP})


class ChildCrashed(Exception):
    """The child died on a question, or broke a limit of the operating system."""


class ChildKilled(Exception):
    """The child was killed from outside while it worked."""


class Child:
    """A child process that runs a module which calls `serve`; started by the first question, closed at exit.

    One for the whole process (`child_of`): it must not be used on both sides of a fork. Questions of several threads
    are answered one after another.
    """

    def __init__(self, module: str) -> None:
        self._module = module
        self._process: subprocess.Popen[bytes] | None = None
        self._asked = 0
        self._lock = threading.Lock()

    def ask(self, question: Mapping[str, Any], content: bytes) -> dict[str, Any]:
        """The answer. Where the child dies, the same question is put once more, to a fresh child.

        Raises ChildCrashed where that one dies too; EnvironmentTrouble where no child can be started, or something
        else than the question killed it twice; RuntimeError, with the child's traceback, for a bug in its program.
        """
        with self._lock:
            if self._asked >= MAX_QUESTIONS:
                self._close()
            try:
                answer = self._try(question, content)
            except (ChildCrashed, ChildKilled):
                self._close()
                try:
                    answer = self._try(question, content)
                except ChildKilled as error:
                    raise EnvironmentTrouble(f"{self._module}: {error}, twice; is there enough memory?") from error
            if "bug" in answer:
                self._close()
        taken_s = answer.pop(_CPU_S, 0.0)
        timing.spent_in_child(taken_s if isinstance(taken_s, float) else 0.0)  # it decides nothing
        if "bug" in answer:
            raise RuntimeError(f"in {self._module}:\n{answer['bug']}")
        return answer

    def close(self) -> None:
        """End the child. The next question starts another one."""
        with self._lock:
            self._close()

    def _try(self, question: Mapping[str, Any], content: bytes) -> dict[str, Any]:
        process = self._process = self._process or self._started()
        assert process.stdin is not None and process.stdout is not None
        self._asked += 1
        try:
            _send(process.stdin, question, content)
            found = _receive(process.stdout, MAX_ANSWER_BYTES)
        except BrokenPipeError as error:
            raise self._death() from error
        except (ValueError, RecursionError) as error:  # only a parser that a file has taken over writes such
            process.kill()
            self._close()
            raise ChildCrashed(f"answered nonsense: {error}") from error
        if found is None:
            raise self._death()
        return dict(found[0])

    def _started(self) -> subprocess.Popen[bytes]:
        if not sys.executable:
            raise EnvironmentTrouble("no Python interpreter is known that could run a child process")
        path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
        try:
            process = subprocess.Popen(
                [sys.executable, "-m", self._module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": path},
            )
        except OSError as error:
            raise EnvironmentTrouble(f"cannot start {self._module}: {error}") from error
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        self._process, self._asked = process, 0
        if _receive(process.stdout, 1 << 10) is None:
            said = process.stderr.read().decode("utf-8", "replace").strip().splitlines()
            self._close()
            raise EnvironmentTrouble(
                f"{self._module} ended before it was ready: {said[-1] if said else 'no word of why'}"
            )
        process.stderr.close()  # the child sends nothing there any more
        return process

    def _death(self) -> ChildCrashed | ChildKilled:
        """What the child died of; it is gone afterwards."""
        process = self._process
        assert process is not None
        self._close()
        status = process.returncode
        if -status in FROM_OUTSIDE:
            return ChildKilled(f"killed by {signal.Signals(-status).name}")
        return ChildCrashed("out of memory" if status == OUT_OF_MEMORY else f"ended with status {status}")

    def _close(self) -> None:
        process, self._process = self._process, None
        self._asked = 0
        if process is None:
            return
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                try:
                    stream.close()
                except BrokenPipeError:  # what was not sent yet
                    pass
        process.wait()  # it ends at the end of its input, and is at work on nothing: a question waits for its answer


_children: dict[tuple[int, str], Child] = {}


def child_of(module: str) -> Child:
    """The child of this process that runs `module`."""
    key = (os.getpid(), module)
    if key not in _children:
        _children[key] = Child(module)
    return _children[key]


@atexit.register
def _close_all() -> None:
    for (pid, _), child in list(_children.items()):
        if pid == os.getpid():
            child.close()


def serve(answer: Answer, *, memory_bytes: int) -> None:
    """The child's side: answer questions until the input ends, which it does when the parent dies.

    Standard output and error belong to nobody afterwards: libraries may print what they like. `memory_bytes` bounds
    what the process may allocate; nothing can be written to files.
    """
    questions, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the parent's end is this one's too
    _send(answers, {"ready": True}, b"")
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    for limit, value in (
        (resource.RLIMIT_DATA, memory_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        hard = resource.getrlimit(limit)[1]
        resource.setrlimit(limit, (value if hard == resource.RLIM_INFINITY else min(value, hard), hard))
    sys.excepthook = lambda *error: _end(answers, error[0], "".join(traceback.format_exception(*error)))
    while (question := _receive(questions, 1 << 40)) is not None:
        before = _cpu_s()
        found = answer(*question)
        _send(answers, found | {_CPU_S: _cpu_s() - before}, b"")
        del question


def _cpu_s() -> float:
    """CPU seconds of this process and of those that it ran and saw the end of."""
    others = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + others.ru_utime + others.ru_stime


def _end(answers: IO[bytes], kind: type[BaseException], said: str) -> None:
    """The child's end: out of memory; nobody there to hear; or a bug, which the parent is told, and raises."""
    if issubclass(kind, MemoryError):
        os._exit(OUT_OF_MEMORY)
    if not issubclass(kind, BrokenPipeError):
        _send(answers, {"bug": said}, b"")
    os._exit(1)


def allow_cpu(seconds: int) -> None:
    """From now on this process may use `seconds` of CPU time; then SIGXCPU ends it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    soft = int(used.ru_utime + used.ru_stime) + 1 + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _send(stream: IO[bytes], head: Mapping[str, Any], content: bytes) -> None:
    raw, body = json.dumps(head).encode(), memoryview(content)  # nothing is sent where either is none
    stream.write(len(raw).to_bytes(8) + body.nbytes.to_bytes(8))
    stream.write(raw)
    stream.write(body)
    stream.flush()


def _receive(stream: IO[bytes], limit: int) -> tuple[dict[str, Any], bytes] | None:
    """The next frame; None at the end of the stream, also within a frame.

    Raises ValueError where it is none, RecursionError where its JSON is nested too deep.
    """
    lengths = stream.read(16)
    if len(lengths) < 16:
        return None
    head, content = int.from_bytes(lengths[:8]), int.from_bytes(lengths[8:])
    if head > limit or content > limit:
        raise ValueError("promised more than any answer has")
    raw, rest = stream.read(head), stream.read(content)
    if len(raw) < head or len(rest) < content:
        return None
    found = json.loads(raw)
    if not isinstance(found, dict):
        raise ValueError("sent no object")
    return found, rest
