"""Which elements are open: the part of HTML's tree construction (13.2.6) that decides where text stands."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit

from pipeline.extraction.html_page import (
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
    N_BLOCK,
    N_DEPTH,
    N_END_BLOCK,
    N_END_TOKEN,
    N_FLAGS,
    N_IMAGES,
    N_LIKE,
    N_PARENT,
    N_TAG,
    N_TOKEN,
    NODES,
    OPEN,
    PARAGRAPHS,
    S_MATH,
    TOKENS,
    TOO_DEEP,
    add_formula,
    end_block,
)
from pipeline.extraction.html_page import BLOCKS as N_BLOCKS
from pipeline.extraction.html_tags import HEADING, INLINE, SCOPE, SKIP, SPECIAL, TAG, TAG_DOES
from pipeline.extraction.html_words import LINKED, PRE

HTML, SVG, MATH = range(3)  # modes
T_P, T_A, T_LI, T_DD, T_DT, T_DIV, T_ADDRESS, T_SPAN = (
    TAG[name] for name in ("p", "a", "li", "dd", "dt", "div", "address", "span")
)
T_TABLE, T_TR, T_TD, T_TH, T_TBODY, T_THEAD, T_TFOOT, T_CAPTION, T_COLGROUP = (
    TAG[name] for name in ("table", "tr", "td", "th", "tbody", "thead", "tfoot", "caption", "colgroup")
)
T_BUTTON, T_PRE, T_LISTING, T_SVG, T_MATH, T_TEMPLATE, T_UL, T_OL = (
    TAG[name] for name in ("button", "pre", "listing", "svg", "math", "template", "ul", "ol")
)
_NONE: Final = -1


@njit(cache=True, nogil=True)
def new_node(page: Any, tag: Any) -> Any:
    """A node below the innermost open element; its tokens are those noted since the last node was made."""
    state = page.state
    number = state[NODES]
    state[NODES] += 1
    node = page.nodes[number]
    node[N_PARENT] = page.stack[state[HEIGHT] - 1, K_NODE] if state[HEIGHT] else _NONE
    node[N_TAG] = tag
    node[N_FLAGS] = node[N_LIKE] = node[N_IMAGES] = 0
    node[N_TOKEN] = node[N_END_TOKEN] = state[TOKENS]
    node[N_BLOCK] = node[N_END_BLOCK] = state[N_BLOCKS]
    node[N_DEPTH] = state[HEIGHT]
    return number


@njit(cache=True, nogil=True)
def push(page: Any, node: Any, tag: Any, key: Any, start: Any) -> Any:
    """Open an element that began at `start`; a page that is deeper than MAX_DEPTH says so in its state."""
    state, stack = page.state, page.stack
    height = state[HEIGHT]
    if height >= MAX_DEPTH:
        state[TOO_DEEP] = 1
        return
    row = stack[height]
    row[K_NODE], row[K_TAG], row[K_KEY], row[K_LOOKS], row[K_START] = node, tag, key, state[LOOKS], start
    row[K_SKIP] = row[K_MODE] = row[K_PRE] = 0
    if height:
        row[K_SKIP], row[K_MODE], row[K_PRE] = stack[height - 1, K_SKIP], stack[height - 1, K_MODE], 0
        row[K_PRE] = stack[height - 1, K_PRE]
    if TAG_DOES[tag] & SKIP:
        row[K_SKIP] = 1
    if tag in (T_SVG, T_MATH):
        row[K_MODE] = SVG if tag == T_SVG else MATH
    if tag in (T_PRE, T_LISTING):
        row[K_PRE] = PRE
    state[PARAGRAPHS] += tag == T_P
    state[HEIGHT] = height + 1


@njit(cache=True, nogil=True)
def pop_to(page: Any, height: Any, at: Any) -> Any:
    """Close open elements until `height` are left; `at` is where that is in the page."""
    state, stack = page.state, page.stack
    while state[HEIGHT] > max(height, 1):
        state[HEIGHT] -= 1
        row = stack[state[HEIGHT]]
        page.nodes[row[K_NODE], N_END_BLOCK] = state[N_BLOCKS] + state[OPEN]
        state[PARAGRAPHS] -= row[K_TAG] == T_P
        if not TAG_DOES[row[K_TAG]] & INLINE:
            state[LOOKS] = row[K_LOOKS]
        if row[K_TAG] == T_MATH and stack[state[HEIGHT] - 1, K_MODE] == HTML:
            add_formula(page, row[K_START], at, S_MATH)


@njit(cache=True, nogil=True)
def leave_foreign(page: Any, at: Any) -> Any:
    """Close svg and math elements until content is HTML again."""
    state = page.state
    while state[HEIGHT] > 1 and page.stack[state[HEIGHT] - 1, K_MODE] != HTML:
        pop_to(page, state[HEIGHT] - 1, at)


@njit(cache=True, nogil=True)
def height_of(page: Any, key: Any, stops: Any, and_button: Any) -> Any:
    """How many elements are open below the innermost one of that name; -1 where a tag that does `stops` is before."""
    stack = page.stack
    for height in range(page.state[HEIGHT] - 1, 0, -1):
        if stack[height, K_KEY] == key:
            return height
        if TAG_DOES[stack[height, K_TAG]] & stops or (and_button and stack[height, K_TAG] == T_BUTTON):
            return _NONE
    return _NONE


@njit(cache=True, nogil=True)
def _is_table_scope(tag: Any) -> Any:
    return tag in (T_TABLE, T_TEMPLATE)


@njit(cache=True, nogil=True)
def close_paragraph(page: Any, at: Any) -> Any:
    """Close an open paragraph that is in button scope."""
    state, stack = page.state, page.stack
    if not state[PARAGRAPHS]:
        return
    for height in range(state[HEIGHT] - 1, 0, -1):
        tag = stack[height, K_TAG]
        if tag == T_P:
            end_block(page)
            pop_to(page, height, at)
            return
        if TAG_DOES[tag] & SCOPE or tag == T_BUTTON:
            return


@njit(cache=True, nogil=True)
def close_item(page: Any, tag: Any, at: Any) -> Any:
    """What the start of an li, dd or dt closes."""
    state, stack = page.state, page.stack
    for height in range(state[HEIGHT] - 1, 0, -1):
        open_tag = stack[height, K_TAG]
        if open_tag == tag or (tag != T_LI and open_tag in (T_DD, T_DT)):
            end_block(page)
            pop_to(page, height, at)
            break
        if TAG_DOES[open_tag] & SPECIAL and open_tag not in (T_ADDRESS, T_DIV, T_P):
            break
    close_paragraph(page, at)


@njit(cache=True, nogil=True)
def close_for_table_part(page: Any, tag: Any, at: Any) -> Any:
    """Close what a part of a table closes; False where no table is open, and the tag means nothing."""
    state, stack = page.state, page.stack
    keep = 0
    for height in range(state[HEIGHT] - 1, 0, -1):
        open_tag = stack[height, K_TAG]
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
    end_block(page)
    pop_to(page, keep, at)
    return True


@njit(cache=True, nogil=True)
def close_link(page: Any, at: Any) -> Any:
    """The end of a link, or the start of the next: it ends, whatever else was opened in it stays open."""
    state, stack = page.state, page.stack
    only_inline = True
    state[LOOKS] &= ~LINKED
    for height in range(state[HEIGHT] - 1, 0, -1):
        tag = stack[height, K_TAG]
        if tag == T_A:
            if only_inline:
                pop_to(page, height, at)
            else:
                stack[height, K_TAG], stack[height, K_KEY] = T_SPAN, 0
                for above in range(height + 1, state[HEIGHT]):
                    stack[above, K_LOOKS] &= ~LINKED
            return
        if TAG_DOES[tag] & SCOPE:
            return
        only_inline = only_inline and TAG_DOES[tag] & INLINE != 0


@njit(cache=True, nogil=True)
def close_named(page: Any, tag: Any, key: Any, at: Any) -> Any:
    """An end tag: close the innermost open element of that name, if no scope hides it."""
    state, stack = page.state, page.stack
    does = TAG_DOES[tag]
    if does & INLINE:
        height = height_of(page, key, SPECIAL, False)
        if height > 0:
            pop_to(page, height, at)
        return
    end_block(page)
    in_table = tag in (T_TD, T_TH, T_TR, T_TBODY, T_THEAD, T_TFOOT, T_TABLE, T_CAPTION)
    for height in range(state[HEIGHT] - 1, 0, -1):
        open_tag = stack[height, K_TAG]
        if stack[height, K_KEY] == key or (does & HEADING and TAG_DOES[open_tag] & HEADING):
            pop_to(page, height, at)
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


_ = np
