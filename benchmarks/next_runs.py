"""What four more runs are worth, by how they are chosen: how far the next proposal lies above the true best.

    PYTHONPATH=. python benchmarks/next_runs.py [--domains 16] [--runs 32] [--swarms 16] [--seed 300]

Made swarms: two tasks, a power law of exposure and a sine of the weights' roots, every weight at most .6, noise .15 of
the runs' standard deviation, which regrets are told in, too. Each kind of choice trains four mixtures more on the same
noise, fits anew and searches with caution 1: `none`; `random` feasible ones; the `proposal` four times; by what they
tell of the best tenth of feasible mixtures that are `spread` (proposals before version 7); by what they tell of the
mixtures that may be best, out of the spread ones and these (`propose` now).
"""

from __future__ import annotations

import argparse

import numpy as np
from threadpoolctl import threadpool_limits

from mixtures.design.design import trials
from mixtures.design.next_runs import most_informative
from mixtures.mixture import Array, Constraints, Domain
from mixtures.search import search
from mixtures.search.landscape import Landscape
from mixtures.search.resamples import REPLICA_STARTS, searched_again
from mixtures.surface import fit
from mixtures.uncertainty import joint

MORE, DRAWS, CAP, NOISE = 4, 60, 0.6, 0.15
SHARES = np.array([0.5, 0.5])


class World:
    """A truth over a feasible set, and what runs of it would measure."""

    def __init__(self, seed: int, domains: int) -> None:
        self.generator = np.random.default_rng([seed, 7])
        natural = self.generator.dirichlet(np.full(domains, 2.0))
        named = {f"d{at:02}": Domain(float(share), maximum=CAP) for at, share in enumerate(natural)}
        self.feasible = Constraints(named, 1, 1.0)
        self.helped = self.generator.gamma(1.0, 1.0, (domains, 2))
        self.waves = np.linspace(-1, 1, domains)
        self.pool = search.pool(self.feasible, seed)

    def truth(self, weights: Array) -> Array:
        """(rows, tasks)."""
        law = 0.7 + 0.5 * (weights @ self.helped + 0.1) ** -0.4
        return np.asarray(law + 0.04 * np.sin(3 * np.sqrt(np.abs(weights)) @ self.waves)[:, None])

    def objective(self, weights: Array) -> Array:
        """(rows,)."""
        return self.truth(weights) @ SHARES

    def lowest(self) -> float:
        """The true best's objective."""

        def criterion(rows: Array) -> tuple[Array, Array]:
            steps = 1e-6 * np.eye(rows.shape[1])
            up, down = (np.stack([self.objective(rows + sign * one) for one in steps], axis=1) for sign in (1, -1))
            return self.objective(rows), (up - down) / 2e-6

        starts = search.best_first(self.objective(self.pool), self.pool)
        return float(self.objective(search.minimise(criterion, self.feasible, starts)[None])[0])

    def proposal(self, weights: Array, losses: Array) -> tuple[Landscape, Array, Array]:
        """What is fitted to runs, the most promising starts, and the mixture proposed."""
        landscape = Landscape(fit(weights, losses), SHARES, self.feasible.reference, 1.0)
        starts = search.best_first(landscape.values(self.pool), self.pool)[:REPLICA_STARTS]
        return landscape, starts, search.minimise(landscape.criterion, self.feasible, starts)


def regrets(seed: int, domains: int, runs: int) -> dict[str, float]:
    """By kind of choice: the next proposal's true objective above the true best's, in the runs' standard deviation."""
    world = World(seed, domains)
    weights = trials(world.feasible, runs, seed)
    spread_of_runs = float(world.objective(weights).std())
    noise = NOISE * spread_of_runs
    losses = world.truth(weights) + world.generator.normal(0, noise, (runs, 2))
    landscape, starts, proposed = world.proposal(weights, losses)
    draws = joint.drawn(landscape.surface, weights, losses, SHARES, DRAWS, seed)
    points = np.vstack((world.feasible.reference, proposed))
    may_be_best = np.vstack((proposed, searched_again(draws, landscape, world.feasible, starts, points).best))
    spread = search.pool(world.feasible, seed + 1)[::4]
    rows = np.vstack((spread, may_be_best))
    objective, sd = draws.objective(rows), noise / np.sqrt(2)
    before, _ = most_informative(objective[:, : len(spread)], sd, MORE)
    now, _ = most_informative(objective, sd, MORE, objective[:, len(spread) :])
    chosen = {
        "none": rows[:0],
        "random": spread[world.generator.integers(len(spread), size=MORE)],
        "proposal": np.tile(proposed, (MORE, 1)),
        "spread": rows[before],
        "may be best": rows[now],
    }
    lowest, told = world.lowest(), {}
    for name, more in chosen.items():
        measured = world.truth(more) + np.random.default_rng([seed, 3]).normal(0, noise, (len(more), 2))
        _, _, after = world.proposal(np.vstack((weights, more)), np.vstack((losses, measured)))
        told[name] = (float(world.objective(after[None])[0]) - lowest) / spread_of_runs
    return told


def main() -> None:
    """Print the mean regret by kind with its standard error, and its difference from `spread`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    for name, value in (("domains", 16), ("runs", 32), ("swarms", 16), ("seed", 300)):
        parser.add_argument(f"--{name}", type=int, default=value)
    options = parser.parse_args()
    with threadpool_limits(1, "blas"):
        seeds = range(options.seed, options.seed + options.swarms)
        found = [regrets(seed, options.domains, options.runs) for seed in seeds]
    for name in found[0]:
        values = np.array([one[name] for one in found])
        apart = values - np.array([one["spread"] for one in found])
        error, error_apart = (one.std(ddof=1) / np.sqrt(len(one)) for one in (values, apart))
        print(f"{name:12} {values.mean():.3f} +- {error:.3f}, less spread {apart.mean():+.3f} +- {error_apart:.3f}")


if __name__ == "__main__":
    main()
