"""The reference experiment at toy size: with torch, numpy, scipy and scikit-learn alone, interrupted, and judged."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mixtures.mixture import Constraints, Domain
from mixtures.uncertainty.gains import fit
from proxy_models.experiment import Experiment
from proxy_models.reference import decide
from proxy_models.reference import experiment as reference
from proxy_models.reference import runs as reference_runs
from proxy_models.reference.material import Prepared, first, write
from proxy_models.reference.plan import PLANS
from proxy_models.reference.runs import Bench, OutOfTime, Run
from proxy_models.tokens.documents import Documents
from proxy_models.tokens.tokenise import tokenise
from tests.conftest import ROOT
from tests.proxy_models.made_corpus import documents, publish
from tests.proxy_models.reference_toy import SMALL, TINY
from tests.proxy_models.tiny_experiment import FIELDS

BLOCKED = (
    *("duckdb", "dask", "distributed", "pydantic", "plotly"),
    *("pyarrow", "fsspec", "rich", "typer", "tokenizers", "numba", "yaml"),
)
ALONE = f"""
import sys
for name in {BLOCKED}:
    sys.modules[name] = None
from pathlib import Path
from proxy_models.reference import experiment as reference
from tests.proxy_models.reference_toy import TINY
from proxy_models.reference.runs import Bench
reference.run(Bench.of(TINY, Path(sys.argv[1]), "cpu", 9.0), "verdict")
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tokens of a made corpus of three domains."""
    folder = tmp_path_factory.mktemp("reference")
    docs = [*documents("web", 40, sites=20), *documents("wiki", 30), *documents("code", 24)]
    data = publish(folder / "corpus", docs)
    files = tokenise(str(data), Experiment.model_validate(FIELDS).tokens, folder / "tokens")
    reference.prepare(files.folder, folder / "bench", None)
    return folder / "bench"


def results(folder: Path) -> dict[str, Any]:
    """What a run leaves, without what differs between two machines' clocks."""
    runs = {path.name: json.loads(path.read_bytes()) for path in sorted((folder / "runs").glob("*.json"))}
    for one in runs.values():
        del one["stack_tokens_per_s"]
    named = {name: (folder / name).read_bytes() for name in ("proposal.json", "preregistered.json", "verdict.json")}
    return runs | named


def copied(prepared: Path, folder: Path) -> Path:
    folder.mkdir()
    (folder / "prepared.npz").write_bytes((prepared / "prepared.npz").read_bytes())
    return folder


