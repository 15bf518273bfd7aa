"""Spans and runs, what a line is made of: the spaces between them, superscripts, small fractions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pipeline.extraction.pdf.characters import as_superscript, is_wide

Box = tuple[float, float, float, float]

SPACE = 0.25  # ems: the space of most fonts
MONO_SPACE = 0.6  # of a monospaced one, as any of its characters
SMALL = 0.85  # of the size of the line: what is set smaller may be raised or lowered
TIGHT_SPACE = 0.08  # ems above the usual gap of two letters; the tightest lines have 0.11
MIN_GAP = 0.2  # ems between two spans that are a space; MuPDF takes as much within a span
MAX_TERM = 16  # characters above or below the line of a fraction; more is text
MAX_SMALL = 20  # small runs in a row; more is no formula
_SIMPLE = re.compile(r"[\w.,]+")
_WORD_END = re.compile(r"[\w)\]}’'′]$")


@dataclass(slots=True)
class Placed:
    """Text and its place in points: x along the line, y from line to line."""

    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    text: str
    is_mono: bool = False
    bold: tuple[bool, bool] = (False, False)  # of its start and its end

    @property
    def middle(self) -> float:
        return (self.y0 + self.y1) / 2


@dataclass(slots=True)
class Run(Placed):
    """A piece of a line without a wide gap in it."""

    blank: tuple[bool, bool] = (False, False)  # whether a space stood before it, and after it
    weight: int = 0  # characters; ideographs count twice


@dataclass(slots=True)
class Part:
    """A span: its text, its box, whether it is raised (1) or lowered (-1), its size in points."""

    text: str
    box: Sequence[float]
    level: int
    size: float


def commonest_size(sizes: Iterable[tuple[float, int]]) -> float:
    """Of sizes and how often each counts, that which counts most, in tenths; the smallest of equals, 0 of none."""
    exact: dict[float, int] = {}
    for size, times in sizes:
        exact[size] = exact.get(size, 0) + times
    counts: dict[float, int] = {}
    for size, times in exact.items():  # few
        counts[round(size, 1)] = counts.get(round(size, 1), 0) + times
    return max(sorted(counts), key=lambda size: counts[size], default=0.0)


def joined(parts: Iterable[Part]) -> str:
    """The text of a line. What is raised and reads as a number becomes a superscript, what stands over one another
    and is no index of a letter a fraction with a slash.
    """
    text = ""
    end: Sequence[float] | None = None
    levels = _levels(parts)
    for at, (level, content, first, last, size) in enumerate(levels):
        if not content.strip():
            text += content
            continue
        new = content
        follows = end is not None and _gap(end, first) <= 0.15 * size and not text[-1:].isspace()
        is_index = follows and bool(_WORD_END.match(text[-1:]))
        below = levels[at + 1] if at + 1 < len(levels) else None
        if level == 1 and not is_index and below is not None and below[0] == -1 and _is_over((first, last), below[2:4]):
            new = f"{_whole(content)}/"
        elif level == -1 and text.endswith("/") and at and levels[at - 1][0] == 1:
            new = _whole(content)
            text += new
            end = last
            continue
        elif level == 1 and (follows or not text.strip()):
            new = as_superscript(content)
        apart = end is not None and _gap(end, first) > MIN_GAP * size
        if apart and not (text[-1:].isspace() or new[:1].isspace() or (is_wide(text[-1:]) and is_wide(new[:1]))):
            text += " "
        text += new
        end = last
    return text


def joined_level(texts: Sequence[str], boxes: Sequence[Sequence[float]], sizes: Sequence[float]) -> str:
    """As `joined`, of spans none of which is raised or lowered: most lines, for which it takes a third of the time."""
    if len(texts) == 1:
        return texts[0]
    text = ""
    end: Sequence[float] | None = None
    for new, box, size in zip(texts, boxes, sizes, strict=True):
        if not new or new.isspace():
            text += new
            continue
        if end is not None:
            (a0, b0, a1, b1), (x0, y0, x1, y1), least = end, box, MIN_GAP * size
            if x0 - a1 > least or a0 - x1 > least or y0 - b1 > least or b0 - y1 > least:
                before, after = text[-1:], new[0]
                if not (before.isspace() or after.isspace() or (is_wide(before) and is_wide(after))):
                    text += " "
        text += new
        end = box
    return text


Level = tuple[int, str, Sequence[float], Sequence[float], float]


def _levels(parts: Iterable[Part]) -> list[Level]:
    """Raised and lowered parts put together with their neighbours on the same level; others one by one."""
    found: list[Level] = []
    for part in parts:
        if found and part.level and found[-1][0] == part.level and _gap(found[-1][3], part.box) <= 0.5 * part.size:
            _, text, first, last, size = found[-1]
            space = " " if _gap(last, part.box) > MIN_GAP * size and not text[-1:].isspace() else ""
            found[-1] = (part.level, text + space + part.text, first, part.box, size)
        else:
            found.append((part.level, part.text, part.box, part.box, part.size))
    return found


def _is_over(upper: Sequence[Sequence[float]], lower: Sequence[Sequence[float]]) -> bool:
    """Whether two stretches of a line, each from its first box to its last, have one middle."""
    x0, x1, u0, u1 = upper[0][0], upper[1][2], lower[0][0], lower[1][2]
    narrower = min(x1 - x0, u1 - u0)
    return min(x1, u1) - max(x0, u0) > 0.5 * narrower and abs((x0 + x1) - (u0 + u1)) < 0.6 * max(x1 - x0, u1 - u0)


def with_fractions(row: Sequence[Run], main: Run) -> list[Run]:
    """The runs of a row, those of a small fraction as one; `main` tells the size and the middle of the row."""
    small = [run for run in row if run.size < SMALL * main.size and len(run.text) <= MAX_TERM]
    if not 2 <= len(small) <= MAX_SMALL:
        return list(row)
    found: dict[int, Run] = {}
    gone: set[int] = set()
    for upper in small:
        for lower in small:
            if {id(upper), id(lower)} & gone or not upper.y1 - 0.3 * upper.size < lower.y1 - 0.5 * lower.size:
                continue
            if not _is_over(*[((run.x0, run.y0, run.x1, run.y1),) * 2 for run in (upper, lower)]):
                continue
            start = min(upper.x0, lower.x0)
            beside = [run for run in row if abs(start - run.x1) <= 0.1 * run.size]
            if not any(_WORD_END.match(run.text[-1:]) for run in beside):
                text = f"{_whole(upper.text)}/{_whole(lower.text)}"
                end = max(upper.x1, lower.x1)
                found[id(upper)] = replace(upper, x0=start, x1=end, text=text, size=main.size, y0=main.y0, y1=main.y1)
                gone |= {id(upper), id(lower)}
    return [found.get(id(run), run) for run in row if id(run) in found or id(run) not in gone]


def _whole(text: str) -> str:
    text = text.strip()
    return text if _SIMPLE.fullmatch(text) else f"({text})"


def _gap(before: Sequence[float], box: Sequence[float]) -> float:
    """Between two boxes of a line, whatever way it runs: they are apart in one direction only."""
    return max(box[0] - before[2], before[0] - box[2], box[1] - before[3], before[1] - box[3])
