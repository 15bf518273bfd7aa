"""The order in which the text of a page is read: columns found by the white between them, rows within a column.

A recursive cut after the idea of XY-cut (Nagy and Seth, ICPR 1984), with the white rectangles of Breuel (DAS 2002): not
the whole region must be white for a column to end, only a stretch of it; what crosses the gutter (a title, a wide
figure) ends the stretch. So aligned lines of two columns are never taken for rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from pipeline.extraction.pdf.characters import as_superscript, is_wide
from pipeline.extraction.pdf.spans import Placed, Run, commonest_size, with_fractions

MIN_GUTTER = 0.8  # ems; newspapers have 1, journals 1.2 to 2.6; what is narrower is a space in a line
WIDE_GUTTER = 2.0  # ems; wider than spaces in a justified line
MAX_GUTTERS = 100  # remembered
MIN_ROWS = 6  # on both sides of a gutter that is not wide
OUTDENT = 0.3  # ems that a line may stand out of its column
MIN_PROSE = 18  # characters of a line in a column of prose, on average; narrow newspaper columns have 25
MAX_ALIGNED = 0.6  # of the lines of the shorter side of a gutter; more is a table, read row by row
MAX_DEPTH = 40  # cuts within cuts; hostile pages could have as many as lines
MAX_CUT_RUNS = 10_000  # of a page; more are read row by row. A newspaper has 2,000, glyphs set one by one 3,000
MAX_CANDIDATES = 12  # places for a gutter looked at in a region
HEADING_GAP = 0.4  # ems above a heading
CELL_GAP = 2.0  # ems between two cells of a row; less is a wide space
_LABEL = re.compile(r"[^\w\s]|o|\(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,5})(?:\.\d{1,3}){0,4}[.)\]:]?|\[\w{1,8}\]")
_LEADERS = re.compile(r"(?: ?[.…·_] ?){5,}")


@dataclass(slots=True)
class Line(Placed):
    """A line as it is read. `cells` above 1: a row of a table, tabs between the cells.

    pieces: of such a row, what stands apart by more than nothing: from where to where it reaches, in points, and text.
    """

    cells: int = 1
    pieces: tuple[tuple[float, float, str], ...] = ()
    hang: float | None = None  # where its text begins after a bullet or number that stands apart


def columns(runs: Sequence[Run], gutters: list[float] | None = None) -> list[list[Line]]:
    """The lines of a page, column by column in reading order; nothing is in two of them.

    `gutters`: where right columns began on the pages before; those of this page are added.
    """
    gutters = [] if gutters is None else gutters
    runs = sorted(
        _with_drop_caps(_without_line_numbers(runs)), key=lambda run: ((run.y0 + run.y1) / 2, run.x0, run.text)
    )
    depth = 0 if len(runs) <= MAX_CUT_RUNS else MAX_DEPTH
    return [lines(region) for region in _regions(runs, depth, gutters)] if runs else []


def _regions(runs: list[Run], depth: int, gutters: list[float]) -> Iterator[list[Run]]:
    """`runs` from top to bottom, in regions without a gutter, in reading order; the `gutters` of the page are added."""
    stretch = _widest_stretch(runs, gutters) if depth < MAX_DEPTH and len(runs) > 3 else None
    if stretch is None:
        yield runs
        return
    start, stop, gutter = stretch
    stop = _without_heading(runs, start, stop, gutter)
    left = [run for run in runs[start:stop] if run.x1 <= gutter]
    right = [run for run in runs[start:stop] if run.x1 > gutter]
    if len(gutters) < MAX_GUTTERS:
        gutters.append(min(run.x0 for run in right))
    for part in (runs[:start], left, right, runs[stop:]):
        if part:
            yield from _regions(part, depth + 1, gutters)


def _without_heading(runs: list[Run], start: int, stop: int, gutter: float) -> int:
    """Where the stretch ends, without a heading of what crosses the gutter below it, which looks like a left line.

    It stands alone below all of the right column, apart from the left one, and is no full line.
    """
    last = runs[stop - 1]
    left = [run for run in runs[start : stop - 1] if run.x1 <= gutter]
    right = [run for run in runs[start : stop - 1] if run.x1 > gutter]
    if stop == len(runs) or last.x1 > gutter or len(left) < 2 or not right:
        return stop
    is_below = (
        last.y0 > max(run.y1 for run in right) and last.y0 - max(run.y1 for run in left) > HEADING_GAP * last.size
    )
    x0, x1 = min(run.x0 for run in left), max(run.x1 for run in left)
    return stop - 1 if is_below and last.x1 < x0 + 0.75 * (x1 - x0) else stop


def _widest_stretch(runs: list[Run], gutters: Sequence[float]) -> tuple[int, int, float] | None:
    """From which run to which one there are two columns, and the x of the gutter's left edge; None: nowhere."""
    em = _em(runs)
    best: tuple[int, int, float] | None = None
    best_score = 0
    places = [(run.x0, run.x1) for run in runs]
    weights = list(accumulate([run.weight for run in runs], initial=0))
    for edge in _edges(runs, em):
        gutter = edge - MIN_GUTTER * em
        is_known = any(abs(edge - other) <= em for other in gutters)
        for start, stop in _stretches(places, gutter, edge - OUTDENT * em):
            if weights[stop] - weights[start] <= 2 * best_score:
                continue
            left = [run for run in runs[start:stop] if run.x1 <= gutter]
            right = [run for run in runs[start:stop] if run.x1 > gutter]
            score = min(_characters(left), _characters(right))
            if score > best_score and _are_columns(left, right, em, is_known=is_known):
                best, best_score = (start, stop, gutter), score
    return best


