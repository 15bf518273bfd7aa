"""A page of HTML to look at what became of a PDF: the picture of each page beside its text, and what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from pipeline.extraction.pdf.asking import drawn
from pipeline.extraction.pdf.document import PdfDocument, PdfPage
from pipeline.extraction.pdf.options import PdfOptions
from pipeline.extraction.pdf.routing import BELIEVED, MIN_PLAUSIBLE, SURELY_PLAUSIBLE, PageFacts

MAX_PAGES = 40  # shown; a page is about 200 kB
DPI = 90
_NO_TEXT = ("goes on from a page before", "no text")
_IN_WORDS = {
    "no_text_layer": "nothing but pictures or drawings, no text layer",
    "blank": "nothing is drawn",
    "no_unicode": "its fonts do not say which characters they draw",
    "bad_ocr_layer": "an old OCR layer that does not read as language",
    "stamp": "only a stamp on a scan",
    "margins_only": "only what repeats in the margins",
    "broken": "it cannot be read",
}
"""What reasons mean; the names themselves are those of the run's ledger and `page_evidence`."""
LEGEND = {
    "text": "its text layer was taken",
    "ocr": "its picture was read (OCR)",
    "none": "no text was taken; the reason stands behind",
    "layer good": "what was born digital, and old OCR that reads as language",
    "layer short": "right, but few characters beside a picture that may say more",
    "layer doubtful": "old OCR of which many pieces do not read as words: of layer and picture the better is kept",
    "layer bad": "characters without meaning, an old OCR layer that failed, or a stamp on a scan",
    "layer none": "something is drawn, and no text",
    "layer blank": "nothing is drawn",
    "layer failed": "the page is broken, or beyond a budget",
    "confidence": "of a layer the share of its pieces that read as words, of OCR the engine's mean; 1 is sure",
    "turned, skew": "by how many degrees the picture was turned, and made level, before it was read",
}

_STYLE = """
:root {
  --paper: #fbfaf7; --panel: #fff; --ink: #1f2124; --muted: #62666d; --line: #e5e1d8; --ocr: #85600f; --none: #b3261e;
  color-scheme: light dark;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #141619; --panel: #1b1e22; --ink: #e8e6e0; --muted: #9ba1a9; --line: #2c3036; --ocr: #e0b65a;
    --none: #ff8a80;
  }
  img { filter: brightness(.88) }
}
body { font: 15px/1.5 system-ui, sans-serif; margin: 1.5rem; color: var(--ink); background: var(--paper) }
h1 { font-size: 1.2rem; margin: 0 0 .3rem; overflow-wrap: anywhere } h2 { font-size: 1rem; margin: 2rem 0 .4rem }
.said { margin: 0 0 .6rem; max-width: 60em }
.page { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 1.2rem; align-items: start }
img { width: 100%; border: 1px solid var(--line); background: #fff }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: 13px/1.5 ui-monospace, monospace; margin: 0; padding: .8rem;
      background: var(--panel); border: 1px solid var(--line) }
.facts, dd { color: var(--muted); font-size: 13px } .facts { margin: 0 0 .5rem }
.ocr { color: var(--ocr) } .none { color: var(--none) }
summary { cursor: pointer; color: var(--muted); font-size: 13px }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: .4rem 0 0; font-size: 13px }
dd { margin: 0 }
@media (max-width: 60rem) { .page { grid-template-columns: minmax(0, 1fr) } body { margin: 1rem } }
"""


def html_of(name: str, data: bytes, document: PdfDocument, options: PdfOptions) -> str:
    """One file that needs nothing else: the first MAX_PAGES pages, pictures within."""
    shown = document.pages[:MAX_PAGES]
    pictures = drawn(data, [page.number for page in shown], PdfOptions(), dpi=DPI, as_png=True)
    pages = [_page(page, picture) for page, picture in zip(shown, pictures, strict=True)]
    words = "".join(f"<dt>{escape(name)}</dt><dd>{escape(meaning)}</dd>" for name, meaning in LEGEND.items())
    return "\n".join(
        (
            '<!DOCTYPE html>\n<html lang="en"><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
            "img-src data:; base-uri 'none'; form-action 'none'\">",
            f"<title>{escape(name)}</title><style>{_STYLE}</style>",
            f'<h1>{escape(name)}</h1><p class="said">{escape(headline(document, options))}</p>',
            f"<details><summary>What the words at a page mean</summary><dl>{words}</dl></details>",
            *pages,
            "</html>\n",
        )
    )


def headline(document: PdfDocument, options: PdfOptions) -> str:
    """How much text there is, or why there is none; whether pictures were read, and how many could have been."""
    pages = document.pages
    said = f"{len(pages):,} page{'s' if len(pages) != 1 else ''}, {len(document.text):,} characters"
    if document.reason:
        said = f"No text: {_told(document.reason)}"
    by_ocr = sum(page.route == "ocr" for page in pages)
    left = sum(page.layer not in (*BELIEVED, "blank", "failed") for page in pages)
    if options.ocr == "never":
        pages_left = "1 page" if left == 1 else f"{left:,} pages"
        said += f"; OCR was off: --ocr auto would read the pictures of {pages_left}" if left else "; OCR was off"
    elif by_ocr:
        said += f"; {by_ocr:,} by OCR"
    more = f"; the first {MAX_PAGES} are shown" if len(pages) > MAX_PAGES else ""
    return f"{said}{more}."


def _told(reason: str) -> str:
    """A reason's name, and what it means where the name does not say it."""
    return f"{reason}, {_IN_WORDS[reason]}" if reason in _IN_WORDS else reason


def measured(facts: PageFacts) -> str:
    """What was measured of a page, in words; what is nothing is left out."""
    said = (
        (facts.characters, f"{facts.characters:,} characters"),
        (facts.lost, f"{facts.lost:,} of them without a Unicode value"),
        (facts.hidden, f"{facts.hidden:,} of them drawn in no colour, as below a scan"),
        (facts.is_ciphered, "its letters are enciphered"),
        (
            facts.pieces,
            f"{facts.words:,} of {facts.pieces:,} pieces between spaces read as words ({facts.plausible_share:.0%}; "
            f"below {SURELY_PLAUSIBLE:.0%} an OCR layer is doubted, below {MIN_PLAUSIBLE:.0%} not believed)",
        ),
        (facts.text_share, f"text covers {facts.text_share:.0%} of the page"),
        (facts.image_share, f"pictures of its own cover {facts.image_share:.0%}"),
        (facts.has_marks, "something besides text is drawn"),
        (facts.by_ocr, "the file was written by a program that recognises text"),
        (facts.failed, f"it cannot be read: {facts.failed}"),
    )
    return "; ".join(words for value, words in said if value) or "nothing is drawn"


def _page(page: PdfPage, picture: Mapping[str, str]) -> str:
    source = f"data:image/png;base64,{picture['png']}" if "png" in picture else ""
    image = f'<img alt="page {page.number + 1}" src="{source}">' if source else f"<p>{escape(picture['reason'])}</p>"
    sure = "" if page.confidence is None else f", confidence {page.confidence:.2f}"
    why = f" ({escape(_told(page.reason))})" if page.reason else ""
    turned = f", turned {page.turn}, skew {page.skew / 100:.1f}°" if page.turn or page.skew else ""
    return (
        f'<h2>Page {page.number + 1}: <span class="{page.route}">{page.route}{why}</span>{sure}{turned}</h2>'
        f'<p class="facts">layer {page.layer}; {escape(measured(page.facts))}</p>'
        f'<div class="page">{image}<pre>{escape(page.text) or _NO_TEXT[page.route == "none"]}</pre></div>'
    )
