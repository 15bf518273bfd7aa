"""Deduplication in one process: the whole course over local files, one task after another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.dedup.course import Course, Step, signing
from pipeline.dedup.pairing.buckets import Facts, added
from pipeline.dedup.schemas import CLUSTER, IDENTITY_BAND
from pipeline.dedup.settings import Deduplication
from pipeline.dedup.shuffling.sorted_files import read_range
from pipeline.dedup.tasks import FILTERED, Totals

VERSION = 9  # raise it when the same documents and settings may give other signatures or duplicates


def deduplicate(
    filtered_files: Sequence[str], folder: str, settings: Deduplication, published_files: Sequence[str] = ()
) -> str:
    """Carry out all steps in this process, one task after another; returns the path of the table of duplicates.

    What is in `published_files` stays; its shards are numbered after the others, and its documents stand in the table
    where they stand for others. Writes `<step>.<partition>.parquet` into the local `folder`, which exists, and
    `duplicates.parquet`, the clusters in one file. Documents named there without a reason, and all not named there,
    are kept.
    """
    files: dict[str, list[str]] = {FILTERED: [*filtered_files, *published_files]}
    totals = Totals(len(filtered_files), documents=0, published=len(published_files))
    carry_out(signing(totals, settings), files, totals, settings, folder)
    course = Course(replace(totals, documents=_documents_signed(files["signatures"])), settings)
    for step in course:
        course.tell(step, *carry_out(step, files, course.totals, settings, folder))
    duplicates = str(Path(folder, "duplicates.parquet"))
    rows = (batch for path in files["clusters"] for batch in read_range(path, "shard", (0,), None))
    write_batches(duplicates, rows, CLUSTER)
    return duplicates


def carry_out(
    step: Step, files: dict[str, list[str]], totals: Totals, settings: Deduplication, folder: str
) -> tuple[int, Facts]:
    """Do a step's tasks in turn; adds its files to `files` and returns their rows and facts."""
    jobs = step.jobs(files, totals, settings)
    files[step.name] = [str(Path(folder, f"{step.name}.{job.partition:05}.parquet")) for job in jobs]
    done = [write_batches(path, step.run(job), step.schema) for path, job in zip(files[step.name], jobs, strict=True)]
    return sum(rows for rows, _ in done), added(facts for _, facts in done)


def _documents_signed(signature_files: Sequence[str]) -> int:
    band = ((IDENTITY_BAND,), (IDENTITY_BAND + 1,))
    return sum(batch.num_rows for path in signature_files for batch in read_range(path, "band", *band, ["row"]))


def write_batches(path: str, batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> tuple[int, Facts]:
    """Write a file with one row group a batch; returns its rows, and the facts that the generator returned."""
    rows = 0
    with pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=False) as writer:
        while True:
            try:
                batch = next(batches)
            except StopIteration as end:
                return rows, end.value or {}
            writer.write_batch(batch, row_group_size=batch.num_rows)
            rows += batch.num_rows
