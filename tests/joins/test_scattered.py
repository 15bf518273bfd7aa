"""A large compressed .jsonl becomes many shards through the spill: its records are what they are when it is read."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import run as running
from pipeline import storage
from pipeline.joins import spill
from pipeline.joins.join import Join
from pipeline.planning import plan, survey
from pipeline.rooms.tombstones import REASON
from pipeline.rooms.version import write_list
from pipeline.schema import doc_id_of
from pipeline.shard import records
from pipeline.sources.source import Dropped, InputFile, Outcome, Piece, Row
from pipeline.sources.text import source as text
from pipeline.sources.text.source import Text

READER = Text(id_column="id")
PACKED = {"a.jsonl.gz": gzip.compress, "a/B.JSONL.ZST": zstandard.compress}
VALUES = st.one_of(
    st.builds(lambda id_, text_: json.dumps({"id": id_, "text": text_}), st.integers(0, 9), st.text(max_size=9)),
    st.sampled_from(["", " ", "{", "[1]", '{"text": 1}', '\ufeff{"text": "marked"}', "x" * 200]),
)
CONTENTS = st.lists(VALUES, max_size=12).map(lambda lines: "\n".join(lines).encode())


def spilled(folder: Path, path: str, content: bytes, count: int, reader: Text) -> Iterator[tuple[str, Outcome]]:
    """What `count` shards say of one file."""
    data, root = str(folder / "data"), folder / "raw"
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(content)
    size, tag = storage.size_and_tag(str(root / path))
    file = InputFile(path, size, storage.digest(str(root / path)), tag)
    found = spill.spill(spill.SpillTask(data, "docs", str(root), file, reader)).manifests
    kept = write_list(data, [[one.file("rows").name, 0, 2**64] for one in found])
    join = Join("docs", str(root), (file,), ((),), is_whole_source=False)
    write_list(data, join.listed())
    for share in join.shares(count):
        yield from records.Records(data, str(root), (), reader, 1.0, share, kept).outcomes()


@settings(max_examples=20)
@given(
    content=CONTENTS,
    path=st.sampled_from(sorted(PACKED)),
    cut=st.none() | st.integers(1, 40),
    count=st.sampled_from([1, 4]),
)
def test_records_are_what_they_are_when_the_file_is_read(tmp_path_factory, content, path, cut, count):
    reader = READER.model_copy(update={"max_record_bytes": 100})
    packed = PACKED[path](content)[:cut]
    found = list(spilled(tmp_path_factory.mktemp("scattered"), path, packed, count, reader))
    file = InputFile(path, len(packed), hashlib.sha256(packed).hexdigest())
    whole = [(path, outcome) for outcome in reader.read(Piece(file), io.BytesIO(packed))]
    assert sorted(map(repr, found)) == sorted(map(repr, whole))


@pytest.mark.parametrize(
    ("path", "size", "is_spilled"),
    [
        ("a.jsonl.gz", 512 << 20, True),
        ("a.JSONL.zst", 512 << 20, True),
        ("a.jsonl.gz", (512 << 20) - 1, False),
        ("a.jsonl", 1 << 40, False),
        ("a.parquet", 1 << 40, False),
    ],
)
def test_what_can_be_read_from_its_middle_or_is_no_larger_than_a_shard_is_not_spilled(path, size, is_spilled):
    assert READER.scatters(path, size) is is_spilled


CONFIG = """
run: test
sources:
  docs:
    reader: {kind: text, id_column: id}
    inputs: %s
filter:
  - {kind: normalise}
"""


@pytest.fixture
def config(tmp_path: Path) -> str:
    folder = tmp_path / "in"
    folder.mkdir()
    lines = [json.dumps({"id": n, "text": f"The document of number {n}. " * (n % 7 + 1)}) for n in range(300)]
    (folder / "large.jsonl.gz").write_bytes(gzip.compress("\n".join([*lines, "{", ""]).encode()))
    (folder / "small.jsonl.zst").write_bytes(zstandard.compress(b'{"id": "x", "text": "A small one."}'))
    (tmp_path / "config.yaml").write_text(CONFIG % folder)
    return str(tmp_path / "config.yaml")


def execute(config: str, data: Path) -> survey.Prepared:
    prepared = survey.prepare(survey.Order(config, str(data), 0))
    running.execute(prepared)
    return prepared


def published(data: Path) -> list[bytes]:
    return sorted(path.read_bytes() for path in (data / "40_published").glob("*.parquet"))


def scattering(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "SCATTERED_BYTES", 1000)
    monkeypatch.setattr(plan, "JOINED_BYTES", 1000)
    monkeypatch.setattr(spill, "SEGMENT_BYTES", 10_000)


def test_many_shards_publish_what_one_does_and_resume_where_they_were(config, tmp_path, monkeypatch):
    whole = execute(config, tmp_path / "whole")
    assert [standing.shard.share for standing in whole.standings] == [None]
    scattering(monkeypatch)
    commit = spill._commit
    committed: list[int] = []

    def dying(task: spill.SpillTask, segment: int, *rest: object) -> object:
        if segment == 1 and 1 not in committed:
            committed.append(1)
            raise RuntimeError("killed")
        committed.append(segment)
        return commit(task, segment, *rest)

    monkeypatch.setattr(spill, "_commit", dying)
    with pytest.raises(running.Failures, match="killed"):
        execute(config, tmp_path / "data")
    running.execute(survey.prepare(survey.Order(config, str(tmp_path / "data"), 0, retry_failed=True)))
    assert committed[:2] == [0, 1] and committed[2:] == list(range(1, len(committed) - 1)) != [1], "none is made twice"
    many = survey.prepare(survey.Order(config, str(tmp_path / "data"), 0))
    assert sum(standing.shard.share is not None for standing in many.standings) >= 2
    assert all(standing.next_room is None for standing in many.standings)
    assert published(tmp_path / "data") == published(tmp_path / "whole") != []


def test_what_was_taken_down_is_not_spilled(tmp_path):
    content = gzip.compress(b"\n".join(json.dumps({"id": n, "text": f"secret {n}"}).encode() for n in range(4)))
    (tmp_path / "a.jsonl.gz").write_bytes(content)
    size, tag = storage.size_and_tag(str(tmp_path / "a.jsonl.gz"))
    file = InputFile("a.jsonl.gz", size, "d", tag)
    gone = (doc_id_of("docs", "2"),)
    (manifest,) = spill.spill(spill.SpillTask(str(tmp_path), "docs", str(tmp_path), file, READER, gone)).manifests
    rows = pq.read_table(tmp_path / manifest.file("rows").name).to_pylist()
    assert [row["content"] for row in rows if b"secret 2" in (row["content"] or b"")] == []
    assert [(row["natural_key"], row["reason"]) for row in rows if row["content"] is None] == [("2", REASON)]
    assert isinstance(spill._record(next(row for row in rows if row["content"] is None)), Dropped)


def test_a_row_is_called_by_its_line(tmp_path):
    content = gzip.compress(b'\xef\xbb\xbf{"text": "one"}\n\n{"text": "two"}')
    found = [one for _, one in spilled(tmp_path, "a.jsonl.gz", content, 2, Text()) if isinstance(one, Row)]
    digest = hashlib.sha256(content).hexdigest()
    assert {one.natural_key for one in found} == {f"{digest}#0", f"{digest}#2"}
