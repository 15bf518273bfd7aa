"""Boxes of characters, from MuPDF's structs, as PyMuPDF has them where small glyph heights are set; compiled."""

from __future__ import annotations

import numpy as np
from numba import njit

from pipeline.extraction.pdf.structs import ORIGIN, QUAD, SIZE, f32
from pipeline.extraction.pdf.textpage import F64

EPSILON = np.float32(1.1920929e-07)  # FLT_EPSILON
NO_ADVANCE = np.float32(-1)

Box = tuple[np.float32, np.float32, np.float32, np.float32]


@njit(cache=True)
def is_thin(character: int, c: np.float32, s: np.float32) -> bool:
    """Whether a character is drawn without width, along a line of that cosine and sine."""
    x, y = f32(character + ORIGIN), f32(character + ORIGIN + 4)
    left = (f32(character + QUAD + 16) - x) * c + (f32(character + QUAD + 20) - y) * s
    right = (f32(character + QUAD + 24) - x) * c + (f32(character + QUAD + 28) - y) * s
    return right - max(left, np.float32(0)) < EPSILON


@njit(cache=True)
def advance_of(font: int, code: int, widths: F64) -> np.float32:
    """The width in ems that `widths` (rows of font, character, width, sorted) have; NO_ADVANCE where there is none."""
    low, high = 0, len(widths)
    while low < high:
        middle = (low + high) // 2
        if widths[middle, 0] < font or (widths[middle, 0] == font and widths[middle, 1] < code):
            low = middle + 1
        else:
            high = middle
    is_there = low < len(widths) and widths[low, 0] == font and widths[low, 1] == code
    return np.float32(widths[low, 2]) if is_there else NO_ADVANCE


@njit(cache=True)
def height(ascender: np.float32, descender: np.float32, size: np.float32) -> tuple[np.float32, np.float32]:
    """How far characters of a font and size reach above and below their line, together as far as their size."""
    whole = ascender - descender + EPSILON
    if ascender < np.float32(1e-3):
        descender, ascender, whole = np.float32(-0.1), np.float32(0.9), np.float32(1)
    descender, ascender = descender / whole, ascender / whole
    whole = ascender - descender
    return ascender * size / whole, descender * size / whole


@njit(cache=True)
def _turned(x: np.float32, y: np.float32, c: np.float32, s: np.float32, d: np.float32) -> Box:
    """A point beside its line, turned as that is; as a box."""
    x, y = x * c + y * -s, x * s + y * d
    return x, y, x, y


@njit(cache=True)
def _upright_box(character: int) -> Box:
    """As `box_of`, of a character of a line that is written from top to bottom."""
    quad = character + QUAD
    x0 = x1 = f32(quad)
    y0 = y1 = f32(quad + 4)
    for corner in range(1, 4):
        x, y = f32(quad + 8 * corner), f32(quad + 8 * corner + 4)
        x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x), max(y1, y)
    size = f32(character + SIZE)
    return x0, y1 - size if y1 < y0 + size else y0, x1, y1


@njit(cache=True)
def box_of(
    character: int,
    direction: tuple[int, np.float32, np.float32],
    tall: tuple[np.float32, np.float32, np.float32],
    advance: np.float32,
) -> Box:
    """The box of a character: as wide as it is drawn, and as high as `height` says.

    direction: whether its line is written from top to bottom, else its cosine and sine. tall: the size, and the height
    above and below the line. advance: in ems, where it is drawn without width. As PyMuPDF has it where small glyph
    heights are set, in the same floats of 32 bits. Boxes are tuples: numba counts references to an array at every call.
    """
    is_vertical, c, s = direction
    if is_vertical:
        return _upright_box(character)
    quad = character + QUAD
    zero, one = np.float32(0), np.float32(1)
    d = one if c == -one else c
    ox, oy = f32(character + ORIGIN), f32(character + ORIGIN + 4)
    size, ascender, descender = tall
    top, low = -ascender, -descender
    ulx = (f32(quad) - ox) * c + (f32(quad + 4) - oy) * s
    urx = (f32(quad + 8) - ox) * c + (f32(quad + 12) - oy) * s
    llx = (f32(quad + 16) - ox) * c + (f32(quad + 20) - oy) * s
    lrx = (f32(quad + 24) - ox) * c + (f32(quad + 28) - oy) * s
    if c == one and (f32(quad) - ox) * -s + (f32(quad + 4) - oy) * d > zero:
        top, low = ascender, descender
    if llx < zero:
        llx = ulx = zero
    if lrx - llx < EPSILON and advance >= zero:
        lrx = urx = llx + advance * size
    if c == one and s == zero:  # most are level
        x0, x1 = min(ulx, urx, llx, lrx), max(ulx, urx, llx, lrx)
        return x0 + ox, min(top, low) + oy, x1 + ox, max(top, low) + oy
    box = _turned(ulx, top, c, s, d)
    for x, y in ((urx, top), (llx, low), (lrx, low)):
        box = union(box, _turned(x, y, c, s, d))
    return box[0] + ox, box[1] + oy, box[2] + ox, box[3] + oy


@njit(cache=True)
def overlap(box: Box, other: Box) -> bool:
    return not (box[0] >= other[2] or box[1] >= other[3] or box[2] <= other[0] or box[3] <= other[1])


@njit(cache=True)
def union(box: Box, other: Box) -> Box:
    return min(box[0], other[0]), min(box[1], other[1]), max(box[2], other[2]), max(box[3], other[3])
