"""What is judged of models of machine-written text: the manner alone, and pooled with fastText's words."""

from __future__ import annotations

import numpy as np

from classifiers.evaluation.scorers import Scorer
from classifiers.labelled.corpus import Corpus, Flags
from classifiers.metrics import Floats
from classifiers.models import manner_fitting
from classifiers.models.machine_written import likelihood
from classifiers.settings import POSITIVE


def by_manner(corpus: Corpus) -> Scorer:
    """Regressions of the manner alone."""

    def score(trained: Flags, asked: Flags) -> Floats:
        rows = corpus.repeated(trained)
        weights = manner_fitting.fit(corpus.manners[rows], corpus.label[rows] == corpus.labels.index(POSITIVE))
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
