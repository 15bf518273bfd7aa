"""From runs to a proposal: fit, check on held-out runs, search, resample."""

from __future__ import annotations

import numpy as np
from threadpoolctl import threadpool_limits

from mixtures import gains, joint, search, weighting
from mixtures.cross_validation import cross_validated
from mixtures.design import random_mixtures, uniform_mixture
from mixtures.joint import Joint
from mixtures.looking import insight
from mixtures.mixture import Array, Constraints
from mixtures.model import Constant
from mixtures.noise import from_replicates
from mixtures.objective import Landscape, Objective, exchanged
from mixtures.proposal import Proposal, Settings
from mixtures.runs import Runs
from mixtures.summary import PROPOSED, Findings, Resamples, summarised
from mixtures.surface import Surface, fit

DRAW_STEPS, DRAW_TOLERANCE = 80, 1e-6  # of a draw's search: its end is blurred by far more over draws
REPLICA_STARTS = 64  # the best of the pool on all runs, from which every draw chooses its own start


def propose(
    runs: Runs,
    constraints: Constraints,
    objective: Objective,
    settings: Settings | None = None,
    pairs: tuple[Array, Array] | None = None,
) -> Proposal:
    """The best feasible mixture for `objective`, and everything that says how much to believe of it.

    `pairs`: losses (mixtures, tasks) of the same mixtures at the runs' size and at a larger one; they add an optimum
    under what is left of differences there (`gains`), and decide nothing else. Runs have weight 0 of domains that they
    do not know; domains of theirs that the constraints do not name are not offered. Deterministic on one kind of CPU:
    matrix products run on one thread, which for these small ones is also the fastest. Raises ValueError for a domain
    that no run was trained on, where a pattern of the objective matches no task, there are too few runs, or a task has
    the same loss in all of them.
    """
    with threadpool_limits(1, "blas"):
        whole = constraints.covering(runs.domains)
        known = runs.ordered(whole.names)
        unseen = (known.weights.max(axis=0) == 0) & (whole.upper > 0)
        if unseen.any():
            never = ", ".join(name for name, one in zip(whole.names, unseen, strict=True) if one)
            raise ValueError(
                f"no run was trained on any of {never}: nothing is known of it; train some (design), or set its "
                "maximum to 0"
            )
        return _proposed(known, whole, objective, settings or Settings(), pairs)


def _proposed(
    runs: Runs, constraints: Constraints, objective: Objective, settings: Settings, pairs: tuple[Array, Array] | None
) -> Proposal:
    surface = _surface(runs, settings.folds)
    noise_sd = task_noise(runs, surface)
    told = None if pairs is None else gains.fit(*pairs, noise_sd, seed=settings.seed)
    reliability = weighting.reliability(surface, constraints, noise_sd)
    shares = weighting.reliable(objective.shares(runs.tasks), reliability)
    predicted = cross_validated(surface, runs.weights, runs.losses)
    landscape = Landscape(surface, shares, constraints.reference, objective.caution, objective.divergence)
    pool = search.pool(constraints, settings.seed)
    starts = search.best_first(landscape.values(pool), pool)[:REPLICA_STARTS]
    best = search.minimise(landscape.criterion, constraints, starts)
    observed = constraints.project(runs.weights[int(np.argmin(runs.losses @ shares))])
    random = random_mixtures(constraints, settings.validation_seeds, settings.seed)
    points = np.vstack((constraints.reference, best, observed, uniform_mixture(constraints), random))
    draws = joint.drawn(surface, runs.weights, runs.losses, shares, settings.replicas, settings.seed)
    resamples = searched_again(draws, landscape, constraints, starts, points)
    found = Findings(runs, constraints, objective, settings, predicted, landscape, reliability, points, resamples)
    within = found.noise.smallest_difference(settings.validation_seeds)
    return summarised(found, insight(found, draws, starts, within, told))


def task_noise(runs: Runs, surface: Surface) -> Array:
    """(tasks,) standard deviation of a run's losses: of repeated mixtures, else as the surface's processes take it."""
    found = [from_replicates(losses, runs.mixture) for losses in runs.losses.T]
    return np.array([one.sd if one else sd for one, sd in zip(found, surface.noise_sd, strict=True)])


def _surface(runs: Runs, folds: int) -> Surface:
    surface = fit(runs.weights, runs.losses, folds)
    for task, one in zip(runs.tasks, surface.models, strict=True):
        if isinstance(one, Constant):
            raise ValueError(f"task {task}: all losses are equal: there is nothing to fit; leave the column out")
    return surface


def searched_again(
    draws: Joint, landscape: Landscape, constraints: Constraints, starts: Array, points: Array
) -> Resamples:
    """What each draw says: its own best mixture, found from the best of `starts` and the proposal for it.

    The search looks where a surface errs low: by how much, each draw shows, whose best is judged again by the surface
    of all runs (Efron 1983, the bootstrap of optimism).
    """

    def criterion(weights: Array) -> tuple[Array, Array]:
        value, gradient = draws.one_each(weights)
        pull, slope = landscape.pull(weights)
        return value + pull, gradient + slope

    tried = np.vstack((points[[PROPOSED]], starts))
    first = tried[np.argmin(draws.objective(tried) + landscape.pull(tried)[0], axis=1)]
    best, _ = search.descend(criterion, constraints, first, DRAW_STEPS, DRAW_TOLERANCE)
    there, _ = draws.one_each(best)
    objective, natural = draws.objective(points), np.tile(points[0], (len(best), 1))
    fitted = landscape.mean(np.vstack((points[:1], best)))
    return Resamples(
        best=best,
        objective=objective,
        optimism=(objective[:, 0] - there) - (fitted[0] - fitted[1:]),
        slopes=np.array([exchanged(one, points[0]) for one in draws.one_each(natural)[1]]),
        width=draws.width,
    )
