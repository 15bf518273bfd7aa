"""What a page says of itself: title, language, date, author; all unverified. Its licences: `licences`."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.extraction.html.lexicon import AUTHOR_NAMES, DATE_NAMES, RIGHTS_NAMES, word_hash
from pipeline.extraction.html.page import F_AUTHOR, F_JSON, F_LANGUAGE, F_META, F_TIME, F_TITLE, Page
from pipeline.extraction.references import web_unescaped

MAX_TITLE_CHARS: Final = 1_000
MAX_AUTHOR_CHARS: Final = 200
MAX_JSON: Final = 8
MAX_JSON_BYTES: Final = 1 << 16
_SPACES = re.compile(r"\s+")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8}){0,4}")
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?!\d)")
_JSON_DATE = re.compile(rb'"datePublished"\s*:\s*"([^"]{8,40})"')
_JSON_AUTHOR = re.compile(
    rb'"author"\s*+:\s*+(?:\[\s*+)?+(?:"([^"\\]{1,200})"|\{[^{}]{0,2000}?"name"\s*+:\s*+"([^"\\]{1,200})")'
)

_NAME_OF = {word_hash(name) - (1 << 31): name for name in (*DATE_NAMES, *AUTHOR_NAMES)}
RIGHTS: Final = frozenset(word_hash(name) - (1 << 31) for name in RIGHTS_NAMES)
"""Hashes of the names of <meta> elements about rights."""


@dataclass(frozen=True, slots=True)
class Facts:
    """See `html.Extracted`, which has the same fields."""

    title: str | None
    language: str | None
    date: str | None
    author: str | None


def facts_of(page: Page, rows: Sequence[Sequence[int]]) -> Facts:
    """Of each fact the first that the page states in a form we know; `rows` are `page.facts`."""
    named: dict[str, str] = {}
    for kind, start, end, name in rows:
        if kind == F_META and name in _NAME_OF:
            named.setdefault(_NAME_OF[name], _text(page, start, end, MAX_TITLE_CHARS))
    return Facts(
        title=next((text for text in _texts(page, rows, F_TITLE, MAX_TITLE_CHARS) if text), None),
        language=next((found for text in _texts(page, rows, F_LANGUAGE, 100) if (found := _language(text))), None),
        date=_date(page, rows, named),
        author=_author(page, rows, named),
    )


def _text(page: Page, start: int, end: int, limit: int) -> str:
    """Text of the page with references decoded and white space collapsed, `limit` characters of it."""
    raw = page.data[start : min(end, start + 8 * limit)].tobytes().decode("utf-8", "replace")
    return _SPACES.sub(" ", web_unescaped(raw)).strip()[:limit]


def _texts(page: Page, rows: Sequence[Sequence[int]], wanted: int, limit: int) -> Iterator[str]:
    return (_text(page, start, end, limit) for kind, start, end, _ in rows if kind == wanted)


def _json(page: Page, rows: Sequence[Sequence[int]]) -> list[bytes]:
    """The beginnings of the first JSON-LD scripts."""
    found = [(start, end) for kind, start, end, _ in rows if kind == F_JSON][:MAX_JSON]
    return [page.data[start : min(end, start + MAX_JSON_BYTES)].tobytes() for start, end in found]


def _language(text: str) -> str | None:
    found = _LANGUAGE.fullmatch(text)
    return found[0].replace("_", "-") if found else None


def _date(page: Page, rows: Sequence[Sequence[int]], named: dict[str, str]) -> str | None:
    for name in DATE_NAMES:
        if name in named and (day := _day(named[name])) is not None:
            return day
    for data in _json(page, rows):
        found = _JSON_DATE.search(data)
        if found and (day := _day(found[1].decode("utf-8", "replace"))) is not None:
            return day
    return next((day for text in _texts(page, rows, F_TIME, 40) if (day := _day(text)) is not None), None)


def _author(page: Page, rows: Sequence[Sequence[int]], named: dict[str, str]) -> str | None:
    for name in AUTHOR_NAMES:
        if named.get(name) and "://" not in named[name]:  # article:author is often a profile's address
            return named[name][:MAX_AUTHOR_CHARS]
    for data in _json(page, rows):
        found = _JSON_AUTHOR.search(data)
        if found:
            return _SPACES.sub(" ", (found[1] or found[2]).decode("utf-8", "replace")).strip() or None
    return next((text for text in _texts(page, rows, F_AUTHOR, MAX_AUTHOR_CHARS) if text), None)


def _day(text: str) -> str | None:
    """The ISO 8601 day that `text` begins with; None where there is none, or it was before there were web pages."""
    found = _DATE.match(text.strip().replace("/", "-"))
    if not found or int(found[1]) < 1990:
        return None
    try:
        return datetime.date(int(found[1]), int(found[2]), int(found[3])).isoformat()
    except ValueError:
        return None
