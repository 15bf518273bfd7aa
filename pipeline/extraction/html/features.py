"""What the model sees of each block: 197 whole numbers from 0 to 255, the same on any machine.

Sizes are on a scale of eight steps an octave, shares in 255ths. Beside the block itself there are the elements around
it (how much text, links and marks they hold, what their class names have meant elsewhere), blocks that look alike,
blocks before and after it, and the page.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.extraction.html.feature_names import (
    LEVEL_FEATURES,
    LEVELS,
    N_AROUND,
    N_FEATURES,
    NEAR,
    NEAR_FEATURES,
    RANK,
)
from pipeline.extraction.html.hints import N_HINTS, PATH
from pipeline.extraction.html.measures import (
    H_BLOCKS,
    H_CUES,
    H_IMAGES,
    H_LINKS,
    H_MARKS,
    H_UNITS,
    around_of,
    score_byte,
    scores_of,
    share,
    size,
    sums_of,
)
from pipeline.extraction.html.page import (
    HINTS,
    N_DEPTH,
    N_LIKE,
    N_PARENT,
    N_TAG,
    PATH_DEPTH,
    Page,
)
from pipeline.extraction.html.tags import TAG
from pipeline.extraction.html.words import (
    B_BOLD,
    B_BREAKS,
    B_CAPITALISED,
    B_CODE,
    B_COMMAS,
    B_CUES,
    B_FUNCTION,
    B_HASH,
    B_INLINE_TAG,
    B_LAST_MARK,
    B_LETTERS,
    B_LINK_UNITS,
    B_LINKS,
    B_LONGEST,
    B_MARKS,
    B_NODE,
    B_NUMBERS,
    B_SEPARATORS,
    B_SHORT,
    B_SHOUTED,
    B_SUMMARY,
    B_TAG,
    B_TERMINALS,
    B_TITLE,
    B_UNITS,
    B_WORDS,
)

_H1, _H6, _P, _LI, _TD, _TH, _TABLE, _ARTICLE = (
    TAG[name] for name in ("h1", "h6", "p", "li", "td", "th", "table", "article")
)
_SLOTS = 1 << 12  # of the counts of what looks alike
_LONG_UNITS = 24  # twelve words: a sentence


@njit(cache=True, nogil=True)
def features_of(blocks: Any, nodes: Any, tokens: Any, table: Any, m: Any) -> Any:
    """The features of all blocks, a row each. One function per kind of feature fills its columns."""
    out = np.zeros((len(blocks), N_FEATURES), np.uint8)
    if len(blocks) == 0:
        return out
    sums, scores, around = sums_of(blocks, nodes), scores_of(nodes, tokens, table), around_of(nodes)
    alike = np.zeros((_SLOTS, 2), np.int64)
    for n in range(len(nodes)):
        slot = nodes[n, N_LIKE] & (_SLOTS - 1)
        alike[slot, 0] += 1
        alike[slot, 1] += sums[n, H_UNITS]
    column = _own(out, 0, blocks, nodes, sums, scores, alike)
    for b in range(len(blocks)):
        bits = around[blocks[b, B_NODE]]
        for place in range(N_AROUND):
            out[b, column + place] = (bits >> place) & 1
    column = _levels(out, column + N_AROUND, blocks, nodes, sums, scores, alike)
    column = _near(out, column, blocks)
    column = _page(out, column, blocks, nodes, sums, scores)
    for b in range(len(blocks)):
        for bit in range(N_HINTS):
            out[b, column + bit] = (m[HINTS] >> bit) & 1
        for place in range(len(PATH)):
            out[b, column + N_HINTS + place] = size(m[PATH_DEPTH + place])
    return out


@njit(cache=True, nogil=True)
def _own(out: Any, at: Any, blocks: Any, nodes: Any, sums: Any, scores: Any, alike: Any) -> Any:  # noqa: PLR0915 - one pass over the blocks
    """The block itself and where it stands; in the order of OWN."""
    count = len(blocks)
    total, long_total = sums[0, H_UNITS], 0
    seen = np.zeros(_SLOTS, np.int64)
    after = np.full(count + 1, count + 200, np.int64)  # the first long block from here on
    for b in range(count - 1, -1, -1):
        is_long = blocks[b, B_UNITS] >= _LONG_UNITS and blocks[b, B_LINK_UNITS] * 3 < blocks[b, B_UNITS]
        after[b] = b if is_long else after[b + 1]
        long_total += blocks[b, B_UNITS] if is_long else 0
        seen[blocks[b, B_HASH] & (_SLOTS - 1)] += 1
    heading = first_h1 = title = last_long = -200
    level = 0
    units_before, long_before = np.int64(0), np.int64(0)
    for b in range(count):
        block, row, c = blocks[b], out[b], at
        node, units, words = np.int64(block[B_NODE]), np.int64(block[B_UNITS]), block[B_WORDS]
        is_heading = _H1 <= block[B_TAG] <= _H6
        if is_heading:
            heading, level = b, 1 + block[B_TAG] - _H1
            if block[B_TAG] == _H1 and first_h1 < 0:
                first_h1 = b
        if title < 0 and words >= 3 and block[B_TITLE] * 4 >= words * 3 and block[B_LINK_UNITS] * 2 < units:
            title = b
        row[c] = size(units)
        row[c + 1] = share(block[B_LINK_UNITS], units)
        row[c + 2] = share(block[B_CAPITALISED], words)
        row[c + 3] = share(block[B_SHOUTED], words)
        row[c + 4] = share(block[B_NUMBERS], words)
        row[c + 5] = size(block[B_COMMAS])
        row[c + 6] = size(block[B_TERMINALS])
        row[c + 7] = size(block[B_MARKS])
        row[c + 8] = size(block[B_SEPARATORS])
        row[c + 9] = share(block[B_SHORT], words)
        row[c + 10] = min(255, block[B_LETTERS] * 32 // max(1, units))
        row[c + 11] = size(block[B_LINKS])
        row[c + 12] = share(block[B_FUNCTION], words)
        row[c + 13] = share(block[B_TITLE], words)
        row[c + 14] = share(block[B_SUMMARY], words)
        row[c + 15] = block[B_LAST_MARK]
        row[c + 16] = RANK[block[B_TAG]]
        row[c + 17] = RANK[block[B_INLINE_TAG]] if block[B_INLINE_TAG] else 0
        row[c + 18] = size(block[B_BREAKS])
        row[c + 19] = share(block[B_BOLD], units)
        row[c + 20] = min(255, block[B_LONGEST])
        row[c + 21] = share(block[B_CODE], units)
        row[c + 22] = size(seen[block[B_HASH] & (_SLOTS - 1)])
        row[c + 23] = min(255, nodes[node, N_DEPTH])
        row[c + 24] = share(b, count)
        row[c + 25] = share(units_before, total)
        row[c + 26] = size(b)
        row[c + 27] = size(count - b)
        row[c + 28] = score_byte(scores[node, 0])
        row[c + 29] = score_byte(scores[node, 2])
        row[c + 30] = score_byte(scores[node, 3])
        row[c + 31] = score_byte(scores[node, 1])
        row[c + 32] = score_byte(scores[0, 0])
        row[c + 33] = size(b - heading)
        row[c + 34] = level
        row[c + 35] = size(b - first_h1) if first_h1 >= 0 else 255
        row[c + 36] = first_h1 >= 0
        row[c + 37] = size(b - last_long)
        row[c + 38] = size(after[b + 1] - b)
        row[c + 39] = share(long_before, long_total)
        c += 40
        for reach in (2, 6):
            sum_units, sum_links = np.int64(0), np.int64(0)
            for near in range(max(0, b - reach), min(count, b + reach + 1)):
                sum_units += blocks[near, B_UNITS]
                sum_links += blocks[near, B_LINK_UNITS]
            row[c], row[c + 1] = size(sum_units), share(sum_links, sum_units)
            c += 2
        for other in (node, np.int64(nodes[node, N_PARENT]) if node else np.int64(0)):
            slot = nodes[other, N_LIKE] & (_SLOTS - 1)
            row[c], row[c + 1] = size(alike[slot, 0]), size(alike[slot, 1] // max(1, alike[slot, 0]))
            c += 2
        row[c], row[c + 1] = (size(b - title) if title >= 0 else 255), title >= 0
        near_cues = np.int64(0)
        for near in range(max(0, b - 3), min(count, b + 4)):
            near_cues += blocks[near, B_CUES]
        row[c + 2], row[c + 3], row[c + 4] = size(block[B_CUES]), share(block[B_CUES], words), size(near_cues)
        c += 5
        units_before += units
        if after[b] == b:
            last_long = b
            long_before += units
    return c


@njit(cache=True, nogil=True)
def _levels(out: Any, at: Any, blocks: Any, nodes: Any, sums: Any, scores: Any, alike: Any) -> Any:
    """The LEVELS elements around a block of which each holds more blocks than the one before."""
    total = sums[0, H_UNITS]
    for b in range(len(blocks)):
        c, node, held = at, np.int64(blocks[b, B_NODE]), np.int64(0)
        row = out[b]
        for _ in range(LEVELS):
            while node > 0 and sums[node, H_BLOCKS] <= held:
                node = np.int64(nodes[node, N_PARENT])
            held = sums[node, H_BLOCKS]
            units = sums[node, H_UNITS]
            slot = nodes[node, N_LIKE] & (_SLOTS - 1)
            row[c] = size(units)
            row[c + 1] = share(sums[node, H_LINKS], units)
            row[c + 2] = share(4 * sums[node, H_MARKS], units)
            row[c + 3] = size(held)
            row[c + 4] = share(units, total)
            row[c + 5] = score_byte(scores[node, 0])
            row[c + 6] = RANK[nodes[node, N_TAG]]
            row[c + 7] = size(sums[node, H_IMAGES])
            row[c + 8] = size(alike[slot, 0])
            row[c + 9] = share(8 * sums[node, H_CUES], units)
            c += len(LEVEL_FEATURES)
    return at + LEVELS * len(LEVEL_FEATURES)


@njit(cache=True, nogil=True)
def _near(out: Any, at: Any, blocks: Any) -> Any:
    """The blocks before and after; zeros beyond the page."""
    for b in range(len(blocks)):
        c = at
        for step in NEAR:
            other = b + step
            if 0 <= other < len(blocks):
                units = blocks[other, B_UNITS]
                out[b, c] = size(units)
                out[b, c + 1] = share(blocks[other, B_LINK_UNITS], units)
                out[b, c + 2] = RANK[blocks[other, B_TAG]]
                out[b, c + 3] = share(4 * (blocks[other, B_COMMAS] + blocks[other, B_TERMINALS]), units)
            c += len(NEAR_FEATURES)
    return at + len(NEAR) * len(NEAR_FEATURES)


@njit(cache=True, nogil=True)
def _page(out: Any, at: Any, blocks: Any, nodes: Any, sums: Any, scores: Any) -> Any:
    """What holds of the whole page; in the order of PAGE."""
    total, count = sums[0, H_UNITS], len(blocks)
    long = paragraphs = h1 = h2 = lists = cells = function = words = code = articles = score = 0
    for b in range(count):
        block = blocks[b]
        units, tag = block[B_UNITS], block[B_TAG]
        long += units if units >= _LONG_UNITS and block[B_LINK_UNITS] * 3 < units else 0
        paragraphs += units if tag == _P else 0
        lists += units if tag == _LI else 0
        cells += units if tag in (_TD, _TH) else 0
        code += block[B_CODE]
        h1 += tag == _H1
        h2 += tag == _H1 + 1
        function += block[B_FUNCTION]
        words += block[B_WORDS]
        score += scores[block[B_NODE], 1] * units
    for n in range(len(nodes)):
        articles += nodes[n, N_TAG] == _ARTICLE
    values = (
        size(total),
        share(sums[0, H_LINKS], total),
        size(count),
        share(long, total),
        share(paragraphs, total),
        size(h1),
        size(h2),
        share(lists, total),
        share(cells, total),
        share(function, words),
        share(4 * sums[0, H_MARKS], total),
        size(articles),
        share(code, total),
        score_byte(score // max(1, total)),
        size(sums[0, H_IMAGES]),
        share(8 * sums[0, H_CUES], total),
    )
    c = at
    for value in values:
        for b in range(count):
            out[b, c] = value
        c += 1
    return c


def features(page: Page, table: NDArray[np.int8]) -> NDArray[np.uint8]:
    """(blocks, N_FEATURES) of a scanned page; `table` scores the sub-words of class and id by bucket."""
    return np.asarray(features_of(page.blocks, page.nodes, page.tokens, table, page.memory))
