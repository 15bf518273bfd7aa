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


_ODD: Final = np.uint64(0x9E3779B97F4A7C15)


@njit(cache=True, inline="always")
def _slot_of(key: Any, size: int) -> Any:
    """Where a key belongs in a table of `size` (a power of two) places: Fibonacci hashing of its folded halves."""
    return np.int64(((key ^ key >> np.uint64(32)) * _ODD >> np.uint64(32)) & np.uint64(size - 1))


@njit(cache=True)
def table_size(entries: int) -> Any:
    """The power of two that keeps a table of so many entries at most half full."""
    size = 4
    while size < 2 * entries:
        size *= 2
    return size


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
def _perhaps_twice(keys: Any, positions: Any) -> Any:
    """How many stay, moved to the front, when those go whose key surely is the only one of its kind.

    Two bits' worth of counting in eight small counters a key: most n-grams leave here, before any exact table.
    """
    size = 4 * table_size(len(keys))
    met = np.zeros(size, np.uint8)
    for index in range(len(keys)):
        slot = _slot_of(keys[index], size)
        met[slot] = min(met[slot] + 1, 2)
    kept = 0
    for index in range(len(keys)):
        key, position = keys[index], positions[index]
        keys[kept], positions[kept] = key, position
        kept += met[_slot_of(key, size)] > 1
    return kept


@njit(cache=True)
def _name(keys: Any, positions: Any, names: Any, occurrences: Any) -> None:
    """Give every position the first position with the same key as its name, and count the occurrences there."""
    size = table_size(len(keys))
    table = np.full(size, -1, np.int32)
    for index in range(len(keys)):
        key, slot = keys[index], _slot_of(keys[index], size)
        while table[slot] >= 0 and keys[table[slot]] != key:
            slot = (slot + 1) & (size - 1)
        if table[slot] < 0:
            table[slot] = index
            occurrences[positions[index]] = 0
        first = positions[table[slot]]
        names[positions[index]] = first
        occurrences[first] += 1


@njit(cache=True)
def _repeated(positions: Any, names: Any, occurrences: Any, repeated_n: Any, n: int) -> Any:
    """How many stay, moved to the front, of which the n-gram occurs more than once; `repeated_n` keeps their n."""
    kept = 0
    for index in range(len(positions)):
        position = positions[index]
        positions[kept] = position
        if occurrences[names[position]] > 1:
            repeated_n[position] = n
            kept += 1
    return kept


@njit(cache=True)
def _extend(positions: Any, names: Any, words: Any, repeated_n: Any, n: int, keys: Any) -> Any:
    """How many (n - 1)-grams stay, moved to the front, whose n-gram may occur twice; `keys` are of the n-grams."""
    kept = 0
    for index in range(len(positions)):
        position = positions[index]
        if position + n <= len(words) and repeated_n[position + 1] >= n - 1:
            positions[kept] = position
            keys[kept] = np.uint64(names[position]) << np.uint64(32) | np.uint64(words[position + n - 1])
            kept += 1
    return kept


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
    positions, keys = np.arange(size).astype(np.int32), hashes.copy()
    names, occurrences = np.empty(size, np.int32), np.empty(size, np.int32)
    words, repeated_n = names, np.zeros(size, np.int8)
    for n in range(1, _LONGEST + 1):
        if n > 1:
            kept = _extend(positions, names, words, repeated_n, n, keys)
            keys, positions = keys[:kept], positions[:kept]
        kept = _perhaps_twice(keys, positions)
        keys, positions = keys[:kept], positions[:kept]
        _name(keys, positions, names, occurrences)
        positions = positions[: _repeated(positions, names, occurrences, repeated_n, n)]
        if n == 1:
            words = names.copy()
            continue
        name = -1 if n >= _FIRST_DUPLICATE else _most_frequent(positions, names, occurrences, ends, n)
        counts[n - 1] = _covered(positions, names, ends, n, name)
