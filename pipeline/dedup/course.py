"""Deduplication as a course of steps that a runner carries out: what each reads, into how many tasks it falls.

    signatures  one task a shard    filtered shard                      who may meet whom, by key
    identity    by documents        signatures                          rows of one doc_id with different texts
    exact       by documents        signatures, identity                equal texts
    candidates  by signature rows   signatures, identity                pairs that share a band
    shingles    one task a shard    filtered shard, candidates          shingles of the documents in such pairs
    edges       by candidates       shingles                            verified pairs
    works       by documents        signatures, identity, exact         pairs that are copies of one work
    forests     by pairs            edges, works, identity, exact       the pairs of a partition, contracted
    stars00..   by links            forests, then one another           only where one task could not hold the forests
    components  one task            forests, or the last stars          who must be judged together
    routes      by pairs            all pairs, components               the pairs, by component
    survivors   by pairs            routes                              who is kept
    clusters    by documents        survivors                           the table of duplicates

Tasks of one step may run in any order; a step starts when the steps that it reads are complete. The numbers of tasks
follow from totals of rows, never from workers, and the files of a step, one after another, hold the same rows
whatever these numbers are (`candidates` may repeat a pair; forests and stars differ, what comes of them does not).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import pyarrow as pa

from pipeline.dedup import tasks
from pipeline.dedup.buckets import Facts
from pipeline.dedup.schemas import (
    CANDIDATE,
    CLUSTER,
    COMPONENT,
    EDGE,
    LINK,
    MEMBER,
    RELATION,
    SHINGLES,
    SURVIVAL,
)
from pipeline.dedup.settings import Deduplication
from pipeline.dedup.signatures import signature_schema
from pipeline.dedup.tasks import FILTERED, RELATIONS, Job, Totals, parts

Files = Mapping[str, Sequence[str]]
"""Paths by step name: `filtered`, `signatures` and `shingles` by shard number, the others by partition."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of deduplication. `run` is a pure function of the job and the content of its files; it can be pickled."""

    name: str
    reads: tuple[str, ...]
    schema: pa.Schema
    partitions: int
    run: Callable[[Job], Iterator[pa.RecordBatch]]
    by_shard: bool = False

    def jobs(self, files: Files, totals: Totals, settings: Deduplication) -> list[Job]:
        """The step's tasks in the order of their output; `files` hold what the steps in `reads` wrote."""
        count = self.partitions
        return [Job(i, count, totals, self._inputs(files, i), settings) for i in range(count)]

    def _inputs(self, files: Files, partition: int) -> dict[str, tuple[str, ...]]:
        own = {name: tuple(files[name]) for name in self.reads}
        return own | ({FILTERED: (files[FILTERED][partition],)} if self.by_shard else {})


def signing(totals: Totals, settings: Deduplication) -> Step:
    """The step before the course."""
    return Step("signatures", (), signature_schema(settings), totals.all_shards, tasks.signatures, by_shard=True)


class Course:
    """The steps after the signatures, one after another: what a step turns out to hold decides what follows.

    Iterate, carry out each step that comes, and `tell` what came of it before the next. `totals` are those of now.
    """

    def __init__(self, totals: Totals, settings: Deduplication) -> None:
        self.totals, self.settings = totals, settings
        self._rows: dict[str, int] = {}
        self._facts: dict[str, Facts] = {}

    def tell(self, step: Step, rows: int, facts: Facts) -> None:
        """The step is complete: the rows of all its files, and the facts of all its tasks summed."""
        self._rows[step.name], self._facts[step.name] = rows, facts

    def __iter__(self) -> Iterator[Step]:
        settings, size = self.settings, self.settings.rows_per_partition
        documents = parts(self.totals.documents, size)
        yield Step("identity", ("signatures",), MEMBER, documents, tasks.identity)
        yield Step("exact", ("signatures", "identity"), MEMBER, documents, tasks.exact)
        by_rows = parts(self.totals.documents * settings.bands, size)
        yield Step("candidates", ("signatures", "identity"), CANDIDATE, by_rows, tasks.candidates)
        self.totals = replace(self.totals, candidates=self._rows["candidates"])
        yield Step("shingles", ("candidates",), SHINGLES, self.totals.all_shards, tasks.shingles, by_shard=True)
        yield Step("edges", ("shingles",), EDGE, self.totals.verifying_tasks(settings), tasks.edges)
        yield Step("works", ("signatures", "identity", "exact"), EDGE, documents, tasks.works)
        pairs = parts(2 * sum(self._rows[name] for name in RELATIONS), size)
        yield Step("forests", RELATIONS, LINK, pairs, tasks.forests)
        yield from self._components(parts(self._rows["forests"], 2 * size))
        yield Step("routes", (*RELATIONS, "components"), RELATION, pairs, tasks.routes)
        yield Step("survivors", ("routes",), SURVIVAL, pairs, tasks.survivors)
        shards = max(1, min(self.totals.all_shards, documents))
        yield Step("clusters", ("survivors",), CLUSTER, shards, tasks.clusters)

    def _components(self, count: int) -> Iterator[Step]:
        """One task; or rounds of stars in `count` tasks each, large and small ones in turn, until all is settled."""
        if count == 1:
            yield Step("components", ("forests",), COMPONENT, 1, tasks.merged)
            return
        last, halves = "forests", 0
        while halves == 0 or self._facts[last]["unsettled"]:
            step = Step(f"stars{halves:02}", (last,), LINK, count, partial(tasks.star, last, halves % 2 == 0))
            yield step
            last, halves = step.name, halves + 1
        yield Step("components", (last,), COMPONENT, count, partial(tasks.settled, last))
