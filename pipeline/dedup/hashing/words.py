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
from pipeline.text.hashing import FNV_OFFSET, FNV_PRIME, mix64
from pipeline.text.utf8 import code_point, utf8_buffers

Bytes = NDArray[np.uint8]

REMOVED, SEPARATOR, WORD, MARK, OWN_WORD = range(5)

# Scripts written without spaces between words, as blocks of Unicode (inclusive). Only their letters and numbers count.
# More than `pipeline.text.unspaced` (Bopomofo, Javanese), and apart from it: signatures on disk depend on these.
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
_BELONGS, _ENDS = np.uint16(0x100), np.uint16(0x200)
_TABLED = 0x20000  # beyond lie ideographs, private use and a few format characters: no case, no spaces


class Characters(NamedTuple):
    """For every code point: its class (`REMOVED` ..) and its lower case (one code point; U+0130 becomes i).

    ascii: the same of the first 128 in one look: _ENDS for a separator, _BELONGS and the lower case for what is of a
    word, 0 for what is removed. Most text is ASCII: with it words are read 3.7 times faster.
    """

    kind: Bytes
    lower: NDArray[np.uint32]
    ascii: NDArray[np.uint16]


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
    ascii_ = np.where(kinds[:128] == WORD, _BELONGS | lower[:128], np.where(kinds[:128] == SEPARATOR, _ENDS, 0))
    return Characters(kinds, lower, ascii_.astype(np.uint16))


@numba.njit(cache=True)
def write_words(
    text: Bytes,
    characters: Characters,
    out: U64,
    begins: NDArray[np.int64] | None = None,
    ends: NDArray[np.int64] | None = None,
) -> int:
    """Write the hash of every word in text order; returns how many there are. `out` holds `most_words(text)`.

    So do `begins` and `ends` where they are given: the first byte of each word, and the one after its last. Compiled
    without them the loop does not know of places.
    """
    value, count = FNV_OFFSET, 0
    at, size = (
        np.uint64(0),
        np.uint64(len(text)),
    )  # unsigned: a signed index is first asked whether it counts from the end
    start = at
    inside = alone = False  # in a word; in one of a script without spaces, which ends with its character
    while at < size:
        byte = text[at]
        if byte < 0x80:
            entry = characters.ascii[byte]
            if begins is not None:
                start = at
            at += np.uint64(1)
            if entry & _BELONGS:
                if alone:
                    out[count] = mix64(value)
                    count, value, alone, inside = count + 1, FNV_OFFSET, False, False
                if begins is not None and ends is not None:
                    if not inside:
                        begins[count] = start
                    ends[count] = at
                # an FNV-1a step a code point; the finaliser spreads what it leaves in the low bits
                value = (value ^ np.uint64(entry & np.uint16(0xFF))) * FNV_PRIME
                inside = True
            elif entry and inside:
                out[count] = mix64(value)
                count, value = count + 1, FNV_OFFSET
                inside = alone = False
            continue
        start = at
        point, after = code_point(text, np.int64(at))
        at, kind = np.uint64(after), characters.kind[point]
        if inside and (kind in (SEPARATOR, OWN_WORD) or (alone and kind == WORD)):
            out[count] = mix64(value)
            count, value = count + 1, FNV_OFFSET
            inside = alone = False
        if kind in (WORD, OWN_WORD, MARK):
            if begins is not None and ends is not None:
                if not inside:
                    begins[count] = start
                ends[count] = at
            value = (value ^ np.uint64(characters.lower[point])) * FNV_PRIME
            inside = True
            alone = alone or kind == OWN_WORD
    if inside:
        out[count] = mix64(value)
        count += 1
    return count


@numba.njit(cache=True)
def most_words(size: int) -> int:
    """No text of so many bytes has more words: one letter and a space each, or a letter beside an ideograph."""
    return size // 2 + 1


@numba.njit(cache=True)
def shingle_words(hashes: U64, words: int, length: int) -> int:
    """Put the hash of each `length` words in a row where the first of them was; returns how many there are.

    Of fewer words there is one shingle of them all, of none none.
    """
    if words == 0:
        return 0
    length = min(length, words)
    for first in range(words - length + 1):
        value = np.uint64(length)
        for word in range(first, first + length):
            value = (value ^ hashes[word]) * np.uint64(0x9E3779B97F4A7C15)
            value ^= value >> np.uint64(32)
        hashes[first] = mix64(value)
    return words - length + 1


def utf8(texts: Any) -> tuple[Bytes, NDArray[np.int64]]:
    """`utf8_buffers` of a column. Raises TypeError where it is no `large_string` and ValueError for a null."""
    if texts.type != pa.large_string():
        raise TypeError(f"text is large_string, not {texts.type}")
    if texts.null_count:
        raise ValueError("a document's text is never null")
    return utf8_buffers(texts)


def shingles(text: Bytes, length: int) -> U64:
    """The set of shingles of `length` words of a UTF-8 text, as ascending hashes."""
    held = np.empty(most_words(len(text)), dtype=np.uint64)
    words = write_words(text, characters(), held)
    return np.unique(held[: shingle_words(held, words, length)])


def shingles_of(text: str, length: int) -> U64:
    """The set of shingles of `length` words of one text, as ascending hashes."""
    return shingles(np.frombuffer(text.encode(), dtype=np.uint8), length)
