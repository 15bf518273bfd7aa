"""Lines of a text page as runs, in one compiled pass: those that need no more than putting their spans together.

`runs.run_of` says the same of every line, and is asked about the others: with ligatures, accents drawn over letters,
fractions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from pipeline.extraction.pdf.characters import GONE, SEVERAL
from pipeline.extraction.pdf.plain_levels import bare, gap, has_foreign, levels_of, set_superscript
from pipeline.extraction.pdf.spans import MIN_GAP, MONO_SPACE, SPACE
from pipeline.extraction.pdf.textpage import BOLD, F64, I32, MONO, SPACE_CODE

AXIS = 0.94  # cosine of 20 degrees: scans are skewed by a few, watermarks run at 30 to 60
ACROSS = -1
GRAVE = 0x60

BLANK, PLAIN, HARD = 0, 1, 2  # what a line is: nothing, a run that is filled in, or one to ask `run_of` about


@njit(cache=True)
def is_ideograph(code: int) -> bool:
    """As `characters.is_wide`."""
    return 0x2E80 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or 0xFF00 <= code <= 0xFFEF


@njit(cache=True)
def turns(direction: F64) -> I32:
    """(l,): quarter turns clockwise in which lines run, by cosine and sine (l, 2 at least); ACROSS for none of them."""
    found = np.full(len(direction), ACROSS, np.int32)
    for line in range(len(direction)):
        x, y = direction[line, 0], direction[line, 1]
        if abs(x) >= AXIS:
            found[line] = 0 if x > 0 else 2
        elif abs(y) >= AXIS:
            found[line] = 1 if y > 0 else 3
    return found


@njit(cache=True)
def _surveyed(
    first: int, last: int, codes: I32, span_range: I32, table: I32, lengths: I32, filled: I32
) -> tuple[int, int, bool]:
    """The longest span of a line, its length, and whether a character of the line is SEVERAL or may be an accent.

    Filled in of each span: how long it is without the white space around it, how many characters stay of it.
    """
    longest, most = first, 0
    is_hard = False
    for span in range(first, last):
        start, stop = span_range[span, 0], span_range[span, 1]
        bare_start, bare_stop = bare(codes, start, stop)
        lengths[span - first] = bare_stop - bare_start
        if lengths[span - first] > most:
            longest, most = span, lengths[span - first]
        has_grave, is_ascii, filled[span - first] = False, True, 0
        for at in range(start, stop):
            code = codes[at]
            new = table[code] if code < 0x10000 else code
            has_grave |= code == GRAVE
            is_ascii &= code < 0x80
            is_hard |= new == SEVERAL
            filled[span - first] += new != GONE
        is_hard |= has_grave and not is_ascii
    return longest, most, is_hard


@njit(cache=True)
def _kind(
    first: int,
    last: int,
    is_level: bool,
    codes: I32,
    span_range: I32,
    span_box: F64,
    span_size: F64,
    span_foot: F64,
    table: I32,
    lengths: I32,
    filled: I32,
    levels: I32,
) -> tuple[int, int, bool]:
    """What a line is, its longest span, and whether spans of it are raised or lowered."""
    longest, most, is_hard = _surveyed(first, last, codes, span_range, table, lengths, filled)
    if not most:
        return BLANK, longest, False
    has_any, has_fractions = False, False
    if is_level:
        has_any, has_fractions = levels_of(
            first, last, span_range, span_box, span_size, span_foot, lengths, filled, levels
        )
    is_hard |= has_fractions or (has_any and has_foreign(first, last, codes, span_range, levels))
    return HARD if is_hard else PLAIN, longest, has_any


@njit(cache=True)
def _put(codes: I32, start: int, stop: int, table: I32, said: I32, end: int) -> int:
    """Write what becomes of characters to `said` from `end` on; where it ends."""
    for at in range(start, stop):
        code = codes[at]
        new = table[code] if code < 0x10000 else code
        if new != GONE:
            said[end] = new
            end += 1
    return end


@njit(cache=True)
def _with_space(said: I32, start: int, stop: int) -> int:
    """Put a space before the last characters; where they end then."""
    for at in range(stop, start, -1):
        said[at] = said[at - 1]
    said[start] = SPACE_CODE
    return stop + 1


@njit(cache=True)
def _is_parted(box: F64, other: F64, least: float, before: int, after: int) -> bool:
    """Whether a space is missing between two spans, by their boxes and the characters where they meet."""
    return (
        gap(box, other) > least
        and SPACE_CODE not in (before, after)
        and not (is_ideograph(before) and is_ideograph(after))
    )


@njit(cache=True)
def _narrow(box: F64, left: float, right: float) -> None:
    """Take so much from both sides of a box, unless nothing would be left of it."""
    x0, x1 = box[0] + left, box[2] - right
    if x0 < x1:
        box[0], box[2] = x0, x1


@njit(cache=True)
def _widen(box: F64, other: F64) -> None:
    """Make a box one that holds the other, too."""
    box[0], box[1] = min(box[0], other[0]), min(box[1], other[1])
    box[2], box[3] = max(box[2], other[2]), max(box[3], other[3])


@njit(cache=True)
def _set_marks(marks: I32, said: I32, text: I32, mono: int, first: I32, last: I32, is_bold: I32) -> None:
    """Fill in those of a line, of its text's range, its monospaced characters, the flags of its first and last span."""
    length = text[1] - text[0]
    marks[0] = 10 * mono > 8 * length
    marks[1] = (first[0] & BOLD) != 0 or is_bold[first[2]] != 0
    marks[2] = (last[0] & BOLD) != 0 or is_bold[last[2]] != 0
    marks[5] = length * (2 if is_ideograph(said[text[0]]) else 1)
    marks[6] = length


