"""Texts that lost parts: measured anew, judged anew, so that published columns speak of the published text."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline import storage
from pipeline.dedup.cuts.spans import CUT, LINE, PASSAGE, without
from pipeline.dedup.shuffling.sorted_files import read_range
from pipeline.rooms.tables import conform
from pipeline.rules import Judge, RuleSet
from pipeline.schema import field
from pipeline.steps import Step, applies

VERSION = 1  # raise it when this module may make other rows of equal spans
AFTER_CUT = "after_cut:"
EMPTY = f"{AFTER_CUT}empty"

ADDED = pa.schema(
    [
        field("cut_line_count", pa.int32(), "lines of its site that were taken out", unit="lines", nullable=False),
        field("cut_passage_count", pa.int32(), "spans of passages that were taken out", unit="spans", nullable=False),
        field("cut_bytes", pa.int64(), "what the text in `20_filtered` has more", unit="UTF-8 bytes", nullable=False),
    ]
)
"""The columns that a document of a run that cuts has beyond what its steps measured."""


class Cutter:
    """Takes the spans of one shard out of its documents and takes these through their steps once more.

    Stages that read the text, or what such a stage adds, measure again; those that rewrite it do not run again, and
    what they say of their own cuts stays. Then all rules are asked: `after_cut:` and the reason of the first that hits,
    or `EMPTY` where no visible character is left.
    """

    def __init__(self, steps: tuple[Step, ...], source: str, spans: pa.Table) -> None:
        """`spans`: those of CUT that are taken out, sorted as there."""
        self.steps = tuple(step for step in steps if applies(step, source))
        self.judge = Judge()
        self.row: NDArray[np.int64] = spans["row"].to_numpy().astype(np.int64)
        self.begin, self.end = (spans[name].to_numpy() for name in ("start", "stop"))
        self.level = spans["level"].to_numpy()

    def cut(self, batch: pa.RecordBatch, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], pa.RecordBatch]:
        """(places, changed): the documents of `batch` that have a span, by their places in it, and as they are without.

        `rows` are those of `batch` in the shard; `changed` has the columns of `batch`, then ADDED.
        """
        first, last = np.searchsorted(self.row, [rows[0], rows[-1] + 1]) if len(rows) else (0, 0)
        mine = np.arange(first, last)
        mine = mine[np.isin(self.row[mine], rows)]
        distinct, of_span = np.unique(self.row[mine], return_inverse=True)
        places = np.searchsorted(rows, distinct)
        part = batch.take(pa.array(places))
        text = without(part.column("text"), of_span.astype(np.int64), self.begin[mine], self.end[mine])
        taken = pc.subtract(pc.binary_length(part.column("text")), pc.binary_length(text)).cast(pa.int64())
        counts = [
            pa.array(np.bincount(of_span[self.level[mine] == level], minlength=len(distinct)), pa.int32())
            for level in (LINE, PASSAGE)
        ]
        changed = _measured(_with_text(part, text), self.steps)
        columns = [*conform(changed, part.schema).columns, *counts, taken]
        return places, pa.RecordBatch.from_arrays(columns, schema=pa.schema([*part.schema, *ADDED]))

    def reasons(self, changed: pa.RecordBatch) -> pa.Array:
        """Why a changed document goes; null where it stays."""
        visible = pc.greater(pc.binary_length(pc.utf8_trim_whitespace(changed.column("text"))), 0)
        found: Any = pc.if_else(visible, pa.scalar(None, pa.string()), EMPTY)
        for step in self.steps:
            if isinstance(step, RuleSet) and changed.num_rows:
                verdict = pc.binary_join_element_wise(AFTER_CUT, self.judge.judge(step, changed).cast(pa.string()), "")
                found = pc.coalesce(found, verdict)
        return found


def _with_text(batch: pa.RecordBatch, text: Any) -> pa.RecordBatch:
    index = batch.schema.get_field_index("text")
    return batch.set_column(index, batch.schema.field(index), text)


def _measured(batch: pa.RecordBatch, steps: tuple[Step, ...]) -> pa.RecordBatch:
    """`batch` with every column that follows from `text` made anew."""
    stale = {"text"}
    for step in steps:
        if isinstance(step, RuleSet) or step.rewrites_text or not step.reads & stale:
            continue
        added = step.added().names
        stale |= set(added)
        batch = step(batch.drop_columns(added))
    return batch


def spans_of(data: str, name: str) -> pa.Table:
    """What is taken out of the texts of one shard: of CUT all but what is only marked."""
    found = list(read_range(storage.join(data, name), "row", (0,), None))
    table = pa.Table.from_batches(found, CUT)
    return table.filter(table["removed"])
