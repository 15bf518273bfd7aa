"""The licence of a document that has pages: what its first page says of it, and the addresses in its metadata.

The sentences of a first page are judged as those of a web page's text are (`licences.page`): only one that speaks of
the document itself declares anything, and what reserves all rights stands beside a licence as a conflict. Where
metadata and such a sentence differ, the sentence holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipeline.extraction.html.licences import Statement
from pipeline.extraction.html.places import HEAD, TEXT
from pipeline.licences.page import PageLicence, page_licence
from pipeline.licences.statements.creative_commons import ADDRESS

FIRST_PAGE: Final = TEXT
METADATA: Final = HEAD
MAX_CHARACTERS: Final = 40_000  # of a first page; the longest of a newspaper has fewer
MAX_PARAGRAPHS: Final = 100  # that may speak of a licence
_CUES: Final = re.compile(
    "licen[cs]e|commons|public domain|reserv|lizenz|licen[cz]i"
    "|[权權]所有|保留所有|全著作権|[无無]断|必究|知[识識]共享|コモンズ|커먼즈|무단",
    re.IGNORECASE,
)
_BROKEN: Final = re.compile(r"(?<=creativecommons\.org/)\s+|(?<=/licenses/)\s+|(?<=/publicdomain/)\s+")
_RIGHTS: Final = re.compile(r"<(dc:rights|xmpRights:UsageTerms)\b[^>]{0,200}>(.{0,2000}?)</\1>", re.DOTALL)
_MARKUP: Final = re.compile(r"<[^>]{0,200}>")
_SPACES: Final = re.compile(r"\s+")


def licence_of_pages(first_page: str, metadata: str) -> PageLicence | None:
    """What a document declares of itself; None where it declares nothing. `where` is FIRST_PAGE or METADATA.

    first_page: its text, paragraphs apart by an empty line. metadata: an XMP packet, of which dc:rights, the terms of
    use and addresses of Creative Commons are read. start and end are 0: the text has no bytes of its own in the file.
    """
    return page_licence((*_of_metadata(metadata), *_of_text(first_page[:MAX_CHARACTERS])))


def _of_metadata(metadata: str) -> Iterator[Statement]:
    if "creativecommons" in metadata:
        for address in dict.fromkeys(found[0] for found in ADDRESS.finditer(metadata)):
            yield Statement("meta", address, address, 0, 0, METADATA)
    for found in _RIGHTS.finditer(metadata) if "ights" in metadata else ():
        said = _SPACES.sub(" ", _MARKUP.sub(" ", found[2])).strip()
        if said:
            yield Statement("meta", said, said, 0, 0, METADATA)


def _of_text(text: str) -> Iterator[Statement]:
    """Paragraphs that may speak of a licence, with the addresses that a line's end has broken whole again."""
    paragraphs = (each for each in text.split("\n\n") if _CUES.search(each))
    for paragraph, _ in zip(paragraphs, range(MAX_PARAGRAPHS), strict=False):
        words = _BROKEN.sub("", _SPACES.sub(" ", paragraph).strip())
        yield Statement("words", words, words, 0, 0, FIRST_PAGE)
