"""From a published corpus to a mixture and its proof: tokens, sweep, proposal; registration, larger runs, verdict.

Each step commits what it made and finds what an earlier call left, so that any call may be killed and given again.
Beside the runs in 60_trials, where final.*.json says who read the final side of which tokens, an experiment has a
folder of its own in 61_reports:

weights.parquet losses.parquet constraints.json    what the proposal was made from; runs.parquet: see `outcomes`
mixture.json mixture.html                          the report
preregistered.json                                 what is claimed before the validation runs start; never replaced
spent.json                                         minutes of the runs: decides nothing, and is not the same again
validation.*.parquet                               the same tables of those runs
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mixtures.mixture import Constraints
from mixtures.proposal.proposal import Proposal
from mixtures.proposal.propose import VERSION as PROPOSAL_VERSION
from mixtures.proposal.propose import propose
from mixtures.report import report as reporting
from mixtures.report.report import Made, Report, Spent
from mixtures.tables.runs import Runs
from mixtures.validation.judged import Measured, judge
from mixtures.validation.registration import FILE as REGISTRATION
from mixtures.validation.registration import Preregistration, arms, of_runs
from pipeline import storage
from pipeline.progress.progress import console
from pipeline.rooms.recipe import hashed, libraries
from proxy_models.experiment import Experiment
from proxy_models.sweep import outcomes, trials
from proxy_models.sweep.material import Material
from proxy_models.sweep.sweep import Machine, train_all
from proxy_models.sweep.trials import Run
from proxy_models.tokens.tokenise import ROOM as TOKENS
from proxy_models.tokens.tokenise import tokenise
from proxy_models.training.runs import RunResult

DECIDE = ("numpy", "scipy", "scikit-learn", "torch")  # libraries whose versions decide figures
TRIALS, REPORTS, CONSTRAINTS = "60_trials", "61_reports", "constraints.json"
FINAL_DIGITS = 16
SMALLEST_PARAMETERS = 1_000_000
"""Of proxies (512, of 1 B tokens each) whose ranking held for 1 B models: RegMix, arXiv:2407.01492, abstract."""


@dataclass(frozen=True)
class Workshop:
    """An experiment at its place: the corpus of the run folder `data`, the local folder `into` for what is made."""

    experiment: Experiment
    data: str
    into: Path
    machine: Machine

    @staticmethod
    def of(experiment: Experiment, data: str, into: Path | None, machine: Machine) -> Workshop:
        """`into` is by default `data` itself. Raises ValueError for a URL without `into`."""
        if into is None and storage.is_remote(data):
            raise ValueError(f"{data} is remote, and training reads from a local disk: name a folder with --into")
        return Workshop(experiment, data, into or Path(data), machine)

    @property
    def folder(self) -> Path:
        """Of this experiment's tables and report."""
        return self.into / REPORTS / self.experiment.experiment

    def material(self) -> Material:
        """The tokens, made where they are not there yet."""
        files = tokenise(self.data, self.experiment.tokens, self.into / TOKENS)
        for domain, reason in files.left_out.items():
            console.print(f"left out  {domain}: {reason}", markup=False, soft_wrap=True)
        return Material.open(files.folder, self.experiment.gold)

    def trained(self, runs: tuple[Run, ...], material: Material) -> dict[str, RunResult]:
        """Results by run id of runs that are trained now or were before."""
        recipes, gold = [run.recipe for run in runs], self.experiment.gold
        return train_all(recipes, material.tokens.folder, gold, self.into / TRIALS, self.machine)


def sweep(shop: Workshop) -> Report:
    """Train the proxies, propose a mixture, write the report; what is there already stays as it is.

    Raises ValueError where no mixture is feasible or too few runs ended, EnvironmentTrouble where trying again helps.
    """
    material = shop.material()
    feasible = trials.constraints(shop.experiment, material)
    return _swept(shop, material, feasible, trials.sweep(shop.experiment, material, feasible))


