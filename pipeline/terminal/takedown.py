"""A takedown in words: what goes, what is like it, and who holds it; the list of them as a table."""

from __future__ import annotations

import csv
import io
import shlex
from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from pipeline import storage
from pipeline.progress.amounts import counted
from pipeline.takedown.apply import holders
from pipeline.takedown.find import Found, Meant, Request, hosts_like

SHOWN = 40  # documents of each kind; the tables say how many more there are
HOSTS = "select regexp_extract(url, '//([^/:]+)', 1) as host, count(*) from documents group by 1 order by 2 desc"
LISTED = ("role", "doc_id", "source", "raw_path", "url", "survivor", "similarity")
"""Columns of the list. role: asked | copy | merged (into `survivor`) | made again without what is asked."""


def found(data: str, request: Request, what: Found, models: Sequence[str], output: str) -> RenderableType:
    """The documents that are meant, their copies, and every file, token folder, run and model that holds what goes.

    `output`: where the whole list was written, if it was.
    """
    if not what.asked:
        return nothing(data, request)
    goes, stay = ("which goes too", "which go too"), ("which stays", "which stay")
    one, many = goes if request.scope == "cluster" else stay
    hint = "" if request.scope == "cluster" else " (--scope cluster takes {})"
    copies = f"{counted(len(what.copies), 'copy', 'copies')}, " + (
        f"{one}{hint.format('it')}" if len(what.copies) == 1 else f"{many}{hint.format('them')}"
    )
    merged = f"{counted(len(what.merged), 'record is', 'records are')} merged into what is listed"
    parts: list[RenderableType] = [
        _documents(counted(len(what.asked), "document", "documents"), what.asked, output),
        *([_documents(copies, what.copies, output)] if what.copies else []),
        *([merged] if what.merged else []),
        *([_documents("made again without what is asked by the next run", what.hosts, output)] if what.hosts else []),
        *([f"all of them, with addresses: {escape(output)}"] if output else []),
    ]
    held = Table("held by", "name", "documents", title="who holds what goes")
    held.columns[1].overflow = "fold"
    for holder in holders(data, what.out(request.scope), models):
        held.add_row(holder.kind, escape(holder.name), f"{holder.documents:,}")
    return Group(*parts, held)


def nothing(data: str, request: Request) -> str:
    """That nothing matches, the hosts that are spelt like what was asked, and how all hosts are listed."""
    near = hosts_like(data, request)
    lines = [f"nothing matches {request.asked}"]
    lines += [f"hosts of this run that are spelt like it: {', '.join(near)}"] if near else []
    lines += [f'hosts of what is published: python -m pipeline query --data {shlex.quote(data)} "{HOSTS}"']
    return escape("\n".join(lines))


def write(path: str, what: Found) -> None:
    """Every document and record as CSV, LISTED, in one step; similarity in 0..1, empty where none was compared."""
    sink = io.StringIO()
    rows = csv.writer(sink)
    rows.writerow(LISTED)
    rows.writerows(_listed(what))
    storage.replace(path, sink.getvalue().encode())


def _listed(what: Found) -> Iterator[tuple[str, ...]]:
    for role, some in (
        ("asked", what.asked),
        ("copy", what.copies),
        ("merged", what.merged),
        ("made again", what.hosts),
    ):
        for row in some:
            yield role, row.doc_id, row.source, row.raw_path, row.url or "", row.of or "", _similarity(row, 4)


def _similarity(row: Meant, digits: int) -> str:
    return "" if row.similarity is None else f"{row.similarity / 10000:.{digits}f}"


def _documents(title: str, rows: Sequence[Meant], output: str) -> Table:
    """Nothing in it is cut: what is too long goes on in the next line."""
    table = Table(title=title)
    table.add_column("doc_id", no_wrap=True, min_width=32)
    for name in ("source", "address, or raw file", "survivor", "similarity"):
        table.add_column(name, overflow="fold")
    for row in rows[:SHOWN]:
        table.add_row(row.doc_id, row.source, escape(row.url or row.raw_path), row.of or "", _similarity(row, 3))
    if len(rows) > SHOWN:
        table.add_row(f"and {len(rows) - SHOWN:,} more", "", "" if output else "--output list.csv has all", "", "")
    return table


def applied(tombstones: int, shards: int, folders: Sequence[str]) -> str:
    """What was done, and what to do next."""
    tokens = f", token folders without them: {', '.join(folders)}" if folders else ""
    return (
        f"{counted(tombstones, 'new tombstone', 'new tombstones')}, "
        f"{counted(shards, 'published shard', 'published shards')} written anew, the others shared{tokens}. "
        "The next `run` redoes their shards from raw; then `purge` removes the old files."
    )
