"""One task of each step of the course: which part of which files it reads."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.dedup import candidates as pairing
from pipeline.dedup import clusters as table
from pipeline.dedup import components, verify
from pipeline.dedup import exact as equal
from pipeline.dedup import routes as routing
from pipeline.dedup import shingles as shuffling
from pipeline.dedup import signatures as signing
from pipeline.dedup import survivors as judging
from pipeline.dedup import works as naming
from pipeline.dedup.schemas import FIRST_NEAR_BAND, IDENTITY_BAND, TEXT_BAND, WORK_BAND
from pipeline.dedup.settings import Deduplication
from pipeline.dedup.sorted_files import Key
from pipeline.dedup.spread import part_range
from pipeline.storage import open_committed

Batches = Iterator[pa.RecordBatch]

FILTERED = "filtered"
"""The name under which the inputs, one Parquet file of documents a shard, stand beside the steps' own files."""
RELATIONS = ("edges", "works", "identity", "exact")
"""The steps that write pairs of which one document may go."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What the numbers of tasks follow from. `candidates` are rows, known once that step is complete.

    After the `shards` to deduplicate come those `published` already; `documents` are those of both.
    """

    shards: int
    documents: int
    candidates: int = 0
    published: int = 0

    @property
    def all_shards(self) -> int:
        return self.shards + self.published

    @property
    def first_published(self) -> int:
        """The address from which on documents are published already."""
        return self.shards << 32

    def verifying_tasks(self, settings: Deduplication) -> int:
        """The number of tasks among which the candidates are shared out."""
        return parts(self.candidates, 2 * settings.pairs_per_partition)


@dataclass(frozen=True, slots=True)
class Job:
    """One task: partition `partition` of `partitions` of a step, and the paths that it reads, by step."""

    partition: int
    partitions: int
    totals: Totals
    files: dict[str, tuple[str, ...]]
    settings: Deduplication

    def keys(self, first_band: int, bands: int = 1) -> tuple[Key, Key]:
        """Its share of the signature rows of these bands."""
        return key_range(first_band, bands, self.partition, self.partitions)

    @property
    def is_published(self) -> bool:
        """Of a task that reads a shard: whether that is published already."""
        return self.partition >= self.totals.shards

    def range(self) -> tuple[Key, Key]:
        """Its share of the documents by `spread`."""
        return part_range(self.partition, self.partitions)


def parts(rows: int, rows_per_part: int) -> int:
    """How many tasks hold so many rows; one at least."""
    return max(1, math.ceil(rows / rows_per_part))


def key_range(first_band: int, bands: int, partition: int, partitions: int) -> tuple[Key, Key]:
    """Part `partition` of an even division of the keys of `bands` bands, as [lo, hi) of (band, key)."""
    lo, hi = (divmod((bands << 64) * i // partitions, 1 << 64) for i in (partition, partition + 1))
    return (first_band + lo[0], lo[1]), (first_band + hi[0], hi[1])


def _documents(job: Job) -> Batches:
    (path,) = job.files[FILTERED]
    columns = job.settings.published_columns if job.is_published else job.settings.columns
    with open_committed(path) as stream, pq.ParquetFile(stream) as file:
        for group in range(file.num_row_groups):
            yield from file.iter_batches(row_groups=[group], columns=columns)


def signatures(job: Job) -> Batches:
    return signing.sign(_documents(job), job.settings, published=job.is_published)


def identity(job: Job) -> Batches:
    return equal.same_records(
        job.files["signatures"], *job.keys(IDENTITY_BAND), job.settings, job.totals.first_published
    )


def exact(job: Job) -> Batches:
    files, keys = (job.files["signatures"], job.files["identity"]), job.keys(TEXT_BAND)
    return equal.same_texts(*files, *keys, job.settings, job.totals.first_published)


def candidates(job: Job) -> Batches:
    keys = job.keys(FIRST_NEAR_BAND, job.settings.bands)
    return pairing.candidates(
        job.files["signatures"], job.files["identity"], *keys, job.settings, job.totals.first_published
    )


def shingles(job: Job) -> Batches:
    destinations = job.totals.verifying_tasks(job.settings)
    wanted = shuffling.wanted_of_shard(job.files["candidates"], job.partition, destinations)
    return shuffling.shingle_rows(_documents(job), wanted, job.settings, published=job.is_published)


def edges(job: Job) -> Batches:
    return verify.verify(job.files["shingles"], job.partition, job.settings)


def works(job: Job) -> Batches:
    signed, records, texts = (job.files[name] for name in ("signatures", "identity", "exact"))
    return naming.works(signed, records, texts, *job.keys(WORK_BAND), job.settings, job.totals.first_published)


def _pairs(job: Job) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """The files of edges, of one doc_id, of equal texts."""
    return job.files["edges"] + job.files["works"], job.files["identity"], job.files["exact"]


def forests(job: Job) -> Batches:
    edges, records, texts = _pairs(job)
    return components.forests(edges, records + texts, *job.range())


def merged(job: Job) -> Batches:
    return components.components(job.files["forests"])


def star(read: str, large: bool, job: Job) -> Batches:
    return components.star(job.files[read], *job.range(), large=large)


def settled(read: str, job: Job) -> Batches:
    return components.settled(job.files[read], *job.range())


def routes(job: Job) -> Batches:
    return routing.routes(*_pairs(job), job.files["components"], *job.range())


def survivors(job: Job) -> Batches:
    return judging.survivors(job.files["routes"], *job.range())


def clusters(job: Job) -> Batches:
    first, last = (job.totals.all_shards * i // job.partitions for i in (job.partition, job.partition + 1))
    return table.clusters(job.files["survivors"], range(first, last))
