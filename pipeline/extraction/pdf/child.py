"""The child process that reads PDFs: the only module that knows PyMuPDF (AGPL-3.0, or commercial)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pymupdf as untyped

from pipeline.extraction.child import allow_cpu, serve
from pipeline.extraction.pdf.characters import is_ciphered, is_unreadable
from pipeline.extraction.pdf.flow import text_of
from pipeline.extraction.pdf.layout import columns
from pipeline.extraction.pdf.margins import Page
from pipeline.extraction.pdf.runs import PageText, is_glued, page_text
from pipeline.extraction.pdf.spans import Box
from pipeline.extraction.pdf.work import Content, Forms

pymupdf: Any = untyped
mupdf: Any = untyped.mupdf

# The last resort, where the budgets decide. Within them the dearest page found, of nothing but text, takes 450 MB and
# 1.7 s; of 126 real files the largest takes 80 MB, and a page 0.01 s.
MEMORY_BYTES = 3 << 29
CPU_SECONDS = 60  # for a page, and for opening
MIN_TEXT_AREA = 0.03  # of the page; less text than that on a page that an image covers is a stamp on a scan
MIN_COVER = 0.5  # of the page, by its largest image
STAMP_PAGE = 300  # characters; more is text whatever lies beside it

# Ligatures taken apart, white space as spaces, no images; U+FFFD for a character without a Unicode value.
FLAGS = pymupdf.TEXT_MEDIABOX_CLIP

# What MuPDF raises on a broken file, and PyMuPDF for it.
TROUBLES: tuple[type[Exception], ...] = (mupdf.FzErrorBase, RuntimeError, ValueError)


class _OverBudget(Exception):
    """A budget of the document is broken; its name is the message."""


class _PageOverBudget(Exception):
    """A budget of a page is broken: it is read no further, and the document goes on."""


def answer(question: Mapping[str, Any], content: bytes) -> dict[str, Any]:
    """What the file holds: `text`, `pages`, `pages_without_text`, `is_repaired`, `metadata`, `sideways`; or `reason`.

    The question holds the budgets (`max_pages`, `max_objects`, `max_page_characters`, `max_characters`,
    `max_page_work`, `max_work`). Reasons: encrypted, broken, no_text_layer, no_unicode, or the name of a budget
    after `resource:`.
    """
    allow_cpu(CPU_SECONDS)
    pymupdf.TOOLS.reset_mupdf_warnings()
    try:
        found = _document(question, content)
    except _OverBudget as error:
        found = {"reason": f"resource:{error}"}
    except TROUBLES as error:
        _mind_memory(error)
        found = {"reason": "encrypted" if "encrypt" in str(error).lower() else "broken"}
    if "malloc" in pymupdf.TOOLS.mupdf_warnings():  # MuPDF goes on without what it had no memory for
        raise MemoryError
    pymupdf.TOOLS.store_shrink(100)
    return found


def _document(question: Mapping[str, Any], content: bytes) -> dict[str, Any]:
    with pymupdf.open(stream=content, filetype="pdf") as document:
        if document.needs_pass:
            return {"reason": "encrypted"}
        count = document.page_count
        if count < 1:
            return {"reason": "broken"}
        _within("pdf_pages", count, question["max_pages"])
        _within("pdf_objects", document.xref_length(), question["max_objects"])
        reader = _Reader(document, question)
        for number in range(count):
            allow_cpu(CPU_SECONDS)
            reader.read(number)
        found = reader.found()
        found["is_repaired"] = bool(document.is_repaired)
        found["metadata"] = _metadata(document)
        return found


def _within(budget: str, value: int, limit: int) -> None:
    if value > limit:
        raise _OverBudget(budget)


class _Reader:
    """The pages of one document, read one after another; only lines of text are kept of them."""

    def __init__(self, document: Any, budgets: Mapping[str, Any]) -> None:
        self._document, self._budgets = document, budgets
        self._pdf = mupdf.pdf_document_from_fz_document(document.this)
        self._forms = Forms(self._form)
        self._faces: list[Page] = []
        self._work = self._characters = 0
        self._pages = self._broken = self._unreadable = self._without_text = 0
        self._over_budget = ""
        self._gutters: dict[Box, list[float]] = {}
        self._sideways: list[str] = []

    def read(self, number: int) -> None:
        """Read a page, if it can be read within the budgets; one that cannot is one without text."""
        self._pages += 1
        try:
            page = self._document.load_page(number)
            self._mind_work(page)
            textpage = page.get_textpage(flags=FLAGS)
            plain = textpage.extractText()
            size = len(plain)
            if size > self._budgets["max_page_characters"]:
                raise _PageOverBudget("pdf_page_text")
            self._characters += size
            _within("pdf_text", self._characters, self._budgets["max_characters"])
            found = textpage.extractRAWDICT() if is_glued(plain) else textpage.extractDICT()
            blocks = found["blocks"]
            box = (0.0, 0.0, float(textpage.rect.x1), float(textpage.rect.y1))
            text = page_text(blocks, box)
            is_stamp = bool(text.faces) and self._is_stamp(page, text)
        except _PageOverBudget as error:
            self._over_budget = str(error)
            self._without_text += 1
            return
        except TROUBLES as error:
            _mind_memory(error)
            self._broken += 1
            self._without_text += 1
            return
        if number == 0:
            self._sideways = [line[:200] for line in text.sideways[:20]]
        if not text.faces or is_stamp:
            self._without_text += 1
        elif is_unreadable("".join(run.text for face in text.faces for run in face.runs)):
            self._unreadable += 1
            self._without_text += 1
        else:
            for face in text.faces:
                gutters = self._gutters.setdefault(face.box, [])
                self._faces.append(Page(number, columns(face.runs, gutters), face.box))

    def found(self) -> dict[str, Any]:
        """What all pages together are."""
        if self._broken == self._pages:
            return {"reason": "broken"}
        text = text_of(self._faces)
        if not text and self._over_budget:
            return {"reason": f"resource:{self._over_budget}"}
        if not text:
            return {"reason": "no_unicode" if self._unreadable else "no_text_layer"}
        if is_ciphered(text):
            return {"reason": "no_unicode"}
        return {
            "text": text,
            "pages": self._pages,
            "pages_without_text": self._without_text,
            "sideways": self._sideways,
        }

    def _is_stamp(self, page: Any, text: PageText) -> bool:
        """Whether the text is only a stamp on a scanned page."""
        x0, y0, x1, y1 = text.faces[0].box
        area = max((x1 - x0) * (y1 - y0), 1.0)
        if text.text_area >= MIN_TEXT_AREA * area or text.characters > STAMP_PAGE:
            return False
        boxes = [image["bbox"] for image in page.get_image_info()]
        return any((box[2] - box[0]) * (box[3] - box[1]) >= MIN_COVER * area for box in boxes)

    def _mind_work(self, page: Any) -> None:
        limit = self._budgets["max_page_work"]
        numbers = page.get_contents()
        size = 0
        for number in numbers:
            size += self._decoded_bytes(number, limit + 1 - size)
            if size > limit:
                raise _PageOverBudget("pdf_page_content")
        forms = self._forms_of(mupdf.pdf_page_resources(mupdf.pdf_page_from_fz_page(page.this)))
        if forms:
            raw = b"\n".join(self._stream(number) for number in numbers)
            size = self._forms.work((raw, forms), limit + 1)
            if size > limit:
                raise _PageOverBudget("pdf_page_content")
        self._work += size
        _within("pdf_content", self._work, self._budgets["max_work"])

    def _decoded_bytes(self, number: int, limit: int) -> int:
        """Of a stream after its filters, counted up to `limit`, never held; up to where it breaks off."""
        size = 0
        try:
            stream = mupdf.pdf_open_stream(mupdf.pdf_new_indirect(self._pdf, number, 0))
            while size < limit and (step := mupdf.fz_skip(stream, min(limit - size, 1 << 20))):
                size += step
        except TROUBLES as error:
            _mind_memory(error)
        return size

    def _stream(self, number: int) -> bytes:
        if self._decoded_bytes(number, self._budgets["max_page_work"] + 1) > self._budgets["max_page_work"]:
            raise _PageOverBudget("pdf_page_content")
        try:
            return bytes(self._document.xref_stream(number) or b"")
        except TROUBLES as error:
            _mind_memory(error)
            return b""

    def _form(self, number: int) -> Content:
        raw = self._stream(number)
        resources = mupdf.pdf_dict_gets(mupdf.pdf_new_indirect(self._pdf, number, 0), "Resources")
        return raw, self._forms_of(resources) if b"Do" in raw else {}

    def _forms_of(self, resources: Any) -> dict[str, int]:
        """The form XObjects that resources name, and their object numbers."""
        found: dict[str, int] = {}
        objects = mupdf.pdf_dict_gets(resources, "XObject")
        for at in range(mupdf.pdf_dict_len(objects)):
            value = mupdf.pdf_dict_get_val(objects, at)
            if mupdf.pdf_to_name(mupdf.pdf_dict_gets(value, "Subtype")) == "Form":
                found[mupdf.pdf_to_name(mupdf.pdf_dict_get_key(objects, at))] = mupdf.pdf_to_num(value)
        return found


def _metadata(document: Any) -> dict[str, str]:
    """The information dictionary, /Lang and the XMP packet, as far as they can be read; at most 1 MiB."""
    found: dict[str, str] = {}
    try:
        found = {key: value[:4_000] for key, value in (document.metadata or {}).items() if isinstance(value, str)}
        kind, language = document.xref_get_key(document.pdf_catalog(), "Lang")
        found["language"] = language[:100] if kind == "string" else ""
        found["xmp"] = document.get_xml_metadata()[: 1 << 20]
    except TROUBLES as error:
        _mind_memory(error)
    return found


def _mind_memory(error: Exception) -> None:
    if isinstance(error, mupdf.FzErrorSystem) and "alloc" in str(error):
        raise MemoryError from error


if __name__ == "__main__":
    pymupdf.TOOLS.mupdf_display_errors(False)
    pymupdf.TOOLS.mupdf_display_warnings(False)
    pymupdf.TOOLS.set_small_glyph_heights(True)
    serve(answer, memory_bytes=MEMORY_BYTES)
