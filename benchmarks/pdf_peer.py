"""One reader of PDFs over files, one page after another; run with an interpreter that has it. Imports nothing of ours.

    .peers/pdf/bin/python pdf_peer.py TOOL SECONDS FILE...

Prints, as JSON, the pages read, CPU seconds without imports, and the text of each file; stops after SECONDS of CPU.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator


def pymupdf_plain(path: str) -> Iterator[str]:
    """MuPDF's text as it comes."""
    import pymupdf

    with pymupdf.open(path) as document:
        for page in document:
            yield page.get_text()


def pymupdf_sorted(path: str) -> Iterator[str]:
    """MuPDF's text sorted by place."""
    import pymupdf

    with pymupdf.open(path) as document:
        for page in document:
            yield page.get_text(sort=True)


def pymupdf4llm(path: str) -> Iterator[str]:
    """Markdown by pymupdf4llm with its layout model, OCR off; a page a call, as it has no other way to stop early."""
    import pymupdf
    import pymupdf4llm as llm

    with pymupdf.open(path) as document:
        for number in range(document.page_count):
            yield llm.to_markdown(document, pages=[number], use_ocr=False)


def pypdfium2(path: str) -> Iterator[str]:
    """PDFium's text as it comes."""
    import pypdfium2 as pdfium

    document = pdfium.PdfDocument(path)
    for page in document:
        yield page.get_textpage().get_text_bounded()


def pdfminer(path: str) -> Iterator[str]:
    """pdfminer.six with its layout analysis."""
    from pdfminer.high_level import extract_pages
    from pdfminer.layout import LTTextContainer

    for page in extract_pages(path):
        yield "".join(element.get_text() for element in page if isinstance(element, LTTextContainer))


TOOLS: dict[str, Callable[[str], Iterator[str]]] = {
    "pymupdf plain": pymupdf_plain,
    "pymupdf sorted": pymupdf_sorted,
    "pymupdf4llm": pymupdf4llm,
    "pypdfium2": pypdfium2,
    "pdfminer.six": pdfminer,
}


def main() -> None:
    read, limit, files = TOOLS[sys.argv[1]], float(sys.argv[2]), sys.argv[3:]
    for _ in read(files[0]):
        break  # imports and models
    pages, texts, began = 0, {}, time.process_time()
    for path in files:
        found = []
        for text in read(path):
            found.append(text)
            pages += 1
            if time.process_time() - began > limit:
                break
        texts[path] = "\n\n".join(found)
        if time.process_time() - began > limit:
            break
    print(json.dumps({"pages": pages, "cpu_s": time.process_time() - began, "texts": texts}))


if __name__ == "__main__":
    main()
