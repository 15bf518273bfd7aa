"""Room 31: the steps of deduplication as committed tasks, and which file of the result speaks of which shard."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from pipeline import storage
from pipeline.dedup import cut_room, room
from pipeline.dedup.buckets import Facts, sums
from pipeline.dedup.settings import CUTTING, Deduplication
from pipeline.recipe import hashed, libraries
from pipeline.rooms import DUPLICATES, FileEntry, Manifest, read_list, write_list
from pipeline.step import StepTask

VERSIONS = [room.VERSION, cut_room.VERSION]
STEPS = (*room.STEPS, *cut_room.STEPS)
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
    """What the buckets of candidates did not compare, summed over all of them: see `candidates`."""
    cuts: tuple[Manifest, ...]
    """What is to be taken out of the texts of each shard that are left; empty where nothing is."""

    def of_shard(self, number: int) -> FileEntry:
        """The file that holds the rows of that shard."""
        partitions = len(self.manifests)
        first = bisect.bisect_right(range(partitions), number, key=lambda index: self.shards * index // partitions)
        return self.manifests[first - 1].file("clusters")


def find_duplicates(
    data: str, settings: Deduplication, filtered: Sequence[Manifest], signed: Sequence[Manifest], perform: Perform
) -> Duplicates:
    """Take all steps after the signatures; each partition of each step is one task with a recipe of its own."""
    entries = {
        room.FILTERED: [manifest.file("rows") for manifest in filtered],
        "signatures": [manifest.file("signatures") for manifest in signed],
    }
    totals = room.Totals(len(filtered), sum(entry.rows for entry in entries[room.FILTERED]))
    manifests: dict[str, list[Manifest]] = {}
    for step in STEPS:
        if step.name == "signatures":
            continue
        lists = {name: write_list(data, [entry.name for entry in entries[name]]) for name in step.reads}
        read = {name: hashed([entry.sha256 for entry in entries[name]]) for name in step.reads}
        count = step.partitions(totals, settings)
        jobs = [PartitionJob(data, step.name, number, count, totals, lists, settings) for number in range(count)]
        if step.by_shard:
            own = entries[room.FILTERED]
            jobs = [replace(job, filtered=own[job.partition].name, digest=own[job.partition].sha256) for job in jobs]
        tasks = [_task(step, job, read) for job in jobs]
        manifests[step.name] = perform(step.name, tasks)
        entries[step.name] = [manifest.file(step.name) for manifest in manifests[step.name]]
        if step.name in ("candidates", "windows"):
            totals = replace(totals, **{step.name: sum(entry.rows for entry in entries[step.name])})
    facts = sums(manifest.facts for manifest in manifests["candidates"])
    clusters, edges, cuts = (tuple(manifests[name]) for name in ("clusters", "edges", "cuts"))
    return Duplicates(clusters, len(filtered), edges, facts, cuts)


@dataclass(frozen=True)
class PartitionJob:
    """One partition of one step as it travels to a worker: names of lists, not the lists."""

    data: str
    step: str
    partition: int
    partitions: int
    totals: room.Totals
    lists: dict[str, str]  # step read -> name of the list of its files
    settings: Deduplication
    filtered: str = ""  # a step by shard reads that shard's documents, too
    digest: str = ""


def _task(step: room.Step, job: PartitionJob, read: dict[str, str]) -> StepTask:
    is_cutting = step in cut_room.STEPS
    parts: dict[str, Any] = {
        "step": [step.name, VERSIONS if is_cutting else room.VERSION, job.partition, job.partitions],
        "input": [read, job.digest],
        "totals": [
            job.totals.shards,
            job.totals.documents,
            job.totals.windows if is_cutting else job.totals.candidates,
        ],
        "settings": job.settings.model_dump(mode="json", exclude=None if is_cutting else set(CUTTING)),
        "libraries": libraries((*DECIDES_WITH, *(["publicsuffixlist"] if is_cutting else []))),
    }
    name = f"{step.name}-{job.partition:05d}"
    return StepTask(job.data, DUPLICATES, name, parts, run_step, (job,), step.schema(job.settings), step.name)


def run_step(job: PartitionJob) -> Iterator[pa.RecordBatch]:
    """Do one partition of a step. The step is found by its name, because it holds functions that do not pickle."""
    files = {
        name: tuple(storage.join(job.data, file) for file in read_list(job.data, kept))
        for name, kept in job.lists.items()
    }
    if job.filtered:
        files[room.FILTERED] = (storage.join(job.data, job.filtered),)
    step = next(step for step in STEPS if step.name == job.step)
    return step.run(room.Job(job.step, job.partition, job.partitions, job.totals, files, job.settings))
