"""Words, symbols and stop words of a text, counted in compiled code over the UTF-8 bytes.

A *word* is a maximal run of characters that are not White_Space; within a run, a new word begins at every letter of a
script that is written without spaces (Han, Hiragana, Katakana, Thai, Lao, Khmer, Myanmar and their kin) once the word
has a letter or number, and at the first other letter or number after such a letter; in Tibetan, which marks the ends of
syllables instead, at the first letter or number after such a mark. So "don't," is one word as everywhere in the
literature on filters, and Chinese has about as many words as characters instead of one a clause: UAX #29, section
4.1, also breaks these scripts at each letter when no dictionary is at hand. Marks and punctuation stay with the word
they follow. An *unspaced* word is one with a letter of any of these scripts.

A *character* is a code point. The kernels take valid UTF-8 (Arrow's strings of Python's make) and run without bounds
checks. A word is known by a 64-bit hash of its bytes: two words of one text are mistaken for each other with
probability 2^-64 a pair, which is accepted.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from pipeline.stages.unicode_tables import LETTER, NUMBER, SPACE, SYLLABIC, SYLLABLE_END, UNSPACED, UNSPACED_LETTER
from pipeline.text.hashing import FNV_OFFSET, FNV_PRIME

STOP_WORDS: Final = ("the", "be", "to", "of", "and", "that", "have", "with")
"""Gopher's list (arXiv:2112.11446, A1.1)."""
_STOP_WORD_KEYS: Final = np.array([int.from_bytes(word.encode(), "big") for word in STOP_WORDS], np.int64)
_ALL_STOP_WORDS: Final = (1 << len(STOP_WORDS)) - 1

MAX_REPETITION_WORDS: Final = 1 << 20
"""n-grams are looked for in the first 2^20 words: it bounds memory at about 100 MB; Gopher drops from 10^5 words on."""

# What `scan_words` and `count_symbols` count, by position.
WORD_COUNT, WORD_CHARACTERS, ALPHABETIC_WORD_COUNT, DISTINCT_STOP_WORD_COUNT = range(4)
UNSPACED_WORD_COUNT, UNSPACED_LETTER_COUNT, WORD_COUNTS = range(4, 7)
CHARACTER_COUNT, HASH_COUNT, ELLIPSIS_COUNT, CURLY_BRACKET_COUNT, REPLACEMENT_CHARACTER_COUNT = range(5)


@njit(cache=True)
def decode(data: Any, at: int) -> Any:
    """The code point that begins at byte `at`, and where the next one begins.

    Of valid UTF-8 that is whole: 1,790 MB of Russian a CPU second, where `utf8.code_point`, which asks at each
    character whether the text ends within it, reads 450.
    """
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
def stop_word_bit(data: Any, core_begin: int, core_end: int) -> Any:
    """1 << the index in STOP_WORDS of a word's core, ASCII case aside; 0 where it is none of them."""
    key = np.int64(0)
    for at in range(core_begin, core_end):
        key = key << 8 | np.int64(data[at]) | 0x20
    for index in range(len(_STOP_WORD_KEYS)):
        if key == _STOP_WORD_KEYS[index]:
            return 1 << index
    return 0


