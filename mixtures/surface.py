"""The surface: what loss a mixture would give, the mean of a Gaussian process and a power law, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mixtures.gaussian_process import GaussianProcess
from mixtures.mixture import Array
from mixtures.power_law import PowerLaw

MIN_RUNS = 8  # below it neither model says more than the mean of the losses


@dataclass(frozen=True)
class Surface:
    """One task's surface: both models' equal mean; the deviation adds their own variances and their disagreement.

    On published swarms the process is the better interpolator and the law fails more gently where runs are few; their
    mean is within a fraction of the better one everywhere (benchmarks/surfaces.py). Nothing is random: equal runs,
    equal surface.
    """

    process: GaussianProcess
    law: PowerLaw

    @classmethod
    def fit(cls, weights: Array, losses: Array, start: Surface | None = None) -> Surface:
        """From `weights` (runs, domains) to `losses` (runs,). `start`: where the optimisers begin.

        Raises ValueError where there are fewer than MIN_RUNS runs or all losses are equal.
        """
        if len(losses) < MIN_RUNS:
            raise ValueError(f"{len(losses)} runs: a surface needs at least {MIN_RUNS}, better several a domain")
        if losses.std() <= 1e-12 * abs(losses).max():
            raise ValueError("all losses are equal: there is nothing to fit; leave the column out")
        if start is None:
            return cls(GaussianProcess.fit(weights, losses), PowerLaw.fit(weights, losses))
        return cls(
            GaussianProcess.fit(weights, losses, start.process.hyperparameters),
            PowerLaw.fit(weights, losses, start.law),
        )

    def again(self, weights: Array, losses: Array) -> Surface:
        """Over other runs, the process's lengths and noise kept: a fraction of the cost of `fit`, for resampling."""
        return Surface(self.process.again(weights, losses), self.law.again(weights, losses))

    def predict_mean(self, weights: Array) -> Array:
        """(rows,) expected losses of mixtures (rows, domains), in the units of the losses."""
        return (self.process.predict_mean(weights) + self.law.predict_mean(weights)) / 2

    def predict(self, weights: Array) -> tuple[Array, Array]:
        """(rows,) expected losses and their standard deviations, without the noise of a run."""
        process, process_sd = self.process.predict(weights)
        law, law_sd = self.law.predict(weights)
        variance = (process_sd**2 + law_sd**2) / 2 + ((process - law) / 2) ** 2
        return (process + law) / 2, np.sqrt(variance)

    @property
    def noise_sd(self) -> float:
        """What the process takes for noise between runs of one mixture, in the units of the losses."""
        return self.process.noise_sd
