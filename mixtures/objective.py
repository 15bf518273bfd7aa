"""What is minimised: a weighted mean of tasks' losses, and the surfaces of all tasks as one function of the weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from mixtures import search
from mixtures.mixture import Array
from mixtures.surface import Surface


class Objective(BaseModel):
    """Which tasks count, and how much caution.

    `tasks` maps patterns (`heldout:*`, as in fnmatch) to shares above 0: a task belongs to the first pattern that it
    matches, and the tasks of a pattern divide its share equally. `caution` times the predicted deviation is added to
    the predicted loss in the search, so that it does not go where no run was. `unit` is what the losses are called in
    the report.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    tasks: Mapping[str, float] = Field(default={"heldout:*": 1.0}, min_length=1)
    caution: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    unit: str = "bits per byte"

    def shares(self, tasks: tuple[str, ...]) -> Array:
        """(tasks,) the share of each, sum 1. ValueError for a pattern without a task or a share that is not above 0."""
        of_pattern: dict[str, list[int]] = {pattern: [] for pattern in self.tasks}
        for at, task in enumerate(tasks):
            first = next((pattern for pattern in self.tasks if fnmatchcase(task, pattern)), None)
            if first is not None:
                of_pattern[first].append(at)
        shares = np.zeros(len(tasks))
        for pattern, members in of_pattern.items():
            if not self.tasks[pattern] > 0:
                raise ValueError(f"objective: the share of {pattern} must be above 0")
            if not members:
                raise ValueError(f"objective: no task is left for {pattern}; there are {', '.join(sorted(tasks)[:20])}")
            shares[members] = self.tasks[pattern] / len(members)
        return shares / shares.sum()


@dataclass(frozen=True)
class Landscape:
    """The surfaces of the tasks that count with their shares: the predicted objective of any mixture.

    Deviations are added as if the tasks erred together: the most that they can amount to.
    """

    surfaces: tuple[Surface, ...]
    shares: Array
    caution: float

    def mean(self, weights: Array) -> Array:
        """(rows,) predicted objective of mixtures (rows, domains)."""
        means = (share * one.predict_mean(weights) for share, one in zip(self.shares, self.surfaces, strict=True))
        return np.sum(list(means), axis=0)

    def predict(self, weights: Array) -> tuple[Array, Array]:
        """(rows,) predicted objective and its deviation."""
        pairs = [one.predict(weights) for one in self.surfaces]
        return (
            np.sum([share * mean for share, (mean, _) in zip(self.shares, pairs, strict=True)], axis=0),
            np.sum([share * sd for share, (_, sd) in zip(self.shares, pairs, strict=True)], axis=0),
        )

    def criterion(self, weights: Array) -> Array:
        """(rows,) what the search minimises: the predicted objective plus caution times its deviation."""
        if self.caution == 0:
            return self.mean(weights)
        mean, sd = self.predict(weights)
        return mean + self.caution * sd

    def again(self, weights: Array, losses: Array) -> Landscape:
        """Over other runs, `losses` (runs, tasks that count)."""
        surfaces = tuple(one.again(weights, column) for one, column in zip(self.surfaces, losses.T, strict=True))
        return Landscape(surfaces, self.shares, self.caution)

    def slopes(self, weights: Array) -> Array:
        """(domains,) change of the predicted objective for weight moved to a domain from all others in proportion.

        In bits per byte for a weight of 1; 0 for a domain that already has everything.
        """
        slopes = search.gradient(self.mean, weights)
        rest = 1 - weights
        return np.where(rest > 1e-9, (slopes - weights @ slopes) / np.maximum(rest, 1e-9), 0.0)
