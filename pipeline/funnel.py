"""Manifests and ledgers as DuckDB views, and the law of conservation.

`funnel` and every count come from the rooms' versions alone, whatever the size of the corpus; the other views read
Parquet. DuckDB leaves out files by their statistics where a source or a room is asked for: a file holds one of each.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import duckdb
import pyarrow as pa

from pipeline import journal
from pipeline.dedup.schemas import CLUSTER, SHOWN_EDGE
from pipeline.rooms.manifest import Count
from pipeline.rooms.names import COUNTED, DUPLICATES, EXTRACTED, FILTERED, PUBLISHED
from pipeline.rooms.version import Current, RoomVersion, check_complete, read_version
from pipeline.schema import DOCUMENT, FATE, LEDGER
from pipeline.storage.asking import files_of, opened, quoted
from pipeline.trouble import Unbalanced

VIEWS = ("documents", "dropped", "duplicates", "evidence", "cuts", "measured", "audit", "funnel")
ABOUT_ALL = r"\b(describe|show|show_tables|summarize|information_schema|duckdb_views)\b"
MEMORY_LIMIT = "4GB"  # DuckDB spills beyond it; its own default takes most of the machine


def versions(data: str) -> dict[str, RoomVersion]:
    """The current version of each finished room. Raises FileNotFoundError where nothing has run in `data`."""
    current = Current.read(data)
    if current is None:
        if journal.runs(data):
            raise FileNotFoundError(
                f"{data}: no run has come to its end here yet, and nothing can be asked before; "
                f"`python -m pipeline status --data {shlex.quote(data)}` says how far it is"
            )
        raise FileNotFoundError(f"{data}: no run here; `make demo` makes one, or give the folder of a run as --data")
    return {room: read_version(data, name) for room, name in current.rooms.items()}


def check_balance(rooms: dict[str, RoomVersion]) -> None:
    """What one room lets out is what the next takes in, for each source. Raises Unbalanced naming room and source."""
    present = [room for room in COUNTED if room in rooms]
    for before, after in pairwise(present):
        left, entered = _sums(rooms[before].counts, kept_only=True), _sums(rooms[after].counts, kept_only=False)
        for source in sorted({*left, *entered}):
            if left.get(source, (0, 0)) != entered.get(source, (0, 0)):
                raise Unbalanced(
                    f"source {source}: {before} let out (documents, raw bytes) {left.get(source, (0, 0))}, "
                    f"{after} took in {entered.get(source, (0, 0))}"
                )


def _sums(counts: Iterable[Count], *, kept_only: bool) -> dict[str, tuple[int, int]]:
    sums: dict[str, tuple[int, int]] = {}
    for count in counts:
        if not kept_only or count.outcome == "kept":
            docs, raw = sums.get(count.source, (0, 0))
            sums[count.source] = (docs + count.docs, raw + count.raw_bytes)
    return sums


def funnel_rows(rooms: dict[str, RoomVersion]) -> list[dict[str, Any]]:
    """One row a fate: what entered and met it (`docs_in`), and how much of that went on (`docs_out`).

    Additive: for a room and source, sum(docs_in) is what entered and sum(docs_out) what entered the next room.
    """
    return [
        {
            "room": room,
            "source": c.source,
            "reason": c.reason,
            "docs_in": c.docs,
            "docs_out": c.docs if c.outcome == "kept" else 0,
            "raw_bytes": c.raw_bytes,
            "text_bytes": c.text_bytes,
            "outcome": c.outcome,
        }
        for room in COUNTED
        if room in rooms
        for c in sorted(rooms[room].counts, key=lambda c: (c.source, c.outcome != "kept", -c.docs, c.reason))
    ]


FUNNEL = pa.schema(
    [
        ("room", pa.string()),
        ("source", pa.string()),
        ("reason", pa.string()),
        ("docs_in", pa.int64()),
        ("docs_out", pa.int64()),
        ("raw_bytes", pa.int64()),
        ("text_bytes", pa.int64()),
        ("outcome", pa.string()),
    ]
)
_IN_DUCKDB = {pa.string(): "varchar", pa.int64(): "bigint"}

_ROOM = pa.field("room", pa.string())
EMPTY = {
    "documents": DOCUMENT,
    "dropped": pa.schema([_ROOM, *LEDGER]),
    "duplicates": CLUSTER,
    "evidence": SHOWN_EDGE,
    "measured": pa.schema([_ROOM, *(f for f in DOCUMENT if f.name != "text"), *(f for f in LEDGER if f.name in FATE)]),
    "audit": pa.schema([*DOCUMENT, _ROOM, pa.field("reason", pa.string())]),
}
"""What a view has where its rooms have no file: a run without inputs can be asked like any other. See `_empty`."""

EVIDENCE = """
    format('{:016x}{:016x}', better_doc_hi, better_doc_lo) as better,
    format('{:016x}{:016x}', worse_doc_hi, worse_doc_lo) as worse,
    intersection as shared, "union" as either, similarity, estimate, sample
