"""The search finds known minima, stays feasible, and never ends worse than it began; the objective adds up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from mixtures import search
from mixtures.mixture import Array
from mixtures.objective import Landscape, Objective
from mixtures.surface import Surface
from tests.mixtures import made

FEASIBLE = made.constraints(budget_tokens=2_000_000)


@given(st.lists(st.floats(-1, 1), min_size=4, max_size=4).map(np.array))
@settings(max_examples=25)
def test_the_nearest_point_is_found(target: Array) -> None:
    def criterion(rows: Array) -> Array:
        return ((rows - target) ** 2).sum(axis=1)

    found = search.minimise(criterion, FEASIBLE, search.pool(FEASIBLE, 0)[:100])
    FEASIBLE.check(found)
    assert found == pytest.approx(FEASIBLE.project(target), abs=2e-3)
    assert criterion(found[None])[0] <= criterion(search.pool(FEASIBLE, 0)[:100]).min()


@given(st.lists(st.floats(-1, 1), min_size=4, max_size=4, unique=True).map(np.array))
def test_a_linear_objective_ends_in_a_corner(slopes: Array) -> None:
    found = search.minimise(lambda rows: rows @ slopes, FEASIBLE, search.pool(FEASIBLE, 0)[:20])
    left, best = 1.0, np.zeros(4)
    for at in np.argsort(slopes):
        best[at] = min(left, FEASIBLE.upper[at])
        left -= best[at]
    assert found @ slopes == pytest.approx(best @ slopes, abs=1e-6)


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


def test_a_landscape_is_the_weighted_mean_and_caution_only_adds() -> None:
    runs = made.runs()
    surfaces = tuple(Surface.fit(runs.weights, column) for column in runs.losses.T[:2])
    bold, careful = (Landscape(surfaces, np.array([0.25, 0.75]), caution) for caution in (0.0, 2.0))
    expected = 0.25 * surfaces[0].predict_mean(runs.weights) + 0.75 * surfaces[1].predict_mean(runs.weights)
    assert bold.mean(runs.weights) == pytest.approx(expected)
    assert bold.criterion(runs.weights) == pytest.approx(expected)
    _, sd = careful.predict(runs.weights)
    assert careful.criterion(runs.weights) == pytest.approx(expected + 2 * sd)


def test_slopes_are_what_moving_weight_changes() -> None:
    runs, natural = made.runs(), made.constraints().reference
    landscape = Landscape((Surface.fit(runs.weights, runs.losses[:, 0]),), np.ones(1), 1.0)
    slopes = landscape.slopes(natural)
    for at in range(4):
        step = 1e-4
        moved = natural * (1 - step / (1 - natural[at]))
        moved[at] = natural[at] + step
        assert moved.sum() == pytest.approx(1.0)
        change = landscape.mean(moved[None])[0] - landscape.mean(natural[None])[0]
        assert slopes[at] == pytest.approx(change / step, rel=0.02, abs=1e-4)
