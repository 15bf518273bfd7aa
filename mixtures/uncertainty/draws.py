"""Functions that the runs leave possible: each a refit to resampled runs plus a draw of what is still unknown.

A draw resamples mixtures with all their runs and all their tasks, conditions the processes on them (lengths, noise and
signal variance kept), fits the laws again from where they were, and adds one path of each process's posterior
(Matheron's rule, Wilson et al. 2020, arXiv:2002.09309, with random Fourier features, Rahimi & Recht 2007). Paths are
functions, so that any number of mixtures is compared under the same draw; those of different tasks move together as
held-out errors do. Resampling and posterior both tell of few runs, and neither knows that all models may be wrong: one
factor makes the draws as wide as the errors on mixtures that they left out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import linalg, special

from mixtures.mixture import Array
from mixtures.models import power_law
from mixtures.models.gaussian_process import GaussianProcess
from mixtures.models.kernel import matern, matern_and_fall
from mixtures.models.power_law import PowerLaw
from mixtures.models.task_model import TaskModel

FREQUENCIES = 128  # of a path: its covariance is right to some 1 / 11, and half of a search's time goes into them
FREEDOM = 5.0  # the spectral density of Matern 5/2 is Student's t with 5 degrees (Rasmussen & Williams 2006, 4.15)
WIDTH_BOUNDS = (0.3, 3.0)  # of the factor on deviations: outside, the runs that were left out are too few to say
COVERED = 0.8  # the share of left-out errors that decides the factor


Shocks = tuple[Array, Array]


@dataclass(frozen=True)
class ProcessDraws:
    """`alpha` (draws, runs) over all runs' rows, `mean` (draws,), `path` (draws, 2 * FREQUENCIES), in losses."""

    process: GaussianProcess
    frequencies: Array
    alpha: Array
    mean: Array
    path: Array

    def waves(self, scaled: Array) -> Array:
        """(rows, 2 * FREQUENCIES) cosines and sines of mixtures in units of the process's lengths."""
        angle = scaled @ self.frequencies
        return np.concatenate((np.cos(angle), np.sin(angle)), axis=1) / np.sqrt(FREQUENCIES)

    def everywhere(self, weights: Array) -> Array:
        """(draws, rows) each draw at each mixture."""
        here = self.process.scaled(weights)
        return self.mean[:, None] + self.alpha @ matern(here, self.process.rows).T + self.path @ self.waves(here).T

    def one_each(self, weights: Array) -> tuple[Array, Array]:
        """(draws,) draw b at row b of `weights`, and (draws, domains) its gradient there."""
        here = self.process.scaled(weights)
        correlation, fall = matern_and_fall(here, self.process.rows)
        waves = self.waves(here)
        value = self.mean + np.vecdot(correlation, self.alpha) + np.vecdot(self.path, waves)
        half = waves.shape[1] // 2
        turned = self.path[:, half:] * waves[:, :half] - self.path[:, :half] * waves[:, half:]
        by_scaled = self.process.pulled(here, fall * self.alpha) + turned @ self.frequencies.T
        return value, self.process.by_weight(weights, by_scaled)


