"""Lines made paragraphs: which line ends are the page's and which the author's."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import median_low

from pipeline.extraction.pdf.layout import Line

INDENT = 0.6  # ems
SIZES_ALIKE = 1.12  # ratio of two sizes within one paragraph; a heading is larger
WIDE_GAP = 1.3  # of the usual distance of two lines, above which a paragraph ends
ROW_GAP = 2.5  # of the usual distance, above which a table ends
MAX_LEADING = 2.2  # ems; what is further apart is no line spacing
_BULLET = re.compile(r"[•▪●○■□◦‣►✓✗➢❖–—¦]\s|[-*]\s(?=\S)")
_NUMBERED = re.compile(r"(?:\(?(?:\d{1,3}|[a-z]|[ivx]{1,5})[.)]|\[\d{1,4}\])\s|\d{1,2}(?:\.\d{1,2}){1,4}\.?\s+[A-Z]")
_END = re.compile(r"[.!?:;。！？：；][\"'”’»)\]】」』⁰¹²³⁴⁵⁶⁷⁸⁹]{0,4}$")
_INTEGER = re.compile(r"(\d{1,3})[.)]? ")
_SHAPE = re.compile(r"\d+(?:[:./-]\d+)+")


@dataclass(slots=True)
class Paragraph:
    """Lines that belong together: each of `parts` is a line of the text, in the pieces that the page broke it into.

    Where `is_rows`, it is a table, of the lines in `rows`, or code. `size` is that of its first line. `is_indented`:
    that line stands further in than others. `is_full`: its last line ends at the edge of the column. `pages`: those
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
    lines = [_stretched(lines, at) for at in range(len(lines))]
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
        elif at and found[-1].is_rows and not found[-1].is_code and column.continues_row(at):
            found[-1].parts.append(["\t" + text])
            found[-1].rows.append(line)
            continue
        elif at and not (is_code or line.cells > 1 or column.ends_before(at)):
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
        is_bold, is_indented = all(line.bold), column.is_indented(line)
        rows = [line] if line.cells > 1 else []
        found.append(Paragraph([[text]], line.size, is_rows, is_code, rows, is_bold=is_bold, is_indented=is_indented))
    if found:
        found[-1].is_full = not column.has_room(len(lines) - 1, 6)
    return found


def _stretched(lines: Sequence[Line], at: int) -> Line:
    """The line; where it only looks like a row of a table, justified in a narrow column of prose, with its spaces."""
    line = lines[at]
    near = [lines[other] for other in (at - 1, at + 1) if 0 <= other < len(lines)]
    if line.cells == 1 or any(other.cells > 1 for other in near):
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
    before = paragraph.parts[-1][0]
    old, new = _INTEGER.match(before), _INTEGER.match(text)
    if old and new:
        return int(new[1]) == int(old[1]) + 1
    return bool(_SHAPE.match(before) and _SHAPE.match(text))


