"""Which input files are damaged or cut short: the reasons by which readers say so, and what came of such files."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from pipeline import funnel
from pipeline.asking import files_of
from pipeline.rooms import EXTRACTED, RoomVersion

REASONS = (
    "arxiv:broken_archive",
    "code:broken_archive",
    "commoncrawl:broken_archive",
    "commoncrawl:truncated",
    "reddit:broken_file",
    "stackexchange:broken_file",
    "text:broken_file",
    "wikipedia:broken_block",
    "wikipedia:truncated",
)
"""What is lost of a file that holds many records; one that is a record itself (a PDF) has a reason of its own."""

_LISTED = ", ".join(f"'{reason}'" for reason in REASONS)
QUERY = (
    f"select source, raw_path, reason, raw_offset from dropped where room = '{EXTRACTED}' and reason in ({_LISTED}) "
    "order by all"
)


@dataclass(frozen=True)
class DamagedFile:
    """An input that could not be read to its end; reasons without the reader's name. documents: what was read of it."""

    source: str
    path: str
    reasons: tuple[str, ...]
    documents: int

    def told(self) -> str:
        """`x.warc.gz (truncated)`."""
        nothing = "" if self.documents else ", nothing could be read"
        return f"{self.path} ({', '.join(self.reasons)}{nothing})"


def any_in(rooms: dict[str, RoomVersion]) -> bool:
    """Whether there is one, by the counts alone."""
    return EXTRACTED in rooms and any(count.reason in REASONS for count in rooms[EXTRACTED].counts)


def files(data: str, rooms: dict[str, RoomVersion]) -> list[DamagedFile]:
    """All of them, by source and path. Reads ledgers, and paths of documents, only where `any_in`."""
    if not any_in(rooms):
        return []
    with funnel.connect(data, asked="dropped", rooms=rooms) as connection:
        found = connection.execute(
            "select source, raw_path, array_agg(distinct reason order by reason) "
            f"from ({QUERY}) group by all order by all"
        ).fetchall()
        documents = _documents(connection, data, rooms[EXTRACTED].files.get("rows", []), {row[1] for row in found})
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
