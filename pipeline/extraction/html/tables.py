"""Tables of a page as rows of Markdown, each cell in the column that it has on the page."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Container, Sequence
from typing import Final

import numpy as np

from pipeline.extraction.html.page import N_PARENT, N_START, N_TAG, Page
from pipeline.extraction.html.pieces import Piece
from pipeline.extraction.html.tags import TAG
from pipeline.extraction.references import web_unescaped

MAX_CELL_CHARS: Final = 300  # a table with longer cells lays out a page
MAX_COLUMNS: Final = 60  # spans reach no further: a row of three cells would be as long as its numbers say
MAX_MARK_BYTES: Final = 300  # of a cell in which marks are looked for
_TR, _TD, _TH, _TABLE = (TAG[name] for name in ("tr", "td", "th", "table"))
_SPAN = re.compile(rb"(?<=[\s\"'/])(row|col)span\s*=\s*[\"']?\s*(\d{1,5})", re.IGNORECASE)
_CELL_END = re.compile(rb"</?t(?:[dhr]|body|head|foot|able)\b", re.IGNORECASE)
_TAG = re.compile(rb"<(?:[^<>\"']++|\"[^\"]*+\"|'[^']*+')*+>?")
_WORD = re.compile(r"\w")
Texts = dict[int, dict[int, list[str]]]
"""What is told of the cells of a table: texts by row and cell."""


def rows_of(page: Page, pieces: Sequence[Piece]) -> dict[int, str]:
    """Each row of the tables that hold data, by its node, as a line of Markdown; below a first one what Markdown needs.

    A table holds data where it has two rows of short cells, one of them with two, and no code or headings. A cell that
    spans others stands in the first of its places, the rest are empty; so is one of which nothing was chosen, but for
    marks without a word ("–", "✓"), which are no blocks. Columns that are empty in all rows go.
    """
    tables = _data_tables(pieces)
    rows: dict[int, str] = {}
    if not tables:
        return rows
    grids = _grids(page, tables)
    for told in tables.values():
        lines = [_cells(page, grids[row], cells) for row, cells in told.items()]
        used = sorted({place for line in lines for place, text in enumerate(line) if text})
        for row, line in zip(told, lines, strict=True):
            shown = used[: bisect_left(used, len(line))]
            rows[row] = f"| {' | '.join(line[place] for place in shown)} |"
        rows[next(iter(told))] += f"\n|{' --- |' * len(used)}"
    return rows


def _data_tables(pieces: Sequence[Piece]) -> dict[int, Texts]:
    tables: dict[int, Texts] = {}
    bad: set[int] = set()
    lengths: dict[tuple[int, int], int] = {}
    for piece in pieces:
        if piece.table < 0 or piece.row < 0:
            continue
        cells = tables.setdefault(piece.table, {}).setdefault(piece.row, {})
        cells.setdefault(piece.cell, []).append(_escaped(piece.text))
        place = piece.row, piece.cell
        lengths[place] = lengths.get(place, 0) + len(piece.text)
        if lengths[place] > MAX_CELL_CHARS or piece.code >= 0 or piece.heading:
            bad.add(piece.table)
    return {
        table: told
        for table, told in tables.items()
        if table not in bad and len(told) >= 2 and max(map(len, told.values())) >= 2
    }


def _escaped(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


def _grids(page: Page, tables: Container[int]) -> dict[int, list[int]]:
    """The cells of each row of `tables` by column, -1 where a cell from beside or above reaches (HTML, 4.9.12.1)."""
    tags, parents = page.nodes[:, N_TAG], page.nodes[:, N_PARENT]
    grids: dict[int, list[int]] = {}
    table_of: dict[int, int] = {}
    passed: dict[int, int] = {}  # rows of each table so far
    reached: dict[int, dict[int, int]] = {}  # of each table by column the row before which a cell from above ends
    for node in np.flatnonzero((tags == _TR) | (tags == _TD) | (tags == _TH)).tolist():
        if tags[node] == _TR:
            table = _table_of(node, tags.item, parents.item)
            if table in tables:
                grids[node], table_of[node] = [], table
                passed[table] = passed.get(table, 0) + 1
        elif (row := int(parents[node])) in grids:
            table = table_of[row]
            _place(grids[row], node, page.tag_of(node), passed[table], reached.setdefault(table, {}))
    return grids


def _table_of(row: int, tag_of: Callable[[int], int], parent_of: Callable[[int], int]) -> int:
    node = row  # its table is one or two elements up: what stands between is closed by the row
    while node >= 0 and tag_of(node) != _TABLE:
        node = parent_of(node)
    return node


def _place(grid: list[int], cell: int, tag: bytes, row: int, reached: dict[int, int]) -> None:
    """Put a cell behind those of its row, and note how far down it reaches."""
    spans = {name.lower(): int(number) for name, number in _SPAN.findall(tag)} if b"span" in tag.lower() else {}
    while reached.get(len(grid), 0) > row:
        grid.append(-1)
    for place in range(max(1, min(spans.get(b"col", 1), MAX_COLUMNS - len(grid)))):
        if spans.get(b"row", 1) > 1 and len(grid) < MAX_COLUMNS:
            reached[len(grid)] = row + spans[b"row"]
        grid.append(-1 if place else cell)


def _cells(page: Page, grid: Sequence[int], told: dict[int, list[str]]) -> list[str]:
    """The texts of a row by column; what stands in no cell of the row itself comes last."""
    line = ["" if cell < 0 else " ".join(told[cell]) if cell in told else _marks(page, cell) for cell in grid]
    placed = set(grid)
    return line + [" ".join(texts) for cell, texts in told.items() if cell not in placed]


def _marks(page: Page, cell: int) -> str:
    """What a cell without a block says, if that has no word."""
    start = int(page.nodes[cell, N_START])
    raw = page.data[start : start + MAX_MARK_BYTES].tobytes()
    inside = _CELL_END.split(_TAG.sub(b"", raw, count=1), maxsplit=1)[0]
    text = _escaped(web_unescaped(_TAG.sub(b" ", inside).decode("utf-8", "ignore")))
    return "" if _WORD.search(text) else text
