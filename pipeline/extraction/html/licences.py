"""What a page says of licences and rights, and where in the page each of it stands; no verdict.

The scanner has noted links to licences, `<meta>` elements about rights, JSON-LD, and the blocks in which words of
licences stand. Here each becomes a statement with its place: that of an image's caption, of a comment or of a sidebar
is not what the page says of itself. Most pages have none, or a line in their footer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from pipeline.extraction.html.facts import RIGHTS
from pipeline.extraction.html.lexicon import BAN, BANNED, NOTICE
from pipeline.extraction.html.page import F_BADGE, F_JSON, F_LICENCE, F_META, N_IMAGES, N_START, N_TAG, Page
from pipeline.extraction.html.places import (
    CAPTION,
    ELSEWHERE,
    FOOTER,
    HEAD,
    MAX_BLOCK_BYTES,
    MAX_TAG_BYTES,
    OF_PAGES,
    OF_PARTS,
    POST,
    TEXT,
    Places,
    has_any,
)
from pipeline.extraction.html.tags import TAG
from pipeline.extraction.html.words import B_NODE, B_RIGHTS
from pipeline.extraction.references import web_unescaped

_T = TypeVar("_T")
MAX_STATEMENTS: Final = 16
"""The first and last eight: a listing has a licence for each picture, its own in the last line."""
MAX_VALUE_BYTES: Final = 1000
MAX_JSON_BYTES: Final = 1 << 17
MAX_JSON_DEPTH: Final = 12
_REL = re.compile(rb"\s(?:rel|itemprop|property)\s*=\s*[\"']?[^>\"'=]{0,60}?\blicense\b", re.IGNORECASE)
_ABOUT: Final = (
    *(b"commons", b"cc by", b"cc-by", b"cc0", b"censed under", b"censed as", b"cence:", b"cense:", b"cense ("),
    *(b"lizenz", b"able under", b"buted under", b"ished under", b"eased under", b"free doc", b"copyleft"),
    *(b"government lic", b"public domain", b"rights reserved", b"right reserved", b"behalten", b"behouden"),
    *(b"derechos reservados", b"direitos reservados", b"riservati", "servés".encode(), b"serv&eacute;s"),
    *(b"strictly prohibited", "защищены".encode(), "zastrzeżone".encode()),
)
"""What makes a block worth a closer look: most that hold a word of NOTICE speak of drivers and electricians."""
_SHOWN = re.compile(rb"\s(src|alt)\s*=\s*(?:\"([^\"]*)|'([^']*)|([^\s>\"']+))", re.IGNORECASE)
_CREATIVE_COMMONS = re.compile(rb"creativecommons\.org/[^\s\"'<>]{1,100}", re.IGNORECASE)
_OF_PICTURES = re.compile(rb"purl\.org/dc/dcmitype/(?!Text|Collection)[A-Z]")
"""What Creative Commons' chooser wrote beside the link to a licence of a picture, sound, film, program or data."""
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Statement:
    """How it is said, what, and where.

    method: `link`; `rel`, a link or an element of RDFa or microdata with `license`; `badge`, pictures without a link;
    `meta`, `json-ld`, `words`. said: the address, the value, or the words; of words around a link to Creative Commons
    its address; of badges a line for each, its source and its text. words: those of its block, white space collapsed.
    start, end: bytes of the page in UTF-8. place: see `places`.
    """

    method: str
    said: str
    words: str
    start: int
    end: int
    place: str


