"""What stands on a PDF page: runs of text with their places, turned so that they read from left to right."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median_low
from typing import Any

from pipeline.extraction.pdf.characters import cleaned, composed, is_wide
from pipeline.extraction.pdf.spans import Box, Part, Run, joined, joined_level

TIGHT_SPACE = 0.08  # ems above the usual gap of two letters; the tightest lines have 0.11
MIN_FACE_SHARE = 0.1  # of a page's characters; less is a label of an axis or a stamp in the margin
MAX_STAMP = 200  # characters of a stamp in the margin, which may be all that a scan has
SPACE = 0.25  # ems: the space of most fonts
TINY = 2.0  # points; nobody reads smaller type
_SMALL = 0.85  # of the size of the line: what is set smaller may be raised or lowered
_AXIS = 0.94  # cosine of 20 degrees: scans are skewed by a few, watermarks run at 30 to 60
_LAST = 8  # equal texts looked at to find one that is drawn twice
_MONO, _BOLD = 8, 16  # flags of a span
_BOLD_NAME = re.compile(r"Bold|Black|Heavy|Demi|Medi$|CMBX|CMSSBX|-Bd\b")
_ACROSS = -1
MIN_GLUED = 24  # characters of a word without its spaces
_LONG_WORD = re.compile(rf"(?=[^\W\d_]{{3}})[^\s\u2e80-\uffff]{{{MIN_GLUED},}}")


@dataclass(frozen=True, slots=True)
class Face:
    """The runs of a page that are written in one direction, turned upright, and the page's box turned alike."""

    runs: list[Run]
    box: Box


@dataclass(frozen=True, slots=True)
class PageText:
    """The faces of a page, that with most text first, and the texts that may be stamps in its margins."""

    faces: list[Face]
    sideways: list[str]

    @property
    def text_area(self) -> float:
        """Square points covered by text."""
        return sum((run.x1 - run.x0) * (run.y1 - run.y0) for face in self.faces for run in face.runs)

    @property
    def characters(self) -> int:
        """Characters, spaces between runs aside."""
        return sum(len(run.text) for face in self.faces for run in face.runs)


def page_text(blocks: Sequence[Mapping[str, Any]], box: Box) -> PageText:
    """The page's text, from what MuPDF calls blocks, lines and spans (`extractDICT`).

    A direction in which less than a tenth of the characters run is no face, nor is text across (a watermark) unless
    it is all there is.
    """
    by_turn: dict[int, list[Run]] = {}
    is_vertical = False
    scaled = _sizes_of_scaled_fonts(blocks)
    for block in blocks:
        for line in block.get("lines", ()):
            x, y = line["dir"]
            turn, spans = 0 if x >= _AXIS else _turn(x, y), line["spans"]
            if scaled and turn == 0:
                spans = [
                    _resized(span, scaled.get(span["font"], span["size"])) if span["size"] < TINY else span
                    for span in spans
                ]
            run = _run(spans, is_level=turn == 0)
            if run is not None:
                by_turn.setdefault(turn, []).append(run)
                is_vertical |= line["wmode"] == 1
    if is_vertical:
        _set_upright_glyphs_vertical(by_turn)
    characters = {turn: sum(len(run.text) for run in runs) for turn, runs in by_turn.items()}
    least = MIN_FACE_SHARE * sum(characters.values())
    faces, sideways = [], []
    for turn in sorted(by_turn, key=lambda turn: (-characters[turn], turn)):
        is_face = characters[turn] >= least and (turn != _ACROSS or len(by_turn) == 1)
        if is_face:
            faces.append(Face(_without_copies([_turned(run, turn) for run in by_turn[turn]]), _box(box, turn)))
        if not is_face or (turn and characters[turn] <= MAX_STAMP):
            sideways += [run.text for run in by_turn[turn]]
    return PageText(faces, sideways)


