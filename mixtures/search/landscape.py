"""The surface of all tasks as one function of the weights: what a search minimises."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mixtures.mixture import Array
from mixtures.models.gaussian_process import GaussianProcess
from mixtures.models.task_model import Constant, TaskModel
from mixtures.surface import Surface

NEVER_SEEN = 1e-6  # of a natural share that is 0, in the divergence from it


@dataclass(frozen=True)
class Landscape:
    """The surface with the tasks' shares: the predicted objective of any mixture, and what the search minimises.

    `shares` (tasks,) may be 0; `besides` is added to the objective, with share 1. Deviations are added as if the tasks
    erred together: the most that they can amount to.
    """

    surface: Surface
    shares: Array
    natural: Array
    caution: float = 0.0
    divergence: float = 0.0
    besides: GaussianProcess | None = None

    @property
    def plain(self) -> Landscape:
        """The predicted objective alone."""
        return replace(self, caution=0.0, divergence=0.0)

    def mean(self, weights: Array) -> Array:
        """(rows,) predicted objective of mixtures (rows, domains)."""
        return np.sum([share * one.predict_mean(weights) for share, one in self._counted()], axis=0)

    def predict(self, weights: Array) -> tuple[Array, Array]:
        """(rows,) predicted objective and its deviation, without the noise of a run."""
        pairs = [(share, *one.predict(weights)) for share, one in self._counted()]
        return (
            np.sum([share * mean for share, mean, _ in pairs], axis=0),
            np.sum([abs(share) * sd for share, _, sd in pairs], axis=0),
        )

    def values(self, weights: Array) -> Array:
        """(rows,) what the search minimises: objective, caution times deviation, and the pull to natural."""
        pull, _ = self.pull(weights)
        if not self.caution:
            return self.mean(weights) + pull
        mean, sd = self.predict(weights)
        return mean + self.caution * sd + pull

    def pull(self, weights: Array) -> tuple[Array, Array]:
        """(rows,) `divergence` times the Kullback-Leibler divergence from natural, and gradients (rows, domains)."""
        odds = np.log(np.maximum(weights, NEVER_SEEN) / np.maximum(self.natural, NEVER_SEEN))
        return self.divergence * (weights * odds).sum(axis=1), self.divergence * (odds + 1.0)

    def criterion(self, weights: Array) -> tuple[Array, Array]:
        """`values`, and their gradients (rows, domains)."""
        value, gradient = self.pull(weights)
        for share, one in self._counted():
            if self.caution:
                mean, sd, by_mean, by_sd = one.slopes(weights)
                value = value + share * mean + abs(share) * self.caution * sd
                gradient = gradient + share * by_mean + abs(share) * self.caution * by_sd
            else:
                value = value + share * one.predict_mean(weights)
                gradient = gradient + share * one.gradient(weights)
        return value, gradient

    def slopes(self, weights: Array) -> Array:
        """(domains,) change of the predicted objective for weight moved to a domain from all others in proportion.

        In the objective's unit for a weight of 1; 0 for a domain that already has everything.
        """
        return exchanged(self.plain.criterion(weights[None])[1][0], weights)

    def _counted(self) -> list[tuple[float, TaskModel | Constant | _Alone]]:
        counted: list[tuple[float, TaskModel | Constant | _Alone]] = [
            (share, one) for share, one in zip(self.shares.tolist(), self.surface.models, strict=True) if share
        ]
        return counted if self.besides is None else [*counted, (1.0, _Alone(self.besides))]


@dataclass(frozen=True)
class _Alone:
    """A process asked as a task's model is."""

    process: GaussianProcess

    def predict_mean(self, weights: Array) -> Array:
        """(rows,)."""
        return self.process.predict_mean(weights)

    def predict(self, weights: Array) -> tuple[Array, Array]:
        """(rows,) twice."""
        return self.process.predict(weights)

    def gradient(self, weights: Array) -> Array:
        """(rows, domains)."""
        return self.process.gradient(weights)

    def slopes(self, weights: Array) -> tuple[Array, Array, Array, Array]:
        """As `TaskModel.slopes`: the last is the deviation's, not the variance's."""
        mean, sd, by_mean, by_variance = self.process.slopes(weights)
        return mean, sd, by_mean, by_variance / (2 * np.maximum(sd, 1e-12))[:, None]


def exchanged(slopes: Array, weights: Array) -> Array:
    """(domains,) slopes along exchanges with all other domains in proportion, from those by each weight alone."""
    rest = 1 - weights
    return np.where(rest > 1e-9, (slopes - weights @ slopes) / np.maximum(rest, 1e-9), 0.0)
