"""The result of a comparison in the user's own ids: what goes, the evidence, the largest clusters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import storage
from pipeline.dedup.cuts.spans import CUT
from pipeline.dedup.pairing.evidence import Quotable
from pipeline.dedup.schemas import EXACT, IDENTITY_BAND, SAME_WORK, URL
from pipeline.dedup.settings import Deduplication
from pipeline.rooms.tables import beginning, read_row, read_texts
from pipeline.schema import field
from pipeline.storage.asking import spilling, table

ROWS = 65_536  # of a row group
EVIDENCE_ROWS = 4_096  # of a row group whose texts are held to be quoted
LARGEST, MEMBERS = 10, 3

DUPLICATES = pa.schema(
    [
        field("doc_id", pa.string(), "the document that goes, by the user's id", nullable=False),
        field("survivor_id", pa.string(), "the document that stays in its place", nullable=False),
        field(
            "similarity",
            pa.float64(),
            "exact Jaccard similarity of their sets of shingles, rounded down to 1e-4; null by URL",
        ),
        field("level", pa.string(), "exact: equal but for white space | near | url: of one address", nullable=False),
        field("cluster_size", pa.int64(), "documents of its cluster, kept ones among them", unit="documents"),
        field("file", pa.string(), "its file, below the inputs' folder", nullable=False),
        field("row", pa.int64(), "its row there, first is 0", nullable=False),
    ]
)
"""Sorted by (file, row)."""

EVIDENCE = pa.schema(
    [
        field("better_id", pa.string(), "of the pair the document that would survive", nullable=False),
        field("worse_id", pa.string(), "the other one", nullable=False),
        field("shared", pa.uint64(), "shingles in both", unit="shingles", nullable=False),
        field("either", pa.uint64(), "shingles in either", unit="shingles", nullable=False),
        field("similarity", pa.float64(), "shared / either, rounded down to 1e-4", nullable=False),
        field("estimate", pa.float64(), "the same as the signatures estimate it", nullable=False),
        field(
            "passages", pa.list_(pa.string()), "some of what is in both, as the better one writes it", nullable=False
        ),
    ]
)
"""Every pair found that is at least as similar as the settings ask for, of equal texts one.

Sorted by the better document's shard and row, then by the other's id.
"""

CUTS = pa.schema(
    [
        field("doc_id", pa.string(), "the document, by the user's id", nullable=False),
        *(CUT.field(name) for name in ("level", "start", "stop", "pages")),
        field("other_id", pa.string(), "of a passage: the document that keeps it"),
        CUT.field("other_start"),
        field("file", pa.string(), "its file, below the inputs' folder", nullable=False),
        field("row", pa.int64(), "its row there, first is 0", nullable=False),
    ]
)
"""What should go from the texts of the documents that stay. Sorted by (file, row, start, stop, level)."""


@dataclass(frozen=True)
class Found:
    """The committed files of a comparison, as names below `data`; `documents` one a shard, in order of the shards."""

    data: str
    documents: tuple[str, ...]
    signatures: tuple[str, ...]
    clusters: tuple[str, ...] = ()
    edges: tuple[str, ...] = ()
    cuts: tuple[str, ...] = ()


def repeated(found: Found, limit: int) -> list[tuple[str, str, int, str, int]]:
    """Some ids that stand in more than one row: (id, file, row, file of another row, that row)."""
    query = f"""
        select min((shard, row)) as first, max((shard, row)) as last
        from {table(found.data, found.signatures, "band, doc_hi, doc_lo, row")}
        where band = {IDENTITY_BAND} group by doc_hi, doc_lo having count(*) > 1 order by first limit {limit}
    """
    with spilling(found.data) as connection:
        rows: list[Any] = connection.execute(query).fetchall()
    origin = ("natural_key", "raw_path", "raw_offset")
    pairs = [[read_row(found.data, found.documents[shard], row, origin) for shard, row in places] for places in rows]
    return [
        (one["natural_key"], one["raw_path"], one["raw_offset"], other["raw_path"], other["raw_offset"])
        for one, other in pairs
    ]


def write(found: Found, folder: str, settings: Deduplication) -> dict[str, Any]:
    """Write duplicates.parquet and evidence.parquet into `folder`; returns what the summary says of them."""
    with spilling(found.data) as connection:
        _prepare(connection, found)
        gone_rows = (batch.cast(DUPLICATES) for batch in connection.sql(DUPLICATES_QUERY).to_arrow_reader(ROWS))
        _write(gone_rows, DUPLICATES, storage.join(folder, "duplicates.parquet"))
        edges = connection.sql(EVIDENCE_QUERY).to_arrow_reader(EVIDENCE_ROWS)
        shown = (_with_passages(found, batch, settings) for batch in edges)
        _write(shown, EVIDENCE, storage.join(folder, "evidence.parquet"))
        cuts = _write_cuts(connection, found, folder)
        gone = "select reason, count(*) from named where reason is not null group by 1"
        levels = dict(connection.execute(gone).fetchall())
        counted = connection.execute("select count(distinct cluster), count(*) from named").fetchone()
        assert counted is not None, "an aggregate has a row"
        largest = connection.execute(CLUSTERS_QUERY).fetchall()
    exact, url = levels.pop(EXACT, 0), levels.pop(URL, 0)
    return {
        "exact": exact,
        "url": url,
        "near": sum(levels.values()),
        "clusters": counted[0],
        "documents_in_clusters": counted[1],
        **cuts,
        "largest_clusters": [_cluster(found, *row) for row in largest],
    }


def _write_cuts(connection: duckdb.DuckDBPyConnection, found: Found, folder: str) -> dict[str, int]:
    """Write cuts.parquet where texts are cut, else remove it; returns how many spans there are, and bytes in them.

    Where spans overlap a byte counts once.
    """
    path = storage.join(folder, "cuts.parquet")
    if not found.cuts:
        storage.remove(path)
        return {}
    origin = "doc_id, natural_key as id, raw_path as file, raw_offset as file_row, file_row_number as place"
    documents = table(found.data, found.documents, origin, ", file_row_number = true")
    connection.execute(f"""
        create table cuts as select c.*, d.id, d.file, d.file_row
        from {table(found.data, found.cuts, "*")} as c join {documents} as d on d.shard = c.shard and d.place = c.row
    """)
    named = f"select doc_id, id from {documents} where doc_id in (select other from cuts)"
    query = f"""
        select c.id as doc_id, level, start, stop, pages, o.id as other_id, other_start, file, file_row as row
        from cuts as c left join ({named}) as o on o.doc_id = c.other
        order by file, file_row, start, stop, level
    """
    _write((batch.cast(CUTS) for batch in connection.sql(query).to_arrow_reader(ROWS)), CUTS, path)
    counted = connection.execute("""
        select count(*), coalesce(sum(greatest(stop - greatest(start, reached), 0)), 0)::bigint
        from (
            select start, stop, coalesce(max(stop) over before, 0) as reached from cuts
            window before as (partition by doc_id order by start, stop rows between unbounded preceding and 1 preceding)
        )
    """).fetchone()
    assert counted is not None, "an aggregate has a row"
    return {"cuts": counted[0], "cut_bytes": counted[1]}


def _prepare(connection: duckdb.DuckDBPyConnection, found: Found) -> None:
    """The documents that have a duplicate, with their ids: all else is joined to these alone."""
    clusters = table(found.data, found.clusters, "shard as place, row, doc_id, reason, survivor, similarity, cluster")
    origin = "natural_key as id, raw_path as file, raw_offset as file_row, file_row_number as row"
    documents = table(found.data, found.documents, origin, ", file_row_number = true")
    connection.execute(f"""
        create table named as
        select c.place as shard, c.* exclude (place), d.id, d.file, d.file_row
        from (select * exclude (shard) from {clusters}) as c
        join {documents} as d on d.shard = c.place and d.row = c.row
    """)
    connection.execute("create table kept as select doc_id, id from named where reason is null")
    edges = table(found.data, found.edges, 'better, worse, intersection, "union", similarity, estimate, sample')
    connection.execute(f"create view edges as select * from {edges} where similarity < {SAME_WORK}")


DUPLICATES_QUERY = f"""
    select n.id as doc_id, k.id as survivor_id, n.similarity / 10000 as similarity,
           case n.reason when '{EXACT}' then 'exact' when '{URL}' then 'url' else 'near' end as level,
           s.size as cluster_size, n.file, n.file_row as row
    from named as n
    join kept as k on k.doc_id = n.survivor
    join (select cluster, count(*) as size from named group by cluster) as s on s.cluster = n.cluster
    where n.reason is not null
    order by n.file, n.file_row
