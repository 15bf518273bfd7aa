"""Words and shingles of a document, read straight from its UTF-8 bytes.

What a word is here serves comparison alone: text is lower-cased code point by code point; letters, digits and marks
make words; white space and controls separate them; all else (punctuation, symbols, format characters) is removed, so
that "don't" is "dont". In scripts that do not part words by spaces each character, with the marks on it, is a word.
The classes are those of this Python's `unicodedata`, whose version is written into every signature file.

A shingle is `n` words in a row; a text of fewer words has one shingle of them all, a text without words has none.
It is known by a hash of 64 bits: two different shingles of one comparison collide with probability 2^-64 each pair,
which moves an intersection by one. The hash is not keyed: who can forge a collision could as well copy the text.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Any, NamedTuple

import numba
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline.dedup.schemas import U64

Bytes = NDArray[np.uint8]

REMOVED, SEPARATOR, WORD, MARK, OWN_WORD = range(5)

# Scripts written without spaces between words, as blocks of Unicode (inclusive). Only their letters and numbers count.
_UNSPACED = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x0F00, 0x109F),  # Tibetan, Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x1950, 0x19DF),  # Tai Le, New Tai Lue
    (0x1A20, 0x1AAF),  # Tai Tham
    (0x3005, 0x312F),  # CJK numerals and iteration marks, Hiragana, Katakana, Bopomofo
    (0x31A0, 0x31BF),  # Bopomofo Extended
    (0x31F0, 0x31FF),  # Katakana Phonetic Extensions
    (0x3400, 0x4DBF),  # CJK Unified Ideographs Extension A
    (0x4E00, 0x9FFF),  # CJK Unified Ideographs
    (0xA980, 0xA9DF),  # Javanese
    (0xA9E0, 0xA9FF),  # Myanmar Extended-B
    (0xAA60, 0xAADF),  # Myanmar Extended-A, Tai Viet
    (0xF900, 0xFAFF),  # CJK Compatibility Ideographs
    (0xFF66, 0xFF9D),  # halfwidth Katakana
    (0x1AFF0, 0x1B16F),  # Kana supplements
    (0x20000, 0x3FFFF),  # CJK Unified Ideographs Extension B and on
)
_TABLED = 0x20000  # beyond lie ideographs, private use and a few format characters: no case, no spaces


class Characters(NamedTuple):
    """For every code point: its class (`REMOVED` ..) and its lower case (one code point; U+0130 becomes i)."""

    kind: Bytes
    lower: NDArray[np.uint32]


@cache
def characters() -> Characters:
    """The table of this Python's version of Unicode; made once a process, in 0.1 s."""
    kinds = np.full(0x110000, WORD, dtype=np.uint8)
    lower = np.arange(0x110000, dtype=np.uint32)
    for point in range(_TABLED):
        character = chr(point)
        category = unicodedata.category(character)
        if character.isspace() or category in ("Zs", "Zl", "Zp", "Cc"):
            kinds[point] = SEPARATOR
        elif category[0] == "M":
            kinds[point] = MARK
        elif category[0] in "PS" or category in ("Cf", "Cs"):
            kinds[point] = REMOVED
        lower[point] = ord(character.lower()[0])
    kinds[0xE0000:0xE1000] = REMOVED  # tags and variation selectors
    for first, last in _UNSPACED:
        block = kinds[first : last + 1]
        block[block == WORD] = OWN_WORD
    return Characters(kinds, lower)


