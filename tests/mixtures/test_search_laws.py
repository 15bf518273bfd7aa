"""What must not change an optimum, and optima known by hand: units, bounds with room, domains split or unwanted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy import optimize

from mixtures.mixture import Array, Constraints, Domain
from mixtures.proposal.region import region
from mixtures.search import bounds, search
from mixtures.search.landscape import Landscape
from mixtures.search.objective import Objective
from mixtures.search.searched import searched
from mixtures.surface import Surface, fit
from mixtures.surface_file import Named
from tests.mixtures import made

DOMAINS = 4
NAMES = tuple("abcdefgh")
SHARES = st.lists(st.floats(0.05, 1.0), min_size=DOMAINS, max_size=DOMAINS).map(lambda x: np.array(x) / sum(x))
SLOPES = st.lists(st.floats(-1.0, 1.0), min_size=DOMAINS, max_size=DOMAINS).map(np.array)
CAPS = st.lists(st.floats(0.3, 1.0), min_size=DOMAINS, max_size=DOMAINS).map(np.array)


def feasible(upper: Array, natural: Array | None = None, lower: Array | None = None) -> Constraints:
    shares = np.ones(len(upper)) if natural is None else natural
    least = np.zeros(len(upper)) if lower is None else lower
    rows = zip(NAMES, shares, least, upper, strict=False)
    return Constraints({name: Domain(float(n), None, float(low), float(most)) for name, n, low, most in rows}, 1, 1.0)


def best(criterion: search.Criterion, constraints: Constraints) -> Array:
    pool = search.pool(constraints, 0)[:64]
    return search.minimise(criterion, constraints, search.best_first(criterion(pool)[0], pool))


def bowl(middle: Array, unit: float = 1.0) -> search.Criterion:
    """Its least value is 0 at `middle`, and near it: steep, so that an end that is near is a value that is low."""
    return lambda rows: (unit * ((rows - middle) ** 2).sum(axis=1), 2 * unit * (rows - middle))


@dataclass(frozen=True)
class Linear:
    """A task's model whose loss is a known linear function of the weights."""

    slopes: Array

    def predict_mean(self, weights: Array) -> Array:
        return np.asarray(weights @ self.slopes)

    def gradient(self, weights: Array) -> Array:
        return np.tile(self.slopes, (len(weights), 1))


def drawn_to_natural(slopes: Array, natural: Array, caps: Array, divergence: float) -> Array:
    """The least w @ slopes + divergence * KL under caps: natural * exp(-slopes / divergence), filled up to sum 1."""
    wanted = natural * np.exp(-(slopes - slopes.min()) / divergence)

    def over(level: float) -> float:
        return float(np.minimum(caps, np.exp(level) * wanted).sum()) - 1.0

    return np.minimum(caps, np.exp(optimize.brentq(over, -50, 700, xtol=1e-13)) * wanted)


@given(SLOPES, SHARES, CAPS, st.floats(0.2, 3.0))
@settings(max_examples=40, deadline=None)
def test_the_pull_to_natural_and_its_prices_are_those_of_the_closed_form(
    slopes: Array, natural: Array, caps: Array, divergence: float
) -> None:
    assume(caps.sum() > 1.05)
    constraints = feasible(caps, natural)
    assume(np.all(natural <= caps))
    surface = cast(Surface, SimpleNamespace(models=(Linear(slopes),)))
    landscape = Landscape(surface, np.ones(1), constraints.reference, 0.0, divergence)
    found = best(landscape.criterion, constraints)
    true = drawn_to_natural(slopes, natural, caps, divergence)
    assert found == pytest.approx(true, abs=1e-4)

    def lowest(most: Array) -> float:
        return float(landscape.values(drawn_to_natural(slopes, natural, most, divergence)[None])[0])

    prices = bounds.prices(landscape.criterion(true[None])[1][0], true, constraints)
    for at, cap in enumerate(caps):
        step = 1e-5 * np.eye(DOMAINS)[at]
        gained = (lowest(caps - step) - lowest(caps + step)) / 2e-5
        if prices[at] > 1e-3:  # held, and not just: a step either way leaves it so
            assert true[at] == pytest.approx(cap)
            assert prices[at] == pytest.approx(gained, rel=0.02, abs=1e-3)
        else:
            assert gained == pytest.approx(0, abs=2e-3)


