"""MinHash is datasketch's, and finds pairs as often as theory says."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from datasketch import MinHash
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dedup.minhash import SCHEME, SEED, band_keys, signature
from pipeline.dedup.settings import Deduplication
from pipeline.dedup.words import shingles_of, utf8


@settings(deadline=None)
@given(st.lists(st.integers(0, 2**64 - 1), max_size=30), st.integers(1, 200))
def test_signatures_are_those_of_datasketch(hashes: list[int], count: int) -> None:
    theirs = MinHash(num_perm=count, seed=SEED, scheme=SCHEME, hashfunc=lambda value: value)
    theirs.update_batch([value % 2**32 for value in hashes])
    assert np.array_equal(signature(np.array(hashes, dtype=np.uint64), count), theirs.hashvalues)


def keys_of(texts: list[str], bands: int, rows: int) -> np.ndarray:
    return band_keys(*utf8(pa.array(texts, pa.large_string())), 5, bands=bands, rows_per_band=rows)[0]


@settings(deadline=None)
@given(st.lists(st.text(alphabet="abc ", max_size=60), min_size=2, max_size=5), st.integers(1, 4), st.integers(1, 3))
def test_texts_share_a_key_iff_the_signatures_of_their_shingles_share_the_band(
    texts: list[str], bands: int, rows: int
) -> None:
    keys = keys_of(texts, bands, rows)
    signatures = [signature(shingles_of(text, 5), bands * rows).reshape(bands, rows) for text in texts]
    for i, j in pairwise(range(len(texts))):
        assert np.array_equal(keys[i] == keys[j], (signatures[i] == signatures[j]).all(axis=1))
    assert all(len(set(row.tolist())) == bands for row in keys)


@pytest.mark.parametrize("percent", [70, 75, 80, 85, 90])
def test_recall_is_within_its_bounds(percent: int) -> None:
    """1,000 pairs of each similarity: found as often as 1 - (1 - J^6)^20, within 4 standard deviations."""
    recipe = Deduplication()
    own, pairs = 100 - percent, 1000
    shared = 2 * percent  # of 2 * percent + 2 * own = 200 shingles in either
    texts = []
    for seed in range(pairs):
        words = [f"w{seed}x{i}" for i in range(shared + 2 * own + 4)]
        texts += [" ".join(words[: own + shared + 4]), " ".join(words[own:])]
    first, second = shingles_of(texts[0], 5), shingles_of(texts[1], 5)
    common = len(np.intersect1d(first, second))
    assert common * 100 == percent * (len(first) + len(second) - common)
    keys = keys_of(texts, recipe.bands, recipe.rows_per_band)
    found = (keys[0::2] == keys[1::2]).any(axis=1).mean()
    expected = 1 - (1 - (percent / 100) ** recipe.rows_per_band) ** recipe.bands
    spread = math.sqrt(expected * (1 - expected) / pairs)
    print(f"J {percent} %: recall {found:.3f}, expected {expected:.3f} +- {spread:.3f}")
    assert abs(found - expected) <= 4 * spread + 1 / pairs
