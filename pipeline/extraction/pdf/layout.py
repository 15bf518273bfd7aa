"""The lines of a page in the order in which they are read, from its runs of text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pipeline.extraction.pdf.characters import as_superscript, is_wide
from pipeline.extraction.pdf.cuts import regions, rows
from pipeline.extraction.pdf.spans import Placed, Run, commonest_size, with_fractions

CELL_GAP = 2.0  # ems between two cells of a row; less is a wide space
_LABEL = re.compile(r"[^\w\s]|o|\(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,5})(?:\.\d{1,3}){0,4}[.)\]:]?|\[\w{1,8}\]")
_LEADERS = re.compile(r"(?: ?[.…·_] ?){5,}")


Piece = tuple[float, float, str]


@dataclass(slots=True)
class Line(Placed):
    """A line as it is read. `cells` above 1: a row of a table, tabs between the cells.

    pieces: of such a row, what stands apart by more than nothing: from where to where it reaches, in points, and text.
    """

    cells: int = 1
    pieces: tuple[Piece, ...] = ()
    hang: float | None = None  # where its text begins after a bullet or number that stands apart


def columns(runs: Sequence[Run], gutters: list[float] | None = None) -> list[list[Line]]:
    """The lines of a page, column by column in reading order; nothing is in two of them.

    `gutters`: where right columns began on the pages before; those of this page are added.
    """
    gutters = [] if gutters is None else gutters
    runs = sorted(
        _with_drop_caps(_without_line_numbers(runs)), key=lambda run: ((run.y0 + run.y1) / 2, run.x0, run.text)
    )
    if not runs:
        return []
    place = np.array([(run.x0, run.y0, run.x1, run.y1) for run in runs])
    size = [run.size for run in runs]
    tenths = {each: round(each, 1) for each in set(size)}
    sizes = sorted(set(tenths.values()))
    kinds = {each: sizes.index(tenth) for each, tenth in tenths.items()}
    counts = np.array([(len(run.text), run.weight, kinds[run.size]) for run in runs])
    order, ends, own = regions(place, counts, np.array(size), np.array(sizes), np.array(gutters, np.float64))
    gutters += own.tolist()
    row_ends = rows(place, counts, order, ends).tolist()
    ordered = [runs[at] for at in order.tolist()]
    found: list[list[Line]] = []
    begin = at = 0
    for region_end in ends.tolist():
        lines = []
        while begin < region_end:
            line = _line(ordered[begin : row_ends[at]])
            if line.text:
                lines.append(line)
            begin = row_ends[at]
            at += 1
        found.append(lines)
    return found


def _em(runs: Sequence[Run]) -> float:
    """The size of most characters."""
    return max(commonest_size([(run.size, len(run.text)) for run in runs]), 0.1)


def _line(row: list[Run]) -> Line:
    """The line that runs side by side make."""
    if len(row) == 1:
        run = row[0]
        text = without_leaders(run.text)
        pieces: tuple[Piece, ...] = ((run.x0, run.x1, run.text if "\t" in text else text),)
        cells = text.count("\t") + 1
        return Line(run.x0, run.y0, run.x1, run.y1, run.size, text, run.is_mono, run.bold, cells, pieces)
    longest = max(row, key=lambda run: len(run.text))
    row = with_fractions(sorted(row, key=lambda run: (run.x0, run.x1, run.text)), longest)
    text, found, hang = _text_of(row, longest)
    text = without_leaders(text)
    start, end = row[0].x0, max([run.x1 for run in row])
    return Line(
        start,
        min([run.y0 for run in row]),
        end,
        max([run.y1 for run in row]),
        longest.size,
        text,
        all(run.is_mono for run in row),
        (row[0].bold[0], row[-1].bold[1]),
        text.count("\t") + 1,
        tuple(found) if "\t" in text else ((start, end, text),),
        hang,
    )


def _text_of(row: list[Run], longest: Run) -> tuple[str, list[Piece], float | None]:
    """The text of a row, its pieces, and where what follows a bullet or number begins."""
    text, end, hang = row[0].text, row[0].x1, None
    small, raised = 0.85 * longest.size, longest.middle - 0.1 * longest.size
    if row[0].size < small and row[0].middle < raised:
        text = as_superscript(text)  # the mark of a note
    pieces = [(row[0].x0, end, row[0].text)]
    before = row[0]
    for run in row[1:]:
        new, size = run.text, run.size
        gap = run.x0 - end
        if size < small and gap <= 0.25 * size and run.middle < raised:
            text += as_superscript(new)
        elif not (gap > 0.15 * size or before.blank[1] or run.blank[0]) or (
            gap <= 0.5 * size and is_wide(text[-1]) and is_wide(new[0])
        ):
            text += new
        elif before is row[0] and _LABEL.fullmatch(text):
            text, hang = f"{text} {new}", run.x0
        else:
            text += (" " if gap <= CELL_GAP * size else "\t") + new
            pieces.append((run.x0, run.x1, new))
        end = max(end, run.x1)
        before = run
    return text, pieces, hang


def _without_line_numbers(runs: Sequence[Run]) -> list[Run]:
    """Without the numbers that drafts and laws have beside every line or every fifth: ten at least in a column."""
    numbers = [run for run in runs if len(run.text) <= 4 and run.text.isdecimal() and run.text.isascii()]
    if len(numbers) < 10:
        return list(runs)
    ends: dict[int, list[Run]] = {}
    for run in sorted(numbers, key=lambda run: run.middle):
        ends.setdefault(round(run.x1), []).append(run)
    gone: set[int] = set()
    left, right = min(run.x0 for run in runs), max(run.x1 for run in runs)
    for group in ends.values():
        steps = {int(after.text) - int(before.text) for before, after in pairwise(group)}
        at_the_side = group[0].x1 < left + 40 or group[0].x0 > right - 40
        if len(group) >= 10 and len(steps) == 1 and steps <= {1, 5} and at_the_side:
            gone.update(map(id, group))
    return [run for run in runs if id(run) not in gone]


def _with_drop_caps(runs: list[Run]) -> list[Run]:
    """A letter set over several lines joins the first of them."""
    big = [run for run in runs if len(run.text) <= 2 and run.text.isalpha()]
    if not big:
        return runs
    em = _em(runs)
    kept = list(runs)
    for capital in [run for run in big if run.size >= 1.8 * em][:20]:
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
    return kept


def without_leaders(text: str) -> str:
    """The dots between a heading and its page number as one tab."""
    return _LEADERS.sub("\t", text).strip("\t") if "." in text or "_" in text or "…" in text else text
