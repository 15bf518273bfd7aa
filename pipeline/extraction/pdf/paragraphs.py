"""Lines made paragraphs: which line ends are the page's and which the author's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from pipeline.extraction.pdf.characters import is_wide
from pipeline.extraction.pdf.column_shape import (
    GAP,
    HANGS,
    INDENT,
    IS_APART,
    IS_CENTRED,
    LEFT,
    ROOM,
    WIDE_GAP,
    WIDTH,
    shape_of,
)
from pipeline.extraction.pdf.layout import Line
from pipeline.extraction.pdf.spans import MONO_SPACE

ROWS_BACK = 50  # that tell where a table begins
ABOVE_HEADING = 1.15  # of the usual distance, above which white stands over a heading
ROW_GAP = 2.5  # of the usual distance, above which a table ends
_BULLET = re.compile(r"[•·▪●○■□◦‣►✓✗➢❖–—¦]\s|[-*]\s(?=\S)")
_NUMBERED = re.compile(r"(?:\(?(?:\d{1,3}|[a-z]|[ivx]{1,5})[.)]|\[\d{1,4}\])\s|\d{1,2}(?:\.\d{1,2}){1,4}\.?\s+[A-Z]")
_END = re.compile(r"[.!?:;。！？：；][\"'”’»)\]】」』⁰¹²³⁴⁵⁶⁷⁸⁹]{0,4}$")
_INTEGER = re.compile(r"(\d{1,3})[.)]? ")
_SHAPE = re.compile(r"\d+(?:[:./-]\d+)+")


@dataclass(slots=True)
class Paragraph:
    """Lines that belong together: each of `parts` is a line of the text, in the pieces that the page broke it into.

    Where `is_rows`, it is a table, of the lines in `rows`, or code. `size` is that of its first line. `is_indented`:
    that line stands further in than others; `is_apart`: it begins the column, or more white than between lines stands
    above it. `is_full`: its last line ends at the edge of the column. `pages`: those
    that lines of it stand on. `heading`: its level, 0 for none.
    """

    parts: list[list[str]]
    size: float
    is_rows: bool = False
    is_code: bool = False
    rows: list[Line] = field(default_factory=list)
    pages: list[int] = field(default_factory=list)
    heading: int = 0
    is_note: bool = False
    is_bold: bool = False
    is_indented: bool = False
    is_apart: bool = False
    is_full: bool = False

    @property
    def first(self) -> str:
        return self.parts[0][0]

    @property
    def last(self) -> str:
        return self.parts[-1][-1]

    @property
    def ends(self) -> bool:
        """Whether it ends as a sentence does."""
        return _END.search(self.last) is not None


def paragraphs(lines: Sequence[Line], *, body: float, keeps_code: bool) -> list[Paragraph]:
    """The paragraphs of one column of a document whose text is of size `body`.

    `keeps_code`: lines of a monospaced font keep their ends and their indentation.
    """
    lines = [line if line.cells == 1 else _stretched(lines, at) for at, line in enumerate(lines)]
    column = _Column(lines, body)
    found: list[Paragraph] = []
    for at, line in enumerate(lines):
        is_code = keeps_code and line.is_mono and line.cells == 1
        text = " " * column.indentation(line) + line.text if is_code else line.text
        if at and found[-1].is_rows and (is_code if found[-1].is_code else line.cells > 1):
            if column.gap(at) < ROW_GAP:
                found[-1].parts += [*([[""]] if is_code and column.gap(at) > 1.7 else []), [text]]
                found[-1].rows += [] if is_code else [line]
                continue
        elif at and not is_code and found[-1].rows and column.is_in_table(at, found[-1].rows):
            found[-1].parts.append(["\t" + text])
            found[-1].rows.append(line)
            continue
        elif at and not (is_code or line.cells > 1 or found[-1].is_rows or column.ends_before(at)):
            last = found[-1]
            if not column.breaks_before(at) and not _counts_on(last, text):
                last.parts[-1].append(text)
                continue
            if not _END.search(lines[at - 1].text):
                last.parts.append([text])
                continue
        if found:
            found[-1].is_full = not column.has_room(at - 1, 6)
        is_rows = is_code or line.cells > 1
        is_bold, is_indented = all(line.bold), column.is_indented(at)
        rows = [line] if line.cells > 1 else []
        new = Paragraph([[text]], line.size, is_rows, is_code, rows, is_bold=is_bold, is_indented=is_indented)
        new.is_apart = not at or not -1 <= column.gap(at) <= ABOVE_HEADING
        found.append(new)
    if found:
        found[-1].is_full = not column.has_room(len(lines) - 1, 6)
    return found


def _stretched(lines: Sequence[Line], at: int) -> Line:
    """A line of cells; where it only looks like a row of a table, justified in a narrow column of prose, its text."""
    line = lines[at]
    near = [lines[other] for other in (at - 1, at + 1) if 0 <= other < len(lines)]
    if any(other.cells > 1 for other in near):
        return line
    if 10 * sum(map(str.isalpha, line.text)) < 7 * len("".join(line.text.split())):
        return line  # a formula
    is_prose = any(
        abs(other.x1 - line.x1) < 0.5 * line.size
        and abs(other.y1 - line.y1) < 1.6 * line.size
        and other.x1 - other.x0 > 10 * line.size
        for other in near
    )
    return replace(line, text=line.text.replace("\t", " "), cells=1) if is_prose else line


def is_numbered(text: str) -> bool:
    """Whether it begins as an item of a list or a numbered heading does."""
    return _NUMBERED.match(text) is not None


def _counts_on(paragraph: Paragraph, text: str) -> bool:
    """Whether the line has the number after that of the paragraph's last line, or begins with a time as that does."""
    if not text[:1].isdecimal():
        return False
    before = paragraph.parts[-1][0]
    old, new = _INTEGER.match(before), _INTEGER.match(text)
    if old and new:
        return int(new[1]) == int(old[1]) + 1
    return bool(_SHAPE.match(before) and _SHAPE.match(text))


