"""Room 05 of a run: raw files spilled and merged, once a join, whatever shards share it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from pipeline.execution.runner import Failure
from pipeline.joins import merge
from pipeline.joins.join import Join
from pipeline.joins.spill import SortedFile, SpillReceipt, SpillTask
from pipeline.rooms.step import StepReceipt, StepTask
from pipeline.rooms.version import write_list
from pipeline.shard.shard import Shard
from pipeline.sources.source import SpillingSource

Spill = Callable[[Sequence[SpillTask]], tuple[dict[str, SpillReceipt], list[Failure]]]
"""Carries out the tasks; returns the receipts of those that succeeded, and the others' failures, by `name_of`."""

Merge = Callable[[Sequence[StepTask]], tuple[dict[str, StepReceipt], list[Failure]]]
"""The same for the tasks of one round of merging, by the tasks' names."""


def name_of(task: SpillTask) -> str:
    """What a task is called: no two files of a run have one name."""
    return f"{task.source}:{task.file.path}"


@dataclass
class _Work:
    """A join, its files' tasks by name, the shards that do it, and what has become of them so far."""

    data: str
    join: Join
    tasks: dict[str, SpillTask]
    shards: list[Shard] = field(default_factory=list)
    runs: list[merge.Run] = field(default_factory=list)
    lost: Failure | None = None


def with_spills(
    todo: Sequence[Shard], joins: Sequence[Join], spill: Spill, merge_: Merge
) -> tuple[list[Shard], list[Failure]]:
    """`todo` with the spills of those that share one of the `joins`, and what failed.

    Each raw file is one task, however many shards it is in. One that could not be spilled, or a part of it that could
    not be merged, fails every shard that needs it.
    """
    known = {(join.source, join.name): join for join in joins}  # two sources may have equal lists
    needed: dict[tuple[str, str], _Work] = {}
    for shard in todo:
        if shard.share is not None and not shard.done:
            key = shard.source, shard.share.files
            if key not in needed:
                needed[key] = _work(shard, known[key])
            needed[key].shards.append(shard)
    done, failed = spill([task for work in needed.values() for task in work.tasks.values()])
    broken = {failure.name: failure for failure in failed}
    for work in needed.values():
        work.lost = next((broken[name] for name in work.tasks if name in broken), None)
        if work.lost is None:
            rows = [manifest.file("rows") for name in work.tasks for manifest in done[name].manifests]
            work.runs = [(SortedFile(entry.name, entry.sha256),) for entry in rows]
    while many := [work for work in needed.values() if work.lost is None and len(work.runs) > merge.FAN]:
        _merge_once(many, merge_)
    return _ready(todo, list(needed.values()))


def _work(shard: Shard, join: Join) -> _Work:
    """What is to be done of the join that `shard` is the first to need."""
    reader = shard.config.sources[join.source].reader
    assert isinstance(reader, SpillingSource)
    tasks = [
        SpillTask(shard.data, join.source, join.root, file, reader, gone)
        for file, gone in zip(join.files, join.gone, strict=True)
    ]
    return _Work(shard.data, join, {name_of(task): task for task in tasks})


def _merge_once(works: Sequence[_Work], perform: Merge) -> None:
    """One round over all that have too many runs; as many tasks under way as there are, whichever join they are of."""
    planned = [[merge.tasks_of(w.data, w.join.source, group) for group in merge.groups_of(w.runs)] for w in works]
    done, failed = perform([task for groups in planned for tasks in groups for task in tasks])
    broken = {failure.name: failure for failure in failed}
    for work, groups in zip(works, planned, strict=True):
        work.lost = next((broken[task.name] for tasks in groups for task in tasks if task.name in broken), None)
        if work.lost is None:
            work.runs = [merge.run_of(tasks, [done[task.name].manifest for task in tasks]) for tasks in groups]


def _ready(todo: Sequence[Shard], works: Sequence[_Work]) -> tuple[list[Shard], list[Failure]]:
    ready: dict[str, Shard] = {}
    failures: list[Failure] = []
    for work in works:
        if work.lost is not None:
            failures += [replace(work.lost, name=shard.name) for shard in work.shards]
            continue
        write_list(work.data, work.join.listed())
        spills = write_list(work.data, [[file.name, file.low, file.high] for run in work.runs for file in run])
        ready |= {shard.name: replace(shard, spills=spills) for shard in work.shards}
    return [ready.get(shard.name, shard) for shard in todo], failures
