"""The licence that an R package declares: the field `License` of its DESCRIPTION, and the LICENSE that goes with it.

Source: "Writing R Extensions", section 1.1.2, Licensing.
"""

from __future__ import annotations

import re
from typing import Final

from pipeline.licences.expression import named
from pipeline.licences.statements.notices import PROPRIETARY
from pipeline.sources.code.manifest import names_closed

FILE: Final = "description"

FILLED_IN: Final = frozenset({"MIT", "BSD-2-Clause", "BSD-3-Clause"})
"""Licences whose LICENSE in an R package has what is to be filled in alone: `YEAR: 2020`, `COPYRIGHT HOLDER: ...`."""

_ABBREVIATED: Final = {
    "GPL-2": "GPL-2.0-only",
    "GPL-3": "GPL-3.0-only",
    "LGPL-2": "LGPL-2.0-only",
    "LGPL-2.1": "LGPL-2.1-only",
    "LGPL-3": "LGPL-3.0-only",
    "AGPL-3": "AGPL-3.0-only",
    "BSD_2_clause": "BSD-2-Clause",
    "BSD_3_clause": "BSD-3-Clause",
    "CC0": "CC0-1.0",
    "CC BY 4.0": "CC-BY-4.0",
    "CC BY-SA 4.0": "CC-BY-SA-4.0",
}
_ANY_VERSION: Final = {"GPL": "GPL-1.0-or-later", "LGPL": "LGPL-2.0-or-later", "AGPL": "AGPL-3.0-or-later"}
_FIELD: Final = re.compile(r"^License:((?:[^\n]*\n[ \t]+)*[^\n]*)", re.MULTILINE)
_VERSIONED: Final = re.compile(r"([^()]+?)[ ]*\([ ]*(>=|==)[ ]*(\d)(?:\.(\d))?(?:\.0)?[ ]*\)")
_FILE: Final = re.compile(r"file LICEN[CS]E", re.IGNORECASE)
_BLANK: Final = re.compile(r"(?:YEAR|ORGANI[ZS]ATION|COPYRIGHT HOLDERS?)[ \t]*:.{0,500}", re.IGNORECASE)
_HOLDER: Final = re.compile(r"^[ \t]*COPYRIGHT HOLDERS?[ \t]*:[ \t]*(\S.{0,200})$", re.IGNORECASE | re.MULTILINE)


def licence_of_description(text: str) -> tuple[str, str] | None:
    """The expression of `License` and the words it is read from; None where no alternative of it is known.

    Of alternatives (`|`) any may be chosen, so that of those that are known is said. What stands in a file beside may
    be anything: an alternative that adds one is known for the licences that are to be filled in, and for no others.
    """
    found = _FIELD.search(text)
    if found is None or not re.search(r"^Package:", text, re.MULTILINE):
        return None
    words = " ".join(found[1].split())
    if "|" not in words and names_closed(words):
        return PROPRIETARY, f"License: {words}"
    known = dict.fromkeys(one for one in map(_alternative, words.split("|")) if one is not None)
    return (" OR ".join(known), f"License: {words}") if known else None


def fills_in(text: str) -> bool:
    """Whether a licence file has no words of a licence: only who holds it, and since when."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return 0 < len(lines) <= 10 and all(_BLANK.fullmatch(line) for line in lines)


def holder(text: str) -> str | None:
    """Who is filled in."""
    found = _HOLDER.search(text)
    return found[1].strip() if found else None


def _alternative(words: str) -> str | None:
    name, *added = (part.strip() for part in words.split("+"))
    licence = _licence(name)
    if added and (licence not in FILLED_IN or not all(_FILE.fullmatch(part) for part in added)):
        return None
    return licence


def _licence(name: str) -> str | None:
    if found := _VERSIONED.fullmatch(name):
        base, how, major, minor = found[1], found[2], found[3], found[4] or "0"
        if base in _ANY_VERSION:
            return named(f"{base}-{major}.{minor}{'+' if how == '>=' else ''}")
        return "Apache-2.0" if base == "Apache License" and (major, minor) == ("2", "0") else None
    return _ABBREVIATED.get(name) or _ANY_VERSION.get(name) or named(name)
