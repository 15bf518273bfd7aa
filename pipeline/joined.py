"""Room 05 of a run: raw files of joining sources spilled and merged, and each shard with the list of its files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from pipeline import merge
from pipeline.rooms import write_list
from pipeline.runner import Failure
from pipeline.shard import Shard
from pipeline.sources.source import JoiningSource
from pipeline.spill import SortedFile, SpillReceipt, SpillTask
from pipeline.step import StepReceipt, StepTask
from pipeline.tombstones import Tombstones

Spill = Callable[[Sequence[SpillTask]], tuple[dict[str, SpillReceipt], list[Failure]]]
"""Carries out the tasks; returns the receipts of those that succeeded, and the others' failures, by `name_of`."""

Merge = Callable[[Sequence[StepTask]], tuple[dict[str, StepReceipt], list[Failure]]]
"""The same for the tasks of one round of merging, by the tasks' names."""


def name_of(task: SpillTask) -> str:
    """What a task is called: no two files of a run have one name."""
    return f"{task.source}:{task.file.path}"


@dataclass
class _Join:
    """Files that are joined with one another, the shards that do it, and what has become of them so far."""

    data: str
    source: str
    files: tuple[str, ...]
    shards: list[Shard] = field(default_factory=list)
    runs: list[merge.Run] = field(default_factory=list)
    lost: Failure | None = None


def with_spills(todo: Sequence[Shard], spill: Spill, merge_: Merge) -> tuple[list[Shard], list[Failure]]:
    """`todo` with the spills of those that are joined, and what failed.

    Each raw file is one task, however many shards it is in. One that could not be spilled, or a part of it that could
    not be merged, fails every shard that needs it.
    """
    tasks: dict[str, SpillTask] = {}
    joins: dict[tuple[str, ...], _Join] = {}
    known = Tombstones.read(todo[0].data) if any(shard.tombstones for shard in todo) else Tombstones()
    for shard in todo:
        reader = shard.config.sources[shard.source].reader
        if isinstance(reader, JoiningSource) and not shard.done:
            mine = [
                SpillTask(
                    shard.data, shard.source, shard.root, piece.file, reader, known.of(shard.source, [piece.file.path])
                )
                for piece in shard.pieces
            ]
            tasks |= {name_of(task): task for task in mine}
            names = tuple(map(name_of, mine))
            joins.setdefault(names, _Join(shard.data, shard.source, names)).shards.append(shard)
    done, failed = spill(list(tasks.values()))
    broken = {failure.name: failure for failure in failed}
    for join in joins.values():
        join.lost = next((broken[name] for name in join.files if name in broken), None)
        if join.lost is None:
            rows = [manifest.file("rows") for name in join.files for manifest in done[name].manifests]
            join.runs = [(SortedFile(entry.name, entry.sha256),) for entry in rows]
    while many := [join for join in joins.values() if join.lost is None and len(join.runs) > merge.FAN]:
        _merge_once(many, merge_)
    return _ready(todo, list(joins.values()))


def _merge_once(joins: Sequence[_Join], perform: Merge) -> None:
    """One round over all that have too many runs; as many tasks under way as there are, whichever join they are of."""
    planned = [[merge.tasks_of(j.data, j.source, group) for group in merge.groups_of(j.runs)] for j in joins]
    done, failed = perform([task for groups in planned for tasks in groups for task in tasks])
    broken = {failure.name: failure for failure in failed}
    for join, groups in zip(joins, planned, strict=True):
        join.lost = next((broken[task.name] for tasks in groups for task in tasks if task.name in broken), None)
        if join.lost is None:
            join.runs = [merge.run_of(tasks, [done[task.name].manifest for task in tasks]) for tasks in groups]


def _ready(todo: Sequence[Shard], joins: Sequence[_Join]) -> tuple[list[Shard], list[Failure]]:
    ready: dict[str, Shard] = {}
    failures: list[Failure] = []
    for join in joins:
        if join.lost is not None:
            failures += [replace(join.lost, name=shard.name) for shard in join.shards]
            continue
        spills = write_list(join.data, [[file.name, file.low, file.high] for run in join.runs for file in run])
        ready |= {shard.name: replace(shard, spills=spills) for shard in join.shards}
    return [ready.get(shard.name, shard) for shard in todo], failures
