"""ROC and precision-recall by their definitions, with weights, so that a bootstrap is one matrix product."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.uint16]

LEVEL: Final = 0.95


def concordance(positive: Ints, negative: Ints, positive_weights: Floats, negative_weights: Floats) -> Floats:
    """(replicates, 2): weight of the pairs whose positive scores higher (ties count half), and of all pairs.

    positive, negative: scores, (p,) and (n,); the weights are (replicates, p) and (replicates, n).
    """
    order = np.argsort(negative, kind="stable")
    ranked = negative[order]
    below = np.concatenate(
        [np.zeros((len(negative_weights), 1)), np.cumsum(negative_weights[:, order], axis=1)], axis=1
    )
    lower, upper = np.searchsorted(ranked, positive, "left"), np.searchsorted(ranked, positive, "right")
    right = (positive_weights * (below[:, lower] + below[:, upper])).sum(axis=1) / 2
    return np.stack([right, positive_weights.sum(axis=1) * negative_weights.sum(axis=1)], axis=1)


def auc(positive: Ints, negative: Ints) -> float:
    """How often a positive scores higher than a negative, ties counted half; NaN where one side is empty."""
    right, pairs = concordance(positive, negative, np.ones((1, len(positive))), np.ones((1, len(negative))))[0]
    return float(right / pairs) if pairs else float("nan")


def average_precision(positive: Ints, negative: Ints, positive_weights: Floats, negative_weights: Floats) -> Floats:
    """(replicates,): the area under precision over recall, by steps, as if both classes were equally frequent.

    Precision depends on how frequent positives are, and how many of either were collected says nothing about that.
    NaN where a side has no weight.
    """
    scores = np.concatenate([positive, negative])
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(scores[order]), 1))  # one threshold for each distinct score
    with np.errstate(invalid="ignore", divide="ignore"):
        hits = _reached(np.hstack([positive_weights, np.zeros_like(negative_weights)])[:, order])[:, ends]
        alarms = _reached(np.hstack([np.zeros_like(positive_weights), negative_weights])[:, order])[:, ends]
        precision = np.where(hits + alarms > 0, hits / (hits + alarms), 0.0)
    gained = np.diff(hits, axis=1, prepend=0.0)
    return np.asarray((gained * precision).sum(axis=1), dtype=np.float64)


def _reached(weights: Floats) -> Floats:
    """Cumulative shares of each row's sum."""
    return np.asarray(np.cumsum(weights, axis=1) / weights.sum(axis=1, keepdims=True))


def interval(replicates: Floats) -> tuple[float, float]:
    """The percentile interval of LEVEL over the finite replicates; NaN where there is none."""
    finite = replicates[np.isfinite(replicates)]
    if not len(finite):
        return float("nan"), float("nan")
    low, high = np.quantile(finite, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def site_weights(site: Ints, source: Ints, replicates: int, seed: int) -> Counts:
    """(replicates + 1, sites): how often each site is drawn; the first row is the sample itself, once each.

    As many sites are drawn, with replacement, as there are among those whose home (the source of the site's first
    document) is the same; all documents of a site have its weight, whatever their source. site: (documents,) numbers
    0..sites-1, all of which occur; source: (documents,).
    """
    _, first = np.unique(site, return_index=True)
    home = source[first]
    random = np.random.Generator(np.random.PCG64(seed))
    weights = np.ones((replicates + 1, len(first)), np.uint16)
    for one in np.unique(home):
        mine = np.flatnonzero(home == one)
        even = np.full(len(mine), 1 / len(mine))
        for replicate in range(1, replicates + 1):  # one by one: all at once are four times as large as what is kept
            weights[replicate, mine] = random.multinomial(len(mine), even)
    return weights
