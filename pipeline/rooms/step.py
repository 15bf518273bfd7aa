"""A step of a room that sees more than one shard: pure function in, committed file out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from pipeline.process.timing import Stopwatch
from pipeline.rooms.manifest import Manifest, Place, commit
from pipeline.rooms.recipe import recipe_of
from pipeline.rooms.tables import TableFile


@dataclass(frozen=True)
class StepTask:
    """One partition of a global step. `parts` are what decides it; `make` reads committed files only.

    What a generator returns, where it returns anything, are facts for the manifest.
    """

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


class _Told:
    """Batches being read, and what their generator returned once they are."""

    def __init__(self, batches: Iterable[pa.RecordBatch]) -> None:
        self.batches: Any = batches
        self.facts: dict[str, Any] = {}

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        self.facts = (yield from self.batches) or {}


def perform(task: StepTask) -> StepReceipt:
    """Do the task unless it is committed."""
    place = task.place
    watch = Stopwatch()
    if (done := place.committed()) is not None:
        return StepReceipt(done, [])
    made = _Told(task.make(*task.arguments))
    with TableFile(place, task.role, ".parquet", task.schema) as table, watch.room(task.room):
        for batch in watch.each(task.name.partition("-")[0], made, rows_and_bytes):
            table.write(batch)
        files = (table.publish(),)
    recipe, parts = recipe_of(task.parts)
    return StepReceipt(
        commit(place, Manifest(task.room, task.name, recipe, parts, files, facts=made.facts)), watch.rows()
    )


def rows_and_bytes(batch: pa.RecordBatch) -> tuple[int, int]:
    """How the stopwatch counts a batch."""
    return batch.num_rows, batch.nbytes
