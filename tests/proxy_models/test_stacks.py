"""Runs trained as one program: each as if alone, all or none resumed, and no more at once than memory holds."""

from __future__ import annotations

import itertools
import json
import weakref
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from proxy_models import mixing
from proxy_models.model import head
from proxy_models.model.decoder import ModelConfig
from proxy_models.model.numerics import Numerics
from proxy_models.sweep.sweep import Machine, together
from proxy_models.training import memory, runs, stacks
from proxy_models.training import train as training
from proxy_models.training.checkpoint import keep_seconds
from proxy_models.training.runs import RunRecipe
from proxy_models.training.train import Job, Progress
from tests.proxy_models.alive import Alive
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


def test_what_a_stack_took_is_counted_once(tmp_path: Path) -> None:
    """Each member's speed.json tells of the whole stack; minutes of four were four times what the machine worked."""
    of = jobs(tmp_path / mixing.TRIALS)
    training.train_together(of, held_out())
    shop = SimpleNamespace(into=tmp_path)
    counted = sum(mixing._seconds(shop, SimpleNamespace(recipe=job.recipe)) for job in of)  # type: ignore[arg-type]
    told = json.loads((of[0].folder / "speed.json").read_bytes())
    assert counted == pytest.approx(told["training_s"] + told["evaluation_s"])


def test_a_stack_that_is_stopped_or_half_written_ends_in_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(at: Progress) -> None:
        if at.step == 8:
            raise Interrupted

    whole, resumed = jobs(tmp_path / "whole"), jobs(tmp_path / "resumed")
    training.train_together(whole, held_out())
    with pytest.raises(Interrupted):
        training.train_together(resumed, held_out(), progress=stop, checkpoint_steps=5)
    left = jobs(tmp_path / "resumed")

    def killed(folder: Path, *others: Any) -> None:
        if folder == left[2].folder:
            raise Interrupted
        runs.write_result(folder, *others)

    with monkeypatch.context() as patch, pytest.raises(Interrupted):
        patch.setattr(training, "write_result", killed)
        training.train_together(left, held_out(), checkpoint_steps=5)
    assert asked(left) == [list(range(5, 12))] * 4
    again = jobs(tmp_path / "resumed")
    training.train_together(again, held_out())
    assert asked(again) == [[]] * 4  # all steps were done; the others are scored from the checkpoint
    assert outcomes(resumed) == outcomes(whole)
    assert not list(tmp_path.rglob("checkpoint*"))


def asked(of: Sequence[Job]) -> list[list[int]]:
    return [job.sampler.asked for job in of if isinstance(job.sampler, Counting)]


def test_what_has_ended_is_not_trained_again_with_others(tmp_path: Path) -> None:
    training.train_together(jobs(tmp_path)[:2], held_out())
    before = outcomes(jobs(tmp_path)[:2])
    more = jobs(tmp_path)
    found = training.train_together(more, held_out())
    assert asked(more) == [[], [], list(range(12)), list(range(12))]
    assert outcomes(more[:2]) == before
    assert [one.run_id for one in found] == [job.recipe.run_id for job in more]
    assert [one.numerics["members"] for one in found] == ["2", "2", "2", "2"]


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


# --- the plan of stacks -----------------------------------------------------------------------------------------------


class Trainer:
    """Ends runs, as many at once as it holds; what else a sweep asks of one."""

    def __init__(self, folder: Path, holds: int, fits: int) -> None:
        self.folder, self.holds, self.fits = folder, holds, fits
        self.did: list[str] = []
        self.said: list[str] = []
        self.alive: weakref.ref[Trainer.Held] | None = None
        self.plan = stacks.Plan(folder / "stacks.json", self.ended, self.checkpoint, self.said.append)

    class Held:
        """What a failed step would hold memory by."""

    def ended(self, run: str) -> bool:
        return (self.folder / run).exists()

    def checkpoint(self, stack: Sequence[str]) -> Path:
        return self.folder / f"checkpoint.{'.'.join(stack)}"

    def do(self, stack: Sequence[str]) -> str:
        held = Trainer.Held()
        self.alive = weakref.ref(held)
        self.checkpoint(stack).touch()
        if len(stack) > self.holds:
            raise torch.OutOfMemoryError("made")
        for one in stack:
            (self.folder / one).touch()
        self.checkpoint(stack).unlink()
        self.did.append("".join(stack))
        return self.did[-1]

    def train(self, runs: str, most: int = 99) -> list[str]:
        return list(itertools.islice(self.plan.each(runs, lambda: self.fits, self.do), most))


