"""Elements that are no text: what <meta>, <img>, <title>, <script>, links to licences and badges say; formulas."""

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
    A_RESOURCE,
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
    F_BADGE,
    F_JSON,
    F_LICENCE,
    F_META,
    F_TITLE,
    G_END,
    G_KIND,
    G_START,
    K_NODE,
    K_SKIP,
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
from pipeline.extraction.html.tags import TAG
from pipeline.extraction.html.tokens import SLASH, is_space, lower
from pipeline.extraction.html.words import B_SEGMENT, BOLD, CODE, SUB, SUMMARY_BITS, SUP, TITLE_BITS, is_alnum

_TITLE, _SCRIPT = (TAG["title"], TAG["script"])
_CODE, _TT, _KBD, _SAMP, _B, _STRONG, _SUP, _SUB = (
    TAG[name] for name in ("code", "tt", "kbd", "samp", "b", "strong", "sup", "sub")
)
_OG_TYPE, _OG_URL = word_hash("og:type"), word_hash("og:url")
_B, _C, _I, _L, _R, _Y = b"bcilry"
_DESCRIPTIONS = np.array([word_hash(name) for name in ("description", "og:description")], np.int64)


@njit(cache=True, nogil=True, _nrt=False)
def note_meta(data: Any, m: Any, rows: Any) -> Any:
    """A <meta>: a fact where its property, name or itemprop is the first of META_HASHES; descriptions give words.

    One of RDFa or microdata may be about another thing than the page: those that name a licence are noted with links.
    """
    if m[start_of(A_NAME)] < 0 and note_licence(data, m, rows):
        return
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
    if not m[top_of(m) + K_SKIP] and (_names_commons(data, m, A_SRC) or _names_commons(data, m, A_ALT)):
        shown = A_SRC if m[start_of(A_SRC)] >= 0 else A_ALT
        add_fact(m, rows, F_BADGE, m[start_of(shown)], m[end_of(shown)], m[top_of(m) + K_NODE])


@njit(cache=True, nogil=True, _nrt=False)
def _names_commons(data: Any, m: Any, attribute: Any) -> Any:
    """Whether the first 200 bytes of a value name Creative Commons or one of its licences, as a badge does."""
    start, end = m[start_of(attribute)], m[end_of(attribute)]
    if start < 0:
        return False
    for at in range(start, min(end, start + 200) - 2):
        first, second = lower(data[at]), lower(data[at + 1])
        after = at + 2 + (not is_alnum(data[at + 2]))
        if first == _C and second == _C:
            if (at == start or not is_alnum(data[at - 1])) and (
                starts(data, after, end, b"by") or starts(data, after, end, b"zero") or starts(data, after, end, b"0")
            ):
                return True
        elif first == _C and second == _R:
            behind = at + len(b"creative")
            if (
                starts(data, at, end, b"creative")
                and behind < end
                and starts(data, behind + (not is_alnum(data[behind])), end, b"commons")
            ):
                return True
        elif first == _B and second == _Y and after == at + 3:
            if starts(data, after, end, b"nc") or starts(data, after, end, b"sa") or starts(data, after, end, b"nd"):
                return True
        elif first == _L and second == _I and starts(data, at, end, b"licensebuttons"):
            return True
    return False


@njit(cache=True, nogil=True, _nrt=False)
def note_licence(data: Any, m: Any, rows: Any) -> Any:
    """Note what names a licence: rel, property or itemprop `license`, or a link to Creative Commons; whether it does.

    The value is that of RDFa: `content` but for rel, then `resource`, `href`, `src` (rdfa-core 7.5); microdata has no
    other.
    """
    is_rel = contains(data, m, A_REL, b"license")
    if is_rel or contains(data, m, A_PROPERTY, b"license") or contains(data, m, A_ITEMPROP, b"license"):
        for place in range(is_rel, 4):
            value = (A_CONTENT, A_RESOURCE, A_HREF, A_SRC)[place]
            if m[start_of(value)] >= 0:
                add_fact(m, rows, F_LICENCE, m[start_of(value)], m[end_of(value)], m[top_of(m) + K_NODE])
                return True
        return False
    host = m[start_of(A_HREF)]
    if host < 0:
        return False
    while host < min(m[end_of(A_HREF)], m[start_of(A_HREF)] + 8) and data[host] != SLASH:
        host += 1
    host += 2
    if starts(data, host, m[end_of(A_HREF)], b"www."):
        host += 4
    if not starts(data, host, m[end_of(A_HREF)], b"creativecommons.org/"):
        return False
    add_fact(m, rows, F_LICENCE, m[start_of(A_HREF)], m[end_of(A_HREF)], m[top_of(m) + K_NODE])
    return True


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
