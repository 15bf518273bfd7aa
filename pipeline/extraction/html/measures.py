"""Scales of features, and what each element of a page holds, is called and stands in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from pipeline.extraction.html.feature_names import (
    ARIA_BIT,
    AROUND_BIT,
    HIDDEN_BIT,
    ITEM_BIT,
    ROLE_BIT,
)
from pipeline.extraction.html.page import (
    ARIA_HIDDEN,
    HAS_ITEM,
    HAS_ROLE,
    HIDDEN,
    N_END_TOKEN,
    N_FLAGS,
    N_IMAGES,
    N_PARENT,
    N_TAG,
    N_TOKEN,
)
from pipeline.extraction.html.words import (
    B_COMMAS,
    B_CUES,
    B_LINK_UNITS,
    B_NODE,
    B_TERMINALS,
    B_UNITS,
)

H_UNITS, H_LINKS, H_MARKS, H_BLOCKS, H_IMAGES, H_CUES = range(6)  # sums over an element


@njit(cache=True, nogil=True, _nrt=False)
def size(value: Any) -> Any:
    """A count on a scale of eight steps an octave, 255 at most."""
    if value < 8:
        return max(value, 0)
    octave = 0
    while value >> octave >= 16:
        octave += 1
    return min(255, 8 * octave + (value >> octave))


@njit(cache=True, nogil=True, _nrt=False)
def share(part: Any, whole: Any) -> Any:
    """part / whole in 255ths; 0 where there is no whole."""
    return min(255, max(0, part * 255 // whole)) if whole > 0 else 0


@njit(cache=True, nogil=True, _nrt=False)
def score_byte(value: Any) -> Any:
    """A sum of scores of sub-words, shifted so that 128 is none."""
    return min(255, max(0, 128 + value))


@njit(cache=True, nogil=True)
def sums_of(blocks: Any, nodes: Any) -> Any:
    """What each element holds, blocks inside of inner elements too."""
    sums = np.zeros((len(nodes), 6), np.int64)
    for b in range(len(blocks)):
        row = sums[blocks[b, B_NODE]]
        row[H_UNITS] += blocks[b, B_UNITS]
        row[H_LINKS] += blocks[b, B_LINK_UNITS]
        row[H_MARKS] += blocks[b, B_COMMAS] + blocks[b, B_TERMINALS]
        row[H_BLOCKS] += 1
        row[H_CUES] += blocks[b, B_CUES]
    for n in range(len(nodes) - 1, -1, -1):
        sums[n, H_IMAGES] += nodes[n, N_IMAGES]
        if n:
            for column in range(6):
                sums[nodes[n, N_PARENT], column] += sums[n, column]
    return sums


@njit(cache=True, nogil=True)
def scores_of(nodes: Any, tokens: Any, table: Any) -> Any:
    """For each element: its sub-words' score, then sum, maximum and minimum of the scores from the root to it."""
    scores = np.zeros((len(nodes), 4), np.int64)
    for n in range(len(nodes)):
        own = 0
        for place in range(nodes[n, N_TOKEN], nodes[n, N_END_TOKEN]):
            own += table[tokens[place]]
        own = min(100, max(-100, own))
        scores[n, :] = own
        if n:
            p = nodes[n, N_PARENT]
            scores[n, 1] = min(120, max(-120, scores[p, 1] + own))
            scores[n, 2] = max(scores[p, 2], own)
            scores[n, 3] = min(scores[p, 3], own)
    return scores


@njit(cache=True, nogil=True)
def around_of(nodes: Any) -> Any:
    """For each element the bits of what it is in, itself too."""
    bits = np.zeros(len(nodes), np.int64)
    for n in range(len(nodes)):
        own = AROUND_BIT[nodes[n, N_TAG]]
        flags = nodes[n, N_FLAGS]
        own |= (HIDDEN_BIT if flags & HIDDEN else 0) | (ARIA_BIT if flags & ARIA_HIDDEN else 0)
        own |= (ROLE_BIT if flags & HAS_ROLE else 0) | (ITEM_BIT if flags & HAS_ITEM else 0)
        bits[n] = own | (bits[nodes[n, N_PARENT]] if n else 0)
    return bits
