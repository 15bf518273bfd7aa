"""The texts of the SPDX License List as templates: words, optional words, and zones in which the wording is free.

They are read from the list's templates as regular expressions (`library.py` says from where). A template keeps what
SPDX's own markup says: `(|words)` may be left out; `(?P<name>...)` and `.{0,40}` are places for a name or for one of
several wordings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from pipeline.licences.taxonomy import PROPRIETARY, class_of_id
from pipeline.licences.texts.former import former
from pipeline.licences.texts.words import words_of

_GNU = re.compile(r"(?:A|L)?GPL-|GFDL-")  # of their notices the package lost the version: see notices.py
_GROUP_NAME = re.compile(r"\(\?P<\w{1,80}>")
_WILD = re.compile(r"(?<!\\)\.(?:\*|\+|\{\d{1,5},(\d{1,5})\})")
_ITEM = re.compile(r"\.\{0,|\(\?P<bullet")  # not .{54,64}, the place of an address
_SIGN = re.compile(r"\\.|[()]|\.(?:\*|\+|\{\d{1,5},\d{1,5}\})", re.DOTALL)
_SPACE = re.compile(r"\[ \][*+?]?|\\s[*+?]?")
_BRACKETS = re.compile(r"(?<!\\)[()|?+*]")
_ESCAPED = re.compile(r"\\(.)")
_OPTIONAL_LETTERS = re.compile(r"(\w+)(?:\((\w+)\)|(\w))\?")

SHORT: Final = 420  # words of a licence that ends with a disclaimer and has no chapters
_DISCLAIMS: Final = tuple(
    tuple(phrase.split())
    for phrase in (
        "is provided as is", "is provided by", "provided as is", "provided by copyright holders", "in no event",
        "as is without",
        "without any express or implied", "without express or implied", "makes no representations",
        "make no representations",
        "disclaims all", "disclaim all", "specifically disclaims", "without warranty", "without any warranty",
    )
)  # fmt: skip
_BEGIN: Final = frozenset(phrase[0] for phrase in _DISCLAIMS)
_DISCLAIMING_WORDS: Final = (
    "this software work program file code library documentation materials product it its is are be by copyright holder"
    " holders author authors contributor contributors regents university party parties company licensor or and as any"
    " provided provides provide express implied statutory otherwise warranty warranties representation representations"
    " conditions including included limited without limitation but not no all"
    " merchantability fitness for particular purpose noninfringement"
    " title quality accuracy performance defects disclaimed disclaims disclaim specifically makes make hereby in event"
    " shall will have has been liable liability responsible to of on with direct indirect incidental special exemplary"
    " punitive consequential damages damage loss losses lost profits revenue data use business interruption procurement"
    " substitute goods services however caused theory whether contract strict tort negligence arising out from"
    " connection even if advised such possibility thereof claim claims other action dealings"
    " infringement whatsoever kind"
    " resulting based some jurisdictions do allow exclusion so above may apply you your risk"
    " entire third person obligation"
    " maintenance support updates enhancements modifications accompanying hereunder regarding concerning"
    " suitability used at own"
    " which relating usage nor neither subject every respect satisfactory intellectual property rights under law part"
    " extent permitted applicable maximum guarantee assume assumes costs expenses legal fees way"
)
DISCLAIMING: Final = frozenset(_DISCLAIMING_WORDS.split())

_INSTRUCTION = re.compile(r"\\\[((?:[^][()\\]|\\[^][])*)\\\]")  # \[name of copyright holder\]
_FILLED_IN = re.compile(r"\b(?:insert|enter|names?|year|included)\b|^note:")
"""What stands between brackets and says so is replaced by whoever applies the licence, or taken out."""
_ALTERNATIVE = re.compile(r"\balternative paragraph\b|\bwill be used if\b")
"""What an instruction so says that what follows, up to the next item, is one of several to choose from."""

_BLOCKS: Final = tuple(
    (tuple(begin.split()), tuple(end.split()))
    for begin, end in (
        ("using creative commons public licenses", "by exercising licensed rights"),
        ("creative commons is not party to its public licenses", ""),
        ("creative commons is not party to this license", ""),
        ("creative commons notice creative commons is not party", ""),
        ("creative commons corporation is not law firm", "by exercising licensed rights"),
    )
)
"""What stands around the licences of Creative Commons and is no part of them, as it says itself: from, and before."""


@dataclass(frozen=True, slots=True)
class Zone:
    """Where the wording is free: template words [start, stop) are the fullest of its wordings."""

    start: int
    stop: int
    words: frozenset[str]
    """All words of its wordings."""
    wild: bool
    """Whether other words may stand there, as in a name."""
    may_be_empty: bool


@dataclass(frozen=True, slots=True)
class Template:
    """The words of one text, or of the notice that SPDX says to put on top of a file."""

    spdx: str
    is_notice: bool
    words: tuple[str, ...]
    optional: tuple[bool, ...]
    zones: tuple[Zone, ...]
    blocks: tuple[tuple[int, int, int], ...]
    """Passages [start, stop) that stand there as a whole or not at all, and where the words that begin them stop."""
    is_closed: bool
    """Whether its terms are as closed as terms can be (proprietary): words put in take no openness away."""
    disclaimer: int
    """The word from which on it only disclaims warranty and liability; the number of words where it never does."""

    def says_no_more(self, words: list[str]) -> bool:
        """Whether words in a disclaimer do nothing but disclaim."""
        return DISCLAIMING.issuperset(words)


def _disclaimer(words: tuple[str, ...]) -> int:
    """Where the disclaimer at the end of a short licence begins."""
    if len(words) <= SHORT:
        for at in range(len(words) - len(words) // 2 if len(words) < 60 else 20, len(words)):
            if words[at] in _BEGIN and any(words[at : at + len(phrase)] == phrase for phrase in _DISCLAIMS):
                return at
    return len(words)


def templates(listed: dict[str, Any]) -> Iterator[Template]:
    """All licences of the list, without exceptions: the text of each, its notice, and a former text that it had."""
    for spdx, entry in listed["licenses"].items():
        if entry["metadata"]["isDeprecatedLicenseId"]:
            continue
        for part in ("text", "header"):
            if entry[part] and not (part == "header" and _GNU.match(spdx)):
                pattern = _pattern(entry[part])
                made = _template(spdx, part == "header", pattern)
                yield _supplement(made) if spdx.startswith("LGPL-3.0") else made
                before = former(spdx, pattern) if part == "text" else None
                if before is not None:
                    yield _template(spdx, False, before)
    _words_in.cache_clear()


def exceptions(listed: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """The words of the list's exceptions, which let somebody do more."""
    for entry in listed["exceptions"].values():
        if entry["text"]:
            yield _words_in(_pattern(entry["text"]))
    _words_in.cache_clear()


