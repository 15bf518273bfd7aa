"""Lines of a text page as runs, in one compiled pass: those that need no more than putting their spans together.

`runs.run_of` says the same of every line, and is asked about the others: with ligatures, accents drawn over letters,
raised numbers, fractions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from pipeline.extraction.pdf.characters import GONE, SEVERAL
from pipeline.extraction.pdf.spans import MIN_GAP, SMALL, SPACE, TIGHT_SPACE
from pipeline.extraction.pdf.textpage import BOLD, F32, F64, I32, MONO, is_blank

AXIS = 0.94  # cosine of 20 degrees: scans are skewed by a few, watermarks run at 30 to 60
ACROSS = -1
SPACE_CODE, GRAVE = 0x20, 0x60
LONE_SUPERSCRIPTS = (0x2B, 0x2D, 0x6E)  # + - n
MIN_GAPS = 4  # of a span, to know what is usual in it

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
def respaced(codes: I32, reach: F32, span_range: I32, span_size: F64) -> Any:
    """`codes` and `span_range` with a space at every gap that is wider than between most letters of its span.

    For lines set so tight that their spaces are below what MuPDF takes for one.
    """
    found = np.empty(2 * len(codes), np.int32)
    ranges = np.empty_like(span_range)
    gaps = np.empty(len(codes), np.float64)
    count = 0
    for span in range(len(span_range)):
        start, stop = span_range[span, 0], span_range[span, 1]
        ranges[span, 0] = count
        for at in range(start, stop - 1):
            gaps[at - start] = np.float64(reach[at + 1, 0]) - np.float64(reach[at, 1])
        least = np.inf
        if stop - 1 - start >= MIN_GAPS:
            least = np.sort(gaps[: stop - 1 - start])[(stop - 2 - start) // 2] + TIGHT_SPACE * span_size[span]
        for at in range(start, stop):
            is_apart = at > start and gaps[at - 1 - start] > least
            if is_apart and not (is_blank(codes[at - 1]) or is_blank(codes[at])):
                found[count] = SPACE_CODE
                count += 1
            found[count] = codes[at]
            count += 1
        ranges[span, 1] = count
    return found[:count], ranges


@njit(cache=True)
def _bare(codes: I32, start: int, stop: int) -> tuple[int, int]:
    """From where to where there is anything but the white space at the start and the end."""
    while start < stop and is_blank(codes[start]):
        start += 1
    while start < stop and is_blank(codes[stop - 1]):
        stop -= 1
    return start, stop


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
        bare_start, bare_stop = _bare(codes, start, stop)
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
def _is_plain_when_raised(codes: I32, start: int, stop: int, table: I32) -> bool:
    """Whether `as_superscript` leaves the characters of a span alone: ASCII, no digit, no lone sign or n."""
    count = last = 0
    for at in range(start, stop):
        new = table[codes[at]] if codes[at] < 0x80 else SEVERAL
        if new == SEVERAL or 0x30 <= new <= 0x39:
            return False
        if new not in (GONE, SPACE_CODE):
            count, last = count + 1, new
    return count != 1 or last not in LONE_SUPERSCRIPTS


@njit(cache=True)
def _needs_levels(
    first: int,
    last: int,
    codes: I32,
    span_range: I32,
    table: I32,
    lengths: I32,
    filled: I32,
    span_size: F64,
    span_foot: F64,
) -> bool:
    """Whether a level line has raised or lowered spans (see `runs._level`) that `spans.joined` may change.

    It leaves alone what is lowered, and what is raised and no number, where no two such spans follow one another.
    """
    smallest, largest, large = np.inf, -np.inf, -np.inf
    for span in range(first, last):
        smallest, largest = min(smallest, span_size[span]), max(largest, span_size[span])
        if lengths[span - first]:
            large = max(large, span_size[span])
    if not smallest < SMALL * largest:
        return False
    main, is_large = first, False
    for span in range(first, last):
        larger = span_size[span] > 0.9 * large
        if (larger and not is_large) or (larger == is_large and lengths[span - first] > lengths[main - first]):
            main, is_large = span, larger
    was_apart = False
    for span in range(first, last):
        if not filled[span - first]:
            continue
        raised = (span_foot[main] - span_foot[span]) / max(span_size[main], 0.1)
        is_up = raised > 0.15
        is_apart = span_size[span] < SMALL * span_size[main] and (is_up or raised < -0.1)
        if is_apart and was_apart:
            return True
        start, stop = span_range[span, 0], span_range[span, 1]
        if is_apart and is_up and not _is_plain_when_raised(codes, start, stop, table):
            return True
        was_apart = is_apart
    return False


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
def _is_parted(box: F64, other: F64, gap: float, before: int, after: int) -> bool:
    """Whether a space is missing between two spans, by their boxes and the characters where they meet."""
    is_apart = box[0] - other[2] > gap or other[0] - box[2] > gap or box[1] - other[3] > gap or other[1] - box[3] > gap
    return is_apart and SPACE_CODE not in (before, after) and not (is_ideograph(before) and is_ideograph(after))


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
    """Of each line (l,): what it is; box (l, 5): x0, y0, x1, y1, size; marks (l, 6): whether it is monospaced, bold at
    its start and its end, whether a blank stands at its start and its end, its weight; text (l, 2), a range of the
    characters that come last.

    line_turn (l,): 0 for a level line. is_bold (f,): of each font. table: `characters.replacements`.
    """
    count = len(line_range)
    what, box, marks = np.zeros(count, np.int8), np.empty((count, 5), np.float64), np.empty((count, 6), np.int32)
    text = np.zeros((count, 2), np.int32)
    said = np.empty(len(codes) + len(span_range), np.int32)
    lengths, filled = np.empty(len(span_range), np.int32), np.empty(len(span_range), np.int32)
    place, before_it = np.empty(4, np.float64), np.empty(4, np.float64)
    end = 0
    for line in range(count):
        first, last, is_level = line_range[line, 0], line_range[line, 1], line_turn[line] == 0
        longest, most, is_hard = _surveyed(first, last, codes, span_range, table, lengths, filled)
        if not most:
            continue
        if is_hard or (
            is_level
            and _needs_levels(first, last, codes, span_range, table, lengths, filled, span_size, span_foot)
        ):
            what[line] = HARD
            continue
        begin, mono, seen_first, seen_last = end, 0, -1, -1
        for span in range(first, last):
            here, end = end, _put(codes, span_range[span, 0], span_range[span, 1], table, said, end)
            before, after = _bare(said, here, end)
            if before == after:
                continue  # nothing, or only spaces
            for side in range(4):
                place[side] = span_box[span, side]
            x0 = place[0] + SPACE * span_size[span] * (before - here)
            x1 = place[2] - SPACE * span_size[span] * (end - after)
            if is_level and x0 < x1:
                place[0], place[2] = x0, x1
            if span_flags[span, 0] & MONO:
                mono += after - before
            if seen_first < 0:
                seen_first = span
                for side in range(4):
                    box[line, side] = place[side]
            else:
                if _is_parted(place, before_it, MIN_GAP * span_size[span], said[here - 1], said[here]):
                    for at in range(end, here, -1):
                        said[at] = said[at - 1]
                    said[here] = SPACE_CODE
                    end += 1
                box[line, 0], box[line, 1] = min(box[line, 0], place[0]), min(box[line, 1], place[1])
                box[line, 2], box[line, 3] = max(box[line, 2], place[2]), max(box[line, 3], place[3])
            before_it[:] = place
            seen_last = span
        if seen_first < 0:
            end = begin
            continue
        text[line, 0], text[line, 1] = _bare(said, begin, end)
        length = text[line, 1] - text[line, 0]
        what[line], box[line, 4] = PLAIN, span_size[longest]
        marks[line, 0] = 10 * mono > 8 * length
        marks[line, 1] = (span_flags[seen_first, 0] & BOLD) != 0 or is_bold[span_flags[seen_first, 2]] != 0
        marks[line, 2] = (span_flags[seen_last, 0] & BOLD) != 0 or is_bold[span_flags[seen_last, 2]] != 0
        marks[line, 3], marks[line, 4] = said[begin] == SPACE_CODE, said[end - 1] == SPACE_CODE
        marks[line, 5] = length * (2 if is_ideograph(said[text[line, 0]]) else 1)
    return what, box, marks, text, said[:end]
