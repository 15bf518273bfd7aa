"""Survivors sorted in runs: read once, whatever their number, and what is published of them is the same to the byte."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import Config
from pipeline.dedup.schemas import CLUSTER
from pipeline.duplicates import survivors
from pipeline.duplicates.survivors import ShardOfRoom, survivor_schema
from pipeline.publishing import gathering, publish, sorting
from pipeline.publishing.publish import PublishedShard
from pipeline.rooms.manifest import FileEntry, Manifest, Place
from pipeline.rooms.names import FILTERED
from pipeline.rooms.tables import TableFile, conform
from pipeline.schema import DOCUMENT, doc_id_of
from pipeline.shard.shard import Shard

CONFIG = Config.model_validate(
    {
        "run": "t",
        "sources": {
            "docs": {
                "reader": {"kind": "text"},
                "inputs": "in",
                "domain": "prose",
                "domain_by_label": {"code": "code", "law": "law"},
            }
        },
        "filter": [],
    }
)
Documents = list[tuple[str, str]]
"""(label, text) of each."""
documents = st.lists(st.tuples(st.sampled_from(["code", "law", "other"]), st.text(max_size=30)), max_size=12)


def filtered(folder: Path, found: Documents, batch_rows: int) -> ShardOfRoom:
    """A filtered shard of these documents, none of which has a duplicate."""
    folder.mkdir(exist_ok=True)
    place = Place(str(folder), FILTERED, "docs-00000", "0" * 64)
    rows = [
        {
            "doc_id": doc_id_of("docs", f"{number}"),
            "source": "docs",
            "natural_key": f"{number}",
            "raw_path": "a.jsonl.zst",
            "raw_bytes": len(text),
            "parts": 1,
            "label": label,
            "text": text,
        }
        for number, (label, text) in enumerate(found)
    ]
    with TableFile(place, "rows", ".parquet", DOCUMENT) as table:
        for start in range(0, len(rows), batch_rows):
            part = rows[start : start + batch_rows]
            given_ = pa.schema([DOCUMENT.field(name) for name in part[0]])
            table.write(conform(pa.RecordBatch.from_pylist(part, given_), DOCUMENT))
        entry = table.publish()
    pq.write_table(CLUSTER.empty_table(), folder / "clusters.parquet")
    manifest = Manifest(FILTERED, place.shard, place.recipe, {}, (entry,))
    shard = Shard(str(folder), place.shard, "docs", "in", (), CONFIG, ())
    return ShardOfRoom(shard, 0, manifest, "clusters.parquet", "0")


def sorted_files(job: ShardOfRoom, run_bytes: int, monkeypatch: pytest.MonkeyPatch) -> tuple[FileEntry, ...]:
    with monkeypatch.context() as patch:
        patch.setattr(sorting, "RUN_BYTES", run_bytes)
        return sorting.sort_survivors(job).manifests[0].files


def published(job: ShardOfRoom, files: tuple[FileEntry, ...], count: int) -> list[str]:
    """The digests of what is published of these files, each domain in `count` shards."""
    schema = publish.published_schema(survivor_schema(CONFIG, ()))
    shards = [
        PublishedShard(
            job.shard.data, name, number, index, count, f"{files}", schema, tuple(file.name for file in files)
        )
        for number, name in enumerate(CONFIG.domains())
        for index in range(count)
    ]
    return [publish.publish(shard).manifests[0].file("rows").sha256 for shard in shards]


@settings(max_examples=15)
@given(
    found=documents,
    batch_rows=st.integers(2, 6),
    run_bytes=st.sampled_from([1, 3000]),
    count=st.integers(1, 2),
)
def test_runs_of_any_size_hold_each_row_once_and_publish_the_same(
    tmp_path_factory, found, batch_rows, run_bytes, count
):
    folder = tmp_path_factory.mktemp("sorted")
    with pytest.MonkeyPatch.context() as patch:
        whole = filtered(folder / "whole", found, 1000)
        in_one = sorted_files(whole, 1 << 30, patch)
        assert len(in_one) == (1 if found else 0)
        job = filtered(folder / "parts", found, batch_rows)
        files = sorted_files(job, run_bytes, patch)
    tables = [pq.read_table(Path(job.shard.data) / file.name) for file in files]
    for table in tables:
        keys = [tuple(row.values()) for row in table.select(["domain_number", "order", "doc_id"]).to_pylist()]
        assert keys == sorted(keys) and table.num_rows <= max(batch_rows, run_bytes // 100)
    held = sorted(row["doc_id"] for table in tables for row in table.to_pylist())
    assert held == sorted(doc_id_of("docs", f"{number}") for number in range(len(found)))
    assert published(job, files, count) == published(whole, in_one, count)


def test_a_shard_is_read_once_however_large(tmp_path, monkeypatch):
    reads: list[str] = []
    real = survivors.read_batches
    monkeypatch.setattr(survivors, "read_batches", lambda *job: reads.append(job[1]) or real(*job))
    job = filtered(tmp_path, [("law", "x" * 100)] * 9, 1)
    assert len(sorted_files(job, 1, monkeypatch)) == 9
    assert reads == [job.filtered.file("rows").name]


def test_no_more_is_held_than_a_run(tmp_path, monkeypatch):
    """Of the batches of a shard: those of the run before are let go before the next is read."""
    monkeypatch.setattr(sorting, "RUN_BYTES", 10_000)
    living: list[weakref.ref[pa.RecordBatch]] = []
    most = 0

    def batches() -> Iterator[pa.RecordBatch]:
        nonlocal most
        for _ in range(100):
            batch = pa.RecordBatch.from_pydict(
                {"domain_number": [0], "order": [0], "doc_id": ["a"], "text": ["x" * 1000]}
            )
            living.append(weakref.ref(batch))
            most = max(most, sum(one() is not None for one in living))
            yield batch
            del batch

    runs = [sum(batch.num_rows for batch in gathering.in_order(run)) for run in sorting._runs(batches())]
    assert sum(runs) == 100 and len(runs) > 10 and most <= 12


def test_what_was_sorted_before_is_not_sorted_again(tmp_path, monkeypatch):
    job = filtered(tmp_path, [("law", "one"), ("code", "two")], 1)
    files = sorted_files(job, 1, monkeypatch)
    monkeypatch.setattr(survivors, "read_batches", None)
    assert sorted_files(job, 1, monkeypatch) == files and len(files) == 2
    with pytest.raises(TypeError):
        sorted_files(replace(job, clusters_digest="another"), 1, monkeypatch)


@given(st.lists(st.integers(0, 2**128 - 1), max_size=20), st.integers(1, 9))
def test_a_document_is_in_the_published_shard_whose_range_holds_its_order(numbers: list[int], count: int) -> None:
    ranges = [publish.range_of(f"a-b-00001-of-00002-{index:05d}-of-{count:05d}") for index in range(count)]
    assert [low for low, _ in ranges] == [0, *(high for _, high in ranges[:-1])] and ranges[-1][1] == 2**64
    for number in numbers:
        order = sorting.order_of(f"{number:032x}")
        assert [low <= order < high for low, high in ranges].count(True) == 1
