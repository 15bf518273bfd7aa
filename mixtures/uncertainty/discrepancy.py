"""What of the larger models' losses no slope explains: a smooth function of the weights, beside the small surface.

The larger model's loss is a slope times the small one's, plus a Gaussian process over the mixtures that were trained at
both sizes (Kennedy & O'Hagan 2000, doi:10.1093/biomet/87.1.1): Matern 5/2 on roots of weights with one length and one
ratio of noise for all tasks, so that the process of any weighted mean of tasks is that mean of theirs. As much of it is
kept as pairs bear out that were left out: nothing where they say that it is chance.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mixtures.mixture import Array
from mixtures.models.gaussian_process import GaussianProcess
from mixtures.models.kernel import Features, matern
from mixtures.uncertainty.draws import TaskDraws, left_out, narrowed, process_draws, spectrum, width
from mixtures.uncertainty.joint import Joint

ROOTS = Features(None)
LOG_LENGTHS = np.linspace(-2.5, 1.5, 9)  # in roots of weights, where no two mixtures are farther apart than 1.41
LOG_SIGNALS = np.linspace(-6.0, 3.0, 37)  # of signal over noise variance
LENGTH_PRIOR = (0.0, 1.0)  # mean and sd of log length: smooth over the simplex, a factor of e either way
SIGNAL_PRIOR = (np.log(0.3), 1.5)  # of log signal over noise: less than the noise, and by far less is no surprise
ROUNDING = 1e-12  # of losses: as much as sums of them may be wrong by
# Pairs that say as much of the factor of a sum as is known without them: that of n errs by .79 / n (variance of its
# log), and errors of surface and discrepancy go against one another by half (factor .7, log sd .22) or not at all
PAIRS_UNASKED = 16


@dataclass(frozen=True)
class Discrepancy:
    """`hyperparameters` (domains + 1,) as of a process; `weights` (pairs, domains); `small`, `large` (pairs, tasks).

    A pair is a mixture: its losses are means of `runs` (pairs,), and the noise of one run is that of the process.
    `kept`: the share of the process that counts, above 0 to 1. `counts` (draws, pairs): how often each resample of the
    pairs has each; `seed` of what is drawn besides.
    """

    hyperparameters: Array
    kept: float
    weights: Array
    small: Array
    large: Array
    runs: Array
    counts: Array
    seed: int

    @classmethod
    def fit(
        cls, weights: Array, small: Array, large: Array, runs: Array, slopes: Array, counts: Array, seed: int
    ) -> Discrepancy | None:
        """From pairs in their own order; `slopes` (tasks,) of large on small losses. None where it is chance."""
        left = large - small * slopes
        length, signal = _most_probable(ROOTS(weights), left, runs)
        hyperparameters = np.append(np.full(weights.shape[1], length), -signal)
        kept = _borne_out(ROOTS(weights) / np.exp(length), np.exp(-signal) / runs, left)
        return cls(hyperparameters, kept, weights, small, large, runs, counts, seed) if kept > 0 else None

    def process(self, shares: Array, slopes: Array) -> GaussianProcess:
        """What is kept, without its level, in a weighted mean of tasks: `shares` (tasks,) on the larger losses."""
        whole = self._whole(shares, slopes)
        return replace(whole, mean=0.0, alpha=self.kept * whole.alpha, variance=self.kept**2 * whole.variance)

    def drawn(self, shares: Array, slopes: Array, domains: np.ndarray) -> Drawn:
        """A draw a row of `slopes` (1 + draws, tasks) but the first, which is that of all pairs; `shares` (tasks,).

        Each has its resample of the pairs. `domains`: for each place in the canonical order of domains, its column.
        Draws are narrowed or widened to cover left-out pairs (`draws.width`), slopes and discrepancy together: a draw's
        discrepancy makes up for its slopes, so that these go with the same factor.
        """
        draws = len(slopes) - 1
        counts = self.counts[np.arange(draws) % len(self.counts)] * self.runs
        left = self.large @ shares - (shares * slopes)[1:] @ self.small.T
        generator = np.random.default_rng([self.seed, draws])
        frequencies = spectrum(self.weights.shape[1])[np.argsort(domains)]
        shocks = generator.normal(size=(draws, 2 * frequencies.shape[1])), generator.normal(size=counts.shape)
        whole = self._whole(shares, slopes[0])
        made = process_draws(whole, frequencies, self.weights, left, counts, shocks)
        errors, spread = left_out(left - made.everywhere(self.weights), counts)
        factor = width(errors, spread, self._noise_sd(whole))
        kept = replace(made, process=self.process(shares, slopes[0]))
        function = narrowed(TaskDraws((kept,), np.ones(1)), factor)
        return Drawn(self, function, factor, self.large @ shares, errors + self.small @ (shares * slopes[0]), counts)

    def _whole(self, shares: Array, slopes: Array) -> GaussianProcess:
        return self._over(self.large @ shares - self.small @ (shares * slopes))

    def _over(self, left: Array) -> GaussianProcess:
        """The process of what is `left` of the larger losses (pairs,)."""
        return GaussianProcess.over(ROOTS, self.hyperparameters, self.weights, left, self.runs)

    def _noise_sd(self, process: GaussianProcess) -> Array:
        """(pairs,) of the mean of a pair's runs, from what `process` leaves of them: of all its tasks together."""
        rest, freedom = process.left(self.runs)
        return np.asarray(np.linalg.norm(rest) / np.sqrt(freedom * self.runs))

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


