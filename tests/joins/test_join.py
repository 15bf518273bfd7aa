"""What is joined is named by its thousands of shards, not repeated; their recipes follow every file all the same."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import replace
from math import ceil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import Config
from pipeline.execution import joined
from pipeline.execution.runner import Failure
from pipeline.inputs import listing
from pipeline.joins.join import HASHES, Join
from pipeline.joins.spill import SpillReceipt, SpillTask
from pipeline.planning import plan
from pipeline.rooms.manifest import FileEntry, Manifest
from pipeline.rooms.recipe import recipe_of
from pipeline.rooms.tombstones import Tombstone, Tombstones
from pipeline.rooms.version import read_list, write_list
from pipeline.shard.extract import extraction_parts
from pipeline.shard.shard import Shard
from pipeline.sources.source import InputFile, Piece

DIGESTS = st.text("0123456789abcdef", min_size=1, max_size=3)


def config(kind: str) -> Config:
    return Config.model_validate(
        {"run": "t", "sources": {"posts": {"reader": {"kind": kind}, "inputs": "in"}}, "filter": []}
    )


def inputs(digests: dict[str, str], kind: str = "reddit", size: int = 1 << 20) -> list[listing.Split]:
    reader = config(kind).sources["posts"].reader
    return [
        listing.Split(
            listing.Input("posts", "in", path, size, "tag", reader), (Piece(InputFile(path, size, digest, "tag")),)
        )
        for path, digest in digests.items()
    ]


def shards(
    found: list[listing.Split], gone: Tombstones | None = None, kind: str = "reddit", rate: float = 1.0
) -> list[Shard]:
    joins = plan.joins_of(config(kind), found, gone or Tombstones())
    return plan.shards_of("data", config(kind), (), found, joins, rate)


def recipes(found: list[listing.Split], gone: Tombstones | None = None, kind: str = "reddit") -> list[str]:
    return [recipe_of(extraction_parts(shard))[0] for shard in shards(found, gone, kind)]


@given(st.integers(1, 40), st.sampled_from(["reddit", "stackexchange"]))
def test_every_hash_of_a_join_is_in_one_share(count, kind):
    found = inputs({f"{n:02}": f"{n}" for n in range(count)}, kind, size=40 << 20)
    joins = plan.joins_of(config(kind), found, Tombstones())
    of_join: dict[str, list[tuple[int, int]]] = {}
    for shard in shards(found, kind=kind):
        assert shard.share is not None and shard.pieces == ()
        of_join.setdefault(shard.share.files, []).append((shard.share.low, shard.share.high))
    assert list(of_join) == [join.name for join in joins]
    assert len(joins) == (1 if kind == "reddit" else count)
    for ranges in of_join.values():
        assert [low for low, _ in ranges] == [0, *(high for _, high in ranges[:-1])] and ranges[-1][1] == HASHES


def test_a_shard_is_as_small_whatever_the_number_of_files():
    small, large = (len(pickle.dumps(shards(inputs({f"{n:04}": "d" for n in range(count)}))[0])) for count in (1, 1000))
    assert large - small < 100


@given(st.dictionaries(st.text("ab/", min_size=1, max_size=4), DIGESTS, min_size=1, max_size=5), st.data())
def test_a_recipe_follows_every_file_of_its_join(digests, data):
    before = recipes(inputs(digests))
    assert recipes(inputs(dict(reversed(digests.items())))) == before, "whatever the order of the listing"
    assert recipes([replace(one, input=replace(one.input, tag="later")) for one in inputs(digests)]) == before
    path = data.draw(st.sampled_from(sorted(digests)))
    gone = Tombstones((Tombstone("a" * 32, "posts", path, "asked", "document"),))
    others = [
        recipes(inputs(digests | {path: digests[path] + "x"})),
        recipes(inputs(digests | {"new": "0"})),
        recipes(inputs({name + "!" if name == path else name: digest for name, digest in digests.items()})),
        recipes(inputs(digests), gone),
    ]
    assert all(set(before).isdisjoint(other) for other in others)


def test_where_each_file_is_joined_alone_the_others_do_not_matter():
    before = recipes(inputs({"a.7z": "1", "b.7z": "2"}, "stackexchange"), kind="stackexchange")
    after = recipes(inputs({"a.7z": "1", "b.7z": "3", "c.7z": "4"}, "stackexchange"), kind="stackexchange")
    assert after[0] == before[0] and after[1] != before[1]


def test_what_a_shard_is_does_not_hang_on_content():
    before, after = (shards(inputs({"a": digest, "b": "2"})) for digest in ("1", "9"))
    assert [shard.identity() for shard in before] == [shard.identity() for shard in after]
    assert len({str(shard.identity()) for shard in before}) == len(before)


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_a_sample_is_chosen_before_anything_is_read(rate):
    unread, read = (
        [shard.name for shard in shards(inputs({f"{n}": d for n in range(9)}, size=64 << 20), rate=rate)]
        for d in ("", "digest")
    )
    assert unread == read and len(read) == ceil(64 * rate)


def test_all_files_of_a_join_are_read_once_one_shard_needs_them():
    found = inputs({f"{n}": "" for n in range(9)}, size=64 << 20)
    joins = plan.joins_of(config("reddit"), found, Tombstones())
    few = plan.shards_of("data", config("reddit"), (), found, joins, 0.02)
    assert [known.input.path for known in plan.unread(few, found, joins)] == [f"{n}" for n in range(9)]
    read = [known.with_digest("d") for known in found]
    assert all(known.is_read for known in listing.with_digests(found, read))


def test_two_sources_over_one_folder_are_joined_apart(tmp_path):
    """Their lists are equal, and lie once; their readers, and so their spills, need not be."""
    entry = {"reader": {"kind": "reddit"}, "inputs": "in"}
    both = Config.model_validate({"run": "t", "sources": {"one": entry, "two": entry}, "filter": []})
    found = [
        replace(known, input=replace(known.input, source=source))
        for source in ("two", "one")
        for known in inputs({"x": "1", "y": "2"})
    ]
    joins = plan.joins_of(both, found, Tombstones())
    todo = [replace(shard, data=str(tmp_path)) for shard in plan.shards_of("data", both, (), found, joins, 1.0)]
    assert len({join.name for join in joins}) == 1
    spilled: list[str] = []

    def perform(tasks: Sequence[SpillTask]) -> tuple[dict[str, SpillReceipt], list[Failure]]:
        spilled.extend(map(joined.name_of, tasks))
        made = (FileEntry("rows", f"05_spilled/{task.source}-{task.file.path}", 1, task.source, 1) for task in tasks)
        manifests = [Manifest("05_spilled", "s", "r", {}, (entry,)) for entry in made]
        return {joined.name_of(t): SpillReceipt((m,), []) for t, m in zip(tasks, manifests, strict=True)}, []

    ready, failed = joined.with_spills(todo, joins, perform, lambda tasks: ({}, []))
    assert (spilled, failed) == (["one:x", "one:y", "two:x", "two:y"], [])
    for shard in ready:
        names = [name for name, _, _ in read_list(str(tmp_path), shard.spills)]
        assert names == [f"05_spilled/{shard.source}-x", f"05_spilled/{shard.source}-y"]


def test_a_shard_knows_what_was_taken_down_of_its_join(tmp_path: Path):
    gone = Tombstones(
        tuple(Tombstone(c * 32, "posts", path, "asked", "document") for c, path in zip("cab", "xxy", strict=True))
    )
    (join,) = plan.joins_of(config("reddit"), inputs({"x": "1", "y": "2"}), gone)
    assert isinstance(join, Join) and write_list(str(tmp_path), join.listed()) == join.name
    assert read_list(str(tmp_path), join.name) == (["x", "1", ["a" * 32, "c" * 32]], ["y", "2", ["b" * 32]])
    shard = replace(shards(inputs({"x": "1", "y": "2"}), gone)[0], data=str(tmp_path))
    assert shard.taken_down() == {c * 32 for c in "abc"}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, HASHES - 1)), max_size=5), st.sampled_from("xy"))
def test_a_takedown_changes_the_shares_that_hold_it_and_no_others(taken, path):
    found = inputs({"x": "1", "y": "2"}, size=64 << 20)
    before = shards(found)
    gone = Tombstones(tuple(Tombstone(c * 32, "posts", path, "asked", "document", None, place) for c, place in taken))
    after = shards(found, gone)
    assert len(before) == 8
    for old, new in zip(before, after, strict=True):
        mine = {c * 32 for c, place in taken if new.share.low <= place < new.share.high}
        assert set(new.tombstones) == mine
        assert (recipe_of(extraction_parts(old))[0] == recipe_of(extraction_parts(new))[0]) == (not mine)


def test_lines_that_are_scattered_may_be_anywhere():
    """They stand under a hash of their place in the file: what a line is called says nothing of it."""
    size = 1 << 30
    reader = Config.model_validate(
        {"run": "t", "sources": {"posts": {"reader": {"kind": "text"}, "inputs": "in"}}, "filter": []}
    )
    known = listing.Input("posts", "in", "x.jsonl.gz", size, "tag", reader.sources["posts"].reader)
    found = [listing.Split(known, (Piece(InputFile("x.jsonl.gz", size, "d", "tag")),))]
    gone = Tombstones((Tombstone("a" * 32, "posts", "x.jsonl.gz", "asked", "document", None, 5),))
    (join,) = plan.joins_of(reader, found, gone)
    assert join.placed == () and join.listed() == [["x.jsonl.gz", "d", ["a" * 32]]]
