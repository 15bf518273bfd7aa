"""Deduplication as a course of steps that a runner carries out: what each reads, into how many tasks it falls.

    signatures  one task a shard    filtered shard                      who may meet whom, by key
    merged      by documents, band  signatures                          the same, in fewer files (only of large corpora)
    identity    by documents        signatures                          rows of one doc_id with different texts
    exact       by documents        signatures, identity                equal texts
    candidates  by signature rows   signatures, identity                pairs that share a band
    asked       by documents        candidates                          the same, in fewer files (only of large corpora)
    shingles    one task a shard    filtered shard, candidates          shingles of the documents in such pairs
    gathered    by shingles         shingles                            the same, in fewer files (only of large corpora)
    edges       by candidates       shingles                            verified pairs
    works       by documents        signatures, identity, exact         pairs that are copies of one work
    urls        by documents        signatures, identity, exact         pairs of one address (only where asked for)
    forests     by pairs            edges to urls, identity, exact      the pairs of a partition, contracted
    stars00..   by links            forests, then one another           only where one task could not hold the forests
    components  one task            forests, or the last stars          who must be judged together
    routes      by pairs            all pairs, components               the pairs, by component
    survivors   by pairs            routes                              who is kept
    clusters    by documents        survivors                           the table of duplicates

What the documents that are left share in parts (`lines`, `passages` of the settings):

    lines        one task a shard   filtered shard, clusters            keys of their lines
    boilerplate  by documents       lines                               those on many pages, told to every shard
    anchors      one task a shard   filtered shard, clusters            keys of their anchors
    repeated     by documents       anchors                             those that stand twice, told to every shard
    windows      one task a shard   filtered shard, clusters,           the windows of such anchors
                                    anchors, repeated
    passages     by windows         windows                             those that stand twice, told to every shard
    cuts         one task a shard   filtered shard, clusters,           the spans to take out
                                    boilerplate, repeated, passages

Tasks of one step may run in any order; a step starts when the steps that it reads are complete. The numbers of tasks
follow from totals of rows, never from workers, and the files of a step, one after another, hold the same rows
whatever these numbers are (`candidates` may repeat a pair; forests and stars differ, what comes of them does not).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import pyarrow as pa

from pipeline.dedup import cut_tasks, tasks
from pipeline.dedup.cuts.matches import BEST
from pipeline.dedup.cuts.passages import WINDOW
from pipeline.dedup.cuts.repeated import FREQUENT, KEYS
from pipeline.dedup.cuts.spans import CUT
from pipeline.dedup.pairing.buckets import Facts
from pipeline.dedup.schemas import (
    CANDIDATE,
    CLUSTER,
    COMPONENT,
    EDGE,
    FIRST_NEAR_BAND,
    LINK,
    MEMBER,
    MERGED,
    RELATION,
    SHINGLES,
    SURVIVAL,
)
from pipeline.dedup.settings import Deduplication
from pipeline.dedup.signing.signatures import signature_schema
from pipeline.dedup.tasks import FILTERED, RELATIONS, Job, Totals, parts

MERGE_FROM = 4
"""Merging pays where more partitions than this share a band, of which each reads a row group of every shard for a part
of its rows, and where a merged file stands for more shards than this."""

KEYS_PER_DOCUMENT = 32
"""Lines or anchors of a document, roughly: how many partitions their keys fall into, never what these hold."""
CUTTING = frozenset({"lines", "boilerplate", "anchors", "repeated", "windows", "passages", "cuts"})
"""The steps behind `clusters`."""
PAIR_ROWS = 6
"""A pair that is judged takes about as much memory as so many signature rows."""

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
        by_rows = parts(self.totals.documents * settings.bands, size)
        is_large = by_rows > MERGE_FROM * settings.bands and self.totals.all_shards > MERGE_FROM * documents
        signed = "merged" if is_large else "signatures"
        if is_large:
            schema = MERGED.with_metadata(signature_schema(settings).metadata)
            yield Step("merged", ("signatures",), schema, documents * (FIRST_NEAR_BAND + settings.bands), tasks.merged)
        yield Step("identity", (signed,), MEMBER, documents, tasks.identity)
        yield Step("exact", (signed, "identity"), MEMBER, documents, tasks.exact)
        yield Step("candidates", (signed, "identity"), CANDIDATE, by_rows, tasks.candidates)
        asked = "asked" if is_large else "candidates"
        if is_large:
            count = min(self.totals.all_shards, parts(self._rows["candidates"], size))
            yield Step("asked", ("candidates",), CANDIDATE, count, tasks.asked)
        self.totals = replace(self.totals, candidates=self._rows[asked])
        yield Step("shingles", (asked,), SHINGLES, self.totals.all_shards, tasks.shingles, by_shard=True)
        groups, verifying = 0, self.totals.verifying_tasks(settings)
        if is_large:
            groups = documents
            shares = min(verifying, parts(self._facts["shingles"]["shingles"], groups * settings.block_shingles))
            yield Step("gathered", ("shingles",), SHINGLES, groups * shares, partial(tasks.gathered, groups))
        shingles = "gathered" if is_large else "shingles"
        yield Step("edges", (shingles,), EDGE, verifying, partial(tasks.edges, groups))
        yield Step("works", (signed, "identity", "exact"), EDGE, documents, tasks.works)
        relations: tuple[str, ...] = RELATIONS
        if settings.url_sources:
            yield Step("urls", (signed, "identity", "exact"), EDGE, documents, tasks.urls)
            relations = (*RELATIONS, "urls")
        pairs = parts(PAIR_ROWS * sum(self._rows[name] for name in relations), size)
        yield Step("forests", relations, LINK, pairs, tasks.forests)
        yield from self._components(parts(2 * self._rows["forests"], size))
        yield Step("routes", (*relations, "components"), RELATION, pairs, tasks.routes)
        yield Step("survivors", ("routes",), SURVIVAL, pairs, tasks.survivors)
        shards = max(1, min(self.totals.all_shards, documents))
        yield Step("clusters", ("survivors",), CLUSTER, shards, tasks.clusters)
        yield from self.cutting()

    def cutting(self) -> Iterator[Step]:
        """The steps of the cuts that are asked for; what is published already is neither counted nor cut."""
        settings, shards = self.settings, self.totals.shards
        keys = parts(self.totals.documents * KEYS_PER_DOCUMENT, settings.rows_per_partition)
        found = []
        if settings.lines:
            yield Step("lines", ("clusters",), KEYS, shards, cut_tasks.lines, by_shard=True)
            yield Step("boilerplate", ("lines",), FREQUENT, keys, cut_tasks.boilerplate)
            found.append("boilerplate")
        if settings.passages:
            yield Step("anchors", ("clusters",), KEYS, shards, cut_tasks.anchors, by_shard=True)
            yield Step("repeated", ("anchors",), FREQUENT, keys, cut_tasks.repeated)
            yield Step("windows", ("clusters", "anchors", "repeated"), WINDOW, shards, cut_tasks.windows, by_shard=True)
            windows = parts(self._rows["windows"], settings.rows_per_partition)
            yield Step("passages", ("windows",), BEST, windows, cut_tasks.passages)
            found += ["repeated", "passages"]
        if found:
            yield Step("cuts", ("clusters", *found), CUT, shards, cut_tasks.cuts, by_shard=True)

    def _components(self, count: int) -> Iterator[Step]:
        """One task; or rounds of stars in `count` tasks each, large and small ones in turn, until all is settled."""
        if count == 1:
            yield Step("components", ("forests",), COMPONENT, 1, tasks.one_forest)
            return
        last, halves = "forests", 0
        while halves == 0 or self._facts[last]["unsettled"]:
            step = Step(f"stars{halves:02}", (last,), LINK, count, partial(tasks.star, last, halves % 2 == 0))
            yield step
            last, halves = step.name, halves + 1
        yield Step("components", (last,), COMPONENT, count, partial(tasks.settled, last))
