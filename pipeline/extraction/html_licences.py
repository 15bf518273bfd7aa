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
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.extraction.html_facts import RIGHTS
from pipeline.extraction.html_page import (
    COMMENTS,
    F_JSON,
    F_LICENCE,
    F_META,
    N_FLAGS,
    N_PARENT,
    N_START,
    N_TAG,
    S_BREAK,
    Page,
)
from pipeline.extraction.html_tags import TAG
from pipeline.extraction.html_words import B_END_SEGMENT, B_NODE, B_RIGHTS, B_SEGMENT
from pipeline.extraction.references import web_unescaped

HEAD, TEXT, POST, PAGE, FOOTER = "head", "text", "post", "page", "footer"
CAPTION, COMMENT, SIDEBAR, NAVIGATION = "caption", "comment", "sidebar", "navigation"
"""Where a statement stands: before the page's body or in its data; in the main text; beside it in the same article;
elsewhere on the page; in its footer; and four places of which none is about the page."""
ELSEWHERE: Final = frozenset({CAPTION, COMMENT, SIDEBAR, NAVIGATION})
MAX_STATEMENTS: Final = 16
"""The first and last eight: a listing has a licence for each picture, its own in the last line."""
MAX_BLOCK_BYTES: Final = 2000
MAX_VALUE_BYTES: Final = 1000
MAX_TAG_BYTES: Final = 600
MAX_JSON_BYTES: Final = 1 << 17
MAX_JSON_DEPTH: Final = 12
_ASIDE, _FOOTER, _NAV, _ARTICLE, _MAIN = (TAG[name] for name in ("aside", "footer", "nav", "article", "main"))
_OF_OTHERS: Final = frozenset(TAG[name] for name in ("figure", "figcaption", "caption", "blockquote", "template"))
_NAMES = re.compile(rb"(?:class|id|role|itemtype)\s*=\s*(?:\"([^\"]*)|'([^']*)|([^\s>\"']+))", re.IGNORECASE)
_REL = re.compile(rb"\s(?:rel|itemprop|property)\s*=\s*[\"']?[^>\"'=]{0,60}?\blicense\b", re.IGNORECASE)
_TELLING = re.compile(
    rb"(?P<footer>[Ff]ooter(?![a-z])|[Cc]olophon|[Cc]ontentinfo|[Ss]ite-?[Ii]nfo|\b[Ff]oot\b|\b[Bb]ottom\b)"
    rb"|(?P<sidebar>[Ss]idebar|[Cc]omplementary|[Ww]idget(?![a-z])|[Ss]econdary|\baside\b)"
    rb"|(?P<caption>[Cc]aption(?![a-z])|[Cc]redit(?![a-z])|[Tt]humbnail)"
    rb"|(?P<part>(?:Image|Video|Audio|Media)Object|Photograph|Software(?:SourceCode|Application)|Dataset)"
)
"""What an element's class, id, role and itemtype say of its place."""
_WORDS: Final = (
    *(b"bottom", b"widget", b"credit", b"thumb", b"colo", b"contenti", b"info", b"compl", b"second", b"aside"),
    *(b"object", b"photograph", b"software", b"dataset"),
)
_ABOUT: Final = (
    *(b"commons", b"cc by", b"cc-by", b"cc0", b"censed under", b"censed as", b"cence:", b"cense:", b"cense ("),
    *(b"lizenz", b"able under", b"buted under", b"ished under", b"eased under", b"free doc", b"copyleft"),
    *(b"government lic", b"public domain", b"rights reserved", b"right reserved", b"behalten", b"behouden"),
    *(b"derechos reservados", b"direitos reservados", b"riservati", "servés".encode(), b"serv&eacute;s"),
    *(b"strictly prohibited", "защищены".encode(), "zastrzeżone".encode()),
)
"""What makes a block worth a closer look: most that hold a word of RIGHTS_WORDS speak of drivers and electricians."""
_CREATIVE_COMMONS = re.compile(rb"creativecommons\.org/[^\s\"'<>]{1,100}", re.IGNORECASE)
_SPACES = re.compile(r"\s+")
CAPTION_LEVELS: Final = 4  # elements around a statement in which a name may make it a caption
_OF_PAGES: Final = re.compile(r"article|page|posting|creativework|website|review|recipe|howto|course|book|report", re.I)
_OF_PARTS: Final = re.compile(r"image|video|audio|photo|media|person|organization|software|dataset|product", re.I)


