"""CPU seconds by room and stage: for people, never for decisions; kept in the journal, never in a manifest."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


_in_children = 0.0


def spent_in_child(cpu_s: float) -> None:
    """A child process has worked for this one that long: the clock goes on by as much."""
    global _in_children  # noqa: PLW0603 - one clock a process, as time.process_time is
    _in_children += cpu_s


def cpu_s() -> float:
    """CPU seconds of this process, and of its children as far as they were told of."""
    return time.process_time() + _in_children


class Stopwatch:
    """Adds up what each stage of each room took in this process, with the documents and bytes it saw."""

    def __init__(self) -> None:
        self._room = ""
        self._sums: dict[tuple[str, str], list[float]] = {}

    @contextmanager
    def room(self, name: str) -> Iterator[None]:
        """Stages inside belong to that room."""
        self._room = name
        yield
        self._room = ""

    @contextmanager
    def stage(self, name: str, docs: int, size: int) -> Iterator[None]:
        """The CPU time of the block, for `docs` documents of `size` bytes."""
        before = cpu_s()
        yield
        self._add(name, cpu_s() - before, docs, size)

    def each(self, name: str, items: Iterable[T], measure: Callable[[T], tuple[int, int]]) -> Iterator[T]:
        """`items`, with the time it takes to make each one; `measure` gives its documents and bytes."""
        iterator = iter(items)
        while True:
            before = cpu_s()
            try:
                item = next(iterator)
            except StopIteration:
                self._add(name, cpu_s() - before, 0, 0)
                return
            self._add(name, cpu_s() - before, *measure(item))
            yield item

    def _add(self, name: str, taken_s: float, docs: int, size: int) -> None:
        entry = self._sums.setdefault((self._room, name), [0.0, 0, 0])
        entry[0] += taken_s
        entry[1] += docs
        entry[2] += size

    def rows(self) -> list[dict[str, Any]]:
        """One row a stage: room, stage, cpu_s, docs, bytes."""
        return [
            {"room": room, "stage": stage, "cpu_s": round(e[0], 4), "docs": int(e[1]), "bytes": int(e[2])}
            for (room, stage), e in self._sums.items()
        ]
