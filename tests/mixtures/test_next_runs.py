"""Next runs: the covariance after them is that of conditioning, and they are worth more than others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixtures.design.next_runs import NEAR, most_informative


def remaining(objective: np.ndarray, noise_sd: float, chosen: list[int], near: np.ndarray | None = None) -> float:
    """The variance in question, of `near`, after runs at `chosen`, by conditioning, as a share of that before."""
    if near is None:
        near = np.argsort(objective.mean(axis=0), kind="stable")[: int(NEAR * objective.shape[1])]
    moved = objective - objective.mean(axis=0)
    covariance = moved.T @ moved / len(moved)
    seen = covariance[np.ix_(chosen, chosen)] + noise_sd**2 * np.eye(len(chosen))
    after = covariance - covariance[:, chosen] @ np.linalg.solve(seen, covariance[chosen])
    centre = np.eye(len(near)) - 1 / len(near)
    before, left = (np.trace(centre @ one[np.ix_(near, near)] @ centre) for one in (covariance, after))
    return float(left / before)


@given(st.integers(0, 200), st.floats(0.01, 2))
@settings(max_examples=15)
def test_what_runs_tell_is_what_conditioning_says(seed: int, noise_sd: float) -> None:
    generator = np.random.default_rng(seed)
    objective = generator.normal(size=(300, 6)) @ generator.normal(size=(6, 40)) + 0.1 * generator.normal(
        size=(300, 40)
    )
    chosen, shares = most_informative(objective, noise_sd, 3)
    assert len(set(chosen)) == 3
    assert 1 - shares.sum() == pytest.approx(remaining(objective, noise_sd, chosen), abs=1e-6)
    first = min(remaining(objective, noise_sd, [at]) for at in range(40))
    assert remaining(objective, noise_sd, chosen[:1]) == pytest.approx(first)
    asked = generator.choice(40, 5, replace=False)
    chosen, shares = most_informative(objective, noise_sd, 3, objective[:, asked])
    assert 1 - shares.sum() == pytest.approx(remaining(objective, noise_sd, chosen, asked), abs=1e-6)
    first = min(remaining(objective, noise_sd, [at], asked) for at in range(40))
    assert remaining(objective, noise_sd, chosen[:1], asked) == pytest.approx(first)


def test_runs_that_tell_nothing_more_are_not_asked_for() -> None:
    """Two candidates are all that differ from draw to draw: two runs without noise end what is unknown."""
    moved = np.random.default_rng(0).normal(size=(50, 2))
    chosen, shares = most_informative(np.column_stack((moved, np.ones((50, 30)))) + np.arange(32), 0.0, 9)
    assert set(chosen) == {0, 1}
    assert shares.sum() == pytest.approx(1.0)
    assert np.all(shares > 0)


@pytest.mark.parametrize("count", [-1, 0, 13])
def test_no_more_are_asked_for_than_there_are(count: int) -> None:
    with pytest.raises(ValueError, match=f"count {count}: choose from 1 to all 12"):
        most_informative(np.random.default_rng(0).normal(size=(20, 12)), 0.1, count)
