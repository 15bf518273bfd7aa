"""What the head of a source file declares: its licence, and who holds the copyright."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pipeline.sources.code.licence_text import known_licence
from pipeline.sources.code.spdx import expression

HEADER_LINES: Final = 60
HEADER_CHARACTERS: Final = 8192
MAX_QUOTE: Final = 200
IN_HEADER: Final = "header of the file"

_TAG = re.compile(r"^[^\w\n]{0,40}SPDX-License-Identifier:[ \t]*([^\n]{1,300})", re.MULTILINE)
_TAG_END = re.compile(r"[ \t]*(?:\*/|-->|--%>|#}|\*\)|%>|\"\"\"|'''|\|#|;;).*\Z|[ \t.,;*\"'#]+\Z")
_NOTICES: Final = (
    ("Apache-2.0", re.compile(r"Licensed under the Apache License, Version 2\.0\b")),
    ("Apache-2.0", re.compile(r"licenses this file to you under the Apache License, Version 2\.0\b")),
    ("Apache-2.0", re.compile(r"licensed under the Apache(?: Software)? License,? (?:version |v\.?)?2\.0\b", re.I)),
    ("MPL-2.0", re.compile(r"subject to the terms of the Mozilla Public License, v\. 2\.0")),
    ("MIT", re.compile(r"(?:Licensed|Released|Distributed|available) under (?:the terms of )?the MIT [Ll]icense\b")),
    ("BSL-1.0", re.compile(r"Distributed under the Boost Software License, Version 1\.0")),
)
_GNU = re.compile(
    r"under the terms of (?:either )?(?:version \d(?:\.\d)? of )?the GNU (Affero General|Lesser General|Library General"
    r"|General) Public License"
)
_GNU_VERSION = re.compile(r"version (\d)(?:\.(\d))?")
_GNU_NAMES: Final = {"Affero General": "AGPL", "Lesser General": "LGPL", "Library General": "LGPL", "General": "GPL"}
_CLOSED = re.compile(
    r"proprietary and confidential|confidential and proprietary|unauthori[sz]ed copying|strictly confidential"
    r"|trade secrets? of|may not be (?:copied|reproduced|distributed)[^.]{0,80}without[^.]{0,60}(?:permission|consent)",
    re.IGNORECASE,
)
_OTHER_TERMS = re.compile(
    r"Permission is hereby granted, free of charge|Permission to use, copy, modify|Redistribution and use in source and"
    r" binary forms|subject to the terms of the (?:Common|Eclipse|Mozilla)|GNU (?:Lesser |Affero |Library )?General"
    r" Public License|Creative Commons|Server Side Public License|Business Source License|Elastic License"
    r"|Commons Clause|Common Development and Distribution License",
)
_ALSO_NAMED = re.compile(r"(?:Apache|MIT|BSD|Mozilla Public|Boost Software|ISC) [Ll]icense")
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


def in_header(text: str) -> Declared | None:
    """What the first 60 lines of a file declare; None where they say nothing of a licence.

    An SPDX tag first; then the notices that Apache, Mozilla, Boost, GNU and MIT tell people to put there. A header with
    terms that are none of these, or that forbids copying, is Declared with no licence: what stands in a licence file
    above does not hold for it.
    """
    head = _first_lines(text)
    tags = [_TAG_END.sub("", found).strip() for found in _TAG.findall(head)]
    expressed = [expression(tag) for tag in dict.fromkeys(tags)]
    if expressed:
        quote = f"SPDX-License-Identifier: {tags[0]}"[:MAX_QUOTE]
        known = [each for each in expressed if each is not None]
        return Declared(all_of(known) if len(known) == len(expressed) else None, IN_HEADER, quote)
    if "icense" not in head and "opy" not in head and "ermission" not in head:
        return None
    words = " ".join(_COMMENT_SIGNS.sub("", head).split())
    return _noticed(words, head)


def _noticed(words: str, head: str) -> Declared | None:
    if (closed := _CLOSED.search(words)) is not None:
        return Declared(None, IN_HEADER, closed[0][:MAX_QUOTE])
    found = [(name, match) for name, pattern in _NOTICES if (match := pattern.search(words))]
    gnu = _gnu(words)
    names = list(dict.fromkeys(name for name, _ in found)) + ([gnu[0]] if gnu and gnu[0] else [])
    rest = words
    for _, match in found:
        rest = rest.replace(match[0], " ")
    others = (_OTHER_TERMS.search(rest) if gnu is None else None) or _ALSO_NAMED.search(rest)
    if len(names) == 1 and (gnu is None or gnu[0]) and not others:
        quote = found[0][1][0] if found else (gnu or ("", ""))[1]
        return Declared(names[0], IN_HEADER, quote[:MAX_QUOTE])
    if names or gnu or _OTHER_TERMS.search(words):
        whole = known_licence(_permission_block(head))
        if whole is not None and len(whole.ids) == 1 and not names and not gnu:
            return Declared(whole.ids[0], IN_HEADER, whole.quote)
        return Declared(None, IN_HEADER, None)
    return None


def _gnu(words: str) -> tuple[str | None, str] | None:
    """The GNU licence that a notice names, with None for a version that it does not; None where there is no notice."""
    found = _GNU.search(words)
    if found is None:
        return None
    around = words[found.start() : found.end() + 200]
    version = _GNU_VERSION.search(around)
    if version is None or "exception" in words:
        return None, around[:MAX_QUOTE]
    later = "any later version" in around
    number = f"{version[1]}.{version[2] or '0'}"
    return f"{_GNU_NAMES[found[1]]}-{number}-{'or-later' if later else 'only'}", around[:MAX_QUOTE]


def _permission_block(head: str) -> str:
    """The comment in a header that grants permission, from its first to its last line."""
    bare = _COMMENT_SIGNS.sub("", head).split("\n")
    start = next((n for n, line in enumerate(bare) if "Permission" in line or "Redistribution" in line), 0)
    end = next((n for n, line in enumerate(bare) if n > start and line.rstrip(" */").endswith(("SOFTWARE.", "DAMAGE.",
        "THE SOFTWARE", "SUCH DAMAGE"))), len(bare))  # fmt: skip
    return "\n".join(bare[start : end + 1])


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


def tagged(text: str) -> tuple[str | None, str] | None:
    """The expression of the first SPDX tag in a text, None where it is none, and the tag's line; None without a tag."""
    found = _TAG.search(text)
    return (expression(_TAG_END.sub("", found[1])), found[0].strip()[:MAX_QUOTE]) if found else None
