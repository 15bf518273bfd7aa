"""What a finished run leaves for people: the DuckDB file, the dataset card and the funnel report."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from pipeline import funnel, storage
from pipeline.config import Config
from pipeline.duplicates.side_by_side import Side, pair_of
from pipeline.duplicates.survivors import SIMILARITY_STEP
from pipeline.inputs import damaged
from pipeline.inputs.listing import Split
from pipeline.journal.spent import spent
from pipeline.publishing import card
from pipeline.report.report import (
    ClusterExample,
    Example,
    Flow,
    FunnelReport,
    PairMember,
    PublishedDomain,
    SourceInfo,
    StageTime,
    render,
)
from pipeline.rooms.manifest import Manifest
from pipeline.rooms.names import DUPLICATES, EXTRACTED
from pipeline.rooms.quarantine import Quarantine, Quarantined
from pipeline.rooms.version import Current, RoomVersion
from pipeline.schema import DOCUMENT
from pipeline.sources.source import KILLED_WORKER

FUNNEL_PAGE = "61_reports/funnel.html"
DATABASE = "riffle.duckdb"

EXAMPLES_PER_REASON = 3
PAIRS_PER_REASON = 4
SNIPPET_CHARACTERS = 1500
EXAMPLE_FILES = 64  # of each room and role, in which examples are looked for; more where there are more sources
_SHARD = re.compile(r"-\d+(?:-of-\d+)?\.")  # what follows the source, or the domain, in a file's name


def write_reports(
    data: str, config: Config, inputs: Sequence[Split], duplicates: Iterable[Manifest], published: Iterable[Manifest]
) -> None:
    """Write all three from what is committed; they can be made again at any time and decide nothing.

    duplicates, published: the manifests of these two rooms' current versions, which the run has: a bucket would be
    asked for each of them.
    """
    rooms = funnel.versions(data)
    domains = card.published_domains(published)
    with funnel.connect(data, rooms=_first_files(rooms)) as connection:
        report = gather(data, config, inputs, rooms, connection, domains, duplicates)
    storage.replace(storage.join(data, FUNNEL_PAGE), render(report).encode())
    card.write(data, config.run, rooms, domains)
    _write_database(data)


def write_of_published(data: str) -> None:
    """Card, Croissant and DuckDB file once more, for the current version; nothing where no run has written them yet."""
    if card.write_again(data):
        _write_database(data)


def _first_files(rooms: dict[str, RoomVersion]) -> dict[str, RoomVersion]:
    """The versions with a bounded number of files a role, of each source some: examples need not read the corpus."""
    return {
        room: replace(version, files={role: _of_each_source(names) for role, names in version.files.items()})
        for room, version in rooms.items()
    }


def _of_each_source(names: list[str]) -> list[str]:
    by_source: dict[str, list[str]] = {}
    for name in names:
        by_source.setdefault(_SHARD.split(name.rpartition("/")[2])[0], []).append(name)
    few = max(1, EXAMPLE_FILES // max(1, len(by_source)))
    return [name for mine in by_source.values() for name in mine[:few]]


def _write_database(data: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / DATABASE)
        with funnel.connect(storage.absolute(data), path):  # it may be opened from any folder
            pass
        storage.replace(storage.join(data, DATABASE), Path(path).read_bytes())


def gather(
    data: str,
    config: Config,
    inputs: Sequence[Split],
    rooms: dict[str, RoomVersion],
    connection: duckdb.DuckDBPyConnection,
    published: list[PublishedDomain],
    duplicates: Iterable[Manifest],
) -> FunnelReport:
    """All that the funnel report says, from manifests, the audit sample and the journal."""
    current = Current.read(data)
    assert current is not None, "versions() has read it"
    return FunnelReport(
        run=config.run,
        config=current.config,
        recipe=current.run,
        generated_from=f"{sum(len(v.manifests) for v in rooms.values())} manifests of {len(rooms)} rooms",
        sources=[_source_info(name, config, inputs) for name in config.sources],
        flows=[
            Flow(
                **{
                    key: row[key]
                    for key in ("room", "source", "outcome", "docs_in", "docs_out", "raw_bytes", "text_bytes")
                },
                reason="" if row["outcome"] == "kept" else row["reason"],
            )
            for row in funnel.funnel_rows(rooms)
        ],
        examples=_examples(connection),
        times=[StageTime(**row) for row in spent(data).rows()],
        published=published,
        clusters=_pairs(data, rooms, connection),
        damaged=damaged.files(data, rooms),
        quarantined=left_out(data, rooms),
        similarities=_similarities(duplicates),
    )


def left_out(data: str, rooms: dict[str, RoomVersion]) -> tuple[Quarantined, ...]:
    """What the current version leaves out because it ended every process that read it."""
    if not any(count.reason == KILLED_WORKER for count in rooms[EXTRACTED].counts):
        return ()
    return Quarantine.read(data).entries


def _source_info(name: str, config: Config, inputs: Sequence[Split]) -> SourceInfo:
    mine = [known.input for known in inputs if known.input.source == name]
    return SourceInfo(name, config.sources[name].reader.kind, len(mine), sum(job.size for job in mine))


def _examples(connection: duckdb.DuckDBPyConnection) -> list[Example]:
    """The first few of the audit sample for each room, source and reason; of raw records only where they lie."""
    first = f"qualify row_number() over (partition by room, source, reason order by doc_id) <= {EXAMPLES_PER_REASON}"
    raw = _records(
        connection.execute(
            f"select * from dropped where room = '{EXTRACTED}' {first} order by room, source, reason, doc_id"
        )
    )
    audited = _records(connection.execute(f"select * from audit {first} order by room, source, reason, doc_id"))
    known = {*DOCUMENT.names, "room", "reason", "outcome", "survivor"}
    return [
        Example(
            room=row["room"],
            source=row["source"],
            reason=row["reason"],
            doc_id=row["doc_id"],
            url=row.get("url"),
            raw=f"{row['raw_path']}@{row['raw_offset']}",
            text=(row.get("text") or "")[:SNIPPET_CHARACTERS],
            signals={key: _shown(value) for key, value in row.items() if key not in known and value is not None},
        )
        for row in [*raw, *audited]
    ]


def _shown(value: object) -> int | str:
    """A measurement as the page shows it: numbers as they are, all others as text. Stages may add any type."""
    if isinstance(value, str | int):
        return value
    if isinstance(value, bytes):
        return value.hex()
    return json.dumps(value, default=_shown) if isinstance(value, list | dict) else str(value)


def _records(result: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _pairs(data: str, rooms: dict[str, RoomVersion], connection: duckdb.DuckDBPyConnection) -> list[ClusterExample]:
    """Of the largest clusters a removed document each, beside who stands for it; reads two row groups a pair."""
    if not rooms[DUPLICATES].files.get("clusters"):
        return []
    query = f"""
        with sized as (select *, count(*) over (partition by cluster) as members from duplicates)
        select reason, similarity, shard, row, members, survivor
        from (select * from (select * from sized where reason is not null
                             qualify row_number() over (partition by reason, cluster order by doc_id) = 1)
              qualify row_number() over (partition by reason order by members desc, doc_id) <= {PAIRS_PER_REASON})
        order by reason, members desc, doc_id
    """
    rows = _records(connection.execute(query))
    pairs = [(row, pair_of(data, rooms, connection, row)) for row in rows]
    return [
        ClusterExample(
            reason=pair.reason,
            similarity_1e4=pair.similarity_e4,
            removed=_member(pair.removed),
            survivor=_member(pair.survivor),
            members=row["members"],
            evidence=pair.evidence.told(),
            passages=pair.evidence.passages,
        )
        for row, pair in pairs
        if pair is not None
    ]


def _similarities(duplicates: Iterable[Manifest]) -> list[tuple[int, int]]:
    """Near duplicates by similarity to their survivor, from the manifests; steps between without any are there, too."""
    sums: dict[int, int] = {}
    for manifest in duplicates:
        for step, documents in manifest.facts.get("near_by_similarity", {}).items():
            sums[int(step)] = sums.get(int(step), 0) + documents
    steps = range(min(sums), max(sums) + 1, SIMILARITY_STEP) if sums else ()
    return [(step, sums.get(step, 0)) for step in steps]


def _member(side: Side) -> PairMember:
    return PairMember(side.doc_id, side.url, side.text[:SNIPPET_CHARACTERS])
