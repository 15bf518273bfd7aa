"""The command line: `python -m pipeline run | status | query | funnel | trace | extract | licence | dedup |
contamination | robots | attributes | takedown | purge | review`.

Exit codes: 0 done; 1 a bug in a stage failed some shards (tracebacks above, the rest is finished); 2 wrong config or
command; 3 the environment failed (storage, network, scheduler): run again to resume; 4 another run is at work in the
folder; 130 interrupted, by Ctrl-C, SIGTERM or a terminal that closed.
"""

# What a command needs is imported in it: `status` and `query` answer before a run's modules would be there.

from __future__ import annotations

import os
import shutil
import signal
import sys
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from typer.exceptions import TyperException

from pipeline import journal, storage
from pipeline.execution.runner import Failures
from pipeline.process import interrupts
from pipeline.progress.progress import Screen, console
from pipeline.terminal import standard_output
from pipeline.trouble import Busy, ConfigError, DeterminismError, Unbalanced

BUG, WRONG, ENVIRONMENT, BUSY, INTERRUPTED = 1, 2, 3, 4, 130

NOTHING_TO_DO = "Nothing to do: this run is finished, and neither inputs nor config have changed."

HELP = "\n\n".join(" ".join(part.split()) for part in (__doc__ or "").split("\n\n"))  # lines as long as the terminal's

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=HELP)
IS_SHOWN = sys.stdout is not None and sys.stdout.isatty()
NARROWEST = 80
"""Columns of a table. On a narrower terminal its lines are broken; made to fit it would leave out what it says."""
ON_TERMINAL = None if shutil.get_terminal_size().columns >= NARROWEST else NARROWEST
out = Screen(highlight=False, width=ON_TERMINAL if IS_SHOWN else 120, soft_wrap=False)
complete = Screen(highlight=False, width=ON_TERMINAL if IS_SHOWN else 400)  # in a file a table may be wide

Workers = Annotated[
    int, typer.Option(help="Worker processes started here; 0 runs in this process.", show_default="one a core")
]


class Ocr(StrEnum):
    """When pictures of pages are read."""

    never = "never"
    auto = "auto"
    always = "always"


Data = Annotated[str, typer.Option("--data", help="The run's folder: a path or an s3:// URL.")]


def _rate(text: str) -> float:
    """`0.1%` or `0.001` as a share."""
    try:
        rate = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError as error:
        raise ConfigError(f"--sample {text}: give a share such as 0.1% or 0.001") from error
    if not 0 < rate <= 1:
        raise ConfigError(f"--sample {text}: give a share above 0 and at most 100%")
    return rate


@app.command()
def run(
    config: Annotated[str, typer.Option("--config", help="The run's YAML.")],
    data: Annotated[
        str, typer.Option(help="The run's folder: a path or an s3:// URL.", show_default="data/x for x.yaml")
    ] = "",
    workers: Workers = -1,
    scheduler: Annotated[str | None, typer.Option(help="Address of a Dask scheduler, instead of --workers.")] = None,
    sample: Annotated[
        str, typer.Option(help="Take this share of the records, from as few shards as hold it; in its own folder.")
    ] = "100%",
    plan: Annotated[
        bool, typer.Option("--plan", help="Say what would be done, its time and disk; do nothing.")
    ] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Say what would be redone and why; do nothing.")] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try shards again that failed with a bug.")
    ] = False,
) -> None:
    """Take the sources of a config through all rooms to the published corpus; resumes by itself."""
    rate = _rate(sample)
    folder = data or f"data/{Path(config).stem}" + (f"-sample-{rate:g}" if rate < 1 else "")
    if not (plan or explain) and (storage.is_remote(folder) or Path(folder).is_dir()):
        journal.refuse_beside_another(storage.absolute(folder))  # before what takes seconds
    from pipeline import run as running
    from pipeline.planning import survey
    from pipeline.terminal import plan as of_plan
    from pipeline.terminal import run as of_run

    count = (os.cpu_count() or 1) if workers < 0 else workers
    order = survey.Order(config, folder, count, scheduler, rate, retry_failed)
    prepared = survey.prepare(order, read_inputs=not plan, explain=explain)
    for source in sorted(set(prepared.config.sources) - {known.input.source for known in prepared.inputs}):
        entry = prepared.config.sources[source]
        console.print(
            f"[bold yellow]note:[/] source {source}: no file in {_plain(entry.inputs)} that ends in "
            f"{', '.join(entry.reader.suffixes)}",
            soft_wrap=True,
        )
    if plan or explain:
        out.print(of_plan.plan_table(prepared) if plan else of_plan.explanation(prepared))
        return
    if survey.is_done(prepared) and not retry_failed:
        out.print(NOTHING_TO_DO)
    else:
        running.execute(prepared)
        out.print(of_run.result(folder))
        for note in of_run.notes(folder, prepared.config):
            out.print(note, markup=False, soft_wrap=True)
    out.print(of_run.where(folder), markup=False, soft_wrap=True)


