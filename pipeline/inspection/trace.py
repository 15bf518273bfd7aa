"""One document followed: what became of it and why, who stands for it, what was measured, where it came from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import duckdb
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from pipeline import funnel
from pipeline.duplicates import side_by_side
from pipeline.inspection.raw_record import raw_record
from pipeline.publishing.publish import range_of
from pipeline.publishing.sorting import order_of
from pipeline.rooms.names import COUNTED, EXTRACTED, FILTERED, PUBLISHED
from pipeline.rooms.tombstones import Tombstones
from pipeline.rooms.version import RoomVersion
from pipeline.schema import DOCUMENT, FATE
from pipeline.trouble import ConfigError

DOCUMENTS_SHOWN = 20  # of those whose id begins so
TEXT_SHOWN = 2000  # characters
ID_DIGITS = 32
VIEWS = ("dropped", "duplicates", "documents", "audit")
"""Whoever speaks first of a column is believed: the ledger of what became of it."""
_FATE = (*FATE, "room", "domain", "similarity", "cluster", "cluster_size", "stands_for")
_PLACES = ("shard", "row", "rank")
"""Of rows among files: of interest to nobody but who looks for a bug."""

Member = dict[str, Any]


def trace(data: str, doc_id: str, everything: bool = False) -> RenderableType:
    """One document in every room that knows it; with `everything` also what was measured as nothing, and its places.

    Raises ConfigError for what is no doc_id or is not in the run.
    """
    if not doc_id or set(doc_id) - set("0123456789abcdef") or len(doc_id) > ID_DIGITS:
        raise ConfigError(f"{doc_id}: a doc_id is up to 32 lower-case hex digits")
    rooms = funnel.versions(data)
    parts: list[RenderableType] = [*_taken_down(data, doc_id)]
    found = _whole(data, rooms, doc_id) if len(doc_id) == ID_DIGITS else _begins(data, rooms, doc_id)
    for views in list(found.values())[:DOCUMENTS_SHOWN]:
        parts += _document(data, rooms, views, everything)
    if not parts:
        raise ConfigError(
            f"{doc_id}: no such document among published, dropped and audited ones; {', '.join(COUNTED)} were asked"
        )
    return Group(*parts)


def _taken_down(data: str, doc_id: str) -> list[str]:
    """Of those that were taken down who asked for it: until the next run no ledger has them."""
    return [
        f"[bold]{row.doc_id}[/]: taken down by {escape(f'{row.asked} ({row.note})' if row.note else row.asked)}, "
        f"scope {row.scope}; it stood in {escape(row.raw_path)} of {row.source}"
        for row in Tombstones.read(data).rows
        if row.doc_id.startswith(doc_id)
    ][:DOCUMENTS_SHOWN]


def _begins(data: str, rooms: dict[str, RoomVersion], beginning: str) -> dict[str, dict[str, Member]]:
    """By doc_id the row of each view that has one which begins so; reads the ids of all rooms."""
    found: dict[str, dict[str, Member]] = {}
    with funnel.connect(data, asked=" ".join(VIEWS), rooms=rooms) as connection:
        for view in VIEWS:
            for row in _rows(connection, f"{view} where starts_with(doc_id, ?) limit {DOCUMENTS_SHOWN}", beginning):
                found.setdefault(row["doc_id"], {})[view] = row
    return found


def _whole(data: str, rooms: dict[str, RoomVersion], doc_id: str) -> dict[str, dict[str, Member]]:
    """The same of one whole id.

    What is published stands by a hash of its id: of each domain one shard may have it. Who is there and has no
    duplicate is nowhere else. Of the others each room says which can know more.
    """
    order = order_of(doc_id)
    published = rooms.get(PUBLISHED)
    if published is not None:
        names = [name for name in published.files.get("rows", ()) if _may_hold(name, order)]
        rooms = rooms | {PUBLISHED: replace(published, files=published.files | {"rows": names})}
    views: dict[str, Member] = {}

    def ask(view: str) -> Member:
        most = 1 if view == "dropped" else DOCUMENTS_SHOWN  # a later room of the sample knows more
        with funnel.connect(data, asked=view, rooms=rooms) as connection:
            for row in _rows(connection, f"{view} where doc_id = ? limit {most}", doc_id):
                views[view] = row
        return views.get(view, {})

    if ask("documents").get("cluster_size") != 1:
        room = ask("dropped").get("room")
        if room not in (EXTRACTED, FILTERED):
            ask("duplicates")
        if room != EXTRACTED:
            ask("audit")
    return {doc_id: views} if views else {}


def _may_hold(name: str, order: int) -> bool:
    low, high = range_of(name.rpartition("/")[2].removesuffix(".parquet").rpartition(".")[0])
    return low <= order < high


def _rows(connection: duckdb.DuckDBPyConnection, what: str, parameter: str) -> Iterator[Member]:
    """What each row holds, nulls left out."""
    rows = connection.execute(f"select * from {what}", [parameter])
    names = [column[0] for column in rows.description or ()]
    for values in rows.fetchall():
        yield {name: value for name, value in zip(names, values, strict=True) if value is not None}


def _document(
    data: str, rooms: dict[str, RoomVersion], views: dict[str, Member], everything: bool
) -> list[RenderableType]:
    """Verdict, the document that stands for it, where it came from, what was measured, raw record, text."""
    row = {name: value for view in reversed(VIEWS) for name, value in views.get(view, {}).items()}
    parts: list[RenderableType] = [f"[bold]{row['doc_id']}[/]: {escape(verdict(views))}"]
    duplicate = views.get("duplicates", {})
    if "reason" in duplicate:
        with funnel.connect(data, asked="duplicates", rooms=rooms) as connection:
            pair = side_by_side.pair_of(data, rooms, connection, {"similarity": None, **duplicate})
        parts += [side_by_side.shown(pair)] if pair else []
    origin = [name for name in DOCUMENT.names if name in row and name not in ("text", *_FATE)]
    measured = [name for name in row if name not in (*DOCUMENT.names, *_FATE, *_PLACES)]
    nothing = [name for name in measured if not row[name]]
    if everything:
        parts += [_table("what became of it", row, [name for name in (*_FATE, *_PLACES) if name in row])]
    else:
        measured = [name for name in measured if row[name]]
    parts.append(_table("where it came from", row, origin))
    hidden = f"; {len(nothing)} that are 0 or no: --all" if nothing and not everything else ""
    parts += [_table(f"measured{hidden}", row, measured)] if measured or hidden else []
    parts += _raw(data, row) if "raw_offset" in row else []
    return parts + ([_table("text", row, ["text"])] if "text" in row else [])


def verdict(views: dict[str, Member]) -> str:
    """A sentence: what became of it, by which reason, and who stands for it, how like it is."""
    gone, duplicate, kept = (views.get(view, {}) for view in ("dropped", "duplicates", "documents"))
    survivor = gone.get("survivor") or duplicate.get("survivor")
    said = "not published"
    if gone:
        said = f"{gone['outcome']} in {gone['room']}" + (f" by {gone['reason']}" if "reason" in gone else "")
    elif kept:
        said = f"published, domain {kept['domain']}"
    elif "reason" in duplicate:
        said = f"dropped by {duplicate['reason']}"
    if survivor:
        like = f", similarity {duplicate['similarity'] / 10000:.4f}" if "similarity" in duplicate else ""
        said += f"; {survivor} stands for it{like}"
    others = duplicate.get("stands_for", 0) - 1  # itself is among them
    if others > 0:
        said += f"; it stands for {others:,} other{'s' if others > 1 else ''}"
    return said


def _table(title: str, row: Member, names: list[str]) -> Table:
    table = Table(title=title, show_header=False)
    for name in names:
        value = str(row[name])
        table.add_row(name, escape(value if len(value) < TEXT_SHOWN else value[:TEXT_SHOWN] + " ..."))
    return table


def _raw(data: str, row: Member) -> list[RenderableType]:
    """The raw record, read again; nothing where its file or the config has moved."""
    found = raw_record(data, *(row[name] for name in ("source", "raw_path", "raw_offset", "raw_bytes", "doc_id")))
    if found is None:
        return []
    told = {
        "file": found.path,
        "offset": f"{found.offset:,}",
        "bytes": f"{found.bytes:,}",
        "sha256": found.sha256,
        "identity": "its record id gives this doc_id" if found.verified else "no id in it",
        "begins": found.beginning,
    }
    return [_table("raw record, read again", told, list(told))]
