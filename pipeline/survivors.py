"""Room 31's last step, shard by shard: who goes as a duplicate, into the ledger; what remains, counted by domain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline import audit, storage
from pipeline.dedup.schemas import CLUSTER, NEAR
from pipeline.dedup.sorted_files import read_range
from pipeline.ledger import Counts, Ledger
from pipeline.recipe import libraries, recipe_of, schema_of
from pipeline.rooms import AUDIT, DUPLICATES, Manifest, Place, commit
from pipeline.schema import field as column
from pipeline.shard import AUDITED, Receipt, Shard, filtered_schema, ledger_schema
from pipeline.tables import LAYOUT, TableFile, read_batches, text_bytes
from pipeline.timing import Stopwatch

WEIGHTS = (
    column("cluster_size", pa.uint32(), "documents of its duplicate cluster; 1: it has no duplicate", nullable=False),
    column("stands_for", pa.uint32(), "documents left out in its favour, and itself: their weight", nullable=False),
)
"""What a published row says of its duplicates."""
SIMILARITY_STEP = 250  # in 1e-4: how finely the manifest counts near duplicates by similarity
VERSION = 2  # raise it when this module may write other bytes for equal clusters


@dataclass(frozen=True)
class ShardOfRoom:
    """A filtered shard with its number among all filtered shards, and the clusters of the whole run."""

    shard: Shard
    number: int
    filtered: Manifest
    clusters: str
    clusters_digest: str


def _parts_of(job: ShardOfRoom) -> dict[str, Any]:
    """What decides a shard's ledger and counts."""
    shard = job.shard
    return {
        "shard": shard.identity(),
        "input": job.filtered.file("rows").sha256,
        "version": [VERSION, audit.VERSION],
        "clusters": [job.clusters_digest, job.number],
        "domains": [
            shard.config.sources[shard.source].model_dump(include={"domain", "domain_by_label"}),
            shard.source,
        ],
        "audit": shard.config.audit.model_dump(mode="json"),
        "schema": [*map(schema_of, (ledger_schema(shard.steps), pa.schema(AUDITED))), LAYOUT],
        "libraries": libraries({"pyarrow"}),
    }


def part_duplicates(job: ShardOfRoom) -> Receipt:
    """Commit the ledger, the audit sample and the counts of one shard's duplicates."""
    watch = Stopwatch()
    shard, rows = job.shard, job.filtered.file("rows")
    recipe, parts = recipe_of(_parts_of(job))
    place = Place(shard.data, DUPLICATES, shard.name, recipe)
    if (done := place.committed()) is not None:
        return Receipt(shard.name, (done,), [])
    counts, sample = Counts(shard.source), audit.Sample(shard.config.audit)
    domains: dict[str, list[int]] = {}
    similarities: Counter[int] = Counter()
    schema = pa.schema([*filtered_schema(shard.steps), *AUDITED])
    with (
        Ledger(place, ledger_schema(shard.steps)) as ledger,
        TableFile(place, "audit", ".parquet", schema, folder=AUDIT) as sampled,
        watch.room(DUPLICATES),
        watch.stage("part", rows.rows, rows.bytes),
    ):
        for batch, members in marked(job):
            gone = members.filter(members.column("reason").is_valid())
            _part(shard, batch, gone, (counts, sample, domains, ledger))
            near = gone.filter(pc.equal(gone.column("reason"), NEAR)).column("similarity").to_pylist()
            similarities.update(value // SIMILARITY_STEP * SIMILARITY_STEP for value in near)
        for (reason, _), batch in sample.chosen().items():
            fate = [pa.repeat(DUPLICATES, batch.num_rows), pa.repeat(reason, batch.num_rows)]
            sampled.write(pa.RecordBatch.from_arrays([*batch.columns, *fate], schema=schema))
        files = (ledger.publish(), sampled.publish())
    facts = {
        "domains": {name: domains[name] for name in sorted(domains)},
        "near_by_similarity": {str(step): similarities[step] for step in sorted(similarities)},
    }
    manifest = Manifest(DUPLICATES, shard.name, recipe, parts, files, counts.done(), facts)
    return Receipt(shard.name, (commit(place, manifest),), watch.rows())


def marked(job: ShardOfRoom) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
    """For each batch of the shard: (batch, its rows of CLUSTER, `row` counted from the batch's first)."""
    found = list(read_range(storage.join(job.shard.data, job.clusters), "shard", (job.number,), (job.number + 1,)))
    members = pa.concat_batches(found) if found else pa.RecordBatch.from_pylist([], schema=CLUSTER)
    where = members.column("row").to_numpy()
    start = 0
    for batch in read_batches(job.shard.data, job.filtered.file("rows").name):
        low, high = np.searchsorted(where, [start, start + batch.num_rows])
        part = members.slice(low, high - low)
        index = part.schema.get_field_index("row")
        yield (
            batch,
            part.set_column(
                index, part.schema.field(index), pc.subtract(part.column("row"), pa.scalar(start, pa.uint32()))
            ),
        )
        start += batch.num_rows


def without(batch: pa.RecordBatch, gone: pa.RecordBatch) -> pa.RecordBatch:
    """`batch` less the rows that go."""
    mask = np.ones(batch.num_rows, dtype=bool)
    mask[gone.column("row").to_numpy()] = False
    return batch.filter(pa.array(mask))


def kept(job: ShardOfRoom) -> Iterator[pa.RecordBatch]:
    """The rows of the shard that stay, batch by batch, each after its `WEIGHTS`."""
    for batch, members in marked(job):
        columns = []
        for f in WEIGHTS:
            weight = np.ones(batch.num_rows, dtype=np.uint32)
            weight[members.column("row").to_numpy()] = members.column(f.name).to_numpy()
            columns.append(pa.array(weight))
        weighed = pa.RecordBatch.from_arrays([*columns, *batch.columns], schema=pa.schema([*WEIGHTS, *batch.schema]))
        yield without(weighed, members.filter(members.column("reason").is_valid()))


def domains_of(shard: Shard, batch: pa.RecordBatch) -> list[str]:
    """The domain of each row."""
    domain_of = shard.config.domain_of
    return [domain_of(shard.source, label) for label in batch.column("label").to_pylist()]


def _part(
    shard: Shard,
    batch: pa.RecordBatch,
    gone: pa.RecordBatch,
    into: tuple[Counts, audit.Sample, dict[str, list[int]], Ledger],
) -> None:
    counts, sample, domains, ledger = into
    removed = batch.take(gone.column("row"))
    reasons = gone.column("reason").cast(pa.string())
    if removed.num_rows:
        ledger.add_rows(removed, reasons, gone.column("survivor").cast(pa.string()))
    for reason in sorted(set(reasons.to_pylist())):
        hit = removed.filter(pc.equal(reasons, reason))
        counts.add("dropped", reason, hit.num_rows, _sum(hit.column("raw_bytes")), _sum(text_bytes(hit)))
        sample.offer(reason, hit, 0)
    kept = without(batch, gone)
    if kept.num_rows:
        counts.add("kept", audit.KEPT, kept.num_rows, _sum(kept.column("raw_bytes")), _sum(text_bytes(kept)))
    for name, size in zip(domains_of(shard, kept), text_bytes(kept).to_pylist(), strict=True):
        entry = domains.setdefault(name, [0, 0])
        entry[0] += 1
        entry[1] += size


def _sum(column: Any) -> int:
    return pc.sum(column).as_py() or 0
