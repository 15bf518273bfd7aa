"""Where the text of a page is cut into columns, found by the white between them, and into rows; compiled.

A recursive cut after the idea of XY-cut (Nagy and Seth, ICPR 1984), with the white rectangles of Breuel (DAS 2002): not
the whole region must be white for a column to end, only a stretch of it; what crosses the gutter (a title, a wide
figure) ends the stretch. So aligned lines of two columns are never taken for rows.

A run is a row of `place` (r, 4): x0, y0, x1, y1 in points, and of `counts` (r, 3): its characters, its weight, its
size as a place in `sizes`, which go up. Runs come sorted by their middle.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from pipeline.extraction.pdf.textpage import F64, I64

MIN_GUTTER = 0.8  # ems; newspapers have 1, journals 1.2 to 2.6; what is narrower is a space in a line
WIDE_GUTTER = 2.0  # ems; wider than spaces in a justified line
MAX_GUTTERS = 100  # remembered
MIN_ROWS = 6  # on both sides of a gutter that is not wide
MIN_RUNS = 4  # in a stretch of two columns
OUTDENT = 0.3  # ems that a line may stand out of its column
MIN_PROSE = 18  # characters of a line in a column of prose, on average; narrow newspaper columns have 25
MAX_ALIGNED = 0.6  # of the lines of the shorter side of a gutter; more is a table, read row by row
MAX_DEPTH = 40  # cuts within cuts; hostile pages could have as many as lines
MAX_CUT_RUNS = 10_000  # of a page; more are read row by row. A newspaper has 2,000, glyphs set one by one 3,000
MAX_CANDIDATES = 12  # places for a gutter looked at in a region
HEADING_GAP = 0.4  # ems above a heading
COMMON = 3  # runs that begin at one place
LENGTH, WEIGHT, KIND = 0, 1, 2


@njit(cache=True)
def by_height(place: F64) -> tuple[I64, bool]:
    """The order of runs by their middles, then by where they begin; whether two are alike in both."""
    middle = (place[:, 1] + place[:, 3]) / 2
    order = np.argsort(place[:, 0], kind="mergesort")
    order = order[np.argsort(middle[order], kind="mergesort")]
    is_tied = False
    for at in range(1, len(order)):
        run, before = order[at], order[at - 1]
        is_tied |= middle[run] == middle[before] and place[run, 0] == place[before, 0]
    return order, is_tied


@njit(cache=True)
def _em(counts: I64, sizes: F64) -> float:
    """The size of most characters; the smallest of equals."""
    characters = np.zeros(len(sizes), np.int64)
    for run in range(len(counts)):
        characters[counts[run, KIND]] += counts[run, LENGTH]
    return max(sizes[np.argmax(characters)], 0.1)


@njit(cache=True)
def _edges(place: F64, em: float) -> F64:
    """Where a right column may begin: where lines begin, first where most do; and after white from top to bottom."""
    order = np.argsort(place[:, 0], kind="mergesort")
    starts, members = np.empty(len(place), np.float64), np.zeros(len(place), np.int64)
    groups = 0
    white = np.empty(MAX_CANDIDATES, np.float64)
    whites, end = 0, place[0, 2]
    for run in order:
        x = place[run, 0]
        if not groups or x - starts[groups - 1] > 0.5 * em:
            starts[groups] = x
            groups += 1
        members[groups - 1] += 1
        if x - end >= MIN_GUTTER * em and whites < MAX_CANDIDATES:
            white[whites] = x
            whites += 1
        end = max(end, place[run, 2])
    found = np.empty(2 * MAX_CANDIDATES, np.float64)
    count = 0
    for group in np.argsort(-members[:groups], kind="mergesort"):
        if group and members[group] >= COMMON and count < MAX_CANDIDATES:
            found[count] = starts[group]
            count += 1
    for x in white[:whites]:
        is_new = True
        for other in found[:count]:
            is_new &= other != x
        if is_new:
            found[count] = x
            count += 1
    return found[:count]


@njit(cache=True)
def _rows(place: F64, begin: int, end: int, gutter: float, is_left: bool, em: float) -> Any:
    """Of one side of a gutter: the middles of its rows, characters, runs, where it starts and ends, full lines."""
    rows = np.empty(end - begin, np.float64)
    count = runs = full = 0
    last, left, right = -np.inf, np.inf, -np.inf
    for run in range(begin, end):
        if (place[run, 2] <= gutter) == is_left:
            middle = (place[run, 1] + place[run, 3]) / 2
            runs += 1
            left, right = min(left, place[run, 0]), max(right, place[run, 2])
            if middle - last > 0.5 * em:
                rows[count] = last = middle
                count += 1
    for run in range(begin, end):
        is_its = (place[run, 2] <= gutter) == is_left
        full += is_its and place[run, 2] > right - 0.25 * (right - left)
    return rows[:count], runs, left, right, full


@njit(cache=True)
def _are_columns(
    place: F64, begin: int, end: int, gutter: float, em: float, is_known: bool, left: int, right: int
) -> bool:
    """Whether two sides of a gutter, of weights `left` and `right`, are read one after the other, no rows of a table.

    Sides whose lines stand at heights of their own are columns. Sides with lines side by side are, where both are
    prose; but where words are placed one by one, a narrow gutter along few rows is only a chance of spaces over one
    another, unless the document `is_known` to have it elsewhere.
    """
    rows_left, runs_left, _, edge_left, full_left = _rows(place, begin, end, gutter, True, em)
    rows_right, runs_right, edge_right, _, full_right = _rows(place, begin, end, gutter, False, em)
    fewer, more = rows_left, rows_right
    if len(rows_right) < len(rows_left):
        fewer, more = rows_right, rows_left
    if len(fewer) < 2:
        return False
    at = aligned = 0
    for row in fewer:
        while at < len(more) and more[at] < row - 0.25 * em:
            at += 1
        aligned += at < len(more) and more[at] <= row + 0.25 * em
    is_by_word = runs_left + runs_right > 1.5 * (len(rows_left) + len(rows_right))
    is_prose = (
        left >= MIN_PROSE * len(rows_left)
        and 2 * full_left >= len(rows_left)
        and right >= MIN_PROSE * len(rows_right)
        and 2 * full_right >= len(rows_right)
    )
    if aligned < MAX_ALIGNED * len(fewer):
        return len(fewer) >= 3 or (is_prose and not is_by_word)
    is_sure = is_known or not is_by_word or len(fewer) >= MIN_ROWS or edge_right - edge_left >= WIDE_GUTTER * em
    return is_sure and is_prose


@njit(cache=True)
def _widest_stretch(place: F64, counts: I64, sizes: F64, gutters: F64) -> tuple[int, int, float]:
    """From which run to which one there are two columns, and the x of the gutter's left edge; from 0 to 0: nowhere."""
    em = _em(counts, sizes)
    count = len(place)
    best, best_start, best_stop, best_gutter = 0, 0, 0, 0.0
    weights = np.zeros(count + 1, np.int64)
    weights[1:] = np.cumsum(counts[:, WEIGHT])
    for edge in _edges(place, em):
        gutter, outer = edge - MIN_GUTTER * em, edge - OUTDENT * em
        is_known = False
        for other in gutters:
            is_known |= abs(edge - other) <= em
        start = 0
        for stop in range(count + 1):
            if stop < count and not (place[stop, 0] < outer and place[stop, 2] > gutter):
                continue
            if stop - start >= MIN_RUNS and weights[stop] - weights[start] > 2 * best:
                left = right = 0
                for run in range(start, stop):
                    if place[run, 2] <= gutter:
                        left += counts[run, WEIGHT]
                    else:
                        right += counts[run, WEIGHT]
                score = min(left, right)
                if score > best and _are_columns(place, start, stop, gutter, em, is_known, left, right):
                    best, best_start, best_stop, best_gutter = score, start, stop, gutter
            start = stop + 1
    return best_start, best_stop, best_gutter


