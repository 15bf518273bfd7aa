"""Tables: rows of cells, in LaTeX, AASTeX and plain TeX."""

from __future__ import annotations

import re

from pipeline.extraction.latex.converter import Converter, Handler
from pipeline.extraction.latex.floats import caption
from pipeline.extraction.latex.lists import one_line
from pipeline.extraction.latex.skipped import ARGUMENTS, TABULARS
from pipeline.extraction.latex.state import Table

_SPACES = re.compile(r"\s+")


def rendered(table: Table) -> str:
    """The rows as lines, cells between vertical bars; a table of one column as lines of text."""
    lines = []
    for row in table.rows:
        cells = [_SPACES.sub(" ", cell).strip() for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            lines.append(" | ".join(cells))
    return "\n".join(lines)


def begin_tabular(converter: Converter, name: str) -> None:
    """A table; within a cell of another one its rows are set in one line."""
    converter.reader.skip(ARGUMENTS[name])
    is_nested = any(group.table is not None for group in converter.groups[-40:])
    is_float = name.startswith("deluxe")
    table = Table()

    def close(text: str) -> None:
        table.rows[-1].append(text)
        body = rendered(table)
        if is_float:
            body = f"{table.caption}\n\n{body}".strip()
        if is_nested:
            converter.add(body.replace(" | ", " ").replace("\n", " "))
        else:
            _rows(converter, body)

    group = converter.open_group(name, close)
    if group.close is not None:
        group.table = table
    if is_float:
        converter.floats.append("Table")


def _rows(converter: Converter, body: str) -> None:
    if converter.captures:
        converter.par()
        converter.add(body)
        converter.par()
    else:
        converter.block(body)


def multicolumn(converter: Converter, _name: str) -> None:
    """A cell over several columns: empty ones follow it."""
    columns = converter.reader.words()
    converter.reader.argument()
    table = next((group.table for group in reversed(converter.groups[-4:]) if group.table is not None), None)
    if table is not None and columns.isdigit() and len(columns) < 3:
        table.span = int(columns)


def table_head(converter: Converter, _name: str) -> None:
    """AASTeX's \\tablehead{...}: a row."""
    converter.reader.push([*converter.reader.argument(), "\\tabularnewline"])


def table_caption(converter: Converter, name: str) -> None:
    """AASTeX's caption stands within the table."""
    table = converter.groups[-1].table if converter.groups else None
    if table is None:
        caption(converter, name)
        return
    number = converter.step("table")

    def close(text: str) -> None:
        table.caption = f"Table {number}: {one_line(text)}"

    converter.capture(close)


def halign(converter: Converter, _name: str) -> None:
    """Plain TeX's table: the row of templates goes."""
    reader = converter.reader
    while (token := reader.next()) and token != "{":
        if token[0] == "\\" and token.rstrip() not in ("\\hsize",):
            return
    while (token := reader.next()) and token.rstrip() not in ("\\cr", "\\crcr"):
        if token == "}":
            return
    table = Table()

    def close(text: str) -> None:
        table.rows[-1].append(text)
        _rows(converter, rendered(table))

    group = converter.open_group("{", close)
    if group.close is not None:
        group.table = table


def end_row(converter: Converter) -> None:
    """The row of the innermost table ends, where a table is innermost."""
    table = converter.groups[-1].table if converter.groups else None
    if table is not None:
        table.rows[-1].append("".join(converter.out))
        table.span = 1
        table.rows.append([])
        converter.out = []


def _make_cell(converter: Converter, _name: str) -> None:
    converter.reader.option()
    if converter.reader.skip_spaces() == "{":
        converter.reader.next()
        converter.open_group("{", lambda text: converter.add(one_line(text)))


COMMANDS: dict[str, Handler] = {
    "\\multicolumn": multicolumn,
    "\\multirow": lambda converter, _name: converter.reader.skip("omomo"),
    "\\tablecaption": table_caption,
    "\\tablehead": table_head,
    "\\colhead": lambda converter, _name: converter.reader.skip("o"),
    **dict.fromkeys(("\\makecell", "\\thead", "\\shortstack", "\\tabincell"), _make_cell),
    **dict.fromkeys(
        ("\\tabularnewline", "\\cr", "\\crcr", "\\endhead", "\\enddata"), lambda converter, _name: end_row(converter)
    ),
    "\\startdata": lambda _converter, _name: None,
    "\\halign": halign,
}
BEGIN: dict[str, Handler] = dict.fromkeys(TABULARS, begin_tabular)
