"""What is claimed, written down before the first validation run starts: arms, predicted differences, analysis."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, Self

import numpy as np
from pydantic import Field, ValidationError, field_validator

from mixtures.frozen import Frozen
from mixtures.proposal.proposal import Compared, Proposal
from mixtures.uncertainty import paired
from mixtures.uncertainty.estimate import Estimate

FILE = "preregistered.json"
Reference = Literal["natural", "uniform", "best_observed", "random"]
NATURAL, PROPOSED, UNIFORM, OBSERVED, RANDOM = "natural", "proposed", "uniform", "best_observed", "random"
REFERENCES: tuple[Reference, ...] = ("natural", "uniform", "best_observed", "random")
SAME = 1e-9  # of every weight: nearer than this, two arms are one


class Arm(Frozen):
    """A mixture to validate: one for all seeds, or another one for each. `difference`: predicted natural minus it.

    Positive is better; None for natural itself. The interval (90 %) is that of the draws, widened by the noise of the
    runs that will measure it.
    """

    mixtures: tuple[dict[str, float], ...] = Field(min_length=1)
    difference: Estimate | None

    def weights(self, at: int) -> dict[str, float]:
        """Of the run with the `at`-th seed."""
        return self.mixtures[at % len(self.mixtures)]


class Analysis(Frozen):
    """How the runs will be judged, in words that the code does what it says by."""

    compared: Literal["reference minus proposed, paired by seed"] = "reference minus proposed, paired by seed"
    test: Literal["paired t, two-sided; the exact sign-flip p beside it"] = (
        "paired t, two-sided; the exact sign-flip p beside it"
    )
    correction: Literal["Holm over all references"] = "Holm over all references"
    alpha: float = paired.ALPHA
    references: tuple[str, ...]


class Preregistration(Frozen):
    """Everything that a verdict rests on, before there is anything to judge.

    `objective`: share by task. `endpoint`: what is measured. `arms` by name; `left_out`: arms that are the same mixture
    as another. `runs`: by arm the recipe's hash for every seed, in the order of `seeds`. `inputs`: sha256 by name.
    """

    objective: dict[str, float]
    endpoint: str
    arms: dict[str, Arm]
    left_out: dict[str, str]
    seeds: tuple[int, ...] = Field(min_length=paired.MIN_SEEDS, max_length=paired.MAX_SEEDS)
    steps: int
    run_tokens: int
    runs: dict[str, tuple[str, ...]]
    analysis: Analysis
    inputs: dict[str, str]

    @field_validator("seeds")
    @classmethod
    def _differ(cls, seeds: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(seeds)) < len(seeds):
            raise ValueError(f"seeds {seeds}: each must stand once")
        return seeds

    @property
    def canonical(self) -> bytes:
        """JSON with sorted keys and no spaces, the bytes of the file."""
        fields = self.model_dump(mode="json")
        return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()

    @property
    def sha256(self) -> str:
        """Of the file."""
        return hashlib.sha256(self.canonical).hexdigest()

    def write(self, path: Path) -> None:
        """Put it down once and for all; ValueError where another one stands there already."""
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(self.canonical)
                stream.flush()
                os.fsync(stream.fileno())
            Path(draft).chmod(0o644)  # mkstemp keeps it to its owner, and it is for everybody to check
            os.link(draft, path)  # refuses to replace, also when two do it at once
        except FileExistsError:
            self.check(path)
        finally:
            Path(draft).unlink()

    def check(self, path: Path) -> None:
        """Raise ValueError unless this is what `path` holds, byte for byte; it says what is different."""
        found = self.read(path)
        if path.read_bytes() == self.canonical:
            return
        mine, there = self.model_dump(mode="json"), found.model_dump(mode="json")
        differ = ", ".join(name for name in mine if mine[name] != there[name]) or "how it is written"
        raise ValueError(
            f"{path}: something else was registered before ({differ}); a prediction is not changed after the fact. "
            "Go back to what was registered, or give the experiment another name"
        )

    @classmethod
    def read(cls, path: Path) -> Self:
        """From `write`; ValueError where it is missing, or names what is wrong in it."""
        if not path.exists():
            raise ValueError(f"{path}: nothing is registered: python -m proxy_models register comes before validate")
        try:
            return cls.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise ValueError(f"{path}: {error}") from error


def arms(
    proposal: Proposal, seeds: Sequence[int], references: Sequence[Reference] = REFERENCES
) -> tuple[dict[str, Arm], dict[str, str]]:
    """The arms and what is predicted of each; then those left out: not asked for, or the same mixture as another.

    The random arm has another feasible mixture for every seed: it stands for a mixture that nobody chose.
    """
    of_runs = proposal.noise.sd * float(np.sqrt(2 / len(seeds)))

    def arm(found: Compared) -> Arm:
        return Arm(mixtures=found.mixtures, difference=found.gain.widened(of_runs))

    planned = {
        NATURAL: Arm(mixtures=(proposal.reference,), difference=None),
        PROPOSED: Arm(mixtures=(proposal.weights,), difference=proposal.gain.widened(of_runs)),
        UNIFORM: arm(proposal.uniform),
        OBSERVED: arm(proposal.best_observed),
        RANDOM: arm(proposal.random),
    }
    kept: dict[str, Arm] = {}
    left_out: dict[str, str] = {}
    for name, one in planned.items():
        if name not in (PROPOSED, *references):
            left_out[name] = "not asked for"
            continue
        twin = next((other for other, there in kept.items() if _same(one, there)), None)
        if twin is None:
            kept[name] = one
        else:
            left_out[name] = f"the same mixture as {twin}"
    if PROPOSED in left_out:
        raise ValueError("the proposal is the natural mixture: there is nothing to validate")
    return kept, left_out


def _same(one: Arm, other: Arm) -> bool:
    if len(one.mixtures) != len(other.mixtures):
        return False
    pairs = zip(one.mixtures, other.mixtures, strict=True)
    return all(abs(left[name] - right[name]) < SAME for left, right in pairs for name in left)


def power_line(seeds: int, references: int, noise_sd: float, unit: str) -> str:
    """What the runs can show, before they are made."""
    alone, strictest = paired.detectable_sds(seeds), paired.detectable_sds(seeds, references)
    return (
        f"{seeds} seeds find a difference of {alone:.2f} sd of a paired difference in {paired.POWER:.0%} of cases "
        f"({strictest:.2f} where {references} comparisons are corrected): about {alone * noise_sd * 2**0.5:.4f} "
        f"{unit} if pairs are as far apart as the proxies' repeats"
    )


def of_runs(
    proposal: Proposal,
    seeds: Sequence[int],
    *,
    runs: Mapping[str, Sequence[str]],
    steps: int,
    run_tokens: int,
    inputs: Mapping[str, str],
    references: Sequence[Reference] = REFERENCES,
) -> Preregistration:
    """The registration of the `runs` (recipes' hashes by arm, one a seed) that will judge `proposal`."""
    planned, left_out = arms(proposal, seeds, references)
    return Preregistration(
        objective={one.task: one.share for one in proposal.tasks if one.share > 0},
        endpoint=f"weighted mean of the objective's tasks, {proposal.objective.unit}, on the final side of their texts",
        arms=planned,
        left_out=left_out,
        seeds=tuple(seeds),
        steps=steps,
        run_tokens=run_tokens,
        runs={name: tuple(runs[name]) for name in planned},
        analysis=Analysis(references=tuple(name for name in planned if name != PROPOSED)),
        inputs=dict(inputs),
    )
