"""HTML and SVG that cannot be broken out of: whatever is not `Html` is escaped and made visible."""

from __future__ import annotations

import html
from collections.abc import Iterable

from mixtures.names import visible
from mixtures.simplex import SHOWN


class Html(str):
    """Markup made by this module; every other `str` is a stranger's text."""

    __slots__ = ()


def escaped(text: str) -> Html:
    """`text` as it may stand between tags or in a quoted attribute; `Html` passes as it is."""
    return text if isinstance(text, Html) else Html(html.escape(visible(text)))


def joined(parts: Iterable[str]) -> Html:
    """The parts one after another, each escaped unless it is `Html`."""
    return Html("".join(escaped(part) for part in parts))


def listed(names: Iterable[str], most: int = SHOWN) -> Html:
    """Strangers' names in a sentence, the first of them and how many more; each reads in its own direction."""
    known = list(names)
    told = ", ".join(tag("bdi", one) for one in known[:most])
    return Html(told + (f" and {len(known) - most} more" if len(known) > most else ""))


def tag(name: str, *children: str, **attributes: str | int | None) -> Html:
    """`<name attributes>children</name>`: `class_` is class, `_` in a name is `-`, None leaves the attribute out."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{written}>{joined(children)}</{name}>")
