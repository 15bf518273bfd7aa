"""A search beside a truth that is known: intervals hold it, prices are differences, the best run is named."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from mixtures.mixture import Array, Constraints, Domain
from mixtures.search import search
from mixtures.search.landscape import Landscape
from mixtures.search.objective import Objective
from mixtures.search.resamples import PROPOSED, REPLICA_STARTS, Resamples, searched_again
from mixtures.search.searched import searched
from mixtures.surface import fit
from mixtures.surface_file import Named
from mixtures.uncertainty import joint
from mixtures.uncertainty.draws import WIDTH_BOUNDS
from tests.mixtures import made

SWARMS = 10
NAMES = ("a", "b", "c", "d")
FREE = Constraints({name: Domain(1.0, maximum=0.7) for name in NAMES}, 1, 1.0)
CAUTIOUS, BOLD, NOISE = (1.0, True), (0.0, True), (1.0, False)


def looked(seed: int, caution: float, helps: bool) -> tuple[Resamples, Array, Array]:
    """A swarm of 24 runs whose noise is a quarter of the spread, or all of it: its draws, and three mixtures.

    Natural, proposed and truly best, and their true losses.
    """
    generator = np.random.default_rng([seed, helps])
    weights, helped = generator.dirichlet(np.ones(4), 24), generator.gamma(1.0, 1.0, 4)

    def truth(rows: Array) -> Array:
        return np.asarray(0.7 + helps * 0.5 * (rows @ helped + 0.05) ** -0.4)

    losses = truth(weights)
    losses = losses + generator.normal(0, 0.25 * losses.std() if helps else 0.01, 24)
    surface = fit(weights, losses)
    landscape = Landscape(surface, np.ones(1), FREE.reference, caution)
    pool = search.pool(FREE, seed, surface.order.domains)
    starts = search.best_first(landscape.values(pool), pool)[:REPLICA_STARTS]
    best = search.minimise(made.steep(truth), FREE, search.best_first(truth(pool), pool))
    points = np.vstack((FREE.reference, search.minimise(landscape.criterion, FREE, starts), best))
    drawn = joint.drawn(surface, weights, losses[:, None], np.ones(1), draws=40, seed=seed)
    return searched_again(drawn, landscape, FREE, starts, points[:2]), points, truth(points)


def test_intervals_hold_the_true_gain_of_the_proposal_and_the_best_weights() -> None:
    """Those of 90 % of draws in most swarms of every kind, those of 50 % in about half, and as often below as above.

    Where losses are noise no mixture gains anything, and few intervals say otherwise.
    """
    narrow, below, weights = [], [], []
    with threadpool_limits(1, "blas"):
        for caution, helps in (CAUTIOUS, BOLD, NOISE):
            held = []
            for seed in range(SWARMS):
                found, points, true = looked(seed, caution, helps)
                gains, gained = found.gains(PROPOSED), true[0] - true[1]
                held.append(inside(gains, gained, 0.9))
                narrow.append(inside(gains, gained, 0.5))
                below.append(np.mean(gains < gained))
                if helps:
                    weights.append(inside(found.best, points[2], 0.9).mean())
            assert np.mean(held) >= 0.7
    assert 0.3 <= np.mean(narrow) <= 0.8
    assert 0.3 <= np.mean(below) <= 0.7
    assert 0.7 <= np.mean(weights) <= 0.97


def inside(drawn: Array, true: Array, level: float) -> Array:
    """Whether the middle `level` of draws (draws, ...) holds the truth, but for what a search leaves of a bound."""
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return np.asarray((low - 1e-6 <= true) & (true <= high + 1e-6))


CAP = 0.3  # of code, which one task wants more of
OBJECTIVE = Objective(tasks={"heldout:code": 1.0}, divergence=0.002)


@pytest.fixture(scope="module")
def named() -> Named:
    runs = made.runs()
    return Named(fit(runs.weights, runs.losses), runs.ids, runs.domains, runs.tasks, runs.weights, runs.losses)


def test_a_search_names_the_best_run_counts_draws_and_prices_the_cap(named: Named) -> None:
    """All three by hand: from the truth, from the same draws, and from the criterion's minimum at other caps."""
    feasible = made.constraints(code=CAP)
    best = searched(named, feasible, OBJECTIVE, draws=20, seed=0).best["raw"]
    code = named.domains.index("code")
    truth = made.truth(named.weights)[:, 1]
    observed = named.ids.index(best.best_observed)
    assert truth[observed] <= np.quantile(truth, 0.1)
    assert observed != 0

    shares = np.array([0.0, 1.0, 0.0])
    points = np.vstack((
        feasible.reference,
        [best.weights[name].weight.value for name in named.domains],
        feasible.project(named.weights[observed]),
    ))  # fmt: skip
    drawn = joint.drawn(named.surface, named.weights, named.losses, shares, 20, 0).objective(points)
    gains = drawn[:, 0] - drawn[:, 1]
    assert best.better_than_natural_share == np.mean(gains > 0)
    assert best.better_than_best_observed_share == np.mean(drawn[:, 1] < drawn[:, 2])
    assert (best.gain.low, best.gain.high) == pytest.approx(tuple(np.quantile(gains, [0.05, 0.95])))
    means = named.surface.predict_mean(points)[:, 1]
    assert best.gain.value == pytest.approx(means[0] - means[1])

    def lowest(cap: float) -> float:
        limits = made.constraints(code=cap)
        landscape = Landscape(named.surface, shares, feasible.reference, OBJECTIVE.caution, OBJECTIVE.divergence)
        pool = search.pool(limits, 0)
        starts = search.best_first(landscape.values(pool), pool)
        return float(landscape.values(search.minimise(landscape.criterion, limits, starts)[None])[0])

    held = best.weights["code"]
    assert (held.held_by, held.weight.value) == ("maximum", pytest.approx(CAP))
    assert points[1, code] == pytest.approx(CAP)
    assert held.price > 0
    assert held.price == pytest.approx((lowest(CAP - 0.001) - lowest(CAP + 0.001)) / 0.002 * 0.01, rel=0.05)


def test_runs_that_each_lack_a_task_are_searched_as_well(named: Named) -> None:
    """No run has all losses: the best observed is known by its fitted mean, and the draws' width by its tasks."""
    rows = np.arange(len(named.ids))
    losses = np.where(rows[:, None] % 3 == np.arange(3), np.nan, named.losses)
    partial = replace(named, surface=fit(named.weights, losses), losses=losses)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        best = searched(partial, made.constraints(), Objective(tasks={"*": 1.0}), draws=12, seed=0).best["raw"]
    drawn = joint.drawn(partial.surface, named.weights, losses, np.ones(3) / 3, 12, 0)
    assert WIDTH_BOUNDS[0] < drawn.width < WIDTH_BOUNDS[1]
    truth = made.truth(named.weights).mean(axis=1)
    assert truth[named.ids.index(best.best_observed)] <= np.quantile(truth, 0.15)
    assert best.gain.low < best.gain.value < best.gain.high
