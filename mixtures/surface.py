"""The surface: what losses a mixture would give, and within what bounds a run of it would end."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from mixtures import kernel, stacking
from mixtures.kernel import Features
from mixtures.mixture import Array
from mixtures.model import Constant, TaskModel, trained
from mixtures.simplex import normalised
from mixtures.stacking import FOLDS, HeldOut

MIN_RUNS = 8  # below it neither model says more than the mean of the losses
LEVEL = 0.8  # of the bounds of an observation
EQUAL = 1e-12  # of the largest loss: a smaller spread is none


@dataclass(frozen=True)
class Surface:
    """All tasks' surfaces: a mean of two Gaussian processes and a power law, its shares by cross-validation.

    `models` one a task; `widths` (tasks,) half the width of LEVEL bounds in predicted deviations, by which held-out
    runs were covered; `held_out` what each run's losses were predicted to be without its mixture. `flat` losses were
    given, and come back, without the axis of tasks. Nothing is random: equal runs, equal surface.
    """

    models: tuple[TaskModel | Constant, ...]
    widths: Array
    held_out: HeldOut
    flat: bool

    @property
    def tasks(self) -> int:
        return len(self.models)

    @property
    def shares(self) -> Array:
        """(3,) of the process on log weights, the process on roots, and the law."""
        return self.held_out.shares

    @property
    def noise_sd(self) -> Array:
        """(tasks,) between runs of one mixture, in the losses' units."""
        return np.array([one.noise_sd for one in self.models])

    def predict_mean(self, weights: Array) -> Array:
        """(rows, tasks) expected losses of mixtures (rows, domains), in the units of the losses."""
        return np.column_stack([one.predict_mean(weights) for one in self.models])

    def deviation(self, weights: Array) -> tuple[Array, Array]:
        """(rows, tasks) expected losses and their standard deviations, without the noise of a run."""
        pairs = [one.predict(weights) for one in self.models]
        return np.column_stack([mean for mean, _ in pairs]), np.column_stack([sd for _, sd in pairs])

    def predict(self, weights: Array) -> tuple[Array, Array, Array]:
        """Expected losses, and the bounds within which LEVEL of runs of these mixtures (rows, domains) would end.

        Each (rows, tasks), or (rows,) where `fit` was given one task's (runs,).
        """
        with threadpool_limits(1, "blas"):
            mean, sd = self.deviation(normalised(weights))
        reach = self.widths * np.hypot(sd, self.noise_sd)
        bounds = mean, mean - reach, mean + reach
        return tuple(one[:, 0] for one in bounds) if self.flat else bounds  # type: ignore[return-value]


def fit(weights: Array, losses: Array, folds: int = FOLDS) -> Surface:
    """The surface over runs: `weights` (runs, domains), `losses` (runs, tasks) or (runs,), NaN where there is none.

    Rows of weights are divided by their sums. Everything is decided by these runs alone: lengths by their evidence, the
    floor of the logarithm, the shares and the widths by `folds` that keep runs of one mixture together. A task whose
    losses are all equal, or of fewer than MIN_RUNS runs, is predicted to stay at their mean. Raises ValueError for
    fewer than MIN_RUNS runs, or weights that are negative, not finite, or far from sum 1; warns where there are fewer
    runs than domains.
    """
    weights, losses = normalised(weights), np.asarray(losses, dtype=np.float64)
    table = losses.reshape(len(losses), -1)
    if len(weights) != len(table):
        raise ValueError(f"{len(weights)} rows of weights and {len(table)} of losses: they must be the same runs")
    if len(weights) < MIN_RUNS:
        raise ValueError(f"{len(weights)} runs: a surface needs at least {MIN_RUNS}, better several a domain")
    if len(weights) < weights.shape[1]:
        told = f"{len(weights)} runs of {weights.shape[1]} domains: fewer runs than domains leave most of it a guess"
        warnings.warn(told, stacklevel=2)
    with threadpool_limits(1, "blas"):
        return _fitted(weights, np.where(np.isfinite(table), table, np.nan), folds, flat=losses.ndim == 1)


def _fitted(weights: Array, losses: Array, folds: int, *, flat: bool) -> Surface:
    says = np.array([says_something(column) for column in losses.T], dtype=bool)
    known = losses[:, says]
    part = stacking.folds(stacking.numbered(weights), folds, stacking.SEED)
    features = stacking.chosen(weights, known, part) if says.any() else (Features(kernel.FLOORS[1]), Features(None))
    shared = [kernel.common(one, weights, stacking.filled(known)) for one in features] if says.any() else []
    held_out = stacking.held_out(weights, losses, says, part, features, shared)
    models = tuple(
        trained(weights, column, features, shared, held_out.shares) if speaks else Constant.of(column)
        for column, speaks in zip(losses.T, says, strict=True)
    )
    return Surface(models, held_out.widths(losses, LEVEL), held_out, flat)


def says_something(losses: Array) -> bool:
    finite = losses[np.isfinite(losses)]
    return len(finite) >= MIN_RUNS and float(np.std(finite)) > EQUAL * float(abs(finite).max())
