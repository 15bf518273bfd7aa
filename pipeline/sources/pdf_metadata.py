"""What a PDF says of itself: title, author, date, language, licence, and the work it is a copy of."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable

from pipeline.sources.arxiv_ids import identified

MAX_TITLE_CHARS = 1_000
MAX_AUTHOR_CHARS = 300

# What programs write where nobody has filled in a title: the file's name, or their own.
_FILE_NAME = re.compile(
    r".{1,300}\.(?:docx?|pptx?|xlsx?|rtf|txt|tex|dvi|e?ps|pdf|indd|qxd|qxp|pmd|fm|html?|cdr|ai|wpd|p65|odt)"
)
_PROGRAM = re.compile(
    r"(?:Microsoft|Adobe) (?:Word|PowerPoint|Excel|Photoshop|Illustrator|InDesign)(?: PDF)?(?: [-–] )?"
)
_NO_TITLES = frozenset(
    {
        *("untitled", "untitled document", "untitled-1", "document", "document1", "blank", "none", "title", "noname"),
        *("powerpoint presentation", "slide 1", "full page photo", "print", "layout 1", "page 1", "index", "scan"),
        *("no job name", "template", "test", "new document", "unknown", "default", "book1", "presentation1"),
    }
)
_NO_AUTHORS = frozenset(
    {
        *(
            "admin",
            "administrator",
            "user",
            "owner",
            "root",
            "unknown",
            "author",
            "none",
            "default",
            "anonymous",
            "guest",
        ),
        *(
            "windows user",
            "microsoft office user",
            "default user",
            "user name",
            "hp",
            "dell",
            "lenovo",
            "acer",
            "pc",
            "me",
        ),
    }
)
_NO_NAME = re.compile("[<>{}=\ufffd]|:[A-Z]")
_SPACES = re.compile(r"\s+")
_DATE = re.compile(r"(?:D:)?(\d{4})(?:-?(\d\d)(?:-?(\d\d))?)?")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8}){0,4}")

# What arXiv prints along the first page: the identifier, then its subject in brackets or the date. Others only cite.
_STAMP = re.compile(r"arXiv:([^\s\[]{9,40})(?: +v\d{1,3})?(?:\s*\[|\s+\d{1,2} [A-Z][a-z]{2} \d{4})")
_DOI = re.compile(
    r"(?:prism:doi|pdfx:doi|pdfx:WPS-ARTICLEDOI)\s*(?:=\s*[\"']|>)\s*(?:doi:|https?://(?:dx\.)?doi\.org/)?(10\.\d{4,9}/[^\s\"'<>]{1,200})"
)

# Creative Commons' addresses (creativecommons.org/licenses) and SPDX's identifiers (spdx.org/licenses); of ported
# licences those that SPDX lists. A port that it does not list is none of the others.
_CC = re.compile(
    r"https?://(?:www\.)?creativecommons\.org/(licenses|publicdomain)/([a-z+-]{2,12})/(\d\.\d)(?:/([a-z]{2,3}))?(?![a-z\d])"
)
_KINDS = frozenset({"by", "by-sa", "by-nc", "by-nd", "by-nc-sa", "by-nc-nd"})
_VERSIONS = frozenset({"1.0", "2.0", "2.5", "3.0", "4.0"})
_LANGUAGES_OF_DEEDS = frozenset({"en", "deed"})
_PORTS = {
    "CC-BY": ("2.5-AU", "3.0-AT", "3.0-AU", "3.0-DE", "3.0-IGO", "3.0-NL", "3.0-US"),
    "CC-BY-NC": ("3.0-DE",),
    "CC-BY-NC-ND": ("3.0-DE", "3.0-IGO"),
    "CC-BY-NC-SA": ("2.0-DE", "2.0-FR", "2.0-UK", "3.0-DE", "3.0-IGO"),
    "CC-BY-ND": ("3.0-DE",),
    "CC-BY-SA": ("2.0-UK", "2.1-JP", "3.0-AT", "3.0-DE", "3.0-IGO"),
}


def title_of(metadata: str, text: str) -> str | None:
    """The title, where it is one: not the name of a file or program, and a single word only where the text has it."""
    title = _clean(_PROGRAM.sub("", metadata, count=1) if _PROGRAM.match(metadata) else metadata)
    if title.lower() in _NO_TITLES or _FILE_NAME.fullmatch(title.lower()) or sum(map(str.isalpha, title)) < 3:
        return None
    if " " not in title and title.lower() not in text.lower():
        return None
    return title[:MAX_TITLE_CHARS]


def author_of(metadata: str) -> str | None:
    """The author, where a person or body is named, and not an account of the computer."""
    author = _clean(metadata)
    if author.lower() in _NO_AUTHORS or sum(map(str.isalpha, author)) < 3 or _NO_NAME.search(author):
        return None
    return author[:MAX_AUTHOR_CHARS]


def date_of(metadata: str) -> str | None:
    """The day (month, year) of a date as PDF writes it, `D:20170612...`, in ISO 8601; None beyond 1980 to 2099."""
    found = _DATE.match(metadata.strip())
    if found is None or not "1980" <= found[1] <= "2099":
        return None
    parts = [part for part in found.groups() if part]
    try:
        datetime.date(*map(int, [*parts, "1", "1"][:3]))
    except ValueError:
        return None
    return "-".join(parts)


def language_of(metadata: str) -> str | None:
    """The language that the catalog declares, where it is a BCP 47 tag."""
    return metadata if _LANGUAGE.fullmatch(metadata) else None


def work_of(path: str, sideways: Iterable[str], xmp: str) -> str | None:
    """`arxiv:` and the identifier without a version, by the stamp in the margin or the file's name; else `doi:`."""
    stamps = [stamp[1] for line in sideways if (stamp := _STAMP.search(line))]
    for said in (*stamps, path):
        found = identified(said)
        if found is not None and found.work is not None:
            return f"arxiv:{found.work}"
    doi = _DOI.search(xmp)
    return f"doi:{doi[1].lower().rstrip('.,;')}" if doi else None


def licence_of(xmp: str) -> tuple[str, str] | None:
    """SPDX identifier and quote of the Creative Commons licence that the XMP packet states; None for several."""
    if "creativecommons" not in xmp:
        return None
    found = {spdx: match[0] for match in _CC.finditer(xmp) if (spdx := _spdx(match))}
    return next(iter(found.items())) if len(found) == 1 else None


def _spdx(found: re.Match[str]) -> str | None:
    if found[1] == "publicdomain":
        return {("zero", "1.0"): "CC0-1.0", ("mark", "1.0"): "CC-PDM-1.0"}.get((found[2], found[3]))
    if found[2] not in _KINDS:
        return None
    name = f"CC-{found[2].upper()}"
    if found[4] is None or found[4] in _LANGUAGES_OF_DEEDS:
        return f"{name}-{found[3]}" if found[3] in _VERSIONS else None
    port = f"{found[3]}-{found[4].upper()}"
    return f"{name}-{port}" if port in _PORTS.get(name, ()) else None


def _clean(text: str) -> str:
    return _SPACES.sub(" ", text.replace("\0", " ")).strip()
