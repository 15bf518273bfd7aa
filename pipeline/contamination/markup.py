"""HTML that is left in a text: names of its elements and of its characters."""

from __future__ import annotations

import re
from html import unescape
from html.entities import html5
from typing import Final

import numba
import numpy as np
from numpy.typing import NDArray

from pipeline.contamination.arrays import U64, Bytes
from pipeline.text.hashing import FNV_OFFSET, FNV_PRIME, fnv1a

_ELEMENTS_SAID: Final = (
    "a abbr article b blockquote body br button caption center cite code col colgroup dd del details dfn div dl dt em "
    "figcaption figure font footer form h1 h2 h3 h4 h5 h6 head header hr html i img input ins kbd label legend li "
    "link main mark meta mi mn mo mrow msub msup nav ol optgroup option p pre q s samp section select small source "
    "span strike strong style sub summary sup svg table tbody td textarea tfoot th thead time title tr tt u ul var wbr"
)
ELEMENTS: Final = tuple(_ELEMENTS_SAID.split())
MAX_TAG_BYTES: Final = 400
"""From < to >; what is longer is read as text."""
_MAX_NAME: Final = 32
_POINT_LIMIT: Final = 0x110000

CONFUSABLES: Final = dict(zip("аеорсхуіјѕһԁԛԝвкмнтαορνιεκτχβζɑɡı", "aeopcxyijshdqwbkmhtaopviektxbzagi", strict=True))
"""Small letters that pass for Latin ones, in both cases of most (UTS 39). Folded on both sides, in all words."""


_TAG = re.compile(rf"(?i)</?(?:{'|'.join(ELEMENTS)})(?:[\s/\\]*|[\s/\\]+[a-z:-]+=[^<>]*)>")
_LATIN = str.maketrans(CONFUSABLES)


def without_markup(text: str) -> str:
    """As tokens read it: without tags, characters for their names, Latin letters for what passes for them."""
    return unescape(_TAG.sub(" ", text)).translate(_LATIN)


def elements() -> U64:
    """Hashes of ELEMENTS, ascending."""
    return np.sort(np.array([fnv1a(name.encode()) for name in ELEMENTS], dtype=np.uint64))


def entities() -> tuple[U64, NDArray[np.uint32]]:
    """Hashes of the names of characters in HTML, ascending, and the code points that they stand for."""
    named = {name[:-1]: ord(said) for name, said in html5.items() if name.endswith(";") and len(said) == 1}
    found = sorted((fnv1a(name.encode()), point) for name, point in named.items())
    return np.array([name for name, _ in found], np.uint64), np.array([point for _, point in found], np.uint32)


@numba.njit(cache=True)
def after_tag(text: Bytes, begin: int, elements: U64) -> int:
    """The byte behind the tag of HTML whose "<" is before `begin`; `begin` where none is there.

    It is one by its name and by what follows: the end, or an attribute with its sign. `a < b`, `vector<int>` are none.
    """
    limit = min(len(text), begin + MAX_TAG_BYTES)
    at = begin + 1 if begin < limit and text[begin] == 0x2F else begin
    value, first = FNV_OFFSET, at
    while at < limit and (0x61 <= (text[at] | 0x20) <= 0x7A or (at > first and 0x30 <= text[at] <= 0x39)):
        letter = text[at] | 0x20 if text[at] >= 0x41 else text[at]
        value = (value ^ np.uint64(letter)) * FNV_PRIME
        at += 1
    place = np.searchsorted(elements, value)
    if at == first or place == len(elements) or elements[place] != value:
        return begin
    space = at
    while at < limit and (text[at] <= 0x20 or text[at] in (0x2F, 0x5C)):
        at += 1
    if at < limit and text[at] == 0x3E:
        return at + 1
    named = at
    while at < limit and (0x61 <= (text[at] | 0x20) <= 0x7A or text[at] in (0x2D, 0x3A)):
        at += 1
    if named in (space, at) or at >= limit or text[at] != 0x3D:
        return begin
    while at < limit and text[at] != 0x3C:
        if text[at] == 0x3E:
            return at + 1
        at += 1
    return begin


@numba.njit(cache=True)
def entity(text: Bytes, begin: int, names: U64, points: NDArray[np.uint32]) -> tuple[int, int]:
    """(code point, byte behind) of the character whose "&" is before `begin`; (-1, `begin`) where none is there."""
    limit = min(len(text), begin + _MAX_NAME)
    at = begin
    if at < limit and text[at] == 0x23:
        base = 16 if at + 1 < limit and (text[at + 1] | 0x20) == 0x78 else 10
        at += 2 if base == 16 else 1
        first, point = at, 0
        while at < limit and at < first + 7:
            byte = text[at]
            if 0x30 <= byte <= 0x39:
                point = point * base + byte - 0x30
            elif base == 16 and 0x61 <= (byte | 0x20) <= 0x66:
                point = point * base + (byte | 0x20) - 0x57
            else:
                break
            at += 1
        is_one = first < at < limit and text[at] == 0x3B and point < _POINT_LIMIT
        return (point, at + 1) if is_one else (-1, begin)
    value = FNV_OFFSET
    while at < limit and (0x61 <= (text[at] | 0x20) <= 0x7A or 0x30 <= text[at] <= 0x39):
        value = (value ^ np.uint64(text[at])) * FNV_PRIME
        at += 1
    if at == begin or at >= limit or text[at] != 0x3B:
        return -1, begin
    place = np.searchsorted(names, value)
    if place == len(names) or names[place] != value:
        return -1, begin
    return int(points[place]), at + 1
