"""Lines, paragraphs and sentences of a text, counted in compiled code over the UTF-8 bytes.

A *line* is what stands between two "\\n" once its outer White_Space is stripped, if anything is left: blank lines are
layout, and no paper's share of lines means them. A *paragraph* is a maximal run of lines without a blank one between.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from pipeline.stages.repetition import MAX_DISTINCT_UNITS, is_duplicate, table_size
from pipeline.stages.unicode_tables import (
    BULLET,
    CLOSER,
    DASH_BULLET,
    END_QUOTE,
    LOWER,
    SPACE,
    TERMINAL,
    TERMINALS,
    UPPER,
    WIDE_TERMINAL,
    WIDE_TERMINALS,
)
from pipeline.stages.words import characters_of, decode
from pipeline.text.code_blocks import code_blocks

SHORT_LINE: Final = 30
"""A line is short below this many characters (FineWeb, arXiv:2406.17557, section 3.6)."""

_ODD: Final = np.uint64(0x9E3779B97F4A7C15)
_MARK, _NOT_ASCII = 1, 2
_BYTES: Final = np.zeros(256, np.uint8)
_BYTES[128:] = _NOT_ASCII
_BYTES[[mark.encode()[0] for mark in TERMINALS + WIDE_TERMINALS]] |= _MARK
"""What a byte says of its line: that a mark may begin with it that ends a sentence; that a character has several."""

LINE_COUNT, BULLET_LINE_COUNT, ELLIPSIS_LINE_COUNT, TERMINAL_PUNCTUATION_LINE_COUNT, SHORT_LINE_COUNT = range(5)
SENTENCE_COUNT, PARAGRAPH_COUNT, DUPLICATE_LINE_COUNT, DUPLICATE_LINE_CHARACTERS = range(5, 9)
DUPLICATE_PARAGRAPH_COUNT, DUPLICATE_PARAGRAPH_CHARACTERS = range(9, 11)


@njit(cache=True)
def last_character(data: Any, begin: int, end: int) -> Any:
    """Where the last code point of the non-empty bytes from `begin` up to `end` starts."""
    at = end - 1
    while at > begin and data[at] & 0xC0 == 0x80:
        at -= 1
    return at


@njit(cache=True)
def strip(data: Any, begin: int, end: int, classes: Any) -> Any:
    """The bytes from `begin` up to `end` without the White_Space at both ends, as (begin, end)."""
    while begin < end:
        code, after = decode(data, begin)
        if not classes[code] & SPACE:
            break
        begin = after
    while begin < end:
        last = last_character(data, begin, end)
        code, _ = decode(data, last)
        if not classes[code] & SPACE:
            break
        end = last
    return begin, end


@njit(cache=True)
def _is_initial(data: Any, begin: int, at: int, classes: Any) -> Any:
    """Whether exactly one character, a capital, stands between the mark at `at` and white space or `begin` before."""
    if at == begin:
        return False
    last = last_character(data, begin, at)
    code, _ = decode(data, last)
    if not classes[code] & UPPER:
        return False
    if last == begin:
        return True
    code, _ = decode(data, last_character(data, begin, last))
    return classes[code] & SPACE != 0


@njit(cache=True)
def _next_mark(data: Any, at: int, end: int, classes: Any) -> Any:
    """Where the next mark of TERMINALS or WIDE_TERMINALS begins; `end` where there is none."""
    while at < end:
        if not _BYTES[data[at]] & _MARK:
            at += 1
            continue
        code, after = decode(data, at)
        if classes[code] & (TERMINAL | WIDE_TERMINAL):
            break
        at = after
    return at


@njit(cache=True)
def count_sentences(data: Any, begin: int, end: int, classes: Any) -> Any:
    """Sentences of a line: pieces with content between sentence ends.

    A mark of WIDE_TERMINALS ends a sentence. A mark of TERMINALS does so before white space, with quotes and brackets
    that close between, unless a lower-case letter comes next or the mark follows a lone capital (an initial).
    """
    sentences = 0
    has_content, pending, gap, initial = False, False, False, False
    at = begin
    while at < end:
        if has_content and not pending:
            at = _next_mark(data, at, end, classes)
            if at >= end:
                break
        start = at
        code, at = decode(data, at)
        bits = np.int64(classes[code])
        if bits & SPACE:
            gap = True
            continue
        if pending and (gap or not bits & (TERMINAL | CLOSER)):
            if gap and not initial and not bits & LOWER:
                sentences, has_content = sentences + 1, False
            pending = False
        if bits & WIDE_TERMINAL:
            sentences += has_content
            has_content, pending = False, False
        elif bits & TERMINAL:
            if has_content and not pending:
                pending, gap, initial = True, False, _is_initial(data, begin, start, classes)
        elif not bits & CLOSER:
            has_content = True
    return sentences + has_content


@njit(cache=True)
def _hash(data: Any, begin: int, end: int) -> Any:
    """64 bits of the bytes from `begin` up to `end`, eight at a time: by xor, odd multiplication and shift each."""
    value = np.uint64(end - begin) * _ODD
    at = begin
    while at + 8 <= end:
        block = np.uint64(0)
        for byte in range(8):
            block |= np.uint64(data[at + byte]) << np.uint64(8 * byte)
        value = (value ^ block) * _ODD
        value ^= value >> np.uint64(32)
        at += 8
    block = np.uint64(0)
    while at < end:
        block = block << np.uint64(8) | np.uint64(data[at])
        at += 1
    value = (value ^ block) * _ODD
    return value ^ value >> np.uint64(32)


@njit(cache=True)
def _count_line(data: Any, begin: int, end: int, characters: int, holds: int, classes: Any, counts: Any) -> None:
    """Add one stripped line of so many characters to its counts, other than those of duplicates.

    holds: the bits of _BYTES of all its bytes. A line without a mark is one sentence, unless it may have no content.
    """
    code, after = decode(data, begin)
    first = np.int64(classes[code])
    counts[LINE_COUNT] += 1
    if first & BULLET:
        counts[BULLET_LINE_COUNT] += 1
    elif first & DASH_BULLET and after < end:
        code, _ = decode(data, after)
        counts[BULLET_LINE_COUNT] += classes[code] & SPACE
    code, _ = decode(data, last_character(data, begin, end))
    if classes[code] & (TERMINAL | WIDE_TERMINAL | END_QUOTE):
        counts[TERMINAL_PUNCTUATION_LINE_COUNT] += 1
    counts[ELLIPSIS_LINE_COUNT] += ends_in_ellipsis(data, begin, end)
    counts[SHORT_LINE_COUNT] += characters < SHORT_LINE
    if holds & _MARK or first & CLOSER:
        counts[SENTENCE_COUNT] += count_sentences(data, begin, end, classes)
    else:
        counts[SENTENCE_COUNT] += 1


@njit(cache=True)
def ends_in_ellipsis(data: Any, begin: int, end: int) -> Any:
    """Whether the bytes from `begin` up to `end` end in "..." or "…"."""
    if end - begin < 3:
        return False
    a, b, c = data[end - 3], data[end - 2], data[end - 1]
    return (a == 0x2E and b == 0x2E and c == 0x2E) or (a == 0xE2 and b == 0x80 and c == 0xA6)


@njit(cache=True)
def _empty_table(units: int) -> Any:
    """A set for so many units, at most MAX_DISTINCT_UNITS."""
    room = min(units, MAX_DISTINCT_UNITS)
    size = table_size(room)
    return np.empty(size, np.uint64), np.full(size, -1, np.int8), np.array([room])


@njit(cache=True)
def scan_lines(data: Any, classes: Any, counts: Any) -> None:
    """Set the first eleven `counts`, of zeros, from the text's lines, sentences and paragraphs.

    A fence that opens or ends a block of code (`code_blocks`) is no line: like a blank one it only ends a paragraph.
    """
    stop, newlines = len(data), 1
    for at in range(stop):
        newlines += data[at] == 0x0A
    line_keys, line_values, line_room = _empty_table(newlines)
    paragraph_keys, paragraph_values, paragraph_room = _empty_table((newlines + 1) // 2)
    fences = code_blocks(data).ravel()
    at, paragraph_begin, paragraph_end, line, fence = 0, -1, -1, 0, 0
    key, characters, one_line = np.uint64(0), 0, False
    while at < stop:
        line_end, holds = at, np.uint8(0)
        while line_end < stop and data[line_end] != 0x0A:
            holds |= _BYTES[data[line_end]]
            line_end += 1
        begin, end = strip(data, at, line_end, classes)
        at = line_end + 1
        if fence < len(fences) and fences[fence] == line:
            begin, fence = end, fence + 1
        line += 1
        if begin < end:
            key = _hash(data, begin, end)
            characters = characters_of(data, begin, end) if holds & _NOT_ASCII else end - begin
            _count_line(data, begin, end, characters, holds, classes, counts)
            if is_duplicate(key, 0, line_keys, line_values, line_room):
                counts[DUPLICATE_LINE_COUNT] += 1
                counts[DUPLICATE_LINE_CHARACTERS] += characters
            one_line = paragraph_begin < 0
            if one_line:
                paragraph_begin = begin
            paragraph_end = end
        if paragraph_begin >= 0 and (begin == end or at >= stop):
            counts[PARAGRAPH_COUNT] += 1
            if not one_line:
                key = _hash(data, paragraph_begin, paragraph_end)
                characters = characters_of(data, paragraph_begin, paragraph_end)
            if is_duplicate(key, 0, paragraph_keys, paragraph_values, paragraph_room):
                counts[DUPLICATE_PARAGRAPH_COUNT] += 1
                counts[DUPLICATE_PARAGRAPH_CHARACTERS] += characters
            paragraph_begin = -1
