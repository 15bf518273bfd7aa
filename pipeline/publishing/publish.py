"""Room 40: survivors in a global shuffle, cut into even shards by domain; immutable from here.

Each source shard writes its survivors once more, sorted by (domain number, order) (`sorting`); a published shard
range-reads its share of every such file, which of very many are gathered into few first (`gathering`). The order is a
keyed hash of doc_id, so the corpus is shuffled whatever its input shards were, and equal shares of the hash's range
hold nearly equal shares of a domain's bytes (the spread of a shard of n documents is about 1/sqrt(n)). The sorted files
are spill: they are removed once all is published.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from pipeline.duplicates.survivors import WEIGHTS
from pipeline.licences.statements.declared import normal_form
from pipeline.process.timing import Stopwatch
from pipeline.publishing.gathering import in_order, read_all
from pipeline.publishing.licence_counts import Licences
from pipeline.publishing.sorting import DOMAIN, ORDER_KEY
from pipeline.rooms.manifest import Count, FileEntry, Manifest, Place, commit
from pipeline.rooms.names import ATTRIBUTION, PUBLISHED
from pipeline.rooms.recipe import libraries, recipe_of, schema_of
from pipeline.rooms.step import rows_and_bytes
from pipeline.rooms.tables import LAYOUT, TableFile, rebatch, text_bytes
from pipeline.schema import field
from pipeline.shard.ledger import Counts
from pipeline.shard.shard import Receipt

VERSION = 4  # raise it when this module may write other bytes for equal survivors
"""Beside the room: for each shard whom to name, `ATTRIBUTED`; no file where there is nobody."""
ATTRIBUTED = pa.schema(
    [
        field("doc_id", pa.string(), "identity of the document", nullable=False),
        field("title", pa.string(), "its title, as the record states it"),
        field("author", pa.string(), "whom to name"),
        field("url", pa.string(), "where it is from"),
        field("licence", pa.string(), "SPDX expression of its licence", nullable=False),
    ]
)


@dataclass(frozen=True)
class PublishedShard:
    """Share `index` of `count` of a domain: what its recipe needs now, and the spill files to read when it is made."""

    data: str
    domain: str
    number: int  # of the domain, in the spill files
    index: int
    count: int
    content: str  # hash of all that decides who survives, and of their rows
    schema: pa.Schema
    spills: tuple[str, ...] = ()  # the sorted files to read; not of the recipe: they follow from the content

    @property
    def place(self) -> Place:
        return Place(
            self.data, PUBLISHED, f"{self.domain}-{self.index:05d}-of-{self.count:05d}", recipe_of(self.parts())[0]
        )

    def parts(self) -> dict[str, Any]:
        return {
            "content": self.content,
            "version": [VERSION, ORDER_KEY.decode()],
            "share": [self.domain, self.index, self.count],
            "schema": [schema_of(self.schema), LAYOUT],
            "libraries": libraries({"pyarrow"}),
        }

    def range(self) -> tuple[int, int]:
        """The half-open range of `order` that this shard holds."""
        return _range(self.index, self.count)


def range_of(shard: str) -> tuple[int, int]:
    """The half-open range of `order` that a published shard of that name holds."""
    name, _, count = shard.rpartition("-of-")
    return _range(int(name.rpartition("-")[2]), int(count))


def _range(index: int, count: int) -> tuple[int, int]:
    return 2**64 * index // count, 2**64 * (index + 1) // count


def shards_of(
    data: str, names: list[str], domains: dict[str, int], shard_bytes: int, content: str, schema: pa.Schema
) -> list[PublishedShard]:
    """The shards to publish: for each domain as many of about `shard_bytes` as its text bytes ask for."""
    return [
        PublishedShard(data, domain, number, index, count, content, schema)
        for number, domain in enumerate(names)
        for size in [domains.get(domain, 0)]
        if domain in domains
        for count in [max(1, math.ceil(size / shard_bytes))]
        for index in range(count)
    ]


def publish(shard: PublishedShard) -> Receipt:
    """Write one published shard and its counts by source and licence."""
    watch = Stopwatch()
    place = shard.place
    if (done := place.committed()) is not None:
        return Receipt(place.shard, (done,), [])
    counts: dict[str, Counts] = {}
    licences = Licences()
    with (
        TableFile(place, "rows", ".parquet", shard.schema) as table,
        Attribution(place) as named,
        watch.room(PUBLISHED),
    ):
        for batch in watch.each("publish", rebatch(_rows(shard)), rows_and_bytes):
            table.write(batch)
            count_rows(batch, counts, licences)
            named.write(batch)
        files = (table.publish(), *named.publish())
    recipe, parts = recipe_of(shard.parts())
    facts = {"domain": shard.domain} | licences.facts()
    sums: tuple[Count, ...] = tuple(c for name in sorted(counts) for c in counts[name].done())
    return Receipt(
        place.shard, (commit(place, Manifest(PUBLISHED, place.shard, recipe, parts, files, sums, facts)),), watch.rows()
    )


def _rows(shard: PublishedShard) -> Iterator[pa.RecordBatch]:
    """The shard's rows in published order. Holds the shard, which is what `publish.shard_bytes` bounds."""
    low, high = shard.range()
    for batch in in_order(read_all(shard.data, shard.spills, (shard.number, low), (shard.number, high))):
        yield batch.select(shard.schema.names)


class Attribution:
    """The attribution file of a shard being written; a context manager as `TableFile` is."""

    def __init__(self, place: Place) -> None:
        self._file = TableFile(place, ATTRIBUTION, ".parquet", ATTRIBUTED, folder=ATTRIBUTION)

    def write(self, batch: pa.RecordBatch) -> None:
        """Take down those rows that are under a licence of Creative Commons that asks for it."""
        licences = [
            normal_form(name) if name else None for name in batch.column(licence_column(batch.schema)).to_pylist()
        ]
        rows = [row for row, spdx in enumerate(licences) if spdx is not None and "CC-BY" in spdx]
        if rows:
            taken = batch.take(pa.array(rows))
            columns = [taken.column(name) for name in ATTRIBUTED.names[:-1]]
            names = pa.array([licences[row] for row in rows], pa.string())
            self._file.write(pa.RecordBatch.from_arrays([*columns, names], schema=ATTRIBUTED))

    def publish(self) -> tuple[FileEntry, ...]:
        """Its entry, where there is anybody to name."""
        return (self._file.publish(),) if self._file.rows else ()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.__exit__(kind, error, trace)


def licence_column(schema: pa.Schema) -> str:
    """The column that names a document's licence: that of the stage `licence`, else what the source declares."""
    return "licence_spdx" if "licence_spdx" in schema.names else "licence_declared"


def count_rows(batch: pa.RecordBatch, counts: dict[str, Counts], licences: Licences) -> None:
    """Count rows by source, and by licence."""
    has_classes = "licence_category" in batch.schema.names
    columns = (
        batch.column("source"),
        batch.column("raw_bytes"),
        batch.column(licence_column(batch.schema)),
        batch.column("licence_category") if has_classes else pa.nulls(batch.num_rows, pa.string()),
        text_bytes(batch),
    )
    for source, raw, licence, category, size in zip(*(column.to_pylist() for column in columns), strict=True):
        counts.setdefault(source, Counts(source)).add("kept", "kept", 1, raw, size)
        licences.add(licence, category, size)


def published_schema(survivor: pa.Schema) -> pa.Schema:
    """A published row: the document, its domain, its duplicates counted, and all that was measured of it."""
    return pa.schema([survivor.field("doc_id"), DOMAIN, *WEIGHTS, *(f for f in survivor if f.name != "doc_id")])
