"""Splits: no site, and no near-duplicate, on both sides."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.labelled.corpus import Corpus, gather
from classifiers.labelled.inputs import Document, Found
from classifiers.labelled.overlap import MIN_JACCARD, Hashes, shingles
from classifiers.labelled.sites import broken_up, site_of
from classifiers.settings import LabelledSource

SOURCES = [LabelledSource(name=name, label=label, input="-") for name, label in (("a", "positive"), ("b", "negative"))]


def jaccard(left: Hashes, right: Hashes) -> float:
    """Of two sets, ascending and distinct."""
    both = len(np.intersect1d(left, right, assume_unique=True))
    return both / (len(left) + len(right) - both)


def corpus_of(rows: list[tuple[int, int | None, str]]) -> Corpus:
    """Rows of (source, site, line)."""
    found = [Found(source, [], 0, 0) for source in SOURCES]
    for number, (source, site, line) in enumerate(rows):
        label = SOURCES[source].label or ""
        name = None if site is None else f"site{site}"
        found[source].documents.append(Document(number.to_bytes(16, "big"), label, line, name, 9, (0.0,) * 7, ()))
    return gather(found)


LINES = st.lists(st.sampled_from("abc"), min_size=5, max_size=9).map(" ".join)
ROWS = st.lists(st.tuples(st.integers(0, 1), st.one_of(st.none(), st.integers(0, 9)), LINES), max_size=14).map(
    lambda rows: [(0, None, "p q r s t"), (1, None, "u v w x y"), *rows]
)


@given(ROWS, st.integers(0, 3))
def test_nothing_shared_crosses_a_split(rows: list[tuple[int, int | None, str]], seed: int) -> None:
    corpus = corpus_of(rows)
    folds = corpus.folds(3, seed)
    assert np.array_equal(folds, corpus.folds(3, seed))
    for held in [*(folds == fold for fold in range(3)), *(corpus.source == source for source in range(2))]:
        trained = ~held & corpus.apart(held)
        assert not set(corpus.site[held]) & set(corpus.site[trained])
        for a, b in itertools.product(np.flatnonzero(held & corpus.asked), np.flatnonzero(trained)):
            if rows[a][1] is not None and rows[a][:2] != rows[b][:2] and rows[a][1] == rows[b][1]:
                assert all(f"site{rows[a][1]}" in one.broken_up for one in corpus.sources), "it is both sources' own"
        sets = shingles(corpus.lines)
        for a in np.flatnonzero(held):
            assert all(jaccard(sets[a], sets[b]) < MIN_JACCARD for b in np.flatnonzero(trained))


@given(ROWS, st.integers(0, 3))
def test_a_site_is_in_one_fold_and_folds_are_even(rows: list[tuple[int, int | None, str]], seed: int) -> None:
    corpus = corpus_of(rows)
    folds = corpus.folds(3, seed)
    of_site = {site: set(folds[corpus.site == site]) for site in range(corpus.site_count)}
    assert all(len(one) == 1 for one in of_site.values())
    counts = np.bincount([one.pop() for one in of_site.values()], minlength=3)
    assert counts.max() - counts.min() <= 1


def test_a_site_of_two_sources_is_one_and_a_giant_is_broken_up() -> None:
    rows = [(0, 1, "a"), (1, 1, "b"), *((0, 7, f"c{n}") for n in range(8)), (0, 2, "d"), (1, 3, "e"), (1, 4, "f")]
    rows += [(1, 10 + n, f"g{n}") for n in range(4)]
    corpus = corpus_of(rows)
    assert corpus.site[0] == corpus.site[1]
    assert len(set(corpus.site[2:10])) == 8
    assert corpus.asked.all()
    assert [one.broken_up for one in corpus.sources] == [("site7",), ()]


def test_a_site_that_is_broken_up_is_shared_with_other_sources() -> None:
    rows = [*((0, 7, f"c{n}") for n in range(8)), *((1, n, f"d{n}") for n in range(10)), (1, None, "e")]
    corpus = corpus_of(rows)
    first, second = (corpus.source == number for number in range(2))
    here = 8 + 7
    assert list(np.flatnonzero(~first & corpus.apart(first))) == [n for n in range(8, 19) if n != here]
    assert (second & corpus.apart(np.arange(19) == 3)).sum() == 10, "a page of it is enough"
    assert list(np.flatnonzero(~corpus.asked)) == [here], "the first source, with pages of its site, is in training"
    assert [one.sites for one in corpus.sources] == [8, 10]


@pytest.mark.parametrize(
    ("sites", "large"),
    [
        (["a"] * 2 + list("bcdefghi"), set()),
        (["a"] * 3 + list("bcdefgh"), {"a"}),
        ([None] * 5, set()),
        (["a"], set()),
    ],
)
def test_the_bound_of_a_large_site(sites: list[str | None], large: set[str]) -> None:
    assert broken_up(sites) == large


@pytest.mark.parametrize(
    ("value", "site"),
    [
        ("https://a.b.example.co.uk/x", "example.co.uk"),
        ("https://WWW.Example.com:80", "example.com"),
        ("http://alice.github.io/", "alice.github.io"),
        ("http://[bad", "http://[bad"),
        ("asyncio", "asyncio"),
        ("file:///a/b", "file:///a/b"),
        ("http://.../x", "http://.../x"),
        ("http://10.0.0.1/x", "10.0.0.1"),
    ],
)
def test_the_site_of_an_address(value: str, site: str) -> None:
    assert site_of(value) == site


def test_one_label_is_refused(tmp_path: Path) -> None:
    documents = [Document(b"0" * 16, "only", "a b", None, 3, (0.0,) * 7, ())]
    with pytest.raises(ValueError, match="all 1 documents are labelled only"):
        gather([Found(SOURCES[0], documents, 0, 0)])
