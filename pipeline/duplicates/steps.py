"""Room 31: the steps of deduplication as committed tasks, and which file of the result speaks of which shard."""

from __future__ import annotations

import bisect
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from pipeline import storage
from pipeline.dedup import cut_tasks, room
from pipeline.dedup.course import CUTTING, Course, Step
from pipeline.dedup.pairing.buckets import Facts, added
from pipeline.dedup.settings import Deduplication
from pipeline.dedup.tasks import FILTERED, Job, Totals
from pipeline.duplicates.published_index import Published
from pipeline.rooms.manifest import FileEntry, Manifest
from pipeline.rooms.names import DUPLICATES
from pipeline.rooms.recipe import hashed, libraries
from pipeline.rooms.step import StepTask
from pipeline.rooms.version import read_list, write_list

DECIDES_WITH = ("pyarrow", "numpy", "numba", "datasketch")

Perform = Callable[[str, Sequence[StepTask]], list[Manifest]]
"""Carries out the tasks of one step (its name first) and returns their commits in the same order."""


@dataclass(frozen=True)
class Duplicates:
    """The table of duplicates as committed: its files, in order of the shards they speak of."""

    manifests: tuple[Manifest, ...]
    shards: int
    edges: tuple[Manifest, ...]
    """The verified pairs, for whoever asks for the evidence."""
    facts: Facts
    """What was and was not compared, summed over all partitions: see `candidates` and `verify`."""
    cuts: tuple[Manifest, ...]
    """What is to be taken out of the texts of each shard that are left; empty where nothing is."""

    def of_shard(self, number: int) -> FileEntry:
        """The file that holds the rows of that shard."""
        partitions = len(self.manifests)
        first = bisect.bisect_right(range(partitions), number, key=lambda index: self.shards * index // partitions)
        return self.manifests[first - 1].file("clusters")


def find_duplicates(
    data: str,
    settings: Deduplication,
    filtered: Sequence[Manifest],
    signed: Sequence[Manifest],
    perform: Perform,
    published: Sequence[Published] = (),
) -> Duplicates:
    """Take all steps after the signatures; each partition of each step is one task with a recipe of its own.

    The shards `published` before are numbered after those of the run.
    """
    entries = {
        FILTERED: [*(manifest.file("rows") for manifest in filtered), *(one.rows for one in published)],
        "signatures": [*(manifest.file("signatures") for manifest in signed), *(one.signatures for one in published)],
    }
    documents = sum(entry.rows for entry in entries[FILTERED])
    course = Course(Totals(len(filtered), documents, published=len(published)), settings)
    manifests: dict[str, list[Manifest]] = {}
    for step in course:
        lists = {name: write_list(data, [entry.name for entry in entries[name]]) for name in step.reads}
        read = {name: hashed([entry.sha256 for entry in entries[name]]) for name in step.reads}
        jobs = [PartitionJob(data, step, i, course.totals, lists, settings) for i in range(step.partitions)]
        if step.by_shard:
            own = entries[FILTERED]
            jobs = [replace(job, filtered=own[job.partition].name, digest=own[job.partition].sha256) for job in jobs]
        done = manifests[step.name] = perform(step.name, [_task(job, read) for job in jobs])
        entries[step.name] = [manifest.file(step.name) for manifest in done]
        course.tell(step, sum(entry.rows for entry in entries[step.name]), added(manifest.facts for manifest in done))
    facts = added(manifest.facts for name in ("candidates", "edges") for manifest in manifests[name])
    clusters, edges, cuts = (tuple(manifests.get(name, ())) for name in ("clusters", "edges", "cuts"))
    return Duplicates(clusters, course.totals.all_shards, edges, facts, cuts)


@dataclass(frozen=True)
class PartitionJob:
    """One partition of one step as it travels to a worker: names of lists, not the lists."""

    data: str
    step: Step
    partition: int
    totals: Totals
    lists: dict[str, str]  # step read -> name of the list of its files
    settings: Deduplication
    filtered: str = ""  # a step by shard reads that shard's documents, too
    digest: str = ""


def _task(job: PartitionJob, read: dict[str, str]) -> StepTask:
    step, is_cutting = job.step, job.step.name in CUTTING
    parts: dict[str, Any] = {
        "step": [step.name, room.VERSION, *([cut_tasks.VERSION] if is_cutting else []), job.partition, step.partitions],
        "input": [read, job.digest],
        "totals": [job.totals.shards, job.totals.documents, job.totals.candidates, job.totals.published],
        "settings": job.settings.recipe() if is_cutting else job.settings.of_duplicates(),
        "libraries": libraries((*DECIDES_WITH, *(["publicsuffixlist"] if is_cutting else []))),
    }
    name = f"{step.name}-{job.partition:05d}"
    return StepTask(job.data, DUPLICATES, name, parts, run_step, (job,), step.schema, step.name)


def run_step(job: PartitionJob) -> Iterator[pa.RecordBatch]:
    """Do one partition of a step."""
    files = {name: _paths(job.data, kept) for name, kept in job.lists.items()}
    if job.filtered:
        files[FILTERED] = (_path(job.data, job.filtered),)
    return job.step.run(Job(job.partition, job.step.partitions, job.totals, files, job.settings))


@functools.lru_cache(maxsize=8)  # 100,000 tasks of a step name the same 100,000 files
def _paths(data: str, kept: str) -> tuple[str, ...]:
    """The paths of a list that `write_list` kept."""
    return tuple(_path(data, file) for file in read_list(data, kept))


def _path(data: str, name: str) -> str:
    """Of a file below `data`, or of one that another run published, which is named from the root."""
    return name if name.startswith("/") or storage.is_remote(name) else storage.join(data, name)
