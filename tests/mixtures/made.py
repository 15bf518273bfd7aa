"""A made world: domains, a true law from weights to losses, and runs of it with known noise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mixtures.design.design import trials
from mixtures.mixture import Array, Constraints, Domain
from mixtures.search import search
from mixtures.tables.runs import Runs

NATURAL = {"web": 0.6, "code": 0.15, "papers": 0.05, "books": 0.2}
HELP = np.array([[1.0, 0.5, 2.0, 4.0], [0.2, 6.0, 0.5, 0.1], [0.5, 0.2, 8.0, 1.0]])  # (tasks, domains)
TASKS = ("heldout:prose", "heldout:code", "gold:science")
NOISE_SD = 0.002


def constraints(budget_tokens: int = 1_000_000, **limits: float) -> Constraints:
    """A corpus of a million tokens that may be read four times; `limits` are maximums by domain."""
    domains = {
        name: Domain(natural=share, available_tokens=int(share * 1e6), maximum=limits.get(name, 1.0))
        for name, share in NATURAL.items()
    }
    return Constraints(domains=domains, budget_tokens=budget_tokens, max_epochs=4)


def truth(weights: Array) -> Array:
    """(rows, tasks) losses of mixtures (rows, domains) without noise."""
    return 0.7 + 0.5 * (weights @ HELP.T) ** -0.4


def steep(function: Callable[[Array], Array]) -> search.Criterion:
    """`function` (rows, domains) -> (rows,) with its gradients, by differences."""

    def criterion(rows: Array) -> tuple[Array, Array]:
        steps = 1e-6 * np.eye(rows.shape[1])
        sides = [np.stack([function(rows + sign * one) for one in steps], axis=1) for sign in (1, -1)]
        return function(rows), (sides[0] - sides[1]) / 2e-6

    return criterion


def gap(slopes: Array, weights: Array, constraints: Constraints) -> float:
    """How far above its minimum a convex criterion can be at `weights` with these `slopes`, both (domains,).

    The largest fall of the tangent over the feasible set (Frank & Wolfe 1956): the cheapest domains are filled first.
    """
    best, left = constraints.lower.copy(), 1.0 - constraints.lower.sum()
    for at in np.argsort(slopes, kind="stable"):
        more = min(left, constraints.upper[at] - constraints.lower[at])
        best[at] += more
        left -= more
    return float(slopes @ (weights - best))


def runs(count: int = 24, repeats: int = 4, seed: int = 0) -> Runs:
    """Trials of the made constraints, the natural one `repeats` times more, in the order of shuffled ids."""
    feasible = constraints()
    weights = np.vstack((trials(feasible, count, seed), np.tile(feasible.reference, (repeats, 1))))
    generator = np.random.default_rng(seed)
    losses = truth(weights) + generator.normal(0, NOISE_SD, (len(weights), len(TASKS)))
    ids = tuple(f"run{one:03d}" for one in range(len(weights)))
    return Runs(ids, feasible.names, TASKS, weights, losses, {})
