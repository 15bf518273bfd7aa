"""What the runs of the reference experiment say: the proposal with its intervals, the registration, the verdict."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from mixtures import surface
from mixtures.design import design
from mixtures.mixture import Array, Constraints, Domain
from mixtures.search import bounds, resamples, search, weighting
from mixtures.search.landscape import Landscape
from mixtures.search.resamples import REPLICA_STARTS, searched_again
from mixtures.uncertainty import gains, joint, noise, paired
from mixtures.uncertainty.estimate import resample_interval
from pipeline import storage
from proxy_models.batches.sampling import readable
from proxy_models.reference.material import Prepared
from proxy_models.reference.plan import Plan
from proxy_models.reference.runs import Run

NATURAL, PROPOSED, UNIFORM, OBSERVED, RANDOM = "natural", "proposed", "uniform", "best_observed", "random"
REGISTERED: Final = "preregistered.json"
FIRST_SEED: Final = 1_000_000  # of the validation, far from the trials'
CAUTION: Final = 1.0  # predicted deviations added in the search, so that it does not go where no run was


def constraints(plan: Plan, prepared: Prepared) -> Constraints:
    """Natural shares by tokens; no domain read more than `epochs` times by a run of the target.

    Every run reads whole windows of its share of a domain, so the least of them is what may be counted on.
    """
    target, domains = plan.target_tokens, {}
    for name, held in prepared.natural.items():
        whole = []
        for of in (plan.proxy, plan.larger, plan.validator):
            windows = (readable(held, of.tokens, target) - 1) // of.sequence
            whole.append(windows * of.sequence * target // of.tokens)
        if min(whole) < 1:
            raise ValueError(f"{name} has {held:,} tokens, too few for a window of the shortest run's share")
        domains[name] = Domain(natural=held, available_tokens=min(whole))
    return Constraints(domains, target, plan.epochs)


def named(limits: Constraints, weights: Array) -> dict[str, float]:
    return dict(zip(limits.names, map(float, weights), strict=True))


def uniform(limits: Constraints) -> dict[str, float]:
    return named(limits, design.uniform_mixture(limits))


def trials(plan: Plan, limits: Constraints, rate: float) -> list[Run]:
    """k-centre mixtures of one seed, the natural one first; then repeats of it and of two that are far from it."""
    rows = design.trials(limits, plan.mixtures, plan.seed)
    runs = [Run("trial", named(limits, row), plan.seed, plan.seed, number, rate) for number, row in enumerate(rows)]
    runs += [
        Run("repeat", named(limits, rows[number]), seed, seed, number, rate)
        for seed, number in enumerate(design.repeats(plan.repeats, plan.distant), plan.seed + 1)
    ]
    return runs


def pairs(plan: Plan, trials: Sequence[Run], rate: float) -> list[Run]:
    """The first trials again, for the larger size: k-centre choice has spread them out."""
    return [Run("pair", one.weights, one.seed, one.order, one.mixture, rate) for one in trials[: plan.pairs]]


@dataclass(frozen=True)
class Table:
    """Runs that ended: weights (runs, domains), losses (runs, tasks)."""

    weights: Array
    losses: Array
    mixtures: tuple[int, ...]

    @staticmethod
    def of(results: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Table:
        whole = [one for one in results if one["status"] == "ok"]
        return Table(
            np.array([[one["weights"][name] for name in names] for one in whole]),
            np.array([[one["losses"][name] for name in names] for one in whole]),
            tuple(one["mixture"] for one in whole),
        )

    @property
    def numbered(self) -> np.ndarray:
        """(runs,) the mixtures counted from 0: those whose runs all diverged leave no gap."""
        return np.unique(self.mixtures, return_inverse=True)[1]


def proposal(
    plan: Plan, limits: Constraints, small: Sequence[Mapping[str, Any]], large: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """The best mixture under raw, z and gain weights, intervals from draws that are searched again; arms of the test.

    The proposal is that under gain weights; under raw ones where pairs are too few, or larger models follow smaller
    ones in no task.
    """
    names = limits.names
    told, both = Table.of(small, names), Table.of(large, names)
    fitted = surface.fit(told.weights, told.losses)
    even = np.full(len(names), 1 / len(names))
    noise_sd = noise.deviations(noise.of_tasks(fitted, told.losses, told.numbered))
    shares = weighting.reliable(even, weighting.reliability(fitted, limits, noise_sd))
    slopes = _gains(told, both, noise_sd)
    usable = slopes if slopes is not None and bool((slopes.slopes > 0).any()) else None
    drawn = joint.drawn(fitted, told.weights, told.losses, shares, plan.draws, plan.seed)
    factors = weighting.weightings(shares, fitted, limits, usable, plan.draws)
    plain = Landscape(fitted, shares, limits.reference, CAUTION)
    found = {name: _searched(plan, limits, told, of, plain, drawn) for name, of in factors.items()}
    chosen = "raw" if usable is None else "gain"
    return {
        "weighting": chosen,
        "optima": found,
        "objective": dict(zip(names, map(float, factors[chosen].measured), strict=True)),
        "gain_slopes": None if slopes is None else dict(zip(names, map(float, slopes.slopes), strict=True)),
        "noise_sd": dict(zip(names, map(float, noise_sd), strict=True)),
        "surface_shares": fitted.shares.tolist(),
        "runs": len(told.losses),
        "diverged": len(small) - len(told.losses),
        "pairs": len(both.losses),
    }


def _gains(told: Table, both: Table, noise_sd: Array) -> gains.Gains | None:
    """Each larger run beside the mean of all small ones of its mixture; None where these are too few."""
    of = {mixture: np.flatnonzero(np.array(told.mixtures) == mixture) for mixture in set(told.mixtures)}
    large = [at for at, mixture in enumerate(both.mixtures) if mixture in of]
    if len({both.mixtures[at] for at in large}) < gains.MIN_PAIRS:
        return None
    rows = [of[both.mixtures[at]] for at in large]
    small = np.array([told.losses[one].mean(axis=0) for one in rows])
    weights, counts = told.weights[[one[0] for one in rows]], np.array([len(one) for one in rows])
    return gains.fit(small, both.losses[large], noise_sd, weights, small_runs=counts)


def _searched(
    plan: Plan, limits: Constraints, told: Table, of: weighting.Factors, plain: Landscape, draws: joint.Joint
) -> dict[str, Any]:
    """The best mixture under the weighting `of`, and what the arms differ by: in the losses that will be measured."""
    landscape, drawn, fitted = of.landscape(plain), of.weighed(draws), plain.surface
    pool = search.pool(limits, plan.seed, fitted.order.domains)
    starts = search.best_first(landscape.values(pool), pool)[:REPLICA_STARTS]
    best = search.minimise(landscape.criterion, limits, starts)
    observed = limits.project(told.weights[int(np.argmin(landscape.mean(told.weights)))])
    points = np.vstack((limits.reference, best, observed, design.uniform_mixture(limits)))
    points = np.vstack((points, design.random_mixtures(limits, plan.seeds, plan.seed)))
    again = searched_again(drawn, landscape, limits, starts, points)
    means = landscape.mean(points)
    run_sd = noise.of_objective(fitted, told.losses, told.numbered, of.measured).sd

    def arm(rows: slice) -> dict[str, Any]:
        drawn_gain = (again.objective[:, resamples.NATURAL] - again.objective[:, rows].mean(axis=1)) / of.unit
        gain = resample_interval(float(means[resamples.NATURAL] - means[rows].mean()) / of.unit, drawn_gain)
        mixtures = [named(limits, row) for row in points[rows]]
        return {"mixtures": mixtures, "difference": asdict(gain.widened(run_sd * (2 / plan.seeds) ** 0.5))}

    def one(row: int) -> slice:
        return slice(row, row + 1)

    weights = (resample_interval(best[at], again.best[:, at]) for at in range(len(best)))
    return {
        "weights": {name: asdict(weight) for name, weight in zip(limits.names, weights, strict=True)},
        "epochs": named(limits, limits.epochs(best)),
        "prices": named(limits, bounds.prices(landscape.criterion(best[None])[1][0] / of.unit, best, limits)),
        "arms": {
            NATURAL: {"mixtures": [named(limits, limits.reference)], "difference": None},
            PROPOSED: arm(one(resamples.PROPOSED)),
            UNIFORM: arm(one(resamples.UNIFORM)),
            OBSERVED: arm(one(resamples.OBSERVED)),
            RANDOM: arm(slice(resamples.RANDOM, None)),
        },
        "better_than_natural": float((again.gains(resamples.PROPOSED) > 0).mean()),
    }


def validation(plan: Plan, arms: Mapping[str, Any], rate: float) -> dict[str, list[Run]]:
    """A run for each arm and seed; a seed is the same initialisation and order of every domain in every arm."""
    seeds = range(FIRST_SEED, FIRST_SEED + plan.seeds)
    return {
        name: [
            Run(name, of["mixtures"][at % len(of["mixtures"])], seed, seed, rate=rate) for at, seed in enumerate(seeds)
        ]
        for name, of in arms.items()
    }


def analysis(plan: Plan) -> dict[str, Any]:
    """How the runs will be judged; what is detectable is said for one comparison and at Holm's strictest level."""
    references = (NATURAL, UNIFORM, OBSERVED, RANDOM)
    return {
        "compared": "reference minus proposed, paired by seed",
        "test": "paired t, two-sided; the exact sign-flip p beside it",
        "correction": "Holm over all references",
        "references": list(references),
        "alpha": paired.ALPHA,
        "detectable_sds": [paired.detectable_sds(plan.seeds), paired.detectable_sds(plan.seeds, len(references))],
    }


