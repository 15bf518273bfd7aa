"""Columns that were measured elsewhere, joined by a key: scores of a model on GPUs, labels of people, anybody's."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import ClassVar, Final, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipeline.stage import Stage, with_columns

KEYS: Final = ("doc_id", "natural_key", "url")
"""Columns of a document that a table can be joined by."""
HALVES: Final = ("key_high", "key_low")
"""The key of a row in a table: the first 16 bytes of the SHA-256 of the column's text, as two numbers."""
MADE_OF, JOINED_BY = b"riffle.made_of", b"riffle.key"  # of the file's metadata
Halves = npt.NDArray[np.uint64]


class Attributes(Stage):
    """Add the columns of a table that was made by `python -m pipeline attributes`, joined by the table's key.

    Columns of numbers with a fraction stand there as integers of 1e-4. A document that the table does not have is
    NULL: say in a rule what that means (`when_null`). The file is memory-mapped, so that a worker holds no more of it
    than it looks at, however large it is.
    """

    version: ClassVar[int] = 1
    kind: Literal["attributes"] = "attributes"
    reads: ClassVar[frozenset[str]] = frozenset(KEYS)
    places: ClassVar[frozenset[str]] = frozenset({"table"})
    adds: ClassVar[pa.Schema] = pa.schema([])
    table: str
    """File of `python -m pipeline attributes`; on a cluster at the same path on every machine that works."""

    def fingerprint(self) -> str:
        """sha256 of the files that the table was made of, the key and the columns."""
        return _table(self.table).made_of

    def added(self) -> pa.Schema:
        """The table's columns."""
        return _table(self.table).columns

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """`batch` with the columns of `added`."""
        table = _table(self.table)
        found = table.rows_of(batch.column(table.key).to_pylist())
        return with_columns(batch, table.columns, found.columns)


def halves(keys: Sequence[str]) -> tuple[Halves, Halves]:
    """The keys as two numbers each, (keys,): a table is sorted by the first, then by the second."""
    digests = b"".join(hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()[:16] for key in keys)
    pairs = np.frombuffer(digests, ">u8").reshape(-1, 2).astype(np.uint64)
    return pairs[:, 0], pairs[:, 1]


class Table:
    """A table of attributes, open: batches of rows, sorted by key all through.

    key: which of KEYS it is joined by. columns: what it adds, all nullable. made_of: see `Attributes.fingerprint`.
    Raises FileNotFoundError where the file is not there, and ValueError for one that is no such table.
    """

    def __init__(self, path: str) -> None:
        try:
            reader = pa.ipc.open_file(pa.memory_map(path))
        except pa.ArrowInvalid as error:
            raise ValueError(f"{path}: no table of `python -m pipeline attributes` ({error})") from error
        metadata = reader.schema.metadata or {}
        if not {MADE_OF, JOINED_BY} <= metadata.keys():
            raise ValueError(f"{path}: no table of `python -m pipeline attributes`")
        self.made_of, self.key = metadata[MADE_OF].decode(), metadata[JOINED_BY].decode()
        self.columns = pa.schema([field for field in reader.schema if field.name not in HALVES])
        self._batches = [reader.get_batch(number) for number in range(reader.num_record_batches)]
        self._keys: list[tuple[Halves, Halves]] = [
            (batch.column(HALVES[0]).to_numpy(), batch.column(HALVES[1]).to_numpy()) for batch in self._batches
        ]
        self._first_high = np.array([high[0] for high, _ in self._keys], np.uint64)
        self._first_low = np.array([low[0] for _, low in self._keys], np.uint64)

    def rows_of(self, keys: Sequence[str | None]) -> pa.RecordBatch:
        """The row of each key, as `columns`; NULL throughout where the table has no such key, or there is none."""
        asked = np.array([number for number, key in enumerate(keys) if key is not None], np.int64)
        high, low = halves([key for key in keys if key is not None])
        place = np.full(len(keys), -1, np.int64)  # in `parts`, one after another
        parts, size = [], 0
        for batch, those in self._by_batch(high, low):
            rows, is_there = _places(*self._keys[batch], high[those], low[those])
            if is_there.any():
                parts.append(self._batches[batch].select(self.columns.names).take(pa.array(rows[is_there])))
                place[asked[those[is_there]]] = np.arange(size, size := size + int(is_there.sum()))
        together = pa.Table.from_batches(parts, self.columns).combine_chunks()
        taken = together.take(pa.array(place, mask=place < 0)).combine_chunks()
        (row,) = taken.to_batches() or [pa.RecordBatch.from_pylist([], self.columns)]
        return row

    def _by_batch(self, high: Halves, low: Halves) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
        """The batches that may hold some of the keys, with these keys' numbers."""
        if not self._batches:
            return
        batch = np.searchsorted(self._first_high, high, side="right") - 1
        while True:  # of keys with one high half the low one decides
            before = (batch >= 0) & (self._first_high[batch] == high) & (self._first_low[batch] > low)
            if not before.any():
                break
            batch -= before
        order = np.argsort(batch, kind="stable")
        for number in np.unique(batch[batch >= 0]):
            begin, end = np.searchsorted(batch, [number, number + 1], sorter=order)
            yield int(number), order[begin:end]


def _places(high: Halves, low: Halves, keys_high: Halves, keys_low: Halves) -> tuple[npt.NDArray[np.int64], np.ndarray]:
    """Where each key would stand among sorted ones, and whether it does."""
    at = np.searchsorted(high, keys_high)
    last = len(high) - 1
    while True:
        here = np.minimum(at, last)
        behind = (at <= last) & (high[here] == keys_high) & (low[here] < keys_low)
        if not behind.any():
            break
        at += behind
    return here, (at <= last) & (high[here] == keys_high) & (low[here] == keys_low)


def _table(path: str) -> Table:
    if not Path(path).is_file():
        raise FileNotFoundError(f"{path}: no such table; `python -m pipeline attributes` makes one")
    stat = Path(path).stat()  # a worker that outlives a run sees that a table was made anew
    return _opened(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=8)
def _opened(path: str, size: int, changed_ns: int) -> Table:
    return Table(path)
