"""Hashes of 64 bits: the constants of FNV-1a, and a mixing function, as kernels call them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numba
import numpy as np

FNV_OFFSET: Final = np.uint64(0xCBF29CE484222325)
FNV_PRIME: Final = np.uint64(0x100000001B3)


def fnv1a(values: Iterable[int]) -> int:
    """FNV-1a with a step a value (a byte, a code point), as kernels write it out in their loops."""
    found = int(FNV_OFFSET)
    for value in values:
        found = (found ^ value) * int(FNV_PRIME) & 0xFFFFFFFFFFFFFFFF
    return found


@numba.njit(cache=True)
def mix64(value: np.uint64) -> np.uint64:
    """MurmurHash3's 64-bit finaliser: a bijection that spreads every bit over the word."""
    value = np.uint64(value)
    value = (value ^ (value >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    value = (value ^ (value >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return value ^ (value >> np.uint64(33))
