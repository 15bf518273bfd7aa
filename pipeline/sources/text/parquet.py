"""Rows of Parquet files: a few columns, a few rows at a time; large files in pieces of whole row groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import types

from pipeline.sources.source import InputFile, Piece
from pipeline.sources.streams.lines import blocks
from pipeline.sources.streams.raw_record import PIECE_BYTES, BrokenInputError, RawRecord, iso_time_of
from pipeline.sources.streams.watched_stream import WatchedStream
from pipeline.trouble import EnvironmentTrouble

# Read at once. No size in the footer bounds a batch: a dictionary of one page may stand for any number of long values
# (574 bytes of file for 1,500 MB of text), and the longest may stand together. 1,024 rows at once save 2 to 8 us a row.
# pyarrow's `read_dictionary` holds such a value once, but gathers all values of a row group where it is not so encoded.
BATCH_ROWS = 4
PAGE_BUFFER_BYTES = 1 << 20  # without a buffer pyarrow holds the whole column chunk


def parquet_pieces(file: InputFile, stream: BinaryIO) -> list[Piece]:
    """The file in pieces of row groups, about 256 MB uncompressed each; whole where it is smaller or broken."""
    try:
        table = _Table.open(stream)
        sizes = [table.group_bytes(group) for group in range(table.groups)]
    except BrokenInputError:
        return [Piece(file)]
    starts, held = [0], 0
    for group, size in enumerate(sizes):
        if held >= PIECE_BYTES:
            starts.append(group)
            held = 0
        held += size
    if len(starts) == 1:
        return [Piece(file)]
    return [Piece(file, start, stop) for start, stop in zip(starts, [*starts[1:], len(sizes)], strict=True)]


def parquet_records(piece: Piece, stream: BinaryIO, text_column: str, others: Sequence[str]) -> Iterator[RawRecord]:
    """A record for each row of the piece, with the text column as UTF-8 bytes and the other columns as plain values.

    Rows count from the file's first. A row group that cannot be read to its end is one record with the reason
    text:broken_file; a file that cannot be opened, or has not all the columns, is one record of its first piece.
    """
    try:
        table = _Table.open(stream)
        missing = table.missing(text_column, others)
    except BrokenInputError:
        if piece.start == 0:
            yield RawRecord(0, piece.file.bytes, reason="text:broken_file", rest="end")
        return
    if missing:
        if piece.start == 0:
            yield RawRecord(0, piece.file.bytes, reason=missing, rest="end")
        return
    row = sum(table.rows(group) for group in range(piece.start))
    for group in range(piece.start, table.groups if piece.stop is None else piece.stop):
        yield from _group_records(table, group, row, text_column, others)
        row += table.rows(group)


def _group_records(table: _Table, group: int, row: int, text_column: str, others: Sequence[str]) -> Iterator[RawRecord]:
    """The rows of one row group, the first of which is the file's `row`."""
    end, left_bytes = row + table.rows(group), table.group_bytes(group)
    names = sorted({text_column, *others})
    paths = [column_path(table.schema, name) or (name,) for name in names]
    try:
        for batch in table.batches(group, names):
            columns = [_values(_column(batch, path)) for path in paths]
            for cells in zip(*columns, strict=True):
                values = dict(zip(names, cells, strict=True))
                size = len(values[text_column] or b"")
                yield RawRecord(row, size, values)
                row, left_bytes = row + 1, left_bytes - size
        is_broken = row != end
    except BrokenInputError:
        is_broken = True
    if is_broken:
        yield RawRecord(row, max(0, left_bytes), reason="text:broken_file", rest=f"row_group_{group}")


def _values(column: Any) -> list[Any]:
    """Strings as bytes (Parquet promises UTF-8, nobody checks), integers, times as ISO 8601; None for other types.

    Binary of a fixed size (UUIDs) is hexadecimal digits, in lower case.
    """
    if isinstance(column.type, pa.BaseExtensionType):
        column = column.storage
    if types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if _is_text(kind):
        return column.cast(pa.large_binary()).to_pylist()
    if types.is_integer(kind):
        return column.to_pylist()
    if types.is_fixed_size_binary(kind):
        return [None if value is None else value.hex() for value in column.to_pylist()]
    if types.is_date(kind):
        days = column.cast(pa.date32()).cast(pa.int32()).to_pylist()
        return [iso_time_of(None if day is None else 86400 * day, is_day=True) for day in days]
    if types.is_timestamp(kind):
        seconds = column.cast(pa.timestamp("s", kind.tz), safe=False).cast(pa.int64()).to_pylist()
        return [iso_time_of(second, is_utc=kind.tz is not None) for second in seconds]
    return [None] * len(column)


