"""The laws of deduplication, against a sequential definition that knows neither shards nor partitions."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.dedup.pairing.buckets import added
from pipeline.dedup.room import deduplicate
from pipeline.dedup.settings import Deduplication
from tests.dedup.sequential import Sequential
from tests.dedup.shards import Doc, duplicates, kept_of, run_shuffled, write_shards

WORDS = [first + second for first in "abcd" for second in "efgh"]
SLOW = settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.too_slow])

# windows of one sequence make chains of near texts; few of them and few doc_ids make equal texts and conflicts
windows = st.builds(
    lambda start, size: " ".join(WORDS[start : start + size]), st.integers(0, 7), st.sampled_from([4, 6, 8])
)
texts = windows | windows.map(lambda text: text.replace(" ", " \n ") + " -") | st.sampled_from(["", " - ", *WORDS[:2]])
sources = st.sampled_from(["web", "books", "forum"])
works = st.sampled_from([None, None, "arxiv:1", "arxiv:2"])
urls = st.sampled_from(
    [None, "http://a.example/x", "http://a.example/x?utm_source=b#top", "http://a.example/y", "ftp://x"]
)
distinct_docs = st.lists(st.tuples(texts, sources, works, urls), max_size=14).map(
    lambda rows: [Doc(i * 7919 % 23, *row) for i, row in enumerate(rows)]
)
any_docs = st.lists(st.builds(Doc, st.integers(0, 9), texts, sources, works, urls), max_size=14)
recipes = st.builds(
    Deduplication,
    shingle_words=st.sampled_from([1, 1, 2, 3]),
    scheme=st.sampled_from(["fss", "affine32"]),
    bands=st.sampled_from([1, 2, 8, 12]),
    rows_per_band=st.integers(1, 2),
    min_jaccard=st.sampled_from([0.25, 0.5, 0.6, 0.6667, 0.75]),
    bucket_leaders=st.sampled_from([1, 2, 99]),
    source_priority=st.sampled_from([(), ("books",), ("forum", "web")]),
    url_sources=st.sampled_from([(), (), ("web",), ("web", "forum")]),
    rows_per_partition=st.sampled_from([3, 9, 1000]),
    pairs_per_partition=st.sampled_from([1, 2, 1000]),
    block_shingles=st.sampled_from([1, 5, 1000]),
    scope=st.sampled_from(["global", "global", "per_snapshot"]),
)


@st.composite
def shardings(draw: st.DrawFn, docs: st.SearchStrategy[list[Doc]]) -> list[list[Doc]]:
    """Documents in order, cut into shards, some of them empty."""
    rows = draw(docs)
    cuts = sorted(draw(st.lists(st.integers(0, len(rows)), max_size=3)))
    return [rows[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(rows)], strict=True)]


def run(shards: Sequence[Sequence[Doc]], recipe: Deduplication) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        return duplicates(Path(folder), shards, recipe)


@settings(SLOW, max_examples=40)
@given(shardings(distinct_docs | any_docs), recipes)
def test_it_equals_the_sequential_definition(shards: list[list[Doc]], recipe: Deduplication) -> None:
    table = run(shards, recipe)
    columns = ("shard", "row", "reason", "survivor", "similarity", "cluster")
    assert [tuple(row[name] for name in columns) for row in table] == Sequential(shards, recipe).table()
    assert all(row["doc_id"] == shards[row["shard"]][row["row"]].doc_id for row in table)


@settings(SLOW, max_examples=40)
@given(shardings(distinct_docs | any_docs), shardings(distinct_docs), recipes)
def test_what_is_published_stays(shards: list[list[Doc]], published: list[list[Doc]], recipe: Deduplication) -> None:
    """Equal to the definition in which a published document is never removed, and removes before any other."""
    whole = recipe.model_copy(update={"scope": "global"})
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as before:
        paths = write_shards(Path(folder), shards), write_shards(Path(before), published)
        table = pq.read_table(deduplicate(paths[0], folder, whole, paths[1])).to_pylist()
    columns = ("shard", "row", "reason", "survivor", "similarity", "cluster")
    assert [tuple(row[name] for name in columns) for row in table] == Sequential(shards, whole, published).table()
    assert all(row["reason"] is None for row in table if row["shard"] >= len(shards))


@SLOW
@given(shardings(distinct_docs | any_docs), recipes)
def test_what_buckets_do_not_compare_is_counted(shards: list[list[Doc]], recipe: Deduplication) -> None:
    with tempfile.TemporaryDirectory() as folder:
        filtered = write_shards(Path(folder), shards)
        told = run_shuffled(Path(folder), filtered, recipe, Random(0))["candidates:facts"]
    assert added(told) == Sequential(shards, recipe).facts


@SLOW
@given(distinct_docs | any_docs, recipes, st.integers(1, 4), st.randoms(use_true_random=False))
def test_neither_shards_nor_order_decide(docs: list[Doc], recipe: Deduplication, count: int, random: Random) -> None:
    """Which texts of which doc_ids survive, and what becomes of the others, is a function of the set of rows."""
    mixed = random.sample(docs, len(docs))

    def outcome(shards: list[list[Doc]]) -> list[Any]:
        table = run(shards, recipe)
        columns = ("doc_id", "reason", "survivor", "similarity", "cluster", "rank")
        kept = sorted((doc.number, " ".join(doc.text.split())) for docs in kept_of(shards, table) for doc in docs)
        return [kept, sorted(repr([row[name] for name in columns]) for row in table)]

    assert outcome([docs]) == outcome([mixed[i::count] for i in range(count)])


@SLOW
@given(shardings(any_docs), recipes, st.randoms(use_true_random=False))
def test_the_order_of_tasks_changes_nothing(shards: list[list[Doc]], recipe: Deduplication, random: Random) -> None:
    with tempfile.TemporaryDirectory() as folder:
        filtered = write_shards(Path(folder), shards)
        expected = pq.read_table(deduplicate(filtered, folder, recipe)).to_pylist()
        assert run_shuffled(Path(folder), filtered, recipe, random)["clusters"] == expected


@SLOW
@given(shardings(any_docs), recipes)
def test_steps_give_the_same_rows_for_any_number_of_partitions(shards: list[list[Doc]], recipe: Deduplication) -> None:
    other = recipe.model_copy(update={"rows_per_partition": 5, "pairs_per_partition": 1, "block_shingles": 3})
    with tempfile.TemporaryDirectory() as folder:
        filtered = write_shards(Path(folder), shards)
        first, second = (run_shuffled(Path(folder), filtered, r, Random(0)) for r in (recipe, other))
    steps = ("signatures", "identity", "exact", "edges", "works", "urls", "components", "survivors", "clusters")
    for step in steps if recipe.url_sources else [step for step in steps if step != "urls"]:
        assert sorted(map(repr, first[step])) == sorted(map(repr, second[step])), step
    assert set(map(repr, first["candidates"])) == set(map(repr, second["candidates"]))


@settings(SLOW, max_examples=8)
@given(
    st.lists(st.tuples(st.integers(0, 29), st.builds(Doc, st.integers(0, 9), texts)), min_size=13, max_size=16), recipes
)
def test_what_is_gathered_first_gives_the_same_rows(placed: list[tuple[int, Doc]], recipe: Deduplication) -> None:
    """Many shards of few documents, of which many partitions want a little, and the same read shard by shard."""
    shards = [[doc for place, doc in placed if place == number] for number in range(30)]
    few = recipe.model_copy(update={"bands": min(recipe.bands, 3)})  # of each band six files are merged
    merging, direct = (few.model_copy(update={"rows_per_partition": rows}) for rows in (3, 10_000))
    with tempfile.TemporaryDirectory() as folder:
        filtered = write_shards(Path(folder), shards)
        first, second = (run_shuffled(Path(folder), filtered, r, Random(0)) for r in (merging, direct))
    assert first["merged"] and not {"merged", "asked", "gathered"} & set(second)
    assert sorted(map(repr, first["gathered"])) == sorted(map(repr, first["shingles"]))
    assert len(first["asked"]) == len(set(map(repr, first["candidates"])))
    for step in ("identity", "exact", "works", "edges", "survivors", "clusters"):
        assert sorted(map(repr, first[step])) == sorted(map(repr, second[step])), step
    assert set(map(repr, first["candidates"])) == set(map(repr, second["candidates"]))
    band_and_key = [(row["band"], row["key"]) for row in first["merged"]]
    assert len(band_and_key) == len(second["signatures"])


@SLOW
@given(shardings(any_docs), recipes)
def test_survivors_are_kept_and_similar_and_doc_ids_unique(shards: list[list[Doc]], recipe: Deduplication) -> None:
    table = run(shards, recipe)
    kept = [doc.doc_id for docs in kept_of(shards, table) for doc in docs]
    assert len(kept) == len(set(kept))
    assert {doc.doc_id for docs in shards for doc in docs} >= set(kept)
    for row in table:
        if row["reason"] is None:
            assert row["doc_id"] in kept and row["survivor"] is None
            continue
        assert row["survivor"] in kept
        assert row["similarity"] is not None or row["reason"] in ("dedup:same_record", "dedup:work", "dedup:url")
        assert row["similarity"] is None or row["similarity"] >= recipe.min_jaccard_e4
        assert row["similarity"] == 10_000 or row["reason"] != "dedup:exact"


@SLOW
@given(shardings(distinct_docs | any_docs), recipes)
def test_survivors_stand_for_all_there_were(shards: list[list[Doc]], recipe: Deduplication) -> None:
    table = run(shards, recipe)
    sizes = Counter(row["cluster"] for row in table)
    gone = Counter(row["survivor"] for row in table if row["reason"] is not None)
    for row in table:
        assert row["cluster_size"] == sizes[row["cluster"]]
        assert row["stands_for"] == (1 + gone[row["doc_id"]] if row["reason"] is None else 0)
    assert sum(row["stands_for"] for row in table) == len(table)


@SLOW
@given(shardings(distinct_docs | any_docs), recipes)
def test_the_survivors_have_no_duplicates(shards: list[list[Doc]], recipe: Deduplication) -> None:
    """Holds where no bucket is cut: with fewer documents a bucket's leaders are others, and new pairs are seen."""
    whole = recipe.model_copy(update={"bucket_leaders": 99})
    assert run(kept_of(shards, run(shards, whole)), whole) == []


@SLOW
@given(distinct_docs, recipes)
def test_a_bucket_of_any_size_keeps_one_of_equal_texts(docs: list[Doc], recipe: Deduplication) -> None:
    table = run([docs], recipe)
    apart = recipe.scope == "per_snapshot"
    kept = [(apart and doc.source, " ".join(doc.text.split())) for doc in kept_of([docs], table)[0]]
    assert len(kept) == len(set(kept))
