"""A PDF read whole: each page by its text layer, or by its picture where that says more; none costs another."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pipeline.extraction.ocr.engines import CRASH, Picture, Reading
from pipeline.extraction.pdf.asking import asked, drawn
from pipeline.extraction.pdf.options import PdfOptions
from pipeline.extraction.pdf.plausibility import plausibility
from pipeline.extraction.pdf.routing import BELIEVED, PageFacts, Verdict, facts_of, judged

BETTER = 1.2  # times as many plausible words as a short layer, for OCR to take its place
HEAD_BYTES = 1024  # within which a reader looks for the header (ISO 32000-1, Annex H, note 13)


@dataclass(frozen=True, slots=True)
class PdfPage:
    """A page: its text, and how it was come by.

    route: `text` (its layer), `ocr` (its picture), or `none`, for which `reason` says why. confidence: 0..1; of a layer
    the share of its pieces that read as words, where it may be OCR's, of OCR the engine's mean over characters; None
    where nothing says (a server's answer, no text). A page may have a route and no `text`: all that stands on it goes
    on from a page before. characters: that OCR read. layer: what the layer was judged to be (see routing), by `facts`.
    """

    number: int
    text: str
    route: str
    confidence: float | None
    reason: str
    layer: str
    facts: PageFacts
    turn: int = 0
    skew: int = 0
    tokens: tuple[int, int] = (0, 0)
    characters: int = 0


@dataclass(frozen=True, slots=True)
class PdfDocument:
    """What a file says, page by page. A paragraph that goes on over pages is text of the one it begins on.

    reason: why there is no text; empty where there is. `sideways`: what stands in the first page's margins.
    """

    pages: Sequence[PdfPage] = ()
    reason: str = ""
    is_repaired: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)
    sideways: Sequence[str] = ()

    @property
    def text(self) -> str:
        """The texts of all pages, a blank line between them."""
        return "\n\n".join(page.text for page in self.pages if page.text)


def is_pdf(data: bytes) -> bool:
    """Whether the header of a PDF stands near enough to the start; only the first bytes are looked at."""
    return b"%PDF-" in data[: HEAD_BYTES + 5]


def extract(data: bytes, **options: Any) -> PdfDocument:
    """Read a PDF. `options` are the fields of PdfOptions; without any, pictures are read where a layer is no good.

    Bytes are never a reason to raise: a file that cannot be read has a `reason` (not_pdf is the caller's to tell).
    Raises EnvironmentTrouble where a child process or a server cannot be reached, ValidationError for a wrong option.
    """
    return read(data, PdfOptions(**{"ocr": "auto", **options}))


def read(data: bytes, options: PdfOptions) -> PdfDocument:
    """As `extract`, with options that were checked."""
    found = asked({"do": "read"}, data, options)
    if "reason" in found:
        return PdfDocument(reason=found["reason"])
    sideways = found["sideways"]
    facts = [facts_of(page) for page in found["facts"]]
    verdicts = [judged(page) for page in facts]
    readings = _readings(data, options, verdicts)
    given = {number: reading for number, reading in readings.items() if _takes(reading, facts[number], options)}
    if given:
        believed = [number for number, verdict in enumerate(verdicts) if verdict.layer in BELIEVED]
        again = {"do": "read", "given": {str(n): _given(r) for n, r in given.items()}, "believed": believed}
        found = asked(again, data, options)
        if "reason" in found:
            return PdfDocument(reason=found["reason"])
    pages = [
        _page(number, found, facts[number], verdict, readings.get(number), number in given, options)
        for number, verdict in enumerate(verdicts)
    ]
    text = any(page.text for page in pages)
    reason = "" if text else _reason(pages)
    return PdfDocument(pages, reason, found["is_repaired"], found["metadata"], sideways)


def _readings(data: bytes, options: PdfOptions, verdicts: Sequence[Verdict]) -> dict[int, Reading]:
    """What the engine makes of the pages that need it, by number; those beyond the page budget say so.

    After one on which a child process died, no other is drawn or read: they have that page's reason.
    """
    if options.ocr == "never":
        return {}
    layers = {"bad", "short", "doubtful", "none"} | ({"good"} if options.ocr == "always" else set())
    wanted = [number for number, verdict in enumerate(verdicts) if verdict.layer in layers]
    readings = {number: Reading(reason="resource:ocr_pages") for number in wanted[options.max_ocr_pages :]}
    wanted = wanted[: options.max_ocr_pages]
    if wanted:
        options.engine.fingerprint()  # what it lacks is told before anything is drawn
    pictures = drawn(data, wanted, options, dpi=options.engine.dpi)
    for at, (number, picture) in enumerate(zip(wanted, pictures, strict=True)):
        readings[number] = reading = _reading(picture, options)
        if reading.reason == CRASH:
            return readings | dict.fromkeys(wanted[at + 1 :], Reading(reason=CRASH))
    return readings


def _reading(picture: Mapping[str, Any], options: PdfOptions) -> Reading:
    if "reason" in picture:
        return Reading(reason=picture["reason"])
    content = base64.b64decode(picture["gray"])
    reading = options.engine.read(Picture(content, picture["width"], picture["height"], picture["dpi"]))
    is_long = len(_text(reading)) > options.max_page_characters
    return replace(reading, reason="resource:pdf_page_text") if is_long else reading


def _takes(reading: Reading, facts: PageFacts, options: PdfOptions) -> bool:
    """Whether what the engine read takes the place of the layer: it is sure enough, and says more than a good layer."""
    text = _text(reading)
    if reading.reason or reading.is_blank or not text.strip() or _is_unsure(reading, options):
        return False
    layer = judged(facts).layer
    least = facts.words * (BETTER if layer == "short" and options.ocr == "auto" else 1.0)
    return layer not in BELIEVED or plausibility(text).words > least


def _is_unsure(reading: Reading, options: PdfOptions) -> bool:
    return reading.confidence is not None and reading.confidence < options.min_confidence


def _text(reading: Reading) -> str:
    return reading.text if reading.text is not None else "\n".join(line[5] for line in reading.lines)


def _given(reading: Reading) -> dict[str, Any]:
    if reading.text is not None:
        return {"text": reading.text}
    runs = [line[:6] for line in reading.lines]
    return {"runs": runs, "box": [0.0, 0.0, *reading.box], "is_vertical": reading.is_vertical}


def _page(
    number: int,
    found: Mapping[str, Any],
    facts: PageFacts,
    verdict: Verdict,
    reading: Reading | None,
    is_read: bool,
    options: PdfOptions,
) -> PdfPage:
    turn, skew, tokens = (reading.turn, reading.skew, reading.tokens) if reading else (0, 0, (0, 0))
    route = "none" if not found["has_text"][number] else "ocr" if is_read else "text"
    confidence: float | None = None
    reason = ""
    characters = 0
    if route == "ocr":
        assert reading is not None
        characters = len(_text(reading))
        confidence = None if reading.confidence is None else reading.confidence / 10_000
    elif route == "text":
        is_ocrs = facts.by_ocr or facts.hidden > 0 or facts.image_share > 0
        confidence = facts.plausible_share if is_ocrs else 1.0  # born digital
    else:
        reason = _why_none(verdict, reading, options)
    text = found["texts"][number]
    return PdfPage(number, text, route, confidence, reason, verdict.layer, facts, turn, skew, tokens, characters)


def _why_none(verdict: Verdict, reading: Reading | None, options: PdfOptions) -> str:
    if reading is not None and reading.reason:
        return reading.reason
    if reading is not None and _is_unsure(reading, options):
        return "low_confidence"
    if reading is not None and (reading.is_blank or not _text(reading).strip()):
        return "blank" if reading.is_blank else "no_text_found"
    return verdict.reason or "margins_only"


# What a document without any text is said to be: the reason of its pages that tells most.
_REASONS = (
    *("resource:pdf_page_content", "resource:pdf_page_text", "resource:pdf_page_images", "resource:pdf_page_marks"),
    *("resource:pdf_image_pixels", "resource:pdf_drawn_pixels", "resource:ocr_pages", "resource:ocr_lines"),
    "resource:ocr_letters",
    *("resource:ocr_crash", "ocr_failed", "resource:pdf_crash", "low_confidence"),
    *("ocr_server_cut", "ocr_server_refused", "no_unicode", "bad_ocr_layer"),
)


def _reason(pages: Sequence[PdfPage]) -> str:
    said = {page.reason for page in pages}
    if said == {"broken"}:
        return "broken"
    if "no_text_found" in said:
        return "no_text_found"
    return next((reason for reason in _REASONS if reason in said), "no_text_layer")
