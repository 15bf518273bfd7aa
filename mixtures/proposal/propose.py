"""From runs to a proposal: fit, check on held-out runs, search, resample."""

from __future__ import annotations

import numpy as np
from threadpoolctl import threadpool_limits

from mixtures import canonical
from mixtures.design.design import random_mixtures, uniform_mixture
from mixtures.mixture import Array, Constraints
from mixtures.models.task_model import Constant
from mixtures.proposal.insight_made import insight
from mixtures.proposal.proposal import Proposal, Settings
from mixtures.proposal.summary import Findings, summarised
from mixtures.search import search, weighting
from mixtures.search.landscape import Landscape
from mixtures.search.objective import Objective
from mixtures.search.resamples import REPLICA_STARTS, searched_again
from mixtures.simplex import few
from mixtures.surface import Surface, fit
from mixtures.tables.runs import Runs
from mixtures.uncertainty import gains, joint, noise
from mixtures.uncertainty.cross_validation import cross_validated

VERSION = 7  # raise it when the same runs may give another proposal. 6: degrees of freedom of noise; 7: next runs
Pairs = tuple[Array, Array] | tuple[Array, Array, Array]


def propose(
    runs: Runs,
    constraints: Constraints,
    objective: Objective,
    settings: Settings | None = None,
    pairs: Pairs | None = None,
) -> Proposal:
    """The best feasible mixture for `objective`, and everything that says how much to believe of it.

    `pairs`: losses (mixtures, tasks) of the same mixtures at the runs' size and at a larger one, and where they are
    known their weights (mixtures, domains of the runs); they add an optimum for larger models (`gains`), and decide
    nothing else. Runs have weight 0 of domains that they
    do not know; domains of theirs that the constraints do not name are not offered. Everything is decided in the runs'
    own order (`canonical.order`) and told in the given one: names and orders of tables decide nothing. Deterministic on
    one kind of CPU: matrix products run on one thread, which for these small ones is also the fastest. Raises
    ValueError for a domain that no run was trained on, where a pattern of the objective matches no task, there are too
    few runs, or a task has the same loss in all of them.
    """
    with threadpool_limits(1, "blas"):
        check_trained(runs, constraints)
        whole = constraints.covering(runs.domains)
        known = runs.ordered(whole.names)
        order = canonical.order(known.weights, known.losses)
        inside = known.in_order(order)
        kept = pairs and _in_order(pairs, order.tasks, runs.domains, inside.domains)
        found = _proposed(inside, whole.ordered(inside.domains), objective, settings or Settings(), kept)
        return found.in_order(known.ids, known.domains, known.tasks)


def check_trained(runs: Runs, constraints: Constraints) -> None:
    """Raise ValueError for domains that may be used, and that no run was trained on."""
    trained = {name for name, most in zip(runs.domains, runs.weights.max(axis=0), strict=True) if most > 0}
    offered = (name for name, most in zip(constraints.names, constraints.upper, strict=True) if most > 0)
    if never := [name for name in offered if name not in trained]:
        raise ValueError(
            f"domains: no run was trained on any of {few(never)} (there are {few(runs.domains)}): nothing is known of "
            "it; train some (design), or set its maximum to 0"
        )


def _in_order(pairs: Pairs, tasks: np.ndarray, before: tuple[str, ...], domains: tuple[str, ...]) -> Pairs:
    """Columns of losses by their places `tasks`, those of weights from names `before` to `domains`."""
    small, large = (losses[:, tasks] for losses in pairs[:2])
    if len(pairs) == 2:
        return small, large
    weights = np.zeros((len(small), len(domains)))
    weights[:, [domains.index(name) for name in before]] = pairs[2]
    return small, large, weights


def _proposed(
    runs: Runs, constraints: Constraints, objective: Objective, settings: Settings, pairs: Pairs | None
) -> Proposal:
    surface = _surface(runs, settings.folds)
    spread = noise.of_tasks(surface, runs.losses, runs.mixture)
    noise_sd = noise.deviations(spread)
    told = pairs and gains.fit(*pairs[:2], noise_sd, *pairs[2:], seed=settings.seed)
    reliability = weighting.reliability(surface, constraints, noise_sd)
    shares = weighting.reliable(objective.shares(runs.tasks), reliability)
    weighting.weightings(shares, surface, constraints, told, 1)  # pairs that say nothing are refused before the work
    predicted = cross_validated(surface, runs.weights, runs.losses)
    landscape = Landscape(surface, shares, constraints.reference, objective.caution, objective.divergence)
    pool = search.pool(constraints, settings.seed, surface.order.domains)
    starts = search.best_first(landscape.values(pool), pool)[:REPLICA_STARTS]
    best = search.minimise(landscape.criterion, constraints, starts)
    observed = constraints.project(runs.weights[int(np.argmin(landscape.mean(runs.weights)))])
    random = random_mixtures(constraints, settings.validation_seeds, settings.seed)
    points = np.vstack((constraints.reference, best, observed, uniform_mixture(constraints), random))
    draws = joint.drawn(surface, runs.weights, runs.losses, shares, settings.replicas, settings.seed)
    resamples = searched_again(draws, landscape, constraints, starts, points)
    found = Findings(
        runs, constraints, objective, settings, predicted, landscape, spread, reliability, points, resamples
    )
    within = found.noise.smallest_difference(settings.validation_seeds)
    return summarised(found, insight(found, draws, starts, within, told))


def _surface(runs: Runs, folds: int) -> Surface:
    surface = fit(runs.weights, runs.losses, folds)
    for task, one in zip(runs.tasks, surface.models, strict=True):
        if isinstance(one, Constant):
            raise ValueError(
                f"task {task}: all losses are equal, or of one mixture: nothing can be fitted; leave it out"
            )
    return surface
