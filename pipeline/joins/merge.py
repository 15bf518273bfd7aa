"""Room 05, merged: many segments become few long runs, so that a share of the hashes is read from few files.

Whoever reads a share takes at least one row group of every file that overlaps it: with n segments that cost grows with
n, while what the share needs of each shrinks. A round takes up to FAN neighbouring runs together into one, cut into
files at even ranges of the hash, each about as large as a segment. A file is one task, so that all workers merge one
dump of 30 GB. Each round reads and writes everything once, and there are about log_FAN(segments) - 1 of them.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.joins.join import HASHES
from pipeline.joins.spill import GROUP_BYTES, RANGE_BYTES, ROW_BYTES, SPILL, SortedFile, sorted_tables
from pipeline.rooms.manifest import Manifest
from pipeline.rooms.names import SPILLED
from pipeline.rooms.recipe import hashed, libraries, schema_of
from pipeline.rooms.step import StepTask
from pipeline.rooms.tables import LAYOUT

VERSION = 2  # raise it when this module may write other bytes for equal segments
FAN = 32  # runs that are merged into one, and how many may remain: of each a share of 64 MiB takes two row groups

Run = tuple[SortedFile, ...]
"""Files whose ranges do not overlap, in order: together they hold all hashes."""


def groups_of(runs: Sequence[Run]) -> list[Sequence[Run]]:
    """Neighbours that become one run: as few groups of at most FAN as there can be, of even size."""
    count = math.ceil(len(runs) / FAN)
    cuts = [len(runs) * number // count for number in range(count + 1)]
    return [runs[start:stop] for start, stop in pairwise(cuts)]


def tasks_of(data: str, source: str, group: Sequence[Run]) -> list[StepTask]:
    """The tasks that merge a group of runs, one for each file of the new run, in order."""
    count = sum(len(run) for run in group)
    name = hashed([file.sha256 for run in group for file in run])[:12]
    cuts = [HASHES * number // count for number in range(count + 1)]
    tasks = []
    for number, (low, high) in enumerate(pairwise(cuts)):
        files = [file for run in group for file in overlapping(run, low, high)]
        parts = {
            "files": [file.sha256 for file in files],
            "range": [low, high],
            "version": [VERSION, GROUP_BYTES, RANGE_BYTES],
            "schema": [schema_of(SPILL), LAYOUT],
            "libraries": libraries({"pyarrow"}),
        }
        arguments = (data, [file.name for file in files], low, high)
        tasks.append(
            StepTask(data, SPILLED, f"merge-{source}-{name}-{number:05d}", parts, merged_rows, arguments, SPILL)
        )
    return tasks


def run_of(tasks: Sequence[StepTask], manifests: Sequence[Manifest]) -> Run:
    """The run that the tasks of one group have made."""
    rows = [manifest.file("rows") for manifest in manifests]
    return tuple(
        SortedFile(entry.name, entry.sha256, *task.arguments[2:]) for task, entry in zip(tasks, rows, strict=True)
    )


def overlapping(run: Run, low: int, high: int) -> Run:
    """The files of a run that may hold a hash in [low, high)."""
    first = bisect_right(run, low, key=lambda file: file.high)
    return tuple(file for file in run[first : bisect_right(run, high - 1, key=lambda file: file.low)])


def merged_rows(data: str, names: Sequence[str], low: int, high: int) -> Iterator[pa.RecordBatch]:
    """All rows of the files with low <= hash < high by (hash, group); equal ones in the order of `names`.

    Batches hold about GROUP_BYTES of content: they become row groups.
    """
    for table in sorted_tables(data, names, low, high, 2 * RANGE_BYTES):
        (batch,) = table.combine_chunks().to_batches()
        weights = ROW_BYTES + pc.fill_null(pc.binary_length(batch.column("content")), 0).to_numpy(zero_copy_only=False)
        part = (np.cumsum(weights) - weights) // GROUP_BYTES
        cuts = [0, *(np.flatnonzero(np.diff(part)) + 1).tolist(), batch.num_rows]
        for start, stop in pairwise(cuts):
            yield batch.slice(start, stop - start)
