"""Effective exposure: the loss falls as a power of a weighted sum of what was read, L = E + (T . w)^-a with T >= 0.

A domain's T says how much its tokens help a task; since weights sum to 1, a floor common to all domains is part of T.
Few parameters, monotone and convex along every exchange between two domains: it extrapolates where a smooth
interpolator cannot.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

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
STEPS = 4  # of a refit to resampled runs
NUMBERS = 2**23  # that are held for the refits made at once: 64 MiB


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
    def fit(cls, weights: Array, losses: Array, start: PowerLaw | None = None, counts: Array | None = None) -> PowerLaw:
        """Least squares by L-BFGS-B with exact gradients, from `start` or from the best of a grid of linear fits.

        `counts` (runs,): how often each run counts, by default once.
        """
        counts = np.ones(len(losses)) if counts is None else counts
        scale = (float(losses.std()) or 1.0) if start is None else start.scale
        target = losses / scale
        first = _starts(weights, target) if start is None else start.parameters
        found = optimize.minimize(
            _energy,
            first,
            args=(weights, target, counts),
            jac=True,
            method="L-BFGS-B",
            bounds=[EXPONENT_BOUNDS] + [(MIN_EXPOSURE, None)] * weights.shape[1],
            options={"maxiter": ITERATIONS, "ftol": 1e-10, "gtol": 1e-7},
        )
        parameters = found.x
        shape, slopes = _shape(parameters, weights)
        floor = float(np.average(target - shape, weights=counts))
        residual = target - floor - shape
        freedom = max(counts.sum() - len(parameters) - 1, 1)
        variance = max(float(counts @ residual**2) / freedom, MIN_VARIANCE)
        jacobian = np.column_stack((np.ones(len(target)), slopes)) * np.sqrt(counts)[:, None]
        covariance = _covariance(parameters, jacobian, variance)
        ceiling = float(losses.max() + np.ptp(losses))
        return cls(parameters, floor * scale, ceiling, scale, covariance)

    def refitted(self, weights: Array, losses: Array, counts: Array) -> tuple[Array, Array]:
        """Fitted again to runs that count `counts` (draws, runs) times: parameters (draws, 1 + domains), E (draws,).

        STEPS of Gauss and Newton from here, damped by the priors' widths, so that what the runs say nothing of stays;
        a step that does not help is quartered. Many draws at once: a hundredth of the time of as many calls of `fit`.
        """
        target = losses / self.scale
        parameters = np.tile(self.parameters, (len(counts), 1))
        _, energies, _ = _settled(parameters, weights, target, counts)
        variance = float(np.median(energies)) / max(len(losses) - parameters.shape[1] - 1, 1)
        damping = max(variance, MIN_VARIANCE) / _units(self.parameters)[1:] ** 2
        together = max(1, NUMBERS // (2 * weights.size + parameters.shape[1] ** 2))
        floors = np.empty(len(counts))
        for first in range(0, len(counts), together):
            some = slice(first, first + together)
            parameters[some], floors[some] = self._stepped(weights, target, counts[some], damping)
        return parameters, self.scale * floors

    def _stepped(self, weights: Array, target: Array, counts: Array, damping: Array) -> tuple[Array, Array]:
        parameters = np.tile(self.parameters, (len(counts), 1))
        floors, energies, shapes = _settled(parameters, weights, target, counts)
        length = np.ones(len(counts))
        for _ in range(STEPS):
            slopes = _slopes(parameters, weights)
            slopes -= np.einsum("bi,bij->bj", counts, slopes)[:, None] / counts.sum(axis=1)[:, None, None]
            residual = target - floors[:, None] - shapes
            counted = slopes * counts[:, :, None]
            matrix = slopes.transpose(0, 2, 1) @ counted
            diagonal = np.arange(matrix.shape[1])
            matrix[:, diagonal, diagonal] += damping
            pull = np.einsum("bi,bij->bj", residual, counted) + damping * (self.parameters - parameters)
            step = np.linalg.solve(matrix, pull[:, :, None])[:, :, 0]
            tried = parameters + length[:, None] * step
            tried[:, 0] = np.clip(tried[:, 0], *EXPONENT_BOUNDS)
            tried[:, 1:] = np.maximum(tried[:, 1:], MIN_EXPOSURE)
            new_floors, new_energies, new_shapes = _settled(tried, weights, target, counts)
            better = new_energies < energies
            parameters[better], floors[better] = tried[better], new_floors[better]
            energies[better], shapes[better] = new_energies[better], new_shapes[better]
            length = np.where(better, np.minimum(2 * length, 1.0), length / 4)
        return parameters, floors

    def reordered(self, domains: np.ndarray) -> PowerLaw:
        """The same law of columns `domains` of those it was fitted to."""
        places = np.concatenate(([0, 1], domains + 2))
        return replace(
            self, parameters=self.parameters[places[1:] - 1], covariance=self.covariance[np.ix_(places, places)]
        )

    def gradient(self, weights: Array) -> Array:
        """Derivatives of `predict_mean` by each weight, (rows, domains); 0 where it is held at `ceiling`."""
        return self.scale * law_gradient(self.parameters[None], weights, (self.ceiling - self.floor) / self.scale)

    def predict_mean(self, weights: Array) -> Array:
        """(rows,) expected losses of mixtures (rows, domains)."""
        return np.minimum(self.floor + self.scale * _shape(self.parameters, weights)[0], self.ceiling)

    def predict(self, weights: Array) -> tuple[Array, Array]:
        """(rows,) expected losses and their standard deviations by the delta method, without the noise of a run.

        Where exposure is next to none a slope has no end, and with it the delta: no doubt is above the prior's of E.
        """
        mean, sd, _ = self._told(weights)
        return mean, sd

    def slopes(self, weights: Array) -> tuple[Array, Array, Array, Array]:
        """`predict`, and derivatives of mean and variance by each weight, (rows, domains)."""
        mean, sd, pulled = self._told(weights)
        exponent, helped = np.exp(self.parameters[0]), self.parameters[1:]
        free = weights @ helped > MIN_EXPOSURE
        exposure = np.maximum(weights @ helped, MIN_EXPOSURE)
        steep = -exponent * exposure ** (-exponent - 1)
        # the jacobian's columns by log a and by T depend on the exposure; those by T on their own weight, too
        turn = (
            pulled[:, 1] * (1 - exponent * np.log(exposure))
            - (1 + exponent) * np.vecdot(pulled[:, 2:], weights) / exposure
        )
        by_variance = steep[:, None] * (np.where(free, turn, 0.0)[:, None] * helped + pulled[:, 2:])
        held = sd >= FLOOR_PRIOR_SD * self.scale
        return mean, sd, self.gradient(weights), np.where(held[:, None], 0.0, 2 * self.scale**2 * by_variance)

    def _told(self, weights: Array) -> tuple[Array, Array, Array]:
        """`predict`, and (rows, 2 + domains) the covariance times the shape's derivatives by E, log a and T."""
        shape, slopes = _shape(self.parameters, weights)
        jacobian = np.column_stack((np.ones(len(weights)), slopes))
        pulled = jacobian @ self.covariance
        variance = np.vecdot(pulled, jacobian)
        mean = np.minimum(self.floor + self.scale * shape, self.ceiling)
        return mean, self.scale * np.minimum(np.sqrt(np.maximum(variance, 0.0)), FLOOR_PRIOR_SD), pulled


