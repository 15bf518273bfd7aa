"""What stands within a line of a post's HTML: code, captions, raised, lowered and struck text."""

from __future__ import annotations

import re

from pipeline.extraction.references import unescaped
from pipeline.extraction.scripts import scripted, small

BREAK = "\0"  # of a line within a paragraph; a NUL of the post itself is gone before

_CLASS = re.compile(r"""\blang(?:uage)?-([A-Za-z0-9+#_.-]+)""")
_ATTRIBUTE = re.compile(r"""\b(alt|class|start)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)')""", re.IGNORECASE)
_TICKS = re.compile(r"`+")
_NO_CAPTION = re.compile(r"enter (?:image|link) description here|[\w .-]*\.(?:png|jpe?g|gif|svg|bmp|webp)|https?://.*")
STRUCK = frozenset({"s", "strike", "del"})
_NO_LANGUAGE = frozenset({"none", "default", "text", "plaintext"})


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


def marked(name: str, content: str, before: str) -> str:
    """The content of an element that leaves a mark: code in backticks, struck text, exponents and indices.

    `before` is the character before the element. Where there is none, or a blank, and where the content begins with a
    square bracket, `sup` and `sub` hold a footnote or its number: that stays as it is, its digits small.
    """
    if name == "code":
        taken = set(map(len, _TICKS.findall(content)))
        ticks = "`" * next(count for count in range(1, len(content) + 2) if count not in taken)
        space = " " if content.startswith("`") or content.endswith("`") else ""
        return f"{ticks}{space}{content}{space}{ticks}"
    if name in STRUCK:
        return f"~~{content.strip()}~~"
    inner, is_super = content.strip(), name == "sup"
    if before in ("", BREAK) or before.isspace() or inner.startswith("["):
        told = small(inner, is_super=is_super) or inner
    else:
        told = scripted(inner, is_super=is_super, before=before)
    return content.lstrip().replace(inner, told, 1)  # what blanks stand behind it still part words
