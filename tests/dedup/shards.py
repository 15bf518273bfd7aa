"""Small runs of deduplication for tests: documents in, shards on disk, the table of duplicates out."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.dedup.course import Course, Step, signing
from pipeline.dedup.pairing.buckets import Facts, added
from pipeline.dedup.room import deduplicate, write_batches
from pipeline.dedup.settings import Deduplication
from pipeline.dedup.tasks import FILTERED, Totals

FIELDS = [(name, pa.string()) for name in ("doc_id", "source", "work", "url")] + [("text", pa.large_string())]
SCHEMA = pa.schema(FIELDS)


@dataclass(frozen=True)
class Doc:
    number: int
    text: str
    source: str = "web"
    work: str | None = None
    url: str | None = None

    @property
    def doc_id(self) -> str:
        return f"{self.number:032x}"


def batch_of(docs: Sequence[Doc]) -> pa.RecordBatch:
    rows = [{name: getattr(doc, name) for name, _ in FIELDS} for doc in docs]
    return pa.RecordBatch.from_pylist(rows, schema=SCHEMA)


def write_shards(folder: Path, shards: Sequence[Sequence[Doc]], group_rows: int = 3) -> list[str]:
    """One Parquet file a shard, with more than one row group where it has more than `group_rows` documents."""
    paths = [folder / f"filtered.{i:05}.parquet" for i in range(len(shards))]
    for path, docs in zip(paths, shards, strict=True):
        pq.write_table(pa.Table.from_batches([batch_of(docs)], SCHEMA), path, row_group_size=group_rows)
    return [str(path) for path in paths]


def duplicates(folder: Path, shards: Sequence[Sequence[Doc]], settings: Deduplication) -> list[dict[str, Any]]:
    """The rows of the table of duplicates."""
    return pq.read_table(deduplicate(write_shards(folder, shards), str(folder), settings)).to_pylist()


def kept_of(shards: Sequence[Sequence[Doc]], table: list[dict[str, Any]]) -> list[list[Doc]]:
    """The documents that survive, in their shards."""
    gone = {(row["shard"], row["row"]) for row in table if row["reason"] is not None}
    return [[doc for row, doc in enumerate(docs) if (shard, row) not in gone] for shard, docs in enumerate(shards)]


def run_shuffled(
    folder: Path, filtered: list[str], settings: Deduplication, random: Random
) -> dict[str, list[dict[str, Any]]]:
    """Every step's rows, its tasks carried out in another order and from pickled jobs; `step:facts` as told."""
    files: dict[str, list[str]] = {FILTERED: filtered}
    rows: dict[str, list[dict[str, Any]]] = {}

    def carry_out(step: Step) -> tuple[int, Facts]:
        jobs = step.jobs(files, course.totals, settings)
        files[step.name] = [str(folder / f"{step.name}.{job.partition}.parquet") for job in jobs]
        told = []
        for job in random.sample(jobs, len(jobs)):
            again, run = pickle.loads(pickle.dumps((job, step.run)))
            told.append(write_batches(files[step.name][job.partition], run(again), step.schema)[1])
        rows[step.name] = [row for path in files[step.name] for row in pq.read_table(path).to_pylist()]
        rows[f"{step.name}:facts"] = told
        return len(rows[step.name]), added(told)

    course = Course(Totals(len(filtered), sum(pq.read_metadata(path).num_rows for path in filtered)), settings)
    carry_out(signing(course.totals, settings))
    for step in course:
        course.tell(step, *carry_out(step))
    return rows