def _pattern(part: dict[str, Any]) -> str:
    return " ".join(part["regexpForMatch"]["regexps"])


def _place(words: list[str], phrase: tuple[str, ...], start: int) -> int:
    """Where a phrase stands at or after `start`; -1 where it does not."""
    at = max(start, 0) - 1
    for _ in range(words[at + 1 :].count(phrase[0])):  # by its first word, which `index` finds in C
        at = words.index(phrase[0], at + 1)
        if tuple(words[at : at + len(phrase)]) == phrase:
            return at
    return -1


def _supplement(made: Template) -> Template:
    """The Lesser licence 3.0 alone: SPDX puts the text of the GPL, which it supplements, behind it."""
    title = ("gnu", "general", "public", "license", "#3")
    at = next(n for n in range(900, len(made.words)) if made.words[n : n + len(title)] == title)
    zones = tuple(zone for zone in made.zones if zone.stop < at)
    return Template(made.spdx, False, made.words[:at], made.optional[:at], zones, made.blocks, made.is_closed, at)


def _template(spdx: str, is_notice: bool, pattern: str) -> Template:
    words: list[str] = []
    optional: list[bool] = []
    zones: list[Zone] = []
    _take(pattern, False, words, optional, zones)
    blocks: list[tuple[int, int, int]] = []
    for begin, end in _BLOCKS:
        start = _place(words, begin, 0)
        stop = _place(words, end, start + 1) if end else len(words)
        if start >= 0 and stop > start:
            optional[start:stop] = [True] * (stop - start)
            blocks.append((start, stop, start + len(begin)))
    return Template(
        spdx,
        is_notice,
        tuple(words),
        tuple(optional),
        tuple(zones),
        tuple(blocks),
        class_of_id(spdx) == PROPRIETARY,
        _disclaimer(tuple(words)),
    )


