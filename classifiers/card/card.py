"""The model card: what a model is, what it was made of, and how far it may be believed. It lies beside the model."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from pydantic import ValidationError

from classifiers.card.results import AnswersSummary, MannerWeights, QualityResult, Result, SourceSummary, TopicResult
from classifiers.settings import FastTextSettings

MODEL_NAME: Final = "model.bin"
CARD_NAME: Final = "card.json"


class Card(Result):
    """No date and no path is in it: equal inputs and settings give equal cards."""

    format: Literal[3] = 3
    task: Literal["quality", "topic", "machine_written"]
    labels: tuple[str, ...]
    sha256: str
    """Of the model file."""
    model_bytes: int
    preparation: int
    """Version of what a text is turned into before the model sees it."""
    fasttext: FastTextSettings
    seed: int
    replicas: int
    versions: dict[str, str]
    sources: tuple[SourceSummary, ...]
    near_duplicates: int
    """Documents that resemble an earlier one; they are never on the other side of a split."""
    contradicted: int = 0
    """Documents that resemble one of another label."""
    answers: AnswersSummary | None = None
    """Of people, where the settings name their answers; they are the sources people_positive and people_negative."""
    manner: MannerWeights | None = None
    """Of a model of machine_written: the part of it that is not in the file of fastText."""
    quality: QualityResult | None = None
    """Of quality and of machine_written."""
    topic: TopicResult | None = None
    verdicts: tuple[str, ...]

    def write(self, folder: Path) -> None:
        """As `card.json` in `folder`."""
        (folder / CARD_NAME).write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")


def read_beside(model: Path) -> Card:
    """The card in the folder of a model file. FileNotFoundError or ValueError says what is expected where."""
    path = model.parent / CARD_NAME
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no model card; `python -m classifiers train` writes it beside the model")
    try:
        return Card.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "(top level)"
        raise ValueError(f"{path}: not a model card of this version: {where}: {first['msg']}") from error
