"""What the documents that are left share in parts, as steps after those of `room`.

    lines        one task a shard   filtered shard, clusters            keys of the lines of what is left
    boilerplate  by documents       lines                               those on many pages, told to every shard
    cuts         one task a shard   filtered shard, clusters,           the spans to take out
                                    boilerplate

A step whose setting is absent has no task. As in `room`, numbers of tasks follow from totals of rows, and the files of
a step hold the same rows whatever these numbers are.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.dedup import lines
from pipeline.dedup.cuts import CUT, LINE
from pipeline.dedup.repeated import FREQUENT, KEYS, counted, frequent, of_shard
from pipeline.dedup.room import FILTERED, Job, Step, Totals
from pipeline.dedup.settings import Deduplication
from pipeline.dedup.sorted_files import read_range
from pipeline.storage import open_committed

VERSION = 1  # raise it when the same documents, clusters and settings may give other cuts
KEYS_PER_DOCUMENT = 32
"""Lines of a document, roughly: how many partitions their keys fall into follows from it, never what they hold."""


def left(job: Job, columns: Sequence[str]) -> Iterator[tuple[NDArray[np.int64], pa.RecordBatch]]:
    """The documents of the job's shard that no duplicate took away, by batch, with their rows in the shard."""
    gone = gone_of_shard(job.files["clusters"], job.partition, job.totals.shards)
    start = 0
    with open_committed(job.files[FILTERED][0]) as stream, pq.ParquetFile(stream) as file:
        for group in range(file.num_row_groups):
            for batch in file.iter_batches(row_groups=[group], columns=list(columns)):
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


def _lines(job: Job) -> Iterator[pa.RecordBatch]:
    asked = job.settings.lines
    assert asked is not None, "a step without its setting has no task"
    return counted(lines.line_keys((batch for _, batch in left(job, lines.COLUMNS)), asked))


def _boilerplate(job: Job) -> Iterator[pa.RecordBatch]:
    asked = job.settings.lines
    assert asked is not None, "a step without its setting has no task"
    return frequent(job.files["lines"], job.partition, job.partitions, asked.min_pages)


def _cuts(job: Job) -> Iterator[pa.RecordBatch]:
    """CUT of one shard; holds the frequent keys of its lines, and one batch of text."""
    asked = job.settings.lines
    assert asked is not None, "a step without its setting has no task"
    keys, counts = of_shard(job.files["boilerplate"], job.partition)
    for rows, batch in left(job, ("doc_id", *lines.COLUMNS)):
        found = lines.boilerplate(batch, keys, counts, asked)
        documents, begin, end, pages = found.T
        columns: dict[str, Any] = {
            "row": rows[documents].astype(np.uint32),
            "doc_id": batch["doc_id"].take(pa.array(documents)),
            "level": pa.repeat(LINE, len(documents)),
            "removed": np.ones(len(documents), dtype=np.bool_),
            "begin": begin,
            "end": end,
            "pages": pages,
        }
        if len(documents):
            missing = [name for name in CUT.names if name not in columns]
            columns |= {name: pa.nulls(len(documents), CUT.field(name).type) for name in missing}
            yield pa.RecordBatch.from_arrays([pa.array(columns[n], CUT.field(n).type) for n in CUT.names], schema=CUT)


def _shards_with_lines(totals: Totals, settings: Deduplication) -> int:
    return totals.shards if settings.lines else 0


def _of_lines(totals: Totals, settings: Deduplication) -> int:
    rows = totals.documents * KEYS_PER_DOCUMENT
    return max(1, -(-rows // settings.rows_per_partition)) if settings.lines else 0


def _shards_with_cuts(totals: Totals, settings: Deduplication) -> int:
    return totals.shards if settings.cuts else 0


def _always(schema: pa.Schema) -> Any:
    return lambda settings: schema


STEPS = (
    Step("lines", ("clusters",), _always(KEYS), _shards_with_lines, _lines, by_shard=True),
    Step("boilerplate", ("lines",), _always(FREQUENT), _of_lines, _boilerplate),
    Step("cuts", ("clusters", "boilerplate"), _always(CUT), _shards_with_cuts, _cuts, by_shard=True),
)
"""In an order in which they can run, after those of `room`."""
