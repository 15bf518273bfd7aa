"""The child process that reads pictures of pages: OpenCV and onnxruntime meet hostile pixels here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np

from pipeline.extraction.child import allow_cpu, serve
from pipeline.extraction.ocr import rapid, tesseract
from pipeline.extraction.ocr.page_image import (
    Gray,
    Ink,
    ink_of,
    is_blank,
    is_sideways,
    level,
    quarter_turned,
    regions,
    skew_of,
)

MEMORY_BYTES = 4 << 30  # the models and a page of 20 megapixels take 0.7 GB
CPU_SECONDS = 600  # for a page; a newspaper's 1,000 lines take 90
POINTS_PER_INCH = 72
MIN_SIDE = 8  # pixels; a thinner picture is a line, and no page
DOUBTFUL = 8_000  # 1e-4: a page that was turned and reads no better is tried as it stood
TYPE = 0.72  # of the height of a line's box: the size of its type
ALIKE = (0.78, 1.28)  # heights within this ratio of the usual one are of one size


def answer(question: Mapping[str, Any], content: bytes) -> dict[str, Any]:
    """What the picture says: `lines` (engines.LineOfPage), `box` in points, `turn`, `skew`; or `is_blank`; or `reason`.

    The question holds `engine`, its settings, `width`, `height` and `dpi`; the content is a byte a pixel.
    """
    allow_cpu(CPU_SECONDS)
    gray = np.frombuffer(content, np.uint8).reshape(question["height"], question["width"])
    if min(gray.shape) < MIN_SIDE:
        return {"is_blank": True}
    try:
        return _read(gray, question)
    except (cv2.error, rapid.ONNXRuntimeError) as error:  # an assertion of theirs on pixels that nobody thought of
        return {"reason": "ocr_failed", "said": str(error)[-500:]}


def _read(gray: Gray, question: Mapping[str, Any]) -> dict[str, Any]:
    ink = ink_of(gray)
    if is_blank(ink):
        return {"is_blank": True}
    if not is_sideways(ink):
        return _upright(gray, ink, question, 0)
    turned = _upright(quarter_turned(gray, 1), np.ascontiguousarray(np.rot90(ink, -1)), question, 1)
    if _confidence(turned) >= DOUBTFUL:
        return turned
    return max(turned, _upright(gray, ink, question, 0), key=_confidence)


def _confidence(found: Mapping[str, Any]) -> float:
    weights = sum(len(line[5]) for line in found["lines"])
    return sum(line[6] * len(line[5]) for line in found["lines"]) / max(weights, 1)


def _upright(gray: Gray, ink: Ink, question: Mapping[str, Any], turn: int) -> dict[str, Any]:
    """The lines of a page that stands upright or on its head, after `turn` quarters clockwise."""
    skew = skew_of(ink)
    if skew:
        gray = level(gray, skew)
    if question["engine"] == "tesseract":
        lines = _by_tesseract(gray, question)
    else:
        side = question["detect_side"]
        boxes = rapid.boxes_of(gray, side)
        if rapid.is_upside_down(gray, boxes, side):
            gray, turn = quarter_turned(gray, 2), turn + 2
            boxes = rapid.boxes_of(gray, side)
        texts = rapid.texts_of(gray, boxes, side, question["squeeze"])
        lines = [(box.start, box.y0, box.end, box.y1, *text) for box, text in zip(boxes, texts, strict=True) if text[0]]
    scale = POINTS_PER_INCH / question["dpi"]
    sizes = sized([line[3] - line[1] for line in lines], [len(line[4]) for line in lines])
    return {
        "lines": [
            [x0 * scale, y0 * scale, x1 * scale, y1 * scale, size * TYPE * scale, text, confidence]
            for (x0, y0, x1, y1, text, confidence), size in zip(lines, sizes, strict=True)
        ],
        "box": [gray.shape[1] * scale, gray.shape[0] * scale],
        "turn": turn,
        "skew": round(100 * skew),
    }


def sized(heights: Sequence[int], weights: Sequence[int]) -> list[float]:
    """Heights of lines made those of types: all that are ALIKE get that which most characters have, then the rest."""
    found = [0.0] * len(heights)
    left = set(range(len(heights)))
    while left:
        order = sorted(left, key=lambda at: heights[at])
        half, seen = sum(weights[at] for at in order) / 2, 0
        usual = heights[order[-1]]
        for at in order:
            seen += weights[at]
            if seen >= half:
                usual = heights[at]
                break
        alike = {at for at in left if ALIKE[0] * usual <= heights[at] <= ALIKE[1] * usual}
        for at in alike:
            found[at] = float(usual)
        left -= alike
    return found


def _by_tesseract(gray: Gray, question: Mapping[str, Any]) -> list[tuple[int, int, int, int, str, int]]:
    height, width = gray.shape
    lines = []
    for x0, y0, x1, y1 in regions(ink_of(gray)):
        left, top = round(x0 * width), round(y0 * height)
        part = np.ascontiguousarray(gray[top : round(y1 * height), left : round(x1 * width)])
        for a, b, c, d, text, confidence in tesseract.lines_of(part, question["arguments"], question["tessdata"]):
            lines.append((a + left, b + top, c + left, d + top, text, confidence))
    return lines


if __name__ == "__main__":
    cv2.setNumThreads(1)
    serve(answer, memory_bytes=MEMORY_BYTES)
