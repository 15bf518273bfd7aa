"""From runs to a proposal: fit, check on held-out runs, search, resample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from mixtures import cross_validation, noise, search
from mixtures.cross_validation import LEVEL, CrossValidation, Score
from mixtures.design import random_mixture
from mixtures.mixture import TOLERANCE, Array, Constraints
from mixtures.objective import Landscape, Objective
from mixtures.proposal import Compared, DomainWeight, Estimate, HeldOut, Proposal, Settings, TaskLoss, verdict
from mixtures.runs import Runs
from mixtures.surface import Surface

SLOPE_WEIGHT = 0.01  # slopes and multipliers are told for this much weight
AT_BOUND = 1e-6  # of a weight: nearer to its bound than this, the bound holds it
REPLICA_STARTS = 64  # the best of the pool on all runs, from which every resample chooses its own starts
TAIL = (1 - LEVEL) / 2


@dataclass(frozen=True)
class Resamples:
    """What each resample of the runs says.

    `best` (replicas, domains) weights; `gains` (replicas, 2) over natural of the proposal and of the random mixture;
    `slopes` (replicas, domains).
    """

    best: Array
    gains: Array
    slopes: Array


def propose(runs: Runs, constraints: Constraints, objective: Objective, settings: Settings | None = None) -> Proposal:
    """The best feasible mixture for `objective`, and everything that says how much to believe of it.

    Deterministic on one machine. Raises ValueError where the domains differ, a pattern of the objective matches no
    task, or there are too few runs.
    """
    settings = settings or Settings()
    runs = runs.ordered(constraints.names)
    shares = objective.shares(runs.tasks)
    mixture = runs.mixture
    surfaces = tuple(Surface.fit(runs.weights, column) for column in runs.losses.T)
    checks = [
        cross_validation.cross_validate(
            runs.weights, column, mixture, surface=surface, count=settings.folds, seed=settings.seed
        )
        for column, surface in zip(runs.losses.T, surfaces, strict=True)
    ]
    counted = np.flatnonzero(shares)
    landscape = Landscape(tuple(surfaces[at] for at in counted), shares[counted], objective.caution)
    starts = search.best_first(landscape.criterion, search.pool(constraints, settings.seed))[:REPLICA_STARTS]
    best = search.minimise(landscape.criterion, constraints, starts)
    points = np.vstack((constraints.reference, best, random_mixture(constraints, settings.seed)))
    resamples = _resampled(runs, landscape, counted, constraints, starts, points, settings)
    return _gathered(runs, constraints, objective, settings, surfaces, checks, landscape, points, resamples)


def _resampled(
    runs: Runs,
    landscape: Landscape,
    counted: np.ndarray,
    constraints: Constraints,
    starts: Array,
    points: Array,
    settings: Settings,
) -> Resamples:
    """Draw mixtures with replacement (their runs stay together), fit again, search again.

    The process's lengths and noise stay as they are: what varies is which runs were made. `points`: natural, proposed
    and random mixture.
    """
    generator = np.random.default_rng([settings.seed, settings.replicas])
    mixture = runs.mixture
    rows = [np.flatnonzero(mixture == one) for one in range(int(mixture.max()) + 1)]
    best, gains, slopes = [], [], []
    starts = np.vstack((points[1], starts))
    for _ in range(settings.replicas):
        at = np.concatenate([rows[one] for one in generator.integers(len(rows), size=len(rows))])
        fitted = landscape.again(runs.weights[at], runs.losses[at][:, counted])
        best.append(search.minimise(fitted.criterion, constraints, starts))
        natural, *others = fitted.mean(points)
        gains.append(natural - np.array(others))
        slopes.append(fitted.slopes(constraints.reference))
    return Resamples(np.array(best), np.array(gains), np.array(slopes))


def _interval(value: float, drawn: Array) -> Estimate:
    low, high = np.quantile(drawn, [TAIL, 1 - TAIL])
    return Estimate(value=float(value), low=float(low), high=float(high))


def _normal(mean: float, sd: float) -> Estimate:
    reach = float(stats.norm.ppf(1 - TAIL)) * float(sd)
    return Estimate(value=float(mean), low=float(mean) - reach, high=float(mean) + reach)


def _gathered(
    runs: Runs,
    constraints: Constraints,
    objective: Objective,
    settings: Settings,
    surfaces: tuple[Surface, ...],
    checks: list[CrossValidation],
    landscape: Landscape,
    points: Array,
    resamples: Resamples,
) -> Proposal:
    shares, mixture = objective.shares(runs.tasks), runs.mixture
    measured = runs.losses @ shares
    predicted = {
        name: np.sum([share * one.predicted[name] for share, one in zip(shares, checks, strict=True)], axis=0)
        for name in checks[0].predicted
    }
    sd = np.sum([share * _run_sd(one) for share, one in zip(shares, checks, strict=True)], axis=0)
    found = noise.estimated(measured, predicted["surface"], mixture)
    means, sds = landscape.predict(points)
    gain = _interval(means[0] - means[1], resamples.gains[:, 0])
    smallest = found.smallest_difference(settings.validation_seeds)
    resolved, sentence = verdict(gain, smallest, settings.validation_seeds, found)
    return Proposal(
        constraints=constraints,
        objective=objective,
        settings=settings,
        runs=len(runs.ids),
        mixtures=int(mixture.max()) + 1,
        left_out=runs.left_out,
        domains=_domains(constraints, landscape, points[1], resamples),
        tasks=tuple(
            _task(
                runs,
                at,
                float(shares[at]),
                surfaces[at],
                checks[at],
                points[:2],
                settings,
            )
            for at in range(len(runs.tasks))
        ),
        natural=_normal(means[0], sds[0]),
        proposed=_normal(means[1], sds[1]),
        gain=gain,
        better_share=float((resamples.gains[:, 0] > 0).mean()),
        random=Compared(
            weights=dict(zip(constraints.names, map(float, points[2]), strict=True)),
            gain=_interval(means[0] - means[2], resamples.gains[:, 1]),
        ),
        noise=found,
        smallest_difference=smallest,
        resolved=resolved,
        verdict=sentence,
        scores=_scores(measured, predicted, sd, mixture, settings.seed),
        held_out=_held_out(runs, measured, predicted["surface"], sd, checks),
    )


def _run_sd(check: CrossValidation) -> Array:
    """Of a single run around its prediction: the surface's deviation and the noise."""
    return np.sqrt(check.sd**2 + check.noise_sd**2)


