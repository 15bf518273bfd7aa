"""REUSE (reuse.software/spec-3.3): what a REUSE.toml says of the files below it, and what stands in `FILE.license`.

Of the tables of one REUSE.toml the last that matches counts. Precedence `closest`: for files that say nothing
themselves, the nearest REUSE.toml; `aggregate`: that, too, beside what the file says; `override`: whatever the file
says, and the topmost REUSE.toml that says so.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile
from typing import Any, Final

from pipeline.licences.expression import expression

FILE: Final = "reuse.toml"  # in lower case
COMPANION: Final = ".license"
CLOSEST, AGGREGATE, OVERRIDE = "closest", "aggregate", "override"
MAX_TABLES: Final = 10_000
_SPECIAL = re.compile(r"\\(.)|(\*+)|(.)", re.DOTALL)


class Glob:
    """A pattern of paths: `*` is anything but `/`, `**` anything, `\\*` a star.

    All places of the pattern that a path can be at are bits of one number, so that no pattern takes longer than its
    length times that of the path.
    """

    def __init__(self, pattern: str) -> None:
        pieces = _SPECIAL.findall(pattern)
        self._stars = self._any = 0
        self._after: dict[str, int] = {}
        for at, (escaped, stars, other) in enumerate(pieces):
            if stars:
                self._stars |= 1 << at
                self._any |= (1 << at) if len(stars) > 1 else 0
            else:
                self._after[escaped or other] = self._after.get(escaped or other, 0) | 1 << at
        self._letters = sum(not stars for _, stars, _ in pieces)
        self._head = "".join(a or b for a, _, b in takewhile(lambda each: not each[1], pieces))
        self._end = 1 << len(pieces)

    def matches(self, path: str) -> bool:
        """Whether the whole of a path, relative to the folder of the REUSE.toml, is such a one."""
        if self._letters > len(path) or not path.startswith(self._head):
            return False
        at = self._skipping(1)
        for letter in path:
            stays = self._any if letter == "/" else self._stars
            at = self._skipping(((at & self._after.get(letter, 0)) << 1) | (at & stays))
            if not at:
                return False
        return bool(at & self._end)

    def _skipping(self, at: int) -> int:
        """With the places behind a star: it may be empty. No two stars stand side by side."""
        return at | ((at & self._stars) << 1)


@dataclass(frozen=True, slots=True)
class Annotation:
    """A table of a REUSE.toml. licence: an expression, several with AND; None where it is none that SPDX knows."""

    paths: tuple[Glob, ...]
    precedence: str
    licence: str | None


@lru_cache(maxsize=256)
def tables_of(text: str) -> tuple[Annotation, ...]:
    """The tables of a REUSE.toml that name a licence; none of what is no TOML, or of another version."""
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return ()
    tables = data.get("annotations")
    if data.get("version") != 1 or not isinstance(tables, list):
        return ()
    return tuple(made for table in tables[:MAX_TABLES] if isinstance(table, dict) and (made := _annotation(table)))


def _annotation(table: dict[str, Any]) -> Annotation | None:
    paths, licences = _texts(table.get("path")), _texts(table.get("SPDX-License-Identifier"))
    precedence = table.get("precedence", CLOSEST)
    if not paths or not licences or precedence not in (CLOSEST, AGGREGATE, OVERRIDE):
        return None
    known = [expression(each) for each in licences]
    joined = together(each for each in known if each is not None) if None not in known else None
    return Annotation(tuple(Glob(path) for path in paths), precedence, joined)


def together(licences: Any) -> str | None:
    """All of these expressions, with AND; those with OR in brackets."""
    unique = sorted(set(licences))
    if len(unique) < 2:
        return unique[0] if unique else None
    return " AND ".join(f"({each})" if " OR " in each else each for each in unique)


def _texts(value: Any) -> list[str]:
    listed = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return [each for each in listed if isinstance(each, str)]


def stated(tables: Mapping[str, tuple[Annotation, ...]], path: str) -> tuple[str, Annotation] | None:
    """The folder of the REUSE.toml that decides of a file, and its table; `tables` by folder, "" is the root."""
    closest: tuple[str, Annotation] | None = None
    folders = path.split("/")[:-1]
    for depth in range(len(folders) + 1):
        folder = "/".join(folders[:depth])
        below = path[len(folder) + 1 :] if folder else path
        found = [each for each in tables.get(folder, ()) if any(glob.matches(below) for glob in each.paths)]
        if found and found[-1].precedence == OVERRIDE:
            return folder, found[-1]
        if found:
            closest = folder, found[-1]
    return closest
