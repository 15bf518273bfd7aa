"""The command line: `python -m mixtures fit | predict | design | search`, and `constraints | propose | report`.

Tables of anyone's runs will do: one row a run, a column a domain in the table of weights, a column a task in the table
of losses. Exit codes: 0 done; 2 wrong input, which the message names.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import numpy as np
import typer
from rich.console import Console

from mixtures import choosing, fitted, terminal
from mixtures import design as designing
from mixtures import gains as gaining
from mixtures import report as reporting
from mixtures.mixture import Constraints, Domain
from mixtures.objective import Objective
from mixtures.proposal import Settings
from mixtures.propose import propose as proposing
from mixtures.runs import (
    RUN_ID,
    SUM_TOLERANCE,
    TABLE_TOLERANCE,
    Runs,
    id_column_of,
    losses_of,
    mean_weights,
    mixtures_of,
    write,
)
from mixtures.searched import lines as search_lines
from mixtures.searched import searched
from mixtures.surface import fit as fitting
from mixtures.surface_file import Named

WRONG = 2

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
out = Console(highlight=False, width=None if sys.stdout.isatty() else 120, soft_wrap=True)

WeightsPath = Annotated[Path, typer.Option("--weights", help="Table of weights, .csv or .parquet.")]
LossesPath = Annotated[Path, typer.Option("--losses", help="Table of losses, .csv or .parquet.")]
SurfacePath = Annotated[Path, typer.Option("--surface", help="From `fit`.")]
OutFile = Annotated[Path, typer.Option("--output", "--out", help="File to write.")]
ObjectiveShares = Annotated[
    list[str] | None, typer.Option("--objective", help="PATTERN or PATTERN=SHARE of tasks; may be repeated.")
]
AnyIdColumn = Annotated[
    str | None, typer.Option("--id-column", help="What tables are joined by: run_id, or the first column of all.")
]
ConstraintsPath = Annotated[Path, typer.Option("--constraints", help="JSON of the feasible set.")]
SmallLosses = Annotated[Path | None, typer.Option("--small", help="Losses of mixtures at the runs' size, for gains.")]
LargeLosses = Annotated[Path | None, typer.Option("--large", help="Losses of the same mixtures at a larger size.")]
IdColumn = Annotated[str, typer.Option("--id-column", help="The column that both tables are joined by.")]
SumTolerance = Annotated[float, typer.Option("--sum-tolerance", help="How far rounded weights may be off 1.")]


@app.command()
def constraints(
    weights: WeightsPath,
    output: Annotated[Path, typer.Option("--output", help="JSON to write.")],
    id_column: IdColumn = RUN_ID,
    budget_tokens: Annotated[int, typer.Option(help="Tokens of the run that is planned.")] = 1_000_000_000,
    max_epochs: Annotated[float, typer.Option(help="How often a domain may be read.")] = 4.0,
) -> None:
    """Begin a constraints file for a table of weights: natural shares are their means; edit them, add tokens."""
    means = mean_weights(weights, id_column)
    domains = {name: Domain(natural=share) for name, share in means.items()}
    made = Constraints(domains=domains, budget_tokens=budget_tokens, max_epochs=max_epochs)
    _save(output, made.written())
    out.print(f"{output}: {len(domains)} domains; edit natural, available_tokens, minimum and maximum")


@app.command()
def fit(
    weights: WeightsPath,
    losses: LossesPath,
    output: OutFile,
    id_column: AnyIdColumn = None,
) -> None:
    """Fit a surface to runs and say how well it predicts runs that it did not see."""
    key = id_column or id_column_of(weights, losses)
    runs = Runs.read(weights, losses, id_column=key, sum_tolerance=TABLE_TOLERANCE, partial=True)
    named = Named(fitting(runs.weights, runs.losses), runs.ids, runs.domains, runs.tasks, runs.weights, runs.losses)
    named.save(output)
    for line in fitted.lines(named, runs.left_out):
        out.print(line, markup=False)
    out.print(f"{output}", markup=False)


@app.command()
def predict(
    surface: SurfacePath,
    candidates: Annotated[Path, typer.Option("--candidates", help="Table of mixtures, .csv or .parquet.")],
    output: OutFile,
    id_column: AnyIdColumn = None,
) -> None:
    """Predict the losses of mixtures: a column a task, and the bounds that hold 80 % of runs."""
    named = Named.load(surface)
    key = id_column or id_column_of(candidates)
    ids, mixtures = mixtures_of(candidates, named.domains, key)
    mean, lower, upper = (one.reshape(len(ids), -1) for one in named.surface.predict(mixtures))
    columns: dict[str, object] = {key: list(ids)}
    for at, task in enumerate(named.tasks):
        columns |= {task: mean[:, at], f"{task}:lower": lower[:, at], f"{task}:upper": upper[:, at]}
    write(output, columns)
    out.print(f"{output}: {len(ids)} mixtures, {len(named.tasks)} tasks", markup=False)


@app.command()
def design(
    output: OutFile,
    constraints: Annotated[Path | None, typer.Option(help="JSON of the feasible set: trials are made.")] = None,
    candidates: Annotated[Path | None, typer.Option(help="Table of mixtures: trials are chosen.")] = None,
    count: Annotated[int, typer.Option("--count", "--k", help="How many mixtures.")] = 64,
    repeats: Annotated[int, typer.Option(help="More runs of the natural mixture, for noise.")] = 8,
    distant_repeats: Annotated[int, typer.Option(help="More runs of each of two distant ones.")] = 4,
    trained: Annotated[Path | None, typer.Option(help="Table of mixtures that were trained before.")] = None,
    surface: Annotated[Path | None, typer.Option(help="From `fit`: choose what it is least sure of.")] = None,
    objective: ObjectiveShares = None,
    run_tokens: Annotated[int | None, typer.Option(help="Tokens of one run, for the cost.")] = None,
    id_column: AnyIdColumn = None,
    seed: Annotated[int, typer.Option(help="Of the draw.")] = 0,
) -> None:
    """Choose trial mixtures: spread over the feasible set or a table, or what would say most to a surface."""
    if (constraints is None) == (candidates is None):
        raise ValueError("give --constraints, and trials are made, or --candidates, and they are chosen from the table")
    if constraints is not None:
        feasible = Constraints.read(constraints)
        rows = designing.trials(feasible, count, seed)
        planned = [*range(count), *designing.repeats(repeats, distant_repeats)]
        trials = [
            {"trial": at, "seed": run, "weights": dict(zip(feasible.names, map(float, rows[at]), strict=True))}
            for run, at in enumerate(planned, seed)
        ]
        _save(output, {"constraints": feasible.written(), "seed": seed, "runs": trials})
        told = f"{count} mixtures of {len(feasible.names)} domains, {len(planned)} runs, each with a seed of its own"
        out.print(f"{output}: {told}", markup=False)
    elif candidates is not None:
        key = id_column or id_column_of(candidates)
        aim = _shares(objective or ["*"])
        columns, told = choosing.chosen(candidates, key, count, trained=trained, surface=surface, tasks=aim, seed=seed)
        write(output, columns)
        cost = "" if run_tokens is None else f", {count * run_tokens:,} tokens"
        out.print(f"{output}: {count} mixtures{cost}; {told}", markup=False)


@app.command()
def search(
    surface: SurfacePath,
    constraints: ConstraintsPath,
    output: OutFile,
    objective: ObjectiveShares = None,
    draws: Annotated[int, typer.Option(help="Surfaces that are searched again, for intervals.")] = 200,
    small: SmallLosses = None,
    large: LargeLosses = None,
    caution: Annotated[float, typer.Option(help="How much of its deviation is added to a predicted loss.")] = 0.0,
    divergence: Annotated[float, typer.Option(help="Loss a nat of divergence from natural costs.")] = 0.0,
    id_column: AnyIdColumn = None,
    seed: Annotated[int, typer.Option(help="Of all draws.")] = 0,
) -> None:
    """Find the best feasible mixture of a surface, with intervals, bounds that hold and their prices."""
    named, aim = (
        Named.load(surface),
        Objective(tasks=_shares(objective or ["*"]), caution=caution, divergence=divergence),
    )
    pairs = _pairs(small, large, named.tasks, id_column)
    gains = None if pairs is None else gaining.fit(*pairs, named.surface.noise_sd, seed=seed)
    found = searched(named, Constraints.read(constraints), aim, draws=draws, seed=seed, gains=gains)
    _save(output, found.model_dump(mode="json"))
    for line in search_lines(found):
        out.print(line, markup=False)
    out.print(f"{output}", markup=False)


@app.command()
def propose(
    weights: WeightsPath,
    losses: LossesPath,
    constraints: ConstraintsPath,
    output: Annotated[Path, typer.Option("--output", help="Folder for mixture.json and mixture.html.")],
    objective: ObjectiveShares = None,
    title: Annotated[str, typer.Option(help="Of the report.")] = "mixture",
    unit: Annotated[str, typer.Option(help="Of the losses.")] = "bits per byte",
    caution: Annotated[float, typer.Option(help="How much of its deviation is added to a predicted loss.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Of all draws.")] = 0,
    replicas: Annotated[int, typer.Option(help="Resamples of the runs.")] = 100,
    seeds: Annotated[int, typer.Option(help="Of the validation that is planned.")] = 6,
    earlier_weights: Annotated[Path | None, typer.Option(help="Of runs before domains were added or changed.")] = None,
    earlier_losses: Annotated[Path | None, typer.Option(help="Their losses, of the same held-out documents.")] = None,
    refiltered: Annotated[list[str] | None, typer.Option(help="A domain whose text is another now.")] = None,
    small: SmallLosses = None,
    large: LargeLosses = None,
    id_column: IdColumn = RUN_ID,
    sum_tolerance: SumTolerance = SUM_TOLERANCE,
) -> None:
    """Fit, check, search, and write the report."""
    runs = Runs.read(weights, losses, id_column=id_column, sum_tolerance=sum_tolerance)
    paths = [weights, losses, constraints]
    if earlier_weights is not None and earlier_losses is not None:
        earlier = Runs.read(earlier_weights, earlier_losses, id_column=id_column, sum_tolerance=sum_tolerance)
        runs = runs.beside(earlier, refiltered or ())
        paths += [earlier_weights, earlier_losses]
    elif earlier_weights is not None or earlier_losses is not None or refiltered:
        raise ValueError("earlier runs need --earlier-weights and --earlier-losses")
    aim = Objective(tasks=_shares(objective or ["heldout:*"]), caution=caution, unit=unit)
    settings = Settings(replicas=replicas, validation_seeds=seeds, seed=seed)
    pairs = _pairs(small, large, runs.tasks, id_column)
    found = proposing(runs, Constraints.read(constraints), aim, settings, pairs)
    inputs = {str(path): _digest(path) for path in (*paths, *filter(None, (small, large)))}
    _tell(output, reporting.Report(title=title, inputs=inputs, proposal=found))


@app.command()
def report(folder: Annotated[Path, typer.Argument(help="Where mixture.json lies, or folders that hold one.")]) -> None:
    """Draw the page again from mixture.json, and say what it says."""
    here = folder / reporting.JSON_NAME
    found = [here] if here.exists() else sorted(folder.glob(f"*/{reporting.JSON_NAME}"))
    if not found:
        raise ValueError(f"{folder} holds no {reporting.JSON_NAME}: python -m mixtures propose makes one")
    for path in found:
        _tell(path.parent, reporting.Report.read(path.parent))


def _pairs(
    small: Path | None, large: Path | None, tasks: tuple[str, ...], id_column: str | None
) -> tuple[np.ndarray, np.ndarray] | None:
    """Losses (mixtures, tasks) of the mixtures that both tables have, joined by id; None where no table is given."""
    if small is None and large is None:
        return None
    if small is None or large is None:
        raise ValueError("gains need the same mixtures at two sizes: give --small and --large")
    key = id_column or id_column_of(small, large)
    found = [losses_of(one, tasks, key) for one in (small, large)]
    both = sorted(found[0].keys() & found[1].keys())
    tables = [np.array([one[name] for name in both]).reshape(len(both), -1) for one in found]
    return tables[0], tables[1]


def _tell(folder: Path, whole: reporting.Report) -> None:
    """Write both files, then say what they say and where they are."""
    reporting.write(folder, whole)
    for line in terminal.lines(whole):
        out.print(line, markup=False)
    out.print(f"{folder / reporting.PAGE_NAME}", markup=False)


def _shares(patterns: list[str]) -> dict[str, float]:
    shares = {}
    for one in patterns:
        name, equals, share = one.rpartition("=")
        try:
            shares[name if equals else one] = float(share) if equals else 1.0
        except ValueError as error:
            raise ValueError(f"--objective {one}: give PATTERN or PATTERN=SHARE, such as 'heldout:*=1'") from error
    return shares


def _save(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    reporting.replace(path, json.dumps(value, indent=1, allow_nan=False).encode() + b"\n")


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def main() -> NoReturn:
    """Run the command; what is wrong with the input is said in one line."""
    try:
        app()
    except (ValueError, OSError) as error:
        Console(stderr=True, highlight=False).print(f"{error}", markup=False, soft_wrap=True)
        sys.exit(WRONG)
    sys.exit(0)


if __name__ == "__main__":
    main()