def _run(spans: Sequence[Mapping[str, Any]], *, is_level: bool) -> Run | None:
    """A line of MuPDF's as a run; None where it is blank. What is raised or lowered is only known of a level line."""
    texts = [respaced(span) if "chars" in span else span["text"] for span in spans]
    lengths = [len(text.strip()) for text in texts]
    most = max(lengths, default=0)
    if not most:
        return None
    longest = lengths.index(most)
    sizes = [span["size"] for span in spans]
    texts = [
        text if text.isascii() and text.isprintable() else composed(cleaned(text), span["font"])
        for span, text in zip(spans, texts, strict=True)
    ]
    boxes = [span["bbox"] for span in spans]
    if is_level:
        boxes = [
            _without_blanks(box, text, size) if text[:1] == " " or text[-1:] == " " else box
            for box, text, size in zip(boxes, texts, sizes, strict=True)
        ]
    if is_level and min(sizes) < _SMALL * max(sizes):
        text = joined(_parts(spans, texts, boxes, lengths))
    else:
        text = joined_level(texts, boxes, sizes)
    bare = text.strip()
    if not bare:
        return None
    seen = [at for at, text in enumerate(texts) if text and not text.isspace()]
    x0, y0, x1, y1 = boxes[seen[0]]
    for at in seen[1:]:
        left, top, right, bottom = boxes[at]
        x0, y0 = left if left < x0 else x0, top if top < y0 else y0
        x1, y1 = right if right > x1 else x1, bottom if bottom > y1 else y1
    mono = sum([len(text.strip()) for span, text in zip(spans, texts, strict=True) if span["flags"] & _MONO])
    is_mono = 10 * mono > 8 * len(bare)
    blank = (text[0].isspace(), text[-1].isspace())
    weight = len(bare) * (2 if is_wide(bare[0]) else 1)
    bold = (_is_bold(spans[seen[0]]), _is_bold(spans[seen[-1]]))
    return Run(x0, y0, x1, y1, sizes[longest], bare, is_mono, bold, blank, weight)


def _parts(
    spans: Sequence[Mapping[str, Any]], texts: Sequence[str], boxes: Sequence[Sequence[float]], lengths: Sequence[int]
) -> list[Part]:
    """The spans of a level line that say anything; which are raised or lowered is judged by the longest large one."""
    sizes = [span["size"] for span in spans]
    largest = max(size for size, length in zip(sizes, lengths, strict=True) if length)
    main = spans[max(range(len(spans)), key=lambda at: (sizes[at] > 0.9 * largest, lengths[at]))]
    return [
        Part(text, box, _level(span, main), span["size"])
        for span, text, box in zip(spans, texts, boxes, strict=True)
        if text
    ]


def _is_bold(span: Mapping[str, Any]) -> bool:
    return bool(span["flags"] & _BOLD) or _is_named_bold(span["font"])


@functools.lru_cache(maxsize=1 << 12)
def _is_named_bold(font: str) -> bool:
    """By its name, where its flags do not say so: TeX's fonts have none."""
    return _BOLD_NAME.search(font) is not None


