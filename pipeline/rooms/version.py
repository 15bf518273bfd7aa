"""Which shards make up a room: its versions, the lists that many shards share, and the pointer to what is current."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any

from pipeline import storage
from pipeline.rooms.damage import naming_damage
from pipeline.rooms.manifest import RECIPE_DIGITS, Count, Manifest, total
from pipeline.rooms.recipe import canonical, hashed
from pipeline.trouble import DeterminismError, EnvironmentTrouble

MADE_AGAIN = "remove it and give the run's command again: it is made again, and what is committed is not done again"


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
    path = storage.join(data, name)
    with naming_damage(path, MADE_AGAIN):
        return tuple(json.loads(storage.read_bytes(path)))


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
    path = storage.join(data, name)
    with naming_damage(path, MADE_AGAIN):
        raw = json.loads(storage.read_bytes(path))
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
        path = storage.join(data, "current.json")
        try:
            with naming_damage(path, MADE_AGAIN):
                return Current(**json.loads(storage.read_bytes(path)))
        except FileNotFoundError:
            return None
