"""Room 05: the records of spilled files, sorted so that those that belong together can be read together.

Each raw file is read once, in order, by one task. What it holds is written in segments of about SEGMENT_BYTES, each
sorted by a hash of the record's group and committed as soon as it is full: a task that dies in a file of 30 GB goes on
behind its last segment. Where there are many, `merge` makes few of them. A shard then range-reads its share of the
hashes out of each. Nothing is counted here: records that the source gave up at once pass through with their reason, and
meet their fate in `10_extracted`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice, pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import storage
from pipeline.dedup.shuffling.sorted_files import read_range
from pipeline.joins.join import HASHES
from pipeline.process import interrupts
from pipeline.process.timing import Stopwatch
from pipeline.rooms.manifest import Manifest, Place, commit
from pipeline.rooms.names import SPILLED
from pipeline.rooms.recipe import libraries, recipe_of, schema_of
from pipeline.rooms.tables import LAYOUT, TableFile
from pipeline.rooms.tombstones import REASON
from pipeline.schema import doc_id_of, field
from pipeline.sources.source import (
    Dropped,
    Fragment,
    InputFile,
    Loose,
    NotADocument,
    Row,
    ScatteringSource,
    SpillingSource,
    Unread,
)

VERSION = 1  # raise it when this module may write other bytes for equal fragments
SEGMENT_BYTES = 64 << 20  # of content; a task holds one segment while it sorts it
GROUP_BYTES = 1 << 20  # of a row group: what a reader takes along at either end of its share
RANGE_BYTES = 64 << 20  # of rows that are joined at once
ROW_BYTES = 64  # what a record without content is counted as

SPILL = pa.schema(
    [
        field("hash", pa.uint64(), "of the group; where there is none, of the record's place", nullable=False),
        field("place", pa.int64(), "number of the record in its file", nullable=False),
        field("group", pa.string(), "what the record belongs to; null where it met its fate at once"),
        field("raw_path", pa.string(), "raw file, relative to the source's root", nullable=False),
        field("natural_key", pa.string(), "the record's own key; null where it is not a document"),
        field("raw_offset", pa.int64(), "where the record starts in the raw file"),
        field("raw_bytes", pa.int64(), "size of the raw record", unit="bytes", nullable=False),
        field("reason", pa.string(), "why it went at once"),
        field("content", pa.large_binary(), "what the join needs of it"),
    ]
)


@dataclass(frozen=True)
class SpillTask:
    """One raw file that is spilled."""

    data: str
    source: str
    root: str
    file: InputFile
    reader: SpillingSource
    tombstones: tuple[str, ...] = ()  # doc_ids of the file that were taken down: their content is not spilled


@dataclass(frozen=True, slots=True)
class SortedFile:
    """A committed file of SPILL rows by rising hash, all of them in [low, high)."""

    name: str
    sha256: str
    low: int = 0
    high: int = HASHES


@dataclass(frozen=True)
class SpillReceipt:
    """The commits of a file's segments, in order, and where the time went."""

    manifests: tuple[Manifest, ...]
    timings: list[dict[str, Any]]


def spill(task: SpillTask) -> SpillReceipt:
    """Commit all segments of a file, from the first that is missing.

    Raises EnvironmentTrouble where the file has changed since its digest, before what was read of it is committed.
    """
    watch = Stopwatch()
    done = list(_committed(task))
    if not done or not done[-1].facts["last"]:
        path = storage.join(task.root, task.file.path)
        storage.check_unchanged(path, task.file.bytes, task.file.tag)
        with storage.open_input(path) as stream, watch.room(SPILLED):
            loose = _standing(task, task.reader.fragments(task.file, stream))
            found = watch.each("spill", loose, lambda one: (1, one.raw_bytes))
            place = sum(manifest.facts["records"] for manifest in done)
            for _ in islice(found, place):
                pass
            for rows, is_last in _segments(task, found, place):
                storage.check_unchanged(path, task.file.bytes, task.file.tag)  # what is committed is taken as it is
                done.append(_commit(task, len(done), rows, is_last))
    return SpillReceipt(tuple(done), watch.rows())


