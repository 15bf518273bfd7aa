"""Which rows of weights are one mixture: a law of distances, whatever rows and columns stand around them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixtures.mixture import Array
from mixtures.simplex import SAME, normalised, numbered


def drawn(seed: int) -> tuple[Array, np.random.Generator]:
    """Mixtures of a few tokens of 8,192, so that many weights end on the edge of their twelfth digit."""
    generator = np.random.default_rng(seed)
    return generator.multinomial(8192, generator.dirichlet(np.ones(5)), 12) / 8192, generator


@given(st.integers(0, 10_000), st.sampled_from((1e-16, 1e-12, 1e-9, SAME / 2)))
def test_rows_within_the_tolerance_are_one_mixture(seed: int, far: float) -> None:
    weights, generator = drawn(seed)
    moved = np.maximum(weights + generator.uniform(-far, far, weights.shape), 0.0)
    both = numbered(np.vstack((weights, moved)))
    assert np.array_equal(both[:12], both[12:])
    assert np.array_equal(both[:12], numbered(weights))


@given(st.integers(0, 10_000))
def test_rows_that_differ_by_more_than_chains_can_reach_are_two(seed: int) -> None:
    weights, generator = drawn(seed)
    weights[generator.integers(12, size=3)] = weights[0]
    apart = abs(weights[:, None] - weights[None]).max(axis=-1) > len(weights) * SAME
    mixture = numbered(weights)
    assert np.array_equal(mixture[:, None] != mixture[None], apart)
    assert list(dict.fromkeys(mixture)) == list(range(mixture.max() + 1))


@given(st.integers(0, 10_000))
def test_order_of_rows_and_domains_does_not_decide_which_are_one(seed: int) -> None:
    weights, generator = drawn(seed)
    weights[5:] = weights[generator.integers(5, size=7)] + generator.choice((0.0, 1e-13), (7, 5))
    rows, columns = generator.permutation(12), generator.permutation(5)
    before, after = numbered(weights), numbered(weights[np.ix_(rows, columns)])
    assert np.array_equal(before[rows][:, None] == before[rows], after[:, None] == after)


@pytest.mark.parametrize("domains", [2, 17, 400])
def test_a_mixture_written_in_32_bit_floats_or_percent_is_the_same_mixture(domains: int) -> None:
    weights = np.random.default_rng(domains).dirichlet(np.full(domains, 0.3), 200)
    again = normalised(weights.astype(np.float32)), normalised(100 * weights / 100)
    assert np.array_equal(numbered(np.vstack((weights, *again))), np.tile(np.arange(200), 3))


def test_no_rows_have_no_numbers() -> None:
    assert numbered(np.empty((0, 3))).shape == (0,)
