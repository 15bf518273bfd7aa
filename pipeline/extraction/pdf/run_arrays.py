"""The runs of a page as arrays: most lines of most pages are one run, and need no object of their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.extraction.pdf.spans import Run
from pipeline.extraction.pdf.textpage import F64, I32, I64

WEIGHT, LENGTH = -2, -1  # columns of the marks
LAST = 8  # equal texts looked at to find one that is drawn twice
PAIRS = (((False, False), (False, True)), ((True, False), (True, True)))  # one of each, shared by all


@dataclass(frozen=True, slots=True)
class Runs:
    """The fields of runs (see spans.Run), one after another.

    place (r, 4): x0, y0, x1, y1 in points; size (r,); marks (r, 7): whether it is monospaced, bold at its start and its
    end, whether a blank stands at its start and its end, its weight, its length.
    """

    texts: list[str]
    place: F64
    size: F64
    marks: I32

    def take(self, order: NDArray[np.int64]) -> Runs:
        """Some of them, in an order."""
        return Runs([self.texts[at] for at in order.tolist()], self.place[order], self.size[order], self.marks[order])

    def each(self) -> list[Run]:
        """One by one."""
        rows = zip(self.place.tolist(), self.size.tolist(), self.texts, self.marks.tolist(), strict=True)
        return [run_at(place, size, text, marks) for place, size, text, marks in rows]


def run_at(place: Sequence[float], size: float, text: str, marks: Sequence[int]) -> Run:
    """A row of the arrays as a run."""
    x0, y0, x1, y1 = place
    mono, bold, bold_end, blank, blank_end, weight, _ = marks
    return Run(x0, y0, x1, y1, size, text, mono == 1, PAIRS[bold][bold_end], PAIRS[blank][blank_end], weight)


def marks_of(run: Run) -> tuple[int, ...]:
    """The marks of a run, as the arrays have them."""
    return run.is_mono, *run.bold, *run.blank, run.weight, len(run.text)


def runs_of(runs: Iterable[Run]) -> Runs:
    """Runs as arrays."""
    found = list(runs)
    return Runs(
        [run.text for run in found],
        np.array([(run.x0, run.y0, run.x1, run.y1) for run in found], np.float64).reshape(-1, 4),
        np.array([run.size for run in found], np.float64),
        np.array([marks_of(run) for run in found], np.int32).reshape(-1, 7),
    )


def in_a_row(first: Runs, second: Runs) -> Runs:
    """All of the first, then all of the second."""
    return Runs(
        first.texts + second.texts,
        np.concatenate((first.place, second.place)),
        np.concatenate((first.size, second.size)),
        np.concatenate((first.marks, second.marks)),
    )


def without_copies(runs: Runs) -> Runs:
    """Without what is drawn a second time in the same place, as makeshift bold type and shadows are."""
    first: dict[str, int] = {}
    equal = np.array([first.setdefault(text, at) for at, text in enumerate(runs.texts)], np.int64)
    if len(first) == len(runs.texts):
        return runs
    is_kept = _first_drawn(equal, runs.place, runs.size)
    return runs if is_kept.all() else runs.take(np.flatnonzero(is_kept))


@njit(cache=True)
def with_areas(place: F64, area: float) -> float:
    """An area and those of boxes (r, 4); added one after another, as on any machine."""
    for x0, y0, x1, y1 in place:
        area += (x1 - x0) * (y1 - y0)
    return area


@njit(cache=True)
def _first_drawn(equal: I64, place: F64, size: F64) -> NDArray[np.bool_]:
    """(r,): whether none of the LAST kept runs before that are `equal` (the place of the first of its text) is near."""
    is_kept = np.ones(len(equal), np.bool_)
    before, last = np.full(len(equal), -1), np.full(len(equal), -1)  # the kept run before of its text; the last of each
    for at in range(len(equal)):
        near, other, looked = 0.15 * size[at], last[equal[at]], 0
        while other >= 0 and looked < LAST and is_kept[at]:
            x, y = place[at, 0] - place[other, 0], place[at, 1] - place[other, 1]
            is_kept[at] = not (-near < x < near and -near < y < near)
            other, looked = before[other], looked + 1
        if is_kept[at]:
            before[at], last[equal[at]] = last[equal[at]], at
    return is_kept
