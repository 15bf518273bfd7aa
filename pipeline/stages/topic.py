"""What a text is about, among the topics that a model of yours was trained on."""

from __future__ import annotations

from typing import ClassVar, Literal

import pyarrow as pa

from classifiers.models import trained
from classifiers.models.preparation import prepare
from pipeline.schema import field
from pipeline.stage import with_columns
from pipeline.stages.language import UNDETERMINED
from pipeline.stages.quality import TrainedStage


class Topic(TrainedStage):
    """Name the most probable topic of each text by a topic model that you trained.

    Reads `text`, of which the model sees three windows of 1,000 bytes; adds `topic` (a label of the training data;
    "und" for a text without a word) and `topic_score` (int16, 0 to 10000, in 1e-4, rounded to the nearest).
    """

    kind: Literal["topic"] = "topic"
    reads: ClassVar[frozenset[str]] = frozenset({"text"})
    adds: ClassVar[pa.Schema] = pa.schema(
        [
            field("topic", pa.string(), "most probable label of the config's model, und: no word", nullable=False),
            field("topic_score", pa.int16(), "the model's probability of `topic`", unit="1e-4", nullable=False),
        ]
    )

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        model = self.loaded()
        found = [trained.best_line(model, prepare(memoryview(value.as_buffer()))) for value in batch.column("text")]
        topics = [UNDETERMINED if topic is None else topic for topic, _ in found]
        scores = [score for _, score in found]
        return with_columns(batch, self.adds, [pa.array(topics, pa.string()), pa.array(scores, pa.int16())])
