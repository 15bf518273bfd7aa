"""Trial mixtures out of a table of candidates: spread out, or what a surface would learn most from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mixtures import joint
from mixtures.design import spread_out
from mixtures.next_runs import most_informative
from mixtures.objective import Objective
from mixtures.runs import domains_of, mixtures_of
from mixtures.surface_file import Named

DRAWS = 200


def chosen(
    candidates: Path,
    id_column: str,
    count: int,
    *,
    trained: Path | None,
    surface: Path | None,
    tasks: Mapping[str, float],
    seed: int,
) -> tuple[dict[str, object], str]:
    """The columns of the table of chosen mixtures, first chosen first, and a line that says what they are.

    Without a `surface`: k-centre in roots of weights, from the candidate nearest to their mean, or farthest from those
    that were `trained`. With one: what most lowers the variance among the mixtures that may be best for `tasks`.
    """
    domains = domains_of(candidates, id_column) if surface is None else Named.load(surface).domains
    ids, rows = mixtures_of(candidates, domains, id_column)
    if surface is None:
        kept = None if trained is None else mixtures_of(trained, domains, id_column)[1]
        roots = np.sqrt(rows)
        start = int(np.argmin(np.linalg.norm(roots - roots.mean(axis=0), axis=1)))
        picked = spread_out(rows, count, start, kept)
        told = "spread out in roots of weights"
        columns: dict[str, object] = {id_column: [ids[at] for at in picked]}
    else:
        named = Named.load(surface)
        shares = Objective(tasks=tasks).shares(named.tasks)
        draws = joint.drawn(named.surface, named.weights, named.losses, shares, DRAWS, seed)
        noise_sd = float(shares @ named.surface.noise_sd)
        picked, gains = most_informative(draws.objective(rows), noise_sd, count)
        told = f"they would lower the variance among the best by {gains.sum():.0%}"
        columns = {id_column: [ids[at] for at in picked], "variance_share": gains}
    return columns | {name: rows[picked, at] for at, name in enumerate(domains)}, told
