"""Templates that give lists, columns and table cells."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.extraction.wikitext.arguments import Arguments
from pipeline.extraction.wikitext.marks import CELL
from pipeline.extraction.wikitext.names import names

MAX_ITEMS = 1_000


def _row(arguments: Arguments) -> str:
    """{{hlist|a|b}}: items on one line."""
    return ", ".join(arguments.positional()[:MAX_ITEMS])


def _items(sign: str) -> Callable[[Arguments], str]:
    def give(arguments: Arguments) -> str:
        """An item an argument, each on its line, with the sign of wikitext that makes it one."""
        return "\n" + "\n".join(f"{sign} {item}" for item in arguments.positional()[:MAX_ITEMS]) + "\n"

    return give


def _block(arguments: Arguments) -> str:
    """Wikitext of several lines that the template only sets in another way."""
    return "\n" + arguments.get("1", "content", "text") + "\n"


def _columns(arguments: Arguments) -> str:
    """{{columns-list|2|...}}: the last argument is the text, or named."""
    return "\n" + (arguments.get("content", "text") or arguments.last()) + "\n"


def _flat(arguments: Arguments) -> str:
    """{{flatlist|* a * b}}: a list that is shown on one line."""
    rows = arguments.get("1", "content").split("\n")
    return ", ".join(item for row in rows if (item := row.strip().lstrip("*#").strip()))


LISTS: dict[str, Callable[[Arguments], str]] = {
    **dict.fromkeys(names("hlist; pipe list; comma separated entries; cslist; dotlist; h-list"), _row),
    **dict.fromkeys(
        names("unbulleted list; ubl; ublist; bulleted list; bulletlist; blist; vunblist; collapsible list; tree list"),
        _items("*"),
    ),
    **dict.fromkeys(names("ordered list; numbered list"), _items("#")),
    **dict.fromkeys(names("plainlist; plain list; endplainlist; nobullet; no bullet; indented plainlist"), _block),
    **dict.fromkeys(names("columns-list; column list; cols; colist; div col list; multi-column list"), _columns),
    "flatlist": _flat,
}


def _cell(arguments: Arguments) -> str:
    return CELL + arguments.get("1")


TABLE_CELLS: dict[str, Callable[[Arguments], str]] = {
    **dict.fromkeys(
        names("rh; rh2; table cell; good; bad; okay; success; failure; active; terminated; eliminated"), _cell
    ),
    "!": lambda arguments: "|",
    "!!": lambda arguments: "||",
    "!-": lambda arguments: "\n|-\n",
    "(!": lambda arguments: "{|",
    "!)": lambda arguments: "|}",
    "!+": lambda arguments: "\n|+",
}
