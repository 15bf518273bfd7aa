"""The reference experiment on one GPU, from prepared tokens to a verdict, in phases of a few minutes.

python -m proxy_models.reference prepare --tokens data/loop/50_tokens/<recipe> --into FOLDER
python -m proxy_models.reference run --into FOLDER [--plan full] [--device cuda] [--minutes 8.5] [--until validate]

`prepare` runs where Riffle is installed. `run` needs torch, numpy, scipy and scikit-learn alone, and does what is
missing of: rates (the learning rate of each size, once, on the uniform mixture), proxies, larger (some mixtures again),
propose (fit, search, register), validate, verdict. It stops when its minutes are over, keeping a checkpoint, with exit
code 3: the same command goes on. Exit code 2 is a wrong setting, 4 the environment (a full disk). Losses are files of
FOLDER/runs as they come. Under torchrun the runs of a phase are shared out over the GPUs.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from pipeline import storage
from proxy_models.reference import decide
from proxy_models.reference.material import first, write
from proxy_models.reference.plan import PLANS, RATES, Plan, Size
from proxy_models.reference.runs import Bench, OutOfTime, Run, say
from proxy_models.tokens.documents import Documents

PHASES = ("rates", "proxies", "larger", "propose", "validate", "verdict")
SIZES: tuple[Size, ...] = ("proxy", "larger", "validator")
PROPOSAL = "proposal.json"
ALONE = ("propose", "verdict")  # phases of the first process
WRONG, AGAIN, ENVIRONMENT = 2, 3, 4  # exit codes; "again": the minutes are over
PROPOSE_S = 180.0  # that must be left for the proposal, which cannot be stopped: 47 to 157 s were seen on busy cores
LEAST_MINUTES = 4.0  # in which every part that cannot be stopped ends


def prepare(tokens: Path, into: Path, most_tokens: int | None) -> Path:
    """The file that is carried to the GPU, of finished token files. Needs all of Riffle."""
    from proxy_models.sweep.material import SIDES  # the libraries that it needs are not where the rest of this runs
    from proxy_models.tokens.tokens import TokenFiles

    files = TokenFiles.open(tokens)
    total = sum(len(files.train(name).tokens) for name in files.domains)
    share = 1.0 if most_tokens is None else min(1.0, most_tokens / total)

    def cut(of: Documents) -> Documents:
        return first(of, int(share * len(of.tokens)))

    splits: dict[str, dict[str, Documents]] = {"train": {name: cut(files.train(name)) for name in files.domains}}
    for side in SIDES:
        splits[side] = {name: files.heldout(name, side) for name in files.domains}
    return write(splits, files.token_bytes, files.sha256, into)


@dataclass(frozen=True)
class Experiment:
    """A plan at its place; each phase reads what those before it left, and leaves what it found."""

    bench: Bench

    @property
    def plan(self) -> Plan:
        return self.bench.plan

    def _kept(self, name: str, make: Callable[[], Any]) -> Any:
        path = self.bench.folder / name
        if not path.exists():
            storage.replace(str(path), json.dumps(make(), indent=1, allow_nan=False).encode())
        return json.loads(path.read_bytes())

    def rates(self) -> dict[str, float]:
        """The best peak learning rate of each size, by its mean loss on the select documents."""
        return {size: self._rate(size) for size in SIZES}

    def _rate(self, size: Size) -> float:
        width = self.plan.training(size).width
        weights = decide.uniform(decide.constraints(self.plan, self.bench.prepared))
        seed = self.plan.seed
        runs = [Run("rate", weights, seed, seed, rate=times / width) for times in RATES]
        results = self.bench.trained(f"rates, {size}", runs, size, "select")
        whole = [one for one in results if one["status"] == "ok"]
        if not whole:
            raise ValueError(f"{size}: no learning rate of {RATES} over {width} trains without divergence")
        best = min(whole, key=lambda one: sum(one["losses"].values()))
        return float(best["rate"])

    def proxies(self) -> list[dict[str, Any]]:
        """All trials and repeats."""
        limits = decide.constraints(self.plan, self.bench.prepared)
        return self.bench.trained("proxies", decide.trials(self.plan, limits, self._rate("proxy")), "proxy", "select")

    def larger(self) -> list[dict[str, Any]]:
        """Some of the trials at the larger size."""
        limits = decide.constraints(self.plan, self.bench.prepared)
        trials = decide.trials(self.plan, limits, self._rate("proxy"))
        runs = decide.pairs(self.plan, trials, self._rate("larger"))
        return self.bench.trained("larger", runs, "larger", "select")

    def propose(self) -> dict[str, Any]:
        """The proposal; what will be validated is registered."""
        limits = decide.constraints(self.plan, self.bench.prepared)
        small, large = self.proxies(), self.larger()
        if not (self.bench.folder / PROPOSAL).exists():
            self.bench.check("propose", PROPOSE_S)
        found = self._kept(PROPOSAL, lambda: decide.proposal(self.plan, limits, small, large))
        runs = self._validation(found["optima"][found["weighting"]]["arms"])
        about = self.bench.prepared.sha256
        keys = {name: [one.key(self.plan, "validator", about) for one in of] for name, of in runs.items()}
        sha256 = decide.register(self.bench.folder, decide.registered(self.plan, found, keys, {"tokens": about}))
        say(f"registered: {sha256}")
        return dict(found)

    def _validation(self, arms: dict[str, Any]) -> dict[str, list[Run]]:
        return decide.validation(self.plan, arms, self._rate("validator"))

    def validate(self) -> dict[str, list[dict[str, Any]]]:
        """The runs that were registered, and no others."""
        registration, _ = decide.read_registered(self.bench.folder)
        runs = self._validation(registration["arms"])
        flat = [one for of in runs.values() for one in of]
        about = self.bench.prepared.sha256
        if [one.key(self.plan, "validator", about) for one in flat] != [
            key for of in registration["runs"].values() for key in of
        ]:
            raise ValueError("these are not the runs that were registered: plan, tokens or code have changed since")
        if registration["analysis"] != decide.analysis(self.plan):
            raise ValueError("this is not the analysis that was registered: the code has changed since")
        results = iter(self.bench.trained("validate", flat, "validator", "final"))
        return {name: [next(results) for _ in of] for name, of in runs.items()}

    def verdict(self) -> dict[str, Any]:
        """What the test says, printed and kept."""
        registration, sha256 = decide.read_registered(self.bench.folder)
        found = decide.verdict(registration, self.validate()) | {"registration": sha256}
        storage.replace(str(self.bench.folder / "verdict.json"), json.dumps(found, indent=1).encode())
        for name, one in found["comparisons"].items():
            gap = one["difference"]
            measured = f"{gap['value']:+.4f} ({gap['low']:+.4f} to {gap['high']:+.4f})"
            seen = "every pair is equal" if one["detectable"] is None else f"detectable: {one['detectable']:.4f}"
            say(f"against {name}: {measured} {one['verdict']} ({seen})")
        return found


def run(bench: Bench, until: str) -> None:
    """The phases up to `until`; raises OutOfTime between steps, and before what cannot be stopped and might not end.

    Of torchrun's processes the first one proposes and judges; the others wait for what it registers, and take part in
    every phase that trains.
    """
    experiment = Experiment(bench)
    for phase in PHASES[: PHASES.index(until) + 1]:
        if bench.rank and phase in ALONE:
            if phase == "propose":
                bench.wait_for(phase, [bench.folder / decide.REGISTERED])
            continue
        start = time.monotonic()
        getattr(experiment, phase)()
        say(f"{phase}: done, {time.monotonic() - start:.1f} s in this call")


def main(given: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    preparing = commands.add_parser("prepare", help="write the file that is carried to the GPU")
    preparing.add_argument("--tokens", type=Path, required=True, help="a folder of 50_tokens")
    preparing.add_argument("--into", type=Path, required=True, help="folder for it")
    preparing.add_argument("--most-tokens", type=int, default=None, help="train on so many at most, all domains alike")
    running = commands.add_parser("run", help="do what is missing")
    running.add_argument("--into", type=Path, required=True, help="where `prepare` left its file; results come there")
    running.add_argument("--plan", choices=sorted(PLANS), default="full", help="rehearsal is small enough for a CPU")
    running.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", help="cpu, cuda or cuda:1")
    running.add_argument("--minutes", type=float, default=8.5, help="then it stops, with exit code 3: call it again")
    running.add_argument("--until", choices=PHASES, default=PHASES[-1], help="the last phase to do")
    options = parser.parse_args(given)
    try:
        if options.command == "run" and options.minutes < LEAST_MINUTES:
            raise ValueError(f"--minutes {options.minutes:g}: take at least {LEAST_MINUTES:g}, or a part may never end")
        if options.command == "prepare":
            path = prepare(options.tokens, options.into, options.most_tokens)
            say(f"{path}: {path.stat().st_size / 2**20:.1f} MiB")
        else:
            run(Bench.of(PLANS[options.plan], options.into, options.device, options.minutes), options.until)
    except OutOfTime as ended:
        say(f"{ended}; give the same command again to go on")
        return AGAIN
    except ValueError as error:
        say(f"wrong: {error}")
        return WRONG
    except OSError as error:
        say(f"environment: {error}; give the same command again to go on")
        return ENVIRONMENT
    return 0
