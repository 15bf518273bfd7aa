"""The arrays that the scanner of a page fills, and how text becomes blocks in them."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.extraction.html.tags import INLINE, TAG_DOES
from pipeline.extraction.html.tokens import is_space
from pipeline.extraction.html.words import (
    B_BREAKS,
    B_END_SEGMENT,
    B_INLINE_TAG,
    B_LINKS,
    B_NODE,
    B_SEGMENT,
    B_TAG,
    B_UNITS,
    BLOCK_COLUMNS,
    LINKED,
    PRE,
    W_CAPITALS,
    W_DIGITS,
    W_FIRST,
    W_LENGTH,
    count_text,
    end_word,
)

MAX_DEPTH: Final = 512  # where browsers flatten too; the deepest of 1,072 real pages has 54
MAX_TOKENS: Final = 24  # sub-words of an element's class, id, role and itemprop that are looked at
MAX_TAG_BYTES: Final = 500  # of a start tag in which numbers of items and spans of cells are looked for
MAX_FACTS: Final = 64  # of a kind: a listing has hundreds of dates, and its licence in the last line
BLOCK_SIZE: Final = len(BLOCK_COLUMNS)

# Columns of a node (int32).
N_PARENT, N_TAG, N_FLAGS, N_TOKEN, N_END_TOKEN, N_LIKE, N_DEPTH, N_IMAGES, N_START = range(9)
NODE_COLUMNS: Final = 9
HIDDEN, ARIA_HIDDEN, HAS_ROLE, HAS_ITEM, COMMENTS = 1, 2, 4, 8, 16  # flags of a node

# Columns of a segment (int32). The kind of a text is the sum of its looks.
G_START, G_END, G_KIND = range(3)
SEGMENT_COLUMNS: Final = 3
S_BREAK, S_MATH, S_TEX, S_FORMULA = 64, 65, 66, 67

# Columns of a fact (int32): what the page says of itself, and where; a <meta> has the hash of its name, what names a
# licence the number of its node (that of a <link>, <meta> or <img> is the element around it).
F_KIND, F_START, F_END, F_NAME = range(4)
FACT_COLUMNS: Final = 4
F_TITLE, F_META, F_LANGUAGE, F_TIME, F_LICENCE, F_JSON, F_AUTHOR, F_BADGE = range(8)
FACT_KINDS: Final = 8

# Columns of an open element (int64). Looks are those before it; skip, mode and pre hold of its content.
K_NODE, K_TAG, K_KEY, K_LOOKS, K_SKIP, K_MODE, K_PRE, K_START = range(8)
STACK_COLUMNS: Final = 8

# The scanner's memory (int64) begins with its state: rows filled, whether a block is open, how many elements,
# paragraphs and links are, how text looks now, whether nothing but white space came since a line break, whether a link
# has begun of which no text came yet, whether MAX_DEPTH was passed, how many segments at the end are of code and wait
# for a block; then where the rows of each kind begin.
BLOCKS, SEGMENTS, NODES, TOKENS, FACTS, OPEN, HEIGHT, PARAGRAPHS, ANCHORS, LOOKS, BROKEN, FRESH_LINK = range(12)
TOO_DEEP, WAITING = 12, 13
SEGMENT_BASE, NODE_BASE, TOKEN_BASE, FACT_BASE = range(16, 20)
HINTS, PATH_DEPTH, PATH_HYPHENS, PATH_DIGITS, PATH_BYTES = range(20, 25)  # see `hints`
FACT_COUNTS: Final = 25  # facts of each kind
METAS: Final = FACT_COUNTS + FACT_KINDS  # bits of the names of <meta> that were noted
SPANS: Final = 48  # start and end of each attribute of the tag at hand
STACK: Final = 256  # behind the word under way and the bits, see `words`
MEMORY: Final = STACK + (MAX_DEPTH + 1) * STACK_COLUMNS


class Page(NamedTuple):
    """A scanned page. The compiled scanner gets three arrays: numba's cost of a call grows with their number."""

    data: NDArray[np.uint8]
    memory: NDArray[np.int64]
    rows: NDArray[np.int32]
    tags: int

    def _rows(self, count: int, base: int, columns: int) -> NDArray[np.int32]:
        start = int(self.memory[base]) if base else 0
        return self.rows[start : start + int(self.memory[count]) * columns].reshape(-1, columns)

    @property
    def blocks(self) -> NDArray[np.int32]:
        """One row a block, see `words.BLOCK_COLUMNS`."""
        return self._rows(BLOCKS, 0, BLOCK_SIZE)

    @property
    def segments(self) -> NDArray[np.int32]:
        """Texts, line breaks and formulas in order: start, end, kind."""
        return self._rows(SEGMENTS, SEGMENT_BASE, SEGMENT_COLUMNS)

    @property
    def nodes(self) -> NDArray[np.int32]:
        """Elements in the order of their start tags."""
        return self._rows(NODES, NODE_BASE, NODE_COLUMNS)

    @property
    def tokens(self) -> NDArray[np.int32]:
        """Buckets of the hashed sub-words of class, id, role, itemprop and itemtype."""
        return self._rows(TOKENS, TOKEN_BASE, 1)[:, 0]

    @property
    def facts(self) -> NDArray[np.int32]:
        """What the page says of itself, and where: kind, start, end, hash of the name."""
        return self._rows(FACTS, FACT_BASE, FACT_COLUMNS)

    @property
    def too_deep(self) -> bool:
        """Whether elements were open in more than MAX_DEPTH others; the scan ended there."""
        return bool(self.memory[TOO_DEEP])

    def tag_of(self, node: int) -> bytes:
        """The start tag of an element, its first MAX_TAG_BYTES."""
        start = int(self.nodes[node, N_START])
        return self.data[start : start + MAX_TAG_BYTES].tobytes().partition(b">")[0] + b">"


