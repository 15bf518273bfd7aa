"""A trained model asked of labelled documents: how well it ranks them, source by source."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np

from classifiers.card.card import MODEL_NAME, Card, read_beside
from classifiers.card.results import Estimate, Result, listed
from classifiers.evaluation.quality_evaluation import Say, replicated
from classifiers.evaluation.topic_evaluation import mean
from classifiers.labelled.corpus import Corpus
from classifiers.metrics import site_weights
from classifiers.models import machine_written, trained, trained_on
from classifiers.models.fasttext_model import FastTextModel
from classifiers.settings import NEGATIVE, POSITIVE, Settings
from classifiers.train import read


class Answer(Result):
    """quality, machine_written: ROC-AUC and average precision of a pair of sources. topic: accuracy on one source."""

    sources: tuple[str, ...]
    documents: int
    auc: Estimate | None = None
    average_precision: Estimate | None = None
    accuracy: Estimate | None = None


class Answers(Result):
    """What the model of `sha256` says of these sources. trained_on: how many of whose documents its training had."""

    sha256: str
    task: str
    answers: tuple[Answer, ...]
    trained_on: dict[str, int]


def evaluate(folder: Path, settings: Settings, say: Say) -> Answers:
    """Score every document of the sources.

    Raises ValueError or OSError where the model is not what its card says, or does not know a label of theirs.
    """
    path = folder / MODEL_NAME
    card = read_beside(path)
    model = trained.open_model(path, card.sha256, settings.task)
    corpus, _ = read(settings, say)
    if unknown := set(corpus.labels) - set(card.labels):
        raise ValueError(f"sources: the model knows no label {listed(unknown)}; it has {listed(card.labels)}")
    found = _topic(corpus, model, settings) if settings.task == "topic" else _ranked(corpus, model, card, settings)
    return Answers(sha256=card.sha256, task=card.task, answers=found, trained_on=_known(folder, corpus))


def _known(folder: Path, corpus: Corpus) -> dict[str, int]:
    counts = np.bincount(corpus.source[trained_on.known(folder, corpus.keys)], minlength=len(corpus.sources))
    return {one.name: int(count) for one, count in zip(corpus.sources, counts, strict=True) if count}


def _ranked(corpus: Corpus, model: FastTextModel, card: Card, settings: Settings) -> tuple[Answer, ...]:
    if settings.task == "machine_written":
        rows = zip(corpus.lines, corpus.manners.tolist(), strict=True)
        scored = [machine_written.score_line(model, card, line, tuple(manners)) for line, manners in rows]
    else:
        scored = [trained.score_line(model, line, POSITIVE) for line in corpus.lines]
    scores = np.array(scored, np.int64)
    weights = site_weights(corpus.site, corpus.source, settings.replicas, settings.seed)
    numbers = range(len(corpus.sources))
    sides = ([n for n in numbers if corpus.sources[n].label == label] for label in (POSITIVE, NEGATIVE))
    answers = []
    for pair in product(*sides):
        p, n = (np.flatnonzero(corpus.source == number) for number in pair)
        areas, precision = replicated(corpus, [(p, scores[p], n, scores[n])], weights)
        answers.append(
            Answer(
                sources=tuple(corpus.sources[number].name for number in pair),
                documents=len(p) + len(n),
                auc=Estimate.of(areas),
                average_precision=Estimate.of(precision),
            )
        )
    return tuple(answers)


def _topic(corpus: Corpus, model: FastTextModel, settings: Settings) -> tuple[Answer, ...]:
    said = [trained.best_line(model, line)[0] for line in corpus.lines]
    right = np.array([one == corpus.labels[label] for one, label in zip(said, corpus.label, strict=True)], np.float64)
    weights = site_weights(corpus.site, corpus.source, settings.replicas, settings.seed)
    answers = []
    for number, source in enumerate(corpus.sources):
        mine = (corpus.source == number).astype(np.float64)
        accuracy = Estimate.of(mean(corpus, right, mine, weights))
        answers.append(Answer(sources=(source.name,), documents=int(mine.sum()), accuracy=accuracy))
    return tuple(answers)
