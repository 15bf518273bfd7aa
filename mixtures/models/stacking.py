"""What the runs say of the models: the logarithm's floor, the members' shares, and how wide bounds must be.

All by folds of the given runs that keep runs of one mixture together, so that nothing is judged by what it was fitted
to. Lengths common to all tasks are kept from fold to fold (hundreds of losses decide them: held-out squared errors
move by 3 %); those of a task are found anew (with them kept, errors would look 20 to 40 % too small), and so are
exposures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg, optimize

from mixtures.mixture import Array
from mixtures.models import exposures, kernel
from mixtures.models.kernel import Features
from mixtures.models.power_law import PowerLaw
from mixtures.models.task_model import Constant, mixed, trained

FOLDS = 5
SEED = 0  # of the folds: the surface is a function of the runs
PULL = 4.0  # of shares towards those before any run, in held-out squared errors of their mean
LAWS_SHARE = 1 / 3  # before any run: of the members only the law is known to hold across sizes


@dataclass(frozen=True)
class HeldOut:
    """Predictions of runs by models whose law, exposures, own lengths and noise saw no run of their mixture, or NaN.

    Common lengths, the logarithm's floor and the shares, a few numbers for all runs and tasks, come from all runs.

    `means`, `sds` (runs, tasks, members) of the three processes and the law; `noise_sd` (runs, tasks) of a run; `part`
    (runs,) the fold; `shares` (members,).
    """

    means: Array
    sds: Array
    noise_sd: Array
    part: np.ndarray
    shares: Array

    @property
    def predicted(self) -> tuple[Array, Array]:
        """(runs, tasks) expected losses and the deviation of one run around them."""
        mean, sd = mixed(self.means, self.sds, self.shares)
        return mean, np.hypot(sd, self.noise_sd)

    def widths(self, losses: Array, level: float) -> Array:
        """(tasks,) how many deviations around the prediction hold `level` of the runs, as if one more was to come.

        The order statistic of split conformal prediction (Vovk et al. 2005).
        """
        mean, sd = self.predicted
        far = np.abs(losses - mean) / np.maximum(sd, np.finfo(float).tiny)
        return np.array([_reach(column[np.isfinite(column)], level) for column in far.T])

    def reordered(self, runs: np.ndarray, tasks: np.ndarray) -> HeldOut:
        """The same of rows `runs` and columns `tasks`."""
        at = np.ix_(runs, tasks)
        return HeldOut(self.means[at], self.sds[at], self.noise_sd[at], self.part[runs], self.shares)


def _reach(far: Array, level: float) -> float:
    if not len(far):
        return 1.0
    at = min(int(np.ceil((len(far) + 1) * level)), len(far))
    return float(np.sort(far)[at - 1])


def folds(mixture: np.ndarray, count: int, seed: int) -> np.ndarray:
    """(runs,) fold of each run, 0 to count - 1: runs of one mixture stay together, mixtures divide evenly."""
    mixtures = int(mixture.max()) + 1
    if mixtures < count:
        raise ValueError(f"{mixtures} mixtures cannot be split into {count} folds: train more, or ask for fewer folds")
    of_mixture = np.random.default_rng(seed).permutation(mixtures) % count
    return of_mixture[mixture]


def filled(losses: Array) -> Array:
    """Missing losses as the mean of their task: good enough for lengths that all tasks decide together."""
    return np.where(np.isfinite(losses), losses, np.nanmean(losses, axis=0))


def chosen(weights: Array, losses: Array, part: np.ndarray) -> tuple[Features, Features]:
    """The logarithm with the floor of the least held-out error, a geometric mean over tasks, and the root."""
    known, errors = filled(losses), []
    for floor in kernel.FLOORS:
        features = Features(floor)
        apart = held_together(features, kernel.common(features, weights, known), weights, known, part)
        errors.append(np.log((apart**2).mean(axis=0)).mean())
    return Features(kernel.FLOORS[int(np.argmin(errors))]), Features(None)


def held_together(features: Features, shared: Array, weights: Array, losses: Array, part: np.ndarray) -> Array:
    """(runs, tasks) errors of processes with the `shared` hyperparameters on folds that they did not see.

    In closed form: with P the inverse of the kernel without its constant, the errors of fold F are P_FF^-1 (P y)_F.
    """
    rows = features(weights) / np.exp(shared[:-1])
    correlation = kernel.matern(rows, rows)
    correlation[np.diag_indices_from(correlation)] += np.exp(shared[-1])
    inverse = linalg.inv(correlation, check_finite=False)
    ones = inverse.sum(axis=0)
    inverse -= np.outer(ones, ones) / ones.sum()
    pulled, apart = inverse @ losses, np.empty_like(losses)
    for fold in np.unique(part):
        held = part == fold
        apart[held] = linalg.solve(inverse[np.ix_(held, held)], pulled[held], assume_a="pos")
    return apart


def exposed(
    features: Sequence[Features], weights: Array, losses: Array, shared: Sequence[Array]
) -> tuple[list[Features], list[Array]]:
    """Of a logarithm and a root: the logarithm, and both with exposures that these runs ask for; hyperparameters.

    Exposures as in `exposures.exposed`, by those of `losses` (runs, tasks), NaN where there is none, that are not all
    equal; none where all are. The logarithm without them errs otherwise, and holds where runs are few.
    """
    moved = np.array([_moved(column[np.isfinite(column)]) for column in losses.T])
    known = filled(losses[:, moved])
    pairs = zip(features, shared, strict=True)
    deep = [exposures.exposed(one, weights, known, at) if moved.any() else (one, at) for one, at in pairs]
    return [features[0], *(one for one, _ in deep)], [shared[0], *(one for _, one in deep)]


def _moved(losses: Array) -> bool:
    """Whether they differ at all."""
    return len(losses) > 0 and bool(np.ptp(losses) > 0)


def held_out(
    weights: Array,
    losses: Array,
    says: np.ndarray,
    part: np.ndarray,
    features: Sequence[Features],
    shared: Sequence[Array],
) -> HeldOut:
    """Fit to all folds of `part` but one, predict the one; `says` (tasks,) which tasks are worth it.

    `features` and `shared` are of the domains alone: a fold finds its own exposures. Its law begins where that of all
    runs ended: it saves time, and what it ends at is decided by the fold's runs.
    """
    folds = [np.flatnonzero(part != fold) for fold in range(int(part.max()) + 1)]
    spoken = losses[:, says]
    anew = [
        exposed(features, weights[kept], spoken[kept], shared) if says.any() else (features, shared) for kept in folds
    ]
    members = len(features) + 2
    means = np.full((*losses.shape, members), np.nan)
    sds, noise = np.zeros_like(means), np.zeros_like(losses)
    before = shares_before(members)
    for task, column in enumerate(losses.T):
        finite = np.isfinite(column)
        law = PowerLaw.fit(weights[finite], column[finite]) if says[task] else None
        for fold, (own, common) in enumerate(anew):
            held = part == fold
            seen = np.where(held, np.nan, column)
            if law is not None and _moved(seen[np.isfinite(seen)]):
                model = trained(weights, seen, own, common, before, law)
                means[held, task], sds[held, task] = model.members(weights[held])
                noise[held, task] = model.noise_sd
            else:
                flat = Constant.of(seen)
                means[held, task], noise[held, task] = flat.mean, flat.noise_sd
    means[~np.isfinite(losses)] = np.nan
    shares = stacked(means[:, says], losses[:, says]) if says.any() else before
    return HeldOut(means, sds, noise, part, shares)


def shares_before(members: int) -> Array:
    """(members,) shares of the processes and, last, of the law, before any run: processes share what it leaves."""
    return np.append(np.full(members - 1, (1 - LAWS_SHARE) / (members - 1)), LAWS_SHARE)


def stacked(means: Array, losses: Array) -> Array:
    """(members,) shares, none below 0, sum 1, of the least held-out squared error, pulled towards `shares_before`.

    Losses are in each task's standard deviations, so that tasks count alike (Breiman 1996, stacked regressions; the
    pull is ours: proxies are not the model that is planned).
    """
    members = means.shape[-1]
    errors = (losses[..., None] - means) / np.nanstd(losses, axis=0)[None, :, None]
    errors = errors[np.isfinite(errors).all(axis=-1)]
    if not len(errors):
        return shares_before(members)
    products = errors.T @ errors / len(errors)
    before = shares_before(members)
    pull = PULL * float(before @ products @ before)
    matrix = products + pull * np.eye(members)
    found = optimize.minimize(
        lambda x: float(0.5 * x @ matrix @ x - pull * before @ x),
        before,
        jac=lambda x: matrix @ x - pull * before,
        method="SLSQP",
        bounds=[(0.0, 1.0)] * members,
        constraints=[{"type": "eq", "fun": lambda x: x.sum() - 1, "jac": lambda x: np.ones(members)}],
        options={"ftol": 1e-12},
    )
    return np.asarray(np.maximum(found.x, 0) / np.maximum(found.x, 0).sum())