@dataclass(frozen=True)
class LawDraws:
    """`parameters` (draws, 1 + domains), `floor` (draws,), and the law of all runs for what they have in common.

    With a `factor`, a draw is the law of all runs and `factor` times what it is apart from that of middle parameters.
    """

    law: PowerLaw
    parameters: Array
    floor: Array
    factor: float | None = None

    def everywhere(self, weights: Array) -> Array:
        """(draws, rows)."""
        drawn = self._everywhere(self.parameters, self.floor, weights)
        if self.factor is None:
            return drawn
        middle, whole = (self._everywhere(*one, weights) for one in self._fixed())
        return whole + self.factor * (drawn - middle)

    def one_each(self, weights: Array) -> tuple[Array, Array]:
        """As `ProcessDraws.one_each`."""
        value, gradient = self._one_each(self.parameters, self.floor, weights)
        if self.factor is None:
            return value, gradient
        middle, whole = (self._one_each(*one, weights) for one in self._fixed())
        return whole[0] + self.factor * (value - middle[0]), whole[1] + self.factor * (gradient - middle[1])

    def _fixed(self) -> tuple[Shocks, Shocks]:
        """Parameters (1, 1 + domains) and floor (1,): the middle of the draws', and those of all runs."""
        middle = self.parameters.mean(axis=0, keepdims=True), self.floor.mean(keepdims=True)
        return middle, (self.law.parameters[None], np.array([self.law.floor]))

    def _everywhere(self, parameters: Array, floor: Array, weights: Array) -> Array:
        exposure = np.maximum(parameters[:, 1:] @ weights.T, power_law.MIN_EXPOSURE)
        shape = exposure ** -np.exp(parameters[:, :1])
        return np.asarray(np.minimum(floor[:, None] + self.law.scale * shape, self.law.ceiling))

    def _one_each(self, parameters: Array, floor: Array, weights: Array) -> tuple[Array, Array]:
        exposure = np.maximum((parameters[:, 1:] * weights).sum(axis=1), power_law.MIN_EXPOSURE)
        shape = exposure ** -np.exp(parameters[:, 0])
        top = (self.law.ceiling - floor) / self.law.scale
        gradient = self.law.scale * power_law.law_gradient(parameters, weights, top)
        return np.minimum(floor + self.law.scale * shape, self.law.ceiling), gradient


@dataclass(frozen=True)
class TaskDraws:
    """One task's draws: those of its members, by their shares."""

    members: tuple[ProcessDraws | LawDraws, ...]
    shares: Array

    def everywhere(self, weights: Array) -> Array:
        """(draws, rows)."""
        return np.tensordot(self.shares, np.array([one.everywhere(weights) for one in self.members]), axes=1)

    def one_each(self, weights: Array) -> tuple[Array, Array]:
        """As `ProcessDraws.one_each`."""
        pairs = [one.one_each(weights) for one in self.members]
        value = np.tensordot(self.shares, np.array([value for value, _ in pairs]), axes=1)
        return value, np.tensordot(self.shares, np.array([gradient for _, gradient in pairs]), axes=1)


def resampled(mixture: np.ndarray, draws: int, generator: np.random.Generator) -> Array:
    """(draws, runs) how often each run counts: mixtures are drawn with replacement, their runs stay together."""
    mixtures = int(mixture.max()) + 1
    return generator.multinomial(mixtures, np.full(mixtures, 1 / mixtures), size=draws)[:, mixture].astype(np.float64)


def task_draws(
    model: TaskModel, frequencies: Array, weights: Array, losses: Array, counts: Array, shocks: Shocks
) -> TaskDraws:
    """Draws of one task: `counts` (draws, runs) of the runs that have its loss; `shocks`, standard normal.

    `frequencies` from `spectrum`, in the order of the domains, of exposures behind them; `shocks`, correlated across
    tasks: of the paths (draws, 2 * FREQUENCIES), and of the runs' noise (draws, runs).
    """
    members: list[ProcessDraws | LawDraws] = [
        process_draws(one, frequencies[: one.rows.shape[1]], weights, losses, counts, shocks) for one in model.processes
    ]
    members.append(LawDraws(model.law, *model.law.refitted(weights, losses, counts)))
    return TaskDraws(tuple(members), model.shares)


def spectrum(features: int) -> Array:
    """(features, FREQUENCIES) of Matern 5/2 at length 1; always the same, so that tasks can move together."""
    generator = np.random.default_rng(features)
    normal = generator.normal(size=(features, FREQUENCIES))
    return normal / np.sqrt(generator.chisquare(FREEDOM, FREQUENCIES) / FREEDOM)


