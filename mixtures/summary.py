"""From what was computed to what is said: intervals, bounds that bind, scores, the verdict."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from scipy import stats

from mixtures import noise, search
from mixtures.cross_validation import LEVEL, CrossValidation, Score, scored
from mixtures.mixture import TOLERANCE, Array, Constraints
from mixtures.objective import Landscape, Objective
from mixtures.proposal import Compared, DomainWeight, Estimate, HeldOut, Proposal, Settings, TaskLoss, verdict
from mixtures.runs import Runs
from mixtures.surface import Surface

SLOPE_WEIGHT = 0.01  # slopes and multipliers are told for this much weight
AT_BOUND = 1e-6  # of a weight: nearer to its bound than this, the bound holds it
TAIL = (1 - LEVEL) / 2
NATURAL, PROPOSED, RANDOM = range(3)  # the rows of Findings.points


@dataclass(frozen=True)
class Resamples:
    """What each resample of the runs says.

    `best` (replicas, domains) weights; `gains` (replicas, 2) over natural of the proposal and of the random mixture;
    `optimism` (replicas,): how much more the resample's surfaces promise of its own best than those of all runs do;
    `slopes` (replicas, domains).
    """

    best: Array
    gains: Array
    optimism: Array
    slopes: Array


@dataclass(frozen=True)
class Findings:
    """All that was computed. `surfaces` and `checks` are one a task; `points` (3, domains), see NATURAL and so on."""

    runs: Runs
    constraints: Constraints
    objective: Objective
    settings: Settings
    surfaces: tuple[Surface, ...]
    checks: tuple[CrossValidation, ...]
    landscape: Landscape
    points: Array
    resamples: Resamples

    @cached_property
    def shares(self) -> Array:
        """(tasks,) of the objective."""
        return self.objective.shares(self.runs.tasks)

    @cached_property
    def measured(self) -> Array:
        """(runs,) the objective as measured."""
        return self.runs.losses @ self.shares

    @cached_property
    def predicted(self) -> dict[str, Array]:
        """(runs,) the objective as each model predicted it held out."""
        pairs = list(zip(self.shares, self.checks, strict=True))
        return {
            name: np.sum([share * one.predicted[name] for share, one in pairs], axis=0)
            for name in self.checks[0].predicted
        }

    @cached_property
    def run_sd(self) -> Array:
        """(runs,) of a run's objective around its prediction, as if the tasks erred together."""
        return np.sum([share * run_sd(one) for share, one in zip(self.shares, self.checks, strict=True)], axis=0)


def run_sd(check: CrossValidation) -> Array:
    """(runs,) of one run around its held-out prediction: the surface's deviation and the noise."""
    return np.sqrt(check.sd**2 + check.noise_sd**2)


def summarised(found: Findings) -> Proposal:
    """The proposal, ready to be written."""
    runs, settings, gains = found.runs, found.settings, found.resamples.gains
    spread = noise.estimated(found.measured, found.predicted["surface"], runs.mixture)
    means, sds = found.landscape.predict(found.points)
    optimism = float(found.resamples.optimism.mean())
    gain = resample_interval(means[NATURAL] - means[PROPOSED] - optimism, gains[:, 0] - optimism)
    scores = _scores(found.measured, found.predicted, found.run_sd, runs.mixture, settings.seed)
    smallest = spread.smallest_difference(settings.validation_seeds)
    resolved, sentence = verdict(
        gain, scores["surface"], spread, smallest, settings.validation_seeds, found.objective.unit
    )
    return Proposal(
        constraints=found.constraints,
        objective=found.objective,
        settings=settings,
        runs=len(runs.ids),
        mixtures=int(runs.mixture.max()) + 1,
        left_out=runs.left_out,
        domains=_domains(found),
        tasks=tuple(_task(found, at) for at in range(len(runs.tasks))),
        natural=normal_interval(means[NATURAL], sds[NATURAL]),
        proposed=normal_interval(means[PROPOSED], sds[PROPOSED]),
        gain=gain,
        optimism=optimism,
        better_share=float((gains[:, 0] > optimism).mean()),
        random=Compared(
            weights=dict(zip(found.constraints.names, map(float, found.points[RANDOM]), strict=True)),
            gain=resample_interval(means[NATURAL] - means[RANDOM], gains[:, 1]),
        ),
        noise=spread,
        smallest_difference=smallest,
        resolved=resolved,
        verdict=sentence,
        scores=scores,
        held_out=_held_out(found),
    )


