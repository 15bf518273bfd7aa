"""The command line of the proxies: `python -m proxy_models tokens | sweep | register | validate`.

Exit codes: 0 done; 1 the same recipe gave other bytes; 2 wrong command or setting; 3 the environment failed (storage,
disk): run again to resume; 130 interrupted.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from typer.exceptions import TyperException

from pipeline.progress.progress import console
from pipeline.terminal import standard_output
from pipeline.trouble import DeterminismError
from proxy_models.tokens.heldout import SplitSettings
from proxy_models.tokens.tokenise import TokenSettings, plan, tokenise
from proxy_models.tokens.tokens import TokenFiles

if TYPE_CHECKING:
    from mixtures.report.report import Report
    from proxy_models.mixing import Workshop

BUG, WRONG, ENVIRONMENT, INTERRUPTED = 1, 2, 3, 130

HELP = "\n\n".join(" ".join(part.split()) for part in (__doc__ or "").split("\n\n"))  # lines as long as the terminal's

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=HELP)
out = Console(highlight=False, emoji=False, width=None if sys.stdout and sys.stdout.isatty() else 120)

SETTINGS, SPLIT = TokenSettings(), SplitSettings()

Data = Annotated[str, typer.Option("--data", help="The run's folder: a path or an fsspec URL.")]


@app.callback()
def commands() -> None:
    """Small models that find out what to train on."""


@app.command()
def tokens(
    data: Data,
    tokenizer: Annotated[str | None, typer.Option(help="A tokenizer.json; without it one is trained.")] = None,
    end: Annotated[str | None, typer.Option(help="The given tokenizer's token that ends a document.")] = None,
    vocabulary: Annotated[int, typer.Option(help="Tokens of a trained tokenizer.")] = SETTINGS.vocabulary,
    sample_bytes: Annotated[int, typer.Option(help="Training text for the tokenizer.")] = SETTINGS.sample_bytes,
    heldout_share: Annotated[float, typer.Option(help="Of sites and documents.")] = SPLIT.heldout_share,
    largest_site_share: Annotated[
        float, typer.Option(help="A site with more of a domain's bytes is split by document.")
    ] = SPLIT.largest_site_share,
    min_documents: Annotated[
        int, typer.Option(help="A domain with fewer held out is left out.")
    ] = SPLIT.min_heldout_documents,
    min_bytes: Annotated[int, typer.Option(help="Likewise, in bytes of text.")] = SPLIT.min_heldout_bytes,
    seed: Annotated[int, typer.Option(help="Of what is held out.")] = SPLIT.seed,
    into: Annotated[Path | None, typer.Option(help="Local folder for the tokens [DATA/50_tokens].")] = None,
) -> None:
    """Tokenise the published corpus into memory-mapped files, a part of each domain held out; resumes by itself."""
    split = SplitSettings(
        heldout_share=heldout_share,
        largest_site_share=largest_site_share,
        min_heldout_documents=min_documents,
        min_heldout_bytes=min_bytes,
        seed=seed,
    )
    settings = TokenSettings(
        tokenizer=tokenizer, end=end, vocabulary=vocabulary, sample_bytes=sample_bytes, split=split
    )
    if plan(data, settings, into).is_done:
        out.print("[bold]nothing to do:[/] these tokens are made")
    files = tokenise(data, settings, into)
    out.print(_table(files))
    for domain, reason in files.left_out.items():
        out.print(f"left out  {escape(domain)}: {escape(reason)}", soft_wrap=True)
    out.print(f"tokens: {files.folder}", markup=False, soft_wrap=True)


ExperimentPath = Annotated[Path, typer.Option("--experiment", help="The experiment's YAML.")]
Into = Annotated[Path | None, typer.Option("--into", help="Local folder for tokens, runs and report [DATA].")]
Device = Annotated[str | None, typer.Option("--device", help="cpu or cuda; by default cuda where there is one.")]
Workers = Annotated[
    int | None, typer.Option("--workers", min=0, help="Processes, by default one a core or GPU; 0 trains in this one.")
]


@app.command()
def sweep(
    experiment: ExperimentPath, data: Data, into: Into = None, device: Device = None, workers: Workers = None
) -> None:
    """Train a proxy for every trial mixture of the published corpus, and propose the best; resumes by itself."""
    shop = _shop(experiment, data, into, device, workers)
    from proxy_models import mixing

    _tell(shop, mixing.sweep(shop))
    out.print(f"next: python -m proxy_models register --experiment {experiment} --data {data}", markup=False)


@app.command()
def register(
    experiment: ExperimentPath, data: Data, into: Into = None, device: Device = None, workers: Workers = None
) -> None:
    """The sweep where it is missing, then what validation must show is written down, before its first run."""
    shop = _shop(experiment, data, into, device, workers)
    from mixtures.validation.registration import FILE, power_line
    from proxy_models import mixing

    report, registration = mixing.register(shop)
    _tell(shop, report)
    noise = report.proposal.noise.sd
    unit = report.proposal.objective.unit
    references = len(registration.analysis.references)
    out.print(power_line(len(registration.seeds), references, noise, unit), markup=False, soft_wrap=True)
    out.print(f"registered {shop.folder / FILE}", markup=False, soft_wrap=True)
    out.print(f"sha256     {registration.sha256}", markup=False, soft_wrap=True)


@app.command()
def validate(
    experiment: ExperimentPath, data: Data, into: Into = None, device: Device = None, workers: Workers = None
) -> None:
    """Larger models on the mixtures that were registered, and the verdict; refuses where nothing is registered."""
    shop = _shop(experiment, data, into, device, workers)
    from proxy_models import mixing

    _tell(shop, mixing.validate(shop))


def _shop(experiment: Path, data: str, into: Path | None, device: str | None, workers: int | None) -> Workshop:
    # imported where a model may be trained: torch costs 1.6 CPU seconds, and help and `tokens` need none
    from proxy_models.experiment import load
    from proxy_models.mixing import Workshop
    from proxy_models.sweep.sweep import Machine

    return Workshop.of(load(experiment), data, into, Machine.of(device, workers))


def _tell(shop: Workshop, report: Report) -> None:
    from mixtures.report import terminal
    from mixtures.report.report import PAGE_NAME
    from proxy_models.mixing import TRIALS

    for line in terminal.lines(report):
        out.print(line, markup=False, soft_wrap=True)
    out.print(f"runs       {shop.into / TRIALS}", markup=False, soft_wrap=True)
    out.print(f"report     {shop.folder / PAGE_NAME}", markup=False, soft_wrap=True)


def _table(files: TokenFiles) -> Table:
    table = Table(title=f"{files.vocabulary:,} tokens, {files.manifest.dtype}", title_justify="left")
    table.add_column("domain")
    for heading in (
        "documents",
        "tokens",
        "bytes a token",
        "held out: documents",
        "tokens",
        "of them final",
        "units",
        "sites broken up",
    ):
        table.add_column(heading, justify="right")
    for name in files.domains:
        entry = files.manifest.domains[name]
        table.add_row(
            escape(name),
            f"{entry.train.documents:,}",
            f"{entry.train.tokens:,}",
            f"{entry.train.bytes / max(1, entry.train.tokens):.2f}",
            f"{entry.select.documents + entry.final.documents:,}",
            f"{entry.select.tokens + entry.final.tokens:,}",
            f"{entry.final.tokens:,}",
            f"{entry.split.heldout_units:,} of {entry.split.units:,}",
            f"{len(entry.split.broken_up)}",
        )
    return table


def main(arguments: list[str] | None = None) -> int:
    """Run the command line, or `arguments` instead; turns the kinds of trouble into messages and exit codes."""
    try:
        app(arguments, standalone_mode=False)
    except typer.Exit as error:
        return error.exit_code
    except typer.Abort:
        return INTERRUPTED
    except TyperException as error:  # a missing option, an unknown command
        return _said("wrong", f"{error.format_message()}; python -m proxy_models --help", WRONG)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))} = {e['input']}: {e['msg']}" for e in error.errors())
        return _said("wrong", wrong, WRONG)
    except (ValueError, FileNotFoundError) as error:
        return _said("wrong", str(error), WRONG)
    except DeterminismError as error:
        return _said("not the same again", str(error), BUG)
    except OSError as error:  # EnvironmentTrouble among them
        return _said("environment", f"{error}\nGive the same command again to resume.", ENVIRONMENT)
    return 0


def _said(kind: str, message: str, code: int) -> int:
    console.print(f"[bold red]{kind}:[/] {escape(message)}", soft_wrap=True)
    return code


if __name__ == "__main__":
    standard_output.open_what_is_closed()
    standard_output.escape_what_it_lacks()
    sys.exit(main())
