"""What cannot be seen: the spread between runs of one mixture, and the smallest difference that stands out of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from mixtures.mixture import Array

CONFIDENCE = 0.95  # of the interval that a visible difference must leave zero outside of


@dataclass(frozen=True)
class Noise:
    """The standard deviation of a loss between runs that differ in their seeds only, in the loss's units.

    `source` "replicates": from runs of one mixture with other seeds, pooled over the mixtures that have such runs, with
    `freedom` degrees of freedom. "cross-validation": no mixture was trained twice, and the held-out error of the
    surface stands in; it holds the noise and the surface's own error, so it is too large rather than too small.
    """

    sd: float
    freedom: int
    source: Literal["replicates", "cross-validation"]

    def smallest_difference(self, seeds: int) -> float:
        """The difference of two mixtures' means over `seeds` runs each below which the interval holds zero."""
        return float(special.stdtrit(self.freedom, (1 + CONFIDENCE) / 2) * self.sd * np.sqrt(2 / seeds))


def from_replicates(losses: Array, mixture: np.ndarray) -> Noise | None:
    """The noise of `losses` (runs,) among equal numbers of `mixture` (runs,); None where none was run twice."""
    counts = np.bincount(mixture)
    freedom = int((counts - 1).sum())
    if freedom == 0:
        return None
    means = np.bincount(mixture, weights=losses) / counts
    squares = float(((losses - means[mixture]) ** 2).sum())
    return Noise(sd=float(np.sqrt(squares / freedom)), freedom=freedom, source="replicates")


def by_task(losses: Array, mixture: np.ndarray, otherwise: Array) -> Array:
    """(tasks,) deviations of `losses` (runs, tasks) among repeats; `otherwise` (tasks,) where no mixture has any."""
    found = [from_replicates(column, mixture) for column in losses.T]
    return np.array([one.sd if one else sd for one, sd in zip(found, otherwise, strict=True)])


def estimated(losses: Array, predicted: Array, mixture: np.ndarray) -> Noise:
    """From replicates, or from held-out errors where there are none."""
    found = from_replicates(losses, mixture)
    if found is not None:
        return found
    rmse = float(np.sqrt(((losses - predicted) ** 2).mean()))
    return Noise(sd=rmse, freedom=len(losses) - 1, source="cross-validation")
