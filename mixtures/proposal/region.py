"""Which mixtures are as good as the proposal, as far as can be seen: the region around an optimum that noise hides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mixtures.mixture import Array, Constraints
from mixtures.search import search

PULLS = np.geomspace(1e-3, 1e3, 10)  # of a weight against the criterion, in units of `within` a unit of weight
STEPS, TOLERANCE = 25, 1e-5
HALVINGS = 20  # of the way from the best mixture to one outside of the region
SHOWN = 4  # extreme mixtures that are told


@dataclass(frozen=True)
class Region:
    """Mixtures whose value is at most `within` above that of the best.

    `low`, `high` (domains,): the least and the most of each weight that was found there, and so surely possible.
    `extremes` (SHOWN or fewer, domains): those of these mixtures that are farthest from the best and from each other.
    """

    within: float
    low: Array
    high: Array
    extremes: Array


def region(criterion: search.Criterion, constraints: Constraints, best: Array, within: float) -> Region:
    """The region around `best`, (domains,).

    For each weight, up and down, the criterion is minimised with a pull on that weight, harder and harder; the last
    mixture inside, or the point on the way to the first outside where the border is, counts.
    """
    domains = len(best)
    limit = float(criterion(best[None])[0][0]) + within
    sign = np.repeat([1.0, -1.0], domains)[:, None] * np.tile(np.eye(domains), (2, 1))
    here = np.tile(best, (2 * domains, 1))
    found = here.copy()
    for pull in PULLS * within:
        here, _ = search.descend(_pulled(criterion, pull * sign), constraints, here, STEPS, TOLERANCE)
        inside = _inside(criterion, best, here, limit)
        farther = (inside * sign).sum(axis=1) > (found * sign).sum(axis=1)
        found[farther] = inside[farther]
    return Region(
        within=within,
        low=np.minimum(found.min(axis=0), best),
        high=np.maximum(found.max(axis=0), best),
        extremes=_apart(best, found),
    )


def _pulled(criterion: search.Criterion, pull: Array) -> Callable[[Array], tuple[Array, Array]]:
    def changed(weights: Array) -> tuple[Array, Array]:
        value, gradient = criterion(weights)
        return value - (pull * weights).sum(axis=1), gradient - pull

    return changed


def _inside(criterion: search.Criterion, best: Array, rows: Array, limit: float) -> Array:
    """The last point on the way from `best` to each row that is not above the limit: the row where it is below."""
    low, high = np.zeros(len(rows)), np.ones(len(rows))
    low[criterion(rows)[0] <= limit] = 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        fits = criterion(best + middle[:, None] * (rows - best))[0] <= limit
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    return np.asarray(best + low[:, None] * (rows - best))


def _apart(best: Array, rows: Array) -> Array:
    roots = np.sqrt(np.maximum(np.vstack((best, rows)), 0.0))
    distance = np.linalg.norm(roots - roots[0], axis=1)
    chosen: list[int] = []
    while len(chosen) < SHOWN and distance.max() > 1e-3:
        chosen.append(int(np.argmax(distance)))
        distance = np.minimum(distance, np.linalg.norm(roots - roots[chosen[-1]], axis=1))
    return rows[[at - 1 for at in chosen]]