"""
EVIDENCE_QUERY = """
    select b.id as better_id, w.id as worse_id, intersection as shared, "union" as either,
           e.similarity / 10000 as similarity, e.estimate / 10000 as estimate, e.sample, b.shard, b.row
    from edges as e
    join named as b on b.shard = e.better >> 32 and b.row = e.better & 4294967295
    join named as w on w.shard = e.worse >> 32 and w.row = e.worse & 4294967295
    order by b.shard, b.row, worse_id
"""
CLUSTERS_QUERY = f"""
    select count(*) as size, count(reason) as removed, min(similarity),
           arg_min(shard, (reason is not null, id)), arg_min(row, (reason is not null, id)),
           arg_min(id, (reason is not null, id)), (list(id order by id) filter (reason is not null))[:{MEMBERS}]
    from named group by cluster order by size desc, min(id) limit {LARGEST}
"""


def _cluster(
    found: Found, size: int, removed: int, least: int | None, shard: int, row: int, survivor: str, members: list[str]
) -> dict[str, Any]:
    return {
        "size": size,
        "removed": removed,
        "least_similarity": None if least is None else least / 10_000,
        "survivor_id": survivor,
        "removed_ids": members,
        "text": beginning(found.data, found.documents[shard], row),
    }


def _with_passages(found: Found, edges: pa.RecordBatch, settings: Deduplication) -> pa.RecordBatch:
    """Rows of EVIDENCE_QUERY as EVIDENCE. Reads the row groups of the better documents, in order."""
    quoted: list[list[str]] = []
    rows = edges.select(["shard", "row", "sample"]).to_pylist()
    for shard, mine in groupby(rows, key=itemgetter("shard")):
        held = list(mine)
        places = sorted({row["row"] for row in held})
        texts = dict(zip(places, read_texts(found.data, found.documents[shard], places), strict=True))
        for row, edges_of in groupby(held, key=itemgetter("row")):
            text = Quotable(texts[row], settings.shingle_words)
            quoted += [text.quote(edge["sample"]) for edge in edges_of]
    columns = {name: edges[name] for name in EVIDENCE.names if name != "passages"}
    return pa.RecordBatch.from_pydict(columns | {"passages": quoted}).cast(EVIDENCE)


def _write(batches: Iterable[pa.RecordBatch], schema: pa.Schema, path: str) -> None:
    """A Parquet file at `path`, in place of what was there."""
    with storage.Draft(path) as draft:
        with pq.ParquetWriter(draft.file, schema, compression="zstd") as writer:
            for batch in batches:
                writer.write_batch(batch)
        storage.remove(path)
        draft.publish()