@njit(cache=True)
def plain_lines(
    codes: I32,
    span_range: I32,
    span_box: F64,
    span_size: F64,
    span_foot: F64,
    span_flags: I32,
    line_range: I32,
    line_turn: I32,
    is_bold: I32,
    table: I32,
) -> Any:
    """Of each line (l,): what it is; box (l, 5): x0, y0, x1, y1, size; marks (l, 7): whether it is monospaced, bold at
    its start and its end, whether a blank stands at its start and its end, its weight, its length; text (l, 2), a range
    of the characters that come last.

    line_turn (l,): 0 for a level line. is_bold (f,): of each font. table: `characters.replacements`.
    """
    count = len(line_range)
    what, box, marks = np.zeros(count, np.int8), np.empty((count, 5), np.float64), np.empty((count, 7), np.int32)
    text = np.zeros((count, 2), np.int32)
    said = np.empty(len(codes) + len(span_range), np.int32)
    spans = len(span_range)
    lengths, filled, levels = np.empty(spans, np.int32), np.empty(spans, np.int32), np.empty(spans, np.int32)
    place, before_it = np.empty(4, np.float64), np.empty(4, np.float64)
    end = 0
    for line in range(count):
        first, last, is_level = line_range[line, 0], line_range[line, 1], line_turn[line] == 0
        what[line], longest, has_levels = _kind(
            first, last, is_level, codes, span_range, span_box, span_size, span_foot, table, lengths, filled, levels
        )
        if what[line] != PLAIN:
            continue
        begin, mono, seen_first, seen_last, number, was_raised, goes_on = end, 0, -1, -1, -1, False, False
        for span in range(first, last):
            here, end = end, _put(codes, span_range[span, 0], span_range[span, 1], table, said, end)
            is_raised = has_levels and levels[span - first] == 1
            if end > here:
                goes_on, was_raised = is_raised and was_raised, is_raised
                if number >= 0 and not is_raised:
                    set_superscript(said, number, here)
                    number = -1
            before, after = bare(said, here, end)
            if before == after:
                continue  # nothing, or only spaces
            place[:], em = span_box[span], span_size[span]
            if is_level:
                blank = (MONO_SPACE if span_flags[span, 0] & MONO else SPACE) * em
                _narrow(place, blank * (before - here), blank * (end - after))
            is_next = seen_first < 0 or (said[here - 1] != SPACE_CODE and gap(place, before_it) <= 0.15 * em)
            if is_raised and is_next and not goes_on:
                number = here  # up to where raised spans end
            if span_flags[span, 0] & MONO:
                mono += after - before
            if seen_first < 0:
                seen_first = span
                box[line, :4] = place
            else:
                if _is_parted(place, before_it, MIN_GAP * em, said[here - 1], said[here]):
                    end = _with_space(said, here, end)
                _widen(box[line], place)
            before_it[:], seen_last = place, span
        if seen_first < 0:
            what[line], end = BLANK, begin
            continue
        if number >= 0:
            set_superscript(said, number, end)
        text[line, 0], text[line, 1] = bare(said, begin, end)
        box[line, 4] = span_size[longest]
        _set_marks(marks[line], said, text[line], mono, span_flags[seen_first], span_flags[seen_last], is_bold)
        marks[line, 3], marks[line, 4] = said[begin] == SPACE_CODE, said[end - 1] == SPACE_CODE
    return what, box, marks, text, said[:end]
