"""MinHash signatures in one pass over a text, and the keys of their bands.

Two schemes: `fss`, Fast Similarity Sketching (`similarity_sketch`), and `affine32`, the permutations of datasketch 2.0:
the low 32 bits h of a shingle's hash are mixed once, permutation k is a_k * h + b_k modulo 2^32 with odd a_k, and a
signature holds the least value of each. 32 bits suffice because MinHash only proposes pairs: verification counts 64-bit
hashes. Both are computed in integers, alike on every processor.
"""

from __future__ import annotations

from functools import cache
from typing import Literal, NamedTuple, get_args

import numba
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.dedup.hashing.similarity_sketch import U32, sketch
from pipeline.dedup.hashing.words import Bytes, Characters, characters, most_words, shingle_words, utf8, write_words
from pipeline.dedup.schemas import U64
from pipeline.text.hashing import mix64

Scheme = Literal["fss", "affine32"]
SEED = 1  # of datasketch's permutations


class Permutations(NamedTuple):
    """Permutation k maps h to factors[k] * h + summands[k] modulo 2^32."""

    factors: U32
    summands: U32


@cache
def permutations(count: int) -> Permutations:
    """datasketch's first `count` permutations of scheme affine32 and seed `SEED`."""
    from datasketch import MinHash  # here, because it takes half a second that no query should pay

    factors, summands = MinHash(num_perm=count, seed=SEED, scheme="affine32").permutations
    return Permutations(np.ascontiguousarray(factors), np.ascontiguousarray(summands))


@numba.njit(cache=True)
def lower_minima(minima: U32, shingle: np.uint64, by: Permutations) -> None:
    """Take one shingle's hash into the signature `minima` of affine32."""
    value = np.uint32(shingle & np.uint64(0xFFFFFFFF))
    # datasketch's pre-mix: MurmurHash3's 32-bit finaliser
    value = np.uint32((value ^ (value >> np.uint32(16))) * np.uint32(0x85EBCA6B))
    value = np.uint32((value ^ (value >> np.uint32(13))) * np.uint32(0xC2B2AE35))
    value = np.uint32(value ^ (value >> np.uint32(16)))
    factors, summands = by.factors, by.summands
    for k in range(len(minima)):
        minima[k] = min(minima[k], np.uint32(factors[k] * value + summands[k]))


def signatures(texts: pa.Array | pa.ChunkedArray, *, k: int, ngram: int = 5, scheme: Scheme = "fss") -> U32:
    """The signatures (texts, k) of strings: the share of places in which two agree estimates their Jaccard similarity.

    texts: `string`, `large_string` or `string_view`; a null is read as an empty text. ngram: words in a shingle
    (`words` says what a word is). A text of fewer words has one shingle of them all; one without words has a signature
    of all ones, which means nothing. Raises TypeError for another type, ValueError for another scheme, for a `k` or an
    `ngram` below 1.
    """
    if not isinstance(texts, pa.Array | pa.ChunkedArray):
        raise TypeError(f"texts are an Arrow array of strings, not {type(texts).__name__}")
    kind = texts.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)):
        raise TypeError(f"texts are string, large_string or string_view, not {kind}")
    if scheme not in get_args(Scheme):
        raise ValueError(f"scheme is one of {', '.join(get_args(Scheme))}, not {scheme!r}")
    if k < 1 or ngram < 1:
        raise ValueError(f"k and ngram are at least 1, not {k} and {ngram}")
    chunks = texts.chunks if isinstance(texts, pa.ChunkedArray) else [texts]
    found = [
        _signed(*utf8(chunk.cast(pa.large_string()).fill_null("")), ngram, k, scheme)[0] for chunk in chunks if chunk
    ]
    return found[0] if len(found) == 1 else np.concatenate([np.empty((0, k), np.uint32), *found])


def _signed(
    data: Bytes, offsets: NDArray[np.int64], length: int, k: int, scheme: Scheme
) -> tuple[U32, NDArray[np.int64]]:
    """The signatures (documents, k) of the texts in `data`, and their counts of words."""
    return _signatures(data, offsets, length, k, characters(), _permutations(scheme, k))


