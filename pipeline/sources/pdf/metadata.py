"""What a PDF says of itself: title, author, date, language, and the work it is a copy of."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable

from pipeline.sources.arxiv.ids import identified

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


def _clean(text: str) -> str:
    return _SPACES.sub(" ", text.replace("\0", " ")).strip()
