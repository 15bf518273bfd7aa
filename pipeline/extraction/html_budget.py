"""What a page asks of the HTML parser, counted before it is parsed: budgets that no shape of markup evades.

A tokeniser of HTML (13.2.5) in compiled code, 0.5 ms a page, which follows as much of tree construction as its bounds
need.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

# What a tag means to `burden`; a formatting element (HTML 13.2.4.3) is its place in _FORMATTING. An end tag closes
# none that was opened outside of a barrier, or of an integration point, where HTML stands in foreign content.
_ORDINARY, _TABLE, _CELL, _ROW, _SECTION, _CAPTION, _BARRIER, _TEMPLATE, _FOREIGN, _INTEGRATION, _RAW, _SCRIPT = range(
    -12, 0
)
_FORMATTING = ("a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u")
_KIND_OF = {
    **{name: number for number, name in enumerate(_FORMATTING)},
    "table": _TABLE,
    **dict.fromkeys(("td", "th"), _CELL),
    "tr": _ROW,
    **dict.fromkeys(("tbody", "tfoot", "thead"), _SECTION),
    **dict.fromkeys(("caption", "col", "colgroup"), _CAPTION),
    **dict.fromkeys(("applet", "marquee", "object", "select"), _BARRIER),
    "template": _TEMPLATE,
    **dict.fromkeys(("math", "svg"), _FOREIGN),
    # of annotation-xml and foreignObject the first eight letters, as `_name` gives them
    **dict.fromkeys(("annotati", "desc", "foreigno", "mi", "mn", "mo", "ms", "mtext"), _INTEGRATION),
    **dict.fromkeys(("iframe", "noembed", "noframes", "style", "textarea", "title", "xmp"), _RAW),
    "script": _SCRIPT,
}
_KEYS, _KINDS = np.array(
    sorted((int.from_bytes(name.encode(), "big"), kind) for name, kind in _KIND_OF.items()), np.int64
).T.copy()
_FORMATTING_NAMES = len(_FORMATTING)
_LINK = _KIND_OF["a"]
_MAX_TABLES = 32  # one in the other; what is open around more than these counts as never closed
_UNSURE, _IN_SECTION, _IN_ROW = range(3)  # where in a table; in a cell, the key of its name
_SELECT, _SVG = (int.from_bytes(name, "big") for name in (b"select", b"svg"))
_LT, _GT, _SLASH, _DASH, _BANG, _EQUALS, _QUESTION, _OPENING, _CLOSING = b"<>/-!=?[]"


@njit(cache=True, nogil=True)
def burden(data: Any) -> Any:  # noqa: PLR0915 - one pass, one state: calls would hand it all
    """Bounds on the parser's work on UTF-8: formatting elements that it opens again, and attributes that it compares.

    The first is the sum over all tags of how many formatting elements may be open: a tag may close a block, and what
    comes next opens all of them again. An end tag counts only where it surely closes one: where one of its name was
    opened since the last barrier, or before a table that has ended and held no barriers but its own. So does the end of
    what surely is a cell, for all that was opened in it. Where markup and text cannot be told apart without knowing the
    parser's state, both readings must come to the same place; else the rest of the page is taken at its worst.

    The second is the sum over all tags of their attributes squared: each is compared with those before it.
    """
    closable = np.zeros(_FORMATTING_NAMES, np.int64)
    around = np.zeros((_MAX_TABLES, _FORMATTING_NAMES), np.int64)  # what was closable where each open table began
    place = np.zeros(_MAX_TABLES, np.int64)  # in each open table
    tables = 0
    reopened = squares = opened = at = 0
    svg = math = select = 0  # how many may be open; `select` is 2 where its end tag may not close it
    lost = False  # where foreign content ends
    mixed = False  # whether foreign content may hold formatting elements
    while True:
        at = _find(data, at, _LT)
        if at + 2 >= len(data):
            return reopened, squares
        foreign = lost or svg > 0 or math > 0
        is_end = data[at + 1] == _SLASH
        if not _is_letter(data[at + 1 + is_end]):
            after = _section_end(data, at) if foreign and _is_section(data, at) else _declaration_end(data, at)
            if after < 0:
                break
            at = after
            continue
        key, end = _name(data, at + 1 + is_end)
        kind = _kind(key, end - at - 1 - is_end)
        at, attributes, closes_itself = _tag_end(data, end)
        squares += attributes * attributes
        if kind == _FOREIGN:
            mixed = False
            step = -1 if is_end else 0 if closes_itself else 1
            if key == _SVG:
                svg = max(0, svg + step)
            else:
                math = max(0, math + step)
        elif kind == _INTEGRATION:
            if foreign and not is_end and not _holds_text(data, at, key):
                lost = True
                closable[:] = tables = 0
        elif kind in (_RAW, _SCRIPT):
            if not is_end:
                after = _raw_end(data, at, key, kind == _SCRIPT)
                if foreign or (select and kind == _RAW):
                    tags, more = _as_markup(data, at, after)
                    if tags < 0:
                        break
                    if tags:
                        opened += tags
                        reopened += tags * opened
                        squares += more
                        lost = True
                        closable[:] = tables = 0
                at = after
        elif kind != _ORDINARY:
            if foreign and not mixed:
                mixed = True
                closable[:] = tables = 0
            if kind < 0:
                if kind == _TABLE and is_end and tables:
                    tables -= 1
                    if place[tables] > _IN_ROW:
                        opened -= closable.sum()
                    closable[:] = around[tables]
                    reopened += opened
                    continue
                if kind == _TABLE and not is_end and tables < _MAX_TABLES and not foreign and not select:
                    if tables and place[tables - 1] <= _IN_ROW:  # it ends the one around it
                        place[:tables] = _UNSURE
                    around[tables] = closable
                    place[tables] = _IN_SECTION
                    tables += 1
                elif _CELL <= kind <= _CAPTION and tables:
                    before, after = place[tables - 1], _place_in_table(place[tables - 1], kind, key, is_end)
                    if before > _IN_ROW and after != _UNSURE and not (after == before and is_end):
                        opened -= closable.sum()  # a cell's end closes whatever was opened in it
                    place[tables - 1] = after
                elif not _CELL <= kind <= _CAPTION:
                    tables = 0
                closable[:] = 0
                if key == _SELECT and select < 2:
                    select = 0 if is_end else 1
                elif kind == _TEMPLATE and select:
                    select = 2
            elif not is_end:
                if kind == _LINK:  # it closes the one before
                    opened -= closable[kind]
                    closable[kind] = 0
                closable[kind] += 1
                opened += 1
            elif closable[kind]:
                closable[kind] -= 1
                opened -= 1
        reopened += opened
    tags = 0
    for byte in data[at:]:
        tags += byte == _LT
    return reopened + tags * (tags + opened), squares + ((len(data) - at) // 2) ** 2


@njit(cache=True)
def _place_in_table(place: Any, kind: Any, key: Any, is_end: Any) -> Any:
    """Where a tag leads in the table it belongs to (HTML 13.2.6.4.9 to 15); _UNSURE where more than that decides."""
    if place == _UNSURE or kind == _CAPTION:
        return _UNSURE
    if kind == _CELL:
        return key if not is_end else _IN_ROW if key == place else place
    if kind == _ROW:
        return _IN_SECTION if is_end else _IN_ROW
    return _IN_SECTION if not is_end or place == _IN_SECTION else _UNSURE


@njit(cache=True)
def _is_space(byte: Any) -> Any:
    return byte == 0x20 or (0x09 <= byte <= 0x0D and byte != 0x0B)


@njit(cache=True)
def _is_letter(byte: Any) -> Any:
    return 0x61 <= byte | 0x20 <= 0x7A


@njit(cache=True)
def _find(data: Any, at: Any, byte: Any) -> Any:
    """The first place of `byte` from `at` on; behind all bytes where there is none."""
    while at < len(data) and data[at] != byte:
        at += 1
    return at


@njit(cache=True)
def _name(data: Any, at: Any) -> Any:
    """The first eight bytes of the tag name at `at`, in lower case, as an integer; and where the name ends."""
    key, start = np.int64(0), at
    while at < len(data) and not (_is_space(data[at]) or data[at] == _GT or data[at] == _SLASH):
        if at < start + 8:
            byte = np.int64(data[at])
            key = key << 8 | (byte | 0x20 if 0x41 <= byte <= 0x5A else byte)
        at += 1
    return key, at


@njit(cache=True)
def _kind(key: Any, name_bytes: Any) -> Any:
    place = np.searchsorted(_KEYS, key)
    if place == len(_KEYS) or _KEYS[place] != key or (name_bytes > 8 and _KINDS[place] != _INTEGRATION):
        return _ORDINARY
    return _KINDS[place]


@njit(cache=True)
def _tag_end(data: Any, at: Any) -> Any:
    """Behind the `>` of the tag whose name ends at `at`; the number of its attributes; whether it closes itself."""
    size, attributes, closes_itself = len(data), 0, False
    while at < size and data[at] != _GT:
        closes_itself = data[at] == _SLASH
        if closes_itself or _is_space(data[at]):
            at += 1
            continue
        attributes += 1
        at += 1  # whatever it is, an equals sign too, it begins the attribute's name
        while at < size and not (_is_space(data[at]) or data[at] in (_GT, _SLASH, _EQUALS)):
            at += 1
        value = at
        while value < size and _is_space(data[value]):
            value += 1
        if value == size or data[value] != _EQUALS:
            continue
        at = value + 1
        while at < size and _is_space(data[at]):
            at += 1
        if at < size and data[at] in (0x22, 0x27):
            at = _find(data, at + 1, data[at]) + 1
        else:
            while at < size and not (_is_space(data[at]) or data[at] == _GT):
                at += 1
    return at + 1, attributes, closes_itself


@njit(cache=True)
def _is_comment(data: Any, at: Any) -> Any:
    return at + 3 < len(data) and data[at + 1] == _BANG and data[at + 2] == _DASH and data[at + 3] == _DASH


@njit(cache=True)
def _is_section(data: Any, at: Any) -> Any:
    return data[at + 1] == _BANG and data[at + 2] == _OPENING and at + 3 < len(data) and data[at + 3] | 0x20 == 0x63


@njit(cache=True)
def _declaration_end(data: Any, at: Any) -> Any:
    """Behind the comment, doctype or the like that begins with the `<` at `at`; behind the `<` where it is text."""
    if not _is_comment(data, at):
        is_bogus = data[at + 1] in (_BANG, _QUESTION, _SLASH)
        return _find(data, at + 2, _GT) + 1 if is_bogus else at + 1
    at += 4
    if at < len(data) and data[at] == _GT:
        return at + 1
    if at + 1 < len(data) and data[at] == _DASH and data[at + 1] == _GT:
        return at + 2
    while at + 2 < len(data):
        at = _find(data, at, _DASH)
        if at + 2 < len(data) and data[at + 1] == _DASH:
            bang = data[at + 2] == _BANG and at + 3 < len(data)
            if data[at + 2 + bang] == _GT:
                return at + 3 + bang
        at += 1
    return len(data)


@njit(cache=True)
def _section_end(data: Any, at: Any) -> Any:
    """Behind the `]]>` of the `<![CDATA[` at `at`; -1 where it holds a `<`, a tag in another reading."""
    at += 3
    while at + 2 < len(data) and data[at] != _LT:
        if data[at] == _CLOSING and data[at + 1] == _CLOSING and data[at + 2] == _GT:
            return at + 3
        at += 1
    return -1


@njit(cache=True)
def _is_tag_of(data: Any, at: Any, key: Any) -> Any:
    """Whether a tag name begins at `at` and is `key`."""
    if at >= len(data) or not _is_letter(data[at]):
        return False
    found, end = _name(data, at)
    return found == key and end < len(data) and end - at <= 8


@njit(cache=True)
def _ends(data: Any, at: Any, key: Any) -> Any:
    """Whether the end tag of `key` is at `at`."""
    return at + 2 < len(data) and data[at] == _LT and data[at + 1] == _SLASH and _is_tag_of(data, at + 2, key)


@njit(cache=True)
def _raw_end(data: Any, at: Any, key: Any, is_script: Any) -> Any:
    """Where raw text ends. A script may hold `<!-- <script> </script> -->` (HTML 13.2.5.19 to 31)."""
    escaped = nested = False
    while at < len(data):
        if _ends(data, at, key):
            if not nested:
                return at
            nested = False
        elif is_script and not escaped:
            escaped = data[at] == _LT and _is_comment(data, at)
            at += escaped  # the dashes of `<!-->` end it, too
        elif escaped and data[at] == _LT:
            nested = nested or _is_tag_of(data, at + 1, key)
        elif escaped and data[at] == _DASH and at + 2 < len(data):
            escaped = not (data[at + 1] == _DASH and data[at + 2] == _GT)
            nested = nested and escaped
        at += 1
    return at


@njit(cache=True)
def _holds_text(data: Any, at: Any, key: Any) -> Any:
    """Whether the next tag from `at` on, comments aside, ends `key`."""
    at = _find(data, at, _LT)
    while _is_comment(data, at):
        at = _find(data, _declaration_end(data, at), _LT)
    return _ends(data, at, key)


@njit(cache=True)
def _as_markup(data: Any, at: Any, stop: Any) -> Any:
    """Tags in data[at:stop], should it be markup, and their squared attributes; -1 tags where it does not end there."""
    tags = squares = 0
    while True:
        at = _find(data, at, _LT)
        if at >= stop or at + 2 >= len(data):
            return (tags if at == stop else -1), squares
        name = at + 1 + (data[at + 1] == _SLASH)
        if _is_letter(data[name]):
            key, end = _name(data, name)
            kind = _kind(key, end - name)
            at, attributes, _ = _tag_end(data, end)
            tags += 1
            squares += attributes * attributes
            if kind in (_RAW, _SCRIPT):
                return -1, squares
        else:
            at = _section_end(data, at) if _is_section(data, at) else _declaration_end(data, at)
            if at < 0:
                return -1, squares
