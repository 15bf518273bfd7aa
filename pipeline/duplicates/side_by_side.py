"""A removed document beside the one that stands for it: both texts, what they share, and how sure that is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow.parquet as pq
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from pipeline import storage
from pipeline.dedup.pairing.evidence import Comparison, compare
from pipeline.dedup.schemas import MADE_BY
from pipeline.dedup.settings import Deduplication
from pipeline.rooms.names import DUPLICATES, FILTERED, PUBLISHED_BEFORE, SIGNATURES
from pipeline.rooms.tables import read_row
from pipeline.rooms.version import RoomVersion, read_list

TEXT_SHOWN = 400  # characters


@dataclass(frozen=True)
class Side:
    """One of the two documents."""

    doc_id: str
    url: str | None
    text: str


@dataclass(frozen=True)
class Pair:
    """A removed document, its survivor, and their texts compared anew."""

    reason: str
    similarity_e4: int | None
    removed: Side
    survivor: Side
    evidence: Comparison


def shown(pair: Pair) -> RenderableType:
    """For the terminal: how both texts begin, and what they share."""
    table = Table(title=f"{pair.reason}: {pair.evidence.told()}")
    for side in (pair.removed, pair.survivor):
        table.add_column(side.doc_id, ratio=1)
    table.add_row(*(escape(side.text[:TEXT_SHOWN]) for side in (pair.removed, pair.survivor)))
    shared = "; ".join(f"“{passage}”" for passage in pair.evidence.passages)
    return Group(table, escape(f"in both, for instance: {shared}" if shared else "they share no shingle"))


def settings_of(data: str, rooms: dict[str, RoomVersion]) -> Deduplication:
    """With which the current version was signed, as its signature files say."""
    name = rooms[SIGNATURES].files["signatures"][0]
    with storage.open_committed(storage.join(data, name)) as stream:
        metadata = pq.read_schema(stream).metadata or {}
    said = json.loads(metadata[MADE_BY])
    return Deduplication(**{key: value for key, value in said.items() if key in Deduplication.model_fields})


def pair_of(
    data: str, rooms: dict[str, RoomVersion], connection: duckdb.DuckDBPyConnection, row: dict[str, Any]
) -> Pair | None:
    """The pair of a row of `duplicates` with a reason.

    None where the view does not reach its survivor, and where that is of another run which has purged it since.
    """
    found = connection.execute(
        "select shard, row from duplicates where doc_id = ? and reason is null", [row["survivor"]]
    ).fetchone()
    if found is None:
        return None
    files = [(data, name) for name in rooms[FILTERED].files["rows"]]
    for name in rooms[DUPLICATES].files.get(PUBLISHED_BEFORE, []):
        files += [("", path) for path in read_list(data, name)]
    if not files[found[0]][0] and not storage.exists(files[found[0]][1]):
        return None
    places = ((row["shard"], row["row"]), found)
    removed, survivor = (_side(files[shard][0], files[shard][1], at) for shard, at in places)
    evidence = compare(removed.text, survivor.text, settings_of(data, rooms))
    return Pair(row["reason"], row["similarity"], removed, survivor, evidence)


def _side(data: str, name: str, row: int) -> Side:
    return Side(**read_row(data, name, row, ("doc_id", "url", "text")))
