"""How likely it is that a machine wrote a text, by a model of yours: a mark, never a verdict."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

import pyarrow as pa

from classifiers.card.card import read_beside
from classifiers.models import machine_written, manner, trained
from pipeline.schema import field
from pipeline.stage import with_columns
from pipeline.stages.quality import TrainedStage


class MachineWritten(TrainedStage):
    """Score each text by a model of machine-written text that you trained; drops nothing by itself.

    Reads `text`, of which the model sees three windows of 1,000 bytes; adds `machine_written_score` (int16, 0 to 10000,
    in 1e-4, rounded to the nearest; 0 for a text without a word). The likelihood is the model's, not the world's: its
    card says of which generators and how far it may be believed.
    """

    kind: Literal["machine_written"] = "machine_written"
    reads: ClassVar[frozenset[str]] = frozenset({"text"})
    adds: ClassVar[pa.Schema] = pa.schema(
        [
            field(
                "machine_written_score",
                pa.int16(),
                "likelihood, by the config's model, that a machine wrote it",
                unit="1e-4",
                nullable=False,
            )
        ]
    )

    def fingerprint(self) -> str:
        """The weights of the manner are on the card: they decide, too."""
        card = super().fingerprint()
        return f"{card}, manner {manner.VERSION} {read_beside(Path(self.model)).manner}"

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        model, card = self.loaded(), trained.open_card(Path(self.model), self.sha256, self.kind)
        scores = [machine_written.score(model, card, memoryview(value.as_buffer())) for value in batch.column("text")]
        return with_columns(batch, self.adds, [pa.array(scores, pa.int16())])
