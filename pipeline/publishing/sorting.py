"""Room 39: each shard's survivors once more, sorted by (domain number, order): spill of what is published.

A shard is read once and sorted in runs of bounded memory, each a file of its own: one huge compressed file is one
shard, of any size. Nothing merges them: a published shard reads its range of each, as it does of all shards, and of
very many they are gathered first (`gathering`). The order is a keyed hash of doc_id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

from pipeline.duplicates.survivors import WEIGHTS, ShardOfRoom, domains_of, remaining, survivor_schema
from pipeline.process.timing import Stopwatch
from pipeline.publishing.gathering import ROWS, in_order
from pipeline.rooms.manifest import FileEntry, Manifest, Place, commit
from pipeline.rooms.names import SORTED
from pipeline.rooms.recipe import libraries, recipe_of, schema_of
from pipeline.rooms.step import rows_and_bytes
from pipeline.rooms.tables import LAYOUT, TableFile
from pipeline.schema import field
from pipeline.shard.shard import Receipt

ORDER_KEY = b"riffle: published order, 1"
VERSION = 1  # raise it when this module may write other bytes for equal survivors
RUN_BYTES = 160 * 2**20
"""Of rows, all columns, that are sorted at once, and held twice meanwhile: some 128 MiB of text."""

DOMAIN = field("domain", pa.string(), "part of the corpus; mixtures weigh domains", nullable=False)
DOMAIN_NUMBER = field("domain_number", pa.uint32(), "place of the domain among the config's, sorted", nullable=False)
ORDER = field("order", pa.uint64(), "keyed hash of doc_id; published rows ascend by it", nullable=False)


def order_of(doc_id: str) -> int:
    """Where a document stands in the published order: 64 bits of keyed BLAKE2b of its id."""
    return int.from_bytes(hashlib.blake2b(doc_id.encode(), digest_size=8, key=ORDER_KEY).digest(), "big")


def sorted_schema(survivor: pa.Schema) -> pa.Schema:
    """A survivor as it is sorted: where it goes in front."""
    return pa.schema([DOMAIN_NUMBER, ORDER, DOMAIN, *WEIGHTS, *survivor])


def _parts_of(job: ShardOfRoom, schema: pa.Schema) -> dict[str, Any]:
    """What decides a shard's sorted files."""
    return {
        "shard": job.shard.identity(),
        "input": job.filtered.file("rows").sha256,
        "clusters": [job.clusters_digest, job.number, job.shortened_digest],
        "domains": [
            job.shard.config.sources[job.shard.source].model_dump(include={"domain", "domain_by_label"}),
            job.shard.config.domains(),
        ],
        "version": [VERSION, ORDER_KEY.decode(), RUN_BYTES, ROWS],
        "schema": [schema_of(schema), LAYOUT],
        "libraries": libraries({"pyarrow"}),
    }


def sort_survivors(job: ShardOfRoom) -> Receipt:
    """Commit the survivors of one shard by (domain number, order, doc_id): a file for every RUN_BYTES of them."""
    watch = Stopwatch()
    schema = sorted_schema(survivor_schema(job.shard.config, job.shard.steps))
    recipe, parts = recipe_of(_parts_of(job, schema))
    place = Place(job.shard.data, SORTED, job.shard.name, recipe)
    if (done := place.committed()) is not None:
        return Receipt(place.shard, (done,), [])
    files: list[FileEntry] = []
    with watch.room(SORTED):
        for run in _runs(watch.each("sort", _keyed(job, schema), rows_and_bytes)):
            with (
                watch.stage("sort", 0, 0),  # its rows were counted while they were read
                TableFile(place, "rows", f".{len(files):05d}.parquet", schema) as table,
            ):
                for batch in in_order(run):
                    table.write(batch)
                files.append(table.publish())
    manifest = Manifest(SORTED, place.shard, recipe, parts, tuple(files))
    return Receipt(place.shard, (commit(place, manifest),), watch.rows())


def _keyed(job: ShardOfRoom, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The shard's survivors as `sorted_schema` has them, unsorted."""
    number = {name: number for number, name in enumerate(job.shard.config.domains())}
    for batch in remaining(job):
        names = domains_of(job.shard, batch)
        lead = [
            pa.array([number[name] for name in names], pa.uint32()),
            pa.array(map(order_of, batch.column("doc_id").to_pylist()), pa.uint64()),
            pa.array(names, pa.string()),
        ]
        yield pa.RecordBatch.from_arrays([*lead, *batch.columns], schema=schema)


def _runs(batches: Iterable[pa.RecordBatch]) -> Iterator[list[pa.RecordBatch]]:
    """Successive batches of at most RUN_BYTES together, or one."""
    run: list[pa.RecordBatch] = []
    held = 0
    for batch in batches:
        if run and held + batch.nbytes > RUN_BYTES:
            yield run
            run, held = [], 0
        if batch.num_rows:
            run.append(batch)
            held += batch.nbytes
    if run:
        yield run
