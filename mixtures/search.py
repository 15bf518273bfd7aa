"""The best feasible mixture on a surface: many starts, then small exchanges of weight until none helps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mixtures.design import candidates
from mixtures.mixture import Array, Constraints, settled

Criterion = Callable[[Array], Array]

POOL = 2048  # feasible mixtures looked at before the starts are chosen
STARTS = 4
ROUNDS = 200
TOLERANCE = 1e-7  # in the criterion's units, a round: bits per byte far below what any run can show
SLOPE_STEP = 1e-6  # of a weight: forward differences, far above rounding and below any weight that matters
EXCHANGES = 0.3 * 0.5 ** np.arange(14)  # weights moved between two domains: from a third to a few 1e-5
PARTNERS = 3  # the steepest givers and takers that are paired
GRADIENT_STEPS = np.array([1.0, 0.3, 0.1, 0.03, 0.01])  # the most that a gradient step changes any weight


def pool(constraints: Constraints, seed: int) -> Array:
    """The mixtures among which starts are looked for, the reference first."""
    drawn = candidates(constraints, POOL, np.random.default_rng(seed))
    return np.concatenate((constraints.reference[None], drawn))


def best_first(criterion: Criterion, mixtures: Array) -> Array:
    """The rows of `mixtures` by their criterion, lowest first; ties stay in order."""
    return mixtures[np.argsort(criterion(mixtures), kind="stable")]


def minimise(criterion: Criterion, constraints: Constraints, starts: Array) -> Array:
    """The best mixture found, (domains,): the STARTS best rows of `starts`, each improved until it stays.

    `criterion` maps (rows, domains) to (rows,), and must be defined a hair beside the simplex, for differences. What
    comes back is feasible, and no worse than any row of `starts`.
    """
    ends = np.array([improved(criterion, constraints, row) for row in best_first(criterion, starts)[:STARTS]])
    return ends[int(np.argmin(criterion(ends)))]


def gradient(function: Criterion, weights: Array) -> Array:
    """(domains,) slopes of `function` at one mixture, by a hair's weight that is taken from nowhere."""
    values = function(np.vstack((weights, weights + SLOPE_STEP * np.eye(len(weights)))))
    return (values[1:] - values[0]) / SLOPE_STEP


def improved(criterion: Criterion, constraints: Constraints, start: Array) -> Array:
    """Descend from a feasible `start`: the best of exchanges along the steepest pairs and of projected gradient steps.

    An exchange keeps the sum and the bounds exactly; where no exchange between two domains helps, a smooth criterion
    has no feasible direction that does.
    """
    here, value = start, float(criterion(start[None])[0])
    for _ in range(ROUNDS):
        slopes = gradient(criterion, here)
        tried = np.concatenate(
            (_exchanges(here, slopes, constraints), _gradient_steps(here, slopes, constraints), here[None])
        )
        found = criterion(tried)
        best = int(np.argmin(found))
        gain, here, value = value - float(found[best]), tried[best], float(found[best])
        if gain < TOLERANCE:
            break
    return here


def _exchanges(here: Array, slopes: Array, constraints: Constraints) -> Array:
    """Weight moved from where the slope is highest to where it is lowest, as far as the bounds allow."""
    givers = [at for at in np.argsort(-slopes, kind="stable") if here[at] > constraints.lower[at]][:PARTNERS]
    takers = [at for at in np.argsort(slopes, kind="stable") if here[at] < constraints.upper[at]][:PARTNERS]
    moved = []
    for giver in givers:
        for taker in takers:
            if slopes[giver] > slopes[taker]:
                most = min(here[giver] - constraints.lower[giver], constraints.upper[taker] - here[taker])
                there = np.tile(here, (len(EXCHANGES), 1))
                there[:, giver] -= np.minimum(EXCHANGES, most)
                there[:, taker] += np.minimum(EXCHANGES, most)
                moved.append(settled(there, constraints.lower, constraints.upper))
    return np.concatenate((*moved, np.empty((0, len(here)))))


def _gradient_steps(here: Array, slopes: Array, constraints: Constraints) -> Array:
    direction = slopes - slopes.mean()
    steepest = np.abs(direction).max()
    if steepest == 0:
        return np.empty((0, len(here)))
    return constraints.project(here - GRADIENT_STEPS[:, None] * direction / steepest)
