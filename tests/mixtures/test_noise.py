"""Noise: pooled over repeated mixtures by hand, and found again in made runs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mixtures.uncertainty.noise import Noise, estimated, from_replicates
from tests.mixtures import made


def test_the_spread_is_pooled_over_repeated_mixtures() -> None:
    noise = from_replicates(np.array([1.0, 3.0, 10.0, 10.0, 13.0, 99.0]), np.array([0, 0, 1, 1, 1, 2]))
    assert noise is not None
    assert (noise.freedom, noise.source) == (3, "replicates")
    assert noise.sd == pytest.approx(np.sqrt((2 + 6) / 3))


def test_without_repeats_the_held_out_error_stands_in_and_says_so() -> None:
    losses = np.array([1.0, 2.0, 3.0, 4.0])
    assert from_replicates(losses, np.arange(4)) is None
    noise = estimated(losses, losses + 0.5, np.arange(4))
    assert (noise.sd, noise.freedom, noise.source) == (0.5, 3, "cross-validation")


def test_made_noise_is_found_again() -> None:
    runs = made.runs(count=8, repeats=200)
    for task in range(len(runs.tasks)):
        noise = from_replicates(runs.losses[:, task], runs.mixture)
        assert noise is not None
        assert noise.sd == pytest.approx(made.NOISE_SD, rel=0.15)


def test_a_difference_below_the_smallest_is_seen_in_one_of_twenty() -> None:
    """What the threshold promises: two means of the same mixture differ by more in 5 % of cases."""
    noise = Noise(sd=1.0, freedom=10_000, source="replicates")
    assert noise.smallest_difference(8) == pytest.approx(noise.smallest_difference(2) / 2)
    apart = stats.norm(scale=np.sqrt(2 / 4))
    assert 2 * apart.sf(noise.smallest_difference(4)) == pytest.approx(0.05, rel=0.01)