def _edges(runs: list[Run], em: float) -> list[float]:
    """Where a right column may begin: where lines begin, first where most do; and after white from top to bottom."""
    groups: list[list[float]] = []
    for x in sorted(run.x0 for run in runs):
        if groups and x - groups[-1][0] <= 0.5 * em:
            groups[-1].append(x)
        else:
            groups.append([x])
    common = sorted((group for group in groups[1:] if len(group) >= 3), key=lambda group: (-len(group), group[0]))
    end, after_white = runs[0].x1, []
    for run in sorted(runs, key=lambda run: run.x0):
        if run.x0 - end >= MIN_GUTTER * em:
            after_white.append(run.x0)
        end = max(end, run.x1)
    found = [group[0] for group in common[:MAX_CANDIDATES]]
    return list(dict.fromkeys(found + after_white[:MAX_CANDIDATES]))


def _stretches(places: list[tuple[float, float]], gutter: float, edge: float) -> Iterator[tuple[int, int]]:
    """The stretches of runs, of which each reaches from where to where, none of which reaches into the gutter."""
    start = 0
    for at in [at for at, (x0, x1) in enumerate(places) if x0 < edge and x1 > gutter]:
        if at - start >= 4:
            yield start, at
        start = at + 1
    if len(places) - start >= 4:
        yield start, len(places)


def _are_columns(left: list[Run], right: list[Run], em: float, *, is_known: bool) -> bool:
    """Whether two sides of a gutter are read one after the other, and not row by row as a table is.

    Sides whose lines stand at heights of their own are columns. Sides with lines side by side are, where both are
    prose; but where words are placed one by one, a narrow gutter along few rows is only a chance of spaces over one
    another, unless the document `is_known` to have it elsewhere.
    """
    rows_left, rows_right = _row_places(left, em), _row_places(right, em)
    fewer, more = sorted((rows_left, rows_right), key=len)
    if len(fewer) < 2:
        return False
    at = aligned = 0
    for place in fewer:
        while at < len(more) and more[at] < place - 0.25 * em:
            at += 1
        aligned += at < len(more) and more[at] <= place + 0.25 * em
    is_by_word = len(left) + len(right) > 1.5 * (len(rows_left) + len(rows_right))
    is_prose = _is_prose(left, len(rows_left)) and _is_prose(right, len(rows_right))
    if aligned < MAX_ALIGNED * len(fewer):
        return len(fewer) >= 3 or (is_prose and not is_by_word)
    width = min(run.x0 for run in right) - max(run.x1 for run in left)
    is_sure = is_known or not is_by_word or len(fewer) >= MIN_ROWS or width >= WIDE_GUTTER * em
    return is_sure and is_prose


