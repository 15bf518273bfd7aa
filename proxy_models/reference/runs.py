"""Training the runs of the reference experiment in stacks; each run's losses are a file as soon as it has them."""

from __future__ import annotations

import hashlib
import json
import math
import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline import storage
from proxy_models.batches.feed import Hosted, Resident, resident_bytes
from proxy_models.batches.sampling import MixtureSampler
from proxy_models.evaluation.losses import held_out_texts, score
from proxy_models.model.numerics import Numerics
from proxy_models.model.optimiser import learning_rate
from proxy_models.reference.material import Prepared
from proxy_models.reference.plan import Plan, Size
from proxy_models.swarm import Member, Swarm
from proxy_models.tokens.documents import Documents
from proxy_models.training import memory
from proxy_models.training.checkpoint import Checkpoint, load
from proxy_models.training.stacks import Plan as Stacks
from proxy_models.training.stacks import forget_ended, name_of

LOOK_STEPS = 50  # between two looks at the clock
SAY_S = 20.0  # between two lines about one stack
CHECKPOINT_S = 120.0  # between two checkpoints, each some seconds of a stack of 5M models: a kill loses no more
START_S = 120.0  # that must be left for a stack on CUDA, which compiles and captures before its first step
SCORE_S = 60.0  # that must be left for scoring one
WAIT_S = 1.0  # between two looks for the runs of torchrun's other processes
GRACE_S = 60.0  # for their last checkpoints: torchrun ends all of its processes when the first one ends


def say(words: str) -> None:
    """A line, at once: what is printed is all that is known of a machine that is taken back."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


class OutOfTime(Exception):
    """The phase's minutes are over; what was done is kept, and the same command goes on."""