def _standing(task: SpillTask, found: Iterator[Loose]) -> Iterator[Loose]:
    """The records of a file; of one that was taken down, only that."""
    gone = frozenset(task.tombstones)
    for one in found:
        interrupts.check()
        key = _natural_key(task, one) if gone else None
        if key is not None and doc_id_of(task.source, key) in gone and isinstance(one, Fragment | Unread):
            yield Dropped(REASON, key, one.raw_offset, one.raw_bytes)
        else:
            yield one


def _natural_key(task: SpillTask, one: Loose) -> str | None:
    """That of a record which may become a document."""
    if isinstance(one, Unread) and isinstance(task.reader, ScatteringSource):
        outcome = task.reader.outcome(task.file, one)
        return outcome.natural_key if isinstance(outcome, Row) else None
    return one.natural_key if isinstance(one, Fragment) else None


def _place(task: SpillTask, segment: int) -> tuple[Place, dict[str, str]]:
    parts = {
        "input": [task.file.path, task.file.digest],
        "segment": [segment, SEGMENT_BYTES, GROUP_BYTES],
        "version": VERSION,
        "source": [task.source, task.reader.model_dump(mode="json"), task.reader.version],
        "schema": [schema_of(SPILL), LAYOUT],
        "libraries": libraries({"pyarrow", *task.reader.decides_with}),
    } | ({"tombstones": task.tombstones} if task.tombstones else {})
    recipe, hashes = recipe_of(parts)
    return Place(task.data, SPILLED, f"{task.source}-{task.file.digest[:12]}-{segment:05d}", recipe), hashes


def _committed(task: SpillTask) -> Iterator[Manifest]:
    """The segments that are there, up to the first that is missing."""
    last = False
    segment = 0
    while not last and (manifest := _place(task, segment)[0].committed()) is not None:
        yield manifest
        last, segment = manifest.facts["last"], segment + 1


def _segments(
    task: SpillTask, found: Iterator[Loose], place: int
) -> Iterator[tuple[list[tuple[int, int, Loose]], bool]]:
    """(hash, place, record) in sorted segments, and whether it is the last; there is one even where nothing is."""
    rows: list[tuple[int, int, Loose]] = []
    held = 0
    for number, loose in enumerate(found, place):
        if held >= SEGMENT_BYTES:
            yield sorted(rows, key=lambda row: row[:2]), False
            rows, held = [], 0
        group = loose.group if isinstance(loose, Fragment) else f"{task.file.digest}@{number}"
        if isinstance(loose, Fragment) and loose.natural_key.partition("/")[0] != group:
            raise RuntimeError(f"{task.reader.kind}: the key {loose.natural_key} does not begin with {group}")
        rows.append((hash_of(group), number, loose))
        held += _weight(loose)
    yield sorted(rows, key=lambda row: row[:2]), True


def _weight(loose: Loose) -> int:
    return ROW_BYTES + (len(loose.content) if isinstance(loose, Fragment | Unread) else 0)


def _commit(task: SpillTask, segment: int, rows: list[tuple[int, int, Loose]], is_last: bool) -> Manifest:
    place, parts = _place(task, segment)
    with TableFile(place, "rows", ".parquet", SPILL) as table:
        start = held = 0
        for stop, (_, _, loose) in enumerate(rows, 1):
            held += _weight(loose)
            if held >= GROUP_BYTES or stop == len(rows):
                table.write(_batch(task.file.path, rows[start:stop]))
                start, held = stop, 0
        files = (table.publish(),)
    facts = {"records": len(rows), "last": is_last}
    return commit(place, Manifest(SPILLED, place.shard, place.recipe, parts, files, facts=facts))


def _batch(path: str, rows: list[tuple[int, int, Loose]]) -> pa.RecordBatch:
    loose = [record for _, _, record in rows]
    columns: dict[str, list[Any]] = {
        "hash": [hash_ for hash_, _, _ in rows],
        "place": [place for _, place, _ in rows],
        "raw_path": [path] * len(rows),
    }
    # a record has not every attribute: a fragment has no reason, what is no document has no key
    return pa.RecordBatch.from_arrays(
        [pa.array(columns.get(f.name) or [getattr(record, f.name, None) for record in loose], f.type) for f in SPILL],
        schema=SPILL,
    )


