"""The buffers of an Arrow array of strings as kernels take them."""

from __future__ import annotations

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
