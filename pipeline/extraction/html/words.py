"""Text of a page as it is scanned: what its words and marks are, counted block by block.

One pass over UTF-8 bytes in compiled code. Character references are classed, not decoded. A unit is half a word: a word
has two, a character of a script without spaces one.
"""

from __future__ import annotations

from html.entities import html5
from typing import Any, Final

import numpy as np
from numba import njit

from pipeline.extraction.html.lexicon import (
    BITS,
    CUE_HASHES,
    FUNCTION_HASHES,
    HASH_START,
    PAIR_SAYS,
    PAIR_SHIFT,
    PAIRS,
    WORD_SAYS,
    WORD_SHIFT,
    WORDS,
    fold,
    rights_slot,
)
from pipeline.extraction.html.tags import name_key

# Columns of a block (int32). Counts, unless said otherwise; `rights` is a sum of what its words say, see `lexicon`.
BLOCK_COLUMNS: Final = (
    *("node", "first_segment", "end_segment", "units", "link_units", "capitalised", "shouted", "numbers", "commas"),
    *(
        "terminals",
        "marks",
        "separators",
        "short",
        "letters",
        "links",
        "function_words",
        "title_words",
        "summary_words",
        "text_hash",
    ),
    *("last_mark", "tag", "inline_tag", "breaks", "bold_units", "longest", "code_units", "words", "cues"),
    "rights",
)
(
    B_NODE,
    B_SEGMENT,
    B_END_SEGMENT,
    B_UNITS,
    B_LINK_UNITS,
    B_CAPITALISED,
    B_SHOUTED,
    B_NUMBERS,
    B_COMMAS,
    B_TERMINALS,
    B_MARKS,
    B_SEPARATORS,
    B_SHORT,
    B_LETTERS,
    B_LINKS,
    B_FUNCTION,
    B_TITLE,
    B_SUMMARY,
    B_HASH,
    B_LAST_MARK,
    B_TAG,
    B_INLINE_TAG,
    B_BREAKS,
    B_BOLD,
    B_LONGEST,
    B_CODE,
    B_WORDS,
    B_CUES,
    B_RIGHTS,
) = range(len(BLOCK_COLUMNS))

# What a character is to a reader of words.
SPACE, LETTER, CAPITAL, DIGIT, UNSPACED, COMMA, TERMINAL, MARK, SEPARATOR, NOTHING = range(10)

# Where the scanner's memory (int64) has the word under way: hash, length in characters, capitals, characters that are
# digits, whether the first is a capital, how it looks; and bits of the hashes of the words of the title and summary.
W_HASH, W_LENGTH, W_CAPITALS, W_DIGITS, W_FIRST, W_LOOKS = range(40, 46)
TITLE_BITS: Final = 128
SUMMARY_BITS: Final = 192

PRE, CODE, SUP, SUB, LINKED, BOLD = 1, 2, 4, 8, 16, 32  # how the text at hand looks; a sum of these

_ASCII = np.full(128, MARK, np.uint8)
for _code in range(128):
    if chr(_code).isspace() or _code < 32:
        _ASCII[_code] = SPACE
    elif chr(_code).isalpha():
        _ASCII[_code] = CAPITAL if chr(_code).isupper() else LETTER
    elif chr(_code).isdigit():
        _ASCII[_code] = DIGIT
for _mark in ",;:":
    _ASCII[ord(_mark)] = COMMA
for _mark in ".!?":
    _ASCII[ord(_mark)] = TERMINAL
for _mark in "|/>#@$&*+=<\\":
    _ASCII[ord(_mark)] = SEPARATOR
_ASCII[ord("_")] = LETTER
MAX_NAME: Final = 11  # bytes of a named reference looked at; of longer letters (&HilbertSpace;) the rest counts
_LETTERS = np.array(sorted({name_key(name.rstrip(";")) for name, shown in html5.items() if shown.isalpha()}), np.int64)
"""Keys of the named references that stand for letters."""
_NBSP: Final = int.from_bytes(b"nbsp", "big")


@njit(cache=True, nogil=True, _nrt=False)
def has_bit(m: Any, base: Any, value: Any) -> Any:
    return (m[base + ((value & (BITS - 1)) >> 6)] >> (value & 63)) & 1


@njit(cache=True, nogil=True, _nrt=False)
def set_bit(m: Any, base: Any, value: Any) -> Any:
    m[base + ((value & (BITS - 1)) >> 6)] |= np.int64(1) << (value & 63)