"""
"""An edge as `SHOWN_EDGE`."""


@contextmanager
def connect(
    data: str, path: str = ":memory:", *, asked: str | None = None, rooms: dict[str, RoomVersion] | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB database at `path` with the views of the run in `data`; file lists come from manifests, never globs.

    With `asked`, a query, only the views that it names are made: naming 100,000 files takes DuckDB seconds a view, and
    `funnel` needs none. `rooms` are other versions than the current ones. Paths in a database file are those of now:
    after a move, ask through `query`, which makes the views anew. Raises EnvironmentTrouble where storage fails within
    the context, whatever DuckDB makes of it.
    """
    rooms = versions(data) if rooms is None else rooms
    try:
        with opened(data, path, {"memory_limit": MEMORY_LIMIT}) as connection:
            _funnel(connection, rooms)
            for name in VIEWS[:-1]:
                if asked is None or re.search(rf"\b{name}\b|{ABOUT_ALL}", asked, re.IGNORECASE):
                    _view(connection, data, rooms, name)
            yield connection
    except duckdb.Error:
        check_complete(data, rooms.values())  # DuckDB says of a file that is gone only when it reads it
        raise


def _view(connection: duckdb.DuckDBPyConnection, data: str, rooms: dict[str, RoomVersion], name: str) -> None:
    ledgers = [(room, "ledger") for room in (EXTRACTED, FILTERED, DUPLICATES)]
    query = {
        "documents": lambda: _union(data, rooms, [(PUBLISHED, "rows")], with_room=False),
        "dropped": lambda: _union(data, rooms, ledgers),
        "duplicates": lambda: _union(data, rooms, [(DUPLICATES, "clusters")], with_room=False),
        "evidence": lambda: _union(data, rooms, [(DUPLICATES, "edges")], with_room=False, columns=EVIDENCE),
        "cuts": lambda: _union(data, rooms, [(DUPLICATES, "cuts")], with_room=False),
        "measured": lambda: _union(data, rooms, [(FILTERED, "rows"), (FILTERED, "ledger")], leave_out=("text",)),
        "audit": lambda: _union(data, rooms, [(FILTERED, "audit"), (DUPLICATES, "audit")], with_room=False),
    }[name]()
    if query:
        connection.execute(f"create or replace view {name} as {query}")
    else:
        _table(connection, name, _empty(name).empty_table())


def _empty(name: str) -> pa.Schema:
    if name == "cuts":
        from pipeline.dedup.cuts.spans import CUT  # here: it brings numba, and few runs have no such file

        return CUT
    return EMPTY[name]


def _funnel(connection: duckdb.DuckDBPyConnection, rooms: dict[str, RoomVersion]) -> None:
    """The table `funnel`. As parameters: a registered table has DuckDB import pandas, which takes half of a query."""
    rows = funnel_rows(rooms)
    columns = ", ".join(f"unnest(?::{_IN_DUCKDB[f.type]}[]) as {f.name}" for f in FUNNEL)
    values = [[row[name] for row in rows] for name in FUNNEL.names]
    connection.execute(f"create or replace table funnel as select {columns}", values)


def _table(connection: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> None:
    connection.register("given_rows", rows)
    connection.execute(f"create or replace table {name} as select * from given_rows")
    connection.unregister("given_rows")


def _union(
    data: str,
    rooms: dict[str, RoomVersion],
    roles: list[tuple[str, str]],
    *,
    with_room: bool = True,
    leave_out: tuple[str, ...] = (),
    columns: str = "*",
) -> str:
    """A query over all files of the given (room, role)s; empty where there are no files."""
    parts = []
    for room, role in roles:
        names = rooms[room].files.get(role, []) if room in rooms else []
        if names:
            lead = f"{quoted(room)} as room, " if with_room else ""
            drop = f" exclude ({', '.join(leave_out)})" if leave_out and role == "rows" else ""
            parts.append(
                f"select {lead}{columns}{drop} from read_parquet({files_of(data, names)}, hive_partitioning = false)"
            )
    return " union all by name ".join(parts)
