"""What a first look at all blocks says about each: scores of the blocks around it, as features of a second look.

Likelihoods are whole numbers in 1/256, sums are weighted by units; everything is a byte in the end.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.extraction.html.feature_names import LEVELS
from pipeline.extraction.html.measures import share, size
from pipeline.extraction.html.page import N_LIKE, N_PARENT
from pipeline.extraction.html.tags import TAG
from pipeline.extraction.html.words import B_NODE, B_TAG, B_UNITS

NEAR: Final = (-4, -3, -2, -1, 1, 2, 3, 4)
REACHES: Final = (2, 5, 12)
CONTEXT: Final = (
    "logit",
    *(f"near{place:+d}" for place in NEAR),
    *(f"window{reach}" for reach in REACHES),
    *(f"level{level}" for level in range(LEVELS)),
    *("alike", "parent_alike", "page_mean", "page_max", "page_chosen", "section", "to_first", "to_last", "before"),
    *("nearest_before", "nearest_after"),
)
N_CONTEXT: Final = len(CONTEXT)
LOGIT_STEPS: Final = 64  # of the table of likelihoods, a logit; it reaches from -8 to 8
_SLOTS = 1 << 12
_H1, _H6 = TAG["h1"], TAG["h6"]


def likelihood_table() -> NDArray[np.int32]:
    """round(256 / (1 + exp(-x))) for x from -8 to 8. Shipped with the model, so that no CPU computes it anew."""
    return np.round(256 / (1 + np.exp(-np.arange(-8 * LOGIT_STEPS, 8 * LOGIT_STEPS + 1) / LOGIT_STEPS))).astype(
        np.int32
    )


@njit(cache=True, nogil=True)
def likelihoods(scores: Any, table: Any) -> Any:
    """Scores in 1/1024 of a logit as likelihoods in 1/256."""
    out = np.empty(len(scores), np.int32)
    for b in range(len(scores)):
        place = scores[b] // (1024 // LOGIT_STEPS) + 8 * LOGIT_STEPS
        out[b] = table[min(len(table) - 1, max(0, place))]
    return out


@njit(cache=True, nogil=True)
def context_of(blocks: Any, nodes: Any, scores: Any, likely: Any) -> Any:  # noqa: PLR0915 - one pass over the blocks
    """(blocks, N_CONTEXT) bytes, in the order of CONTEXT."""
    count = len(blocks)
    out = np.zeros((count, N_CONTEXT), np.uint8)
    weight = np.zeros(count + 1, np.int64)  # sums of units before each block, and of units times likelihood
    mass = np.zeros(count + 1, np.int64)
    held = np.zeros((len(nodes), 3), np.int64)
    alike = np.zeros((_SLOTS, 2), np.int64)
    parent_alike = np.zeros((_SLOTS, 2), np.int64)
    highest, chosen, first, last = np.int64(0), np.int64(0), count, -1
    for b in range(count):
        units, node = np.int64(blocks[b, B_UNITS]), blocks[b, B_NODE]
        value = units * likely[b]
        weight[b + 1], mass[b + 1] = weight[b] + units, mass[b] + value
        held[node, 0] += units
        held[node, 1] += value
        held[node, 2] += 1
        slot = nodes[node, N_LIKE] & (_SLOTS - 1)
        alike[slot, 0] += units
        alike[slot, 1] += value
        slot = nodes[max(0, nodes[node, N_PARENT]), N_LIKE] & (_SLOTS - 1)
        parent_alike[slot, 0] += units
        parent_alike[slot, 1] += value
        highest = max(highest, likely[b])
        if likely[b] >= 128:
            chosen += units
            first, last = min(first, b), b
    for n in range(len(nodes) - 1, 0, -1):
        for column in range(3):
            held[nodes[n, N_PARENT], column] += held[n, column]
    _sections(out, blocks, weight, mass)
    after = count + 200
    for b in range(count - 1, -1, -1):
        out[b, N_CONTEXT - 1] = size(after - b)
        if likely[b] >= 128:
            after = b
    before = -200
    total = max(1, weight[count])
    for b in range(count):
        row = out[b]
        row[0] = _logit(scores[b])
        c = 1
        for step in NEAR:
            if 0 <= b + step < count:
                row[c] = _logit(scores[b + step])
            c += 1
        for reach in REACHES:
            low, high = max(0, b - reach), min(count, b + reach + 1)
            row[c] = min(255, (mass[high] - mass[low]) // max(1, weight[high] - weight[low]))
            c += 1
        node, more = np.int64(blocks[b, B_NODE]), np.int64(0)
        for _ in range(LEVELS):
            while node > 0 and held[node, 2] <= more:
                node = np.int64(nodes[node, N_PARENT])
            more = held[node, 2]
            row[c] = min(255, held[node, 1] // max(1, held[node, 0]))
            c += 1
        node = np.int64(blocks[b, B_NODE])
        slot = nodes[node, N_LIKE] & (_SLOTS - 1)
        row[c] = min(255, alike[slot, 1] // max(1, alike[slot, 0]))
        slot = nodes[max(0, nodes[node, N_PARENT]), N_LIKE] & (_SLOTS - 1)
        row[c + 1] = min(255, parent_alike[slot, 1] // max(1, parent_alike[slot, 0]))
        row[c + 2] = min(255, mass[count] // total)
        row[c + 3] = min(255, highest)
        row[c + 4] = share(chosen, total)
        row[c + 6] = 128 + min(127, size(b - first)) if b >= first else 128 - min(127, size(first - b))
        row[c + 7] = 128 + min(127, size(b - last)) if b >= last else 128 - min(127, size(last - b))
        row[c + 8] = share(mass[b], mass[count])
        row[c + 9] = size(b - before)
        if likely[b] >= 128:
            before = b
    return out


@njit(cache=True, nogil=True, _nrt=False)
def _logit(score: Any) -> Any:
    """A score as a byte: 32 steps a logit, 128 is none, 0 stays for what is not there."""
    return min(255, max(1, 128 + score // 32))


@njit(cache=True, nogil=True)
def _sections(out: Any, blocks: Any, weight: Any, mass: Any) -> Any:
    """The mean likelihood from one heading to the next, in its column."""
    start, column = 0, N_CONTEXT - 6
    for b in range(1, len(blocks) + 1):
        if b == len(blocks) or _H1 <= blocks[b, B_TAG] <= _H6:
            mean = min(255, (mass[b] - mass[start]) // max(1, weight[b] - weight[start]))
            for inside in range(start, b):
                out[inside, column] = mean
            start = b
