"""Which bounds hold the best mixture, and what they cost."""

from __future__ import annotations

from typing import Literal

import numpy as np

from mixtures.mixture import TOLERANCE, Array, Constraints

SLOPE_WEIGHT = 0.01  # slopes and multipliers are told for this much weight
AT_BOUND = 1e-6  # of a weight: nearer to its bound than this, the bound holds it


def binding(constraints: Constraints, best: Array, at: int) -> Literal["minimum", "maximum", "max_epochs"] | None:
    """The bound that holds domain `at` of the mixture `best`, if any."""
    if best[at] <= constraints.lower[at] + AT_BOUND:
        return "minimum"
    if best[at] < constraints.upper[at] - AT_BOUND:
        return None
    return "max_epochs" if constraints.epoch_caps[at] <= constraints.upper[at] + TOLERANCE else "maximum"


def prices(slopes: Array, weights: Array, constraints: Constraints) -> Array:
    """(domains,) the Lagrange multiplier of each bound that holds: what a unit of weight beyond it would gain.

    At an optimum the slopes of free domains are equal, and that of a held one differs by its bound's multiplier. Where
    none is free, weight beyond an upper bound comes from the domain with the steepest slope of those above their lower
    bounds, and weight from below a lower bound goes to the least steep of those below their upper ones. 0 where it
    would gain nothing, and for a domain at nothing: no weight lies below that.
    """
    low, high = weights <= constraints.lower + AT_BOUND, weights >= constraints.upper - AT_BOUND
    free = ~low & ~high
    if free.any():
        giver = taker = float(np.average(slopes[free], weights=weights[free]))
    else:
        giver, taker = slopes[~low].max(initial=-np.inf), slopes[~high].min(initial=np.inf)
    found = np.maximum(np.where(low, slopes - taker, np.where(high, giver - slopes, 0.0)), 0.0)
    return np.where(weights > AT_BOUND, found, 0.0)
