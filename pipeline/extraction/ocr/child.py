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
from pipeline.extraction.ocr.line import Line
from pipeline.extraction.ocr.page_image import (
    Gray,
    Ink,
    ink_of,
    is_blank,
    is_sideways,
    letters_in,
    level,
    quarter_turned,
    skew_of,
)

MEMORY_BYTES = 4 << 30  # the models and a page of 20 megapixels take 0.7 GB
CPU_SECONDS = 600  # for a page; a newspaper's 1,000 lines take 90
POINTS_PER_INCH = 72
MAX_LETTERS = 60_000  # of a page, for Tesseract, whose time goes with them; the densest newspaper here has 16,000
MIN_SIDE = 8  # pixels; a thinner picture is a line, and no page
DOUBTFUL = 8_000  # 1e-4: a page that was turned and reads no better is tried as it stood
TO_TURN = {"engine": "rapidocr", "detect_side": 960, "squeeze": 0.85}  # that tells which way a page lies
# Of the height of a line the size of its type, and between which ratios to the usual one heights are of one size.
OF_BOX = (0.72, (0.78, 1.28))  # of the boxes that rapidocr finds: letters and some white
OF_LETTERS = (tesseract.OF_LETTERS, (0.9, 1.12))  # Tesseract's, from 8 to 24 points


def answer(question: Mapping[str, Any], content: bytes) -> dict[str, Any]:
    """What the picture says: `lines` (engines.LineOfPage), `box` in points, `turn`, `skew`; or `is_blank`; or `reason`.

    The question holds `engine`, its settings (of Tesseract `is_vertical`, too: whether it has data for vertical lines),
    `width`, `height` and `dpi`; the content is a byte a pixel. For a server there is `png` (base64), the picture
    upright and level, in place of `lines` and `box`. `trouble`: the engine could not be run, and the picture is not to
    blame.
    """
    allow_cpu(CPU_SECONDS)
    gray = np.frombuffer(content, np.uint8).reshape(question["height"], question["width"])
    if min(gray.shape) < MIN_SIDE:
        return {"is_blank": True}
    try:
        ink = ink_of(gray)
        if is_blank(ink):
            return {"is_blank": True}
        if question["engine"] == "tesseract" and letters_in(gray) > MAX_LETTERS:
            return {"reason": "resource:ocr_letters"}
        return _prepared(gray, ink, question) if question["engine"] == "server" else _read(gray, ink, question)
    except rapid.TooManyLines:
        return {"reason": "resource:ocr_lines"}
    except tesseract.TesseractCrashed:
        return {"reason": "resource:ocr_crash"}
    except (OSError, subprocess.TimeoutExpired, tesseract.TesseractEnded) as error:
        return {"trouble": str(error)}
    # The engine's word for a picture that nobody thought of.
    except (cv2.error, rapid.ONNXRuntimeError, tesseract.TesseractFailed) as error:
        return {"reason": "ocr_failed", "said": str(error)[-500:]}


def _read(gray: Gray, ink: Ink, question: Mapping[str, Any]) -> dict[str, Any]:
    if not is_sideways(ink):
        return _as_it_stands(gray, ink, question)
    turn = 3 if question.get("is_vertical") else 1  # the one that makes vertical lines run level; no other is read then
    turned = _upright(quarter_turned(gray, turn), np.ascontiguousarray(np.rot90(ink, -turn)), question, turn)
    if _confidence(turned) >= DOUBTFUL:
        return turned
    return max(turned, _as_it_stands(gray, ink, question), key=_confidence)


def _as_it_stands(gray: Gray, ink: Ink, question: Mapping[str, Any]) -> dict[str, Any]:
    found = _upright(gray, ink, question, 0)
    return vertical_made_level(found) if question.get("is_vertical") else found