@numba.njit(cache=True)
def mix64(value: np.uint64) -> np.uint64:
    """MurmurHash3's 64-bit finaliser: a bijection that spreads every bit over the word."""
    value = np.uint64(value)
    value = (value ^ (value >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    value = (value ^ (value >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return value ^ (value >> np.uint64(33))


@numba.njit(cache=True)
def code_point(text: Bytes, at: int) -> tuple[np.uint32, int]:
    """The code point whose UTF-8 form starts at `at`, and where the next one starts; never reads past the text."""
    lead = np.uint32(text[at])
    if lead < 0x80:
        return lead, at + 1
    size = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
    if at + size > len(text):
        return np.uint32(0xFFFD), len(text)
    point = lead & np.uint32(0xFF >> (size + 1))
    for offset in range(1, size):
        point = (point << np.uint32(6)) | np.uint32(text[at + offset] & 0x3F)
    return min(point, np.uint32(0x10FFFF)), at + size


@numba.njit(cache=True)
def next_word(text: Bytes, at: int, characters: Characters) -> tuple[np.uint64, int]:
    """The hash of the next word at or after `at`, and where to go on; (0, -1) when there is none."""
    value = np.uint64(0xCBF29CE484222325)
    inside = False
    alone = False
    while at < len(text):
        point, after = code_point(text, at)
        kind = characters.kind[point]
        if inside and (kind in (SEPARATOR, OWN_WORD) or (alone and kind == WORD)):
            break
        if kind in (WORD, OWN_WORD, MARK):
            # an FNV-1a step a code point; the finaliser below spreads what it leaves in the low bits
            value = (value ^ np.uint64(characters.lower[point])) * np.uint64(0x100000001B3)
            inside = True
            alone = alone or kind == OWN_WORD
        at = after
    if not inside:
        return np.uint64(0), -1
    return mix64(value), at


@numba.njit(cache=True)
def shingle_hash(ring: U64, oldest: int, count: int) -> np.uint64:
    """The hash of `count` words in a row, the first of which stands in `ring[oldest]`."""
    value = np.uint64(count)
    place = oldest
    for _ in range(count):
        value = (value ^ ring[place]) * np.uint64(0x9E3779B97F4A7C15)
        value ^= value >> np.uint64(32)
        place = place + 1 if place + 1 < len(ring) else 0  # a remainder would cost more than the hash
    return mix64(value)


@numba.njit(cache=True)
def _write_shingles(text: Bytes, length: int, characters: Characters, out: U64) -> int:
    """Write the shingles' hashes in text order as far as `out` reaches; returns how many there are."""
    ring = np.empty(length, dtype=np.uint64)
    words = place = 0
    count = 0
    word, at = next_word(text, 0, characters)
    while at >= 0:
        ring[place] = word
        place = place + 1 if place + 1 < length else 0
        words += 1
        if words >= length:
            if count < len(out):
                out[count] = shingle_hash(ring, place, length)
            count += 1
        word, at = next_word(text, at, characters)
    if 0 < words < length:
        out[0] = shingle_hash(ring, 0, words)
        count = 1
    return count


def utf8(texts: Any) -> tuple[Bytes, NDArray[np.int64]]:
    """The bytes of a `large_string` column and the offsets of its rows in them (one more than rows), without a copy.

    Raises TypeError for another type and ValueError for a null.
    """
    if texts.type != pa.large_string():
        raise TypeError(f"text is large_string, not {texts.type}")
    if texts.null_count:
        raise ValueError("a document's text is never null")
    _, offsets, data = texts.buffers()
    if len(texts) == 0:
        return np.zeros(0, dtype=np.uint8), np.zeros(1, dtype=np.int64)
    held = np.frombuffer(data, dtype=np.uint8) if data is not None else np.zeros(0, dtype=np.uint8)
    return held, np.frombuffer(offsets, dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]


def shingles(text: Bytes, length: int) -> U64:
    """The set of shingles of `length` words of a UTF-8 text, as ascending hashes."""
    held = np.empty(len(text) // 4 + 1, dtype=np.uint64)
    count = _write_shingles(text, length, characters(), held)
    if count > len(held):  # words of one letter, or ideographs
        held = np.empty(count, dtype=np.uint64)
        _write_shingles(text, length, characters(), held)
    return np.unique(held[:count])


def shingles_of(text: str, length: int) -> U64:
    """The set of shingles of `length` words of one text, as ascending hashes."""
    return shingles(np.frombuffer(text.encode(), dtype=np.uint8), length)
