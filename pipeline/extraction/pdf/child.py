"""The child process that reads PDFs: the only module that knows PyMuPDF (AGPL-3.0, or commercial)."""

from __future__ import annotations

import base64
import gc
from collections.abc import Mapping
from typing import Any

import pymupdf as untyped

from pipeline.extraction.child import allow_cpu, serve
from pipeline.extraction.pdf.options import BUDGETS
from pipeline.extraction.pdf.page_work import OverBudget, PageOverBudget, Work, within
from pipeline.extraction.pdf.reader import Reader
from pipeline.extraction.pdf.routing import OCR_PROGRAMS
from pipeline.extraction.pdf.walker import Walker
from pipeline.process.kernels import compiled_once

pymupdf: Any = untyped
mupdf: Any = untyped.mupdf

# The last resort, where the budgets decide. Within them the dearest page of nothing but text takes 450 MB and 1.7 s,
# one of states saved and restored 2.3 s, one drawn 6.5 s (docs/how-to/pdf.md has what no budget counts); real ones
# 240 MB, 0.01 s.
MEMORY_BYTES = 3 << 29
CPU_SECONDS = 60  # for a page, and for opening
COMPILING_SECONDS = 1_200  # for the made page that is read first: kernels are compiled by it, some 30 s here
POINTS_PER_INCH = 72
NEW_OBJECTS = 50_000  # before Python looks for cycles, of which a document makes none: a page has some 3,000

# Ligatures taken apart, white space as spaces, no images; U+FFFD for a character without a Unicode value.
FLAGS = pymupdf.TEXT_MEDIABOX_CLIP

# What MuPDF raises on a broken file, and PyMuPDF for it.
TROUBLES: tuple[type[Exception], ...] = (mupdf.FzErrorBase, RuntimeError, ValueError)


def answer(question: Mapping[str, Any], content: bytes) -> dict[str, Any]:
    """What the question asks for: all pages read (`do`: read), or some of them as pictures (`do`: draw).

    read: `facts`, `texts` and `has_text` (one of each a page), `is_repaired`, `metadata`, `sideways`; or `reason`:
    encrypted, broken, or the name of a budget after `resource:`. The question holds the budgets (options.BUDGETS), and
    in `given` what OCR read of some pages, with the pages whose layer is `believed`.

    draw: `pictures`, of the first of `pages` as many as `batch_pixels` hold, one at least; or `reason`. Each has
    `width`, `height` (pixels), `dpi`, `points` (of the page), `gray` (base64, a byte a pixel), or `png` (base64) where
    the question has `as_png`; or `reason`. It holds `dpi`, `max_pixels` (of a picture, for which the resolution is
    lowered), `max_image_pixels` (of all pictures that a page draws) and `max_drawn_pixels` (of all that it draws).
    """
    return _answer(question, content, CPU_SECONDS)


def _answer(question: Mapping[str, Any], content: bytes, seconds: int) -> dict[str, Any]:
    allow_cpu(seconds)
    pymupdf.TOOLS.reset_mupdf_warnings()
    pymupdf.TOOLS.set_icc(question["do"] == "draw")  # no text depends on colour profiles: 6 % less time
    try:
        found = _document(question, content, seconds)
    except OverBudget as error:
        found = {"reason": f"resource:{error}"}
    except TROUBLES as error:
        _mind_memory(error)
        found = {"reason": "encrypted" if "encrypt" in str(error).lower() else "broken"}
    if "malloc" in pymupdf.TOOLS.mupdf_warnings():  # MuPDF goes on without what it had no memory for
        raise MemoryError
    pymupdf.TOOLS.store_shrink(100)
    return found


def _document(question: Mapping[str, Any], content: bytes, seconds: int) -> dict[str, Any]:
    with pymupdf.open(stream=content, filetype="pdf") as document:
        if document.needs_pass:
            return {"reason": "encrypted"}
        count = document.page_count
        if count < 1:
            return {"reason": "broken"}
        within("pdf_pages", count, question["max_pages"])
        within("pdf_objects", document.xref_length(), question["max_objects"])
        work = Work(mupdf, document, question, TROUBLES)
        if question["do"] == "draw":
            return {"pictures": _drawn(document, work, question)}
        metadata = _metadata(document)
        program = f"{metadata.get('producer', '')} {metadata.get('creator', '')}".lower()
        reader = Reader(document, work, question, any(name in program for name in OCR_PROGRAMS))
        for number in range(count):
            allow_cpu(seconds)
            reader.read(number, FLAGS)
        return reader.found() | {"is_repaired": bool(document.is_repaired), "metadata": metadata}


