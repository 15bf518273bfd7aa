"""What is asked to be minimised: a weighted mean of tasks' losses, with how much caution."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase

import numpy as np
from pydantic import Field

from mixtures.frozen import Frozen
from mixtures.mixture import Array
from mixtures.simplex import few


class Objective(Frozen):
    """Which tasks count, and how much caution.

    `tasks` maps patterns (`heldout:*`, as in fnmatch) to shares above 0: a task belongs to the first pattern that it
    matches, and the tasks of a pattern divide its share equally. `caution` times the predicted deviation is added to
    the predicted loss in the search, so that it does not go where no run was; so is `divergence` times the
    Kullback-Leibler divergence from the natural mixture, in nats (where a bound forbids that, from the feasible one
    nearest to it, which every mixture is compared with). `unit` is what the losses are called in the report.
    """

    tasks: Mapping[str, float] = Field(default={"heldout:*": 1.0}, min_length=1)
    caution: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    divergence: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    unit: str = "bits per byte"

    def shares(self, tasks: tuple[str, ...], flat: Collection[str] = ()) -> Array:
        """(tasks,) the share of each, sum 1; those that are `flat`, of equal losses, have none, and others theirs.

        ValueError for a pattern without a task, or of flat ones only, and for a share that is not above 0.
        """
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
                raise ValueError(f"objective: no task is left for {pattern}: ask for some of {few(sorted(tasks))}")
            able = [at for at in members if tasks[at] not in flat]
            if not able:
                raise ValueError(f"objective: all tasks of {pattern} have equal losses or too few: ask for others")
            shares[able] = self.tasks[pattern] / len(able)
        return shares / shares.sum()
