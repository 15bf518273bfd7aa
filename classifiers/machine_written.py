"""The likelihood that a machine wrote a text: what fastText says of its words and a regression of its manner, pooled.

The mean of both log-odds. Neither is a calibrated probability of the world's texts: the card says how far it may be
believed.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from classifiers import manner
from classifiers.card import Card
from classifiers.corpus import Corpus, Flags, Floats
from classifiers.fasttext_model import FastTextModel, fixed_point
from classifiers.preparation import prepare
from classifiers.scorers import Scorer
from classifiers.settings import POSITIVE

FLOOR: Final = 1e-3
"""fastText's certainty is cut here: of words that stood in one source alone it is beyond all reason."""


def likelihood(words: float, manner_odds: float) -> float:
    """0 to 1, of fastText's probability and the log-odds of the manner."""
    cut = min(1 - FLOOR, max(FLOOR, words))
    odds = (math.log(cut / (1 - cut)) + manner_odds) / 2
    return 1 / (1 + math.exp(-max(-700.0, min(700.0, odds))))


def score(model: FastTextModel, card: Card, utf8: bytes | memoryview) -> int:
    """The likelihood in units of 1e-4, 0 to 10000; 0 for a text without a word."""
    return score_line(model, card, prepare(utf8), manner.manner_of(utf8))


def score_line(model: FastTextModel, card: Card, line: str, manners: tuple[float, ...]) -> int:
    """The same of a prepared line and the manner of its text. ValueError for a card without weights of the manner."""
    if card.manner is None or card.manner.version != manner.VERSION:
        raise ValueError("the model's card has no weights of this version of the manner; train it again")
    if not line:
        return 0
    found = dict(model.predict(line, len(model.labels)))
    return fixed_point(likelihood(found.get(POSITIVE, 0.0), manner.log_odds(card.manner, manners)))


def by_manner(corpus: Corpus) -> Scorer:
    """Regressions of the manner alone."""

    def score(trained: Flags, asked: Flags) -> Floats:
        rows = corpus.repeated(trained)
        weights = manner.fit(corpus.manners[rows], corpus.label[rows] == corpus.labels.index(POSITIVE))
        odds = corpus.manners[asked] @ np.array(weights.weights) + weights.bias
        return _both(corpus, 1 / (1 + np.exp(-np.clip(odds, -700, 700))))

    return score


def pooled(corpus: Corpus, words: Scorer, by_manner: Scorer) -> Scorer:
    """Both together, as `likelihood` has it."""

    def score(trained: Flags, asked: Flags) -> Floats:
        at = corpus.labels.index(POSITIVE)
        manners = np.clip(by_manner(trained, asked)[:, at], 1e-12, 1 - 1e-12)
        pairs = zip(words(trained, asked)[:, at], np.log(manners / (1 - manners)), strict=True)
        return _both(corpus, np.array([likelihood(float(word), float(odds)) for word, odds in pairs]))

    return score


def _both(corpus: Corpus, positive: Floats) -> Floats:
    """(asked, labels) of the positives' probability."""
    found = np.stack([1 - positive, positive], axis=1)
    return found if corpus.labels.index(POSITIVE) == 1 else found[:, ::-1]
