"""What stands within a line of a post's HTML: character references, code, captions, raised and struck text."""

from __future__ import annotations

import html
import re

BREAK = "\0"  # of a line within a paragraph; a NUL of the post itself is gone before

_CLASS = re.compile(r"""\blang(?:uage)?-([A-Za-z0-9+#_.-]+)""")
_ATTRIBUTE = re.compile(r"""\b(alt|class|start)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)')""", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_TICKS = re.compile(r"`+")
_NO_CAPTION = re.compile(r"enter (?:image|link) description here|[\w .-]*\.(?:png|jpe?g|gif|svg|bmp|webp)|https?://.*")
STRUCK = frozenset({"s", "strike", "del"})
_HIGH = str.maketrans("0123456789+-−=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿ")
_LOW = str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")
_NO_LANGUAGE = frozenset({"none", "default", "text", "plaintext"})


def unescaped(text: str) -> str:
    """The text with its character references resolved, once; only those that end in a semicolon are such."""
    return _ENTITY.sub(_character, text) if "&" in text else text


def _character(reference: re.Match[str]) -> str:
    return html.unescape(reference[0]).replace(BREAK, "")


def attribute(attributes: str, name: str) -> str:
    """The value of `alt`, `class` or `start` among a tag's attributes, "" where there is none."""
    for found, double, single in _ATTRIBUTE.findall(attributes):
        if found.lower() == name:
            return unescaped(double or single)
    return ""


def language(attributes: str) -> str:
    """The language that the class of a code block names: `lang-py prettyprint-override` is `py`."""
    found = _CLASS.search(attribute(attributes, "class"))
    return "" if found is None or found[1].lower() in _NO_LANGUAGE else found[1]


def caption(attributes: str) -> str:
    """What somebody wrote below an image; not the words that the editor puts there, a file name or an address."""
    caption = " ".join(attribute(attributes, "alt").split())
    return f"[Image: {caption}]" if caption and not _NO_CAPTION.fullmatch(caption.lower()) else ""


def marked(name: str, content: str) -> str:
    """The content of an element that leaves a mark: code in backticks, struck text, small digits as such characters."""
    if name == "code":
        taken = set(map(len, _TICKS.findall(content)))
        ticks = "`" * next(count for count in range(1, len(content) + 2) if count not in taken)
        space = " " if content.startswith("`") or content.endswith("`") else ""
        return f"{ticks}{space}{content}{space}{ticks}"
    if name in STRUCK:
        return f"~~{content.strip()}~~"
    table = _HIGH if name == "sup" else _LOW
    plain = content.strip()
    return plain.translate(table) if all(ord(character) in table for character in plain) else content
