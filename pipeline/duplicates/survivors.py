"""Room 31's last step, shard by shard: who goes as a duplicate, into the ledger; what remains, counted by domain.

Where parts of texts are taken out, too, a shard also leaves the documents that changed (`shortened`), each as its steps
measure it now, or with the reason for which it goes after all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipeline import storage
from pipeline.config import Config
from pipeline.dedup.schemas import CLUSTER, NEAR
from pipeline.dedup.shuffling.sorted_files import read_range
from pipeline.duplicates import cutting
from pipeline.process.timing import Stopwatch
from pipeline.rooms.manifest import Manifest, Place, commit
from pipeline.rooms.names import AUDIT, DUPLICATES
from pipeline.rooms.recipe import libraries, recipe_of, schema_of
from pipeline.rooms.tables import LAYOUT, TableFile, conform, read_batches, text_bytes
from pipeline.schema import field as column
from pipeline.shard import audit
from pipeline.shard.filter import AUDITED, filtered_schema, ledger_schema
from pipeline.shard.ledger import Counts, Ledger
from pipeline.shard.shard import Receipt, Shard
from pipeline.steps import Step, deciding_libraries, steps_recipe

WEIGHTS = (
    column("cluster_size", pa.uint32(), "documents of its duplicate cluster; 1: it has no duplicate", nullable=False),
    column("stands_for", pa.uint32(), "documents left out in its favour, and itself: their weight", nullable=False),
)
"""What a published row says of its duplicates."""
SIMILARITY_STEP = 250  # in 1e-4: how finely the manifest counts near duplicates by similarity
VERSION = 4  # raise it when this module may write other bytes for equal clusters


@dataclass(frozen=True)
class ShardOfRoom:
    """A filtered shard with its number among all filtered shards, and the clusters of the whole run."""

    shard: Shard
    number: int
    filtered: Manifest
    clusters: str
    clusters_digest: str
    cuts: str = ""  # where texts are cut: the file of the shard's spans
    cuts_digest: str = ""
    shortened: str = ""  # once this room's last step is done: the documents that changed
    shortened_digest: str = ""


SHORTENED = [
    column("row", pa.uint32(), "row of the document in its shard, first is 0", nullable=False),
    column("gone", pa.string(), "why the document goes after all; null: it stays"),
]


def survivor_schema(config: Config, steps: tuple[Step, ...]) -> pa.Schema:
    """A document that is left: with all that the steps measured, and where texts are cut with what was taken out."""
    return pa.schema([*filtered_schema(steps), *(cutting.ADDED if config.dedup.cuts else ())])


def _shortened_schema(shard: Shard) -> pa.Schema:
    return pa.schema([*SHORTENED, *survivor_schema(shard.config, shard.steps)])


def _parts_of(job: ShardOfRoom) -> dict[str, Any]:
    """What decides a shard's ledger and counts."""
    shard = job.shard
    cuts = {
        "cuts": [job.cuts_digest, cutting.VERSION, steps_recipe(shard.steps, shard.source)],
        "cutting": [schema_of(_shortened_schema(shard)), libraries(deciding_libraries(shard.steps, shard.source))],
    }
    return (cuts if job.cuts else {}) | {
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
    found = _Found(shard)
    similarities: Counter[int] = Counter()
    schema = pa.schema([*filtered_schema(shard.steps), *AUDITED])
    with (
        Ledger(place, ledger_schema(shard.steps)) as ledger,
        TableFile(place, "audit", ".parquet", schema, folder=AUDIT) as sampled,
        ExitStack() as opened,
        watch.room(DUPLICATES),
        watch.stage("part", rows.rows, rows.bytes),
    ):
        cut = opened.enter_context(_Cut(job, place)) if job.cuts else None
        for start, batch, members in marked(job):
            gone = _gone(members)
            kept = found.part(batch, gone, ledger)
            found.keep(cut.cut(kept, living(start, batch, gone), found, ledger) if cut else kept)
            near = gone.filter(pc.equal(gone.column("reason"), NEAR)).column("similarity").to_pylist()
            similarities.update(value // SIMILARITY_STEP * SIMILARITY_STEP for value in near)
        for (reason, _), batch in found.sample.chosen().items():
            fate = [pa.repeat(DUPLICATES, batch.num_rows), pa.repeat(reason, batch.num_rows)]
            sampled.write(pa.RecordBatch.from_arrays([*batch.columns, *fate], schema=schema))
        files = (ledger.publish(), sampled.publish(), *([cut.file.publish()] if cut else []))
    facts = {
        "domains": {name: found.domains[name] for name in sorted(found.domains)},
        "near_by_similarity": {str(step): similarities[step] for step in sorted(similarities)},
    }
    manifest = Manifest(DUPLICATES, shard.name, recipe, parts, files, found.counts.done(), facts)
    return Receipt(shard.name, (commit(place, manifest),), watch.rows())


def marked(job: ShardOfRoom) -> Iterator[tuple[int, pa.RecordBatch, pa.RecordBatch]]:
    """(first row, batch, its rows of CLUSTER with `row` counted from the first) for each batch of the shard."""
    found = list(read_range(storage.join(job.shard.data, job.clusters), "shard", (job.number,), (job.number + 1,)))
    members = pa.concat_batches(found) if found else pa.RecordBatch.from_pylist([], schema=CLUSTER)
    where = members.column("row").to_numpy()
    start = 0
    for batch in read_batches(job.shard.data, job.filtered.file("rows").name):
        low, high = np.searchsorted(where, [start, start + batch.num_rows])
        part = members.slice(low, high - low)
        index = part.schema.get_field_index("row")
        yield (
            start,
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


def _gone(members: pa.RecordBatch) -> pa.RecordBatch:
    """Of the rows of CLUSTER those that go."""
    return members.filter(members.column("reason").is_valid())


def domains_of(shard: Shard, batch: pa.RecordBatch) -> list[str]:
    """The domain of each row."""
    domain_of = shard.config.domain_of
    return [domain_of(shard.source, label) for label in batch.column("label").to_pylist()]


class _Found:
    """What becomes of the documents of a shard, being counted."""

    def __init__(self, shard: Shard) -> None:
        self.shard = shard
        self.counts, self.sample = Counts(shard.source), audit.Sample(shard.config.audit)
        self.domains: dict[str, list[int]] = {}
        """By domain: documents and bytes of their texts."""

    def part(self, batch: pa.RecordBatch, gone: pa.RecordBatch, ledger: Ledger) -> pa.RecordBatch:
        """What is left of a batch; what is gone is in the ledger."""
        removed = batch.take(gone.column("row"))
        reasons = gone.column("reason").cast(pa.string())
        if removed.num_rows:
            ledger.add_rows(removed, reasons, gone.column("survivor").cast(pa.string()))
        self.drop(removed, reasons)
        return without(batch, gone)

    def drop(self, removed: pa.RecordBatch, reasons: Any) -> None:
        """Count what is gone, and offer it to the sample."""
        for reason in sorted(set(reasons.to_pylist())):
            hit = removed.filter(pc.equal(reasons, reason))
            self.counts.add("dropped", reason, hit.num_rows, _sum(hit.column("raw_bytes")), _sum(text_bytes(hit)))
            self.sample.offer(reason, hit, 0)

    def keep(self, kept: pa.RecordBatch) -> None:
        """Count what is left."""
        if kept.num_rows:
            raw = _sum(kept.column("raw_bytes"))
            self.counts.add("kept", audit.KEPT, kept.num_rows, raw, _sum(text_bytes(kept)))
        for name, size in zip(domains_of(self.shard, kept), text_bytes(kept).to_pylist(), strict=True):
            entry = self.domains.setdefault(name, [0, 0])
            entry[0] += 1
            entry[1] += size


class _Cut:
    """The file of the documents of a shard that changed, being written."""

    def __init__(self, job: ShardOfRoom, place: Place) -> None:
        shard = job.shard
        self.filtered = filtered_schema(shard.steps)
        self.cutter = cutting.Cutter(shard.steps, shard.source, cutting.spans_of(shard.data, job.cuts))
        self.schema = _shortened_schema(shard)
        self.file = TableFile(place, "shortened", ".shortened.parquet", self.schema)

    def cut(self, kept: pa.RecordBatch, rows: NDArray[np.int64], found: _Found, ledger: Ledger) -> pa.RecordBatch:
        """`kept` as it is afterwards, without what goes after all; `rows` are its rows in the shard."""
        places, changed = self.cutter.cut(kept, rows)
        if not len(places):
            return kept
        reasons = self.cutter.reasons(changed)
        lead = [pa.array(rows[places].astype(np.uint32)), reasons]
        self.file.write(pa.RecordBatch.from_arrays([*lead, *changed.columns], schema=self.schema))
        changed = conform(changed, self.filtered)
        goes = reasons.is_valid()
        if (gone := changed.filter(goes)).num_rows:
            ledger.add_rows(gone, reasons.filter(goes))
            found.drop(gone, reasons.filter(goes))
        others = np.ones(kept.num_rows, dtype=bool)
        others[places] = False
        return pa.concat_batches([kept.filter(pa.array(others)), changed.filter(reasons.is_null())])

    def __enter__(self) -> Self:
        self.file.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.__exit__(kind, error, trace)


def living(start: int, batch: pa.RecordBatch, gone: pa.RecordBatch) -> NDArray[np.int64]:
    """The rows in the shard of what is left of a batch that begins at row `start`."""
    mask = np.ones(batch.num_rows, dtype=bool)
    mask[gone.column("row").to_numpy()] = False
    return np.flatnonzero(mask) + start


def remaining(job: ShardOfRoom) -> Iterator[pa.RecordBatch]:
    """The documents of a shard that are left, by batch: `WEIGHTS`, then `survivor_schema`; changed ones stand last."""
    schema = survivor_schema(job.shard.config, job.shard.steps)
    for start, batch, members in marked(job):
        gone, weights = _gone(members), _weights(batch, members)
        rows = living(start, batch, gone)
        kept = without(batch, gone)
        if not job.shortened:
            yield _weighed(kept, weights, rows - start)
            continue
        nothing = [pa.array(np.zeros(kept.num_rows), added.type) for added in cutting.ADDED]
        whole = pa.RecordBatch.from_arrays([*kept.columns, *nothing], schema=schema)
        path = storage.join(job.shard.data, job.shortened)
        changed = list(read_range(path, "row", (start,), (start + batch.num_rows,)))
        for part in changed:
            others = ~np.isin(rows, part.column("row").to_numpy())
            whole, rows = whole.filter(pa.array(others)), rows[others]
        parts = [_weighed(whole, weights, rows - start)]
        for part in changed:
            staying = part.filter(part.column("gone").is_null())
            where = staying.column("row").to_numpy().astype(np.int64) - start
            parts.append(_weighed(staying.select(schema.names), weights, where))
        yield pa.concat_batches(parts)


def _weights(batch: pa.RecordBatch, members: pa.RecordBatch) -> list[NDArray[np.uint32]]:
    """The `WEIGHTS` of the rows of a batch: 1 where a row has no duplicate."""
    found = []
    for weight in WEIGHTS:
        column = np.ones(batch.num_rows, dtype=np.uint32)
        column[members.column("row").to_numpy()] = members.column(weight.name).to_numpy()
        found.append(column)
    return found


def _weighed(part: pa.RecordBatch, weights: list[NDArray[np.uint32]], rows: NDArray[np.int64]) -> pa.RecordBatch:
    """`part` after the weights of its `rows` of the batch."""
    columns = [pa.array(weight[rows]) for weight in weights]
    return pa.RecordBatch.from_arrays([*columns, *part.columns], schema=pa.schema([*WEIGHTS, *part.schema]))


def _sum(column: Any) -> int:
    return pc.sum(column).as_py() or 0