def _swept(shop: Workshop, material: Material, feasible: Constraints, runs: tuple[Run, ...]) -> Report:
    results = shop.trained(runs, material)
    outcomes.write_tables(shop.folder, runs, results)
    storage.replace(str(shop.folder / CONSTRAINTS), json.dumps(feasible.written(), indent=1).encode() + b"\n")
    inputs = {
        name: hashlib.sha256((shop.folder / name).read_bytes()).hexdigest()
        for name in (outcomes.WEIGHTS, outcomes.LOSSES, CONSTRAINTS)
    }
    if (kept := _kept(shop, inputs)) is not None:
        return kept
    found = Runs.read(shop.folder / outcomes.WEIGHTS, shop.folder / outcomes.LOSSES)
    proposal = propose(found, feasible, shop.experiment.objective, shop.experiment.settings)
    notes = _notes(proposal, runs)
    made = _made(shop.experiment, runs)
    report = Report(title=_title(shop.experiment, runs), inputs=inputs, proposal=proposal, notes=notes, made=made)
    _write(shop, report, {"proxies": runs})
    return report


def _made(experiment: Experiment, runs: tuple[Run, ...]) -> Made:
    seeds = [run.recipe.seed for run in runs]
    later = experiment.validation.run_seeds
    return Made(
        versions=libraries(DECIDE) | {"proposal": str(PROPOSAL_VERSION)},
        seeds={"proxies": f"{min(seeds)} to {max(seeds)}", "validation": f"{later[0]} to {later[-1]}"},
        run_tokens={"proxy": experiment.proxies.tokens, "validation": experiment.validation.tokens},
    )


def _write(shop: Workshop, report: Report, runs: Mapping[str, tuple[Run, ...]]) -> None:
    """The report, and beside it what its runs cost: the one thing there that is not the same again."""
    minutes = {kind: sum(_seconds(shop, run) for run in of) / 60 for kind, of in runs.items()}
    spent = Spent(device=shop.machine.device, minutes=minutes)
    storage.replace(str(shop.folder / reporting.SPENT_NAME), spent.model_dump_json().encode())
    reporting.write(shop.folder, report)


def _seconds(shop: Workshop, run: Run) -> float:
    """A run's part of what its stack took in all processes; after a killed one's last checkpoint it is not known."""
    speed = json.loads((shop.into / TRIALS / run.recipe.run_id / "speed.json").read_bytes())
    return float(speed["training_s"] + speed.get("earlier_s", 0.0) + speed["evaluation_s"]) / speed["members"]


def _kept(shop: Workshop, inputs: Mapping[str, str]) -> Report | None:
    """The report that is there, if it was made from these inputs in this way; what was registered is never replaced."""
    if not (shop.folder / reporting.JSON_NAME).exists():
        return None
    report = Report.read(shop.folder)
    if report.registered is None and (report.made is None or not _is_current(report.made)):
        return None
    made = (report.inputs, report.proposal.objective, report.proposal.settings)
    return report if made == (inputs, shop.experiment.objective, shop.experiment.settings) else None


def _is_current(made: Made) -> bool:
    return made.versions.get("proposal") == str(PROPOSAL_VERSION)


def _notes(proposal: Proposal, runs: tuple[Run, ...]) -> tuple[str, ...]:
    """That the runs are a plumbing check, where they are."""
    of = runs[0].recipe
    if of.model.parameters >= SMALLEST_PARAMETERS:
        return ()
    seen = f"differences below {proposal.smallest_difference:.4f} {proposal.objective.unit} cannot be seen"
    return (
        f"Plumbing check, which shows that all parts work and not which mixture is best: {seen}, and proxies of "
        f"{of.model.parameters:,} parameters say little of a larger model: the smallest whose ranking is known to hold "
        f"for one have {SMALLEST_PARAMETERS:,} (arXiv:2407.01492)",
    )


