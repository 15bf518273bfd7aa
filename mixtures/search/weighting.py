"""One objective weighed three ways: losses as they are, in units of their signal, and as larger models keep them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mixtures.mixture import Array, Constraints
from mixtures.models.gaussian_process import GaussianProcess
from mixtures.search.landscape import Landscape
from mixtures.surface import Surface
from mixtures.uncertainty.discrepancy import Discrepancy, Drawn
from mixtures.uncertainty.gains import Gains, PairsError
from mixtures.uncertainty.joint import Joint

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
    """On the tasks' losses: `middle` (tasks,), and `drawn` (draws, tasks) of what is not sure of them.

    The objective is `unit` times the mean of losses by `measured` (tasks,), which are those of larger models under
    "gain", and of the runs' size under all others. `besides`: what is added to the weighted losses, and its draws; None
    where nothing is.
    """

    middle: Array
    drawn: Array
    measured: Array
    unit: float = 1.0
    besides: tuple[GaussianProcess, Drawn] | None = None

    def landscape(self, of: Landscape) -> Landscape:
        """`of` with these factors for its shares."""
        return replace(of, shares=self.middle, besides=self.besides and self.besides[0])

    def weighed(self, draws: Joint) -> Joint:
        """`draws` of the objective that these factors make."""
        if self.besides is None:
            return draws.weighed(self.drawn)
        besides = self.besides[1]
        return besides.covering(draws.weighed(self.drawn, besides.function))


def weightings(
    shares: Array, surface: Surface, constraints: Constraints, gains: Gains | None, draws: int
) -> dict[str, Factors]:
    """ "raw", "z" and, where there are `gains`, "gain", whose draws go through those of the gains.

    z and gain are scaled so that their middle says as much of an average task as raw does: values stay in the losses'
    units, the same for all draws. A task that larger models do not follow in a draw counts for nothing there; in a draw
    without any (`Joint.silent`), no mixture is better than another. In "gain" what the larger models lose besides is
    added. `gains` of the surface's tasks and domains, in their order. Raises ValueError where no task that counts has
    any signal, PairsError where larger models follow smaller ones in none.
    """
    sd = signal_sd(surface, constraints)
    scales = {"raw": np.ones((1, len(shares))), "z": 1 / np.where(sd > 0, sd, np.inf)[None]}
    if gains is not None:
        drawn = gains.drawn[np.arange(draws) % len(gains.drawn)]
        scales["gain"] = np.vstack((gains.slopes, drawn))
    found = {}
    for name, given in scales.items():
        scale = np.maximum(np.nan_to_num(given), 0.0)
        factors = np.where(shares > 0, shares * scale, 0.0)
        if not factors[0].any():
            if name == "gain":
                told = "larger models follow smaller ones in no task that counts"
                raise PairsError(f"{told}: leave the pairs out, or train more of them")
            raise ValueError(f"no task that counts has any signal under the weighting {name}")
        level = shares.sum() / factors[0].sum()
        factors *= level
        drawn = np.broadcast_to(factors[-draws:], (draws, len(shares)))
        found[name] = Factors(factors[0], drawn, factors[0])
        if gains is not None and name == "gain":
            found[name] = _larger(found[name], level * shares, scale, gains.discrepancy, surface.order.domains)
    return found


def _larger(found: Factors, shares: Array, slopes: Array, told: Discrepancy | None, domains: np.ndarray) -> Factors:
    """`found` of slopes alone with the discrepancy; `shares` (tasks,) on larger losses, `slopes` (1 + draws, tasks)."""
    unit = float(shares.sum())
    if told is None:
        return replace(found, measured=shares / unit, unit=unit)
    besides = told.drawn(shares, slopes, domains)
    drawn = found.middle + besides.width * (found.drawn - found.drawn.mean(axis=0))
    return Factors(found.middle, drawn, shares / unit, unit, (told.process(shares, slopes[0]), besides))
