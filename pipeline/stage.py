"""What a stage is, and its law: it keeps its rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Annotated, ClassVar

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from pipeline.settings.complaints import shaped

Sha256 = Annotated[str, shaped("[0-9a-f]{64}", "write 64 hexadecimal digits, as sha256sum prints them")]


class Stage(BaseModel, ABC):
    """A map RecordBatch -> RecordBatch that keeps its rows: same `doc_id`s, same order.

    It may add the columns it declares in `adds` (each with meaning and unit) or, where `rewrites_text`, replace
    `text`; removing rows is the shard's work alone. Equal fields, equal `version` and equal input give equal output.
    An exception is a bug and fails the shard. `reads` and `adds` are checked before any work. Emits neither NaN nor
    shares: counts are integers, so that rules compare exactly (`duplicate_lines > 0.30 * line_count`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    version: ClassVar[int] = 1  # raise it when the same input may give another output
    reads: ClassVar[frozenset[str]]
    adds: ClassVar[pa.Schema]
    rewrites_text: ClassVar[bool] = False
    decides_with: ClassVar[tuple[str, ...]] = ()  # distributions whose version may change the output
    places: ClassVar[frozenset[str]] = frozenset()  # fields that say where something lies: `fingerprint` says what
    kind: str
    sources: tuple[str, ...] = ()
    """Names of the sources that the stage is for; none: all. To the others it does nothing."""

    @abstractmethod
    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch: ...

    def added(self) -> pa.Schema:
        """The columns that it adds: `adds`, but where its fields name what decides them."""
        return self.adds

    def sources_named(self) -> frozenset[str]:
        """The sources that the fields speak of; each must be in the config."""
        return frozenset(self.sources)

    def fingerprint(self) -> str:
        """sha256 of what the fields only point to (a model file); part of the recipe. Empty when there is none.

        Asked for before any work: FileNotFoundError or ValueError where it is not there, or not what the fields say.
        """
        return ""


def with_columns(batch: pa.RecordBatch, adds: pa.Schema, columns: list[pa.Array]) -> pa.RecordBatch:
    """`batch` with the columns of `adds` appended, in the order of `adds`."""
    return pa.RecordBatch.from_arrays(
        [*batch.columns, *columns], schema=pa.schema([*batch.schema, *adds], metadata=batch.schema.metadata)
    )
