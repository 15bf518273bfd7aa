"""A Gaussian process from weights to a loss: smooth, interpolating, with a standard deviation where no run was near.

Matern 5/2 with a length a domain (Rasmussen & Williams 2006, eq. 4.17 and 5.9) on log(weight + LOG_OFFSET), a constant
mean by generalised least squares, signal variance in closed form, lengths and noise by the most probable value under
weak priors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg, optimize

from mixtures.mixture import Array

LOG_OFFSET = 0.003  # of a weight before the logarithm: on published swarms .001 to .01 do nearly alike
LENGTH_PRIOR_SD = 1.0  # of log length around that of LENGTH_PRIOR: a factor of e either way
LENGTH_PRIOR = 2.0  # times the root of the number of domains, in standard deviations of a domain's logarithms
NOISE_PRIOR = (np.log(1e-2), 2.0)  # mean and sd of log(noise variance / signal variance)
NOISE_BOUNDS = (np.log(1e-6), np.log(1e1))
LENGTH_BOUNDS = (-3.0, 8.0)  # of log length around its prior: beyond, a domain is white noise or has no effect
ITERATIONS = 200


def features(weights: Array) -> Array:
    """What distances are measured in, same shape as `weights`."""
    return np.log(np.maximum(weights, 0.0) + LOG_OFFSET)


@dataclass(frozen=True)
class GaussianProcess:
    """A fitted process. `hyperparameters`: log length a domain, then log of noise over signal variance.

    `rows` (runs, domains) are the runs' features divided by `lengths`; losses are in the units that were given.
    """

    hyperparameters: Array
    lengths: Array
    rows: Array
    mean: float
    variance: float
    alpha: Array
    factor: Array
    noise_sd: float

    @classmethod
    def fit(cls, weights: Array, losses: Array, start: Array | None = None) -> GaussianProcess:
        """Lengths and noise are optimised by L-BFGS-B with exact gradients, from `start` or from the priors."""
        inputs = features(weights)
        spread = _spread(inputs)
        prior = np.full(inputs.shape[1] + 1, np.log(LENGTH_PRIOR * np.sqrt(inputs.shape[1])))
        prior[-1] = NOISE_PRIOR[0]
        bounds = [(mid + LENGTH_BOUNDS[0], mid + LENGTH_BOUNDS[1]) for mid in prior[:-1]] + [NOISE_BOUNDS]
        target = losses - losses.mean()
        scale = target.std() or 1.0
        found = optimize.minimize(
            _energy,
            np.clip(prior if start is None else start, *np.array(bounds).T),
            args=(inputs / spread, target / scale, prior),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": ITERATIONS, "ftol": 1e-7},
        )
        return cls.conditioned(weights, losses, found.x, spread)

    @classmethod
    def conditioned(cls, weights: Array, losses: Array, hyperparameters: Array, spread: Array) -> GaussianProcess:
        """The process with given hyperparameters, in units of `spread` (domains,), over these runs."""
        lengths = np.exp(hyperparameters[:-1]) * spread
        rows = features(weights) / lengths
        kernel = matern(rows, rows)
        noise = np.exp(hyperparameters[-1])
        kernel[np.diag_indices_from(kernel)] += noise
        factor = linalg.cholesky(kernel, lower=True, check_finite=False)
        ones = linalg.cho_solve((factor, True), np.ones(len(losses)), check_finite=False)
        mean = float(ones @ losses / ones.sum())
        alpha = linalg.cho_solve((factor, True), losses - mean, check_finite=False)
        variance = float((losses - mean) @ alpha) / len(losses)
        return cls(hyperparameters, lengths, rows, mean, variance, alpha, factor, float(np.sqrt(noise * variance)))

    def again(self, weights: Array, losses: Array) -> GaussianProcess:
        """The same lengths and noise over other runs."""
        return self.conditioned(weights, losses, self.hyperparameters, self.lengths / np.exp(self.hyperparameters[:-1]))

    def predict_mean(self, weights: Array) -> Array:
        """(rows,) expected losses of mixtures (rows, domains)."""
        return self.mean + matern(features(weights) / self.lengths, self.rows) @ self.alpha

    def predict(self, weights: Array) -> tuple[Array, Array]:
        """(rows,) expected losses and their standard deviations, without the noise of a run."""
        cross = matern(features(weights) / self.lengths, self.rows)
        solved = linalg.solve_triangular(self.factor, cross.T, lower=True, check_finite=False)
        left = np.maximum(1.0 - (solved**2).sum(axis=0), 0.0)
        return self.mean + cross @ self.alpha, np.sqrt(self.variance * left)


def _spread(inputs: Array) -> Array:
    """The standard deviation of each domain's feature, 1 where it never varied."""
    sd = inputs.std(axis=0)
    return np.where(sd > 1e-9, sd, 1.0)


def _distances(left: Array, right: Array) -> Array:
    """Euclidean, (left rows, right rows)."""
    squared = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1)[None] - 2 * left @ right.T
    return np.sqrt(np.maximum(squared, 0.0))


def matern(left: Array, right: Array) -> Array:
    """The correlation of two sets of rows, already divided by the lengths."""
    r = np.sqrt(5.0) * _distances(left, right)
    return (1.0 + r + r * r / 3.0) * np.exp(-r)


def _energy(parameters: Array, inputs: Array, target: Array, prior: Array) -> tuple[float, Array]:
    """Minus the log posterior of the hyperparameters, up to a constant, and its gradient.

    With r the scaled distance, dk / dlog(length_d) = 5/3 (1 + sqrt5 r) exp(-sqrt5 r) (difference_d / length_d)^2; the
    sums over pairs of M_ij (x_i - x_j)^2 for a symmetric M are 2 (rowsum(M) . x^2 - x . Mx).
    """
    count = len(target)
    scaled = inputs / np.exp(parameters[:-1])
    r = np.sqrt(5.0) * _distances(scaled, scaled)
    decay = np.exp(-r)
    kernel = (1.0 + r + r * r / 3.0) * decay
    noise = np.exp(parameters[-1])
    kernel[np.diag_indices(count)] = 1.0 + noise
    factor = linalg.cholesky(kernel, lower=True, check_finite=False, overwrite_a=True)
    inverse, failed = linalg.lapack.dpotri(factor, lower=1)
    assert failed == 0, "the diagonal of a Cholesky factor is positive"
    inverse = np.tril(inverse) + np.tril(inverse, -1).T
    ones = inverse.sum(axis=1)
    residual = target - ones @ target / ones.sum()
    alpha = inverse @ residual
    variance = residual @ alpha / count
    pull = inverse - np.outer(alpha, alpha) / variance
    weighed = pull * decay * (1.0 + r) * (5.0 / 3.0)
    lengths = weighed.sum(axis=1) @ scaled**2 - (scaled * (weighed @ scaled)).sum(axis=0)
    gradient = np.append(lengths, 0.5 * noise * np.trace(pull))
    deviation = parameters - prior
    precision = np.full(len(prior), LENGTH_PRIOR_SD**-2)
    precision[-1] = NOISE_PRIOR[1] ** -2
    energy = 0.5 * count * np.log(variance) + np.log(np.diag(factor)).sum() + 0.5 * (precision * deviation**2).sum()
    return float(energy), gradient + precision * deviation