def process_draws(
    process: GaussianProcess,
    frequencies: Array,
    weights: Array,
    losses: Array,
    counts: Array,
    shocks: Shocks,
) -> ProcessDraws:
    """Draws of one process, as `task_draws`; `losses` (runs,), or (draws, runs) where they differ from draw to draw."""
    path = np.sqrt(process.variance) * shocks[0]
    made = ProcessDraws(process, frequencies, np.zeros_like(counts), np.zeros(len(counts)), path)
    along = path @ made.waves(process.scaled(weights)).T
    correlation = matern(process.rows, process.rows)
    noise = float(np.exp(process.hyperparameters[-1]))
    each = zip(counts, along, shocks[1], np.broadcast_to(losses, counts.shape), strict=True)
    for at, (count, wave, shock, measured) in enumerate(each):
        kept = np.flatnonzero(count)
        kernel = correlation.take(kept, axis=0).take(kept, axis=1)
        kernel[np.diag_indices_from(kernel)] += noise / count[kept]
        seen = wave[kept] + process.noise_sd * shock[kept] / np.sqrt(count[kept])
        columns = np.column_stack((np.ones(len(kept)), measured[kept] - seen))
        _, solved, failed = linalg.lapack.dposv(kernel.T, columns, lower=1, overwrite_a=1)
        if failed:
            raise linalg.LinAlgError("two mixtures are so alike that no noise tells them apart")
        made.mean[at] = solved[:, 1].sum() / solved[:, 0].sum()
        made.alpha[at, kept] = solved[:, 1] - made.mean[at] * solved[:, 0]
    return made


def narrowed(draws: TaskDraws, factor: float) -> TaskDraws:
    """The same draws, their middle moved to the model of all runs, and `factor` times as far from it.

    Runs that are drawn with replacement are fewer mixtures: their models' middle is what fewer runs would say, and is
    nothing to centre on. Of the laws, the middle is taken to be that of the middle parameters. Factors of draws that
    were narrowed before multiply.
    """
    return replace(draws, members=tuple(_narrowed(one, factor) for one in draws.members))


def _narrowed(draws: ProcessDraws | LawDraws, factor: float) -> ProcessDraws | LawDraws:
    if isinstance(draws, LawDraws):
        return replace(draws, factor=factor if draws.factor is None else factor * draws.factor)
    whole = draws.process
    return replace(
        draws,
        alpha=whole.alpha + factor * (draws.alpha - draws.alpha.mean(axis=0)),
        mean=whole.mean + factor * (draws.mean - draws.mean.mean()),
        path=factor * (draws.path - draws.path.mean(axis=0)),
    )


def left_out(drawn: Array, counts: Array) -> tuple[Array, Array]:
    """(runs,) mean and variance of `drawn` (draws, runs) among the draws that left a run out, `counts` of 0.

    The variance is NaN where fewer than two did.
    """
    out = counts == 0
    times = out.sum(axis=0)
    middle = (out * drawn).sum(axis=0) / np.maximum(times, 1)
    return middle, np.where(times > 1, (out * (drawn - middle) ** 2).sum(axis=0) / np.maximum(times - 1, 1), np.nan)


def width(errors: Array, spread: Array, noise_sd: float | Array) -> float:
    """The factor on draws' deviations with which they cover `errors` (runs,) on runs that were left out.

    `spread` (runs,) the draws' variance there, either NaN where it is not known; `noise_sd` of all runs, or (runs,). 1
    where nothing is known.
    """
    known = np.isfinite(errors) & np.isfinite(spread)
    if not known.any():
        return 1.0
    errors, spread = np.abs(errors[known]), spread[known]
    noise = np.broadcast_to(noise_sd, known.shape)[known] ** 2
    reach = float(special.ndtri((1 + COVERED) / 2))
    wanted = COVERED * (1 + 1 / len(errors))  # as if one more was to come

    def covered(factor: float) -> float:
        return float((errors <= reach * np.sqrt(factor**2 * spread + noise)).mean())

    low, high = WIDTH_BOUNDS
    for _ in range(30):
        factor = np.sqrt(low * high)
        low, high = (low, factor) if covered(factor) >= wanted else (factor, high)
    return float(high)
