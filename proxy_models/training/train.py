"""Proxy runs: train decoders on their mixtures, then score them; killed anywhere and run again, they end in equal bits.

On a CPU everything is float32, one run at a time, and bits depend on the recipe and on what `Numerics.facts` lists. On
CUDA runs of one shape are trained together, compiled in bfloat16 (`swarm`). A run that meets a loss or gradient that is
not finite ends as "diverged", saying where; the others go on.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proxy_models.batches.feed import Batches, Feed, Hosted, Resident
from proxy_models.batches.sampling import MixtureSampler
from proxy_models.evaluation.gold_answers import digest, question_gains
from proxy_models.evaluation.losses import Scores, Text, held_out_texts, score
from proxy_models.model.numerics import Numerics
from proxy_models.swarm import Member, Swarm
from proxy_models.tokens.documents import Documents
from proxy_models.training import speed
from proxy_models.training.checkpoint import Checkpoint, forget, keep_seconds, load, seconds_before
from proxy_models.training.runs import (
    Evaluation,
    RunRecipe,
    RunResult,
    claim,
    read_result,
    write_result,
)
from proxy_models.training.stacks import name_of

__all__ = ["Batches", "Evaluation", "Job", "Progress", "RunRecipe", "RunResult", "train", "train_together"]

CHECKPOINT_STEPS = 200  # on a CPU a kill loses at most so many steps; writing one takes about as long as two
CHECKPOINT_S = 180.0  # on CUDA, where writing a stack takes as long as tens of steps, it loses at most so much time
LOOK_STEPS = 25  # on CUDA between two looks at the losses, each of which waits for the device


@dataclass(frozen=True)
class Job:
    """A run to do: what, on which rows, in which folder."""

    recipe: RunRecipe
    sampler: Batches
    folder: Path


@dataclass(frozen=True)
class Progress:
    """After a step: how many are done, each run's loss in nats a token, and the rates since this process began.

    losses: NaN of a run that diverged. tokens_per_s: of all runs together. mfu: None where nobody knows what the device
    can do at most.
    """

    step: int
    steps: int
    losses: tuple[float, ...]
    tokens_per_s: float
    mfu: float | None


def train(
    recipe: RunRecipe, sampler: Batches, heldout: Mapping[str, Documents], folder: Path, **options: object
) -> RunResult:
    """Train and score the run of `recipe` in `folder`, from its last checkpoint if it has one; an ended run is read.

    As `train_together` of one; there are the options.
    """
    (result,) = train_together([Job(recipe, sampler, folder)], heldout, **options)  # type: ignore[arg-type]
    return result


def train_together(
    jobs: Sequence[Job],
    heldout: Mapping[str, Documents],
    *,
    gold: Mapping[str, Sequence[Text]] | None = None,
    device: str = "cpu",
    threads: int | None = 1,
    checkpoint_steps: int | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> list[RunResult]:
    """Train and score runs as one program, its checkpoint in the first folder; where all have ended, they are read.

    Where some have, and there is no checkpoint of them together, the others are trained without them: what has ended
    is never trained again. A checkpoint of several goes with the last of their results; that of one holds its weights.
    heldout: documents by domain, each a task `heldout:<domain>`. gold: texts by task (`gold_answers.encode`).
    checkpoint_steps: between two, which decides no result; by default CHECKPOINT_STEPS on a CPU, and CHECKPOINT_S
    seconds on CUDA.
    Raises ValueError where recipes differ in what one program shares (`RunRecipe.together`), where a folder, its
    checkpoint, the gold answers or a batch are not their recipe's, and where the device is missing.
    """
    shared = jobs[0].recipe
    if any(job.recipe.together() != shared.together() for job in jobs):
        raise ValueError("runs of one program may differ in weights, seed, learning_rate and weight_decay alone")
    if digest(gold or {}) != shared.evaluation.gold:
        raise ValueError(f"gold: these answers are {digest(gold or {})}, the recipe's {shared.evaluation.gold}")
    if checkpoint_steps is not None and checkpoint_steps < 1:
        raise ValueError(f"checkpoint_steps: {checkpoint_steps} is below 1")
    numerics = Numerics.of(device, threads)
    held_out = {
        f"heldout:{name}": held_out_texts(name, documents, domain_bytes=shared.evaluation.domain_bytes)
        for name, documents in heldout.items()
    }
    texts = held_out | dict(gold or {})
    for job in jobs:
        claim(job.folder, job.recipe)
    ended = [read_result(job.folder) for job in jobs]
    left = [job for job, one in zip(jobs, ended, strict=True) if one is None]
    if not left:
        return [one for one in ended if one is not None]
    path = checkpoint_path(jobs[0].folder, [job.recipe.run_id for job in jobs])
    if len(left) < len(jobs) and not path.exists():
        options: dict[str, Any] = {"checkpoint_steps": checkpoint_steps, "progress": progress}
        rest = iter(train_together(left, heldout, gold=gold, device=device, threads=threads, **options))
        return [one or next(rest) for one in ended]
    with numerics.set():
        runs = _Runs(jobs, numerics)
        runs.train(checkpoint_steps, progress)
        start = time.perf_counter()
        found = {task: score(runs.swarm.decoder, of) for task, of in sorted(texts.items())} if runs.any_whole() else {}
        scores = [{task: of[member] for task, of in found.items()} for member in range(len(jobs))]
        results = runs.results(scores)
        took = runs.speed() | {"evaluation_s": time.perf_counter() - start}
    for at, (job, of) in enumerate(zip(jobs, scores, strict=True)):
        if (before := ended[at]) is None:
            write_result(job.folder, results[at], of if results[at].status == "ok" else {}, took)
        else:
            results[at] = before
    if len(jobs) > 1:
        forget(path)
    return results


def _feed(jobs: Sequence[Job], numerics: Numerics) -> Feed:
    """On CUDA from where the tokens lie, if the samplers say where; else cut on the host."""
    of = jobs[0].recipe
    samplers = [job.sampler for job in jobs]
    known = [one for one in samplers if isinstance(one, MixtureSampler)]
    if numerics.cuda and len(known) == len(samplers):
        return Resident(known, of.steps, of.model.sequence, of.model.vocabulary, numerics.device)
    return Hosted(samplers, (of.batch, of.model.sequence + 1), of.model.vocabulary, numerics.device)


def checkpoint_path(first: Path, run_ids: Sequence[str]) -> Path:
    """In the first run's folder; of several by a name that is theirs, since others may be stacked another time."""
    return first / ("checkpoint.pt" if len(run_ids) == 1 else f"checkpoint.{name_of(run_ids)}.pt")