def hash_of(group: str) -> int:
    """Where a group stands among all: 64 bits of BLAKE2b."""
    return int.from_bytes(hashlib.blake2b(group.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def hash_of_key(natural_key: str) -> int:
    """Where the group of a joined record stands: its key begins with that, see `JoiningSource.fragments`."""
    return hash_of(natural_key.partition("/")[0])


def read_groups(
    data: str, names: Sequence[str], low: int, high: int
) -> Iterator[tuple[str, Iterator[tuple[str, Loose]]]]:
    """The groups with low <= hash < high: (group, its records as (raw path, record) in order of file and place).

    `names` are sorted files in that order. A record without a group is alone, under its place in its file. Records are
    read while they are asked for, up to the next group. Holds about twice RANGE_BYTES of content.
    """
    for (group, _, place), rows in groupby(_rows(sorted_tables(data, names, low, high, RANGE_BYTES)), _group_of):
        yield f"{place}" if group is None else group, ((row["raw_path"], _record(row)) for row in rows)


def sorted_tables(data: str, names: Sequence[str], low: int, high: int, limit: int) -> Iterator[pa.Table]:
    """All rows with low <= hash < high by (hash, group); equal ones in the order of the files, and of their rows there.

    A table has about `limit` bytes at most: a range that has more is read again in parts, a hash group by group.
    """
    batches: list[pa.RecordBatch] = []
    held = 0
    for order, name in enumerate(names):
        for batch in read_range(storage.join(data, name), "hash", (low,), (high,) if high < HASHES else None):
            held += batch.nbytes
            if held > limit and high - low == 1:
                batches.clear()
                yield from _of_one_hash(data, names, low, limit)
                return
            if held > limit:
                parts = min(high - low, max(2, math.ceil(held / limit * len(names) / (order + 1))))
                cuts = [low + (high - low) * number // parts for number in range(parts + 1)]
                batches.clear()
                for first, last in pairwise(cuts):
                    yield from sorted_tables(data, names, first, last, limit)
                return
            batches.append(batch)
    if batches:
        table = pa.Table.from_batches(batches).sort_by([("hash", "ascending"), ("group", "ascending")])  # stable
        batches.clear()
        yield table


def _of_one_hash(data: str, names: Sequence[str], value: int, limit: int) -> Iterator[pa.Table]:
    """The rows of one hash as `sorted_tables` has them, read once for each group: one, but for a collision."""

    def batches(columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        end = (value + 1,) if value + 1 < HASHES else None
        for name in names:
            yield from read_range(storage.join(data, name), "hash", (value,), end, columns)

    groups = {group for batch in batches(["group"]) for group in batch["group"].unique().to_pylist()}
    for group in sorted(groups, key=lambda one: (one is None, one or "")):
        waiting: list[pa.RecordBatch] = []
        held = 0
        for batch in batches():
            mine = batch.filter(pc.is_null(batch["group"]) if group is None else pc.equal(batch["group"], group))
            if waiting and held + mine.nbytes > limit:
                yield pa.Table.from_batches(waiting)
                waiting, held = [], 0
            waiting.append(mine)
            held += mine.nbytes
        yield pa.Table.from_batches(waiting)


def _rows(tables: Iterator[pa.Table]) -> Iterator[dict[str, Any]]:
    for table in tables:
        for batch in table.to_batches(max_chunksize=1024):
            yield from batch.to_pylist()


def _group_of(row: dict[str, Any]) -> tuple[str | None, str, int]:
    """What the rows of a group have in common, and of one without a group no other."""
    return (row["group"], "", 0) if row["group"] is not None else (None, row["raw_path"], row["place"])


def _record(row: dict[str, Any]) -> Loose:
    if row["group"] is not None:
        return Fragment(row["group"], row["natural_key"], row["raw_offset"], row["raw_bytes"], row["content"])
    if row["content"] is not None:
        return Unread(row["raw_offset"], row["raw_bytes"], row["content"])
    if row["natural_key"] is not None:
        return Dropped(row["reason"], row["natural_key"], row["raw_offset"], row["raw_bytes"])
    return NotADocument(row["reason"], row["raw_bytes"])