@njit(cache=True, nogil=True, _nrt=False)
def class_of(code: Any) -> Any:
    """What a code point beyond ASCII is."""
    if code < 0x2000:
        if code < 0xC0:
            return SPACE if code == 0xA0 else LETTER if code in (0xAA, 0xB5, 0xBA) else MARK
        if code in (0x60C, 0x61B):
            return COMMA
        if code in (0x61F, 0x6D4, 0x964, 0x965):
            return TERMINAL
        is_unspaced = 0xE00 <= code <= 0xEFF or 0x1000 <= code <= 0x109F or 0x1780 <= code <= 0x17FF
        is_capital = (0xC0 <= code <= 0xDE and code != 0xD7) or 0x410 <= code <= 0x42F or 0x391 <= code <= 0x3A9
        return UNSPACED if is_unspaced else CAPITAL if is_capital else MARK if code in (0xD7, 0xF7) else LETTER
    if code < 0x3000:
        if 0x2C00 <= code <= 0x2DFF:  # Glagolitic, Coptic, Georgian's small letters, Tifinagh, Ethiopic
            return LETTER
        if code in (0x200B, 0x200C, 0x200D, 0xFEFF):
            return NOTHING
        if code <= 0x200A or code in (0x2028, 0x2029, 0x202F, 0x205F):
            return SPACE
        return SEPARATOR if code in (0x2022, 0x203A, 0x2190, 0x2192) else MARK
    if code < 0x3040:
        return SPACE if code == 0x3000 else COMMA if code == 0x3001 else TERMINAL if code == 0x3002 else MARK
    if 0xFF00 <= code <= 0xFF20:
        if code in (0xFF01, 0xFF0E, 0xFF1F):
            return TERMINAL
        is_digit = 0xFF10 <= code <= 0xFF19
        return COMMA if code in (0xFF0C, 0xFF1A, 0xFF1B) else DIGIT if is_digit else MARK
    if 0xAC00 <= code <= 0xD7A3:
        return LETTER
    if 0x1F000 <= code <= 0x1FBFF or 0xE000 <= code <= 0xF8FF:
        return MARK
    return UNSPACED


@njit(cache=True, nogil=True, _nrt=False)
def end_word(m: Any, rows: Any, block: Any) -> Any:
    """Count the word under way, if there is one, into the columns from `block` on, and begin none."""
    length = m[W_LENGTH]
    if length == 0:
        return
    value, looks = m[W_HASH], m[W_LOOKS]
    rows[block + B_WORDS] += 1
    rows[block + B_UNITS] += 2
    if looks & LINKED:
        rows[block + B_LINK_UNITS] += 2
    if looks & BOLD:
        rows[block + B_BOLD] += 2
    if looks & (PRE | CODE):
        rows[block + B_CODE] += 2
    rows[block + B_CAPITALISED] += m[W_FIRST]
    rows[block + B_SHOUTED] += length > 1 and m[W_CAPITALS] == length
    rows[block + B_NUMBERS] += m[W_DIGITS] > 0
    rows[block + B_SHORT] += length <= 3
    rows[block + B_LETTERS] += length
    rows[block + B_LONGEST] = max(rows[block + B_LONGEST], length)
    rows[block + B_FUNCTION] += FUNCTION_HASHES[value & (BITS - 1)] == value
    rows[block + B_CUES] += CUE_HASHES[value & (BITS - 1)] == value
    slot = rights_slot(value, WORD_SHIFT)
    if WORDS[slot] == value:
        rows[block + B_RIGHTS] |= WORD_SAYS[slot]
    rows[block + B_TITLE] += has_bit(m, TITLE_BITS, value)
    rows[block + B_SUMMARY] += has_bit(m, SUMMARY_BITS, value)
    rows[block + B_HASH] = np.int32((rows[block + B_HASH] * 31 + value) & 0x7FFFFFFF)
    rows[block + B_LAST_MARK] = 0
    m[W_LENGTH] = m[W_CAPITALS] = m[W_DIGITS] = m[W_FIRST] = 0


@njit(cache=True, nogil=True, _nrt=False)
def next_character(data: Any, at: Any, end: Any) -> Any:
    """The class of the character at `at`, and where the next one begins; `&...;` is one character."""
    byte = data[at]
    if byte == 0x26:
        return _reference(data, at, end)
    if byte < 0x80:
        return _ASCII[byte], at + 1
    size = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
    if at + size > end:
        return MARK, end
    code = np.int64(byte & (0xFF >> (size + 1)))
    for place in range(at + 1, at + size):
        code = code << 6 | (data[place] & 0x3F)
    return class_of(code), at + size


