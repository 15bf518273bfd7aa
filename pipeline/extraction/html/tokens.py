"""A tokeniser of HTML (13.2.5) in compiled code: names, tags with their attributes, comments, raw text.

All functions read UTF-8 bytes, go forward only, and answer with places in them; none fails on any bytes.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from pipeline.extraction.html.tags import (
    ATTRIBUTE_KEYS,
    ATTRIBUTE_MULTIPLIER,
    ATTRIBUTE_NUMBERS,
    ATTRIBUTES,
    TAG_KEYS,
    TAG_MULTIPLIER,
    TAG_NUMBERS,
    name_key,
)

LT, GT, SLASH, DASH, BANG, EQUALS, QUESTION, OPENING, CLOSING = b"<>/-!=?[]"
N_ATTRIBUTES: Final = len(ATTRIBUTES)
SCRIPT_KEY: Final = name_key("script")
_TAG_FACTOR, _ATTRIBUTE_FACTOR = np.uint64(TAG_MULTIPLIER), np.uint64(ATTRIBUTE_MULTIPLIER)
_SHIFT = np.uint64(53)


@njit(cache=True, nogil=True, _nrt=False)
def is_space(byte: Any) -> Any:
    return byte == 0x20 or (0x09 <= byte <= 0x0D and byte != 0x0B)


@njit(cache=True, nogil=True, _nrt=False)
def is_letter(byte: Any) -> Any:
    return 0x61 <= byte | 0x20 <= 0x7A


@njit(cache=True, nogil=True, _nrt=False)
def lower(byte: Any) -> Any:
    """The byte of a letter from A to Z in lower case; any other as it is."""
    return byte | 0x20 if 0x41 <= byte <= 0x5A else byte


@njit(cache=True, nogil=True, _nrt=False)
def find(data: Any, at: Any, byte: Any) -> Any:
    """The first place of `byte` from `at` on; the end of the data where there is none."""
    while at < len(data) and data[at] != byte:
        at += 1
    return min(at, len(data))


@njit(cache=True, nogil=True, _nrt=False)
def tag_name(data: Any, at: Any) -> Any:
    """The key of the tag name at `at` (see `tags.name_key`), and where the name ends."""
    key, start = np.int64(0), at
    while at < len(data) and not (is_space(data[at]) or data[at] == GT or data[at] == SLASH):
        if at < start + 8:
            key = key << 8 | lower(np.int64(data[at]))
        at += 1
    return key * 31 + (at - start), at


@njit(cache=True, nogil=True, _nrt=False)
def tag_number(key: Any) -> Any:
    """The number of the tag in `tags.TAG_NAMES`; 0 where it is not listed."""
    slot = (np.uint64(key) * _TAG_FACTOR) >> _SHIFT
    return TAG_NUMBERS[slot] if TAG_KEYS[slot] == key else 0


@njit(cache=True, nogil=True, _nrt=False)
def _attribute_number(key: Any) -> Any:
    slot = (np.uint64(key) * _ATTRIBUTE_FACTOR) >> _SHIFT
    return ATTRIBUTE_NUMBERS[slot] if ATTRIBUTE_KEYS[slot] == key else 0


@njit(cache=True, nogil=True, _nrt=False)
def read_attributes(data: Any, at: Any, m: Any, base: Any) -> Any:
    """Read the attributes behind a tag name: where the tag ends, and whether it closes itself.

    m[base + 2 * number] becomes the start of the value of the first attribute of that name, the next one its end; where
    there is none the start is -1.
    """
    for number in range(N_ATTRIBUTES):
        m[base + 2 * number] = -1
    size, closes_itself = len(data), False
    while at < size and data[at] != GT:
        closes_itself = data[at] == SLASH
        if closes_itself or is_space(data[at]):
            at += 1
            continue
        key, start = np.int64(0), at
        while True:  # whatever the first byte is, an equals sign too, it begins the attribute's name
            if at < start + 8:
                key = key << 8 | lower(np.int64(data[at]))
            at += 1
            if at >= size or is_space(data[at]) or data[at] in (GT, SLASH, EQUALS):
                break
        number = _attribute_number(key * 31 + (at - start))
        after = at
        while after < size and is_space(data[after]):
            after += 1
        begin = end = after
        if after < size and data[after] == EQUALS:
            at = after + 1
            while at < size and is_space(data[at]):
                at += 1
            if at < size and data[at] in (0x22, 0x27):
                begin = at + 1
                end = find(data, begin, data[at])
                at = min(end + 1, size)
            else:
                begin = at
                while at < size and not (is_space(data[at]) or data[at] == GT):
                    at += 1
                end = at
        if number and m[base + 2 * number] < 0:
            m[base + 2 * number], m[base + 2 * number + 1] = begin, end
    return min(at + 1, size), closes_itself


@njit(cache=True, nogil=True, _nrt=False)
def is_comment(data: Any, at: Any) -> Any:
    return at + 3 < len(data) and data[at + 1] == BANG and data[at + 2] == DASH and data[at + 3] == DASH


@njit(cache=True, nogil=True, _nrt=False)
def is_section(data: Any, at: Any) -> Any:
    """Whether `<![C` begins at `at`: in foreign content a CDATA section, elsewhere a bogus comment."""
    return at + 3 < len(data) and data[at + 1] == BANG and data[at + 2] == OPENING and data[at + 3] | 0x20 == 0x63


@njit(cache=True, nogil=True, _nrt=False)
def section_end(data: Any, at: Any) -> Any:
    """Where the text of the section ends, and where what follows begins."""
    while at + 2 < len(data):
        if data[at] == CLOSING and data[at + 1] == CLOSING and data[at + 2] == GT:
            return at + 3
        at += 1
    return len(data)


@njit(cache=True, nogil=True, _nrt=False)
def declaration_end(data: Any, at: Any) -> Any:
    """Behind the comment, doctype or the like that begins with the `<` at `at`; `at` where the `<` is text."""
    if not is_comment(data, at):
        is_bogus = at + 1 < len(data) and data[at + 1] in (BANG, QUESTION, SLASH)
        if not is_bogus or (data[at + 1] == SLASH and at + 2 >= len(data)):
            return at
        return min(find(data, at + 2, GT) + 1, len(data))
    at += 4
    if at < len(data) and data[at] == GT:
        return at + 1
    if at + 1 < len(data) and data[at] == DASH and data[at + 1] == GT:
        return at + 2
    while at + 2 < len(data):
        at = find(data, at, DASH)
        if at + 2 < len(data) and data[at + 1] == DASH:
            bang = data[at + 2] == BANG and at + 3 < len(data)
            if data[at + 2 + bang] == GT:
                return at + 3 + bang
        at += 1
    return len(data)


@njit(cache=True, nogil=True, _nrt=False)
def _is_tag_of(data: Any, at: Any, key: Any) -> Any:
    """Whether the name at `at` is `key`; names of raw text have eight bytes at most, so that no more are read."""
    if at >= len(data) or not is_letter(data[at]):
        return False
    found, end = tag_name(data[: at + 9], at)
    return found == key and end < min(len(data), at + 9)


@njit(cache=True, nogil=True, _nrt=False)
def raw_end(data: Any, at: Any, key: Any) -> Any:
    """Where raw text ends: at its end tag. A script may hold `<!-- <script> </script> -->` (HTML 13.2.5.19 to 31)."""
    is_script = key == SCRIPT_KEY
    escaped = nested = False
    while at < len(data):
        if not escaped:
            at = find(data, at, LT)
        if at + 2 < len(data) and data[at] == LT and data[at + 1] == SLASH and _is_tag_of(data, at + 2, key):
            if not nested:
                return at
            nested = False
        elif is_script and not escaped:
            escaped = at < len(data) and is_comment(data, at)
            at += escaped  # the dashes of `<!-->` end it, too
        elif escaped and data[at] == LT:
            nested = nested or _is_tag_of(data, at + 1, key)
        elif escaped and data[at] == DASH and at + 2 < len(data):
            escaped = not (data[at + 1] == DASH and data[at + 2] == GT)
            nested = nested and escaped
        at += 1
    return len(data)
