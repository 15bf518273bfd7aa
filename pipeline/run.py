"""A whole run: take the shards through the rooms, publish, prove that nothing was lost, report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from pipeline import funnel, storage
from pipeline.dedup.pairing.buckets import told
from pipeline.duplicates import published_index, wipe_out
from pipeline.duplicates.steps import Duplicates, find_duplicates
from pipeline.duplicates.survivors import ShardOfRoom, part_duplicates, survivor_schema
from pipeline.execution import joined, runner
from pipeline.execution.failed import Failed
from pipeline.execution.runner import Failure, Failures
from pipeline.execution.warm_up import warm_up
from pipeline.isolation.search import advance_alone
from pipeline.joins.spill import SpillReceipt, SpillTask, spill
from pipeline.journal import Journal, at_work
from pipeline.planning import changes
from pipeline.planning.survey import Prepared, as_it_stands, domains_of_sources, run_recipe
from pipeline.process import kernels
from pipeline.progress.progress import Steps, console
from pipeline.publishing import gathering, publish
from pipeline.publishing.publish import PublishedShard
from pipeline.publishing.sorting import sort_survivors, sorted_schema
from pipeline.reports import write_reports
from pipeline.rooms import drafts
from pipeline.rooms.manifest import FileEntry, Manifest, Place
from pipeline.rooms.names import DUPLICATES, EXTRACTED, FILTERED, PUBLISHED, PUBLISHED_BEFORE, SIGNATURES
from pipeline.rooms.quarantine import Quarantine
from pipeline.rooms.recipe import hashed
from pipeline.rooms.step import StepReceipt, StepTask, perform
from pipeline.rooms.version import Current, RoomVersion, check_complete, write_list, write_version
from pipeline.shard.advance import advance
from pipeline.shard.shard import Receipt, Shard

if TYPE_CHECKING:
    from pipeline.execution.cluster import Client

STARTING, REPORTING = "start and warm-up of the workers", "61 reports"
OWN_ROOMS, ALONE = "10-30 extract, filter, sign", "10-30 alone, what killed its workers"

INPUTS_SHOWN = 3
"""Files that are named of a shard that failed."""

Job = TypeVar("Job")
Result = TypeVar("Result", Receipt, StepReceipt, SpillReceipt)


def execute(prepared: Prepared, work: Callable[[Run], None] | None = None) -> None:
    """Do what is not done, all rooms or `work` alone; journal and drafts are seen to.

    `work` finds in `Run.prepared` what stands now: documents may have been taken down since. Raises runner.Failures
    after everything that could finish has finished.
    """
    order = prepared.order
    done = sum(standing.next_room is None for standing in prepared.standings)
    with at_work(order.data, config=order.config, shards=len(prepared.standings), shards_done=done) as journal:
        drafts.sweep(order.data)
        kernels.prune()
        now = as_it_stands(prepared)
        with ExitStack() as opened:
            if order.workers or order.scheduler:
                journal.say("step", step=STARTING)
            with console.status(STARTING):  # on a terminal alone
                client = opened.enter_context(runner.cluster(order.workers, order.scheduler, _warm_up(now)))
            run = Run(now, journal, client)
            opened.callback(run.steps.tell_short)
            (work or Run.all_rooms)(run)


def _warm_up(prepared: Prepared) -> Callable[[], None] | None:
    """What workers do before their first shard; nothing where no shard is left to do."""
    if all(standing.next_room is None for standing in prepared.standings):
        return None
    if prepared.order.workers and prepared.order.scheduler is None and not kernels.is_cached():
        console.print("compiling the kernels: about a minute, once for each version and machine", soft_wrap=True)
    return partial(warm_up, prepared.config, prepared.steps)


class Run:
    """The rooms in order; each method leaves its room committed."""

    def __init__(self, prepared: Prepared, journal: Journal, client: Client | None) -> None:
        self.prepared, self.journal, self.client = prepared, journal, client
        self.order, self.config = prepared.order, prepared.config
        self.steps = Steps()

    def all_rooms(self) -> None:
        local = self._shards_own_rooms()
        versions = {
            room: self._version(room, [m[i] for m in local]) for i, room in enumerate((EXTRACTED, FILTERED, SIGNATURES))
        }
        numbered, found = self.duplicates(local)
        parted = self.each("31 duplicates", part_duplicates, numbered, _name_of_numbered)
        shares = [parted[job.shard.name].manifests[0] for job in numbered]
        duplicates = [*found.manifests, *found.edges, *found.cuts, *shares]
        versions[DUPLICATES] = self._version(DUPLICATES, duplicates)
        if self.prepared.published:
            before = write_list(self.order.data, [one.rows.name for one in self.prepared.published])
            versions[DUPLICATES].files[PUBLISHED_BEFORE] = [before]
        current = Current.read(self.order.data)
        if current is None or PUBLISHED not in current.rooms:  # what stops here can be asked; what is published stays
            self._point_to(versions, local)
        wipe_out.check(self.config, self.order.config, numbered, found, shares)
        published = self._publish(numbered, shares)
        versions[PUBLISHED] = self._version(PUBLISHED, published)
        self._add_to_index(published)
        funnel.check_balance(versions)
        check_complete(self.order.data, versions.values())
        current = self._point_to(versions, local)
        self.steps.tell_short()
        self.journal.say("step", step=REPORTING)
        self.journal.flush()
        with console.status(REPORTING):
            write_reports(self.order.data, self.config, self.prepared.inputs, duplicates, published)
        replace(current, finished=True).write(self.order.data)

    def _point_to(self, versions: dict[str, RoomVersion], local: Sequence[tuple[Manifest, ...]]) -> Current:
        names = {room: write_version(self.order.data, version) for room, version in versions.items()}
        recipe = run_recipe(self.prepared, local)
        current = Current(recipe, self.order.config, names, finished=False, sample=self.order.sample)
        current.write(self.order.data)
        changes.remember(self.order.data, recipe, self.config, self.prepared.steps)
        return current

    def _shards_own_rooms(self) -> list[tuple[Manifest, ...]]:
        """Rooms 10, 20 and 30, shard by shard in one task each; manifests in shard order."""
        done = {s.shard.name: s.manifests for s in self.prepared.standings if s.next_room is None}
        standings = [s for s in self.prepared.standings if s.next_room is not None]
        todo = [replace(s.shard, done=s.manifests) for s in standings]
        memory = Failed(self.order.data)
        known = [] if self.order.retry_failed else memory.known(todo)
        skipped = {failure.name for failure in known}
        spilled, unspilled = joined.with_spills(
            [s for s in todo if s.name not in skipped], self.prepared.joins, self._spill, self._merge
        )
        known += unspilled
        skipped |= {failure.name for failure in unspilled}
        tried = [shard for shard in spilled if shard.name not in skipped]
        receipts, failures = self._tried(OWN_ROOMS, advance, tried, _name_of_shard, lambda shard: shard.bytes)
        receipts, failures = self._alone(tried, receipts, failures)
        memory.forget([shard for shard in tried if shard.name in receipts])
        memory.remember([*unspilled, *failures], todo)
        if known or failures:
            raise Failures([*known, *failures], remembered=True)
        done |= {name: receipt.manifests for name, receipt in receipts.items()}
        return [done[s.shard.name] for s in self.prepared.standings]

    def _alone(
        self, tried: Sequence[Shard], receipts: dict[str, Receipt], failures: list[Failure]
    ) -> tuple[dict[str, Receipt], list[Failure]]:
        """Shards that killed their workers once more, each in a process of its own; what ends those is left out."""
        killed = {failure.name for failure in failures if failure.kind == "killed"}
        again = [shard for shard in tried if shard.name in killed]
        if not again:
            return receipts, failures
        found, failed = self._tried(ALONE, advance_alone, again, _name_of_shard, lambda shard: shard.bytes)
        if deadly := [entry for receipt in found.values() for entry in receipt.quarantined]:
            Quarantine.read(self.order.data).with_(deadly).write(self.order.data)
        others = [failure for failure in failures if failure.name not in killed]
        return receipts | found, sorted([*others, *failed], key=lambda failure: failure.name)

    def _spill(self, tasks: Sequence[SpillTask]) -> tuple[dict[str, SpillReceipt], list[Failure]]:
        return self._tried("05 spill", spill, tasks, joined.name_of, lambda task: task.file.bytes)

    def _merge(self, tasks: Sequence[StepTask]) -> tuple[dict[str, StepReceipt], list[Failure]]:
        return self._tried("05 merge", perform, tasks, lambda task: task.name, lambda task: 1)

    def duplicates(self, local: Sequence[tuple[Manifest, ...]]) -> tuple[list[ShardOfRoom], Duplicates]:
        """Room 31 over shards of which (extracted, filtered, signed) is committed: each with its number, the table."""

        def perform_step(label: str, tasks: Sequence[StepTask]) -> list[Manifest]:
            receipts = self.each(f"31 {label}", perform, tasks, lambda task: task.name)
            return [receipts[task.name].manifest for task in tasks]

        filtered = [manifests[1] for manifests in local]
        signed = [manifests[2] for manifests in local]
        found = find_duplicates(
            self.order.data, self.config.dedup, filtered, signed, perform_step, self.prepared.published
        )
        if found.facts["pairs_not_compared"]:
            self.journal.say("not compared", **found.facts)
            console.print(f"note: {told(found.facts)}", soft_wrap=True)
        shards = [standing.shard for standing in self.prepared.standings]
        numbered = [
            ShardOfRoom(shard, number, manifest, found.of_shard(number).name, found.of_shard(number).sha256)
            for number, (shard, manifest) in enumerate(zip(shards, filtered, strict=True))
        ]
        if found.cuts:
            spans = [manifest.file("cuts") for manifest in found.cuts]
            numbered = [
                replace(job, cuts=spans[job.number].name, cuts_digest=spans[job.number].sha256) for job in numbered
            ]
        return numbered, found

    def _publish(self, numbered: list[ShardOfRoom], shares: list[Manifest]) -> list[Manifest]:
        if self.config.dedup.cuts:
            changed = [share.file("shortened") for share in shares]
            numbered = [
                replace(job, shortened=file.name, shortened_digest=file.sha256)
                for job, file in zip(numbered, changed, strict=True)
            ]
        sizes: dict[str, int] = {}
        for manifest in shares:
            for domain, (_, text_bytes) in manifest.facts["domains"].items():
                sizes[domain] = sizes.get(domain, 0) + text_bytes
        names = self.config.domains()
        rows = [
            [job.shard.source, job.clusters_digest, job.filtered.file("rows").sha256, job.shortened_digest]
            for job in numbered
        ]
        content = hashed([rows, domains_of_sources(self.config)])
        schema = publish.published_schema(survivor_schema(self.config, self.prepared.steps))
        shards = publish.shards_of(
            self.order.data, names, sizes or {names[0]: 0}, self.config.publish.shard_bytes, content, schema
        )
        there = frozenset(storage.list_names(storage.join(self.order.data, PUBLISHED)))
        if any(f"{shard.place.stem}.json" not in there for shard in shards):
            done = self.each("39 sort survivors", sort_survivors, numbered, _name_of_numbered)
            files = [entry for job in numbered for entry in done[job.shard.name].manifests[0].files]
            shards = self._gather(shards, files)
        receipts = self.each("40 publish", publish.publish, shards, lambda shard: shard.place.shard)
        gathering.remove_sorted(self.order.data)
        return [receipts[shard.place.shard].manifests[0] for shard in shards]

    def _gather(self, shards: list[PublishedShard], files: list[FileEntry]) -> list[PublishedShard]:
        """The shards with the sorted files that each is to read, after as many rounds as make them few."""
        data, begins = self.order.data, [(shard.number, shard.range()[0]) for shard in shards]
        runs: list[gathering.Run] = [
            (gathering.Sorted(entry.name, entry.sha256, entry.bytes, 0, len(shards)),) for entry in files
        ]
        schema = sorted_schema(survivor_schema(self.config, self.prepared.steps))
        while gathering.is_needed(runs, len(shards)):
            groups = [gathering.tasks_of(data, group, begins, schema) for group in gathering.groups_of(runs)]
            done = self.each("39 gather", perform, [task for group in groups for task in group], lambda task: task.name)
            runs = [
                gathering.run_of(group, [done[task.name].manifest for task in group], len(shards)) for group in groups
            ]
        return [
            replace(shard, spills=tuple(file.name for file in gathering.overlapping(runs, number, number + 1)))
            for number, shard in enumerate(shards)
        ]

    def _add_to_index(self, published: list[Manifest]) -> None:
        """Nothing without an index, nor of a sample: later runs would be compared with a part."""
        data, settings, index = self.order.data, self.config.dedup, self.prepared.index
        if index is None or self.order.sample < 1:
            return
        tasks = published_index.tasks_of(index, data, published, settings)
        receipts = self.each("40 index", perform, tasks, lambda task: task.name)
        signed = [receipts[task.name].manifest for task in tasks]
        segment = published_index.segment_of(index, data, published, signed, settings)
        anew = published_index.is_compared_anew(data, self.prepared.published)
        if later := index.add(segment, may_replace=anew or bool(self.prepared.tombstones.rows)):
            told = "note: these were compared with what is no longer published here; give them again, in this order: "
            console.print(told + ", ".join(later), soft_wrap=True, markup=False)

    def each(
        self,
        title: str,
        task: Callable[[Job], Result],
        jobs: Sequence[Job],
        name: Callable[[Job], str],
        size: Callable[[Job], int] = lambda job: 1,
    ) -> dict[str, Result]:
        """All jobs of one step; results by name. Raises Failures."""
        results, failures = self._tried(title, task, jobs, name, size)
        if failures:
            raise Failures(failures)
        return results

    def _tried(
        self,
        title: str,
        task: Callable[[Job], Result],
        jobs: Sequence[Job],
        name: Callable[[Job], str],
        size: Callable[[Job], int],
    ) -> tuple[dict[str, Result], list[Failure]]:
        """All jobs of one step, with progress on the screen and in the journal; results by name, and what failed."""
        results: dict[str, Result] = {}
        of_name = {name(job): job for job in jobs}

        def naming_inputs(failure: Failure) -> Failure:
            return with_inputs(failure, of_name[failure.name])

        def on_failure(failure: Failure) -> None:
            failure = naming_inputs(failure)
            if failure.kind == "killed" and title == OWN_ROOMS:
                self.journal.say("killed", name=failure.name)  # not its end: it is done again alone
                return
            self.journal.say("failure", name=failure.name, kind=failure.kind, error=failure.error)

        total = sum(size(job) for job in jobs)
        is_raw = bool(jobs) and isinstance(jobs[0], Shard | SpillTask)
        if jobs:
            self.journal.say("step", step=title, total=len(jobs), bytes_total=total, is_raw=is_raw)
        with self.steps.step(title, total, "B" if is_raw else "tasks") as progress:
            try:
                for job, result in runner.each(task, jobs, self.client, name=name, on_failure=on_failure):
                    results[name(job)] = replace(result, timings=[])  # the journal's; half of what a shard sends back
                    progress.advance(size(job))
                    source = job.source if isinstance(job, Shard | SpillTask) else None
                    self.journal.say(
                        "done", step=title, name=name(job), source=source, bytes=size(job), timings=result.timings
                    )
            except Failures as error:
                return results, [naming_inputs(failure) for failure in error.failures]
        if jobs:
            self.journal.say("step_end", step=title, seconds=round(progress.seconds, 3))
        return results, []

    def _version(self, room: str, manifests: Sequence[Manifest]) -> RoomVersion:
        return RoomVersion.of(
            room, [(Place(self.order.data, room, m.shard, m.recipe).name(".json"), m) for m in manifests]
        )


def with_inputs(failure: Failure, job: object) -> Failure:
    """What failed, and which files it reads, where it is a shard and does not name them: one of them is to blame."""
    if not isinstance(job, Shard):
        return failure
    paths = [*dict.fromkeys(piece.file.path for piece in job.pieces)]
    names_another = failure.kind == "environment" and "/" in failure.error  # what is full, or gone
    if not paths or names_another or any(path in failure.error for path in paths):
        return failure
    shown = ", ".join(storage.join(job.root, path) for path in paths[:INPUTS_SHOWN])
    more = f" and {len(paths) - INPUTS_SHOWN} more" if len(paths) > INPUTS_SHOWN else ""
    return replace(failure, error=f"{failure.error} (it reads {shown}{more})")


def _name_of_shard(shard: Shard) -> str:
    return shard.name


def _name_of_numbered(job: ShardOfRoom) -> str:
    return job.shard.name