@dataclass(frozen=True)
class Run:
    """One run. `seed` of initialisation, `order` of the data; `mixture` numbers the mixture among the trials, or -1.

    rate: peak learning rate; None: by width.
    """

    kind: str
    weights: Mapping[str, float]
    seed: int
    order: int
    mixture: int = -1
    rate: float | None = None

    def key(self, plan: Plan, size: Size, about: str) -> str:
        """Names the run by all that decides it: `about` is the digest of the tokens."""
        said = [asdict(self), size, asdict(plan.training(size)), plan.scored, plan.epochs, plan.target_tokens, about]
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Bench:
    """Where runs are trained. Under torchrun each process has its GPU and its share of the runs."""

    plan: Plan
    prepared: Prepared
    folder: Path
    device: str
    deadline: float
    rank: int = 0
    world: int = 1

    @staticmethod
    def of(plan: Plan, folder: Path, device: str, minutes: float) -> Bench:
        """By torchrun's environment, where there is one."""
        rank, world = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
        if device == "cuda" and world > 1:
            device = f"cuda:{os.environ['LOCAL_RANK']}"
        return Bench(plan, Prepared.read(folder), folder, device, time.monotonic() + 60 * minutes, rank, world)

    def check(self, what: str, least_s: float = 0.0) -> None:
        """Raises OutOfTime where less than `least_s` is left: for what cannot be stopped, and then would be lost."""
        left_s = max(0.0, self.deadline - time.monotonic())
        if left_s == 0:
            raise OutOfTime(f"{what}: the minutes are over")
        if left_s < least_s:
            raise OutOfTime(f"{what}: it may take {least_s:.0f} s, and {left_s:.0f} are left")

    def trained(self, phase: str, runs: Sequence[Run], size: Size, split: str) -> list[dict[str, Any]]:
        """What came of each run, in order, scored on the held-out `split`; trained where it is not there yet.

        Raises OutOfTime at the deadline, or where another process of torchrun has not ended its share.
        """
        keys = [one.key(self.plan, size, self.prepared.sha256) for one in runs]
        mine = dict(list(dict(zip(keys, runs, strict=True)).items())[self.rank :: self.world])
        of, numerics = self.plan.training(size), Numerics.of(self.device, 1)
        model = of.model(self.prepared.vocabulary)

        def fits() -> int:
            tokens = resident_bytes(self.samplers(mine.values(), size), model.vocabulary) if numerics.cuda else 0
            return memory.planned(model, of.batch, of.stack, numerics, tokens)

        def do(stack: Sequence[str]) -> None:
            self.check(f"{phase}, a stack of {len(stack)}", START_S if numerics.compiled else 0.0)
            self._train(stack, mine, size, numerics, split)

        stacks = Stacks(self.folder / f"stacks.{name_of(list(mine))}.json", self._ended, self.checkpoint, say)
        with memory.one_must_fit(model, of.batch, numerics):
            for _ in stacks.each(list(mine), fits, do):
                say(f"{phase}: {sum(map(self._ended, keys))} of {len(keys)} runs")
        self.wait_for(phase, [self._place(key) for key in keys])
        forget_ended(self.folder, self._ended, self.checkpoint)
        return [json.loads(self._place(key).read_bytes()) for key in keys]

    def _train(self, stack: Sequence[str], runs: Mapping[str, Run], size: Size, numerics: Numerics, split: str) -> None:
        """A stack to its results; of one whose checkpoint is gone only the runs that have none."""
        checkpoint = self.checkpoint(stack)
        if not checkpoint.exists():
            stack = [key for key in stack if not self._ended(key)]
        for found in _Stack(self, {key: runs[key] for key in stack}, size, numerics).results(split):
            if not self._ended(found["key"]):
                storage.replace(str(self._place(found["key"])), json.dumps(found, indent=1).encode())
        checkpoint.unlink(missing_ok=True)
        self.checkpoint(stack).unlink(missing_ok=True)

    def checkpoint(self, stack: Sequence[str]) -> Path:
        """Of a stack between two steps."""
        return self.folder / f"stack.{name_of(stack)}.pt"

    def samplers(self, runs: Iterable[Run], size: Size) -> list[MixtureSampler]:
        """Of the tokens of each run."""
        of = self.plan.training(size)
        return [
            MixtureSampler(
                self.prepared.train,
                run.weights,
                sequence=of.sequence,
                batch=of.batch,
                steps=of.steps,
                max_epochs=self.plan.epochs,
                seed=run.order,
                target_tokens=self.plan.target_tokens,
            )
            for run in runs
        ]

    def wait_for(self, phase: str, files: Sequence[Path]) -> None:
        """Until torchrun's other processes have left them; raises OutOfTime some time after the deadline."""
        while missing := sum(not path.exists() for path in files):
            if time.monotonic() > self.deadline + GRACE_S:
                raise OutOfTime(f"{phase}: {missing} results are another process's, which has not ended")
            time.sleep(WAIT_S)

    def _place(self, key: str) -> Path:
        return self.folder / "runs" / f"{key}.json"

    def _ended(self, key: str) -> bool:
        return self._place(key).exists()


