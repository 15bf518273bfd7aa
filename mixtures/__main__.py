"""The command line: `python -m mixtures constraints | design | propose | report`.

Tables of anyone's runs will do: one row a run, a column a domain in the table of weights, a column a task in the table
of losses. Exit codes: 0 done; 2 wrong input, which the message names.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from mixtures import design as designing
from mixtures import report as reporting
from mixtures import terminal
from mixtures.mixture import Constraints, Domain
from mixtures.objective import Objective
from mixtures.proposal import Settings
from mixtures.propose import propose as proposing
from mixtures.runs import RUN_ID, SUM_TOLERANCE, Runs, mean_weights

WRONG = 2

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
out = Console(highlight=False, width=None if sys.stdout.isatty() else 120, soft_wrap=True)

WeightsPath = Annotated[Path, typer.Option("--weights", help="Table of weights, .csv or .parquet.")]
ConstraintsPath = Annotated[Path, typer.Option("--constraints", help="JSON of the feasible set.")]
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
    _save(output, made.model_dump(mode="json"))
    out.print(f"{output}: {len(domains)} domains; edit natural, available_tokens, minimum and maximum")


@app.command()
def design(
    constraints: ConstraintsPath,
    count: Annotated[int, typer.Option(help="How many mixtures; the natural one is the first.")],
    output: Annotated[Path, typer.Option("--output", help="JSON to write.")],
    seed: Annotated[int, typer.Option(help="Of the draw.")] = 0,
) -> None:
    """Choose trial mixtures that spread over the feasible set."""
    feasible = Constraints.read(constraints)
    rows = designing.trials(feasible, count, seed)
    trials = [dict(zip(feasible.names, map(float, row), strict=True)) for row in rows]
    _save(output, {"constraints": feasible.model_dump(mode="json"), "seed": seed, "trials": trials})
    out.print(f"{output}: {count} mixtures of {len(feasible.names)} domains")


@app.command()
def propose(
    weights: WeightsPath,
    losses: Annotated[Path, typer.Option("--losses", help="Table of losses, .csv or .parquet.")],
    constraints: ConstraintsPath,
    output: Annotated[Path, typer.Option("--output", help="Folder for mixture.json and mixture.html.")],
    objective: Annotated[
        list[str] | None, typer.Option("--objective", help="PATTERN or PATTERN=SHARE of tasks; may be repeated.")
    ] = None,
    title: Annotated[str, typer.Option(help="Of the report.")] = "mixture",
    unit: Annotated[str, typer.Option(help="Of the losses.")] = "bits per byte",
    caution: Annotated[float, typer.Option(help="How much of its deviation is added to a predicted loss.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Of all draws.")] = 0,
    replicas: Annotated[int, typer.Option(help="Resamples of the runs.")] = 100,
    id_column: IdColumn = RUN_ID,
    sum_tolerance: SumTolerance = SUM_TOLERANCE,
) -> None:
    """Fit, check, search, and write the report."""
    runs = Runs.read(weights, losses, id_column=id_column, sum_tolerance=sum_tolerance)
    aim = Objective(tasks=_shares(objective or ["heldout:*"]), caution=caution, unit=unit)
    found = proposing(runs, Constraints.read(constraints), aim, Settings(replicas=replicas, seed=seed))
    inputs = {str(path): _digest(path) for path in (weights, losses, constraints)}
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
