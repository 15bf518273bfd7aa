"""Blocks of code between fences of backticks, as Markdown has them and as our extraction writes them.

A fence opens a block behind indentation, `>` of quotes and the marks of list items: three backticks or more, with no
other behind them. The first line of the same depth of quotes that has nothing but as many or more ends it. What
nothing ends is a line like any other: it opens no block, and neither does inline code between three backticks.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

_NEWLINE, _SPACE, _TAB, _TICK, _QUOTE = 0x0A, 0x20, 0x09, 0x60, 0x3E
_FEWEST_TICKS: Final = 3
_MAX_DEPTH: Final = 31  # of quotes that are told apart
_TICKS, _CLOSES, _DEPTH, _LINE = range(4)  # what is known of a fence


@njit(cache=True)
def _after_mark(text: Any, at: int, end: int) -> Any:
    """Where the line goes on behind the mark of a list item (`- `, `* `, `+ `, `12. `, `12) `); `at` without one."""
    place = at
    if place < end and (text[place] == 0x2D or text[place] == 0x2A or text[place] == 0x2B):
        place += 1
    else:
        while place < end and place < at + 9 and 0x30 <= text[place] <= 0x39:
            place += 1
        if place in (at, end) or (text[place] != 0x2E and text[place] != 0x29):
            return at
        place += 1
    return place if place < end and text[place] == _SPACE else at


@njit(cache=True)
def _fence(text: Any, begin: int, end: int, found: Any) -> Any:
    """Whether the line from `begin` up to `end` may be a fence; sets the ticks, _CLOSES and _DEPTH of `found`."""
    at, depth, closes = begin, 0, 1
    while at < end and text[at] != _TICK:
        if text[at] == _SPACE or text[at] == _TAB or text[at] == _QUOTE:
            depth += text[at] == _QUOTE
            at += 1
            continue
        after = _after_mark(text, at, end)
        if after == at:
            return False
        at, closes = after, 0
    first = at
    while at < end and text[at] == _TICK:
        at += 1
    found[_TICKS], found[_DEPTH] = at - first, min(depth, _MAX_DEPTH)
    if at - first < _FEWEST_TICKS:
        return False
    while at < end and text[at] != _TICK:
        closes &= text[at] == _SPACE or text[at] == _TAB
        at += 1
    found[_CLOSES] = closes
    return at == end


@njit(cache=True)
def code_blocks(text: Any) -> NDArray[np.int64]:
    """The numbers of the lines that open and end each block of code of a text (its bytes), (blocks, 2), ascending.

    Linear in the text, and nearly free for one without a fence.
    """
    triples = 0
    for at in range(len(text) - 2):
        triples += (text[at] == _TICK) & (text[at + 1] == _TICK) & (text[at + 2] == _TICK)
    if triples < 2:
        return np.empty((0, 2), np.int64)
    fences = np.empty((min(triples, len(text) // 4 + 1) + 1, 4), np.int64)  # the last is never one
    count, begin, lines = 0, 0, 0
    while begin < len(text):
        end = begin
        while end < len(text) and text[end] != _NEWLINE:
            end += 1
        if _fence(text, begin, end, fences[count]):
            fences[count, _LINE] = lines
            count += 1
        begin, lines = end + 1, lines + 1
    ends = _ends(fences[:count])
    blocks, found, fence = np.empty((count // 2, 2), np.int64), 0, 0
    while fence < count:
        if ends[fence] < 0:
            fence += 1
            continue
        blocks[found, 0], blocks[found, 1] = fences[fence, _LINE], fences[ends[fence], _LINE]
        found, fence = found + 1, ends[fence] + 1
    return blocks[:found]


@njit(cache=True)
def _ends(fences: Any) -> Any:
    """The fence that would end a block which each one opens; -1 where none does.

    Read from the last: of each depth the nearest that may end a block, and from each such one the next that has more
    ticks. A fence passes by at most as many of them as it has ticks.
    """
    nearest, longer = np.full(_MAX_DEPTH + 1, -1, np.int64), np.full(len(fences), -1, np.int64)
    ends = np.full(len(fences), -1, np.int64)
    for fence in range(len(fences) - 1, -1, -1):
        depth, end = fences[fence, _DEPTH], nearest[fences[fence, _DEPTH]]
        while end >= 0 and fences[end, _TICKS] < fences[fence, _TICKS]:
            end = longer[end]
        ends[fence] = end
        if fences[fence, _CLOSES]:
            if end >= 0 and fences[end, _TICKS] == fences[fence, _TICKS]:
                end = longer[end]
            nearest[depth], longer[fence] = fence, end
    return ends
