"""A web page's main text, and what the page says of itself: title, language, date.

The text is resiliparse's main content (Bevendorff et al., ECIR 2018). Its C parser runs in this process: on shapes that
make it quadratic, deterministic budgets decide, never a clock. What they count is in `html_budget`.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

import numpy as np
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLParserException, HTMLTree

from pipeline.extraction.charset import decode
from pipeline.extraction.html_budget import burden

MAX_HTML_BYTES = 8 << 20  # Common Crawl cuts at 1 MiB, since 2025 at 5 MiB; 1,072 real pages have at most 2.9 MB
MAX_TAGS = 100_000  # the same pages have at most 20,000
MAX_DEPTH = 512  # where browsers flatten too; the extraction's time grows with depth times elements
MAX_REOPENED = 200_000  # the same pages have at most 10,500; an element is half a microsecond and 370 bytes
MAX_ATTRIBUTE_SQUARES = 50_000_000  # the same pages have at most 1.1 million; 20 tags of 30,000 attributes took 29 s
FEW_ELEMENTS = 5_000  # below this the depth is not looked at: the worst nesting found costs 0.6 s

_TOO_DEEP = " > ".join(["*"] * (MAX_DEPTH + 1))  # an element with MAX_DEPTH ancestors; costs a tenth of the parse
_SPACES = re.compile(r"\s+")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8}){0,4}")
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?!\d)")
MAX_TITLE_CHARS = 1_000

# Publication before modification, the specific before the generic; `content` of <meta name|property|itemprop>.
_DATE_NAMES = (
    "article:published_time",
    "datepublished",
    "og:article:published_time",
    "dcterms.created",
    "dcterms.issued",
    "dc.date.issued",
    "citation_publication_date",
    "sailthru.date",
    "parsely-pub-date",
    "pubdate",
    "publish-date",
    "publishdate",
    "date",
    "dc.date",
    "dcterms.date",
)
_NAMING = ("property", "name", "itemprop")
_DATE_SELECTOR = ", ".join(f'meta[{attribute}="{name}" i]' for attribute in _NAMING for name in _DATE_NAMES)


@dataclass(frozen=True, slots=True)
class Extracted:
    """What a page says. `text` is empty where it says nothing, or where `over_budget` names the budget it broke.

    title: white space collapsed, at most 1,000 characters. language: what the page declares (BCP 47), unverified.
    date: ISO 8601 day the page states for its publication. charset: Python's name of the encoding used.
    over_budget: `resource:html_bytes | html_tags | html_depth | html_formatting | html_attributes | html_parser`
    (the parser gave up, for want of memory), else None.
    """

    text: str
    title: str | None
    language: str | None
    date: str | None
    charset: str
    over_budget: str | None = None


def extract(html: bytes, *, url: str | None = None, charset: str | None = None) -> Extracted:
    """The main text of `html`; where that finds nothing, all visible text.

    `charset` is what the HTTP header declares (see `charset.decode` for whom is believed). `url` does not decide
    yet. Equal bytes give equal answers, and no bytes raise. The dearest pages found within the budgets cost 1.1 s and
    180 MB; of those beyond, mostly only the counting is paid.
    """
    del url
    tags = html.count(b"<")
    if len(html) > MAX_HTML_BYTES or tags > MAX_TAGS:
        return _over("html_bytes" if len(html) > MAX_HTML_BYTES else "html_tags", "utf-8")
    decoded = decode(html, charset)
    reopened, squares = burden(np.frombuffer(decoded.text.encode(), np.uint8))
    if reopened > MAX_REOPENED or squares > MAX_ATTRIBUTE_SQUARES:
        return _over("html_formatting" if reopened > MAX_REOPENED else "html_attributes", decoded.charset)
    try:
        tree = HTMLTree.parse(decoded.text)
    except HTMLParserException:
        return _over("html_parser", decoded.charset)
    if tags + reopened > FEW_ELEMENTS and tree.document and tree.document.query_selector(_TOO_DEEP):
        return _over("html_depth", decoded.charset)
    return Extracted(_text(tree), _title(tree), _language(tree), _date(tree), decoded.charset)


def _over(budget: str, charset: str) -> Extracted:
    return Extracted("", None, None, None, charset, f"resource:{budget}")


def _text(tree: HTMLTree) -> str:
    for main in (True, False):
        text = extract_plain_text(
            tree,
            preserve_formatting=True,
            main_content=main,
            list_bullets=True,
            alt_texts=False,
            links=False,
            form_fields=False,
            noscript=False,
        )
        if text and not text.isspace():
            return str(text)
    return ""


def _title(tree: HTMLTree) -> str | None:
    title = _SPACES.sub(" ", tree.title or "").strip()
    return title[:MAX_TITLE_CHARS] or None


def _language(tree: HTMLTree) -> str | None:
    root = tree.document.query_selector("html") if tree.document else None
    for attribute in ("lang", "xml:lang"):
        found = _LANGUAGE.fullmatch((root.get_attribute(attribute) or "").strip()) if root else None
        if found:
            return found[0].replace("_", "-")
    return None


def _date(tree: HTMLTree) -> str | None:
    stated: dict[str, str] = {}
    found = tree.head.query_selector_all(_DATE_SELECTOR).values() if tree.head else ()  # its iterator is quadratic
    for meta in found:
        for attribute in _NAMING:
            name = (meta.get_attribute(attribute) or "").lower()
            stated.setdefault(name, meta.get_attribute("content") or "")
    days = [_day(stated.get(name, "")) for name in _DATE_NAMES]
    time = tree.document.query_selector("time[datetime]") if tree.document else None
    days.append(_day(time.get_attribute("datetime") or "") if time else None)
    return next((day for day in days if day is not None), None)


def _day(text: str) -> str | None:
    """The ISO 8601 day that `text` begins with; None where there is none, or it was before there were web pages."""
    found = _DATE.match(text.strip().replace("/", "-"))
    if not found or int(found[1]) < 1990:
        return None
    try:
        return datetime.date(int(found[1]), int(found[2]), int(found[3])).isoformat()
    except ValueError:
        return None
