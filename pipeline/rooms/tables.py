"""Parquet as every room writes it, and batches of even size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline import storage
from pipeline.process import interrupts
from pipeline.rooms.manifest import FileEntry, Place
from pipeline.trouble import EnvironmentTrouble

WRITER = {"compression": "zstd", "compression_level": 3, "data_page_version": "1.0", "version": "2.6"}
"""zstd 3: 172 MB/s of text written on one core; level 1 writes 300 MB/s and 13 % more bytes."""

PLAIN = ("text", "doc_id", "natural_key", "url", "title")
"""Columns whose values hardly repeat: a dictionary would be built and thrown away. So are those of uint64, hashes and
addresses: with dictionaries signatures took a quarter more bytes and 3.5 times as long to write."""

BATCH_ROWS = 4096
BATCH_BYTES = 16 * 2**20
"""A batch ends at whichever comes first; a single larger row is a batch of its own."""


LEDGER_ROWS = 65536
"""A ledger's row group, sorted by reason: equal ones in a row compress. Smaller groups were not read faster."""

LAYOUT = [WRITER, PLAIN, "uint64", BATCH_ROWS, BATCH_BYTES, LEDGER_ROWS]
"""What decides the bytes of a file of given rows: part of every recipe."""


class TableFile:
    """A Parquet file being written as one of a shard's: batches in, `FileEntry` out.

    A context manager: leaving it without `publish` leaves nothing behind.
    """

    def __init__(self, place: Place, role: str, suffix: str, schema: pa.Schema, folder: str | None = None) -> None:
        self.role, self.rows = role, 0
        self.name = place.name(suffix, folder)
        self._draft = storage.Draft(storage.join(place.data, self.name))
        self._draft.__enter__()
        repeating = [f.name for f in schema if _repeats(f)]
        self._writer = pq.ParquetWriter(self._draft.file, schema, use_dictionary=repeating, **WRITER)

    def write(self, batch: pa.RecordBatch) -> None:
        """Append one row group; nothing for a batch without rows."""
        interrupts.check()
        if batch.num_rows:
            self._writer.write_batch(batch, row_group_size=max(1, batch.num_rows))
            self.rows += batch.num_rows

    def publish(self) -> FileEntry:
        """Finish the file and move it to its name."""
        self._writer.close()
        entry = self._draft.publish()
        return FileEntry(self.role, self.name, entry.bytes, entry.sha256, self.rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._writer.close()  # otherwise its destructor writes a footer into the closed draft
        except EnvironmentTrouble:
            pass  # a full disk refuses the footer of what is thrown away; unpublished bytes are no loss
        finally:
            self._draft.__exit__(kind, error, trace)


def _repeats(field: pa.Field) -> bool:
    return field.name not in PLAIN and field.type != pa.uint64() and not pa.types.is_nested(field.type)


def text_bytes(batch: pa.RecordBatch) -> pa.Array:
    """int64: the UTF-8 length of each row's text."""
    return pc.binary_length(batch.column("text")).cast(pa.int64())


def conform(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """`batch` with the columns of `schema` in their order; one that it does not have is null."""
    held = set(batch.schema.names)
    columns = [batch.column(f.name) if f.name in held else pa.nulls(batch.num_rows, f.type) for f in schema]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def read_batches(data: str, name: str, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
    """A file's row groups as batches, one in memory at a time."""
    with storage.open_committed(storage.join(data, name)) as stream:
        parquet = pq.ParquetFile(stream)
        for group in range(parquet.num_row_groups):
            interrupts.check()
            yield from parquet.read_row_group(group, columns=columns, use_threads=False).to_batches()


def schema_of_file(data: str, name: str) -> pa.Schema:
    """The schema of a committed file."""
    with storage.open_committed(storage.join(data, name)) as stream:
        return pq.ParquetFile(stream).schema_arrow


def read_row(data: str, name: str, row: int, columns: Sequence[str]) -> dict[str, Any]:
    """One row of a file, the first is 0; reads its row group. Raises IndexError where the file is shorter."""
    with storage.open_committed(storage.join(data, name)) as stream:
        file = pq.ParquetFile(stream)
        for group in range(file.num_row_groups):
            count = file.metadata.row_group(group).num_rows
            if row < count:
                return file.read_row_group(group, columns=list(columns), use_threads=False).slice(row, 1).to_pylist()[0]
            row -= count
    raise IndexError(f"{name} has no row {row}")


def read_texts(data: str, name: str, rows: Sequence[int]) -> Iterator[str]:
    """The texts of `rows`, which ascend, the first row is 0; reads the row groups that hold them, one at a time."""
    with storage.open_committed(storage.join(data, name)) as stream:
        file = pq.ParquetFile(stream)
        first = at = 0
        for group in range(file.num_row_groups):
            after, last = first + file.metadata.row_group(group).num_rows, at
            while last < len(rows) and rows[last] < after:
                last += 1
            if last > at:
                texts = file.read_row_group(group, columns=["text"])["text"]
                yield from texts.take(pa.array([row - first for row in rows[at:last]])).to_pylist()
            first, at = after, last


def beginning(data: str, name: str, row: int) -> str:
    """How the text of a row begins, in one line of at most 80 characters; reads its row group."""
    return " ".join(read_row(data, name, row, ["text"])["text"][:320].split())[:80]


def rebatch(
    batches: Iterable[pa.RecordBatch], rows: int = BATCH_ROWS, size: int = BATCH_BYTES
) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of at least `rows` rows or `size` bytes, the last may be smaller: even row groups."""
    waiting: list[pa.RecordBatch] = []
    count = held = 0
    for batch in batches:
        if not batch.num_rows:
            continue
        waiting.append(batch)
        count += batch.num_rows
        held += batch.nbytes
        if count >= rows or held >= size:
            yield pa.concat_batches(waiting)
            waiting, count, held = [], 0, 0
    if waiting:
        yield pa.concat_batches(waiting)
