"""Near-duplicates: exactly the components of the graph of pairs that are similar enough."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.labelled import overlap
from classifiers.labelled.overlap import MIN_JACCARD, SHINGLE_WORDS, clusters

LINES = st.lists(st.lists(st.sampled_from("abcd"), max_size=14).map(" ".join), max_size=12)


def by_definition(lines: list[str]) -> list[int]:
    """Components by comparing sets of word tuples, each with each."""
    sets = []
    for line in lines:
        words = line.split()
        words += [""] * (SHINGLE_WORDS - len(words))
        sets.append({tuple(words[at : at + SHINGLE_WORDS]) for at in range(len(words) - SHINGLE_WORDS + 1)})
    found = list(range(len(lines)))
    for a in range(len(lines)):
        for b in range(a):
            if len(sets[a] & sets[b]) >= MIN_JACCARD * len(sets[a] | sets[b]):
                old, new = max(found[a], found[b]), min(found[a], found[b])
                found = [new if one == old else one for one in found]
    return found


FAMILIES = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 30), st.integers(0, 3)).map(
        lambda page: " ".join(
            [f"t{page[0]}-{word}" for word in range(30)] + [f"own{page[2]}-{word}" for word in range(page[1])]
        )
    ),
    max_size=14,
)


@given(LINES | FAMILIES)
def test_clusters_are_the_components_of_similar_pairs(lines: list[str]) -> None:
    assert clusters(lines).tolist() == by_definition(lines)


def test_long_texts_with_edits() -> None:
    random_ = random.Random(1)
    vocabulary = [f"w{number}" for number in range(500)]
    text = [random_.choice(vocabulary) for _ in range(400)]
    other = [random_.choice(vocabulary) for _ in range(400)]
    few, many = list(text), list(text)
    for at in range(0, 400, 40):
        few[at] = "edited"
    for at in range(0, 400, 8):
        many[at] = "edited"
    lines = [" ".join(one) for one in (text, other, few, many, text)]
    assert clusters(lines).tolist() == by_definition(lines) == [0, 1, 0, 3, 0]


def test_a_thousand_pages_of_one_template_are_one_cluster() -> None:
    template = " ".join(f"t{number}" for number in range(60))
    lines = [f"{template} page {number}" for number in range(1000)]
    assert np.unique(clusters(lines)).tolist() == [0]


def test_pages_of_one_template_that_are_unlike_are_told_apart_without_comparing_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """300 pages share 60 shingles and have 49 of their own: Jaccard .38; the last one is the eighth cut short."""
    template = " ".join(f"t{number}" for number in range(64))
    lines = [" ".join([template, *(f"own{page}-{number}" for number in range(45))]) for page in range(300)]
    lines.append(" ".join([template, *(f"own7-{number}" for number in range(40))]))
    compared = []
    similar = overlap._Compared.similar
    monkeypatch.setattr(
        overlap._Compared, "similar", lambda self, one, others: compared.extend(others) or similar(self, one, others)
    )
    assert clusters(lines).tolist() == [*range(300), 7]
    assert len(compared) < 2 * len(lines)  # of 45,150 pairs


def test_nothing_has_no_cluster() -> None:
    assert clusters([]).tolist() == []
    assert clusters(["", ""]).tolist() == [0, 0]
    assert clusters(["a b c d e", "f g h i j"]).tolist() == [0, 1]