def next_stop(done: int, steps: int, look_steps: int, checkpoint_steps: int | None) -> int:
    """The step at which to look next: every multiple of both, and the last; a checkpoint is never stepped over."""
    return min(steps, *(done + every - done % every for every in (look_steps, checkpoint_steps) if every))


class _Runs:
    """Runs in memory: a swarm, and how far it is."""

    def __init__(self, jobs: Sequence[Job], numerics: Numerics) -> None:
        self.recipes = [job.recipe for job in jobs]
        self.of, self.numerics = self.recipes[0], numerics
        self.path = checkpoint_path(jobs[0].folder, [one.run_id for one in self.recipes])
        members = [Member(one.seed, one.learning_rate, one.weight_decay) for one in self.recipes]
        self.swarm = Swarm(
            self.of.model,
            members,
            _feed(jobs, numerics),
            numerics,
            steps=self.of.steps,
            warmup_steps=self.of.warmup_steps,
        )
        self.training_s = self.earlier_s = 0.0
        if (saved := load(self.path, self._recipe(), numerics.facts(len(members)))) is not None:
            self.swarm.restore(saved)
            self.earlier_s = seconds_before(self.path)
        self.first_step = self.swarm.done

    def _recipe(self) -> str:
        return "\n".join(one.canonical_json() for one in self.recipes)

    def train(self, checkpoint_steps: int | None, progress: Callable[[Progress], None] | None) -> None:
        """Do the steps that are left, as long as a run takes them."""
        swarm, steps = self.swarm, self.of.steps
        if checkpoint_steps is None and not self.numerics.cuda:
            checkpoint_steps = CHECKPOINT_STEPS
        kept = time.monotonic()
        peak = speed.peak(self.numerics.device, self.numerics.threads) if progress else None
        look_steps = LOOK_STEPS if self.numerics.cuda else 1
        while swarm.done < steps and any(swarm.alive()):
            start, before = time.perf_counter(), swarm.done
            until = next_stop(before, steps, look_steps, checkpoint_steps)
            while swarm.done < until:
                swarm.advance()
            losses = swarm.history[before:until].tolist()  # waits for the device
            self.training_s += time.perf_counter() - start
            taken = int(swarm.taken.max())
            due = until % checkpoint_steps == 0 if checkpoint_steps else time.monotonic() - kept >= CHECKPOINT_S
            if taken == until and (due or until == steps):
                self._save()
                kept = time.monotonic()
            if progress is not None:
                for step in range(before, min(until, taken)):
                    mfu = speed.utilisation(self.of.model.flops_per_token, self._rate(), peak)
                    progress(Progress(step + 1, steps, tuple(losses[step - before]), self._rate(), mfu))

    def _save(self) -> None:
        if self.swarm.done == self.of.steps:
            self.swarm.release()
        facts = self.numerics.facts(len(self.recipes))
        Checkpoint(self._recipe(), facts, self.swarm.state()).save(self.path)
        keep_seconds(self.path, self.earlier_s + self.training_s)

    def any_whole(self) -> bool:
        """Whether any run did all its steps, so that there is something to score."""
        return int(self.swarm.taken.max()) == self.of.steps

    def results(self, scores: Sequence[Mapping[str, Scores]]) -> list[RunResult]:
        """The result of each run, its steps done or diverged before, with what was scored."""
        each = zip(self.recipes, self.swarm.taken.tolist(), self.swarm.last_losses(), scores, strict=True)
        return [self._result(*one) for one in each]

    def _result(self, recipe: RunRecipe, taken: int, loss: float | None, scores: Mapping[str, Scores]) -> RunResult:
        losses = {task: of.bits_per_byte for task, of in scores.items()}
        ok = taken == recipe.steps and all(map(math.isfinite, losses.values()))
        return RunResult(
            run_id=recipe.run_id,
            status="ok" if ok else "diverged",
            step=taken,
            training_loss=loss,
            losses=losses if ok else {},
            errors={task: of.standard_error() for task, of in scores.items()} if ok else {},
            bytes={task: int(of.bytes.sum()) for task, of in scores.items()} if ok else {},
            questions=question_gains(scores) if ok else {},
            tokens=taken * recipe.batch * recipe.model.sequence,
            numerics=self.numerics.facts(len(self.recipes)),
        )

    def _rate(self) -> float:
        tokens = len(self.recipes) * self.of.batch * self.of.model.sequence
        return (self.swarm.done - self.first_step) * tokens / self.training_s

    def speed(self) -> dict[str, float | int | None]:
        """Of this process: steps that it did, seconds in them, tokens a second, runs trained together.

        earlier_s: seconds of the processes before it, up to the checkpoint that it began with.
        """
        steps = self.swarm.done - self.first_step
        rate = self._rate() if steps else None
        return {
            "steps": steps,
            "training_s": self.training_s,
            "earlier_s": self.earlier_s,
            "tokens_per_s": rate,
            "members": len(self.recipes),
        }
