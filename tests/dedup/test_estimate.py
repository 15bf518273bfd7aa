"""The estimate of a pair: its bound, its size, and what it may not do."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from pipeline.dedup.hashing.words import shingles_of
from pipeline.dedup.minhash import bits_of, signatures
from pipeline.dedup.pairing.estimate import MISSED, agreements, estimates_e4, least_agreement
from pipeline.text.hashing import mix64

WORDS = [f"w{i}" for i in range(900)]


@given(st.integers(1, 300), st.integers(1, 10_000))
def test_a_pair_at_the_threshold_is_missed_once_in_a_million(bits: int, least_e4: int) -> None:
    least, chance = least_agreement(bits, least_e4), (1 + least_e4 / 10_000) / 2
    assert 0 <= least <= bits
    assert binom.cdf(least - 1, bits, chance) <= float(MISSED) * (1 + 1e-9)
    assert binom.cdf(least, bits, chance) > float(MISSED) * (1 - 1e-9)


@pytest.mark.parametrize(
    ("bits", "least_e4", "least"), [(256, 8_000, 205), (64, 8_000, 44), (256, 10_000, 256), (64, 10, 14), (1, 8_000, 0)]
)
def test_what_must_agree(bits: int, least_e4: int, least: int) -> None:
    assert least_agreement(bits, least_e4) == least


@pytest.mark.parametrize(
    ("agree", "bits", "estimate"), [(256, 256, 10_000), (128, 256, 0), (100, 256, 0), (230, 256, 7_968)]
)
def test_estimates(agree: int, bits: int, estimate: int) -> None:
    assert estimates_e4(np.array([agree]), bits).tolist() == [estimate]


@pytest.mark.parametrize("scheme", ["fss", "affine32"])
@pytest.mark.parametrize("k", [1, 24, 64, 256])
def test_bits_are_those_of_the_signature(k: int, scheme: str) -> None:
    texts = [" ".join(WORDS[: 20 * i + 7]) for i in range(4)]
    sets = [shingles_of(text, 5) for text in texts]
    offsets = np.cumsum([0, *map(len, sets)])
    bits = bits_of(offsets, np.concatenate(sets), k, scheme)  # type: ignore[arg-type]
    values = signatures(pa.array(texts), k=k, scheme=scheme)  # type: ignore[arg-type]
    expected = [[int(mix64(np.uint64(value))) & 1 for value in row] for row in values]
    found = [[int(row[i // 64]) >> (i % 64) & 1 for i in range(k)] for row in bits]
    assert found == expected
    assert bits.shape == (4, -(-k // 64))


@given(st.lists(st.integers(0, 2**64 - 1), min_size=4, max_size=4), st.integers(129, 192))
def test_agreements_are_counted_bit_by_bit(words: list[int], bits: int) -> None:
    mask = (1 << bits) - 1
    numbers = [(words[0] << 128 | words[1] << 64 | words[2]) & mask, (words[3] << 128 | words[1] << 64) & mask]
    rows = np.array([[number >> 64 * i & 2**64 - 1 for i in range(3)] for number in numbers], dtype=np.uint64)
    found = agreements(rows, rows, np.array([0]), np.array([1]), bits)
    assert found.tolist() == [bits - (numbers[0] ^ numbers[1]).bit_count()]


@pytest.mark.parametrize("scheme", ["fss", "affine32"])
def test_estimates_of_pairs_at_the_threshold_stay_above_it(scheme: str) -> None:
    """1,000 pairs of similarity .8: none is left out, and the estimates lie around it as bits of 256 values do."""
    random = np.random.default_rng(5)
    hashes = random.integers(0, 2**63, (1000, 600), dtype=np.uint64)
    sets = [np.sort(row[first : first + 540]) for row in hashes for first in (0, 60)]  # 480 of 600 in both
    bits = bits_of(np.arange(2001) * 540, np.concatenate(sets), 256, scheme)  # type: ignore[arg-type]
    agree = agreements(bits, bits, np.arange(0, 2000, 2), np.arange(1, 2000, 2), 256)
    assert agree.min() >= least_agreement(256, 8_000)
    estimates = estimates_e4(agree, 256) / 10_000
    assert abs(estimates.mean() - 0.8) < 4 * 0.0375 / 1000**0.5 and estimates.std() < 0.041
