"""Sources and stages that end the process on a certain text, as a crash in a C library would."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import BinaryIO, ClassVar, Literal

import pyarrow as pa

from pipeline.config import Config, load
from pipeline.sources.source import InputFile, Outcome, Piece
from pipeline.sources.streams.raw_record import RawRecord
from pipeline.sources.text.source import Text
from pipeline.stage import Stage
from pipeline.steps import Step

DEADLY = "this one is deadly"
CONFIG = """
run: deadly
sources:
  docs:
    reader: {kind: text, id_column: id}
    inputs: %s/docs
  notes:
    reader: {kind: text, id_column: id}
    inputs: %s/notes
filter:
  - {kind: statistics}
  - kind: rules
    name: size
    rules:
      - {drop: "size:words", when: "word_count < 5"}
audit: {one_in: 1000, floor: 5}
"""


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


class DeadlyText(Text):
    """Crashes while it parses a deadly record; with `stops_at`, once it has read as many."""

    stops_at: int | None = None

    def read(self, piece: Piece, stream: BinaryIO) -> Iterator[Outcome]:
        outcomes = super().read(piece, stream)
        for number in count():
            if number == self.stops_at:
                crash()
            if (outcome := next(outcomes, None)) is None:
                return
            yield outcome

    def _outcome(self, file: InputFile, record: RawRecord) -> Outcome:
        if record.values and f"{DEADLY}," in str(record.values["text"]):
            crash()
        return super()._outcome(file, record)


class DeadlyStage(Stage):
    """Ends the process on a batch of at least `rows` of which one has the word; with `once`, until that file exists."""

    kind: Literal["deadly"] = "deadly"
    reads: ClassVar[frozenset[str]] = frozenset({"text"})
    adds: ClassVar[pa.Schema] = pa.schema([])
    word: str = DEADLY
    by: int = signal.SIGSEGV
    rows: int = 1
    once: str | None = None

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        is_deadly = any(self.word in text for text in batch.column("text").to_pylist())
        if is_deadly and batch.num_rows >= self.rows and not (self.once and Path(self.once).exists()):
            if self.once:
                Path(self.once).touch()
            os.kill(os.getpid(), self.by)
        return batch


def text_of(number: int) -> str:
    return f"Document {number} says that the river rose in the night and that bridge {number} was closed at once."


def write_records(raw: Path, files: dict[str, list[str]]) -> None:
    """Files of JSON Lines, each of texts called 0, 1, ..."""
    for name, texts in files.items():
        lines = [json.dumps({"id": str(number), "text": text}) for number, text in enumerate(texts)]
        (raw / name).parent.mkdir(parents=True, exist_ok=True)
        (raw / name).write_text("\n".join(lines) + "\n")


def config_of(folder: Path, raw: Path, reader: Text | None = None) -> tuple[Config, tuple[Step, ...]]:
    """A config over `raw`, with another reader where one is given."""
    path = folder / "config.yaml"
    path.write_text(CONFIG % (raw, raw))
    config, steps = load(str(path))
    if reader is not None:
        source = config.sources["docs"].model_copy(update={"reader": reader})
        config = config.model_copy(update={"sources": {**config.sources, "docs": source}})
    return config, steps


def crashes_at_once(shard: object) -> None:
    del shard
    crash()