def page_of(data: NDArray[np.uint8], tags: int) -> Page:
    """Arrays for a page that has at most `tags` tags. Memory that is not written is not touched."""
    memory = np.zeros(MEMORY, np.int64)
    memory[SEGMENT_BASE] = (tags + 2) * BLOCK_SIZE
    memory[NODE_BASE] = memory[SEGMENT_BASE] + (4 * tags + 4) * SEGMENT_COLUMNS
    memory[TOKEN_BASE] = memory[NODE_BASE] + (tags + 3) * NODE_COLUMNS
    memory[FACT_BASE] = memory[TOKEN_BASE] + (tags + 2) * MAX_TOKENS
    return Page(data, memory, np.empty(int(memory[FACT_BASE]) + FACT_KINDS * MAX_FACTS * FACT_COLUMNS, np.int32), tags)


@njit(cache=True, nogil=True, _nrt=False)
def top_of(m: Any) -> Any:
    """Where the innermost open element is in memory."""
    return STACK + (m[HEIGHT] - 1) * STACK_COLUMNS


@njit(cache=True, nogil=True, _nrt=False)
def element_at(height: Any) -> Any:
    """Where the element with `height` others below it is in memory."""
    return STACK + height * STACK_COLUMNS


@njit(cache=True, nogil=True, _nrt=False)
def node_at(m: Any, number: Any) -> Any:
    """Where a node's row is."""
    return m[NODE_BASE] + number * NODE_COLUMNS


@njit(cache=True, nogil=True, _nrt=False)
def current(m: Any) -> Any:
    """Where the row of the open block is."""
    return m[BLOCKS] * BLOCK_SIZE


@njit(cache=True, nogil=True, _nrt=False)
def add_segment(m: Any, rows: Any, start: Any, end: Any, kind: Any) -> Any:
    """Append a segment to the open block."""
    at = m[SEGMENT_BASE] + m[SEGMENTS] * SEGMENT_COLUMNS
    rows[at + G_START], rows[at + G_END], rows[at + G_KIND] = start, end, kind
    m[SEGMENTS] += 1


@njit(cache=True, nogil=True, _nrt=False)
def add_fact(m: Any, rows: Any, kind: Any, start: Any, end: Any, name: Any) -> Any:
    """Note a fact; what comes after the first `MAX_FACTS` of its kind is not noted."""
    if m[FACT_COUNTS + kind] < MAX_FACTS:
        m[FACT_COUNTS + kind] += 1
        at = m[FACT_BASE] + m[FACTS] * FACT_COLUMNS
        rows[at + F_KIND], rows[at + F_START], rows[at + F_END], rows[at + F_NAME] = kind, start, end, name
        m[FACTS] += 1