def statements_of(
    page: Page, facts: Sequence[Sequence[int]], chosen: NDArray[np.bool_], url: str | None
) -> tuple[Statement, ...]:
    """Those that may be about the page, in its order; `facts` are its rows, `chosen` the blocks of its main text."""
    found = [*_of_head(page, facts)]
    links = [row for row in facts if row[0] == F_LICENCE]
    badges = [row for row in facts if row[0] == F_BADGE]
    blocks = page.blocks
    speaking = blocks[:, B_RIGHTS].nonzero()[0].tolist()
    rights = [(block, says) for block in speaking if (says := int(blocks[block, B_RIGHTS])) not in (BAN, BANNED)]
    if links or badges or rights:
        places = Places(page, chosen, url)
        located = (*_of_links(page, places, links), *_of_badges(page, places, badges, links))
        located = (*located, *_of_words(page, places, rights))
        found.extend(each for each in located if each.place not in ELSEWHERE)
    found.sort(key=lambda each: (each.start, each.end))
    return tuple(_ends(found))


def _ends(found: list[_T]) -> list[_T]:
    """The first and last of MAX_STATEMENTS."""
    half = MAX_STATEMENTS // 2
    return found if len(found) <= 2 * half else [*found[:half], *found[-half:]]


def _of_head(page: Page, facts: Sequence[Sequence[int]]) -> Iterator[Statement]:
    for kind, start, end, name in facts:
        if kind == F_META and name in RIGHTS:
            said = _said(page, start, end)
            if said:
                yield Statement("meta", said, said, start, end, HEAD)
        elif kind == F_JSON and end - start <= MAX_JSON_BYTES:
            raw = page.data[start:end].tobytes()
            if b'"license"' in raw:
                yield from _of_json(raw, start)


def _of_json(raw: bytes, start: int) -> Iterator[Statement]:
    """The licences that JSON-LD states of the page, not those of its pictures and other parts."""
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        return
    for value in dict.fromkeys(_licences_in(data, 0)):
        at = raw.find(json.dumps(value).encode()[1:-1])
        at = at if at >= 0 else raw.find(b'"license"')
        said = value.encode("utf-8", "replace")  # an escape may be half a character
        yield Statement("json-ld", said.decode(), said.decode(), start + at, start + at + len(said), HEAD)


def _licences_in(data: Any, depth: int) -> Iterator[str]:
    if depth > MAX_JSON_DEPTH:
        return
    if isinstance(data, list):
        for each in data:
            yield from _licences_in(each, depth + 1)
    elif isinstance(data, dict):
        types = " ".join(map(str, data["@type"])) if isinstance(data.get("@type"), list) else str(data.get("@type", ""))
        if OF_PARTS.search(types):
            return
        stated = data.get("license")
        for value in stated if isinstance(stated, list) else [stated]:
            if isinstance(value, dict):
                value = value.get("@id") or value.get("url") or value.get("name")  # noqa: PLW2901 - what stands for it
            if isinstance(value, str) and OF_PAGES.search(types):
                yield value[:MAX_VALUE_BYTES]
        for key in ("@graph", "mainEntity", "mainEntityOfPage", "isPartOf"):
            if key in data:
                yield from _licences_in(data[key], depth + 1)


def _of_links(page: Page, places: Places, links: list[Sequence[int]]) -> Iterator[Statement]:
    """Links to licences and elements that name one, each with the words around it."""
    for _, start, end, node in _ends(links):
        block = places.block_of(start, node)
        at, tag = _tag_around(page, start, end)
        is_meta, is_void = tag[:5].lower() == b"<meta", tag[:5].lower() in (b"<meta", b"<link")
        words = places.words(block) if block is not None and not is_void else ""
        is_own = int(page.nodes[node, N_START]) == at
        place = places.place(node, block, tag, is_own=is_own)
        place = CAPTION if _is_of_picture(page, start, end) else place
        if is_void and not node and place not in ELSEWHERE:
            place = HEAD
        method = "meta" if is_meta else "rel" if _REL.search(tag) else "link"
        said = _said(page, start, end)
        yield Statement(method, said, said if is_meta else words, start, end, place)


