"""What else a surface says: which mixtures are as good, who helps whom, a domain's worth, what to train next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from mixtures.frozen import Frozen
from mixtures.uncertainty.estimate import Estimate


class Range(Frozen):
    """From `low` to `high`, both within."""

    low: float
    high: float


class Extreme(Frozen):
    """A mixture at the border of that region, and its predicted gain over natural."""

    weights: dict[str, float]
    gain: float


class NearOptimal(Frozen):
    """The mixtures whose criterion is at most `within` above the proposal's: the smallest difference that can be seen.

    `ranges` by domain were reached by mixtures that were found: the true ones are at least as wide.
    """

    within: float
    ranges: dict[str, Range]
    extremes: tuple[Extreme, ...]


class Influence(Frozen):
    """What .01 more of `domain`, from all others in proportion, changes of a task's loss at the natural mixture."""

    task: str
    domain: str
    change: Estimate


class Without(Frozen):
    """The best mixture without one domain, and what it loses against the proposal; None where bounds forbid it."""

    domain: str
    weights: dict[str, float] | None
    loss: Estimate | None


class Learned(Frozen):
    """Held-out error of surfaces of the objective fitted to `mixtures` of the mixtures, with the range over draws."""

    mixtures: int
    rmse: Estimate


class Optimum(Frozen):
    """The best mixture under one weighting of the tasks, and its predicted gain over natural under that weighting.

    `drawn`: where 90 % of draws have that gain; `proposal_gain`: what the proposal gains so weighed; both None in
    reports of before version 7. `silent_draws`: in how many larger models follow smaller ones in no task.
    """

    weights: dict[str, float]
    gain: float
    drawn: Range | None = None
    proposal_gain: Estimate | None = None
    silent_draws: int = 0


class NextRun(Frozen):
    """A mixture to train next; `variance_share`: by how much its run would lower the variance among the best."""

    weights: dict[str, float]
    variance_share: float


Value = TypeVar("Value")
Told = TypeVar("Told", Extreme, Optimum, NextRun, Without)


class Insight(Frozen):
    """All of it. `optima` by weighting; `gain_slopes` by task, where mixtures were trained at two sizes (80 %).

    `pairs`: how many mixtures these were, where there were any. `discrepancy_kept`: how much counts of what larger
    models lose besides (`searched.Searched`).
    """

    near: NearOptimal
    helps: tuple[Influence, ...]
    without: tuple[Without, ...]
    learned: tuple[Learned, ...]
    optima: dict[str, Optimum]
    gain_slopes: dict[str, Estimate]
    pairs: int = 0
    discrepancy_kept: float = 0.0
    next_runs: tuple[NextRun, ...]

    def in_order(self, domains: Sequence[str], tasks: Sequence[str]) -> Insight:
        """The same, told in the order of these names."""

        def moved(one: Told) -> Told:
            return one.model_copy(update={"weights": one.weights and ordered(one.weights, domains)})

        def place(one: Influence) -> tuple[int, int]:
            return tasks.index(one.task), domains.index(one.domain)

        near = {"ranges": ordered(self.near.ranges, domains), "extremes": tuple(map(moved, self.near.extremes))}
        return self.model_copy(
            update={
                "near": self.near.model_copy(update=near),
                "helps": tuple(sorted(self.helps, key=place)),
                "without": tuple(map(moved, sorted(self.without, key=lambda one: domains.index(one.domain)))),
                "optima": {name: moved(one) for name, one in self.optima.items()},
                "gain_slopes": ordered(self.gain_slopes, [name for name in tasks if name in self.gain_slopes]),
                "next_runs": tuple(map(moved, self.next_runs)),
            }
        )


def ordered(named: Mapping[str, Value], names: Sequence[str]) -> dict[str, Value]:
    """What `named` says of `names`, in their order."""
    return {name: named[name] for name in names}
