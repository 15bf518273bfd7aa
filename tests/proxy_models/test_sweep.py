"""Many runs side by side in real processes; what ended is read, a diverged run is said and left out."""

from __future__ import annotations

import gzip
import json
import os
import signal
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from mixtures.tables.runs import Runs
from mixtures.validation.registration import Arm
from pipeline.trouble import EnvironmentTrouble
from proxy_models import mixing
from proxy_models.evaluation.gold_answers import digest
from proxy_models.swarm import Swarm
from proxy_models.sweep import outcomes, trials
from proxy_models.sweep import sweep as sweeping
from proxy_models.sweep.material import Material
from proxy_models.sweep.sweep import Machine, train_all
from proxy_models.tokens.tokenise import tokenise
from proxy_models.training.runs import RunRecipe, RunResult, read_result
from proxy_models.training.train import Job, train_together
from tests.proxy_models.tiny_experiment import FIELDS, corpus, experiment

HERE = Machine("cpu", ())
TWO = Machine("cpu", ("cpu", "cpu"))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def material(data: Path) -> Material:
    return Material.open(tokenise(str(data), experiment().tokens, data / "50_tokens").folder, None)


def recipes(material: Material) -> list[RunRecipe]:
    of = experiment()
    return [run.recipe for run in trials.sweep(of, material, trials.constraints(of, material))]


def results(folder: Path) -> dict[str, bytes]:
    return {path.parent.name: path.read_bytes() for path in sorted(folder.glob("*/result.json"))}


def trained(some: list[RunRecipe], material: Material, folder: Path, machine: Machine = HERE) -> dict[str, bytes]:
    train_all(some, material.tokens.folder, None, folder, machine)
    return results(folder)


def test_the_runs_of_a_sweep(material: Material) -> None:
    of = experiment()
    runs = trials.sweep(of, material, trials.constraints(of, material))
    assert [run.kind for run in runs] == ["trial"] * 10 + ["repeat"] * 4
    natural = runs[0].recipe.weights
    held = material.natural
    assert natural["web"] == pytest.approx(held["web"] / sum(held.values()))
    distant = [runs[1].recipe.weights, runs[2].recipe.weights]
    assert [run.recipe.weights for run in runs[10:]] == [natural, natural, *distant]
    assert len({run.recipe.run_id for run in runs}) == len({run.recipe.seed for run in runs}) == 14
    for run in runs:
        assert max(material.sampler(run.recipe).epochs.values()) <= of.feasible.max_epochs


