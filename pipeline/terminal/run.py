"""After a run: what came of each source, where the other records went, where the results lie, what failed."""

from __future__ import annotations

import shlex
from dataclasses import astuple, dataclass
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from pipeline import funnel, reports, storage
from pipeline.config import Config
from pipeline.execution.runner import Failures
from pipeline.inputs import damaged
from pipeline.journal.spent import spent
from pipeline.progress.amounts import BYTES_PER_TOKEN, counted, duration, size, tokens
from pipeline.report.page.model import NEVER_ALONE
from pipeline.rooms.names import EXTRACTED, PUBLISHED
from pipeline.rooms.quarantine import FILE as QUARANTINE
from pipeline.rooms.quarantine import summary
from pipeline.sources.pdf.source import Pdf

REASONS_SHOWN = 8
DAMAGED_SHOWN = 5
TRACEBACKS_SHOWN = 5

OUTCOMES = {
    "dropped": "dropped",
    "merged": "merged into another",
    "not_a_document": "not a document",
    "expanded": "holds others",
}
"""What became of a record that is not published as itself, in words."""


def result(data: str) -> RenderableType:
    """Per source and in all: records in, published, text, tokens, CPU; where the rest went."""
    rows = funnel.funnel_rows(funnel.versions(data))
    table = Table(title="The run in one table", box=box.SIMPLE_HEAD, padding=(0, 0), show_footer=True)
    gone = Table(title="Where the other records went", box=box.SIMPLE_HEAD, padding=(0, 0))
    for name in ("source", "reason", "outcome", "records", "share"):
        is_count = name in ("records", "share")
        gone.add_column(name, justify="right" if is_count else "left", no_wrap=is_count, overflow="fold")
    cpu = spent(data)
    sums: dict[str, _Sums] = {}
    for source in sorted({row["source"] for row in rows}):
        mine = [row for row in rows if row["source"] == source]
        sums[source] = _sums(mine, cpu.of_source(source))
        name = source
        for reason, outcome, count in _reasons(mine):
            gone.add_row(name, escape(reason), outcome, f"{count:,}", f"{count / sums[source].records:.1%}")
            name = ""  # said once
        gone.add_section()
    heads = ("source", "records", "possible\ndocs", "published", "share", "text", "tokens\nabout", "raw", "CPU")
    total = ["total", *sum(sums.values(), _Sums()).cells()]
    for head, foot in zip(heads, total, strict=True):
        table.add_column(head, foot, justify="left" if head == "source" else "right", no_wrap=True)
    for source, line in sums.items():
        table.add_row(source, *line.cells())
    basis = (
        "possible docs: what could become a document of its own; share: published of these. "
        f"Tokens: text at {BYTES_PER_TOKEN:g} bytes a token, as English prose in a vocabulary of 128,000; other "
        "languages, code and smaller vocabularies give more"
    )
    return Group(table, basis, gone)


def notes(data: str, config: Config) -> list[str]:
    """What to see to, a line each: damaged input files, records that crash, and scans that were not read."""
    rooms = funnel.versions(data)
    return [*_damage(data, rooms), *_quarantined(data, rooms), *_scans(funnel.funnel_rows(rooms), config)]


@dataclass(frozen=True)
class _Sums:
    """A line of the table. candidates: records that could be documents; text, raw: bytes."""

    records: int = 0
    candidates: int = 0
    published: int = 0
    text: int = 0
    raw: int = 0
    cpu_s: float = 0.0

    def __add__(self, other: _Sums) -> _Sums:
        return _Sums(*(one + another for one, another in zip(astuple(self), astuple(other), strict=True)))

    def cells(self) -> list[str]:
        share = f"{self.published / self.candidates:.1%}" if self.candidates else "-"
        numbers = (f"{self.records:,}", f"{self.candidates:,}", f"{self.published:,}", share)
        return [*numbers, size(self.text), tokens(self.text), size(self.raw), duration(self.cpu_s)]


def _sums(rows: list[dict[str, Any]], cpu_s: float) -> _Sums:
    first = [row for row in rows if row["room"] == EXTRACTED]
    last = [row for row in rows if row["room"] == PUBLISHED and row["outcome"] == "kept"]
    records = sum(row["docs_in"] for row in first)
    never = sum(row["docs_in"] for row in first if row["outcome"] in NEVER_ALONE)
    docs, text = (sum(row[name] for row in last) for name in ("docs_in", "text_bytes"))
    return _Sums(records, records - never, docs, text, sum(row["raw_bytes"] for row in first), cpu_s)


