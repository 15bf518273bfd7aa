"""The surface: what losses a mixture would give, and within what bounds a run of it would end."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from mixtures import canonical
from mixtures.canonical import Order
from mixtures.mixture import Array
from mixtures.models import kernel, stacking
from mixtures.models.kernel import Features
from mixtures.models.stacking import FOLDS, HeldOut
from mixtures.models.task_model import Constant, TaskModel, trained
from mixtures.simplex import normalised, numbered
from mixtures.tables.frames import NAMELESS, Frame, Names, Series, mixtures_of, runs_of

MIN_RUNS = 8  # below it neither model says more than the mean of the losses
LEVEL = 0.8  # of the bounds of an observation
EQUAL = 1e-12  # of the largest loss: a smaller spread is none


@dataclass(frozen=True)
class Surface:
    """All tasks' surfaces: a mean of three Gaussian processes and a power law, shares by cross-validation.

    `models` one a task; `widths` (tasks,) half the width of LEVEL bounds in predicted deviations, by which held-out
    runs were covered; `held_out` what each run's losses were predicted to be without its mixture. `flat` losses were
    given, and come back, without the axis of tasks. `order`: in which all of it was decided. Nothing is random: equal
    runs, equal surface, whatever their order and that of domains and tasks; a task's lengths lean on the other tasks.
    `names` of domains, tasks and ids, where `fit` was given tables that have them.
    """

    models: tuple[TaskModel | Constant, ...]
    widths: Array
    held_out: HeldOut
    flat: bool
    order: Order
    names: Names = NAMELESS

    @property
    def tasks(self) -> int:
        return len(self.models)

    @property
    def shares(self) -> Array:
        """(4,) of the process on log weights, of those on log weights and on roots with exposures, and of the law."""
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

    def predict(self, weights: Array | Frame) -> tuple[Array, Array, Array]:
        """Expected losses, and the bounds within which LEVEL of runs of these mixtures (rows, domains) would end.

        Each (rows, tasks), or (rows,) where `fit` was given one task's (runs,); rows and tasks in the order that they
        were given in. A frame's columns are matched by name (`frames.mixtures_of`). The last digits of a row, from the
        13th on, follow which rows are asked with it, and in what order: BLAS adds in blocks. Raises ValueError for
        weights of other domains, and for a row that is no mixture (`simplex.normalised`).
        """
        rows = normalised(mixtures_of(weights, self.names))
        if rows.shape[1] != len(self.order.domains):
            raise ValueError(f"weights of {rows.shape[1]} domains on a surface of {len(self.order.domains)}")
        with threadpool_limits(1, "blas"):
            mean, sd = self.deviation(rows)
        reach = self.widths * np.hypot(sd, self.noise_sd)
        bounds = mean, mean - reach, mean + reach
        return tuple(one[:, 0] for one in bounds) if self.flat else bounds  # type: ignore[return-value]

    def in_order(self, weights: Array, losses: Array) -> Surface:
        """The same in its own order of runs, domains and tasks, without names.

        `weights` (runs, domains) and `losses` (runs, tasks) that it was fitted to, in that order already.
        """
        of = self.order
        return Surface(
            _reordered([self.models[at] for at in of.tasks], of.domains, weights, losses),
            self.widths[of.tasks],
            self.held_out.reordered(of.runs, of.tasks),
            self.flat,
            canonical.order(weights, losses),
        )


def fit(weights: Array | Frame, losses: Array | Frame | Series, folds: int = FOLDS) -> Surface:
    """The surface over runs: `weights` (runs, domains), `losses` (runs, tasks) or (runs,), NaN where there is none.

    Frames (pandas) are joined by their index and name domains and tasks; arrays are taken by position. Rows of weights
    are divided by their sums. Everything is decided by these runs alone: exposures and lengths by their evidence, the
    floor of the logarithm, the shares and the widths by `folds` that keep runs of one mixture together. A task whose
    losses are all equal, of fewer than MIN_RUNS runs, or of one mixture, is predicted to stay at their mean. Of fewer
    mixtures than `folds`, each is a fold. Raises ValueError for tables that cannot be matched (`frames.runs_of`), fewer
    than MIN_RUNS runs, or weights that are no mixtures; warns where there are fewer runs than domains.
    """
    given, table, names = runs_of(weights, losses)
    rows = normalised(given, columns=names.domains or ())
    if table.ndim not in (1, 2) or 0 in table.shape[1:]:
        raise ValueError(f"losses of shape {table.shape}: give (runs, tasks), at least one task, or (runs,)")
    if len(rows) != len(table):
        raise ValueError(f"{len(rows)} rows of weights and {len(table)} of losses: they must be the same runs")
    if len(rows) < MIN_RUNS:
        raise ValueError(f"{len(rows)} runs: a surface needs at least {MIN_RUNS}, better several a domain")
    if len(rows) < rows.shape[1]:
        told = f"{len(rows)} runs of {rows.shape[1]} domains: fewer runs than domains leave most of it a guess"
        warnings.warn(told, stacklevel=2)
    known = np.where(np.isfinite(table), table, np.nan).reshape(len(table), -1)
    with threadpool_limits(1, "blas"):
        return replace(_fitted(rows, known, folds, flat=table.ndim == 1), names=names)


def _fitted(weights: Array, losses: Array, folds: int, *, flat: bool) -> Surface:
    """Decided in the canonical order, and put back into the order that was given."""
    order = canonical.order(weights, losses)
    found, widths, held_out = _decided(*order.apply(weights, losses), folds)
    runs, domains, tasks = (canonical.back(one) for one in (order.runs, order.domains, order.tasks))
    models = _reordered([found[at] for at in tasks], domains, weights, losses)
    return Surface(models, widths[tasks], held_out.reordered(runs, tasks), flat, order)


def _reordered(
    models: Sequence[TaskModel | Constant], domains: np.ndarray, weights: Array, losses: Array
) -> tuple[TaskModel | Constant, ...]:
    """Models, one a column of `losses`, over `weights`: their columns are those of places `domains` of before."""
    pairs = zip(models, losses.T, strict=True)
    return tuple(one if isinstance(one, Constant) else one.reordered(domains, weights, column) for one, column in pairs)


def _decided(weights: Array, losses: Array, folds: int) -> tuple[list[TaskModel | Constant], Array, HeldOut]:
    """Models and widths, one a task, and what they rest on."""
    mixture = numbered(weights)
    says = np.array([silence(column, mixture) is None for column in losses.T], dtype=bool)
    known = np.ascontiguousarray(losses[:, says])
    part = stacking.folds(mixture, min(folds, int(mixture.max()) + 1), stacking.SEED)
    features = stacking.chosen(weights, known, part) if says.any() else (Features(kernel.FLOORS[1]), Features(None))
    shared = [kernel.common(one, weights, stacking.filled(known)) for one in features] if says.any() else []
    held_out = stacking.held_out(weights, losses, says, part, features, shared)
    whole, common = stacking.exposed(features, weights, known, shared) if says.any() else ([], [])
    models = [
        trained(weights, column, whole, common, held_out.shares) if speaks else Constant.of(column)
        for column, speaks in zip(losses.T, says, strict=True)
    ]
    return models, held_out.widths(losses, LEVEL), held_out


def silent(tasks: Sequence[str], losses: Array, mixture: np.ndarray) -> dict[str, str]:
    """Which of `tasks` say nothing of mixtures by their `losses` (runs, tasks), and why."""
    found = {task: silence(column, mixture) for task, column in zip(tasks, losses.T, strict=True)}
    return {task: why for task, why in found.items() if why is not None}


def silence(losses: Array, mixture: np.ndarray) -> str | None:
    """Why a task's `losses` (runs,) say nothing of mixtures; None where they can be fitted.

    They are of fewer than MIN_RUNS runs, of one `mixture` (runs,), or all equal.
    """
    seen = np.isfinite(losses)
    if seen.sum() < MIN_RUNS:
        return f"{seen.sum()} runs have a loss of it, and {MIN_RUNS} are needed"
    if len(np.unique(mixture[seen])) == 1:
        return f"all {seen.sum()} runs are of one mixture"
    if float(np.std(losses[seen])) <= EQUAL * float(abs(losses[seen]).max()):
        return f"all {seen.sum()} losses are equal"
    return None
