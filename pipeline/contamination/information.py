"""How much a word says: rare ones much, those that stand everywhere little.

The benchmarks' own parts say how frequent a word is; where they are few, a background of English does: as if there
were so many more parts, of which the commonest words stand in every third.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.contamination.arrays import U64
from pipeline.contamination.tokens import tokens_of

BACKGROUND: Final = 20_000
"""Parts that the background stands for."""
ANY: Final = 10
"""Of them those that have a given word that is in no list."""

COMMON: Final = {
    6000: "the of and to in is for that with on as at be by it from are was this have not or but they he his you which "
    "what how will can has had its an if does do she her when who",
    1000: "about into more than their there these those them then some so other would could should may one all out up "
    "were been my your our we us me him where why after before between each every only over most such no same make "
    "made use used first new time day days year years way people get go like find following number many much because "
    "very just also any being both during take did per total called now while through down off back well even still "
    "here said say says know see come came want need good best better last long little own too "
    "work part place thing things world life man men woman women child children home house great old high small large "
    "left right next must might shall since until without within under again around another",
}
"""Words of English by how many parts of the background have them: the order of magnitude is what matters."""


@cache
def _background() -> dict[int, int]:
    return {int(tokens_of(word).hashes[0]): count for count, words in COMMON.items() for word in words.split()}


def information(words: U64, of_part: NDArray[np.intp], parts: int) -> NDArray[np.int32]:
    """ln(1 + parts / parts with the word) of every word, in 1e-3 nats; exact decimals, so equal on every machine."""
    order = np.lexsort((of_part, words))
    sorted_words, sorted_parts = words[order], of_part[order]
    is_first = np.ones(len(words), dtype=np.bool_)
    is_first[1:] = (sorted_words[1:] != sorted_words[:-1]) | (sorted_parts[1:] != sorted_parts[:-1])
    distinct, frequency = np.unique(sorted_words[is_first], return_counts=True)
    known = _background()
    of_distinct = [
        count + known.get(word, ANY) for word, count in zip(distinct.tolist(), frequency.tolist(), strict=True)
    ]
    total = parts + BACKGROUND
    logarithms = {count: round(1000 * (1 + Decimal(total) / count).ln()) for count in set(of_distinct)}
    weights = np.array([logarithms[count] for count in of_distinct], dtype=np.int32)
    return weights[np.searchsorted(distinct, words)] if len(words) else np.zeros(0, dtype=np.int32)