class _Stack:
    """Runs of one size as one program, from their checkpoint if they have one."""

    def __init__(self, bench: Bench, runs: Mapping[str, Run], size: Size, numerics: Numerics) -> None:
        self.bench, self.runs, self.size, self.numerics = bench, runs, size, numerics
        self.of = bench.plan.training(size)
        self.recipe = json.dumps(list(runs))
        self.path = bench.checkpoint(list(runs))

    def results(self, split: str) -> list[dict[str, Any]]:
        """Train and score; at the deadline, between two steps or before scoring, leaves a checkpoint: OutOfTime."""
        with self.numerics.set():
            swarm = self._swarm()
            if (saved := load(self.path, self.recipe, self.numerics.facts(len(self.runs)))) is not None:
                swarm.restore(saved)
            start, first = time.perf_counter(), swarm.done
            self._train(swarm)
            alive = swarm.alive()  # waits for the device
            took = time.perf_counter() - start
            swarm.release()
            found = self._scored(swarm, getattr(self.bench.prepared, split))
            losses = swarm.last_losses()
        rate = (swarm.done - first) * self.of.batch * self.of.sequence * len(self.runs) / max(took, 1e-9)
        return [
            {
                "key": key,
                **asdict(run),
                "size": self.size,
                "sizes": swarm.decoder.config.sizes,
                "status": "ok" if alive[at] and all(map(math.isfinite, found[at].values())) else "diverged",
                "steps": int(swarm.taken[at]),
                "training_loss": losses[at],
                "losses": found[at] if alive[at] else {},
                "stack": len(self.runs),
                "stack_tokens_per_s": rate,
                "numerics": self.numerics.facts(len(self.runs)),
            }
            for at, (key, run) in enumerate(self.runs.items())
        ]

    def _train(self, swarm: Swarm) -> None:
        """Do the steps that are left, with a line and a checkpoint from time to time."""
        started, first = time.monotonic(), swarm.done
        told = kept = started
        while swarm.done < swarm.steps and any(swarm.alive()):
            for _ in range(min(LOOK_STEPS, swarm.steps - swarm.done)):
                swarm.advance()
            losses = swarm.history[swarm.done - 1]
            mean = float(losses[losses.isfinite()].mean())  # waits for the device
            now = time.monotonic()
            rate = (swarm.done - first) * self.of.batch * self.of.sequence * len(self.runs) / max(now - started, 1e-9)
            if now - told >= SAY_S:
                told = now
                left_s = (swarm.steps - swarm.done) * (now - started) / (swarm.done - first)
                say(
                    f"{self.size}: step {swarm.done} of {swarm.steps} of {len(self.runs)} runs, mean loss {mean:.3f} "
                    f"nats a token, {rate:,.0f} tokens/s, {left_s:.0f} s left"
                )
            if swarm.done < swarm.steps and now - kept >= CHECKPOINT_S:
                self._save(swarm)
                kept = time.monotonic()
            self._check(swarm)

    def _check(self, swarm: Swarm) -> None:
        ended = swarm.done == swarm.steps
        words = f"{self.size}: {swarm.done} of {swarm.steps} steps of a stack are done"
        try:
            self.bench.check(f"{words}; scoring" if ended else words, SCORE_S if ended and self.numerics.cuda else 0.0)
        except OutOfTime:
            if ended:
                swarm.release()
            self._save(swarm)
            raise

    def _save(self, swarm: Swarm) -> None:
        Checkpoint(self.recipe, self.numerics.facts(len(self.runs)), swarm.state()).save(self.path)

    def _swarm(self) -> Swarm:
        prepared, samplers = self.bench.prepared, self.bench.samplers(self.runs.values(), self.size)
        model, device = self.of.model(prepared.vocabulary), self.numerics.device
        feed = (
            Resident(samplers, self.of.steps, self.of.sequence, prepared.vocabulary, device)
            if self.numerics.cuda
            else Hosted(samplers, (self.of.batch, self.of.sequence + 1), prepared.vocabulary, device)
        )
        rate = learning_rate(self.of.width)
        members = [Member(run.seed, rate if run.rate is None else run.rate) for run in self.runs.values()]
        warmup_steps = max(1, self.of.steps // 10)
        return Swarm(model, members, feed, self.numerics, steps=self.of.steps, warmup_steps=warmup_steps)

    def _scored(self, swarm: Swarm, heldout: Mapping[str, Documents]) -> list[dict[str, float]]:
        """Bits per byte by domain of each run."""
        found: list[dict[str, float]] = [{} for _ in self.runs]
        for name in sorted(heldout):
            texts = held_out_texts(name, heldout[name], domain_bytes=self.bench.plan.scored)
            for losses, of in zip(found, score(swarm.decoder, texts), strict=True):
                losses[name] = of.bits_per_byte
        return found
