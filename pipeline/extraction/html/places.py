"""Where in a page a statement stands, and of what it speaks there: of the page, or of a part of it or another thing."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urljoin, urlsplit

import numpy as np
from numpy.typing import NDArray

from pipeline.extraction.html.page import (
    COMMENTS,
    N_DEPTH,
    N_FLAGS,
    N_PARENT,
    N_START,
    N_TAG,
    S_BREAK,
    Page,
)
from pipeline.extraction.html.tags import TAG
from pipeline.extraction.html.words import B_END_SEGMENT, B_NODE, B_SEGMENT, B_UNITS
from pipeline.extraction.references import web_unescaped

HEAD, TEXT, POST, PAGE, FOOTER = "head", "text", "post", "page", "footer"
CAPTION, COMMENT, SIDEBAR, NAVIGATION = "caption", "comment", "sidebar", "navigation"
"""Where a statement stands: before the page's body or in its data; in the main text; beside it in the same article;
elsewhere on the page; in its footer; and four places of which none is about the page."""
ELSEWHERE: Final = frozenset({CAPTION, COMMENT, SIDEBAR, NAVIGATION})
MAX_BLOCK_BYTES: Final = 2000
MAX_SEGMENTS: Final = 1000
MAX_TAG_BYTES: Final = 600
CAPTION_LEVELS: Final = 4  # elements around a statement in which a name may make it a caption
OF_PAGES: Final = re.compile(r"article|page|posting|creativework|website|review|recipe|howto|course|book|report", re.I)
OF_PARTS: Final = re.compile(r"image|video|audio|photo|media|person|organization|software|dataset|product", re.I)
_ASIDE, _FOOTER, _NAV, _ARTICLE, _MAIN = (TAG[name] for name in ("aside", "footer", "nav", "article", "main"))
_OF_OTHERS: Final = frozenset(TAG[name] for name in ("figure", "figcaption", "caption", "blockquote", "template"))
_NAMES = re.compile(rb"(?:class|id|role|itemtype|typeof)\s*=\s*(?:\"([^\"]*)|'([^']*)|([^\s>\"']+))", re.IGNORECASE)
_TELLING = re.compile(
    rb"(?P<footer>[Ff]ooter(?![a-z])|[Cc]olophon|[Cc]ontentinfo|[Ss]ite-?[Ii]nfo|\b[Ff]oot\b|\b[Bb]ottom\b)"
    rb"|(?P<sidebar>[Ss]idebar|[Cc]omplementary|[Ww]idget(?![a-z])|[Ss]econdary|\baside\b)"
    rb"|(?P<caption>[Cc]aption(?![a-z])|[Cc]redit(?![a-z])|[Tt]humbnail)"
    rb"|(?P<part>(?:Image|Video|Audio|Media)Object|Photograph|(?:Still|Moving)Image|foaf:Image|Software(?:SourceCode|Application)|Dataset)"
)
"""What an element's class, id, role, itemtype and typeof say of its place."""
_OF_THINGS: Final = re.compile(
    r"product|3dmodel|music|podcast|episode|\bmap\b|/map|application|game|movie|clip|artwork|painting|sculpture|audiobook"
    r"|dataset|datacatalog|datadownload",
    re.IGNORECASE,
)
"""Of which a page is only where the element holds its text."""
_SUBJECT = re.compile(
    rb"\s(about|resource|itemid|itemscope|itemtype|itemprop|typeof|property|rel)\b(?:\s*=\s*(?:\"([^\"]*)|'([^']*)|([^\s>\"']+)))?",
    re.IGNORECASE,
)
_SUBJECTS: Final = (b"about=", b"resource=", b"itemid=", b"itemscope", b"typeof=")
_TEASER = re.compile(rb"teaser|related|excerpt|recommend|search-?result|\bcard\b", re.IGNORECASE)
_WORDS: Final = (
    *(b"foot", b"bar", b"capt"),
    *(b"bottom", b"widget", b"credit", b"thumb", b"colo", b"contenti", b"info", b"compl", b"second", b"aside"),
    *(b"object", b"photograph", b"software", b"dataset", b"image"),
)
_SPACES = re.compile(r"\s+")


