"""MinHash signatures with the permutations of datasketch 2.0, in one pass over a text.

Scheme `affine32` of datasketch: the low 32 bits h of a shingle's hash are mixed once, permutation k is
a_k * h + b_k modulo 2^32 with odd a_k, and a signature holds the least value of each. 32 bits suffice because MinHash
only proposes pairs: verification counts 64-bit hashes. A signature is computed in integers, alike on every processor.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from pipeline.dedup.schemas import U64
from pipeline.dedup.words import Bytes, Characters, characters, mix64, next_word, shingle_hash

U32 = NDArray[np.uint32]

SCHEME, SEED = "affine32", 1


class Permutations(NamedTuple):
    """Permutation k maps h to factors[k] * h + summands[k] modulo 2^32."""

    factors: U32
    summands: U32


@cache
def permutations(count: int) -> Permutations:
    """datasketch's first `count` permutations of scheme `SCHEME` and seed `SEED`."""
    from datasketch import MinHash  # here, because it takes half a second that no query should pay

    factors, summands = MinHash(num_perm=count, seed=SEED, scheme=SCHEME).permutations
    return Permutations(np.ascontiguousarray(factors), np.ascontiguousarray(summands))


@numba.njit(cache=True)
def lower_minima(minima: U32, shingle: np.uint64, by: Permutations) -> None:
    """Take one shingle's hash into the signature `minima`."""
    value = np.uint32(shingle & np.uint64(0xFFFFFFFF))
    # datasketch's pre-mix: MurmurHash3's 32-bit finaliser
    value = np.uint32((value ^ (value >> np.uint32(16))) * np.uint32(0x85EBCA6B))
    value = np.uint32((value ^ (value >> np.uint32(13))) * np.uint32(0xC2B2AE35))
    value = np.uint32(value ^ (value >> np.uint32(16)))
    factors, summands = by.factors, by.summands
    for k in range(len(minima)):
        minima[k] = min(minima[k], np.uint32(factors[k] * value + summands[k]))


@numba.njit(cache=True)
def _signatures(
    data: Bytes, offsets: NDArray[np.int64], length: int, characters: Characters, by: Permutations
) -> tuple[U32, NDArray[np.int64]]:
    """The signatures (documents, permutations) of the texts in `data`, and their counts of words."""
    ring = np.empty(length, dtype=np.uint64)
    counts = np.zeros(len(offsets) - 1, dtype=np.int64)
    minima = np.full((len(counts), len(by.factors)), np.uint32(0xFFFFFFFF), dtype=np.uint32)
    for document in range(len(counts)):
        text = data[offsets[document] : offsets[document + 1]]
        words = place = 0
        word, at = next_word(text, 0, characters)
        while at >= 0:
            ring[place] = word
            place = place + 1 if place + 1 < length else 0
            words += 1
            if words >= length:
                lower_minima(minima[document], shingle_hash(ring, place, length), by)
            word, at = next_word(text, at, characters)
        if 0 < words < length:
            lower_minima(minima[document], shingle_hash(ring, 0, words), by)
        counts[document] = words
    return minima, counts


@numba.njit(cache=True)
def _keys_of_bands(minima: U32, bands: int) -> U64:
    """One hash for each band of each signature, (documents, bands); the band's number is part of what is hashed."""
    rows = minima.shape[1] // bands
    keys = np.empty((len(minima), bands), dtype=np.uint64)
    for document in range(len(minima)):
        for band in range(bands):
            value = mix64(np.uint64(band + 1))
            for k in range(band * rows, (band + 1) * rows):
                value = mix64(value ^ np.uint64(minima[document, k])) * np.uint64(0x9E3779B97F4A7C15)
            keys[document, band] = mix64(value)
    return keys


def band_keys(
    data: Bytes, offsets: NDArray[np.int64], length: int, *, bands: int, rows_per_band: int
) -> tuple[U64, NDArray[np.int64]]:
    """The band keys (documents, bands) of the texts in `data`, and their counts of words.

    A document without words has no shingle: its keys mean nothing.
    """
    minima, words = _signatures(data, offsets, length, characters(), permutations(bands * rows_per_band))
    return _keys_of_bands(minima, bands), words


def signature(shingle_hashes: U64, count: int) -> U32:
    """The MinHash signature of `count` values of one set of shingle hashes; all ones for the empty set."""
    minima = np.full(count, 0xFFFFFFFF, dtype=np.uint32)
    for shingle in shingle_hashes:
        lower_minima(minima, shingle, permutations(count))
    return minima
