"""Tables of wikitext as rows that can be read: Markdown where they are tables, lines where they only set a page."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

from pipeline.extraction.wikitext.marks import BREAK, CELL, KEPT_BEGIN, POEM, POEM_END, QUOTE, QUOTE_END

MAX_DEPTH = 3  # of tables in tables; what is deeper goes
MAX_COLUMNS = 60
MAX_CELLS = 20_000  # of a table with cells that span others; spans of a larger one are not undone
MAX_REPEATED_CHARS = 100  # of a cell that is repeated in each row that it spans
MAX_SPREAD_CHARS = 30  # of a cell that is repeated in each column that it spans
MAX_CELL_CHARS = 1_000  # a longer one means that the table sets a page
_SPAN = re.compile(r"\b(row|col)span\s*=\s*[\"']?\s*(\d{1,4})", re.IGNORECASE)
_ATTRIBUTES = re.compile(r"\s*(?:(?:row|col)span|style|class|align|valign|bgcolor|width|scope)\s*=[^|\n]{1,200}")
_NOT_TEXT = re.compile(
    r"\b(?:infobox|navbox|vertical-navbox|sidebar|metadata|ambox|mbox-small|toccolours|toc|noprint|succession-box|"
    r"mw-collapsed navbox|geography|vcard|biota|plainlinks)\b",
    re.IGNORECASE,
)
_BREAKS = re.compile(f"\\s*(?:{BREAK}|\n)[\\s{BREAK}]*")
_MODES = str.maketrans("", "", QUOTE + QUOTE_END + POEM + POEM_END)
_LIST_SIGN = re.compile(r"^[*#:;]+\s*", re.MULTILINE)


@dataclass(slots=True)
class _Cell:
    lines: list[str]
    is_header: bool
    rows: int = 1
    columns: int = 1


@dataclass(slots=True)
class _Table:
    attributes: str
    caption: list[str] | None = None
    rows: list[list[_Cell]] = field(default_factory=list)


class Tables:
    """The tables in `lines`: where they begin and end. One that nothing closes ends before the next heading."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._ends: dict[int, int] = {}  # line of its end by line of its beginning
        stack: list[int] = []
        for at, row in enumerate(lines):
            if "|" not in row:
                if row.startswith("==") and stack:
                    stack.clear()  # no table goes on behind a heading
                    continue
                continue
            start = row.lstrip(" :")
            if start.startswith("{|"):
                stack.append(at)
            elif start.startswith("|}") and not start.startswith("|}}") and stack:
                self._ends[stack.pop()] = at
        self._headings = [at for at, row in enumerate(lines) if row.startswith("==")]

    def begins(self, at: int) -> bool:
        """Whether a table begins in this line."""
        return self._lines[at].lstrip(" :").startswith("{|")

    def read(self, at: int, depth: int = 1) -> tuple[list[str], int]:
        """The blocks of text that the table in line `at` is, and the line behind it."""
        end = self._ends.get(at)
        behind = len(self._lines) if end is None else end + 1
        stop = behind if end is None else end
        if end is None:
            following = bisect_right(self._headings, at)
            stop = behind = self._headings[following] if following < len(self._headings) else len(self._lines)
        table = _Table(self._lines[at].lstrip(" :")[2:])
        if depth > MAX_DEPTH:
            return [], behind
        row = at + 1
        current: list[str] | None = None  # lines of the cell or caption that is being read
        while row < stop:
            written = self._lines[row]
            start = written.lstrip(" :") if "|" in written or "!" in written else written
            if start.startswith("{|"):
                inner, row = self.read(row, depth + 1)
                if current is not None:
                    current.extend(line for block in inner for line in block.split("\n"))
                continue
            row += 1
            if start.startswith("|-"):
                table.rows.append([])
                current = None
            elif start.startswith("|+"):
                table.caption = current = [start[2:]]
            elif start.startswith(("|", "!")):
                if not table.rows:
                    table.rows.append([])
                current = _cells(start, table.rows[-1])
            elif current is not None:
                current.append(written)
        rest = self._lines[end].lstrip(" :")[2:].strip() if end is not None else ""
        return [*_blocks(table), *([rest] if rest and depth == 1 else [])], behind


def _within(line: str) -> str:
    """A row of an inner table as text of a cell."""
    if not line.startswith("|"):
        return line
    return (
        "" if line.startswith("|--") else ", ".join(value for cell in line.split(" | ") if (value := cell.strip("| ")))
    )


def _cells(line: str, row: list[_Cell]) -> list[str]:
    """Put the cells of a line into the row; the lines of the last one."""
    is_header = line[0] == "!"
    content = line[1:]
    if is_header:
        content = content.replace("!!", "||")
    for written in content.split("||"):
        attributes, bar, text = written.rpartition(CELL) if CELL in written else written.partition("|")
        if not bar:
            attributes, text = (written, "") if _ATTRIBUTES.fullmatch(written) else ("", written)
        cell = _Cell([text], is_header)
        for name, number in _SPAN.findall(attributes):
            if name.lower() == "row":
                cell.rows = max(1, int(number))
            else:
                cell.columns = min(max(1, int(number)), MAX_COLUMNS)
        row.append(cell)
    return row[-1].lines


