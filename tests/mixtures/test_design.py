"""Trials: feasible, distinct, seeded, spread, and blind to names and order."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixtures.design import choosing
from mixtures.design.design import random_mixtures, repeats, spread_out, trials, uniform_mixture
from mixtures.mixture import Constraints
from mixtures.tables.named import Mixtures
from tests.mixtures import made

COUNT = 20


def renamed(constraints: Constraints, names: list[str]) -> Constraints:
    domains = dict(zip(names, constraints.domains.values(), strict=True))
    return Constraints(domains=domains, budget_tokens=constraints.budget_tokens, max_epochs=constraints.max_epochs)


@settings(max_examples=10)
@given(st.integers(0, 2**32), st.floats(0.05, 1.0))
def test_every_trial_is_feasible_and_no_two_are_alike(seed: int, most: float) -> None:
    feasible = made.constraints(web=max(most, 0.2))
    rows = trials(feasible, COUNT, seed)
    assert np.array_equal(rows[0], feasible.reference)
    for row in rows:
        feasible.check(row)
        assert abs(math.fsum(row) - 1) <= 1e-12
    apart = np.linalg.norm(np.sqrt(rows)[:, None] - np.sqrt(rows)[None], axis=2) + np.eye(COUNT)
    assert apart.min() > 1e-3
    assert np.array_equal(rows, trials(feasible, COUNT, seed))
    for one in (*random_mixtures(feasible, 3, seed), uniform_mixture(feasible)):
        feasible.check(one)


def test_repeats_are_of_the_natural_mixture_and_two_distant_ones() -> None:
    rows = np.sqrt(trials(made.constraints(), COUNT, 0))
    assert repeats(8, 4) == [0] * 8 + [1] * 4 + [2] * 4
    far = np.linalg.norm(rows[1:] - rows[0], axis=1)
    assert far[0] == far.max()
    assert np.minimum(far, np.linalg.norm(rows[1:] - rows[1], axis=1))[1] == pytest.approx(
        np.minimum(far, np.linalg.norm(rows[1:] - rows[1], axis=1)).max()
    )


def test_a_longer_design_goes_on_where_a_shorter_one_ends() -> None:
    assert np.array_equal(trials(made.constraints(), 32, 0)[:9], trials(made.constraints(), 9, 0))


def test_another_seed_gives_other_trials() -> None:
    assert not np.array_equal(trials(made.constraints(), COUNT, 0), trials(made.constraints(), COUNT, 1))


def test_names_do_not_decide() -> None:
    feasible = made.constraints()
    other = renamed(feasible, ["z", "a", "m", "b"])
    assert np.array_equal(trials(feasible, COUNT, 0), trials(other, COUNT, 0))


@given(st.permutations(range(4)))
@settings(max_examples=10)
def test_order_does_not_decide(order: list[int]) -> None:
    feasible = made.constraints()
    domains = {feasible.names[at]: feasible.domains[feasible.names[at]] for at in order}
    other = Constraints(domains=domains, budget_tokens=feasible.budget_tokens, max_epochs=feasible.max_epochs)
    moved = trials(other, COUNT, 0)
    assert np.allclose(moved, trials(feasible, COUNT, 0)[:, order], rtol=0, atol=1e-12)


def test_trials_cover_the_set_better_than_chance() -> None:
    feasible = made.constraints()
    generator = np.random.default_rng(5)
    probes = np.sqrt(feasible.project(generator.dirichlet(np.ones(4), 500)))

    def covering(rows: np.ndarray) -> float:
        return float(np.linalg.norm(probes[:, None] - np.sqrt(rows)[None], axis=2).min(axis=1).max())

    chance = [covering(feasible.project(generator.dirichlet(np.ones(4), 20))) for _ in range(10)]
    assert covering(trials(feasible, 20, 0)) < 0.8 * np.median(chance)


def test_more_than_there_are_is_refused() -> None:
    feasible = made.constraints(budget_tokens=4_000_000)
    assert len(trials(feasible, 1, 0)) == 1
    with pytest.raises(ValueError, match="no more than 1 that differ"):
        trials(feasible, 2, 0)
    with pytest.raises(ValueError, match="at least one"):
        trials(feasible, 0, 0)


@given(st.integers(1, 200), st.integers(0, 100))
@settings(max_examples=20)
def test_chosen_rows_are_the_farthest_from_what_was_trained(trained: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    rows, kept = (generator.dirichlet(np.full(5, 0.3), count) for count in (40, trained))
    known = np.sqrt(kept)
    for at in spread_out(rows, 6, kept=kept):
        apart = np.linalg.norm(np.sqrt(rows)[:, None] - known[None], axis=2).min(axis=1)
        assert apart[at] == pytest.approx(apart.max(), abs=1e-7)
        known = np.vstack((known, np.sqrt(rows[at])))


def test_many_trained_mixtures_need_little_memory() -> None:
    generator = np.random.default_rng(0)
    rows, kept = generator.dirichlet(np.ones(32), 2000), generator.dirichlet(np.ones(32), 1000)
    tracemalloc.start()
    spread_out(rows, 4, kept=kept)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12 * rows.nbytes  # differences of all pairs would be a thousand times as much


SPARSE = np.vstack((np.eye(5), np.random.default_rng(0).dirichlet(np.full(5, 0.2), 40).round(2)))
CANDIDATES = np.unique(SPARSE / SPARSE.sum(axis=1, keepdims=True), axis=0)


@given(st.permutations(range(len(CANDIDATES))), st.permutations(range(5)))
@settings(max_examples=20)
def test_order_of_candidates_does_not_decide(rows: list[int], columns: list[int]) -> None:
    """Corners and edges among them: disjoint mixtures are all as far apart, and only rounding would choose."""
    ids, domains = np.array([f"m{at}" for at in range(len(CANDIDATES))]), np.array(list("abcde"))

    def chosen(rows: list[int], columns: list[int]) -> list[str]:
        table = Mixtures("id", tuple(ids[rows]), tuple(domains[columns]), CANDIDATES[np.ix_(rows, columns)])
        return list(choosing.spread(table, 9, None)["id"])  # type: ignore[call-overload]

    assert chosen(rows, columns) == chosen(list(range(len(ids))), list(range(5)))


@pytest.mark.parametrize("count", [-3, 0, 8])
def test_no_more_are_chosen_than_there_are(count: int) -> None:
    with pytest.raises(ValueError, match=f"count {count}: choose from 1 to all 7 mixtures"):
        spread_out(np.random.default_rng(0).dirichlet(np.ones(3), 7), count)
