"""How much of a difference between small models is left between larger ones, by task, from mixtures trained at both.

Spreads shrink unequally with size, so that the best average at one size is not that at another. A gain is the slope of
the large models' losses on the small ones' true losses: the small ones' noise, which flattens a slope, is taken out of
their variance (errors in variables; Fuller 1987, 1.2), and slopes are drawn to their mean as far as resampled pairs say
that they are chance (James & Stein). Where the pairs' weights are known, what no slope explains is a smooth function of
the weights beside them (`discrepancy`). The objective stays linear in the tasks' losses.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mixtures.mixture import Array
from mixtures.simplex import numbered
from mixtures.uncertainty.discrepancy import Discrepancy

MIN_PAIRS = 8
MIN_SIGNAL = 0.1  # of the small models' variance: where noise is more than the rest, the rest is taken to be this
LEVEL = 0.8
DRAWS = 500
FEW = f": gains need {MIN_PAIRS} different mixtures at both sizes: train more of them, or leave the pairs out"


ENOUGH = 32  # mixtures at both sizes, by which intervals hold as often as they say whatever the discrepancy was


def pairs_note(mixtures: int) -> str:
    """How far intervals of gains from so many `mixtures` can be trusted (docs/LOG.md, 29 November 2026)."""
    told = f"From {mixtures} mixtures at both sizes."
    if mixtures >= ENOUGH:
        return told
    return (
        f"{told} So few say little of how larger models differ: in made swarms 80 % intervals of a gain held 80 % of "
        "the time by 16 such mixtures, but 61 % where larger models differ in one broad and smooth way: read them as "
        f"too narrow rather than too wide. By {ENOUGH} they held 80 to 88 %."
    )


class PairsError(ValueError):
    """Pairs that no gains can be made of."""


@dataclass(frozen=True)
class Gains:
    """`slopes` (tasks,) in large-model loss a small-model loss; `drawn` (draws, tasks) over resampled pairs.

    `discrepancy`: what larger models lose besides; None where the pairs' weights are not known, or it is chance.
    `mixtures`: how many points they are from.
    """

    slopes: Array
    drawn: Array
    mixtures: int
    discrepancy: Discrepancy | None = None

    @property
    def bounds(self) -> tuple[Array, Array]:
        """(tasks,) each: LEVEL intervals."""
        low, high = np.quantile(self.drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
        return low, high

    @property
    def discrepancy_kept(self) -> float:
        """How much of the discrepancy counts, 0 to 1."""
        return 0.0 if self.discrepancy is None else self.discrepancy.kept

    def of(self, tasks: np.ndarray, domains: np.ndarray) -> Gains:
        """The gains of some tasks, and all domains in another order, by their places."""
        besides = self.discrepancy and self.discrepancy.of(tasks, domains)
        return Gains(self.slopes[tasks], self.drawn[:, tasks], self.mixtures, besides)

    def among(self, tasks: int, places: np.ndarray, domains: np.ndarray) -> Gains:
        """The inverse of `of`: these tasks at `places` among as many as `tasks`, all others with gains of 0."""
        slopes, drawn = np.zeros(tasks), np.zeros((len(self.drawn), tasks))
        slopes[places], drawn[:, places] = self.slopes, self.drawn
        besides = self.discrepancy and self.discrepancy.among(tasks, places, domains)
        return Gains(slopes, drawn, self.mixtures, besides)

    def predict(self, small: Array, weights: Array) -> Array:
        """(rows, tasks) losses of larger models, up to a level a task, from the `small` surface's at `weights`.

        `small` (rows, tasks), `weights` (rows, domains).
        """
        found = small * self.slopes
        if self.discrepancy is not None:
            one_each = np.eye(len(self.slopes))
            found = found + np.column_stack(
                [self.discrepancy.process(one, self.slopes).predict_mean(weights) for one in one_each]
            )
        return np.asarray(found)


def fit(
    small: Array,
    large: Array,
    noise_sd: Array,
    weights: Array | None = None,
    *,
    small_runs: Array | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> Gains:
    """From losses of the same mixtures at two sizes, `small` and `large` (pairs, tasks), and `noise_sd` (tasks,).

    `noise_sd`: of a small run (`noise.of_tasks`); `weights` (pairs, domains) where they
    are known, for the discrepancy. Pairs of one mixture, trained several times, are one point, their mean with as much
    less noise: a design that repeats the natural mixture would else be fitted there most, and judged by copies. That
    needs the weights. `small_runs` (pairs,): of how many small runs each small loss is the mean already, by default of
    one; in the discrepancy a pair has the noise of its larger runs. Points are resampled one by one, sorted by their
    losses, so that their order decides nothing.
    Raises PairsError for tables of different shapes, fewer than MIN_PAIRS mixtures, losses or weights that are not
    finite, or a task whose small losses are equal.
    """
    _check(small, large, weights)
    order = np.lexsort(np.sort(np.hstack((small, large)), axis=1).T)
    small, large, runs = small[order], large[order], np.ones(len(small))
    sized = runs if small_runs is None else small_runs[order].astype(np.float64)
    if weights is not None:
        weights, ((small, sized), (large, runs)) = _repeats_together(weights[order], (small, sized), (large, runs))
        if len(runs) < MIN_PAIRS:
            raise PairsError(f"{len(order)} pairs of {len(runs)} mixtures{FEW}")
    rows = np.random.default_rng(seed).integers(len(small), size=(draws, len(small)))
    slopes = _slopes(small[None], large[None], noise_sd, sized[None])[0]
    drawn = _slopes(small[rows], large[rows], noise_sd, sized[rows])
    chance = drawn.var(axis=0)
    found = Gains(_shrunk(slopes[None], chance, 1)[0], _shrunk(drawn, chance, 2), len(small))
    if weights is None:
        return found
    counts = np.stack([np.bincount(one, minlength=len(small)) for one in rows]).astype(np.float64)
    return replace(found, discrepancy=Discrepancy.fit(weights, small, large, runs, found.slopes, counts, seed))


def _check(small: Array, large: Array, weights: Array | None) -> None:
    """Raise PairsError where `fit` would."""
    if small.shape != large.shape:
        raise PairsError(
            f"pairs of shapes {small.shape} and {large.shape}: give the same mixtures and tasks at both sizes"
        )
    if len(small) < MIN_PAIRS:
        raise PairsError(f"{len(small)} pairs{FEW}")
    if weights is not None and len(weights) != len(small):
        raise PairsError(f"weights of {len(weights)} mixtures for {len(small)} pairs: give those of each pair")
    if not all(np.isfinite(table).all() for table in (small, large, weights) if table is not None):
        raise PairsError("a pair has a loss or a weight that is not finite: leave it out")
    if np.any(np.ptp(small, axis=0) == 0):
        raise PairsError(f"task {int(np.argmin(np.ptp(small, axis=0)))}: the small models' losses are all equal")


def _repeats_together(weights: Array, *sizes: tuple[Array, Array]) -> tuple[Array, list[tuple[Array, Array]]]:
    """(mixtures, ...) weights; of each size mean losses and (mixtures,) runs, from those of pairs."""
    mixture = numbered(weights)
    found = []
    for losses, runs in sizes:
        of = np.bincount(mixture, weights=runs).astype(np.float64)
        sums = np.zeros((len(of), losses.shape[1]))
        np.add.at(sums, mixture, losses * runs[:, None])
        found.append((sums / of[:, None], of))
    return np.ascontiguousarray(weights[np.unique(mixture, return_index=True)[1]]), found


def _slopes(small: Array, large: Array, noise_sd: Array, runs: Array) -> Array:
    """(draws, tasks) from (draws, pairs, tasks), each the mean of `runs` (draws, pairs) small ones of a mixture.

    Moments over pairs less one, as `noise_sd` is without bias.
    """
    x, y = small - small.mean(axis=1, keepdims=True), large - large.mean(axis=1, keepdims=True)
    freedom, noise = small.shape[1] - 1, (1 / runs).mean(axis=1, keepdims=True)
    variance = (x**2).sum(axis=1) / freedom
    signal = np.maximum(variance - noise_sd**2 * noise, MIN_SIGNAL * np.maximum(variance, np.finfo(float).tiny))
    return np.asarray((x * y).sum(axis=1) / freedom / signal)


def _shrunk(slopes: Array, chance: Array, times: int) -> Array:
    """(draws, tasks) drawn to their mean over tasks: all of the way where `chance` (tasks,) explains their spread.

    `times` it is in their variance: once in slopes, and once more in those of resampled pairs.
    """
    middle = slopes.mean(axis=1, keepdims=True)
    true = np.maximum(slopes.var(axis=1, keepdims=True) - times * chance.mean(), 0.0)
    return np.asarray(middle + (slopes - middle) * true / np.maximum(true + chance, np.finfo(float).tiny))
