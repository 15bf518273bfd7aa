"""Room 40: survivors in a global shuffle, cut into even shards by domain; immutable from here.

Each source shard writes its survivors once more, sorted by (domain number, order); a published shard range-reads its
share of every such file. The order is a keyed hash of doc_id, so the corpus is shuffled whatever its input shards
were, and equal shares of the hash's range hold nearly equal shares of a domain's bytes (the spread of a shard of n
documents is about 1/sqrt(n)). The sorted files are spill: they are removed once all is published.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import storage
from pipeline.dedup.sorted_files import read_range
from pipeline.ledger import Counts
from pipeline.licence_counts import Licences
from pipeline.licences.declared import normal_form
from pipeline.recipe import libraries, recipe_of, schema_of
from pipeline.rooms import PUBLISHED, SORTED, Count, FileEntry, Manifest, Place, commit, read_list
from pipeline.schema import field
from pipeline.shard import Receipt
from pipeline.step import StepTask, rows_and_bytes
from pipeline.survivors import WEIGHTS, ShardOfRoom, domains_of, remaining, survivor_schema
from pipeline.tables import LAYOUT, TableFile, rebatch, text_bytes
from pipeline.timing import Stopwatch

ORDER_KEY = b"riffle: published order, 1"
VERSION = 4  # raise it when this module may write other bytes for equal survivors
ATTRIBUTION = "attribution"
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
PASS_BYTES = 128 * 2**20
"""Text held while a shard is sorted; a larger shard is read again for each further pass."""

DOMAIN = field("domain", pa.string(), "part of the corpus; mixtures weigh domains", nullable=False)
DOMAIN_NUMBER = field("domain_number", pa.uint32(), "place of the domain among the config's, sorted", nullable=False)
ORDER = field("order", pa.uint64(), "keyed hash of doc_id; published rows ascend by it", nullable=False)


def order_of(doc_id: str) -> int:
    """Where a document stands in the published order: 64 bits of keyed BLAKE2b of its id."""
    return int.from_bytes(hashlib.blake2b(doc_id.encode(), digest_size=8, key=ORDER_KEY).digest(), "big")


# --- the spill: each shard's survivors in published order -------------------------------------------------------------


def spill_task(job: ShardOfRoom) -> StepTask:
    """The task that sorts one shard's survivors by (domain, order, doc_id)."""
    survivor = survivor_schema(job.shard.config, job.shard.steps)
    schema = pa.schema([DOMAIN_NUMBER, ORDER, DOMAIN, *WEIGHTS, *survivor])
    parts = {
        "shard": job.shard.identity(),
        "input": job.filtered.file("rows").sha256,
        "clusters": [job.clusters_digest, job.number, job.shortened_digest],
        "domains": [
            job.shard.config.sources[job.shard.source].model_dump(include={"domain", "domain_by_label"}),
            job.shard.config.domains(),
        ],
        "version": [VERSION, ORDER_KEY.decode(), PASS_BYTES],
        "schema": [schema_of(schema), LAYOUT],
        "libraries": libraries({"pyarrow"}),
    }
    return StepTask(job.shard.data, SORTED, job.shard.name, parts, sort_survivors, (job,), schema)


def sort_survivors(job: ShardOfRoom) -> Iterator[pa.RecordBatch]:
    """The survivors of one shard sorted by (domain, order, doc_id), holding about PASS_BYTES of text."""
    keys: list[tuple[str, int, str, int]] = []
    for batch in remaining(job):
        ids = batch.column("doc_id").to_pylist()
        keys += zip(domains_of(job.shard, batch), map(order_of, ids), ids, text_bytes(batch).to_pylist(), strict=True)
    keys.sort()
    for low, high in _passes(keys):
        yield from _sorted_pass(job, low, high)


def _passes(keys: list[tuple[str, int, str, int]]) -> Iterator[tuple[Any, Any]]:
    """Key ranges [low, high] that hold at most PASS_BYTES of text each, or one row."""
    start = held = 0
    for index, key in enumerate(keys):
        if held and held + key[3] > PASS_BYTES:
            yield keys[start][:3], keys[index - 1][:3]
            start, held = index, 0
        held += key[3]
    if keys:
        yield keys[start][:3], keys[-1][:3]


def _sorted_pass(job: ShardOfRoom, low: Any, high: Any) -> Iterator[pa.RecordBatch]:
    batches, keys = [], []
    for batch in remaining(job):
        ids = batch.column("doc_id").to_pylist()
        mine = list(zip(domains_of(job.shard, batch), map(order_of, ids), ids, strict=True))
        chosen = [index for index, key in enumerate(mine) if low <= key <= high]
        if chosen:
            batches.append(batch.take(pa.array(chosen)))
            keys += [mine[index] for index in chosen]
    table = pa.concat_batches(batches)
    order = sorted(range(len(keys)), key=keys.__getitem__)
    number = {name: i for i, name in enumerate(job.shard.config.domains())}
    schema = pa.schema([DOMAIN_NUMBER, ORDER, DOMAIN, *table.schema])
    for start in range(0, len(order), 1024):
        part = order[start : start + 1024]
        names = [keys[i][0] for i in part]
        lead = [
            pa.array([number[name] for name in names], pa.uint32()),
            pa.array([keys[i][1] for i in part], pa.uint64()),
            pa.array(names),
        ]
        yield pa.RecordBatch.from_arrays([*lead, *table.take(pa.array(part)).columns], schema=schema)


# --- the published shards ---------------------------------------------------------------------------------------------


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
    spills: str = ""  # name of the list of spill files; not of the recipe: they follow from the content

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
        return 2**64 * self.index // self.count, 2**64 * (self.index + 1) // self.count


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
    found = [
        batch
        for name in read_list(shard.data, shard.spills)
        for batch in read_range(
            storage.join(shard.data, name), ("domain_number", "order"), (shard.number, low), (shard.number, high)
        )
    ]
    if not found:
        return
    rows = pa.concat_batches(found)  # contiguous: taking from chunks costs 50 times as much
    found.clear()
    order = pc.sort_indices(rows, sort_keys=[("order", "ascending"), ("doc_id", "ascending")])
    rows = rows.select(shard.schema.names)
    for start in range(0, len(order), 1024):
        yield rows.take(order.slice(start, 1024))


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
