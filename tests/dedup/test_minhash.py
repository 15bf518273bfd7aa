"""MinHash is datasketch's, and finds pairs as often as theory says."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from datasketch import MinHash
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dedup.hashing.similarity_sketch import U32, sketch
from pipeline.dedup.hashing.words import shingles_of, utf8
from pipeline.dedup.minhash import SEED, Scheme, bands_of, lower_minima, permutations, signatures
from pipeline.dedup.schemas import U64
from pipeline.dedup.settings import Deduplication
from tests.dedup.literal_sketch import literal_sketch

SCHEMES: tuple[Scheme, ...] = ("fss", "affine32")
each_scheme = pytest.mark.parametrize("scheme", SCHEMES)


def signature(hashes: U64, count: int, scheme: Scheme) -> U32:
    """The kernels on one set of hashes, without the text that they came from."""
    minima = np.full(count, 0xFFFFFFFF, dtype=np.uint32)
    if scheme == "fss":
        sketch(hashes, len(hashes), np.empty(count, np.uint64), minima)
        return minima
    for shingle in hashes:
        lower_minima(minima, shingle, permutations(count))
    return minima


hash_lists = st.lists(st.integers(0, 2**64 - 1), max_size=30)


@settings(deadline=None)
@given(hash_lists, st.integers(1, 200))
def test_affine32_is_datasketchs(hashes: list[int], count: int) -> None:
    theirs = MinHash(num_perm=count, seed=SEED, scheme="affine32", hashfunc=lambda value: value)
    theirs.update_batch([value % 2**32 for value in hashes])
    assert np.array_equal(signature(np.array(hashes, dtype=np.uint64), count, "affine32"), theirs.hashvalues)


@settings(deadline=None)
@given(hash_lists, hash_lists, st.integers(1, 40))
def test_fss_agrees_where_the_literal_sketches_do(one: list[int], other: list[int], k: int) -> None:
    ours = [signature(np.array(hashes, dtype=np.uint64), k, "fss") for hashes in (one, other)]
    literal = [literal_sketch(hashes, k) for hashes in (one, other)]
    if one and other:
        assert (ours[0] == ours[1]).tolist() == [a == b for a, b in zip(*literal, strict=True)]
    for hashes, found in zip((one, other), ours, strict=True):
        assert hashes or (found == 0xFFFFFFFF).all()


@settings(deadline=None)
@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=60), st.integers(1, 40), st.integers(1, 40))
def test_what_repeats_is_thrown_once(hashes: list[int], k: int, times: int) -> None:
    """Few different shingles, many in all: beyond 16 to a place a first round that leaves one empty says so."""
    once = np.array(hashes, dtype=np.uint64)
    assert np.array_equal(signature(np.tile(once, times), k, "fss"), signature(once, k, "fss"))


@each_scheme
@settings(deadline=None)
@given(texts=st.lists(st.none() | st.text(alphabet="ab 日本", max_size=30), max_size=6), k=st.integers(1, 20))
def test_a_signature_is_its_text_wherever_it_stands(scheme: Scheme, texts: list[str | None], k: int) -> None:
    found = signatures(pa.array(texts, pa.string()), k=k, ngram=2, scheme=scheme)
    assert found.shape == (len(texts), k)
    assert np.array_equal(found, signatures(pa.array(texts, pa.large_string()), k=k, ngram=2, scheme=scheme))
    chunked = pa.chunked_array([texts[:2], texts[2:], []], pa.large_string())
    assert np.array_equal(found, signatures(chunked, k=k, ngram=2, scheme=scheme))
    assert np.array_equal(found, signatures(pa.array(texts, pa.string_view()), k=k, ngram=2, scheme=scheme))
    assert np.array_equal(found[1:], signatures(pa.array(texts, pa.string())[1:], k=k, ngram=2, scheme=scheme))
    for text, row in zip(texts, found, strict=True):
        assert np.array_equal(row, signature(shingles_of(text or "", 2), k, scheme))


def test_signatures_are_of_strings() -> None:
    with pytest.raises(TypeError, match="string, large_string or string_view, not int64"):
        signatures(pa.array([1]), k=4)
    with pytest.raises(TypeError, match="an Arrow array of strings, not list"):
        signatures(["a"], k=4)
    assert signatures(pa.chunked_array([], pa.string()), k=4).shape == (0, 4)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"scheme": "minhash"}, "scheme is one of fss, affine32, not 'minhash'"),
        ({"k": 0}, "not 0 and 5"),
        ({"ngram": 0}, "not 4 and 0"),
        ({"ngram": -1}, "not 4 and -1"),
    ],
)
def test_what_signatures_are_not_made_with(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        signatures(pa.array(["a"]), **{"k": 4, **wrong})


@pytest.mark.parametrize(("words", "most"), [(60, 0.78), (420, 0.92)], ids=["short", "long"])
def test_the_sketch_errs_less_than_permutations_do(words: int, most: float) -> None:
    """Mean absolute error of the estimated Jaccard similarity over 500 pairs, 256 places.

    420 shingles are a page of 2.7 kB. As the sets outgrow the places, the two become alike.
    """
    generator = np.random.default_rng(words)
    errors: dict[Scheme, list[float]] = {"fss": [], "affine32": []}
    for _ in range(500):
        shared = int(generator.integers(0, words))
        hashes = generator.integers(0, 2**64, 2 * words - shared, dtype=np.uint64)
        pair = hashes[:words], hashes[words - shared :]
        for scheme, found in errors.items():
            one, other = (signature(half, 256, scheme) for half in pair)
            found.append(abs((one == other).mean() - shared / len(hashes)))
    ratio = np.mean(errors["fss"]) / np.mean(errors["affine32"])
    print(f"{words} shingles: error of fss / affine32 {ratio:.3f}")
    assert ratio <= most


def keys_of(texts: list[str], bands: int, rows: int, scheme: Scheme) -> np.ndarray:
    return bands_of(*utf8(pa.array(texts, pa.large_string())), 5, bands=bands, rows_per_band=rows, scheme=scheme).keys


@each_scheme
@settings(deadline=None)
@given(
    texts=st.lists(st.text(alphabet="abc ", max_size=60), min_size=2, max_size=5),
    bands=st.integers(1, 4),
    rows=st.integers(1, 3),
)
def test_texts_share_a_key_iff_the_signatures_of_their_shingles_share_the_band(
    scheme: Scheme, texts: list[str], bands: int, rows: int
) -> None:
    keys = keys_of(texts, bands, rows, scheme)
    held = [signature(shingles_of(text, 5), bands * rows, scheme).reshape(bands, rows) for text in texts]
    for i, j in pairwise(range(len(texts))):
        assert np.array_equal(keys[i] == keys[j], (held[i] == held[j]).all(axis=1))
    assert all(len(set(row.tolist())) == bands for row in keys)


@each_scheme
@pytest.mark.parametrize("percent", [60, 70, 75, 80, 85, 90])
def test_recall_is_within_its_bounds(scheme: Scheme, percent: int) -> None:
    """1,000 pairs of each similarity: found as often as 1 - (1 - J^8)^32, within 4 standard deviations."""
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
    keys = keys_of(texts, recipe.bands, recipe.rows_per_band, scheme)
    found = (keys[0::2] == keys[1::2]).any(axis=1).mean()
    expected = 1 - (1 - (percent / 100) ** recipe.rows_per_band) ** recipe.bands
    spread = math.sqrt(expected * (1 - expected) / pairs)
    print(f"J {percent} %: recall {found:.3f}, expected {expected:.3f} +- {spread:.3f}")
    assert abs(found - expected) <= 4 * spread + 1 / pairs
