"""What signatures say of a pair before its shingles are compared: an estimate, and when it is too low to go on.

A bit of each value of a signature is kept (`minhash.bits_of`). Two documents of Jaccard similarity J agree in a value
with probability J, and in its bit with (1 + J) / 2 (Li and Koenig, b-bit minwise hashing, 2010): agreement in a of n
bits estimates J as 2 a / n - 1. The estimate removes nothing. It only spares pairs far below the threshold the exact
comparison, and the least agreement is set so that a pair at the threshold falls below it with a probability of at most
`MISSED`, were values independent; those of Fast Similarity Sketching spread less than that.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from math import comb

import numba
import numpy as np
from numpy.typing import NDArray

from pipeline.dedup.schemas import U64

MISSED = Fraction(1, 1_000_000)


@cache
def least_agreement(bits: int, least_e4: int) -> int:
    """In how many of `bits` a pair must agree to be compared; `least_e4` is the threshold in 1e-4.

    The greatest number below which a pair at the threshold stays with a probability of at most MISSED; computed in
    integers, alike on every machine.
    """
    agree, differ, whole = 10_000 + least_e4, 10_000 - least_e4, 20_000**bits
    below = 0
    for least in range(bits + 1):
        below += comb(bits, least) * agree**least * differ ** (bits - least)
        if below > MISSED * whole:
            return least
    raise AssertionError("all probabilities together are 1")


def estimates_e4(agreements: NDArray[np.int64], bits: int) -> NDArray[np.uint16]:
    """The estimated similarity in 1e-4, rounded down, at least 0, of pairs that agree in so many of `bits`."""
    return (np.maximum(2 * agreements - bits, 0) * 10_000 // bits).astype(np.uint16)


@numba.njit(cache=True)
def agreements(left: U64, right: U64, at: NDArray[np.intp], other_at: NDArray[np.intp], bits: int) -> NDArray[np.int64]:
    """In how many of `bits` row `at[i]` of `left` (documents, words) and row `other_at[i]` of `right` agree."""
    found = np.full(len(at), bits, dtype=np.int64)
    for pair in range(len(at)):
        for word in range(left.shape[1]):
            differ = left[at[pair], word] ^ right[other_at[pair], word]
            while differ:
                differ &= differ - np.uint64(1)
                found[pair] -= 1
    return found
