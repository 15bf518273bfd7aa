"""The arrays that the scanner of a page fills, and how text becomes blocks in them."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.extraction.html_tags import INLINE, TAG_DOES, TAG_NAMES
from pipeline.extraction.html_tokens import N_ATTRIBUTES, is_space
from pipeline.extraction.html_words import (
    B_BREAKS,
    B_END_SEGMENT,
    B_INLINE_TAG,
    B_LINKS,
    B_NODE,
    B_SEGMENT,
    B_TAG,
    B_UNITS,
    BITS_BYTES,
    BLOCK_COLUMNS,
    LINKED,
    PRE,
    count_text,
    end_word,
)

MAX_DEPTH: Final = 512  # where browsers flatten too; the deepest of 1,072 real pages has 80
MAX_TOKENS: Final = 24  # sub-words of an element's class, id, role and itemprop that are looked at
MAX_FACTS: Final = 256

# Columns of a node (int32).
N_PARENT, N_TAG, N_FLAGS, N_TOKEN, N_END_TOKEN, N_LIKE, N_BLOCK, N_END_BLOCK, N_DEPTH, N_IMAGES = range(10)
NODE_COLUMNS: Final = 10
HIDDEN, ARIA_HIDDEN, HAS_ROLE, HAS_ITEM, FALLBACK = 1, 2, 4, 8, 16  # flags of a node

# Columns of a segment (int32). The kind of a text is the sum of its looks.
G_START, G_END, G_KIND = range(3)
SEGMENT_COLUMNS: Final = 3
S_BREAK, S_MATH, S_TEX, S_FORMULA = 64, 65, 66, 67

# Columns of a fact (int32): what the page says of itself, and where; a <meta> has the hash of its name.
F_KIND, F_START, F_END, F_NAME = range(4)
FACT_COLUMNS: Final = 4
F_TITLE, F_META, F_LANGUAGE, F_TIME, F_LICENCE, F_JSON, F_AUTHOR = range(7)

# Columns of an open element (int64). Looks are those before it; skip, mode and pre hold of its content.
K_NODE, K_TAG, K_KEY, K_LOOKS, K_SKIP, K_MODE, K_PRE, K_START = range(8)
STACK_COLUMNS: Final = 8

# The state: rows filled, whether a block is open, height of the stack, open paragraphs, how text looks now, whether
# nothing but white space came since a line break, whether a link has begun of which no text came yet.
BLOCKS, SEGMENTS, NODES, TOKENS, FACTS, OPEN, HEIGHT, PARAGRAPHS, LOOKS, BROKEN, FRESH_LINK, TOO_DEEP = range(12)
STATE_SIZE: Final = 12


class Page(NamedTuple):
    """The scanner's arrays; `state` says how many rows of each are filled."""

    data: NDArray[np.uint8]
    state: NDArray[np.int64]
    blocks: NDArray[np.int32]
    segments: NDArray[np.int32]
    nodes: NDArray[np.int32]
    tokens: NDArray[np.int32]
    facts: NDArray[np.int32]
    stack: NDArray[np.int64]
    spans: NDArray[np.int32]  # of the attributes of the tag at hand
    word: NDArray[np.int64]  # under way
    title: NDArray[np.uint8]  # bits of the hashes of the title's words
    summary: NDArray[np.uint8]  # the same of the page's description


def page_of(data: NDArray[np.uint8], tags: int) -> Page:
    """Arrays for a page that has at most `tags` tags. Memory that is not written is not touched."""
    return Page(
        data,
        np.zeros(STATE_SIZE, np.int64),
        np.empty((tags + 2, len(BLOCK_COLUMNS)), np.int32),
        np.empty((3 * tags + 4, SEGMENT_COLUMNS), np.int32),
        np.empty((tags + 2, NODE_COLUMNS), np.int32),
        np.empty((tags + 2) * MAX_TOKENS, np.int32),
        np.empty((MAX_FACTS, FACT_COLUMNS), np.int32),
        np.empty((MAX_DEPTH + 1, STACK_COLUMNS), np.int64),
        np.empty((N_ATTRIBUTES, 2), np.int32),
        np.zeros(5, np.int64),
        np.zeros(BITS_BYTES, np.uint8),
        np.zeros(BITS_BYTES, np.uint8),
    )


_BR: Final = TAG_NAMES.index("br")