class _Column:
    """What is usual in a column for lines of each size: their edges, and their distance."""

    def __init__(self, lines: Sequence[Line], body: float) -> None:
        self._lines, self._body = lines, body
        self._left: dict[int, float] = {}
        self._right: dict[int, float] = {}
        self._leading: dict[int, float] = {}
        self._sizes = [_size(line) for line in lines]
        by_size: dict[int, list[Line]] = {}
        steps: dict[int, list[float]] = {}
        for at, (line, size) in enumerate(zip(lines, self._sizes, strict=True)):
            by_size.setdefault(size, []).append(line)
            if at and self._sizes[at - 1] == size and line.y1 - lines[at - 1].y1 > 0.5 * line.size:
                steps.setdefault(size, []).append(line.y1 - lines[at - 1].y1)
        for size, own in by_size.items():
            prose = [line for line in own if line.cells == 1] or own
            self._left[size] = _commonest([line.x0 for line in prose])
            self._right[size] = max(line.x1 for line in prose)
            em = max(own[0].size, 0.1)
            usual = median_low(steps[size]) if size in steps else 1.25 * em
            self._leading[size] = min(usual, MAX_LEADING * em)
        self._rooms = [self._room(at) for at in range(len(lines))]
        self._hanging = self._that_hang()
        self._code_left = min((line.x0 for line in lines if line.is_mono), default=0.0)

    def _room(self, at: int) -> tuple[float, float]:
        """How many points are left in a line, half an em put aside, and how wide a character of it is."""
        line, size = self._lines[at], self._sizes[at]
        x0, x1, em = line.x0, line.x1, line.size
        is_long, is_centred = x1 - x0 > 15 * em, False
        for other in self._lines[max(at - 1, 0) : at + 2]:
            if other is line:
                continue
            if is_long and other.cells == 1 and abs(other.x1 - x1) < 0.5 * em:
                return float("-inf"), 0.0  # a narrower column of its own: a quotation
            is_centred = is_centred or _are_centred(line, other)
        right = self._right[size]
        if is_centred:
            right -= max(x0 - self._left[size], 0)
        return right - x1 - 0.5 * em, (x1 - x0) / len(line.text)

    def _that_hang(self) -> set[int]:
        """The sizes of which further lines of a paragraph stand in, as in lists of references.

        So it is where lines stand in by the same measure, nearly all after a full one, and few full ones go on below.
        """
        places: dict[int, list[float]] = {}
        full, flows = Counter[int](), Counter[int]()
        for at, size in enumerate(self._sizes[1:], 1):
            if self._sizes[at - 1] != size:
                continue
            before, line = self._lines[at - 1], self._lines[at]
            step, em = line.x0 - before.x0, line.size
            if step > INDENT * em:
                places.setdefault(size, []).append(line.x0)
                full[size] += not self.has_room(at - 1, 8)
            elif step > -INDENT * em and abs(before.x0 - self._left[size]) <= INDENT * em:
                flows[size] += not self.has_room(at - 1, 8)
        found = set()
        for size, its in places.items():
            if len(its) < 3 or 10 * full[size] < 7 * len(its) or 2 * flows[size] > len(its):
                continue
            usual = _commonest(its)
            if 10 * sum(abs(place - usual) <= 1.5 for place in its) >= 7 * len(its):
                found.add(size)
        return found

    def indentation(self, line: Line) -> int:
        """Of a line of code, in characters."""
        return min(round((line.x0 - self._code_left) / (0.6 * max(line.size, 0.1))), 80)

    def is_indented(self, line: Line) -> bool:
        """Whether the line stands further in than most."""
        return line.x0 - self._left[_size(line)] > INDENT * line.size

    def gap(self, at: int) -> float:
        """The distance to the line before, where the usual one is 1."""
        before, line = self._lines[at - 1], self._lines[at]
        return (line.y1 - before.y1) / self._leading[self._sizes[at]]

    def continues_row(self, at: int) -> bool:
        """Whether the line is the second one of a cell that is not the first of its row."""
        before, line = self._lines[at - 1], self._lines[at]
        return self.gap(at) < WIDE_GAP and line.x0 - self._left[_size(line)] > 3 * line.size and line.x0 < before.x1

    def ends_before(self, at: int) -> bool:
        """Whether a paragraph ends before the line: by white, size, weight, capitals, a mark, or indentation."""
        before, line = self._lines[at - 1], self._lines[at]
        larger, smaller = max(before.size, line.size), max(min(before.size, line.size), 0.1)
        gap = self.gap(at)
        if larger > SIZES_ALIKE * smaller or gap > WIDE_GAP or gap < -1:
            return True
        if (all(before.bold) and not line.bold[0]) or (all(line.bold) and not before.bold[1]):
            return True
        if _is_capitals(before.text) != _is_capitals(line.text):
            return True
        if line.hang is not None or _BULLET.match(line.text):
            return True
        em = max(line.size, 0.1)
        step = line.x0 - before.x0
        numbered = _NUMBERED.match(line.text)
        if numbered and (self.has_room(at - 1, len(numbered[0])) or step < -INDENT * em):
            return True
        if before.hang is not None and abs(line.x0 - before.hang) <= INDENT * em:
            return False
        if self._sizes[at] in self._hanging and abs(step) > INDENT * em:
            return step < 0
        if abs(step) <= INDENT * em or _are_centred(before, line):
            return False
        if _BULLET.match(before.text) or _NUMBERED.match(before.text):
            return step < 0 and self.has_room(at - 1, 8)  # what follows a bullet stands further in
        return abs(line.x0 - self._left[self._sizes[at]]) > INDENT * em

    def breaks_before(self, at: int) -> bool:
        """Whether the first word of the line had room in the one before, so that the author ended it there."""
        before, line = self._lines[at - 1], self._lines[at]
        if line.size > 1.1 * self._body and (_are_centred(before, line) or line.size > 1.3 * self._body):
            return False  # a title of two lines
        return self.has_room(at - 1, len(line.text.split(" ", 1)[0]))

    def has_room(self, at: int, characters: int) -> bool:
        """Whether so many characters, and a space, would still fit into the line."""
        room, width = self._rooms[at]
        return room > (characters + 1) * width


def _are_centred(line: Line, other: Line) -> bool:
    """Whether two lines have one middle, though not one left edge."""
    middles = abs((line.x0 + line.x1) - (other.x0 + other.x1)) / 2
    return middles < 0.3 * line.size and abs(line.x0 - other.x0) > INDENT * line.size


def _commonest(places: Sequence[float]) -> float:
    """The place at which most lines begin, to the point; of equally common ones the leftmost."""
    counts: dict[int, int] = {}
    for place in places:
        counts[round(place)] = counts.get(round(place), 0) + 1
    best = max(sorted(counts), key=lambda place: counts[place])
    return min(place for place in places if round(place) == best)


def _is_capitals(text: str) -> bool:
    return text.isupper() and sum(map(str.isalpha, text)) >= 8 and " " in text


def _size(line: Line) -> int:
    return round(line.size * 2)