class _Column:
    """How the lines of a column stand to what is usual in it (see column_shape)."""

    def __init__(self, lines: Sequence[Line], body: float) -> None:
        self._lines, self._body = lines, body
        self._shape: list[list[float]] = []
        if lines:
            rows = [(line.x0, line.x1, line.y1, line.size, line.cells, len(line.text)) for line in lines]
            self._shape = shape_of(np.array(rows, np.float64)).tolist()
        self._code_left = min((line.x0 for line in lines if line.is_mono), default=0.0)

    def indentation(self, line: Line) -> int:
        """Of a line of code, in characters."""
        return min(round((line.x0 - self._code_left) / (MONO_SPACE * max(line.size, 0.1))), 80)

    def is_indented(self, at: int) -> bool:
        """Whether the line stands further in than most."""
        line = self._lines[at]
        return line.x0 - self._shape[at][LEFT] > INDENT * line.size

    def gap(self, at: int) -> float:
        """The distance to the line before, where the usual one is 1."""
        return self._shape[at][GAP]

    def is_in_table(self, at: int, rows: Sequence[Line]) -> bool:
        """Whether the line goes on with a cell of the `rows` above it: a further one, or with more rows below."""
        line = self._lines[at]
        if self.gap(at) >= WIDE_GAP or line.x0 >= self._lines[at - 1].x1:
            return False
        if line.x0 - min(row.x0 for row in rows[-ROWS_BACK:]) > 3 * line.size:
            return True
        is_inside = at + 1 < len(self._lines) and self._lines[at + 1].cells > 1 and self.gap(at + 1) < WIDE_GAP
        return is_inside and not self.ends_before(at)

    def ends_before(self, at: int) -> bool:
        """Whether a paragraph ends before the line: by white, size, weight, capitals, a mark, or indentation."""
        before, line, shape = self._lines[at - 1], self._lines[at], self._shape[at]
        if shape[IS_APART] or line.hang is not None:
            return True
        if (not line.bold[0] and all(before.bold)) or (not before.bold[1] and all(line.bold)):
            return True
        if _is_capitals(before.text) != _is_capitals(line.text) or _BULLET.match(line.text):
            return True
        em = max(line.size, 0.1)
        step = line.x0 - before.x0
        numbered = _NUMBERED.match(line.text)
        if numbered and (self.has_room(at - 1, len(numbered[0])) or step < -INDENT * em):
            return True
        if before.hang is not None and abs(line.x0 - before.hang) <= INDENT * em:
            return False
        if shape[HANGS] and abs(step) > INDENT * em:
            return step < 0
        if abs(step) <= INDENT * em or shape[IS_CENTRED]:
            return False
        if _BULLET.match(before.text) or _NUMBERED.match(before.text):
            return step < 0 and self.has_room(at - 1, 8)  # what follows a bullet stands further in
        return abs(line.x0 - shape[LEFT]) > INDENT * em

    def breaks_before(self, at: int) -> bool:
        """Whether the first word of the line had room in the one before, so that the author ended it there."""
        line = self._lines[at]
        if _is_broken(self._lines[at - 1].text, line.text):
            return False
        if line.size > 1.1 * self._body and (self._shape[at][IS_CENTRED] or line.size > 1.3 * self._body):
            return False  # a title of two lines
        return self.has_room(at - 1, _first_word(line.text))

    def has_room(self, at: int, characters: int) -> bool:
        """Whether so many characters, and a space, would still fit into the line."""
        shape = self._shape[at]
        return shape[ROOM] > (characters + 1) * shape[WIDTH]


def _first_word(text: str) -> int:
    """How many characters of a line the one before would have taken: of a script without spaces one at least."""
    if is_wide(text[:1]):
        return 1
    word = text.split(" ", 1)[0]
    return next((at for at, character in enumerate(word) if is_wide(character)), len(word))


def _is_broken(before: str, after: str) -> bool:
    """Whether a line ends within a word, by its hyphen."""
    return before[-1:] == "\u00ad" or (before[-1:] == "-" and before[-2:-1].islower() and after[:1].islower())


def _is_capitals(text: str) -> bool:
    return text.isupper() and sum(map(str.isalpha, text)) >= 8 and " " in text
