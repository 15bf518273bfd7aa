"""What the rows of a page are, of runs side by side: their order from left to right, their boxes; compiled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from pipeline.extraction.pdf.cuts import LENGTH
from pipeline.extraction.pdf.spans import MAX_SMALL, MAX_TERM, SMALL
from pipeline.extraction.pdf.textpage import F64, I64


@njit(cache=True)
def _across(place: F64, runs: I64) -> tuple[I64, bool]:
    """Runs by where they begin, then by where they end; whether two are alike in both."""
    runs = runs[np.argsort(place[runs, 2], kind="mergesort")]
    runs = runs[np.argsort(place[runs, 0], kind="mergesort")]
    is_tied = False
    for at in range(1, len(runs)):
        run, before = runs[at], runs[at - 1]
        is_tied |= place[run, 0] == place[before, 0] and place[run, 2] == place[before, 2]
    return runs, is_tied


@njit(cache=True)
def row_shapes(place: F64, size: F64, counts: I64, order: I64, ends: I64) -> Any:
    """The runs in reading order (r,), those of a row from left to right; boxes of rows (w, 4); the place of the longest
    run of each (w,); whether a row may hold a small fraction or its order is not clear (w,).

    place (r, 4), size (r,), counts (r, 3): as for `cuts.regions`. order, ends: as `cuts.rows` has them.
    """
    found, box = order.copy(), place[order[ends - 1]]
    longest, is_special = ends - 1, np.zeros(len(ends), np.bool_)
    begin = 0
    for row in range(len(ends)):
        end = ends[row]
        if end - begin > 1:
            main = order[begin]
            for run in order[begin + 1 : end]:
                if counts[run, LENGTH] > counts[main, LENGTH]:
                    main = run
            runs, is_tied = _across(place, order[begin:end])
            found[begin:end] = runs
            small = 0
            box[row] = place[runs[0]]
            for at in range(end - begin):
                run = runs[at]
                box[row, 1], box[row, 3] = min(box[row, 1], place[run, 1]), max(box[row, 3], place[run, 3])
                box[row, 2] = max(box[row, 2], place[run, 2])
                small += size[run] < SMALL * size[main] and counts[run, LENGTH] <= MAX_TERM
                if run == main:
                    longest[row] = begin + at
            is_special[row] = is_tied or 2 <= small <= MAX_SMALL
        begin = end
    return found, box, longest, is_special
