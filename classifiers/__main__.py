"""The command line: `python -m classifiers train | evaluate | show`.

Exit codes: 0 done; 2 wrong input, which the message names.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from classifiers import apply, settings
from classifiers import train as training
from classifiers.card.card import CARD_NAME, MODEL_NAME, Card, read_beside
from classifiers.card.tables import tables

WRONG = 2

HELP = "\n\n".join(" ".join(part.split()) for part in (__doc__ or "").split("\n\n"))  # lines as long as the terminal's

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=HELP)
out = Console(highlight=False, emoji=False, width=None if sys.stdout and sys.stdout.isatty() else 120)

ConfigPath = Annotated[
    Path, typer.Option("--config", help="YAML: the task, the labelled sources, fastText's settings.")
]


@app.command()
def train(
    config: ConfigPath,
    output: Annotated[Path, typer.Option("--output", help="Folder for model.bin and card.json.")],
) -> None:
    """Train a model, judge it with whole sources left out, write model and card."""
    card = training.train(settings.load(config), output, _say)
    _tell(card)
    out.print(f"\n{output / MODEL_NAME}  {card.model_bytes / 1e6:.1f} MB\n{output / CARD_NAME}", markup=False)
    out.print("as a stage of a run's filter:", markup=False)
    stage = f"  - {{kind: {card.task}, model: {output / MODEL_NAME}, sha256: {card.sha256}}}"
    out.print(stage, markup=False, soft_wrap=True)


@app.command()
def evaluate(
    model: Annotated[Path, typer.Option("--model", help="Folder that `train` wrote.")],
    config: ConfigPath,
    output: Annotated[Path | None, typer.Option("--output", help="JSON to write.")] = None,
) -> None:
    """Ask a trained model of labelled documents; sources with documents that it was trained on are named."""
    found = apply.evaluate(model, settings.load(config), _say)
    for one in found.answers:
        names = " over ".join(one.sources)
        figure = f"accuracy {one.accuracy}" if one.auc is None else f"ROC-AUC {one.auc}, AP {one.average_precision}"
        out.print(f"{names}, {one.documents:,} documents: {figure}", markup=False, soft_wrap=True)
    if found.trained_on:
        names = ", ".join(f"{count:,} of {name}" for name, count in found.trained_on.items())
        out.print(f"NOT A TEST: the model had documents of these in training, {names}", markup=False, soft_wrap=True)
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(found.model_dump_json(indent=1) + "\n", encoding="utf-8")
        out.print(str(output), markup=False)


@app.command()
def show(model: Annotated[Path, typer.Argument(help="Folder that `train` wrote.")]) -> None:
    """Print a model's card."""
    _tell(read_beside(model / MODEL_NAME))


def _tell(card: Card) -> None:
    for table in tables(card):
        out.print(table)
    for line in card.verdicts:
        out.print(f"- {line}", markup=False, soft_wrap=True)


def _say(line: str) -> None:
    out.print(line, markup=False, soft_wrap=True)


def main() -> NoReturn:
    """Run the command; what is wrong with the input is said in one line."""
    try:
        app()
    except (ValueError, OSError) as error:
        Console(stderr=True, highlight=False, emoji=False).print(f"{error}", markup=False, soft_wrap=True)
        sys.exit(WRONG)
    sys.exit(0)


if __name__ == "__main__":
    main()
