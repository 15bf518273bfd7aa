"""PP-OCR by rapidocr: lines are found on a small copy, split at wide white gaps, and read at full resolution."""

from __future__ import annotations

import functools
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from rapidocr import RapidOCR
from rapidocr.inference_engine.onnxruntime.main import ONNXRuntimeError

from pipeline.extraction.ocr.page_image import Gray

__all__ = ["Found", "ONNXRuntimeError", "TooManyLines", "boxes_of", "is_upside_down", "texts_of"]

MODELS = {
    "Det": "PP-OCRv6_det_small.onnx",
    "Rec": "PP-OCRv6_rec_small.onnx",
    "Cls": "ch_ppocr_mobile_v2.0_cls_mobile.onnx",
}
MAX_LINES = 2_000  # of a page; a newspaper has 1,000
MIN_SIDE = 3  # pixels; what is smaller is no line
GAP = 1.4  # heights of a line: white as wide parts two columns or two cells, as spaces never are
LINES_TO_TURN = 9  # the longest ones, asked whether they stand on their heads
LINES_TO_READ = 3  # of them read both ways, where the classifier says that they do
LOOKED_AT = 4  # heights of a line that the classifier is made for
READ = 12  # heights of a line that are read both ways
DARK = 60  # levels between ink and paper within a line


class TooManyLines(Exception):
    """A page has more than MAX_LINES."""


class Found(NamedTuple):
    """Where a line stands, in pixels, with the margin that reading it needs; its ink is from `start` to `end`."""

    x0: int
    y0: int
    x1: int
    y1: int
    start: int
    end: int


def boxes_of(gray: Gray, side: int) -> list[Found]:
    """The lines of a page from top to bottom. `side`: pixels of the copy in which they are looked for.

    Raises TooManyLines.
    """
    engine = _engine(side)
    found = engine(_colour(gray), use_det=True, use_cls=False, use_rec=False)
    if found.boxes is None:
        return []
    boxes = []
    height, width = gray.shape
    for corners in found.boxes:
        x0, y0 = np.floor(corners.min(axis=0)).astype(int)
        x1, y1 = np.ceil(corners.max(axis=0)).astype(int)
        left, top, right, bottom = max(int(x0), 0), max(int(y0), 0), min(int(x1), width), min(int(y1), height)
        if right - left >= MIN_SIDE and bottom - top >= MIN_SIDE:
            boxes += _parts(gray, Found(left, top, right, bottom, left, right))
    if len(boxes) > MAX_LINES:
        raise TooManyLines
    return sorted(boxes, key=lambda box: (box.y0, box.x0))


def is_upside_down(gray: Gray, boxes: list[Found], side: int) -> bool:
    """Whether most of the longest lines stand on their heads, as a classifier of lines says, and read better turned."""
    votes = 0
    longest = sorted(boxes, key=lambda box: (box.x0 - box.x1, box))[:LINES_TO_TURN]
    for box in longest:
        wide = LOOKED_AT * (box.y1 - box.y0)  # the classifier squeezes what is wider
        start = max((box.x0 + box.x1 - wide) // 2, box.x0)
        part = gray[box.y0 : box.y1, start : min(start + wide, box.x1)]
        said = _engine(side)(_colour(part), use_det=False, use_cls=True, use_rec=False)
        votes += 1 if said.cls_res and said.cls_res[0][0] == "180" else -1
    if votes <= 0:
        return False
    upright = turned = 0
    for box in longest[:LINES_TO_READ]:
        line = gray[box.y0 : box.y1, box.x0 : min(box.x0 + READ * (box.y1 - box.y0), box.x1)]
        upright += _read(line, side)[1]
        turned += _read(line[::-1, ::-1], side)[1]
    return turned > upright


def texts_of(gray: Gray, boxes: list[Found], side: int, squeeze: float) -> list[tuple[str, int]]:
    """The text of each line, and the mean probability of its characters in 1e-4."""
    found = []
    for box in boxes:
        line = gray[box.y0 : box.y1, box.x0 : box.x1]
        if squeeze < 1.0:
            size = max(round(line.shape[1] * squeeze), 1), line.shape[0]
            line = np.asarray(cv2.resize(line, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        found.append(_read(line, side))
    return found


def _read(line: Gray, side: int) -> tuple[str, int]:
    said = _engine(side)(_colour(line), use_det=False, use_cls=False, use_rec=True)
    text, score = (said.txts[0], said.scores[0]) if said.txts else ("", 0.0)
    return text.strip(), round(float(score) * 10_000)


def _parts(gray: Gray, box: Found) -> list[Found]:
    """A line cut where nothing is drawn for GAP heights of it."""
    high = box.y1 - box.y0
    line = gray[box.y0 : box.y1, box.x0 : box.x1].astype(np.int16)
    at = np.flatnonzero((np.abs(line - np.median(line)) > DARK).any(axis=0))
    if not len(at):
        return [box]
    cuts = np.flatnonzero(np.diff(at) > GAP * high)
    margin = max(round(0.15 * high), 1) if len(cuts) else high
    found = []
    for first, last in zip([at[0], *at[cuts + 1]], [*at[cuts], at[-1]], strict=True):
        start, end = box.x0 + int(first), box.x0 + int(last) + 1
        if end - start >= MIN_SIDE:
            left, right = max(start - margin, box.x0), min(end + margin, box.x1)
            found.append(Found(left, box.y0, right, box.y1, start, end))
    return found


def _colour(gray: Gray) -> Any:
    return np.ascontiguousarray(np.repeat(gray[:, :, None], 3, axis=2))


@functools.cache
def _engine(side: int) -> Any:
    """The models of the wheel, by their paths: nothing is looked up or fetched; one thread, one line at a time."""
    spec = find_spec("rapidocr")
    assert spec is not None and spec.origin is not None
    folder = Path(spec.origin).parent / "models"
    threads = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}
    paths = {f"{part}.model_path": str(folder / name) for part, name in MODELS.items()}
    sides = {
        "Det.limit_side_len": side,
        "Det.limit_type": "max",
        "Det.max_candidates": 2 * MAX_LINES,
        "Global.min_side_len": 1,
    }
    sides |= {"Global.max_side_len": 1 << 20, "Rec.rec_batch_num": 1, "Cls.cls_batch_num": 1}
    return RapidOCR(params={"Global.log_level": "error", "Global.text_score": 0.0, **threads, **paths, **sides})
