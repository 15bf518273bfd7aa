"""The budgets of content, applied to an open document: what a page would make its parser do, counted before it does."""

from __future__ import annotations

import weakref
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.extraction.pdf.hidden_forms import hidden_forms
from pipeline.extraction.pdf.work import Content, Forms, content_of, marks

MAX_DEFLATED = 1032  # bytes that deflate makes of one: 258 of two bits (RFC 1951, 3.2.5)


class OverBudget(Exception):
    """A budget of the document is broken; its name is the message."""


class PageOverBudget(Exception):
    """A budget of a page is broken, the message says which: it is read no further, and the document goes on."""


def within(budget: str, value: int, limit: int) -> None:
    """Raises OverBudget where `value` is above `limit`."""
    if value > limit:
        raise OverBudget(budget)


class Work:
    """Counts the content of pages, one after another. `mupdf`: the binding's module; `troubles`: what it raises."""

    def __init__(
        self, mupdf: Any, document: Any, budgets: Mapping[str, Any], troubles: tuple[type[Exception], ...]
    ) -> None:
        self.mupdf, self._budgets, self.troubles = mupdf, budgets, troubles
        self._pdf = mupdf.pdf_document_from_fz_document(document.this)
        own = weakref.proxy(self)  # else the two would keep a document until Python looks for cycles

        def sized(number: int) -> tuple[int, Content]:
            return (content := own.form(number)).size, content

        def drawing(number: int) -> tuple[int, Content]:
            return (content := own.form(number)).draws, content

        def marked(number: int) -> tuple[int, Content]:
            return marks(own._stream(number)), own.form(number)

        self._sizes, self._draws, self._marks = Forms(sized), Forms(drawing), Forms(marked)
        self._contents: dict[int, Content] = {}
        self._work, self._uncounted_most = 0, 0
        self._uncounted: list[list[int]] = []
        self._content: Content | None = None
        self._numbers: list[int] = []
        self._named: dict[str, int] = {}
        self._forms_by_dictionary: dict[tuple[int, int], dict[str, int]] = {}

    def mind(self, page: Any) -> None:
        """Raises PageOverBudget where a page has too much content, OverBudget where all pages together have.

        What is decoded to be counted is decoded twice, so it is counted only where what deflate can make of it at most
        would break a budget.
        """
        limit = self._budgets["max_page_work"]
        own = self.mupdf.pdf_page_from_fz_page(page.this)
        self._content, self._numbers = None, self._streams_of(own)
        self._named = self._forms_of(self.mupdf.pdf_page_resources(own))
        hidden = 0
        for number in hidden_forms(self.mupdf, own):
            hidden += self._sizes.work_of(number, limit + 1)
            if hidden > limit:
                raise PageOverBudget("resource:pdf_page_content")
        self._work += hidden
        most, is_exact = self._most_of(self._numbers, limit)
        if self._named:
            content = self.content()
            most, is_exact = self._sizes.work(content.size, content, limit + 1), True
            if most > limit:
                raise PageOverBudget("resource:pdf_page_content")
        if is_exact:
            self._work += most
        else:
            self._uncounted.append(self._numbers)
            self._uncounted_most += most
        if self._work + self._uncounted_most > self._budgets["max_work"]:
            self._work += sum(self._counted(numbers, limit) for numbers in self._uncounted)
            self._uncounted, self._uncounted_most = [], 0
            within("pdf_content", self._work, self._budgets["max_work"])

    def _streams_of(self, page: Any) -> list[int]:
        """The object numbers of the content streams of a page of the PDF."""
        mupdf = self.mupdf
        contents = mupdf.pdf_dict_gets(page.obj(), "Contents")
        if not contents.m_internal:
            return []
        if not mupdf.ll_pdf_is_array(contents.m_internal):
            return [mupdf.ll_pdf_to_num(contents.m_internal)]
        count = mupdf.ll_pdf_array_len(contents.m_internal)
        return [mupdf.ll_pdf_to_num(mupdf.ll_pdf_array_get(contents.m_internal, at)) for at in range(count)]

    def _most_of(self, numbers: Sequence[int], limit: int) -> tuple[int, bool]:
        """Bytes of content streams after their filters at most; counted, so exact, where they might be over `limit`."""
        most = 0
        for number in numbers:
            most += self._most_bytes(number, limit + 1 - most)
            if most > limit:
                return self._counted(numbers, limit), True
        return most, False

    def _counted(self, numbers: Sequence[int], limit: int) -> int:
        """Bytes of content streams after their filters. Raises PageOverBudget where they are more than `limit`."""
        size = 0
        for number in numbers:
            size += self._decoded_bytes(number, limit + 1 - size)
            if size > limit:
                raise PageOverBudget("resource:pdf_page_content")
        return size

    def mind_pictures(self) -> None:
        """Raises PageOverBudget where the page draws more pictures than may be looked at, one by one."""
        limit, content = self._budgets["max_page_images"], self.content()
        if self._draws.work(content.draws, content, limit + 1) > limit:
            raise PageOverBudget("resource:pdf_page_images")

    def mind_marks(self) -> None:
        """Raises PageOverBudget where the page draws more than may be looked at, one by one."""
        limit = self._budgets["max_page_marks"]
        if self._marks.work(marks(self._raw()), self.content(), limit + 1) > limit:
            raise PageOverBudget("resource:pdf_page_marks")

    def content(self) -> Content:
        """Of the page that `mind` has passed last; read once."""
        if self._content is None:
            self._content = content_of(self._raw())._replace(forms=self._named)
        return self._content

    def _raw(self) -> bytes:
        """The content streams of the page that `mind` has passed last, as one."""
        return b"\n".join(self._stream(number) for number in self._numbers)

    def resources(self, page: Any) -> Any:
        """The dictionary of what the content of a page names."""
        return self.mupdf.pdf_page_resources(self.mupdf.pdf_page_from_fz_page(page.this))

    def mind_memory(self, error: Exception) -> None:
        """Raises MemoryError where that is what the parser's error means."""
        if isinstance(error, self.mupdf.FzErrorSystem) and "alloc" in str(error):
            raise MemoryError from error

    def _decoded_bytes(self, number: int, limit: int) -> int:
        """Of a stream after its filters, counted up to `limit`, never held; up to where it breaks off."""
        size = 0
        try:
            stream = self.mupdf.pdf_open_stream(self.mupdf.pdf_new_indirect(self._pdf, number, 0))
            while size < limit and (step := self.mupdf.fz_skip(stream, min(limit - size, 1 << 20))):
                size += step
        except self.troubles as error:
            self.mind_memory(error)
        return size

    def _most_bytes(self, number: int, limit: int) -> int:
        """What a stream may be after its filters, at most; `limit` where that is not known, or more."""
        mupdf = self.mupdf
        try:
            stream = mupdf.pdf_new_indirect(self._pdf, number, 0)
            times = self._growth(stream.m_internal)
            if times is None:
                return limit
            raw = mupdf.pdf_open_raw_stream_number(self._pdf, number)
            return min(times * int(mupdf.fz_skip(raw, limit // times + 1)), limit)
        except self.troubles as error:
            self.mind_memory(error)
            return limit

    def form(self, number: int) -> Content:
        """Of a form by its object number, as far as it can be read; once. One that is too long is its size alone."""
        limit = self._budgets["max_page_work"]
        if number not in self._contents:
            raw = self._short(number, limit)
            if raw is None and (size := self._decoded_bytes(number, limit + 1)) > limit:
                content = Content(size)
            else:
                content = content_of(self._stream(number) if raw is None else raw)
            if content.names or content.unnamed:
                resources = self.mupdf.pdf_dict_gets(self.mupdf.pdf_new_indirect(self._pdf, number, 0), "Resources")
                content = content._replace(forms=self._forms_of(resources))
            self._contents[number] = content
        return self._contents[number]

    def _growth(self, stream: Any) -> int | None:
        """How many bytes the filters of a stream may make of one; None where that is not known."""
        gets = self.mupdf.ll_pdf_dict_gets
        kind = gets(stream, "Filter")
        if gets(stream, "F") is not None:
            return None
        return 1 if kind is None else MAX_DEFLATED if self.mupdf.ll_pdf_to_name(kind) == "FlateDecode" else None

    def _short(self, number: int, limit: int) -> bytes | None:
        """A stream after its filters, where it is whole, stands as it is or deflated, and cannot be over `limit`.

        Past the parser's filters, which take twice as long for the glyphs of Type 3 fonts, of some hundred bytes each.
        """
        mupdf = self.mupdf
        try:
            stream = mupdf.pdf_new_indirect(self._pdf, number, 0)
            own, gets = stream.m_internal, mupdf.ll_pdf_dict_gets
            times = self._growth(own)
            is_predicted = gets(own, "DecodeParms") is not None or gets(own, "DP") is not None
            if times is None or is_predicted or mupdf.ll_pdf_to_int(gets(own, "Length")) * times > limit:
                return None
            raw = self.packed(number)  # up to `endstream`, whatever its length says; nothing where that is over 100 MiB
            if not 0 < len(raw) * times <= limit:
                return None
            if times == 1:
                return raw
            inflater = zlib.decompressobj()
            content = inflater.decompress(raw, limit)
        except zlib.error:
            return None
        except self.troubles as error:
            self.mind_memory(error)
            return None
        return content if inflater.eof else None

    def _stream(self, number: int) -> bytes:
        """A content stream after its filters, as far as it can be read; one that is known not to be too long."""
        if (short := self._short(number, self._budgets["max_page_work"])) is not None:
            return short
        try:
            return bytes(self.mupdf.fz_buffer_extract_copy(self.mupdf.pdf_load_stream_number(self._pdf, number)))
        except self.troubles as error:
            self.mind_memory(error)
            return b""

    def packed(self, number: int) -> bytes:
        """A stream as it stands in the file; empty where it cannot be read."""
        try:
            return bytes(self.mupdf.fz_buffer_extract_copy(self.mupdf.pdf_load_raw_stream_number(self._pdf, number)))
        except self.troubles as error:
            self.mind_memory(error)
            return b""

    def _forms_of(self, resources: Any) -> dict[str, int]:
        """The forms (XObjects) that resources name, and their object numbers; one dictionary is read once."""
        objects = self.mupdf.pdf_dict_gets(resources, "XObject")
        if not objects.m_internal:
            return {}
        numbers = self.mupdf.pdf_to_num(objects), self.mupdf.pdf_to_num(resources)
        if not any(numbers):
            return self._forms_among(objects)
        if numbers not in self._forms_by_dictionary:
            self._forms_by_dictionary[numbers] = self._forms_among(objects)
        return self._forms_by_dictionary[numbers]

    def _forms_among(self, objects: Any) -> dict[str, int]:
        found: dict[str, int] = {}
        mupdf, its = self.mupdf, objects.m_internal
        for at in range(mupdf.ll_pdf_dict_len(its)):
            value = mupdf.ll_pdf_dict_get_val(its, at)
            if self.name_in(value, "Subtype") == "Form":
                found[mupdf.ll_pdf_to_name(mupdf.ll_pdf_dict_get_key(its, at))] = mupdf.ll_pdf_to_num(value)
        return found

    def name_in(self, dictionary: Any, key: str) -> str:
        """A name that a dictionary holds.

        The binding's low functions (ll_) count no references, for a fifth of the time: what they give is read at once,
        and what holds it is kept by an object of the binding, as a repair of the file drops what nobody keeps.
        """
        return str(self.mupdf.ll_pdf_to_name(self.mupdf.ll_pdf_dict_gets(dictionary, key)))
