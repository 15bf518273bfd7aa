"""What makes two mixtures alike: Matern 5/2 on features of the weights, and the lengths that the losses ask for.

Matern 5/2 with a length a feature: Rasmussen & Williams 2006, eq. 4.17 and 5.9. Features are the domains' own, and a
few exposures, weighted sums of weights in which one domain can stand for another, as that of a power law. Lengths are
found twice: once for all tasks together, which a few hundred losses a domain decide, and then for each task, tied to
the common ones. Exposures are found in `exposures`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import linalg, optimize

from mixtures.mixture import Array

FLOORS = (0.001, 0.003, 0.01, 0.03)  # of a weight before the logarithm; which one, the runs decide
LENGTH_PRIOR = 2.0  # times the root of the number of domains, in standard deviations of a domain's feature
LENGTH_PRIOR_SD = 1.0  # of log length common to all tasks: a factor of e either way
TASK_LENGTH_SD = 0.7  # of a task's log length around the common one
NOISE_PRIOR = (np.log(1e-2), 2.0)  # mean and sd of log(noise variance / signal variance)
TASK_NOISE_SD = 1.0  # of the same around the common one
NOISE_BOUNDS = (np.log(1e-6), np.log(1e1))
LENGTH_BOUNDS = (-3.0, 8.0)  # of log length around its prior: beyond, a domain is white noise or has no effect
COMMON_ITERATIONS = 60
TASK_ITERATIONS = 8  # 15 find the same ranks (docs/LOG.md)
STEEPEST = 1e-6  # of a weight: below it the root is taken to rise as it does here


@dataclass(frozen=True)
class Features:
    """What distances are measured in: log(weight + floor), or the root of the weight where `floor` is None.

    Behind these, one a domain, the logarithm of each exposure T . weights, where there are `helped` (exposures,
    domains), T, all above 0.
    """

    floor: float | None
    helped: Array | None = None

    def __call__(self, weights: Array) -> Array:
        """(rows, domains + exposures) of `weights` (rows, domains); what rounding left below 0 counts as 0."""
        positive = np.maximum(weights, 0.0)
        own = np.sqrt(positive) if self.floor is None else np.log(positive + self.floor)
        return own if self.helped is None else np.hstack((own, np.log(positive @ self.helped.T)))

    def pulled(self, weights: Array, by_feature: Array) -> Array:
        """Derivatives by each weight, (rows, domains), from those by each feature, (rows, domains + exposures)."""
        positive = np.maximum(weights, 0.0)
        slopes = 0.5 / np.sqrt(np.maximum(weights, STEEPEST)) if self.floor is None else 1.0 / (positive + self.floor)
        if self.helped is None:
            return np.asarray(by_feature * slopes)
        domains = weights.shape[1]
        through = by_feature[:, domains:] / (positive @ self.helped.T)
        return np.asarray(by_feature[:, :domains] * slopes + through @ self.helped)

    def reordered(self, domains: np.ndarray) -> Features:
        """The same of columns `domains` of those it was made for."""
        return self if self.helped is None else replace(self, helped=self.helped[:, domains])

    def places(self, domains: np.ndarray) -> np.ndarray:
        """Where the features of columns `domains` were."""
        return domains if self.helped is None else np.append(domains, len(domains) + np.arange(len(self.helped)))


def distances(left: Array, right: Array) -> Array:
    """Euclidean, (left rows, right rows)."""
    squared = (-2.0 * left) @ right.T
    squared += (left**2).sum(axis=1)[:, None]
    squared += (right**2).sum(axis=1)[None]
    np.maximum(squared, 0.0, out=squared)
    return np.asarray(np.sqrt(squared, out=squared))


def matern(left: Array, right: Array) -> Array:
    """The correlation of two sets of rows, already divided by the lengths."""
    return matern_and_fall(left, right)[0]


def matern_and_fall(left: Array, right: Array) -> tuple[Array, Array]:
    """The correlation, and how steeply it falls, both (left rows, right rows): its gradient by a row of `left` is

    `fall * (right row - left row)`, since dk / dr = -r (1 + sqrt5 d) exp(-sqrt5 d) / 3 with r = sqrt5 d.
    """
    r = np.sqrt(5.0) * distances(left, right)
    decay = np.exp(-r)
    correlation = r * r
    correlation /= 3.0
    r += 1.0
    correlation += r
    correlation *= decay
    r *= decay
    r *= 5.0 / 3.0
    return correlation, r


def common(features: Features, weights: Array, losses: Array) -> Array:
    """Log lengths (domains) and, last, log of noise over signal variance, most probable for all tasks together."""
    inputs = features(weights)
    sd = inputs.std(axis=0)
    spread = np.where(sd > 1e-9, sd, 1.0)  # a domain that never varied
    middle = np.append(np.log(LENGTH_PRIOR * np.sqrt(inputs.shape[1]) * spread), NOISE_PRIOR[0])
    return _most_probable(inputs, losses, middle, LENGTH_PRIOR_SD, NOISE_PRIOR[1], COMMON_ITERATIONS)


def own(features: Features, weights: Array, losses: Array, shared: Array) -> Array:
    """The same for one task's losses (runs,), tied to the `shared` hyperparameters, where its optimiser begins."""
    return _most_probable(features(weights), losses[:, None], shared, TASK_LENGTH_SD, TASK_NOISE_SD, TASK_ITERATIONS)


