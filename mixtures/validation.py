"""The proof: what is predicted is written down before the validation runs, and judged by rules that it names itself."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from scipy import stats

from mixtures.cross_validation import LEVEL
from mixtures.proposal import Estimate, Proposal

NATURAL, PROPOSED, RANDOM = "natural", "proposed", "random"  # the names of the mixtures
CONFIDENCE = 0.95  # of the interval of a difference that a verdict needs
MIN_SEEDS = 2  # below it there is no spread, and nothing can be resolved

Verdict = Literal["better", "worse", "not resolved"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PlannedMixture(_Frozen):
    """A mixture to validate, and its predicted difference to natural (natural minus it: positive is better)."""

    weights: dict[str, float]
    gain: Estimate | None


class Prediction(_Frozen):
    """What is claimed before the validation runs start.

    `inputs` maps the names of what it was made from to sha256 digests. `tasks` maps each task that counts to its share
    of the objective. Gains are at the size of the proxies, in bits per byte; of the natural mixture None.
    """

    inputs: dict[str, str]
    tasks: dict[str, float]
    seeds: tuple[int, ...] = Field(min_length=MIN_SEEDS)
    mixtures: dict[str, PlannedMixture]

    @field_validator("seeds")
    @classmethod
    def _differ(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(seeds)) < len(seeds):
            raise ValueError(f"seeds {seeds}: each must stand once")
        return seeds

    def write(self, path: Path) -> None:
        """Put it down once and for all; ValueError where another prediction stands there already."""
        content = self.model_dump_json(indent=2).encode() + b"\n"
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            os.link(draft, path)  # refuses to replace, also when two do it at once
        except FileExistsError as error:
            if path.read_bytes() != content:
                raise ValueError(
                    f"{path}: another prediction was written before; a prediction is not changed after the fact. "
                    "Validate that one, or use another folder"
                ) from error
        finally:
            Path(draft).unlink()

    @classmethod
    def read(cls, path: Path) -> Self:
        """From `write`; ValueError names the file and what is wrong in it."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise ValueError(f"{path}: {error}") from error


def predict(proposal: Proposal, seeds: Sequence[int], inputs: Mapping[str, str]) -> Prediction:
    """The prediction for the proposed, the natural and one random feasible mixture.

    The interval of a gain is that of the resampled runs, widened by the noise of two means over `seeds`.
    """
    noise = stats.norm.ppf(1 - (1 - LEVEL) / 2) * proposal.noise.sd * np.sqrt(2 / len(seeds))

    def widened(gain: Estimate) -> Estimate:
        below, above = np.hypot(gain.value - gain.low, noise), np.hypot(gain.high - gain.value, noise)
        return Estimate(value=gain.value, low=gain.value - float(below), high=gain.value + float(above))

    return Prediction(
        inputs=dict(inputs),
        tasks={one.task: one.share for one in proposal.tasks if one.share > 0},
        seeds=tuple(seeds),
        mixtures={
            NATURAL: PlannedMixture(weights=proposal.reference, gain=None),
            PROPOSED: PlannedMixture(weights=proposal.weights, gain=widened(proposal.gain)),
            RANDOM: PlannedMixture(weights=proposal.random.weights, gain=widened(proposal.random.gain)),
        },
    )


class Measured(_Frozen):
    """One validation run: losses by task in bits per byte, None where it diverged."""

    mixture: str
    seed: int
    losses: dict[str, float] | None


class Judged(_Frozen):
    """One mixture's runs. `losses` of the objective by seed; `gain` natural minus it with its 95 % t interval.

    `gain` is None for the natural mixture and where a mixture has fewer than two finished runs. `as_predicted`: whether
    the measured gain lies in the predicted interval; None where nothing was predicted or nothing can be said.
    """

    mixture: str
    losses: dict[int, float]
    diverged: tuple[int, ...]
    mean: float | None
    sd: float | None
    gain: Estimate | None
    paired: bool
    verdict: Verdict | None
    as_predicted: bool | None


class Validation(_Frozen):
    """All mixtures, in the order of the prediction."""

    prediction: Prediction
    judged: tuple[Judged, ...]


