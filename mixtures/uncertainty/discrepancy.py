"""What of the larger models' losses no slope explains: a smooth function of the weights, beside the small surface.

The larger model's loss is a slope times the small one's, plus a Gaussian process over the mixtures that were trained at
both sizes (Kennedy & O'Hagan 2000, doi:10.1093/biomet/87.1.1): Matern 5/2 on roots of weights with one length and one
ratio of noise for all tasks, so that the processes of any weighted mean of tasks are that mean of theirs. Where pairs
say nothing of it, the ratio's prior and restricted likelihood leave next to nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mixtures.mixture import Array
from mixtures.models.gaussian_process import GaussianProcess
from mixtures.models.kernel import Features, matern
from mixtures.uncertainty.draws import TaskDraws, process_draws, spectrum

ROOTS = Features(None)
LOG_LENGTHS = np.linspace(-2.5, 1.5, 9)  # in roots of weights, where no two mixtures are farther apart than 1.41
LOG_SIGNALS = np.linspace(-6.0, 3.0, 37)  # of signal over noise variance
LENGTH_PRIOR = (0.0, 1.0)  # mean and sd of log length: smooth over the simplex, a factor of e either way
SIGNAL_PRIOR = (np.log(0.3), 1.5)  # of log signal over noise: less than the noise, and by far less is no surprise


@dataclass(frozen=True)
class Discrepancy:
    """`hyperparameters` (domains + 1,) as of a process; `weights` (pairs, domains); `small`, `large` (pairs, tasks).

    `counts` (draws, pairs): how often each resample of the pairs has each; `seed` of what is drawn besides.
    """

    hyperparameters: Array
    weights: Array
    small: Array
    large: Array
    counts: Array
    seed: int

    @classmethod
    def fit(cls, weights: Array, small: Array, large: Array, slopes: Array, counts: Array, seed: int) -> Discrepancy:
        """From pairs in their own order; `slopes` (tasks,), which tasks' larger losses have on the smaller."""
        length, signal = _most_probable(ROOTS(weights), large - small * slopes)
        hyperparameters = np.append(np.full(weights.shape[1], length), -signal)
        return cls(hyperparameters, weights, small, large, counts, seed)

    def process(self, shares: Array, slopes: Array) -> GaussianProcess:
        """Of a weighted mean of tasks, `shares` (tasks,) on the larger losses, without its level."""
        left = self.large @ shares - self.small @ (shares * slopes)
        return replace(GaussianProcess.over(ROOTS, self.hyperparameters, self.weights, left), mean=0.0)

    def drawn(self, process: GaussianProcess, shares: Array, slopes: Array, domains: np.ndarray) -> TaskDraws:
        """A draw a row of `shares` and `slopes` (draws, tasks), each with its resample of the pairs.

        `process`: of all pairs; `domains`: for each place in the canonical order of domains, its column.
        """
        draws = len(shares)
        counts = self.counts[np.arange(draws) % len(self.counts)]
        left = shares @ self.large.T - (shares * slopes) @ self.small.T
        generator = np.random.default_rng([self.seed, draws])
        frequencies = spectrum(self.weights.shape[1])[np.argsort(domains)]
        shocks = generator.normal(size=(draws, 2 * frequencies.shape[1])), generator.normal(size=counts.shape)
        made = process_draws(process, frequencies, self.weights, left, counts, shocks)
        return TaskDraws((replace(made, mean=np.zeros(draws)),), np.ones(1))

    def of(self, tasks: np.ndarray, domains: np.ndarray) -> Discrepancy:
        """The same of some tasks and of all domains in another order, by their places."""
        return replace(
            self,
            weights=np.ascontiguousarray(self.weights[:, domains]),
            small=np.ascontiguousarray(self.small[:, tasks]),
            large=np.ascontiguousarray(self.large[:, tasks]),
        )

    def among(self, tasks: int, places: np.ndarray, domains: np.ndarray) -> Discrepancy:
        """The inverse of `of`: these tasks at `places` among as many as `tasks`, all others with losses of 0."""
        sizes = np.zeros((2, len(self.weights), tasks))
        sizes[:, :, places] = self.small, self.large
        return replace(self, weights=self.weights[:, np.argsort(domains)], small=sizes[0], large=sizes[1])


def _most_probable(features: Array, left: Array) -> tuple[float, float]:
    """Log length and log of signal over noise variance of `left` (pairs, tasks), each task with a variance of its own.

    Restricted likelihood (Patterson & Thompson 1971), a mean over tasks since one run's tasks err together, times the
    priors, on a grid.
    """
    free = len(left) - 1
    contrasts = np.linalg.qr(np.ones((len(left), 1)), mode="complete")[0][:, 1:]
    centred = contrasts.T @ left
    best = (np.inf, 0.0, 0.0)
    for length in LOG_LENGTHS.tolist():
        rows = features / np.exp(length)
        spread, axes = np.linalg.eigh(contrasts.T @ matern(rows, rows) @ contrasts)
        variance = 1 + np.exp(LOG_SIGNALS)[:, None] * np.maximum(spread, 0.0)
        squares = (1 / variance) @ (axes.T @ centred) ** 2
        energy = 0.5 * free * np.log(np.maximum(squares, np.finfo(float).tiny)).mean(axis=1)
        energy += 0.5 * np.log(variance).sum(axis=1) + _pull(length, LENGTH_PRIOR) + _pull(LOG_SIGNALS, SIGNAL_PRIOR)
        at = int(np.argmin(energy))
        best = min(best, (float(energy[at]), length, float(LOG_SIGNALS[at])))
    return best[1:]


def _pull(value: float | Array, prior: tuple[float, float]) -> Array:
    return np.asarray(0.5 * ((value - prior[0]) / prior[1]) ** 2)
