"""Interrupts of work in this process: heard between records and batches, never in the midst of compiled code.

numba gives an array back by running Python, and does not look whether that failed. Python handles signals there: an
interrupt that is raised in it is lost, comes back as another error, or ends the process with signal 11.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

LOOK_S = 0.1

_came = False
"""Whether an interrupt waits to be heard."""
_is_held = False


@contextmanager
def held() -> Iterator[None]:
    """Within, an interrupt waits for the next `check`, or for the end; a second one ends the process at once.

    It comes before whatever else was raised meanwhile. Nothing changes outside of the main thread, which alone handles
    signals. Where SIGINT is ignored it stays so, and what `ask` says waits. Within another one, that one holds on.
    """
    global _came, _is_held  # signals are of the process
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    if _is_held:
        try:
            yield
        finally:
            check()
        return
    before = signal.getsignal(signal.SIGINT)
    _came, _is_held = False, True
    if callable(before):
        signal.signal(signal.SIGINT, _wait)
    try:
        yield
    finally:
        if callable(before):
            signal.signal(signal.SIGINT, before)
        came, _came, _is_held = _came, False, False
        if came:
            raise KeyboardInterrupt


def ask(number: int, frame: FrameType | None) -> None:
    """A handler of other signals that ask for an end: as an interrupt, though SIGINT may be ignored."""
    if not _is_held:
        raise KeyboardInterrupt
    _wait(number, frame)


def _wait(number: int, frame: FrameType | None) -> None:
    global _came  # noqa: PLW0603
    if _came:
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
    _came = True


def check() -> None:
    """Raises KeyboardInterrupt where one waits. Long work calls it with each record or batch."""
    if _came:
        raise KeyboardInterrupt


def sleep(seconds: float) -> None:
    """`time.sleep` that an interrupt ends where it is held, too."""
    end = time.monotonic() + seconds
    while not _came and (left := end - time.monotonic()) > 0:
        time.sleep(min(left, LOOK_S))
    check()
