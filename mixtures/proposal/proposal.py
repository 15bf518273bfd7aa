"""What is proposed: the best mixture with intervals, what holds it back, how far the surfaces can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from mixtures.frozen import Frozen
from mixtures.mixture import Constraints
from mixtures.proposal.insight import Insight, Range, ordered
from mixtures.search.objective import Objective
from mixtures.uncertainty.cross_validation import Score
from mixtures.uncertainty.estimate import Estimate
from mixtures.uncertainty.noise import Noise
from mixtures.uncertainty.paired import MAX_SEEDS, MIN_SEEDS


class Settings(Frozen):
    """How much work is done: folds, resamples of the runs, seeds a mixture in the validation."""

    folds: int = Field(default=5, ge=2)
    replicas: int = Field(default=100, ge=10)
    validation_seeds: int = Field(default=6, ge=MIN_SEEDS, le=MAX_SEEDS)
    seed: int = Field(default=0, ge=0)


class DomainWeight(Frozen):
    """One domain's weight, natural and proposed, in 0..1.

    `natural` is the reference: the feasible mixture nearest to the natural shares. The interval of `proposed` is over
    resampled runs. `binding` names the bound that the proposal touches, `multiplier` what a weight of .01 beyond it
    would gain, and `multiplier_drawn` where 90 % of draws have that; None at weight 0, below which there is none, and
    the latter in reports of before version 7. `slope`: what .01 more of the domain, taken from all others
    in proportion, changes at the natural mixture.
    """

    domain: str
    natural: float
    proposed: Estimate
    minimum: float
    maximum: float
    natural_epochs: float
    proposed_epochs: float
    binding: Literal["minimum", "maximum", "max_epochs"] | None
    multiplier: float | None
    multiplier_drawn: Range | None = None
    slope: Estimate


class TaskLoss(Frozen):
    """One task: its share of the objective (0 for a task that is only watched), predictions, noise, scores a model.

    `share` is what was asked for times `reliability` (see `weighting.reliability`), all shares made to sum to 1.
    """

    task: str
    share: float
    reliability: float
    natural: Estimate
    proposed: Estimate
    noise: Noise
    scores: dict[str, Score]


class Compared(Frozen):
    """Another feasible mixture, or several, and the (mean) predicted gain over the natural one (positive is better).

    `proposal_better_share`: of the draws, how many have the proposal below it.
    """

    mixtures: tuple[dict[str, float], ...]
    gain: Estimate
    proposal_better_share: float

    def in_order(self, domains: Sequence[str]) -> Compared:
        """The same, its weights told in the order of `domains`."""
        return self.model_copy(update={"mixtures": tuple(ordered(one, domains) for one in self.mixtures)})


class HeldOut(Frozen):
    """A run's losses, measured and predicted by surfaces that never saw its mixture; in the proposal's orders."""

    run_id: str
    measured: float
    predicted: float
    sd: float
    weights: tuple[float, ...]
    task_measured: tuple[float, ...]
    task_predicted: tuple[float, ...]

    def in_order(self, domains: Sequence[int], tasks: Sequence[int]) -> HeldOut:
        """The same, from places `domains` of the weights and `tasks` of the losses."""
        return self.model_copy(
            update={
                "weights": tuple(self.weights[at] for at in domains),
                "task_measured": tuple(self.task_measured[at] for at in tasks),
                "task_predicted": tuple(self.task_predicted[at] for at in tasks),
            }
        )


class Proposal(Frozen):
    """Everything that was found from the runs; validation comes after it and is judged against it.

    Losses and differences are in `objective.unit`. `gain` is natural minus proposed, positive when the proposal is
    better; `better_share` of the draws say so. `random`: a feasible mixture for each seed of the validation.
    `best_observed` is the trained mixture of the lowest fitted objective. `smallest_difference` can be seen with
    `settings.validation_seeds` runs of each mixture, by `noise`: repeats alone, or the held-out error; `run_noise` is
    by all that the runs say; `resolved` is what `verdict` says.
    """

    constraints: Constraints
    objective: Objective
    settings: Settings
    runs: int
    mixtures: int
    left_out: dict[str, str]
    domains: tuple[DomainWeight, ...]
    tasks: tuple[TaskLoss, ...]
    natural: Estimate
    proposed: Estimate
    gain: Estimate
    better_share: float
    uniform: Compared
    random: Compared
    best_observed: Compared
    noise: Noise
    run_noise: Noise
    smallest_difference: float
    resolved: bool
    verdict: str
    scores: dict[str, Score]
    held_out: tuple[HeldOut, ...]
    insight: Insight

    @property
    def weights(self) -> dict[str, float]:
        """The proposed mixture."""
        return {one.domain: one.proposed.value for one in self.domains}

    @property
    def reference(self) -> dict[str, float]:
        """The natural mixture, made feasible."""
        return {one.domain: one.natural for one in self.domains}

    def in_order(self, runs: Sequence[str], domains: Sequence[str], tasks: Sequence[str]) -> Proposal:
        """The same, told in the order of these names."""
        by_domain = {one.domain: one for one in self.domains}
        by_task = {one.task: one for one in self.tasks}
        held_out = {one.run_id: one for one in self.held_out}
        columns = [list(by_domain).index(name) for name in domains]
        rows = [list(by_task).index(name) for name in tasks]
        return self.model_copy(
            update={
                "constraints": self.constraints.ordered(domains),
                "domains": tuple(by_domain[name] for name in domains),
                "tasks": tuple(by_task[name] for name in tasks),
                "uniform": self.uniform.in_order(domains),
                "random": self.random.in_order(domains),
                "best_observed": self.best_observed.in_order(domains),
                "held_out": tuple(held_out[name].in_order(columns, rows) for name in runs),
                "insight": self.insight.in_order(domains, tasks),
            }
        )


def sized(gain: Estimate, unit: str) -> str:
    """A predicted gain with its interval."""
    return f"{gain.value:+.4f} {unit} (90 % of draws: {gain.low:+.4f} to {gain.high:+.4f})"


def verdict(gain: Estimate, score: Score, noise: Noise, smallest: float, seeds: int, unit: str) -> tuple[bool, str]:
    """Whether the gain is beyond its interval, the noise and chance, and the sentence that may be said of it.

    `score` is the surfaces' on held-out mixtures: where they rank them no better than chance, their gain is chance too.
    """
    size = sized(gain, unit)
    origin = (
        "the spread of repeated runs"
        if noise.source == "replicates"
        else "the surface's held-out error, since no mixture was trained twice"
    )
    limit = f"with {seeds} seeds a mixture, differences below {smallest:.4f} {unit} cannot be seen (from {origin})"
    if score.spearman_low is None or score.spearman_low <= 0:
        chance = "the surfaces rank unseen mixtures no better than chance"
        return False, f"Not resolved, a plumbing check: {chance}. The predicted gain is {size}, and {limit}."
    if gain.low > 0 and gain.value > smallest:
        return True, f"A gain over the natural mixture is predicted: {size}; {limit}. Validation runs must confirm it."
    return False, f"Not resolved, a plumbing check: the predicted gain is {size}, and {limit}."
