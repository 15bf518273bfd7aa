"""How often the most probable topic is right: five folds by site, and whole sources left out where that can be."""

from __future__ import annotations

import numpy as np

from classifiers.corpus import Corpus, Flags, Floats, Ints
from classifiers.metrics import Counts, site_weights
from classifiers.quality_evaluation import CHUNK, FOLDS, MIN_SITES, Say
from classifiers.results import Estimate, LabelResult, TopicResult, rounded
from classifiers.scorers import Scorer


def evaluate(corpus: Corpus, scorers: dict[str, Scorer], replicates: int, seed: int, say: Say) -> TopicResult:
    """Judge `scorers["fasttext"]` beside `scorers["baseline"]`. ValueError where a label has too few documents."""
    weights = site_weights(corpus.site, corpus.source, replicates, seed)
    folds = corpus.folds(FOLDS, seed)
    chosen = {}
    for name, scorer in scorers.items():
        say(f"{name}: {FOLDS} folds by site")
        chosen[name] = np.full(len(corpus), -1, np.int64)
        for fold in range(FOLDS):
            if (held := folds == fold).any():
                chosen[name][held] = _choose(corpus, scorer, held)
    right = {name: (one == corpus.label).astype(np.float64) for name, one in chosen.items()}
    everybody = np.ones(len(corpus))
    accuracy = {name: _mean(corpus, one, everybody, weights) for name, one in right.items()}
    outside = _left_out(corpus, scorers["fasttext"], say)
    mine = {number: (corpus.source == number).astype(np.float64) for number in outside}
    seen = {number: _mean(corpus, right["fasttext"], one, weights) for number, one in mine.items()}
    unseen = {number: _mean(corpus, outside[number], one, weights) for number, one in mine.items()}
    return TopicResult(
        accuracy=Estimate.of(accuracy["fasttext"]),
        macro_f1=Estimate.of(_macro_f1(corpus, chosen["fasttext"], weights)),
        majority=round(float(np.bincount(corpus.label).max() / len(corpus)), 4),
        baseline=Estimate.of(accuracy["baseline"]),
        over_baseline=Estimate.of(accuracy["fasttext"] - accuracy["baseline"]),
        labels=tuple(_label(corpus, chosen["fasttext"], number) for number in range(len(corpus.labels))),
        left_out={corpus.sources[number].name: Estimate.of(one) for number, one in unseen.items()},
        gap=Estimate.of(np.mean([seen[n] - unseen[n] for n in outside], axis=0)) if outside else None,
    )


def _choose(corpus: Corpus, scorer: Scorer, held: Flags) -> Ints:
    """(held,): the most probable label by a model that saw none of their sites; -1 for a line without a word."""
    trained = ~held & corpus.apart(held)
    missing = set(range(len(corpus.labels))) - set(np.unique(corpus.label[trained]).tolist())
    if missing:
        names = ", ".join(corpus.labels[number] for number in sorted(missing))
        raise ValueError(f"sources: too few documents labelled {names} to hold a part of them out; give more, or none")
    probabilities = scorer(trained, held)
    return np.where(probabilities.any(axis=1), probabilities.argmax(axis=1), -1)


def _left_out(corpus: Corpus, scorer: Scorer, say: Say) -> dict[int, Floats]:
    """source -> (documents,) whether the answer is right, where the other sources have all labels between them."""
    found = {}
    for number, source in enumerate(corpus.sources):
        held = corpus.source == number
        elsewhere = set(np.unique(corpus.label[~held & corpus.apart(held)]).tolist())
        if source.sites < MIN_SITES or len(elsewhere) < len(corpus.labels):
            continue
        say(f"fasttext: {source.name} left out")
        right = np.zeros(len(corpus))
        right[held] = _choose(corpus, scorer, held) == corpus.label[held]
        found[number] = right
    return found


def _mean(corpus: Corpus, values: Floats, of: Floats, weights: Counts) -> Floats:
    """(replicates,): the mean of `values` over the documents where `of` is 1."""
    with np.errstate(invalid="ignore"):
        return _sums(corpus, values * of, weights) / _sums(corpus, of, weights)


def _sums(corpus: Corpus, values: Floats, weights: Counts) -> Floats:
    """(replicates,): the weighted sum of (documents,) values; exact for integers."""
    by_site = np.bincount(corpus.site, weights=values, minlength=corpus.site_count)
    parts = [weights[start : start + CHUNK].astype(np.float64) @ by_site for start in range(0, len(weights), CHUNK)]
    return np.concatenate(parts)


def _macro_f1(corpus: Corpus, chosen: Ints, weights: Counts) -> Floats:
    """(replicates,): the mean over labels of 2 right / (answered + there)."""
    scores = []
    for number in range(len(corpus.labels)):
        there, answered = corpus.label == number, chosen == number
        both = _sums(corpus, (there & answered).astype(np.float64), weights)
        total = _sums(corpus, there.astype(np.float64) + answered, weights)
        scores.append(np.divide(2 * both, total, out=np.zeros(len(total)), where=total > 0))
    return np.asarray(np.mean(scores, axis=0))


def _label(corpus: Corpus, chosen: Ints, number: int) -> LabelResult:
    there, answered = corpus.label == number, chosen == number
    right = int((there & answered).sum())
    return LabelResult(
        label=corpus.labels[number],
        documents=int(there.sum()),
        precision=rounded(right / int(answered.sum())) if answered.any() else None,
        recall=round(right / int(there.sum()), 4),
    )
