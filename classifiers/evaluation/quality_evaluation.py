"""Quality or the source? The same pairs of sources, judged by models that saw both and by models that saw neither.

*Left out*: for each pair of a positive and a negative source a model is trained on all the others. Leaving out only one
would let the model know the other by sight. *In source*: five folds by site; each source is in training. Both give one
AUC for each pair and the mean over the pairs; the models in source are trained on no more documents than those left
out on the mean. So what differs is whether the sources were seen. In both, what shares a site or a near-duplicate with
what is asked is taken out of training. Intervals resample whole sites of these sources; that there are only a few
sources is not in them: read the range over the pairs as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from classifiers.card.results import Beside, Estimate, Identity, Pair, QualityResult, Split, Threshold, rounded
from classifiers.evaluation.scorers import Scorer
from classifiers.labelled.corpus import Corpus, Flags, Ints
from classifiers.metrics import Counts, Floats, auc, average_precision, concordance, site_weights
from classifiers.models.fasttext_model import SCORE_UNITS
from classifiers.settings import NEGATIVE, POSITIVE

FOLDS = 5
MIN_SITES = 10
"""A source of fewer is trained on and never left out: the AUC of a handful of sites says nothing."""
IDENTITY_SITES = 30
"""Of a source that is told apart by the score: of the 6 pairs of four sources that differ in nothing one reaches an AUC
of 0.75 in 27 of 100 cases with 10 sites each, in 4 of 1,000 with 30."""
THRESHOLDS = (1000, 3000, 5000, 7000, 9000)
CHUNK = 100  # replicates at a time: bounds the memory of a pair

Say = Callable[[str], None]


@dataclass(frozen=True)
class Judged:
    """What one model said of documents: (n,) indices and (n,) scores in 1e-4."""

    documents: Ints
    scores: Ints
    trained_on: int
    kept_apart: int


@dataclass(frozen=True)
class PairScores:
    """A pair of sources and blocks of documents, each judged by one model: documents are compared within a block."""

    positive: int
    negative: int
    blocks: list[Judged]


def evaluate(corpus: Corpus, scorers: dict[str, Scorer], replicates: int, seed: int, say: Say) -> QualityResult:
    """Judge the first of the scorers beside `scorers["baseline"]`; of others only the AUC is told.

    ValueError where too few sources have enough sites.
    """
    headline = next(iter(scorers))
    positives, negatives = (_large(corpus, label) for label in (POSITIVE, NEGATIVE))
    pairs = list(product(positives, negatives))
    weights = site_weights(corpus.site, corpus.source, replicates, seed)
    folds = corpus.folds(FOLDS, seed)
    outside, inside = {}, {}
    for name, scorer in scorers.items():
        say(f"{name}: {len(pairs)} pairs of sources left out, then {FOLDS} folds by site")
        left_out = [PairScores(*pair, [_left_out(corpus, scorer, pair)]) for pair in pairs]
        outside[name] = _split(corpus, left_out, weights)
        most = round(np.mean([pair.blocks[0].trained_on for pair in left_out]))
        in_source = [_judge(corpus, scorer, folds == fold, most) for fold in np.unique(folds)]
        inside[name] = _split(corpus, [PairScores(*pair, in_source) for pair in pairs], weights)
        if name == headline:
            identity, thresholds = _identity(corpus, in_source), _thresholds(corpus, left_out)
    (outer, outer_auc), (inner, inner_auc) = outside[headline], inside[headline]
    return QualityResult(
        left_out=outer,
        in_source=inner,
        gap=Estimate.of(inner_auc - outer_auc),
        baseline_left_out=outside["baseline"][0].auc,
        baseline_in_source=inside["baseline"][0].auc,
        over_baseline=Estimate.of(outer_auc - outside["baseline"][1]),
        identity=identity,
        thresholds=thresholds,
        beside={
            name: Beside(left_out=outside[name][0].auc, in_source=inside[name][0].auc)
            for name in scorers
            if name not in (headline, "baseline")
        },
        never_left_out=tuple(one.name for one in corpus.sources if one.sites < MIN_SITES),
    )


def _large(corpus: Corpus, label: str) -> list[int]:
    mine = [number for number, one in enumerate(corpus.sources) if one.label == label]
    large = [number for number in mine if corpus.sources[number].sites >= MIN_SITES]
    if not large:
        counts = ", ".join(f"{corpus.sources[number].name} {corpus.sources[number].sites}" for number in mine)
        raise ValueError(
            f"sources: no {label} one has {MIN_SITES} sites, so none can be left out ({counts}); give more documents, "
            "or leave out `site:` if it names too much in one"
        )
    return large


def _left_out(corpus: Corpus, scorer: Scorer, pair: tuple[int, int]) -> Judged:
    return _judge(corpus, scorer, np.isin(corpus.source, pair), len(corpus))


def _judge(corpus: Corpus, scorer: Scorer, held: Flags, most: int) -> Judged:
    apart = ~held & corpus.apart(held)
    trained = corpus.first(apart, most)
    if len(np.unique(corpus.label[trained])) < len(corpus.labels):
        names = ", ".join(corpus.sources[number].name for number in np.unique(corpus.source[held]))
        raise ValueError(
            f"sources: without {names} and what shares sites or text with it, a label has no document left"
        )
    probability = scorer(trained, held)[:, corpus.labels.index(POSITIVE)]
    scores = np.floor(probability * SCORE_UNITS + 0.5).astype(np.int64)
    return Judged(np.flatnonzero(held), scores, int(trained.sum()), int((~held & ~apart).sum()))


def _sides(corpus: Corpus, pair: PairScores) -> list[tuple[Ints, Ints, Ints, Ints]]:
    """For each block: documents and scores of the positive source, then of the negative one."""
    sides = []
    for block in pair.blocks:
        asked, source = corpus.asked[block.documents], corpus.source[block.documents]
        p, n = (asked & (source == number) for number in (pair.positive, pair.negative))
        sides.append((block.documents[p], block.scores[p], block.documents[n], block.scores[n]))
    return sides


def _split(corpus: Corpus, pairs: list[PairScores], weights: Counts) -> tuple[Split, Floats]:
    """The split's figures, and the mean AUC of each replicate."""
    aucs, precisions, found = [], [], []
    for pair in pairs:
        sides = _sides(corpus, pair)
        areas, precision = replicated(corpus, sides, weights)
        aucs.append(areas)
        precisions.append(precision)
        found.append(
            Pair(
                positive=corpus.sources[pair.positive].name,
                negative=corpus.sources[pair.negative].name,
                positives=sum(len(side[0]) for side in sides),
                negatives=sum(len(side[2]) for side in sides),
                trained_on=round(np.mean([block.trained_on for block in pair.blocks])),
                kept_apart=round(np.mean([block.kept_apart for block in pair.blocks])),
                auc=Estimate.of(areas),
                average_precision=Estimate.of(precision),
            )
        )
    mean = np.mean(aucs, axis=0)
    split = Split(
        auc=Estimate.of(mean),
        average_precision=Estimate.of(np.mean(precisions, axis=0)),
        lowest_auc=round(float(min(one[0] for one in aucs)), 4),
        pairs=tuple(found),
    )
    return split, mean