@dataclass(frozen=True, slots=True)
class Statement:
    """How it is said (`link`, `rel`: a link with rel=license, `meta`, `json-ld`, `words`), what, and where.

    said: the address, the value, or the words; of words around a link to Creative Commons its address. words: those of
    its block, white space collapsed. start, end: bytes of the page in UTF-8. place: see above.
    """

    method: str
    said: str
    words: str
    start: int
    end: int
    place: str


def statements_of(page: Page, facts: Sequence[Sequence[int]], chosen: NDArray[np.bool_]) -> tuple[Statement, ...]:
    """Those that may be about the page, in its order; `facts` are its rows, `chosen` the blocks of its main text."""
    found = [*_of_head(page, facts)]
    links = [row for row in facts if row[0] == F_LICENCE]
    blocks = page.blocks[:, B_RIGHTS].nonzero()[0]
    if links or len(blocks):
        located = _Located(page, chosen, blocks.tolist()).statements(links)
        found.extend(each for each in located if each.place not in ELSEWHERE)
    found.sort(key=lambda each: (each.start, each.end))
    half = MAX_STATEMENTS // 2
    return tuple(found if len(found) <= 2 * half else found[:half] + found[-half:])


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
        if _OF_PARTS.search(types):
            return
        stated = data.get("license")
        for value in stated if isinstance(stated, list) else [stated]:
            if isinstance(value, dict):
                value = value.get("@id") or value.get("url") or value.get("name")  # noqa: PLW2901 - what stands for it
            if isinstance(value, str) and _OF_PAGES.search(types):
                yield value[:MAX_VALUE_BYTES]
        for key in ("@graph", "mainEntity", "mainEntityOfPage", "isPartOf"):
            if key in data:
                yield from _licences_in(data[key], depth + 1)


