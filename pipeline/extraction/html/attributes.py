"""What the attributes of a tag say: values, hashed sub-words of class and id, what hides an element."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from pipeline.extraction.html.lexicon import BITS, HASH_START, NAME_HASHES, NAME_SAYS, REMARKS, SHOWN, fold
from pipeline.extraction.html.page import (
    ARIA_HIDDEN,
    COMMENTS,
    HAS_ITEM,
    HAS_ROLE,
    HIDDEN,
    MAX_TOKENS,
    N_END_TOKEN,
    N_FLAGS,
    N_LIKE,
    N_TOKEN,
    SPANS,
    TOKEN_BASE,
    TOKENS,
    node_at,
)
from pipeline.extraction.html.tags import (
    ATTRIBUTE,
)
from pipeline.extraction.html.tokens import is_space, lower
from pipeline.extraction.html.words import (
    SPACE,
    next_character,
    set_bit,
)

TOKEN_BUCKETS: Final = 1 << 13

(
    A_CLASS,
    A_ID,
    A_ROLE,
    A_ITEMPROP,
    A_ITEMTYPE,
    A_HREF,
    A_STYLE,
    A_HIDDEN,
    A_ARIA,
    A_NAME,
    A_PROPERTY,
    A_CONTENT,
    A_ALT,
) = (
    ATTRIBUTE[name]
    for name in (
        *("class", "id", "role", "itemprop", "itemtype", "href", "style", "hidden", "aria-hidden", "name"),
        *("property", "content", "alt"),
    )
)
A_SRC, A_TYPE, A_REL, A_LANG, A_XML_LANG, A_DATETIME, A_RESOURCE = (
    ATTRIBUTE[name] for name in ("src", "type", "rel", "lang", "xml:lang", "datetime", "resource")
)


@njit(cache=True, nogil=True, _nrt=False)
def start_of(attribute: Any) -> Any:
    """Where memory has the start of an attribute's value."""
    return SPANS + 2 * attribute


@njit(cache=True, nogil=True, _nrt=False)
def end_of(attribute: Any) -> Any:
    """Where memory has the end of an attribute's value."""
    return SPANS + 2 * attribute + 1


@njit(cache=True, nogil=True, _nrt=False)
def starts(data: Any, at: Any, end: Any, text: Any) -> Any:
    """Whether data[at:end] begins with the ASCII bytes `text`, whatever the case."""
    if at + len(text) > end:
        return False
    for place in range(len(text)):  # noqa: SIM110 - compiled: no generators
        if lower(data[at + place]) != text[place]:
            return False
    return True


@njit(cache=True, nogil=True, _nrt=False)
def contains(data: Any, m: Any, attribute: Any, text: Any) -> Any:
    """Whether the attribute's value holds `text`, in lower case, in its first 200 bytes."""
    if m[start_of(attribute)] < 0:
        return False
    for place in range(m[start_of(attribute)], min(m[end_of(attribute)], m[start_of(attribute)] + 200) - len(text) + 1):
        if starts(data, place, m[end_of(attribute)], text):
            return True
    return False


@njit(cache=True, nogil=True, _nrt=False)
def value_hash(data: Any, m: Any, attribute: Any) -> Any:
    """The hash of an attribute's value, letters in lower case, white space around it left out; 0 where it has none."""
    start, end = m[start_of(attribute)], m[end_of(attribute)]
    if start < 0:
        return 0
    while start < end and is_space(data[start]):
        start += 1
    while start < end and is_space(data[end - 1]):
        end -= 1
    value = HASH_START
    for place in range(start, end):
        value = fold(value, lower(np.int64(data[place])))
    return value


@njit(cache=True, nogil=True, _nrt=False)
def _note_token(m: Any, rows: Any, node: Any, value: Any) -> Any:
    """Note a hashed sub-word of the node, up to its MAX_TOKENS."""
    if rows[node + N_END_TOKEN] - rows[node + N_TOKEN] < MAX_TOKENS:
        rows[m[TOKEN_BASE] + rows[node + N_END_TOKEN]] = (value ^ (value >> 13)) & (TOKEN_BUCKETS - 1)
        rows[node + N_END_TOKEN] += 1
        m[TOKENS] = rows[node + N_END_TOKEN]


@njit(cache=True, nogil=True, _nrt=False)
def _says(value: Any) -> Any:
    slot = value & (BITS - 1)
    return NAME_SAYS[slot] if NAME_HASHES[slot] == value else 0


