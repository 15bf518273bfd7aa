"""A step of a room that sees more than one shard: pure function in, committed file out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from pipeline.recipe import recipe_of
from pipeline.rooms import Manifest, Place, commit
from pipeline.tables import TableFile
from pipeline.timing import Stopwatch


@dataclass(frozen=True)
class StepTask:
    """One partition of a global step. `parts` are what decides it; `make` reads committed files only."""

    data: str
    room: str
    name: str
    parts: dict[str, Any]
    make: Callable[..., Iterable[pa.RecordBatch]]
    arguments: tuple[Any, ...]
    schema: pa.Schema
    role: str = "rows"

    @property
    def place(self) -> Place:
        return Place(self.data, self.room, self.name, recipe_of(self.parts)[0])


@dataclass(frozen=True)
class StepReceipt:
    """The commit of a step's partition, and where the time went."""

    manifest: Manifest
    timings: list[dict[str, Any]]


def perform(task: StepTask) -> StepReceipt:
    """Do the task unless it is committed."""
    place = task.place
    watch = Stopwatch()
    if (done := place.committed()) is not None:
        return StepReceipt(done, [])
    with TableFile(place, task.role, ".parquet", task.schema) as table, watch.room(task.room):
        for batch in watch.each(task.name.partition("-")[0], task.make(*task.arguments), rows_and_bytes):
            table.write(batch)
        files = (table.publish(),)
    recipe, parts = recipe_of(task.parts)
    return StepReceipt(commit(place, Manifest(task.room, task.name, recipe, parts, files)), watch.rows())


def rows_and_bytes(batch: pa.RecordBatch) -> tuple[int, int]:
    """How the stopwatch counts a batch."""
    return batch.num_rows, batch.nbytes
