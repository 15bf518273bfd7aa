"""Frames are matched by name and index, arrays by position; what can be matched by neither is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixtures.surface import Surface, fit
from mixtures.tables.frames import mixtures_of, runs_of
from tests.mixtures import made

RUNS = made.runs(count=12, repeats=2)
IDS = pd.Index(RUNS.ids, name="run")
WEIGHTS = pd.DataFrame(RUNS.weights, index=IDS, columns=list(RUNS.domains))
LOSSES = pd.DataFrame(RUNS.losses, index=IDS, columns=list(RUNS.tasks))


@pytest.fixture(scope="module")
def surface() -> Surface:
    return fit(WEIGHTS, LOSSES)


@given(st.permutations(range(len(IDS))), st.permutations(range(len(IDS))), st.permutations(range(4)))
def test_frames_are_joined_whatever_their_order(left: list[int], right: list[int], domains: list[int]) -> None:
    weights, losses, names = runs_of(WEIGHTS.iloc[left, domains], LOSSES.iloc[right])
    assert np.array_equal(weights, RUNS.weights[np.ix_(left, domains)])
    assert np.array_equal(losses, RUNS.losses[left])
    assert (names.domains, names.tasks, names.id_column) == (
        tuple(RUNS.domains[at] for at in domains), RUNS.tasks, "run",
    )  # fmt: skip
    assert np.array_equal(mixtures_of(WEIGHTS, names), RUNS.weights[:, domains])


@given(st.permutations(range(4)), st.permutations(range(3)))
@settings(max_examples=3, deadline=None)
def test_order_of_rows_and_columns_does_not_decide(surface: Surface, domains: list[int], tasks: list[int]) -> None:
    moved = fit(WEIGHTS.iloc[::-1, domains], LOSSES.iloc[:, tasks])
    assert moved.names.tasks == tuple(RUNS.tasks[at] for at in tasks)
    for one, other in zip(moved.predict(WEIGHTS), surface.predict(WEIGHTS), strict=True):
        assert one == pytest.approx(other[:, tasks], abs=1e-9)
    positional = fit(RUNS.weights, RUNS.losses)
    assert np.array_equal(positional.predict(RUNS.weights)[0], surface.predict(WEIGHTS)[0])
    assert np.array_equal(surface.predict(RUNS.weights)[0], surface.predict(WEIGHTS)[0])


def test_one_task_may_be_a_series_and_missing_losses_are_none() -> None:
    losses = LOSSES["gold:science"].astype("Float64").copy()
    losses.iloc[3] = pd.NA
    weights, read, names = runs_of(WEIGHTS, losses)
    assert (read.shape, names.tasks) == ((len(IDS),), ("gold:science",))
    assert np.isnan(read[3])
    assert np.array_equal(weights, RUNS.weights)
    assert runs_of(RUNS.weights, LOSSES)[2].domains is None


@pytest.mark.parametrize(
    ("weights", "losses", "message"),
    [
        (WEIGHTS, LOSSES.iloc[1:], "'run000' stand in the index of weights or of losses only"),
        (WEIGHTS, LOSSES.rename(index={"run001": "other"}), "'run001', 'other' stand in"),
        (pd.concat([WEIGHTS, WEIGHTS.iloc[:1]]), LOSSES, "'run000' stands more than once in the index"),
        (WEIGHTS.reset_index(), LOSSES.reset_index(), "column run: not numbers .*: ids belong into the index"),
        (WEIGHTS.rename(columns={"code": "web"}), LOSSES, "column web stands twice"),
        (WEIGHTS.assign(seed=3), LOSSES, "adds up to 4, not to 1: but for seed all do: drop it"),
        (WEIGHTS.assign(seed=3, step=9), LOSSES, "adds up to 13, not to 1: but for seed, step all do: drop them"),
        (100 * WEIGHTS, LOSSES, "percent; divide them by 100"),
        (WEIGHTS.to_dict(), LOSSES, "a dict has names but no index"),
        (pa.table(WEIGHTS.to_dict("list")), LOSSES, "a Table has names but no index"),
        (WEIGHTS, LOSSES.to_numpy()[:, :, None], r"losses of shape \(14, 3, 1\)"),
        (WEIGHTS, LOSSES.iloc[:, :0], "at least one task"),
    ],
)
def test_what_cannot_be_matched_is_refused(weights: Any, losses: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit(weights, losses)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda: WEIGHTS.drop(columns="code"), "no column code: each domain"),
        (lambda: WEIGHTS.assign(moon=0.0), "moon is no domain"),
        (lambda: RUNS.weights[:, :3] / RUNS.weights[:, :3].sum(axis=1, keepdims=True), "3 domains on a surface of 4"),
        (lambda: RUNS.weights[0], "give rows of mixtures"),
    ],
)
def test_a_surface_is_asked_of_its_domains_only(surface: Surface, change: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        surface.predict(change())


def test_a_surface_without_names_knows_none() -> None:
    with pytest.raises(ValueError, match="fitted to an array"):
        fit(RUNS.weights, RUNS.losses[:, 0]).predict(WEIGHTS)


@pytest.mark.parametrize("mixtures", [1, 2, 3, 4])
def test_fewer_mixtures_than_folds_are_a_fold_each(mixtures: int) -> None:
    weights = np.repeat(RUNS.weights[:mixtures], 8, axis=0)
    losses = weights @ np.arange(4.0) + np.random.default_rng(0).normal(0, 0.01, len(weights))
    mean, lower, upper = fit(weights, losses).predict(RUNS.weights[:mixtures])
    assert np.all((lower < mean) & (mean < upper))
    assert mean == pytest.approx(RUNS.weights[:mixtures] @ np.arange(4.0), abs=0.1)


def test_what_rounding_leaves_below_zero_is_zero(surface: Surface) -> None:
    rows = np.array([[0.5, 0.5, -1e-18, 0.0], [0.5, 0.5, 0.0, 0.0]])
    mean, _, _ = surface.predict(rows)
    assert np.array_equal(mean[0], mean[1])