def _shape(parameters: Array, weights: Array) -> tuple[Array, Array]:
    """(T . w)^-a, (rows,), and its derivatives by log a and T, (rows, 1 + domains)."""
    exponent = np.exp(parameters[0])
    exposure = np.maximum(weights @ parameters[1:], MIN_EXPOSURE)
    shape = exposure**-exponent
    by_exponent = -exponent * np.log(exposure) * shape
    by_exposure = (-exponent * shape / exposure)[:, None] * weights
    return shape, np.column_stack((by_exponent, by_exposure))


def _settled(parameters: Array, weights: Array, target: Array, counts: Array) -> tuple[Array, Array, Array]:
    """Of laws (draws, 1 + domains): E at its best and summed squared residuals (draws,), shapes (draws, runs)."""
    exposure = np.maximum(parameters[:, 1:] @ weights.T, MIN_EXPOSURE)
    shapes = exposure ** -np.exp(parameters[:, :1])
    floors = ((target - shapes) * counts).sum(axis=1) / counts.sum(axis=1)
    return floors, (counts * (target - floors[:, None] - shapes) ** 2).sum(axis=1), shapes


def _slopes(parameters: Array, weights: Array) -> Array:
    """Derivatives of the shapes by log a and T, (draws, runs, 1 + domains)."""
    exponent = np.exp(parameters[:, :1])
    exposure = np.maximum(parameters[:, 1:] @ weights.T, MIN_EXPOSURE)
    shapes = exposure**-exponent
    slopes = np.empty((*shapes.shape, parameters.shape[1]))
    slopes[:, :, 0] = -exponent * np.log(exposure) * shapes
    slopes[:, :, 1:] = (-exponent * shapes / exposure)[:, :, None] * weights
    return slopes