def resample_interval(value: float, drawn: Array) -> Estimate:
    """`value` with the quantiles of `drawn` (replicas,)."""
    low, high = np.quantile(drawn, [TAIL, 1 - TAIL])
    return Estimate(value=float(value), low=float(low), high=float(high))


def normal_interval(mean: float, sd: float) -> Estimate:
    """`mean` with the interval of a normal distribution."""
    reach = float(stats.norm.ppf(1 - TAIL)) * float(sd)
    return Estimate(value=float(mean), low=float(mean) - reach, high=float(mean) + reach)


def _scores(
    measured: Array, predicted: dict[str, Array], sd: Array, mixture: np.ndarray, seed: int
) -> dict[str, Score]:
    return {
        name: scored(measured, column, mixture, seed, sd if name == "surface" else None)
        for name, column in predicted.items()
    }


def _held_out(found: Findings) -> tuple[HeldOut, ...]:
    runs, by_task = found.runs, np.column_stack([one.predicted["surface"] for one in found.checks])
    return tuple(
        HeldOut(
            run_id=one,
            measured=float(found.measured[row]),
            predicted=float(found.predicted["surface"][row]),
            sd=float(found.run_sd[row]),
            weights=tuple(map(float, runs.weights[row])),
            task_measured=tuple(map(float, runs.losses[row])),
            task_predicted=tuple(map(float, by_task[row])),
        )
        for row, one in enumerate(runs.ids)
    )


def _task(found: Findings, at: int) -> TaskLoss:
    runs, check = found.runs, found.checks[at]
    measured = runs.losses[:, at]
    means, sds = found.surfaces[at].predict(found.points)
    return TaskLoss(
        task=runs.tasks[at],
        share=float(found.shares[at]),
        natural=normal_interval(means[NATURAL], sds[NATURAL]),
        proposed=normal_interval(means[PROPOSED], sds[PROPOSED]),
        noise=noise.estimated(measured, check.predicted["surface"], runs.mixture),
        scores=_scores(measured, check.predicted, run_sd(check), runs.mixture, found.settings.seed),
    )


def _domains(found: Findings) -> tuple[DomainWeight, ...]:
    constraints, best, natural = found.constraints, found.points[PROPOSED], found.points[NATURAL]
    natural_epochs, epochs = constraints.epochs(natural), constraints.epochs(best)
    slopes = SLOPE_WEIGHT * found.landscape.slopes(natural)
    prices = multipliers(constraints, found.landscape, best)
    made = []
    for at, name in enumerate(constraints.names):
        bound = binding(constraints, best, at)
        made.append(
            DomainWeight(
                domain=name,
                natural=float(natural[at]),
                proposed=resample_interval(best[at], found.resamples.best[:, at]),
                minimum=float(constraints.lower[at]),
                maximum=float(constraints.upper[at]),
                natural_epochs=float(natural_epochs[at]),
                proposed_epochs=float(epochs[at]),
                binding=bound,
                multiplier=float(prices[at]) if bound else None,
                slope=resample_interval(slopes[at], SLOPE_WEIGHT * found.resamples.slopes[:, at]),
            )
        )
    return tuple(made)


def binding(constraints: Constraints, best: Array, at: int) -> Literal["minimum", "maximum", "max_epochs"] | None:
    """The bound that holds domain `at` of the mixture `best`, if any."""
    if best[at] <= constraints.lower[at] + AT_BOUND:
        return "minimum"
    if best[at] < constraints.upper[at] - AT_BOUND:
        return None
    return "max_epochs" if constraints.epoch_caps[at] <= constraints.upper[at] + TOLERANCE else "maximum"


def multipliers(constraints: Constraints, landscape: Landscape, best: Array) -> Array:
    """(domains,) what SLOPE_WEIGHT beyond a bound would gain in the criterion, exchanged with domains that are free.

    At an optimum the free domains' slopes are equal, and a held domain's differs by the Lagrange multiplier of its
    bound. 0 where it would gain nothing, and everywhere when every domain is held: nothing can be exchanged.
    """
    slopes = search.gradient(landscape.criterion, best)
    low, high = best <= constraints.lower + AT_BOUND, best >= constraints.upper - AT_BOUND
    free = ~low & ~high
    if not free.any():
        return np.zeros(len(best))
    price = float(slopes[free].mean())
    return SLOPE_WEIGHT * np.maximum(np.where(low, slopes - price, np.where(high, price - slopes, 0.0)), 0.0)
