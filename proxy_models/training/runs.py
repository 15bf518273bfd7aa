"""What a proxy run is and what came of it: recipe and result, and the files that hold them in the run's folder.

recipe.json     what is trained and how it is judged; its hash names the run
checkpoint.pt   the run between two steps; after the last, its weights; beside it, in .seconds, how long that took
scores.parquet  bits and bytes of every text scored: task, text (its number within the task), bits, bytes
result.json     the commit, written last: losses and how the run ended; equal bytes for equal recipes and numerics
speed.json      seconds and rates of the process that ended the run, and seconds of those before: never compared
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from pipeline import storage
from pipeline.rooms.recipe import canonical, hashed
from pipeline.schema import field
from proxy_models.evaluation.gold_answers import QuestionGain
from proxy_models.evaluation.losses import Scores
from proxy_models.model.decoder import ModelConfig
from proxy_models.model.optimiser import learning_rate

RUN_ID_DIGITS = 16
RESULT = "result.json"
SCORES = pa.schema(
    [
        field(
            "task",
            pa.string(),
            "what was scored: heldout:<domain>, gold:<benchmark> or unasked:<benchmark>",
            nullable=False,
        ),
        field("text", pa.int32(), "number of the text within its task, in the order scored", nullable=False),
        field("bits", pa.float64(), "minus log2 of the probability of its tokens", unit="bits", nullable=False),
        field("bytes", pa.int64(), "size of what those tokens stand for", unit="UTF-8 bytes", nullable=False),
    ]
)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Evaluation(_Frozen):
    """What is scored: of each domain's held-out `side` the first documents until `domain_bytes` of text, long ones cut
    (`evaluation.held_out_texts`). gold: sha256 of that side's gold answers (`gold_answers.digest`); None: none."""

    side: Literal["select", "final"] = "select"
    domain_bytes: int = Field(default=200_000, ge=1)
    gold: str | None = None


