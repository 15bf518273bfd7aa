"""What a person sees of a run that is there: where its results lie, the funnel, a document's trace; and of one file."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from pipeline import funnel, ledger, reports, storage
from pipeline.amounts import size
from pipeline.config import SOURCES
from pipeline.extraction import html
from pipeline.rooms import PUBLISHED
from pipeline.sources.pdf import Pdf
from pipeline.sources.source import InputFile, NotADocument, Outcome, Piece, Row, Source
from pipeline.trouble import ConfigError


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


def funnel_table(data: str) -> RenderableType:
    """The whole funnel: a row a room, source and reason."""
    table = Table(title=f"Funnel of {data}")
    for name in ("room", "source", "reason", "documents", "raw bytes", "text bytes"):
        table.add_column(name, justify="left" if name in ("room", "source", "reason") else "right")
    before = ("", "")
    for row in funnel.funnel_rows(funnel.versions(data)):
        here = (row["room"], row["source"])
        room, source = here if here != before else ("", "")
        style = "bold" if row["outcome"] == "kept" else ""
        table.add_row(
            room,
            source,
            escape(row["reason"]),
            f"{row['docs_in']:,}",
            size(row["raw_bytes"]),
            size(row["text_bytes"]),
            style=style,
        )
        before = here
    return table


OUTCOMES = {Row: "kept", NotADocument: "not_a_document", **ledger.OUTCOMES}


def as_line(outcome: Outcome) -> dict[str, Any]:
    """What a source says of a record, as a JSON line has it: its outcome, and every field that has a value."""
    values = {name: getattr(outcome, name) for name in outcome.__dataclass_fields__}
    return {"outcome": OUTCOMES[type(outcome)], **{name: value for name, value in values.items() if value is not None}}


def extracted(file: str, kind: str | None = None, ocr: str | None = None) -> Iterator[dict[str, Any]]:
    """What a source makes of one file: every record and its outcome; of an HTML page what extraction finds.

    `ocr` of PDFs: never, auto or always; auto where it is None. Without a kind the source is told by the file's name.
    Raises ConfigError where it cannot be.
    """
    if not storage.exists(file):
        raise ConfigError(f"{file}: no such file")
    if kind is None and file.lower().endswith((".html", ".htm", ".xhtml")):
        page = html.extract(storage.read_bytes(file), url=None, charset=None)
        yield {name: getattr(page, name) for name in page.__dataclass_fields__}
        return
    reader = _reader(file, kind)
    if isinstance(reader, Pdf):
        reader = Pdf.model_validate({"ocr": ocr or "auto"})
    elif ocr is not None:
        raise ConfigError(f"--ocr is for PDFs; {file} is read as {reader.kind}")
    total, _ = storage.size_and_tag(file)
    path = "/".join(file.split("/")[-2:])  # some sources tell a site by the folder
    piece = Piece(InputFile(path, total, storage.digest(file)))
    with storage.open_input(file) as stream:
        yield from map(as_line, reader.read(piece, stream))


def _reader(file: str, kind: str | None) -> Source:
    kinds: dict[str, Source] = {source().kind: source() for source in SOURCES}
    if kind is not None:
        if kind not in kinds:
            raise ConfigError(f"--kind {kind}: there are {', '.join(kinds)}")
        return kinds[kind]
    name = file.lower()
    fits = {
        k: max((len(s) for s in source.suffixes if s and name.endswith(s)), default=0) for k, source in kinds.items()
    }
    best = [k for k, length in fits.items() if length == max(fits.values()) > 0]
    if len(best) != 1:
        raise ConfigError(f"{file}: its name does not tell what it is; give --kind: {', '.join(best or kinds)}")
    return kinds[best[0]]
