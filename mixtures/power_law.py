"""Effective exposure: the loss falls as a power of a weighted sum of what was read, L = E + (T . w)^-a with T >= 0.

A domain's T says how much its tokens help a task; since weights sum to 1, a floor common to all domains is part of T.
Few parameters, monotone and convex along every exchange between two domains: it extrapolates where a smooth
interpolator cannot.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg, optimize

from mixtures.mixture import Array

MIN_EXPOSURE = 1e-3  # of T, in units in which (T . w)^-a is of the order of the losses' spread
EXPONENT_PRIOR = (np.log(0.5), 1.0)  # mean and sd of log a; the data decide once there are a few dozen runs
EXPONENT_BOUNDS = (np.log(0.02), np.log(2.0))
START_EXPONENTS = (0.2, 0.5, 1.5)
START_MARGINS = (0.1, 1.0)  # how far below the lowest loss E begins, in spreads
PRIOR_NOISE = 1e-4  # variance beside which the prior weighs: a hundredth of the losses' spread, squared
FLOOR_PRIOR_SD = 3.0  # of E, in spreads of the losses
MIN_VARIANCE = 1e-12  # of residuals, in squared spreads: a fit that is exact still divides
ITERATIONS = 300


@dataclass(frozen=True)
class PowerLaw:
    """A fitted law. `parameters`: log a, then T a domain, for losses divided by `scale`.

    `floor` is E in the losses' units; `covariance` is of (E, log a, T) in scaled units, from the
    linearised least squares. No prediction is above `ceiling`: a power can explode in a corner where no run was.
    """

    parameters: Array
    floor: float
    ceiling: float
    scale: float
    covariance: Array

    @classmethod
    def fit(cls, weights: Array, losses: Array, start: PowerLaw | None = None) -> PowerLaw:
        """Least squares by L-BFGS-B with exact gradients, from `start` or from the best of a grid of linear fits."""
        scale = float(losses.std()) or 1.0
        target = losses / scale
        first = _starts(weights, target) if start is None else start.parameters
        found = optimize.minimize(
            _energy,
            first,
            args=(weights, target),
            jac=True,
            method="L-BFGS-B",
            bounds=[EXPONENT_BOUNDS] + [(MIN_EXPOSURE, None)] * weights.shape[1],
            options={"maxiter": ITERATIONS, "ftol": 1e-10, "gtol": 1e-7},
        )
        parameters = found.x
        shape, slopes = _shape(parameters, weights)
        floor = float((target - shape).mean())
        residual = target - floor - shape
        freedom = max(len(target) - len(parameters) - 1, 1)
        variance = max(float(residual @ residual) / freedom, MIN_VARIANCE)
        covariance = _covariance(parameters, np.column_stack((np.ones(len(target)), slopes)), variance)
        ceiling = float(losses.max() + np.ptp(losses))
        return cls(parameters, floor * scale, ceiling, scale, covariance)

    def again(self, weights: Array, losses: Array) -> PowerLaw:
        """Fitted to other runs, from where this one ended."""
        return self.fit(weights, losses, start=self)

    def predict_mean(self, weights: Array) -> Array:
        """(rows,) expected losses of mixtures (rows, domains)."""
        return np.minimum(self.floor + self.scale * _shape(self.parameters, weights)[0], self.ceiling)

    def predict(self, weights: Array) -> tuple[Array, Array]:
        """(rows,) expected losses and their standard deviations by the delta method, without the noise of a run."""
        shape, slopes = _shape(self.parameters, weights)
        jacobian = np.column_stack((np.ones(len(weights)), slopes))
        variance = ((jacobian @ self.covariance) * jacobian).sum(axis=1)
        mean = np.minimum(self.floor + self.scale * shape, self.ceiling)
        return mean, self.scale * np.sqrt(np.maximum(variance, 0.0))


def _shape(parameters: Array, weights: Array) -> tuple[Array, Array]:
    """(T . w)^-a, (rows,), and its derivatives by log a and T, (rows, 1 + domains)."""
    exponent = np.exp(parameters[0])
    exposure = np.maximum(weights @ parameters[1:], MIN_EXPOSURE)
    shape = exposure**-exponent
    by_exponent = -exponent * np.log(exposure) * shape
    by_exposure = (-exponent * shape / exposure)[:, None] * weights
    return shape, np.column_stack((by_exponent, by_exposure))


def _covariance(parameters: Array, jacobian: Array, variance: float) -> Array:
    """Of (E, log a, T) around the fit, (2 + domains,) squared, for residuals of `variance`.

    The priors are normal: E by FLOOR_PRIOR_SD, log a by its own, T by its size. In their units the prior is the
    identity, so that directions that the runs say nothing of keep the prior's width, and no ill-conditioned inverse is
    needed.
    """
    size = np.maximum(parameters[1:], parameters[1:].mean())
    units = np.concatenate(([FLOOR_PRIOR_SD, EXPONENT_PRIOR[1]], size))
    scaled = jacobian * units
    known, directions = linalg.eigh(scaled.T @ scaled)
    rooted = (units[:, None] * directions) * np.sqrt(variance / (np.maximum(known, 0.0) + variance))
    return rooted @ rooted.T


def _energy(parameters: Array, weights: Array, target: Array) -> tuple[float, Array]:
    """Half the squared residuals with E at its best, plus the prior of the exponent; and the gradient."""
    shape, slopes = _shape(parameters, weights)
    residual = target - shape
    residual = residual - residual.mean()
    deviation = (parameters[0] - EXPONENT_PRIOR[0]) / EXPONENT_PRIOR[1]
    gradient = -(residual @ slopes)
    gradient[0] += PRIOR_NOISE * deviation / EXPONENT_PRIOR[1]
    return float(0.5 * residual @ residual + 0.5 * PRIOR_NOISE * deviation**2), gradient


def _starts(weights: Array, target: Array) -> Array:
    """For given E and a the law is linear, (L - E)^(-1/a) = T . w: the best of a grid of nonnegative least squares."""
    best, lowest = np.empty(0), np.inf
    for margin in START_MARGINS:
        floor = target.min() - margin
        for exponent in START_EXPONENTS:
            exposures, _ = optimize.nnls(weights, (target - floor) ** (-1 / exponent))
            parameters = np.concatenate(([np.log(exponent)], np.maximum(exposures, MIN_EXPOSURE)))
            energy, _ = _energy(parameters, weights, target)
            if energy < lowest:
                best, lowest = parameters, energy
    return best
