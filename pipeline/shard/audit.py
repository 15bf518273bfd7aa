"""The audit sample: which documents are followed to the end with their text, whatever became of them."""

from __future__ import annotations

from itertools import count

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.settings.run_settings import Audit

VERSION = 1  # raise it when this module may choose other rows of those it is offered
KEPT = "kept"

BYTES_PER_REASON = 4 << 20
"""What the sample of one reason may take of a worker's memory: 100 rows of 40 kB, far more than web pages have.

Rule sets have fewer than 60 reasons together, so a shard's sample stays below 240 MiB whatever its records are like.
"""
VALUE_BYTES = 8  # what a row takes in each column beside its strings: a number, or where its string ends

Key = tuple[int, int, int]
"""(doc_id as a number, size in bytes, serial): the order in which rows are chosen; the serial parts equal rows."""


class Sample:
    """Chooses by doc_id: for each reason the 1 in `one_in` with the lowest ids, at least `floor`, as long as they fit.

    doc_id is a hash, so the lowest are a fair sample. Of each reason the rows enter in the order of their ids until the
    next would exceed BYTES_PER_REASON; a row that exceeds it alone is passed over, so that any other still can enter.
    Sizes are those of the Arrow values, without padding. The choice is the same in whatever order and batches the rows
    are offered; arrival decides only between rows of one id and one size. Holds no more than the chosen rows.
    """

    def __init__(self, settings: Audit) -> None:
        self._settings = settings
        self._by_fate: dict[tuple[str, int], _Lowest] = {}
        self._serials = count()

    def offer(self, reason: str, batch: pa.RecordBatch, step: int) -> None:
        """All rows of `batch` met `reason` before step number `step`; chosen rows are copied, not referenced.

        A reason belongs to one step; were there two, each would have its own sample.
        """
        lowest = self._by_fate.setdefault((reason, step), _Lowest(self._settings, batch.slice(0, 0)))
        numbers = (int(doc_id, 16) for doc_id in batch.column("doc_id").to_pylist())
        lowest.add(batch, list(zip(numbers, row_bytes(batch).tolist(), self._serials)))  # noqa: B905

    def chosen(self) -> dict[tuple[str, int], pa.RecordBatch]:
        """The chosen rows by (reason, step), each sorted by doc_id; those below the line count towards the floor."""
        return {fate: lowest.rows for fate, lowest in sorted(self._by_fate.items()) if lowest.rows.num_rows}


class _Lowest:
    """The chosen rows of one fate among those added so far.

    Ranks and running sums only grow as rows are added, so what is out once stays out, and so does all beyond it.
    """

    def __init__(self, settings: Audit, nothing: pa.RecordBatch) -> None:
        self._floor = settings.floor
        self._below = 2**128 // settings.one_in
        self._keys: list[Key] = []
        self._end: Key = (2**128, 0, 0)  # the first key that is out
        self.rows = nothing
        """Sorted by key."""

    def add(self, batch: pa.RecordBatch, keys: list[Key]) -> None:
        """Choose anew among the held rows and those of `batch`; only new rows that are chosen are copied."""
        new = [(key, i) for i, key in enumerate(keys) if key < self._end and key[1] <= BYTES_PER_REASON]
        if not new:
            return
        order = sorted([(key, -1) for key in self._keys] + new)
        chosen = order[: self._fitting([key for key, _ in order])]
        if len(chosen) < len(order):
            self._end = order[len(chosen)][0]
        self._keys = [key for key, _ in chosen]
        entering = [i for _, i in chosen if i >= 0]
        if not entering:
            return
        kept = len(chosen) - len(entering)
        old, fresh = iter(range(kept)), iter(range(kept, len(chosen)))
        places = pa.array([next(old) if i < 0 else next(fresh) for _, i in chosen], pa.int64())
        together = [self.rows.slice(0, kept), batch.take(pa.array(entering, pa.int64()))]
        self.rows = pa.concat_batches(together).take(places)

    def _fitting(self, keys: list[Key]) -> int:
        """How many of the sorted `keys` are chosen: below the line or within the floor, while their bytes fit."""
        total = 0
        for rank, (number, size, _) in enumerate(keys):
            total += size
            if total > BYTES_PER_REASON or (number >= self._below and rank >= self._floor):
                return rank
        return len(keys)


def row_bytes(batch: pa.RecordBatch) -> npt.NDArray[np.int64]:
    """Bytes of each row: its strings and VALUE_BYTES a column; a function of the row's values alone."""
    total = np.full(batch.num_rows, VALUE_BYTES * batch.num_columns, np.int64)
    for column in batch.columns:
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            total += pc.fill_null(pc.binary_length(column), 0).to_numpy(zero_copy_only=False)
    return total
