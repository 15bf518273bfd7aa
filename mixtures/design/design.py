"""Which mixtures to try: a seeded, spread-out sample of the feasible set, the natural mixture first."""

from __future__ import annotations

import numpy as np

from mixtures.mixture import Array, Constraints
from mixtures.models import kernel

TEMPERATURES = (1.0, 2.0, np.inf)  # natural shares to the power 1 / t: as they are, flattened, all alike
CONCENTRATIONS = (0.5, 1.0, 4.0)  # of the Dirichlet, a domain: below 1 few domains rule, above 1 all take part
MIN_ALPHA = 0.02  # below it a Dirichlet's draws are corners only, and corners are drawn by their own right
BLOCK = 64  # mixtures that all candidates are measured against at once: memory stays a small multiple of theirs
CANDIDATES_A_TRIAL = 32
MIN_CANDIDATES = 1024
MIN_DISTANCE = 1e-3  # Hellinger, below which two mixtures are one: some 1e-6 of weight moved


def candidates(constraints: Constraints, count: int, generator: np.random.Generator) -> Array:
    """About `count` feasible mixtures, (rows, domains): Dirichlet draws around the natural shares, projected; corners.

    A corner is the projection of one domain alone: the most that the constraints allow of it.
    """
    domains = len(constraints.names)
    each = -(-count // (len(TEMPERATURES) * len(CONCENTRATIONS)))
    drawn = [np.eye(domains)]
    for temperature in TEMPERATURES:
        shares = constraints.natural ** (1 / temperature)
        for concentration in CONCENTRATIONS:
            alpha = np.maximum(concentration * domains * shares / shares.sum(), MIN_ALPHA)
            drawn.append(generator.dirichlet(alpha, each))
    return constraints.project(np.concatenate(drawn))


def trials(constraints: Constraints, count: int, seed: int) -> Array:
    """`count` distinct feasible mixtures, (count, domains): the reference, then each far from all before.

    Far is Hellinger distance (Euclidean between square roots of weights), in which a rare domain's doubling counts;
    greedy farthest-point choice is within a factor 2 of the best covering (Gonzalez 1985). Names and order of the
    domains do not decide: equal limits give equal trials, in any order of the domains, but for domains whose limits are
    equal. Raises ValueError where the feasible set has no room for `count` mixtures.
    """
    if count < 1:
        raise ValueError(f"count {count}: at least one trial is needed")
    order = canonical_order(constraints)
    ordered = Constraints(
        domains={constraints.names[at]: constraints.domains[constraints.names[at]] for at in order},
        budget_tokens=constraints.budget_tokens,
        max_epochs=constraints.max_epochs,
    )
    generator = np.random.default_rng(seed)
    pool = candidates(ordered, max(MIN_CANDIDATES, CANDIDATES_A_TRIAL * count), generator)
    pool = np.concatenate((ordered.reference[None], pool))
    chosen = np.empty((count, len(order)))
    chosen[:, order] = pool[farthest_points(np.sqrt(pool), count)]
    chosen[0] = constraints.reference  # the same but for rounding in another order
    return chosen


def spread_out(weights: Array, count: int, start: int = 0, kept: Array | None = None) -> list[int]:
    """`count` rows of candidate mixtures (rows, domains), each the farthest from all before; ties by the lower row.

    Far is Hellinger distance. The first is row `start`, or, with mixtures `kept` (rows, domains) that were trained
    before, the farthest from those. Raises ValueError for a count below 1, and where fewer rows differ.
    """
    if not 1 <= count <= len(weights):
        raise ValueError(f"count {count}: choose from 1 to all {len(weights)} mixtures")
    points = np.sqrt(np.maximum(weights, 0.0))
    if kept is not None and len(kept):
        known = np.sqrt(np.maximum(kept, 0.0))
        blocks = np.split(known, range(BLOCK, len(known), BLOCK))
        return farthest_points(
            points, count, np.min([kernel.distances(points, one).min(axis=1) for one in blocks], axis=0)
        )
    order = [start, *(at for at in range(len(points)) if at != start)]
    return [order[at] for at in farthest_points(points[order], count)]


def repeats(natural: int, distant: int) -> list[int]:
    """Which of `trials` to train again, to see the noise: the first `natural` times, the next two `distant` times each.

    The second is the farthest from the first, the third the farthest from both. Every run, the trials among them, gets
    a seed of its own, which decides initialisation and data order.
    """
    return [0] * natural + [1] * distant + [2] * distant


def planned(constraints: Constraints, count: int, again: list[int], seed: int) -> list[dict[str, object]]:
    """The runs of `count` trials and of those `again` that are among them, for JSON: each with a seed of its own."""
    rows = trials(constraints, count, seed)
    order = [*range(count), *(at for at in again if at < count)]
    return [
        {"trial": at, "seed": run, "weights": dict(zip(constraints.names, map(float, rows[at]), strict=True))}
        for run, at in enumerate(order, seed)
    ]


def random_mixtures(constraints: Constraints, count: int, seed: int) -> Array:
    """(count, domains) uniform draws from the simplex, projected: feasible mixtures that nobody chose."""
    drawn = np.random.default_rng(seed).dirichlet(np.ones(len(constraints.names)), count)
    return constraints.project(drawn)


def uniform_mixture(constraints: Constraints) -> Array:
    """(domains,) the feasible mixture nearest to equal weights of all domains that may be used."""
    used = np.array(constraints.upper > 0, dtype=np.float64)
    return constraints.project(used / used.sum())


def canonical_order(constraints: Constraints) -> list[int]:
    """The positions of the domains sorted by their limits, which renaming and reordering leave as they are."""

    def limits(at: int) -> tuple[float, ...]:
        domain = constraints.domains[constraints.names[at]]
        return (-domain.natural, constraints.upper[at], domain.minimum, domain.available_tokens or 0, domain.maximum)

    return sorted(range(len(constraints.names)), key=limits)


def farthest_points(points: Array, count: int, distance: Array | None = None) -> list[int]:
    """Rows of `points` (rows, dimensions): the first, then each the farthest from all chosen; ties by the lower row.

    With `distance` (rows,) from what is there already, the first is the farthest from that.
    """
    chosen = [] if distance is not None else [0]
    if distance is None:
        distance = np.linalg.norm(points - points[0], axis=1)
    while len(chosen) < count:
        farthest = int(np.argmax(distance))
        if distance[farthest] < MIN_DISTANCE:
            raise ValueError(
                f"count {count}: no more than {len(chosen)} that differ were found; ask for fewer, add candidates, or "
                "loosen minimum, maximum or max_epochs"
            )
        chosen.append(farthest)
        distance = np.minimum(distance, np.linalg.norm(points - points[farthest], axis=1))
    return chosen