@given(SHARES, CAPS, st.integers(-9, 6))
@example(np.array([0.0, 1.0, 0.0, 0.0]), np.full(4, 0.5), -9)
@settings(max_examples=40, deadline=None)
def test_the_unit_of_losses_decides_nothing(middle: Array, caps: Array, exponent: int) -> None:
    assume(caps.sum() > 1.05)
    constraints = feasible(caps)
    found = best(bowl(middle, 10.0**exponent), constraints)
    assert found == pytest.approx(best(bowl(middle), constraints), abs=1e-6)
    assert found == pytest.approx(constraints.project(middle), abs=1e-4)


@given(SHARES, st.lists(st.floats(0.02, 0.3), min_size=DOMAINS, max_size=DOMAINS).map(np.array), st.booleans())
@settings(max_examples=30, deadline=None)
def test_a_bound_with_room_left_changes_nothing(middle: Array, room: Array, above: bool) -> None:
    """Neither the optimum nor what is as good; nor has it a price."""
    free = feasible(np.ones(DOMAINS))
    near = middle + room if above else np.ones(DOMAINS)
    low = np.zeros(DOMAINS) if above else np.maximum(middle - room, 0.0)
    bounded = feasible(np.minimum(near, 1.0), lower=low)
    found = best(bowl(middle), bounded)
    assert found == pytest.approx(best(bowl(middle), free), abs=1e-4)
    assert bounds.prices(bowl(middle)(found[None])[1][0], found, bounded) == pytest.approx(0, abs=1e-9)
    assert all(bounds.binding(bounded, found, at) is None for at in range(DOMAINS))
    within = float(room.min() ** 2) / 4  # reaches half of the way to the nearest bound
    here, there = (region(bowl(middle), one, middle, within) for one in (bounded, free))
    assert here.low == pytest.approx(there.low, abs=1e-2 * room.min())
    assert here.high == pytest.approx(there.high, abs=1e-2 * room.min())


@given(SHARES, st.floats(1e-4, 0.1), st.floats(1.5, 10.0))
@settings(max_examples=20, deadline=None)
def test_what_is_as_good_within_more_holds_what_is_within_less_and_the_unit_decides_nothing(
    middle: Array, within: float, more: float
) -> None:
    constraints = feasible(np.full(DOMAINS, 0.9))
    at = constraints.project(middle)
    narrow, wide = (region(bowl(middle), constraints, at, one) for one in (within, more * within))
    assert np.all(wide.low <= narrow.low + 1e-3) and np.all(wide.high >= narrow.high - 1e-3)
    small = region(bowl(middle, 1e-6), constraints, at, 1e-6 * within)
    assert small.low == pytest.approx(narrow.low, abs=1e-3) and small.high == pytest.approx(narrow.high, abs=1e-3)


@given(SHARES, CAPS, st.floats(0.1, 0.9))
@settings(max_examples=30, deadline=None)
def test_a_domain_in_two_parts_has_the_weight_and_the_price_of_the_whole(
    middle: Array, caps: Array, share: float
) -> None:
    """Losses know their sum alone, and each part has its share of the cap: the other domains do not notice."""
    assume(caps.sum() > 1.05)
    whole = feasible(caps)
    joined = np.array([[1.0, 0, 0, 0], [1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 1.0, 0], [0, 0, 0, 1.0]])

    def parted(rows: Array) -> tuple[Array, Array]:
        value, slope = bowl(middle)(rows @ joined)
        return value, slope @ joined.T

    parts = feasible(np.concatenate(([share * caps[0], (1 - share) * caps[0]], caps[1:])))
    one, two = best(bowl(middle), whole), best(parted, parts)
    assert two @ joined == pytest.approx(one, abs=1e-3)
    assert parted(two[None])[0][0] == pytest.approx(bowl(middle)(one[None])[0][0], abs=1e-6)
    paid = bounds.prices(bowl(middle)(one[None])[1][0], one, whole)
    told = bounds.prices(parted(two[None])[1][0], two, parts)
    if paid[0] > 1e-2:
        assert told[:2] == pytest.approx([paid[0], paid[0]], abs=2e-3)


