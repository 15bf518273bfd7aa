"""The search finds known minima, stays feasible, and never ends worse than it began; the objective adds up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from mixtures.mixture import Array, Constraints, Domain
from mixtures.models.power_law import PowerLaw
from mixtures.search import bounds, search
from mixtures.search.landscape import Landscape
from mixtures.search.objective import Objective
from mixtures.surface import fit
from tests.mixtures import made

FEASIBLE = made.constraints(budget_tokens=2_000_000)
POOL = search.pool(FEASIBLE, 0)[:100]


@given(st.lists(st.floats(-1, 1), min_size=4, max_size=4).map(np.array))
@settings(max_examples=25)
def test_the_nearest_point_is_found(target: Array) -> None:
    def criterion(rows: Array) -> tuple[Array, Array]:
        return ((rows - target) ** 2).sum(axis=1), 2 * (rows - target)

    found = search.minimise(criterion, FEASIBLE, POOL)
    FEASIBLE.check(found)
    assert found == pytest.approx(FEASIBLE.project(target), abs=1e-4)
    assert criterion(found[None])[0] <= criterion(POOL)[0].min()
    assert made.gap(criterion(found[None])[1][0], found, FEASIBLE) < 1e-3


@given(st.lists(st.integers(-100, 100), min_size=4, max_size=4, unique=True).map(lambda x: np.array(x) / 100))
def test_a_linear_objective_ends_in_a_corner(slopes: Array) -> None:
    found = search.minimise(lambda rows: (rows @ slopes, np.tile(slopes, (len(rows), 1))), FEASIBLE, POOL)
    left, best = 1.0, np.zeros(4)
    for at in np.argsort(slopes):
        best[at] = min(left, FEASIBLE.upper[at])
        left -= best[at]
    assert found @ slopes == pytest.approx(best @ slopes, abs=1e-6)
    assert made.gap(slopes, found, FEASIBLE) == pytest.approx(0, abs=1e-6)


def test_the_convex_law_is_searched_exactly() -> None:
    """The tangent proves it: nothing feasible is lower by more than the gap."""
    runs = made.runs()
    for column in runs.losses.T:
        law = PowerLaw.fit(runs.weights, column)
        found = search.minimise(lambda rows, one=law: (one.predict_mean(rows), one.gradient(rows)), FEASIBLE, POOL)
        assert 0 <= made.gap(law.gradient(found[None])[0], found, FEASIBLE) + 1e-12 < 1e-6


@pytest.mark.parametrize(("seed", "caution"), [(3, 1.0), (4, 0.0)])
def test_a_surface_that_bends_near_zero_is_searched_to_its_end(seed: int, caution: float) -> None:
    """Domains that the best mixture has next to nothing of allow only short steps, the others need long ones."""
    generator, natural = np.random.default_rng(seed), np.array([0.5, 0.1, 0.1, 0.1, 0.1, 0.1])
    weights, helped = generator.dirichlet(6 * natural, 100), 2 * generator.gamma(1, 1, (6, 2))
    losses = 0.8 + 0.5 * (weights @ helped + 0.15) ** -0.5 + generator.normal(0, 0.002, (100, 2))
    landscape = Landscape(fit(weights, losses), np.array([0.5, 0.5]), natural, caution)

    def best(cap: float) -> tuple[Array, float, Constraints]:
        feasible = Constraints({name: Domain(1.0, maximum=cap) for name in "abcdef"}, 1, 1.0)
        pool = search.pool(feasible, 0)
        found = search.minimise(landscape.criterion, feasible, search.best_first(landscape.values(pool), pool))
        return found, float(landscape.values(found[None])[0]), feasible

    found, _, feasible = best(0.45)
    slopes = landscape.criterion(found[None])[1][0]
    assert made.gap(slopes, found, feasible) < 2e-5 * np.ptp(landscape.values(np.eye(6)))
    prices = bounds.prices(slopes, found, feasible)
    gained = best(0.449)[1] - best(0.451)[1]
    assert prices[found > 0.45 - 1e-6].sum() * 0.002 == pytest.approx(gained, rel=0.01)


def test_shares_follow_the_first_pattern() -> None:
    tasks = ("heldout:a", "heldout:b", "gold:c", "other")
    assert Objective().shares(tasks).tolist() == [0.5, 0.5, 0, 0]
    mixed = Objective(tasks={"heldout:b": 2, "heldout:*": 1, "gold:*": 1})
    assert mixed.shares(tasks).tolist() == [0.25, 0.5, 0.25, 0]
    with pytest.raises(ValueError, match=r"no task is left for silver:\*.*gold:c"):
        Objective(tasks={"silver:*": 1}).shares(tasks)
    with pytest.raises(ValueError, match="above 0"):
        Objective(tasks={"gold:*": 0}).shares(tasks)
    with pytest.raises(ValidationError):
        Objective(tasks={})


@pytest.fixture(scope="module")
def landscape() -> Landscape:
    runs = made.runs()
    return Landscape(fit(runs.weights, runs.losses), np.array([0.25, 0.75, 0.0]), FEASIBLE.reference, 2.0, 0.1)


def test_a_landscape_is_the_weighted_mean_and_caution_and_divergence_only_add(landscape: Landscape) -> None:
    weights = made.runs().weights
    means, sds = landscape.surface.deviation(weights)
    expected = means @ landscape.shares
    assert landscape.mean(weights) == pytest.approx(expected)
    assert landscape.plain.values(weights) == pytest.approx(expected)
    odds = np.log(np.maximum(weights, 1e-6) / FEASIBLE.reference)
    added = 2 * sds @ landscape.shares + 0.1 * (weights * odds).sum(axis=1)
    assert landscape.values(weights) == pytest.approx(expected + added)
    assert landscape.pull(FEASIBLE.reference[None])[0] == pytest.approx(0, abs=1e-12)


def test_gradients_are_those_of_the_values(landscape: Landscape) -> None:
    weights, step = np.random.default_rng(0).dirichlet(np.ones(4), 6), 1e-6
    for one in (landscape, landscape.plain):
        value, gradient = one.criterion(weights)
        assert value == pytest.approx(one.values(weights))
        for at, unit in enumerate(step * np.eye(4)):
            change = (one.values(weights + unit) - one.values(weights - unit)) / (2 * step)
            assert gradient[:, at] == pytest.approx(change, rel=1e-3, abs=1e-3)


def test_divergence_draws_the_best_to_natural(landscape: Landscape) -> None:
    loose = search.minimise(landscape.plain.criterion, made.constraints(), search.pool(made.constraints(), 0)[:50])
    tight = Landscape(landscape.surface, landscape.shares, made.constraints().reference, 0.0, 100.0)
    found = search.minimise(tight.criterion, made.constraints(), search.pool(made.constraints(), 0)[:50])
    assert abs(found - tight.natural).max() < 0.01 < abs(loose - tight.natural).max()


def test_slopes_are_what_moving_weight_changes(landscape: Landscape) -> None:
    natural = made.constraints().reference
    slopes = landscape.slopes(natural)
    for at in range(4):
        step = 1e-5
        moved = natural * (1 - step / (1 - natural[at]))
        moved[at] = natural[at] + step
        assert moved.sum() == pytest.approx(1.0)
        change = landscape.mean(moved[None])[0] - landscape.mean(natural[None])[0]
        assert slopes[at] == pytest.approx(change / step, rel=0.02, abs=1e-4)


def test_a_shadow_price_is_what_a_looser_cap_gains(landscape: Landscape) -> None:
    """Against a finite difference of the optimum, to 5 %."""

    def best(cap: float) -> tuple[Array, float]:
        feasible = made.constraints(code=cap)
        pool = search.pool(feasible, 0)
        found = search.minimise(landscape.plain.criterion, feasible, search.best_first(landscape.mean(pool), pool))
        return found, float(landscape.mean(found[None])[0])

    found, value = best(0.2)
    slopes = landscape.plain.criterion(found[None])[1][0]
    price = bounds.prices(slopes, found, made.constraints(code=0.2))
    assert price[1] > 0
    assert (best(0.199)[1] - best(0.201)[1]) / 0.002 == pytest.approx(price[1], rel=0.05)
    assert value == pytest.approx(float(landscape.mean(found[None])[0]))


@pytest.mark.parametrize(
    ("slopes", "limits", "prices"),
    [
        ((1, 2, 5), {"a": (0, 0.3), "b": (0, 0.7)}, (1, 0, 0)),  # a's cap and b's hold and fill everything
        ((1, 2, 5), {"a": (0, 0.3), "b": (0, 0.7), "c": (0, 0)}, (1, 0, 0)),  # what is not offered gives nothing
        (
            (1, 2, 5),
            {"b": (0.4, 1), "a": (0, 0.6)},
            (0, 0, 0),
        ),  # nobody can give to a, and less of c than nothing there is not
        ((5, 2, 1), {"a": (0.3, 1), "b": (0.2, 1), "c": (0, 0.5)}, (3, 0, 0)),
        ((1, 2, 5), {"a": (0, 0.5)}, (1, 0, 0)),
        ((1, 2, 5), {"a": (0, 0.5), "c": (0.1, 1)}, (1, 0, 3)),  # less of c would go to b
    ],
)
def test_prices_at_a_corner_are_what_the_cheapest_exchange_gains(
    slopes: tuple[float, ...], limits: dict[str, tuple[float, float]], prices: tuple[float, ...]
) -> None:
    """Of a linear objective; against the optimum with the bound moved by a little."""

    def lowest(moved: dict[str, tuple[float, float]]) -> tuple[Array, Constraints]:
        ends = [moved.get(name, (0.0, 1.0)) for name in "abc"]
        domains = {name: Domain(1.0, None, low, high) for name, (low, high) in zip("abc", ends, strict=True)}
        best, left = np.array([low for low, _ in ends], dtype=float), 1.0 - sum(low for low, _ in ends)
        for at in np.argsort(slopes):
            more = min(left, ends[at][1] - ends[at][0])
            best[at] += more
            left -= more
        return best, Constraints(domains, 1, 1.0)

    best, feasible = lowest(limits)
    found = bounds.prices(np.array(slopes, dtype=float), best, feasible)
    assert found.tolist() == list(prices)
    step = 1e-3
    for at, name in enumerate("abc"):
        low, high = limits.get(name, (0.0, 1.0))
        if best[at] >= high - 1e-9 and high > low:
            looser, _ = lowest(limits | {name: (low, high + step)})
            assert (best - looser) @ np.array(slopes) / step == pytest.approx(found[at])
        elif best[at] <= low + 1e-9 and low > 0:
            looser, _ = lowest(limits | {name: (low - step, high)})
            assert (best - looser) @ np.array(slopes) / step == pytest.approx(found[at])
