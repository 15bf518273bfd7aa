"""One task of each step of the course: which part of which files it reads."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.dedup.judging import clusters as table
from pipeline.dedup.judging import components
from pipeline.dedup.judging import routes as routing
from pipeline.dedup.judging import survivors as judging
from pipeline.dedup.pairing import candidates as pairing
from pipeline.dedup.pairing import exact as equal
from pipeline.dedup.pairing import names as naming
from pipeline.dedup.pairing import shingles as shuffling
from pipeline.dedup.pairing import verify
from pipeline.dedup.schemas import FIRST_NEAR_BAND, IDENTITY_BAND, SAME_URL, SAME_WORK, TEXT_BAND, URL_BAND, WORK_BAND
from pipeline.dedup.settings import Deduplication
from pipeline.dedup.shuffling import gather
from pipeline.dedup.shuffling.sorted_files import Key
from pipeline.dedup.shuffling.spread import part_range
from pipeline.dedup.signing import signatures as signing
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
            yield from file.iter_batches(row_groups=[group], columns=columns, use_threads=False)


def _signed(job: Job, lo: Key, hi: Key) -> signing.SignatureFiles:
    """The signature files that hold rows of these bands."""
    if "signatures" in job.files:
        return signing.SignatureFiles(job.files["signatures"])
    groups = len(job.files["merged"]) // (FIRST_NEAR_BAND + job.settings.bands)
    last = hi[0] if hi[1] else hi[0] - 1
    return signing.SignatureFiles(job.files["merged"][lo[0] * groups : (last + 1) * groups], merged=True)


def merged(job: Job) -> Batches:
    groups = job.partitions // (FIRST_NEAR_BAND + job.settings.bands)
    band, group = divmod(job.partition, groups)
    shards = gather.share(job.totals.all_shards, group, groups)
    signed = signing.SignatureFiles(job.files["signatures"][shards.start : shards.stop], first=shards.start)
    return signing.merge(signed, band, job.settings)


def signatures(job: Job) -> Batches:
    return signing.sign(_documents(job), job.settings, published=job.is_published)


def identity(job: Job) -> Batches:
    keys = job.keys(IDENTITY_BAND)
    return equal.same_records(_signed(job, *keys), *keys, job.settings, job.totals.first_published)


def exact(job: Job) -> Batches:
    keys = job.keys(TEXT_BAND)
    signed, records = _signed(job, *keys), job.files["identity"]
    return equal.same_texts(signed, records, *keys, job.settings, job.totals.first_published)


def candidates(job: Job) -> Batches:
    keys = job.keys(FIRST_NEAR_BAND, job.settings.bands)
    signed, records = _signed(job, *keys), job.files["identity"]
    return pairing.candidates(signed, records, *keys, job.settings, job.totals.first_published)


def asked(job: Job) -> Batches:
    return gather.asked(job.files["candidates"], gather.share(job.totals.all_shards, job.partition, job.partitions))


def shingles(job: Job) -> Batches:
    destinations = job.totals.verifying_tasks(job.settings)
    files = job.files.get("candidates", ())
    if not files:
        parts_asked = job.files["asked"]
        files = (parts_asked[gather.part_with(job.totals.all_shards, job.partition, len(parts_asked))],)
    wanted = shuffling.wanted_of_shard(files, job.partition, destinations)
    return shuffling.shingle_rows(_documents(job), wanted, job.settings, published=job.is_published)


def gathered(groups: int, job: Job) -> Batches:
    """Partitions are numbered by share of the destinations, within one by group of shards."""
    share, group = divmod(job.partition, groups)
    destinations = gather.share(job.totals.verifying_tasks(job.settings), share, job.partitions // groups)
    shards = gather.share(job.totals.all_shards, group, groups)
    return gather.gathered(job.files["shingles"][shards.start : shards.stop], destinations)


def edges(groups: int, job: Job) -> Batches:
    """`groups` is of `gathered`, 0 without that step."""
    if not groups:
        return verify.verify(job.files["shingles"], job.partition, job.settings)
    shares = len(job.files["gathered"]) // groups
    share = gather.part_with(job.partitions, job.partition, shares)
    return verify.verify(job.files["gathered"][share * groups : (share + 1) * groups], job.partition, job.settings)


def works(job: Job) -> Batches:
    return _of_one_name(job, WORK_BAND, SAME_WORK)


def urls(job: Job) -> Batches:
    return _of_one_name(job, URL_BAND, SAME_URL)


def _of_one_name(job: Job, band: int, similarity: int) -> Batches:
    keys = job.keys(band)
    signed, records, texts = _signed(job, *keys), job.files["identity"], job.files["exact"]
    return naming.of_one_name(signed, records, texts, *keys, similarity, job.settings, job.totals.first_published)


def _pairs(job: Job) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """The files of edges, of one doc_id, of equal texts."""
    edges = job.files["edges"] + job.files["works"] + job.files.get("urls", ())
    return edges, job.files["identity"], job.files["exact"]


def forests(job: Job) -> Batches:
    edges, records, texts = _pairs(job)
    return components.forests(edges, records + texts, *job.range())


def one_forest(job: Job) -> Batches:
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
    shards = gather.share(job.totals.all_shards, job.partition, job.partitions)
    return table.clusters(job.files["survivors"], shards)
