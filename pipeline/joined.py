"""Room 05 of a run: which raw files its joining sources need spilled, and each shard with the list of its segments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from pipeline.rooms import write_list
from pipeline.runner import Failure
from pipeline.shard import Shard
from pipeline.sources.source import JoiningSource
from pipeline.spill import SpillReceipt, SpillTask

Perform = Callable[[Sequence[SpillTask]], tuple[dict[str, SpillReceipt], list[Failure]]]
"""Carries out the tasks; returns the receipts of those that succeeded, and the others' failures, by `name_of`."""


def name_of(task: SpillTask) -> str:
    """What a task is called: no two files of a run have one name."""
    return f"{task.source}:{task.file.path}"


def with_spills(todo: Sequence[Shard], perform: Perform) -> tuple[list[Shard], list[Failure]]:
    """`todo` with the spills of those that are joined, and what failed.

    Each file is one task, however many shards it is in. One that could not be spilled fails every shard that needs it.
    """
    tasks: dict[tuple[str, str], SpillTask] = {}
    joined: list[Shard] = []
    for shard in todo:
        reader = shard.config.sources[shard.source].reader
        if isinstance(reader, JoiningSource) and not shard.done:
            joined.append(shard)
            for piece in shard.pieces:
                key = (shard.source, piece.file.path)
                tasks[key] = SpillTask(shard.data, shard.source, shard.root, piece.file, reader)
    done, failed = perform(list(tasks.values()))
    broken = {failure.name: failure for failure in failed}
    lists: dict[tuple[str, ...], str] = {}
    ready: dict[str, Shard] = {}
    failures: list[Failure] = []
    for shard in joined:
        names = tuple(name_of(tasks[shard.source, piece.file.path]) for piece in shard.pieces)
        lost = next((broken[name] for name in names if name in broken), None)
        if lost is not None:
            failures.append(replace(lost, name=shard.name))
            continue
        if names not in lists:
            segments = [manifest.file("rows").name for name in names for manifest in done[name].manifests]
            lists[names] = write_list(shard.data, segments)
        ready[shard.name] = replace(shard, spills=lists[names])
    return [ready.get(shard.name, shard) for shard in todo], failures
