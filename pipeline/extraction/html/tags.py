"""What the scanner of pages knows of HTML: its tags by what they do to the tree, its attributes by where they are kept.

Both are found by an 8-byte key (the first eight bytes of the name in lower case, with its length) in a small hash table
without collisions.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

# What a tag does. A tag without any of these is an element that holds blocks, as `div` and whatever we do not know.
VOID: Final = 1  # has no content
INLINE: Final = 2  # does not end a block
FORMAT: Final = 4  # changes how text looks, and is no node of our tree
CLOSES_P: Final = 8  # its start ends an open paragraph (HTML 13.2.6.4.7)
SPECIAL: Final = 16  # 13.2.4.2: an end tag of an ordinary element does not look beyond it
SCOPE: Final = 32  # 13.2.4.2: an end tag does not look beyond it
RAW: Final = 64  # its content is text, shown nowhere
SKIP: Final = 128  # its content is shown nowhere, or is no text of the page
HEADING: Final = 256
BREAKOUT: Final = 512  # 13.2.6.5: ends foreign content
STRUCTURE: Final = 1024  # html, head, body: known to be there, whatever is written
INTEGRATION: Final = 2048  # within foreign content: HTML again

_BLOCK = SPECIAL | CLOSES_P
_TAGS: Final[dict[str, int]] = {
    "?": 0,  # whatever is not listed
    **dict.fromkeys(("html", "head", "body"), STRUCTURE),
    "p": _BLOCK | BREAKOUT,
    **dict.fromkeys(("div", "ul", "ol", "dl", "menu", "center", "blockquote", "pre", "listing"), _BLOCK | BREAKOUT),
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), _BLOCK | HEADING | BREAKOUT),
    **dict.fromkeys(("article", "section", "main", "header", "footer", "nav", "aside", "figure"), _BLOCK),
    **dict.fromkeys(("figcaption", "address", "details", "summary", "dialog", "fieldset", "form", "hgroup"), _BLOCK),
    **dict.fromkeys(("dir", "search"), _BLOCK),
    **dict.fromkeys(("li", "dd", "dt"), SPECIAL | BREAKOUT),
    "table": SPECIAL | SCOPE | CLOSES_P | BREAKOUT,
    **dict.fromkeys(("td", "th", "caption"), SPECIAL | SCOPE),
    **dict.fromkeys(("tr", "tbody", "thead", "tfoot", "colgroup"), SPECIAL),
    "col": VOID | SPECIAL,
    **dict.fromkeys(("a", "span", "label", "time", "cite", "q", "abbr", "dfn", "mark", "ins", "del", "bdi"), INLINE),
    **dict.fromkeys(("data", "output", "ruby", "rb", "acronym", "bdo", "meter", "progress"), INLINE),
    **dict.fromkeys(("rt", "rp"), INLINE | SKIP),  # how to read the characters: it would stand between them
    **dict.fromkeys(("b", "strong"), FORMAT | INLINE | BREAKOUT),
    **dict.fromkeys(("i", "em", "u", "s", "small", "strike", "big", "nobr"), FORMAT | INLINE | BREAKOUT),
    "font": FORMAT | INLINE,
    **dict.fromkeys(("code", "tt", "var"), FORMAT | INLINE | BREAKOUT),
    **dict.fromkeys(("kbd", "samp"), FORMAT | INLINE),
    **dict.fromkeys(("sup", "sub"), FORMAT | INLINE | BREAKOUT),
    "br": VOID | SPECIAL | BREAKOUT | INLINE,
    "wbr": VOID | SPECIAL | INLINE,
    "img": VOID | SPECIAL | BREAKOUT | INLINE,
    "image": VOID | INLINE,
    "hr": VOID | SPECIAL | BREAKOUT | CLOSES_P,
    **dict.fromkeys(("input", "embed", "source", "track", "area", "param", "keygen"), VOID | INLINE),
    **dict.fromkeys(("base", "basefont", "bgsound", "link", "meta", "frame"), VOID | INLINE),
    "title": RAW | INTEGRATION,
    **dict.fromkeys(("script", "style", "textarea", "iframe", "noembed", "noframes", "xmp"), RAW | INLINE),
    **dict.fromkeys(("select", "datalist", "video", "audio", "canvas"), SKIP | SPECIAL),
    **dict.fromkeys(("template", "object", "applet"), SKIP | SPECIAL | SCOPE),
    "marquee": SPECIAL | SCOPE,
    "noscript": INLINE,
    "button": SPECIAL,
    "legend": 0,
    **dict.fromkeys(("option", "optgroup"), 0),
    **dict.fromkeys(("svg", "math"), INLINE | SKIP),
    **dict.fromkeys(("foreignobject", "desc", "annotation-xml"), INTEGRATION | INLINE),
    **dict.fromkeys(("mi", "mo", "mn", "ms", "mtext"), INTEGRATION | INLINE),
    "plaintext": _BLOCK,
}
TAG_NAMES: Final = tuple(_TAGS)
TAG: Final = {name: number for number, name in enumerate(TAG_NAMES)}
TAG_DOES: Final[NDArray[np.int64]] = np.array(list(_TAGS.values()), np.int64)

ATTRIBUTES: Final = (
    *("?", "class", "id", "role", "itemprop", "itemtype", "href", "style", "hidden", "aria-hidden", "name", "property"),
    *("content", "alt", "src", "type", "rel", "lang", "xml:lang", "datetime", "resource"),
)
ATTRIBUTE: Final = {name: number for number, name in enumerate(ATTRIBUTES)}
NAME_SLOTS: Final = 2048


def name_key(name: str) -> int:
    """What the scanner makes of a name: its first eight bytes as an integer, times 31, plus its length; 64 bits."""
    value = int.from_bytes(name.encode()[:8], "big") * 31 + len(name.encode())
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value


def name_table(names: tuple[str, ...], multiplier: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Keys and numbers of `names` by slot. Raises ValueError where two of them fall into one."""
    keys, numbers = np.zeros(NAME_SLOTS, np.int64), np.zeros(NAME_SLOTS, np.int32)
    for number, name in enumerate(names[1:], 1):
        slot = slot_of(name_key(name), multiplier)
        if keys[slot]:
            raise ValueError(f"{name} and {names[numbers[slot]]} share a slot: choose another multiplier")
        keys[slot], numbers[slot] = name_key(name), number
    return keys, numbers


def slot_of(key: int, multiplier: int) -> int:
    """The slot of a key: the top 11 bits of a 64-bit product."""
    return (key * multiplier & (1 << 64) - 1) >> 53


TAG_MULTIPLIER: Final = 0xDA71144896C8DA19  # found by trying; the tables below fail at import if it does not fit
ATTRIBUTE_MULTIPLIER: Final = 0x91B7584A2265B1F5
TAG_KEYS, TAG_NUMBERS = name_table(TAG_NAMES, TAG_MULTIPLIER)
ATTRIBUTE_KEYS, ATTRIBUTE_NUMBERS = name_table(ATTRIBUTES, ATTRIBUTE_MULTIPLIER)
