"""The budgets of content, applied to an open document: what a page would make its parser do, counted before it does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.extraction.pdf.work import Content, Forms


class OverBudget(Exception):
    """A budget of the document is broken; its name is the message."""


class PageOverBudget(Exception):
    """A budget of a page is broken, the message says which: it is read no further, and the document goes on."""


def within(budget: str, value: int, limit: int) -> None:
    """Raises OverBudget where `value` is above `limit`."""
    if value > limit:
        raise OverBudget(budget)


class Work:
    """Counts the content of pages. `mupdf`: the binding's module; `troubles`: what it raises on a broken file."""

    def __init__(
        self, mupdf: Any, document: Any, budgets: Mapping[str, Any], troubles: tuple[type[Exception], ...]
    ) -> None:
        self._mupdf, self._document, self._budgets, self.troubles = mupdf, document, budgets, troubles
        self._pdf = mupdf.pdf_document_from_fz_document(document.this)
        self._forms = Forms(self._form)
        self._work = 0

    def mind(self, page: Any) -> None:
        """Raises PageOverBudget where a page has too much content, OverBudget where all pages together have."""
        limit = self._budgets["max_page_work"]
        numbers = page.get_contents()
        size = 0
        for number in numbers:
            size += self._decoded_bytes(number, limit + 1 - size)
            if size > limit:
                raise PageOverBudget("resource:pdf_page_content")
        forms = self._forms_of(self._mupdf.pdf_page_resources(self._mupdf.pdf_page_from_fz_page(page.this)))
        if forms:
            raw = b"\n".join(self._stream(number) for number in numbers)
            size = self._forms.work((raw, forms), limit + 1)
            if size > limit:
                raise PageOverBudget("resource:pdf_page_content")
        self._work += size
        within("pdf_content", self._work, self._budgets["max_work"])

    def mind_memory(self, error: Exception) -> None:
        """Raises MemoryError where that is what the parser's error means."""
        if isinstance(error, self._mupdf.FzErrorSystem) and "alloc" in str(error):
            raise MemoryError from error

    def _decoded_bytes(self, number: int, limit: int) -> int:
        """Of a stream after its filters, counted up to `limit`, never held; up to where it breaks off."""
        size = 0
        try:
            stream = self._mupdf.pdf_open_stream(self._mupdf.pdf_new_indirect(self._pdf, number, 0))
            while size < limit and (step := self._mupdf.fz_skip(stream, min(limit - size, 1 << 20))):
                size += step
        except self.troubles as error:
            self.mind_memory(error)
        return size

    def _stream(self, number: int) -> bytes:
        if self._decoded_bytes(number, self._budgets["max_page_work"] + 1) > self._budgets["max_page_work"]:
            raise PageOverBudget("resource:pdf_page_content")
        try:
            return bytes(self._document.xref_stream(number) or b"")
        except self.troubles as error:
            self.mind_memory(error)
            return b""

    def _form(self, number: int) -> Content:
        raw = self._stream(number)
        resources = self._mupdf.pdf_dict_gets(self._mupdf.pdf_new_indirect(self._pdf, number, 0), "Resources")
        return raw, self._forms_of(resources) if b"Do" in raw else {}

    def _forms_of(self, resources: Any) -> dict[str, int]:
        """The form XObjects that resources name, and their object numbers."""
        found: dict[str, int] = {}
        mupdf = self._mupdf
        objects = mupdf.pdf_dict_gets(resources, "XObject")
        for at in range(mupdf.pdf_dict_len(objects)):
            value = mupdf.pdf_dict_get_val(objects, at)
            if mupdf.pdf_to_name(mupdf.pdf_dict_gets(value, "Subtype")) == "Form":
                found[mupdf.pdf_to_name(mupdf.pdf_dict_get_key(objects, at))] = mupdf.pdf_to_num(value)
        return found
