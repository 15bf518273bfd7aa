"""A model as a stage uses it: asked for by path and sha256, checked against its card or label, loaded once."""

from __future__ import annotations

import functools
from pathlib import Path

from classifiers.card.card import Card, read_beside
from classifiers.card.results import listed
from classifiers.models import fasttext_model, manner, preparation
from classifiers.models.fasttext_model import FastTextModel, fixed_point


def check_digest(path: Path, sha256: str) -> None:
    """Whether the file at `path` has that digest. FileNotFoundError or ValueError with path and both."""
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such model file; it should have sha256 {sha256}")
    if (found := fasttext_model.digest(path)) != sha256:
        raise ValueError(f"{path}: sha256 should be {sha256}, but is {found}; give that one, or the file it belongs to")


def check_label(path: Path, sha256: str, label: str) -> None:
    """Whether the file at `path` is that fastText model and has the label. Raises as `check_digest`, and ValueError."""
    check_digest(path, sha256)
    if label not in (labels := _labels(path, sha256)):
        raise ValueError(f"{path}: has no label {label}; it has {listed(labels)}")


@functools.cache
def _labels(path: Path, sha256: str) -> list[str]:
    del sha256  # part of the key
    return FastTextModel(path).labels  # the model is not kept: who only plans does not need its gigabytes


def check(path: Path, sha256: str, task: str) -> None:
    """Whether the file at `path` is that model, for `task`, of this preparation; loads nothing.

    Raises FileNotFoundError or ValueError with path, what was expected and what was found.
    """
    check_digest(path, sha256)
    card = read_beside(path)
    if card.sha256 != sha256:
        raise ValueError(f"{path}: the card beside it is of another model, {card.sha256}; keep a model with its card")
    if card.task != task:
        raise ValueError(f"{path}: is a model of {card.task}, and {task} is asked of it")
    if task == "machine_written" and (card.manner is None or card.manner.version != manner.VERSION):
        raise ValueError(f"{path}: its card has no weights of the manner of version {manner.VERSION}; train it again")
    if card.preparation != preparation.VERSION:
        raise ValueError(
            f"{path}: trained on text of preparation {card.preparation}, this version prepares by "
            f"{preparation.VERSION}; train it again"
        )


@functools.cache
def open_model(path: Path, sha256: str, task: str) -> FastTextModel:
    """The model, checked. Raises as `check` does."""
    check(path, sha256, task)
    return fasttext_model.load(path)


@functools.cache
def open_card(path: Path, sha256: str, task: str) -> Card:
    """The card beside that model, checked. Raises as `check` does."""
    check(path, sha256, task)
    return read_beside(path)


def score_line(model: FastTextModel, line: str, label: str) -> int:
    """The probability of `label` for a prepared line in units of 1e-4, 0 to 10000; 0 for a line without a word."""
    found = dict(model.predict(line, len(model.labels))) if line else {}
    return fixed_point(found.get(label, 0.0))


def best_line(model: FastTextModel, line: str) -> tuple[str | None, int]:
    """The most probable label of a prepared line and its probability in units of 1e-4.

    None and 0 where the model knows nothing of the line: at least for one without a word.
    """
    found = model.predict(line) if line else []
    return (found[0][0], fixed_point(found[0][1])) if found else (None, 0)
