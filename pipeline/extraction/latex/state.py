"""What a converter keeps: open groups, tables, the title page; and the marks that stand in its text until the end."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

# What stands in the text for what is known only at the end (references, citations, equation numbers), and for what is
# kept out of the last polish (formulas and code): the mark, an index, the second mark.
REF, REF_END = "\x01", "\x02"
CITE, CITE_END = "\x03", "\x04"
TAG, TAG_END = "\x05", "\x06"
SAVED, SAVED_END = "\x0e", "\x0f"
INDENT = "\x1f"
NEXT_AUTHOR = "\x1e"
_LIGATURE = re.compile(r"---?|``|''|`|\?`|!`")
_LIGATURES = {"---": "—", "--": "–", "``": "“", "''": "”", "`": "'", "?`": "¿", "!`": "¡"}
_GERMAN = dict(zip("aouAOUs`'=~-|", ("ä", "ö", "ü", "Ä", "Ö", "Ü", "ß", "„", "“", "-", "-", "", ""), strict=True))


@dataclass(slots=True)
class Group:
    """An open brace or environment; where it captures its text, `close` gets it at the end."""

    name: str
    close: Callable[[str], None] | None
    outer: list[str] | None
    label: tuple[str, str]
    depths: tuple[int, int, int, int]
    end: tuple[str, ...] = ()
    table: Table | None = None


@dataclass(slots=True)
class Table:
    """The rows of a table as far as they are read."""

    rows: list[list[str]] = field(default_factory=lambda: [[]])
    span: int = 1
    caption: str = ""


@dataclass(slots=True)
class Front:
    """What the document says of itself."""

    title: str = ""
    authors: list[str] = field(default_factory=list)
    abstract: str = ""
    keywords: str = ""


def set_as(token: str, *, is_german: bool) -> str:
    """A run of characters with its ligatures as the characters that they are set as, and babel's short hands."""
    if is_german and '"' in token:
        token = re.sub(r'"([aouAOUs`\'=~\-|])', lambda found: _GERMAN[found[1]], token)
    return _LIGATURE.sub(lambda found: _LIGATURES[found[0]], token)
