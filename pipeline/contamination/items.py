"""The items of benchmarks: which fields hold question, answer and choices, and how they are read."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import pyarrow.parquet as pq
import zstandard
from pydantic import BaseModel, ConfigDict

from pipeline import storage
from pipeline.contamination.templates import shared_ends, split_choices, without_ends
from pipeline.trouble import ConfigError

BESIDE_AN_ANSWER: Final = ("input", "inputs", "text")
"""Fields that are a question where there is an answer (BIG-bench, MBPP): alone, a text is any text."""
CHOICE_FIELDS: Final = (
    ("sol1", "sol2"),
    ("answerA", "answerB", "answerC"),
    ("option1", "option2", "option3", "option4", "option5"),
    ("choice1", "choice2", "choice3", "choice4"),
    ("opa", "opb", "opc", "opd"),
    ("A", "B", "C", "D", "E", "F"),
    ("a", "b", "c", "d", "e", "f"),
    tuple(f"option_{letter}" for letter in "abcdef"),
    tuple(f"ending{number}" for number in range(4)),
    tuple(f"ans{number}" for number in range(4)),
    ("correct_answer", "distractor1", "distractor2", "distractor3"),
    ("Correct Answer", *(f"Incorrect Answer {number}" for number in (1, 2, 3))),
)
"""As PIQA, SIQA, WinoGrande, COPA, MedMCQA, C-Eval and CMMLU, MathQA, SWAG, BBQ, SciQ and GPQA name them."""

SUFFIXES = (".jsonl", ".jsonl.gz", ".jsonl.zst", ".json", ".json.gz", ".parquet")


class Fields(BaseModel):
    """Names of fields, of which the first that an item has is taken; `a.b` is b within a.

    The defaults are those of the common public benchmarks. A field may hold a text, a list of texts, or what
    Hugging Face makes of choices: {"text": [...], "label": [...]}.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    question: tuple[str, ...] = (
        *("question.stem", "question", "prompt", "instruction", "goal", "problem", "ctx", "query", "sentence"),
        *("Question", "Problem"),
    )
    """What is asked, or begun."""
    answer: tuple[str, ...] = (
        *("canonical_solution", "solution", "rationale", "output", "answer", "code", "correct_answer"),
        *("Correct Answer", "Answer", "target", "targets"),
    )
    """The answer, solution or continuation."""
    choices: tuple[str, ...] = ("choices", "options", "endings", "mc1_targets.choices", "question.choices")
    """What can be chosen."""
    id: tuple[str, ...] = ("task_id", "id", "idx", "question_id")
    """What calls the item; none of them: its row."""
    benchmark: tuple[str, ...] = ("task", "split")
    """Together they name the benchmark of an item, where one file holds several; else its file's name does."""


