"""Who is evaluated: fastText and the baseline behind one call, train here, ask there."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from classifiers.labelled.corpus import Corpus, Flags
from classifiers.metrics import Floats
from classifiers.models import shape
from classifiers.models.fasttext_model import FastTextModel
from classifiers.models.fasttext_training import train
from classifiers.settings import FastTextSettings

Scorer = Callable[[Flags, Flags], Floats]
"""Train on the one, ask of the other: (asked, labels) probabilities; 0 for a label that training did not have."""


def fasttext(corpus: Corpus, settings: FastTextSettings, seed: int) -> Scorer:
    """Models of fastText, each forgotten once it has answered. A line without a word gets 0 for every label."""

    def score(trained: Flags, asked: Flags) -> Floats:
        names = corpus.labels
        lines = ((names[corpus.label[index]], corpus.lines[index]) for index in corpus.repeated(trained))
        with tempfile.TemporaryDirectory(prefix="riffle-classifier-") as folder:
            path = Path(folder) / "model.bin"
            train(lines, settings, seed, path)
            model = FastTextModel(path)
        found = np.zeros((int(asked.sum()), len(names)))
        for row, index in enumerate(np.flatnonzero(asked)):
            if line := corpus.lines[index]:
                for label, probability in model.predict(line, len(names)):
                    found[row, names.index(label)] = probability
        return found

    return score


def source_only(corpus: Corpus) -> Scorer:
    """Nothing but the source: the shares of labels among its documents in training; even odds for one that is new."""

    def score(trained: Flags, asked: Flags) -> Floats:
        rows = corpus.repeated(trained)
        counts = np.zeros((len(corpus.sources), len(corpus.labels)))
        np.add.at(counts, (corpus.source[rows], corpus.label[rows]), 1.0)
        counts[counts.sum(axis=1) == 0] = 1.0
        return np.asarray((counts / counts.sum(axis=1, keepdims=True))[corpus.source[asked]])

    return score


def remembered(scorer: Scorer) -> Scorer:
    """The same, each question asked once."""
    known: dict[tuple[bytes, bytes], Floats] = {}

    def score(trained: Flags, asked: Flags) -> Floats:
        key = (trained.tobytes(), asked.tobytes())
        if key not in known:
            known[key] = scorer(trained, asked)
        return known[key]

    return score


def baseline(corpus: Corpus) -> Scorer:
    """Logistic regressions on length and punctuation."""

    def score(trained: Flags, asked: Flags) -> Floats:
        rows = corpus.repeated(trained)
        there, classes = np.unique(corpus.label[rows], return_inverse=True)
        found = np.zeros((int(asked.sum()), len(corpus.labels)))
        found[:, there] = shape.probabilities(corpus.shapes[rows], classes.ravel(), corpus.shapes[asked])
        return found

    return score