@njit(cache=True)
def _without_heading(place: F64, size: float, start: int, stop: int, gutter: float) -> int:
    """Where the stretch ends, without a heading of what crosses the gutter below it, which looks like a left line.

    It stands alone below all of the right column, apart from the left one, and is no full line. `size`: of the last.
    """
    last = stop - 1
    if stop == len(place) or place[last, 2] > gutter:
        return stop
    lefts, rights = 0, 0
    low_left = low_right = -np.inf
    x0, x1 = np.inf, -np.inf
    for run in range(start, last):
        if place[run, 2] <= gutter:
            lefts += 1
            low_left = max(low_left, place[run, 3])
            x0, x1 = min(x0, place[run, 0]), max(x1, place[run, 2])
        else:
            rights += 1
            low_right = max(low_right, place[run, 3])
    if lefts < 2 or not rights:
        return stop
    is_below = place[last, 1] > low_right and place[last, 1] - low_left > HEADING_GAP * size
    return stop - 1 if is_below and place[last, 2] < x0 + 0.75 * (x1 - x0) else stop


@njit(cache=True)
def regions(place: F64, counts: I64, size: F64, sizes: F64, gutters: F64) -> tuple[I64, I64, F64]:
    """The runs in reading order (r,), where each region without a gutter ends in it, and the page's own gutters.

    size (r,) in points; gutters: where right columns began on the pages before.
    """
    total = len(place)
    order, ends = np.empty(total, np.int64), np.empty(total, np.int64)
    known = np.empty(len(gutters) + total, np.float64)
    known[: len(gutters)] = gutters
    gutter_count = len(gutters)
    done = region_count = 0
    left = [(np.arange(total), 0 if total <= MAX_CUT_RUNS else MAX_DEPTH)]
    while left:
        runs, depth = left.pop()
        its = place[runs]
        start = stop = 0
        gutter = 0.0
        if depth < MAX_DEPTH and len(runs) >= MIN_RUNS:
            start, stop, gutter = _widest_stretch(its, counts[runs], sizes, known[:gutter_count])
        if not stop:
            order[done : done + len(runs)] = runs
            done += len(runs)
            ends[region_count] = done
            region_count += 1
            continue
        stop = _without_heading(its, size[runs[stop - 1]], start, stop, gutter)
        is_left = its[start:stop, 2] <= gutter
        inner = runs[start:stop]
        if gutter_count < MAX_GUTTERS:
            known[gutter_count] = its[start:stop, 0][~is_left].min()
            gutter_count += 1
        for part in (runs[stop:], inner[~is_left], inner[is_left], runs[:start]):
            if len(part):
                left.append((part.copy(), depth + 1))
    return order, ends[:region_count], known[len(gutters) : gutter_count]


@njit(cache=True)
def rows(place: F64, counts: I64, order: I64, ends: I64) -> I64:
    """Where each row ends, of runs in reading order, regions apart: runs that share at least half of their height."""
    found = np.empty(len(order), np.int64)
    count = begin = 0
    for end in ends:
        core = order[begin]
        for at in range(begin + 1, end):
            run = order[at]
            beside = min(place[core, 3], place[run, 3]) - max(place[core, 1], place[run, 1])
            least = min(place[core, 3] - place[core, 1], place[run, 3] - place[run, 1])
            if 2 * beside >= least:
                if counts[run, LENGTH] > counts[core, LENGTH]:
                    core = run
            else:
                found[count] = at
                count += 1
                core = run
        found[count] = end
        count += 1
        begin = end
    return found[:count]
