"""All tasks' draws at once: what they say of an objective, of two mixtures, of every task."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import linalg
from threadpoolctl import threadpool_limits

from mixtures import canonical
from mixtures.mixture import Array
from mixtures.models.task_model import Constant, TaskModel
from mixtures.simplex import numbered
from mixtures.surface import MIN_RUNS, Surface
from mixtures.uncertainty.draws import (
    FREQUENCIES,
    TaskDraws,
    left_out,
    narrowed,
    resampled,
    spectrum,
    task_draws,
    width,
)
from mixtures.uncertainty.noise import RunNoise


@dataclass(frozen=True)
class Joint:
    """Functions of an objective, each the sum of its `shares` (draws, tasks) times the losses of `tasks`.

    `counted` (tasks,) which of the surface's they are. `besides`: what is added to the objective, with share 1.

    `width`: by how much the draws' deviations were narrowed or widened so that they cover the runs they left out.
    """

    tasks: tuple[TaskDraws, ...]
    counted: np.ndarray
    shares: Array
    width: float
    besides: TaskDraws | None = None

    @property
    def draws(self) -> int:
        return len(self.shares)

    @property
    def silent(self) -> np.ndarray:
        """(draws,) bool: in which nothing counts, so that no mixture is better than another."""
        nothing = np.logical_not(self.shares.any(axis=1))
        return nothing if self.besides is None else np.zeros_like(nothing)

    def weighed(self, shares: Array, besides: TaskDraws | None = None) -> Joint:
        """The same draws of another objective, `shares` (draws, tasks of the surface), and what is added to it."""
        return replace(self, shares=shares[:, self.counted], besides=besides)

    def narrowed(self, factor: float) -> Joint:
        """The same draws of the objective, `factor` times as far from its middle: of losses, shares and `besides`."""
        middle = self.shares.mean(axis=0)
        return replace(
            self,
            tasks=tuple(narrowed(one, factor) for one in self.tasks),
            shares=middle + factor * (self.shares - middle),
            width=factor * self.width,
            besides=self.besides and narrowed(self.besides, factor),
        )

    def losses(self, weights: Array) -> Array:
        """(draws, rows, tasks) of mixtures (rows, domains): the same draw for all mixtures and tasks."""
        return np.stack([one.everywhere(weights) for one in self.tasks], axis=-1)

    def objective(self, weights: Array) -> Array:
        """(draws, rows)."""
        return np.sum([share[:, None] * one.everywhere(weights) for share, one in self._added()], axis=0)

    def one_each(self, weights: Array) -> tuple[Array, Array]:
        """Draw b's objective at row b of `weights` (draws, domains), and its gradient there."""
        value, gradient = np.zeros(self.draws), np.zeros_like(weights)
        for share, one in self._added():
            more, slope = one.one_each(weights)
            value += share * more
            gradient += share[:, None] * slope
        return value, gradient

    def _added(self) -> list[tuple[Array, TaskDraws]]:
        added = list(zip(self.shares.T, self.tasks, strict=True))
        return added if self.besides is None else [*added, (np.ones(self.draws), self.besides)]


def drawn(surface: Surface, weights: Array, losses: Array, shares: Array, draws: int, seed: int) -> Joint:
    """Draws of the tasks whose `shares` are not 0, over the runs that `surface` was fitted to, made in its own order.

    Raises ValueError for a share of a task that says nothing: its losses are all equal or too few.
    """
    order = surface.order
    counted = order.tasks[shares[order.tasks] != 0]
    models = [surface.models[at] for at in counted]
    known = losses[:, counted]
    if any(isinstance(one, Constant) for one in models):
        raise ValueError("a task of the objective has equal losses, or too few: leave it out")
    generator = np.random.default_rng([seed, draws])
    runs = canonical.back(order.runs)
    counts = resampled(numbered(weights[order.runs][:, order.domains]), draws, generator)[:, runs]
    places = models[0].processes[-1].features.places(canonical.back(order.domains))
    frequencies = spectrum(len(places))[places]
    root = task_root(surface, losses, counted)
    with threadpool_limits(1, "blas"):
        # What all tasks have in common: standard normal shocks of the paths and of the runs' noise
        paths = np.tensordot(root, generator.normal(size=(len(counted), draws, 2 * FREQUENCIES)), axes=1)
        noises = np.tensordot(root, generator.normal(size=(len(counted), draws, len(weights)))[:, :, runs], axes=1)
        made = []
        for model, column, path, shock in zip(models, known.T, paths, noises, strict=True):
            assert isinstance(model, TaskModel)
            seen = np.isfinite(column)
            shocks = path, shock[:, seen]
            made.append(task_draws(model, frequencies, weights[seen], column[seen], counts[:, seen], shocks))
        each = np.tile(shares[counted], (draws, 1))
        noise = RunNoise.of(models, known, numbered(weights))
        factor = _width(Joint(tuple(made), counted, each, 1.0), weights, known, counts, surface, noise)
    given = np.argsort(counted)
    return Joint(tuple(narrowed(made[at], factor) for at in given), counted[given], each[:, given], factor)


def task_root(surface: Surface, losses: Array, counted: np.ndarray) -> Array:
    """(counted, counted) lower root of the correlation of held-out errors, shrunk (Ledoit & Wolf 2004)."""
    from sklearn.covariance import ledoit_wolf  # here: a second that most commands need not pay

    mean, sd = surface.held_out.predicted
    far = ((losses - mean) / np.where(sd > 0, sd, 1.0))[:, counted]
    far = np.where(np.isfinite(far), far, 0.0)
    scale = far.std(axis=0)
    covariance, _ = ledoit_wolf(far / np.where(scale > 0, scale, 1.0), assume_centered=True)
    size = np.sqrt(np.diag(covariance))
    return np.asarray(linalg.cholesky(covariance / np.outer(size, size) + 1e-9 * np.eye(len(size)), lower=True))


def _width(joint: Joint, weights: Array, known: Array, counts: Array, surface: Surface, noise: RunNoise) -> float:
    """`draws.width` of the objective, over the runs that have all its losses; of its tasks, where these are too few."""
    seen, shares = np.isfinite(known), joint.shares[0]
    whole = np.asarray(seen.all(axis=1))
    errors = known - surface.held_out.predicted[0][:, joint.counted]
    if whole.sum() >= MIN_RUNS:
        _, spread = left_out(joint.objective(weights[whole]), counts[:, whole])
        return width(errors[whole] @ shares, spread, noise.within(shares).sd)
    alone = [
        width(
            errors[on, at],
            left_out(task.everywhere(weights[on]), counts[:, on])[1],
            noise.within(np.eye(len(shares))[at]).sd,
        )
        for at, (task, on) in enumerate(zip(joint.tasks, seen.T, strict=True))
    ]
    return float(np.average(alone, weights=np.abs(shares)))
