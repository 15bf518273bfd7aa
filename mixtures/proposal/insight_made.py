"""From a fitted surface and its draws to `insight.Insight`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mixtures.design.next_runs import most_informative
from mixtures.mixture import Array, Constraints
from mixtures.models.stacking import exposed
from mixtures.models.task_model import TaskModel, trained
from mixtures.proposal.insight import (
    Extreme,
    Influence,
    Insight,
    Learned,
    NearOptimal,
    NextRun,
    Optimum,
    Range,
    Without,
)
from mixtures.proposal.region import region
from mixtures.proposal.summary import Findings
from mixtures.search import search, weighting
from mixtures.search.bounds import SLOPE_WEIGHT
from mixtures.search.landscape import exchanged
from mixtures.search.resamples import NATURAL, PROPOSED
from mixtures.uncertainty.estimate import Estimate, resample_interval
from mixtures.uncertainty.gains import Gains
from mixtures.uncertainty.joint import Joint

LEARNED_SHARES = (0.3, 0.45, 0.6)  # of the mixtures; the folds add the point at theirs
LEARNED_DRAWS = 4
NEXT_CANDIDATES, NEXT_RUNS = 512, 4
STARTS_WITHOUT, STEPS_WITHOUT, TOLERANCE_WITHOUT = 2, 80, 1e-5  # as a draw is searched


def insight(found: Findings, draws: Joint, starts: Array, within: float, gains: Gains | None) -> Insight:
    """`starts` (rows, domains), the most promising first; `within`: the smallest difference that can be seen."""
    names = found.constraints.names
    best = found.points[PROPOSED]
    near = region(found.landscape.criterion, found.constraints, best, within)
    means = found.landscape.mean(np.vstack((found.points[:1], near.extremes)))
    return Insight(
        near=NearOptimal(
            within=within,
            ranges={
                name: Range(low=float(low), high=float(high))
                for name, low, high in zip(names, near.low, near.high, strict=True)
            },
            extremes=tuple(
                Extreme(weights=_named(names, row), gain=float(means[0] - mean))
                for row, mean in zip(near.extremes, means[1:], strict=True)
            ),
        ),
        helps=tuple(_helps(found, draws)),
        without=tuple(without(found, draws, starts, at) for at in np.flatnonzero(found.constraints.upper).tolist()),
        learned=tuple(_learned(found)),
        optima=_optima(found, draws, starts, gains),
        gain_slopes=_slopes(found, gains),
        pairs=0 if gains is None else gains.mixtures,
        discrepancy_kept=0.0 if gains is None else gains.discrepancy_kept,
        next_runs=_next(found, draws),
    )


def _named(names: tuple[str, ...], row: Array) -> dict[str, float]:
    return dict(zip(names, map(float, row), strict=True))


def _helps(found: Findings, draws: Joint) -> list[Influence]:
    """Of the tasks that count, every domain."""
    natural = found.points[NATURAL]
    told = []
    for at, drawn in zip(draws.counted.tolist(), draws.tasks, strict=True):
        middle = exchanged(found.landscape.surface.models[at].gradient(natural[None])[0], natural)
        _, gradients = drawn.one_each(np.tile(natural, (draws.draws, 1)))
        spread = np.array([exchanged(one, natural) for one in gradients])
        for column, name in enumerate(found.constraints.names):
            change = resample_interval(SLOPE_WEIGHT * middle[column], SLOPE_WEIGHT * spread[:, column])
            told.append(Influence(task=found.runs.tasks[at], domain=name, change=change))
    return told


def without(found: Findings, draws: Joint, starts: Array, at: int) -> Without:
    """The best mixture without domain `at`, searched from the proposal and the first of `starts`."""
    constraints, best = found.constraints, found.points[PROPOSED]
    name = constraints.names[at]
    if constraints.lower[at] > 0 or constraints.upper.sum() - constraints.upper[at] < 1:
        return Without(domain=name, weights=None, loss=None)
    if not best[at]:  # the best of a smaller set that holds it, too: of many domains most are so, and need no search
        return Without(domain=name, weights=_named(constraints.names, best), loss=Estimate(0.0, 0.0, 0.0))
    domains = {
        one: replace(limits, minimum=0.0, maximum=0.0) if one == name else limits
        for one, limits in constraints.domains.items()
    }
    less = Constraints(domains=domains, budget_tokens=constraints.budget_tokens, max_epochs=constraints.max_epochs)
    tried = less.project(np.vstack((best, starts[:STARTS_WITHOUT])))
    ends, values = search.descend(found.landscape.criterion, less, tried, STEPS_WITHOUT, TOLERANCE_WITHOUT)
    there = ends[int(np.argmin(values))]
    both = np.vstack((best, there))
    means, drawn = found.landscape.mean(both), draws.objective(both)
    loss = resample_interval(float(means[1] - means[0]), drawn[:, 1] - drawn[:, 0])
    return Without(domain=name, weights=_named(constraints.names, there), loss=loss)


def _learned(found: Findings) -> list[Learned]:
    """Errors of the objective on mixtures that were left out, of surfaces fitted to fewer and fewer.

    A model a task, as in the folds, whose error is the last point: one of the whole objective would err several times
    as much, and more runs would seem to help. Lengths and laws start where those of all runs are.
    """
    runs, mixtures = found.runs, int(found.runs.mixture.max()) + 1
    generator = np.random.default_rng(found.settings.seed)
    told = []
    for share in LEARNED_SHARES:
        count = round(share * mixtures)
        squares = []
        for _ in range(LEARNED_DRAWS):
            seen = np.isin(runs.mixture, generator.permutation(mixtures)[:count])
            if (predicted := _by_fewer(found, seen)) is not None:
                squares.append(((found.measured[~seen] - predicted) ** 2).mean())
        if squares and count > 1:
            told.append(Learned(mixtures=count, rmse=_root(squares)))
    part = found.landscape.surface.held_out.part
    apart = (found.measured - found.predicted["surface"]) ** 2
    folds = [float(apart[part == fold].mean()) for fold in np.unique(part)]
    told.append(Learned(mixtures=round(mixtures * (1 - 1 / len(folds))), rmse=_root(folds)))
    return told


def _by_fewer(found: Findings, seen: np.ndarray) -> Array | None:
    """(other runs,) the objective by models of the runs `seen`; None where a task that counts has one loss in all."""
    surface, runs = found.landscape.surface, found.runs
    models = [one for one in surface.models if isinstance(one, TaskModel)]
    kinds, domains = (0, len(models[0].processes) - 1), runs.weights.shape[1]  # the logarithm, and the root
    bare = [replace(models[0].processes[at].features, helped=None) for at in kinds]
    lengths = [np.mean([one.processes[at].hyperparameters for one in models], axis=0) for at in kinds]
    said = np.array([isinstance(one, TaskModel) for one in surface.models])
    features, shared = exposed(
        bare, runs.weights[seen], runs.losses[seen][:, said], [np.append(one[:domains], one[-1]) for one in lengths]
    )
    predicted = np.zeros(np.count_nonzero(~seen))
    for share, model, losses in zip(found.shares, models, runs.losses.T, strict=True):
        if not share:
            continue
        if np.ptp(losses[seen]) == 0:
            return None
        fewer = trained(runs.weights[seen], losses[seen], features, shared, surface.shares, model.law)
        predicted += share * fewer.predict_mean(runs.weights[~seen])
    return predicted


def _root(squares: list[float]) -> Estimate:
    return Estimate(
        value=float(np.sqrt(np.mean(squares))), low=float(np.sqrt(min(squares))), high=float(np.sqrt(max(squares)))
    )


def _optima(found: Findings, draws: Joint, starts: Array, gains: Gains | None) -> dict[str, Optimum]:
    of, constraints = found.landscape, found.constraints
    told = {}
    for name, factors in weighting.weightings(of.shares, of.surface, constraints, gains, draws.draws).items():
        landscape, weighed = factors.landscape(of), factors.weighed(draws)
        tried = np.vstack((found.points[[PROPOSED]], search.best_first(landscape.values(starts), starts)))
        best = search.minimise(landscape.criterion, constraints, tried)
        points = np.vstack((found.points[[NATURAL]], best, found.points[[PROPOSED]]))
        means, drawn = landscape.mean(points), weighed.objective(points)
        (gain, proposed), (own, kept) = means[0] - means[1:], (drawn[:, :1] - drawn[:, 1:]).T
        sure = resample_interval(gain, own)
        told[name] = Optimum(
            weights=_named(constraints.names, best),
            gain=float(gain),
            drawn=Range(low=sure.low, high=sure.high),
            proposal_gain=resample_interval(proposed, kept),
            silent_draws=int(weighed.silent.sum()),
        )
    return told


def _slopes(found: Findings, gains: Gains | None) -> dict[str, Estimate]:
    if gains is None:
        return {}
    return {
        task: Estimate(value=float(value), low=float(low), high=float(high))
        for task, value, low, high in zip(found.runs.tasks, gains.slopes, *gains.bounds, strict=True)
    }


def _next(found: Findings, draws: Joint) -> tuple[NextRun, ...]:
    """Out of feasible mixtures that are spread as trials are, and the mixtures that may be best, which are in question.

    Those are the proposal and the draws' own best. Spread mixtures alone lie far from all of them where there are many
    domains, and their runs then told no more than random ones (docs/LOG.md).
    """
    spread = search.pool(found.constraints, found.settings.seed + 1, found.landscape.surface.order.domains)
    spread = spread[:: max(1, len(spread) // NEXT_CANDIDATES)]
    rows = np.vstack((spread, found.points[[PROPOSED]], found.resamples.best))
    objective = draws.objective(rows)
    chosen, shares = most_informative(objective, found.run_noise.sd, NEXT_RUNS, objective[:, len(spread) :])
    return tuple(
        NextRun(weights=_named(found.constraints.names, rows[at]), variance_share=float(share))
        for at, share in zip(chosen, shares, strict=True)
    )