@pytest.mark.parametrize(("holds", "sizes", "said"), [(9, [5, 5], 0), (4, [2, 2, 2, 2, 2], 1), (1, [1] * 10, 2)])
def test_a_stack_too_large_is_halved_and_said(tmp_path: Path, holds: int, sizes: list[int], said: int) -> None:
    of = Trainer(tmp_path, holds, fits=6)
    done = of.train("abcdefghij")
    assert "".join(done) == "abcdefghij"
    assert [len(stack) for stack in done] == sizes
    assert len(of.said) == said
    assert not list(tmp_path.glob("checkpoint*"))


def test_a_resumed_sweep_stacks_as_it_began(tmp_path: Path) -> None:
    assert Trainer(tmp_path, holds=9, fits=4).train("abcdefghij", most=1) == ["abcd"]
    # another amount of memory is free, and one run of the next stack was ended by somebody else
    (tmp_path / "f").touch()
    assert Trainer(tmp_path, holds=9, fits=9).train("abcdefghij") == ["efg", "hij"]
    assert Trainer(tmp_path, holds=9, fits=1).train("abcdefghij") == []
    (tmp_path / "b").unlink()  # by hand: it is in its stack, whose others are read
    assert Trainer(tmp_path, holds=9, fits=9).train("abcdefghij") == ["abcd"]
    assert Trainer(tmp_path, holds=9, fits=2).train("abcdefghijxyz") == ["xy", "z"]


def test_a_halving_is_remembered(tmp_path: Path) -> None:
    first = Trainer(tmp_path, holds=4, fits=5)
    assert first.train("abcdefghij", most=1) == ["ab"]
    second = Trainer(tmp_path, holds=4, fits=5)
    assert second.train("abcdefghij") == ["cd", "ef", "gh", "ij"]
    assert (len(first.said), second.said) == (1, [])


def test_the_failed_stack_is_gone_before_memory_is_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of = Trainer(tmp_path, holds=2, fits=4)
    seen: list[bool] = []
    monkeypatch.setattr(stacks, "free_what_is_dead", lambda: seen.append(of.alive is None or of.alive() is None))
    of.train("abcd")
    assert seen == [True]


def test_one_model_too_large_is_a_setting_that_cannot_be(tmp_path: Path) -> None:
    of, numerics = recipe(), Numerics.of("cpu", 1)
    with (
        pytest.raises(ValueError, match=r"batch: a step of one model .* on 4 rows of 16 tokens .* smaller batch"),
        memory.one_must_fit(of.model, of.batch, numerics),
    ):
        Trainer(tmp_path, holds=0, fits=2).train("abc")


def test_checkpoints_of_ended_plans_go(tmp_path: Path) -> None:
    plans = {"one": [["a", "b"], ["d"]], "other": [["b", "a"], ["c"]]}
    for name, cut in plans.items():
        (tmp_path / f"stacks.{name}.json").write_text(json.dumps(cut))
        for stack in cut:
            (tmp_path / f"checkpoint.{'.'.join(stack)}").touch()
    of = Trainer(tmp_path, 9, 9)
    for one in "abd":
        (tmp_path / one).touch()
    keep_seconds(of.checkpoint(["a", "b"]), 1.0)
    stacks.forget_ended(tmp_path, of.ended, of.checkpoint)
    assert sorted(path.name for path in tmp_path.glob("checkpoint*")) == [
        "checkpoint.b.a",
        "checkpoint.c",
        "checkpoint.d",
    ]


