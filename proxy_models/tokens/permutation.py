"""Permutations too large to hold: any position of a shuffle of n things, in constant memory.

A Feistel network is a permutation whatever its round function is (Luby and Rackoff 1988, DOI 10.1137/0217022); walking
until the value falls below n makes one of [0, n) out of one of a power of four (cycle walking, Black and Rogaway 2002,
DOI 10.1007/3-540-45760-7_9, section 3). The round function is the finaliser of SplitMix64 (Steele, Lea and Flood 2014,
DOI 10.1145/2660193.2660195, figure 17): good shuffles, no secrecy.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

U64 = npt.NDArray[np.uint64]

ROUNDS = 6
"""Four make the network pseudo-random for ideal round functions; two more because ours is 64 bits cut to a few."""


def key_of(*parts: str | int) -> int:
    """64 bits that stand for `parts`; no two lists of parts are written alike."""
    written = "".join(f"{len(str(part))}:{part}" for part in parts)
    return int.from_bytes(hashlib.blake2b(written.encode(), digest_size=8).digest(), "little")


def mixed(values: U64) -> U64:
    """Each value hashed to 64 bits; distinct values stay distinct."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def permuted(positions: npt.NDArray[np.integer], size: int, key: int) -> npt.NDArray[np.int64]:
    """What stands at `positions` of the permutation of [0, size) that `key` names.

    positions: any shape, 0 <= position < size; size: 1 to 2**62. Costs fewer than four passes of the network a value
    on average, whatever the size.
    """
    assert 1 <= size <= 2**62
    half = max(1, ((size - 1).bit_length() + 1) // 2)
    values = np.asarray(positions).astype(np.uint64)
    walking = np.ones(values.shape, dtype=bool)
    while walking.any():
        values[walking] = _network(values[walking], half, key)
        walking = values >= np.uint64(size)
    return values.astype(np.int64)


def _network(values: U64, half: int, key: int) -> U64:
    mask, shift = np.uint64((1 << half) - 1), np.uint64(half)
    left, right = values >> shift, values & mask
    round_keys = mixed(np.uint64(key) ^ np.arange(1, ROUNDS + 1, dtype=np.uint64))
    for round_key in round_keys:
        left, right = right, left ^ (mixed(right ^ round_key) & mask)
    return (left << shift) | right
