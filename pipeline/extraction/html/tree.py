"""Which elements are open: the part of HTML's tree construction (13.2.6) that decides where text stands."""

from __future__ import annotations

from typing import Any, Final

from numba import njit

from pipeline.extraction.html.page import (
    ANCHORS,
    BLOCK_SIZE,
    BLOCKS,
    G_END,
    G_KIND,
    G_START,
    HEIGHT,
    K_KEY,
    K_LOOKS,
    K_MODE,
    K_NODE,
    K_PRE,
    K_SKIP,
    K_START,
    K_TAG,
    LOOKS,
    MAX_DEPTH,
    N_DEPTH,
    N_END_TOKEN,
    N_FLAGS,
    N_IMAGES,
    N_LIKE,
    N_PARENT,
    N_START,
    N_TAG,
    N_TOKEN,
    NODES,
    PARAGRAPHS,
    S_BREAK,
    S_MATH,
    SEGMENT_BASE,
    SEGMENT_COLUMNS,
    SEGMENTS,
    TOKENS,
    TOO_DEEP,
    WAITING,
    add_formula,
    drop_space,
    element_at,
    end_block,
    node_at,
    top_of,
)
from pipeline.extraction.html.tags import HEADING, INLINE, SCOPE, SKIP, SPECIAL, TAG, TAG_DOES
from pipeline.extraction.html.words import B_END_SEGMENT, B_NODE, B_SEGMENT, LINKED, PRE

HTML, SVG, MATH = range(3)  # modes
T_P, T_A, T_LI, T_DD, T_DT, T_DIV, T_ADDRESS, T_SPAN = (
    TAG[name] for name in ("p", "a", "li", "dd", "dt", "div", "address", "span")
)
T_TABLE, T_TR, T_TD, T_TH, T_TBODY, T_THEAD, T_TFOOT, T_CAPTION, T_COLGROUP = (
    TAG[name] for name in ("table", "tr", "td", "th", "tbody", "thead", "tfoot", "caption", "colgroup")
)
T_BUTTON, T_PRE, T_LISTING, T_SVG, T_MATH, T_TEMPLATE, T_UL, T_OL, T_RT, T_RP = (
    TAG[name] for name in ("button", "pre", "listing", "svg", "math", "template", "ul", "ol", "rt", "rp")
)
_NONE: Final = -1


@njit(cache=True, nogil=True, _nrt=False)
def new_node(m: Any, rows: Any, tag: Any, start: Any) -> Any:
    """A node below the innermost open element, its tag at `start`; its tokens are those noted since the last node."""
    number = m[NODES]
    m[NODES] += 1
    node = node_at(m, number)
    rows[node + N_PARENT] = m[top_of(m) + K_NODE] if m[HEIGHT] else _NONE
    rows[node + N_TAG] = tag
    rows[node + N_FLAGS] = rows[node + N_LIKE] = rows[node + N_IMAGES] = 0
    rows[node + N_TOKEN] = rows[node + N_END_TOKEN] = m[TOKENS]
    rows[node + N_DEPTH] = m[HEIGHT]
    rows[node + N_START] = start
    return number


@njit(cache=True, nogil=True, _nrt=False)
def push(m: Any, rows: Any, node: Any, tag: Any, key: Any, start: Any) -> Any:
    """Open an element that began at `start`; a page that is deeper than MAX_DEPTH says so in its state."""
    height = m[HEIGHT]
    if height >= MAX_DEPTH:
        m[TOO_DEEP] = 1
        return
    row = element_at(height)
    m[row + K_NODE], m[row + K_TAG], m[row + K_KEY], m[row + K_LOOKS], m[row + K_START] = (
        node,
        tag,
        key,
        m[LOOKS],
        start,
    )
    m[row + K_SKIP] = m[row + K_MODE] = m[row + K_PRE] = 0
    if height:
        around = element_at(height - 1)
        m[row + K_SKIP], m[row + K_MODE], m[row + K_PRE] = m[around + K_SKIP], m[around + K_MODE], m[around + K_PRE]
    if TAG_DOES[tag] & SKIP:
        m[row + K_SKIP] = 1
    if tag in (T_SVG, T_MATH):
        m[row + K_MODE] = SVG if tag == T_SVG else MATH
    if tag in (T_PRE, T_LISTING):
        m[row + K_PRE] = PRE
    m[PARAGRAPHS] += tag == T_P
    m[ANCHORS] += tag == T_A
    m[HEIGHT] = height + 1


