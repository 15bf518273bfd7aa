"""Range reads of sorted Parquet files: how a reducing task gets its share of what every shard wrote.

Each shard writes one file, sorted by a key; a reducer reads from every file the rows whose key lies in its range. The
number of files is that of the shards plus that of the partitions, never their product.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.dedup.schemas import MADE_BY, Columns
from pipeline.process import interrupts
from pipeline.storage import open_committed

Key = tuple[int, ...]


def read_range(
    path: str,
    sorted_by: str | tuple[str, ...],
    lo: Key,
    hi: Key | None,
    columns: Sequence[str] | None = None,
    *,
    made_by: bytes | None = None,
) -> Iterator[pa.RecordBatch]:
    """The rows of a sorted file whose key is at least `lo` and below `hi`, in file order.

    `sorted_by` are integer columns without nulls; `lo` and `hi` hold one value for each of the first of them (a shorter
    tuple is the least key that starts so); `hi` None is past every key. Row groups outside the range are not read.
    `columns` None is all of them. Raises EnvironmentTrouble as `open_input` does, and ValueError where the file's
    schema says something else than `made_by` under `MADE_BY`; None does not look.
    """
    keys = (sorted_by,) if isinstance(sorted_by, str) else sorted_by
    with open_committed(path) as stream, pq.ParquetFile(stream, pre_buffer=False) as file:
        if made_by is not None and (file.schema_arrow.metadata or {}).get(MADE_BY) != made_by:
            raise ValueError(f"{path} was written with other settings than {made_by.decode()}")
        wanted = list(file.schema_arrow.names if columns is None else columns)
        read = [*wanted, *(key for key in keys if key not in wanted)]
        for number in range(file.num_row_groups):
            interrupts.check()
            least, greatest = _bounds(file.metadata.row_group(number), keys)
            if hi is not None and least >= hi:
                return
            if greatest[: len(lo)] < lo:
                continue
            for batch in file.iter_batches(row_groups=[number], columns=read, use_threads=False):
                inside = _inside(batch, keys, lo, hi)
                if inside.num_rows:
                    yield inside.select(wanted)


def _bounds(group: Any, keys: tuple[str, ...]) -> tuple[Key, Key]:
    """A key not above, and one not below, every key of the row group; the second may be shorter than `keys`."""
    names = {group.column(i).path_in_schema: i for i in range(group.num_columns)}
    least: Key = ()
    greatest: Key = ()
    for key in keys:
        statistics = group.column(names[key]).statistics
        if statistics is None or not statistics.has_min_max:
            return least, (*greatest, 2**64)
        least, greatest = (*least, statistics.min), (*greatest, statistics.max)
        if statistics.min != statistics.max:  # what follows is sorted only within one value of this column
            break
    return least, (*greatest, *[2**64] * (len(keys) - len(greatest)))


def _inside(batch: pa.RecordBatch, keys: tuple[str, ...], lo: Key, hi: Key | None) -> pa.RecordBatch:
    """The rows of a sorted batch in [lo, hi)."""
    held = [batch[key].to_numpy(zero_copy_only=False) for key in keys]
    start = _position(held, lo)
    stop = batch.num_rows if hi is None else _position(held, hi)
    return batch.slice(start, max(0, stop - start))


def _position(held: list[Any], key: Key) -> int:
    """How many of the sorted rows come before the least key that starts with `key`."""
    low, high = 0, len(held[0])
    for column, value in zip(held, key, strict=False):
        if value > np.iinfo(column.dtype).max:
            return high
        probe = column.dtype.type(value)
        part = column[low:high]
        low, high = (
            low + int(np.searchsorted(part, probe, "left")),
            low + int(np.searchsorted(part, probe, "right")),
        )
        if low == high:
            break
    return low


def columns_of(batches: Sequence[pa.RecordBatch], schema: pa.Schema, columns: Sequence[str]) -> Columns:
    """The `columns` of all `batches` as numpy arrays; their types come from `schema` where there are no batches.

    Copies, always: a slice of a row group would hold all of it in memory.
    """
    table = pa.Table.from_batches(batches) if batches else schema.empty_table()
    return {name: table[name].combine_chunks().to_numpy(zero_copy_only=False).copy() for name in columns}