class FieldMap(BaseModel):
    """Fields by a part of the file's path; the first part that is in it decides, else the defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    files: dict[str, Fields] = {}
    """Fields by a part of the file's path."""

    def of(self, path: str) -> Fields:
        return next((fields for part, fields in self.files.items() if part in path), Fields())


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a benchmark; `row` is its place in its file, first is 0."""

    benchmark: str
    id: str
    question: str
    answer: str
    choices: tuple[str, ...]
    file: str
    row: int


def read_items(folder: str, fields: FieldMap) -> list[Item]:
    """The items of every file below `folder`, by path. Raises ConfigError where there is none, or a file has none.

    What most items of a file begin and end with is no part of them; choices that are written into the question are
    taken out of it.
    """
    files = storage.list_files(folder, SUFFIXES)
    if not files:
        raise ConfigError(f"--benchmarks {folder}: no file that ends in {', '.join(SUFFIXES)}")
    found: list[Item] = []
    for path in files:
        own = list(_items(folder, path, fields.of(path)))
        if not own:
            raise ConfigError(_nothing_found(folder, path, fields.of(path)))
        found += _tidy(own)
    return found


def _nothing_found(folder: str, path: str, fields: Fields) -> str:
    """What is wrong with a file that yields no item."""
    first = next((record for _, record in records(folder, path) if isinstance(record, dict)), {})
    wanted, there = ", ".join((*fields.question, *fields.answer)), ", ".join(sorted(first)) or "none"
    return (
        f"{storage.join(folder, path)}: no record has one of the fields {wanted}; there are: {there:.500}. Name the "
        "fields with --fields, or take the file out of the folder"
    )


def records(folder: str, path: str) -> Iterator[tuple[int, Any]]:
    """(row, record) for each record of a file."""
    full, suffix = storage.join(folder, path), _suffix(path)
    if suffix == ".parquet":
        with storage.open_input(full) as stream:
            yield from enumerate(row for batch in pq.ParquetFile(stream).iter_batches() for row in batch.to_pylist())
        return
    data = storage.read_bytes(full)
    if suffix.endswith(".gz"):
        data = gzip.decompress(data)
    elif suffix.endswith(".zst"):
        data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
    try:
        text = data.decode("utf-8-sig")
        parts = [line for line in text.split("\n") if line.strip()] if suffix.startswith(".jsonl") else [text]
        rows = [json.loads(part) for part in parts]
    except ValueError as error:
        raise ConfigError(f"{full}: not JSON: {error}") from error
    is_list = not suffix.startswith(".jsonl") and isinstance(rows[0], list)
    yield from enumerate(rows[0] if is_list else rows)


def _suffix(path: str) -> str:
    """That of SUFFIXES with which a file's name ends, in any case."""
    return next(suffix for suffix in SUFFIXES if path.lower().endswith(suffix))


def benchmark_of(path: str, record: Any, fields: Fields) -> str:
    """The name of a record's benchmark: what it says itself, else its file's path without the suffix."""
    said = (_text(_first(record, (field,))) for field in fields.benchmark) if isinstance(record, dict) else ()
    return "/".join(name for name in said if name) or path[: -len(_suffix(path))]


def _items(folder: str, path: str, fields: Fields) -> Iterator[Item]:
    for row, record in records(folder, path):
        if not isinstance(record, dict):
            continue
        question = _text(_first(record, fields.question))
        answer = _text(_first(record, fields.answer))
        if answer and not question:
            question = _text(_first(record, BESIDE_AN_ANSWER))
        if not question and not answer:
            continue
        name = _text(_first(record, fields.id)) or str(row)
        choices = tuple(_choices(_first(record, fields.choices))) or tuple(_solutions(record))
        yield Item(benchmark_of(path, record, fields), name, question, answer, choices, path, row)


def _first(record: dict[str, Any], names: tuple[str, ...]) -> Any:
    """The first of these fields that holds something; None without one."""
    for name in names:
        held: Any = record
        for part in name.split("."):
            held = held.get(part) if isinstance(held, dict) else None
        if held not in (None, [], {}) and not (isinstance(held, str) and not held.strip()):
            return held
    return None


def _text(value: Any) -> str:
    if isinstance(value, str | int | float):
        return str(value)
    return "\n".join(each for each in value if isinstance(each, str)) if isinstance(value, list) else ""


def _choices(value: Any) -> list[str]:
    if isinstance(value, dict):
        value = value.get("text", list(value.values()))
    return [_text(each.get("text") if isinstance(each, dict) else each) for each in value] if _is_list(value) else []


def _solutions(record: dict[str, Any]) -> list[str]:
    """Choices in fields of their own: of each of CHOICE_FIELDS those that hold something, if the first two do."""
    for names in CHOICE_FIELDS:
        held = [_text(record.get(name)).strip() for name in names]
        if held[0] and held[1]:
            return [choice for choice in held if choice]
    return []


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _tidy(items: list[Item]) -> list[Item]:
    """Items without what their file's template adds, with the choices apart."""
    questions = shared_ends([item.question for item in items])
    answers = shared_ends([item.answer for item in items])
    tidied = []
    for item in items:
        question = without_ends(item.question, *questions)
        answer = without_ends(item.answer, *answers)
        choices = item.choices
        if not choices:
            question, choices = split_choices(question)
        tidied.append(replace(item, question=question, answer=answer, choices=choices))
    return tidied
