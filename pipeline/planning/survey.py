"""What a run is asked, and what stands of it already: known in full before anything is done."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipeline import storage
from pipeline.config import Config, load
from pipeline.dedup.cut_tasks import VERSION as CUT_VERSION
from pipeline.dedup.room import VERSION as DEDUP_VERSION
from pipeline.duplicates import cutting
from pipeline.duplicates.published_index import Index, Published
from pipeline.duplicates.survivors import VERSION as PART_VERSION
from pipeline.duplicates.survivors import survivor_schema
from pipeline.execution import runner
from pipeline.inputs import listing
from pipeline.isolation.search import with_quarantined
from pipeline.joins.join import Join
from pipeline.planning import plan
from pipeline.progress.progress import Progress
from pipeline.publishing import publish
from pipeline.publishing.sorting import ORDER_KEY
from pipeline.reports import DATABASE, FUNNEL_PAGE
from pipeline.rooms.manifest import Manifest
from pipeline.rooms.quarantine import Quarantine
from pipeline.rooms.recipe import hashed, libraries, schema_of
from pipeline.rooms.tables import LAYOUT
from pipeline.rooms.tombstones import Tombstones
from pipeline.rooms.version import Current, missing, read_version
from pipeline.shard.filter import ledger_schema
from pipeline.shard.shard import VERSION as SHARD_VERSION
from pipeline.steps import Step
from pipeline.trouble import ConfigError

WORTH_PROCESSES_BYTES = 2 * 2**30
"""Starting worker processes takes about 2 s; one process reads and hashes about 1 GB/s."""
SAVE_DIGESTS_S = 60.0


@dataclass(frozen=True)
class Order:
    """What the user asked for."""

    config: str
    data: str
    workers: int
    scheduler: str | None = None
    sample: float = 1.0
    retry_failed: bool = False


@dataclass(frozen=True)
class Prepared:
    """A run that is known in full and has not begun."""

    order: Order
    config: Config
    steps: tuple[Step, ...]
    inputs: tuple[listing.Split, ...]
    joins: tuple[Join, ...]
    standings: tuple[plan.Standing, ...]
    tombstones: Tombstones
    index: Index | None
    """What was published before; of scope `previous` alone."""

    @property
    def published(self) -> tuple[Published, ...]:
        """The shards of earlier runs that this one is compared with."""
        return self.index.before(self.order.data) if self.index else ()


def run_recipe(prepared: Prepared, local: Sequence[tuple[Manifest, ...]]) -> str:
    """The hash of all that decides the published version, once the shards' own rooms are committed."""
    config = prepared.config
    schema = publish.published_schema(survivor_schema(config, prepared.steps))
    return hashed(
        {
            "shards": [[m.recipe for m in manifests] for manifests in local],
            "versions": [SHARD_VERSION, DEDUP_VERSION, CUT_VERSION, cutting.VERSION, PART_VERSION, publish.VERSION],
            "order": ORDER_KEY.decode(),
            "settings": config.model_dump(mode="json", include={"audit", "publish"}) | {"dedup": config.dedup.recipe()},
            "published": [[one.rows.sha256, one.signatures.sha256] for one in prepared.published],
            "domains": domains_of_sources(config),
            "schemas": [schema_of(schema), schema_of(ledger_schema(prepared.steps)), LAYOUT],
            "libraries": libraries({"pyarrow", "numpy", "numba", "datasketch"}),
        }
    )


def domains_of_sources(config: Config) -> dict[str, Any]:
    """Which source and label is published where."""
    return {
        name: source.model_dump(mode="json", include={"domain", "domain_by_label"})
        for name, source in config.sources.items()
    }


def prepare(order: Order, *, read_inputs: bool = True, explain: bool = False) -> Prepared:
    """Read the config, cut the shards, digest the inputs that are new, and see what is done. Raises ConfigError.

    Without `read_inputs` new inputs count as not done: what a plan may cost is a listing, not a read of everything.
    """
    return prepare_config(order, *load(order.config), read_inputs=read_inputs, explain=explain)