# --- memory -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("points", "wanted", "budget", "members"),
    [
        ([(1, 10), (2, 15)], 99, 100, 19),
        ([(1, 10), (2, 15)], 99, 14, 1),
        ([(1, 10), (2, 15)], 99, 15, 2),
        ([(1, 10), (2, 15)], 99, 5, 1),
        ([(1, 10), (2, 15)], 3, 100, 3),
        ([(1, 10), (2, 10)], 5, 12, 3),
        ([(4, 40), (5, 45)], 99, 100, 16),
        ([(4, 40), (5, 45)], 99, 31, 2),
        ([(4, 40)], 4, 40, 4),
        ([(4, 40)], 4, 39, 3),
        ([(4, 40)], 4, -1, 1),
    ],
)
def test_as_many_members_as_the_budget_holds(
    points: list[tuple[int, int]], wanted: int, budget: int, members: int
) -> None:
    assert memory.fitting(points, wanted, budget) == members


@pytest.mark.parametrize(
    ("holds", "wanted", "few", "found"),
    [
        (99, 99, 3, [(3, 30), (4, 40)]),
        (3, 99, 3, [(3, 30)]),
        (2, 99, 6, [(1, 10), (2, 20)]),
        (99, 2, 6, [(2, 20)]),
        (1, 2, 1, [(1, 10)]),
    ],
)
def test_steps_are_measured_with_as_many_members_as_tell(
    holds: int, wanted: int, few: int, found: list[tuple[int, int]]
) -> None:
    def peak(members: int) -> int | None:
        return 10 * members if members <= holds else None

    assert memory.measured(peak, wanted, few) == found
    with pytest.raises(torch.OutOfMemoryError):
        memory.measured(lambda members: None, wanted, few)


def counted(config: ModelConfig, batch: int, members: int) -> int:
    """Bytes alive at the worst moment of a dry step."""
    with Alive() as alive:
        memory.dry_step(config, batch, members, Numerics.of("cpu", 1))
    return alive.peak


def test_a_plan_fills_the_memory_that_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """By counting; the first two members would be a measure of a chunk that grows with them."""
    config, batch = ModelConfig(layers=1, width=16, heads=1, sequence=16, vocabulary=512), 32
    most = 3 * batch * config.sequence * config.vocabulary
    monkeypatch.setattr(head, "LOGITS", most)
    monkeypatch.setattr(head.cuts, "__defaults__", (most,))
    assert memory.full_chunk(config, batch) == 3
    need = {members: counted(config, batch, members) for members in (1, 2, 3, 4, 8)}
    points = memory.measured(need.__getitem__, 99, 3)
    assert points == [(3, need[3]), (4, need[4])]
    assert [memory.fitting(points, 99, need[members]) for members in (3, 4, 8)] == [3, 4, 8]
    assert memory.fitting([(1, need[1]), (2, need[2])], 99, need[8]) == 4


@given(
    heads=st.integers(1, 16),
    columns=st.sampled_from([8, 16, 32, 64, 128]),
    sequence=st.integers(2, 4_096),
    batch=st.integers(1, 512),
)
def test_no_more_members_than_attention_takes(heads: int, columns: int, sequence: int, batch: int) -> None:
    config = ModelConfig(layers=1, width=heads * columns, heads=heads, sequence=sequence, vocabulary=9)
    members = memory.attended(config, batch)
    assert members >= 1
    padded = -(-sequence // 128) * 128 * heads * max(columns, 32)

    def are_taken(members: int) -> bool:
        return members * batch <= 65_535 and members * batch * padded <= 2**31

    assert not are_taken(members + 1)
    assert are_taken(members) or not are_taken(1)


def test_on_a_cpu_runs_are_trained_one_after_another() -> None:
    of: RunRecipe = recipe()
    assert memory.planned(of.model, of.batch, 72, Numerics.of("cpu", 1)) == 1