def _is_prose(side: list[Run], rows: int) -> bool:
    """Whether the lines are long, and most of them fill the column."""
    if _characters(side) < MIN_PROSE * rows:
        return False
    start, end = min(run.x0 for run in side), max(run.x1 for run in side)
    full = sum(run.x1 > end - 0.25 * (end - start) for run in side)
    return 2 * full >= rows


def _row_places(runs: list[Run], em: float) -> list[float]:
    places: list[float] = []
    last = float("-inf")
    for run in runs:
        middle = (run.y0 + run.y1) / 2
        if middle - last > 0.5 * em:
            places.append(middle)
            last = middle
    return places


def _characters(runs: list[Run]) -> int:
    return sum([run.weight for run in runs])


def _em(runs: Sequence[Run]) -> float:
    """The size of most characters."""
    return max(commonest_size([(run.size, len(run.text)) for run in runs]), 0.1)


def lines(runs: list[Run]) -> list[Line]:
    """The lines of a region, from top to bottom; `runs` are sorted by their middle."""
    rows: list[list[Run]] = []
    core: Run | None = None
    for run in runs:
        if core is not None and _shares_line(core, run):
            rows[-1].append(run)
            core = run if len(run.text) > len(core.text) else core
        else:
            rows.append([run])
            core = run
    return [line for line in map(_line, rows) if line.text]


def _shares_line(core: Run, run: Run) -> bool:
    """At least half of the lower one lies beside the other."""
    beside = min(core.y1, run.y1) - max(core.y0, run.y0)
    return 2 * beside >= min(core.y1 - core.y0, run.y1 - run.y0)


def _line(row: list[Run]) -> Line:
    longest = max(row, key=lambda run: len(run.text))
    row = with_fractions(sorted(row, key=lambda run: (run.x0, run.x1, run.text)), longest)
    text, end, hang = row[0].text, row[0].x1, None
    if row[0].size < 0.85 * longest.size and row[0].middle < longest.middle - 0.1 * longest.size:
        text = as_superscript(text)  # the mark of a note
    pieces = [(row[0].x0, row[0].x1, row[0].text)]
    for at, run in enumerate(row[1:], 1):
        gap = run.x0 - end
        new = run.text
        is_small = run.size < 0.85 * longest.size
        is_apart = gap > 0.15 * run.size or row[at - 1].blank[1] or run.blank[0]
        if is_small and gap <= 0.25 * run.size and run.middle < longest.middle - 0.1 * longest.size:
            text += as_superscript(new)
        elif not is_apart or (gap <= 0.5 * run.size and is_wide(text[-1]) and is_wide(new[0])):
            text += new
        elif at == 1 and _LABEL.fullmatch(text):
            text, hang = f"{text} {new}", run.x0
        else:
            text += (" " if gap <= CELL_GAP * run.size else "\t") + new
            pieces.append((run.x0, run.x1, new))
        end = max(end, run.x1)
    text = without_leaders(text)
    return Line(
        row[0].x0,
        min(run.y0 for run in row),
        end,
        max(run.y1 for run in row),
        longest.size,
        text,
        all(run.is_mono for run in row),
        (row[0].bold[0], row[-1].bold[1]),
        text.count("\t") + 1,
        tuple(pieces) if "\t" in text else ((row[0].x0, end, text),),
        hang,
    )


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
