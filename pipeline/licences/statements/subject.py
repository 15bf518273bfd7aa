"""What a sentence about licences speaks of: the page and its text, or a picture, a program, data, a sample."""

from __future__ import annotations

import re
from typing import Final

from pipeline.licences.restrictions import denies
from pipeline.licences.statements import east_asian

_VERB: Final = re.compile(
    r"licen[cs]ed|licen[cs]e\b|(?:available|released|published|distributed|licen[cs]ed|provided) (?:under|as)"
    r"|\bunder (?:a|the)\b"
    r"|lizenz|steh(?:t|en)\b|unterlieg|sous |bajo |copyleft|©|\bcopyright",
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
_ANYTHING: Final = frozenset({"this", "these", "diese", "dieser", "dieses"})
_CREDIT: Final = re.compile(
    r"\b(?:photos?|fotos?|images?|bild\w*|pictures?|photograph\w*|fotograf\w*|via|flickr|wikimedia|unsplash|quelle|musi[ck]\w*"
    r"|icons?|fonts?|karte|maps?|tiles|openstreetmap|illustrations?|video|sounds?|credits?)\b"
    r"|^\W*(?:theme|template|(?:web ?)?design(?:ed)?)\b",
    re.IGNORECASE,
)
_THING: Final = (
    r"(?:(?:source ?)?codes?|quell(?:code|text)\w*|samples?|examples?|snippets?|recipes|software|apps?"
    r"|applications?|program(?:s|men?)?|tools?|packages?|games?|data|daten\w*|datasets?|databases?|images?|photos?|fotos?|bild(?:er\w*)?"
    r"|pictures?|photograph(?:s|ie\w*)?|fotograf\w*|logos?|ontology|library|libraries|plugins?|themes?|icons?|fonts?|modules?"
    r"|scripts?|repositor(?:y|ies)|extensions?|models?|maps?|graphics|artworks?|illustrations?|figures?|drawings?|videos?|films?"
    r"|podcasts?|audio|recordings?|sounds?|musi[ck]\w*|slides?|specimens?)"
)
_PAGE: Final = (
    r"(?:contents?|texts?|articles?|(?:web ?)?pages?|(?:web ?)?sites?|works?|posts?|postings?|blogs?|wikis?"
    r"|(?:text)?books?|documents?|documentation|materials?|papers?|preprints?|publications?|essays?|stor(?:y|ies)|entr(?:y|ies)|tutorials?"
    r"|guides?|lessons?|courses?|chapters?|manuals?|reports?|handbooks?|journals?|resources?|contributions?|answers?"
    r"|questions?|inhalte?n?|texten?|artikel\w*|\w*beitr(?:ag|äge)\w*|(?:web)?seiten?|werke?s?|obras?|artículos?|sitio|web"
    r"|página|œuvre|contenus?)"
)
_OF_OTHERS: Final = re.compile(rf"\b{_THING}\b", re.IGNORECASE)
_NOUN: Final = re.compile(
    rf"\b(?:(?P<thing>{_THING})|(?P<page>{_PAGE}))\b(?P<owner>['’]s?\b|[ -]{_THING}\b)?", re.IGNORECASE
)
_THIS_THING: Final = re.compile(rf"\b(?:this|these|our|diese[rs]?) (?:\w+ )?{_THING}\b", re.IGNORECASE)
_RELATIVE: Final = re.compile(rf"\b{_THING},? (?:which|that) (?:is|are|was|were)\b", re.IGNORECASE)
_RESERVATION: Final = re.compile(r"^\W*(?:unless|except|where|if|soweit|sofern|sauf|salvo)\b[^,]{0,80},", re.IGNORECASE)


def has_verb(clause: str) -> bool:
    """Whether there are words in it that put something under terms."""
    return _VERB.search(clause) is not None or (is_eastern(clause) and east_asian.VERB.search(clause) is not None)


def is_eastern(words: str) -> bool:
    """Whether words are, at least in part, in Chinese, Japanese or Korean."""
    return not words.isascii() and east_asian.ANY.search(words) is not None


def governs(clause: str) -> bool:
    """Whether the clause puts the page or its text under terms: not what it only speaks of, nor "this" of anything."""
    if is_eastern(clause):
        return east_asian.governs(clause)
    verbs = list(_VERB.finditer(clause))
    if not verbs or denies(clause):
        return False
    before = clause[: verbs[-1].start()]
    begins = {found[0].lower() for found in _GOVERNS.finditer(before)}
    if not begins or _RELATIVE.search(before):
        return False
    subject = _subject(before)
    return subject == "page" or (subject is None and not begins <= _ANYTHING)


def of_others(clause: str) -> bool:
    """Whether the clause speaks of programs, pictures, samples or data instead of the page."""
    if is_eastern(clause):
        return east_asian.of_others(clause)
    verb = _VERB.search(clause)
    if verb is None:
        return _subject(clause) == "thing"
    is_told = _OF_OTHERS.search(clause[: verb.start()]) or (_THIS_THING.search(clause) and _subject(clause) != "page")
    return bool(is_told) and not governs(clause)


def is_credit(clause: str) -> bool:
    """Whether the clause names a picture, a piece of music or where one is from, and does not govern the page."""
    return _CREDIT.search(clause) is not None and not governs(clause)


def _subject(words: str) -> str | None:
    """`page` or `thing` by the first noun of either kind; "the site's photos" and "page images" are things."""
    for found in _NOUN.finditer(_RESERVATION.sub("", words)):
        if found["thing"] or (found["owner"] and not found["owner"].startswith(("'", "’"))):
            return "thing"
        if not found["owner"]:
            return "page"
    return None
