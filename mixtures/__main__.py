"""The command line: `python -m mixtures fit | predict | design | search`, and `constraints | propose | report`.

Tables of anyone's runs will do: one row a run, a column a domain in the table of weights, a column a task in the table
of losses. Exit codes: 0 done; 2 wrong input, which one line names with its mend; 3 the environment failed (a disk, a
permission); 130 interrupted.
"""

from __future__ import annotations

import hashlib
import json
import sys
import warnings
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from mixtures import fit_lines, options, trouble
from mixtures.design import choosing
from mixtures.design import design as designing
from mixtures.mixture import Constraints, Domain
from mixtures.names import visible
from mixtures.proposal.proposal import Settings
from mixtures.proposal.propose import VERSION as PROPOSAL_VERSION
from mixtures.proposal.propose import check_trained
from mixtures.proposal.propose import propose as proposing
from mixtures.report import report as reporting
from mixtures.report import terminal
from mixtures.search.objective import Objective
from mixtures.search.searched import lines as search_lines
from mixtures.search.searched import searched
from mixtures.simplex import few
from mixtures.surface import silent
from mixtures.surface_file import Named
from mixtures.tables.files import about, write
from mixtures.tables.named import Mixtures, mixtures_beside
from mixtures.tables.runs import Runs, left_out_lines
from mixtures.uncertainty import noise
from mixtures.uncertainty.gains import PairsError
from mixtures.uncertainty.paired import MAX_SEEDS, MIN_SEEDS
from mixtures.uncertainty.pairs import Pairs

MIN_DRAWS = 10  # below it an interval is the ends of what was drawn

HELP = "\n\n".join(" ".join(part.split()) for part in (__doc__ or "").split("\n\n"))  # lines as long as the terminal's

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=HELP)
out = Console(highlight=False, emoji=False, width=None if sys.stdout and sys.stdout.isatty() else 120, soft_wrap=True)
errors = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)


@app.command()
def constraints(
    weights: options.Weights,
    output: options.OutFile,
    id_column: options.IdColumn = None,
    budget_tokens: Annotated[int, typer.Option(min=1, help="Tokens of the run that is planned.")] = 1_000_000_000,
    max_epochs: Annotated[float, typer.Option(help="How often a domain may be read.")] = 4.0,
) -> None:
    """Begin a constraints file for a table of weights: natural shares are their means; edit them, add tokens.

    A domain that no row has is not offered (maximum 0): nothing could be known of it.
    """
    table = Mixtures.read(weights, id_column)
    means = dict(zip(table.domains, map(float, table.weights.mean(axis=0)), strict=True))
    domains = {name: Domain(natural=share, maximum=1.0 if share > 0 else 0.0) for name, share in means.items()}
    made = Constraints(domains=domains, budget_tokens=budget_tokens, max_epochs=max_epochs)
    _save(output, made.written())
    if never := [name for name, share in means.items() if share == 0]:
        _say(f"not offered  {few(never)}: no run was trained on it: its maximum is 0")
    _say(f"{output}: {len(domains)} domains; edit natural, available_tokens, minimum and maximum")


@app.command()
def fit(
    weights: options.Weights,
    losses: options.Losses,
    output: options.OutFile,
    id_column: options.IdColumn = None,
) -> None:
    """Fit a surface to runs and say how well it predicts runs that it did not see."""
    runs = Runs.read(weights, losses, id_column=id_column, partial=True)
    _say(*left_out_lines(runs.left_out))
    with about(weights, losses):
        named = Named.fit(runs)
    named.save(output)
    _say(*fit_lines.lines(named), *fit_lines.far_off(runs), f"{output}")


@app.command()
def predict(
    surface: options.Surface,
    candidates: Annotated[Path, typer.Option("--candidates", help="Table of mixtures, .csv or .parquet.")],
    output: options.OutFile,
    id_column: options.IdColumn = None,
) -> None:
    """Predict the losses of mixtures: a column a task, and the bounds that hold 80 % of runs."""
    named = Named.load(surface)
    table = Mixtures.over(candidates, named.domains, id_column, named.id_column)
    mean, lower, upper = (one.reshape(len(table.ids), -1) for one in named.surface.predict(table.weights))
    columns: dict[str, object] = {table.id_column: list(table.ids)}
    for at, task in enumerate(named.tasks):
        columns |= {task: mean[:, at], f"{task}:lower": lower[:, at], f"{task}:upper": upper[:, at]}
    write(output, columns)
    _say(*fit_lines.absent(candidates, table), f"{output}: {len(table.ids)} mixtures, {len(named.tasks)} tasks")