@dataclass(frozen=True)
class Drawn:
    """Draws of a discrepancy in a weighted mean of tasks, and what pairs say of them that they left out.

    `width`: by how much `function` was narrowed or widened, as slopes are to be. Of each pair (pairs,): `large` its
    larger loss, `sloped` that less what draws that left it out say is lost besides. `counts` (draws, pairs).
    """

    discrepancy: Discrepancy
    function: TaskDraws
    width: float
    large: Array
    sloped: Array
    counts: Array

    def covering(self, both: Joint) -> Joint:
        """`both`, draws of slopes times the surface and `function`, as wide as their errors on left-out pairs.

        Widths of the surface and of the discrepancy are found each alone. Their errors go against one another where
        pairs are among the surface's runs, for the noise of a small run lifts the surface and lowers the discrepancy;
        independent draws do not know it. What the surface leaves of the larger losses has the noise of larger runs
        only. The factor is drawn to 1, on a log scale, where the pairs are few.
        """
        told = self.discrepancy
        larger = both.objective(told.weights)
        by_surface = (larger - self.function.everywhere(told.weights)).mean(axis=0)
        noise_sd = told._noise_sd(told._over(self.large - by_surface))
        factor = width(self.sloped - by_surface, left_out(larger, self.counts)[1], noise_sd)
        pairs = len(told.weights)
        return both.narrowed(factor ** (pairs / (pairs + PAIRS_UNASKED)))


def _most_probable(features: Array, left: Array, runs: Array) -> tuple[float, float]:
    """Log length and log of signal over noise variance of `left` (pairs, tasks), each task with a variance of its own.

    The noise is that of one of the `runs` (pairs,) of which each pair is the mean.

    Restricted likelihood (Patterson & Thompson 1971), a mean over tasks since one run's tasks err together, times the
    priors, on a grid.
    """
    free, sizes = len(left) - 1, np.sqrt(runs)[:, None]  # in units in which the noise of all pairs is alike
    contrasts = np.linalg.qr(sizes, mode="complete")[0][:, 1:]
    centred = contrasts.T @ (left * sizes)
    best = (np.inf, 0.0, 0.0)
    for length in LOG_LENGTHS.tolist():
        rows = features / np.exp(length)
        spread, axes = np.linalg.eigh(contrasts.T @ (matern(rows, rows) * sizes * sizes.T) @ contrasts)
        variance = 1 + np.exp(LOG_SIGNALS)[:, None] * np.maximum(spread, 0.0)
        squares = (1 / variance) @ (axes.T @ centred) ** 2
        energy = 0.5 * free * np.log(np.maximum(squares, np.finfo(float).tiny)).mean(axis=1)
        energy += 0.5 * np.log(variance).sum(axis=1) + _pull(length, LENGTH_PRIOR) + _pull(LOG_SIGNALS, SIGNAL_PRIOR)
        at = int(np.argmin(energy))
        best = min(best, (float(energy[at]), length, float(LOG_SIGNALS[at])))
    return best[1:]


def _borne_out(rows: Array, noise: Array, left: Array) -> float:
    """The share, 0 to 1, of what the process says of each pair from the others that the pair has of it.

    A slope through all tasks, each in its variance, of pairs on predictions (leave-one-out in closed form, both less
    the mean of the others), drawn to 0 as far as it is chance (James & Stein): its error is that of sums over pairs.
    0 where of all tasks only rounding is left.
    """
    says = np.ptp(left, axis=0) > ROUNDING * np.abs(left).max(axis=0)
    if not says.any():
        return 0.0
    left = left[:, says]
    kernel = matern(rows, rows)
    kernel[np.diag_indices_from(kernel)] += noise
    inverse = np.linalg.inv(kernel)
    ones = inverse.sum(axis=0)
    inverse -= np.outer(ones, ones) / ones.sum()
    apart = (left - left.mean(axis=0)) * len(left) / (len(left) - 1)
    told = apart - (inverse @ left) / np.diag(inverse)[:, None]
    scale = left.var(axis=0)
    products, squares = (apart * told / scale).sum(axis=1), (told**2 / scale).sum(axis=1)
    slope = products.sum() / max(squares.sum(), np.finfo(float).tiny)
    error = ((products - slope * squares) ** 2).sum() / max(squares.sum() ** 2, np.finfo(float).tiny)
    return float(min(slope, 1.0) * max(1 - error / slope**2, 0.0)) if slope > 0 else 0.0


def _pull(value: float | Array, prior: tuple[float, float]) -> Array:
    return np.asarray(0.5 * ((value - prior[0]) / prior[1]) ** 2)
