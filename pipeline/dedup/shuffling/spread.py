"""How addresses are shared out: by a mixed value, in even ranges, so that a sorted file serves any number of parts."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from pipeline.dedup.schemas import U64
from pipeline.dedup.shuffling.sorted_files import Key
from pipeline.text.hashing import mix64


@numba.njit(cache=True)
def spread(addresses: U64) -> U64:
    """A mixed value of each address, another for every address."""
    mixed = np.empty(len(addresses), dtype=np.uint64)
    for i in range(len(addresses)):
        mixed[i] = mix64(addresses[i])
    return mixed


def part_of(mixed: U64, parts: int) -> NDArray[np.uint32]:
    """In which of `parts` even ranges a mixed value lies."""
    return (((mixed >> np.uint64(32)) * np.uint64(parts)) >> np.uint64(32)).astype(np.uint32)


def part_range(part: int, parts: int) -> tuple[Key, Key]:
    """The mixed values of a part, as [lo, hi) of a key of one column."""
    lo, hi = (-(-(i << 32) // parts) << 32 for i in (part, part + 1))
    return (lo,), (hi,)
