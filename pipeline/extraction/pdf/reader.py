"""The pages of one open document, read one after another: their lines of text, and what is measured of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from pipeline.extraction.pdf.characters import NO_LETTERS, Letters, is_ciphered, is_wide, letters_of
from pipeline.extraction.pdf.flow import Block, blocks_of
from pipeline.extraction.pdf.layout import columns
from pipeline.extraction.pdf.margins import Page
from pipeline.extraction.pdf.marks import has_marks
from pipeline.extraction.pdf.page_work import PageOverBudget, Work, within
from pipeline.extraction.pdf.pictures import Pictures
from pipeline.extraction.pdf.plain_words import plausibility_of
from pipeline.extraction.pdf.plausibility import Plausibility, lost_characters
from pipeline.extraction.pdf.routing import (
    BELIEVED,
    STAMP_CHARACTERS,
    SURELY_PLAUSIBLE,
    PageFacts,
    judged,
    own_images,
)
from pipeline.extraction.pdf.run_arrays import runs_of
from pipeline.extraction.pdf.runs import Face, PageText, are_glued, bands, page_text, plain_text
from pipeline.extraction.pdf.spans import Box, Run
from pipeline.extraction.pdf.textpage import TextPage, hidden_characters
from pipeline.extraction.pdf.walker import Walker

_FACTS = tuple(fact.name for fact in fields(PageFacts))


@dataclass(slots=True)
class _Read:
    """A page: its faces, what was measured, its pictures (digest -> share of the page), and the text of an engine."""

    facts: PageFacts
    faces: list[Face] = field(default_factory=list)
    pictures: dict[int, float] = field(default_factory=dict)
    plain: str = ""
    letters: Letters = NO_LETTERS
    given: list[str] | None = None


class Reader:
    """Reads pages in order; of each only lines of text are kept.

    `believed`: the pages whose layer is taken, where that was decided before. `given`: by page, what OCR read: `runs`
    ([x0, y0, x1, y1, size, text] in points) with the page's `box` and `is_vertical` (engines.Reading), or `text`.
    `work` counts what a page makes the parser do, and knows what that raises on a broken one.
    """

    def __init__(self, document: Any, work: Work, question: Mapping[str, Any], by_ocr: bool) -> None:
        self._document, self._work, self._budgets = document, work, question
        self._walker = Walker(work.mupdf)
        self._pictures = Pictures(work, self._walker)
        self._given: Mapping[str, Any] = question.get("given", {})
        self._by_ocr = by_ocr
        self._pages: list[_Read] = []
        self._characters = 0
        self.sideways: list[str] = []

    def read(self, number: int, flags: int) -> None:
        """Read a page, if it can be read within the budgets; one that cannot is one whose `failed` says why."""
        given = self._given.get(str(number))
        if given is not None:
            self._pages.append(_of_ocr(given))
            self._count(sum(len(run[5]) for run in given.get("runs", ())) + len(given.get("text", "")))
            return
        try:
            page = self._document.load_page(number)
            self._work.mind(page)
            textpage = page.get_textpage(flags=flags)
            found, names = self._walker.read(textpage)
            plain, codes, long = plain_text(found)
            if len(plain) > self._budgets["max_page_characters"]:
                raise PageOverBudget("resource:pdf_page_text")
            self._count(len(plain))
            media = textpage.this.m_internal.mediabox
            box = (0.0, 0.0, float(media.x1), float(media.y1))
            text = page_text(found, names, box, is_glued=are_glued(long))
            if number == 0:
                self.sideways = [line[:200] for line in text.sideways[:20]]
            self._pages.append(self._measured(page, text, found, plain, plausibility_of(codes, plain)))
        except PageOverBudget as error:
            self._pages.append(_Read(PageFacts(failed=str(error))))
        except self._work.troubles as error:
            self._work.mind_memory(error)
            self._pages.append(_Read(PageFacts(failed="broken")))

    def _count(self, characters: int) -> None:
        self._characters += characters
        within("pdf_text", self._characters, self._budgets["max_characters"])

    def _measured(self, page: Any, text: PageText, drawn: TextPage, plain: str, likely: Plausibility) -> _Read:
        bare = "".join([said for face in text.faces for said in face.runs.texts])
        letters = letters_of(drawn.codes)
        facts = PageFacts(
            characters=len("".join(bare.split())) if len(bare) < STAMP_CHARACTERS else len(bare),
            lost=lost_characters(bare),
            hidden=hidden_characters(drawn.span_flags, drawn.span_range),
            written=sum(map(str.isalnum, bare)) if len(bare) < STAMP_CHARACTERS else len(bare),
            words=likely.words,
            pieces=likely.pieces,
            is_ciphered=is_ciphered(plain, letters),
            text_share=text.text_area / self._area(page),
            by_ocr=self._by_ocr,
        )
        pictures: dict[int, float] = {}
        if facts.characters <= STAMP_CHARACTERS or facts.plausible_share < SURELY_PLAUSIBLE:
            pictures = self._pictures.of(page)
            facts = replace(facts, has_marks=bool(pictures) or has_marks(self._work.mupdf, page))
        return _Read(facts, text.faces, pictures, plain, letters)

    def _area(self, page: Any) -> float:
        rect = self._work.mupdf.ll_fz_bound_page(page.this.m_internal)
        return max((rect.x1 - rect.x0) * (rect.y1 - rect.y0), 1.0)

    def _is_believed(self, number: int, facts: PageFacts) -> bool:
        """As was said before, where some pages are given: without them, others would be judged differently."""
        believed = self._budgets.get("believed")
        return judged(facts).layer in BELIEVED if believed is None else number in believed

    def found(self) -> dict[str, Any]:
        """`facts`, `texts` and `has_text`, one of each a page. A layer that is no text (see routing) gives none.

        A page on which a paragraph only goes on has text, though that stands where the paragraph begins.
        """
        shares = own_images([page.pictures for page in self._pages])
        letters = Letters(*map(sum, zip(*(page.letters for page in self._pages), strict=True)))
        is_cipher = is_ciphered("\n".join([page.plain for page in self._pages]), letters)
        everything: list[Page] = []
        gutters: dict[Box, list[float]] = {}
        texts: list[list[Block]] = [[] for _ in self._pages]
        for number, (page, share) in enumerate(zip(self._pages, shares, strict=True)):
            if share or is_cipher:
                page.facts = replace(page.facts, image_share=share, is_ciphered=page.facts.is_ciphered or is_cipher)
            if page.given is not None:
                texts[number] = [Block([number], text) for text in page.given]
            elif str(number) in self._given or self._is_believed(number, page.facts):
                for face in page.faces:
                    known = gutters.setdefault(face.box, [])
                    everything.append(Page(number, columns(face.runs, known), face.box))
        for block in blocks_of(everything):
            texts[block.pages[0]].append(block)
        spoken = {number for page in texts for block in page for number in block.pages}
        return {
            "facts": [{name: getattr(page.facts, name) for name in _FACTS} for page in self._pages],
            "texts": ["\n\n".join(block.text for block in page) for page in texts],
            "has_text": [number in spoken for number in range(len(texts))],
            "sideways": self.sideways,
        }


def _of_ocr(given: Mapping[str, Any]) -> _Read:
    if "text" in given:
        paragraphs = [part.strip() for part in given["text"].split("\n\n")]
        return _Read(PageFacts(), given=[part for part in paragraphs if part])
    runs = [Run(x0, y0, x1, y1, size, text, weight=len(text)) for x0, y0, x1, y1, size, text in given["runs"]]
    box = tuple(given["box"])
    is_vertical = given["is_vertical"] and 2 * sum(is_wide(run.text[:1]) for run in runs) > len(runs)
    found = runs_of(runs)
    return _Read(PageFacts(), [Face(part, box) for part in (bands(found) if is_vertical else [found])])