@njit(cache=True, nogil=True, _nrt=False)
def _end_code(m: Any, rows: Any, node: Any) -> Any:
    """The end of the element of code `node`: lines that still wait become the last ones of its last block."""
    drop_space(m, rows)
    if not m[WAITING]:
        return
    first = m[SEGMENTS] - m[WAITING]
    m[WAITING] = 0
    last = (m[BLOCKS] - 1) * BLOCK_SIZE
    if m[BLOCKS] == 0 or rows[last + B_NODE] < node or rows[last + B_END_SEGMENT] != first:
        m[SEGMENTS] = first
        return
    start, end = m[SEGMENT_BASE] + first * SEGMENT_COLUMNS, m[SEGMENT_BASE] + m[SEGMENTS] * SEGMENT_COLUMNS
    before, lowest = start - SEGMENT_COLUMNS, m[SEGMENT_BASE] + rows[last + B_SEGMENT] * SEGMENT_COLUMNS
    while before > lowest and rows[before + G_KIND] != S_BREAK and rows[before + G_START] == rows[before + G_END]:
        before -= SEGMENT_COLUMNS
    if rows[before + G_KIND] == S_BREAK:
        m[SEGMENTS] -= 1
    else:  # the break behind them goes before them
        for place in range(end - 1, start + SEGMENT_COLUMNS - 1, -1):
            rows[place] = rows[place - SEGMENT_COLUMNS]
        rows[start + G_START] = rows[start + G_END] = 0
        rows[start + G_KIND] = S_BREAK
    rows[last + B_END_SEGMENT] = m[SEGMENTS]


@njit(cache=True, nogil=True, _nrt=False)
def pop_to(m: Any, rows: Any, height: Any, at: Any) -> Any:
    """Close open elements until `height` are left; `at` is where that is in the page."""
    while m[HEIGHT] > max(height, 1):
        m[HEIGHT] -= 1
        row = element_at(m[HEIGHT])
        m[PARAGRAPHS] -= m[row + K_TAG] == T_P
        m[ANCHORS] -= m[row + K_TAG] == T_A
        if m[row + K_TAG] in (T_PRE, T_LISTING):
            _end_code(m, rows, m[row + K_NODE])
        if not TAG_DOES[m[row + K_TAG]] & INLINE:
            m[LOOKS] = m[row + K_LOOKS]
        if m[row + K_TAG] == T_MATH and m[top_of(m) + K_MODE] == HTML:
            add_formula(m, rows, m[row + K_START], at, S_MATH)


@njit(cache=True, nogil=True, _nrt=False)
def leave_foreign(m: Any, rows: Any, at: Any) -> Any:
    """Close svg and math elements until content is HTML again."""
    while m[HEIGHT] > 1 and m[top_of(m) + K_MODE] != HTML:
        pop_to(m, rows, m[HEIGHT] - 1, at)


@njit(cache=True, nogil=True, _nrt=False)
def height_of(m: Any, key: Any, stops: Any) -> Any:
    """How many elements are open below the innermost one of that name; -1 where a tag that does `stops` is before."""
    for height in range(m[HEIGHT] - 1, 0, -1):
        if m[element_at(height) + K_KEY] == key:
            return height
        if TAG_DOES[m[element_at(height) + K_TAG]] & stops:
            return _NONE
    return _NONE


@njit(cache=True, nogil=True, _nrt=False)
def _is_table_scope(tag: Any) -> Any:
    return tag in (T_TABLE, T_TEMPLATE)


