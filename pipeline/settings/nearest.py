"""The name that somebody meant: the nearest of those that there are, for the end of a message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

MAX_LISTED = 20
"""Names that are listed; more of them nobody reads."""


def nearest(name: object, known: Iterable[str]) -> str | None:
    """The most similar of `known`, whatever the case; None where none is like it (ratio of difflib below .6)."""
    folded = {one.lower(): one for one in sorted(known, reverse=True)}
    found = get_close_matches(str(name).lower(), folded, n=1)
    return folded[found[0]] if found else None


def hint(name: object, known: Iterable[str], what: str) -> str:
    """`; did you mean x? WHAT: a, b, x`, as much of it as there is to say."""
    names = list(known)
    meant = nearest(name, names)
    listed = f" {what}: {', '.join(names)}" if 0 < len(names) <= MAX_LISTED else ""
    return (f"; did you mean {meant}?" if meant else ";" if listed else "") + listed


def column_hint(name: str, there: Sequence[str], added_by: Mapping[str, str], where: str = "before") -> str:
    """What would be right instead of the column `name`: the stage that adds it, or the column that was meant."""
    if name in added_by:
        return f"; the stage {added_by[name]} adds it: put {{kind: {added_by[name]}}} {where}"
    if (meant := nearest(name, [*there, *added_by])) is None or meant in there:
        return hint(name, there, "columns")
    return f"; did you mean {meant}, which the stage {added_by[meant]} adds? put {{kind: {added_by[meant]}}} {where}"