def law_gradient(parameters: Array, weights: Array, ceiling: Array | float) -> Array:
    """Of (T . w)^-a by each weight, (rows, domains), 0 where it is above `ceiling`; `parameters` (rows or 1, 1 + d)."""
    exponent, helped = np.exp(parameters[:, 0]), parameters[:, 1:]
    exposure = np.maximum((weights * helped).sum(axis=1), MIN_EXPOSURE)
    slope = np.where(exposure**-exponent < ceiling, -exponent * exposure ** (-exponent - 1), 0.0)
    return slope[:, None] * helped


def _covariance(parameters: Array, jacobian: Array, variance: float) -> Array:
    """Of (E, log a, T) around the fit, (2 + domains,) squared, for residuals of `variance`.

    The priors are normal: E by FLOOR_PRIOR_SD, log a by its own, T by its size. In their units the prior is the
    identity, so that directions that the runs say nothing of keep the prior's width, and no ill-conditioned inverse is
    needed.
    """
    units = _units(parameters)
    scaled = jacobian * units
    known, directions = linalg.eigh(scaled.T @ scaled)
    rooted = (units[:, None] * directions) * np.sqrt(variance / (np.maximum(known, 0.0) + variance))
    return rooted @ rooted.T


def _units(parameters: Array) -> Array:
    """(2 + domains,) how far E, log a and T may be from where they are, before the runs speak."""
    size = np.maximum(parameters[1:], parameters[1:].mean())
    return np.concatenate(([FLOOR_PRIOR_SD, EXPONENT_PRIOR[1]], size))


def _energy(parameters: Array, weights: Array, target: Array, counts: Array) -> tuple[float, Array]:
    """Half the squared residuals with E at its best, plus the prior of the exponent; and the gradient."""
    shape, slopes = _shape(parameters, weights)
    residual = target - shape
    residual = residual - np.average(residual, weights=counts)
    pull = counts * residual
    deviation = (parameters[0] - EXPONENT_PRIOR[0]) / EXPONENT_PRIOR[1]
    gradient = -(pull @ slopes)
    gradient[0] += PRIOR_NOISE * deviation / EXPONENT_PRIOR[1]
    return float(0.5 * residual @ pull + 0.5 * PRIOR_NOISE * deviation**2), gradient


def _starts(weights: Array, target: Array) -> Array:
    """For given E and a the law is linear, (L - E)^(-1/a) = T . w: the best of a grid of nonnegative least squares."""
    best, lowest = np.empty(0), np.inf
    for margin in START_MARGINS:
        floor = target.min() - margin
        for exponent in START_EXPONENTS:
            exposures, _ = optimize.nnls(weights, (target - floor) ** (-1 / exponent))
            parameters = np.concatenate(([np.log(exponent)], np.maximum(exposures, MIN_EXPOSURE)))
            energy, _ = _energy(parameters, weights, target, np.ones(len(target)))
            if energy < lowest:
                best, lowest = parameters, energy
    return best
