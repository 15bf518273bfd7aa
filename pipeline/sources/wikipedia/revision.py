"""What the XML of one page says: its title and id, and its last revision."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

from pipeline.sources.wikipedia.site import safe_parser

# A revision has some thirty tags, for all text is escaped; what has more is no export.
MAX_TAGS = 2_000
MAX_ID = 2**53
# Exports before version 0.4 have no element for it; those from 0.6 on, which have <ns>, say it always. The word is
# another in each language, `#REDIRECT [[Title]]`, so that one item of a list looks alike: nothing but templates, links
# and comments goes with a redirect.
_REDIRECT = re.compile(
    r"\s*+#\w{4,30}+\s*+:?\s*+\[\[[^\[\]\n]{1,600}+\]\](?:\s|\[\[[^\[\]\n]*+\]\]|\{\{[^{}]*+\}\}|<!--(?:[^-]|-(?!->))*+-->)*+"
)


class BrokenPageError(Exception):
    """The page's XML is not well-formed, or says neither title nor id."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A page as one revision has it; None is what the export does not say. `model`: what kind of content it is."""

    page_id: int
    title: str
    namespace: int | None
    is_redirect: bool
    revision_id: int | None
    timestamp: str | None
    model: str | None
    text: str | None


def revision_of(head: bytes, revision: bytes) -> Revision:
    """Read a page's XML: all of it but its revisions, and one revision, which may be empty. Raises BrokenPageError."""
    if head.count(b"<") > MAX_TAGS or revision.count(b"<") > MAX_TAGS:
        raise BrokenPageError("more tags than a page has")
    page, last = _parsed(head), _parsed(revision or b"<revision/>")
    page_id, title = _number(page.findtext("id")), (page.findtext("title") or "").strip()
    if page_id is None or page_id < 0 or not title:
        raise BrokenPageError("no id or no title")
    content = last.find("text")
    text = None if content is None else content.text
    return Revision(
        page_id,
        title,
        _number(page.findtext("ns")),
        _is_redirect(page, text),
        _number(last.findtext("id")),
        last.findtext("timestamp"),
        last.findtext("model"),
        text,
    )


def _is_redirect(page: etree._Element, text: str | None) -> bool:
    if page.find("redirect") is not None:
        return True
    return page.find("ns") is None and text is not None and _REDIRECT.fullmatch(text) is not None


def _parsed(content: bytes) -> etree._Element:
    try:
        return etree.fromstring(content, safe_parser())
    except etree.XMLSyntaxError as error:
        raise BrokenPageError(str(error)) from error


def _number(text: str | None) -> int | None:
    found = re.fullmatch(r"\s*(-?\d{1,16})\s*", text or "")
    return int(found[1]) if found and abs(int(found[1])) < MAX_ID else None