def test_processes_decide_nothing_and_what_ended_is_read(
    material: Material, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    some = recipes(material)[:3]
    alone = trained(some, material, tmp_path / "alone")
    assert trained(some, material, tmp_path / "two", TWO) == alone
    assert len(alone) == 3
    capfd.readouterr()
    assert trained(some, material, tmp_path / "two", TWO) == alone
    said = capfd.readouterr().err
    assert "3 of 3 runs have ended before" in said
    assert "run 1 of" not in said


def test_a_run_that_diverges_is_said_and_left_out_of_the_proposal(
    material: Material, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    of = experiment()
    runs = list(trials.sweep(of, material, trials.constraints(of, material)))
    wild = runs[2].recipe.model_copy(update={"learning_rate": 1e30})
    runs[2] = trials.Run("trial", wild)
    found = train_all([run.recipe for run in runs], material.tokens.folder, None, tmp_path, HERE)
    assert found[wild.run_id].status == "diverged"
    assert f"{wild.run_id[:8]}  diverged at step" in capfd.readouterr().err
    outcomes.write_tables(tmp_path, runs, found)
    joined = Runs.read(tmp_path / outcomes.WEIGHTS, tmp_path / outcomes.LOSSES)
    assert list(joined.left_out) == [wild.run_id]
    assert "no finite loss on heldout:web" in joined.left_out[wild.run_id]
    assert len(joined.ids) == 13
    table = pq.read_table(tmp_path / outcomes.RUNS).to_pylist()
    assert {row["status"] for row in table if row["run_id"] == wild.run_id} == {"diverged"}
    assert sum(row["status"] == "ok" for row in table) == 13


def _die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_that_is_killed_is_the_environments_trouble(
    material: Material, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proxy_models.sweep.sweep._train", _die)
    with pytest.raises(EnvironmentTrouble, match=r"a training process was killed; .* fewer --workers"):
        train_all(recipes(material)[:2], material.tokens.folder, None, tmp_path, TWO)


def test_one_run_that_cannot_be_trained_does_not_stop_the_others(material: Material, tmp_path: Path) -> None:
    some = recipes(material)[:3]
    (tmp_path / some[1].run_id).mkdir()
    (tmp_path / some[1].run_id / "recipe.json").write_text("another")
    with pytest.raises(ValueError, match="holds the run of another recipe"):
        train_all(some, material.tokens.folder, None, tmp_path, TWO)
    assert [read_result(tmp_path / one.run_id) is not None for one in some] == [True, False, True]


def test_losses_of_two_precisions_are_not_compared(material: Material, tmp_path: Path) -> None:
    some = recipes(material)[:2]
    trained(some, material, tmp_path)
    path = tmp_path / some[0].run_id / "result.json"
    path.write_text(path.read_text().replace('"float32"', '"bfloat16"'))
    with pytest.raises(ValueError, match="different precisions"):
        train_all(some, material.tokens.folder, None, tmp_path, HERE)


def test_runs_of_two_devices_or_torches_are_compared_and_that_is_said(
    material: Material, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    some = recipes(material)[:2]
    trained(some, material, tmp_path)
    path = tmp_path / some[0].run_id / "result.json"
    found = RunResult.model_validate_json(path.read_bytes())
    path.write_text(found.model_copy(update={"numerics": found.numerics | {"torch": "1.0"}}).model_dump_json())
    capfd.readouterr()
    trained(some, material, tmp_path)
    (line,) = [line for line in capfd.readouterr().err.splitlines() if "differ" in line]
    assert line.startswith("runs of one sweep differ in torch: ")
    assert f"{some[0].run_id} 1.0" in line


# --- stacks, on the CPU where they are for equality only ----------------------------------------------------------


@pytest.fixture
def stacked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """All recipes are one group, and the first number of the list fits at once."""
    fits = [3]
    monkeypatch.setattr("proxy_models.sweep.sweep.together", lambda recipes, machine: [tuple(recipes)])
    monkeypatch.setattr("proxy_models.training.memory.planned", lambda *_: fits[0])
    return fits


def test_a_sweep_that_is_resumed_with_other_memory_stacks_as_it_began(
    material: Material, tmp_path: Path, stacked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    some = recipes(material)[:5]
    whole = trained(some, material, tmp_path / "whole")
    calls = []

    def once(jobs: list[Job], *others: Any, **more: Any) -> list[RunResult]:
        calls.append(len(jobs))
        if len(calls) > 1:
            raise KeyboardInterrupt
        return train_together(jobs, *others, **more)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("proxy_models.sweep.sweep.train_together", once)
        trained(some, material, tmp_path / "resumed")
    first = results(tmp_path / "resumed")
    assert len(first) == 3
    stacked[0] = 5  # more memory is free now
    assert trained(some, material, tmp_path / "resumed") == whole
    assert first.items() <= whole.items()
    (plan,) = (tmp_path / "resumed").glob("stacks.*.json")
    ids = [one.run_id for one in some]
    assert json.loads(plan.read_bytes()) == [ids[:3], ids[3:]]
    assert not list(tmp_path.rglob("checkpoint.*.pt"))


def test_all_members_of_a_stack_are_heard_of(
    material: Material, tmp_path: Path, stacked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    some, clock, heard = recipes(material)[:3], [0.0], SimpleQueue[tuple[list[str], int]]()
    advance = Swarm.advance

    def slowly(swarm: Swarm) -> None:
        advance(swarm)
        clock[0] += 0.3

    monkeypatch.setattr(Swarm, "advance", slowly)
    monkeypatch.setattr(sweeping, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    bench = sweeping._Bench(material, tmp_path, "cpu", heard)
    monkeypatch.setattr(sweeping, "_bench", bench, raising=False)
    assert len(sweeping._train(tuple(some))) == 3
    last = {one.run_id: 0 for one in some}
    while not heard.empty():
        run_ids, step = heard.get()
        last |= {run_id: step for run_id in run_ids if step < 12}
    assert list(last.values()) == [10, 10, 10]  # every second of 12 steps, but for the last


def test_one_model_that_does_not_fit_is_said_by_its_key(
    material: Material, tmp_path: Path, stacked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def much(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(Swarm, "advance", much)
    with pytest.raises(ValueError, match=r"batch: a step of one model of [\d,]+ parameters on 2 rows of 32 tokens"):
        trained(recipes(material)[:3], material, tmp_path)


def test_where_runs_are_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="device: gpu is neither cpu nor cuda"):
        Machine.of("gpu", 2)
    with pytest.raises(ValueError, match="torch sees no CUDA") if not torch.cuda.is_available() else nullcontext():
        Machine.of("cuda", 0)
    with monkeypatch.context() as patch:
        patch.setattr(torch.cuda, "is_available", lambda: True)
        patch.setattr(torch.cuda, "device_count", lambda: 2)
        assert Machine.of(None, None) == Machine("cuda", ("cuda:0", "cuda:1"))
        assert Machine.of("cuda:1", None) == Machine.of("cuda:1", 1) == Machine("cuda:1", ("cuda:1",))
        with pytest.raises(ValueError, match="--workers 2: cuda:1 is one GPU"):
            Machine.of("cuda:1", 2)
        with pytest.raises(ValueError, match="--workers 3: there are 2 GPUs"):
            Machine.of("cuda", 3)
    assert Machine.of("cpu", 0) == HERE
    assert Machine.of("cpu", 2) == TWO
    assert Machine.of("cpu", None).devices == ("cpu",) * len(os.sched_getaffinity(0))


def test_mixtures_that_no_run_can_draw_are_refused_before_the_first(material: Material) -> None:
    long = experiment(proxies=FIELDS["proxies"] | {"steps": 100_000})
    with pytest.raises(ValueError, match=r"budget_tokens .* a budget of [\d,]+ tokens would fit"):
        trials.constraints(long, material)
    shape = FIELDS["proxies"]["model"] | {"sequence": 6000}
    wide = experiment(proxies=FIELDS["proxies"] | {"model": shape, "steps": 1, "batch": 1})
    with pytest.raises(ValueError, match=r"w\w+ has [\d,]+ tokens, of which .* too few for a window of 6,000"):
        trials.constraints(wide, material)


def test_the_final_side_is_scored_by_other_answers_than_the_mixture_is_found_by(
    data: Path, material: Material, tmp_path: Path
) -> None:
    rows = [{"question": f"number {n}", "answer": str(n)} for n in range(40)]
    (tmp_path / "gsm8k").mkdir()
    lines = "\n".join(map(json.dumps, rows))
    (tmp_path / "gsm8k" / "test.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    of = experiment(gold={"folder": str(tmp_path), "benchmarks": ["gsm8k"]})
    held = Material.open(material.tokens.folder, of.gold)
    select, final = (held.gold[side]["gold:gsm8k"] for side in ("select", "final"))
    assert len(select) + len(final) == 40
    assert not {one.tokens.tobytes() for one in select} & {one.tokens.tobytes() for one in final}
    feasible = trials.constraints(of, held)
    found = trials.sweep(of, held, feasible)[0].recipe
    tested = trials.validation(of, held, {"natural": Arm(mixtures=(found.weights,), difference=None)})[0].recipe
    assert (found.evaluation.gold, tested.evaluation.gold) == tuple(digest(held.gold[s]) for s in ("select", "final"))
    assert train_all([tested], held.tokens.folder, of.gold, tmp_path / "runs", HERE)[tested.run_id].status == "ok"


def test_the_final_side_is_read_for_one_registration(material: Material, tmp_path: Path) -> None:
    @dataclass(frozen=True)
    class Registered:
        sha256: str

    shop = mixing.Workshop(experiment(), str(tmp_path), tmp_path, HERE)
    for _ in range(2):
        mixing._read_final(shop, material, Registered("1" * 64))  # type: ignore[arg-type]
    renamed = mixing.Workshop(experiment(experiment="again"), str(tmp_path), tmp_path, HERE)
    for other, sha256 in ((renamed, "1" * 64), (shop, "2" * 64)):
        with pytest.raises(
            ValueError, match=r"read for experiment tiny \(registration 1{16}\); .* tokens\.split\.seed"
        ):
            mixing._read_final(other, material, Registered(sha256))  # type: ignore[arg-type]


def test_a_remote_corpus_needs_a_local_folder() -> None:
    with pytest.raises(ValueError, match=r"s3://bucket/run is remote, .* --into"):
        mixing.Workshop.of(experiment(), "s3://bucket/run", None, HERE)


def test_a_doubled_target_halves_what_may_be_taken_of_a_domain(material: Material) -> None:
    """Caps bind that did not, and a weight means as many epochs in a proxy as in the run that is planned."""
    held = material.natural
    target = int(1.5 * sum(held.values()))
    once, twice = (experiment(feasible={"budget_tokens": times * target, "max_epochs": 4}) for times in (1, 2))
    caps = [trials.constraints(of, material).epoch_caps for of in (once, twice)]
    assert caps[1] == pytest.approx(caps[0] / 2, rel=0.15)  # of whole windows of 32 tokens
    small = sorted(held).index(min(held, key=held.__getitem__))
    feasible = [trials.constraints(of, material) for of in (once, twice)]
    asked = np.where(np.arange(2) == small, 0.7, 0.3)
    assert feasible[0].project(asked) == pytest.approx(asked)  # it does not bind yet
    assert feasible[1].project(asked)[small] == pytest.approx(caps[1][small])
    assert caps[1][small] < 0.7
    for of, limits in zip((once, twice), feasible, strict=True):
        runs = trials.sweep(of, material, limits)
        for run in runs:
            told = limits.epochs(np.array([run.recipe.weights[name] for name in limits.names]))
            drawn = material.sampler(run.recipe).epochs
            # A run of 24 windows draws a domain in whole windows, of as few as it may read
            assert [drawn[name] for name in limits.names] == pytest.approx(told, rel=0.35, abs=0.6)
            assert max(drawn.values()) <= of.feasible.max_epochs
