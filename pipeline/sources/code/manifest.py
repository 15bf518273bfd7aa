"""What the manifest of a package declares of its licence: pyproject.toml, Cargo.toml, package.json, composer.json."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any, Final

from pipeline.licences.expression import named
from pipeline.licences.statements.notices import PROPRIETARY

CLASSIFIER: Final = "License :: OSI Approved :: "
_TABLES: Final = (("project",), ("package",), ("workspace", "package"), ("tool", "poetry"), ())
_UNLICENSED: Final = "UNLICENSED"  # of package.json: nobody may use it under any terms (npm's documentation)
_CLOSED: Final = re.compile(
    r"(?<!non[ -])(?<!non)\b(?:proprietary|commercial|closed[ -]source|confidential)\b", re.IGNORECASE
)
_CHOICE: Final = re.compile(r"\bor\b|\band\b|\bdual|(?<!other)/", re.IGNORECASE)
MAX_NAME: Final = 200
"""Characters of a name or an expression; what is longer is a text."""
_LINE: Final = re.compile(r"[\"']?(?:licen[cs]es?|classifiers)[\"']?[ \t]*[:=][^\n]{1,200}")


def licence_of_manifest(name: str, text: str) -> tuple[str, str] | None:
    """The expression and the words that declare it, of a file called `name` in small letters; None where it is none.

    Of several in a list any may be chosen (composer.json's schema; package.json before npm 3), and so of names with a
    slash between them (Cargo's manifest, deprecated). A classifier counts where it is the only one of licences.
    """
    try:
        data: Any = json.loads(text) if name.endswith(".json") else tomllib.loads(text)
    except (ValueError, RecursionError):
        return None
    for table in _tables(data):
        for stated in (table.get("license"), table.get("licenses"), _classified(table.get("classifiers"))):
            is_closed = names_closed(stated) or (stated == _UNLICENSED and name == "package.json")
            licence = PROPRIETARY if is_closed else _expression(stated)
            if licence is not None:
                return licence, _quote(text, stated)
    return None


def names_closed(stated: Any) -> bool:
    """Whether a package names closed terms and no others: "proprietary" (composer.json), "Acme Commercial"."""
    if isinstance(stated, dict):
        stated = stated.get("text") or stated.get("type")
    if not isinstance(stated, str) or len(stated) > MAX_NAME:
        return False
    return named(stated) is None and _CLOSED.search(stated) is not None and _CHOICE.search(stated) is None


def _tables(data: Any) -> Iterator[dict[str, Any]]:
    for path in _TABLES:
        table = data
        for key in path:
            table = table.get(key) if isinstance(table, dict) else None
        if isinstance(table, dict):
            yield table


def _expression(stated: Any) -> str | None:
    if isinstance(stated, dict):
        stated = stated.get("text") or stated.get("type")
    if isinstance(stated, list):
        each = [None if isinstance(one, list) else _expression(one) for one in stated]  # lists in lists mean nothing
        known = [one for one in each if one is not None]
        return _either(known) if known and len(known) == len(each) else None
    if not isinstance(stated, str) or len(stated) > MAX_NAME:
        return None
    licence = named(stated)
    return _expression(stated.split("/")) if licence is None and "/" in stated else licence


def _either(licences: list[str]) -> str:
    return " OR ".join(f"({each})" if len(licences) > 1 and " " in each else each for each in licences)


def _classified(classifiers: Any) -> str | None:
    if not isinstance(classifiers, list):
        return None
    said = [each for each in classifiers if isinstance(each, str) and each.startswith("License ::")]
    return said[0].removeprefix(CLASSIFIER) if len(said) == 1 else None


def _quote(text: str, stated: Any) -> str:
    """The line in which it stands, else what is stated."""
    return next(
        (" ".join(found[0].split()) for found in _LINE.finditer(text) if _first(stated) in found[0]), str(stated)
    )


def _first(stated: Any) -> str:
    if isinstance(stated, list):
        return _first(stated[0])
    return str(stated.get("text") or stated.get("type")) if isinstance(stated, dict) else str(stated)
