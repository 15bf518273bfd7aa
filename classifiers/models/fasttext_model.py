"""fastText models, behind the one interface that predicts right: the only home of fasttext.

fasttext-wheel 0.9.2 under numpy 2 raises in `predict(str)` and repeats the best probability in `predict(list, k)`; the
C++ object under its wrapper does neither, and prints no warning when it loads.
"""

from __future__ import annotations

import functools
import hashlib
import re
from pathlib import Path
from typing import Any, Final

from fasttext import FastText

LABEL_PREFIX = "__label__"

SCORE_UNITS = 10_000
"""Of a probability of 1: scores are integers in 1e-4."""

_SPACES: Final = bytes.maketrans(b"\n\r\t\v\f\0", b"      ")
_END_OF_LINE: Final = re.compile(rb"(?<![^ ])</s>(?![^ ])")


def one_line(utf8: bytes) -> str:
    """A text as a line that fastText reads to its end: what parts words is a space, and no word is `</s>`.

    Bytes that are no UTF-8 are left out.
    """
    line = utf8.translate(_SPACES)
    if b"</s>" in line:  # the pattern alone takes ten times as long
        line = _END_OF_LINE.sub(b"", line)
    return line.decode("utf-8", "ignore")


def fixed_point(probability: float) -> int:
    """A probability in 0..1 in units of 1e-4, rounded to the nearest."""
    return int(probability * SCORE_UNITS + 0.5)


def sha256_of(path: Path) -> str:
    """The digest of a model file, in hex. OSError if it cannot be read."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class FastTextModel:
    """A supervised fastText model. Holds a C++ object: load it where it is used, it does not pickle."""

    def __init__(self, path: Path) -> None:
        """Load a `.bin` or `.ftz` file; ValueError if it is not one."""
        self._model: Any = FastText.fasttext.fasttext()
        self._model.loadModel(str(path))

    @property
    def labels(self) -> list[str]:
        """All labels that the model can give, without their prefix, the most frequent in training first."""
        names, _ = self._model.getLabels("strict")
        return [label.removeprefix(LABEL_PREFIX) for label in names]

    def predict(self, text: str, k: int = 1) -> list[tuple[str, float]]:
        """The `k` most probable labels without their prefix, and probabilities in 0..1, best first.

        The text is one line: newlines in it raise ValueError, since fastText would stop at the first. Fewer than `k`
        labels, even none, come back where the text has no feature that the model knows.
        """
        if "\n" in text:
            raise ValueError("fastText reads one line: replace the newlines first")
        found = self._model.predict(text + "\n", k, 0.0, "strict")
        # float32 sums may exceed 1 by a few units in the last place
        return [(label.removeprefix(LABEL_PREFIX), min(1.0, probability)) for probability, label in found]


@functools.cache
def _loaded(path: Path, sha256: str) -> FastTextModel:
    del sha256  # part of the key: a file that was replaced is loaded anew
    return FastTextModel(path)


@functools.cache
def _digest(path: Path, size: int, mtime_ns: int) -> str:
    del size, mtime_ns
    return sha256_of(path)


def digest(path: Path) -> str:
    """`sha256_of(path)`, read again only when size or mtime has changed."""
    status = path.stat()
    return _digest(path, status.st_size, status.st_mtime_ns)


def load(path: Path) -> FastTextModel:
    """The model of the file at `path`, loaded once a process and content."""
    return _loaded(path, digest(path))
