"""One task's model: three Gaussian processes and a power law, mixed by shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mixtures.mixture import Array
from mixtures.models import kernel
from mixtures.models.gaussian_process import GaussianProcess
from mixtures.models.kernel import Features
from mixtures.models.power_law import PowerLaw


@dataclass(frozen=True)
class TaskModel:
    """The mean of `processes` and `law` by `shares` (processes + 1,), sum 1.

    The deviation adds their own variances and their disagreement. The processes are the better interpolators, the law
    holds across sizes of models and fails gently where no run was.
    """

    processes: tuple[GaussianProcess, ...]
    law: PowerLaw
    shares: Array

    @property
    def noise_sd(self) -> float:
        """What the processes take for noise between runs of one mixture, in the units of the losses."""
        noise = np.array([one.noise_sd for one in self.processes])
        return float(np.sqrt(np.average(noise**2, weights=self.shares[:-1] + 1e-9)))

    @property
    def _all(self) -> tuple[GaussianProcess | PowerLaw, ...]:
        return (*self.processes, self.law)

    def members(self, weights: Array) -> tuple[Array, Array]:
        """(rows, members) what each member expects, and its standard deviation."""
        pairs = [one.predict(weights) for one in self._all]
        return np.column_stack([mean for mean, _ in pairs]), np.column_stack([sd for _, sd in pairs])

    def predict_mean(self, weights: Array) -> Array:
        """(rows,) expected losses of mixtures (rows, domains)."""
        return np.column_stack([one.predict_mean(weights) for one in self._all]) @ self.shares

    def predict(self, weights: Array) -> tuple[Array, Array]:
        """(rows,) expected losses and their standard deviations, without the noise of a run."""
        return mixed(*self.members(weights), self.shares)

    def gradient(self, weights: Array) -> Array:
        """Derivatives of `predict_mean` by each weight, (rows, domains)."""
        slopes = [one.gradient(weights) for one in self._all]
        return np.tensordot(self.shares, np.array(slopes), axes=1)

    def slopes(self, weights: Array) -> tuple[Array, Array, Array, Array]:
        """`predict`, and the derivatives of mean and deviation by each weight, (rows, domains)."""
        each = [one.slopes(weights) for one in self._all]
        means, sds, by_mean, by_variance = (np.stack(found, axis=-1) for found in zip(*each, strict=True))
        middle, sd = mixed(means, sds, self.shares)
        by_middle = by_mean @ self.shares
        apart = 2 * (means - middle[:, None])[:, None, :] * (by_mean - by_middle[:, :, None])
        by_sd = ((by_variance + apart) @ self.shares) / (2 * np.maximum(sd, 1e-12))[:, None]
        return middle, sd, by_middle, by_sd

    def reordered(self, domains: np.ndarray, weights: Array, losses: Array) -> TaskModel:
        """The same of columns `domains` of those it was fitted to, over runs in the order of `weights` and `losses`."""
        seen = np.isfinite(losses)
        processes = tuple(_reordered(one, domains, weights[seen], losses[seen]) for one in self.processes)
        return TaskModel(processes, self.law.reordered(domains), self.shares)


def _reordered(process: GaussianProcess, domains: np.ndarray, weights: Array, losses: Array) -> GaussianProcess:
    places = np.append(process.features.places(domains), len(process.hyperparameters) - 1)
    return GaussianProcess.over(process.features.reordered(domains), process.hyperparameters[places], weights, losses)


@dataclass(frozen=True)
class Constant:
    """A task that says nothing of mixtures: the same loss everywhere, with the spread that was seen."""

    mean: float
    noise_sd: float

    @classmethod
    def of(cls, losses: Array) -> Constant:
        """Of the finite losses; NaN where there is none."""
        finite = losses[np.isfinite(losses)]
        return cls(float(finite.mean()), float(finite.std())) if len(finite) else cls(np.nan, np.nan)

    def predict_mean(self, weights: Array) -> Array:
        """(rows,)."""
        return np.full(len(weights), self.mean)

    def predict(self, weights: Array) -> tuple[Array, Array]:
        """(rows,) twice."""
        return self.predict_mean(weights), np.zeros(len(weights))

    def gradient(self, weights: Array) -> Array:
        """(rows, domains)."""
        return np.zeros_like(weights)

    def slopes(self, weights: Array) -> tuple[Array, Array, Array, Array]:
        """As `TaskModel.slopes`."""
        return *self.predict(weights), self.gradient(weights), self.gradient(weights)


def trained(
    weights: Array,
    losses: Array,
    features: Sequence[Features],
    shared: Sequence[Array],
    shares: Array,
    law: PowerLaw | None = None,
) -> TaskModel:
    """Fitted to the runs that have a loss, from hyperparameters common to all tasks, and the law from `law`."""
    seen = np.isfinite(losses)
    rows, known = weights[seen], losses[seen]
    processes = tuple(
        GaussianProcess.over(one, kernel.own(one, rows, known, start), rows, known)
        for one, start in zip(features, shared, strict=True)
    )
    return TaskModel(processes, PowerLaw.fit(rows, known, start=law), shares)


def mixed(means: Array, sds: Array, shares: Array) -> tuple[Array, Array]:
    """Mean and deviation of a mixture of members, from theirs (..., members): own variances and disagreement."""
    middle = means @ shares
    variance = (sds**2 + (means - middle[..., None]) ** 2) @ shares
    return middle, np.sqrt(variance)
