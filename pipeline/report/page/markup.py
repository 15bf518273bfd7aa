"""HTML and SVG that cannot be broken out of: whatever is not `Html` is escaped and made visible."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable

# What could reorder, hide or break a page: controls but tab and line feed, soft hyphen, bidi and other invisible
# formatting, surrogates, non-characters, tag characters. ZWNJ and ZWJ stay: Persian and emoji need them.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\ufdd0-\ufdef\U000e0000-\U000e0fff"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000))
    + "]"
)


class Html(str):
    """Markup made by this module; every other `str` is a stranger's text."""

    __slots__ = ()


def visible(text: str) -> str:
    """`text` with every character that cannot be seen, or that would reorder its neighbours, spelled ⟨U+202E⟩."""
    return _INVISIBLE.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text.replace("\r\n", "\n"))


def cut(text: str, limit: int) -> str:
    """The first `limit` characters of `text`, and an ellipsis where some are missing."""
    return text if len(text) <= limit else f"{text[:limit]} …"


def shortened(text: str, limit: int) -> str:
    """`text` in at most `limit` characters, cut in the middle: both ends of a reason tell it apart."""
    if len(text) <= limit:
        return text
    head = (limit - 1) // 2
    return f"{text[:head]}…{text[len(text) - (limit - 1 - head) :]}"


def escaped(text: str) -> Html:
    """`text` as it may stand between tags or in a quoted attribute; `Html` passes as it is."""
    return text if isinstance(text, Html) else Html(html.escape(visible(text)))


def joined(parts: Iterable[str]) -> Html:
    """The parts one after another, each escaped unless it is `Html`."""
    return Html("".join(escaped(part) for part in parts))


def tag(name: str, *children: str, **attributes: str | int | None) -> Html:
    """`<name attributes>children</name>`: `class_` is class, `_` in a name is `-`, None leaves the attribute out."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escaped(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{written}>{joined(children)}</{name}>")


def json_block(value: object) -> Html:
    """JSON that may stand in a script element: ASCII only, and no character that HTML gives a meaning."""
    text = json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return Html(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))
