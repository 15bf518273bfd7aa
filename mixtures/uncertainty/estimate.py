"""A number with its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from mixtures.mixture import Array

LEVEL = 0.9  # of every interval here and in the report, unless it is said
TAIL = (1 - LEVEL) / 2


@dataclass(frozen=True)
class Estimate:
    """A number with its interval (LEVEL unless it is said), both ends in the same unit."""

    value: float
    low: float
    high: float

    def widened(self, sd: float) -> Estimate:
        """The same with an independent normal error of `sd` beside what the interval holds already."""
        reach = float(special.ndtri(1 - TAIL)) * sd
        below, above = np.hypot(self.value - self.low, reach), np.hypot(self.high - self.value, reach)
        return Estimate(self.value, self.value - float(below), self.value + float(above))


def resample_interval(value: float, drawn: Array) -> Estimate:
    """`value` with the quantiles of `drawn` (replicas,)."""
    low, high = np.quantile(drawn, [TAIL, 1 - TAIL])
    return Estimate(value=float(value), low=float(low), high=float(high))


def normal_interval(mean: float, sd: float) -> Estimate:
    """`mean` with the interval of a normal distribution."""
    reach = float(special.ndtri(1 - TAIL)) * float(sd)
    return Estimate(value=float(mean), low=float(mean) - reach, high=float(mean) + reach)
