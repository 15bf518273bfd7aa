"""Which input files are damaged, cut short or without a column: the reasons that say so, and what came of them."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from pipeline import funnel
from pipeline.report.page.model import DamagedFile
from pipeline.rooms.names import EXTRACTED
from pipeline.rooms.version import RoomVersion
from pipeline.storage.asking import files_of

REASONS = (
    "arxiv:broken_archive",
    "code:broken_archive",
    "commoncrawl:broken_archive",
    "commoncrawl:truncated",
    "reddit:broken_file",
    "resource:zstd_window",
    "stackexchange:broken_file",
    "text:broken_file",
    "text:no_named_column",
    "text:no_text_column",
    "wikipedia:broken_block",
    "wikipedia:truncated",
)
"""What is lost of a file of many records, counted as one; a file that is a record itself (a PDF) has its own reason."""


def query(reasons: Iterable[str]) -> str:
    """The SQL that lists every place where something of a file is lost for one of these reasons."""
    listed = ", ".join(f"'{reason}'" for reason in sorted(reasons))
    what = f"room = '{EXTRACTED}' and reason in ({listed})"
    return f"select source, raw_path, raw_offset, reason from dropped where {what} order by all"


def reasons_in(rooms: dict[str, RoomVersion]) -> frozenset[str]:
    """Those of REASONS that were met, by the counts alone."""
    return frozenset(count.reason for count in rooms[EXTRACTED].counts if count.reason in REASONS)


def files(data: str, rooms: dict[str, RoomVersion]) -> list[DamagedFile]:
    """All of them, by source and path. Reads ledgers, and paths of documents, only where there is one."""
    if not (met := reasons_in(rooms)):
        return []
    with funnel.connect(data, asked="dropped", rooms=rooms) as connection:
        found = connection.execute(
            "select source, raw_path, array_agg(distinct reason order by reason) "
            f"from ({query(met)}) group by all order by all"
        ).fetchall()
        sources = tuple(f"{EXTRACTED}/{row[0]}-" for row in found)  # a shard's name begins with its source's
        names = [name for name in rooms[EXTRACTED].files["rows"] if name.startswith(sources)]
        documents = _documents(connection, data, names, {row[1] for row in found})
    return [
        DamagedFile(source, path, tuple(r.partition(":")[2] for r in reasons), documents.get((source, path), 0))
        for source, path, reasons in found
    ]


def _documents(
    connection: duckdb.DuckDBPyConnection, data: str, names: list[str], paths: set[str]
) -> dict[tuple[str, str], int]:
    rows = connection.execute(
        f"select source, raw_path, count(*) from read_parquet({files_of(data, names)}, hive_partitioning = false) "
        "where raw_path in (select unnest(?)) group by all",
        [sorted(paths)],
    ).fetchall()
    return {(source, path): count for source, path, count in rows}
