"""Room 39, gathered: what very many shards have sorted becomes few runs before it is published.

A published shard reads its range of every sorted file. With n files and m published shards that is n times m openings,
each of a few kilobytes. Where that is too many, a round takes up to FAN neighbouring runs together into one, cut into
files at the beginnings of published shards; each file is one task. Each round reads and writes all survivors once. It
moves rows and changes none: what is published is the same to the byte.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import storage
from pipeline.dedup.shuffling.sorted_files import Key, read_range
from pipeline.rooms.manifest import REQUESTS, Manifest
from pipeline.rooms.names import SORTED
from pipeline.rooms.recipe import hashed, libraries, schema_of
from pipeline.rooms.step import StepTask
from pipeline.rooms.tables import LAYOUT

VERSION = 1  # raise it when this module may write other bytes for equal files
FAN = 64  # runs that are merged into one
OPENINGS = 100_000  # of files, by all published shards together, up to which nothing is gathered
FILE_BYTES = 32 << 20  # of a gathered file, compressed; its task holds it, some three to five times as large
SORTED_BY = ("domain_number", "order")
ROWS = 1024  # of a row group


@dataclass(frozen=True)
class Sorted:
    """A file with survivors by (domain number, order, doc_id): what it may hold of published shards first .. stop-1."""

    name: str
    sha256: str
    bytes: int
    first: int
    stop: int


Run = tuple[Sorted, ...]
"""Files that share no published shard, in order: together they hold all."""


def is_needed(runs: Sequence[Run], shards: int) -> bool:
    """Whether publishing would open too many files. One round more always makes fewer runs.

    Of FAN runs a published shard opens no more files than the task of a round: publishing is the last of the rounds.
    """
    return len(runs) > FAN and len(runs) * shards > OPENINGS


def groups_of(runs: Sequence[Run]) -> list[Sequence[Run]]:
    """Neighbours that become one run: as few groups of at most FAN as there can be, of even size."""
    count = math.ceil(len(runs) / FAN)
    cuts = [len(runs) * number // count for number in range(count + 1)]
    return [runs[start:stop] for start, stop in pairwise(cuts)]


def tasks_of(data: str, group: Sequence[Run], begins: Sequence[Key], schema: pa.Schema) -> list[StepTask]:
    """The tasks that merge a group of runs, one for each file of the new run, in order.

    begins: (domain number, order) with which each published shard begins, ascending.
    """
    files = [file for run in group for file in run]
    count = min(len(begins), max(1, math.ceil(sum(file.bytes for file in files) / FILE_BYTES)))
    name = hashed([file.sha256 for file in files])[:12]
    tasks = []
    for number, (first, stop) in enumerate(pairwise(len(begins) * number // count for number in range(count + 1))):
        mine = overlapping(group, first, stop)
        low, high = begins[first], begins[stop] if stop < len(begins) else None
        parts = {
            "files": [file.sha256 for file in mine],
            "range": [list(low), None if high is None else list(high)],
            "version": [VERSION, ROWS],
            "schema": [schema_of(schema), LAYOUT],
            "libraries": libraries({"pyarrow"}),
        }
        arguments = (data, [file.name for file in mine], low, high)
        tasks.append(StepTask(data, SORTED, f"gather-{name}-{number:05d}", parts, gathered, arguments, schema))
    return tasks


def run_of(tasks: Sequence[StepTask], manifests: Sequence[Manifest], shards: int) -> Run:
    """The run that the tasks of one group have made."""
    cuts = pairwise(shards * number // len(tasks) for number in range(len(tasks) + 1))
    rows = [manifest.file("rows") for manifest in manifests]
    return tuple(
        Sorted(entry.name, entry.sha256, entry.bytes, first, stop)
        for entry, (first, stop) in zip(rows, cuts, strict=True)
    )


def overlapping(runs: Sequence[Run], first: int, stop: int) -> list[Sorted]:
    """The files that may hold rows of published shards first .. stop-1."""
    return [
        file
        for run in runs
        for file in run[
            bisect_right(run, first, key=lambda file: file.stop) : bisect_left(run, stop, key=lambda file: file.first)
        ]
    ]


def gathered(data: str, names: Sequence[str], low: Key, high: Key | None) -> Iterator[pa.RecordBatch]:
    """All rows of the files from `low` on and before `high`, sorted. Holds them."""
    yield from in_order(read_all(data, names, low, high))


def read_all(data: str, names: Sequence[str], low: Key, high: Key | None) -> list[pa.RecordBatch]:
    """The rows of the files from `low` on and before `high`, as they stand; those of FAN files joined in one batch.

    A file's few rows take 90 columns of buffers, some 130 kB for one row; of 100,000 files these would be 13 GB.
    """
    found: list[pa.RecordBatch] = []
    for start in range(0, len(names), FAN):
        few = [
            batch
            for name in names[start : start + FAN]
            for batch in read_range(storage.join(data, name), SORTED_BY, low, high)
        ]
        found += [pa.concat_batches(few)] if few else []
    return found


def in_order(batches: list[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The rows of the batches, which are taken out of the list, by SORTED_BY and doc_id. Holds them."""
    if not batches:
        return
    rows = pa.concat_batches(batches)  # contiguous: taking from chunks costs 50 times as much
    batches.clear()
    keys: list[tuple[str, Any]] = [(key, "ascending") for key in (*SORTED_BY, "doc_id")]
    order = pc.sort_indices(rows, sort_keys=keys)
    for start in range(0, len(order), ROWS):
        yield rows.take(order.slice(start, ROWS))


def remove_sorted(data: str) -> None:
    """Remove what was sorted to be published, in dead runs too; manifests first: what has none does not exist."""
    names = storage.list_names(storage.join(data, SORTED))
    with ThreadPoolExecutor(REQUESTS) as pool:
        for suffix in (".json", ".parquet"):
            list(pool.map(storage.remove, (storage.join(data, SORTED, n) for n in names if n.endswith(suffix))))
