"""The lines of a page in the order in which they are read, from its runs of text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.extraction.pdf import run_arrays
from pipeline.extraction.pdf.characters import as_superscript, is_wide
from pipeline.extraction.pdf.cuts import KIND, LENGTH, WEIGHT, by_height, regions, rows
from pipeline.extraction.pdf.line_numbers import without_line_numbers
from pipeline.extraction.pdf.row_shape import row_shapes
from pipeline.extraction.pdf.run_arrays import PAIRS, Runs, marks_of, run_at, runs_of
from pipeline.extraction.pdf.spans import SMALL, Placed, Run, commonest_size, with_fractions
from pipeline.extraction.pdf.textpage import F64, I32, I64

CELL_GAP = 2.0  # ems between two cells of a row; less is a wide space
_LABEL = re.compile(r"[^\w\s]|o|\(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,5})(?:\.\d{1,3}){0,4}[.)\]:]?|\[\w{1,8}\]")
MIN_LEADERS = 5
_LEADERS = re.compile(rf"(?: ?[.…·_] ?){{{MIN_LEADERS},}}")


Piece = tuple[float, float, str]
Member = tuple[Sequence[float], float, str, Sequence[int]]
"""A run of a row: its box, its size, its text, its marks (see run_arrays.Runs)."""


@dataclass(slots=True)
class Line(Placed):
    """A line as it is read. `cells` above 1: a row of a table, tabs between the cells.

    pieces: of such a row, what stands apart by more than nothing: from where to where it reaches, in points, and text.
    """

    cells: int = 1
    pieces: tuple[Piece, ...] = ()
    hang: float | None = None  # where its text begins after a bullet or number that stands apart


def columns(runs: Runs, gutters: list[float] | None = None) -> list[list[Line]]:
    """The lines of a page, column by column in reading order; nothing is in two of them.

    `gutters`: where right columns began on the pages before; those of this page are added.
    """
    gutters = [] if gutters is None else gutters
    runs = _with_drop_caps(without_line_numbers(runs))
    if not runs.texts:
        return []
    high = by_middle(runs)
    place, size, marks = runs.place[high], runs.size[high], runs.marks[high]
    counts, sizes = _counted(size, marks)
    order, ends, own = regions(place, counts, size, sizes, np.array(gutters, np.float64))
    gutters += own.tolist()
    row_ends = rows(place, counts, order, ends)
    order, *shapes = row_shapes(place, size, counts, order, row_ends)
    row_ends = row_ends.tolist()
    lines = _lines(runs.take(high[order]), row_ends, *[shape.tolist() for shape in shapes])
    found: list[list[Line]] = []
    at = 0
    for region_end in ends.tolist():
        begin, at = at, row_ends.index(region_end, at) + 1
        found.append([line for line in lines[begin:at] if line.text])
    return found


def by_middle(runs: Runs) -> I64:
    """Their order (r,) by their middles, then by where they begin, then by their text."""
    order, is_tied = by_height(runs.place)
    if is_tied:
        middle, left = (runs.place[:, 1] + runs.place[:, 3]) / 2, runs.place[:, 0]
        order = np.array(sorted(order.tolist(), key=lambda at: (middle[at], left[at], runs.texts[at])), np.int64)
    return order


def _counted(size: F64, marks: I32) -> tuple[I64, F64]:
    """What `cuts` counts of runs (r, 3), and their sizes in tenths of points, which go up."""
    exact = size.tolist()
    tenths = {size: round(size, 1) for size in set(exact)}
    sizes = sorted(set(tenths.values()))
    kinds = {size: sizes.index(tenth) for size, tenth in tenths.items()}
    counts = np.empty((len(exact), 3), np.int64)
    counts[:, LENGTH], counts[:, WEIGHT] = marks[:, run_arrays.LENGTH], marks[:, run_arrays.WEIGHT]
    counts[:, KIND] = kinds[exact[0]] if len(kinds) == 1 else list(map(kinds.__getitem__, exact))
    return counts, np.array(sizes)


def _lines(
    runs: Runs, ends: Sequence[int], boxes: Sequence[list[float]], longest: Sequence[int], is_special: Sequence[bool]
) -> list[Line]:
    """The line that each row makes, of runs in reading order; `ends`: where each row ends; the rest as `row_shapes`."""
    place, size, marks, texts = runs.place.tolist(), runs.size.tolist(), runs.marks.tolist(), runs.texts
    has_leaders = may_have_leaders(" ".join(texts))
    found = []
    begin = 0
    for end, box, main, is_odd in zip(ends, boxes, longest, is_special, strict=True):
        if end - begin == 1:
            found.append(_line_of_one(box, size[begin], texts[begin], marks[begin], has_leaders=has_leaders))
        elif is_odd:
            row = [run_at(place[at], size[at], texts[at], marks[at]) for at in range(begin, end)]
            found.append(_line_with_fractions(row, row[main - begin]))
        else:
            its = slice(begin, end)
            members = list(zip(place[its], size[its], texts[its], marks[its], strict=True))
            found.append(_line(members, members[main - begin], box, has_leaders=has_leaders))
        begin = end
    return found


def _line_of_one(place: Sequence[float], size: float, said: str, marks: Sequence[int], *, has_leaders: bool) -> Line:
    """The line that a run is which stands alone."""
    x0, y0, x1, y1 = place
    text = without_leaders(said) if has_leaders else said
    cells = text.count("\t") + 1
    pieces = ((x0, x1, text if cells == 1 else said),)
    return Line(x0, y0, x1, y1, size, text, marks[0] == 1, PAIRS[marks[1]][marks[2]], cells, pieces)


def _line_with_fractions(row: list[Run], longest: Run) -> Line:
    """The line that runs side by side make, those of a fraction as one."""
    row = with_fractions(sorted(row, key=_across), longest)
    members = [_member(run) for run in row]
    y0, y1 = min([run.y0 for run in row]), max([run.y1 for run in row])
    return _line(members, _member(longest), (row[0].x0, y0, max([run.x1 for run in row]), y1), has_leaders=True)


def _across(run: Run) -> tuple[float, float, str]:
    return run.x0, run.x1, run.text


def _member(run: Run) -> Member:
    return (run.x0, run.y0, run.x1, run.y1), run.size, run.text, marks_of(run)


def _line(row: Sequence[Member], longest: Member, box: Sequence[float], *, has_leaders: bool) -> Line:
    """The line that runs make, from left to right."""
    x0, y0, x1, y1 = box
    text, found, hang = _text_of(row, longest)
    if has_leaders:
        text = without_leaders(text)
    cells = text.count("\t") + 1
    first, last = row[0][3], row[-1][3]
    is_mono = first[0] == 1 and all(marks[0] for _, _, _, marks in row)
    bold = PAIRS[first[1]][last[2]]
    pieces = tuple(found) if cells > 1 else ((x0, x1, text),)
    return Line(x0, y0, x1, y1, longest[1], text, is_mono, bold, cells, pieces, hang)


def _text_of(row: Sequence[Member], longest: Member) -> tuple[str, list[Piece], float | None]:
    """The text of a row, its pieces, and where what follows a bullet or number begins."""
    (_, y0, _, y1), most, _, _ = longest
    small, raised = SMALL * most, (y0 + y1) / 2 - 0.1 * most
    (start, y0, end, y1), size, text, before = row[0]
    hang: float | None = None
    if size < small and (y0 + y1) / 2 < raised:
        text = as_superscript(text)  # the mark of a note
    pieces = [(start, end, text)]
    is_first = True
    for (x0, y0, x1, y1), size, new, marks in row[1:]:
        gap = x0 - end
        is_raised = size < small and gap <= 0.25 * size and (y0 + y1) / 2 < raised
        if (
            is_raised
            or not (gap > 0.15 * size or before[4] or marks[3])
            or (gap <= 0.5 * size and is_wide(text[-1]) and is_wide(new[0]))
        ):
            written = as_superscript(new) if is_raised else new
            text += written
            pieces[-1] = (pieces[-1][0], max(end, x1), pieces[-1][2] + written)
        else:
            pieces.append((x0, x1, new))
            if is_first and _LABEL.fullmatch(text):
                text, hang = f"{text} {new}", x0
            else:
                text += (" " if gap <= CELL_GAP * size else "\t") + new
        end = max(end, x1)
        before, is_first = marks, False
    return text, pieces, hang


def _no_longer(runs: Runs, length: int) -> list[int]:
    """The places of runs of so many characters at most."""
    found: list[int] = np.flatnonzero(runs.marks[:, run_arrays.LENGTH] <= length).tolist()
    return found


def _with_drop_caps(runs: Runs) -> Runs:
    """A letter set over several lines joins the first of them."""
    big = [at for at in _no_longer(runs, 2) if runs.texts[at].isalpha()]
    if not big:
        return runs
    size = runs.size.tolist()
    least = 1.8 * (min(size) - 0.1)  # sizes are counted in tenths
    big = [at for at in big if size[at] >= least]
    if not big:
        return runs
    em = max(commonest_size(zip(size, map(len, runs.texts), strict=True)), 0.1)  # the size of most characters
    big = [at for at in big if size[at] >= 1.8 * em][:20]
    return _joined_drop_caps(runs.each(), big, em) if big else runs


def _joined_drop_caps(runs: list[Run], big: Sequence[int], em: float) -> Runs:
    kept = list(runs)
    for capital in [runs[at] for at in big]:
        beside = [
            run
            for run in kept
            if run.size < capital.size / 1.5
            and 0 <= run.x0 - capital.x1 + 0.3 * em <= 1.5 * em
            and capital.y0 - 0.5 * em <= run.middle <= capital.y1
            and run.text[:1].isalpha()
        ]
        if len(beside) >= 2:
            first = min(beside, key=lambda run: run.middle)
            first.text = capital.text + first.text
            kept.remove(capital)
    return runs_of(kept)


def may_have_leaders(text: str) -> bool:
    """Whether marks of leaders stand side by side in texts that are joined by spaces; asked once for a page."""
    is_dotted = ".." in text or ". ." in text or ".  ." in text
    return is_dotted or any(mark in text for mark in "…·_")


def without_leaders(text: str) -> str:
    """The dots between a heading and its page number as one tab."""
    marks = text.count(".") + text.count("_") + text.count("…")
    if not marks or marks + text.count("·") < MIN_LEADERS:
        return text
    return _LEADERS.sub("\t", text).strip("\t")
