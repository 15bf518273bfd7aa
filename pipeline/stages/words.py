"""Words, symbols and stop words of a text, counted in compiled code over the UTF-8 bytes.

A *word* is a maximal run of characters that are not White_Space; within a run, a new word begins at every letter of a
script that is written without spaces (Han, Hiragana, Katakana, Thai, Lao, Khmer, Myanmar) once the word has a letter
or number, and at the first other letter or number after such a letter. So "don't," is one word as everywhere in the
literature on filters, and Chinese has about as many words as characters instead of one a clause: UAX #29, section
4.1, also breaks these scripts at each letter when no dictionary is at hand. Marks and punctuation stay with the word
they follow.

A *character* is a code point. The kernels take valid UTF-8 (Arrow's strings of Python's make) and run without bounds
checks. A word is known by a 64-bit hash of its bytes: two words of one text are mistaken for each other with
probability 2^-64 a pair, which is accepted.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa
from numba import njit
from numpy.typing import NDArray

from pipeline.stages.unicode_tables import LETTER, NUMBER, SPACE, UNSPACED

FNV_OFFSET: Final = np.uint64(0xCBF29CE484222325)
FNV_PRIME: Final = np.uint64(0x100000001B3)

STOP_WORDS: Final = ("the", "be", "to", "of", "and", "that", "have", "with")
"""Gopher's list (arXiv:2112.11446, A1.1)."""
_STOP_WORD_KEYS: Final = np.array([int.from_bytes(word.encode(), "big") for word in STOP_WORDS], np.int64)

MAX_REPETITION_WORDS: Final = 1 << 20
"""n-grams are looked for in the first 2^20 words: it bounds memory at about 100 MB; Gopher drops from 10^5 words on."""

# What `scan_words` and `count_symbols` count, by position.
WORD_COUNT, WORD_CHARACTERS, ALPHABETIC_WORD_COUNT, DISTINCT_STOP_WORD_COUNT = range(4)
CHARACTER_COUNT, HASH_COUNT, ELLIPSIS_COUNT, CURLY_BRACKET_COUNT, REPLACEMENT_CHARACTER_COUNT = range(5)


def utf8_buffers(text: pa.Array) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The UTF-8 bytes and the n + 1 offsets of a `large_string` array without nulls; no copy, slices allowed."""
    _, offsets, data = text.buffers()
    if len(text) == 0:
        return np.empty(0, np.uint8), np.zeros(1, np.int64)
    bounds = np.frombuffer(offsets, np.int64)[text.offset : text.offset + len(text) + 1]
    return np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8), bounds


@njit(cache=True, inline="always")
def decode(data: Any, at: int) -> Any:
    """The code point that begins at byte `at`, and where the next one begins."""
    lead = np.int64(data[at])
    if lead < 0x80:
        return lead, at + 1
    second = np.int64(data[at + 1]) & 0x3F
    if lead < 0xE0:
        return (lead & 0x1F) << 6 | second, at + 2
    third = np.int64(data[at + 2]) & 0x3F
    if lead < 0xF0:
        return (lead & 0x0F) << 12 | second << 6 | third, at + 3
    return (lead & 0x07) << 18 | second << 12 | third << 6 | (np.int64(data[at + 3]) & 0x3F), at + 4


@njit(cache=True)
def hash_bytes(data: Any, begin: int, end: int) -> Any:
    """FNV-1a with 64 bits of the bytes from `begin` up to `end`."""
    value = FNV_OFFSET
    for at in range(begin, end):
        value = (value ^ np.uint64(data[at])) * FNV_PRIME
    return value


@njit(cache=True)
def next_word(data: Any, at: int, stop: int, classes: Any) -> Any:
    """The first word from byte `at` on: (begin, end, characters, its class bits or-ed, core begin, core end).

    The core runs from the first letter or number to the last; it is empty where there is none. At the end of the text
    `begin` equals `stop`.
    """
    while at < stop:
        code, after = decode(data, at)
        if not classes[code] & SPACE:
            break
        at = after
    begin, characters = at, 0
    seen: Any = 0
    core_begin, core_end = at, at
    while at < stop:
        code, after = decode(data, at)
        bits = np.int64(classes[code])
        if bits & SPACE:
            break
        if bits & (LETTER | NUMBER):
            if bits & UNSPACED:
                if core_end > core_begin:
                    break
            elif seen & UNSPACED:
                break
            if core_end == core_begin:
                core_begin = at
            core_end = after
        seen |= bits
        characters += 1
        at = after
    return begin, at, characters, seen, core_begin, core_end


@njit(cache=True)
def stop_word_bit(data: Any, core_begin: int, core_end: int) -> Any:
    """1 << the index in STOP_WORDS of a word's core, ASCII case aside; 0 where it is none of them."""
    if core_end - core_begin < 2 or core_end - core_begin > 4:
        return 0
    key: Any = 0
    for at in range(core_begin, core_end):
        key = key << 8 | np.int64(data[at]) | 0x20
    for index in range(len(_STOP_WORD_KEYS)):
        if key == _STOP_WORD_KEYS[index]:
            return 1 << index
    return 0


@njit(cache=True)
def scan_words(data: Any, classes: Any, counts: Any, hashes: Any, lengths: Any) -> Any:
    """Split the text once. Sets the first four `counts`; hash and characters of the first len(hashes) words.

    Returns how many words were written to `hashes` and `lengths`.
    """
    words, word_characters, alphabetic, stop_words = 0, 0, 0, 0
    at, stop = 0, len(data)
    while True:
        begin, at, characters, seen, core_begin, core_end = next_word(data, at, stop, classes)
        if begin == stop:
            break
        if words < len(hashes):
            hashes[words] = hash_bytes(data, begin, at)
            lengths[words] = characters
        words += 1
        word_characters += characters
        if seen & LETTER:
            alphabetic += 1
        stop_words |= stop_word_bit(data, core_begin, core_end)
    distinct = 0
    while stop_words:
        distinct += stop_words & 1
        stop_words >>= 1
    counts[WORD_COUNT], counts[WORD_CHARACTERS] = words, word_characters
    counts[ALPHABETIC_WORD_COUNT], counts[DISTINCT_STOP_WORD_COUNT] = alphabetic, distinct
    return min(words, len(hashes))


@njit(cache=True)
def count_symbols(data: Any, counts: Any) -> None:
    """Set the first five `counts`: code points, "#", ellipses ("..." without overlap, and "…"), "{" and "}", U+FFFD."""
    continuations, hashes, ellipses, brackets, replacements, dots = 0, 0, 0, 0, 0, 0
    for at in range(len(data)):
        byte = data[at]
        if byte == 0x2E:
            dots += 1
            if dots == 3:
                ellipses, dots = ellipses + 1, 0
            continue
        dots = 0
        if byte >= 0x80:
            if byte < 0xC0:
                continuations += 1
            elif byte == 0xE2 and data[at + 1] == 0x80 and data[at + 2] == 0xA6:
                ellipses += 1
            elif byte == 0xEF and data[at + 1] == 0xBF and data[at + 2] == 0xBD:
                replacements += 1
        elif byte == 0x23:
            hashes += 1
        elif byte in (0x7B, 0x7D):
            brackets += 1
    counts[CHARACTER_COUNT], counts[HASH_COUNT] = len(data) - continuations, hashes
    counts[ELLIPSIS_COUNT], counts[CURLY_BRACKET_COUNT] = ellipses, brackets
    counts[REPLACEMENT_CHARACTER_COUNT] = replacements
