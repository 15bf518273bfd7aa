"""How often the interval of a proposal's gain holds the truth: `python benchmarks/gain_coverage.py [--swarms 12]`.

Made swarms of seven kinds with two tasks, every weight at most .6, five domains and 32 runs (`few`: eight and 18), the
last four of one mixture; noise .2 of the losses' sd, 1 in `loud`, all of it in `noise`; natural is best in `centre`. A
winner is one by `propose`'s verdict; it is false where the true gain is not above 0. Fixed seeds, one thread.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits

from mixtures.mixture import Constraints, Domain
from mixtures.proposal.proposal import verdict
from mixtures.search import search, weighting
from mixtures.search.landscape import Landscape
from mixtures.search.resamples import PROPOSED, REPLICA_STARTS, searched_again
from mixtures.simplex import numbered
from mixtures.surface import fit
from mixtures.uncertainty import joint, noise
from mixtures.uncertainty.cross_validation import scored
from mixtures.uncertainty.estimate import resample_interval

Array = np.ndarray
KINDS = ("law", "noise", "centre", "wavy", "loud", "step", "few")
DRAWS, SEEDS = 60, 6


def swarm(kind: str, seed: int) -> tuple[Array, Array, Callable[[Array], Array]]:
    """Weights (runs, domains), losses (runs, tasks), and the true losses of any mixtures."""
    generator = np.random.default_rng([seed, 7])
    domains, runs = (8, 18) if kind == "few" else (5, 32)
    weights = generator.dirichlet(np.ones(domains), runs)
    weights[-4:] = 1 / domains
    helped, bent = generator.gamma(1, 1, (domains, 2)), generator.normal(size=(domains, 2))

    def truth(rows: Array) -> Array:
        roots, law = np.sqrt(np.maximum(rows, 0)), 0.7 + 0.5 * (rows @ helped + 0.05) ** -0.4
        apart = 0.5 * ((roots - np.sqrt(1 / domains)) ** 2).sum(axis=1)[:, None] * np.array([1.0, 1.3])
        others = {
            "noise": np.ones((len(rows), 2)),
            "centre": 0.9 + apart,
            "wavy": law + 0.05 * np.sin(3 * roots @ bent),
            "step": law + 0.04 * (rows[:, :2] > 0.25),
        }
        return np.asarray(others.get(kind, law))

    sd = 0.01 if kind == "noise" else {"loud": 1.0}.get(kind, 0.2) * truth(weights).std()
    return weights, truth(weights) + generator.normal(0, sd, (runs, 2)), truth


def looked(kind: str, seed: int, caution: float) -> tuple[bool, float, float, bool, bool]:
    """Whether the interval holds the true gain, the error, the width, whether it is a winner, and a false one."""
    weights, losses, truth = swarm(kind, seed)
    names = [f"d{at}" for at in range(weights.shape[1])]
    feasible = Constraints({name: Domain(1.0, maximum=0.6) for name in names}, 1, 1.0)
    surface = fit(weights, losses)
    known = noise.of_tasks(surface, losses, numbered(weights))
    reliability = weighting.reliability(surface, feasible, noise.deviations(known))
    shares = weighting.reliable(np.full(2, 0.5), reliability)
    landscape = Landscape(surface, shares, feasible.reference, caution)
    pool = search.pool(feasible, 0, surface.order.domains)
    starts = search.best_first(landscape.values(pool), pool)[:REPLICA_STARTS]
    points = np.vstack((feasible.reference, search.minimise(landscape.criterion, feasible, starts)))
    drawn = joint.drawn(surface, weights, losses, shares, DRAWS, 0)
    means, true = landscape.mean(points), truth(points) @ shares
    told = searched_again(drawn, landscape, feasible, starts, points)
    gain, gained = resample_interval(means[0] - means[1], told.gains(PROPOSED)), float(true[0] - true[1])
    mixture, measured, predicted = numbered(weights), losses @ shares, surface.held_out.predicted[0] @ shares
    spread = noise.estimated(measured, predicted, mixture)
    score = scored(measured, predicted, mixture, 0)
    won, _ = verdict(gain, score, spread, spread.smallest_difference(SEEDS), SEEDS, "")
    return gain.low <= gained <= gain.high, gain.value - gained, gain.high - gain.low, won, won and gained <= 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--swarms", type=int, default=12)
    parser.add_argument("--caution", type=float, default=1.0)
    given = parser.parse_args()
    print("| kind | swarms | true gain inside 90 % | mean error | mean width | winners | false |\n|---|" + "---:|" * 6)
    for kind in KINDS:
        with threadpool_limits(1, "blas"):
            rows = np.array([looked(kind, seed, given.caution) for seed in range(given.swarms)], dtype=float)
        inside, error, width, won, false = rows.T
        counts = f"{inside.sum():.0f} | {error.mean():+.4f} | {width.mean():.4f} | {won.sum():.0f} | {false.sum():.0f}"
        print(f"| {kind} | {given.swarms} | {counts} |", flush=True)


if __name__ == "__main__":
    main()
