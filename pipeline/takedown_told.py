"""A takedown in words: what goes, what is like it, and who holds it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from pipeline.takedown import holders
from pipeline.takedown_find import Found, Meant, Request

SHOWN = 40  # documents of each kind; the tables say how many more there are


def found(data: str, request: Request, what: Found, models: Sequence[str]) -> RenderableType:
    """The documents that are meant, their copies, and every file, token folder, run and model that holds what goes."""
    if not what.asked:
        return f"nothing matches {escape(request.asked)}"
    copies = "copies, which go too" if request.scope == "cluster" else "copies, which stay (--scope cluster takes them)"
    parts: list[RenderableType] = [
        _documents(f"{len(what.asked):,} documents", what.asked),
        *([_documents(f"{len(what.copies):,} {copies}", what.copies)] if what.copies else []),
        *([f"{len(what.merged):,} records are merged into these documents"] if what.merged else []),
        *([_documents("made again without what is asked by the next run", what.hosts)] if what.hosts else []),
    ]
    held = Table("held by", "name", "documents", title="who holds what goes")
    for holder in holders(data, what.out(request.scope), models):
        held.add_row(holder.kind, escape(holder.name), f"{holder.documents:,}")
    return Group(*parts, held)


def _documents(title: str, rows: Sequence[Meant]) -> Table:
    table = Table("doc_id", "source", "raw file", "address", "similarity", title=title)
    for row in rows[:SHOWN]:
        similarity = "" if row.similarity is None else f"{row.similarity / 10000:.3f}"
        table.add_row(row.doc_id, row.source, escape(row.raw_path), escape(row.url or ""), similarity)
    if len(rows) > SHOWN:
        table.add_row(f"and {len(rows) - SHOWN:,} more", "", "", "", "")
    return table


def applied(tombstones: int, shards: int, folders: Sequence[str]) -> str:
    """What was done, and what to do next."""
    tokens = f", token folders without them: {', '.join(folders)}" if folders else ""
    return (
        f"{tombstones:,} new tombstones, {shards:,} published shards written anew, the others shared{tokens}. "
        "The next `run` redoes their shards from raw; then `purge` removes the old files."
    )