@app.command()
def status(data: Data) -> None:
    """Say how far the latest run in a folder has come, and whether it lives."""
    from pipeline.terminal.status import status as told

    out.print(told(data), markup=False, soft_wrap=True)


@app.command()
def query(
    data: Data,
    sql: Annotated[
        str,
        typer.Argument(help="DuckDB SQL over documents, dropped, duplicates, evidence, cuts, measured, audit, funnel."),
    ],
) -> None:
    """Ask the run's tables anything."""
    import duckdb

    from pipeline import funnel

    try:
        with funnel.connect(data, asked=sql) as connection:
            result = connection.sql(sql)
            with standard_output.as_far_as_it_is_read():
                if result is not None and IS_SHOWN:
                    result.show(max_rows=200)
                elif result is not None:
                    result.show(max_rows=10_000, max_width=10_000)
    except duckdb.Error as error:
        views = ", ".join(funnel.VIEWS)
        raise ConfigError(f"{error}\nViews: {views}; `describe documents` lists columns") from error


@app.command("funnel")
def funnel_(data: Data) -> None:
    """Print the funnel by room, source and reason, and where its HTML page lies."""
    from pipeline import reports
    from pipeline.terminal.funnel import funnel_table

    out.print(funnel_table(data))
    out.print(f"page: {storage.join(data, reports.FUNNEL_PAGE)}", soft_wrap=True)


@app.command()
def trace(
    data: Data,
    doc_id: Annotated[str, typer.Argument(help="32 hex digits, or its beginning.")],
    everything: Annotated[bool, typer.Option("--all", help="Also what was measured as 0 or no.")] = False,
) -> None:
    """Follow one document: what became of it and why, what was measured, where it came from."""
    from pipeline.inspection import trace as following  # here: no other command needs it

    out.print(following.trace(data, doc_id, everything))


@app.command()
def extract(
    file: Annotated[str, typer.Argument(help="An HTML page, or a file that one of the sources reads.")],
    kind: Annotated[str | None, typer.Option(help="The source, where the file's name does not tell it.")] = None,
    ocr: Annotated[
        Ocr | None, typer.Option(help="Of a PDF, whether pictures of pages are read; auto: where the text is no good.")
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option(help="Of a PDF, what reads them: rapidocr, tesseract, or '{kind: tesseract, languages: deu}'."),
    ] = None,
    view: Annotated[str, typer.Option(help="Of a PDF, an HTML page to write, too: each page beside its text.")] = "",
) -> None:
    """Print what extraction makes of a file, one JSON line a record."""
    if view:
        from pipeline.inspection import pdf_view  # here: no other command needs it

        lines = iter([pdf_view.write(file, view, ocr and ocr.value, engine)])
        console.print(f"view: {view}", markup=False, soft_wrap=True)
    else:
        from pipeline.inspection import one_file

        lines = one_file.extracted(file, kind, ocr and ocr.value, engine)
    standard_output.write_json_lines(lines)


@app.command()
def licence(
    files: Annotated[list[str], typer.Argument(help="Licence texts, source files, HTML pages, or folders of them.")],
) -> None:
    """Say which licences files hold or name, and what they allow: one JSON line a file."""
    from pipeline.licences.files import told  # here: no other command needs its tables

    standard_output.write_json_lines(told(files))


@app.command()
def robots(
    inputs: Annotated[str, typer.Option("--input", help="A web archive, a folder, a pattern in quotes, or a URL.")],
    output: Annotated[str, typer.Option(help="Parquet file to write.")],
) -> None:
    """Make the table of robots.txt and ai.txt records that the stage `robots` reads."""
    from pipeline.lookup_tables import robots_table  # here: no other command needs it

    out.print(f"{robots_table.write_table(inputs, output)} records in {output}")


