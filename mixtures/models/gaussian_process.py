"""A Gaussian process from weights to a loss: smooth, interpolating, with a standard deviation where no run was near.

A constant mean by generalised least squares, the signal variance in closed form; lengths and noise come from `kernel`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from mixtures.mixture import Array
from mixtures.models.kernel import TASK_LENGTH_SD, TASK_NOISE_SD, Features, matern, matern_and_fall


@dataclass(frozen=True)
class GaussianProcess:
    """A process over runs. `hyperparameters`: log length a feature, then log of noise over signal variance.

    `rows` (runs, features) are the runs' features divided by their lengths; losses are in the units that were given.
    """

    features: Features
    hyperparameters: Array
    rows: Array
    mean: float
    variance: float
    alpha: Array
    factor: Array

    @classmethod
    def over(
        cls,
        features: Features,
        hyperparameters: Array,
        weights: Array,
        losses: Array,
        counts: Array | None = None,
        variance: float | None = None,
    ) -> GaussianProcess:
        """The process with given hyperparameters; a run that counts n times has an n-th of the noise, 0 leaves it out.

        `variance`: of the signal; by default what the runs say.
        """
        kept = slice(None) if counts is None else counts > 0
        rows, seen = features(weights[kept]) / np.exp(hyperparameters[:-1]), losses[kept]
        kernel = matern(rows, rows)
        noise = np.exp(hyperparameters[-1])
        kernel[np.diag_indices_from(kernel)] += noise if counts is None else noise / counts[kept]
        factor = linalg.cholesky(kernel, lower=True, check_finite=False, overwrite_a=True)
        solved = linalg.cho_solve((factor, True), np.column_stack((np.ones(len(seen)), seen)), check_finite=False)
        mean = float(solved[:, 1].sum() / solved[:, 0].sum())
        alpha = solved[:, 1] - mean * solved[:, 0]
        if variance is None:
            variance = float((seen - mean) @ alpha) / len(seen)
        return cls(features, hyperparameters, rows, mean, variance, alpha, factor)

    @property
    def noise_sd(self) -> float:
        """Between runs of one mixture, in the losses' units."""
        return float(np.sqrt(np.exp(self.hyperparameters[-1]) * self.variance))

    def left(self, counts: Array | None = None) -> tuple[Array, float]:
        """(runs,) what the process leaves of each run, as of one run's noise, and the degrees of freedom of these.

        The sum of their squares over these is the variance of the noise without bias, given the hyperparameters, where
        `noise_sd` is its most probable value: smaller, the more of the runs the process follows. `counts` as in `over`.
        """
        inverse = linalg.cho_solve((self.factor, True), np.eye(len(self.alpha)), check_finite=False)
        ones, noise = inverse.sum(axis=0), np.exp(self.hyperparameters[-1])
        each = np.ones(len(ones)) if counts is None else counts[counts > 0]
        freedom = noise * ((np.diag(inverse) - ones**2 / ones.sum()) / each).sum()
        return noise * self.alpha / np.sqrt(each), float(freedom)

    def taken(self) -> float:
        """How many degrees of freedom its hyperparameters took of the runs, 0 to features + 1.

        Each counts F / (F + 1 / sd^2): as much as the runs say of it, F, their expected information with the signal
        variance in closed form, beside its prior of `kernel.own` (MacKay 1992, doi:10.1162/neco.1992.4.3.415).
        """
        inverse = linalg.cho_solve((self.factor, True), np.eye(len(self.alpha)), check_finite=False)
        _, fall = matern_and_fall(self.rows, self.rows)
        known = [_information(inverse @ (fall * (row[:, None] - row) ** 2)) for row in self.rows.T]
        known.append(_information(np.exp(self.hyperparameters[-1]) * inverse))
        spread = np.full(len(known), TASK_LENGTH_SD)
        spread[-1] = TASK_NOISE_SD
        return float(np.sum(known / (known + 1 / spread**2)))

    def scaled(self, weights: Array) -> Array:
        """(rows, features) of mixtures in units of their lengths."""
        return self.features(weights) / np.exp(self.hyperparameters[:-1])

    def predict_mean(self, weights: Array) -> Array:
        """(rows,) expected losses of mixtures (rows, domains)."""
        return self.mean + matern(self.scaled(weights), self.rows) @ self.alpha

    def predict(self, weights: Array) -> tuple[Array, Array]:
        """(rows,) expected losses and their standard deviations, without the noise of a run."""
        cross = matern(self.scaled(weights), self.rows)
        solved = linalg.solve_triangular(self.factor, cross.T, lower=True, check_finite=False)
        left = np.maximum(1.0 - (solved**2).sum(axis=0), 0.0)
        return self.mean + cross @ self.alpha, np.sqrt(self.variance * left)

    def gradient(self, weights: Array) -> Array:
        """Derivatives of `predict_mean` by each weight, (rows, domains)."""
        here = self.scaled(weights)
        return self.by_weight(weights, self.pulled(here, matern_and_fall(here, self.rows)[1] * self.alpha))

    def slopes(self, weights: Array) -> tuple[Array, Array, Array, Array]:
        """`predict`, and derivatives of mean and variance by each weight, (rows, domains)."""
        here = self.scaled(weights)
        cross, fall = matern_and_fall(here, self.rows)
        half = linalg.solve_triangular(self.factor, cross.T, lower=True, check_finite=False)
        solved = linalg.solve_triangular(self.factor, half, lower=True, trans=1, check_finite=False).T
        left = np.maximum(1.0 - (half**2).sum(axis=0), 0.0)
        by_mean = self.by_weight(weights, self.pulled(here, fall * self.alpha))
        by_variance = self.by_weight(weights, self.pulled(here, fall * (-2 * self.variance * solved)))
        return self.mean + cross @ self.alpha, np.sqrt(self.variance * left), by_mean, by_variance

    def pulled(self, here: Array, pull: Array) -> Array:
        """Sum of `pull` (rows, runs) times what leads from `here`, scaled mixtures, to each run: (rows, features)."""
        return pull @ self.rows - pull.sum(axis=1)[:, None] * here

    def by_weight(self, weights: Array, by_scaled: Array) -> Array:
        """Derivatives by each weight from those by what `scaled` makes of it, (rows, domains)."""
        return self.features.pulled(weights, by_scaled / np.exp(self.hyperparameters[:-1]))


def _information(change: Array) -> float:
    """Of a hyperparameter: `change` (runs, runs), the inverse of the kernel times its derivative."""
    return max(0.5 * float((change * change.T).sum() - np.trace(change) ** 2 / len(change)), 0.0)
