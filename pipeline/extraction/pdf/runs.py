"""What stands on a PDF page: runs of text with their places, turned so that they read from left to right."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from pipeline.extraction.pdf.characters import cleaned, composed, is_wide, replacements
from pipeline.extraction.pdf.plain_lines import ACROSS, BLANK, HARD, plain_lines, turns
from pipeline.extraction.pdf.respacing import respaced
from pipeline.extraction.pdf.run_arrays import Runs, in_a_row, marks_of, with_areas, without_copies
from pipeline.extraction.pdf.spans import MONO_SPACE, SMALL, SPACE, Box, Part, Run, joined, joined_level
from pipeline.extraction.pdf.textpage import BOLD, I32, MONO, TextPage, with_line_ends

MIN_FACE_SHARE = 0.1  # of a page's characters; less is a label of an axis or a stamp in the margin
MAX_STAMP = 200  # characters of a stamp in the margin, which may be all that a scan has
BAND_GAP = 0.4  # ems of white between two bands of vertical lines
BAND_HEIGHT = 10.0  # ems at least, as the lines of newspapers; lower are halves of verses, names beside addresses
BAND_LINES = 3  # that a band has at least
MAX_GAPS = 100  # of a page: more are no bands, and each is judged by all that stands on its sides
TINY = 2.0  # points; nobody reads smaller type
_BOLD_NAME = re.compile(r"Bold|Black|Heavy|Demi|Medi$|CMBX|CMSSBX|-Bd\b")
MIN_GLUED = 24  # characters of a word without its spaces
_LONG_WORD = re.compile(rf"(?=[^\W\d_]{{3}})[^\s\u2e80-\uffff]{{{MIN_GLUED},}}")
_TABLE = replacements()


@dataclass(frozen=True, slots=True)
class Face:
    """The runs of a page that are written in one direction, turned upright, and the page's box turned alike."""

    runs: Runs
    box: Box


@dataclass(frozen=True, slots=True)
class PageText:
    """The faces of a page, that with most text first, and the texts that may be stamps in its margins."""

    faces: list[Face]
    sideways: list[str]

    @property
    def text_area(self) -> float:
        """Square points covered by text."""
        area = 0.0
        for face in self.faces:
            area = with_areas(face.runs.place, area)
        return area


class Span(NamedTuple):
    """Characters of one font and size: their box, y of where the first stands, whether they are monospaced, bold."""

    text: str
    box: Sequence[float]
    size: float
    foot: float
    is_mono: bool
    is_bold: bool
    font: str


def page_text(text: TextPage, names: Sequence[str], box: Box, *, is_glued: bool) -> PageText:
    """The faces of a page whose fonts have `names`; where `is_glued`, spaces are found again.

    A direction in which less than a tenth of the characters run is no face, nor is text across (a watermark) unless
    it is all there is.
    """
    if is_glued:
        codes, span_range = respaced(text.codes, text.reach, text.span_range, text.span_size)
        text = text._replace(codes=codes, span_range=span_range)
    if len(text.span_size) and text.span_size.min() < TINY:
        text = _with_sizes(text)
    is_vertical = bool(text.line_direction[:, 2].any())
    by_turn = runs_by_turn(_where_drawn(text) if is_vertical else text, names)
    if is_vertical:
        _set_upright_glyphs_vertical(by_turn)
    characters = {turn: sum(map(len, runs.texts)) for turn, runs in by_turn.items()}
    least = MIN_FACE_SHARE * sum(characters.values())
    faces, sideways = [], []
    for turn in sorted(by_turn, key=lambda turn: (-characters[turn], turn)):
        is_face = characters[turn] >= least and (turn != ACROSS or len(by_turn) == 1)
        if is_face:
            runs = without_copies(_turned(by_turn[turn], turn))
            faces += [Face(band, _box(box, turn)) for band in (bands(runs) if is_vertical and turn == 1 else [runs])]
        if not is_face or (turn and characters[turn] <= MAX_STAMP):
            sideways += by_turn[turn].texts
    return PageText(faces, sideways)


def lines_of(text: TextPage, line_turn: I32, is_bold: I32) -> Any:
    """See `plain_lines`."""
    return plain_lines(
        text.codes,
        text.span_range,
        text.span_box,
        text.span_size,
        text.span_foot,
        text.span_flags,
        text.line_range,
        line_turn,
        is_bold,
        _TABLE,
    )