def _scores(
    measured: Array, predicted: dict[str, Array], sd: Array, mixture: np.ndarray, seed: int
) -> dict[str, Score]:
    return {
        name: cross_validation.scored(measured, column, mixture, seed, sd if name == "surface" else None)
        for name, column in predicted.items()
    }


def _held_out(
    runs: Runs, measured: Array, predicted: Array, sd: Array, checks: list[CrossValidation]
) -> tuple[HeldOut, ...]:
    by_task = np.column_stack([one.predicted["surface"] for one in checks])
    return tuple(
        HeldOut(
            run_id=one,
            measured=float(measured[row]),
            predicted=float(predicted[row]),
            sd=float(sd[row]),
            task_measured=tuple(map(float, runs.losses[row])),
            task_predicted=tuple(map(float, by_task[row])),
        )
        for row, one in enumerate(runs.ids)
    )


def _task(
    runs: Runs, at: int, share: float, surface: Surface, check: CrossValidation, pair: Array, settings: Settings
) -> TaskLoss:
    measured, mixture = runs.losses[:, at], runs.mixture
    means, sds = surface.predict(pair)
    return TaskLoss(
        task=runs.tasks[at],
        share=share,
        natural=_normal(means[0], sds[0]),
        proposed=_normal(means[1], sds[1]),
        noise=noise.estimated(measured, check.predicted["surface"], mixture),
        scores=_scores(measured, check.predicted, _run_sd(check), mixture, settings.seed),
    )


def _domains(
    constraints: Constraints, landscape: Landscape, best: Array, resamples: Resamples
) -> tuple[DomainWeight, ...]:
    natural_epochs, epochs = constraints.epochs(constraints.reference), constraints.epochs(best)
    slopes = SLOPE_WEIGHT * landscape.slopes(constraints.reference)
    bindings = [_binding(constraints, best, at) for at in range(len(best))]
    multipliers = _multipliers(constraints, landscape, best)
    return tuple(
        DomainWeight(
            domain=name,
            natural=float(constraints.reference[at]),
            proposed=_interval(best[at], resamples.best[:, at]),
            minimum=float(constraints.lower[at]),
            maximum=float(constraints.upper[at]),
            natural_epochs=float(natural_epochs[at]),
            proposed_epochs=float(epochs[at]),
            binding=bindings[at],
            multiplier=float(multipliers[at]) if bindings[at] else None,
            slope=_interval(slopes[at], SLOPE_WEIGHT * resamples.slopes[:, at]),
        )
        for at, name in enumerate(constraints.names)
    )


def _binding(constraints: Constraints, best: Array, at: int) -> str | None:
    if best[at] <= constraints.lower[at] + AT_BOUND:
        return "minimum"
    if best[at] < constraints.upper[at] - AT_BOUND:
        return None
    return "max_epochs" if constraints.epoch_caps[at] <= constraints.upper[at] + TOLERANCE else "maximum"


def _multipliers(constraints: Constraints, landscape: Landscape, best: Array) -> Array:
    """What SLOPE_WEIGHT beyond a bound would gain in the criterion, exchanged with the domains that no bound holds.

    0 where it would gain nothing, and everywhere when every domain is held: then there is nothing to exchange with.
    """
    steps = np.vstack((best, best + search.SLOPE_STEP * np.eye(len(best))))
    values = landscape.criterion(steps)
    gradient = (values[1:] - values[0]) / search.SLOPE_STEP
    low, high = best <= constraints.lower + AT_BOUND, best >= constraints.upper - AT_BOUND
    free = ~low & ~high
    if not free.any():
        return np.zeros(len(best))
    price = float(gradient[free].mean())
    return SLOPE_WEIGHT * np.maximum(np.where(low, gradient - price, np.where(high, price - gradient, 0.0)), 0.0)
