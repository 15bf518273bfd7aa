"""One task of each step that takes parts out of texts: what it reads, and what comes of it."""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.dedup.cut_settings import Passages
from pipeline.dedup.cuts import lines as of_lines
from pipeline.dedup.cuts import matches
from pipeline.dedup.cuts import passages as of_passages
from pipeline.dedup.cuts.repeated import counted, frequent, frequent_of_shard
from pipeline.dedup.cuts.spans import CUT, LINE, PASSAGE
from pipeline.dedup.schemas import addresses, doc_ids_to_hex
from pipeline.dedup.shuffling.sorted_files import read_range
from pipeline.dedup.tasks import FILTERED, Job
from pipeline.storage import open_committed

VERSION = 3  # raise it when the same documents, clusters and settings may give other cuts


def left(job: Job, columns: Sequence[str]) -> Iterator[tuple[NDArray[np.int64], pa.RecordBatch]]:
    """The documents of the job's shard that no duplicate took away, by batch, with their rows in the shard."""
    gone = gone_of_shard(job.files["clusters"], job.partition, job.totals.all_shards)
    start = 0
    with open_committed(job.files[FILTERED][0]) as stream, pq.ParquetFile(stream) as file:
        for group in range(file.num_row_groups):
            for batch in file.iter_batches(row_groups=[group], columns=list(columns), use_threads=False):
                rows = np.arange(start, start + batch.num_rows)
                start += batch.num_rows
                kept = np.flatnonzero(~np.isin(rows, gone))
                if len(kept):
                    yield rows[kept], batch if len(kept) == batch.num_rows else batch.take(kept)


def gone_of_shard(cluster_files: Sequence[str], shard: int, shards: int) -> NDArray[np.int64]:
    """The rows of a shard that are gone, ascending; `cluster_files` are an even division of the shards."""
    parts = len(cluster_files)
    number = bisect.bisect_right(range(parts), shard, key=lambda index: shards * index // parts) - 1
    gone = [np.zeros(0, dtype=np.int64)]
    for batch in read_range(cluster_files[number], "shard", (shard,), (shard + 1,), ["row", "reason"]):
        gone.append(batch.filter(batch["reason"].is_valid())["row"].to_numpy().astype(np.int64))
    return np.concatenate(gone)


def lines(job: Job) -> Iterator[pa.RecordBatch]:
    asked = job.settings.lines
    assert asked is not None, "a step without its setting has no task"
    return counted(of_lines.line_keys((batch for _, batch in left(job, of_lines.COLUMNS)), asked))


def boilerplate(job: Job) -> Iterator[pa.RecordBatch]:
    asked = job.settings.lines
    assert asked is not None, "a step without its setting has no task"
    return frequent(job.files["lines"], job.partition, job.partitions, asked.min_pages)


def anchors(job: Job) -> Iterator[pa.RecordBatch]:
    asked = _passages_of(job)
    return counted(of_passages.anchor_keys((batch for _, batch in left(job, ("source", "text"))), asked))


def repeated(job: Job) -> Iterator[pa.RecordBatch]:
    return frequent(job.files["anchors"], job.partition, job.partitions, least=2)


def windows(job: Job) -> Iterator[pa.RecordBatch]:
    """WINDOW of one shard, in as many passes over its texts as keep `rows_per_partition` windows in memory."""
    _, span = of_passages.grams_of(_passages_of(job).min_words)
    keys, _ = frequent_of_shard(job.files["repeated"], job.partition)
    own = read_range(job.files["anchors"][job.partition], "key", (0,), None)
    occurrences = sum(int(batch["count"].to_numpy()[np.isin(batch["key"].to_numpy(), keys)].sum()) for batch in own)
    passes = max(1, -(-occurrences * span // job.settings.rows_per_partition))
    for number in range(passes if len(keys) else 0):
        part = tuple((1 << 64) * i // passes for i in (number, number + 1))
        yield from of_passages.best_windows(left(job, job.settings.columns), keys, (part[0], part[1]), job.settings)


def passages(job: Job) -> Iterator[pa.RecordBatch]:
    lo, hi = (((1 << 64) * i // job.partitions,) for i in (job.partition, job.partition + 1))
    return matches.best_of_all(job.files["windows"], lo, hi)


def cuts(job: Job) -> Iterator[pa.RecordBatch]:
    """CUT of one shard; holds what is frequent of its lines and anchors, its repeated windows, one batch of text."""
    asked = job.settings.lines
    keys, counts = frequent_of_shard(job.files.get("boilerplate", ()), job.partition)
    anchored, _ = frequent_of_shard(job.files.get("repeated", ()), job.partition)
    best = matches.best_of_shard(job.files.get("passages", ()), job.partition)
    for rows, batch in left(job, ("doc_id", "source", "text", *(["url"] if asked else []))):
        parts = [] if asked is None else [_cut_lines(rows, batch, of_lines.boilerplate(batch, keys, counts, asked))]
        if job.settings.passages:
            windows = of_passages.windows_of(batch, anchored, (0, 1 << 64), job.settings.passages)
            address = addresses(job.partition, rows[windows.document])
            found = matches.passages(windows, address, best, job.settings.passages.min_words)
            parts.append(_cut_passages(rows, batch, found, removed=job.settings.passages.policy == "remove"))
        whole = pa.concat_batches(parts)
        if whole.num_rows:
            order = [(name, "ascending") for name in ("row", "start", "stop", "level")]
            yield whole.take(pc.sort_indices(whole, sort_keys=order))


def _cut_lines(rows: NDArray[np.int64], batch: pa.RecordBatch, found: NDArray[np.int64]) -> pa.RecordBatch:
    documents, begin, end, pages = found.T
    removed = np.ones(len(documents), dtype=np.bool_)
    return _cut(rows, batch, documents, LINE, {"removed": removed, "start": begin, "stop": end, "pages": pages})


def _cut_passages(
    rows: NDArray[np.int64], batch: pa.RecordBatch, found: matches.Found, *, removed: bool
) -> pa.RecordBatch:
    passage, begin, end = matches.spans(batch["text"], found.document, found.word, found.words).T
    columns = {
        "removed": np.full(len(passage), removed),
        "start": begin,
        "stop": end,
        "other": doc_ids_to_hex(found.other_hi[passage], found.other_lo[passage]),
        "other_start": found.other_start[passage],
    }
    return _cut(rows, batch, found.document[passage], PASSAGE, columns)


def _cut(
    rows: NDArray[np.int64], batch: pa.RecordBatch, documents: NDArray[np.int64], level: str, known: dict[str, Any]
) -> pa.RecordBatch:
    """CUT of `documents`, places in `batch`; what is not `known` is null."""
    columns = known | {
        "row": rows[documents].astype(np.uint32),
        "doc_id": batch["doc_id"].take(pa.array(documents, pa.int64())),
        "level": pa.repeat(level, len(documents)),
    }
    columns |= {name: pa.nulls(len(documents), CUT.field(name).type) for name in CUT.names if name not in columns}
    return pa.RecordBatch.from_arrays([pa.array(columns[f.name], f.type) for f in CUT], schema=CUT)


def _passages_of(job: Job) -> Passages:
    assert job.settings.passages is not None, "a step without its setting has no task"
    return job.settings.passages
