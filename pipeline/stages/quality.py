"""How much a text resembles the positive sources that a model of yours was trained on."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

import pyarrow as pa

from classifiers.models import fasttext_model, trained
from classifiers.models.fasttext_model import FastTextModel
from classifiers.models.preparation import VERSION, prepare
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
    1e-4, rounded to the nearest; 0 for a text without a word). A fastText model from elsewhere takes its place where
    `label` is given: it needs no card and sees the whole text on one line, otherwise as it stands.
    """

    kind: Literal["quality"] = "quality"
    label: str | None = None
    """Of a model from elsewhere: the label, without `__label__`, whose probability is the score."""
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

    def fingerprint(self) -> str:
        if self.label is None:
            return super().fingerprint()
        trained.check_label(Path(self.model), self.sha256, self.label)
        return self.sha256

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        texts = (memoryview(value.as_buffer()) for value in batch.column("text"))
        if self.label is None:
            model, label, lines = self.loaded(), POSITIVE, map(prepare, texts)
        else:
            self.fingerprint()
            model, label, lines = fasttext_model.load(Path(self.model)), self.label, map(_as_it_stands, texts)
        scores = [trained.score_line(model, line, label) for line in lines]
        return with_columns(batch, self.adds, [pa.array(scores, pa.int16())])


def _as_it_stands(utf8: memoryview) -> str:
    """The whole text; line breaks, Unicode's too, are spaces, as those do who train such models (DCLM's reader)."""
    return " ".join(fasttext_model.one_line(bytes(utf8)).splitlines()).strip()