class _Located:
    """Statements in the page's body, and the places where they stand."""

    def __init__(self, page: Page, chosen: NDArray[np.bool_], speaking: list[int]) -> None:
        self._page, self._chosen, self._speaking = page, chosen, speaking
        self._blocks, self._segments, self._nodes = page.blocks, page.segments, page.nodes
        self._names: dict[int, frozenset[str]] = {}

    def statements(self, links: Sequence[Sequence[int]]) -> Iterator[Statement]:
        """Of each block that speaks of licences its words, and each link with the words around it."""
        blocks, page = self._blocks, self._page
        half = MAX_STATEMENTS // 2
        for _, start, end, node in links if len(links) <= 2 * half else [*links[:half], *links[-half:]]:
            block = self._block_of(start, node)
            tag = page.data[max(0, start - MAX_TAG_BYTES) : end + MAX_TAG_BYTES].tobytes()
            tag = tag[tag.rfind(b"<", 0, start - max(0, start - MAX_TAG_BYTES)) :]
            is_rel = bool(_REL.search(tag.partition(b">")[0]))
            in_head = tag[:5].lower() == b"<link"
            words = self._words(block) if block is not None and not in_head else ""
            place = HEAD if in_head and not node else self._place(node, block)
            yield Statement("rel" if is_rel else "link", _said(page, start, end), words, start, end, place)
        speaking = [block for block in self._speaking if self._is_about(block)]
        for block in speaking if len(speaking) <= 2 * half else [*speaking[:half], *speaking[-half:]]:
            first, last = self._span(block)
            words = self._words(block)
            markup = page.data[first : min(last, first + 2 * MAX_BLOCK_BYTES)].tobytes()
            linked = _CREATIVE_COMMONS.search(markup)  # also where an archive has put its own address before it
            said = linked[0].decode("utf-8", "replace") if linked else words
            yield Statement("words", said, words, first, last, self._place(int(blocks[block, B_NODE]), block))

    def _span(self, block: int) -> tuple[int, int]:
        """The bytes from the block's first text to its last."""
        row = self._blocks[block]
        parts = self._segments[row[B_SEGMENT] : row[B_END_SEGMENT]].tolist()
        texts = [(start, end) for start, end, kind in parts if kind < S_BREAK]
        return (texts[0][0], texts[-1][1]) if texts else (0, 0)

    def _raw(self, block: int) -> bytes:
        row = self._blocks[block]
        parts = self._segments[row[B_SEGMENT] : row[B_END_SEGMENT]].tolist()
        raw, size = [], 0
        for start, end, kind in parts:
            raw.append(b" " if kind >= S_BREAK else self._page.data[start:end].tobytes())
            size += end - start
            if size > MAX_BLOCK_BYTES:
                break
        return b"".join(raw)[:MAX_BLOCK_BYTES]

    def _is_about(self, block: int) -> bool:
        raw = self._raw(block).lower()
        return any(cue in raw for cue in _ABOUT)

    def _words(self, block: int) -> str:
        return _SPACES.sub(" ", web_unescaped(self._raw(block).decode("utf-8", "replace"))).strip()

    def _block_of(self, at: int, node: int) -> int | None:
        """The block in which a link stands, where it has words of its own or around it."""
        blocks, segments, nodes = self._blocks, self._segments, self._nodes
        if not len(blocks):
            return None
        starts = segments[blocks[:, B_SEGMENT], 0]
        after = int(np.searchsorted(starts, at))
        for block in (after - 1, after):
            if 0 <= block < len(blocks):
                first, last = self._span(block)
                around, mine = int(blocks[block, B_NODE]), node
                inside = first <= at <= last
                while not inside and mine > 0 and mine >= around:
                    inside = mine == around
                    mine = int(nodes[mine, N_PARENT])
                if inside or (block == after and self._within(around, node)):
                    return block
        return None

    def _within(self, node: int, outer: int) -> bool:
        """Whether `node` is `outer` or stands in it."""
        while node > outer:
            node = int(self._nodes[node, N_PARENT])
        return node == outer

    def _place(self, node: int, block: int | None) -> str:
        outermost, in_article, in_nav, level = "", False, False, 0
        is_comment = is_caption = False
        while node > 0:
            row = self._nodes[node].tolist()
            tag, names = row[N_TAG], frozenset() if outermost == FOOTER else self._named(node, row[N_START])
            level += 1
            if tag in _OF_OTHERS or "part" in names:
                return CAPTION
            is_caption |= level <= CAPTION_LEVELS and "caption" in names
            is_comment |= bool(row[N_FLAGS] & COMMENTS)
            if tag == _FOOTER or "footer" in names:
                outermost = FOOTER
            elif tag == _ASIDE or "sidebar" in names:
                outermost = SIDEBAR
            elif tag == _NAV:
                in_nav = True
            elif tag in (_ARTICLE, _MAIN):
                in_article = True
                outermost = "" if outermost == FOOTER else outermost
            node = row[N_PARENT]
        is_main = block is not None and bool(self._chosen[block])
        if is_caption and outermost != FOOTER:  # "caption" is also a size of letters
            return CAPTION
        if is_comment and not is_main:
            return COMMENT
        if outermost and not (is_main and outermost == SIDEBAR):
            return outermost
        if in_nav:
            return NAVIGATION
        return TEXT if is_main else POST if in_article else PAGE

    def _named(self, node: int, at: int) -> frozenset[str]:
        """The places that these attributes of an element speak of."""
        known = self._names.get(node)
        if known is None:
            tag = self._page.data[at : at + MAX_TAG_BYTES].tobytes().partition(b">")[0]
            known = frozenset()
            small = tag.lower()
            if b"foot" in small or b"bar" in small or b"capt" in small or any(word in small for word in _WORDS):
                values = b" ".join(b"".join(each) for each in _NAMES.findall(tag))
                known = frozenset(found.lastgroup or "" for found in _TELLING.finditer(values))
            self._names[node] = known
        return known


def _said(page: Page, start: int, end: int) -> str:
    raw = page.data[start : min(end, start + MAX_VALUE_BYTES)].tobytes().decode("utf-8", "replace")
    return _SPACES.sub(" ", web_unescaped(raw)).strip()