def _title(experiment: Experiment, runs: tuple[Run, ...]) -> str:
    of = runs[0].recipe
    return (
        f"{experiment.experiment}: {len(runs)} proxies of {_amount(of.model.parameters)} parameters, "
        f"{_amount(of.trained_tokens)} tokens each"
    )


def _amount(count: int) -> str:
    """Three digits, as people write them: 92,200, 1.25 million, 30 billion."""
    rounded = float(f"{count:.3g}")
    for size, name in ((1e9, " billion"), (1e6, " million")):
        if rounded >= size:
            return f"{rounded / size:g}{name}"
    return f"{rounded:,.0f}"


def register(shop: Workshop) -> tuple[Report, Preregistration]:
    """The sweep where it is missing; then what the validation runs will show is written down, before there is one.

    Raises ValueError where something else was registered before.
    """
    material = shop.material()
    feasible = trials.constraints(shop.experiment, material)
    report = _swept(shop, material, feasible, trials.sweep(shop.experiment, material, feasible))
    registration, _ = _registered(shop, material, report)
    registration.write(shop.folder / REGISTRATION)
    report = report.model_copy(update={"registered": registration.sha256})
    reporting.write(shop.folder, report)
    return report, registration


def validate(shop: Workshop) -> Report:
    """Train the validation runs that were registered, and judge them.

    Raises ValueError where nothing is registered, or what is would not be registered today: inputs, proposal,
    experiment or runs are others; and where another registration was validated on the same final side.
    """
    path = shop.folder / REGISTRATION
    Preregistration.read(path)
    material = shop.material()
    feasible = trials.constraints(shop.experiment, material)
    proxies = trials.sweep(shop.experiment, material, feasible)
    report = _swept(shop, material, feasible, proxies)
    registration, runs = _registered(shop, material, report)
    registration.check(path)
    _read_final(shop, material, registration)
    results = shop.trained(runs, material)
    measured = [
        Measured(arm=str(run.arm), seed=run.recipe.seed, losses=results[run.recipe.run_id].losses or None)
        for run in runs
    ]
    judged = judge(registration, measured)
    report = report.model_copy(update={"registered": registration.sha256, "validation": judged})
    outcomes.write_tables(shop.folder, runs, results, outcomes.VALIDATION)
    _write(shop, report, {"proxies": proxies, "validation": runs})
    return report


def _read_final(shop: Workshop, material: Material, registration: Preregistration) -> None:
    """Note who reads the final side of these tokens; the first one only may."""
    tokens = material.tokens.sha256
    path = shop.into / TRIALS / f"final.{tokens[:FINAL_DIGITS]}.json"
    reader = {"experiment": shop.experiment.experiment, "registration": registration.sha256, "tokens": tokens}
    if storage.put_if_absent(str(path), json.dumps(reader, indent=1).encode() + b"\n"):
        return
    if (before := json.loads(path.read_bytes())) != reader:
        raise ValueError(
            f"{path}: the final side was read for experiment {before['experiment']} "
            f"(registration {before['registration'][:FINAL_DIGITS]}); who looks twice has no test: hold out other "
            "documents by another tokens.split.seed, or publish more"
        )


def _registered(shop: Workshop, material: Material, report: Report) -> tuple[Preregistration, tuple[Run, ...]]:
    """What is claimed of this report's proposal, and the runs that will tell."""
    of = shop.experiment.validation
    planned, _ = arms(report.proposal, of.run_seeds, of.references)
    runs = trials.validation(shop.experiment, material, planned)
    ids = {name: [run.recipe.run_id for run in runs if run.arm == name] for name in planned}
    inputs = report.inputs | {
        "tokens": material.tokens.sha256,
        "proposal": hashed(report.proposal.model_dump(mode="json")),
    }
    registration = of_runs(
        report.proposal,
        of.run_seeds,
        runs=ids,
        steps=of.steps,
        run_tokens=of.tokens,
        inputs=inputs,
        references=of.references,
    )
    return registration, runs
