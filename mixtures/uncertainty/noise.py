"""What cannot be seen: the spread between runs of one mixture, and the smallest difference that stands out of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from scipy import special
from threadpoolctl import threadpool_limits

from mixtures import canonical
from mixtures.mixture import Array
from mixtures.models.task_model import Constant, TaskModel
from mixtures.simplex import numbered
from mixtures.surface import MIN_RUNS, Surface

if TYPE_CHECKING:
    from mixtures.surface_file import Named  # which reads tables, and a GPU machine has no pyarrow

CONFIDENCE = 0.95  # of the interval that a visible difference must leave zero outside of
TAKEN_OF = 4  # tasks that are asked how much freedom their hyperparameters took: it is alike in all, and costs
MIN_FREEDOM = 0.25  # of what the processes leave: of few runs, hyperparameters seem to take all

Source = Literal["replicates", "residuals", "replicates and residuals", "cross-validation"]


@dataclass(frozen=True)
class Noise:
    """The standard deviation of a loss between runs that differ in their seeds only, in the loss's units.

    `source` "replicates": from runs of one mixture with other seeds, pooled over the mixtures that have such runs, with
    `freedom` degrees of freedom. "residuals": from what the surface's processes leave of the runs. "replicates and
    residuals": both, each by its degrees of freedom. "cross-validation": no mixture was trained twice, and the held-out
    error of the surface stands in; it holds the noise and the surface's own error, so it is too large rather than too
    small.
    """

    sd: float
    freedom: int
    source: Source

    def smallest_difference(self, seeds: int) -> float:
        """The difference of two mixtures' means over `seeds` runs each below which the interval holds zero."""
        return float(special.stdtrit(self.freedom, (1 + CONFIDENCE) / 2) * self.sd * np.sqrt(2 / seeds))

    @property
    def origin(self) -> str:
        """What it is known from, for a reader."""
        more = f"{self.freedom} degree{'s' * (self.freedom != 1)} of freedom"
        return {
            "replicates": f"runs of one mixture with other seeds ({more})",
            "residuals": f"what the surface leaves of the runs ({more})",
            "replicates and residuals": (
                f"runs of one mixture with other seeds and what the surface leaves of all runs ({more} together)"
            ),
            "cross-validation": (
                "the surface’s held-out error, since no mixture was trained twice: rather too large than too small"
            ),
        }[self.source]


def from_replicates(losses: Array, mixture: np.ndarray) -> Noise | None:
    """The noise of `losses` (runs,) among equal numbers of `mixture` (runs,); None where none was run twice."""
    counts = np.bincount(mixture)
    freedom = int((counts - (counts > 0)).sum())
    if freedom == 0:
        return None
    means = np.bincount(mixture, weights=losses) / np.maximum(counts, 1)
    squares = float(((losses - means[mixture]) ** 2).sum())
    return Noise(sd=float(np.sqrt(squares / freedom)), freedom=freedom, source="replicates")


def estimated(losses: Array, predicted: Array, mixture: np.ndarray) -> Noise:
    """From replicates, or from held-out errors where there are none."""
    found = from_replicates(losses, mixture)
    if found is not None:
        return found
    rmse = float(np.sqrt(((losses - predicted) ** 2).mean()))
    return Noise(sd=rmse, freedom=len(losses) - 1, source="cross-validation")


