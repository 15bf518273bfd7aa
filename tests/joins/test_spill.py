"""Room 05: whatever lies in whichever file, in segments of any size, joined in any shares: once, and alike."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, ClassVar, Literal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import storage
from pipeline.joins import merge, spill
from pipeline.joins.join import HASHES, Join, Share
from pipeline.rooms.step import perform
from pipeline.rooms.version import write_list
from pipeline.shard import records
from pipeline.sources.source import (
    Dropped,
    Fragment,
    InputFile,
    JoiningSource,
    Merged,
    NotADocument,
    Outcome,
    Piece,
    Row,
)
from pipeline.trouble import EnvironmentTrouble


class Lines(JoiningSource):
    """A record a line: `group key`; the least key of a group takes the others in. `-` is none, `!` is bad."""

    suffixes: ClassVar[tuple[str, ...]] = (".lines",)
    natural_keys: ClassVar[str] = "group/key"
    joins_files: ClassVar[bool] = True
    kind: Literal["lines"] = "lines"

    def fragments(self, file: InputFile, stream: BinaryIO) -> Iterator[Fragment | Dropped | NotADocument]:
        for number, line in enumerate(stream.read().decode().splitlines()):
            group, _, key = line.partition(" ")
            if group == "-":
                yield NotADocument("lines:none", len(line))
            elif group == "!":
                yield Dropped("lines:bad", f"{file.digest}#{number}", number, len(line))
            else:
                yield Fragment(group, f"{group}/{key}", number, len(line), key.encode())

    def join(self, group: str, fragments: Sequence[Fragment]) -> Iterator[Outcome]:
        first, *others = sorted(fragments, key=lambda fragment: fragment.natural_key)
        text = f"{group}: " + " ".join(
            f.natural_key.partition("/")[2] for f in fragments
        )  # shows the order in which they came
        yield Row(first.natural_key, first.raw_offset, first.raw_bytes, text, parts=len(fragments))
        for other in others:
            yield Merged("lines:other", other.natural_key, other.raw_offset, other.raw_bytes, first.natural_key)


line = st.builds("{} {}".format, st.sampled_from(["a", "b", "c", "größe", "-", "!"]), st.integers(0, 30))
files = st.dictionaries(st.sampled_from(["x", "y/z", "w"]), st.lists(line, max_size=10), min_size=1)


def inputs(folder: Path, contents: dict[str, list[str]]) -> list[InputFile]:
    found = []
    for name in sorted(contents):
        path = folder / "raw" / f"{name}.lines"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(contents[name]))
        size, tag = storage.size_and_tag(str(path))
        found.append(InputFile(f"{name}.lines", size, storage.digest(str(path)), tag))
    return found


def tasks(folder: Path, found: Sequence[InputFile]) -> list[spill.SpillTask]:
    return [spill.SpillTask(str(folder / "data"), "s", str(folder / "raw"), file, Lines()) for file in found]


def kept_spills(folder: Path, found: Sequence[InputFile]) -> str:
    """The list of what these files were spilled to, merged until at most `merge.FAN` runs are left."""
    data = str(folder / "data")
    rows = [m.file("rows") for task in tasks(folder, found) for m in spill.spill(task).manifests]
    runs = [(spill.SortedFile(entry.name, entry.sha256),) for entry in rows]
    while len(runs) > merge.FAN:
        planned = [merge.tasks_of(data, "s", group) for group in merge.groups_of(runs)]
        runs = [merge.run_of(made, [perform(task).manifest for task in made]) for made in planned]
    return write_list(data, [[file.name, file.low, file.high] for run in runs for file in run])


def shares(folder: Path, found: Sequence[InputFile], count: int) -> list[Share]:
    join = Join("s", str(folder / "raw"), tuple(found), ((),) * len(found), is_whole_source=True)
    assert write_list(str(folder / "data"), join.listed()) == join.name
    return list(join.shares(count))


def records_of(folder: Path, share: Share, kept: str, rate: float = 1.0) -> records.Records:
    return records.Records(str(folder / "data"), str(folder / "raw"), (), Lines(), rate, share, kept)


def outcomes(folder: Path, found: Sequence[InputFile], count: int) -> list[tuple[str, Outcome]]:
    kept = kept_spills(folder, found)
    return [outcome for share in shares(folder, found, count) for outcome in records_of(folder, share, kept).outcomes()]


@settings(max_examples=25)
@given(
    contents=files,
    segment=st.sampled_from([1, 200, 1 << 20]),
    count=st.sampled_from([1, 2, 8]),
    fan=st.sampled_from([2, 3, 32]),
)
def test_any_segments_merges_and_shares_give_each_record_once_and_the_same_documents(
    tmp_path_factory, contents, segment, count, fan
):
    folder = tmp_path_factory.mktemp("spill")
    found = inputs(folder, contents)
    plain = sorted(map(repr, outcomes(folder, found, 1)))
    assert len(plain) == sum(map(len, contents.values()))
    other = tmp_path_factory.mktemp("spill")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spill, "SEGMENT_BYTES", segment)
        patch.setattr(spill, "GROUP_BYTES", min(segment, 300))
        patch.setattr(merge, "GROUP_BYTES", min(segment, 300))
        patch.setattr(merge, "RANGE_BYTES", 4 * segment)
        patch.setattr(merge, "FAN", fan)
        assert sorted(map(repr, outcomes(other, inputs(other, contents), count))) == plain


@given(lines=st.lists(line, max_size=25))
def test_a_single_file_is_joined_in_memory_as_it_is_through_the_spill(tmp_path_factory, lines):
    folder = tmp_path_factory.mktemp("spill")
    found = inputs(folder, {"x": lines})
    content = (folder / "raw" / "x.lines").read_bytes()
    in_memory = list(Lines().read(Piece(found[0]), io.BytesIO(content)))
    assert sorted(map(repr, in_memory)) == sorted(repr(outcome) for _, outcome in outcomes(folder, found, 2))


def test_a_task_that_died_goes_on_behind_its_last_segment(tmp_path, monkeypatch):
    monkeypatch.setattr(spill, "SEGMENT_BYTES", 500)
    (task,) = tasks(tmp_path, inputs(tmp_path, {"x": [f"g{n % 7} {n}" for n in range(100)]}))
    whole = spill.spill(task).manifests
    assert len(whole) > 5 and [m.facts["last"] for m in whole] == [False] * (len(whole) - 1) + [True]
    room = tmp_path / "data" / "05_spilled"
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in room.iterdir()}
    dead = whole[3:]
    for manifest in dead:  # it died in the middle of its fourth segment: no manifest, perhaps a file
        (room / f"{manifest.shard}.{manifest.recipe[:12]}.json").unlink()
    for manifest in dead[1:]:
        (tmp_path / "data" / manifest.file("rows").name).unlink()
    assert spill.spill(task).manifests == whole
    after = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in room.iterdir()}
    assert {name: content for name, (content, _) in after.items()} == {n: content for n, (content, _) in before.items()}
    untouched = {m.file("rows").name.rpartition("/")[2] for m in whole[:3]}
    assert all(after[name] == before[name] for name in untouched)


def test_of_a_file_that_changes_while_it_is_read_nothing_is_committed(tmp_path, monkeypatch):
    """Restored afterwards it has its old digest: what was committed of the other would be taken for it."""
    monkeypatch.setattr(spill, "SEGMENT_BYTES", 500)
    (task,) = tasks(tmp_path, inputs(tmp_path, {"x": [f"g{n % 7} good{n}" for n in range(100)]}))
    path = tmp_path / "raw" / "x.lines"
    good, stat = path.read_bytes(), path.stat()
    open_input = storage.open_input

    def replaced(name: str) -> io.BufferedReader:
        if name == str(path):  # after the look at it, before it is read
            path.write_bytes(good.replace(b"good", b"evil"))
        return open_input(name)

    with monkeypatch.context() as patch, pytest.raises(EnvironmentTrouble, match="changed since the run began"):
        patch.setattr(storage, "open_input", replaced)
        spill.spill(task)
    path.write_bytes(good)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    manifests = spill.spill(task).manifests
    held = [row for m in manifests for row in pq.read_table(tmp_path / "data" / m.file("rows").name).to_pylist()]
    assert len(manifests) > 5 and sorted(row["content"] for row in held) == sorted(
        f"good{n}".encode() for n in range(100)
    )


@pytest.mark.parametrize("count", [1, 2, 31, 32, 33, 64, 65, 147, 2048])
def test_runs_are_merged_in_few_groups_of_even_size(count):
    runs = [(spill.SortedFile(f"{number}", f"{number}"),) for number in range(count)]
    groups = merge.groups_of(runs)
    assert [run for group in groups for run in group] == runs
    sizes = [len(group) for group in groups]
    assert max(sizes) <= merge.FAN and max(sizes) - min(sizes) <= 1
    assert len(groups) == -(-count // merge.FAN)


@given(cuts=st.sets(st.integers(1, 63), max_size=9), low=st.integers(0, 63), size=st.integers(1, 64))
def test_of_a_run_exactly_the_files_that_overlap_a_range_are_read(cuts, low, size):
    edges = [0, *sorted(cuts), 64]
    run = tuple(spill.SortedFile(f"{a}", "", a, b) for a, b in pairwise(edges))
    high = min(64, low + size)
    assert merge.overlapping(run, low, high) == tuple(f for f in run if f.low < high and low < f.high)


def test_a_merged_run_is_sorted_and_its_files_hold_even_ranges(tmp_path, monkeypatch):
    monkeypatch.setattr(spill, "SEGMENT_BYTES", 500)
    found = inputs(tmp_path, {"x": [f"g{n % 60} {n}" for n in range(400)]})
    (task,) = tasks(tmp_path, found)
    rows = [manifest.file("rows") for manifest in spill.spill(task).manifests]
    planned = merge.tasks_of(task.data, "s", [(spill.SortedFile(entry.name, entry.sha256),) for entry in rows])
    run = merge.run_of(planned, [perform(task).manifest for task in planned])
    assert len(run) == len(rows) > 20
    hashes = [pq.read_table(f"{task.data}/{file.name}")["hash"].to_pylist() for file in run]
    assert sum(map(len, hashes)) == 400
    for file, held in zip(run, hashes, strict=True):
        assert held == sorted(held) and all(file.low <= value < file.high for value in held)
    assert run[0].low == 0 and run[-1].high == HASHES
    assert all(before.high == after.low for before, after in pairwise(run))


def test_what_is_done_is_not_read_again(tmp_path):
    (task,) = tasks(tmp_path, inputs(tmp_path, {"x": ["a 1"]}))
    done = spill.spill(task)
    (tmp_path / "raw" / "x.lines").unlink()
    assert spill.spill(task).manifests == done.manifests


def test_a_group_beyond_the_budget_is_dropped_from_there_on(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "MAX_GROUP_BYTES", 5)
    found = inputs(tmp_path, {"x": ["a 10", "a 11", "a 12", "b 1"]})
    by_key = {outcome.natural_key: outcome for _, outcome in outcomes(tmp_path, found, 1)}
    assert isinstance(by_key["a/10"], Row) and by_key["a/10"].parts == 2
    assert isinstance(by_key["a/12"], Dropped) and by_key["a/12"].reason == "resource:group_bytes"


def test_a_record_in_two_files_is_joined_once_and_the_other_is_named(tmp_path):
    found = inputs(tmp_path, {"x": ["a 1", "a 2"], "y/z": ["a 2", "a 3"]})
    result = outcomes(tmp_path, found, 1)
    assert [(path, o.text) for path, o in result if isinstance(o, Row)] == [("x.lines", "a: 1 2 3")]
    repeated = [(path, o) for path, o in result if isinstance(o, Dropped)]
    assert repeated == [("y/z.lines", Dropped("lines:repeated_record", f"{found[1].digest}@0", 0, 3))]


class Forgetful(Lines):
    def join(self, group: str, fragments: Sequence[Fragment]) -> Iterator[Outcome]:
        yield from list(super().join(group, fragments))[:-1]


class Elsewhere(Lines):
    def join(self, group: str, fragments: Sequence[Fragment]) -> Iterator[Outcome]:
        for fragment in fragments:
            yield Merged("lines:lost", fragment.natural_key, None, 0, into="nobody")


@pytest.mark.parametrize("reader", [Forgetful(), Elsewhere()], ids=lambda reader: type(reader).__name__)
def test_a_join_that_loses_a_record_is_a_bug_that_is_named(reader):
    group = [("x", Fragment("g", key, 0, 1, b"")) for key in "ab"]
    with pytest.raises(RuntimeError, match="lines: the join of g"):
        list(records.joined(reader, group, {"x": "digest"}))


def test_a_range_that_is_too_large_is_joined_in_parts_and_gives_the_same(tmp_path, monkeypatch):
    found = inputs(tmp_path, {"x": [f"g{n % 50} {n}" for n in range(400)], "y/z": ["g1 1000", "- 1", "! 2"]})
    whole = outcomes(tmp_path, found, 2)
    monkeypatch.setattr(spill, "RANGE_BYTES", 700)
    assert outcomes(tmp_path, found, 2) == whole
    monkeypatch.setattr(spill, "RANGE_BYTES", 150)  # about two records
    assert outcomes(tmp_path, found, 1) == whole


def test_a_large_group_is_read_in_parts_and_gives_the_same(tmp_path, monkeypatch):
    """Two groups of one hash among them, and records without a group."""
    monkeypatch.setattr(spill, "SEGMENT_BYTES", 4000)
    monkeypatch.setattr(spill, "GROUP_BYTES", 500)
    monkeypatch.setattr(spill, "hash_of", lambda group: {"a": 5, "b": 5}.get(group, 9))
    lines = [f"{'ab'[n % 3 == 0]} {n}" for n in range(600)] + ["- 1", "! 2", "c 1", "! 3"]
    found = inputs(tmp_path, {"x": lines, "y/z": ["b 700", "- 4", "a 701", "! 5"]})
    data, kept = str(tmp_path / "data"), kept_spills(tmp_path, found)
    (all_,) = shares(tmp_path, found, 1)
    reader = records_of(tmp_path, replace(all_, high=16), kept)
    whole = list(reader.outcomes())
    assert sum(isinstance(outcome, Row) for _, outcome in whole) == 3 and len(whole) == len(lines) + 4
    names = [name for name, _, _ in records.read_list(data, kept)]
    (plain,) = spill.sorted_tables(data, names, 0, 16, 1 << 30)
    parts = list(spill.sorted_tables(data, names, 0, 16, 3000))
    assert pa.concat_tables(parts).equals(plain)
    assert max(table.nbytes for table in parts) < 6000 < plain.nbytes / 4
    monkeypatch.setattr(spill, "RANGE_BYTES", 3000)
    assert list(reader.outcomes()) == whole


def test_what_is_beyond_the_budget_of_a_group_is_let_go_as_it_comes(monkeypatch):
    monkeypatch.setattr(records, "MAX_GROUP_BYTES", 4)
    read: list[int] = []

    def group() -> Iterator[tuple[str, Fragment]]:
        for number in range(100):
            read.append(number)
            yield "x", Fragment("g", f"{number}", number, 1, b"..")

    found = records.joined(Lines(), group(), {"x": "digest"})
    assert isinstance(next(found)[1], Dropped) and len(read) == 3
    assert [type(outcome) for _, outcome in found] == [Dropped] * 97 + [Row, Merged]


@pytest.mark.parametrize("rate", [0.01, 0.2, 0.7])
@pytest.mark.parametrize("share", range(4))
def test_a_sample_is_a_sample_of_every_share(tmp_path, rate, share):
    """And of whole groups: of 8,000 in four shares each gives its part, within five standard deviations."""
    found = inputs(tmp_path, {"x": [f"g{n} {n}" for n in range(8000)] + ["- 1"] * 2000})
    reader = records_of(tmp_path, shares(tmp_path, found, 4)[share], kept_spills(tmp_path, found), rate)
    taken = [outcome for _, outcome in reader.outcomes()]
    for kind, count in ((Row, 2000), (NotADocument, 500)):
        number = sum(isinstance(outcome, kind) for outcome in taken)
        spread = 5 * (count * rate * (1 + rate)) ** 0.5  # how many are in the share varies, too
        assert abs(number - count * rate) < spread, (kind, number)
