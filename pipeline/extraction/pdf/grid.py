"""Rows of a table as Markdown: columns by the white between them; and how sure it is that there are such."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

from pipeline.extraction.pdf.layout import Line, without_leaders

LOST = "\ufffd"
MIN_CONFIDENCE = 0.8  # below, rows stay lines with tabs
MAX_COLUMNS = 40
MAX_CROSSING = 0.1  # of the rows: heads of several columns may reach over the white between two
MIN_WHITE = 0.4  # ems between two columns
FEW_ROWS = 3  # fewer are a table only where every cell is filled
MIN_FILLED = 0.5  # of the cells; less are the labels of a figure

Interval = tuple[float, float]


def markdown(rows: Sequence[Line]) -> tuple[str, float]:
    """The table, its first row as the head, and the confidence: the share of pieces (0..1) that one column holds.

    A line whose only piece stands in a further column goes on with the row above. Empty text and 0 where `rows` make
    no table: fewer than two rows or columns, most cells empty, or characters that are lost, as in figures.
    """
    columns = _columns(rows)
    if not 2 <= len(columns) <= MAX_COLUMNS or any(LOST in line.text for line in rows):
        return "", 0.0
    ends = [end for _, end in columns]
    table: list[list[str]] = []
    clean = total = 0
    for line in rows:
        cells = [""] * len(columns)
        taken = set()
        for start, end, text in line.pieces:
            at, is_clean = fit(start, end, columns, ends)
            taken.add(at)
            total += 1
            clean += is_clean
            cells[at] = f"{cells[at]} {text}".strip()
        if table and len(taken) == 1 and 0 not in taken:
            at = taken.pop()
            table[-1][at] = f"{table[-1][at]} {cells[at]}".strip()
        else:
            table.append(cells)
    filled = sum(bool(cell) for cells in table for cell in cells) / (len(table) * len(columns))
    if len(table) < 2 or filled < (MIN_FILLED if len(table) >= FEW_ROWS else 1.0):
        return "", 0.0
    lines = [_row(cells) for cells in table]
    lines.insert(1, "| " + " | ".join(["---"] * len(columns)) + " |")
    return "\n".join(lines), clean / max(total, 1)


def _columns(rows: Sequence[Line]) -> list[Interval]:
    """From where to where each column reaches: what is left between stretches that nearly no row crosses."""
    if not rows:
        return []
    white = MIN_WHITE * min([line.size for line in rows])
    columns: list[Interval] = []
    for start, end in _stretches(rows):
        if columns and start - columns[-1][1] < white:
            columns[-1] = (columns[-1][0], end)
        else:
            columns.append((start, end))
    return columns


def _stretches(rows: Sequence[Line]) -> Iterator[Interval]:
    """Where more rows than MAX_CROSSING have something, between two edges of pieces next to one another."""
    changes: dict[float, int] = {}
    for line in rows:
        for start, end, _ in line.pieces:
            changes[start] = changes.get(start, 0) + 1
            changes[end] = changes.get(end, 0) - 1
    covered, few = 0, MAX_CROSSING * len(rows)
    for edge, after in pairwise(sorted(changes)):
        covered += changes[edge]
        if covered > few:
            yield edge, after


def fit(left: float, right: float, columns: Sequence[Interval], ends: Sequence[float]) -> tuple[int, bool]:
    """The first of the columns, with their `ends`, that a piece lies in, and whether it is the only one.

    A piece that lies in none belongs to the nearest one.
    """
    at = bisect_right(ends, left)
    if left < right and at < len(columns) and columns[at][0] < right:
        return at, at + 1 == len(columns) or columns[at + 1][0] >= right
    middle = left + right
    return min(range(len(columns)), key=lambda at: abs(columns[at][0] + columns[at][1] - middle)), True


def _row(cells: Sequence[str]) -> str:
    said = [_cell(text) if text else text for text in cells]
    return "| " + " | ".join(said) + " |"


def _cell(text: str) -> str:
    return " ".join(without_leaders(text).split("\t")).replace("|", "\\|")