def runs_by_turn(text: TextPage, names: Sequence[str]) -> dict[int, Runs]:
    """The runs of a page by the quarter turns in which they are written."""
    is_bold = np.array([_is_named_bold(name) for name in names], np.int32)
    line_turn = turns(text.line_direction)
    what, place, marks, said_range, codes = lines_of(text, line_turn, is_bold)
    said = characters_of(codes)
    texts = [said[a:b] for a, b in said_range.tolist()]
    for line in np.flatnonzero(what == HARD).tolist():
        run = run_of(_spans(text, names, is_bold, line), is_level=line_turn[line] == 0)
        if run is None:
            what[line] = BLANK
        else:
            texts[line], marks[line] = run.text, marks_of(run)
            place[line] = run.x0, run.y0, run.x1, run.y1, run.size
    everything = Runs(texts, place[:, :4].copy(), place[:, 4].copy(), marks)
    seen = np.flatnonzero(what != BLANK)
    if not line_turn.any():
        return {0: everything if len(seen) == len(texts) else everything.take(seen)} if len(seen) else {}
    by_turn = {turn: seen[line_turn[seen] == turn] for turn in sorted(set(line_turn.tolist()))}
    return {turn: everything.take(lines) for turn, lines in by_turn.items() if len(lines)}


def plain_text(text: TextPage) -> tuple[str, I32, list[str]]:
    """All characters as they come, a line end after every line: as text, one by one; the longest words."""
    codes, places = with_line_ends(text.codes, text.line_end, MIN_GLUED)
    plain = characters_of(codes)
    return plain, codes, [plain[start:stop] for start, stop in places.tolist()]


def characters_of(codes: I32) -> str:
    """Characters as text."""
    return codes.astype("<i4").tobytes().decode("utf-32-le")


def _spans(text: TextPage, names: Sequence[str], is_bold: I32, line: int) -> list[Span]:
    """Those of a line that has any."""
    first, last = text.line_range[line]
    start = text.span_range[first, 0]
    said = characters_of(text.codes[start : text.span_range[last - 1, 1]])
    rows = zip(
        (text.span_range[first:last] - start).tolist(),
        text.span_box[first:last].tolist(),
        text.span_size[first:last].tolist(),
        text.span_foot[first:last].tolist(),
        text.span_flags[first:last].tolist(),
        strict=True,
    )
    return [
        Span(said[a:b], box, size, foot, flags & MONO != 0, flags & BOLD != 0 or is_bold[font] != 0, names[font])
        for (a, b), box, size, foot, (flags, _, font) in rows
    ]


def run_of(spans: Sequence[Span], *, is_level: bool) -> Run | None:
    """A line of MuPDF's as a run; None where it is blank. What is raised or lowered is only known of a level line."""
    lengths = [len(span.text.strip()) for span in spans]
    most = max(lengths, default=0)
    if not most:
        return None
    longest = lengths.index(most)
    sizes = [span.size for span in spans]
    texts = [composed(cleaned(span.text), span.font) for span in spans]
    boxes: list[Sequence[float]] = [span.box for span in spans]
    if is_level:
        boxes = [
            _without_blanks(box, text, span) if text[:1] == " " or text[-1:] == " " else box
            for box, text, span in zip(boxes, texts, spans, strict=True)
        ]
    if is_level and min(sizes) < SMALL * max(sizes):
        text = joined(_parts(spans, texts, boxes, lengths))
    else:
        text = joined_level(texts, boxes, sizes)
    bare = text.strip()
    if not bare:
        return None
    seen = [at for at, text in enumerate(texts) if text and not text.isspace()]
    x0, y0, x1, y1 = (edge([boxes[at][side] for at in seen]) for side, edge in enumerate((min, min, max, max)))
    mono = sum(len(text.strip()) for span, text in zip(spans, texts, strict=True) if span.is_mono)
    blank = (text[0].isspace(), text[-1].isspace())
    weight = len(bare) * (2 if is_wide(bare[0]) else 1)
    bold = (spans[seen[0]].is_bold, spans[seen[-1]].is_bold)
    return Run(x0, y0, x1, y1, sizes[longest], bare, 10 * mono > 8 * len(bare), bold, blank, weight)


def _parts(
    spans: Sequence[Span], texts: Sequence[str], boxes: Sequence[Sequence[float]], lengths: Sequence[int]
) -> list[Part]:
    """The spans of a level line that say anything; which are raised or lowered is judged by the longest large one."""
    largest = max(span.size for span, length in zip(spans, lengths, strict=True) if length)
    main = spans[max(range(len(spans)), key=lambda at: (spans[at].size > 0.9 * largest, lengths[at]))]
    return [
        Part(text, box, _level(span, main), span.size)
        for span, text, box in zip(spans, texts, boxes, strict=True)
        if text
    ]


@functools.lru_cache(maxsize=1 << 12)
def _is_named_bold(font: str) -> bool:
    """By its name, where its flags do not say so: TeX's fonts have none."""
    return _BOLD_NAME.search(font) is not None