def judge(prediction: Prediction, results: Sequence[Measured]) -> Validation:
    """Compare every mixture with the natural one.

    Runs are paired by seed where both mixtures finished the same ones (paired t), else Welch's t. A mixture is "better"
    or "worse" only where the 95 % interval of the difference leaves zero out. Raises ValueError for runs that were not
    predicted, twice the same run, a missing task, or seeds that changed nothing.
    """
    _check(prediction, results)
    natural = _losses(prediction, results, NATURAL)
    return Validation(
        prediction=prediction,
        judged=tuple(_judged(prediction, results, name, natural) for name in prediction.mixtures),
    )


def _check(prediction: Prediction, results: Sequence[Measured]) -> None:
    seen: set[tuple[str, int]] = set()
    for one in results:
        run = f"validation run of {one.mixture} with seed {one.seed}"
        if one.mixture not in prediction.mixtures or one.seed not in prediction.seeds:
            raise ValueError(
                f"{run}: not in the prediction, which names {list(prediction.mixtures)}, {prediction.seeds}"
            )
        if (one.mixture, one.seed) in seen:
            raise ValueError(f"{run}: given twice")
        seen.add((one.mixture, one.seed))
        missing = prediction.tasks.keys() - (one.losses or prediction.tasks).keys()
        if missing:
            raise ValueError(f"{run}: no loss for {', '.join(sorted(missing))}")


def _losses(prediction: Prediction, results: Sequence[Measured], mixture: str) -> dict[int, float]:
    """The objective by seed, of the runs that finished."""
    found = {
        one.seed: float(sum(share * one.losses[task] for task, share in prediction.tasks.items()))
        for one in results
        if one.mixture == mixture and one.losses is not None
    }
    finite = {seed: loss for seed, loss in sorted(found.items()) if np.isfinite(loss)}
    if len(finite) >= MIN_SEEDS and len(set(finite.values())) == 1:
        raise ValueError(f"all runs of {mixture} have the same loss: the seeds changed nothing, so nothing is known")
    return finite


def _judged(prediction: Prediction, results: Sequence[Measured], name: str, natural: dict[int, float]) -> Judged:
    losses = _losses(prediction, results, name)
    values = np.array(list(losses.values()))
    ran = {one.seed for one in results if one.mixture == name}
    enough = min(len(losses), len(natural)) >= MIN_SEEDS
    gain = difference(natural, losses) if name != NATURAL and enough else None
    planned = prediction.mixtures[name].gain
    return Judged(
        mixture=name,
        losses=losses,
        diverged=tuple(sorted(ran - losses.keys())),
        mean=float(values.mean()) if len(values) else None,
        sd=float(values.std(ddof=1)) if len(values) >= MIN_SEEDS else None,
        gain=gain,
        paired=losses.keys() == natural.keys(),
        verdict=None if name == NATURAL else _verdict(gain),
        as_predicted=planned.low <= gain.value <= planned.high if planned and gain else None,
    )


def difference(natural: dict[int, float], other: dict[int, float]) -> Estimate:
    """Natural minus other, by seed at least two each, with its t interval: paired where the seeds are the same."""
    left, right = np.array(list(natural.values())), np.array(list(other.values()))
    if natural.keys() == other.keys():
        apart = np.array([natural[seed] - other[seed] for seed in natural])
        error, freedom = apart.std(ddof=1) / np.sqrt(len(apart)), float(len(apart) - 1)
    else:
        squares = left.var(ddof=1) / len(left), right.var(ddof=1) / len(right)
        error = np.sqrt(sum(squares))
        # Welch-Satterthwaite
        freedom = sum(squares) ** 2 / (squares[0] ** 2 / (len(left) - 1) + squares[1] ** 2 / (len(right) - 1))
    middle = float(left.mean() - right.mean())
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom) * error)
    return Estimate(value=middle, low=middle - reach, high=middle + reach)


def _verdict(gain: Estimate | None) -> Verdict:
    if gain is None or gain.low <= 0 <= gain.high:
        return "not resolved"
    return "better" if gain.low > 0 else "worse"