@app.command()
def design(
    output: options.OutFile,
    constraints: Annotated[Path | None, typer.Option(help="JSON of the feasible set: trials are made.")] = None,
    candidates: Annotated[Path | None, typer.Option(help="Table of mixtures: trials are chosen.")] = None,
    count: Annotated[int, typer.Option("--count", "--k", min=1, help="How many mixtures.")] = 64,
    repeats: Annotated[int | None, typer.Option(min=0, help="More runs of the natural mixture, for noise: 8.")] = None,
    distant_repeats: Annotated[int | None, typer.Option(min=0, help="More runs of each of two far ones: 4.")] = None,
    trained: Annotated[Path | None, typer.Option(help="Table of mixtures that were trained before.")] = None,
    surface: Annotated[Path | None, typer.Option(help="From `fit`: choose what it is least sure of.")] = None,
    objective: options.Objective = None,
    run_tokens: options.RunTokens = None,
    id_column: options.IdColumn = None,
    seed: options.Seed = 0,
) -> None:
    """Choose trial mixtures: spread over the feasible set or a table, or what would say most to a surface."""
    if candidates is None:
        if constraints is None:
            raise ValueError("give --constraints, and trials are made, or --candidates, and they are chosen there")
        options.only_with("with --candidates", trained=trained, surface=surface, id_column=id_column)
        options.only_with("with --surface", objective=objective)
        again = designing.repeats(8 if repeats is None else repeats, 4 if distant_repeats is None else distant_repeats)
        feasible = Constraints.read(constraints)
        with about(constraints):
            runs = designing.planned(feasible, count, again, seed)
        _save(output, {"constraints": feasible.written(), "seed": seed, "runs": runs})
        told = f"{len(runs)} runs, each with a seed of its own{_cost(len(runs), run_tokens)}"
        _say(f"{output}: {count} mixtures of {len(feasible.names)} domains, {told}")
        return
    options.only_with("without --candidates", constraints=constraints, repeats=repeats, distant_repeats=distant_repeats)
    if surface is None:
        options.only_with("with --surface", objective=objective)
        table = Mixtures.read(candidates, id_column)
        kept = None if trained is None else mixtures_beside(trained, table.domains)
        with about(candidates):
            columns, told = choosing.spread(table, count, kept), "spread out in roots of weights"
    else:
        options.only_with("without --surface (which knows its runs)", trained=trained)
        named = Named.load(surface)
        with about(surface):
            shares = Objective(tasks=options.shares(objective or ["*"])).shares(named.tasks, named.flat_tasks)
        table = Mixtures.over(candidates, named.domains, id_column, named.id_column)
        with about(candidates):
            columns, told = choosing.informative(table, count, named, shares, seed)
    write(output, columns)
    found = len(columns[table.id_column])
    _say(*fit_lines.absent(candidates, table), f"{output}: {found} mixtures{_cost(found, run_tokens)}; {told}")


def _cost(runs: int, run_tokens: int | None) -> str:
    return "" if run_tokens is None else f", {runs * run_tokens:,} tokens"


@app.command()
def search(
    surface: options.Surface,
    constraints: options.Constraints,
    output: options.OutFile,
    objective: options.Objective = None,
    draws: Annotated[int, typer.Option(min=MIN_DRAWS, help="Surfaces that the runs leave possible.")] = 200,
    small: options.SmallLosses = None,
    large: options.LargeLosses = None,
    small_weights: options.SmallWeights = None,
    caution: options.Caution = 0.0,
    divergence: options.Divergence = 0.0,
    id_column: options.IdColumn = None,
    seed: options.Seed = 0,
) -> None:
    """Find the best feasible mixture of a surface, with intervals, bounds that hold and their prices."""
    named, feasible = Named.load(surface), Constraints.read(constraints)
    tasks = options.shares(objective or ["*"])
    aim = Objective(tasks=tasks, caution=caution, divergence=divergence)
    _say(*fit_lines.silent(named.silent))
    offered = [name for name, most in zip(feasible.names, feasible.upper, strict=True) if most > 0]
    _say(*fit_lines.untrained(named, offered))
    pairs = _pairs(small, large, small_weights, named, id_column)
    with about(surface):
        aim.shares(named.tasks, named.flat_tasks)
    with about(surface, constraints), about(small, large, kind=PairsError):
        gains, spread = None, None
        if pairs is not None:
            spread = noise.of_run(named)
            gains = pairs.gains(named, noise.deviations(spread), seed)
        found = searched(named, feasible, aim, draws=draws, seed=seed, gains=gains, spread=spread)
    _save(output, found.model_dump(mode="json"))
    _say(*search_lines(found), f"{output}")