@njit(cache=True, nogil=True, _nrt=False)
def _reference(data: Any, at: Any, end: Any) -> Any:
    """The class of a character reference; of those with a name, a letter's or a mark's but for the no-break space."""
    stop, key = at + 1, np.int64(0)
    while stop < min(end, at + 1 + MAX_NAME) and (is_alnum(data[stop]) or data[stop] == 0x23):
        if stop < at + 9:
            key = key << 8 | np.int64(data[stop])
        stop += 1
    if stop == at + 1:
        return MARK, stop
    after = stop + 1 if stop < end and data[stop] == 0x3B else stop
    if data[at + 1] == 0x23:
        code, is_hex = np.int64(0), stop > at + 2 and data[at + 2] | 0x20 == 0x78
        for place in range(at + 2 + is_hex, stop):
            digit = np.int64(data[place])
            digit = digit - 48 if digit < 58 else (digit | 0x20) - 87
            code = code * (16 if is_hex else 10) + digit
        if not 0 <= code < 0x80:
            return class_of(max(code, 0x80)), after
        return np.int64(_ASCII[int(code)]), after
    if key == _NBSP:
        return SPACE, after
    key = key * 31 + (stop - at - 1)
    low, high = 0, len(_LETTERS)
    while low < high:
        middle = (low + high) // 2
        if _LETTERS[middle] < key:
            low = middle + 1
        else:
            high = middle
    return LETTER if low < len(_LETTERS) and _LETTERS[low] == key else MARK, after


@njit(cache=True, nogil=True, _nrt=False)
def is_alnum(byte: Any) -> Any:
    return 0x61 <= byte | 0x20 <= 0x7A or 0x30 <= byte <= 0x39


@njit(cache=True, nogil=True, _nrt=False)
def _count_unspaced(data: Any, rows: Any, at: Any, end: Any, block: Any, looks: Any, before: Any) -> Any:
    """Count the character data[at:end] of a script without spaces; its bytes, which are `before` of the next one."""
    rows[block + B_UNITS] += 1
    rows[block + B_LINK_UNITS] += (looks & LINKED) > 0
    rows[block + B_BOLD] += (looks & BOLD) > 0
    rows[block + B_LETTERS] += 1
    hashed, code = np.int64(rows[block + B_HASH]), np.int64(0)
    for place in range(at, end):
        byte = np.int64(data[place])
        hashed = (hashed * 31 + byte) & 0x7FFFFFFF
        code = code << 8 | byte
    rows[block + B_HASH] = hashed
    rows[block + B_LAST_MARK] = 0
    pair = before << 24 | code
    slot = rights_slot(pair, PAIR_SHIFT)
    if PAIRS[slot] == pair:
        rows[block + B_RIGHTS] |= PAIR_SAYS[slot]
    return code


@njit(cache=True, nogil=True, _nrt=False)
def count_text(data: Any, m: Any, rows: Any, at: Any, end: Any, block: Any, looks: Any) -> Any:
    """Count data[at:end] into the columns from `block` on; a word may go on over several calls.

    The hot loop of the scanner: the word under way is kept in local variables, which halves its time.
    """
    value, length, capitals, digits = m[W_HASH], m[W_LENGTH], m[W_CAPITALS], m[W_DIGITS]
    before = np.int64(0)  # the last character of a script without spaces, as its bytes
    while at < end:
        byte = np.int64(data[at])
        if byte < 0x80 and byte != 0x26:
            kind = np.int64(_ASCII[byte])
            at += 1
            if LETTER <= kind <= DIGIT:
                if length == 0:
                    value = HASH_START
                    m[W_FIRST], m[W_LOOKS] = kind == CAPITAL, looks
                value = fold(value, byte | (0x20 if kind == CAPITAL else 0))
                length += 1
                capitals += kind == CAPITAL
                digits += kind == DIGIT
                continue
            begin = at - 1
        else:
            begin = at
            kind, at = next_character(data, at, end)
            if LETTER <= kind <= DIGIT:
                if length == 0:
                    value = HASH_START
                    m[W_FIRST], m[W_LOOKS] = kind == CAPITAL, looks
                for place in range(begin, at):
                    value = fold(value, np.int64(data[place]))
                length += 1
                capitals += kind == CAPITAL
                digits += kind == DIGIT
                continue
            if kind == NOTHING:
                continue
        if length:
            m[W_HASH], m[W_LENGTH], m[W_CAPITALS], m[W_DIGITS] = value, length, capitals, digits
            end_word(m, rows, block)
            length = capitals = digits = 0
        if kind == UNSPACED:
            before = _count_unspaced(data, rows, begin, at, block, looks, before)
        elif kind != SPACE:
            column = B_COMMAS + (kind - COMMA)
            rows[block + column] += 1
            rows[block + B_LAST_MARK] = kind
    m[W_HASH], m[W_LENGTH], m[W_CAPITALS], m[W_DIGITS] = value, length, capitals, digits
