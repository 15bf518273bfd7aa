"""The draws of a surface, each searched again: where the best mixture moves to, and what each says of the proposal.

A draw's difference of two mixtures is one of the posterior given the runs, and the proposal is a function of the runs:
that it was searched for shifts nothing (the surface shrinks towards its mean already). Taking off what searches of the
draws themselves promise too much, as of estimates that nothing has shrunk, doubles the correction (docs/LOG.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mixtures.mixture import Array, Constraints
from mixtures.search import search
from mixtures.search.landscape import Landscape, exchanged
from mixtures.uncertainty.joint import Joint

NATURAL, PROPOSED, OBSERVED, UNIFORM, RANDOM = range(5)  # rows of `points`; random ones from RANDOM on
DRAW_STEPS, DRAW_TOLERANCE = 80, 1e-5  # of a draw's search: its end is blurred by far more over draws
REPLICA_STARTS = 64  # the best of the pool on all runs, from which every draw chooses its own start


@dataclass(frozen=True)
class Resamples:
    """What each draw of the surface says (see `joint`).

    `best` (draws, domains) its own best mixture; where nothing counts (`Joint.silent`) all are as good, and it is the
    natural one, as of the least pull to it. `objective` (draws, points) at `points`; `slopes` (draws, domains) of
    exchanges at the natural mixture, `gradients` (draws, domains) by each weight alone at the proposal;
    `width`: by how much deviations were narrowed or widened to cover left-out runs.
    """

    best: Array
    objective: Array
    slopes: Array
    gradients: Array
    width: float

    def gains(self, point: int) -> Array:
        """(draws,) of a point over the natural mixture, positive where it is better."""
        return self.objective[:, NATURAL] - self.objective[:, point]


def searched_again(
    draws: Joint, landscape: Landscape, constraints: Constraints, starts: Array, points: Array
) -> Resamples:
    """What each draw says: its own best mixture, found from the best of `starts` and the proposal for it.

    A draw is one of the functions that may be true, so that it is searched without caution.
    """

    def criterion(weights: Array) -> tuple[Array, Array]:
        value, gradient = draws.one_each(weights)
        pull, slope = landscape.pull(weights)
        return value + pull, gradient + slope

    tried = np.vstack((points[[PROPOSED]], starts))
    first = tried[np.argmin(draws.objective(tried) + landscape.pull(tried)[0], axis=1)]
    best, _ = search.descend(criterion, constraints, first, DRAW_STEPS, DRAW_TOLERANCE)
    natural = np.tile(points[NATURAL], (len(best), 1))
    return Resamples(
        best=np.where(draws.silent[:, None], natural, best),
        objective=draws.objective(points),
        slopes=np.array([exchanged(one, points[NATURAL]) for one in draws.one_each(natural)[1]]),
        gradients=draws.one_each(np.tile(points[PROPOSED], (len(best), 1)))[1],
        width=draws.width,
    )
