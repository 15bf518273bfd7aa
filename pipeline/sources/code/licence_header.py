"""What the head of a source file declares: its licence, and who holds the copyright."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from pipeline.licences import Match, identify, reuse
from pipeline.licences.beside.sentences import before_code, behind_code
from pipeline.licences.spdx_ids import NOT_KNOWN
from pipeline.licences.taxonomy import PROPRIETARY, class_of

HEADER_LINES: Final = 60
HEADER_CHARACTERS: Final = 8192
MAX_QUOTE: Final = 200
IN_HEADER: Final = "header of the file"

_SPEAKS = re.compile(
    r"licen[sc]e|permi(?:ssion|tted)|redistribut|proprietary|confidential|copying|trade secret|SPDX|creative commons"
    r"|reproduced|warrant|liab|damage",
    re.IGNORECASE,
)
_BESIDE: Final = 2  # lines before the first that speaks of terms, code or not, where its sentence may begin
_BEHIND: Final = 3  # and behind the last
_OTHER_TERMS = re.compile(
    r"Permission is hereby granted, free of charge|Permission to use, copy, modify|Redistribution and use in source and"
    r" binary forms|subject to the terms of the (?:Common|Eclipse|Mozilla)|GNU (?:Lesser |Affero |Library )?General"
    r" Public License|Creative Commons|Server Side Public License|Business Source License|Elastic License"
    r"|Commons Clause|Common Development and Distribution License",
)
_COMMENT_SIGNS = re.compile(r"^[ \t]*(?://+|/?\*+/?|#+|;+|--+|%+|\.\.)?[ \t]*", re.MULTILINE)
_COPYRIGHT = re.compile(
    r"(?:\b(?:copyright|copr\.)[ \t:]+)+(?:(?:\(c\)|©|[12]\d{3}|[-,–]|present\b|by\b)[ \t]*)*([^\n]{2,200})"
    r"|(?:\(c\)|©)[ \t]*(?:(?:[12]\d{3}|[-,–])[ \t]*)+(?:by\b[ \t]*)?([^\n]{2,200})",
    re.IGNORECASE,
)
_HOLDER_END = re.compile(
    r"[ \t]*(?:[.,;]?[ \t]*\b(?:all|some)[ ]rights[ ]reserved\b.*|\*/|-->|[,;]?[ \t]*(?:\(c\)|[12]\d{3}(?:[-–]\d{4})?)"
    r"|[,;*#\"'|]+)[ \t]*\Z",
    re.IGNORECASE,
)
_NO_HOLDER = re.compile(
    r"(?!the [A-Z])[a-z<\[{($%]|[^\n]{0,200}[\\{}*=?$|\[\]]|Holder|Owner|Notice|License|YEAR|OWNER|HOLDER|NOTICE|AND\b"
    r"|LAW"
)


@dataclass(frozen=True, slots=True)
class Declared:
    """A licence that something declares: SPDX expression or None, where, and the words. None means: terms unknown."""

    licence: str | None = None
    where: str | None = None
    quote: str | None = None
    precedence: str = reuse.CLOSEST  # over what the file itself says: see `licences.reuse`
    holds: frozenset[str] = frozenset()  # ids of the licences that are known of a text, be its terms unknown


def in_header(text: str) -> Declared | None:
    """What the first 60 lines of a file declare; None where they say nothing of a licence.

    An SPDX tag first; then texts and notices (pipeline.licences). A header with terms that are none of these, or that
    forbids copying, is Declared with no licence: what stands in a licence file above does not hold for it.
    """
    said = _terms(_first_lines(text))
    return _declared(said) if said else None


def _terms(head: str) -> str:
    """The lines of a head around the first to the last that speaks of terms, up to code on both sides.

    Strings that document code are no code here: what restricts in so many words is heard in them, too.
    """
    lines = head.split("\n")
    speaking = [at for at, line in enumerate(lines) if _SPEAKS.search(line)]
    if not speaking:
        return ""
    first, last = speaking[0], speaking[-1] + 1
    before = behind_code("\n".join(lines[:first]), with_docs=True)
    behind = before_code("\n".join(lines[last:]), with_docs=True)
    start = first - max(_BESIDE, before.count("\n") + (before[:1] != "\n"))
    return "\n".join(lines[max(0, start) : last + max(_BEHIND, behind.count("\n") + (behind[-1:] != "\n"))])


@lru_cache(maxsize=4096)
def _declared(said: str) -> Declared | None:
    """What these lines declare; the files of a repository share them."""
    matches = identify(said)
    tags = [
        match
        for match in matches
        if match.confidence == 1 and "SPDX-License-Identifier" in said[match.start : match.end]
    ]
    found = tags or matches
    if not found:
        other = _OTHER_TERMS.search(" ".join(_COMMENT_SIGNS.sub("", said).split()))
        return None if other is None else Declared(None, IN_HEADER, None)
    return Declared(licence_of(found), IN_HEADER, quoted(said, found[0]))


def licence_of(matches: list[Match]) -> str | None:
    """The expression of what these licences say together; None where one is not known, or forbids."""
    ids = [match.spdx for match in matches]
    if not ids or any(each == NOT_KNOWN or (class_of(each) == PROPRIETARY and "Ref-" in each) for each in ids):
        return None
    return all_of(ids)


def quoted(text: str, match: Match) -> str:
    """The first words of what a licence was known by."""
    return " ".join(_COMMENT_SIGNS.sub("", text[match.start : match.end][: 2 * MAX_QUOTE]).split())[:MAX_QUOTE]


def _first_lines(text: str) -> str:
    end = -1
    for _ in range(HEADER_LINES):
        end = text.find("\n", end + 1)
        if end < 0:
            return text[:HEADER_CHARACTERS]
    return text[: min(end, HEADER_CHARACTERS)]


def holder(text: str) -> str | None:
    """Whom the first copyright notice in the first 60 lines names; None where there is none or it is a blank form."""
    head = _first_lines(text)
    if "opyright" not in head and "OPYRIGHT" not in head and "©" not in head and "(c)" not in head.lower():
        return None
    for found in _COPYRIGHT.finditer(head):
        name = (found[1] or found[2]).strip()
        while (shorter := _HOLDER_END.sub("", name).strip()) != name:
            name = shorter
        if len(name) > 1 and not _NO_HOLDER.match(name):
            return name[:MAX_QUOTE]
    return None


def all_of(licences: list[str]) -> str:
    unique = sorted(dict.fromkeys(licences))
    if len(unique) == 1:
        return unique[0]
    return " AND ".join(f"({each})" if " OR " in each else each for each in unique)
