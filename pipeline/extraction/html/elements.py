"""Elements that are no text: what <meta>, <img>, <title>, <script> and links to licences say, formulas among them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from pipeline.extraction.html.attributes import (
    A_ALT,
    A_CLASS,
    A_CONTENT,
    A_HREF,
    A_ITEMPROP,
    A_NAME,
    A_PROPERTY,
    A_REL,
    A_SRC,
    A_TYPE,
    contains,
    end_of,
    mark_words,
    note_words,
    start_of,
    starts,
    value_hash,
)
from pipeline.extraction.html.hints import note_address, note_open_graph, note_types
from pipeline.extraction.html.lexicon import BITS, FORMULA, META_BITS, META_HASHES, PICTURE, word_hash
from pipeline.extraction.html.page import (
    F_JSON,
    F_LICENCE,
    F_META,
    F_TITLE,
    G_END,
    G_KIND,
    G_START,
    K_NODE,
    METAS,
    N_END_TOKEN,
    N_IMAGES,
    N_LIKE,
    N_TOKEN,
    NODES,
    OPEN,
    S_BREAK,
    S_FORMULA,
    S_MATH,
    S_TEX,
    SEGMENT_BASE,
    SEGMENT_COLUMNS,
    SEGMENTS,
    TOKENS,
    add_fact,
    add_formula,
    current,
    node_at,
    top_of,
)
from pipeline.extraction.html.tags import (
    TAG,
)
from pipeline.extraction.html.tokens import (
    SLASH,
    is_space,
)
from pipeline.extraction.html.words import B_SEGMENT, BOLD, CODE, SUB, SUMMARY_BITS, SUP, TITLE_BITS

_TITLE, _SCRIPT = (TAG["title"], TAG["script"])
_CODE, _TT, _KBD, _SAMP, _B, _STRONG, _SUP, _SUB = (
    TAG[name] for name in ("code", "tt", "kbd", "samp", "b", "strong", "sup", "sub")
)
_OG_TYPE, _OG_URL = word_hash("og:type"), word_hash("og:url")
_DESCRIPTIONS = np.array([word_hash(name) for name in ("description", "og:description")], np.int64)


@njit(cache=True, nogil=True, _nrt=False)
def note_meta(data: Any, m: Any, rows: Any) -> Any:
    """A <meta>: a fact where its property, name or itemprop is the first of META_HASHES; descriptions give words."""
    if m[start_of(A_CONTENT)] < 0:
        return
    for place in range(3):
        attribute = (A_PROPERTY, A_NAME, A_ITEMPROP)[place]
        if m[start_of(attribute)] >= 0:
            name = value_hash(data, m, attribute)
            slot = name & (BITS - 1)
            if META_HASHES[slot] == name and not m[METAS] & META_BITS[slot]:
                m[METAS] |= META_BITS[slot]
                add_fact(m, rows, F_META, m[start_of(A_CONTENT)], m[end_of(A_CONTENT)], np.int64(name) - (1 << 31))
            if name == _OG_TYPE:
                note_open_graph(m, value_hash(data, m, A_CONTENT))
            elif name == _OG_URL:
                note_address(data, m, m[start_of(A_CONTENT)], m[end_of(A_CONTENT)])
            for known in _DESCRIPTIONS:
                if name == known:
                    mark_words(data, m, m[start_of(A_CONTENT)], m[end_of(A_CONTENT)], SUMMARY_BITS)


@njit(cache=True, nogil=True, _nrt=False)
def _ends_in_math(data: Any, m: Any, rows: Any) -> Any:
    """Whether the open block ends in MathML, a few pieces of white space aside."""
    if not m[OPEN]:
        return False
    for back in range(1, min(m[SEGMENTS] - rows[current(m) + B_SEGMENT], 3) + 1):
        segment = m[SEGMENT_BASE] + (m[SEGMENTS] - back) * SEGMENT_COLUMNS
        if rows[segment + G_KIND] >= S_BREAK:
            return rows[segment + G_KIND] == S_MATH
        for place in range(rows[segment + G_START], rows[segment + G_END]):
            if not is_space(data[place]):
                return False
    return False


@njit(cache=True, nogil=True, _nrt=False)
def add_image(data: Any, m: Any, rows: Any) -> Any:
    """An <img>: a formula where its class, source or text says so, else counted."""
    scratch = m[NODES]  # a row that the next node overwrites
    rows[node_at(m, scratch) + N_LIKE] = 0
    rows[node_at(m, scratch) + N_TOKEN] = rows[node_at(m, scratch) + N_END_TOKEN] = m[TOKENS]
    before = m[TOKENS]
    found = note_words(data, m, rows, scratch, A_CLASS, 0)
    m[TOKENS] = before
    if found & PICTURE and _ends_in_math(data, m, rows):
        return
    is_formula = found & (FORMULA | PICTURE) or contains(data, m, A_SRC, b"latex")
    if is_formula and m[start_of(A_ALT)] >= 0 and m[end_of(A_ALT)] > m[start_of(A_ALT)]:
        add_formula(m, rows, m[start_of(A_ALT)], m[end_of(A_ALT)], S_FORMULA)
        return
    rows[node_at(m, m[top_of(m) + K_NODE]) + N_IMAGES] += 1


@njit(cache=True, nogil=True, _nrt=False)
def note_licence(data: Any, m: Any, rows: Any) -> Any:
    """A link to a licence: rel=license, or to Creative Commons."""
    if m[start_of(A_HREF)] < 0:
        return
    host = m[start_of(A_HREF)]
    while host < min(m[end_of(A_HREF)], m[start_of(A_HREF)] + 8) and data[host] != SLASH:
        host += 1
    host += 2
    if starts(data, host, m[end_of(A_HREF)], b"www."):
        host += 4
    if contains(data, m, A_REL, b"license") or starts(data, host, m[end_of(A_HREF)], b"creativecommons.org/"):
        add_fact(m, rows, F_LICENCE, m[start_of(A_HREF)], m[end_of(A_HREF)], m[top_of(m) + K_NODE])


@njit(cache=True, nogil=True, _nrt=False)
def read_raw(data: Any, m: Any, rows: Any, tag: Any, start: Any, end: Any) -> Any:
    """Raw text: a title, data about the page, or the source of a formula."""
    if tag == _TITLE:
        add_fact(m, rows, F_TITLE, start, end, 0)
        mark_words(data, m, start, end, TITLE_BITS)
    elif tag == _SCRIPT and m[start_of(A_TYPE)] >= 0:
        if starts(data, m[start_of(A_TYPE)], m[end_of(A_TYPE)], b"application/ld+json"):
            add_fact(m, rows, F_JSON, start, end, 0)
            note_types(data, m, start, end)
        elif starts(data, m[start_of(A_TYPE)], m[end_of(A_TYPE)], b"math/tex"):
            add_formula(m, rows, start, end, S_TEX)


@njit(cache=True, nogil=True, _nrt=False)
def looks_of(tag: Any) -> Any:
    """How a formatting element makes text look."""
    if tag in (_CODE, _TT, _KBD, _SAMP):
        return CODE
    if tag in (_B, _STRONG):
        return BOLD
    return SUP if tag == _SUP else SUB if tag == _SUB else 0
