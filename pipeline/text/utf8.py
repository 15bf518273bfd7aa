"""The buffers of an Arrow array of strings as kernels take them, and the code points in them."""

from __future__ import annotations

import numba
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def utf8_buffers(text: pa.Array) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The UTF-8 bytes and the n + 1 offsets of a `large_string` array without nulls; no copy, slices allowed.

    Never writable, whatever the buffers are: kernels are compiled once for each kind of array.
    """
    _, offsets, data = text.buffers()
    held, bounds = np.empty(0, np.uint8), np.zeros(1, np.int64)
    if len(text):
        held = np.frombuffer(data, np.uint8) if data is not None else held
        bounds = np.frombuffer(offsets, np.int64)[text.offset : text.offset + len(text) + 1]
    held.flags.writeable = bounds.flags.writeable = False
    return held, bounds


@numba.njit(cache=True)
def code_point(text: NDArray[np.uint8], at: int) -> tuple[np.uint32, int]:
    """The code point whose UTF-8 form starts at `at`, and where the next one starts; never reads past the text."""
    lead = np.uint32(text[at])
    if lead < 0x80:
        return lead, at + 1
    size = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
    if at + size > len(text):
        return np.uint32(0xFFFD), len(text)
    point = lead & np.uint32(0xFF >> (size + 1))
    for offset in range(1, size):
        point = (point << np.uint32(6)) | np.uint32(text[at + offset] & 0x3F)
    return min(point, np.uint32(0x10FFFF)), at + size