@dataclass(frozen=True)
class RunNoise:
    """The noise of one run in any weighted sum of its tasks, by all that the runs say of it.

    What the processes leave of the runs is noise where they follow what mixtures do, with as many degrees of freedom as
    the fit and its hyperparameters did not take. Repeats of a mixture say it whatever the surface is. Both variances
    count by their degrees of freedom: a surface that follows every run says next to nothing, and repeats decide; two
    runs of one mixture, which say little, turn nothing over (docs/LOG.md has the errors of either alone).

    `losses` (runs, tasks), NaN where there is none; `mixture` (runs,); `left` (processes, runs, tasks) of each run, of
    which the sum of squares over `freedom` (processes, tasks) is a variance, 0 of tasks that say nothing of mixtures;
    `flat` (tasks,) the spread of those.
    """

    losses: Array
    mixture: np.ndarray
    left: Array
    freedom: Array
    flat: Array

    @classmethod
    def of(cls, models: Sequence[TaskModel | Constant], losses: Array, mixture: np.ndarray) -> Self:
        """Of `models`, one a column of `losses`, that were fitted to these; their order decides last digits."""
        able = {task: one for task, one in enumerate(models) if isinstance(one, TaskModel)}
        asked = list(able.values())[:: max(1, -(-len(able) // TAKEN_OF))]
        processes = len(asked[0].processes) if asked else 0
        left, freedom = np.full((processes, *losses.shape), np.nan), np.zeros((processes, len(models)))
        for one in range(processes):
            taken = float(np.mean([model.processes[one].taken() for model in asked]))
            for task, model in able.items():
                rest, free = model.processes[one].left()
                left[one, np.isfinite(losses[:, task]), task] = rest
                freedom[one, task] = max(free - taken, MIN_FREEDOM * free)
        flat = np.array([one.noise_sd if isinstance(one, Constant) else np.nan for one in models])
        return cls(losses, mixture, left, freedom, flat)

    def within(self, shares: Array) -> Noise:
        """Of the sum of losses times `shares` (tasks,), of which none says nothing; over the runs that have them all.

        Tasks are taken together, for those of one run err together; where fewer than MIN_RUNS runs say how much, as if
        they erred as one. What repeats leave is part of what all runs leave: their degrees of freedom do not add up.
        """
        counted = np.flatnonzero(shares)
        seen = np.isfinite(self.losses[:, counted])
        whole = seen.all(axis=1)
        if len(counted) > 1 and whole.sum() < MIN_RUNS:
            return self._as_one(shares)
        part = seen.sum(axis=0) / whole.sum()
        each = shares[counted] * np.sqrt(part / self.freedom[:, counted])  # (processes, counted)
        rest = np.einsum("prt,pt->pr", self.left[:, whole][:, :, counted], each)
        weights = np.abs(shares[counted]) / np.abs(shares[counted]).sum()
        freedom = float((self.freedom[:, counted] / part @ weights).mean())
        left = Noise(float(np.sqrt((rest**2).sum(axis=1).mean())), max(1, round(freedom)), "residuals")
        again = from_replicates(self.losses[whole][:, counted] @ shares[counted], self.mixture[whole])
        if again is None:
            return left
        variance = (freedom * left.sd**2 + again.freedom * again.sd**2) / (freedom + again.freedom)
        return Noise(float(np.sqrt(variance)), max(left.freedom, again.freedom), "replicates and residuals")

    def _as_one(self, shares: Array) -> Noise:
        """`within`, of tasks of which each is known by runs of its own."""
        counted = np.flatnonzero(shares)
        each = [self.within(one) for one in np.eye(len(shares))[counted]]
        sd = float(np.abs(shares[counted]) @ deviations(each))
        return replace(min(each, key=lambda one: one.freedom), sd=sd)

    def by_task(self) -> tuple[Noise, ...]:
        """Of each task; of one that says nothing of mixtures, the spread of its losses."""
        speaks = [bool(one.any()) for one in self.freedom.T]
        return tuple(
            self.within(one) if says else Noise(float(sd), max(1, len(self.losses) - 1), "residuals")
            for one, sd, says in zip(np.eye(len(self.flat)), self.flat, speaks, strict=True)
        )


def of_run(named: Named) -> tuple[Noise, ...]:
    """Of one run, a task each; made in the surface's own order, which that of the tables does not change in a digit."""
    with threadpool_limits(1, "blas"):
        inside = named.in_order()
        found = of_tasks(inside.surface, inside.losses, numbered(inside.weights))
    return tuple(found[at] for at in canonical.back(named.surface.order.tasks))


def of_tasks(surface: Surface, losses: Array, mixture: np.ndarray) -> tuple[Noise, ...]:
    """Of each task, of the runs that `surface` was fitted to; decided in its own order of tasks."""
    order = surface.order.tasks
    found = RunNoise.of([surface.models[at] for at in order], losses[:, order], mixture).by_task()
    return tuple(found[at] for at in canonical.back(order))


def of_objective(surface: Surface, losses: Array, mixture: np.ndarray, shares: Array) -> Noise:
    """Of the sum of losses times `shares` (tasks,), likewise."""
    counted = surface.order.tasks[shares[surface.order.tasks] != 0]
    models = [surface.models[at] for at in counted]
    return RunNoise.of(models, losses[:, counted], mixture).within(shares[counted])


def most(noise: Collection[Noise]) -> Noise:
    """One to tell of many tasks': that of the middle degrees of freedom."""
    return sorted(noise, key=lambda one: one.freedom)[len(noise) // 2]


def deviations(noise: Sequence[Noise]) -> Array:
    """(tasks,)."""
    return np.array([one.sd for one in noise])
