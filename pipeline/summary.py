"""What a person sees of a run that is there: where its results lie, the funnel, a document's trace; and of one file."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from pipeline import funnel, ledger, reports, side_by_side, storage
from pipeline.amounts import size
from pipeline.config import SOURCES
from pipeline.extraction import html
from pipeline.raw_record import raw_record
from pipeline.rooms import COUNTED, PUBLISHED
from pipeline.sources.pdf import Pdf
from pipeline.sources.source import InputFile, NotADocument, Piece, Row, Source
from pipeline.trouble import ConfigError


def where(data: str) -> str:
    """Where the results lie and what to ask of them; lines to copy."""
    ask = f"python -m pipeline query --data {shlex.quote(data)}"
    return (
        f"\nfunnel report   {storage.join(data, reports.FUNNEL_PAGE)}\n"
        f"Parquet         {storage.join(data, PUBLISHED)}/  (its README.md is the dataset card)\n"
        f"DuckDB          {storage.join(data, reports.DATABASE)}\n"
        f'ask next        {ask} "select reason, sum(docs_in) as n from funnel group by 1 order by n desc"\n'
        f'                {ask} "select reason, url, text[:80] from audit limit 20"'
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


def trace(data: str, doc_id: str) -> RenderableType:
    """One document in every room that knows it. Raises ConfigError for what is no doc_id or is not in the run."""
    if not doc_id or set(doc_id) - set("0123456789abcdef") or len(doc_id) > 32:
        raise ConfigError(f"{doc_id}: a doc_id is up to 32 lower-case hex digits")
    tables: list[RenderableType] = []
    read_again: set[str] = set()
    rooms = funnel.versions(data)
    with funnel.connect(data, rooms=rooms) as connection:
        for view in ("dropped", "duplicates", "documents", "audit"):
            found = connection.execute(f"select * from {view} where starts_with(doc_id, ?) limit 20", [doc_id])
            names = [column[0] for column in found.description or ()]
            for row in found.fetchall():
                table = Table(title=view, show_header=False)
                for name, value in zip(names, row, strict=True):
                    if value is not None:
                        text = str(value)
                        table.add_row(name, escape(text if len(text) < 2000 else text[:2000] + " ..."))
                tables.append(table)
                member = dict(zip(names, row, strict=True))
                if member.get("raw_offset") is not None and member["doc_id"] not in read_again:
                    read_again.add(member["doc_id"])
                    tables += _raw(data, member)
                if view == "duplicates" and member["reason"] is not None:
                    pair = side_by_side.pair_of(data, rooms, connection, member)
                    tables += [side_by_side.shown(pair)] if pair else []
    if not tables:
        raise ConfigError(
            f"{doc_id}: no such document among published, dropped and audited ones; {', '.join(COUNTED)} were asked"
        )
    return Group(*tables)


def _raw(data: str, member: dict[str, Any]) -> list[RenderableType]:
    """The raw record of a document, read again; nothing where its file or the config has moved."""
    found = raw_record(data, *(member[name] for name in ("source", "raw_path", "raw_offset", "raw_bytes", "doc_id")))
    if found is None:
        return []
    table = Table(title="raw record, read again", show_header=False)
    verified = "its record id gives this doc_id" if found.verified else "no id in it"
    for name, value in (
        ("file", found.path),
        ("offset", f"{found.offset:,}"),
        ("bytes", f"{found.bytes:,}"),
        ("sha256", found.sha256),
        ("identity", verified),
        ("begins", found.beginning),
    ):
        table.add_row(name, escape(value))
    return [table]


OUTCOMES = {Row: "kept", NotADocument: "not_a_document", **ledger.OUTCOMES}


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
        for outcome in reader.read(piece, stream):
            values = {name: getattr(outcome, name) for name in outcome.__dataclass_fields__}
            yield {"outcome": OUTCOMES[type(outcome)], **{k: v for k, v in values.items() if v is not None}}


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