def _of_badges(
    page: Page, places: Places, badges: list[Sequence[int]], links: list[Sequence[int]]
) -> Iterator[Statement]:
    """Badges of licences that stand in no link to one: those in a row are one statement.

    Outside of the footer badges at several places are those of what is listed, one between paragraphs is a picture, and
    one beside another picture is that picture's.
    """
    linked = frozenset(node for *_, node in links if page.nodes[node, N_TAG] == TAG["a"])
    bare = [row for row in badges if not places.within_any(row[3], linked)]
    rows: list[list[Sequence[int]]] = []
    for row in bare:
        if rows and row[1] - rows[-1][-1][2] <= MAX_TAG_BYTES:
            rows[-1].append(row)
        else:
            rows.append([row])
    found = []
    for each in _ends(rows):
        _, start, _, node = each[0]
        block = places.block_of(start, node)
        tags = [_tag_around(page, row[1], row[2])[1] for row in each]
        place = places.place(node, block, tags[0])
        beside = int(page.nodes[node, N_IMAGES]) - sum(row[3] == node for row in each)
        if place in ELSEWHERE or (place != FOOTER and (beside or places.is_teaser(node))):
            continue
        if place != FOOTER:
            place = TEXT if places.is_within_text(start, block) else POST if place == TEXT else place
        words = places.words(block) if block is not None else ""
        said = "\n".join(dict.fromkeys(map(_shown, tags)))
        found.append(Statement("badge", said, words, start, each[-1][2], place))
    listed = [each.place for each in found if each.place != FOOTER]
    yield from (each for each in found if each.place == FOOTER or len(listed) == 1)


def _of_words(page: Page, places: Places, rights: list[tuple[int, int]]) -> Iterator[Statement]:
    """The words of each block that speaks of licences or rights; `rights` are blocks and what their words say."""
    speaking = [block for block, says in rights if says != NOTICE or has_any(places.raw(block).lower(), _ABOUT)]
    for block in _ends(speaking):
        first, last = places.span(block)
        words = places.words(block)
        markup = page.data[first : min(last, first + 2 * MAX_BLOCK_BYTES)].tobytes()
        linked = _CREATIVE_COMMONS.search(markup)  # also where an archive has put its own address before it
        said = linked[0].decode("utf-8", "replace") if linked else words
        is_of_picture = linked is not None and _is_of_picture(page, first, min(last, first + MAX_BLOCK_BYTES))
        place = CAPTION if is_of_picture else places.place(int(page.blocks[block, B_NODE]), block)
        yield Statement("words", said, words, first, last, place)


def _is_of_picture(page: Page, start: int, end: int) -> bool:
    """Whether the words of the chooser around a link say that the licence is that of a picture or another thing."""
    around = page.data[max(0, start - MAX_TAG_BYTES) : end + MAX_TAG_BYTES].tobytes()
    return _OF_PICTURES.search(around) is not None


def _tag_around(page: Page, start: int, end: int) -> tuple[int, bytes]:
    """The start tag in which a value stands, and where it begins; up to MAX_TAG_BYTES before and behind the value."""
    first = max(0, start - MAX_TAG_BYTES)
    around = page.data[first : end + MAX_TAG_BYTES].tobytes()
    begin = max(around.rfind(b"<", 0, start - first), 0)
    return first + begin, around[begin:].partition(b">")[0]


def _shown(tag: bytes) -> str:
    """The source and text of a picture, on one line: the source has no white space."""
    said = {name.lower(): b"".join(values) for name, *values in reversed(_SHOWN.findall(tag))}
    source, text = (
        _SPACES.sub(" ", web_unescaped(said.get(name, b"")[:MAX_VALUE_BYTES].decode("utf-8", "replace"))).strip()
        for name in (b"src", b"alt")
    )
    return f"{source.replace(' ', '%20')} {text}"


def _said(page: Page, start: int, end: int) -> str:
    raw = page.data[start : min(end, start + MAX_VALUE_BYTES)].tobytes().decode("utf-8", "replace")
    return _SPACES.sub(" ", web_unescaped(raw)).strip()
