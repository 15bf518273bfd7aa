"""Fast Similarity Sketching (Dahlgaard, Knudsen and Thorup, FOCS 2017, arXiv:1704.04370): MinHash in O(n), not O(n k).

A set is thrown into k bins in rounds, every round with another hash function; a bin keeps the least (round, value) that
fell into it. In the first k rounds the hash chooses the bin, and round k + i fills bin i alone, so 2 k rounds fill all.
The first round that leaves no bin empty is the last. Two sets agree in a bin with probability J, their Jaccard
similarity, and the share of bins in which they agree spreads less around J than with k independent permutations
(section 1.2 of the paper), because one round samples without replacement.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from pipeline.dedup.schemas import U64
from pipeline.text.hashing import mix64

U32 = NDArray[np.uint32]
_EMPTY = np.uint64(0xFFFFFFFFFFFFFFFF)
_ROUND = np.uint64(32)  # a bin's value is its round over 32 random bits: later rounds never win
_LOW = np.uint64(0xFFFFFFFF)
_MANY = 16
"""Of so many different shingles a bin the first round leaves a bin empty with a probability of k * e^-16: where one is
empty, shingles repeat, and later rounds throw each once."""


@numba.njit(cache=True)
def _key(turn: int) -> np.uint64:
    """The odd number by which a round multiplies: what is thrown is well mixed, and one product makes it another."""
    return mix64(np.uint64(turn) * np.uint64(0x9E3779B97F4A7C15)) | np.uint64(1)


@numba.njit(cache=True)
def _throw(shingles: U64, key: np.uint64, above: np.uint64, k: np.uint64, bins: U64) -> int:
    """A round; how many bins were empty before and no longer are. What it throws is above all that earlier ones left.

    Free of branches: which bin is hit, and whether it is empty, no processor can foresee.
    """
    filled = 0
    for shingle in shingles:
        value = shingle * key
        place = ((value >> _ROUND) * k) >> _ROUND
        held = bins[place]
        filled += held == _EMPTY
        bins[place] = min(held, above | (value & _LOW))
    return filled


@numba.njit(cache=True)
def _fill(shingles: U64, key: np.uint64, above: np.uint64, place: int, bins: U64) -> int:
    """A round for one bin alone."""
    if bins[place] != _EMPTY:
        return 0
    least = _LOW
    for shingle in shingles:
        least = min(least, (shingle * key) >> _ROUND)
    bins[place] = above | least
    return 1


@numba.njit(cache=True)
def sketch(shingles: U64, count: int, bins: U64, out: U32) -> None:
    """The sketch of the first `count` hashes, equal ones counted once, into `out` (k,); `bins` (k,) is scratch space.

    The hashes must be well mixed, as `words.shingle_words` leaves them: the first round takes them as they are. What is
    written is 32 bits of each bin, of which only equality means anything; all ones for the empty set.
    """
    k = len(bins)
    bins[:] = _EMPTY
    if count == 0:
        out[:] = _LOW
        return
    shingles, filled, turn = shingles[:count], 0, 0
    while filled < k:
        if turn == 1 and count > _MANY * k:
            shingles = np.unique(shingles)
        above = np.uint64(turn) << _ROUND
        if turn < k:
            filled += _throw(shingles, _key(turn) if turn else np.uint64(1), above, np.uint64(k), bins)
        else:
            filled += _fill(shingles, _key(turn), above, turn - k, bins)
        turn += 1
    for i in range(k):
        out[i] = np.uint32(mix64(bins[i]) & _LOW)