def _drawn(document: Any, work: Work, question: Mapping[str, Any]) -> list[dict[str, Any]]:
    pictures: list[dict[str, Any]] = []
    left = question["batch_pixels"]
    for number in question["pages"]:
        allow_cpu(CPU_SECONDS)
        try:
            pictures.append(_picture(document.load_page(number), work, question))
        except PageOverBudget as error:
            pictures.append({"reason": str(error)})
        except TROUBLES as error:
            _mind_memory(error)
            pictures.append({"reason": "broken"})
        left -= pictures[-1].get("width", 0) * pictures[-1].get("height", 0)
        if left <= 0:
            break
    return pictures


def _picture(page: Any, work: Work, question: Mapping[str, Any]) -> dict[str, Any]:
    work.mind(page)
    work.mind_pictures()
    work.mind_marks()
    if sum(image["width"] * image["height"] for image in page.get_image_info()) > question["max_image_pixels"]:
        raise PageOverBudget("resource:pdf_image_pixels")
    width, height = max(page.rect.width, 1.0), max(page.rect.height, 1.0)
    scale = question["dpi"] / POINTS_PER_INCH
    scale = min(scale, (question["max_pixels"] / (width * height)) ** 0.5)
    if not _marked_area(page) * scale**2 <= question["max_drawn_pixels"]:
        raise PageOverBudget("resource:pdf_drawn_pixels")
    picture = page.get_pixmap(matrix=pymupdf.Matrix(scale, scale), colorspace=pymupdf.csGRAY, alpha=False)
    raw = picture.tobytes("png") if question["as_png"] else bytes(picture.samples)
    return {
        "width": picture.width,
        "height": picture.height,
        "dpi": scale * POINTS_PER_INCH,
        "points": [width, height],
        "png" if question["as_png"] else "gray": base64.b64encode(raw).decode(),
    }


def _marked_area(page: Any) -> float:
    """Square points of all that is drawn on the page, one mark after another, by their boxes."""
    width, height = page.cropbox.width, page.cropbox.height
    area = 0.0
    for _, (x0, y0, x1, y1) in page.get_bboxlog():
        area += max(min(x1, width) - max(x0, 0.0), 0.0) * max(min(y1, height) - max(y0, 0.0), 0.0)
    return area


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


def start() -> None:
    """What is done once: settings, and a made page read, by which kernels are compiled or come from their cache."""
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)
    pymupdf.TOOLS.mupdf_display_errors(False)
    pymupdf.TOOLS.mupdf_display_warnings(False)
    pymupdf.TOOLS.set_small_glyph_heights(True)
    with compiled_once(), pymupdf.open() as document:
        page = document.new_page()
        for at, (text, font) in enumerate(
            (("A river rose in the night.", "helv"), ("AbridgewasclosedATheendofit", "cour"))
        ):
            page.insert_text((72, 72 + 20 * at), text, fontname=font, fontsize=11 + at)
        for at, text in enumerate(("The hyphen of a bro-", "ken word is gone.")):  # so that words are counted
            page.insert_text((72, 200 + 13 * at), text)
        for _ in range(2):  # a copy, to be left out
            page.insert_text((300, 300), "upwards", rotate=90)
        font = page.insert_font(fontname="tiro")  # the A of this one has no width: it is asked of MuPDF
        for key, value in (("FirstChar", "65"), ("LastChar", "66"), ("Widths", "[0 600]")):
            document.xref_set_key(font, key, value)
        page.insert_text((72, 132), "BAB", fontname="tiro")
        page.insert_image((300, 400, 340, 460), pixmap=pymupdf.Pixmap(pymupdf.csGRAY, (0, 0, 2, 3)))
        Walker(mupdf).check(page.get_textpage(flags=FLAGS | pymupdf.TEXT_PRESERVE_IMAGES))
        question = {"do": "read", **dict.fromkeys(BUDGETS, 1 << 20)}
        _answer(question, document.tobytes(), COMPILING_SECONDS)


if __name__ == "__main__":
    start()
    serve(answer, memory_bytes=MEMORY_BYTES)
