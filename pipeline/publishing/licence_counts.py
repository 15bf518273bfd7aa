"""How many documents stand under which licence, as a published shard's manifest says it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pipeline.licences.statements.declared import normal_form
from pipeline.licences.taxonomy import UNKNOWN, class_of

LICENCES_COUNTED = 1000  # in one shard; what a source declares may be any text, the rest is OTHER
OTHER = "other"


@dataclass
class Licences:
    """Documents and bytes of text by licence, and the classes that the config gives to some, for a manifest's facts."""

    sums: dict[str, list[int]] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=dict)

    def add(self, licence: str | None, category: str | None, size: int) -> None:
        """Count one document; `category` is that of the stage `licence`, where the config has it."""
        name = licence or UNKNOWN
        if name not in self.sums and len(self.sums) >= LICENCES_COUNTED:
            name = OTHER
        elif category is not None and category != class_declared(name):
            self.classes[name] = category
        entry = self.sums.setdefault(name, [0, 0])
        entry[0] += 1
        entry[1] += size

    def facts(self) -> dict[str, Any]:
        """licences: [documents, bytes of text] by name; licence_classes: where the config says another than the id."""
        return {"licences": dict(sorted(self.sums.items())), "licence_classes": dict(sorted(self.classes.items()))}


def class_declared(declared: str) -> str:
    """The class of what a source declares; unknown where that is no licence that is known."""
    spdx = normal_form(declared)
    return UNKNOWN if spdx is None else class_of(spdx)
