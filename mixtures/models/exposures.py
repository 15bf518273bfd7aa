"""The exposures that all tasks share: weighted sums of weights in which one domain can stand for another.

log(T . weights), T the most probable for all tasks together: what a length a domain cannot say, where many domains have
little each and count together (docs/LOG.md, 29 November 2026).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import optimize

from mixtures.mixture import Array
from mixtures.models.kernel import (
    LENGTH_BOUNDS,
    LENGTH_PRIOR,
    LENGTH_PRIOR_SD,
    NOISE_BOUNDS,
    NOISE_PRIOR,
    Features,
    evidence,
)

SCORES = 4  # leading ones of the tasks, each of which asks for two exposures: of what lowers it and of what raises it
EXPOSURE_SD = 4.0  # of log T around equal ones
LOG_HELPED = 12.0  # log T ends here on either side: what is far from others counts for nothing, or alone
RIDGE = 0.1  # of the regression in which exposures begin, of a feature's variance
EXPOSURE_ITERATIONS = 100


def exposed(features: Features, weights: Array, losses: Array, shared: Array) -> tuple[Features, Array]:
    """`features` with exposures, and their hyperparameters, most probable for all tasks together.

    From `shared`, those of the domains alone. Tasks count as many as are `independent`. Exposures begin with what a
    ridge regression of the tasks' leading scores (of principal components of standardised losses) says of each domain,
    once as it is and once with the other sign.
    """
    targets = (losses - losses.mean(axis=0)) / losses.std(axis=0)
    first = _regressed(features(weights), targets)
    exposures, domains = first.shape
    length = np.log(LENGTH_PRIOR * np.sqrt(exposures))
    middle = np.concatenate((np.zeros(first.size), shared[:-1], np.full(exposures, length), shared[-1:]))
    deviations = np.concatenate(
        (np.full(first.size, EXPOSURE_SD), np.full(domains + exposures, LENGTH_PRIOR_SD), [NOISE_PRIOR[1]])
    )
    start = middle.copy()
    start[: first.size] = first.ravel()
    found = optimize.minimize(
        _energy,
        start,
        args=(features, weights, targets, independent(targets), middle, deviations),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-LOG_HELPED, LOG_HELPED)] * first.size
        + [(at + LENGTH_BOUNDS[0], at + LENGTH_BOUNDS[1]) for at in middle[first.size : -1]]
        + [NOISE_BOUNDS],
        options={"maxiter": EXPOSURE_ITERATIONS, "ftol": 1e-7},
    ).x
    return replace(features, helped=np.exp(found[: first.size].reshape(first.shape))), found[first.size :]


def independent(targets: Array) -> float:
    """How many tasks `targets` (runs, tasks; each of mean 0 and spread 1) amount to: 1 where all say the same.

    The participation ratio of the variances of principal components, the square of their sum over that of squares.
    """
    variances = np.linalg.svd(targets, compute_uv=False) ** 2
    return float(variances.sum() ** 2 / (variances**2).sum())


def _regressed(inputs: Array, targets: Array) -> Array:
    """(exposures, domains) log T to begin with, two a leading score of the tasks; of spread 1 over domains.

    Equal where the regression tells no domain from another.
    """
    sd = inputs.std(axis=0)
    rows = (inputs - inputs.mean(axis=0)) / np.where(sd > 1e-9, sd, 1.0)
    scores, sizes, _ = np.linalg.svd(targets, full_matrices=False)
    kept = scores[:, :SCORES][:, sizes[:SCORES] > 1e-9 * sizes[0]]
    told = np.linalg.solve(rows.T @ rows + RIDGE * len(rows) * np.eye(rows.shape[1]), rows.T @ kept)
    spread = told.std(axis=0)
    told /= np.where(spread > 1e-9 * abs(told).max(axis=0), spread, np.inf)
    return np.concatenate((told.T, -told.T))


def _energy(
    parameters: Array,
    features: Features,
    weights: Array,
    targets: Array,
    count: float,
    middle: Array,
    deviations: Array,
) -> tuple[float, Array]:
    """As `energy` with the evidence of `count` tasks, of log T (exposures x domains), log lengths, and log noise."""
    domains = weights.shape[1]
    exposures = (len(parameters) - 1 - domains) // (domains + 1)
    helped = np.exp(parameters[: exposures * domains].reshape(exposures, domains))
    inputs = replace(features, helped=helped)(weights)
    lengths, noise = parameters[helped.size : -1], parameters[-1]
    value, by_scaled, by_noise = evidence(inputs / np.exp(lengths), np.exp(noise), targets)
    by_feature = by_scaled / np.exp(lengths)
    through = by_feature[:, domains:] / np.exp(inputs[:, domains:])
    gradient = np.concatenate(((through.T @ weights * helped).ravel(), -(by_feature * inputs).sum(axis=0), [by_noise]))
    pull = (parameters - middle) / deviations
    return count * value + 0.5 * float(pull @ pull), count * gradient + pull / deviations
