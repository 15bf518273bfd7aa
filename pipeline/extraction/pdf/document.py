"""A PDF read whole: each page by its text layer, or by its picture where that says more; none costs another."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.extraction.child import ChildCrashed, child_of
from pipeline.extraction.ocr.engines import Picture, Reading
from pipeline.extraction.pdf.options import BUDGETS, PdfOptions
from pipeline.extraction.pdf.plausibility import plausibility
from pipeline.extraction.pdf.routing import BELIEVED, PageFacts, Verdict, facts_of, judged

CHILD = "pipeline.extraction.pdf.child"
LAYER_IS_RIGHT = 10_000  # confidence, in 1e-4, of a layer that was born digital
BETTER = 1.2  # times as many plausible words as a short layer, for OCR to take its place


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


def extract(data: bytes, **options: Any) -> PdfDocument:
    """Read a PDF. `options` are the fields of PdfOptions; without any, pictures are read where a layer is no good.

    Bytes are never a reason to raise: a file that cannot be read has a `reason` (not_pdf is the caller's to tell).
    Raises EnvironmentTrouble where a child process or a server cannot be reached, ValidationError for a wrong option.
    """
    return read(data, PdfOptions(**{"ocr": "auto", **options}))


def read(data: bytes, options: PdfOptions) -> PdfDocument:
    """As `extract`, with options that were checked."""
    budgets = {name: getattr(options, name) for name in BUDGETS}
    found = _asked({"do": "read", **budgets}, data)
    if "reason" in found:
        return PdfDocument(reason=found["reason"])
    facts = [facts_of(page) for page in found["facts"]]
    verdicts = [judged(page) for page in facts]
    readings = _readings(data, options, verdicts)
    given = {number: reading for number, reading in readings.items() if _takes(reading, facts[number], options)}
    if given:
        believed = [number for number, verdict in enumerate(verdicts) if verdict.layer in BELIEVED]
        again = {"do": "read", "given": {str(n): _given(r) for n, r in given.items()}, "believed": believed}
        found = _asked({**again, **budgets}, data)
        if "reason" in found:
            return PdfDocument(reason=found["reason"])
    pages = [
        _page(number, found, facts[number], verdict, readings.get(number), number in given, options)
        for number, verdict in enumerate(verdicts)
    ]
    text = any(page.text for page in pages)
    reason = "" if text else _reason(pages)
    return PdfDocument(pages, reason, found["is_repaired"], found["metadata"], found["sideways"])


def _asked(question: Mapping[str, Any], data: bytes) -> dict[str, Any]:
    try:
        return child_of(CHILD).ask(question, data)
    except ChildCrashed:
        return {"reason": "resource:pdf_crash"}


def drawn(data: bytes, number: int, options: PdfOptions, *, dpi: int, as_png: bool = False) -> dict[str, Any]:
    """A page as a picture, as the child's `draw` says it; or the `reason` why there is none."""
    budgets = {name: getattr(options, name) for name in BUDGETS}
    draw = {"do": "draw", "page": number, "dpi": dpi, "max_pixels": options.max_ocr_pixels, "as_png": as_png}
    return _asked({**draw, "max_image_pixels": options.max_image_pixels, **budgets}, data)


def _readings(data: bytes, options: PdfOptions, verdicts: Sequence[Verdict]) -> dict[int, Reading]:
    """What the engine makes of the pages that need it, by number; those beyond the page budget say so."""
    if options.ocr == "never":
        return {}
    layers = {"bad", "short", "none"} | ({"good"} if options.ocr == "always" else set())
    wanted = [number for number, verdict in enumerate(verdicts) if verdict.layer in layers]
    engine = options.engine
    readings = {}
    for number in wanted[: options.max_ocr_pages]:
        found = drawn(data, number, options, dpi=engine.dpi, as_png=engine.as_png)
        if "reason" in found:
            readings[number] = Reading(reason=found["reason"])
            continue
        content = base64.b64decode(found["png"] if engine.as_png else found["gray"])
        readings[number] = engine.read(Picture(content, found["width"], found["height"], found["dpi"]))
    readings |= {number: Reading(reason="resource:ocr_pages") for number in wanted[options.max_ocr_pages :]}
    return readings


def _takes(reading: Reading, facts: PageFacts, options: PdfOptions) -> bool:
    """Whether what the engine read takes the place of the layer: it is sure enough, and says more than a good layer."""
    text = _text(reading)
    if reading.reason or reading.is_blank or not text.strip() or _is_unsure(reading, options):
        return False
    is_layer = judged(facts).layer in BELIEVED
    return options.ocr == "always" or not is_layer or plausibility(text).words > BETTER * facts.words


def _is_unsure(reading: Reading, options: PdfOptions) -> bool:
    return reading.confidence is not None and reading.confidence < options.min_confidence


def _text(reading: Reading) -> str:
    return reading.text if reading.text is not None else "\n".join(line[5] for line in reading.lines)


def _given(reading: Reading) -> dict[str, Any]:
    if reading.text is not None:
        return {"text": reading.text}
    return {"runs": [line[:6] for line in reading.lines], "box": [0.0, 0.0, *reading.box]}


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
        confidence = facts.plausible_share if is_ocrs else LAYER_IS_RIGHT / 10_000
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
    *("resource:pdf_page_content", "resource:pdf_page_text", "resource:pdf_image_pixels", "resource:ocr_pages"),
    *(
        "resource:ocr_crash",
        "ocr_failed",
        "resource:pdf_crash",
        "low_confidence",
        "ocr_server_cut",
        "ocr_server_refused",
    ),
    *("no_unicode", "bad_ocr_layer"),
)


def _reason(pages: Sequence[PdfPage]) -> str:
    said = {page.reason for page in pages}
    if said == {"broken"}:
        return "broken"
    if "no_text_found" in said:
        return "no_text_found"
    return next((reason for reason in _REASONS if reason in said), "no_text_layer")
