"""The grammar of a classifier's YAML: the task, the labelled sources, fastText's settings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

POSITIVE, NEGATIVE = "positive", "negative"
PEOPLE_POSITIVE, PEOPLE_NEGATIVE = "people_positive", "people_negative"
LABEL_CHARACTERS = 100
Label = Annotated[str, Field(pattern=r"^[^\s\x00]+$", max_length=LABEL_CHARACTERS)]


class LabelledSource(BaseModel):
    """Documents that one collector gathered, and what they are labelled.

    `input` is a file, a folder (read with all below it) or a glob, relative to the working directory: `.txt`, `.md`,
    `.jsonl`, `.csv` (also with .gz) or `.parquet`. Columns are names, with dots for nested ones (`metadata.topic`);
    a text file has `text`, `file` (its path in `input`) and `folder` (the folder it lies in).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True)
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$", max_length=100)]
    input: str
    label: Label | None = None
    label_column: str | None = None
    text: str = "text"
    site: str | None = None
    """Column of a URL (its registrable domain is the site) or of any other name of what belongs together."""
    where: dict[str, str] = {}
    """Only rows whose columns are these."""
    columns: tuple[str, ...] = ()
    """Names of the columns of a CSV without a header."""
    limit: int = Field(default=20_000, ge=1)
    """At most so many documents, drawn by a hash of their text; they are held in memory, at 30 kB each at the peak."""

    @model_validator(mode="after")
    def _one_label(self) -> Self:
        if (self.label is None) == (self.label_column is None):
            raise ValueError("give either `label:` or `label_column:`")
        return self


class Answers(BaseModel):
    """What people answered in the review queue, as `python -m pipeline review --export` writes it.

    Two more sources, people_positive and people_negative; of a document that stands in another source too the answer
    is the label. fastText knows no weights: each answered document stands `copies` times in training.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    input: str
    copies: int = Field(default=5, ge=1, le=100)


class FastTextSettings(BaseModel):
    """What fastText is trained with (names as in its manual); always one thread and softmax."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    dim: int = Field(default=16, ge=1, le=1000)
    epochs: int = Field(default=10, ge=1)
    learning_rate: float = Field(default=0.5, gt=0, allow_inf_nan=False)
    word_ngrams: int = Field(default=2, ge=1, le=5)
    buckets: int = Field(default=2**18, ge=1)
    """Of hashed n-grams; a model takes 4 * dim * (buckets + words) bytes."""
    min_count: int = Field(default=5, ge=1)
    """Of a word in the training texts. The words above it stand in the model file."""


class Settings(BaseModel):
    """A classifier, as its YAML says it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    task: Literal["quality", "topic", "machine_written"]
    """quality: positive is good. machine_written: positive is what a machine wrote, negative what a person did."""
    sources: tuple[LabelledSource, ...] = Field(min_length=1)
    answers: Answers | None = None
    fasttext: FastTextSettings = FastTextSettings()
    seed: int = Field(default=0, ge=0, lt=2**31)
    """Of fastText, of the folds and of the bootstrap."""
    replicas: int = Field(default=1000, ge=20)
    """Resamples of the sites."""

    @model_validator(mode="after")
    def _sources_fit_the_task(self) -> Self:
        names = Counter(source.name for source in self.sources)
        if twice := [name for name, count in names.items() if count > 1]:
            raise ValueError(f"sources: {', '.join(twice)} is there twice; give each its own name")
        if taken := {PEOPLE_POSITIVE, PEOPLE_NEGATIVE} & set(names):
            raise ValueError(f"sources: {', '.join(sorted(taken))} is what `answers:` is called; take another name")
        if self.task == "topic":
            if self.answers is not None:
                raise ValueError("answers: they are keep or drop, and no topic")
            return self
        counts = Counter(source.label for source in self.sources)
        if set(counts) != {POSITIVE, NEGATIVE}:
            raise ValueError("sources: each needs `label: positive` or `label: negative`, and both must be there")
        return self

    def check_training(self) -> None:
        """ValueError where there are too few sources to train: to evaluate, one of each label will do."""
        counts = Counter(source.label for source in self.sources)
        if self.task != "topic" and min(counts.values()) < 2:
            raise ValueError(
                "sources: at least 2 positive and 2 negative ones are needed, so that whole sources can be left out; "
                f"there are {counts[POSITIVE]} and {counts[NEGATIVE]}"
            )


def load(path: Path) -> Settings:
    """The settings in a YAML file. Raises ValueError that names the file, the key and what is wrong."""
    try:
        raw: Any = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    except FileNotFoundError as error:
        raise ValueError(f"{path}: no such file; give an existing YAML file") from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"{path}: not YAML: {error}") from error
    try:
        return Settings.model_validate(raw)
    except ValidationError as error:
        raise ValueError(f"{path}:\n" + "\n".join(_complaints(error.errors()))) from error


def _complaints(errors: list[ErrorDetails]) -> Iterator[str]:
    """A line a mistake. A list that is short only because what stands in it is wrong is none of its own."""
    below = {one["loc"][:depth] for one in errors for depth in range(len(one["loc"]))}
    models: dict[int | str, type[BaseModel]] = {
        "sources": LabelledSource,
        "answers": Answers,
        "fasttext": FastTextSettings,
    }
    for one in errors:
        key = ".".join(map(str, one["loc"])) or "(top level)"
        if one["type"] == "extra_forbidden":
            holder = models.get(one["loc"][0], Settings) if len(one["loc"]) > 1 else Settings
            yield f"  {key}: no such key; keys: {', '.join(holder.model_fields)}"
        elif one["type"] == "value_error":
            yield f"  {key}: {one['ctx']['error']}"
        elif one["type"] != "too_short" or one["loc"] not in below:
            yield f"  {key}: {one['msg']} (got {one['input']!r:.80})"


class _Loader(yaml.SafeLoader):
    """YAML that refuses a key given twice, of which plain YAML silently keeps the last; `<<` merges as it does there.

    The twin of `pipeline.settings.settings_file._Loader`, which this package must not import.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        twice = sorted({str(key) for key in keys if keys.count(key) > 1})
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"{', '.join(twice)} is given twice", node.start_mark)
        return super().construct_mapping(node, deep)