def _most_probable(
    inputs: Array, losses: Array, middle: Array, length_sd: float, noise_sd: float, iterations: int
) -> Array:
    deviations = np.full(len(middle), length_sd)
    deviations[-1] = noise_sd
    bounds = [(at + LENGTH_BOUNDS[0], at + LENGTH_BOUNDS[1]) for at in middle[:-1]] + [NOISE_BOUNDS]
    found = optimize.minimize(
        energy,
        np.clip(middle, *np.array(bounds).T),
        args=(inputs, (losses - losses.mean(axis=0)) / losses.std(axis=0), middle, deviations),
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": iterations, "ftol": 1e-7},
    )
    return np.asarray(found.x)


def energy(parameters: Array, inputs: Array, targets: Array, middle: Array, deviations: Array) -> tuple[float, Array]:
    """Minus the log posterior of the hyperparameters, a mean over `targets` (runs, tasks), and its gradient."""
    lengths = np.exp(parameters[:-1])
    scaled = inputs / lengths
    value, by_scaled, by_noise = evidence(scaled, np.exp(parameters[-1]), targets)
    gradient = np.append(-(by_scaled * scaled).sum(axis=0), by_noise)
    pull = (parameters - middle) / deviations
    return value + 0.5 * float(pull @ pull), gradient + pull / deviations


def evidence(scaled: Array, noise: float, targets: Array) -> tuple[float, Array, float]:
    """Minus the log evidence, a mean over `targets` (runs, tasks), and its derivatives by `scaled` and by log noise.

    `scaled` (runs, features) are features divided by their lengths, `noise` its variance over the signal's. Each task
    has its own mean (generalised least squares) and its own signal variance, both in closed form. With r the scaled
    distance, dk / dx_i = 5/3 (1 + sqrt5 r) exp(-sqrt5 r) (x_j - x_i); the sums over j of M_ij (x_j - x_i) for a
    symmetric M are Mx - rowsum(M) x.
    """
    count, tasks = targets.shape
    r = np.sqrt(5.0) * distances(scaled, scaled)
    decay = np.exp(-r)
    r += 1.0
    kernel = r - 1.0
    kernel *= kernel
    kernel /= 3.0
    kernel += r
    kernel *= decay
    kernel[np.diag_indices(count)] = 1.0 + noise
    # Only lower triangles in column order are computed from here on; transposes of symmetric arrays cost nothing
    factor, failed = linalg.lapack.dpotrf(kernel.T, lower=1, overwrite_a=1, clean=0)
    if failed:
        raise linalg.LinAlgError("two mixtures are so alike that no noise tells them apart")
    determinant = np.log(np.diag(factor)).sum()
    inverse, _ = linalg.lapack.dpotri(factor, lower=1, overwrite_c=1)
    with_ones = np.asfortranarray(np.column_stack((np.ones(count), targets)))
    solved = linalg.blas.dsymm(1.0, inverse, with_ones, lower=1)
    mean = solved[:, 1:].sum(axis=0) / solved[:, 0].sum()
    alpha = solved[:, 1:] - mean * solved[:, :1]
    variance = np.maximum(((targets - mean) * alpha).sum(axis=0) / count, np.finfo(float).tiny)
    inverse -= (alpha @ (alpha / (variance * tasks)).T).T
    trace = np.trace(inverse)
    inverse *= decay.T
    inverse *= r.T
    summed = linalg.blas.dsymm(1.0, inverse, np.asfortranarray(np.column_stack((np.ones(count), scaled))), lower=1)
    by_scaled = (summed[:, 1:] - summed[:, :1] * scaled) * (5.0 / 3.0)
    return float(0.5 * count * np.log(variance).mean() + determinant), by_scaled, float(0.5 * noise * trace)
