"""The proof is a test: runs are judged by the analysis that was registered before the first of them started."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mixtures.frozen import Frozen
from mixtures.uncertainty import paired
from mixtures.uncertainty.estimate import Estimate
from mixtures.uncertainty.paired import Comparison
from mixtures.validation.registration import NATURAL, PROPOSED, Preregistration


class Measured(Frozen):
    """One validation run: losses by task in bits per byte, None where it diverged."""

    arm: str
    seed: int
    losses: dict[str, float] | None


class Judged(Frozen):
    """One arm's runs. `losses` of the objective by seed; `gain` natural minus it with its 95 % paired t interval.

    `gain` is None for natural and where fewer than two seeds ended in both. `as_predicted`: whether the measured gain
    lies in the registered interval; None where nothing was predicted or nothing can be said.
    """

    arm: str
    losses: dict[int, float]
    diverged: tuple[int, ...]
    mean: float | None
    sd: float | None
    gain: Estimate | None
    as_predicted: bool | None


class Validation(Frozen):
    """All arms in the order of the registration, whose hash this is, and the comparisons of the proposal."""

    registration: Preregistration
    sha256: str
    judged: tuple[Judged, ...]
    comparisons: tuple[Comparison, ...]

    def against(self, reference: str) -> Comparison:
        """The comparison with one reference."""
        return next(one for one in self.comparisons if one.reference == reference)


def judge(registration: Preregistration, results: Sequence[Measured]) -> Validation:
    """Compare the proposal with every reference, and every arm with natural, paired by seed.

    A proposal is "better" or "worse" only where Holm's p of the paired t test is at most alpha. Raises ValueError for
    runs that were not registered, twice the same run, a missing task, or seeds that changed nothing.
    """
    _check(registration, results)
    losses = {name: _losses(registration, results, name) for name in registration.arms}
    return Validation(
        registration=registration,
        sha256=registration.sha256,
        judged=tuple(_judged(registration, results, name, losses) for name in registration.arms),
        comparisons=tuple(paired.compare(losses, PROPOSED, registration.analysis.references)),
    )


def _check(registration: Preregistration, results: Sequence[Measured]) -> None:
    seen: set[tuple[str, int]] = set()
    for one in results:
        run = f"validation run of {one.arm} with seed {one.seed}"
        if one.arm not in registration.arms or one.seed not in registration.seeds:
            there = f"{list(registration.arms)}, {registration.seeds}"
            raise ValueError(f"{run}: not registered; there are {there}")
        if (one.arm, one.seed) in seen:
            raise ValueError(f"{run}: given twice")
        seen.add((one.arm, one.seed))
        if one.losses is not None and (missing := registration.objective.keys() - one.losses.keys()):
            raise ValueError(f"{run}: no loss for {', '.join(sorted(missing))}")


def _losses(registration: Preregistration, results: Sequence[Measured], arm: str) -> dict[int, float]:
    """The objective by seed, of the runs that finished."""
    found = {
        one.seed: float(sum(share * one.losses[task] for task, share in registration.objective.items()))
        for one in results
        if one.arm == arm and one.losses is not None
    }
    return {seed: loss for seed, loss in sorted(found.items()) if np.isfinite(loss)}


def _judged(
    registration: Preregistration, results: Sequence[Measured], name: str, losses: dict[str, dict[int, float]]
) -> Judged:
    mine = losses[name]
    values = np.array(list(mine.values()))
    ran = {one.seed for one in results if one.arm == name}
    gain = None if name == NATURAL else difference(losses[NATURAL], mine)
    planned = registration.arms[name].difference
    return Judged(
        arm=name,
        losses=mine,
        diverged=tuple(sorted(ran - mine.keys())),
        mean=float(values.mean()) if len(values) else None,
        sd=float(values.std(ddof=1)) if len(values) >= paired.MIN_SEEDS else None,
        gain=gain,
        as_predicted=planned.low <= gain.value <= planned.high if planned and gain else None,
    )


def difference(reference: dict[int, float], other: dict[int, float]) -> Estimate | None:
    """Reference minus other over the seeds of both, with its t interval; None for fewer than two."""
    apart = paired.differences(reference, other)
    if len(apart) < paired.MIN_SEEDS:
        return None
    middle, low, high = paired.interval(apart)
    return Estimate(value=middle, low=low, high=high)