def _sizes_of_scaled_fonts(blocks: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """The sizes, judged by their width, of fonts that their own matrix scales (Type 3), which MuPDF takes for tiny."""
    widths: dict[str, list[float]] = {}
    for block in blocks:
        for line in block.get("lines", ()):
            for span in line["spans"]:
                if span["size"] < TINY:
                    known = widths.setdefault(span["font"], [0.0, 0.0])
                    known[0] += span["bbox"][2] - span["bbox"][0]
                    known[1] += len(span["chars"] if "chars" in span else span["text"])
    return {font: 2 * width / count for font, (width, count) in widths.items() if width > TINY / 2 * count}


def _resized(span: Mapping[str, Any], size: float) -> Mapping[str, Any]:
    x0, _, x1, _ = span["bbox"]
    foot = span["origin"][1]
    return {**span, "size": size, "bbox": (x0, foot - 0.75 * size, x1, foot + 0.25 * size)}


def _without_blanks(box: Sequence[float], text: str, size: float) -> Sequence[float]:
    """The box of a level span without the spaces that it begins and ends with."""
    before, after = len(text) - len(text.lstrip()), len(text) - len(text.rstrip())
    if not (before or after) or before == len(text):
        return box
    x0, y0, x1, y1 = box
    x0, x1 = x0 + SPACE * size * before, x1 - SPACE * size * after
    return (x0, y0, x1, y1) if x0 < x1 else box


def respaced(span: Mapping[str, Any]) -> str:
    """The text of a span of single characters, with a space at every gap that is wider than between letters.

    For lines set so tight that their spaces are below what MuPDF takes for one.
    """
    characters = span["chars"]
    gaps = [after["bbox"][0] - before["bbox"][2] for before, after in pairwise(characters)]
    if len(gaps) < 4:
        return "".join(character["c"] for character in characters)
    least = median_low(gaps) + TIGHT_SPACE * span["size"]
    parts = [characters[0]["c"]]
    for gap, character in zip(gaps, characters[1:], strict=True):
        if gap > least and not (parts[-1].isspace() or character["c"].isspace()):
            parts.append(" ")
        parts.append(character["c"])
    return "".join(parts)


def is_glued(text: str) -> bool:
    """Whether a page's text has a word so long that spaces must have been lost in it; addresses are none."""
    long = [word for word in text.split() if len(word) >= MIN_GLUED]
    return any("/" not in word and "@" not in word for words in long for word in _LONG_WORD.findall(words))


def _level(span: Mapping[str, Any], main: Mapping[str, Any]) -> int:
    """1 where a span is raised above the line, -1 where it is lowered, else 0."""
    raised = (main["origin"][1] - span["origin"][1]) / max(main["size"], 0.1)
    if span["size"] < _SMALL * main["size"] and abs(raised) > 0.1:
        return 1 if raised > 0.15 else -1 if raised < 0 else 0
    return 0


def _set_upright_glyphs_vertical(by_turn: dict[int, list[Run]]) -> None:
    """Of a page of vertical writing (Japanese), take glyphs that come one by one, as if level, for vertical lines."""
    level = by_turn.get(0, [])
    single = [run for run in level if len(run.text) == 1 and is_wide(run.text)]
    if 2 * len(single) > len(level):
        by_turn[0] = [run for run in level if not (len(run.text) == 1 and is_wide(run.text))]
        by_turn.setdefault(1, []).extend(single)
        if not by_turn[0]:
            del by_turn[0]


def _turn(x: float, y: float) -> int:
    """Quarter turns clockwise in which a line runs; _ACROSS for none of them."""
    if abs(x) >= _AXIS:
        return 0 if x > 0 else 2
    if abs(y) >= _AXIS:
        return 1 if y > 0 else 3
    return _ACROSS


def _box(box: Box, turn: int) -> Box:
    x0, y0, x1, y1 = box
    if turn == 1:
        return y0, -x1, y1, -x0
    if turn == 2:
        return -x1, -y1, -x0, -y0
    if turn == 3:
        return -y1, x0, -y0, x1
    return box


def _turned(run: Run, turn: int) -> Run:
    if turn in (0, _ACROSS):
        return run
    x0, y0, x1, y1 = _box((run.x0, run.y0, run.x1, run.y1), turn)
    return replace(run, x0=x0, y0=y0, x1=x1, y1=y1)


def _without_copies(runs: list[Run]) -> list[Run]:
    """Without what is drawn a second time in the same place, as makeshift bold type and shadows are."""
    places: dict[str, list[Run]] = {}
    kept = []
    for run in runs:
        earlier = places.get(run.text)
        if earlier is None:
            places[run.text] = [run]
        else:
            near = 0.15 * run.size
            if any(abs(run.x0 - old.x0) < near and abs(run.y0 - old.y0) < near for old in earlier[-_LAST:]):
                continue
            earlier.append(run)
        kept.append(run)
    return kept
