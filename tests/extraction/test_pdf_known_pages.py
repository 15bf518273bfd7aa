"""Reading order on rendered pages of known order: one, two, three columns, tables, footnotes, drawn in any order."""

from __future__ import annotations

import pytest

from benchmarks.pdf_known_pages import NOTE, KnownPage, bare, known_pages
from pipeline.extraction.pdf import extract

PAGES = list(known_pages())


@pytest.mark.parametrize("page", PAGES, ids=[f"{at}: {page.name}" for at, page in enumerate(PAGES)])
def test_every_page_is_read_as_it_was_set(page: KnownPage) -> None:
    found = extract(page.content, ocr="never")
    assert bare(found.text) == bare("\n\n".join(page.blocks))
    assert found.text.startswith(f"# {page.blocks[0]}\n\n")
    paragraphs = found.text.split("\n\n")
    assert ("| Copper | 8.96 | 1,085 | in veins |" in found.text) == (" table" in page.name)
    if " footnote" in page.name:
        at = paragraphs.index(f"¹{NOTE}")
        assert paragraphs[at - 1].endswith("¹")


def test_the_layouts_are_all_there() -> None:
    assert len(PAGES) == 54
    assert len({page.content for page in PAGES}) == len(PAGES)
    assert {page.name.split(" ")[0] for page in PAGES} == {"1", "2", "3"}
