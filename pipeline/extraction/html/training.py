"""How the model of main text is trained: scores of sub-words, a first look, a second look over the first one's scores.

What a row is trained with must not know the row's own label: sub-word scores and first looks come from models that were
fitted without its site, as they will at work.
"""

from __future__ import annotations

import zlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.extraction.html.attributes import TOKEN_BUCKETS
from pipeline.extraction.html.boost import Fitting, Trees, fit
from pipeline.extraction.html.context import likelihood_table
from pipeline.extraction.html.features import features
from pipeline.extraction.html.labels import block_words, matched_share, multiset_f1, words_of
from pipeline.extraction.html.model import BlockModel, second_look
from pipeline.extraction.html.page import N_END_TOKEN, N_PARENT, N_TOKEN, Page
from pipeline.extraction.html.words import B_NODE, B_UNITS

FIRST: Final = Fitting(trees=150, shrink=0.15, column_share=0.3, smoothing=20.0, seed=1)
SECOND: Final = Fitting(trees=200, shrink=0.12, column_share=0.3, smoothing=20.0, seed=2)
SUBWORD_FOLDS: Final = 5
LOOK_FOLDS: Final = 3
LABEL_SHARE: Final = 0.5  # of a block's words that must be in the gold text
MAX_PAGE_WEIGHT: Final = 3.0  # gold texts: a page with thirty times its main text around it must not weigh as thirty
KEPT_WEIGHT: Final = 0.01  # rows below it are sampled by weight, and weigh this
SCORE_ONE: Final = 16  # a logit of one, in sub-word scores
PRIOR: Final = 0.4  # share of main text that is assumed of a sub-word nobody has seen
PRIOR_SITES: Final = 1.5
MIN_SITES: Final = 2


@dataclass(frozen=True, slots=True)
class Example:
    """A scanned page, the words of its blocks and of its gold text, and the share of each block that is main text."""

    site: str
    kind: str
    page: Page
    words: list[list[str]]
    gold: Counter[str]
    share: NDArray[np.float64]
    subwords: dict[int, float]

    def f1(self, chosen: NDArray[np.bool_]) -> float:
        """Word F1 of the chosen blocks."""
        found = Counter(word for at in np.flatnonzero(chosen) for word in self.words[at])
        return multiset_f1(found, self.gold)


def example_of(page: Page, text: str, site: str, kind: str) -> Example:
    """A page with its gold text as an example."""
    words, gold = block_words(page), words_of(text)
    share = matched_share(words, gold)
    return Example(site, kind, page, words, Counter(gold), share, _subword_shares(page, share))


def fold_of(site: str, folds: int, salt: str = "") -> int:
    """The fold of a site; all its pages are in one."""
    return zlib.crc32(f"{salt}{site}".encode()) % folds


def _subword_shares(page: Page, share: NDArray[np.float64]) -> dict[int, float]:
    """For each bucket of sub-words: the share of main text in the elements that bear one."""
    nodes, tokens = page.nodes, page.tokens
    held = np.zeros((len(nodes), 2))
    units = page.blocks[:, B_UNITS]
    np.add.at(held, page.blocks[:, B_NODE], np.stack((units * share, units), axis=1))
    for node in range(len(nodes) - 1, 0, -1):
        held[nodes[node, N_PARENT]] += held[node]
    sums: dict[int, Any] = {}
    for node in np.flatnonzero(held[:, 1] > 0).tolist():
        for bucket in set(tokens[nodes[node, N_TOKEN] : nodes[node, N_END_TOKEN]].tolist()):
            sums[bucket] = sums.get(bucket, 0) + held[node]
    return {bucket: float(main / every) for bucket, (main, every) in sums.items()}


def subword_scores(examples: Sequence[Example]) -> NDArray[np.int8]:
    """Log odds of main text in elements that bear a sub-word, over sites; 0 where fewer than MIN_SITES have it."""
    by_bucket: dict[int, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for example in examples:
        for bucket, share in example.subwords.items():
            by_bucket[bucket][example.site].append(share)
    scores = np.zeros(TOKEN_BUCKETS, np.int8)
    for bucket, sites in by_bucket.items():
        if len(sites) < MIN_SITES:
            continue
        main = sum(float(np.mean(shares)) for shares in sites.values())
        odds = (main + PRIOR_SITES * PRIOR) / (len(sites) - main + PRIOR_SITES * (1 - PRIOR))
        logit = np.log(odds) - np.log(PRIOR / (1 - PRIOR))
        scores[bucket] = int(np.clip(round(SCORE_ONE * float(logit)), -60, 60))
    return scores


def _weights(example: Example) -> NDArray[np.float64]:
    """A word weighs one over the words of its page's gold text."""
    sizes = np.array([len(words) for words in example.words], float) / max(20, example.gold.total())
    return sizes / max(1.0, float(sizes.sum()) / MAX_PAGE_WEIGHT) + 1e-4


def _fit(examples: Sequence[Example], rows: Sequence[NDArray[np.uint8]], how: Fitting) -> Trees:
    labels = np.concatenate([example.share for example in examples]) >= LABEL_SHARE
    weights = np.concatenate([_weights(example) for example in examples])
    chance = np.minimum(1, weights / KEPT_WEIGHT)
    kept = np.random.default_rng(how.seed).random(len(weights)) < chance
    return fit(np.concatenate(rows)[kept], labels[kept], (weights / chance)[kept], how)


def train(examples: Sequence[Example]) -> BlockModel:
    """The model of these examples."""
    table = likelihood_table()
    folds = [fold_of(example.site, SUBWORD_FOLDS, "subwords") for example in examples]
    rows: list[NDArray[np.uint8]] = [np.empty((0, 0), np.uint8)] * len(examples)
    for fold in range(SUBWORD_FOLDS):
        scores = subword_scores([example for example, own in zip(examples, folds, strict=True) if own != fold])
        for at, example in enumerate(examples):
            if folds[at] == fold:
                rows[at] = features(example.page, scores)
    folds = [fold_of(example.site, LOOK_FOLDS, "looks") for example in examples]
    second = [np.empty((0, 0), np.uint8)] * len(examples)
    for fold in range(LOOK_FOLDS):
        others = [at for at, own in enumerate(folds) if own != fold]
        look = _fit([examples[at] for at in others], [rows[at] for at in others], FIRST)
        for at, own in enumerate(folds):
            if own == fold:
                second[at] = second_look(examples[at].page, rows[at], look, table)
    return BlockModel(subword_scores(examples), _fit(examples, rows, FIRST), _fit(examples, second, SECOND), table)
