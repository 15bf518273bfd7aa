"""Repetition within a text, after Gopher's table (arXiv:2112.11446, table A1): kernels over words, lines, paragraphs.

A *duplicate* is an occurrence after the first, of lines and paragraphs as of n-grams. Characters that several
n-grams cover count once, as the paper asks. N-grams of n words are named from n-grams of n - 1 words, exactly: only an
n-gram whose two (n - 1)-grams both occur twice can occur twice, so that the work shrinks with n.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

TOP_NGRAMS: Final = (2, 3, 4)
DUPLICATE_NGRAMS: Final = (5, 6, 7, 8, 9, 10)
_FIRST_DUPLICATE: Final = DUPLICATE_NGRAMS[0]
_LONGEST: Final = DUPLICATE_NGRAMS[-1]

MAX_DISTINCT_UNITS: Final = 1 << 20
"""Distinct lines (and paragraphs) that are remembered of one text, the first ones; a bound on memory of 24 MB."""


@njit(cache=True, inline="always")
def _slot_of(key: Any, size: int) -> Any:
    """Where a key belongs in a table of `size` (a power of two) places: the finaliser of MurmurHash3."""
    key = (key ^ (key >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    key = (key ^ (key >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return np.int64((key ^ (key >> np.uint64(33))) & np.uint64(size - 1))


@njit(cache=True)
def table_size(entries: int) -> Any:
    """The power of two that keeps a table of so many entries at most half full."""
    size = 4
    while size < 2 * entries:
        size *= 2
    return size


@njit(cache=True)
def first_with(key: Any, value: int, keys: Any, values: Any) -> Any:
    """The value first given with `key`. `values` holds -1 where the table is empty; one place must stay so."""
    slot = _slot_of(key, len(keys))
    while values[slot] >= 0:
        if keys[slot] == key:
            return np.int64(values[slot])
        slot = (slot + 1) & (len(keys) - 1)
    keys[slot], values[slot] = key, value
    return np.int64(value)


@njit(cache=True)
def is_duplicate(key: Any, unit: int, keys: Any, values: Any, room: Any) -> Any:
    """Whether `key` was given before; `room[0]` counts down the distinct keys that are still remembered."""
    slot = _slot_of(key, len(keys))
    while values[slot] >= 0:
        if keys[slot] == key:
            return True
        slot = (slot + 1) & (len(keys) - 1)
    if room[0] > 0:
        room[0] -= 1
        keys[slot], values[slot] = key, unit
    return False


@njit(cache=True)
def _name(keys_of: Any, candidates: Any, names: Any, occurrences: Any) -> None:
    """Give every candidate position the first position with the same key, and count the occurrences there."""
    size = table_size(len(candidates))
    keys, values = np.empty(size, np.uint64), np.full(size, -1, np.int32)
    for index in range(len(candidates)):
        occurrences[candidates[index]] = 0
    for index in range(len(candidates)):
        position = candidates[index]
        first = first_with(keys_of[index], position, keys, values)
        names[position] = first
        occurrences[first] += 1


@njit(cache=True)
def _repeated(candidates: Any, names: Any, occurrences: Any, repeated_n: Any, n: int) -> Any:
    """The candidates whose n-gram occurs more than once; `repeated_n` keeps the greatest such n of a position."""
    kept = np.empty(len(candidates), np.int32)
    count = 0
    for index in range(len(candidates)):
        position = candidates[index]
        if occurrences[names[position]] > 1:
            repeated_n[position] = n
            kept[count] = position
            count += 1
    return kept[:count]


@njit(cache=True)
def _extend(repeated: Any, names: Any, words: Any, repeated_n: Any, n: int) -> Any:
    """Positions whose n-gram may occur twice, given the repeated (n - 1)-grams, and the keys of these n-grams."""
    candidates = np.empty(len(repeated), np.int32)
    keys = np.empty(len(repeated), np.uint64)
    count = 0
    for index in range(len(repeated)):
        position = repeated[index]
        if position + n <= len(words) and repeated_n[position + 1] >= n - 1:
            candidates[count] = position
            keys[count] = np.uint64(names[position]) << np.uint64(32) | np.uint64(words[position + n - 1])
            count += 1
    return candidates[:count], keys[:count]


@njit(cache=True)
def _covered(repeated: Any, names: Any, ends: Any, n: int, name: int) -> Any:
    """Characters under the n-grams called `name`, or under all but first occurrences where `name` is -1."""
    characters, covered_to = np.int64(0), 0
    for index in range(len(repeated)):
        position = repeated[index]
        if names[position] == name or (name < 0 and names[position] != position):
            characters += ends[position + n] - ends[max(position, covered_to)]
            covered_to = position + n
    return characters


@njit(cache=True)
def _most_frequent(repeated: Any, names: Any, occurrences: Any, ends: Any, n: int) -> Any:
    """The name of the most frequent n-gram: of equals the one with more characters, of these the first; -2 for none."""
    best, most, longest = -2, 0, np.int64(0)
    for index in range(len(repeated)):
        position = repeated[index]
        if names[position] == position:
            count, length = occurrences[position], ends[position + n] - ends[position]
            if count > most or (count == most and length > longest):
                best, most, longest = int(position), count, length
    return best


@njit(cache=True)
def ngram_repetition(hashes: Any, lengths: Any, counts: Any) -> None:
    """Set the first ten `counts` from the words' hashes and characters.

    Characters of all these words; characters under the most frequent 2-, 3-, 4-gram that occurs at least twice; and
    under duplicate 5- to 10-grams.
    """
    size = len(hashes)
    ends = np.zeros(size + 1, np.int64)
    for word in range(size):
        ends[word + 1] = ends[word] + lengths[word]
    counts[0] = ends[size]
    candidates = np.arange(size).astype(np.int32)
    names, occurrences = np.empty(size, np.int32), np.empty(size, np.int32)
    repeated_n = np.zeros(size, np.int8)
    _name(hashes, candidates, names, occurrences)
    words = names.copy()
    repeated = _repeated(candidates, names, occurrences, repeated_n, 1)
    for n in range(2, _LONGEST + 1):
        candidates, keys = _extend(repeated, names, words, repeated_n, n)
        _name(keys, candidates, names, occurrences)
        repeated = _repeated(candidates, names, occurrences, repeated_n, n)
        name = -1 if n >= _FIRST_DUPLICATE else _most_frequent(repeated, names, occurrences, ends, n)
        counts[n - 1] = _covered(repeated, names, ends, n, name)