def _take(pattern: str, is_optional: bool, words: list[str], optional: list[bool], zones: list[Zone]) -> None:
    """Read one level of a pattern: plain words, `(|optional)`, and the rest as zones."""
    is_alternative = False
    for kind, source in _parts(pattern):
        if kind in ("plain", "instruction"):
            found = _words_in(source)
            if kind == "instruction":
                zones.append(Zone(len(words), len(words) + len(found), frozenset(found), wild=True, may_be_empty=True))
                is_alternative = is_alternative or _ALTERNATIVE.search(source) is not None
            words.extend(found)
            optional.extend([is_optional or is_alternative or kind == "instruction"] * len(found))
        elif kind == "group" and source.startswith("(|"):
            _take(source[2:-1], True, words, optional, zones)
        else:
            is_alternative = is_alternative and not _ITEM.match(source)
            zones.append(_zone(source, len(words)))
            first = () if kind == "wild" else _words_in(_fullest(source))
            words.extend(first)
            optional.extend([True] * len(first))
            zones[-1] = Zone(zones[-1].start, len(words), *_rest(zones[-1]))


def _rest(zone: Zone) -> tuple[frozenset[str], bool, bool]:
    return zone.words, zone.wild, zone.may_be_empty


def _zone(source: str, at: int) -> Zone:
    inner = _inner(source)
    said = " ".join((_OPTIONAL_LETTERS.sub(r"\1 \1\2\3", inner), _OPTIONAL_LETTERS.sub(r"\1\2\3", inner)))
    empty = re.fullmatch(inner.replace("[ ]", " "), "") is not None
    wild = _WILD.search(source) is not None and _ITEM.match(source) is None  # before an item stands its number alone
    return Zone(at, at, frozenset(_words_in(said)), wild, empty)


def _fullest(source: str) -> str:
    """The wording of a zone with most words."""
    inner = _inner(source)
    depth, begin = 0, 0
    wordings: list[str] = []
    for at, sign in enumerate(inner):
        escaped = at > 0 and inner[at - 1] == "\\"
        depth += (sign == "(" and not escaped) - (sign == ")" and not escaped)
        if sign == "|" and depth == 0:
            wordings.append(inner[begin:at])
            begin = at + 1
    wordings.append(inner[begin:])
    return max(
        (_OPTIONAL_LETTERS.sub(r"\1\2\3", each) for each in wordings),
        key=lambda each: len(_words_in(each)),
    )


def _inner(source: str) -> str:
    found = _GROUP_NAME.match(source)
    if found:
        return source[found.end() : -1]
    return source[1:-1] if source.startswith("(") else source


@lru_cache(maxsize=1 << 14)
def _words_in(source: str) -> tuple[str, ...]:
    """A pattern's words, without its signs. Kept: licences have many of their pieces in common."""
    source = _WILD.sub(" ", _SPACE.sub(" ", _GROUP_NAME.sub("(", source)))
    return tuple(words_of(_ESCAPED.sub(r"\1", _BRACKETS.sub(" ", source))).words)


def _parts(pattern: str) -> Iterator[tuple[str, str]]:
    """The pieces of a pattern, of plain text what is to be filled in apart."""
    for kind, source in _pieces(pattern):
        at = 0
        for found in _INSTRUCTION.finditer(source) if kind == "plain" else ():
            if _FILLED_IN.search(found[1]) or _ALTERNATIVE.search(found[1]):
                yield "plain", source[at : found.start()]
                yield "instruction", found[0]
                at = found.end()
        yield kind, source[at:]


def _pieces(pattern: str) -> Iterator[tuple[str, str]]:
    """The pieces of a pattern in order: plain text, groups with their brackets, and wild places outside of groups."""
    plain = depth = begin = 0
    for found in _SIGN.finditer(pattern):
        if found[0] == "(":
            if depth == 0:
                if plain < found.start():
                    yield "plain", pattern[plain : found.start()]
                begin = found.start()
            depth += 1
        elif found[0] == ")":
            depth -= 1
            if depth == 0:
                yield "group", pattern[begin : found.end()]
                plain = found.end()
        elif depth == 0 and found[0][0] == ".":
            if plain < found.start():
                yield "plain", pattern[plain : found.start()]
            yield "wild", found[0]
            plain = found.end()
    if plain < len(pattern):
        yield "plain", pattern[plain:]
