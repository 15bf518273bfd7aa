"""Runs trained as one program: each as if alone, all or none resumed, and no more at once than memory holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from proxy_models import memory, training
from proxy_models.numerics import Numerics
from proxy_models.runs import RunRecipe
from proxy_models.sweep import Machine, together
from proxy_models.training import Job, Progress
from tests.proxy_models.test_training import COMPARED, Interrupted
from tests.proxy_models.tiny_run import Counting, held_out, recipe, run

CHANGES: tuple[dict[str, Any], ...] = (
    {},
    {"seed": 8, "weights": {"web": 0.5, "books": 0.5}},
    {"learning_rate": 1e30},
    {"weight_decay": 0.5, "learning_rate": 0.01},
)


def jobs(folder: Path) -> list[Job]:
    recipes = [recipe(**change) for change in CHANGES]
    return [Job(of, Counting(), folder / of.run_id) for of in recipes]


def outcomes(of: Sequence[Job]) -> list[bytes]:
    return [(job.folder / name).read_bytes() for job in of for name in COMPARED]


def test_runs_trained_together_come_to_what_each_comes_to_alone(tmp_path: Path) -> None:
    seen: list[Progress] = []
    stacked = training.train_together(jobs(tmp_path / "stack"), held_out(), progress=seen.append)
    assert [len(at.losses) for at in seen] == [4] * 12
    for change, ours in zip(CHANGES, stacked, strict=True):
        alone = run(tmp_path / recipe(**change).run_id, recipe(**change))
        assert (ours.run_id, ours.status, ours.step) == (alone.run_id, alone.status, alone.step)
        assert ours.losses == pytest.approx(alone.losses, rel=1e-4)
        assert ours.numerics | {"members": "1"} == alone.numerics
    assert [one.status for one in stacked] == ["ok", "ok", "diverged", "ok"]


def test_a_stack_that_is_stopped_or_half_written_ends_in_the_same_bits(tmp_path: Path) -> None:
    def stop(at: Progress) -> None:
        if at.step == 8:
            raise Interrupted

    whole, resumed = jobs(tmp_path / "whole"), jobs(tmp_path / "resumed")
    training.train_together(whole, held_out())
    with pytest.raises(Interrupted):
        training.train_together(resumed, held_out(), progress=stop, checkpoint_steps=5)
    left = jobs(tmp_path / "resumed")
    training.train_together(left, held_out(), checkpoint_steps=5)
    assert [job.sampler.asked[0] for job in left if isinstance(job.sampler, Counting)] == [5] * 4
    assert outcomes(resumed) == outcomes(whole)
    (resumed[1].folder / "result.json").unlink()  # as a kill between two results leaves it
    training.train_together(jobs(tmp_path / "resumed"), held_out())
    assert outcomes(resumed) == outcomes(whole)


def test_what_cannot_be_one_program_is_refused(tmp_path: Path) -> None:
    longer = recipe(steps=13)
    with pytest.raises(ValueError, match="may differ in weights, seed"):
        training.train_together([*jobs(tmp_path), Job(longer, Counting(), tmp_path / "longer")], held_out())


def test_a_gpu_trains_its_part_of_what_is_alike_and_a_cpu_one_after_another() -> None:
    recipes = [recipe(seed=seed, steps=12 + seed // 6) for seed in range(9)]
    assert together(recipes, Machine("cpu", ("cpu", "cpu"))) == [(one,) for one in recipes]
    parts = together(recipes, Machine("cuda", ("cuda:0", "cuda:1")))
    assert sorted(one.seed for part in parts for one in part) == list(range(9))
    assert [len(part) for part in parts] == [3, 3, 2, 1]
    assert all(len({one.together() for one in part}) == 1 for part in parts)
    assert together(recipes[:1], Machine("cuda", ("cuda:0", "cuda:1"))) == [(recipes[0],)]


# --- memory -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "two", "budget", "members"),
    [(10, 15, 100, 19), (10, 15, 14, 1), (10, 15, 15, 2), (10, 15, 5, 1), (10, 10, 12, 3)],
)
def test_as_many_members_as_the_budget_holds(one: int, two: int, budget: int, members: int) -> None:
    assert memory.fitting(one, two, budget) == members


@pytest.mark.parametrize(("holds", "sizes"), [(9, [5, 5]), (4, [2, 2, 2, 2, 2]), (1, [1] * 10)])
def test_a_stack_too_large_is_halved_and_said(holds: int, sizes: list[int]) -> None:
    said: list[str] = []

    def do(stack: Sequence[int]) -> list[int]:
        if len(stack) > holds:
            raise torch.OutOfMemoryError("made")
        return list(stack)

    done = list(memory.in_stacks(range(10), 6, do, said.append))
    assert [one for stack in done for one in stack] == list(range(10))
    assert [len(stack) for stack in done] == sizes
    assert len(said) == {9: 0, 4: 1, 1: 2}[holds]


def test_one_model_too_large_is_the_callers_trouble() -> None:
    def do(stack: Sequence[int]) -> None:
        raise torch.OutOfMemoryError("made")

    with pytest.raises(torch.OutOfMemoryError):
        list(memory.in_stacks([1, 2], 2, do, lambda words: None))


def test_on_a_cpu_runs_are_trained_one_after_another() -> None:
    of: RunRecipe = recipe()
    assert memory.planned(of.model, of.batch, 72, Numerics.of("cpu", 1)) == 1
