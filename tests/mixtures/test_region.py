"""The region of mixtures that cannot be told from the best: inside, and as wide as a grid says."""

from __future__ import annotations

import numpy as np
import pytest

from mixtures.mixture import Array, Constraints, Domain
from mixtures.proposal.region import region
from mixtures.search import search

FEASIBLE = Constraints(
    domains={"a": Domain(natural=1), "b": Domain(natural=1, maximum=0.6), "c": Domain(natural=1, minimum=0.05)},
    budget_tokens=1,
    max_epochs=1,
)
MIDDLE, STEEP = np.array([0.5, 0.4, 0.1]), np.array([1.0, 4.0, 2.0])


def bowl(weights: Array) -> tuple[Array, Array]:
    """A convex criterion whose least feasible value is known; (rows,) and (rows, domains)."""
    apart = weights - MIDDLE
    return 1.0 + (STEEP * apart**2).sum(axis=1), 2 * STEEP * apart


def grid() -> Array:
    step = np.linspace(0, 1, 401)
    a, b = (one.ravel() for one in np.meshgrid(step, step))
    rows = np.column_stack((a, b, 1 - a - b))
    inside = (rows >= FEASIBLE.lower - 1e-12).all(axis=1) & (rows <= FEASIBLE.upper + 1e-12).all(axis=1)
    return rows[inside]


@pytest.mark.parametrize("within", [0.001, 0.02, 0.3, 5.0])
def test_ranges_are_those_of_a_grid_and_every_extreme_is_as_good(within: float) -> None:
    best = search.minimise(bowl, FEASIBLE, search.pool(FEASIBLE, 0)[:8])
    assert best == pytest.approx(MIDDLE, abs=1e-4)
    found = region(bowl, FEASIBLE, best, within)
    rows = grid()
    good = rows[bowl(rows)[0] <= bowl(best[None])[0][0] + within]
    assert found.low == pytest.approx(good.min(axis=0), abs=0.012)
    assert found.high == pytest.approx(good.max(axis=0), abs=0.012)
    assert 1 <= len(found.extremes) <= 4
    assert (bowl(found.extremes)[0] <= bowl(best[None])[0][0] + within + 1e-9).all()
    for one in found.extremes:
        FEASIBLE.check(one / one.sum())
