"""What kind of page it is, as the page itself says: types of schema.org, Open Graph's type, the form of its address."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from pipeline.extraction.html.lexicon import HASH_START, fold, word_hash
from pipeline.extraction.html.page import HINTS, PATH_BYTES, PATH_DEPTH, PATH_DIGITS, PATH_HYPHENS
from pipeline.extraction.html.tokens import SLASH, lower
from pipeline.extraction.html.words import is_alnum

MAX_JSON_BYTES: Final = 1 << 16  # of a script that are looked at
TYPES: Final = (
    ("article", "newsarticle", "blogposting", "techarticle", "report", "scholarlyarticle", "opinionnewsarticle"),
    ("product", "productgroup", "individualproduct", "offer", "aggregateoffer"),
    ("discussionforumposting", "qapage", "answer", "comment"),
    ("faqpage",),
    ("itemlist", "collectionpage", "searchresultspage", "offercatalog"),
    ("service", "localbusiness", "professionalservice"),
    ("videoobject",),
    ("recipe", "howto"),
    ("softwaresourcecode", "softwareapplication", "apireference"),
)
OPEN_GRAPH: Final = (("article",), ("product", "og:product", "product.item", "product.group"), ("website",))
N_HINTS: Final = len(TYPES) + len(OPEN_GRAPH)
PATH: Final = ("depth", "hyphens", "digits", "bytes")


def _hashes(groups: tuple[tuple[str, ...], ...], first: int) -> Any:
    pairs = sorted((word_hash(name), 1 << bit) for bit, group in enumerate(groups, first) for name in group)
    return np.array(pairs, np.int64)


_TYPE_BITS = _hashes(TYPES, 0)
_OPEN_GRAPH_BITS = _hashes(OPEN_GRAPH, len(TYPES))


@njit(cache=True, nogil=True, _nrt=False)
def note_types(data: Any, m: Any, start: Any, end: Any) -> Any:
    """Note every `"@type": "..."` of JSON-LD; of several types in a list the first."""
    end = min(end, start + MAX_JSON_BYTES)
    at = start
    while at + 8 < end:
        if not (data[at] == 0x40 and data[at + 1] == 0x74 and data[at + 4] == 0x65 and data[at + 5] == 0x22):
            at += 1
            continue
        at += 6
        while at < end and not is_alnum(data[at]) and data[at] != 0x7D:
            at += 1
        value = HASH_START
        while at < end and is_alnum(data[at]):
            value = fold(value, lower(np.int64(data[at])))
            at += 1
        for place in range(len(_TYPE_BITS)):
            if _TYPE_BITS[place, 0] == value:
                m[HINTS] |= _TYPE_BITS[place, 1]


@njit(cache=True, nogil=True, _nrt=False)
def note_open_graph(m: Any, value: Any) -> Any:
    """Note the hash of an og:type."""
    for place in range(len(_OPEN_GRAPH_BITS)):
        if _OPEN_GRAPH_BITS[place, 0] == value:
            m[HINTS] |= _OPEN_GRAPH_BITS[place, 1]


@njit(cache=True, nogil=True, _nrt=False)
def note_address(data: Any, m: Any, start: Any, end: Any) -> Any:
    """Note the form of the page's own address: how deep its path is, and what its last part is made of."""
    if m[PATH_BYTES]:
        return
    slashes = depth = hyphens = digits = 0
    for at in range(start, min(end, start + 1000)):
        byte = data[at]
        if byte in (0x3F, 0x23):
            break
        if byte == SLASH:
            slashes += 1
            if slashes > 3 and at + 1 < end:
                depth += 1
            if at + 1 < end:
                hyphens = digits = 0
        elif slashes >= 3:
            hyphens += byte == 0x2D
            digits += 0x30 <= byte <= 0x39
    m[PATH_DEPTH], m[PATH_HYPHENS], m[PATH_DIGITS], m[PATH_BYTES] = depth + 1, hyphens, digits, end - start