def _blocks(table: _Table) -> list[str]:
    if _NOT_TEXT.search(table.attributes):
        return []
    caption = " ".join(_plain([part.partition("|")[2] or part for part in table.caption or []]).split("\n"))
    rows = [row for row in table.rows if row]
    texts = [[_plain(cell.lines) for cell in row] for row in rows]
    if not any(text for row in texts for text in row):
        return []
    head = [caption] if caption else []
    if _sets_page(table, texts):
        return head + [_LIST_SIGN.sub(_item, text) for row in texts for text in row if text]
    grid = _grid(rows, texts)
    width = max(len(row) for row in grid)
    used = [place for place in range(width) if any(place < len(row) and row[place] for row in grid)]
    lines = []
    for index, row in enumerate(grid):
        values = [row[place] if place < len(row) else "" for place in used]
        if not any(values):
            continue
        lines.append("| " + " | ".join(values) + " |")
        if not lines[1:] and all(cell.is_header for cell in rows[index]):
            lines.append("|" + "---|" * len(used))
    return [*head, "\n".join(lines)]


def _sets_page(table: _Table, texts: list[list[str]]) -> bool:
    """Whether it only places text: one column, or whole paragraphs in cells."""
    if max(len(row) for row in texts) == 1 and not any(cell.is_header for row in table.rows for cell in row):
        return True
    is_data = "wikitable" in table.attributes or "sortable" in table.attributes
    if any("\n" in text and (KEPT_BEGIN in text or "\n| " in text) for row in texts for text in row):
        return not is_data
    longest = max(len(text) for row in texts for text in row)
    many_lines = max(text.count("\n") for row in texts for text in row)
    return longest > MAX_CELL_CHARS or (many_lines > 3 and not is_data)


def _plain(lines: list[str]) -> str:
    return "\n".join(line for written in lines if (line := written.translate(_MODES).strip()))


def _item(signs: re.Match[str]) -> str:
    return "- " if signs[0][:1] in "*#" else ""


def _one_line(text: str, *, is_header: bool) -> str:
    """A cell's lines as one; commas part what are several things, so not in headers and not within a sentence."""
    if "\n" in text or BREAK in text or text.startswith("|"):
        is_list = _LIST_SIGN.search(text) is not None
        parts = [_within(part) for part in _BREAKS.split(_LIST_SIGN.sub("", text))]
        first, *rest = [part for part in parts if part] or [""]
        text = first
        for part in rest:
            goes_on = is_header or text.endswith((",", ";", ":", ".", "-", "–", "(", "/", "&")) or part[0] in "([&/–"
            text += f" {part}" if goes_on or (part[0].islower() and not is_list) else f", {part}"
    return text


def _grid(rows: list[list[_Cell]], texts: list[list[str]]) -> list[list[str]]:
    """The cells by row and column: one that spans rows stands in each of them, one that spans columns in the first."""
    with_spans = sum(len(row) for row in rows) <= MAX_CELLS and any(
        cell.rows > 1 or cell.columns > 1 for row in rows for cell in row
    )
    if not with_spans:
        return [
            [_one_line(text, is_header=cell.is_header) for cell, text in zip(row, written, strict=True)]
            for row, written in zip(rows, texts, strict=True)
        ]
    grid: list[list[str]] = []
    waiting: dict[int, tuple[int, str]] = {}  # by column: rows that a cell from above still spans, and its text
    for row, written in zip(rows, texts, strict=True):
        values: list[str] = []
        is_section = sum(cell.rows == 1 for cell in row) < 2  # one cell for all that follows, not one of several

        def spanned() -> None:
            while (above := waiting.get(len(values))) is not None:  # noqa: B023
                left, text = above
                if left > 1:
                    waiting[len(values)] = (left - 1, text)  # noqa: B023
                else:
                    del waiting[len(values)]  # noqa: B023
                values.append(text)  # noqa: B023

        for cell, text in zip(row, written, strict=True):
            spanned()
            if len(values) >= MAX_COLUMNS:
                break
            shown = _one_line(text, is_header=cell.is_header)
            repeated = shown if len(shown) <= MAX_REPEATED_CHARS and KEPT_BEGIN not in shown else ""
            spread = "" if cell.is_header or is_section or len(repeated) > MAX_SPREAD_CHARS else repeated
            for place in range(min(cell.columns, MAX_COLUMNS - len(values))):
                if cell.rows > 1:
                    waiting[len(values)] = (cell.rows - 1, spread if place else repeated)
                values.append(spread if place else shown)
        spanned()
        grid.append(values)
    return grid