def test_it_needs_little_and_may_be_stopped_anywhere(
    prepared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alone = copied(prepared, tmp_path / "alone")
    subprocess.run([sys.executable, "-c", ALONE, str(alone)], check=True, cwd=ROOT, timeout=300)
    stopped = copied(prepared, tmp_path / "stopped")
    reference.run(Bench.of(TINY, stopped, "cpu", 9.0), "larger")
    with pytest.raises(OutOfTime, match=r"propose: it may take 180 s, and 1[67]\d are left"):
        reference.run(Bench.of(TINY, stopped, "cpu", 175 / 60), "propose")
    assert not (stopped / "proposal.json").exists()
    reference.run(Bench.of(TINY, stopped, "cpu", 9.0), "propose")
    reference.run(Bench.of(TINY, stopped, "cpu", 2.0), "verdict")  # what is there needs no time of its own
    assert results(stopped) == results(alone)
    said = capsys.readouterr().out
    found = json.loads((stopped / "verdict.json").read_bytes())
    assert f"registered: {found['registration']}" in said
    assert set(found["comparisons"]) == {"natural", "uniform", "best_observed", "random"} - set(found["left_out"])
    registration = json.loads((stopped / "preregistered.json").read_bytes())
    assert len(registration["arms"]["random"]["mixtures"]) == 2
    for arm, keys in registration["runs"].items():
        for key, seed in zip(keys, registration["seeds"], strict=True):
            one = json.loads((stopped / "runs" / f"{key}.json").read_bytes())
            assert (one["kind"], one["seed"], one["order"], one["status"]) == (arm, seed, seed, "ok")


@dataclass(frozen=True)
class Hurried(Bench):
    """Its minutes are over at the check of that number, from 0."""

    at: int = 0
    checks: list[str] = field(default_factory=list)

    def check(self, what: str, least_s: float = 0.0) -> None:
        self.checks.append(what)
        over = len(self.checks) > self.at
        Bench.check(replace(self, deadline=time.monotonic()) if over else self, what, least_s)


def test_a_long_stack_is_stopped_by_the_clock_and_goes_on(
    prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    long = replace(TINY, proxy=replace(SMALL, steps=70))
    ended, stopped = copied(prepared, tmp_path / "ended"), copied(prepared, tmp_path / "stopped")
    limits = decide.constraints(long, Prepared.read(ended))
    (run,) = decide.trials(replace(long, mixtures=1, repeats=0, distant=0), limits, 0.01)
    whole = Bench.of(long, ended, "cpu", 9.0).trained("proxies", [run], "proxy", "select")
    assert "step 50" not in capsys.readouterr().out
    with pytest.raises(OutOfTime, match="a stack of 1: the minutes are over"):
        Bench.of(long, stopped, "cpu", 0.0).trained("proxies", [run], "proxy", "select")
    assert not list(stopped.glob("stack.*"))
    for words in ("50 of 70 steps", "70 of 70 steps of a stack are done; scoring"):
        after_the_first_check = Hurried(**vars(Bench.of(long, stopped, "cpu", 9.0)), at=1)
        with pytest.raises(OutOfTime, match=words):
            after_the_first_check.trained("proxies", [run], "proxy", "select")
    monkeypatch.setattr(reference_runs.Swarm, "advance", None)  # no step is left
    again = Bench.of(long, stopped, "cpu", 9.0).trained("proxies", [run], "proxy", "select")
    assert again[0]["losses"] == whole[0]["losses"]
    assert not list(stopped.glob("stack.*"))


def test_a_stack_is_heard_of_and_kept_while_it_is_trained(
    prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reference_runs, "SAY_S", 0.0)
    monkeypatch.setattr(reference_runs, "CHECKPOINT_S", 0.0)
    long = replace(TINY, proxy=replace(SMALL, steps=110))
    folder = copied(prepared, tmp_path / "killed")
    limits = decide.constraints(long, Prepared.read(folder))
    (run,) = decide.trials(replace(long, mixtures=1, repeats=0, distant=0), limits, 0.01)

    class Killed(Exception):
        pass

    def killed(self: Any, *others: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(reference_runs._Stack, "_scored", killed)
        Bench.of(long, folder, "cpu", 9.0).trained("proxies", [run], "proxy", "select")
    line = r"proxy: step (\d+) of 110 of 1 runs, mean loss \d\.\d+ nats a token, [\d,]+ tokens/s, \d+ s left"
    assert re.findall(line, capsys.readouterr().out) == ["50", "100", "110"]
    Bench.of(long, folder, "cpu", 9.0).trained("proxies", [run], "proxy", "select")
    assert re.findall(r"step (\d+) of 110", capsys.readouterr().out) == ["110"]  # it went on from 100


def test_a_version_that_trains_other_bits_trains_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else losses of both would be fitted together, and a checkpoint of one be gone on with by the other."""
    run = Run("trial", {"web": 1.0}, 0, 0)
    before = run.key(TINY, "proxy", "tokens")
    assert run.key(TINY, "proxy", "tokens") == before
    monkeypatch.setattr(reference_runs, "VERSION", reference_runs.VERSION + 1)
    assert run.key(TINY, "proxy", "tokens") != before


def said(given: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = reference.main(given)
    return code, capsys.readouterr().out


def test_trouble_is_said_in_a_line_with_its_exit_code(
    prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = ["run", "--device", "cpu", "--plan", "rehearsal", "--into"]
    assert said([*run, str(tmp_path), "--minutes", "1"], capsys) == (
        2,
        "wrong: --minutes 1: take at least 4, or a part may never end\n",
    )
    whole = (prepared / "prepared.npz").read_bytes()
    for content in (b"junk", whole[: len(whole) // 2], whole[:200] + b"x" * 90 + whole[290:]):
        (tmp_path / "prepared.npz").write_bytes(content)
        code, words = said([*run, str(tmp_path)], capsys)
        assert (code, "no prepared file of this version, or not all" in words) == (2, True), words
    (tmp_path / "prepared.npz").write_bytes(whole)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(reference.Experiment, "rates", full)
    code, words = said([*run, str(tmp_path)], capsys)
    assert (code, words) == (
        4,
        "environment: [Errno 28] No space left on device; give the same command again to go on\n",
    )


def test_torchrun_shares_out_the_runs(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = copied(prepared, tmp_path / "shared")
    limits = decide.constraints(TINY, Prepared.read(folder))
    runs = decide.trials(replace(TINY, mixtures=3, repeats=1, distant=0), limits, 0.01)
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setattr(reference_runs, "GRACE_S", -3600.0)
    with pytest.raises(OutOfTime, match="2 results are another process's"):
        Bench.of(TINY, folder, "cpu", 9.0).trained("proxies", runs, "proxy", "select")
    monkeypatch.setenv("RANK", "0")
    found = Bench.of(TINY, folder, "cpu", 9.0).trained("proxies", runs, "proxy", "select")
    assert [(one["kind"], one["seed"]) for one in found] == [("trial", 0), ("trial", 0), ("trial", 0), ("repeat", 1)]


def test_every_process_of_torchrun_validates(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = copied(prepared, tmp_path / "ranks")
    did: list[str] = []
    for phase in reference.PHASES:
        monkeypatch.setattr(reference.Experiment, phase, lambda self, phase=phase: did.append(phase))
    monkeypatch.setattr(reference_runs, "GRACE_S", -3600.0)
    second = replace(Bench.of(TINY, folder, "cpu", 9.0), rank=1, world=2)
    with pytest.raises(OutOfTime, match="1 results are another process's"):
        reference.run(second, "verdict")
    (folder / decide.REGISTERED).write_bytes(b"{}")
    did.clear()
    reference.run(second, "verdict")
    assert did == ["rates", "proxies", "larger", "validate"]


def test_nothing_is_validated_that_was_not_registered(prepared: Path, tmp_path: Path) -> None:
    folder = copied(prepared, tmp_path / "early")
    with pytest.raises(ValueError, match="nothing is registered: propose comes before validate"):
        reference.Experiment(Bench.of(TINY, folder, "cpu", 9.0)).validate()
    first_hash = decide.register(folder, b"{}\n")
    assert decide.register(folder, b"{}\n") == first_hash
    with pytest.raises(ValueError, match="not changed after the fact"):
        decide.register(folder, b"[]\n")


def result(arm: str, seed: int, loss: float, status: str = "ok") -> dict[str, Any]:
    return {"kind": arm, "seed": seed, "status": status, "losses": {"a": loss, "b": loss + 1} if status == "ok" else {}}


def test_the_verdict_is_paired_by_seed_and_knows_what_it_cannot_see() -> None:
    seeds = (0.3, -0.2, 0.5, 0.1, -0.4, 0.0)
    jitter = (0.004, -0.003, 0.001, -0.004, 0.002, 0.0)
    arms = {
        "proposed": [result("proposed", at, 2 + seed) for at, seed in enumerate(seeds)],
        "natural": [result("natural", at, 2.1 + seed + jitter[at]) for at, seed in enumerate(seeds)],
        "uniform": [result("uniform", at, 2.0001 + seed + jitter[at]) for at, seed in enumerate(seeds)],
        "random": [result("random", at, 1.9 + seed + jitter[at]) for at, seed in enumerate(seeds)],
        "best_observed": [result("best_observed", at, 9, "diverged") for at, _ in enumerate(seeds)],
    }
    found = decide.verdict({"objective": {"a": 0.5, "b": 0.5}}, arms)
    verdicts = {name: one["verdict"].partition(" (")[0] for name, one in found["comparisons"].items()}
    assert verdicts == {"natural": "better", "uniform": "not resolved", "random": "worse"}
    assert found["comparisons"]["natural"]["difference"]["value"] == pytest.approx(0.1)
    assert found["left_out"] == ["best_observed"]


def test_gains_predict_the_larger_models_mean_that_is_measured() -> None:
    """Differences that are registered are of what validators are judged by: the tasks' shares on the larger losses."""
    names, helped = ("web", "wiki", "code"), np.array([[2.0, 0.5, 0.2], [0.7, 4.0, 0.1], [0.2, 0.1, 6.0]])

    def losses(rows: np.ndarray, slopes: float, bent: float) -> np.ndarray:
        return slopes * (rows @ helped.T + 0.1) ** -0.4 + bent * np.sin(3 * np.sqrt(rows[:, :1]))

    limits = Constraints({name: Domain(share) for name, share in zip(names, (0.7, 0.2, 0.1), strict=True)}, 1, 1.0)
    plan, generator = replace(TINY, mixtures=40, pairs=40, draws=40), np.random.default_rng(0)
    runs = decide.trials(plan, limits, 0.1)
    rows = np.array([[run.weights[name] for name in names] for run in runs])

    def results(slopes: float, bent: float, kept: int) -> list[dict[str, Any]]:
        measured = losses(rows, slopes, bent) + generator.normal(0, 0.003, rows.shape)
        return [
            {
                "status": "ok",
                "weights": run.weights,
                "mixture": run.mixture,
                "losses": dict(zip(names, of, strict=True)),
            }
            for run, of in zip(runs[:kept], measured, strict=False)
        ]

    found = decide.proposal(plan, limits, results(1.0, 0.0, len(runs)), results(0.5, 0.2, plan.pairs))
    assert found["weighting"] == "gain"
    assert found["objective"] == pytest.approx(dict.fromkeys(names, 1 / 3), abs=0.05)
    arms = found["optima"]["gain"]["arms"]
    shares = np.array([found["objective"][name] for name in names])

    def measured(arm: str) -> float:
        mixed = np.array([[one[name] for name in names] for one in arms[arm]["mixtures"]])
        return float((losses(mixed, 0.5, 0.2) @ shares).mean())

    for arm in ("proposed", "uniform", "random"):
        told = arms[arm]["difference"]
        assert told["value"] == pytest.approx(measured("natural") - measured(arm), abs=0.01)
    assert measured("proposed") < measured("natural") - 0.02


def test_a_larger_run_is_paired_with_the_mean_of_the_small_ones_of_its_mixture() -> None:
    """The first of nine natural runs was taken, with the noise of one."""
    generator = np.random.default_rng(0)
    weights, losses = generator.dirichlet(np.ones(3), 12), generator.normal(1, 0.1, (20, 3))
    told = decide.Table(np.vstack((weights, np.tile(weights[0], (8, 1)))), losses, (*range(12), *[0] * 8))
    large = decide.Table(weights[:10], generator.normal(1, 0.1, (10, 3)), tuple(range(10)))
    small = np.vstack((losses[[0, *range(12, 20)]].mean(axis=0), losses[1:10]))
    noise_sd, counts = np.full(3, 0.03), np.array([9] + [1] * 9)
    found, known = (
        decide._gains(told, large, noise_sd),
        fit(small, large.losses, noise_sd, weights[:10], small_runs=counts),
    )
    assert found is not None
    assert np.array_equal(found.slopes, known.slopes) and np.array_equal(found.drawn, known.drawn)
    assert not np.array_equal(found.slopes, fit(losses[:10], large.losses, noise_sd, weights[:10]).slopes)
    assert decide._gains(told, decide.Table(weights[:7], large.losses[:7], tuple(range(7))), noise_sd) is None
    again = decide.Table(weights[[0, *range(7)]], large.losses[:8], (0, *range(7)))
    assert decide._gains(told, again, noise_sd) is None  # eight runs of seven mixtures


def test_what_is_carried_is_whole_documents_and_not_too_much(tmp_path: Path) -> None:
    of = Documents(np.arange(9, dtype=np.uint32), np.array([0, 4, 6, 9]), np.array([10, 20, 30]))
    cut = [first(of, tokens).bytes.tolist() for tokens in (1, 4, 5, 7, 99)]
    assert cut == [[10], [10], [10, 20], [10, 20, 30], [10, 20, 30]]
    write({split: {"a/b": of} for split in ("train", "select", "final")}, np.arange(100), "made", tmp_path)
    back = Prepared.read(tmp_path)
    assert back.train["a/b"].tokens.tolist() == list(range(9))
    assert back.select["a/b"].token_bytes is not None
    assert back.select["a/b"].token_bytes.tolist() == list(range(100))
    assert (back.natural, back.vocabulary, back.final["a/b"].bytes.tolist()) == ({"a/b": 9}, 100, [10, 20, 30])
    huge = Documents(np.zeros(24 * 2**20, np.uint16), np.array([0, 24 * 2**20]), np.array([9]))
    with pytest.raises(ValueError, match="MiB of tokens are more than 45"):
        write({split: {"a": huge} for split in ("train", "select", "final")}, np.arange(100), "made", tmp_path)


def test_the_plans_are_what_they_are_said_to_be() -> None:
    full, rehearsal = PLANS["full"], PLANS["rehearsal"]
    millions = {size: full.training(size).model(4096).parameters / 1e6 for size in reference.SIZES}
    assert {size: round(number) for size, number in millions.items()} == {"proxy": 6, "larger": 16, "validator": 27}
    assert [round(full.training(size).tokens / 1e6) for size in reference.SIZES] == [8, 8, 16]
    for size in reference.SIZES:
        assert rehearsal.training(size).tokens == pytest.approx(full.training(size).tokens / 100, rel=0.05)
    assert full.mixtures + full.repeats + 2 * full.distant == 72
