"""From what was computed to what is said: intervals, bounds that bind, scores, the verdict."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mixtures.mixture import Array, Constraints
from mixtures.proposal.insight import Insight, Range
from mixtures.proposal.proposal import Compared, DomainWeight, HeldOut, Proposal, Settings, TaskLoss, verdict
from mixtures.search import bounds
from mixtures.search.bounds import AT_BOUND, SLOPE_WEIGHT
from mixtures.search.landscape import Landscape
from mixtures.search.objective import Objective
from mixtures.search.resamples import NATURAL, OBSERVED, PROPOSED, RANDOM, UNIFORM, Resamples
from mixtures.tables.runs import Runs
from mixtures.uncertainty import noise
from mixtures.uncertainty.cross_validation import Score, scored
from mixtures.uncertainty.estimate import TAIL, normal_interval, resample_interval
from mixtures.uncertainty.noise import Noise


@dataclass(frozen=True)
class Findings:
    """All that was computed. `held_out` (runs, tasks) of each model; `points` (points, domains), see NATURAL etc."""

    runs: Runs
    constraints: Constraints
    objective: Objective
    settings: Settings
    held_out: dict[str, Array]
    landscape: Landscape
    task_noise: tuple[Noise, ...]
    reliability: Array
    points: Array
    resamples: Resamples

    @property
    def shares(self) -> Array:
        """(tasks,) of the objective."""
        return self.landscape.shares

    @cached_property
    def measured(self) -> Array:
        """(runs,) the objective as measured."""
        return self.runs.losses @ self.shares

    @cached_property
    def predicted(self) -> dict[str, Array]:
        """(runs,) the objective as each model predicted it held out."""
        return {name: losses @ self.shares for name, losses in self.held_out.items()}

    @cached_property
    def run_noise(self) -> Noise:
        """Of a run's objective, by all that the runs say of it."""
        return noise.of_objective(self.landscape.surface, self.runs.losses, self.runs.mixture, self.shares)

    @cached_property
    def noise(self) -> Noise:
        """The same by repeats alone, or larger: by which it is judged what can be seen."""
        return noise.estimated(self.measured, self.predicted["surface"], self.runs.mixture)

    @cached_property
    def run_sds(self) -> Array:
        """(runs, tasks) of one run around its held-out prediction: the surface's deviation and the noise."""
        return self.landscape.surface.held_out.predicted[1]

    @cached_property
    def run_sd(self) -> Array:
        """(runs,) of a run's objective around its prediction, as if the tasks erred together."""
        return self.run_sds @ self.shares


def summarised(found: Findings, insight: Insight) -> Proposal:
    """The proposal, ready to be written."""
    runs, settings, gains = found.runs, found.settings, found.resamples.gains(PROPOSED)
    spread = found.noise
    means = found.landscape.mean(found.points)
    gain = resample_interval(means[NATURAL] - means[PROPOSED], gains)
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
        natural=resample_interval(means[NATURAL], found.resamples.objective[:, NATURAL]),
        proposed=resample_interval(means[PROPOSED], found.resamples.objective[:, PROPOSED]),
        gain=gain,
        better_share=float((gains > 0).mean()),
        uniform=_compared(found, means, slice(UNIFORM, RANDOM)),
        random=_compared(found, means, slice(RANDOM, None)),
        best_observed=_compared(found, means, slice(OBSERVED, UNIFORM)),
        noise=spread,
        run_noise=found.run_noise,
        smallest_difference=smallest,
        resolved=resolved,
        verdict=sentence,
        scores=scores,
        held_out=_held_out(found),
        insight=insight,
    )


def _compared(found: Findings, means: Array, rows: slice) -> Compared:
    drawn = found.resamples.objective[:, rows].mean(axis=1)
    names = found.constraints.names
    return Compared(
        mixtures=tuple(dict(zip(names, map(float, point), strict=True)) for point in found.points[rows]),
        gain=resample_interval(
            float(means[NATURAL] - means[rows].mean()), found.resamples.objective[:, NATURAL] - drawn
        ),
        proposal_better_share=float((found.resamples.objective[:, PROPOSED] < drawn).mean()),
    )


def _scores(
    measured: Array, predicted: dict[str, Array], sd: Array, mixture: np.ndarray, seed: int
) -> dict[str, Score]:
    return {
        name: scored(measured, column, mixture, seed, sd if name == "surface" else None)
        for name, column in predicted.items()
    }


def _held_out(found: Findings) -> tuple[HeldOut, ...]:
    runs, by_task = found.runs, found.held_out["surface"]
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
    runs, predicted = found.runs, {name: losses[:, at] for name, losses in found.held_out.items()}
    measured = runs.losses[:, at]
    means, sds = found.landscape.surface.models[at].predict(found.points)
    return TaskLoss(
        task=runs.tasks[at],
        share=float(found.shares[at]),
        reliability=float(found.reliability[at]),
        natural=normal_interval(means[NATURAL], sds[NATURAL]),
        proposed=normal_interval(means[PROPOSED], sds[PROPOSED]),
        noise=found.task_noise[at],
        scores=_scores(measured, predicted, found.run_sds[:, at], runs.mixture, found.settings.seed),
    )


def _domains(found: Findings) -> tuple[DomainWeight, ...]:
    constraints, best, natural = found.constraints, found.points[PROPOSED], found.points[NATURAL]
    natural_epochs, epochs = constraints.epochs(natural), constraints.epochs(best)
    slopes = SLOPE_WEIGHT * found.landscape.slopes(natural)
    slope = found.landscape.criterion(best[None])[1][0]
    besides = slope - found.landscape.plain.criterion(best[None])[1][0]  # caution and divergence: alike in all draws
    prices, *drawn = (
        SLOPE_WEIGHT * bounds.prices(one, best, constraints) for one in (slope, *(found.resamples.gradients + besides))
    )
    sure = np.quantile(drawn, [TAIL, 1 - TAIL], axis=0)
    made = []
    for at, name in enumerate(constraints.names):
        bound = bounds.binding(constraints, best, at)
        priced = bound is not None and best[at] > AT_BOUND
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
                multiplier=float(prices[at]) if priced else None,
                multiplier_drawn=Range(low=float(sure[0, at]), high=float(sure[1, at])) if priced else None,
                slope=resample_interval(slopes[at], SLOPE_WEIGHT * found.resamples.slopes[:, at]),
            )
        )
    return tuple(made)
