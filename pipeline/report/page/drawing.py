"""The few shapes of which both drawings of the funnel are made."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.report.page.branches import MAX_SOURCES, Branch, Stream
from pipeline.report.page.markup import Html, joined, tag
from pipeline.report.page.numbers import share, write


def tint(place: int) -> str:
    """The classes of a source's part of the kept stream: a colour of its own, told apart by colour-blind eyes, too."""
    assert place < MAX_SOURCES
    return f"kept tint-{place}"


def at(value: float) -> str:
    """A coordinate with one decimal: enough for a screen, and equal on every machine."""
    return f"{value:.1f}".removesuffix(".0")


def path(points: str, class_: str, title: str = "") -> Html:
    return tag("path", *((tag("title", title),) if title else ()), d=points, class_=class_)


def rect(x: float, y: float, width: float, height: float, class_: str) -> Html:
    return tag("rect", x=at(x), y=at(y), width=at(width), height=at(height), class_=class_)


def text(x: float, y: float, content: str, class_: str, anchor: str | None = None) -> Html:
    return tag("text", content, x=at(x), y=at(y), class_=class_, text_anchor=anchor)


@dataclass(frozen=True)
class Edge:
    """Where a ribbon begins or ends: from (x, y), `length` downwards when it runs across, to the right when down."""

    x: float
    y: float
    length: float


def across(start: Edge, end: Edge) -> str:
    """A ribbon from left to right between two upright edges, whose lengths may differ."""
    mid, below, below_end = at((start.x + end.x) / 2), at(start.y + start.length), at(end.y + end.length)
    return (
        f"M{at(start.x)},{at(start.y)}C{mid},{at(start.y)} {mid},{at(end.y)} {at(end.x)},{at(end.y)}V{below_end}"
        f"C{mid},{below_end} {mid},{below} {at(start.x)},{below}Z"
    )


def down(start: Edge, end: Edge) -> str:
    """A ribbon from top to bottom between two level edges, whose lengths may differ."""
    mid, right, right_end = at((start.y + end.y) / 2), at(start.x + start.length), at(end.x + end.length)
    return (
        f"M{at(start.x)},{at(start.y)}C{at(start.x)},{mid} {at(end.x)},{mid} {at(end.x)},{at(end.y)}H{right_end}"
        f"C{right_end},{mid} {right},{mid} {right},{at(start.y)}Z"
    )


def peel(start: Edge, end: Edge) -> str:
    """A ribbon that leaves a level edge downwards and arrives at an upright one from the left."""
    right, lower = start.x + start.length, end.y + end.length
    outer = f"C{at(right)},{at((start.y + end.y) / 2)} {at(right)},{at(end.y)} {at(end.x)},{at(end.y)}"
    inner = f"C{at(start.x)},{at(lower)} {at(start.x)},{at((start.y + lower) / 2)} {at(start.x)},{at(start.y)}"
    return f"M{at(right)},{at(start.y)}{outer}V{at(lower)}{inner}Z"


def branch_link(stream: Stream, room: int, branch: Branch, ribbon: str, shapes: tuple[str, ...]) -> Html:
    """One branch as a link to its row in the table, exact number in its title."""
    what = f"{branch.value:,} {'documents' if stream.measure == 'documents' else 'bytes'}"
    of_room = share(branch.value, stream.entered(room))
    title = f"{branch.label} ({branch.outcome.replace('_', ' ')}): {what}, {of_room} of what entered"
    inside = joined((tag("title", title), path(ribbon, "ribbon"), *shapes))
    return tag("a", inside, href=branch.href, class_=f"branch {branch.outcome}", aria_label=title)


def two_lines(x: float, y: float, name: str, number: str, anchor: str | None = None) -> tuple[Html, Html]:
    """A name above its number, around the height `y`."""
    return text(x, y - 2.5, name, "name", anchor), text(x, y + 11.5, number, "number", anchor)


def branch_number(stream: Stream, room: int, branch: Branch) -> str:
    """How much left by a branch, and its share of what entered the room."""
    return f"{write(stream.measure, branch.value)} · {share(branch.value, stream.entered(room))}"
