"""The text of a page as arrays, from MuPDF's structs where they lie; compiled.

The dictionaries of the binding cost half as much as all that MuPDF does for a page, this a tenth.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

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
from pipeline.extraction.pdf.textpage import BOLD, F32, F64, I32, I64, ITALIC, MONO, RAISED, SERIF

SYNTHETIC = 4  # a flag of a character that does not part spans
LOST = 0xFFFD  # in place of half of a surrogate pair, and of what is no character
EPSILON = np.float32(1.1920929e-07)  # FLT_EPSILON


@njit(cache=True)
def _left_and_width(character: int, line: int) -> tuple[np.float32, np.float32]:
    """Along its line, from where a character stands: where it begins, and how far it reaches from there."""
    c, s = f32(line + LINE_DIRECTION), f32(line + LINE_DIRECTION + 4)
    x, y = f32(character + ORIGIN), f32(character + ORIGIN + 4)
    left = (f32(character + QUAD + 16) - x) * c + (f32(character + QUAD + 20) - y) * s
    right = (f32(character + QUAD + 24) - x) * c + (f32(character + QUAD + 28) - y) * s
    left = max(left, np.float32(0))
    return left, right - left


@njit(cache=True)
def _place(font: int, fonts: I64, known: int) -> int:
    """Of a font in the first `known` of `fonts`; `known` where it is none of them."""
    at = 0
    while at < known and fonts[at] != font:
        at += 1
    return at


@njit(cache=True)
def survey(page: int) -> Any:
    """Of the `fz_stext_page` at an address: lines, characters, fonts (addresses), and what is `thin`.

    thin: rows of a place in `fonts` and a character that is drawn without width; some come more than once.
    """
    lines = characters = known = thin = 0
    fonts, thins = np.empty(16, np.int64), np.empty((16, 2), np.int64)
    block = i64(page + PAGE_BLOCK)
    while block:
        line = i64(block + BLOCK_LINE) if i32(block + BLOCK_TYPE) == TEXT_BLOCK else 0
        while line:
            lines += 1
            font, at = 0, 0
            is_vertical = u8(line + LINE_MODE)
            character = i64(line + LINE_CHARACTER)
            while character:
                characters += 1
                if i64(character + FONT) != font:
                    font = i64(character + FONT)
                    at = _place(font, fonts, known)
                    if at == known:
                        if known == len(fonts):
                            fonts = np.concatenate((fonts, np.empty(known, np.int64)))
                        fonts[known] = font
                        known += 1
                if not is_vertical and _left_and_width(character, line)[1] < EPSILON:
                    code = i32(character + CODE)
                    if not thin or thins[thin - 1, 0] != at or thins[thin - 1, 1] != code:
                        if thin == len(thins):
                            thins = np.concatenate((thins, np.empty((thin, 2), np.int64)))
                        thins[thin, 0], thins[thin, 1] = at, code
                        thin += 1
                character = i64(character + CHARACTER_NEXT)
            line = i64(line + LINE_NEXT)
        block = i64(block + BLOCK_NEXT)
    return lines, characters, fonts[:known], thins[:thin]


@njit(cache=True)
def _advance(font: int, code: int, widths: F64) -> np.float32:
    """The width in ems that `widths` (rows of font, character, width, sorted) have; -1 where they have none."""
    low, high = 0, len(widths)
    while low < high:
        middle = (low + high) // 2
        if widths[middle, 0] < font or (widths[middle, 0] == font and widths[middle, 1] < code):
            low = middle + 1
        else:
            high = middle
    is_there = low < len(widths) and widths[low, 0] == font and widths[low, 1] == code
    return np.float32(widths[low, 2]) if is_there else np.float32(-1)


@njit(cache=True)
def _box(
    character: int, line: int, font: int, ascender: np.float32, descender: np.float32, widths: F64, box: F32
) -> None:
    """Fill in `box` of a character: as wide as it is drawn, from descender to ascender of a font as high as its size.

    As PyMuPDF has it where small glyph heights are set, in the same floats of 32 bits.
    """
    quad = character + QUAD
    zero, one = np.float32(0), np.float32(1)
    if u8(line + LINE_MODE):
        box[0], box[1], box[2], box[3] = f32(quad), f32(quad + 4), f32(quad), f32(quad + 4)
        for corner in range(1, 4):
            x, y = f32(quad + 8 * corner), f32(quad + 8 * corner + 4)
            box[0], box[1], box[2], box[3] = min(box[0], x), min(box[1], y), max(box[2], x), max(box[3], y)
        size = f32(character + SIZE)
        if box[3] < box[1] + size:
            box[1] = box[3] - size
        return
    size = f32(character + SIZE)
    height = ascender - descender + EPSILON
    if ascender < np.float32(1e-3):
        descender, ascender, height = np.float32(-0.1), np.float32(0.9), one
    descender, ascender = descender / height, ascender / height
    height = ascender - descender
    ascender, descender = ascender * size / height, descender * size / height
    c, s = f32(line + LINE_DIRECTION), f32(line + LINE_DIRECTION + 4)
    d = one if c == -one else c
    ox, oy = f32(character + ORIGIN), f32(character + ORIGIN + 4)
    top, low = -ascender, -descender
    ulx = (f32(quad) - ox) * c + (f32(quad + 4) - oy) * s
    urx = (f32(quad + 8) - ox) * c + (f32(quad + 12) - oy) * s
    llx = (f32(quad + 16) - ox) * c + (f32(quad + 20) - oy) * s
    lrx = (f32(quad + 24) - ox) * c + (f32(quad + 28) - oy) * s
    if c == one and (f32(quad) - ox) * -s + (f32(quad + 4) - oy) * d > zero:
        top, low = ascender, descender
    if llx < zero:
        llx = ulx = zero
    if lrx - llx < EPSILON:
        advance = _advance(font, i32(character + CODE), widths)
        if advance >= zero:
            lrx = urx = llx + advance * size
    for corner in range(4):
        x = ulx if corner == 0 else urx if corner == 1 else llx if corner == 2 else lrx
        y = top if corner < 2 else low
        rx, ry = x * c + y * -s + ox, x * s + y * d + oy
        if corner:
            box[0], box[1], box[2], box[3] = min(box[0], rx), min(box[1], ry), max(box[2], rx), max(box[3], ry)
        else:
            box[0], box[1], box[2], box[3] = rx, ry, rx, ry


@njit(cache=True)
def _overlap(box: F32, other: F32) -> bool:
    return not (box[0] >= other[2] or box[1] >= other[3] or box[2] <= other[0] or box[3] <= other[1])


@njit(cache=True)
def _font_flags(font: int) -> int:
    bits = u32(font + FONT_FLAGS)
    flags = MONO * (bits & 1) + SERIF * ((bits >> 1) & 1) + BOLD * ((bits >> 2) & 1) + ITALIC * ((bits >> 3) & 1)
    return int(flags)


@njit(cache=True)
def walk(  # noqa: PLR0915  one pass: a third of the time of one for each kind of array
    page: int, lines: int, characters: int, fonts: I64, names: I32, widths: F64
) -> Any:
    """The fields of a TextPage, of the `fz_stext_page` at an address, after a `survey` of it.

    names: for each of `fonts` the place of the first one that has its name. widths: rows of a place in `fonts`, a
    character that is drawn without width, and the width it has in ems, sorted.
    """
    codes, reach = np.empty(characters, np.int32), np.empty((characters, 2), np.float32)
    span_range, span_box = np.empty((characters, 2), np.int32), np.empty((characters, 4), np.float64)
    span_size, span_foot = np.empty(characters, np.float64), np.empty(characters, np.float64)
    span_flags = np.empty((characters, 3), np.int32)
    line_range, line_direction = np.empty((lines, 2), np.int32), np.empty((lines, 3), np.float64)
    line_end = np.empty(lines, np.int32)
    looks = np.empty(len(fonts), np.int32)
    for at in range(len(fonts)):
        looks[at] = _font_flags(fonts[at])
    box, edge = np.empty(4, np.float32), np.empty(4, np.float32)
    for at in range(4):
        edge[at] = f32(page + PAGE_BOX + 4 * at)
    count = spans = kept = all_lines = 0
    block = i64(page + PAGE_BLOCK)
    while block:
        line = i64(block + BLOCK_LINE) if i32(block + BLOCK_TYPE) == TEXT_BLOCK else 0
        while line:
            for at in range(4):
                box[at] = f32(line + LINE_BOX + 4 * at)
            is_seen = _overlap(box, edge)
            is_level = (
                u8(line + LINE_MODE) == 0 and f32(line + LINE_DIRECTION) == 1 and f32(line + LINE_DIRECTION + 4) == 0
            )
            character = i64(line + LINE_CHARACTER)
            first_y = f32(character + ORIGIN + 4) if character else np.float32(0)
            begin, font, at_font, name = spans, 0, 0, -1
            size, flags, marks, colour, bidi = np.float32(-1), 0, 0, np.uint32(0), np.uint16(0)
            ascender = descender = np.float32(0)
            while character:
                its_font = i64(character + FONT)
                if its_font != font:
                    font = its_font
                    ascender, descender = f32(font + FONT_ASCENDER), f32(font + FONT_DESCENDER)
                    at_font = _place(font, fonts, len(fonts))
                    if names[at_font] != name:
                        name, size = names[at_font], np.float32(-1)
                _box(character, line, at_font, ascender, descender, widths, box)
                if _overlap(edge, box):
                    code = i32(character + CODE)
                    codes[count] = LOST if code < 0 or code > 0x10FFFF or 0xD800 <= code <= 0xDFFF else code
                    reach[count, 0], reach[count, 1] = box[0], box[2]
                    if is_seen:
                        its_size, its_colour = f32(character + SIZE), u32(character + COLOUR)
                        its_flags = looks[at_font]
                        if is_level and f32(character + ORIGIN + 4) < first_y - its_size * 0.1:
                            its_flags += RAISED
                        its_marks = int(u16(character + CHARACTER_FLAGS)) & ~SYNTHETIC
                        its_bidi = u16(character + BIDI)
                        if not (
                            its_size == size
                            and its_flags == flags
                            and its_marks == marks
                            and its_colour == colour
                            and its_bidi == bidi
                        ):
                            size, flags, marks, colour, bidi = its_size, its_flags, its_marks, its_colour, its_bidi
                            span_range[spans, 0] = count
                            span_size[spans] = size
                            span_foot[spans] = f32(character + ORIGIN + 4)
                            span_flags[spans, 0], span_flags[spans, 1] = flags, marks
                            span_flags[spans, 2] = name
                            for at in range(4):
                                span_box[spans, at] = box[at]
                            spans += 1
                        here = spans - 1
                        span_range[here, 1] = count + 1
                        span_box[here, 0] = min(span_box[here, 0], box[0])
                        span_box[here, 1] = min(span_box[here, 1], box[1])
                        span_box[here, 2] = max(span_box[here, 2], box[2])
                        span_box[here, 3] = max(span_box[here, 3], box[3])
                    count += 1
                character = i64(character + CHARACTER_NEXT)
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
