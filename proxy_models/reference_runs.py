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
from proxy_models import memory
from proxy_models.checkpoint import Checkpoint, load
from proxy_models.documents import Documents
from proxy_models.evaluation import held_out_texts, score
from proxy_models.feed import Hosted, Resident, resident_bytes
from proxy_models.numerics import Numerics
from proxy_models.optimiser import learning_rate
from proxy_models.reference_material import Prepared
from proxy_models.reference_plan import Plan, Size
from proxy_models.sampling import MixtureSampler
from proxy_models.swarm import Member, Swarm

LOOK_STEPS = 50  # between two looks at the clock
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

    def trained(self, phase: str, runs: Sequence[Run], size: Size, split: str) -> list[dict[str, Any]]:
        """What came of each run, in order, scored on the held-out `split`; trained where it is not there yet.

        Raises OutOfTime at the deadline, or where another process of torchrun has not ended its share.
        """
        keys = [one.key(self.plan, size, self.prepared.sha256) for one in runs]
        mine = dict(list(dict(zip(keys, runs, strict=True)).items())[self.rank :: self.world])
        stack_size = self.plan.training(size).stack
        numerics = Numerics.of(self.device, 1)
        model, batch = self.plan.training(size).model(self.prepared.vocabulary), self.plan.training(size).batch
        waiting = [key for key in mine if not self._place(key).exists()]
        if waiting:
            tokens = resident_bytes(self.samplers(mine.values(), size), model.vocabulary) if numerics.cuda else 0
            together = min(stack_size, memory.planned(model, batch, stack_size, numerics, tokens))

            def do(some: Sequence[str]) -> None:
                for found in _Stack(self, {key: mine[key] for key in some}, size, numerics).results(split):
                    storage.replace(str(self._place(found["key"])), json.dumps(found, indent=1).encode())

            for _ in memory.in_stacks(waiting, together, do, say):
                say(f"{phase}: {sum(self._place(key).exists() for key in keys)} of {len(keys)} runs")
                if time.monotonic() > self.deadline and any(not self._place(key).exists() for key in mine):
                    raise OutOfTime(f"{phase}: the minutes are over between two stacks")
        self.wait_for(phase, [self._place(key) for key in keys])
        return [json.loads(self._place(key).read_bytes()) for key in keys]

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


class _Stack:
    """Runs of one size as one program, from their checkpoint if they have one."""

    def __init__(self, bench: Bench, runs: Mapping[str, Run], size: Size, numerics: Numerics) -> None:
        self.bench, self.runs, self.size, self.numerics = bench, runs, size, numerics
        self.of = bench.plan.training(size)
        self.recipe = json.dumps(list(runs))
        name = hashlib.sha256(self.recipe.encode()).hexdigest()[:16]
        self.path = bench.folder / f"stack.{name}.pt"

    def results(self, split: str) -> list[dict[str, Any]]:
        """Train and score; raises OutOfTime at the deadline, after a checkpoint."""
        with self.numerics.set():
            swarm = self._swarm()
            if (saved := load(self.path, self.recipe, self.numerics.facts(len(self.runs)))) is not None:
                swarm.restore(saved)
            start, first = time.perf_counter(), swarm.done
            while swarm.done < swarm.steps and any(swarm.alive()):
                for _ in range(min(LOOK_STEPS, swarm.steps - swarm.done)):
                    swarm.advance()
                if time.monotonic() > self.bench.deadline and swarm.done < swarm.steps:
                    Checkpoint(self.recipe, self.numerics.facts(len(self.runs)), swarm.state()).save(self.path)
                    raise OutOfTime(f"{self.size}: {swarm.done} of {swarm.steps} steps of a stack are done")
            alive = swarm.alive()  # waits for the device
            took = time.perf_counter() - start
            swarm.release()
            found = self._scored(swarm, getattr(self.bench.prepared, split))
            losses = swarm.last_losses()
        self.path.unlink(missing_ok=True)
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
