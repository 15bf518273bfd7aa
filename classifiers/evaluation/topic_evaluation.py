"""How often the most probable topic is right: five folds by site, and whole sources left out where that can be.

A source can be left out where the others have all labels between them. What is lost by it is the difference to models
that saw other sites of it and were trained on as many documents.
"""

from __future__ import annotations

import numpy as np

from classifiers.card.results import Estimate, LabelResult, TopicResult, listed, rounded
from classifiers.evaluation.quality_evaluation import CHUNK, FOLDS, MIN_SITES, Say
from classifiers.evaluation.scorers import Scorer
from classifiers.labelled.corpus import Corpus, Flags, Ints
from classifiers.metrics import Counts, Floats, site_weights


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
                chosen[name][held] = _choose(corpus, scorer, held, len(corpus))
    right = {name: (one == corpus.label).astype(np.float64) for name, one in chosen.items()}
    everybody = corpus.asked.astype(np.float64)
    accuracy = {name: mean(corpus, one, everybody, weights) for name, one in right.items()}
    outside, gaps = {}, []
    for number in _can_be_left_out(corpus):
        mine = (corpus.asked & (corpus.source == number)).astype(np.float64)
        say(f"fasttext: {corpus.sources[number].name} left out, then {FOLDS} folds with as many documents")
        unseen, seen = (
            mean(corpus, one, mine, weights) for one in _compared(corpus, scorers["fasttext"], number, folds)
        )
        outside[number] = unseen
        gaps.append(seen - unseen)
    return TopicResult(
        accuracy=Estimate.of(accuracy["fasttext"]),
        macro_f1=Estimate.of(_macro_f1(corpus, chosen["fasttext"], weights)),
        majority=round(float(np.bincount(corpus.label[corpus.asked]).max() / corpus.asked.sum()), 4),
        baseline=Estimate.of(accuracy["baseline"]),
        over_baseline=Estimate.of(accuracy["fasttext"] - accuracy["baseline"]),
        labels=tuple(_label(corpus, chosen["fasttext"], number) for number in range(len(corpus.labels))),
        left_out={corpus.sources[number].name: Estimate.of(one) for number, one in outside.items()},
        gap=Estimate.of(np.mean(gaps, axis=0)) if gaps else None,
    )


def _choose(corpus: Corpus, scorer: Scorer, held: Flags, most: int) -> Ints:
    """(held,): the most probable label by a model that saw none of their sites; -1 for a line without a word.

    It is trained on at most `most` documents, which may lack a rare label; ValueError where it lacks one uncut.
    """
    apart = ~held & corpus.apart(held)
    if missing := set(range(len(corpus.labels))) - set(corpus.label[apart].tolist()):
        names = listed(corpus.labels[number] for number in missing)
        raise ValueError(f"sources: too few documents labelled {names} to hold a part of them out; give more, or none")
    probabilities = scorer(corpus.first(apart, most), held)
    return np.where(probabilities.any(axis=1), probabilities.argmax(axis=1), -1)


def _can_be_left_out(corpus: Corpus) -> list[int]:
    """Sources of enough sites whose absence leaves every label."""
    found = []
    for number, source in enumerate(corpus.sources):
        held = corpus.source == number
        elsewhere = np.unique(corpus.label[~held & corpus.apart(held)])
        if source.sites >= MIN_SITES and len(elsewhere) == len(corpus.labels):
            found.append(number)
    return found


def _compared(corpus: Corpus, scorer: Scorer, number: int, folds: Ints) -> tuple[Floats, Floats]:
    """Each (documents,), 1 where the answer is right: by a model without the source, and by as large ones with it."""
    mine = corpus.source == number
    most = int((~mine & corpus.apart(mine)).sum())
    unseen, seen = np.zeros(len(corpus)), np.zeros(len(corpus))
    unseen[mine] = _choose(corpus, scorer, mine, most) == corpus.label[mine]
    for fold in np.unique(folds[mine]):
        held = mine & (folds == fold)
        seen[held] = _choose(corpus, scorer, held, most) == corpus.label[held]
    return unseen, seen


def mean(corpus: Corpus, values: Floats, of: Floats, weights: Counts) -> Floats:
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
        there, answered = corpus.asked & (corpus.label == number), corpus.asked & (chosen == number)
        both = _sums(corpus, (there & answered).astype(np.float64), weights)
        total = _sums(corpus, there.astype(np.float64) + answered, weights)
        scores.append(np.divide(2 * both, total, out=np.zeros(len(total)), where=total > 0))
    return np.asarray(np.mean(scores, axis=0))


def _label(corpus: Corpus, chosen: Ints, number: int) -> LabelResult:
    there, answered = corpus.asked & (corpus.label == number), corpus.asked & (chosen == number)
    right = int((there & answered).sum())
    return LabelResult(
        label=corpus.labels[number],
        documents=int(there.sum()),
        precision=rounded(right / int(answered.sum())) if answered.any() else None,
        recall=rounded(right / int(there.sum())) if there.any() else None,
    )
