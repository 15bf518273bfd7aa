"""How much of a part stands in a stretch of a document, word by word in order: a local alignment, or a run."""

from __future__ import annotations

from typing import Final, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from pipeline.contamination.arrays import U64

SUBSTITUTION: Final = 1500
INSERTION: Final = 1000
OMISSION: Final = 700
"""What a word that differs, one more in the document, and one that it leaves out cost, in the units of weights (1e-3
nats): two or three common words, or a third of a rare one, so that a stretch never hangs on common words alone."""


class Aligned(NamedTuple):
    """The best stretch: weights of the words that agree, how many do, and first and last place on both sides."""

    matched: int
    words: int
    part_first: int
    part_last: int
    text_first: int
    text_last: int


@numba.njit(cache=True)
def align(part: U64, weights: NDArray[np.int32], text: U64) -> Aligned:
    """The best local alignment (Smith and Waterman 1981) of the words of `part` and of `text`; time is their product.

    Of equally good ones the first to end.
    """
    width = len(text) + 1
    # by place in the text: score, matched weight, matched words, first place in the part, first in the text
    old, new = np.zeros((5, width), dtype=np.int64), np.zeros((5, width), dtype=np.int64)
    best, found = np.int64(0), Aligned(0, 0, 0, -1, 0, -1)
    for i in range(len(part)):
        new[0, 0] = 0
        for j in range(1, width):
            same = text[j - 1] == part[i]
            score = old[0, j - 1] + (weights[i] if same else -SUBSTITUTION)
            came = 0
            if old[0, j] - OMISSION > score:
                score, came = old[0, j] - OMISSION, 1
            if new[0, j - 1] - INSERTION > score:
                score, came = new[0, j - 1] - INSERTION, 2
            if score <= 0:
                new[0, j] = 0
                continue
            new[0, j] = score
            if came == 0 and same:
                fresh = old[0, j - 1] == 0
                new[1, j] = weights[i] if fresh else old[1, j - 1] + weights[i]
                new[2, j] = 1 if fresh else old[2, j - 1] + 1
                new[3, j] = i if fresh else old[3, j - 1]
                new[4, j] = j - 1 if fresh else old[4, j - 1]
                if score > best:
                    best = score
                    found = Aligned(new[1, j], new[2, j], new[3, j], i, new[4, j], j - 1)
            elif came == 0:
                new[1:, j] = old[1:, j - 1]
            elif came == 1:
                new[1:, j] = old[1:, j]
            else:
                new[1:, j] = new[1:, j - 1]
        old, new = new, old
    return found


@numba.njit(cache=True)
def longest_run(part: U64, weights: NDArray[np.int32], text: U64) -> Aligned:
    """The longest run of words in both; of equally long ones the first in the part, there the last in the text."""
    lengths = np.zeros(len(text) + 1, dtype=np.int64)
    most, part_last, text_last = 0, -1, -1
    for i in range(len(part)):
        for j in range(len(text), 0, -1):
            lengths[j] = lengths[j - 1] + 1 if text[j - 1] == part[i] else 0
            if lengths[j] > most:
                most, part_last, text_last = int(lengths[j]), i, j - 1
    first = part_last - most + 1
    return Aligned(int(weights[first : part_last + 1].sum()), most, first, part_last, text_last - most + 1, text_last)
