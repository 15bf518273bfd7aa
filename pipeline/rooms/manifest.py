"""What a manifest says, how files get their names, and how a shard is committed: by its manifest and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any

from pipeline import storage
from pipeline.rooms.damage import naming_damage
from pipeline.rooms.recipe import canonical
from pipeline.trouble import DeterminismError

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

    @staticmethod
    def read(path: str) -> Manifest:
        """The manifest that was committed there. Raises EnvironmentTrouble where it is damaged."""
        content = storage.read_bytes(path)
        with naming_damage(path, "remove it, and give the run's command again: the shard is done again"):
            return Manifest.from_bytes(content)


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
            return Manifest.read(self.manifest_path)
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
        manifest = Manifest.read(storage.join(self.data, self.room, name))
        return manifest if manifest.recipe == recipe else None


def total(counts: Iterable[Count]) -> list[Count]:
    """The counts summed by (source, outcome, reason), sorted; kept first."""
    sums: dict[tuple[str, str, str], list[int]] = {}
    for c in counts:
        entry = sums.setdefault((c.source, c.outcome, c.reason), [0, 0, 0])
        entry[0] += c.docs
        entry[1] += c.raw_bytes
        entry[2] += c.text_bytes
    return [Count(*key, *entry) for key, entry in sorted(sums.items(), key=lambda kv: (kv[0][1] != "kept", kv[0]))]


def read_manifests(data: str, names: Iterable[str]) -> list[Manifest]:
    """Many manifests at once, in the given order."""
    with ThreadPoolExecutor(REQUESTS) as pool:
        return list(pool.map(lambda name: Manifest.read(storage.join(data, name)), names))