class Places:
    """The places of a page whose chosen blocks are its main text; `url` is its address, where that is known."""

    def __init__(self, page: Page, chosen: NDArray[np.bool_], url: str | None) -> None:
        self._page, self._chosen, self._url = page, chosen, url
        self._blocks, self._segments, self._nodes = page.blocks, page.segments, page.nodes
        self._names: dict[int, frozenset[str]] = {}

    def span(self, block: int) -> tuple[int, int]:
        """The bytes from the block's first text to its last."""
        row = self._blocks[block]
        parts = self._segments[row[B_SEGMENT] : row[B_END_SEGMENT]]
        first = next((start for start, _, kind in map(np.ndarray.tolist, parts) if kind < S_BREAK), 0)
        last = next((end for _, end, kind in map(np.ndarray.tolist, parts[::-1]) if kind < S_BREAK), 0)
        return first, last

    def raw(self, block: int) -> bytes:
        """The first MAX_BLOCK_BYTES of a block's text; of one in thousands of pieces those of MAX_SEGMENTS."""
        row = self._blocks[block]
        parts = self._segments[row[B_SEGMENT] : min(row[B_END_SEGMENT], row[B_SEGMENT] + MAX_SEGMENTS)].tolist()
        raw, size = [], 0
        for start, end, kind in parts:
            raw.append(b" " if kind >= S_BREAK else self._page.data[start:end].tobytes())
            size += end - start
            if size > MAX_BLOCK_BYTES:
                break
        return b"".join(raw)[:MAX_BLOCK_BYTES]

    def words(self, block: int) -> str:
        return _SPACES.sub(" ", web_unescaped(self.raw(block).decode("utf-8", "replace"))).strip()

    def block_of(self, at: int, node: int) -> int | None:
        """The block in which a link stands, where it has words of its own or around it."""
        blocks, segments, nodes = self._blocks, self._segments, self._nodes
        if not len(blocks):
            return None
        starts = segments[blocks[:, B_SEGMENT], 0]
        after = int(np.searchsorted(starts, at))
        for block in (after - 1, after):
            if 0 <= block < len(blocks):
                first, last = self.span(block)
                around, mine = int(blocks[block, B_NODE]), node
                inside = first <= at <= last
                while not inside and mine > 0 and mine >= around:
                    inside = mine == around
                    mine = int(nodes[mine, N_PARENT])
                if inside or (block == after and self.within(around, node)):
                    return block
        return None

    def within(self, node: int, outer: int) -> bool:
        """Whether `node` is `outer` or stands in it."""
        while node > outer:
            node = int(self._nodes[node, N_PARENT])
        return node == outer

    def within_any(self, node: int, outer: frozenset[int]) -> bool:
        """Whether `node` is one of `outer` or stands in one of them."""
        while node > 0 and node not in outer:
            node = int(self._nodes[node, N_PARENT])
        return node > 0

    def place(self, node: int, block: int | None, tag: bytes = b"", *, is_own: bool = False) -> str:
        """Where what stands in the element `node` and in `block` stands; CAPTION also for what is about another thing.

        tag: the start tag that says it; is_own: that of `node` itself, whose `resource` then is no subject.
        """
        outermost, in_article, in_nav, level = "", False, False, 0
        is_comment = is_caption = False
        if tag and self._is_of_another(tag, is_own=True):
            return CAPTION
        while node > 0:
            row = self._nodes[node].tolist()
            kind, names = row[N_TAG], frozenset() if outermost == FOOTER else self._named(node, row[N_START])
            level += 1
            is_other = "other" in names and not (is_own and level == 1)
            if kind in _OF_OTHERS or "part" in names or is_other:
                return CAPTION
            is_caption |= level <= CAPTION_LEVELS and "caption" in names
            is_comment |= bool(row[N_FLAGS] & COMMENTS)
            if kind == _FOOTER or "footer" in names:
                outermost = FOOTER
            elif kind == _ASIDE or "sidebar" in names:
                outermost = SIDEBAR
            elif kind == _NAV:
                in_nav = True
            elif kind in (_ARTICLE, _MAIN):
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

    def _is_of_another(self, tag: bytes, *, is_own: bool) -> bool:
        """Whether RDFa or microdata on a start tag say that what follows is said of something else than the page."""
        said = {
            name.lower(): b"".join(values).decode("utf-8", "replace").strip() for name, *values in _SUBJECT.findall(tag)
        }
        if b"itemscope" in said and OF_PARTS.search(said.get(b"itemprop", "")):
            return True
        kind = said.get(b"itemtype", "") if b"itemscope" in said else ""
        if not is_own and (_OF_THINGS.search(kind or said.get(b"typeof", "")) or kind.endswith(("Article", "Posting"))):
            return True  # also another article
        is_object = b"rel" in said or b"property" in said or is_own
        subject = said.get(b"about") or said.get(b"itemid") or (None if is_object else said.get(b"resource"))
        return bool(subject) and not self._is_page(web_unescaped(subject or ""), said.get(b"typeof", ""))

    def _is_page(self, subject: str, kind: str) -> bool:
        """Whether a subject of RDFa is the page, a part of it that is the article, or the site that the page is of."""
        try:
            named = urlsplit(urljoin(self._url or "", subject))
            mine = urlsplit(self._url or "")
        except ValueError:
            return False
        if named.fragment and not OF_PAGES.search(kind):
            return False
        if not named.geturl():
            return True
        if named.netloc.lower().removeprefix("www.") != mine.netloc.lower().removeprefix("www."):
            return False
        path = named.path.rstrip("/")
        if (path, named.query) == (mine.path.rstrip("/"), mine.query):
            return True
        return not named.query and mine.path.startswith(path + "/")

    def is_teaser(self, node: int) -> bool:
        """Whether the innermost `<article>` around, or element named as a teaser, has half of the main text or less."""
        while node > 0:
            row = self._nodes[node].tolist()
            if row[N_TAG] == _ARTICLE or _TEASER.search(self._page.tag_of(node)):
                return not self._has_text(node)
            node = row[N_PARENT]
        return False

    def _has_text(self, node: int) -> bool:
        """Whether over half of the main text stands in an element."""
        below = self._nodes[node + 1 :, N_DEPTH] <= self._nodes[node, N_DEPTH]
        end = node + 1 + int(below.argmax()) if below.any() else len(self._nodes)
        chosen = self._blocks[self._chosen]
        inside = (chosen[:, B_NODE] >= node) & (chosen[:, B_NODE] < end)
        return 2 * int(chosen[inside, B_UNITS].sum()) > int(chosen[:, B_UNITS].sum())

    def is_within_text(self, at: int, block: int | None) -> bool:
        """Whether main text stands before and behind a place of the page, that of its own block aside."""
        starts = self._segments[self._blocks[:, B_SEGMENT], 0] if len(self._blocks) else np.zeros(0, np.int32)
        others = self._chosen.copy()
        if block is not None:
            others[block] = False
        starts = starts[others]
        return bool((starts < at).any() and (starts > at).any())

    def _named(self, node: int, at: int) -> frozenset[str]:
        """The places that these attributes of an element speak of."""
        known = self._names.get(node)
        if known is None:
            tag = self._page.data[at : at + MAX_TAG_BYTES].tobytes().partition(b">")[0]
            small = tag.lower() if b"=" in tag else b""
            is_other = has_any(small, _SUBJECTS) and self._is_of_another(tag, is_own=False) and not self._has_text(node)
            found = {"other"} if is_other else set()
            if has_any(small, _WORDS):
                values = b" ".join(b"".join(each) for each in _NAMES.findall(tag))
                found.update(each.lastgroup or "" for each in _TELLING.finditer(values))
            known = self._names[node] = frozenset(found)
        return known


def has_any(raw: bytes, cues: tuple[bytes, ...]) -> bool:
    """Whether one of `cues` is in `raw`; a loop, which costs half of `any`."""
    for cue in cues:  # noqa: SIM110 - see above
        if cue in raw:
            return True
    return False