@app.command()
def attributes(
    inputs: Annotated[str, typer.Option("--input", help="Parquet: a file, a folder, a pattern in quotes, or a URL.")],
    output: Annotated[str, typer.Option(help="File to write.")],
    key: Annotated[str, typer.Option(help="What joins a row to a document: doc_id, natural_key or url.")] = "doc_id",
    key_column: Annotated[str, typer.Option(help="What the files call it.", show_default="as --key")] = "",
    columns: Annotated[str, typer.Option(help="Columns to add, with commas between.", show_default="all others")] = "",
) -> None:
    """Make a table of columns measured elsewhere, such as scores of a model on GPUs, for the stage `attributes`."""
    from pipeline.lookup_tables import attribute_table  # here: no other command needs it

    rows = attribute_table.write_table(inputs, key, output, columns.replace(",", " ").split(), key_column)
    out.print(f"{rows:,} rows in {output}, to be joined by {key}; scores with a fraction are in units of 1e-4 there")


@app.command()
def takedown(
    data: Data,
    url_pattern: Annotated[str | None, typer.Option(help="Addresses, with * and ?: 'https://a.example/x/*'.")] = None,
    domain: Annotated[str | None, typer.Option(help="A host, and all below it.")] = None,
    doc_ids: Annotated[str, typer.Option(help="Ids with commas between, or @FILE with one a line.")] = "",
    scope: Annotated[str, typer.Option(help="document, or cluster: near-copies too.")] = "document",
    note: Annotated[str | None, typer.Option(help="Why: a case number; kept with the tombstones.")] = None,
    model: Annotated[
        list[str] | None, typer.Option(help="A classifier's folder: whether it learnt from them; again for more.")
    ] = None,
    output: Annotated[str, typer.Option(help="CSV to write: every document, its address, survivor, similarity.")] = "",
    apply: Annotated[bool, typer.Option("--apply", help="Do it; without, only say what would go.")] = False,
) -> None:
    """List documents, their near-copies and who holds them; with --apply take them out of what is published."""
    from pipeline.takedown import apply as taking  # here: no other command needs it
    from pipeline.takedown import find as finding
    from pipeline.terminal import takedown as told

    listed = Path(doc_ids[1:]).read_text(encoding="utf-8") if doc_ids.startswith("@") else doc_ids.replace(",", " ")
    request = finding.Request(url_pattern, domain, tuple(listed.split()), scope, note)
    found = finding.find(data, request)
    if output:
        told.write(output, found)
    complete.print(told.found(data, request, found, model or (), output))
    if apply:
        out.print(told.applied(*taking.apply(data, request, found)), soft_wrap=True)


@app.command()
def purge(data: Data) -> None:
    """After a takedown and the next run: remove every file that the current version does not need."""
    from pipeline.takedown import apply as taking  # here: no other command needs it

    removed = taking.purge(data)
    out.print(f"{len(removed):,} files and folders removed; what is left is the current version", soft_wrap=True)


@app.command()
def review(
    data: Data,
    about: Annotated[
        str, typer.Option(help="The boundary: quality, licence, contamination or machine_written.")
    ] = "quality",
    who: Annotated[str, typer.Option("--as", help="Who answers: initials, kept with each answer.")] = "",
    sample: Annotated[int, typer.Option(help="How many documents, sources in turns, the nearest first.")] = 200,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    config: Annotated[str | None, typer.Option(help="The run's YAML, where it has moved.")] = None,
    blind: Annotated[bool, typer.Option("--blind", help="Hide what the pipeline said until it is answered.")] = False,
    agreement: Annotated[bool, typer.Option("--agreement", help="Only say how far people agree.")] = False,
    export: Annotated[bool, typer.Option("--export", help="Only write the answers as texts for a classifier.")] = False,
) -> None:
    """Ask a person about documents near a decision boundary, on a local page with keys; resumes by itself."""
    from pipeline.review import labelled, queue, server, sitting, telling  # here: no other command needs them

    if agreement:
        out.print(telling.agreement(data))
        return
    if export:
        out.print(telling.exported(data, labelled.write(data, about)), markup=False, soft_wrap=True)
        return
    drawn = queue.draw(data, about, sample, config)
    person = sitting.Sitting(data, drawn, who, blind)
    out.print(telling.asked(drawn))
    server.serve(person, port, lambda line: out.print(line, markup=False, soft_wrap=True))