def column_path(schema: pa.Schema, name: str) -> tuple[str, ...] | None:
    """The column of that name, or the names from a struct down to the one that it means; None where there is none."""
    if schema.get_field_index(name) >= 0:
        return (name,)
    first, *others = name.split(".")
    at = schema.get_field_index(first)
    kind = schema.field(at).type if at >= 0 else None
    for part in others:
        if kind is None or not types.is_struct(kind) or (at := kind.get_field_index(part)) < 0:
            return None
        kind = kind.field(at).type
    return (first, *others) if kind is not None else None


def type_at(schema: pa.Schema, path: Sequence[str]) -> Any:
    """The Arrow type of the column at a `column_path`."""
    kind = schema.field(path[0]).type
    for part in path[1:]:
        kind = kind.field(part).type
    return kind


def _column(batch: Any, path: Sequence[str]) -> Any:
    """One column of a batch; where a struct is null, so is what it holds."""
    column = batch.column(path[0])
    return pc.struct_field(column, path[1:]) if path[1:] else column


def may_be_id(kind: Any) -> bool:
    """Whether values of an Arrow type can be ids."""
    kind = _plain(kind)
    return _is_text(kind) or types.is_integer(kind) or types.is_fixed_size_binary(kind) or types.is_null(kind)


def may_be_text(kind: Any) -> bool:
    """Whether values of an Arrow type are read as texts, addresses and the like."""
    return _is_text(_plain(kind))


def _plain(kind: Any) -> Any:
    """The type of the values, whatever stands for them."""
    kind = kind.storage_type if isinstance(kind, pa.BaseExtensionType) else kind
    return kind.value_type if types.is_dictionary(kind) else kind


def _is_text(kind: Any) -> bool:
    tests = (types.is_string, types.is_large_string, types.is_string_view, types.is_binary, types.is_large_binary)
    return any(test(kind) for test in tests)


@dataclass(frozen=True)
class _Table:
    """An open Parquet file whose every failure is either the stream's own or BrokenInputError."""

    file: pq.ParquetFile
    stream: _ParquetStream

    @classmethod
    def open(cls, stream: BinaryIO) -> _Table:
        stream.seek(0)
        watched = _ParquetStream(stream)
        with _failures_of(watched):
            file = pq.ParquetFile(cast(BinaryIO, watched), buffer_size=PAGE_BUFFER_BYTES, pre_buffer=False)
            if any(file.metadata.row_group(group).num_rows < 0 for group in range(file.metadata.num_row_groups)):
                raise pa.ArrowInvalid("a row group of less than no rows")
            return cls(file, watched)

    @property
    def groups(self) -> int:
        return int(self.file.metadata.num_row_groups)

    def rows(self, group: int) -> int:
        return int(self.file.metadata.row_group(group).num_rows)

    def group_bytes(self, group: int) -> int:
        """Uncompressed size of all columns; to ask for the size of one aborts pyarrow 26 on some bad footers."""
        return max(0, self.file.metadata.row_group(group).total_byte_size)

    @property
    def schema(self) -> pa.Schema:
        with _failures_of(self.stream):
            return self.file.schema_arrow

    def missing(self, text_column: str, others: Sequence[str]) -> str:
        """The reason why the file cannot be read: a column that is not there, or text that is no text. Else empty."""
        text = column_path(self.schema, text_column)
        if text is None or not may_be_text(type_at(self.schema, text)):
            return "text:no_text_column"
        return "" if all(column_path(self.schema, column) for column in others) else "text:no_named_column"

    def batches(self, group: int, columns: list[str]) -> Iterator[Any]:
        with _failures_of(self.stream):
            batches = self.file.iter_batches(BATCH_ROWS, row_groups=[group], columns=columns, use_threads=False)
        while True:
            with _failures_of(self.stream):
                batch = next(batches, None)
            if batch is None:
                return
            yield batch


@contextmanager
def _failures_of(stream: _ParquetStream) -> Iterator[None]:
    """What pyarrow raises, told apart: the stream's own trouble as it was, anything else is the file's fault."""
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        if stream.trouble is not None:
            raise stream.trouble from error
        if isinstance(error, MemoryError):
            raise EnvironmentTrouble(f"no memory to read Parquet: {error}") from error
        stream.read_whole()
        raise BrokenInputError(str(error)) from error


class _ParquetStream(WatchedStream):
    """A watched stream that can be read to its end before its file is called broken."""

    def __init__(self, inner: BinaryIO) -> None:
        super().__init__(inner)
        self._is_read_whole = False

    def read_whole(self) -> None:
        """Read everything once: only what was read whole may be called broken."""
        if not self._is_read_whole:
            self._inner.seek(0)
            for _ in blocks(self._inner):
                pass
            self._is_read_whole = True
