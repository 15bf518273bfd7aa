"""The best feasible mixture: projected gradients from many starts at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mixtures.design.design import candidates
from mixtures.mixture import Array, Constraints

Criterion = Callable[[Array], tuple[Array, Array]]
"""Maps mixtures (rows, domains) to values (rows,) and gradients (rows, domains); defined a hair beside the simplex."""

POOL = 2048  # feasible mixtures looked at before the starts are chosen
STARTS = 8
STEPS = 300  # of a descent
TOLERANCE = 1e-8  # of the steepest slope of the starts, over PATIENCE steps: far below what any run can show
PATIENCE = 10
STEP_BOUNDS = (1e-9, 1e3)  # of weight, in units of weight + SMALL, a unit of the steepest slope
SMALL = 1e-5  # of weight: what a domain that has none moves by as if it had this; 1e-4 ends later, 1e-3 far off
FIRST_MOVE = 0.05  # the most that a first step changes any weight


def pool(constraints: Constraints, seed: int, order: np.ndarray | None = None) -> Array:
    """The mixtures among which starts are looked for, the reference first.

    `order` (domains,): in which domains are drawn, by default their own; with a surface's (`canonical.Order`), the
    order of its columns decides nothing.
    """
    places = np.arange(len(constraints.names)) if order is None else order
    ordered = constraints.ordered([constraints.names[at] for at in places])
    drawn = candidates(ordered, POOL, np.random.default_rng(seed))
    made = np.empty((1 + len(drawn), len(places)))
    made[:, places] = np.vstack((ordered.reference, drawn))
    return made


def best_first(values: Array, mixtures: Array) -> Array:
    """The rows of `mixtures` by their `values` (rows,), lowest first; ties stay in order."""
    return mixtures[np.argsort(values, kind="stable")]


def minimise(criterion: Criterion, constraints: Constraints, starts: Array) -> Array:
    """The best mixture found, (domains,), from the STARTS first rows of `starts`; feasible, no worse than they are."""
    ends, values = descend(criterion, constraints, starts[:STARTS])
    return np.asarray(ends[int(np.argmin(values))])


def descend(
    criterion: Criterion, constraints: Constraints, starts: Array, steps: int = STEPS, tolerance: float = TOLERANCE
) -> tuple[Array, Array]:
    """Each feasible row of `starts` improved on its own: where it ends (rows, domains), and the values there (rows,).

    Spectral projected gradients (Barzilai & Borwein 1988; Birgin, Martinez & Raydan 2000), but never uphill: a step
    that does not help is tried again a quarter as long. Steps and distances are in units of weight + SMALL: logarithms
    and roots bend most where a weight is small, and steps that are short enough there never get anywhere else. A row of
    `criterion` may be another function than the next. The unit in which it is written decides nothing: it is divided by
    the steepest slope of all starts, by weight + SMALL, in which `tolerance` is.
    """
    here = starts.copy()
    value, slope = criterion(here)
    scale = here + SMALL
    middle = (scale * slope).sum(axis=1, keepdims=True) / scale.sum(axis=1, keepdims=True)
    steepest = np.abs(scale * (slope - middle)).max(axis=1)
    unit = float(steepest.max()) or 1.0
    value, slope = value / unit, slope / unit
    step = np.clip(FIRST_MOVE / np.maximum(steepest / unit, 1e-12), *STEP_BOUNDS)
    earlier = value.copy()
    for at in range(1, steps + 1):
        scale = here + SMALL
        there = constraints.project(here - step[:, None] * scale * slope, scale)
        new_value, new_slope = (one / unit for one in criterion(there))
        better = new_value < value
        moved, turned = there - here, new_slope - slope
        along = (moved * turned).sum(axis=1)
        bold = np.where(along > 0, (moved**2 / scale).sum(axis=1) / np.maximum(along, 1e-300), 4 * step)
        step = np.clip(np.where(better, bold, step / 4), *STEP_BOUNDS)
        here[better], value[better], slope[better] = there[better], new_value[better], new_slope[better]
        if at % PATIENCE == 0:
            if np.all(earlier - value < tolerance):
                break
            earlier = value.copy()
    return here, value * unit