def _reasons(rows: list[dict[str, Any]]) -> list[tuple[str, str, int]]:
    """The commonest reasons with their outcomes, the rest in one line."""
    gone = sorted((r for r in rows if r["outcome"] != "kept"), key=lambda r: (-r["docs_in"], r["reason"]))
    shown = gone if len(gone) == REASONS_SHOWN + 1 else gone[:REASONS_SHOWN]
    rest = gone[len(shown) :]
    named = [(r["reason"], OUTCOMES[r["outcome"]], r["docs_in"]) for r in shown]
    return [*named, (f"{len(rest)} other reasons", "", sum(r["docs_in"] for r in rest))] if rest else named


def _damage(data: str, rooms: dict[str, Any]) -> list[str]:
    found = damaged.files(data, rooms)
    if not found:
        return []
    many = "1 input file" if len(found) == 1 else f"{len(found):,} input files"
    named = ", ".join(one.told() for one in found[:DAMAGED_SHOWN])
    more = f" and {len(found) - DAMAGED_SHOWN:,} more" if len(found) > DAMAGED_SHOWN else ""
    ask = f'python -m pipeline query --data {shlex.quote(data)} "{damaged.query(damaged.reasons_in(rooms))}"'
    return [f"note: {many} could not be read whole: {named}{more}; all of them: {ask}"]


def _quarantined(data: str, rooms: dict[str, Any]) -> list[str]:
    if not (deadly := reports.left_out(data, rooms)):
        return []
    named = ", ".join(one.told() for one in deadly[:DAMAGED_SHOWN])
    more = f" and {len(deadly) - DAMAGED_SHOWN:,} more" if len(deadly) > DAMAGED_SHOWN else ""
    return [f"note: {summary(deadly)}: {named}{more}; see {storage.join(data, QUARANTINE)}"]


def _scans(rows: list[dict[str, Any]], config: Config) -> list[str]:
    """What OCR would read, of sources that do without."""
    notes = []
    for source, entry in config.sources.items():
        if not isinstance(entry.reader, Pdf) or entry.reader.ocr != "never":
            continue
        mine = [row for row in rows if row["source"] == source and row["room"] == EXTRACTED]
        lost = {row["reason"].partition(":")[2]: row["docs_in"] for row in mine if row["outcome"] == "dropped"}
        without, bad = lost.get("no_text_layer", 0), lost.get("no_unicode", 0) + lost.get("bad_ocr_layer", 0)
        if without or bad:
            also = f", {bad:,} one that cannot be used" if bad else ""
            files = sum(row["docs_in"] for row in mine)
            notes.append(
                f"note: {source}: {without:,} of {files:,} PDFs have no text layer{also}; "
                f"`reader: {{kind: pdf, ocr: auto}}` would read their pictures"
            )
    return notes


def where(data: str) -> str:
    """Where the results lie and what to ask of them; lines to copy."""
    ask = f"python -m pipeline query --data {shlex.quote(data)}"
    return (
        f"\nfunnel report   {storage.join(data, reports.FUNNEL_PAGE)}\n"
        f"Parquet         {storage.join(data, PUBLISHED)}/  (its README.md is the dataset card)\n"
        f"DuckDB          {storage.join(data, reports.DATABASE)}\n"
        f'ask next        {ask} "select reason, sum(docs_in) as n from funnel group by 1 order by n desc"\n'
        f'                {ask} "select reason, url, text[:80] from audit order by hash(doc_id) limit 20"'
    )


def failures(error: Failures) -> str:
    """What failed, with tracebacks of bugs, and what to do next."""
    lines = []
    for failure in error.failures[:TRACEBACKS_SHOWN]:
        lines.append(f"[bold red]{failure.kind}[/] in {escape(failure.name)}: {escape(failure.error)}")
        if failure.kind == "bug":
            lines.append(escape(failure.traceback))
    if len(error.failures) > TRACEBACKS_SHOWN:
        lines.append(
            f"... and {len(error.failures) - TRACEBACKS_SHOWN} more, all in the run's journal/ and failed/ folders"
        )
    bugs = sum(f.kind == "bug" for f in error.failures)
    failed = counted(len(error.failures), "shard", "shards")
    lines.append(f"{failed} failed ({bugs} with a bug); all others are finished and kept.")
    if bugs and not error.remembered:
        lines.append("A bug repeats itself: mend it, then give the same command again.")
    elif bugs:
        lines.append(
            "A bug repeats itself, so these shards are skipped until --retry-failed: mend it, then give that flag."
        )
    else:
        lines.append("Give the same command again to resume.")
    return "\n".join(lines)
