"""Failures that would only repeat themselves: which shards met a bug, until something that decides changes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from pipeline import storage
from pipeline.execution.runner import Failure
from pipeline.rooms.damage import naming_damage
from pipeline.rooms.recipe import hashed
from pipeline.shard.extract import extraction_parts
from pipeline.shard.shard import Shard
from pipeline.steps import steps_recipe


@dataclass(frozen=True)
class Failed:
    """The folder `failed/` of a run: one marker a shard and intent (what it would do, as far as is known before)."""

    data: str

    def known(self, shards: Sequence[Shard]) -> list[Failure]:
        """What these shards met before, and would meet again."""
        marked = self._marked()
        paths = [path for path in map(self._marker, shards if marked else ()) if path.rpartition("/")[2] in marked]
        return [*map(_read, paths)]

    def forget(self, shards: Sequence[Shard]) -> None:
        """These shards have passed."""
        marked = self._marked()
        for path in map(self._marker, shards if marked else ()):
            if path.rpartition("/")[2] in marked:
                storage.remove(path)

    def _marked(self) -> frozenset[str]:
        """The names of all markers, by one listing: of many shards few have one."""
        return frozenset(storage.list_names(storage.join(self.data, "failed")))

    def remember(self, failures: Sequence[Failure], shards: Sequence[Shard]) -> None:
        """Mark those of `shards` that met a bug; what the environment did may go better next time."""
        by_name = {shard.name: shard for shard in shards}
        for failure in failures:
            if failure.kind == "bug":
                content = json.dumps(asdict(failure), sort_keys=True).encode()
                storage.replace(self._marker(by_name[failure.name]), content)

    def _marker(self, shard: Shard) -> str:
        settings = shard.config.model_dump(mode="json", include={"dedup", "audit"})
        intent = hashed([extraction_parts(shard), steps_recipe(shard.steps, shard.source), settings])
        return storage.join(self.data, "failed", f"{shard.name}.{intent[:12]}.json")


def _read(path: str) -> Failure:
    with naming_damage(path, "remove it, and the shard is tried again"):
        return Failure(**json.loads(storage.read_bytes(path)))
