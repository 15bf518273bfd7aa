"""How much a text resembles the positive sources that a model of yours was trained on."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

import pyarrow as pa

from classifiers import trained
from classifiers.fasttext_model import FastTextModel
from classifiers.preparation import VERSION, prepare
from classifiers.settings import POSITIVE
from pipeline.schema import field
from pipeline.stage import Sha256, Stage, with_columns


class TrainedStage(Stage):
    """A stage with a model of `python -m classifiers train`, given by path and sha256, its card beside it.

    The sha256 decides and is hashed; where the file lies is not. What does not agree is refused before any work.
    """

    model: str
    """Path of the model that `python -m classifiers train` wrote; relative to the working directory, on every machine
    that works."""
    sha256: Sha256
    """Of the model's file, as its card says."""
    places: ClassVar[frozenset[str]] = frozenset({"model"})
    decides_with: ClassVar[tuple[str, ...]] = ("fasttext-wheel",)

    def fingerprint(self) -> str:
        trained.check(Path(self.model), self.sha256, self.kind)
        return f"{self.sha256}, preparation {VERSION}"

    def loaded(self) -> FastTextModel:
        """The model, checked and loaded once a process."""
        return trained.open_model(Path(self.model), self.sha256, self.kind)


class Quality(TrainedStage):
    """Score each text by a quality model that you trained: the probability that it is like the positives.

    Reads `text`, of which the model sees three windows of 1,000 bytes; adds `quality_score` (int16, 0 to 10000, in
    1e-4, rounded to the nearest; 0 for a text without a word).
    """

    kind: Literal["quality"] = "quality"
    reads: ClassVar[frozenset[str]] = frozenset({"text"})
    adds: ClassVar[pa.Schema] = pa.schema(
        [
            field(
                "quality_score",
                pa.int16(),
                "probability, by the config's model, of being like its positive sources",
                unit="1e-4",
                nullable=False,
            )
        ]
    )

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        model = self.loaded()
        lines = (prepare(memoryview(value.as_buffer())) for value in batch.column("text"))
        scores = [trained.score_line(model, line, POSITIVE) for line in lines]
        return with_columns(batch, self.adds, [pa.array(scores, pa.int16())])
