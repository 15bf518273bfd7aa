"""Words beside a licence that take away what it gives, deny it, or reserve all rights."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_STRONG: Final = (
    r"evil|noncommercial(?:ly)?|(?<!even for a )commercial (?:use|purposes?)|prohibited|forbidden|commons clause"
    r"|nonprofit (?:use|purposes?|only)|academic use|(?:research|evaluation|educational) (?:purposes|use|only)"
    r"|restrictions? (?:on|apply|applies)"
    r"|may not be (?:copied|sold|redistributed|distributed|reproduced)|additional (?:terms|restrictions?)"
    r"|following restrictions?|(?:personal|private|internal|teaching|classroom|students?|academi[ac]\w*|research\w*"
    r"|educational|universit\w+|schools?)(?: \w+){0,3} only"
    r"|use only|no (?:redistribution|resale)|fee (?:is|shall be) (?:paid|required|due)"
    r"|not for use (?:in|by|with|on|as)|no other purposes?|no part (?:of \w+ ){0,3}may be"
    r"|not (?:to )?be used (?:to train|for training)|used? \w+ to train"
    r"|license (?:does|shall|will) not (?:apply|extend|cover)"
    r"|(?:license|permission)(?: \w+){0,3} (?:expires?|may be revoked)"
    r"|(?:may|can|reserves? right to)(?: \w+)? revoke|revocable|not (?:government|military|commercial)"
    r"|requires? (?:\w+ ){0,3}(?:agreement|subscription|payment|commercial license)|paid (?:license|subscription)"
    r"|(?:may|shall|can) not (?:be )?(?:sell|sold|use this (?:software|work|program|library|code) (?:to|for|in))"
    r"|(?:use|copying|distribution|redistribution|modification|sale)(?: \w+){0,6} (?:is|are) not (?:permitted|allowed)"
    r"|nur für|nicht gestattet|untersagt|verboten|interdite?s?|uniquement|prohibido|solo para|proibido"
)
_BESIDE: Final = (
    r"reserved (?:to|for) (?:author|holder|licensor|member|customer)\w*"
    r"|limited to (?:\w+ ){0,2}(?:nonprofit\w*|organizations|members|users|students|customers|research\w*|educat\w+)"
    r"|(?:prior|requires?|needs?) approval|approval of (?:author|holder|licensor)|written contract"
    r"|(?:shall|have to|needs? to) (?:pay|register|buy)|royalty of|trial (?:version|license|period)"
    r"|licensed for evaluation"
    r"|evaluation (?:copy|license|version)|temporary (?:permission|license)|proprietary to"
    r"|do not (?:redistribute|distribute|share|sell)|only members|members only|may only be used"
    r"|no \w+ (?:company|companies|organization|user)s? may|but not (?:run|use|copy|modify|sell|distribute)"
    r"|(?:needs?|costs?) (?:\w+ ){0,2}fee|except (?:that|for) (?:\w+ ){0,5}(?:resale|fee|military|customers?)"
    r"|(?:use|usage) (?:\w+ ){0,6}ruled out|permission (?:is|may be) withdrawn"
    r"|(?:darf|dürfen|darfst) (?:\w+ ){0,3}nicht"
    r"|free for (?:\w+ ){0,2}(?:students|teachers|members|academi\w+|nonprofit\w*|individuals)"
)
"""Beside a licence only: on a page such words are said of anything."""
RESTRICTING_NOTICE: Final = re.compile(rf"\b(?:{_STRONG}|{_BESIDE})\b")
"""What restricts wherever it stands; in words as `words_of` spells them."""
RESTRICTING: Final = re.compile(
    rf"\b(?:{_STRONG}|{_BESIDE}|(?:may|shall|can) not|cannot be|not (?:be )?(?:permitted|allowed)"
    r"|except (?:for|that|as|in|when|where)"
    r"|exceptions? apply|under (?:other|separate) (?:terms|licenses?)|additional conditions?"
    r"|without (?:prior |express )?(?:written )?(?:permission|consent)"
    r"|only (?:for|if|by|to)|shall be used)\b"
)
"""What beside a licence may take away what it gives."""
NOT_RESTRICTING: Final = re.compile(
    r"(?:you )?may not use (?:this|these|any|\w+)(?: (?!non)\w+){0,5} except in compliance(?: with)?(?: license)?"
    r"|names?(?: \w+){0,9} (?:may|shall) not be used(?: in| to)"
    r"|except (?:as|where) (?:otherwise )?(?:noted|stated|documented|specified|indicated|marked)"
)
"""Sentences of notices and name clauses that sound like it."""
_DEED: Final = (
    r"(?:no additional restrictions )?you may not apply legal terms or technological measures that legally restrict"
    r" others from doing anything license permits"
    r"|license may not give you all of permissions necessary for your intended use"
)
_OF_DEEDS: Final = {
    "-NC": (
        r"\bnoncommercial(?:ly)?\b(?! use)"
        r"|you may not use (?:this |licensed )?(?:material|work) for commercial purposes"
    ),
    "-ND": (
        r"if you remix transform or build upon (?:this )?(?:material|work) you may not distribute modified"
        r" (?:material|work)"
        r"|you may not alter transform or build upon this work"
    ),
}
_SSLEAY: Final = (
    r"(?:license and distribution terms for any publi\w+ available version or derivative of this code cannot be"
    r" changed )?this code cannot simply be copied and put under another distribution license"
)


@lru_cache(maxsize=64)
def said_again(spdx: str) -> re.Pattern[str] | None:
    """What often stands beside a licence and asks for nothing that the licence does not ask for itself.

    Of Creative Commons the summary in front of the licence, of OpenSSL the end of its other half.
    """
    if spdx.startswith("CC-BY"):
        return re.compile("|".join([_DEED, *(said for term, said in _OF_DEEDS.items() if term in spdx)]))
    return re.compile(_SSLEAY) if spdx.startswith(("OpenSSL", "SSLeay")) else None


_OF_SENTENCES: Final = re.compile(
    rf"\b(?:{_STRONG}|(?:personal|private|internal|classroom) (?:use|purposes)|nicht ?kommerziell\w*"
    r"|n[aã]o? comercial\w*|noncommercial\w*|only|under (?:other|separate) terms|proprietary|excluding"
    r"|(?:in|within|inside|outside)(?: of)?(?: the)? (?:eu|usa?|uk|europe\w*|united (?:states|kingdom)|asia|africa"
    r"|germany|austria|france|italy|spain|china|japan|india|canada|brazil)"
    r"|formerly|previously|modified (?:\w+ ){0,3}licen[cs]e|licen[cs]e modified|for training"
    r"|without (?:the )?(?:prior |express |explicit )?(?:written )?(?:permission|consent)"
    r"|permission (?:is )?required)\b"
)
"""What in a sentence that names a licence, in small letters without signs, may take away what it gives."""
_RESERVES: Final = re.compile(
    r"all rights? (?:are )?reserved|alle rechten? (?:\w+ )?(?:vorbehalten|voorbehouden)"
    r"|tous (?:les )?droits (?:sont )?réservés"
    r"|todos los derechos (?:est[aá]n )?reservados|todos os direitos reservados|tutti i diritti (?:sono )?riservati"
    r"|reproduction .{0,60}strictly prohibited|все права защищены|wszelkie prawa zastrzeżone"
    r"|^\W*derechos reservados|© ?derechos reservados|reservados todos los derechos",
    re.IGNORECASE,
)
_RESERVES_EAST: Final = re.compile(
    r"(?:版|著作)[权權]所有(?![人者权權制])|全著作権所有"
    r"|(?<!公民)保留(?:所有|一切|全部)(?:相[关關])?[权權][利力](?![一-龠](?<![未任如请請]))"
    r"|(?:(?<![一-龠])|(?<=[许許]可)|(?<=授[权權])|(?<=同意))(?:翻印|[转轉][载載]|盗版|盜版|盗用|盜用|侵[权權])必究(?![一-龠])|禁無断転載|禁転載|不許(?:複製|転載)"
    r"|모든 권리(?:를)? ?(?:보유|유보)|판권 ?소유"
)
_OF_OFFERS: Final = re.compile("解[释釋][权權]|活[动動]|[宪憲]法|[优優]惠")
"""Where shops and constitutions keep rights that are not those of authors."""
_MAY_RESERVE: Final = re.compile("[有留究禁許리권]")
"""A character of each of these."""
_DENIES: Final = re.compile(
    r"n['’]t\b|\b(?:not|never|cannot|neither|nor|nicht|niemals|kein(?:e|er|em|en)?)\b"
    r"|\bno (?:longer|\w{2,20} licen[cs]e)\b|\bne \w+ pas\b",
    re.IGNORECASE,
)
"""No licence where it stands in a sentence that names one: not licensed, never released, may not be used, no longer."""
_RESERVATION: Final = re.compile(
    r"\b(?:so ?weit|sofern|wenn|wo) nicht\b|\bnicht anders\b|\bnot otherwise\b"
    r"|\bif not (?=(?:otherwise|explicitly|stated|noted|marked)\b)",
    re.IGNORECASE,
)
"""Of what is marked otherwise; it denies nothing of the rest."""
_HARMLESS: Final = re.compile(r"\badditional terms may apply\b")  # the footer of every Wikipedia
_SPACES = re.compile(r"[\W_]+")
_NON = re.compile(r"\bnon (?=commercial|profit)")


def reserves(said: str) -> re.Match[str] | None:
    """The words that reserve all rights, in so many words."""
    found = _RESERVES.search(said)
    if found is None and not said.isascii() and _MAY_RESERVE.search(said):
        found = _RESERVES_EAST.search(said)
        if found and found[0].startswith("保留") and _OF_OFFERS.search(said):
            return None
    return found


def restricts(sentence: str) -> bool:
    """Whether a sentence that names a licence says of its own what may not be done, or for what alone."""
    words = _NON.sub("non", _SPACES.sub(" ", sentence.lower()))
    return _OF_SENTENCES.search(_HARMLESS.sub("", words)) is not None


def denies(sentence: str) -> bool:
    """Whether a sentence that names a licence says that something is not under it."""
    return _DENIES.search(_RESERVATION.sub("", sentence)) is not None
