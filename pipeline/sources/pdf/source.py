"""PDF files, page by page: by their text layer, or by their picture where that is asked for and says more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO, ClassVar, Literal

from pydantic import Field

from pipeline.extraction.pdf.document import HEAD_BYTES, PdfDocument, PdfPage, is_pdf, read
from pipeline.extraction.pdf.options import PdfOptions
from pipeline.licences.first_page import FIRST_PAGE, METADATA, licence_of_pages
from pipeline.licences.spdx_ids import NOT_KNOWN
from pipeline.sources.pdf.metadata import author_of, date_of, language_of, title_of, work_of
from pipeline.sources.source import Dropped, Outcome, Piece, Row, Source
from pipeline.sources.streams.raw_record import without_surrogates
from pipeline.sources.streams.watched_stream import read_up_to

_WHERE = {FIRST_PAGE: "first page", METADATA: "XMP packet"}
_LINEAR = re.compile(rb"/Linearized\b[^>]{0,200}?/L\s+(\d{1,15})")


class Pdf(PdfOptions, Source):
    """PDF files; one record a file, its path the key. `ocr: auto` also reads pages that are only pictures.

    The text is Markdown: all pages in reading order, column by column; headings by their type, tables between bars,
    code in fences, notes after the paragraph that they belong to. Running heads, feet, page numbers and the stamps of
    archives are gone, words broken at line ends are whole, raised digits are superscripts. `page_evidence` says of
    each page by which way it was read and what was measured. A page that cannot be read, has no text, an old bad OCR
    layer or only a stamp on a scan, counts in `pages_without_text` unless OCR reads it; the others make the document.
    A damaged file that MuPDF could repair says `is_repaired`.

    `author`, `title`, `date` (of creation) and `language_hint` are the file's own metadata, where they are sensible;
    `work` is the arXiv identifier that the stamp or the file's name gives, or else the DOI of the XMP packet; the
    licence is that of a sentence of the first page that puts the document under it, else what that packet names of
    Creative Commons' (`licences.first_page`).

    Reasons: pdf:not_pdf (no `%PDF-` in the first 1,024 bytes), pdf:encrypted (a password is needed), pdf:truncated
    (the end is missing, and no page can be read), pdf:broken, pdf:no_text_layer, pdf:no_unicode (there is text, in
    fonts that do not say which characters they draw, or name others), pdf:bad_ocr_layer, pdf:placeholder (a form or
    portfolio whose only page asks for another viewer); with OCR pdf:no_text_found, pdf:low_confidence (below
    `min_confidence`), pdf:ocr_failed, pdf:ocr_server_cut, pdf:ocr_server_refused, resource:ocr_pages,
    resource:ocr_lines, resource:ocr_letters, resource:ocr_crash, resource:pdf_image_pixels,
    resource:pdf_page_marks, resource:pdf_drawn_pixels; resource:record_bytes, resource:pdf_pages,
    resource:pdf_objects, resource:pdf_content (bytes of page content that would have to be interpreted),
    resource:pdf_text, and resource:pdf_crash: the parser died on the file, twice. A page beyond its own budget is
    one without text; where no other page has any, the reason is resource:pdf_page_content, resource:pdf_page_text
    or resource:pdf_page_images. What a server took for a dropped file is in no column.
    """

    cpu_s_per_mb: ClassVar[float] = 0.25
    disk_per_byte: ClassVar[float] = 0.1
    kind: Literal["pdf"] = "pdf"
    version: ClassVar[int] = (
        12  # 11: by OCR vertical bands, budget of letters; bold names. 12: bans in European languages
    )
    suffixes: ClassVar[tuple[str, ...]] = (".pdf",)
    small_file_bytes: ClassVar[int] = 8 << 20
    natural_keys: ClassVar[str] = "path"
    places: ClassVar[frozenset[str]] = frozenset({"engine"})
    decides_with: ClassVar[tuple[str, ...]] = ("pymupdf", "rapidocr", "onnxruntime", "opencv-python-headless")
    max_record_bytes: int = Field(default=128 << 20, ge=1)
    """Largest file that is read into memory."""

    def fingerprint(self) -> str:
        """What decides how pictures of pages are read. Raises ConfigError where the engine lacks something."""
        return self.engine.fingerprint() if self.ocr != "never" else ""

    def warm_up(self) -> None:
        """Raises ConfigError where the engine lacks something on this machine, before any file is read."""
        self.fingerprint()

    def read(self, piece: Piece, stream: BinaryIO) -> Iterator[Outcome]:
        """The file as one outcome. Raises EnvironmentTrouble where no child process can be started."""
        path = piece.file.path
        content = read_up_to(stream, self.max_record_bytes + 1)
        if len(content) > self.max_record_bytes:
            yield Dropped("resource:record_bytes", path, 0, piece.file.bytes)
        else:
            yield outcome_of(path, content, read(content, self) if is_pdf(content) else None)


def outcome_of(path: str, content: bytes, found: PdfDocument | None) -> Outcome:
    """What a file becomes that was read as `found`; None where it is no PDF."""
    if found is None:
        return Dropped("pdf:not_pdf", path, 0, len(content))
    reason = found.reason or _placeholder(found)
    if reason == "broken" and _is_truncated(content):
        reason = "truncated"
    if reason:
        return Dropped(reason if ":" in reason else f"pdf:{reason}", path, 0, len(content))
    return _row(path, len(content), found)


def _row(path: str, size: int, found: PdfDocument) -> Row:
    metadata = {name: without_surrogates(value) for name, value in found.metadata.items()}
    text = without_surrogates(found.text)
    read_by_ocr = [page for page in found.pages if page.route == "ocr"]
    sure = [(round(10_000 * page.confidence), page.characters) for page in read_by_ocr if page.confidence is not None]
    tokens = sum(sum(page.tokens) for page in found.pages)
    licence = licence_of_pages(found.pages[0].text, metadata.get("xmp", ""))
    return Row(
        natural_key=path,
        raw_offset=0,
        raw_bytes=size,
        text=text,
        title=title_of(metadata.get("title", ""), text),
        author=author_of(metadata.get("author", "")),
        date=date_of(metadata.get("creationDate", "")),
        language_hint=language_of(metadata.get("language", "")),
        licence_declared=None if licence is None or licence.spdx == NOT_KNOWN else licence.spdx,
        licence_where=_WHERE[licence.where] if licence is not None else None,
        licence_quote=licence.quote if licence is not None else None,
        licence_method=licence.method if licence is not None else None,
        licence_confidence=licence.confidence if licence is not None else None,
        work=work_of(path, found.sideways, metadata.get("xmp", "")),
        pages=len(found.pages),
        pages_without_text=sum(page.route == "none" for page in found.pages),
        pages_by_ocr=len(read_by_ocr),
        ocr_confidence=sum(s * n for s, n in sure) // sum(n for _, n in sure) if sure else None,
        ocr_tokens=tokens or None,
        is_repaired=found.is_repaired,
        page_evidence=[_evidence(page) for page in found.pages],
    )


def _evidence(page: PdfPage) -> dict[str, Any]:
    """What `schema.DOCUMENT` has in `page_evidence`; shares in 1e-4."""
    facts = page.facts
    return {
        "page": page.number + 1,
        "route": page.route,
        "layer": page.layer,
        "reason": page.reason or None,
        "confidence": None if page.confidence is None else round(10_000 * page.confidence),
        "characters": facts.characters,
        "lost": facts.lost,
        "hidden": facts.hidden,
        "words": facts.words,
        "pieces": facts.pieces,
        "text_share": round(10_000 * facts.text_share),
        "image_share": round(10_000 * facts.image_share),
        "by_ocr": facts.by_ocr,
        "turn": page.turn,
        "skew": page.skew,
    }


def _placeholder(found: PdfDocument) -> str | None:
    """What viewers show that do not know Adobe's dynamic forms, or its portfolios."""
    start = found.text[:1_000]
    is_form = "If this message is not eventually replaced" in start
    is_portfolio = "open this PDF portfolio in" in start
    return "placeholder" if len(found.pages) == 1 and (is_form or is_portfolio) else None


def _is_truncated(content: bytes) -> bool:
    """Whether the end is missing: no end mark in the last 1,024 bytes, or fewer bytes than a linearised file states."""
    linear = _LINEAR.search(content[:HEAD_BYTES])
    return b"%%EOF" not in content[-1024:] or (linear is not None and int(linear[1]) > len(content))