@njit(cache=True, nogil=True, _nrt=False)
def close_paragraph(m: Any, rows: Any, at: Any) -> Any:
    """Close an open paragraph that is in button scope."""
    if not m[PARAGRAPHS]:
        return
    for height in range(m[HEIGHT] - 1, 0, -1):
        tag = m[element_at(height) + K_TAG]
        if tag == T_P:
            end_block(m, rows)
            pop_to(m, rows, height, at)
            return
        if TAG_DOES[tag] & SCOPE or tag == T_BUTTON:
            return


@njit(cache=True, nogil=True, _nrt=False)
def close_item(m: Any, rows: Any, tag: Any, at: Any) -> Any:
    """What the start of an li, dd or dt closes."""
    for height in range(m[HEIGHT] - 1, 0, -1):
        open_tag = m[element_at(height) + K_TAG]
        if open_tag == tag or (tag != T_LI and open_tag in (T_DD, T_DT)):
            end_block(m, rows)
            pop_to(m, rows, height, at)
            break
        if TAG_DOES[open_tag] & SPECIAL and open_tag not in (T_ADDRESS, T_DIV, T_P):
            break
    close_paragraph(m, rows, at)


@njit(cache=True, nogil=True, _nrt=False)
def close_for_table_part(m: Any, rows: Any, tag: Any, at: Any) -> Any:
    """Close what a part of a table closes; False where no table is open, and the tag means nothing."""
    keep = 0
    for height in range(m[HEIGHT] - 1, 0, -1):
        open_tag = m[element_at(height) + K_TAG]
        if _is_table_scope(open_tag):
            keep = keep or height + 1
            break
        if keep:
            continue
        if (tag in (T_TD, T_TH) and open_tag == T_TR) or (
            tag in (T_TD, T_TH, T_TR) and open_tag in (T_TBODY, T_THEAD, T_TFOOT)
        ):
            keep = height + 1
    else:
        return False
    end_block(m, rows)
    pop_to(m, rows, keep, at)
    return True


@njit(cache=True, nogil=True, _nrt=False)
def close_link(m: Any, rows: Any, at: Any) -> Any:
    """The end of a link, or the start of the next: it ends, whatever else was opened in it stays open."""
    only_inline = True
    m[LOOKS] &= ~LINKED
    for height in range(m[HEIGHT] - 1, 0, -1):
        tag = m[element_at(height) + K_TAG]
        if tag == T_A:
            if only_inline:
                pop_to(m, rows, height, at)
            else:
                m[element_at(height) + K_TAG], m[element_at(height) + K_KEY] = T_SPAN, 0
                m[ANCHORS] -= 1
                for above in range(height + 1, m[HEIGHT]):
                    m[element_at(above) + K_LOOKS] &= ~LINKED
            return
        if TAG_DOES[tag] & SCOPE:
            return
        only_inline = only_inline and TAG_DOES[tag] & INLINE != 0


@njit(cache=True, nogil=True, _nrt=False)
def close_named(m: Any, rows: Any, tag: Any, key: Any, at: Any) -> Any:
    """An end tag: close the innermost open element of that name, if no scope hides it."""
    does = TAG_DOES[tag]
    if does & INLINE:
        height = height_of(m, key, SPECIAL)
        if height > 0:
            pop_to(m, rows, height, at)
        return
    end_block(m, rows)
    in_table = tag in (T_TD, T_TH, T_TR, T_TBODY, T_THEAD, T_TFOOT, T_TABLE, T_CAPTION)
    for height in range(m[HEIGHT] - 1, 0, -1):
        open_tag = m[element_at(height) + K_TAG]
        if m[element_at(height) + K_KEY] == key or (does & HEADING and TAG_DOES[open_tag] & HEADING):
            pop_to(m, rows, height, at)
            return
        if in_table:
            if _is_table_scope(open_tag):
                return
        elif (
            TAG_DOES[open_tag] & (SCOPE if does & SPECIAL else SPECIAL)
            or (tag == T_P and open_tag == T_BUTTON)
            or (tag == T_LI and open_tag in (T_UL, T_OL))
        ):
            return
