"""Many runs side by side: a process for each CPU core, or GPU with as many runs at once as it holds.

Runs that ended are read, a killed sweep goes on.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.connection import wait as wait_for_any
from pathlib import Path
from typing import Any

import torch

from pipeline.progress.progress import Progress as Bar
from pipeline.progress.progress import console
from pipeline.trouble import EnvironmentTrouble
from proxy_models.batches.feed import resident_bytes
from proxy_models.experiment import GoldAnswers
from proxy_models.model.numerics import Numerics
from proxy_models.sweep.material import Material
from proxy_models.training import memory
from proxy_models.training.runs import RESULT, RunRecipe, RunResult, compared, read_result
from proxy_models.training.stacks import Plan, forget_ended, name_of
from proxy_models.training.train import Job, Progress, checkpoint_path, train_together

Group = tuple[RunRecipe, ...]
Ended = tuple[RunResult, "Rates | None"]

LOOK_S = 0.5  # between two looks at how far the runs are
RUN_ID_SHOWN = 8


@dataclass(frozen=True)
class Rates:
    """How fast a run was in the process that ended it. mfu: None where nobody knows the device's peak."""

    tokens_per_s: float
    mfu: float | None


@dataclass(frozen=True)
class Machine:
    """Where runs are trained: a device for each process; none: in this process, on `device`."""

    device: str
    devices: tuple[str, ...]

    @staticmethod
    def of(device: str | None, workers: int | None) -> Machine:
        """`device` cpu or cuda, by default CUDA where torch sees it. `workers` processes, by default one a core or GPU.

        cuda:1 is that GPU alone. 0 workers: in this process, one run after the other. Raises ValueError for a device
        that is not there, and for more processes than GPUs.
        """
        device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        found = Numerics.of(device, None).device
        if workers == 0:
            return Machine(device, ())
        if found.type == "cpu":
            return Machine(device, (device,) * (workers or len(os.sched_getaffinity(0))))
        if found.index is not None:
            if (workers or 1) > 1:
                raise ValueError(f"--workers {workers}: {device} is one GPU, and a run needs one of its own")
            return Machine(device, (device,))
        gpus = tuple(f"cuda:{number}" for number in range(torch.cuda.device_count()))
        if workers is not None and workers > len(gpus):
            raise ValueError(f"--workers {workers}: there are {len(gpus)} GPUs, and a run needs one of its own")
        return Machine(device, gpus[:workers])


def train_all(
    recipes: Sequence[RunRecipe], tokens: Path, gold: GoldAnswers | None, folder: Path, machine: Machine
) -> dict[str, RunResult]:
    """Train every recipe in `folder`/<run id>; results by run id, diverged runs among them.

    A run that fails does not stop the others; afterwards the first failure is raised. Raises EnvironmentTrouble where a
    process was killed, and ValueError where results come from another precision than these runs would.
    """
    results = {one.run_id: found for one in recipes if (found := read_result(folder / one.run_id)) is not None}
    groups = [of for of in together(recipes, machine) if any(one.run_id not in results for one in of)]
    waiting = [one for of in groups for one in of if one.run_id not in results]
    if results:
        console.print(f"{len(results)} of {len(recipes)} runs have ended before")
    if waiting:
        with Bar(f"train {len(waiting)} models", sum(one.steps for one in waiting), "steps") as bar:
            told = _Told(bar, {one.run_id: one.steps for one in waiting})
            if machine.devices:
                _elsewhere(groups, tokens, gold, folder, machine, told)
            else:
                _here(groups, tokens, gold, folder, machine, told)
        results |= told.results
    forget_ended(folder, _ended(folder), _checkpoint(folder))
    for words in compared(results):
        console.print(words, markup=False, soft_wrap=True)
    return results


def together(recipes: Sequence[RunRecipe], machine: Machine) -> list[Group]:
    """What one process trains at a time: on a CPU a run, on CUDA a GPU's part of all runs that can be one program.

    A function of all recipes, not of those that are left, so that a resumed sweep finds the checkpoints of its stacks.
    """
    if not machine.device.startswith("cuda"):
        return [(one,) for one in recipes]
    alike: dict[str, list[RunRecipe]] = {}
    for one in recipes:
        alike.setdefault(one.together(), []).append(one)
    devices = max(1, len(machine.devices))
    parts = [tuple(of[number::devices]) for of in alike.values() for number in range(devices)]
    return [part for part in parts if part]


def _ended(folder: Path) -> Callable[[str], bool]:
    return lambda run_id: (folder / run_id / RESULT).exists()


def _checkpoint(folder: Path) -> Callable[[Sequence[str]], Path]:
    return lambda run_ids: checkpoint_path(folder / run_ids[0], run_ids)


