"""What is usual in a column of lines, and how each line stands to it: edges, distances, room; compiled.

A line is a row of (l, 6): x0, x1, y1 and its size in points, its cells, its characters. Lines of one size, in half
points, are told from those of others.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from pipeline.extraction.pdf.textpage import F64, I64

INDENT = 0.6  # ems
SIZES_ALIKE = 1.12  # ratio of two sizes within one paragraph; a heading is larger
WIDE_GAP = 1.3  # of the usual distance of two lines, above which a paragraph ends
MAX_LEADING = 2.2  # ems; what is further apart is no line spacing
X0, X1, Y1, SIZE, CELLS, LENGTH = range(6)
LEFT, ROOM, WIDTH, GAP, HANGS, IS_CENTRED, IS_APART = range(7)


@njit(cache=True)
def _commonest(places: F64) -> float:
    """The place at which most lines begin, to the point; of equally common ones the leftmost."""
    points = np.sort(np.rint(places))
    best, most, count = points[0], 0, 0
    for at in range(len(points)):
        count = count + 1 if at and points[at] == points[at - 1] else 1
        if count > most:
            best, most = points[at], count
    leftmost = np.inf
    for place in places:
        if np.rint(place) == best:
            leftmost = min(leftmost, place)
    return leftmost


@njit(cache=True)
def _are_centred(line: F64, other: F64) -> bool:
    """Whether two lines have one middle, though not one left edge."""
    middles = abs((line[X0] + line[X1]) - (other[X0] + other[X1])) / 2
    return middles < 0.3 * line[SIZE] and abs(line[X0] - other[X0]) > INDENT * line[SIZE]


@njit(cache=True)
def _usual(lines: F64, half: F64, own: I64) -> tuple[float, float, float]:
    """Of the lines of one size: where they begin, where the longest ends, how far one is from the next."""
    is_prose = lines[own, CELLS] == 1
    prose = own[is_prose] if is_prose.any() else own
    em = max(lines[own[0], SIZE], 0.1)
    steps = np.empty(len(own), np.float64)
    count = 0
    for line in own:
        if line and half[line - 1] == half[line] and lines[line, Y1] - lines[line - 1, Y1] > 0.5 * lines[line, SIZE]:
            steps[count] = lines[line, Y1] - lines[line - 1, Y1]
            count += 1
    usual = np.sort(steps[:count])[(count - 1) // 2] if count else 1.25 * em
    return _commonest(lines[prose, X0]), lines[prose, X1].max(), min(usual, MAX_LEADING * em)


@njit(cache=True)
def _room(lines: F64, at: int, left: float, right: float) -> tuple[float, float]:
    """How many points are left in a line, half an em put aside, and how wide a character of it is."""
    line = lines[at]
    em = line[SIZE]
    is_long, is_centred = line[X1] - line[X0] > 15 * em, False
    for near in range(max(at - 1, 0), min(at + 2, len(lines))):
        if near == at:
            continue
        other = lines[near]
        if is_long and other[CELLS] == 1 and abs(other[X1] - line[X1]) < 0.5 * em:
            return -np.inf, 0.0  # a narrower column of its own: a quotation
        is_centred = is_centred or _are_centred(line, other)
    if is_centred:
        right -= max(line[X0] - left, 0)
    return right - line[X1] - 0.5 * em, (line[X1] - line[X0]) / line[LENGTH]


@njit(cache=True)
def _hang(lines: F64, half: F64, own: I64, found: F64) -> bool:
    """Whether further lines of a paragraph of one size stand in, as in lists of references.

    So it is where lines stand in by the same measure, nearly all after a full one, and few full ones go on below.
    """
    places = np.empty(len(own), np.float64)
    count = full = flows = 0
    for line in own:
        before = line - 1
        if before < 0 or half[before] != half[line]:
            continue
        step, em = lines[line, X0] - lines[before, X0], lines[line, SIZE]
        is_full = not found[before, ROOM] > 9 * found[before, WIDTH]
        if step > INDENT * em:
            places[count] = lines[line, X0]
            count += 1
            full += is_full
        elif step > -INDENT * em and abs(lines[before, X0] - found[line, LEFT]) <= INDENT * em:
            flows += is_full
    if count < 3 or 10 * full < 7 * count or 2 * flows > count:
        return False
    usual = _commonest(places[:count])
    return 10 * (np.abs(places[:count] - usual) <= 1.5).sum() >= 7 * count


@njit(cache=True)
def shape_of(lines: F64) -> F64:
    """(l, 7) of lines (l, 6): where lines of its size begin; the points that are left in it and how wide a character
    is; the distance to the line before, the usual one being 1; whether further lines of its size hang; whether the line
    before has its middle; whether size or distance part it from that one.
    """
    found = np.zeros((len(lines), 7), np.float64)
    half = np.rint(2 * lines[:, SIZE])
    order = np.argsort(half, kind="mergesort")
    begin = 0
    for end in range(1, len(lines) + 1):
        if end < len(lines) and half[order[end]] == half[order[begin]]:
            continue
        own = order[begin:end]
        begin = end
        left, right, leading = _usual(lines, half, own)
        for line in own:
            found[line, LEFT] = left
            found[line, ROOM], found[line, WIDTH] = _room(lines, line, left, right)
            if line:
                found[line, GAP] = (lines[line, Y1] - lines[line - 1, Y1]) / leading
        found[own, HANGS] = _hang(lines, half, own, found)
    for line in range(1, len(lines)):
        size, other, gap = lines[line, SIZE], lines[line - 1, SIZE], found[line, GAP]
        found[line, IS_CENTRED] = _are_centred(lines[line - 1], lines[line])
        is_alike = max(size, other) <= SIZES_ALIKE * max(min(size, other), 0.1)
        found[line, IS_APART] = not is_alike or gap > WIDE_GAP or gap < -1
    return found