@numba.njit(cache=True)
def _signatures(
    data: Bytes, offsets: NDArray[np.int64], length: int, k: int, characters: Characters, by: Permutations
) -> tuple[U32, NDArray[np.int64]]:
    """`_signed` with the permutations of affine32, or with none: the scheme is fss."""
    documents = len(offsets) - 1
    words = np.zeros(documents, dtype=np.int64)
    minima = np.empty((documents, k), dtype=np.uint32)
    bins = np.empty(k, dtype=np.uint64)
    longest = 0
    for document in range(documents):
        longest = max(longest, offsets[document + 1] - offsets[document])
    hashes = np.empty(most_words(longest), dtype=np.uint64)
    for document in range(documents):
        text = data[offsets[document] : offsets[document + 1]]
        words[document] = write_words(text, characters, hashes)
        _sign_set(hashes, shingle_words(hashes, words[document], length), by, bins, minima[document])
    return minima, words


@numba.njit(cache=True)
def _sign_set(hashes: U64, count: int, by: Permutations, bins: U64, out: U32) -> None:
    """The signature of the first `count` hashes into `out` (k,); `bins` (k,) is scratch space."""
    if len(by.factors) == 0:
        sketch(hashes, count, bins, out)
    else:
        out[:] = np.uint32(0xFFFFFFFF)
        for i in range(count):
            lower_minima(out, hashes[i], by)


@numba.njit(cache=True)
def _bits_of(offsets: NDArray[np.int64], hashes: U64, k: int, by: Permutations) -> U64:
    """`bits_of` with the permutations of affine32, or with none: the scheme is fss."""
    bits = np.zeros((len(offsets) - 1, (k + 63) // 64), dtype=np.uint64)
    minima, bins = np.empty(k, dtype=np.uint32), np.empty(k, dtype=np.uint64)
    for document in range(len(offsets) - 1):
        held = hashes[offsets[document] : offsets[document + 1]]
        _sign_set(held, len(held), by, bins, minima)
        for i in range(k):
            bits[document, i // 64] |= _bit(minima[i]) << np.uint64(i % 64)
    return bits


def bits_of(offsets: NDArray[np.int64], hashes: U64, k: int, scheme: Scheme) -> U64:
    """A bit of each of the k values of the signatures of sets of shingles, (sets, words of 64 bits).

    Set i is `hashes[offsets[i]:offsets[i + 1]]`; bit j of word w is of value 64 w + j, and 0 from k on.
    """
    return _bits_of(offsets, hashes, k, _permutations(scheme, k))


def _permutations(scheme: Scheme, k: int) -> Permutations:
    """Those of the scheme; none for fss."""
    return permutations(k) if scheme == "affine32" else Permutations(np.empty(0, np.uint32), np.empty(0, np.uint32))


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


@numba.njit(cache=True)
def _bit(value: np.uint32) -> np.uint64:
    return mix64(np.uint64(value)) & np.uint64(1)


@numba.njit(cache=True)
def _finer_keys(minima: U32, bands: int) -> U64:
    """For each band one bit of each of the 64 values after it, round the end, the first in the highest place.

    They tell documents of one band apart nearly as well as the values (see `estimate`), in 8 bytes.
    """
    values = minima.shape[1]
    rows = values // bands
    keys = np.empty((len(minima), bands), dtype=np.uint64)
    bits = np.empty(values, dtype=np.uint64)
    for document in range(len(minima)):
        for k in range(values):
            bits[k] = _bit(minima[document, k])
        for band in range(bands):
            key, place = np.uint64(0), (band + 1) * rows % values
            for _ in range(64):
                key = (key << np.uint64(1)) | bits[place]
                place = place + 1 if place + 1 < values else 0
            keys[document, band] = key
    return keys


class Bands(NamedTuple):
    """What stands for the signatures of documents: a key for each band, a finer one beside it, and counts of words."""

    keys: U64  # (documents, bands)
    finer: U64  # (documents, bands)
    words: NDArray[np.int64]


def bands_of(
    data: Bytes, offsets: NDArray[np.int64], length: int, *, bands: int, rows_per_band: int, scheme: Scheme
) -> Bands:
    """The keys of the texts in `data`. A document without words has no shingle: its keys mean nothing."""
    minima, words = _signed(data, offsets, length, bands * rows_per_band, scheme)
    return Bands(_keys_of_bands(minima, bands), _finer_keys(minima, bands), words)
