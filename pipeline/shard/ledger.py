"""What is gone from a room, row by row, and how many records met which fate."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.rooms.manifest import Count, FileEntry, Place
from pipeline.rooms.tables import LEDGER_ROWS, TableFile, conform
from pipeline.schema import doc_id_of
from pipeline.sources.source import Dropped, Expanded, Merged

OUTCOMES = {Dropped: "dropped", Merged: "merged", Expanded: "expanded"}


@dataclass
class Counts:
    """Fates being counted; see `rooms.Count`."""

    source: str
    sums: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    def add(self, outcome: str, reason: str, docs: int, raw_bytes: int, text_bytes: int) -> None:
        entry = self.sums.setdefault((outcome, reason), [0, 0, 0])
        for index, value in enumerate((docs, raw_bytes, text_bytes)):
            entry[index] += value

    def done(self) -> tuple[Count, ...]:
        return tuple(Count(self.source, *key, *entry) for key, entry in sorted(self.sums.items()))


class Ledger:
    """What is gone from a room, being written: rows sorted by reason within each row group, never text."""

    def __init__(self, place: Place, schema: pa.Schema) -> None:
        self.schema = schema
        self._file = TableFile(place, "ledger", ".ledger.parquet", schema)
        self._records: list[dict[str, Any]] = []
        self._batches: list[pa.RecordBatch] = []
        self._rows = 0

    def add_record(self, source: str, path: str, gone: Dropped | Merged | Expanded) -> str:
        """A raw record that never became a row; returns its outcome."""
        outcome = OUTCOMES[type(gone)]
        self._records.append(
            {
                "doc_id": doc_id_of(source, gone.natural_key),
                "source": source,
                "natural_key": gone.natural_key,
                "raw_path": path,
                "raw_offset": gone.raw_offset,
                "raw_bytes": gone.raw_bytes,
                "outcome": outcome,
                "reason": gone.reason,
                "survivor": doc_id_of(source, gone.into) if isinstance(gone, Merged) else None,
                "children": gone.children if isinstance(gone, Expanded) else None,
            }
        )
        self._flush_if_full(1)
        return outcome

    def add_rows(self, batch: pa.RecordBatch, reasons: pa.Array, survivors: pa.Array | None = None) -> None:
        """Rows that leave, with the signals measured so far; what is not measured yet is null."""
        given = {"outcome": pa.repeat("dropped", batch.num_rows), "reason": reasons.cast(pa.string())}
        if survivors is not None:
            given["survivor"] = survivors
        for name, column in given.items():
            batch = batch.append_column(name, column)
        self._batches.append(conform(batch, self.schema))
        self._flush_if_full(batch.num_rows)

    def publish(self) -> FileEntry:
        """Write what waits and move the file to its name."""
        self._flush()
        return self._file.publish()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.__exit__(kind, error, trace)

    def _flush_if_full(self, rows: int) -> None:
        self._rows += rows
        if self._rows >= LEDGER_ROWS:
            self._flush()

    def _flush(self) -> None:
        if self._records:
            self._batches.append(pa.RecordBatch.from_pylist(self._records, schema=self.schema))
        if self._batches:
            table = pa.concat_batches(self._batches)
            order = pc.sort_indices(table.column("reason"))
            self._file.write(table.take(order))
        self._records, self._batches, self._rows = [], [], 0
