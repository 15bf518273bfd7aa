"""The pictures that a page draws, told apart by their content: what comes again on many pages is their background."""

from __future__ import annotations

from typing import Any

from pipeline.extraction.pdf.hidden_forms import has_drawn_notes, may_hide_pictures
from pipeline.extraction.pdf.page_work import Work
from pipeline.extraction.pdf.walker import Walker
from pipeline.extraction.pdf.work import digest

MAX_FORMS = 2_000  # of a page that are looked into for pictures

Size = tuple[int, int]


class Pictures:
    """The pictures of the pages of one document."""

    def __init__(self, work: Work, walker: Walker) -> None:
        self._work, self._walker = work, walker
        self._known: dict[int, int] = {}

    def of(self, page: Any) -> dict[int, float]:
        """Digest of a picture (its content, size and place) -> the share of the page that it covers.

        Raises PageOverBudget where a page draws too many.
        """
        self._work.mind_pictures()
        contents, is_all = self._contents(page)
        if is_all and not contents:
            return {}  # for a fifth of the time that the parser's list of them takes
        found: dict[int, float] = {}
        images = self._walker.pictures(page.get_textpage(flags=self._work.mupdf.FZ_STEXT_PRESERVE_IMAGES))
        everything = sorted(digest for digests in contents.values() for digest in digests)
        rect = page.rect
        area = max(float(rect.width) * float(rect.height), 1.0)
        for size, raw_bytes, (x0, y0, x1, y1) in images:
            width, height = min(x1, rect.x1) - max(x0, rect.x0), min(y1, rect.y1) - max(y0, rect.y0)
            if width > 0 and height > 0:
                content = sorted(contents.get(size, ())) or everything
                key = hash((*size, raw_bytes, round(x0), round(y0), round(x1), round(y1), *content))
                found[key] = found.get(key, 0.0) + width * height / area
        return found

    def _contents(self, page: Any) -> tuple[dict[Size, set[int]], bool]:
        """Digests of the pictures that the content of a page names, by their size in pixels; of those within, by 0.

        And whether these are all that it may draw.
        """
        found: dict[Size, set[int]] = {}
        seen: set[int] = set()
        left = [(self._work.content(), self._work.resources(page))]
        mupdf = self._work.mupdf
        is_all = not has_drawn_notes(mupdf, mupdf.pdf_page_from_fz_page(page.this))
        while left and len(seen) <= MAX_FORMS:
            content, resources = left.pop()
            objects = mupdf.pdf_dict_gets(resources, "XObject")
            is_named = sum(content.names.values()) == content.draws
            is_all = is_all and is_named and not may_hide_pictures(mupdf, resources.m_internal)
            if content.inline:
                found.setdefault((0, 0), set()).update(content.inline)
            for name in sorted(content.names):
                value = mupdf.pdf_dict_gets(objects, name)
                own = value.m_internal
                number, kind = mupdf.ll_pdf_to_num(own), self._work.name_in(own, "Subtype")
                is_all = is_all and own is not None  # else it is one of those of what draws this content
                if kind == "Image":
                    sides = [mupdf.ll_pdf_to_int(mupdf.ll_pdf_dict_gets(own, side)) for side in ("Width", "Height")]
                    found.setdefault((sides[0], sides[1]), set()).add(self._of_image(number))
                elif kind == "Form" and number not in seen:
                    seen.add(number)
                    left.append((self._work.form(number), mupdf.pdf_dict_gets(value, "Resources")))
        return found, is_all and not left

    def _of_image(self, number: int) -> int:
        if number not in self._known:
            self._known[number] = digest(self._work.packed(number))
        return self._known[number]
