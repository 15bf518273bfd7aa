"""Arrays of the kernels: their types, bitmaps of hashes, and rows that grow."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
U64 = NDArray[np.uint64]
I64 = NDArray[np.int64]


def bitmap(hashes: U64, bits: int) -> Bytes:
    """A bit for the lowest `bits` of each hash."""
    low = hashes & np.uint64((1 << bits) - 1)
    found = np.zeros(1 << (bits - 3), dtype=np.uint8)
    np.bitwise_or.at(
        found, (low >> np.uint64(3)).astype(np.int64), np.uint8(1) << (low & np.uint64(7)).astype(np.uint8)
    )
    return found


@numba.njit(cache=True)
def has(bitmap: Bytes, hashed: np.uint64) -> bool:
    """Whether the bit of a hash is set."""
    low = hashed & np.uint64(8 * len(bitmap) - 1)
    return bitmap[low >> np.uint64(3)] >> np.uint8(low & np.uint64(7)) & 1 != 0


@numba.njit(cache=True)
def grown(rows: I64) -> I64:
    """The rows with room for as many more."""
    more = np.empty((2 * len(rows), rows.shape[1]), dtype=np.int64)
    more[: len(rows)] = rows
    return more
