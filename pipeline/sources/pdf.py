"""PDF files by their text layer, read page by page in a child process."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, ClassVar, Literal

from pydantic import Field

from pipeline.extraction.child import ChildCrashed, child_of
from pipeline.sources.pdf_metadata import author_of, date_of, language_of, licence_of, title_of, work_of
from pipeline.sources.source import Dropped, Outcome, Piece, Row, Source
from pipeline.sources.text_record import without_surrogates
from pipeline.sources.watched_stream import read_up_to

CHILD = "pipeline.extraction.pdf.child"
_HEAD_BYTES = 1024  # within which a reader looks for the header (ISO 32000-1, Annex H, note 13)
_LINEAR = re.compile(rb"/Linearized\b[^>]{0,200}?/L\s+(\d{1,15})")


class Pdf(Source):
    """PDF files with a text layer; one record a file, its path the key. OCR of those without comes later.

    The text is that of all pages in reading order, column by column; running heads, feet, page numbers and the stamps
    of archives are gone, words broken at line ends are whole, rows of a table are lines with tabs between the cells,
    raised digits are superscripts. A page that cannot be read, has no text, or only a stamp on a scan, counts in
    `pages_without_text`; the others make the document. A damaged file that MuPDF could repair says `is_repaired`.

    `author`, `title`, `date` (of creation) and `language_hint` are the file's own metadata, where they are sensible;
    `work` is the arXiv identifier that the stamp or the file's name gives, or else the DOI of the XMP packet; a
    licence is declared where that packet names exactly one of Creative Commons'.

    Reasons: pdf:not_pdf (no `%PDF-` in the first 1,024 bytes), pdf:encrypted (a password is needed), pdf:truncated (the
    end is missing, and no page can be read), pdf:broken, pdf:no_text_layer, pdf:no_unicode (there is text, in fonts
    that do not say which characters they draw, or name others), pdf:placeholder (a form or portfolio whose only page
    asks for another viewer); resource:record_bytes, resource:pdf_pages, resource:pdf_objects, resource:pdf_content
    (bytes of page content that would have to be interpreted), resource:pdf_text, and resource:pdf_crash: the parser
    died on the file, twice. A page beyond its own budget is one without text; where no other page has any, the reason
    is resource:pdf_page_content or resource:pdf_page_text.
    """

    cpu_s_per_mb: ClassVar[float] = 0.25
    disk_per_byte: ClassVar[float] = 0.1
    kind: Literal["pdf"] = "pdf"
    version: ClassVar[int] = 2  # 2: no cipher text, rows of numbers stay, arXiv's identifiers as in LaTeX
    suffixes: ClassVar[tuple[str, ...]] = (".pdf",)
    small_file_bytes: ClassVar[int] = 8 << 20
    natural_keys: ClassVar[str] = "path"
    decides_with: ClassVar[tuple[str, ...]] = ("pymupdf",)
    max_record_bytes: int = Field(default=128 << 20, ge=1, description="largest file that is read into memory")
    max_pages: int = Field(default=5_000, ge=1, description="pages of a file")
    max_objects: int = Field(default=2_000_000, ge=1, description="objects that a file's table lists")
    max_page_characters: int = Field(default=200_000, ge=1, description="characters of a page; a newspaper has 20,000")
    max_characters: int = Field(default=20_000_000, ge=1, description="characters of a file; the Bible has 4,000,000")
    max_page_work: int = Field(default=16 << 20, ge=1, description="bytes of content that a page draws, decompressed")
    max_work: int = Field(default=1 << 30, ge=1, description="bytes of content that all pages draw, decompressed")

    def read(self, piece: Piece, stream: BinaryIO) -> Iterator[Outcome]:
        """The file as one outcome. Raises EnvironmentTrouble where no child process can be started."""
        path = piece.file.path
        content = read_up_to(stream, self.max_record_bytes + 1)
        size = len(content)
        if size > self.max_record_bytes:
            yield Dropped("resource:record_bytes", path, 0, piece.file.bytes)
        elif b"%PDF-" not in content[: _HEAD_BYTES + 5]:
            yield Dropped("pdf:not_pdf", path, 0, size)
        else:
            found = self._read_in_child(content)
            reason = found.get("reason") or _placeholder(found)
            if reason == "broken" and _is_truncated(content):
                reason = "truncated"
            if reason:
                yield Dropped(reason if ":" in reason else f"pdf:{reason}", path, 0, size)
            else:
                yield _row(path, size, found)

    def _read_in_child(self, content: bytes) -> Mapping[str, Any]:
        budgets = self.model_dump(exclude={"kind", "max_record_bytes"})
        try:
            return child_of(CHILD).ask(budgets, content)
        except ChildCrashed:
            return {"reason": "resource:pdf_crash"}


def _row(path: str, size: int, found: Mapping[str, Any]) -> Row:
    metadata = {name: without_surrogates(value) for name, value in found["metadata"].items()}
    text = without_surrogates(found["text"])
    licence = licence_of(metadata.get("xmp", ""))
    return Row(
        natural_key=path,
        raw_offset=0,
        raw_bytes=size,
        text=text,
        title=title_of(metadata.get("title", ""), text),
        author=author_of(metadata.get("author", "")),
        date=date_of(metadata.get("creationDate", "")),
        language_hint=language_of(metadata.get("language", "")),
        licence_declared=licence[0] if licence else None,
        licence_where="XMP packet" if licence else None,
        licence_quote=licence[1] if licence else None,
        work=work_of(path, found["sideways"], metadata.get("xmp", "")),
        pages=found["pages"],
        pages_without_text=found["pages_without_text"],
        is_repaired=found["is_repaired"],
    )


def _placeholder(found: Mapping[str, Any]) -> str | None:
    """What viewers show that do not know Adobe's dynamic forms, or its portfolios."""
    start = found["text"][:1_000]
    is_form = "If this message is not eventually replaced" in start
    is_portfolio = "open this PDF portfolio in" in start
    return "placeholder" if found["pages"] == 1 and (is_form or is_portfolio) else None


def _is_truncated(content: bytes) -> bool:
    """Whether the end is missing: no end mark in the last 1,024 bytes, or fewer bytes than a linearised file states."""
    linear = _LINEAR.search(content[:_HEAD_BYTES])
    return b"%%EOF" not in content[-1024:] or (linear is not None and int(linear[1]) > len(content))