def prepare_config(
    order: Order, config: Config, steps: tuple[Step, ...], *, read_inputs: bool = True, explain: bool = False
) -> Prepared:
    """`prepare` for a config that is not read from `order.config`."""
    order = replace(order, data=storage.absolute(order.data))  # workers may stand in another folder
    if read_inputs and not explain:
        storage.check_writable(order.data)  # before hours of reading
    check_sample(order)
    digests = listing.Digests(order.data)
    inputs = listing.list_inputs(config, digests)
    gone = Tombstones.read(order.data)
    joins = plan.joins_of(config, inputs, gone)
    shards = plan.shards_of(order.data, config, steps, inputs, joins, order.sample)
    if read_inputs and (new := plan.unread(shards, inputs, joins)):
        inputs = listing.with_digests(inputs, _digested(order, digests, new))
        joins = plan.joins_of(config, inputs, gone)
        shards = plan.shards_of(order.data, config, steps, inputs, joins, order.sample)
    if read_inputs:
        digests.save()
    if gone.rows:
        shards = [
            replace(shard, tombstones=gone.of(shard.source, [piece.file.path for piece in shard.pieces]))
            if shard.pieces
            else shard
            for shard in shards
        ]
    if (quarantine := Quarantine.read(order.data)).entries:
        shards = with_quarantined(shards, quarantine)
    standings = tuple(plan.standing(shards, order.data, explain=explain))
    return Prepared(order, config, steps, tuple(inputs), tuple(joins), standings, gone, _index(config, order.data))


def as_it_stands(prepared: Prepared) -> Prepared:
    """The run as it stands now that nobody else is at work: prepared anew where documents were taken down meanwhile.

    Reading the inputs may take hours, in which `takedown` may work; what was read is remembered.
    """
    check_sample(prepared.order)
    if Tombstones.read(prepared.order.data) == prepared.tombstones:
        return prepared
    return prepare_config(prepared.order, prepared.config, prepared.steps)


def check_sample(order: Order) -> None:
    """Raises ConfigError where a sample would take the place of a whole corpus, which `purge` would then remove."""
    current = Current.read(order.data)
    if order.sample < 1 and current is not None and current.sample >= 1:
        raise ConfigError(
            f"--sample: {order.data} holds a run of everything; leave --data out, and the sample gets a folder of its "
            "own, or name one"
        )


def _index(config: Config, data: str) -> Index | None:
    if config.dedup.index is None:
        return None
    index = Index.read(config.dedup.index)
    index.check(config.dedup, data)
    return index


def _digested(order: Order, digests: listing.Digests, new: list[listing.Split]) -> list[listing.Split]:
    read = []
    total = sum(known.input.size for known in new)
    saved = time.monotonic()
    with (
        runner.cluster(order.workers if total > WORTH_PROCESSES_BYTES else 0, order.scheduler) as client,
        Progress("digesting inputs", total) as progress,
    ):
        for job, known in runner.each(listing.digest, new, client, name=lambda job: job.input.path):
            digests.learn(known)
            read.append(known)
            progress.advance(job.input.size)
            if time.monotonic() - saved > SAVE_DIGESTS_S:
                digests.save()
                saved = time.monotonic()
    digests.save()
    return read


def is_done(prepared: Prepared) -> bool:
    """Whether the run's result is what `current.json` points to already."""
    current = Current.read(prepared.order.data)
    if current is None or not current.finished or any(s.next_room is not None for s in prepared.standings):
        return False
    if current.run != run_recipe(prepared, [s.manifests for s in prepared.standings]):
        return False
    data = prepared.order.data
    try:
        versions = [read_version(data, name) for name in current.rooms.values()]
    except FileNotFoundError:  # a version that was lost is written again
        return False
    reports = (storage.exists(storage.join(data, name)) for name in (FUNNEL_PAGE, DATABASE))
    return not missing(data, versions) and all(reports)