@njit(cache=True, nogil=True, _nrt=False)
def open_block(m: Any, rows: Any) -> Any:
    """Begin a block where none is open."""
    if m[OPEN]:
        return
    m[OPEN] = 1
    m[BROKEN] = 0
    block = current(m)
    for column in range(BLOCK_SIZE):
        rows[block + column] = 0
    m[W_LENGTH] = m[W_CAPITALS] = m[W_DIGITS] = m[W_FIRST] = 0
    top = m[HEIGHT] - 1
    rows[block + B_NODE] = m[element_at(top) + K_NODE]
    rows[block + B_SEGMENT] = m[SEGMENTS] - m[WAITING]
    m[WAITING] = 0
    if TAG_DOES[m[element_at(top) + K_TAG]] & INLINE:
        rows[block + B_INLINE_TAG] = m[element_at(top) + K_TAG]
        while top > 0 and TAG_DOES[m[element_at(top) + K_TAG]] & INLINE:
            top -= 1
    rows[block + B_TAG] = m[element_at(top) + K_TAG]


@njit(cache=True, nogil=True, _nrt=False)
def end_block(m: Any, rows: Any) -> Any:
    """End the open block, if there is one; a block without words or formulas is forgotten.

    In code it waits, as a line, for the next block: a brace alone is part of it.
    """
    if not m[OPEN]:
        drop_space(m, rows)
        return
    m[OPEN] = 0
    block = current(m)
    end_word(m, rows, block)
    if rows[block + B_UNITS] == 0:
        if m[top_of(m) + K_PRE]:
            last = m[SEGMENT_BASE] + (m[SEGMENTS] - 1) * SEGMENT_COLUMNS
            while rows[last + G_KIND] == S_BREAK or rows[last + G_START] == rows[last + G_END]:  # of a <br> at its end
                last -= SEGMENT_COLUMNS
                m[SEGMENTS] -= 1
            add_segment(m, rows, 0, 0, S_BREAK)
            m[WAITING] = m[SEGMENTS] - rows[block + B_SEGMENT]
        else:
            m[SEGMENTS] = rows[block + B_SEGMENT]
        return
    rows[block + B_END_SEGMENT] = m[SEGMENTS]
    m[BLOCKS] += 1


@njit(cache=True, nogil=True, _nrt=False)
def drop_space(m: Any, rows: Any) -> Any:
    """Forget the white space behind the last line that waits."""
    while m[WAITING] and rows[m[SEGMENT_BASE] + (m[SEGMENTS] - 1) * SEGMENT_COLUMNS + G_KIND] != S_BREAK:
        m[SEGMENTS] -= 1
        m[WAITING] -= 1


@njit(cache=True, nogil=True, _nrt=False)
def add_text(data: Any, m: Any, rows: Any, start: Any, end: Any) -> Any:
    """Text at data[start:end]: into the open block, or into a new one from its first character that is no space."""
    top = m[HEIGHT] - 1
    if m[element_at(top) + K_SKIP]:
        return
    pre = m[element_at(top) + K_PRE]
    visible = start
    while visible < end and is_space(data[visible]):
        visible += 1
    if not m[OPEN]:
        if visible == end:
            if pre and start < end:  # the indentation of the line that comes
                add_segment(m, rows, start, end, m[LOOKS] | pre)
                m[WAITING] += 1
            return
        open_block(m, rows)
        if not pre:
            start = visible
    if visible < end:
        m[BROKEN] = 0
    block, looks = current(m), m[LOOKS] | pre
    if m[FRESH_LINK] and looks & LINKED and visible < end:
        m[FRESH_LINK] = 0
        rows[block + B_LINKS] += 1
    add_segment(m, rows, start, end, looks)
    count_text(data, m, rows, start, end, block, looks)


@njit(cache=True, nogil=True, _nrt=False)
def break_line(m: Any, rows: Any) -> Any:
    """A <br>: a new line; the second in a row ends the block."""
    top = m[HEIGHT] - 1
    if not m[OPEN] or m[element_at(top) + K_SKIP]:
        return
    pre = m[element_at(top) + K_PRE] & PRE
    if m[BROKEN] and not pre:
        end_block(m, rows)
        return
    block = current(m)
    end_word(m, rows, block)
    add_segment(m, rows, 0, 0, S_BREAK)
    rows[block + B_BREAKS] += 1
    m[BROKEN] = 1


@njit(cache=True, nogil=True, _nrt=False)
def add_formula(m: Any, rows: Any, start: Any, end: Any, kind: Any) -> Any:
    """A formula whose source is data[start:end]; it counts as two words."""
    if m[top_of(m) + K_SKIP]:
        return
    open_block(m, rows)
    m[BROKEN] = 0
    block = current(m)
    end_word(m, rows, block)
    add_segment(m, rows, start, end, kind)
    rows[block + B_UNITS] += 4
