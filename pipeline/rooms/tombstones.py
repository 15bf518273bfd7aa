"""Documents that were taken down: `tombstones.parquet` in a run's folder, an input of the recipes of their shards.

A shard's recipe holds the tombstones of its own raw files, by their path, and where files are joined of its own groups:
a takedown redoes the shards that held the documents and no other. Rows are only ever appended. A record is known by its
doc_id, which any run from the same raw data gives it again: copy the file into the folder of a new run, and it holds
there, too. In a raw file that was renamed or repacked since, it does not: give the takedown again there; `purge`
refuses until then, and names the file.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import storage
from pipeline.rooms.damage import naming_damage
from pipeline.schema import field

FILE = "tombstones.parquet"
REASON = "takedown:listed"
TOMBSTONE = pa.schema(
    [
        field("doc_id", pa.string(), "document that was taken down, or a record merged into it", nullable=False),
        field("source", pa.string(), "its source", nullable=False),
        field("raw_path", pa.string(), "raw file that holds it, relative to the source's root", nullable=False),
        field("asked", pa.string(), "what was asked: the pattern, the domain, or the ids", nullable=False),
        field("scope", pa.string(), "document | cluster", nullable=False),
        field("note", pa.string(), "why, as whoever asked said it; a case number, never the text"),
        field("group_hash", pa.uint64(), "hash of what it belongs to: in which shard of a join it is; null: not known"),
    ]
)


@dataclass(frozen=True)
class Tombstone:
    """A row of TOMBSTONE."""

    doc_id: str
    source: str
    raw_path: str
    asked: str
    scope: str
    note: str | None = None
    group_hash: int | None = None


@dataclass(frozen=True)
class Tombstones:
    """All of a run, in the order in which they were set."""

    rows: tuple[Tombstone, ...] = ()

    @staticmethod
    def read(data: str) -> Tombstones:
        """Those of the run in `data`; none where nothing was taken down."""
        path = storage.join(data, FILE)
        try:
            content = storage.read_bytes(path)
        except FileNotFoundError:
            return Tombstones()
        with naming_damage(path, "bring it back from a copy: without it what was taken down is published again"):
            return Tombstones(tuple(Tombstone(**row) for row in _parsed(content)))

    def with_(self, more: Iterable[Tombstone]) -> Tombstones:
        """These and those of `more` that are new."""
        known = {(row.source, row.doc_id, row.raw_path) for row in self.rows}
        return Tombstones((*self.rows, *(row for row in more if (row.source, row.doc_id, row.raw_path) not in known)))

    def write(self, data: str) -> None:
        """Put the table in its place, in one step."""
        rows = [{name: getattr(row, name) for name in TOMBSTONE.names} for row in self.rows]
        sink = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(rows, TOMBSTONE), sink)
        storage.replace(storage.join(data, FILE), sink.getvalue())

    def of(self, source: str, paths: Sequence[str]) -> tuple[str, ...]:
        """The doc_ids of one source that stand in these raw files, sorted."""
        return tuple(sorted({row.doc_id for path in paths for row in self._by_file.get((source, path), ())}))

    def placed(self, source: str, paths: Sequence[str]) -> tuple[tuple[int, str], ...]:
        """(group_hash, doc_id) of those of which it is known, sorted."""
        rows = (row for path in paths for row in self._by_file.get((source, path), ()))
        return tuple(sorted({(row.group_hash, row.doc_id) for row in rows if row.group_hash is not None}))

    @cached_property
    def _by_file(self) -> dict[tuple[str, str], list[Tombstone]]:
        found: dict[tuple[str, str], list[Tombstone]] = {}
        for row in self.rows:
            found.setdefault((row.source, row.raw_path), []).append(row)
        return found

    @property
    def doc_ids(self) -> frozenset[str]:
        return frozenset(row.doc_id for row in self.rows)


def _parsed(content: bytes) -> list[dict[str, Any]]:
    """The rows of the table, of an earlier version with fewer columns. Raises ValueError where it is damaged."""
    try:
        table = pq.read_table(io.BytesIO(content))
    except OSError as error:  # what Arrow raises of many damages, though it has the bytes
        raise ValueError(str(error)) from error
    return table.select([name for name in TOMBSTONE.names if name in table.column_names]).to_pylist()
