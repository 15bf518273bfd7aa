"""The licence of a web page, out of all that it says of licences and rights (`extraction.html.licences`).

What stands in a caption, a comment, a sidebar or a menu is not the page's, nor are credits of pictures and music, and
licences of programs, samples and data that a page speaks of. What a post says of itself holds for it whatever the
site's footer says; where one and the same place, or page and footer without such a sentence, name a licence and
reserve all rights, both are given, and the class is conflicting. Several licences in one place: all, with AND; terms
that nobody knows beside a licence (`rel=license` to a file that may forbid everything): NOASSERTION.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from pipeline.extraction.html.licences import Statement
from pipeline.extraction.html.places import FOOTER, HEAD, POST, TEXT
from pipeline.licences.restrictions import denies, reserves, restricts
from pipeline.licences.spdx_ids import NOT_KNOWN
from pipeline.licences.statements import east_asian, european
from pipeline.licences.statements.badges import of_badges
from pipeline.licences.statements.creative_commons import ADDRESS, of_address
from pipeline.licences.statements.east_asian import COPYING, MINING, TRAINING, forbidden
from pipeline.licences.statements.mentions import mentioned, specific
from pipeline.licences.statements.subject import governs, has_verb, is_credit, is_eastern, of_others
from pipeline.licences.taxonomy import OPEN, RESERVED, class_of

MAX_QUOTE: Final = 200
_COPYRIGHT: Final = re.compile(r"©|\(c\)|copyright|copyleft", re.IGNORECASE)
_CLAUSE: Final = re.compile(
    r"(?<=[a-z)\"”\d])[.;|•–—]\s+|\s[|•·]\s|, and (?=code|the code|code samples|software|source)", re.I
)
_OF_RIGHTS: Final = ("reserv", "réserv", "riserv", "behalten", "behouden", "prohibited", "защищены", "zastrze")
_OF_LICENCES: Final = ("commons", "cc", "licen", "public domain", "知识共享", "知識共享", "コモンズ", "커먼즈")
"""Without any of these in a clause the patterns above need not be asked."""
_CONFIDENCE: Final = {"rel": 9500, "json-ld": 9000, "meta": 9000, "link": 9000, "badge": 8500, "words": 8000}


@dataclass(frozen=True, slots=True)
class PageLicence:
    """An SPDX expression, NOASSERTION where terms are stated that are not known; how and where it is said, in 1e-4."""

    spdx: str
    method: str
    where: str
    quote: str
    start: int
    end: int
    confidence: int


@dataclass(frozen=True, slots=True)
class Reservation:
    """Whether sentences of a page forbid to train models on it, or to mine its text and data; the first of them."""

    training: bool
    mining: bool
    quote: str


@dataclass(frozen=True, slots=True)
class _Candidate:
    spdx: str
    by: Statement
    quote: str
    governs: bool

    @property
    def of_post(self) -> bool:
        """Whether it is about this page alone."""
        return self.by.place in (TEXT, POST)


def page_licence(statements: Iterable[Statement]) -> PageLicence | None:
    """What the page declares of its own licence; None where it declares nothing."""
    found = [each for statement in statements for each in _candidates(statement)]
    named = specific(each.spdx for each in found if each.spdx != RESERVED)
    licences = [each for each in found if each.spdx in named]
    reserved = [each for each in found if each.spdx == RESERVED]
    own = [each for each in licences if each.of_post]
    if any(each.governs for each in own):
        reserved = [each for each in reserved if each.of_post]
        licences = own
    if not licences and not reserved:
        return None
    ids = sorted({each.spdx for each in licences})
    deciding = [max(licences, key=lambda each: _CONFIDENCE[each.by.method])] if licences else []
    deciding += reserved[:1]
    ids += [RESERVED] if reserved else []
    first = deciding[0].by
    quote = deciding[0].quote if len(deciding) == 1 else " | ".join(each.quote[:98] for each in deciding)
    confidence = min(_CONFIDENCE[each.by.method] for each in deciding) if len(ids) == 1 else 5000
    spdx = NOT_KNOWN if NOT_KNOWN in ids else " AND ".join(ids)
    return PageLicence(spdx, first.method, first.place, quote[:MAX_QUOTE], first.start, first.end, confidence)


def page_reservation(statements: Iterable[Statement]) -> Reservation | None:
    """What the sentences of a page ask of whoever trains models, in twelve languages; None for nothing."""
    said: dict[str, set[str]] = {}
    for statement in statements:
        if statement.method == "words" and (
            east_asian.may_forbid_training(statement.words) or european.may_forbid(statement.words)
        ):
            for clause in _clauses(statement.words):
                if is_eastern(clause):
                    forbids = forbidden(clause, statement.words, in_text=statement.place == TEXT) - {COPYING}
                else:
                    forbids = european.forbidden(clause, statement.words)
                if forbids:
                    said.setdefault(clause.strip(), set()).update(forbids)
    kinds = {kind for each in said.values() for kind in each}
    return Reservation(TRAINING in kinds, MINING in kinds, next(iter(said))[:MAX_QUOTE]) if said else None


def _candidates(statement: Statement) -> Iterator[_Candidate]:
    if statement.method in ("rel", "link"):
        yield from _of_link(statement)
    elif statement.method == "badge":
        yield from _of_badge(statement)
    elif statement.method in ("meta", "json-ld"):
        said = statement.said
        ids = mentioned(said)
        if ids and denies(said):
            ids = (NOT_KNOWN,)
        elif not ids and reserves(said):
            ids = (RESERVED,)
        elif not ids and statement.method == "json-ld":
            ids = (NOT_KNOWN,)
        yield from _stated(ids, statement, said, said, is_governing=False)
    else:
        yield from _of_words(statement)


def _stated(
    ids: Iterable[str], statement: Statement, quote: str, said: str, *, is_governing: bool
) -> Iterator[_Candidate]:
    """A candidate an id; NOASSERTION where what is `said`, or all of a short block, restricts an open licence."""
    said = statement.words if len(statement.words) <= 2 * MAX_QUOTE else said
    ids = tuple(ids)
    if (
        ids
        and class_of(" AND ".join(ids)) in OPEN
        and (restricts(said) or (is_eastern(said) and east_asian.restricts(said)))
    ):
        ids = (NOT_KNOWN,)
    for spdx in ids:
        yield _Candidate(spdx, statement, quote, is_governing)


def _of_link(statement: Statement) -> Iterator[_Candidate]:
    is_rel = statement.method == "rel"
    clause = _clause_of(statement.words)
    if statement.place != HEAD and any(map(_denies, _speaking(statement.words))):
        return
    ids = mentioned(statement.said)
    if not ids and is_rel and not statement.said.startswith("#"):  # "#..." points to words of this page
        ids = mentioned(clause) or (NOT_KNOWN,)
    is_governing = governs(clause)
    if statement.place == HEAD:
        accepted = is_rel
    elif is_credit(clause) or of_others(clause):
        accepted = False
    elif is_rel or statement.place == FOOTER:
        accepted = statement.place != TEXT or is_governing or len(statement.words) <= MAX_QUOTE
    else:
        accepted = is_governing or (statement.place != TEXT and has_verb(clause))
    if accepted:
        quote = statement.words[:MAX_QUOTE] if statement.words else statement.said
        yield from _stated(ids, statement, quote, clause, is_governing=is_governing)


def _of_badge(statement: Statement) -> Iterator[_Candidate]:
    """Of pictures: in the main text only where the words beside them speak of the page; not beside a mere name."""
    clause = _clause_of(statement.words)
    if any(map(_denies, _speaking(statement.words))) or is_credit(clause) or of_others(clause):
        return
    is_governing = governs(clause)
    is_credited = statement.place != FOOTER and statement.words and not has_verb(clause)
    if is_governing or not (statement.place == TEXT or is_credited):
        ids = of_badges(statement.said)
        quote = (statement.words or statement.said)[:MAX_QUOTE].strip()
        yield from _stated(ids, statement, quote, clause, is_governing=is_governing)


def _denies(clause: str) -> bool:
    return denies(clause) or (is_eastern(clause) and east_asian.denies(clause))


def _clauses(words: str) -> list[str]:
    clauses = _CLAUSE.split(words)
    if is_eastern(words):
        clauses = [part for clause in clauses for part in east_asian.END.split(clause) if part.strip()]
    return clauses


def _speaking(words: str) -> list[str]:
    """The clauses that speak of a licence, else all words."""
    return [each for each in _clauses(words) if has_verb(each)] or [words]


def _clause_of(words: str) -> str:
    """Of words around a link those that speak of a licence."""
    speaking = _speaking(words)
    named = ([each for each in some if _names_licence(each)] for some in (speaking, _clauses(words)))
    clauses = next(filter(None, named), speaking)
    return next((each for each in clauses if not of_others(each)), clauses[0])


def _names_licence(clause: str) -> bool:
    small = clause.lower()
    return any(cue in small for cue in _OF_LICENCES)


def _of_words(statement: Statement) -> Iterator[_Candidate]:
    in_text, is_east = statement.place == TEXT, is_eastern(statement.words)
    for clause in _clauses(statement.words):
        small = clause.lower()
        found = reserves(clause) if any(cue in small for cue in _OF_RIGHTS) else None
        if found and (not in_text or len(statement.words) <= 2 * MAX_QUOTE):
            yield _Candidate(RESERVED, statement, _around(clause, found), governs=False)
        elif (
            east_asian.reserves(clause, statement.words, in_text=in_text)
            if is_east
            else european.forbidden(clause, statement.words)
        ):
            yield _Candidate(RESERVED, statement, clause[:MAX_QUOTE], governs=False)
        ids = mentioned(clause) if _names_licence(clause) else ()
        if not ids:
            continue
        linked = ADDRESS.search(statement.said)
        if linked and len(ids) == 1 and ids[0].startswith("LicenseRef-C"):  # the address says which
            ids = (of_address(linked),)
        verb = has_verb(clause) or (not in_text and _COPYRIGHT.search(statement.words))
        if not verb or _denies(clause) or of_others(clause) or is_credit(clause):
            continue
        is_governing = governs(clause)
        if not is_governing:
            commons = ("CC", "LicenseRef-CC", "LicenseRef-Creative")
            ids = tuple(each for each in ids if statement.place != TEXT and each.startswith(commons))
        yield from _stated(ids, statement, clause[:MAX_QUOTE], clause, is_governing=is_governing)


def _around(clause: str, found: re.Match[str]) -> str:
    begin = max(0, min(found.start() - 100, len(clause) - MAX_QUOTE))
    return clause[begin : begin + MAX_QUOTE].strip()
