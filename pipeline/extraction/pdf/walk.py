"""The text of a page as arrays, from MuPDF's structs where they lie; compiled.

The dictionaries of the binding cost half as much as all that MuPDF does for a page, this a tenth.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from pipeline.extraction.pdf.boxes import NO_ADVANCE, Box, advance_of, box_of, height, is_thin, overlap, union
from pipeline.extraction.pdf.structs import (
    BIDI,
    BLOCK_LINE,
    BLOCK_NEXT,
    BLOCK_TYPE,
    CHARACTER_FLAGS,
    CHARACTER_NEXT,
    CODE,
    COLOUR,
    FONT,
    FONT_ASCENDER,
    FONT_DESCENDER,
    FONT_FLAGS,
    LINE_BOX,
    LINE_CHARACTER,
    LINE_DIRECTION,
    LINE_MODE,
    LINE_NEXT,
    ORIGIN,
    PAGE_BLOCK,
    PAGE_BOX,
    QUAD,
    SIZE,
    TEXT_BLOCK,
    f32,
    i32,
    i64,
    u8,
    u16,
    u32,
)
from pipeline.extraction.pdf.textpage import BOLD, F64, I32, I64, ITALIC, MONO, RAISED, SERIF

SYNTHETIC = 4  # a flag of a character that does not part spans
NO_HEIGHT = (np.float32(-1), np.float32(0), np.float32(0))
LOST = 0xFFFD  # in place of half of a surrogate pair without the other, and of what is no character


@njit(cache=True)
def _direction(line: int) -> tuple[int, np.float32, np.float32]:
    """Whether a line is written from top to bottom; else its cosine and sine."""
    return u8(line + LINE_MODE), f32(line + LINE_DIRECTION), f32(line + LINE_DIRECTION + 4)


@njit(cache=True)
def _height(character: int, font: int, before: Any) -> Any:
    """The size of a character and its `height`: as of the one before, of the same font, where the size is the same."""
    size = f32(character + SIZE)
    if size == before[0]:
        return before
    ascender, descender = height(f32(font + FONT_ASCENDER), f32(font + FONT_DESCENDER), size)
    return size, ascender, descender


@njit(cache=True)
def _place(font: int, fonts: I64, known: int) -> int:
    """Of a font in the first `known` of `fonts`; `known` where it is none of them."""
    at = 0
    while at < known and fonts[at] != font:
        at += 1
    return at


@njit(cache=True)
def _counted(page: int) -> tuple[int, int, int, int]:
    """Lines, characters, changes of font, and characters that are drawn without width."""
    lines = characters = changes = thin = 0
    block = i64(page + PAGE_BLOCK)
    while block:
        line = i64(block + BLOCK_LINE) if i32(block + BLOCK_TYPE) == TEXT_BLOCK else 0
        while line:
            lines += 1
            font = 0
            is_vertical, c, s = _direction(line)
            character = i64(line + LINE_CHARACTER)
            while character:
                characters += 1
                changes += i64(character + FONT) != font
                font = i64(character + FONT)
                thin += not is_vertical and is_thin(character, c, s)
                character = i64(character + CHARACTER_NEXT)
            line = i64(line + LINE_NEXT)
        block = i64(block + BLOCK_NEXT)
    return lines, characters, changes, thin


@njit(cache=True)
def survey(page: int) -> Any:
    """Of the `fz_stext_page` at an address: lines, characters, fonts (addresses), and what is `thin`.

    thin: rows of a place in `fonts` and a character that is drawn without width; some come more than once. Counted
    first, as numba counts references to arrays that may be replaced in a loop at every step: that took ten times this.
    """
    lines, characters, changes, most = _counted(page)
    fonts, thins = np.empty(changes, np.int64), np.empty((most, 2), np.int64)
    known = thin = 0
    block = i64(page + PAGE_BLOCK)
    while block:
        line = i64(block + BLOCK_LINE) if i32(block + BLOCK_TYPE) == TEXT_BLOCK else 0
        while line:
            font, at = 0, 0
            is_vertical, c, s = _direction(line)
            character = i64(line + LINE_CHARACTER)
            while character:
                if i64(character + FONT) != font:
                    font = i64(character + FONT)
                    at = _place(font, fonts, known)
                    fonts[at] = font
                    known = max(known, at + 1)
                if not is_vertical and is_thin(character, c, s):
                    code = i32(character + CODE)
                    if not thin or thins[thin - 1, 0] != at or thins[thin - 1, 1] != code:
                        thins[thin, 0], thins[thin, 1] = at, code
                        thin += 1
                character = i64(character + CHARACTER_NEXT)
            line = i64(line + LINE_NEXT)
        block = i64(block + BLOCK_NEXT)
    return lines, characters, fonts[:known], thins[:thin]


@njit(cache=True)
def _font_flags(font: int) -> int:
    bits = u32(font + FONT_FLAGS)
    flags = MONO * (bits & 1) + SERIF * ((bits >> 1) & 1) + BOLD * ((bits >> 2) & 1) + ITALIC * ((bits >> 3) & 1)
    return int(flags)


@njit(cache=True)
def _unicode(character: int, box: Box) -> tuple[int, int, Box]:
    """What a character is, the address of the last one that it is made of, and its box: `box` is that of the first.

    Two halves of a surrogate pair are one; they come one by one where a font gives each of two glyphs one of them.
    """
    code, after = int(i32(character + CODE)), i64(character + CHARACTER_NEXT)
    if 0xD800 <= code <= 0xDBFF and after:
        low = int(i32(after + CODE))
        if 0xDC00 <= low <= 0xDFFF:
            both = min(box[0], f32(after + QUAD + 16)), box[1], max(box[2], f32(after + QUAD + 24)), box[3]
            return 0x10000 + ((code - 0xD800) << 10) + low - 0xDC00, after, both
    is_none = code < 0 or code > 0x10FFFF or 0xD800 <= code <= 0xDFFF
    return LOST if is_none else code, character, box


@njit(cache=True)
def _look(character: int, font_flags: int, raised_above: float) -> Any:
    """What all characters of a span share: size, flags as PyMuPDF's, MuPDF's flags, colour, level of direction."""
    size, flags = f32(character + SIZE), font_flags
    if f32(character + ORIGIN + 4) < raised_above - size * 0.1:
        flags += RAISED
    marks = int(u16(character + CHARACTER_FLAGS)) & ~SYNTHETIC
    return size, flags, marks, u32(character + COLOUR), u16(character + BIDI)


@njit(cache=True)
def _box_at(address: int) -> Box:
    return f32(address), f32(address + 4), f32(address + 8), f32(address + 12)


@njit(cache=True)
def _line(line: int, edge: Box) -> tuple[bool, float, int]:
    """Whether a line is on the page, y above which its characters are raised, and its first character."""
    character = i64(line + LINE_CHARACTER)
    is_level = u8(line + LINE_MODE) == 0 and f32(line + LINE_DIRECTION) == 1 and f32(line + LINE_DIRECTION + 4) == 0
    raised_above = np.float64(f32(character + ORIGIN + 4)) if is_level and character else -np.inf
    return overlap(_box_at(line + LINE_BOX), edge), raised_above, character


@njit(cache=True)
def _room(lines: int, characters: int) -> Any:
    """The arrays of a TextPage in their order, of as many spans as characters, not filled in."""
    return (
        np.empty(characters, np.int32),
        np.empty((characters, 2), np.float32),
        np.empty((characters, 2), np.int32),
        np.empty((characters, 4), np.float64),
        np.empty(characters, np.float64),
        np.empty(characters, np.float64),
        np.empty((characters, 3), np.int32),
        np.empty((lines, 2), np.int32),
        np.empty((lines, 3), np.float64),
        np.empty(lines, np.int32),
    )


@njit(cache=True)
def walk(page: int, lines: int, characters: int, fonts: I64, names: I32, widths: F64) -> Any:
    """The fields of a TextPage, of the `fz_stext_page` at an address, after a `survey` of it.

    names: for each of `fonts` the place of the first one that has its name. widths: rows of a place in `fonts`, a
    character that is drawn without width, and the width it has in ems, sorted.
    """
    codes, reach, span_range, span_box, span_size, span_foot, span_flags, line_range, line_direction, line_end = _room(
        lines, characters
    )
    edge = wide = _box_at(page + PAGE_BOX)
    no_look, has_widths = (np.float32(-1), 0, 0, np.uint32(0), np.uint16(0)), len(widths) > 0
    count = spans = kept = all_lines = 0
    block = i64(page + PAGE_BLOCK)
    while block:
        line = i64(block + BLOCK_LINE) if i32(block + BLOCK_TYPE) == TEXT_BLOCK else 0
        while line:
            is_seen, raised_above, character = _line(line, edge)
            begin, font, at_font, name, flags, look, tall = spans, 0, 0, -1, 0, no_look, NO_HEIGHT
            direction = _direction(line)
            while character:
                if i64(character + FONT) != font:
                    font = i64(character + FONT)
                    flags, tall = _font_flags(font), NO_HEIGHT
                    at_font = _place(font, fonts, len(fonts))
                    if names[at_font] != name:
                        name, look = names[at_font], no_look
                tall = _height(character, font, tall)
                is_wide = not (has_widths and is_thin(character, direction[1], direction[2]))
                advance = NO_ADVANCE if is_wide else advance_of(at_font, i32(character + CODE), widths)
                code, end, box = _unicode(character, box_of(character, direction, tall, advance))
                if overlap(edge, box):
                    codes[count], reach[count, 0], reach[count, 1] = code, box[0], box[2]
                    if is_seen:
                        its_look = _look(character, flags, raised_above)
                        if its_look != look:
                            look, wide = its_look, box
                            span_range[spans, 0], span_foot[spans] = count, f32(character + ORIGIN + 4)
                            span_size[spans], span_flags[spans, 0], span_flags[spans, 1] = look[0], look[1], look[2]
                            span_flags[spans, 2] = name
                            spans += 1
                        span_range[spans - 1, 1] = count + 1
                        wide = union(wide, box)
                        for side in range(4):
                            span_box[spans - 1, side] = wide[side]
                    count += 1
                character = i64(end + CHARACTER_NEXT)
            if spans > begin and not (
                span_box[spans - 1, 0] < span_box[spans - 1, 2] and span_box[spans - 1, 1] < span_box[spans - 1, 3]
            ):
                spans -= 1  # the binding leaves it out where it is the last
            if is_seen:
                line_range[kept, 0], line_range[kept, 1] = begin, spans
                line_direction[kept, 0] = f32(line + LINE_DIRECTION)
                line_direction[kept, 1] = f32(line + LINE_DIRECTION + 4)
                line_direction[kept, 2] = u8(line + LINE_MODE)
                kept += 1
            line_end[all_lines] = count
            all_lines += 1
            line = i64(line + LINE_NEXT)
        block = i64(block + BLOCK_NEXT)
    return (
        codes[:count],
        reach[:count],
        span_range[:spans],
        span_box[:spans],
        span_size[:spans],
        span_foot[:spans],
        span_flags[:spans],
        line_range[:kept],
        line_direction[:kept],
        line_end,
    )
