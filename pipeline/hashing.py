"""A mixing function for hashes of 64 bits, as kernels call it."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True)
def mix64(value: np.uint64) -> np.uint64:
    """MurmurHash3's 64-bit finaliser: a bijection that spreads every bit over the word."""
    value = np.uint64(value)
    value = (value ^ (value >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    value = (value ^ (value >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return value ^ (value >> np.uint64(33))