class RunRecipe(_Frozen):
    """All that decides a run. Two runs with equal recipes and numerics end in equal bits.

    weights: shares by domain, sum 1. steps: updates of `batch` sequences each. tokens: identity of the token files.
    learning_rate: the peak; default by width. warmup_steps: default a tenth of the steps. max_epochs: how often the
    sampler may repeat a domain. target_tokens: of the run that is planned, for which domains are cut down (`sampling`);
    None: whole domains. version: raised when this package may train other bits from an equal recipe.
    """

    version: Literal[4] = 4
    model: ModelConfig
    tokens: str
    weights: dict[str, float]
    steps: int = Field(ge=1)
    batch: int = Field(ge=1)
    seed: int = Field(ge=0, lt=2**63)
    learning_rate: float = Field(default_factory=lambda given: learning_rate(given["model"].width), gt=0)
    warmup_steps: int = Field(default_factory=lambda given: max(1, given["steps"] // 10), ge=0)
    weight_decay: float = Field(default=0.1, ge=0)
    max_epochs: float = Field(default=4.0, gt=0)  # arXiv:2305.16264: up to 4 epochs are nearly as good as new text
    target_tokens: int | None = Field(default=None, ge=1)
    evaluation: Evaluation = Evaluation()

    @field_validator("weights")
    @classmethod
    def _on_the_simplex(cls, weights: dict[str, float]) -> dict[str, float]:
        if negative := sorted(name for name, weight in weights.items() if weight < 0):
            raise ValueError(f"the weight of {negative[0]} is negative; weights are shares")
        if abs((total := math.fsum(weights.values())) - 1) > 1e-6:
            raise ValueError(f"the weights sum to {total:.9g}; they must sum to 1")
        return weights

    @model_validator(mode="after")
    def _warms_up_within_its_steps(self) -> RunRecipe:
        if self.warmup_steps > self.steps:
            raise ValueError(f"warmup_steps: {self.warmup_steps} of {self.steps} steps; it must be at most `steps`")
        return self

    @property
    def run_id(self) -> str:
        return hashed(self.model_dump(mode="json"))[:RUN_ID_DIGITS]

    @property
    def trained_tokens(self) -> int:
        return self.steps * self.batch * self.model.sequence

    @property
    def flops(self) -> int:
        """Operations of the whole training (`ModelConfig.flops_per_token`), evaluation not counted."""
        return self.trained_tokens * self.model.flops_per_token

    def together(self) -> str:
        """What runs must have in common to be trained as one program: all but weights, seed, rate and decay."""
        own = {"weights", "seed", "learning_rate", "weight_decay"}
        return canonical(self.model_dump(mode="json", exclude=own)).decode()

    def canonical_json(self) -> str:
        return canonical(self.model_dump(mode="json")).decode()


class RunResult(_Frozen):
    """How a run ended. A diverged run has no losses: nothing can take it for a measurement.

    step: steps that changed the weights, so for a diverged run also the number (from 0) of the one that met a loss or
    gradient that is not finite; `steps` itself if it was the evaluation. training_loss: the last finite one, nats a
    token. losses: bits per byte by task, controls (`unasked:`) among them; questions: what each benchmark's question
    saves, and so what the task measures; errors: their standard errors, None where one text alone was scored. bytes:
    scored, by task. tokens: trained on. numerics: what decided the bits beside the recipe.
    """

    run_id: str
    status: Literal["ok", "diverged"]
    step: int
    training_loss: float | None
    losses: dict[str, float]
    errors: dict[str, float | None]
    bytes: dict[str, int]
    questions: dict[str, QuestionGain] = {}
    tokens: int
    numerics: dict[str, str]


def claim(folder: Path, recipe: RunRecipe) -> None:
    """Write the recipe into its folder; raises ValueError where the folder is another recipe's."""
    path, content = folder / "recipe.json", recipe.canonical_json().encode()
    if not storage.put_if_absent(str(path), content) and path.read_bytes() != content:
        raise ValueError(f"{folder} holds the run of another recipe; give {recipe.run_id} a folder of its own")


def read_result(folder: Path) -> RunResult | None:
    """The result in a run's folder; None where the run has not ended."""
    path = folder / RESULT
    return RunResult.model_validate_json(path.read_bytes()) if path.exists() else None


def compared(results: Mapping[str, RunResult]) -> list[str]:
    """Whether runs by id may be compared: raises ValueError for those in float32 beside those in bfloat16.

    What is compared all the same, and differs in last bits, is said: of two devices, of two versions of torch.
    """

    def kinds(fact: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for run_id, result in sorted(results.items()):
            found.setdefault(result.numerics[fact], run_id)
        return found

    def which(fact: str) -> str:
        return "; ".join(f"{run_id} {kind}" for kind, run_id in kinds(fact).items())

    if len(kinds("precision")) > 1:
        raise ValueError(
            f"runs of one sweep were trained in different precisions ({which('precision')}): remove one kind's folders"
        )
    return [
        f"runs of one sweep differ in {fact}: {which(fact)}" for fact in ("device", "torch") if len(kinds(fact)) > 1
    ]


def write_result(folder: Path, result: RunResult, scores: Mapping[str, Scores], speed: Mapping[str, Any]) -> None:
    """Write scores and speed, then the result, which commits them."""
    _replace(folder / "scores.parquet", _scores_file(scores))
    _replace(folder / "speed.json", json.dumps(dict(speed), sort_keys=True).encode())
    _replace(folder / RESULT, canonical(result.model_dump(mode="json")))


def _replace(path: Path, content: bytes) -> None:
    storage.replace(str(path), content)


def _scores_file(scores: Mapping[str, Scores]) -> bytes:
    tables = [
        pa.table([[task] * len(of.bits), range(len(of.bits)), of.bits, of.bytes], schema=SCORES)
        for task, of in sorted(scores.items())
    ]
    buffer = io.BytesIO()
    pq.write_table(pa.concat_tables(tables) if tables else SCORES.empty_table(), buffer, compression="zstd")
    return buffer.getvalue()