@njit(cache=True)
def scan_words(data: Any, classes: Any, counts: Any, hashes: Any, lengths: Any) -> Any:
    """Split the text once. Sets the first WORD_COUNTS `counts`; hash and characters of the first len(hashes) words.

    Returns how many words were written to `hashes` and `lengths`, and the characters of the longest word. The hash is
    FNV-1a with 64 bits over code points. A word's core runs from its first letter or number to its last. One function,
    because a call a word costs as much as the word: split in two it took 11 instead of 7 ns a byte.
    """
    words, word_characters, alphabetic, unspaced, letters, stop_words, longest = 0, 0, 0, 0, 0, 0, 0
    at, stop = 0, len(data)
    while at < stop:
        code, after = decode(data, at)
        bits = np.int64(classes[code])
        if bits & SPACE:
            at = after
            continue
        characters, key, seen, core_begin, core_end = 0, FNV_OFFSET, np.int64(0), at, at
        while True:
            if bits & (LETTER | NUMBER):
                if core_end == core_begin:
                    core_begin = at
                elif (bits | seen) & (UNSPACED | SYLLABLE_END):
                    break
                core_end = after
                seen |= bits
            elif bits & SPACE:
                break
            elif core_end > core_begin:  # a mark before any letter ends no syllable
                seen |= bits
            characters += 1
            key = (key ^ np.uint64(code)) * FNV_PRIME
            at = after
            if at >= stop:
                break
            code, after = decode(data, at)
            bits = np.int64(classes[code])
        if words < len(hashes):
            hashes[words], lengths[words] = key, characters
        words += 1
        word_characters += characters
        alphabetic += (seen & LETTER) != 0
        unspaced += (seen & (UNSPACED | SYLLABIC)) != 0
        letters += (seen & UNSPACED_LETTER) != 0
        longest = max(longest, characters)
        if stop_words != _ALL_STOP_WORDS and 2 <= core_end - core_begin <= 4 and data[core_begin] < 0x80:
            stop_words |= stop_word_bit(data, core_begin, core_end)
    counts[WORD_COUNT], counts[WORD_CHARACTERS] = words, word_characters
    counts[UNSPACED_WORD_COUNT], counts[UNSPACED_LETTER_COUNT] = unspaced, letters
    counts[ALPHABETIC_WORD_COUNT], counts[DISTINCT_STOP_WORD_COUNT] = alphabetic, _bits(stop_words)
    return min(words, len(hashes)), longest


@njit(cache=True)
def _bits(value: Any) -> Any:
    """How many bits are set."""
    count = 0
    while value:
        value &= value - 1
        count += 1
    return count


@njit(cache=True)
def characters_of(data: Any, begin: int, end: int) -> Any:
    """Code points of the bytes from `begin` up to `end`."""
    count = 0
    for at in range(begin, end):
        count += data[at] & 0xC0 != 0x80
    return count


@njit(cache=True)
def _count_dots(data: Any) -> Any:
    """Ellipses of three full stops, without overlap."""
    ellipses, dots = 0, 0
    for at in range(len(data)):
        dots = dots + 1 if data[at] == 0x2E else 0
        if dots == 3:
            ellipses, dots = ellipses + 1, 0
    return ellipses


@njit(cache=True)
def _heading_marks(data: Any) -> Any:
    """The "#" of Markdown headings: one to six at the start of a line, a space behind them."""
    marks = 0
    for at in range(len(data)):
        if data[at] != 0x23 or (at and data[at - 1] != 0x0A):
            continue
        end = at
        while end < len(data) and data[end] == 0x23:
            end += 1
        if end - at <= 6 and end < len(data) and data[end] == 0x20:
            marks += end - at
    return marks


@njit(cache=True)
def count_symbols(data: Any, counts: Any) -> None:
    """Set the first five `counts`: code points, "#", ellipses ("..." without overlap, and "…"), "{" and "}", U+FFFD.

    "#" but for the marks of headings. Loops without a branch, which the compiler turns into vectors.
    """
    hashes, brackets, ellipses, replacements, dots = 0, 0, 0, 0, 0
    for at in range(len(data)):
        hashes += data[at] == 0x23
        brackets += (data[at] == 0x7B) | (data[at] == 0x7D)
    for at in range(len(data) - 2):
        first, second, third = data[at], data[at + 1], data[at + 2]
        ellipses += (first == 0xE2) & (second == 0x80) & (third == 0xA6)
        replacements += (first == 0xEF) & (second == 0xBF) & (third == 0xBD)
        dots += (first == 0x2E) & (second == 0x2E) & (third == 0x2E)
    counts[CHARACTER_COUNT] = characters_of(data, 0, len(data))
    counts[HASH_COUNT] = hashes - (_heading_marks(data) if hashes else 0)
    counts[ELLIPSIS_COUNT] = ellipses + (_count_dots(data) if dots else 0)
    counts[CURLY_BRACKET_COUNT], counts[REPLACEMENT_CHARACTER_COUNT] = brackets, replacements
