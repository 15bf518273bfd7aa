"""What the commands are asked by: options that more than one of them has, and what they are read as."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Weights = Annotated[Path, typer.Option("--weights", help="Table of weights, .csv or .parquet: a row a run.")]
Losses = Annotated[Path, typer.Option("--losses", help="Table of losses, .csv or .parquet, of the same ids.")]
Surface = Annotated[Path, typer.Option("--surface", help="From `fit`.")]
OutFile = Annotated[Path, typer.Option("--output", "--out", help="File to write.")]
Objective = Annotated[
    list[str] | None, typer.Option("--objective", help="PATTERN or PATTERN=SHARE of tasks; may be repeated.")
]
IdColumn = Annotated[
    str | None, typer.Option("--id-column", help="What tables are joined by: run_id, or the only column of ids.")
]
Constraints = Annotated[Path, typer.Option("--constraints", help="JSON of the feasible set.")]
SmallLosses = Annotated[Path | None, typer.Option("--small", help="Losses of mixtures at the runs' size, for gains.")]
SmallWeights = Annotated[
    Path | None, typer.Option("--small-weights", help="Weights of the mixtures in --small, if they are no runs here.")
]
LargeLosses = Annotated[Path | None, typer.Option("--large", help="Losses of the same mixtures at a larger size.")]
Caution = Annotated[float, typer.Option(min=0, help="How much of its deviation is added to a predicted loss.")]
Divergence = Annotated[float, typer.Option(min=0, help="Loss a nat of divergence from natural costs.")]
RunTokens = Annotated[int | None, typer.Option(min=1, help="Tokens of one run, for the cost.")]
Seed = Annotated[int, typer.Option(min=0, help="Of all draws.")]


def shares(patterns: list[str]) -> dict[str, float]:
    """Pattern to share, from PATTERN or PATTERN=SHARE; ValueError for a share that is no number."""
    found = {}
    for one in patterns:
        name, equals, share = one.rpartition("=")
        try:
            found[name if equals else one] = float(share) if equals else 1.0
        except ValueError as error:
            raise ValueError(f"--objective {one}: give PATTERN or PATTERN=SHARE, such as 'heldout:*=1'") from error
    return found


def only_with(needed: str, **given: object) -> None:
    """ValueError for an option that was `given` and would be ignored without `needed`."""
    if idle := [f"--{name.replace('_', '-')}" for name, value in given.items() if value is not None]:
        raise ValueError(f"{idle[0]}: it is read {needed} only; leave it out")
