"""Boosted trees for the blocks of pages: trained on bytes, evaluated in whole numbers.

Every tree asks the same question of all rows on a level (Prokhorenkova et al., CatBoost, NeurIPS 2018), so that the
answers of a row are the bits of its leaf's number, and no branch is taken. Features are bytes, a leaf's value a whole
number in 1/1024 of the logit: a score is a sum of integers, the same on any machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

DEPTH: Final = 6
LEAVES: Final = 1 << DEPTH
ONE: Final = 1024  # a logit of one
_GRADIENT_ONE: Final = 1 << 20  # gradients and weights in fixed point: sums are then exact
_BINS: Final = 256


@dataclass(frozen=True, slots=True)
class Trees:
    """features, thresholds: (trees, DEPTH); a bit is `feature > threshold`. leaves: (trees, LEAVES). bias: a score."""

    features: NDArray[np.uint8]
    thresholds: NDArray[np.uint8]
    leaves: NDArray[np.int16]
    bias: int

    def scores(self, rows: NDArray[np.uint8]) -> NDArray[np.int32]:
        """The score of each row of features, in 1/ONE of a logit."""
        return np.asarray(_scores(rows, self.features, self.thresholds, self.leaves, self.bias))


@njit(cache=True, nogil=True)
def _scores(rows: Any, features: Any, thresholds: Any, leaves: Any, bias: Any) -> Any:
    """Column by column: a tree is six comparisons of bytes, which the compiler makes 32 at a time."""
    count = len(rows)
    columns = np.ascontiguousarray(rows.T)
    out = np.full(count, bias, np.int32)
    leaf = np.empty(count, np.uint8)
    for tree in range(len(features)):
        leaf[:] = 0
        for level in range(DEPTH):
            column, threshold, bit = columns[features[tree, level]], thresholds[tree, level], np.uint8(1 << level)
            for row in range(count):
                leaf[row] |= bit if column[row] > threshold else np.uint8(0)
        values = leaves[tree]
        for row in range(count):
            out[row] += values[leaf[row]]
    return out


@dataclass(frozen=True, slots=True)
class Fitting:
    """How trees are trained. column_share: of the features that a tree may ask of; shrink: of each tree's answer."""

    trees: int = 300
    shrink: float = 0.1
    column_share: float = 0.3
    smoothing: float = 20.0  # weight of the null hypothesis in each leaf
    seed: int = 1


def fit(rows: NDArray[np.uint8], labels: NDArray[np.bool_], weights: NDArray[np.float64], how: Fitting) -> Trees:
    """Trees for the logistic loss. Weights are scaled to a mean of 1; equal input and seed give equal trees."""
    columns = np.ascontiguousarray(rows.T)
    weights = weights / weights.mean()
    share = float(np.average(labels, weights=weights))
    bias = round(np.log(share / (1 - share)) * ONE)
    random = np.random.default_rng(how.seed)
    score = np.full(len(labels), bias / ONE)
    chosen = max(1, round(how.column_share * len(columns)))
    features = np.zeros((how.trees, DEPTH), np.uint8)
    thresholds, leaves = np.zeros_like(features), np.zeros((how.trees, LEAVES), np.int16)
    for tree in range(how.trees):
        likely = 1 / (1 + np.exp(-score))
        gradient = np.round(weights * (labels - likely) * _GRADIENT_ONE).astype(np.int64)
        hessian = np.round(weights * likely * (1 - likely) * _GRADIENT_ONE).astype(np.int64)
        subset = np.sort(random.choice(len(columns), chosen, replace=False)).astype(np.int64)
        leaf = _grow(columns, gradient, hessian, subset, how.smoothing, features[tree], thresholds[tree])
        above = np.bincount(leaf, gradient.astype(np.float64), LEAVES)
        below = np.bincount(leaf, hessian.astype(np.float64), LEAVES) + how.smoothing * _GRADIENT_ONE
        leaves[tree] = np.round(how.shrink * above / below * ONE).clip(-32000, 32000).astype(np.int16)
        score += leaves[tree][leaf] / ONE
    return Trees(features, thresholds, leaves, bias)


@njit(cache=True, nogil=True)
def _grow(
    columns: Any, gradient: Any, hessian: Any, subset: Any, smoothing: Any, features: Any, thresholds: Any
) -> Any:
    """Choose the questions of one tree, level by level; the leaf of each row."""
    count = columns.shape[1]
    leaf = np.zeros(count, np.uint8)
    added = smoothing * _GRADIENT_ONE
    sums = np.zeros((LEAVES // 2, _BINS, 2), np.int64)
    gains = np.zeros(_BINS)
    for level in range(DEPTH):
        nodes = 1 << level
        best, best_feature, best_threshold = -1.0, 0, 255
        for feature in subset:
            column = columns[feature]
            sums[:nodes] = 0
            for row in range(count):
                sums[leaf[row], column[row], 0] += gradient[row]
                sums[leaf[row], column[row], 1] += hessian[row]
            gains[:] = 0.0
            for node in range(nodes):
                g = h = np.int64(0)
                for value in range(_BINS):
                    g += sums[node, value, 0]
                    h += sums[node, value, 1]
                left_g = left_h = np.int64(0)
                for value in range(_BINS - 1):
                    left_g += sums[node, value, 0]
                    left_h += sums[node, value, 1]
                    right_g = np.float64(g - left_g)
                    gains[value] += np.float64(left_g) ** 2 / (left_h + added) + right_g**2 / (h - left_h + added)
            for value in range(_BINS - 1):
                if gains[value] > best * 1.0000001:
                    best, best_feature, best_threshold = gains[value], feature, value
        features[level], thresholds[level] = best_feature, best_threshold
        column = columns[best_feature]
        for row in range(count):
            if column[row] > best_threshold:
                leaf[row] |= np.uint8(1 << level)
    return leaf