def _with_sizes(text: TextPage) -> TextPage:
    """With sizes, judged by their width, of fonts that their own matrix scales (Type 3), which MuPDF takes for tiny.

    Boxes are as high as that where lines are level; as they were where lines are not.
    """
    tiny = np.flatnonzero(text.span_size < TINY)
    font = text.span_flags[tiny, 2]
    width = np.bincount(font, text.span_box[tiny, 2] - text.span_box[tiny, 0])
    count = np.bincount(font, text.span_range[tiny, 1] - text.span_range[tiny, 0])
    is_scaled = width > TINY / 2 * count
    if not is_scaled.any():
        return text
    size, box, foot = text.span_size.copy(), text.span_box.copy(), text.span_foot
    is_level = np.zeros(len(size), np.bool_)
    for first, last in text.line_range[turns(text.line_direction) == 0]:
        is_level[first:last] = True
    own = np.divide(2 * width, count, out=np.full(len(count), np.nan), where=is_scaled)
    tiny = tiny[is_level[tiny]]
    its = own[text.span_flags[tiny, 2]]
    size[tiny] = np.where(np.isnan(its), size[tiny], its)
    box[tiny, 1], box[tiny, 3] = foot[tiny] - 0.75 * size[tiny], foot[tiny] + 0.25 * size[tiny]
    return text._replace(span_size=size, span_box=box)


def _without_blanks(box: Sequence[float], text: str, span: Span) -> Sequence[float]:
    """The box of a level span without the spaces that it begins and ends with."""
    before, after = len(text) - len(text.lstrip()), len(text) - len(text.rstrip())
    if not (before or after) or before == len(text):
        return box
    x0, y0, x1, y1 = box
    blank = (MONO_SPACE if span.is_mono else SPACE) * span.size
    x0, x1 = x0 + blank * before, x1 - blank * after
    return (x0, y0, x1, y1) if x0 < x1 else box


def are_glued(long: Sequence[str]) -> bool:
    """Whether spaces must have been lost in one of a page's longest words; addresses are none."""
    return any("/" not in word and "@" not in word for words in long for word in _LONG_WORD.findall(words))


def _level(span: Span, main: Span) -> int:
    """1 where a span is raised above the line, -1 where it is lowered, else 0."""
    raised = (main.foot - span.foot) / max(main.size, 0.1)
    if span.size < SMALL * main.size and abs(raised) > 0.1:
        return 1 if raised > 0.15 else -1 if raised < 0 else 0
    return 0


def _where_drawn(text: TextPage) -> TextPage:
    """With the glyphs of vertical lines where they are drawn: MuPDF has them an em further on."""
    box = text.span_box.copy()
    for line in np.flatnonzero(text.line_direction[:, 2]).tolist():
        first, last = text.line_range[line]
        across, along = text.line_direction[line, :2]
        step = text.span_size[first:last, None] * (across, along, across, along)
        box[first:last] -= step
    return text._replace(span_box=box)


def bands(runs: Runs) -> list[Runs]:
    """The bands one below the other in which vertical lines stand, told by the white that parts all lines of a page.

    The lines are turned to run level, the first one above, so that bands stand side by side.
    """
    order = np.argsort(runs.place[:, 0], kind="stable")
    starts, reach = runs.place[order, 0], np.maximum.accumulate(runs.place[order, 2])
    em = max(float(np.median(runs.size)), 0.1)
    which = np.rint(runs.place[order, 1] / em)  # line
    gaps = np.flatnonzero(starts[1:] - reach[:-1] > BAND_GAP * em) + 1
    cuts = [0]
    for cut in gaps.tolist() if len(gaps) <= MAX_GAPS else ():
        sides = which[cuts[-1] : cut], which[cut:]
        heights = reach[cut - 1] - starts[cuts[-1]], reach[-1] - starts[cut]
        if min(len(np.unique(side)) for side in sides) >= BAND_LINES and min(heights) >= BAND_HEIGHT * em:
            cuts.append(cut)
    return [runs.take(np.sort(order[begin:end])) for begin, end in pairwise([*cuts, len(order)])]


def _set_upright_glyphs_vertical(by_turn: dict[int, Runs]) -> None:
    """Of a page of vertical writing (Japanese), take glyphs that come one by one, as if level, for vertical lines."""
    level = by_turn.get(0)
    if level is None:
        return
    is_single = [len(text) == 1 and is_wide(text) for text in level.texts]
    if 2 * sum(is_single) > len(is_single):
        single, rest = (level.take(np.flatnonzero(np.array(is_single) == side)) for side in (True, False))
        by_turn[0] = rest
        by_turn[1] = in_a_row(by_turn[1], single) if 1 in by_turn else single
        if not rest.texts:
            del by_turn[0]


def _box(box: Any, turn: int) -> Any:
    """A box, or a column each of many boxes, turned."""
    x0, y0, x1, y1 = box
    if turn == 1:
        return y0, -x1, y1, -x0
    if turn == 2:
        return -x1, -y1, -x0, -y0
    if turn == 3:
        return -y1, x0, -y0, x1
    return box


def _turned(runs: Runs, turn: int) -> Runs:
    if turn in (0, ACROSS):
        return runs
    return replace(runs, place=np.stack(_box(runs.place.T, turn), axis=1))
