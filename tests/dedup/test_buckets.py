"""Large buckets: what is looked at is bounded, counted, and finds similar documents behind the leaders."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dedup.pairing.buckets import added, pairs_of_buckets

sizes = st.lists(st.integers(1, 40), min_size=1, max_size=6)


@given(sizes, st.integers(1, 6), st.integers(1, 2**16), st.integers(0, 2**32 - 1))
def test_pairs_are_bounded_distinct_and_counted(counts: list[int], leaders: int, kinds: int, seed: int) -> None:
    starts = np.zeros(sum(counts), dtype=np.bool_)
    firsts = np.cumsum([0, *counts[:-1]])
    starts[firsts] = True
    finer = np.random.default_rng(seed).integers(0, kinds, len(starts)).astype(np.uint64)
    better, worse, facts = pairs_of_buckets(starts, finer, leaders)
    found = set(zip(better.tolist(), worse.tolist(), strict=True))
    possible = {
        pair
        for first, count in zip(firsts.tolist(), counts, strict=True)
        for pair in combinations(range(first, first + count), 2)
    }
    assert len(found) == len(better) and found <= possible
    assert np.bincount(worse, minlength=1).max(initial=0) <= 2 * leaders
    assert facts["pairs_not_compared"] == len(possible) - len(found)
    assert facts["oversized_buckets"] == sum(count > leaders + 1 for count in counts)


def test_what_agrees_further_meets_behind_the_leaders() -> None:
    """A bucket of 1,000 strangers and two that are alike, ranked last: the leaders alone would not show them."""
    finer = np.random.default_rng(0).integers(0, 2**63, 1000).astype(np.uint64)
    finer[[500, 999]] = 12345
    better, worse, _ = pairs_of_buckets(np.arange(1000) == 0, finer, 4)
    assert (500, 999) in set(zip(better.tolist(), worse.tolist(), strict=True))


@pytest.mark.parametrize("rows", [100, 1000, 10_000])
def test_equal_documents_cost_no_more_than_their_number(rows: int) -> None:
    better, _, facts = pairs_of_buckets(np.arange(rows) == 0, np.zeros(rows, dtype=np.uint64), 16)
    assert len(better) <= 16 * rows
    assert facts == {"oversized_buckets": 1, "pairs_not_compared": rows * (rows - 1) // 2 - len(better)}


def test_facts_are_added_by_name() -> None:
    assert added([{"a": 1, "b": 2}, {}, {"b": 3}]) == {"a": 1, "b": 5}