@njit(cache=True, nogil=True, _nrt=False)
def note_words(data: Any, m: Any, rows: Any, node: Any, attribute: Any, salt: Any) -> Any:
    """Note the sub-words of an attribute's value (`postBody-main2` has post, body, main) and its names as they are.

    Returns what its names and sub-words say, by NAMES.
    """
    if m[start_of(attribute)] < 0:
        return 0
    found = length = parts = 0
    whole = part = HASH_START
    was_small = False
    for place in range(m[start_of(attribute)], m[end_of(attribute)] + 1):
        byte = np.int64(data[place]) if place < m[end_of(attribute)] else 0x20
        is_big = bool(0x41 <= byte <= 0x5A)
        in_part = 0x61 <= byte | 0x20 <= 0x7A or byte >= 0x80
        if length and (not in_part or (is_big and was_small)):
            if length > 1:
                _note_token(m, rows, node_at(m, node), part ^ salt)
                parts += 1
                found |= _says(part)
            length, part = 0, HASH_START
        if is_space(byte):
            if parts > 1:
                _note_token(m, rows, node_at(m, node), whole ^ salt)
            found |= _says(whole)
            rows[node_at(m, node) + N_LIKE] = (rows[node_at(m, node) + N_LIKE] * 31 + whole) & 0x7FFFFFFF
            whole, parts = HASH_START, 0
        else:
            small = lower(byte)
            whole = fold(whole, small)
            if in_part:
                part = fold(part, small)
                length += 1
        was_small = bool(0x61 <= byte <= 0x7A)
    return found


@njit(cache=True, nogil=True, _nrt=False)
def describe(data: Any, m: Any, rows: Any, node: Any, tag: Any) -> Any:
    """Note what the attributes at hand say of a node; whether its text is the picture of a formula."""
    rows[node_at(m, node) + N_LIKE] = tag
    found = note_words(data, m, rows, node, A_CLASS, 0)
    like = rows[node_at(m, node) + N_LIKE]
    found |= note_words(data, m, rows, node, A_ID, 0) & REMARKS
    rows[node_at(m, node) + N_LIKE] = like
    for place in range(3):
        attribute = (A_ROLE, A_ITEMPROP, A_ITEMTYPE)[place]
        if m[start_of(attribute)] >= 0:
            value = value_hash(data, m, attribute)
            _note_token(m, rows, node_at(m, node), value ^ (attribute << 8))
            found |= _says(value) & REMARKS
            rows[node_at(m, node) + N_FLAGS] |= HAS_ROLE if attribute == A_ROLE else HAS_ITEM
    if m[start_of(A_HIDDEN)] >= 0 or _hides(data, m, A_STYLE):
        rows[node_at(m, node) + N_FLAGS] |= HIDDEN
    if m[start_of(A_ARIA)] >= 0 and starts(data, m[start_of(A_ARIA)], m[end_of(A_ARIA)], b"true"):
        rows[node_at(m, node) + N_FLAGS] |= ARIA_HIDDEN
    if found & REMARKS:
        rows[node_at(m, node) + N_FLAGS] |= COMMENTS
    return found & SHOWN


@njit(cache=True, nogil=True, _nrt=False)
def _hides(data: Any, m: Any, attribute: Any) -> Any:
    """Whether a style says `display: none`."""
    if m[start_of(attribute)] < 0:
        return False
    for place in range(m[start_of(attribute)], min(m[end_of(attribute)], m[start_of(attribute)] + 200) - 11):
        if starts(data, place, m[end_of(attribute)], b"display"):
            at = place + 7
            while at < m[end_of(attribute)] and (is_space(data[at]) or data[at] == 0x3A):
                at += 1
            return starts(data, at, m[end_of(attribute)], b"none")
    return False


@njit(cache=True, nogil=True, _nrt=False)
def mark_words(data: Any, m: Any, start: Any, end: Any, bits: Any) -> Any:
    """Set the bits of the words of data[start:end]."""
    value, length, at = HASH_START, 0, start
    while at <= end:
        begin, kind = at, SPACE
        if at < end:
            kind, at = next_character(data, at, end)
        else:
            at += 1
        if 1 <= kind <= 3:
            for place in range(begin, at):
                value = fold(value, lower(np.int64(data[place])))
            length += 1
        elif length:
            set_bit(m, bits, value)
            value, length = HASH_START, 0
