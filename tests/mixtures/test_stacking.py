"""Members' shares: the least held-out error, pulled towards those before any run."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixtures.models.stacking import LAWS_SHARE, shares_before, stacked

SEEDS = st.integers(0, 1000)


def errs(seed: int, sizes: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """(means, losses) of 60 runs and 3 tasks, whose members miss by errors of these standard deviations."""
    random = np.random.default_rng(seed)
    losses = random.normal(size=(60, 3))
    return losses[..., None] + random.normal(size=(60, 3, len(sizes))) * sizes, losses


@given(SEEDS, st.lists(st.floats(0.01, 10), min_size=2, max_size=6))
def test_shares_are_shares_and_unit_and_order_of_runs_are_nothing_to_them(seed: int, sizes: list[float]) -> None:
    means, losses = errs(seed, sizes)
    shares = stacked(means, losses)
    assert shares.sum() == pytest.approx(1) and (shares >= 0).all()
    assert stacked(means[::-1] * 1e3, losses[::-1] * 1e3) == pytest.approx(shares, abs=1e-4)


@settings(deadline=None)
@given(SEEDS, st.integers(2, 6))
def test_members_that_err_alike_keep_what_they_had(seed: int, members: int) -> None:
    means, losses = errs(seed, [1.0] * members)
    means[..., 1:] = means[..., :1]  # as alike as can be
    assert stacked(means, losses) == pytest.approx(shares_before(members), abs=1e-3)


@given(SEEDS)
def test_whoever_errs_less_gets_more_and_nobody_all(seed: int) -> None:
    for at in range(4):
        sizes = [1.0] * 4
        sizes[at] = 0.2
        shares = stacked(*errs(seed, sizes))
        assert shares[at] > shares_before(4)[at]
        assert (shares > 0.03).all()


def test_the_laws_share_before_any_run_is_the_same_whatever_the_number_of_processes() -> None:
    for members in range(2, 7):
        before = shares_before(members)
        assert before[-1] == pytest.approx(LAWS_SHARE) and before.sum() == pytest.approx(1)
        assert np.ptp(before[:-1]) == 0


def test_where_nothing_was_held_out_shares_are_those_before() -> None:
    means, losses = errs(0, [1.0] * 4)
    assert np.array_equal(stacked(means * np.nan, losses), shares_before(4))