@njit(cache=True, nogil=True)
def add_segment(page: Any, start: Any, end: Any, kind: Any) -> Any:
    """Append a segment to the open block."""
    row = page.segments[page.state[SEGMENTS]]
    row[G_START], row[G_END], row[G_KIND] = start, end, kind
    page.state[SEGMENTS] += 1


@njit(cache=True, nogil=True)
def add_fact(page: Any, kind: Any, start: Any, end: Any, name: Any) -> Any:
    """Note a fact; what comes after the first `MAX_FACTS` is not noted."""
    if page.state[FACTS] < MAX_FACTS:
        row = page.facts[page.state[FACTS]]
        row[F_KIND], row[F_START], row[F_END], row[F_NAME] = kind, start, end, name
        page.state[FACTS] += 1


@njit(cache=True, nogil=True)
def open_block(page: Any) -> Any:
    """Begin a block where none is open."""
    state, stack = page.state, page.stack
    if state[OPEN]:
        return
    state[OPEN] = 1
    state[BROKEN] = 0
    block = page.blocks[state[BLOCKS]]
    block[:] = 0
    page.word[:] = 0
    top = state[HEIGHT] - 1
    block[B_NODE] = stack[top, K_NODE]
    block[B_SEGMENT] = state[SEGMENTS]
    if TAG_DOES[stack[top, K_TAG]] & INLINE:
        block[B_INLINE_TAG] = stack[top, K_TAG]
        while top > 0 and TAG_DOES[stack[top, K_TAG]] & INLINE:
            top -= 1
    block[B_TAG] = stack[top, K_TAG]


@njit(cache=True, nogil=True)
def end_block(page: Any) -> Any:
    """End the open block, if there is one; a block without words or formulas is forgotten."""
    state = page.state
    if not state[OPEN]:
        return
    state[OPEN] = 0
    block = page.blocks[state[BLOCKS]]
    end_word(page.word, block, state[LOOKS] | page.stack[state[HEIGHT] - 1, K_PRE], page.title, page.summary)
    if block[B_UNITS] == 0:
        state[SEGMENTS] = block[B_SEGMENT]
        return
    block[B_END_SEGMENT] = state[SEGMENTS]
    state[BLOCKS] += 1


@njit(cache=True, nogil=True)
def add_text(page: Any, start: Any, end: Any) -> Any:
    """Text at data[start:end]: into the open block, or into a new one from its first character that is no space."""
    state = page.state
    top = state[HEIGHT] - 1
    if page.stack[top, K_SKIP]:
        return
    pre = page.stack[top, K_PRE]
    visible = start
    while visible < end and is_space(page.data[visible]):
        visible += 1
    if not state[OPEN]:
        if visible == end:
            return
        open_block(page)
        if not pre:
            start = visible
    if visible < end:
        state[BROKEN] = 0
    block, looks = page.blocks[state[BLOCKS]], state[LOOKS] | pre
    if state[FRESH_LINK] and looks & LINKED and visible < end:
        state[FRESH_LINK] = 0
        block[B_LINKS] += 1
    add_segment(page, start, end, looks)
    count_text(page.data, start, end, block, page.word, looks, page.title, page.summary)


@njit(cache=True, nogil=True)
def break_line(page: Any) -> Any:
    """A <br>: a new line; the second in a row ends the block."""
    state = page.state
    top = state[HEIGHT] - 1
    if not state[OPEN] or page.stack[top, K_SKIP]:
        return
    pre = page.stack[top, K_PRE] & PRE
    if state[BROKEN] and not pre:
        end_block(page)
        return
    block = page.blocks[state[BLOCKS]]
    end_word(page.word, block, state[LOOKS] | pre, page.title, page.summary)
    add_segment(page, 0, 0, S_BREAK)
    block[B_BREAKS] += 1
    state[BROKEN] = 1


@njit(cache=True, nogil=True)
def add_formula(page: Any, start: Any, end: Any, kind: Any) -> Any:
    """A formula whose source is data[start:end]; it counts as two words."""
    state = page.state
    if page.stack[state[HEIGHT] - 1, K_SKIP] or state[SEGMENTS] + 2 > len(page.segments):
        return
    open_block(page)
    state[BROKEN] = 0
    block = page.blocks[state[BLOCKS]]
    end_word(page.word, block, state[LOOKS], page.title, page.summary)
    add_segment(page, start, end, kind)
    block[B_UNITS] += 4