class _Told:
    """What is heard of the runs: how far they are, how they ended."""

    def __init__(self, bar: Bar, steps: Mapping[str, int]) -> None:
        self.results: dict[str, RunResult] = {}
        self._bar, self._steps = bar, steps
        self._done = dict.fromkeys(steps, 0)

    def step(self, run_ids: Sequence[str], step: int) -> None:
        """Steps that each has done; what comes late, after a run's end, counts no more."""
        for run_id in run_ids:
            if step > self._done.get(run_id, step):
                self._bar.advance(step - self._done[run_id])
                self._done[run_id] = step

    def end(self, result: RunResult, rates: Rates | None) -> None:
        """A run that diverged counts as done, too: nothing more will come of it."""
        self.step([result.run_id], self._steps[result.run_id])
        self.results[result.run_id] = result
        words = f"run {len(self.results)} of {len(self._steps)}  {result.run_id[:RUN_ID_SHOWN]}  "
        if result.status == "diverged":
            loss = "" if result.training_loss is None else f" after a loss of {result.training_loss:.3f} nats"
            words += f"[bold red]diverged[/] at step {result.step:,}{loss}: it has no losses, and is left out"
        else:
            words += (
                f"{sum(result.losses.values()) / len(result.losses):.4f} bits per byte over {len(result.losses)} tasks"
            )
        if rates is not None:
            words += f"  {rates.tokens_per_s:,.0f} tokens/s" + (f"  MFU {rates.mfu:.0%}" if rates.mfu else "")
        console.print(words, soft_wrap=True)


def _here(
    groups: Sequence[Group], tokens: Path, gold: GoldAnswers | None, folder: Path, machine: Machine, told: _Told
) -> None:
    material = Material.open(tokens, gold)
    for group in groups:
        for ended in _trained(group, material, folder, machine.device, told.step):
            told.end(*ended)


def _elsewhere(
    groups: Sequence[Group], tokens: Path, gold: GoldAnswers | None, folder: Path, machine: Machine, told: _Told
) -> None:
    context = multiprocessing.get_context("spawn")  # a fork would share CUDA and torch's threads
    steps: Any = context.Queue()
    devices: Any = context.Queue()
    for device in machine.devices:
        devices.put(device)
    failures: list[BaseException] = []
    pool = ProcessPoolExecutor(
        min(len(machine.devices), len(groups)), context, _begin, (tokens, gold, folder, devices, steps)
    )
    try:
        pending: set[Future[list[Ended]]] = {pool.submit(_train, group) for group in groups}
        while pending:
            done, pending = wait(pending, LOOK_S, FIRST_COMPLETED)
            _hear(steps, told)
            for future in done:
                if (error := future.exception()) is None:
                    for ended in future.result():
                        told.end(*ended)
                else:
                    failures.append(error)
    finally:
        _end(pool)
    if failures:
        raise _failure(failures)


def _hear(steps: Any, told: _Told) -> None:
    try:
        while True:
            told.step(*steps.get_nowait())
    except queue.Empty:
        pass


def _end(pool: ProcessPoolExecutor) -> None:
    """Nobody waits for what is under way when this ends early: its checkpoints are on disk."""
    processes = list((pool._processes or {}).values())  # the pool has no way to stop a task that runs
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()


def _failure(failures: list[BaseException]) -> BaseException:
    first = failures[0]
    if isinstance(first, BrokenProcessPool):
        return EnvironmentTrouble("a training process was killed; where memory is short, take fewer --workers")
    if len(failures) > 1:
        first.add_note(f"{len(failures) - 1} more runs failed; the others have ended, and will not be trained again")
    return first


# --- in the process that trains ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Bench:
    material: Material
    folder: Path
    device: str
    steps: Any


_bench: _Bench


def _begin(tokens: Path, gold: GoldAnswers | None, folder: Path, devices: Any, steps: Any) -> None:
    global _bench  # noqa: PLW0603 - a pool's tasks have no other place for what their process keeps
    threading.Thread(target=_die_with_parent, daemon=True).start()
    _bench = _Bench(Material.open(tokens, gold), folder, devices.get(), steps)


def _die_with_parent() -> None:
    """A pool's process waits for tasks for ever when its parent was killed; two sweeps would then share the cores."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait_for_any([parent.sentinel])
    os._exit(1)


def _train(group: Group) -> list[Ended]:
    told = time.monotonic()

    def step(run_ids: Sequence[str], step: int) -> None:
        nonlocal told
        if step == group[0].steps or time.monotonic() - told > LOOK_S:
            told = time.monotonic()
            _bench.steps.put((run_ids, step))

    return _trained(group, _bench.material, _bench.folder, _bench.device, step)


def _trained(
    group: Group, material: Material, folder: Path, device: str, step: Callable[[Sequence[str], int], None]
) -> list[Ended]:
    """What ends now; on CUDA as many at once as its memory holds, and stacked as a killed call had begun to."""
    recipes = {one.run_id: one for one in group}
    first, numerics, ended = group[0], Numerics.of(device, 1), _ended(folder)

    def fits() -> int:
        samplers = [material.sampler(one) for one in group] if numerics.cuda else []
        tokens = resident_bytes(samplers, first.model.vocabulary)
        return memory.planned(first.model, first.batch, len(group), numerics, tokens)

    def do(stack: Sequence[str]) -> list[Ended]:
        rates: Rates | None = None
        waiting = [run_id for run_id in stack if not ended(run_id)]

        def heard(at: Progress) -> None:
            nonlocal rates
            rates = Rates(at.tokens_per_s, at.mfu)
            step(stack, at.step)

        jobs = [Job(recipes[one], material.sampler(recipes[one]), folder / one) for one in stack]
        side = first.evaluation.side
        results = train_together(jobs, material.heldout[side], gold=material.gold[side], device=device, progress=heard)
        return [(result, rates) for result in results if result.run_id in waiting]

    stacks = Plan(folder / f"stacks.{name_of(list(recipes))}.json", ended, _checkpoint(folder), console.print)
    with memory.one_must_fit(first.model, first.batch, numerics):
        return [one for of in stacks.each(list(recipes), fits, do) for one in of]
