"""One objective weighed three ways: losses as they are, in units of their signal, and as larger models keep them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mixtures.mixture import Array, Constraints
from mixtures.surface import Surface
from mixtures.uncertainty.gains import Gains

SAMPLE = 512  # feasible mixtures around the natural one
CONCENTRATION = 8.0  # of their Dirichlet, a domain: most weights within a factor of two
MIN_RELIABILITY = 0.01  # nobody asked for a task to be left out
SEED = 20_261_128  # fixed, so that two searches of one feasible set scale alike


def signal_sd(surface: Surface, constraints: Constraints) -> Array:
    """(tasks,) sd of the fitted losses over one fixed sample of feasible mixtures around the natural one.

    Never of the runs that happened to be trained: a design with more corners would count the tasks otherwise. Domains
    are drawn in the surface's own order.
    """
    places = surface.order.domains
    natural = np.maximum(constraints.natural, 1e-3)[places]
    alpha = CONCENTRATION * len(natural) * natural / natural.sum()
    sample = np.empty((SAMPLE, len(natural)))
    sample[:, places] = np.random.default_rng(SEED).dirichlet(alpha, SAMPLE)
    sample = constraints.project(sample)
    return surface.predict_mean(sample).std(axis=0)


def reliability(surface: Surface, constraints: Constraints, noise_sd: Array) -> Array:
    """(tasks,) s^2 / (s^2 + n^2): how much of a run's spread is the mixture's doing, s, and not the seed's, `noise_sd`.

    A task of noise would else decide as much as one that says something of mixtures.
    """
    signal = signal_sd(surface, constraints) ** 2
    return signal / np.maximum(signal + noise_sd**2, np.finfo(float).tiny)


def reliable(shares: Array, reliability: Array) -> Array:
    """(tasks,) `shares` times `reliability`, sum 1; the least reliable keeps MIN_RELIABILITY of what was asked for."""
    weighed = shares * np.maximum(reliability, MIN_RELIABILITY)
    return np.asarray(weighed / weighed.sum())


@dataclass(frozen=True)
class Factors:
    """On the tasks' losses: `middle` (tasks,), and `drawn` (draws, tasks) of what is not sure of them."""

    middle: Array
    drawn: Array


def weightings(
    shares: Array, surface: Surface, constraints: Constraints, gains: Gains | None, draws: int
) -> dict[str, Factors]:
    """ "raw", "z" and, where there are `gains`, "gain", whose draws go through those of the gains.

    z and gain are scaled so that they say as much of an average task as raw does: values stay in the losses' units.
    """
    sd = signal_sd(surface, constraints)
    scales = {"raw": np.ones((1, len(shares))), "z": 1 / np.where(sd > 0, sd, np.inf)[None]}
    if gains is not None:
        drawn = gains.drawn[np.arange(draws) % len(gains.drawn)]
        scales["gain"] = np.vstack((gains.slopes, drawn))
    found = {}
    for name, scale in scales.items():
        factors = np.where(shares > 0, shares * np.maximum(np.nan_to_num(scale), 0.0), 0.0)
        if not factors.any(axis=1).all():
            raise ValueError(f"no task that counts has any signal under the weighting {name}")
        factors *= shares.sum() / factors.sum(axis=1, keepdims=True)
        found[name] = Factors(factors[0], np.broadcast_to(factors[-draws:], (draws, len(shares))))
    return found
