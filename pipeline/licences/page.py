"""The licence of a web page, out of all that it says of licences and rights (`extraction.html_licences`).

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

from pipeline.extraction.html_licences import FOOTER, HEAD, POST, TEXT, Statement
from pipeline.licences.creative_commons import ADDRESS, of_address, of_words
from pipeline.licences.notices import NOT_KNOWN
from pipeline.licences.taxonomy import RESERVED

MAX_QUOTE: Final = 200
_RESERVES: Final = re.compile(
    r"all rights? (?:are )?reserved|alle rechten? (?:\w+ )?(?:vorbehalten|voorbehouden)"
    r"|tous (?:les )?droits (?:sont )?réservés"
    r"|todos los derechos (?:est[aá]n )?reservados|todos os direitos reservados|tutti i diritti (?:sono )?riservati"
    r"|reproduction .{0,60}strictly prohibited|все права защищены|wszelkie prawa zastrzeżone"
    r"|^\W*derechos reservados|© ?derechos reservados|reservados todos los derechos",
    re.IGNORECASE,
)
_CREDIT: Final = re.compile(
    r"\b(?:photos?|fotos?|images?|bild\w*|pictures?|photograph\w*|fotograf\w*|via|flickr|wikimedia|unsplash|quelle|musi[ck]\w*"
    r"|icons?|fonts?|karte|maps?|tiles|openstreetmap|illustrations?|video|sounds?|credits?)\b",
    re.IGNORECASE,
)
_GOVERNS: Final = re.compile(
    r"\b(?:this|these|the content|all content|all text|our content|site content|unless otherwise"
    r"|except (?:where|as) otherwise|if not explicitly"
    r"|(?:website |page )?content(?:s)? (?:is|are|available|on)|documentation|user contributions"
    r"|the (?:text|work|contents) "
    r"|diese[rs]?|alle (?:redaktionellen )?(?:inhalte|texte|\w*beiträge)|inhalte?|texte|soweit nicht|sofern nicht"
    r"|ce(?:t|tte)? (?:article|texte|œuvre|page)|sauf mention|est[ea] (?:obra|artículo|web)|text is available)\b",
    re.IGNORECASE,
)
"""How a sentence begins that speaks of the page, the site or the text itself."""
_VERB: Final = re.compile(
    r"licen[cs]ed|licen[cs]e\b|(?:available|released|published|distributed|licen[cs]ed|provided) (?:under|as)"
    r"|\bunder (?:a|the)\b"
    r"|lizenz|steh(?:t|en)\b|unterlieg|sous |bajo |copyleft|©|\bcopyright",
    re.IGNORECASE,
)
_COPYRIGHT: Final = re.compile(r"©|\(c\)|copyright|copyleft", re.IGNORECASE)
_DENIES: Final = re.compile(r"n['’]t\b|\bnot (?:using|licen[cs]ed|under|available)|\bkein(?:e|er)? ", re.IGNORECASE)
_OF_OTHERS: Final = re.compile(
    r"\b(?:code|samples?|examples?|recipes|software|data|datasets?|images?|photos?|logos?|ontology|library|plugin|theme|icons?)\b",
    re.IGNORECASE,
)
_CLAUSE: Final = re.compile(
    r"(?<=[a-z)\"”\d])[.;|•–—]\s+|\s[|•·]\s|, and (?=code|the code|code samples|software|source)", re.I
)
_LINKED: Final = (
    (re.compile(r"gnu\.org/(?:copyleft|licenses)/(?:old-licenses/)?fdl(?:-(1\.[123]))?", re.I), "GFDL-{}-or-later"),
    (re.compile(r"gnu\.org/(?:copyleft|licenses)/(?:old-licenses/)?gpl-([23]\.0)", re.I), "GPL-{}-only"),
    (re.compile(r"opensource\.org/licenses/mit\b|choosealicense\.com/licenses/mit\b", re.I), "MIT"),
    (re.compile(r"apache\.org/licenses/license-2\.0", re.I), "Apache-2.0"),
    (re.compile(r"nationalarchives\.gov\.uk/doc/open-government-licence(?:/version/([123]))?", re.I), "OGL-UK-{}.0"),
)  # fmt: skip
_SPELLED: Final = (
    (re.compile(r"gnu free documentation licen[cs]e(?:,? (?:version )?(1\.[123]))?", re.I), "GFDL-{}-or-later"),
    (re.compile(r"open government licen[cs]e(?: v(?:ersion )?([123])(?:\.0)?)?", re.I), "OGL-UK-{}.0"),
    (re.compile(r"python software foundation licen[cs]e", re.I), "PSF-2.0"),
    (re.compile(r"\b(?:mit|expat) licen[cs]e", re.I), "MIT"),
    (re.compile(r"apache(?: software)? licen[cs]e,?(?: version)? ?2|apache 2\.0 licen[cs]e", re.I), "Apache-2.0"),
    (re.compile(r"(?:this|these) .{0,40}\bin the public domain", re.I), "LicenseRef-public-domain"),
)  # fmt: skip
_OF_RIGHTS: Final = ("reserv", "réserv", "riserv", "behalten", "behouden", "prohibited", "защищены", "zastrze")
_OF_LICENCES: Final = ("commons", "cc", "licen", "public domain")
"""Without any of these in a clause the patterns above need not be asked."""
_CONFIDENCE: Final = {"rel": 9500, "json-ld": 9000, "meta": 9000, "link": 9000, "words": 8000}


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
    licences = _specific([each for each in found if each.spdx != RESERVED])
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


def _specific(found: list[_Candidate]) -> list[_Candidate]:
    """Without those that only say less of what others say: a kind without a version beside one with it."""
    said = {each.spdx for each in found}

    def is_vague(spdx: str) -> bool:
        if spdx == "LicenseRef-CreativeCommons":
            return any("CC-BY" in other or other.startswith("CC") for other in said - {spdx})
        bare = spdx.removeprefix("LicenseRef-")
        if spdx != bare and not bare[-1].isdigit():
            return any(re.fullmatch(rf"(?:LicenseRef-)?{bare}-\d.*", other) for other in said)
        longer = (rf"(?:LicenseRef-)?{re.escape(bare)}-[A-Z]{{2,3}}", rf"{re.escape(bare)}-or-later")
        return any(re.fullmatch(pattern, other) for other in said for pattern in longer) or (
            spdx == "LicenseRef-GFDL" and any(other.startswith("GFDL") for other in said)
        )

    return [each for each in found if not is_vague(each.spdx)]


def _candidates(statement: Statement) -> Iterator[_Candidate]:
    if statement.method in ("rel", "link"):
        yield from _of_link(statement)
    elif statement.method in ("meta", "json-ld"):
        spdx = _id_of(statement.said)
        if spdx is None and _RESERVES.search(statement.said):
            spdx = RESERVED
        if spdx is None and statement.method == "json-ld":
            spdx = NOT_KNOWN
        if spdx is not None:
            yield _Candidate(spdx, statement, statement.said, governs=False)
    else:
        yield from _of_words(statement)


def _of_link(statement: Statement) -> Iterator[_Candidate]:
    address = ADDRESS.search(statement.said)
    is_rel = statement.method == "rel"
    clause = _clause_of(statement.words)
    spdx = of_address(address) if address else _known(_LINKED, statement.said)
    if spdx is None and is_rel and not statement.said.startswith("#"):  # "#..." points to words of this page
        spdx = of_words(clause) or named_in(clause) or NOT_KNOWN
    governs = _governs(clause)
    if statement.place == HEAD:
        accepted = is_rel
    elif (_CREDIT.search(clause) and not governs) or _of_others(clause):
        accepted = False
    elif is_rel or statement.place == FOOTER:
        accepted = statement.place != TEXT or governs or len(statement.words) <= MAX_QUOTE
    else:
        accepted = governs or (statement.place != TEXT and bool(_VERB.search(clause)))
    if accepted and spdx is not None:
        quote = statement.words[:MAX_QUOTE] if statement.words else statement.said
        yield _Candidate(spdx, statement, quote, governs)


def _governs(clause: str) -> bool:
    """Whether the clause puts what it begins with, the page or its text, under terms."""
    verbs = list(_VERB.finditer(clause))
    return bool(verbs) and bool(_GOVERNS.search(clause[: verbs[-1].start()])) and not _DENIES.search(clause)


def _clause_of(words: str) -> str:
    """Of words around a link those that speak of a licence."""
    clauses = [each for each in _CLAUSE.split(words) if _VERB.search(each)]
    return next((each for each in clauses if not _of_others(each)), (clauses or [words])[0])


def _of_others(clause: str) -> bool:
    """Whether the clause speaks of programs, samples or data instead of the page."""
    verb = _VERB.search(clause)
    return verb is not None and bool(_OF_OTHERS.search(clause[: verb.start()])) and not _governs(clause)


def _of_words(statement: Statement) -> Iterator[_Candidate]:
    for clause in _CLAUSE.split(statement.words):
        small = clause.lower()
        reserves = _RESERVES.search(clause) if any(cue in small for cue in _OF_RIGHTS) else None
        if reserves and (statement.place != TEXT or len(statement.words) <= 2 * MAX_QUOTE):
            yield _Candidate(RESERVED, statement, _around(clause, reserves), governs=False)
        spdx = _id_of(clause) if any(cue in small for cue in _OF_LICENCES) else None
        if spdx is None:
            continue
        linked = ADDRESS.search(statement.said)
        if linked and spdx.startswith("LicenseRef-C"):  # the address says which
            spdx = of_address(linked)
        verb = _VERB.search(clause) or (statement.place != TEXT and _COPYRIGHT.search(statement.words))
        if not verb or _DENIES.search(clause):
            continue
        governs = _governs(clause)
        if _of_others(clause):
            continue
        if _CREDIT.search(clause) and not governs:
            continue
        if governs or (statement.place != TEXT and spdx.startswith(("CC", "LicenseRef-CC", "LicenseRef-Creative"))):
            yield _Candidate(spdx, statement, clause[:MAX_QUOTE], governs)


def _around(clause: str, found: re.Match[str]) -> str:
    begin = max(0, min(found.start() - 100, len(clause) - MAX_QUOTE))
    return clause[begin : begin + MAX_QUOTE].strip()


def _id_of(said: str) -> str | None:
    address = ADDRESS.search(said)
    if address:
        return of_address(address)
    return of_words(said) or named_in(said)


def named_in(said: str) -> str | None:
    """The id of a licence other than those of Creative Commons that words or an address name."""
    return _known(_LINKED, said) or _known(_SPELLED, said)


def _known(table: tuple[tuple[re.Pattern[str], str], ...], said: str) -> str | None:
    for pattern, name in table:
        found = pattern.search(said)
        if found:
            version = found[1] if found.groups() else None
            if "{}" not in name:
                return name
            return name.format(version) if version else "LicenseRef-" + name.partition("-{}")[0]
    return None
