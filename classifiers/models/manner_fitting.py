"""Weights of the manner of a text, learnt. Apart from what measures it: who only scores needs no scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from classifiers.card.results import MannerWeights
from classifiers.metrics import Floats
from classifiers.models.manner import NAMES, VERSION


def fit(manners: Floats, positive: npt.NDArray[np.bool_]) -> MannerWeights:
    """A logistic regression on standardised manners, (documents, len(NAMES)), as weights of the manners themselves."""
    from sklearn.linear_model import LogisticRegression  # here: as in `shape`
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(manners)
    model: Any = LogisticRegression(max_iter=2000, class_weight="balanced")
    model.fit(scaler.transform(manners), positive)
    weights = model.coef_[0] / scaler.scale_
    bias = float(model.intercept_[0] - (weights * scaler.mean_).sum())
    return MannerWeights(version=VERSION, names=NAMES, weights=tuple(map(float, weights)), bias=bias)
