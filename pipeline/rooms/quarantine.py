"""Records that ended every process that read them: `quarantine.json` in a run's folder, an input of their shards.

A shard's recipe holds what is left out of it, so it redoes that shard and no other. An entry counts for as long as
what read the record stays what it was (`Quarantined.intent`): a new version of a library or a stage tries it again. So
does a run without the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from pipeline import storage
from pipeline.trouble import ConfigError

FILE = "quarantine.json"


@dataclass(frozen=True, slots=True, order=True)
class Quarantined:
    """What is left out of a shard.

    place: the piece of a file, or the share of a join, that holds it (`Shard.places`). kind: `record`, which is not
    parsed; `row`, which was parsed and is not measured; `rest`, all of a file behind so many records. key: the natural
    key, of records that are joined their group; of a rest the number of records before it. room: where the process
    died, died: of what. intent: hash of what decides how it is read, or read and measured.
    """

    source: str
    raw_path: str
    place: str
    kind: Literal["record", "row", "rest"]
    key: str
    room: str
    died: str
    intent: str

    def told(self) -> str:
        """A line for people."""
        where = f"{self.source}: {self.raw_path}" if self.raw_path else self.source
        rest = "" if self.key == "0" else f" behind its first {self.key} records"
        return f"all{rest} ({where}; {self.died})" if self.kind == "rest" else f"{self.key} ({where}; {self.died})"


_ENTRIES = TypeAdapter(tuple[Quarantined, ...], config=ConfigDict(extra="forbid", strict=True))


def summary(entries: Sequence[Quarantined]) -> str:
    """How many, in words."""
    if len(entries) == 1:
        return "1 record ended every process that read it, and is left out"
    return f"{len(entries):,} records ended every process that read them, and are left out"


@dataclass(frozen=True)
class Quarantine:
    """All of a run, in the order of their fields."""

    entries: tuple[Quarantined, ...] = ()

    @staticmethod
    def read(data: str) -> Quarantine:
        """Those of the run in `data`; none where no record ended a process. Raises ConfigError for another file."""
        path = storage.join(data, FILE)
        try:
            return Quarantine(_ENTRIES.validate_json(storage.read_bytes(path)))
        except FileNotFoundError:
            return Quarantine()
        except ValidationError as error:
            (what, *_) = error.errors(include_url=False)
            why = ": ".join(filter(None, [".".join(map(str, what["loc"])), what["msg"]]))
            raise ConfigError(
                f"{path}: no list of records that are left out ({why}); mend it, or remove it, and they are found again"
            ) from error

    def with_(self, more: Iterable[Quarantined]) -> Quarantine:
        """These and those of `more`; of the same record the latter."""
        known = {(one.source, one.place, one.kind, one.key): one for one in (*self.entries, *more)}
        return Quarantine(tuple(sorted(known.values())))

    def write(self, data: str) -> None:
        """Put the list in its place, in one step."""
        content = json.dumps([asdict(entry) for entry in self.entries], indent=1, sort_keys=True) + "\n"
        storage.replace(storage.join(data, FILE), content.encode())

    def at(self, source: str, place: str) -> tuple[Quarantined, ...]:
        """Those of one piece or share, whatever their intent."""
        return self._by_place.get((source, place), ())

    @cached_property
    def _by_place(self) -> dict[tuple[str, str], tuple[Quarantined, ...]]:
        found: dict[tuple[str, str], tuple[Quarantined, ...]] = {}
        for entry in self.entries:
            key = entry.source, entry.place
            found[key] = (*found.get(key, ()), entry)
        return found
