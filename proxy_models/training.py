"""One proxy run: train a decoder on a mixture, then score it; killed anywhere and run again, it ends in the same bits.

On a CPU everything is float32 and bits depend on the recipe and on what `Numerics.facts` lists. On CUDA the same code
runs compiled in bfloat16. A run that meets a loss or gradient that is not finite ends as "diverged", saying where.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from proxy_models import speed
from proxy_models.checkpoint import Checkpoint, load
from proxy_models.documents import Documents
from proxy_models.evaluation import Scores, Text, held_out_texts, score
from proxy_models.gold_answers import digest
from proxy_models.model import Decoder
from proxy_models.numerics import Numerics
from proxy_models.optimiser import MAX_NORM, adamw, schedule
from proxy_models.runs import Evaluation, RunRecipe, RunResult, claim, read_result, write_result

__all__ = ["Batches", "Evaluation", "Progress", "RunRecipe", "RunResult", "train"]

CHECKPOINT_STEPS = 200  # a kill loses at most so many steps; writing one takes about as long as two


class Batches(Protocol):
    """Where training rows come from; a pure function of the step, so that resuming needs no state of it."""

    def batch(self, step: int) -> npt.NDArray[np.int64]:
        """Tokens (batch, sequence + 1) of a step from 0."""


@dataclass(frozen=True)
class Progress:
    """After a step: how many are done, the step's loss in nats a token, and the rates since this process began.

    mfu: None where nobody knows what the device can do at most.
    """

    step: int
    steps: int
    loss: float
    tokens_per_s: float
    mfu: float | None


def train(
    recipe: RunRecipe,
    sampler: Batches,
    heldout: Mapping[str, Documents],
    folder: Path,
    *,
    gold: Mapping[str, Sequence[Text]] | None = None,
    token_bytes: npt.NDArray[np.int64] | None = None,
    device: str = "cpu",
    threads: int | None = 1,
    checkpoint_steps: int = CHECKPOINT_STEPS,
    progress: Callable[[Progress], None] | None = None,
) -> RunResult:
    """Train and score the run of `recipe` in `folder`, from its last checkpoint if it has one; an ended run is read.

    heldout: documents by domain, each a task `heldout:<domain>`. gold: texts by task (`gold_answers.encode`).
    token_bytes: UTF-8 bytes of each token, needed where the recipe cuts documents. checkpoint_steps decides no result.
    Raises ValueError where the folder, its checkpoint, the gold answers or a batch are not this recipe's, and where the
    device is missing.
    """
    if digest(gold or {}) != recipe.evaluation.gold:
        raise ValueError(f"gold: these answers are {digest(gold or {})}, the recipe's {recipe.evaluation.gold}")
    if checkpoint_steps < 1:
        raise ValueError(f"checkpoint_steps: {checkpoint_steps} is below 1")
    numerics = Numerics.of(device, threads)
    texts = {
        **{f"heldout:{name}": _held_out(recipe, name, documents, token_bytes) for name, documents in heldout.items()},
        **(gold or {}),
    }
    claim(folder, recipe)
    if (ended := read_result(folder)) is not None:
        return ended
    with numerics.set():
        run = _Run(recipe, numerics, folder / "checkpoint.pt")
        finite = run.train(sampler, checkpoint_steps, progress)
        start = time.perf_counter()
        scores = {task: score(run.model, of) for task, of in sorted(texts.items())} if finite else {}
        result = run.result(scores)
        evaluation_s = time.perf_counter() - start
    kept = scores if result.status == "ok" else {}
    write_result(folder, result, kept, run.speed() | {"evaluation_s": evaluation_s})
    return result


def _held_out(
    recipe: RunRecipe, domain: str, documents: Documents, token_bytes: npt.NDArray[np.int64] | None
) -> list[Text]:
    of = recipe.evaluation
    return held_out_texts(
        domain, documents, domain_bytes=of.domain_bytes, document_bytes=of.document_bytes, token_bytes=token_bytes
    )


class _Run:
    """A run in memory: model, optimiser, and how far it is."""

    def __init__(self, recipe: RunRecipe, numerics: Numerics, checkpoint: Path) -> None:
        self.recipe, self.numerics, self.path = recipe, numerics, checkpoint
        self.model = Decoder(recipe.model, torch.Generator().manual_seed(recipe.seed)).to(numerics.device)
        self.optimizer = adamw(self.model, recipe.weight_decay)
        self.step = self.first_step = 0
        self.loss: float | None = None
        self.training_s = 0.0
        if (saved := load(checkpoint, recipe.canonical_json(), numerics.facts())) is not None:
            self.model.load_state_dict(saved.weights)
            if saved.optimizer is not None:
                self.optimizer.load_state_dict(saved.optimizer)
            self.step = self.first_step = saved.step
            self.loss = saved.loss

    def train(self, sampler: Batches, checkpoint_steps: int, progress: Callable[[Progress], None] | None) -> bool:
        """Do the steps that are left; False where one met a loss or gradient that is not finite, and was not taken."""
        loss_of = self.numerics.loss_of(self.model)
        peak = speed.peak(self.numerics.device, self.numerics.threads) if progress else None
        while self.step < self.recipe.steps:
            start = time.perf_counter()
            loss = self._step(loss_of, self._tokens(sampler))
            self.training_s += time.perf_counter() - start
            if loss is None:
                return False
            self.step, self.loss = self.step + 1, loss
            if self.step % checkpoint_steps == 0 or self.step == self.recipe.steps:
                self._save()
            if progress is not None:
                rate = self._rate()
                mfu = speed.utilisation(self.recipe.model.flops_per_token, rate, peak)
                progress(Progress(self.step, self.recipe.steps, loss, rate, mfu))
        return True

    def _tokens(self, sampler: Batches) -> Tensor:
        tokens = sampler.batch(self.step)
        expected, vocabulary = (self.recipe.batch, self.recipe.model.sequence + 1), self.recipe.model.vocabulary
        if tokens.shape != expected:
            raise ValueError(f"the sampler's rows have shape {tokens.shape}, the recipe's {expected}")
        if tokens.min() < 0 or tokens.max() >= vocabulary:
            raise ValueError(f"tokens {tokens.min()} to {tokens.max()} are not all in the vocabulary of {vocabulary}")
        return torch.from_numpy(tokens).to(self.numerics.device)

    def _step(self, loss_of: Callable[[Tensor], Tensor], tokens: Tensor) -> float | None:
        """One update; the loss before it, or None, the weights as they were, where loss or gradient is not finite."""
        loss = loss_of(tokens)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), MAX_NORM)
        value, size = torch.stack((loss.detach(), norm)).tolist()  # one wait for the device, not two
        if not (math.isfinite(value) and math.isfinite(size)):
            return None
        rate = self.recipe.learning_rate * schedule(self.step, self.recipe.steps, self.recipe.warmup_steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return float(value)

    def _save(self) -> None:
        state = self.optimizer.state_dict() if self.step < self.recipe.steps else None
        weights = self.model.state_dict()
        facts = self.numerics.facts()
        Checkpoint(self.recipe.canonical_json(), facts, self.step, self.loss, weights, state).save(self.path)

    def result(self, scores: Mapping[str, Scores]) -> RunResult:
        """The result of a run whose steps are done (or which diverged before) with what was scored."""
        losses = {task: of.bits_per_byte for task, of in scores.items()}
        ok = self.step == self.recipe.steps and all(map(math.isfinite, losses.values()))
        return RunResult(
            run_id=self.recipe.run_id,
            status="ok" if ok else "diverged",
            step=self.step,
            training_loss=self.loss,
            losses=losses if ok else {},
            errors={task: of.standard_error() for task, of in scores.items()} if ok else {},
            bytes={task: int(of.bytes.sum()) for task, of in scores.items()} if ok else {},
            tokens=self.step * self.recipe.batch * self.recipe.model.sequence,
            numerics=self.numerics.facts(),
        )

    def _rate(self) -> float:
        steps = self.step - self.first_step
        return steps * self.recipe.batch * self.recipe.model.sequence / self.training_s

    def speed(self) -> dict[str, float | int | None]:
        """Of this process: steps that it did, seconds in them, tokens a second."""
        steps = self.step - self.first_step
        rate = self._rate() if steps else None
        return {"steps": steps, "training_s": self.training_s, "tokens_per_s": rate}