def replicated(corpus: Corpus, sides: list[tuple[Ints, Ints, Ints, Ints]], weights: Counts) -> tuple[Floats, Floats]:
    """AUC (compared within blocks) and average precision (over all blocks together), each (replicates,).

    A side is a block: documents and scores of the positive source, then of the negative one.
    """
    areas, precisions = [], []
    scores = [np.concatenate([side[place] for side in sides]) for place in (1, 3)]
    for start in range(0, len(weights), CHUNK):
        part = weights[start : start + CHUNK].astype(np.float64)
        drawn = [(part[:, corpus.site[side[0]]], part[:, corpus.site[side[2]]]) for side in sides]
        sums = sum(concordance(side[1], side[3], *one) for side, one in zip(sides, drawn, strict=True))
        with np.errstate(invalid="ignore", divide="ignore"):
            areas.append(np.asarray(sums)[:, 0] / np.asarray(sums)[:, 1])
        precisions.append(average_precision(*scores, *(np.hstack([one[place] for one in drawn]) for place in (0, 1))))
    return np.concatenate(areas), np.concatenate(precisions)


def _identity(corpus: Corpus, in_source: list[Judged]) -> Identity | None:
    """From the folds: every source was seen in training, none of these documents."""
    found = []
    large = [number for number, one in enumerate(corpus.sources) if one.sites >= IDENTITY_SITES]
    for a, b in combinations(large, 2):
        if corpus.sources[a].label != corpus.sources[b].label:
            continue
        sides = _sides(corpus, PairScores(a, b, in_source))
        pairs = np.array([len(side[0]) * len(side[2]) for side in sides])
        areas = np.array([auc(side[1], side[3]) if count else 0.0 for side, count in zip(sides, pairs, strict=True)])
        if pairs.sum():
            area = float((areas * pairs).sum() / pairs.sum())
            found.append((max(area, 1 - area), (corpus.sources[a].name, corpus.sources[b].name)))
    if not found:
        return None
    highest, names = max(found)
    mean = float(np.mean([area for area, _ in found]))
    return Identity(mean=round(mean, 4), highest=round(highest, 4), highest_pair=names)


def _thresholds(corpus: Corpus, pairs: list[PairScores]) -> tuple[Threshold, ...]:
    rows = []
    for score in THRESHOLDS:
        kept = np.array(
            [[np.mean(side[place] >= score) for place in (1, 3)] for pair in pairs for side in _sides(corpus, pair)]
        ).mean(axis=0)
        precision = rounded(float(kept[0] / kept.sum())) if kept.sum() else None
        rows.append(
            Threshold(
                score=score,
                positives_kept=round(float(kept[0]), 4),
                negatives_kept=round(float(kept[1]), 4),
                precision=precision,
            )
        )
    return tuple(rows)
