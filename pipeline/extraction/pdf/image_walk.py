"""The pictures of a text page, from MuPDF's structs where they lie; compiled."""

from __future__ import annotations

import numpy as np
from numba import njit

from pipeline.extraction.pdf.structs import (
    BLOCK_BOX,
    BLOCK_IMAGE,
    BLOCK_NEXT,
    BLOCK_TYPE,
    IMAGE_BLOCK,
    IMAGE_HEIGHT,
    IMAGE_WIDTH,
    PAGE_BLOCK,
    f32,
    i32,
    i64,
)
from pipeline.extraction.pdf.textpage import F64, I64


@njit(cache=True)
def images(page: int) -> tuple[I64, F64]:
    """Of the pictures of the `fz_stext_page` at an address: address, width and height in pixels (n, 3); box (n, 4)."""
    count = 0
    block = i64(page + PAGE_BLOCK)
    while block:
        count += i32(block + BLOCK_TYPE) == IMAGE_BLOCK
        block = i64(block + BLOCK_NEXT)
    found, box = np.empty((count, 3), np.int64), np.empty((count, 4), np.float64)
    count = 0
    block = i64(page + PAGE_BLOCK)
    while block:
        if i32(block + BLOCK_TYPE) == IMAGE_BLOCK:
            image = i64(block + BLOCK_IMAGE)
            found[count, 0], found[count, 1], found[count, 2] = (
                image,
                i32(image + IMAGE_WIDTH),
                i32(image + IMAGE_HEIGHT),
            )
            for side in range(4):
                box[count, side] = f32(block + BLOCK_BOX + 4 * side)
            count += 1
        block = i64(block + BLOCK_NEXT)
    return found, box