@app.command()
def propose(
    weights: options.Weights,
    losses: options.Losses,
    constraints: options.Constraints,
    output: Annotated[Path, typer.Option("--output", help="Folder for mixture.json and mixture.html.")],
    objective: options.Objective = None,
    title: Annotated[str, typer.Option(help="Of the report.")] = "mixture",
    unit: Annotated[str, typer.Option(help="Of the losses.")] = "bits per byte",
    caution: options.Caution = 1.0,
    divergence: options.Divergence = 0.0,
    run_tokens: options.RunTokens = None,
    seed: options.Seed = 0,
    replicas: Annotated[int, typer.Option(min=MIN_DRAWS, help="Resamples of the runs.")] = 100,
    seeds: Annotated[int, typer.Option(min=MIN_SEEDS, max=MAX_SEEDS, help="Of the validation that is planned.")] = 6,
    earlier_weights: Annotated[Path | None, typer.Option(help="Of runs before domains were added or changed.")] = None,
    earlier_losses: Annotated[Path | None, typer.Option(help="Their losses, of the same held-out documents.")] = None,
    refiltered: Annotated[list[str] | None, typer.Option(help="A domain whose text is another now.")] = None,
    small: options.SmallLosses = None,
    large: options.LargeLosses = None,
    small_weights: options.SmallWeights = None,
    id_column: options.IdColumn = None,
) -> None:
    """Fit, check, search, and write the report."""
    runs, feasible = Runs.read(weights, losses, id_column=id_column), Constraints.read(constraints)
    paths = [weights, losses, constraints]
    if earlier_weights is not None and earlier_losses is not None:
        earlier = Runs.read(earlier_weights, earlier_losses, id_column=id_column)
        with about(earlier_weights, earlier_losses):
            runs = runs.beside(earlier, refiltered or ())
        paths += [earlier_weights, earlier_losses]
    elif earlier_weights is not None or earlier_losses is not None or refiltered:
        raise ValueError("earlier runs need --earlier-weights and --earlier-losses")
    _say(*fit_lines.not_offered(runs, feasible))
    nothing = silent(runs.tasks, runs.losses, runs.mixture)
    if len(nothing) == len(runs.tasks):
        raise ValueError(f"{weights} and {losses}: {fit_lines.all_silent(nothing)}")
    _say(*fit_lines.silent(nothing))
    runs = runs.without(nothing)
    with about(constraints):
        check_trained(runs, feasible)
    aim = Objective(tasks=options.shares(objective or ["heldout:*"]), caution=caution, divergence=divergence, unit=unit)
    with about(losses):
        aim.shares(runs.tasks)
    settings = Settings(replicas=replicas, validation_seeds=seeds, seed=seed)
    pairs = _pairs(small, large, small_weights, runs, id_column)
    with about(small, large, kind=PairsError):
        found = proposing(runs, feasible, aim, settings, None if pairs is None else pairs.tables)
    inputs = {str(path): _digest(path) for path in (*paths, *filter(None, (small, large, small_weights)))}
    _say(f"{losses}: {fit_lines.sense(runs.losses)}", *fit_lines.far_off(runs))
    tokens = {} if run_tokens is None else {"proxy": run_tokens}
    made = reporting.Made(versions=reporting.versions(PROPOSAL_VERSION), seeds={}, run_tokens=tokens)
    _tell(output, reporting.Report(title=title, inputs=inputs, proposal=found, made=made))


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
    small: Path | None, large: Path | None, weights: Path | None, of: Named | Runs, id_column: str | None
) -> Pairs | None:
    """None where no table is given; says which mixtures are left out, and that weights are not known."""
    if small is None and large is None:
        options.only_with("with --small and --large", small_weights=weights)
        return None
    if small is None or large is None:
        raise ValueError("gains need the same mixtures at two sizes: give --small and --large")
    pairs = Pairs.read(small, large, of.tasks, id_column, of.flat_tasks if isinstance(of, Named) else ())
    _say(*left_out_lines(pairs.left_out, "pair"), *fit_lines.followed_by_none(large, pairs))
    if weights is not None:
        return pairs.of_mixtures(weights, of.domains, id_column)
    pairs = pairs.among(of.ids, of.weights, of.losses)
    if pairs.weights is None:
        _say(f"{small}: not all are runs of the fit, with their losses: gains are slopes alone without --small-weights")
    return pairs


def _tell(folder: Path, whole: reporting.Report) -> None:
    """Write both files, then say what they say and where they are."""
    reporting.write(folder, whole)
    _say(*terminal.lines(whole), f"{folder / reporting.PAGE_NAME}")


def _say(*lines: str) -> None:
    for line in lines:
        out.print(visible(line), markup=False)


def _save(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    reporting.replace(path, json.dumps(value, indent=1, allow_nan=False).encode() + b"\n")


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def main(arguments: list[str] | None = None) -> int:
    """Run the command line, or `arguments` instead; returns the exit code, and says in one line what went wrong."""
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", UserWarning)
            code: int | None = app(arguments, standalone_mode=False)
    except trouble.EXPECTED as error:
        told, code = trouble.said(error)
        errors.print(told, markup=False)
        return code
    for one in caught:
        where = "" if one.category is UserWarning else f" ({one.filename}:{one.lineno})"
        errors.print(trouble.line("warning", f"{one.message}{where}"), markup=False)
    return code or 0


if __name__ == "__main__":
    sys.exit(main())
