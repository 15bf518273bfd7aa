"""Boxes of characters, from MuPDF's structs, as PyMuPDF has them where small glyph heights are set; compiled."""

from __future__ import annotations

import numpy as np
from numba import njit

from pipeline.extraction.pdf.structs import CODE, ORIGIN, QUAD, SIZE, f32, i32
from pipeline.extraction.pdf.textpage import F32, F64

EPSILON = np.float32(1.1920929e-07)  # FLT_EPSILON


@njit(cache=True)
def is_thin(character: int, c: np.float32, s: np.float32) -> bool:
    """Whether a character is drawn without width, along a line of that cosine and sine."""
    x, y = f32(character + ORIGIN), f32(character + ORIGIN + 4)
    left = (f32(character + QUAD + 16) - x) * c + (f32(character + QUAD + 20) - y) * s
    right = (f32(character + QUAD + 24) - x) * c + (f32(character + QUAD + 28) - y) * s
    return right - max(left, np.float32(0)) < EPSILON


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
def height(ascender: np.float32, descender: np.float32, size: np.float32) -> tuple[np.float32, np.float32]:
    """How far characters of a font and size reach above and below their line, together as far as their size."""
    whole = ascender - descender + EPSILON
    if ascender < np.float32(1e-3):
        descender, ascender, whole = np.float32(-0.1), np.float32(0.9), np.float32(1)
    descender, ascender = descender / whole, ascender / whole
    whole = ascender - descender
    return ascender * size / whole, descender * size / whole


@njit(cache=True)
def _fill_upright_box(character: int, box: F32) -> None:
    """As `fill_box`, of a character of a line that is written from top to bottom."""
    quad = character + QUAD
    box[0], box[1], box[2], box[3] = f32(quad), f32(quad + 4), f32(quad), f32(quad + 4)
    for corner in range(1, 4):
        x, y = f32(quad + 8 * corner), f32(quad + 8 * corner + 4)
        box[0], box[1], box[2], box[3] = min(box[0], x), min(box[1], y), max(box[2], x), max(box[3], y)
    size = f32(character + SIZE)
    if box[3] < box[1] + size:
        box[1] = box[3] - size


@njit(cache=True)
def fill_box(
    character: int,
    direction: tuple[int, np.float32, np.float32],
    font: int,
    tall: tuple[np.float32, np.float32, np.float32],
    widths: F64,
    box: F32,
) -> None:
    """Fill in `box` of a character: as wide as it is drawn, and as high as `height` says.

    direction: whether its line is written from top to bottom, else its cosine and sine. tall: the size, and the height
    above and below the line. As PyMuPDF has it where small glyph heights are set, in the same floats of 32 bits.
    """
    is_vertical, c, s = direction
    if is_vertical:
        _fill_upright_box(character, box)
        return
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
    if lrx - llx < EPSILON:
        advance = _advance(font, i32(character + CODE), widths)
        if advance >= zero:
            lrx = urx = llx + advance * size
    if c == one and s == zero:  # most are level
        box[0], box[1] = min(ulx, urx, llx, lrx) + ox, min(top, low) + oy
        box[2], box[3] = max(ulx, urx, llx, lrx) + ox, max(top, low) + oy
        return
    for corner in range(4):
        x = ulx if corner == 0 else urx if corner == 1 else llx if corner == 2 else lrx
        y = top if corner < 2 else low
        rx, ry = x * c + y * -s + ox, x * s + y * d + oy
        if corner:
            box[0], box[1], box[2], box[3] = min(box[0], rx), min(box[1], ry), max(box[2], rx), max(box[3], ry)
        else:
            box[0], box[1], box[2], box[3] = rx, ry, rx, ry


@njit(cache=True)
def overlap(box: F32, other: F32) -> bool:
    return not (box[0] >= other[2] or box[1] >= other[3] or box[2] <= other[0] or box[3] <= other[1])


@njit(cache=True)
def widen(boxes: F64, at: int, box: F32) -> None:
    """Make one of `boxes` (s, 4) hold another box, too."""
    boxes[at, 0], boxes[at, 1] = min(boxes[at, 0], box[0]), min(boxes[at, 1], box[1])
    boxes[at, 2], boxes[at, 3] = max(boxes[at, 2], box[2]), max(boxes[at, 3], box[3])
