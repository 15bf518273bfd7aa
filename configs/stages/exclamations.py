"""A stage as anybody writes one: how loud a text is. `{kind: own, file: stages/exclamations.py}` in a config beside."""

from __future__ import annotations

from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.schema import field
from pipeline.stage import Stage, with_columns


class Exclamations(Stage):
    """Count the marks of a text."""

    kind: Literal["exclamations"] = "exclamations"
    mark: str = "!"
    version = 1  # raise it when the same text may be counted otherwise
    reads = frozenset({"text"})
    adds = pa.schema([field("mark_count", pa.int32(), "marks in the text", unit="marks", nullable=False)])

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        counts = pc.count_substring(batch.column("text"), self.mark).cast(pa.int32())
        return with_columns(batch, self.adds, [counts])
