"""Deduplication from end to end: the edges of the input, the reasons, the real articles."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from pipeline.dedup.course import Course
from pipeline.dedup.room import deduplicate
from pipeline.dedup.schemas import CLUSTER
from pipeline.dedup.settings import Deduplication
from pipeline.dedup.signing.signatures import sign
from pipeline.dedup.tasks import Totals, key_range
from tests.dedup.shards import Doc, batch_of, duplicates, kept_of, write_shards

DEFAULT = Deduplication()
SIMILARITIES_OF_ARTICLES = [9589, 9610, 9623, 9644, 9644, 9649, 9660, 9664, 9670, 9678]
DIGEST_OF_ARTICLES = "b58764ee6e3774658ffe51c4ecdefbb8c743ff170e1d5ed851d35da12b7ed01b"
"""sha256 over (band, key, finer, row) of the signatures: the same on every processor and for every version."""
LONG = " ".join(f"word{i}" for i in range(100))


@pytest.mark.parametrize("shards", [[], [[]], [[], []], [[Doc(1, "one")]], [[Doc(1, LONG)], [], [Doc(2, "")]]])
def test_nothing_to_remove_is_an_empty_table(tmp_path: Path, shards: list[list[Doc]]) -> None:
    path = deduplicate(write_shards(tmp_path, shards), str(tmp_path), DEFAULT)
    assert pq.read_table(path).num_rows == 0
    assert pq.read_schema(path).equals(CLUSTER, check_metadata=True)


REASONS = [
    ("the same text", "a b", "a b", "dedup:exact"),
    ("other white space", "a b", " a\n\tb\u00a0", "dedup:exact"),
    ("no text at all", "", " ", "dedup:exact"),
    ("no word in either, not the same", "...", "!", None),
    ("other case", LONG, LONG.upper(), "dedup:near"),
    ("other punctuation", LONG, LONG.replace(" ", ", "), "dedup:near"),
    ("one word more", LONG, LONG + " more", "dedup:near"),
    ("too different", LONG, LONG[: len(LONG) // 2], None),
    ("another order of words", "one two three four five six", "six five four three two one", None),
]


@pytest.mark.parametrize(("first", "second", "reason"), [row[1:] for row in REASONS], ids=[row[0] for row in REASONS])
def test_why_a_document_goes(tmp_path: Path, first: str, second: str, reason: str | None) -> None:
    table = duplicates(tmp_path, [[Doc(1, first)], [Doc(2, second)]], DEFAULT)
    assert [row["reason"] for row in table if row["reason"] is not None] == ([] if reason is None else [reason])


def test_one_similarity_of_eighty_percent_is_enough(tmp_path: Path) -> None:
    """90 shingles, 80 in both and 10 on either side: 8000; with one shingle fewer in both it is not."""
    words = [f"w{i}" for i in range(104)]
    for shared, removed in ((80, 1), (79, 0)):
        docs = [Doc(1, " ".join(words[: shared + 14])), Doc(2, " ".join(words[10 : shared + 24]))]
        table = duplicates(tmp_path, [docs], DEFAULT.model_copy(update={"bands": 100, "rows_per_band": 2}))
        assert [row["similarity"] for row in table if row["reason"]] == [8000] * removed


def test_a_chain_keeps_its_ends(tmp_path: Path) -> None:
    """b is near to a and to c, which are not near to one another: b goes, a and c stay, in one cluster."""
    words = [f"w{i:03}" for i in range(130)]
    a, b, c = (Doc(n, " ".join(words[10 * n : 10 * n + 104])) for n in range(3))
    table = duplicates(tmp_path, [[c], [b, a]], DEFAULT.model_copy(update={"bands": 100, "rows_per_band": 2}))
    assert {row["doc_id"]: row["survivor"] for row in table if row["reason"]} == {b.doc_id: a.doc_id}
    assert {row["cluster"] for row in table} == {a.doc_id} and len(table) == 3


def test_a_record_met_twice(tmp_path: Path) -> None:
    """Once with the same text, once with another, shorter one; what is equal to that one is not removed by it."""
    shards = [[Doc(1, "a b")], [Doc(1, "a b c"), Doc(1, "a b  c")], [Doc(2, "a b")]]
    table = duplicates(tmp_path, shards, DEFAULT)
    assert [(row["shard"], row["row"], row["reason"], row["survivor"], row["similarity"]) for row in table] == [
        (0, 0, "dedup:same_record", Doc(1, "").doc_id, None),
        (1, 0, "dedup:same_record", Doc(1, "").doc_id, 10_000),
        (1, 1, None, None, None),
    ]


def test_signatures_are_sorted_and_know_no_shard() -> None:
    docs = [Doc(i * 7 % 10, f"{LONG} {i}") for i in range(10)] + [Doc(11, "...")]
    one = [row for batch in sign([batch_of(docs)], DEFAULT) for row in batch.to_pylist()]
    two = [row for batch in sign([batch_of(docs[:3]), batch_of(docs[3:])], DEFAULT) for row in batch.to_pylist()]
    assert one == two
    order = [(row["band"], row["key"], row["rank"], row["doc_hi"], row["doc_lo"], row["row"]) for row in one]
    assert order == sorted(order)
    assert [sum(row["band"] == band for row in one) for band in range(37)] == [11, 11, 0, 0, *[10] * 32, 0]


def test_a_doc_id_is_32_hexadecimal_digits() -> None:
    batch = batch_of([Doc(1, "a")]).set_column(0, "doc_id", [["abc"]])
    with pytest.raises(ValueError, match="32 hexadecimal digits"):
        list(sign([batch], DEFAULT))


def test_signatures_of_other_settings_are_refused(tmp_path: Path) -> None:
    filtered = write_shards(tmp_path, [[Doc(1, "a"), Doc(2, "a")]])
    files = {"filtered": filtered, "signatures": [str(tmp_path / "signatures")], "identity": []}
    deduplicate(filtered, str(tmp_path), DEFAULT)
    (tmp_path / "signatures.00000.parquet").rename(tmp_path / "signatures")
    for settings, refused in ((Deduplication(min_jaccard=0.5), False), (Deduplication(bands=21), True)):
        exact = next(step for step in Course(Totals(1, 2), settings) if step.name == "exact")
        (job,) = exact.jobs(files, Totals(1, 2), settings)
        if refused:
            with pytest.raises(ValueError, match="other settings"):
                list(exact.run(job))
        else:
            assert sum(batch.num_rows for batch in exact.run(job)) == 2


@pytest.mark.parametrize(("bands", "partitions"), [(1, 1), (1, 3), (20, 1), (20, 7), (20, 64)])
def test_partitions_hold_every_key_once(bands: int, partitions: int) -> None:
    ranges = [key_range(2, bands, i, partitions) for i in range(partitions)]
    assert ranges[0][0] == (2, 0) and ranges[-1][1] == (2 + bands, 0)
    assert all(before[1] == after[0] for before, after in pairwise(ranges))
    assert all(lo < hi for lo, hi in ranges)


def test_a_full_bucket_compares_with_its_leaders_only(tmp_path: Path) -> None:
    """Six texts that share the one shingle of their band: only the best-ranked is a partner."""
    docs = [Doc(n, " ".join(["same"] * (9 - n))) for n in range(4)]
    settings = Deduplication(shingle_words=1, bands=1, rows_per_band=1, bucket_leaders=1)
    table = duplicates(tmp_path, [docs], settings)
    assert [row["survivor"] for row in table] == [None] + [docs[0].doc_id] * 3
    assert pq.read_metadata(tmp_path / "candidates.00000.parquet").num_rows == 2 * 3


@pytest.mark.parametrize("wrong", [{"min_jaccard": 0}, {"min_jaccard": 0.80001}, {"bands": 0}, {"shingles": 5}])
def test_settings_are_checked(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Deduplication(**wrong)  # type: ignore[arg-type]


@pytest.mark.data
def test_planted_copies_of_real_articles(tmp_path: Path, shared_data: Callable[[str], Path]) -> None:
    """All 10 planted pairs of 1,000 news articles are found, and nothing else is: recall and precision are 1."""
    lines = shared_data("neardup/articles_1000.txt").read_text(encoding="utf-8").splitlines()
    names, texts = zip(*(line.split(" ", 1) for line in lines), strict=True)
    docs = [Doc(int(name[1:]), text) for name, text in zip(names, texts, strict=True)]
    table = duplicates(tmp_path, [docs[start : start + 300] for start in range(0, 1000, 300)], DEFAULT)
    found = {frozenset((row["doc_id"], row["survivor"])) for row in table if row["reason"] == "dedup:near"}
    truth = shared_data("neardup/articles_1000.truth").read_text(encoding="utf-8").split()
    numbers = [f"{int(name[1:]):032x}" for name in truth]
    planted = set(map(frozenset, zip(numbers[::2], numbers[1::2], strict=True)))
    assert len(planted) == 10 and found == planted and len(table) == 20
    assert sorted(row["similarity"] for row in table if row["reason"]) == SIMILARITIES_OF_ARTICLES
    signatures = [pq.read_table(tmp_path / f"signatures.{shard:05}.parquet").to_pylist() for shard in range(4)]
    keys = [[(row["band"], row["key"], row["finer"], row["row"]) for row in rows] for rows in signatures]
    assert hashlib.sha256(repr(keys).encode()).hexdigest() == DIGEST_OF_ARTICLES


PAPER = "arxiv:1706.03762"
WORKS = [
    ("of one work the source that comes first stays", [(LONG, "web", PAPER), ("short", "books", PAPER)], [0]),
    ("of one source the longer text", [("short", "web", PAPER), ("not so short", "web", PAPER)], [0]),
    ("no work is no work in common", [("one", "web", None), ("two", "web", None)], []),
    ("other works are other documents", [("one", "web", PAPER), ("two", "web", "arxiv:2310.06825")], []),
    ("a copy that is equal goes with the text that stands", [("a", "web", PAPER), ("a", "books", PAPER)], [0]),
]


@pytest.mark.parametrize(("docs", "gone"), [row[1:] for row in WORKS], ids=[row[0] for row in WORKS])
def test_copies_of_one_work(tmp_path: Path, docs: list[tuple[str, str, str | None]], gone: list[int]) -> None:
    shards = [[Doc(number, *doc)] for number, doc in enumerate(docs)]
    table = duplicates(tmp_path, shards, DEFAULT.model_copy(update={"source_priority": ("books",)}))
    assert [row["shard"] for row in table if row["reason"]] == gone
    reason = "dedup:exact" if docs[0][0] == docs[1][0] else "dedup:work"
    assert all(row["reason"] == reason for row in table if row["reason"])
    assert all((row["similarity"] is None) == (reason == "dedup:work") for row in table if row["reason"])


def test_a_record_met_twice_names_its_work_in_any_order_of_the_shards(tmp_path: Path) -> None:
    """Of two rows of one record, equal but for the work, the same one stands: else a document would go by chance."""
    twice = [Doc(1, "short", work=PAPER)], [Doc(1, "short", work=None)]
    left = []
    for name, first, second in (("a", *twice), ("b", *twice[::-1])):
        (tmp_path / name).mkdir()
        shards = [first, second, [Doc(2, "the whole paper", work=PAPER)]]
        kept = kept_of(shards, duplicates(tmp_path / name, shards, DEFAULT))
        left.append(sorted((doc.number, str(doc.work)) for docs in kept for doc in docs))
    assert left[0] == left[1]


def test_a_compared_copy_says_how_alike_it_is(tmp_path: Path) -> None:
    docs = [Doc(1, LONG, work=PAPER), Doc(2, LONG + " more", work=PAPER)]
    assert [(r["reason"], r["similarity"]) for r in duplicates(tmp_path, [docs], DEFAULT) if r["reason"]] == [
        ("dedup:near", 9896)
    ]


HTTP = "http://a.example/page"
ADDRESSES = [
    ("of one address the longer text stays", [("short", "web", HTTP), ("not so short", "web", HTTP)], [0]),
    (
        "what tracks visitors is no other page",
        [("short", "web", HTTP + "?utm_source=x#top"), ("longer", "web", HTTP)],
        [0],
    ),
    ("sources that are named share their addresses", [("short", "news", HTTP), ("longer", "web", HTTP)], [0]),
    ("a source that is not named takes no part", [("short", "code", HTTP), ("longer", "web", HTTP)], []),
    ("no address is no address in common", [("short", "web", None), ("longer", "web", None)], []),
    ("nor is what is no address", [("short", "web", "page 7"), ("longer", "web", "page 7")], []),
    ("other pages", [("short", "web", HTTP), ("longer", "web", HTTP + "/2")], []),
    (
        "what is gone as an exact copy takes nothing with it",
        [("the same", "web", HTTP), ("the same", "web", None), ("other", "web", HTTP)],
        [0],
    ),
]


@pytest.mark.parametrize(("docs", "gone"), [row[1:] for row in ADDRESSES], ids=[row[0] for row in ADDRESSES])
def test_pages_of_one_address(tmp_path: Path, docs: list[tuple[str, str, str | None]], gone: list[int]) -> None:
    shards = [[Doc(9 - number, text, source, url=url)] for number, (text, source, url) in enumerate(docs)]
    table = duplicates(tmp_path, shards, DEFAULT.model_copy(update={"url_sources": ("web", "news")}))
    assert [row["shard"] for row in table if row["reason"]] == gone
    reason = "dedup:exact" if docs[0][0] == docs[1][0] else "dedup:url"
    assert all(row["reason"] == reason for row in table if row["reason"])


def test_without_sources_nobody_reads_addresses(tmp_path: Path) -> None:
    docs = [Doc(1, "short", url=HTTP), Doc(2, "longer", url=HTTP)]
    assert duplicates(tmp_path, [docs], DEFAULT) == []
    assert not list(tmp_path.glob("addressed.*")) and not list(tmp_path.glob("urls.*"))
