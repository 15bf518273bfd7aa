"""How often intervals of what larger models lose hold: `python benchmarks/discrepancy_coverage.py [--swarms 16]`.

Swarms of 60 runs (64 where all are pairs) of four domains with three tasks; larger models keep .6, .8 and 1.0 of a
small loss, and lose a smooth function of the weights besides that no small loss knows: waves, a quadratic, or another
power law, drawn anew for every swarm, with `share` of the larger losses' spread. Asked: the share of 80 % intervals of
the difference of two unseen mixtures that hold the truth, in percent, their width, and how far swarms differ; what
draws of slopes alone would hold. Fixed seeds, one thread.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_limits

from mixtures.mixture import Constraints, Domain
from mixtures.search import weighting
from mixtures.surface import Surface, fit
from mixtures.uncertainty import gains, joint
from mixtures.uncertainty.joint import Joint

Array = np.ndarray
KINDS, SHARES, PAIRS = ("waves", "quadratic", "law"), (0.15, 0.4), (16, 32, 64)
SLOPES, EVEN, NOISE_SD = np.array([0.6, 0.8, 1.0]), np.full(3, 1 / 3), 0.01
FREE = Constraints({name: Domain(0.25) for name in "abcd"}, 1, 1.0)
DRAWS, UNSEEN = 100, 40


def small_truth(rows: Array) -> Array:
    """(rows, tasks)."""
    helped = np.array([[1.0, 0.5, 2.0, 4.0], [0.2, 6.0, 0.5, 0.1], [0.5, 0.2, 8.0, 1.0]])
    return np.asarray(0.7 + 0.5 * (rows @ helped.T) ** -0.4)


def besides(kind: str, share: float, seed: int) -> Callable[[Array], Array]:
    """What larger models lose besides slopes: (rows, domains) to (rows, tasks)."""
    generator = np.random.default_rng([seed, 3])
    turned, phase = generator.normal(size=(4, 3)), generator.uniform(0, 2 * np.pi, 3)
    bent, helped = generator.normal(size=(3, 4, 4)), generator.gamma(1, 1, (4, 3))

    def raw(rows: Array) -> Array:
        roots = np.sqrt(rows)
        if kind == "waves":
            return np.asarray(np.sin(2 * roots @ turned + phase))
        if kind == "quadratic":
            return np.einsum("ri,tij,rj->rt", roots, bent, roots)
        return np.asarray((rows @ helped + 0.05) ** -0.4)

    around = np.random.default_rng(1).dirichlet(np.full(4, 0.7), 400)
    scale = share * (SLOPES * small_truth(around)).std(axis=0) / raw(around).std(axis=0)
    return lambda rows: scale * raw(rows)


def noise(generator: np.random.Generator, runs: int) -> Array:
    """(runs, tasks), half of it common to a run's tasks."""
    sd = NOISE_SD * np.sqrt(0.5)
    return generator.normal(0, sd, (runs, 3)) + generator.normal(0, sd, (runs, 1))


def drawn(runs: int, seed: int) -> tuple[Array, Array, Surface, Joint]:
    """A swarm of small runs: weights, losses, the surface over them and its draws."""
    generator = np.random.default_rng([seed, runs])
    weights = generator.dirichlet(np.full(4, 0.7), runs)
    losses = small_truth(weights) + noise(generator, runs)
    surface = fit(weights, losses)
    return weights, losses, surface, joint.drawn(surface, weights, losses, EVEN, DRAWS, seed)


def held(swarm: tuple[Array, Array, Surface, Joint], pairs: int, kind: str, share: float, seed: int) -> list[float]:
    """Percent of intervals that hold, their mean width, and percent by slopes alone."""
    weights, small, surface, draws = swarm
    truth = besides(kind, share, seed)
    large = SLOPES * small_truth(weights) + truth(weights) + noise(np.random.default_rng([seed, 9]), len(weights))
    found = gains.fit(small[:pairs], large[:pairs], surface.noise_sd, weights[:pairs], draws=DRAWS, seed=seed)
    new = np.random.default_rng([seed, 5]).dirichlet(np.full(4, 0.7), UNSEEN)
    told = []
    for one in (found, replace(found, discrepancy=None)):
        factors = weighting.weightings(EVEN, surface, FREE, one, DRAWS)["gain"]
        told += inside(
            factors.weighed(draws).objective(new) / factors.unit, (SLOPES * small_truth(new) + truth(new)) @ EVEN
        )
    return told[:3]


def inside(objective: Array, true: Array) -> list[float]:
    """Percent of 80 % intervals of differences of `objective` (draws, rows) that hold `true` (rows,); mean width."""
    half = UNSEEN // 2
    low, high = np.quantile(objective[:, :half] - objective[:, half:], [0.1, 0.9], axis=0)
    apart = true[:half] - true[half:]
    return [100 * float(((low <= apart) & (apart <= high)).mean()), float((high - low).mean())]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--swarms", type=int, default=16)
    given = parser.parse_args()
    print(
        "| pairs | besides | share | 80 % intervals hold | sd over swarms | width | slopes alone |\n|---:|---|"
        + "---:|" * 5
    )
    for pairs in PAIRS:
        with threadpool_limits(1, "blas"):
            swarms = [drawn(max(60, pairs), seed) for seed in range(given.swarms)]
            every = []
            for kind in KINDS:
                for share in SHARES:
                    rows = [held(one, pairs, kind, share, seed) for seed, one in enumerate(swarms)]
                    every += rows
                    print(line(pairs, kind, f"{share:g}", rows), flush=True)
            print(line(pairs, "all", "", every), flush=True)


def line(pairs: int, kind: str, share: str, rows: list[list[float]]) -> str:
    hold, width, alone = np.array(rows).T
    told = f"{hold.mean():.1f} | {hold.std():.0f} | {width.mean():.4f} | {alone.mean():.1f}"
    return f"| {pairs} | {kind} | {share} | {told} |"


if __name__ == "__main__":
    main()
