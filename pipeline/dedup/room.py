"""Deduplication as a list of steps that a runner carries out: what each reads, into how many tasks it falls.

    signatures  one task a shard    filtered shard                      who may meet whom, by key
    identity    by documents        signatures                          rows of one doc_id with different texts
    exact       by documents        signatures, identity                equal texts
    candidates  by signature rows   signatures, identity                pairs that share a band
    shingles    one task a shard    filtered shard, candidates          shingles of the documents in such pairs
    edges       by candidates       shingles                            verified pairs
    works       one task            signatures, identity, exact         pairs that are copies of one work
    addressed   one task a shard    signatures, identity, exact         addresses of what is not gone yet
    urls        by documents        addressed                           pairs of one address
    survivors   one task            edges, works, urls                  who is kept
    clusters    by documents        identity, exact, survivors          the table of duplicates

Tasks of one step may run in any order; a step starts when the steps that it reads are complete. The numbers of tasks
follow from totals of rows, never from workers, and the files of a step, one after another, hold the same rows
whatever these numbers are (`candidates` may repeat a pair).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.dedup import candidates, clusters, exact, shingles, signatures, survivors, urls, verify, works
from pipeline.dedup.schemas import (
    CANDIDATE,
    CLUSTER,
    EDGE,
    FIRST_NEAR_BAND,
    IDENTITY_BAND,
    MEMBER,
    SHINGLES,
    SURVIVAL,
    TEXT_BAND,
    URL_BAND,
)
from pipeline.dedup.settings import Deduplication
from pipeline.dedup.sorted_files import Key, read_range
from pipeline.storage import open_committed

VERSION = 6  # raise it when the same documents and settings may give other signatures or duplicates
FILTERED = "filtered"
"""The name under which the inputs, one Parquet file of documents a shard, stand beside the steps' own files."""

Files = Mapping[str, Sequence[str]]
"""Paths by step name: `filtered`, `signatures` and `shingles` by shard number, the others by partition."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What the numbers of tasks follow from. `candidates` and `windows` are rows, known once that step is complete."""

    shards: int
    documents: int
    candidates: int = 0
    windows: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """One task: partition `partition` of `partitions` of a step, and the paths that it reads, by step."""

    step: str
    partition: int
    partitions: int
    totals: Totals
    files: dict[str, tuple[str, ...]]
    settings: Deduplication


@dataclass(frozen=True, slots=True)
class Step:
    """A step of deduplication. `run` is a pure function of the job and the content of its files; it can be pickled."""

    name: str
    reads: tuple[str, ...]
    schema: Callable[[Deduplication], pa.Schema]
    partitions: Callable[[Totals, Deduplication], int]
    run: Callable[[Job], Iterator[pa.RecordBatch]]
    by_shard: bool = False

    def jobs(self, files: Files, totals: Totals, settings: Deduplication) -> list[Job]:
        """The step's tasks in the order of their output; `files` hold what the steps in `reads` wrote."""
        count = self.partitions(totals, settings)
        return [Job(self.name, i, count, totals, self._inputs(files, i), settings) for i in range(count)]

    def _inputs(self, files: Files, partition: int) -> dict[str, tuple[str, ...]]:
        own = {name: tuple(files[name]) for name in self.reads}
        return own | ({FILTERED: (files[FILTERED][partition],)} if self.by_shard else {})


