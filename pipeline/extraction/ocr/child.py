"""The child process that reads pictures of pages: OpenCV and onnxruntime meet hostile pixels here and nowhere else."""

from __future__ import annotations

import base64
import subprocess
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
TO_TURN = {"engine": "rapidocr", "detect_side": 960, "squeeze": 0.85}  # that tells which way a page lies
TYPE = 0.72  # of the height of a line's box: the size of its type
ALIKE = (0.78, 1.28)  # heights within this ratio of the usual one are of one size


def answer(question: Mapping[str, Any], content: bytes) -> dict[str, Any]:
    """What the picture says: `lines` (engines.LineOfPage), `box` in points, `turn`, `skew`; or `is_blank`; or `reason`.

    The question holds `engine`, its settings, `width`, `height` and `dpi`; the content is a byte a pixel. For a server
    there is `png` (base64), the picture upright and level, in place of `lines` and `box`. `trouble`: the engine
    could not be run, and the picture is not to blame.
    """
    allow_cpu(CPU_SECONDS)
    gray = np.frombuffer(content, np.uint8).reshape(question["height"], question["width"])
    if min(gray.shape) < MIN_SIDE:
        return {"is_blank": True}
    try:
        ink = ink_of(gray)
        if is_blank(ink):
            return {"is_blank": True}
        return _prepared(gray, ink, question) if question["engine"] == "server" else _read(gray, ink, question)
    except rapid.TooManyLines:
        return {"reason": "resource:ocr_lines"}
    except tesseract.TesseractCrashed:
        return {"reason": "resource:ocr_crash"}
    except subprocess.TimeoutExpired as error:
        return {"trouble": str(error)}
    # The engine's word for a picture that nobody thought of.
    except (cv2.error, rapid.ONNXRuntimeError, tesseract.TesseractFailed) as error:
        return {"reason": "ocr_failed", "said": str(error)[-500:]}


def _read(gray: Gray, ink: Ink, question: Mapping[str, Any]) -> dict[str, Any]:
    if not is_sideways(ink):
        return _upright(gray, ink, question, 0)
    turned = _upright(quarter_turned(gray, 1), np.ascontiguousarray(np.rot90(ink, -1)), question, 1)
    if _confidence(turned) >= DOUBTFUL:
        return turned
    return max(turned, _upright(gray, ink, question, 0), key=_confidence)


def _prepared(gray: Gray, ink: Ink, question: Mapping[str, Any]) -> dict[str, Any]:
    """The picture for a server. Lines that run upwards are read by the embedded engine, to know which way to turn."""
    turn = _read(gray, ink, {**question, **TO_TURN})["turn"] if is_sideways(ink) else 0
    if turn:
        gray, ink = quarter_turned(gray, turn), np.ascontiguousarray(np.rot90(ink, -turn))
    skew = skew_of(ink)
    png = png_of(level(gray, skew) if skew else gray)
    return {"png": base64.b64encode(png).decode(), "turn": turn, "skew": round(100 * skew)}


def png_of(gray: Gray) -> bytes:
    """The picture as a PNG."""
    written, png = cv2.imencode(".png", gray)
    assert written
    return png.tobytes()


def _confidence(found: Mapping[str, Any]) -> float:
    return mean_confidence([line[5:] for line in found["lines"]])


def mean_confidence(lines: Sequence[Sequence[Any]]) -> float:
    """Of lines that end in text and confidence, over their characters, in 1e-4; 0 without any."""
    weights = sum(len(line[-2]) for line in lines)
    return sum(line[-1] * len(line[-2]) for line in lines) / max(weights, 1)


def _upright(gray: Gray, ink: Ink, question: Mapping[str, Any], turn: int) -> dict[str, Any]:
    """The lines of a page that stands upright or on its head, after `turn` quarters clockwise."""
    skew = skew_of(ink)
    if skew:
        gray = level(gray, skew)
    lines: Sequence[tesseract.Line]
    if question["engine"] == "tesseract":
        lines, is_turned = _by_tesseract(gray, question)
        turn += 2 * is_turned
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


def _by_tesseract(gray: Gray, question: Mapping[str, Any]) -> tuple[list[tesseract.Line], bool]:
    """The lines, and whether the page stood on its head: one that reads badly is read both ways."""
    lines = _regions_by_tesseract(gray, question)
    if mean_confidence(lines) >= DOUBTFUL:
        return lines, False
    turned = _regions_by_tesseract(quarter_turned(gray, 2), question)
    return (turned, True) if mean_confidence(turned) > mean_confidence(lines) else (lines, False)


def _regions_by_tesseract(gray: Gray, question: Mapping[str, Any]) -> list[tesseract.Line]:
    height, width = gray.shape
    lines = []
    for x0, y0, x1, y1 in regions(ink_of(gray)):
        left, top = round(x0 * width), round(y0 * height)
        png = png_of(np.ascontiguousarray(gray[top : round(y1 * height), left : round(x1 * width)]))
        for a, b, c, d, text, confidence in tesseract.lines_of(png, question["arguments"], question["tessdata"]):
            lines.append((a + left, b + top, c + left, d + top, text, confidence))
    return lines


if __name__ == "__main__":
    cv2.setNumThreads(1)
    serve(answer, memory_bytes=MEMORY_BYTES)
