"""What an engine that knows lines finds on the picture of a page."""

from __future__ import annotations

from typing import NamedTuple


class Line(NamedTuple):
    """A line, or a cell of one: its box in pixels; its height, from which the size of its type is told: of letters from
    the lowest to the highest, or of the box; its text; its confidence in 1e-4, the mean over characters.
    """

    x0: int
    y0: int
    x1: int
    y1: int
    height: float
    text: str
    confidence: int
