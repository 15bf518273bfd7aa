"""What earlier runs have published, for runs of `dedup: {scope: previous}`: an index that only grows.

    INDEX/00000.json ..   manifests: each lists all segments of its time; the highest number is the index
    INDEX/segments/       of every published shard its signatures, each committed by itself

A run adds one segment when it publishes: the signatures of its published shards, and where these lie. Their texts are
not copied: they are read there again when a pair is verified, so published folders stay where they are. Nothing is
written anew. A manifest is put under the next number if nobody was first, in one step: a run that dies has added its
segment or not, and of two runs that publish at once the second is told to compare itself with the first.

What later runs were compared with stays, unless documents of it were taken down: then a manifest lists another segment
in its place, and the later runs, given again, publish anew in theirs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa

from pipeline import storage
from pipeline.dedup.room import VERSION
from pipeline.dedup.settings import Deduplication
from pipeline.dedup.signing.signatures import sign, signature_schema
from pipeline.rooms.manifest import FileEntry, Manifest
from pipeline.rooms.names import DUPLICATES, PUBLISHED, PUBLISHED_BEFORE
from pipeline.rooms.recipe import canonical, libraries, schema_of
from pipeline.rooms.step import StepTask
from pipeline.rooms.tables import LAYOUT, read_batches
from pipeline.rooms.version import Current, read_list, read_version
from pipeline.trouble import ConfigError, EnvironmentTrouble

SEGMENTS = "segments"
DIGITS = 5


@dataclass(frozen=True)
class Published:
    """One published shard and its signatures; names are paths from the root, or URLs."""

    rows: FileEntry
    signatures: FileEntry


@dataclass(frozen=True)
class Segment:
    """What the run in the folder `data` published, and the settings that its keys were made with."""

    data: str
    keys: dict[str, Any]
    shards: tuple[Published, ...]


@dataclass(frozen=True)
class Index:
    """The index as one manifest says it; number -1 before anything was published."""

    folder: str
    number: int
    segments: tuple[Segment, ...]

    @staticmethod
    def read(folder: str) -> Index:
        """The latest manifest's."""
        folder = storage.absolute(folder)
        names = [name for name in storage.list_names(folder) if name.endswith(".json")]
        if not names:
            return Index(folder, -1, ())
        raw = json.loads(storage.read_bytes(storage.join(folder, names[-1])))
        return Index(folder, int(names[-1].removesuffix(".json")), tuple(map(_segment, raw)))

    def before(self, data: str) -> tuple[Published, ...]:
        """The shards with which the run in `data` compares: of all segments before its own."""
        return tuple(shard for segment in self.segments[: self._place(data)] for shard in segment.shards)

    def _place(self, data: str) -> int:
        """Of the segment of `data`; one past the last where it has none."""
        mine = (i for i, segment in enumerate(self.segments) if storage.is_same_folder(segment.data, data))
        return next(mine, len(self.segments))

    def spelling(self, data: str) -> str:
        """How the index spells the folder `data`; as given where it has no segment of it."""
        place = self._place(data)
        return self.segments[place].data if place < len(self.segments) else data

    def check(self, settings: Deduplication, data: str) -> None:
        """Raises ConfigError where a segment's keys were made with other settings, or another version, than these.

        And where the run in `data` would be compared with what lies in its own folder, so that all of it would go: a
        folder that another machine mounts elsewhere, or a copy of one.
        """
        held = set(storage.list_names(storage.join(data, PUBLISHED))) if self.segments else set()
        for shard in self.before(data):
            if shard.rows.rows and shard.rows.name.rpartition("/")[2] in held:
                raise ConfigError(
                    f"dedup.index: {self.folder} lists {shard.rows.name}, which {data} holds, too: its own documents "
                    "under another name, or copies of them; spell --data as there, or give a new folder"
                )
        now = settings.of_keys()
        for segment in self.segments:
            names = sorted({*now, *segment.keys})
            if other := {name: segment.keys.get(name) for name in names if segment.keys.get(name) != now.get(name)}:
                raise ConfigError(
                    f"dedup.index: {self.folder} was made with {other}, now {[now.get(name) for name in other]}; give "
                    "dedup the same, or, for another signature_version (None: older), publish into another index"
                )

    def add(self, segment: Segment, *, may_replace: bool = False) -> tuple[str, ...]:
        """Put the manifest that lists `segment` after those that its run was compared with; once only.

        Where the run published other documents before, and later runs were compared with those: the segment takes the
        place of the former one if it `may_replace` it, and the folders of the later runs, in order, are returned.

        Raises EnvironmentTrouble where another run has published since this index was read, and ConfigError where a
        segment that later runs were compared with may not be replaced.
        """
        now, place = Index.read(self.folder), self._place(segment.data)
        moved = EnvironmentTrouble(
            f"{self.folder}: another run has published there since this one began; give the same command again, "
            "to be compared with that, too"
        )
        if now.segments[: now._place(segment.data)] != self.segments[:place]:
            raise moved
        if segment in now.segments:
            return ()
        later = now.segments[place + 1 :]
        if later and not may_replace:
            raise ConfigError(
                f"dedup.index: {self.folder}: later runs were compared with what {segment.data} published there, and "
                "now it would publish something else; give it another --data, and it comes after them"
            )
        listed = canonical([asdict(one) for one in (*self.segments[:place], segment, *later)])
        if not storage.put_if_absent(storage.join(self.folder, f"{now.number + 1:0{DIGITS}}.json"), listed):
            raise moved
        return tuple(one.data for one in later)


