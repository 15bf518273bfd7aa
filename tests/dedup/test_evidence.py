"""Evidence: what is said of a pair is what verification counted, and what is quoted stands in both texts."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.dedup.hashing.words import shingles_of
from pipeline.dedup.pairing.evidence import Quotable, compare
from pipeline.dedup.settings import Deduplication
from tests.dedup.shards import Doc, duplicates

DEFAULT = Deduplication()
LONG = " ".join(f"word{i}" for i in range(100))
anything = st.text(st.sampled_from("ab é\u0301Ωß日本คำ-.!\n\u00a0🙂"), max_size=40) | st.text(max_size=30)


@given(anything, st.integers(1, 3))
def test_every_shingle_is_found_and_is_that_shingle(text: str, length: int) -> None:
    hashes = shingles_of(text, length)
    found = [shingles_of(passage, length) for passage in Quotable(text, length).quote(hashes.tolist())]
    assert all(len(one) == 1 for one in found)
    assert sorted(int(one[0]) for one in found) == hashes.tolist()


@pytest.mark.parametrize(
    ("text", "wanted", "expected"),
    [
        ("The  quick,\nbrown fox", "the quick brown", ["The quick, brown"]),
        ("the end", "the end", ["the end"]),
        ("the end", "another", []),
        ("a b c a b c", "a b c", ["a b c"]),
        ("", "a", []),
    ],
)
def test_passages_are_as_written(text: str, wanted: str, expected: list[str]) -> None:
    quotable = Quotable(text, 3)
    for _ in range(2):
        assert quotable.quote(shingles_of(wanted, 3).tolist()) == expected


def test_the_comparison_says_what_the_edge_says(tmp_path: Path) -> None:
    docs = [Doc(1, LONG + " and more"), Doc(2, LONG)]
    assert duplicates(tmp_path, [docs], DEFAULT)
    (edge,) = pq.read_table(tmp_path / "edges.00000.parquet").to_pylist()
    shown = compare(docs[0].text, docs[1].text, DEFAULT)
    counted = [edge[name] for name in ("intersection", "union", "similarity", "estimate")]
    assert [shown.shared, shown.either, shown.similarity_e4, shown.estimate_e4] == counted
    assert list(shown.passages) == Quotable(docs[0].text, 5).quote(edge["sample"])
    assert len(shown.passages) == 3 and all(passage in docs[1].text for passage in shown.passages)


def test_two_texts_without_words_share_nothing() -> None:
    assert compare("...", "", DEFAULT)[:3] == (0, 0, 0)
    assert "0 of 0 shingles" in compare("...", "", DEFAULT).told()
