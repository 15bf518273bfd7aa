"""The surface: what losses a mixture would give, and within what bounds a run of it would end."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from mixtures import canonical, kernel, stacking
from mixtures.canonical import Order
from mixtures.kernel import Features
from mixtures.mixture import Array
from mixtures.model import Constant, TaskModel, trained
from mixtures.stacking import FOLDS, HeldOut

MIN_RUNS = 8  # below it neither model says more than the mean of the losses
LEVEL = 0.8  # of the bounds of an observation
EQUAL = 1e-12  # of the largest loss: a smaller spread is none
SUM_TOLERANCE = 0.05  # of a row of weights that is divided by its sum: rounded tables are off by less


@dataclass(frozen=True)
class Surface:
    """All tasks' surfaces: a mean of two Gaussian processes and a power law, its shares by cross-validation.

    `models` one a task; `widths` (tasks,) half the width of LEVEL bounds in predicted deviations, by which held-out
    runs were covered; `held_out` what each run's losses were predicted to be without its mixture. `flat` losses were
    given, and come back, without the axis of tasks. `order`: in which all of it was decided. Nothing is random: equal
    runs, equal surface, whatever their order and that of domains and tasks; a task's lengths lean on the other tasks.
    """

    models: tuple[TaskModel | Constant, ...]
    widths: Array
    held_out: HeldOut
    flat: bool
    order: Order

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
    losses are all equal, of fewer than MIN_RUNS runs, or of one mixture, is predicted to stay at their mean. Raises
    ValueError for fewer than MIN_RUNS runs, or weights that are negative, not finite, or far from sum 1; warns where
    there are fewer runs than domains.
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
    """Decided in the canonical order, and put back into the order that was given."""
    order = canonical.order(weights, losses)
    found, widths, held_out = _decided(*order.apply(weights, losses), folds)
    runs, domains, tasks = (canonical.back(one) for one in (order.runs, order.domains, order.tasks))
    models = tuple(
        one if isinstance(one, Constant) else one.reordered(domains, weights, column)
        for one, column in zip([found[at] for at in tasks], losses.T, strict=True)
    )
    return Surface(models, widths[tasks], held_out.reordered(runs, tasks), flat, order)


def _decided(weights: Array, losses: Array, folds: int) -> tuple[list[TaskModel | Constant], Array, HeldOut]:
    """Models and widths, one a task, and what they rest on."""
    mixture = stacking.numbered(weights)
    says = np.array([_says_something(column, mixture) for column in losses.T], dtype=bool)
    known = np.ascontiguousarray(losses[:, says])
    part = stacking.folds(mixture, folds, stacking.SEED)
    features = stacking.chosen(weights, known, part) if says.any() else (Features(kernel.FLOORS[1]), Features(None))
    shared = [kernel.common(one, weights, stacking.filled(known)) for one in features] if says.any() else []
    held_out = stacking.held_out(weights, losses, says, part, features, shared)
    models = [
        trained(weights, column, features, shared, held_out.shares) if speaks else Constant.of(column)
        for column, speaks in zip(losses.T, says, strict=True)
    ]
    return models, held_out.widths(losses, LEVEL), held_out


def _says_something(losses: Array, mixture: np.ndarray) -> bool:
    seen = np.isfinite(losses)
    if seen.sum() < MIN_RUNS or len(np.unique(mixture[seen])) == 1:
        return False
    return float(np.std(losses[seen])) > EQUAL * float(abs(losses[seen]).max())


def normalised(weights: Array) -> Array:
    """Rows divided by their sums; ValueError for a row that is not one of weights, naming it."""
    rows = np.ascontiguousarray(weights, dtype=np.float64)
    if rows.ndim != 2:
        raise ValueError(f"weights of shape {rows.shape}: give rows of mixtures, (rows, domains)")
    wrong = ~(np.isfinite(rows).all(axis=1) & (rows >= 0).all(axis=1))
    if wrong.any():
        raise ValueError(f"row {int(np.argmax(wrong))} of weights: each must be a number of at least 0")
    sums = np.sort(rows, axis=1).sum(axis=1, keepdims=True)  # to the last digit in any order of the domains
    far = abs(sums[:, 0] - 1) > SUM_TOLERANCE
    if far.any():
        at = int(np.argmax(far))
        raise ValueError(f"row {at} of weights adds up to {sums[at, 0]:.6g}, not to 1 within {SUM_TOLERANCE:g}")
    return rows / sums
