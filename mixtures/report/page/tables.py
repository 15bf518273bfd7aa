"""What all tables of the page share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mixtures.report.page.drawing import Axis, row_axis, tick_text
from mixtures.report.page.markup import Html, joined, tag

AXIS_TICKS = 5  # labels that fit above a drawing on a phone
FEWEST_FOLDED = 12  # rows that are worth a fold


def head(label: str, class_: str | None = None) -> Html:
    """A column's head."""
    return tag("th", label, scope="col", class_=class_)


def axis_head(label: str, axis: Axis, *, percent: bool = False) -> Html:
    """The head of a column of drawings: its name for those who hear the page, its ticks for those who see it."""
    ticks = axis.ticks(AXIS_TICKS)
    if percent:
        whole = [100 * tick for tick in ticks]
        labels = [(tick, f"{tick_text(value, whole)} %") for tick, value in zip(ticks, whole, strict=True)]
    else:
        labels = [(tick, tick_text(tick, ticks)) for tick in ticks]
    return tag("th", label, row_axis(axis, labels), scope="col", class_="plot")


def table(caption: str, heads: Iterable[Html], rows: Sequence[Html], class_: str | None = None) -> Html:
    """A table that scrolls within its own width; its box takes the focus, so that keys can scroll it."""
    whole = tag("table", tag("caption", caption), tag("thead", tag("tr", *heads)), tag("tbody", *rows), class_=class_)
    return tag("div", whole, class_="scroll", tabindex=0, role="region", aria_label=caption)


def folded(caption: str, heads: Sequence[Html], rows: Sequence[tuple[Html, bool]], class_: str, told: str) -> Html:
    """A table of `rows`; where many are minor (True) they stand in one below that opens, `told` what they are.

    A browser's search opens it by itself, and on paper it is open.
    """
    minor = [one for one, is_minor in rows if is_minor]
    if len(minor) < FEWEST_FOLDED:
        return table(caption, heads, [one for one, _ in rows], class_)
    summary = tag("summary", f"{len(minor)} {told}")
    major = table(caption, heads, [one for one, is_minor in rows if not is_minor], class_)
    below = tag("details", summary, table(f"{caption}: {told}", heads, minor, class_), class_="fold minor")
    return joined((major, below))


def number(content: str, class_: str = "n", label: str | None = None) -> Html:
    """A cell with a number; `label` names it where a `stacked` table stands on a phone, a row over several lines."""
    return tag("td", content, class_=class_, data_label=label)


def name_cell(name: str, *more: str) -> Html:
    """The cell that names its row; the name is a stranger's text."""
    return tag("th", tag("span", name, dir="auto"), *more, scope="row")


def legend(*entries: tuple[Html, str]) -> Html:
    """What the marks mean."""
    items = (
        tag("li", tag("svg", mark, width=28, height=26, class_="row", aria_hidden="true"), text)
        for mark, text in entries
    )
    return tag("ul", joined(items), class_="legend")
