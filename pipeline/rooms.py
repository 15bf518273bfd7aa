"""Where each room lies, what a manifest says, and how a shard is committed: by its manifest and nothing else."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from itertools import chain
from typing import Any

from pipeline import storage
from pipeline.recipe import canonical, hashed
from pipeline.trouble import DeterminismError, EnvironmentTrouble

SPILLED = "05_spilled"
EXTRACTED = "10_extracted"
FILTERED = "20_filtered"
SIGNATURES = "30_signatures"
DUPLICATES = "31_duplicates"
SORTED = "39_sorted"
PUBLISHED = "40_published"
AUDIT = "audit"
ATTRIBUTION = "attribution"
ROOMS = (SPILLED, EXTRACTED, FILTERED, SIGNATURES, DUPLICATES, SORTED, PUBLISHED)
PUBLISHED_BEFORE = "published_before"
"""In room 31 the role of a list of files that earlier runs published: shards numbered after the run's own."""
COUNTED = (EXTRACTED, FILTERED, DUPLICATES, PUBLISHED)
"""The rooms that the funnel passes; signatures only measure."""

REQUESTS = 16  # under way at a time, where many small files are read
RECIPE_DIGITS = 12  # of the 64 in a file's name: 48 bits keep 100,000 shards of a room apart (p < 2e-5)


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file that a manifest commits: its name relative to the run's folder, size, sha256 and rows."""

    role: str
    name: str
    bytes: int
    sha256: str
    rows: int


@dataclass(frozen=True, slots=True)
class Count:
    """How many records of one source met one fate in one room; bytes of the raw records and of their text just then.

    `outcome` is kept | dropped | merged | expanded | not_a_document; kept has the reason "kept".
    """

    source: str
    outcome: str
    reason: str
    docs: int
    raw_bytes: int
    text_bytes: int


@dataclass(frozen=True)
class Manifest:
    """The commit of one shard in one room. Holds no time and no machine: equal work gives equal bytes."""

    room: str
    shard: str
    recipe: str
    parts: dict[str, str]
    files: tuple[FileEntry, ...]
    counts: tuple[Count, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)

    def file(self, role: str) -> FileEntry:
        """The file of that role. Raises KeyError where the shard has none."""
        for entry in self.files:
            if entry.role == role:
                return entry
        raise KeyError(f"{self.room}/{self.shard} has no {role} file")

    def to_bytes(self) -> bytes:
        """The canonical bytes that are committed."""
        return canonical(asdict(self))

    @staticmethod
    def from_bytes(data: bytes) -> Manifest:
        """The manifest as it was committed."""
        raw = json.loads(data)
        raw["files"] = tuple(FileEntry(**entry) for entry in raw["files"])
        raw["counts"] = tuple(Count(**count) for count in raw["counts"])
        return Manifest(**raw)


@dataclass(frozen=True, slots=True)
class Place:
    """A shard of a recipe in a room: the one rule by which files get their names."""

    data: str
    room: str
    shard: str
    recipe: str

    @property
    def stem(self) -> str:
        return f"{self.shard}.{self.recipe[:RECIPE_DIGITS]}"

    def name(self, suffix: str, folder: str | None = None) -> str:
        """The name, relative to the run's folder, of this shard's file with that suffix."""
        return f"{folder or self.room}/{self.stem}{suffix}"

    @property
    def manifest_path(self) -> str:
        return storage.join(self.data, self.name(".json"))

    def committed(self) -> Manifest | None:
        """The manifest, where this shard has been committed under this recipe."""
        try:
            return Manifest.from_bytes(storage.read_bytes(self.manifest_path))
        except FileNotFoundError:
            return None


def commit(place: Place, manifest: Manifest) -> Manifest:
    """Commit a shard whose files are all in place.

    Where another writer was first, equal content is fine; raises DeterminismError when it differs.
    """
    data = manifest.to_bytes()
    if storage.put_if_absent(place.manifest_path, data):
        return manifest
    if storage.read_bytes(place.manifest_path) != data:
        raise DeterminismError(
            f"{place.manifest_path}: the same recipe gave another result. Keep both machines' library versions, "
            "report this; to go on, remove that manifest and its files"
        )
    return manifest


class Shelf:
    """What a room holds already: one listing, then only manifests that are asked for. For planning and explaining."""

    def __init__(self, data: str, room: str) -> None:
        self.data, self.room = data, room
        self._names: dict[str, str] = {}
        for name in storage.list_names(storage.join(data, room)):
            if name.endswith(".json") and name.count(".") >= 2:
                self._names[name.rsplit(".", 2)[1]] = name

    def get(self, recipe: str) -> Manifest | None:
        """The manifest of that recipe, whatever number its shard had when it was made."""
        name = self._names.get(recipe[:RECIPE_DIGITS])
        if name is None:
            return None
        manifest = Manifest.from_bytes(storage.read_bytes(storage.join(self.data, self.room, name)))
        return manifest if manifest.recipe == recipe else None


