"""The two kinds of drawing: a line of marks in a table's row, which stretches with the page, and a square of points."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mixtures.report.page.markup import Html, joined, tag

ROW_HEIGHT = 26
MARGIN = 4.0  # percent of a row's width on either side, so that marks at the ends are whole
SQUARE = 320  # side of a square of points, and the room for its labels
LEFT, BOTTOM, TOP = 54, 34, 8


@dataclass(frozen=True)
class Axis:
    """A linear scale from `low` to `high`, with ticks at round numbers in it."""

    low: float
    high: float

    @classmethod
    def over(cls, values: Iterable[float], *, include: Sequence[float] = ()) -> Axis:
        """Just wide enough for all values; a little wider where they are all one."""
        finite = [value for value in (*values, *include) if math.isfinite(value)] or [0.0]
        low, high = min(finite), max(finite)
        if high - low < 1e-12:
            half = max(0.5 * abs(low), 1e-6)
            return cls(low - half, high + half)
        return cls(low, high)

    def share(self, value: float) -> float:
        """Where `value` lies, 0 at `low` and 1 at `high`."""
        return (value - self.low) / (self.high - self.low)

    def ticks(self, most: int) -> list[float]:
        """At most `most` round numbers (1, 2 or 5 times a power of ten apart)."""
        for exponent in range(-12, 13):
            for step in (1, 2, 5):
                apart = step * 10.0**exponent
                first, last = math.ceil(self.low / apart - 1e-9), math.floor(self.high / apart + 1e-9)
                if last - first + 1 <= most:
                    return [at * apart for at in range(first, last + 1)]
        return [self.low]

    def at(self, value: float) -> str:
        """The coordinate in a row, in percent of its width."""
        return f"{MARGIN + (100 - 2 * MARGIN) * self.share(value):.2f}%"


def tick_text(value: float, ticks: Sequence[float]) -> str:
    """A tick's label with as many decimals as the distance between ticks needs."""
    apart = abs(ticks[1] - ticks[0]) if len(ticks) > 1 else abs(value) or 1.0
    decimals = max(0, -math.floor(math.log10(apart) + 1e-9))
    return f"{value:.{decimals}f}".replace("-", "\u2212")


def row(*marks: Html, label: str) -> Html:
    """One row's drawing; `label` says it in words."""
    return tag("svg", *marks, width="100%", height=ROW_HEIGHT, class_="row", role="img", aria_label=label)


def row_axis(axis: Axis, labels: Sequence[tuple[float, str]]) -> Html:
    """The ticks and their labels above a column of rows."""
    marks = [tag("text", text, x=axis.at(value), y=16, text_anchor="middle") for value, text in labels]
    marks += [tag("line", x1=axis.at(value), x2=axis.at(value), y1=21, y2=26) for value, _ in labels]
    return tag("svg", *marks, width="100%", height=ROW_HEIGHT, class_="row axis", aria_hidden="true")


def line(axis: Axis, low: float, high: float, class_: str) -> Html:
    """A level line between two values."""
    y = ROW_HEIGHT // 2
    return tag("line", x1=axis.at(low), x2=axis.at(high), y1=y, y2=y, class_=class_)


def stroke(axis: Axis, value: float, class_: str, half: int = ROW_HEIGHT // 2) -> Html:
    """An upright stroke at a value, `half` of its length above the middle and below."""
    y = ROW_HEIGHT // 2
    return tag("line", x1=axis.at(value), x2=axis.at(value), y1=y - half, y2=y + half, class_=class_)


def dot(axis: Axis, value: float, class_: str, radius: int = 5) -> Html:
    """A dot at a value."""
    return tag("circle", cx=axis.at(value), cy=ROW_HEIGHT // 2, r=radius, class_=class_)


def square(points: Sequence[tuple[float, float]], title: str, *, labelled: bool) -> Html:
    """Predicted (up) against measured (right) with the diagonal; one path, so that thousands of points stay light.

    With `labelled` the axes have ticks and names; without it is a small multiple, whose title says what it is.
    """
    axis = Axis.over(value for point in points for value in point)
    pad = 0.04 * (axis.high - axis.low)
    axis = Axis(axis.low - pad, axis.high + pad)
    left, bottom, top = (LEFT, BOTTOM, TOP) if labelled else (4, 4, 4)
    side = SQUARE - left - 8

    def x(value: float) -> str:
        return f"{left + side * axis.share(value):.1f}"

    def y(value: float) -> str:
        return f"{top + side * (1 - axis.share(value)):.1f}"

    dots = "".join(f"M{x(measured)} {y(predicted)}h0" for measured, predicted in points)
    marks = [
        tag("rect", x=left, y=top, width=side, height=side, class_="frame"),
        tag("line", x1=x(axis.low), y1=y(axis.low), x2=x(axis.high), y2=y(axis.high), class_="diagonal"),
        tag("path", d=dots, class_="points"),
    ]
    if labelled:
        marks += _labels(axis, x, y, top + side)
    box = f"0 0 {SQUARE} {top + side + bottom}"
    return tag("svg", *marks, viewBox=box, class_="square", role="img", aria_label=title)


def _labels(axis: Axis, x: object, y: object, foot: int) -> list[Html]:
    assert callable(x) and callable(y)
    ticks = axis.ticks(5)
    below = [
        tag("text", tick_text(tick, ticks), x=x(tick), y=foot + 14, text_anchor="middle", class_="tick")
        for tick in ticks
    ]
    beside = [
        tag("text", tick_text(tick, ticks), x=LEFT - 5, y=y(tick), text_anchor="end", dy="0.32em", class_="tick")
        for tick in ticks
    ]
    middle = (foot + TOP) // 2
    names = [
        tag("text", "measured", x=(LEFT + SQUARE) // 2, y=foot + 30, text_anchor="middle", class_="name"),
        tag("text", "predicted", transform=f"translate(10 {middle}) rotate(-90)", text_anchor="middle", class_="name"),
    ]
    return [joined(below), joined(beside), *names]