@app.command()
def dedup(
    inputs: Annotated[str, typer.Option("--input", help="A file, a folder, a pattern in quotes, or a URL of these.")],
    output: Annotated[str, typer.Option(help="Folder of the result, and of the work in progress: path or URL.")],
    text: Annotated[str, typer.Option(help="The column of texts.")] = "text",
    id_: Annotated[str | None, typer.Option("--id", help="The column of unique ids; without it file#row.")] = None,
    url: Annotated[str | None, typer.Option(help="The column of addresses: of one address one row stays.")] = None,
    config: Annotated[str | None, typer.Option(help="YAML of deduplication's settings.")] = None,
    workers: Workers = -1,
    scheduler: Annotated[str | None, typer.Option(help="Address of a Dask scheduler, instead of --workers.")] = None,
) -> None:
    """Find the duplicates in anybody's Parquet or JSON Lines; resumes by itself."""
    from pipeline.corpus.duplicates import comparing, telling  # here: no other command needs them

    count = (os.cpu_count() or 1) if workers < 0 else workers
    asked = comparing.Comparison(inputs, id_, text, url, output, config, count, scheduler)
    out.print(telling.told(comparing.compare(asked), output))


@app.command()
def contamination(
    benchmarks: Annotated[str, typer.Option(help="Folder of benchmarks: jsonl, JSON or Parquet with named fields.")],
    inputs: Annotated[str, typer.Option("--input", help="Parquet: a file, a folder, a pattern in quotes, or a URL.")],
    output: Annotated[str, typer.Option(help="Folder of the result: path or URL.")],
    fields: Annotated[str | None, typer.Option(help="YAML that names the benchmarks' fields.")] = None,
    text: Annotated[str, typer.Option(help="The column of texts.")] = "text",
    id_: Annotated[str | None, typer.Option("--id", help="The column of ids; else doc_id, or file#row.")] = None,
) -> None:
    """Find the items of benchmarks in anybody's Parquet: hits, a report, and what of each benchmark is clean."""
    from pipeline.corpus.contamination import checking, telling  # here: no other command needs them

    asked = checking.Check(benchmarks, inputs, output, fields, text, id_)
    out.print(telling.shown(checking.check(asked), output))


def main(arguments: list[str] | None = None) -> int:
    """Run the command line, or `arguments` instead; turns the kinds of trouble into messages and exit codes."""
    try:
        code = app(arguments, standalone_mode=False)
        if code == INTERRUPTED:  # typer makes a return value of the interrupt
            raise KeyboardInterrupt
        return code or 0
    except typer.Abort:
        return INTERRUPTED
    except TyperException as error:  # a missing option, an unknown command
        said = _plain(error.format_message())
        console.print(f"[bold red]wrong:[/] {said}; python -m pipeline --help", soft_wrap=True)
        return WRONG
    except (ConfigError, FileNotFoundError) as error:
        console.print(f"[bold red]wrong:[/] {_plain(error)}", soft_wrap=True)
        return WRONG
    except Busy as error:
        console.print(f"[bold yellow]busy:[/] {_plain(error)}", soft_wrap=True)
        return BUSY
    except OSError as error:  # EnvironmentTrouble among them
        console.print(
            f"[bold red]environment:[/] {_plain(error)}\nGive the same command again to resume.", soft_wrap=True
        )
        return ENVIRONMENT
    except Failures as error:
        from pipeline.terminal.run import failures

        console.print(failures(error), soft_wrap=True)
        return BUG if any(f.kind == "bug" for f in error.failures) else ENVIRONMENT
    except (DeterminismError, Unbalanced) as error:
        console.print(f"[bold red]bug:[/] {_plain(error)}", soft_wrap=True)
        return BUG
    except KeyboardInterrupt:
        console.print("interrupted; give the same command again to resume")
        return INTERRUPTED
    return 0


def _plain(error: BaseException | str) -> str:
    return str(error).replace("[", "\\[")


def _ask_to_end(number: int, frame: FrameType | None) -> None:
    """What a queue or a closing terminal asks for with SIGTERM or SIGHUP is an interrupt, too."""
    as_interrupt = signal.getsignal(signal.SIGINT)
    if callable(as_interrupt):
        as_interrupt(signal.SIGINT, frame)
    else:  # a job in the background ignores Ctrl-C
        interrupts.ask(number, frame)


if __name__ == "__main__":
    standard_output.open_what_is_closed()
    standard_output.escape_what_it_lacks()
    for asks in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(asks) is signal.SIG_DFL:  # nohup ignores SIGHUP
            signal.signal(asks, _ask_to_end)
    sys.exit(main())
