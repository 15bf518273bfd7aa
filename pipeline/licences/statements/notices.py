"""Licences that a text names without giving their words: SPDX tags, notices, addresses of Creative Commons.

A notice names a licence and its version after a verb that puts the work under it. Which version and whether "any later"
are read from what follows. A name without a version, and a mere mention, are no notice.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pipeline.licences.expression import expression
from pipeline.licences.spdx_ids import NOT_KNOWN
from pipeline.licences.statements.creative_commons import ADDRESS, of_address

_TAG = re.compile(r"^[^\w\n]{0,40}SPDX-License-Identifier:[ \t]*([^\n]{1,300})", re.MULTILINE)
_TAG_END = re.compile(r"[ \t]*(?:\*/|-->|--%>|#}|\*\)|%>|\"\"\"|'''|\|#|;;).*\Z|[ \t.,;*\"'#]+\Z")
_UNDER = re.compile(
    r"\b(?:under(?: either)? terms(?: and conditions)? of"
    r"|(?:licensed|released|distributed|available|provided|published|covered|governed"
    r"|modify it|licenses this \w+ to you"
    r"|use this \w+|subject|modified|modify this \w+)(?: \w+){0,4}? (?:under|by|to))(?: either)?"
    r"(?: terms(?: and conditions)? (?:of|in|found in)| version of)?(?: #[\d.]+ of)? \Z"
)
"""What puts a work under the licence that is named next."""
_AND_OR = re.compile(r"(?: \w+){0,2} (?:and|or|and or)(?: \w+)? ")
BEFORE: Final = 120  # characters of words before a name in which a verb stands
_NAMED: Final = (
    ("Apache-2.0", r"apache(?: software)?(?: public)? license(?: apache| asl| al)? #2\b"),
    ("Apache-1.1", r"apache software license #1\.1"),
    ("MPL-2.0", r"mozilla public license(?: mpl)? #2\b"),
    ("MPL-1.1", r"mozilla public license(?: mpl)? #1\.1"),
    ("MIT", r"(?:mit|expat) license\b(?! #)"),
    ("BSL-1.0", r"boost software license #1\b"),
    ("CDDL-1.1", r"common development and distribution license(?: cddl)? #1\.1"),
    ("CDDL-1.0", r"common development and distribution license(?: cddl)? #1\b"),
    ("EPL-1.0", r"eclipse public license(?: epl)? #1\b"),
    ("EPL-2.0", r"eclipse public license(?: epl)? #2\b"),
    ("ISC", r"isc license"),
    ("Zlib", r"zlib license"),
)
_NAME = re.compile(r"\b(?:" + "|".join(f"({name})" for _, name in _NAMED) + ")")
_GNU = re.compile(
    r"\b(?:gnu )?(lesser gnu general|affero general|lesser general|library general|general|free documentation)"
    r" (?:public )?license"
)  # "GNU" may stand behind "Lesser"
_GNU_NAMES: Final = {
    "affero general": "AGPL", "lesser general": "LGPL", "lesser gnu general": "LGPL",
    "library general": "LGPL", "general": "GPL",
    "free documentation": "GFDL",
}  # fmt: skip
_GNU_VERSIONS: Final = frozenset(
    [
        "GPL-1.0",
        "GPL-2.0",
        "GPL-3.0",
        "LGPL-2.0",
        "LGPL-2.1",
        "LGPL-3.0",
        "AGPL-1.0",
        "AGPL-3.0",
        "GFDL-1.1",
        "GFDL-1.2",
        "GFDL-1.3",
    ]
)
_NUMBER = re.compile(r"#(\d(?:\.\d)?)\b")
_LATER = re.compile(r"(?:any )?later versions?\b|or later\b|or newer\b|or at your option any")
_NO_INVARIANTS = re.compile(r"no invariant sections")
_INVARIANTS = re.compile(r"invariant sections")
_END_OF_NOTICE = re.compile(r" (?:warranty|distributed in hope)\b")
AROUND: Final = 300  # characters of words after a GNU notice's name that may hold its version
_CLOSED = re.compile(
    r"proprietary and confidential|confidential and proprietary|unauthorized copying|strictly confidential"
    r"|trade secrets? of"
    r"|may not be (?:copied|reproduced|distributed)(?: \w+){0,12} without(?: \w+){0,8} (?:permission|consent)"
    r"|commons clause license condition|grant of rights under license will not include|anti license #1"
    r"|additional ip rights grant patents|patent licenses granted to you under this license for this implementation of"
    r"|regulations rules and standards of jurisdiction relating to labor and employment"
)
_CLAUSE: Final = "commons clause"
_UNDER_CLAUSE = re.compile(
    r"\b(?<!not )(?:(?:licensed|released|distributed|available|provided|published|covered|governed)(?: \w+){0,3}"
    r" (?:under|by|with)|(?:is|are) (?:under|by)|subject to)"
    rf"(?:(?: [\w#.]+){{0,8}} (?:with|plus|and|including|by|to|under))? {_CLAUSE}\b"
)
"""What puts a text under the clause; its name alone does not, for texts that speak of licences name it."""
PROPRIETARY: Final = "LicenseRef-proprietary"
_OWN_NAMES: Final = {
    _CLAUSE: "LicenseRef-CommonsClause",
    "commons clause license condition": "LicenseRef-CommonsClause",
    "grant of rights under license will not include": "LicenseRef-CommonsClause",
    "anti license #1": "LicenseRef-Anti996",
    "regulations rules and standards of jurisdiction relating to labor and employment": "LicenseRef-Anti996",
    "patent licenses granted to you under this license for this implementation of": "LicenseRef-GooglePatentClause",
    "additional ip rights grant patents": "LicenseRef-GooglePatentsFile",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Notice:
    """A licence that is named: characters [start, end); `spdx` is an expression."""

    spdx: str
    start: int
    end: int


def tags(text: str) -> Iterator[Notice]:
    """The SPDX tags of a text; one that is no expression is NOASSERTION."""
    for found in _TAG.finditer(text):
        said = _TAG_END.sub("", found[1]).strip()
        yield Notice(expression(said) or NOT_KNOWN, found.start(), found.start(1) + len(said))


def addresses(text: str) -> Iterator[Notice]:
    """Links to licences of Creative Commons, with version and jurisdiction."""
    for found in ADDRESS.finditer(text):
        yield Notice(of_address(found), found.start(), found.end())


def notices(joined: str, begins: list[int], start: int, stop: int) -> Iterator[tuple[str, int, int]]:
    """Licences that sentences in words [start, stop) put a work under: SPDX id and words [start, stop).

    `joined` are all words with blanks between, `begins` where each begins there.
    """
    begin, end = begins[start], begins[stop] if stop < len(begins) else len(joined)
    last: tuple[str, int, int] | None = None
    for found in sorted(
        (*_NAME.finditer(joined, begin, end), *_GNU.finditer(joined, begin, end)), key=lambda found: found.start()
    ):
        spdx = _gnu(joined, found) if found.re is _GNU else _NAMED[(found.lastindex or 1) - 1][0]
        before = max(0, found.start() - BEFORE)
        under = _UNDER.search(joined[before : found.start()])
        if last is not None and _AND_OR.fullmatch(joined[last[2] : found.start()]):
            last = NOT_KNOWN, last[1], found.end()  # two at once: whether both or either, this sentence does not tell
        elif under is not None:
            if last is not None:
                yield last[0], *_words_at(begins, last[1], last[2])
            last = spdx, before + under.start(), found.end()
    if last is not None:
        yield last[0], *_words_at(begins, last[1], last[2])
    for found in _CLOSED.finditer(joined, begin, end):
        yield _OWN_NAMES.get(found[0], PROPRIETARY), *_words_at(begins, found.start(), found.end())
    for found in _UNDER_CLAUSE.finditer(joined, begin, end) if joined.find(_CLAUSE, begin, end) >= 0 else ():
        yield _OWN_NAMES[_CLAUSE], *_words_at(begins, found.end() - len(_CLAUSE), found.end())


def _gnu(joined: str, found: re.Match[str]) -> str:
    rest = joined[found.end() : found.end() + AROUND]
    end = _END_OF_NOTICE.search(rest)
    near = joined[max(0, found.start() - 30) : found.end()] + (rest[: end.start()] if end else rest)
    number = _NUMBER.search(near)
    if number is None:
        return NOT_KNOWN
    base = f"{_GNU_NAMES[found[1]]}-{number[1] if '.' in number[1] else number[1] + '.0'}"
    if base not in _GNU_VERSIONS or "exception" in joined[found.end() : found.end() + 1200]:
        return NOT_KNOWN
    invariants = ""
    if base.startswith("GFDL"):
        invariants = (
            "-no-invariants" if _NO_INVARIANTS.search(near) else "-invariants" if _INVARIANTS.search(near) else ""
        )
    return f"{base}{invariants}-{'or-later' if _LATER.search(near) else 'only'}"


def _words_at(begins: list[int], start: int, end: int) -> tuple[int, int]:
    return bisect_right(begins, start) - 1, bisect_right(begins, end - 1)
