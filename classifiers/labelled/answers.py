"""What people answered, as two more sources that overrule the others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from classifiers.card.results import AnswersSummary
from classifiers.labelled import inputs
from classifiers.labelled.inputs import Found
from classifiers.models.fasttext_model import sha256_of
from classifiers.settings import NEGATIVE, PEOPLE_NEGATIVE, PEOPLE_POSITIVE, POSITIVE, Answers, LabelledSource

_NAMES: Final = {POSITIVE: PEOPLE_POSITIVE, NEGATIVE: PEOPLE_NEGATIVE}
_COLUMNS: Final = ["label", "people", "agreeing"]


def read(answers: Answers, found: list[Found], with_manner: bool) -> tuple[list[Found], AnswersSummary]:
    """`found` without the texts that were answered, then the answers by label; and what the card says of them.

    Raises ValueError or OSError for what is no export of `python -m pipeline review`.
    """
    path = Path(answers.input)
    if not path.is_file():
        raise ValueError(f"answers.input: no file is called {path}; `python -m pipeline review --export` writes it")
    try:
        rows = pq.read_table(path, columns=_COLUMNS).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"answers.input: {path} is no export of `python -m pipeline review`: {error}") from error
    if not rows or {row["label"] for row in rows} - set(_NAMES):
        raise ValueError(f"answers.input: {path} has no answers that are positive or negative")
    people = [
        replace(inputs.read(_source(answers, label), with_manner), copies=answers.copies)
        for label in _NAMES
        if any(row["label"] == label for row in rows)
    ]
    keys = {document.key for one in people for document in one.documents}
    left = [one.without(keys) for one in found]
    overruled = sum(len(before.documents) - len(after.documents) for before, after in zip(found, left, strict=True))
    summary = AnswersSummary(
        sha256=sha256_of(path),
        documents=len(rows),
        by_two_or_more=sum(row["people"] > 1 for row in rows),
        unanimous=sum(row["people"] > 1 and row["people"] == row["agreeing"] for row in rows),
        copies=answers.copies,
        overruled=overruled,
    )
    return [*left, *people], summary


def _source(answers: Answers, label: str) -> LabelledSource:
    return LabelledSource(
        name=_NAMES[label], label=label, input=answers.input, site="site", where={"label": label}, limit=10**9
    )
