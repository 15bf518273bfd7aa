"""From runs to a proposal: fit, check on held-out runs, search, resample."""

from __future__ import annotations

import numpy as np
from threadpoolctl import threadpool_limits

from mixtures import search
from mixtures.cross_validation import cross_validate
from mixtures.design import random_mixture
from mixtures.mixture import Array, Constraints
from mixtures.objective import Landscape, Objective
from mixtures.proposal import Proposal, Settings
from mixtures.runs import Runs
from mixtures.summary import Findings, Resamples, summarised
from mixtures.surface import Surface

REPLICA_STARTS = 64  # the best of the pool on all runs, from which every resample chooses its own starts


def propose(runs: Runs, constraints: Constraints, objective: Objective, settings: Settings | None = None) -> Proposal:
    """The best feasible mixture for `objective`, and everything that says how much to believe of it.

    Deterministic on one kind of CPU: matrix products run on one thread, which for these small ones is also the fastest.
    Raises ValueError where the domains differ, a pattern of the objective matches no task, there are too few runs, or a
    task has the same loss in all of them.
    """
    with threadpool_limits(1, "blas"):
        return _proposed(runs.ordered(constraints.names), constraints, objective, settings or Settings())


def _proposed(runs: Runs, constraints: Constraints, objective: Objective, settings: Settings) -> Proposal:
    counted = np.flatnonzero(objective.shares(runs.tasks))
    surfaces = tuple(_surface(*one, runs.weights) for one in zip(runs.tasks, runs.losses.T, strict=True))
    checks = tuple(
        cross_validate(runs.weights, column, runs.mixture, surface=surface, count=settings.folds, seed=settings.seed)
        for column, surface in zip(runs.losses.T, surfaces, strict=True)
    )
    shares = objective.shares(runs.tasks)[counted]
    landscape = Landscape(tuple(surfaces[at] for at in counted), shares, objective.caution)
    starts = search.best_first(landscape.criterion, search.pool(constraints, settings.seed))[:REPLICA_STARTS]
    best = search.minimise(landscape.criterion, constraints, starts)
    points = np.vstack((constraints.reference, best, random_mixture(constraints, settings.seed)))
    resamples = resampled(runs, landscape, runs.losses[:, counted], constraints, starts, points, settings)
    return summarised(Findings(runs, constraints, objective, settings, surfaces, checks, landscape, points, resamples))


def _surface(task: str, losses: Array, weights: Array) -> Surface:
    try:
        return Surface.fit(weights, losses)
    except ValueError as error:
        raise ValueError(f"task {task}: {error}") from error


def resampled(
    runs: Runs,
    landscape: Landscape,
    losses: Array,
    constraints: Constraints,
    starts: Array,
    points: Array,
    settings: Settings,
) -> Resamples:
    """Draw mixtures with replacement (their runs stay together), fit again, search again.

    The process's lengths and noise stay as they are: what varies is which runs were made. `losses` (runs, tasks that
    count); `points`: natural, proposed and random mixture. The search looks where a surface errs low: by how much, each
    resample shows, whose best is judged again by the surfaces of all runs (Efron 1983, the bootstrap of optimism).
    """
    generator = np.random.default_rng([settings.seed, settings.replicas])
    rows = [np.flatnonzero(runs.mixture == one) for one in range(int(runs.mixture.max()) + 1)]
    starts = np.vstack((points[1], starts))
    best, gains, optimism, slopes = [], [], [], []
    for _ in range(settings.replicas):
        at = np.concatenate([rows[one] for one in generator.integers(len(rows), size=len(rows))])
        fitted = landscape.again(runs.weights[at], losses[at])
        best.append(search.minimise(fitted.criterion, constraints, starts))
        own = np.vstack((constraints.reference, best[-1]))
        optimism.append(_gain(fitted, own) - _gain(landscape, own))
        natural, *others = fitted.mean(points)
        gains.append(natural - np.array(others))
        slopes.append(fitted.slopes(constraints.reference))
    return Resamples(np.array(best), np.array(gains), np.array(optimism), np.array(slopes))


def _gain(landscape: Landscape, pair: Array) -> float:
    natural, other = landscape.mean(pair)
    return float(natural - other)
