"""The text of a page as arrays: its characters, spans and lines."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

LINE_END, SPACE_CODE = 0x0A, 0x20
SEEN = 16 | 32  # MuPDF's flags of a character: filled, stroked; one with neither is hidden
RAISED, SERIF, ITALIC, MONO, BOLD = 1, 4, 2, 8, 16  # flags of a span, as PyMuPDF's

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]


class TextPage(NamedTuple):
    """The text of a page. Boxes are (x0, y0, x1, y1) in points, as floats of 32 bits say them; ranges are half open.

    codes: of characters (c,), Unicode; reach: of each (c, 2), from where to where it reaches in x. A span has one font,
    size and colour: span_range (s, 2) of characters, span_box (s, 4), span_size (s,), span_foot (s,), y of where its
    first character stands; span_flags (s, 3): RAISED, MONO, BOLD; MuPDF's flags of its characters; its font, the place
    of its name. line_range (l, 2) of spans; line_direction (l, 3): cosine, sine, whether it is written from top to
    bottom. line_end (l,): of each line of text, those without spans too, where its characters end.
    """

    codes: I32
    reach: F32
    span_range: I32
    span_box: F64
    span_size: F64
    span_foot: F64
    span_flags: I32
    line_range: I32
    line_direction: F64
    line_end: I32


@njit(cache=True)
def is_blank(code: int) -> bool:
    """As str.isspace has it, of Unicode's white space and separators."""
    if code < 0x80:
        return code == 0x20 or 9 <= code <= 13 or 28 <= code <= 31
    if code < 0x1680:
        return code in (0x85, 0xA0)
    return 0x2000 <= code <= 0x200A or code in (0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000)


@njit(cache=True)
def hidden_characters(span_flags: I32, span_range: I32) -> int:
    """Characters that are drawn in no colour."""
    count = 0
    for span in range(len(span_flags)):
        if not span_flags[span, 1] & SEEN:
            count += span_range[span, 1] - span_range[span, 0]
    return count


@njit(cache=True)
def with_line_ends(codes: I32, line_end: I32, long: int) -> tuple[I32, I32]:
    """All characters as they come, a line end after every line that has any and does not end in one; and in it the
    places (w, 2) of words of `long` characters and more.

    A word: what stands between white space.
    """
    found = np.empty(len(codes) + len(line_end), np.int32)
    places = np.empty((len(found) // long + 1, 2), np.int32)
    count = start = words = word = 0
    for end in line_end:
        if end > start:
            found[count : count + end - start] = codes[start:end]
            count += end - start
            if codes[end - 1] not in (0, LINE_END):
                found[count] = LINE_END
                count += 1
        start = end
    for at in range(count + 1):
        if at < count and not is_blank(found[at]):
            word += 1
            continue
        if word >= long:
            places[words, 0], places[words, 1] = at - word, at
            words += 1
        word = 0
    return found[:count], places[:words]
