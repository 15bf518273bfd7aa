"""A folder of benchmarks as a detector: what decides it, and one detector a process."""

from __future__ import annotations

import hashlib
import unicodedata
from functools import cache, lru_cache

from pipeline import storage
from pipeline.contamination.detector import Detector
from pipeline.contamination.index import VERSION, build
from pipeline.contamination.items import SUFFIXES, FieldMap, read_items
from pipeline.settings import settings_file
from pipeline.trouble import EnvironmentTrouble

_SEEN: dict[tuple[str, str | None], str] = {}
"""What `fingerprint` said last in this process, by folder and map of fields."""


def fingerprint(folder: str, fields: str | None) -> str:
    """sha256 of the files' names and bytes, the map of fields, this package's version and Unicode's.

    Raises FileNotFoundError where there is no such folder, and ConfigError as `settings_file.read` does.
    """
    tags = tuple(
        (name, *storage.size_and_tag(storage.join(folder, name))) for name in storage.list_files(folder, SUFFIXES)
    )
    found = _SEEN[folder, fields] = _fingerprint(folder, tags, field_map(fields).model_dump_json())
    return found


@cache
def _fingerprint(folder: str, tags: tuple[tuple[str, int, str], ...], fields: str) -> str:
    digest = hashlib.sha256(f"{VERSION}\n{unicodedata.unidata_version}\n{fields}\n".encode())
    for name, *_ in tags:
        digest.update(f"{name}\n{storage.digest(storage.join(folder, name))}\n".encode())
    return digest.hexdigest()


def detector_of(folder: str, fields: str | None) -> Detector:
    """The detector of what `fingerprint` saw last in this process: batches do not look at the folder again.

    So files that change while a shard is under way count from the next shard on. Raises EnvironmentTrouble where they
    change before they are read, and as `fingerprint` and `read_items` do.
    """
    return _detector(folder, fields, _SEEN.get((folder, fields)) or fingerprint(folder, fields))


@lru_cache(maxsize=4)
def _detector(folder: str, fields: str | None, seen: str) -> Detector:
    detector = Detector(build(read_items(folder, field_map(fields))))
    if fingerprint(folder, fields) != seen:
        raise EnvironmentTrouble(f"{folder}: changed since it was looked at; give the command again")
    return detector


def field_map(fields: str | None) -> FieldMap:
    """The map of fields in a YAML file; the common names without one. Raises ConfigError as `settings_file.read`."""
    return settings_file.read(fields, FieldMap) if fields else FieldMap()