def is_compared_anew(data: str, published: Sequence[Published]) -> bool:
    """Whether the run in `data` has published before, compared with other shards than these `published` ones."""
    current = Current.read(data)
    if current is None or PUBLISHED not in current.rooms:
        return False
    lists = read_version(data, current.rooms[DUPLICATES]).files.get(PUBLISHED_BEFORE, [])
    return [name for listed in lists for name in read_list(data, listed)] != [one.rows.name for one in published]


def _segment(raw: dict[str, Any]) -> Segment:
    shards = (Published(FileEntry(**one["rows"]), FileEntry(**one["signatures"])) for one in raw["shards"])
    return Segment(raw["data"], raw["keys"], tuple(shards))


def tasks_of(index: Index, data: str, published: Sequence[Manifest], settings: Deduplication) -> list[StepTask]:
    """The tasks that sign the shards that the run in `data` has published, in their order."""
    schema = signature_schema(settings)
    parts = {
        "keys": [VERSION, settings.of_keys()],
        "schema": [schema_of(schema), LAYOUT],
        "libraries": libraries({"pyarrow", "numpy", "numba", "datasketch"}),
    }
    return [
        StepTask(
            index.folder,
            SEGMENTS,
            manifest.shard,
            parts | {"input": manifest.file("rows").sha256},
            _signed,
            (data, manifest.file("rows").name, settings),
            schema,
            "signatures",
        )
        for manifest in published
    ]


def _signed(data: str, name: str, settings: Deduplication) -> Iterator[pa.RecordBatch]:
    return sign(read_batches(data, name, settings.published_columns), settings, published=True)


def segment_of(
    index: Index, data: str, published: Sequence[Manifest], signed: Sequence[Manifest], settings: Deduplication
) -> Segment:
    """The segment of the run in `data`, once its tasks are committed."""
    data = index.spelling(data)
    pairs = zip(published, signed, strict=True)
    shards = (
        Published(_from_root(data, one.file("rows")), _from_root(index.folder, other.file("signatures")))
        for one, other in pairs
    )
    return Segment(data, settings.of_keys(), tuple(shards))


def _from_root(folder: str, entry: FileEntry) -> FileEntry:
    return FileEntry(entry.role, storage.join(folder, entry.name), entry.bytes, entry.sha256, entry.rows)