# --- the version of a room: which shards make it up -------------------------------------------------------------------


@dataclass(frozen=True)
class RoomVersion:
    """A room as one run left it: its shards' manifests by name and the sum of their counts."""

    room: str
    recipe: str
    manifests: tuple[str, ...]
    files: dict[str, list[str]]
    counts: tuple[Count, ...]

    @staticmethod
    def of(room: str, manifests: Iterable[tuple[str, Manifest]]) -> RoomVersion:
        """The version made of (manifest name, manifest), in shard order; its recipe is the Merkle hash of theirs."""
        pairs = list(manifests)
        files: dict[str, list[str]] = {}
        for _, manifest in pairs:
            for entry in manifest.files:
                files.setdefault(entry.role, []).append(entry.name)
        return RoomVersion(
            room=room,
            recipe=hashed([m.recipe for _, m in pairs]),
            manifests=tuple(name for name, _ in pairs),
            files=files,
            counts=tuple(total(count for _, m in pairs for count in m.counts)),
        )


def missing(data: str, versions: Iterable[RoomVersion]) -> list[str]:
    """The manifests and files that make up these versions and are not there, sorted; one listing a folder."""
    wanted = {name for version in versions for name in (*version.manifests, *chain(*version.files.values()))}
    folders = sorted({name.rpartition("/")[0] for name in wanted})
    there = {f"{folder}/{name}" for folder in folders for name in storage.list_names(storage.join(data, folder))}
    return sorted(wanted - there)


def check_complete(data: str, versions: Iterable[RoomVersion]) -> None:
    """Raises EnvironmentTrouble that names the first file that is committed and gone."""
    if gone := missing(data, versions):
        more = f" and {len(gone) - 1} more" if len(gone) > 1 else ""
        raise EnvironmentTrouble(
            f"{storage.join(data, gone[0])}{more}: this committed file is gone; bring it back, or remove the manifest "
            "(.json) of the same name, and it is made again"
        )


def total(counts: Iterable[Count]) -> list[Count]:
    """The counts summed by (source, outcome, reason), sorted; kept first."""
    sums: dict[tuple[str, str, str], list[int]] = {}
    for c in counts:
        entry = sums.setdefault((c.source, c.outcome, c.reason), [0, 0, 0])
        entry[0] += c.docs
        entry[1] += c.raw_bytes
        entry[2] += c.text_bytes
    return [Count(*key, *entry) for key, entry in sorted(sums.items(), key=lambda kv: (kv[0][1] != "kept", kv[0]))]


def list_name(files: Sequence[Any]) -> str:
    """What `write_list` calls a list."""
    return f"versions/list.{hashed(files)[:32]}.json"


def write_list(data: str, files: Sequence[Any]) -> str:
    """Keep a list of files (JSON) under its hash, so that tasks carry one name, not 100,000; returns that name."""
    name = list_name(files)
    storage.put_if_absent(storage.join(data, name), canonical(list(files)))
    return name


@functools.lru_cache(maxsize=8)
def read_list(data: str, name: str) -> tuple[Any, ...]:
    """A list that `write_list` kept; a process remembers the last few."""
    return tuple(json.loads(storage.read_bytes(storage.join(data, name))))


def write_version(data: str, version: RoomVersion) -> str:
    """Keep a room's version under its hash; returns its name relative to the run's folder.

    Not under its recipe: shards of one recipe may have other numbers, and so their files other names.
    """
    name = f"versions/{version.room}.{hashed(asdict(version))[:RECIPE_DIGITS]}.json"
    path, content = storage.join(data, name), canonical(asdict(version))
    if not storage.put_if_absent(path, content) and storage.read_bytes(path) != content:
        raise DeterminismError(f"{path}: this list is not what its name says; remove it, and it is made again")
    return name


def read_version(data: str, name: str) -> RoomVersion:
    raw = json.loads(storage.read_bytes(storage.join(data, name)))
    raw["counts"] = tuple(Count(**count) for count in raw["counts"])
    raw["manifests"] = tuple(raw["manifests"])
    return RoomVersion(**raw)


@dataclass(frozen=True)
class Current:
    """What `current.json` points to: the version of each finished room of the latest run, and its config."""

    run: str
    config: str
    rooms: Mapping[str, str]
    finished: bool
    sample: float = 1.0
    """The share of the records that the run was to take."""

    def write(self, data: str) -> None:
        storage.replace(storage.join(data, "current.json"), canonical(asdict(self)))

    @staticmethod
    def read(data: str) -> Current | None:
        """The pointer, or None where nothing has run in that folder."""
        try:
            return Current(**json.loads(storage.read_bytes(storage.join(data, "current.json"))))
        except FileNotFoundError:
            return None


def read_manifests(data: str, names: Iterable[str]) -> list[Manifest]:
    """Many manifests at once, in the given order."""
    with ThreadPoolExecutor(REQUESTS) as pool:
        return list(pool.map(lambda name: Manifest.from_bytes(storage.read_bytes(storage.join(data, name))), names))
