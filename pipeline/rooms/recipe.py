"""What decides an output, hashed: the recipe of a shard, and why two recipes differ."""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import json
import platform
import unicodedata
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

Parts = Mapping[str, Any]


def canonical(value: Any) -> bytes:
    """`value` as JSON with sorted keys and no spaces: equal values have equal bytes.

    Raises TypeError for what JSON cannot say exactly (a float is allowed only where its repr is the configuration).
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def hashed(value: Any) -> str:
    """sha256 of the canonical form, hex."""
    return hashlib.sha256(canonical(value)).hexdigest()


_version = functools.cache(importlib.metadata.version)  # reads a file each time; recipes ask once a shard


def libraries(names: Iterable[str]) -> dict[str, str]:
    """The versions of the distributions that decide, Python's own among them (its Unicode tables decide, too)."""
    versions = {name: _version(name) for name in sorted(set(names))}
    return versions | {"python": ".".join(platform.python_version_tuple()[:2]), "unicode": unicodedata.unidata_version}


def schema_of(schema: pa.Schema) -> str:
    """The hash of a schema: names, types, nullability and meaning."""
    return _schema_hash(schema.serialize().to_pybytes())


@functools.lru_cache(maxsize=256)  # recipes ask some ten times a shard, 0.6 ms each, of few schemas
def _schema_hash(serialized: bytes) -> str:
    import pyarrow as pa  # here: who asks what stands of a run needs no schema

    return hashed(
        [
            [f.name, str(f.type), f.nullable, sorted((k.decode(), v.decode()) for k, v in (f.metadata or {}).items())]
            for f in pa.ipc.read_schema(pa.BufferReader(serialized))
        ]
    )


def recipe_of(parts: Parts) -> tuple[str, dict[str, str]]:
    """The recipe of `parts` and the hash of each part, by which `explain` says what changed."""
    hashes = {name: hashed(part)[:16] for name, part in parts.items()}
    return hashed(hashes), hashes


def difference(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """The names of the parts that differ, in order."""
    return sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
