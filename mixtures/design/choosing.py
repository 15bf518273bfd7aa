"""Trial mixtures out of a table of candidates: spread out, or what a surface would learn most from."""

from __future__ import annotations

import numpy as np
from threadpoolctl import threadpool_limits

from mixtures import canonical
from mixtures.canonical import Order
from mixtures.design.design import spread_out
from mixtures.design.next_runs import most_informative
from mixtures.mixture import Array
from mixtures.simplex import numbered
from mixtures.surface_file import Named
from mixtures.tables.named import Mixtures
from mixtures.uncertainty import joint, noise

DRAWS = 200

Columns = dict[str, list[str] | Array]
"""Of a table that is written: ids, then weights by domain."""


def spread(candidates: Mixtures, count: int, kept: Array | None) -> Columns:
    """The columns of the table of `count` chosen mixtures, first chosen first: k-centre in roots of weights.

    The first is the candidate nearest to the middle of all, or the farthest from mixtures `kept` (rows, domains). The
    order of rows and columns decides nothing.
    """
    order = _order(candidates)
    rows = candidates.weights[np.ix_(order.runs, order.domains)]
    roots = np.sqrt(rows)
    start = int(np.argmin(np.linalg.norm(roots - roots.mean(axis=0), axis=1)))
    picked = spread_out(rows, count, start, None if kept is None else kept[:, order.domains])
    return _columns(candidates, [int(order.runs[at]) for at in picked])


def informative(candidates: Mixtures, count: int, named: Named, shares: Array, seed: int) -> tuple[Columns, str]:
    """The same of those that most lower the variance among the mixtures that may be best, and what they would tell.

    `shares` (tasks,) of the objective. Fewer than `count` where more would tell nothing. The order of rows, columns and
    tasks decides nothing.
    """
    of, rows = named.surface.order, _order(candidates).runs
    with threadpool_limits(1, "blas"):
        inside = named.in_order()
        draws = joint.drawn(inside.surface, inside.weights, inside.losses, shares[of.tasks], DRAWS, seed)
        spread = noise.of_objective(inside.surface, inside.losses, numbered(inside.weights), shares[of.tasks])
        objective = draws.objective(np.ascontiguousarray(candidates.weights[np.ix_(rows, of.domains)]))
        found, lowered = most_informative(objective, spread.sd, count)
    picked = [int(rows[at]) for at in found]
    told = f"they would lower the variance among the best by {lowered.sum():.0%}"
    if len(picked) < count:
        told += f"; no other of {len(candidates.ids)} would"
    columns = _columns(candidates, picked)
    ids = {candidates.id_column: columns.pop(candidates.id_column)}
    return {**ids, "variance_share": lowered, **columns}, told


def _order(candidates: Mixtures) -> Order:
    return canonical.order(candidates.weights, np.zeros((len(candidates.ids), 1)))


def _columns(candidates: Mixtures, picked: list[int]) -> Columns:
    weights = {name: candidates.weights[picked, at] for at, name in enumerate(candidates.domains)}
    return {candidates.id_column: [candidates.ids[at] for at in picked], **weights}
