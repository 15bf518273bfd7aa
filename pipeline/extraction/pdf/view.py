"""A page of HTML to look at what became of a PDF: the picture of each page beside its text, and what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from html import escape
from pathlib import Path

from pipeline import storage
from pipeline.extraction.pdf.asking import drawn
from pipeline.extraction.pdf.document import PdfDocument, PdfPage, is_pdf, read
from pipeline.extraction.pdf.options import PdfOptions
from pipeline.trouble import ConfigError

MAX_PAGES = 40  # shown; a page is about 200 kB
DPI = 90
_NO_TEXT = ("goes on from a page before", "no text")

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 1.5rem; color: #1c1c1a; background: #faf9f6 }
h1 { font-size: 1.2rem } h2 { font-size: 1rem; margin: 2rem 0 .4rem }
.page { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 1.2rem; align-items: start }
img { width: 100%; border: 1px solid #d8d5cc; background: #fff }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: 13px/1.5 ui-monospace, monospace; margin: 0; padding: .8rem;
      background: #fff; border: 1px solid #d8d5cc }
.facts { color: #66635a; font-size: 13px; margin: 0 0 .5rem } .ocr { color: #8a4b08 } .none { color: #a11 }
@media (max-width: 60rem) { .page { grid-template-columns: 1fr } }
"""


def write(file: str, target: str, ocr: str) -> None:
    """Write the page for a PDF, a path or URL, to the path `target`. Raises ConfigError where there is no such PDF."""
    content = storage.read_bytes(file) if storage.exists(file) else b""
    if not is_pdf(content):
        raise ConfigError(f"--view is for PDFs; {file} is none, or not there")
    options = PdfOptions.model_validate({"ocr": ocr})
    page = html_of(file.rsplit("/", 1)[-1], content, read(content, options))
    Path(target).write_text(page, encoding="utf-8")


def html_of(name: str, data: bytes, document: PdfDocument) -> str:
    """One file that needs nothing else: the first MAX_PAGES pages, pictures within."""
    shown = document.pages[:MAX_PAGES]
    said = document.reason or f"{len(document.pages)} pages, {len(document.text)} characters"
    more = f"; the first {MAX_PAGES} are shown" if len(document.pages) > len(shown) else ""
    pictures = drawn(data, [page.number for page in shown], PdfOptions(), dpi=DPI, as_png=True)
    pages = [_page(page, picture) for page, picture in zip(shown, pictures, strict=True)]
    parts = [f"<h1>{escape(name)}: {escape(said)}{more}</h1>", *pages]
    head = (
        f'<!DOCTYPE html>\n<html lang="en"><meta charset="utf-8"><title>{escape(name)}</title><style>{_STYLE}</style>'
    )
    return head + "\n".join(parts) + "</html>\n"


def _page(page: PdfPage, picture: Mapping[str, str]) -> str:
    source = f"data:image/png;base64,{picture['png']}" if "png" in picture else ""
    image = f'<img alt="page {page.number + 1}" src="{source}">' if source else f"<p>{escape(picture['reason'])}</p>"
    sure = "" if page.confidence is None else f", confidence {page.confidence:.2f}"
    why = f" ({escape(page.reason)})" if page.reason else ""
    turned = f", turned {page.turn}, skew {page.skew / 100:.1f}°" if page.turn or page.skew else ""
    facts = ", ".join(f"{key} {value:.3g}" for key, value in asdict(page.facts).items() if value and key != "failed")
    return (
        f'<h2>Page {page.number + 1}: <span class="{page.route}">{page.route}{why}</span>{sure}{turned}</h2>'
        f'<p class="facts">layer {page.layer}; {facts}</p>'
        f'<div class="page">{image}<pre>{escape(page.text) or _NO_TEXT[page.route == "none"]}</pre></div>'
    )
