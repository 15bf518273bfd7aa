"""A table whose cells are coloured by their number: blue lowers a loss, red raises it, pale says little."""

from __future__ import annotations

from collections.abc import Sequence

from mixtures.report.page.markup import Html, tag
from mixtures.report.page.tables import head, name_cell, table
from mixtures.uncertainty.estimate import Estimate

STRONGEST = 50  # percent of the colour in the strongest cell: text on it has a contrast of 5 to 1 and more


def heat(caption: str, columns: Sequence[str], rows: Sequence[tuple[str, Sequence[Estimate]]], digits: int) -> Html:
    """One row a name; a number whose interval leaves zero out is bold."""
    most = max((abs(one.value) for _, cells in rows for one in cells), default=0.0) or 1.0
    heads = [head("Task"), *(head(tag("span", name, dir="auto", title=name), "n") for name in columns)]
    return table(caption, heads, [_row(name, cells, most, digits) for name, cells in rows], "heat")


def _row(name: str, cells: Sequence[Estimate], most: float, digits: int) -> Html:
    return tag("tr", name_cell(name), *(_cell(one, most, digits) for one in cells))


def _cell(one: Estimate, most: float, digits: int) -> Html:
    text = f"{one.value:+z.{digits}f}".replace("-", "\u2212")
    sure = one.low > 0 or one.high < 0
    share = round(STRONGEST * abs(one.value) / most)
    style = f"--share:{share}%"
    told = f"{one.low:+z.{digits}f} to {one.high:+z.{digits}f}".replace("-", "\u2212")
    class_ = f"n {'lowers' if one.value < 0 else 'raises'}{' sure' if sure else ''}"
    return tag("td", tag("data", text, value=repr(one.value)), class_=class_, style=style, title=told)
