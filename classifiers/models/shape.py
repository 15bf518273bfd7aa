"""The baseline that reads no word: length and punctuation, by logistic regression."""

from __future__ import annotations

import math
import string
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from classifiers.metrics import Floats

NAMES: Final = (
    "log_bytes", "punctuation_share", "digit_share", "upper_case_share", "newline_share", "non_ascii_share",
    "mean_word_bytes",
)  # fmt: skip

_CLASSES: Final = (
    string.punctuation.encode(), string.digits.encode(), string.ascii_uppercase.encode(), b"\n", bytes(range(128, 256)),
)  # fmt: skip


def shape_of(utf8: bytes) -> tuple[float, ...]:
    """What NAMES says of a text: natural logarithm of its bytes, shares of its bytes, bytes a word (capped at 30)."""
    size = max(1, len(utf8))
    shares = [(len(utf8) - len(utf8.translate(None, delete))) / size for delete in _CLASSES]
    return (math.log(size), *shares, min(30.0, len(utf8) / max(1, len(utf8.split()))))


def probabilities(shapes: Floats, classes: npt.NDArray[np.int64], asked: Floats) -> Floats:
    """(rows of `asked`, classes in ascending order): a logistic regression on standardised features.

    shapes: (documents, len(NAMES)). Every class in 0..max must occur. Classes weigh what they are, as for fastText: the
    accuracies of both are compared.
    """
    from sklearn.linear_model import LogisticRegression  # here: a second that only who judges a model pays
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model: Any = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    model.fit(shapes, classes)
    return np.asarray(model.predict_proba(asked), dtype=np.float64)