def key_range(first_band: int, bands: int, partition: int, partitions: int) -> tuple[Key, Key]:
    """Part `partition` of an even division of the keys of `bands` bands, as [lo, hi) of (band, key)."""
    lo, hi = (divmod((bands << 64) * i // partitions, 1 << 64) for i in (partition, partition + 1))
    return (first_band + lo[0], lo[1]), (first_band + hi[0], hi[1])


def _parts(rows: int, rows_per_part: int) -> int:
    return max(1, math.ceil(rows / rows_per_part))


def _of_documents(totals: Totals, settings: Deduplication) -> int:
    return _parts(totals.documents, settings.rows_per_partition)


def _of_signatures(totals: Totals, settings: Deduplication) -> int:
    return _parts(totals.documents * settings.bands, settings.rows_per_partition)


def _verifying_tasks(totals: Totals, settings: Deduplication) -> int:
    return _parts(totals.candidates, 2 * settings.pairs_per_partition)


def _of_shards(totals: Totals, settings: Deduplication) -> int:
    return max(1, min(totals.shards, _of_documents(totals, settings)))


def _one_a_shard(totals: Totals, settings: Deduplication) -> int:
    del settings
    return totals.shards


def _one(totals: Totals, settings: Deduplication) -> int:
    del totals, settings
    return 1


def _shards_with_urls(totals: Totals, settings: Deduplication) -> int:
    return totals.shards if settings.url_sources else 0


def _of_urls(totals: Totals, settings: Deduplication) -> int:
    return _of_documents(totals, settings) if settings.url_sources else 0


def _always(schema: pa.Schema) -> Callable[[Deduplication], pa.Schema]:
    return lambda _: schema


def _documents(path: str, settings: Deduplication) -> Iterator[pa.RecordBatch]:
    with open_committed(path) as stream, pq.ParquetFile(stream) as file:
        for group in range(file.num_row_groups):
            yield from file.iter_batches(row_groups=[group], columns=settings.columns)


def _signatures(job: Job) -> Iterator[pa.RecordBatch]:
    return signatures.sign(_documents(job.files[FILTERED][0], job.settings), job.settings)


def _identity(job: Job) -> Iterator[pa.RecordBatch]:
    lo, hi = key_range(IDENTITY_BAND, 1, job.partition, job.partitions)
    return exact.same_records(job.files["signatures"], lo, hi, job.settings)


def _exact(job: Job) -> Iterator[pa.RecordBatch]:
    lo, hi = key_range(TEXT_BAND, 1, job.partition, job.partitions)
    return exact.same_texts(job.files["signatures"], job.files["identity"], lo, hi, job.settings)


def _candidates(job: Job) -> Iterator[pa.RecordBatch]:
    lo, hi = key_range(FIRST_NEAR_BAND, job.settings.bands, job.partition, job.partitions)
    return candidates.candidates(job.files["signatures"], job.files["identity"], lo, hi, job.settings)


def _shingles(job: Job) -> Iterator[pa.RecordBatch]:
    destinations = _verifying_tasks(job.totals, job.settings)
    wanted = shingles.wanted_of_shard(job.files["candidates"], job.partition, destinations)
    return shingles.shingle_rows(_documents(job.files[FILTERED][0], job.settings), wanted, job.settings)


def _edges(job: Job) -> Iterator[pa.RecordBatch]:
    return verify.verify(job.files["shingles"], job.partition, job.settings)


def _works(job: Job) -> Iterator[pa.RecordBatch]:
    return works.works(job.files["signatures"], job.files["identity"], job.files["exact"], job.settings)


def _addressed(job: Job) -> Iterator[pa.RecordBatch]:
    files = job.files
    return urls.addressed(files["signatures"], files["identity"], files["exact"], job.partition, job.settings)


def _urls(job: Job) -> Iterator[pa.RecordBatch]:
    lo, hi = key_range(URL_BAND, 1, job.partition, job.partitions)
    return urls.urls(job.files["addressed"], lo, hi, job.settings)


def _survivors(job: Job) -> Iterator[pa.RecordBatch]:
    return survivors.survivors([*job.files["edges"], *job.files["works"], *job.files["urls"]])


def _clusters(job: Job) -> Iterator[pa.RecordBatch]:
    first, last = (job.totals.shards * i // job.partitions for i in (job.partition, job.partition + 1))
    shards = range(first, last)
    return clusters.clusters(job.files["identity"], job.files["exact"], job.files["survivors"], shards)


STEPS = (
    Step("signatures", (), signatures.signature_schema, _one_a_shard, _signatures, by_shard=True),
    Step("identity", ("signatures",), _always(MEMBER), _of_documents, _identity),
    Step("exact", ("signatures", "identity"), _always(MEMBER), _of_documents, _exact),
    Step("candidates", ("signatures", "identity"), _always(CANDIDATE), _of_signatures, _candidates),
    Step("shingles", ("candidates",), _always(SHINGLES), _one_a_shard, _shingles, by_shard=True),
    Step("edges", ("shingles",), _always(EDGE), _verifying_tasks, _edges),
    Step("works", ("signatures", "identity", "exact"), _always(EDGE), _one, _works),
    Step("addressed", ("signatures", "identity", "exact"), signatures.signature_schema, _shards_with_urls, _addressed),
    Step("urls", ("addressed",), _always(EDGE), _of_urls, _urls),
    Step("survivors", ("edges", "works", "urls"), _always(SURVIVAL), _one, _survivors),
    Step("clusters", ("identity", "exact", "survivors"), _always(CLUSTER), _of_shards, _clusters),
)
"""In an order in which they can run."""


def deduplicate(filtered_files: Sequence[str], folder: str, settings: Deduplication) -> str:
    """Carry out all steps in this process, one task after another; returns the path of the table of duplicates.

    Writes `<step>.<partition>.parquet` into the local `folder`, which exists, and `duplicates.parquet`, the clusters
    in one file. Documents named there without a reason, and all not named there, are kept.
    """
    files: dict[str, list[str]] = {FILTERED: list(filtered_files)}
    totals = Totals(len(filtered_files), documents=0)
    for step in STEPS:
        schema = step.schema(settings)
        jobs = step.jobs(files, totals, settings)
        files[step.name] = [str(Path(folder, f"{step.name}.{job.partition:05}.parquet")) for job in jobs]
        rows = sum(write_batches(path, step.run(job), schema) for path, job in zip(files[step.name], jobs, strict=True))
        if step.name == "signatures":
            totals = replace(totals, documents=_documents_signed(files["signatures"]))
        elif step.name == "candidates":
            totals = replace(totals, candidates=rows)
    duplicates = str(Path(folder, "duplicates.parquet"))
    write_batches(
        duplicates, (batch for path in files["clusters"] for batch in read_range(path, "shard", (0,), None)), CLUSTER
    )
    return duplicates


def _documents_signed(signature_files: Sequence[str]) -> int:
    band = ((IDENTITY_BAND,), (IDENTITY_BAND + 1,))
    return sum(batch.num_rows for path in signature_files for batch in read_range(path, "band", *band, ["row"]))


def write_batches(path: str, batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> int:
    """Write a file with one row group a batch; returns its rows."""
    rows = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch, row_group_size=batch.num_rows)
            rows += batch.num_rows
    return rows
