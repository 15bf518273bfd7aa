"""What the child process is asked: a document read, its pages drawn. One that kills it is not asked about again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline.extraction.child import ChildCrashed, child_of
from pipeline.extraction.pdf.options import BUDGETS, PdfOptions

CHILD = "pipeline.extraction.pdf.child"
CRASH = "resource:pdf_crash"
BATCH_PIXELS = 24_000_000  # from which on an answer holds no further picture: six pages at 200 dpi


def asked(question: Mapping[str, Any], data: bytes, options: PdfOptions) -> dict[str, Any]:
    """The child's answer, within the budgets of `options`; CRASH is the reason where it dies, twice."""
    budgets = {name: getattr(options, name) for name in BUDGETS}
    try:
        return child_of(CHILD).ask({**question, **budgets}, data)
    except ChildCrashed:
        return {"reason": CRASH}


def drawn(
    data: bytes, numbers: Sequence[int], options: PdfOptions, *, dpi: int, as_png: bool = False
) -> Iterator[dict[str, Any]]:
    """Pages as pictures, as the child's `draw` says them, one for each of `numbers`; or the `reason` why there is none.

    Many are asked for at once, so that a file is sent and opened once for them. Where that kills the child, they are
    asked for one by one; all from the first one on that kills it have that reason.
    """
    draw = {"do": "draw", "dpi": dpi, "max_pixels": options.max_ocr_pixels, "as_png": as_png}
    limits = {name: getattr(options, name) for name in ("max_image_pixels", "max_drawn_pixels")}
    left, at_once = list(numbers), max(len(numbers), 1)
    while left:
        pages = left[:at_once]
        found = asked({**draw, **limits, "pages": pages, "batch_pixels": BATCH_PIXELS}, data, options)
        if "reason" not in found:
            yield from found["pictures"]
            left = left[len(found["pictures"]) :]
        elif len(pages) > 1 and found["reason"] == CRASH:
            at_once = 1
        else:
            yield from [found] * len(left)
            return