@given(SHARES, CAPS, st.floats(0.1, 5.0))
@settings(max_examples=30, deadline=None)
def test_a_domain_that_nobody_wants_changes_nothing_and_has_no_price(middle: Array, caps: Array, dearer: float) -> None:
    assume(caps.sum() > 1.05)

    def beside(rows: Array) -> tuple[Array, Array]:
        value, slope = bowl(middle)(rows[:, :DOMAINS])
        return value + (4 + dearer) * rows[:, -1], np.column_stack((slope, np.full(len(rows), 4 + dearer)))

    more = feasible(np.append(caps, 1.0))
    found = best(beside, more)
    assert found[-1] == pytest.approx(0, abs=1e-6)
    assert found[:DOMAINS] == pytest.approx(best(bowl(middle), feasible(caps)), abs=1e-4)
    assert bounds.binding(more, found, DOMAINS) == "minimum"
    assert bounds.prices(beside(found[None])[1][0], found, more)[-1] == 0


@given(st.lists(st.integers(10**3, 10**9), min_size=2, max_size=8), st.integers(1, 10**6), st.floats(0.5, 8.0))
@settings(deadline=None)
def test_twice_the_budget_halves_each_cap_and_twice_the_tokens_or_epochs_undoes_it(
    tokens: list[int], budget: int, epochs: float
) -> None:
    free = Domain(1.0)

    def caps(times: int, budget: int, epochs: float) -> Array:
        named = {name: Domain(1.0, times * held) for name, held in zip(NAMES, tokens, strict=False)}
        return Constraints({**named, "free": free}, budget, epochs).epoch_caps[:-1]

    once = caps(1, budget, epochs)
    assert caps(1, 2 * budget, epochs) == pytest.approx(once / 2, rel=1e-15)
    assert np.array_equal(caps(2, 2 * budget, epochs), once)
    assert np.array_equal(caps(1, 2 * budget, 2 * epochs), once)


def test_a_search_of_a_fitted_surface_knows_no_unit() -> None:
    """Optimum, gain and intervals, where losses are told in millionths: a search once ended before it began."""
    runs = made.runs()
    limits = made.constraints(code=0.3, budget_tokens=100_000)

    def found(unit: float) -> tuple[Array, Array]:
        losses = unit * runs.losses
        named = Named(fit(runs.weights, losses), runs.ids, runs.domains, runs.tasks, runs.weights, losses)
        told = searched(named, limits, Objective(tasks={"*": 1.0}, caution=0.5), draws=10, seed=0).best["raw"]
        weights = [one.weight for one in told.weights.values()]
        gain = np.array([told.gain.value, told.gain.low, told.gain.high]) / unit
        return np.array([[one.value, one.low, one.high] for one in weights]), gain

    weights, gain = found(1.0)
    small, small_gain = found(1e-6)
    assert small == pytest.approx(weights, abs=1e-3)
    assert small_gain == pytest.approx(gain, rel=1e-3)


def test_a_bound_that_is_far_from_every_draw_leaves_the_whole_answer() -> None:
    """A fitted surface, searched with caution: weights, intervals, the gain, and the prices of the bounds that hold."""
    runs = made.runs()
    named = Named(fit(runs.weights, runs.losses), runs.ids, runs.domains, runs.tasks, runs.weights, runs.losses)
    limits = made.constraints(code=0.3, budget_tokens=100_000)
    web = replace(limits.domains["web"], maximum=0.97)  # above natural and above all draws' own best
    bounded = replace(limits, domains={**limits.domains, "web": web})
    plain, same = (
        searched(named, one, Objective(tasks={"heldout:code": 1.0}), draws=10, seed=0).best["raw"]
        for one in (limits, bounded)
    )
    assert max(one.weight.high for one in plain.weights.values()) < 0.97
    for name, one in plain.weights.items():
        other = same.weights[name]
        assert other.held_by == one.held_by
        assert (other.weight.value, other.weight.low, other.weight.high) == pytest.approx(
            (one.weight.value, one.weight.low, one.weight.high), abs=2e-3
        )
        assert other.price == pytest.approx(one.price, rel=1e-2, abs=1e-7)
    assert same.gain.value == pytest.approx(plain.gain.value, rel=1e-3)