def vertical_made_level(found: dict[str, Any]) -> dict[str, Any]:
    """As if the page had been turned for it, where most characters stand on lines that run down: Tesseract finds them
    upright, too.
    """
    down = sum(len(text) for x0, y0, x1, y1, _, text, _ in found["lines"] if len(text) > 1 and y1 - y0 > x1 - x0)
    if 2 * down <= sum(len(line[5]) for line in found["lines"]):
        return found
    width, height = found["box"]
    lines = [[y0, width - x1, y1, width - x0, *rest] for x0, y0, x1, y1, *rest in found["lines"]]
    return {**found, "lines": lines, "box": [height, width], "turn": (found["turn"] + 3) % 4}


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


def pgm_of(gray: Gray) -> bytes:
    """The picture as a portable graymap: what it costs to pack as a PNG is saved."""
    return b"P5 %d %d 255\n" % (gray.shape[1], gray.shape[0]) + gray.tobytes()


def _confidence(found: Mapping[str, Any]) -> float:
    return mean_confidence([line[-2:] for line in found["lines"]])


def mean_confidence(said: Sequence[tuple[str, int]]) -> float:
    """Of texts and their confidences, over their characters, in 1e-4; 0 without any."""
    weights = sum(len(text) for text, _ in said)
    return sum(confidence * len(text) for text, confidence in said) / max(weights, 1)


def _upright(gray: Gray, ink: Ink, question: Mapping[str, Any], turn: int) -> dict[str, Any]:
    """The lines of a page that stands upright or on its head, after `turn` quarters clockwise."""
    skew = skew_of(ink)
    if skew:
        gray = level(gray, skew)
    if question["engine"] == "tesseract":
        lines, is_turned = _by_tesseract(gray, question)
        turn = (turn + 2 * is_turned) % 4
        of_type, alike = OF_LETTERS
    else:
        side = question["detect_side"]
        boxes = rapid.boxes_of(gray, side)
        if rapid.is_upside_down(gray, boxes, side):
            gray, turn = quarter_turned(gray, 2), turn + 2
            boxes = rapid.boxes_of(gray, side)
        texts = rapid.texts_of(gray, boxes, side, question["squeeze"])
        lines = [
            Line(box.start, box.y0, box.end, box.y1, box.y1 - box.y0, *text)
            for box, text in zip(boxes, texts, strict=True)
            if text[0]
        ]
        of_type, alike = OF_BOX
    scale = POINTS_PER_INCH / question["dpi"]
    sizes = sized([line.height for line in lines], [len(line.text) for line in lines], alike)
    return {
        "lines": [
            [*(side * scale for side in line[:4]), size * of_type * scale, line.text, line.confidence]
            for line, size in zip(lines, sizes, strict=True)
        ],
        "box": [gray.shape[1] * scale, gray.shape[0] * scale],
        "turn": turn,
        "skew": round(100 * skew),
    }


def sized(heights: Sequence[float], weights: Sequence[int], alike: tuple[float, float]) -> list[float]:
    """Heights of lines made those of types: all whose ratio to that which most characters have is `alike` get it, then
    the rest likewise.
    """
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
        same = {at for at in left if alike[0] * usual <= heights[at] <= alike[1] * usual}
        for at in same:
            found[at] = float(usual)
        left -= same
    return found


def _by_tesseract(gray: Gray, question: Mapping[str, Any]) -> tuple[list[Line], bool]:
    """The lines, and whether the page stood on its head: one that reads badly is read both ways."""
    lines = _read_once(gray, question)
    sure = mean_confidence([line[-2:] for line in lines])
    if sure >= DOUBTFUL:
        return lines, False
    turned = _read_once(quarter_turned(gray, 2), question)
    return (turned, True) if mean_confidence([line[-2:] for line in turned]) > sure else (lines, False)


def _read_once(gray: Gray, question: Mapping[str, Any]) -> list[Line]:
    lines = tesseract.lines_of(pgm_of(gray), question["arguments"], question["tessdata"])
    if len(lines) > rapid.MAX_LINES:
        raise rapid.TooManyLines  # before it is read the other way, too
    return lines


if __name__ == "__main__":
    cv2.setNumThreads(1)
    serve(answer, memory_bytes=MEMORY_BYTES)