def registered(
    plan: Plan, found: Mapping[str, Any], runs: Mapping[str, Sequence[str]], inputs: Mapping[str, str]
) -> bytes:
    """`preregistered.json`: everything that the verdict will rest on, before there is anything to judge."""
    optimum = found["optima"][found["weighting"]]
    said = {
        "objective": found["objective"],
        "endpoint": "bits per byte on the final held-out documents, weighted by the objective",
        "arms": optimum["arms"],
        "runs": {name: list(keys) for name, keys in runs.items()},
        "seeds": list(range(FIRST_SEED, FIRST_SEED + plan.seeds)),
        "steps": plan.validator.steps,
        "analysis": analysis(plan),
        "plan": plan.written(),
        "inputs": dict(inputs),
    }
    return json.dumps(said, sort_keys=True, indent=1, allow_nan=False).encode() + b"\n"


def register(folder: Path, content: bytes) -> str:
    """Write the registration once, or find it as it is; its sha256. Raises ValueError where another one is there."""
    path = folder / REGISTERED
    if not storage.put_if_absent(str(path), content) and path.read_bytes() != content:
        raise ValueError(f"{path}: something else was registered before; a prediction is not changed after the fact")
    return hashlib.sha256(content).hexdigest()


def read_registered(folder: Path) -> tuple[dict[str, Any], str]:
    """The registration and its sha256. Raises ValueError where there is none: nothing is validated without it."""
    path = folder / REGISTERED
    if not path.exists():
        raise ValueError(f"{path}: nothing is registered: propose comes before validate")
    content = path.read_bytes()
    return json.loads(content), hashlib.sha256(content).hexdigest()


def verdict(registration: Mapping[str, Any], results: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """The proposal against every reference, as it was registered."""
    losses = {name: _objective(registration["objective"], of) for name, of in results.items()}
    compared = paired.compare(losses, PROPOSED, [name for name in losses if name != PROPOSED])
    return {
        "losses": losses,
        "comparisons": {one.reference: asdict(one) for one in compared if one.difference is not None},
        "left_out": sorted(one.reference for one in compared if one.difference is None),
    }


def _objective(shares: Mapping[str, float], results: Sequence[Mapping[str, Any]]) -> dict[int, float]:
    whole = [one for one in results if one["status"] == "ok"]
    return {one["seed"]: float(sum(share * one["losses"][name] for name, share in shares.items())) for one in whole}
