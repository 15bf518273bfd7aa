"""The funnel for narrow screens: the stream runs down on the left and losses peel off to the right."""

from __future__ import annotations

from pipeline.report.page import drawing
from pipeline.report.page.branches import Stream, room_title
from pipeline.report.page.drawing import Edge, at, down, peel, rect, text, tint, two_lines
from pipeline.report.page.markup import Html, shortened, tag
from pipeline.report.page.numbers import share, write

WIDTH = 360
STREAM_WIDTH = 120.0  # of everything that entered
LABELS = 184.0  # where losses end and their names begin
NODE, PITCH = 5.0, 34.0
LETTERS = 26
HAIR = 1.2


class _Narrow:
    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        largest = max(stream.entered(room) for room in range(len(stream.rooms)))
        self.scale = STREAM_WIDTH / largest if largest else 0.0
        self.ribbons: list[Html] = []
        self.front: list[Html] = []

    def wide(self, value: int) -> float:
        return max(HAIR, value * self.scale) if value else 0.0

    def sources(self) -> float:
        """Names of the sources beside their parts of the stream. Returns the height of the first room."""
        y, x = 12.0, 0.0
        first = 12.0 + len(self.stream.strands) * PITCH + 14
        for place, strand in enumerate(self.stream.strands):
            wide = self.wide(strand.entered[0])
            points = f"M{at(x)},12H{at(x + wide)}V{at(first)}H{at(x)}Z"
            self.ribbons.append(drawing.path(points, f"ribbon {tint(place)}"))
            self.front.append(rect(LABELS - 24, y, 10, 10, f"node {tint(place)}"))
            number = write(self.stream.measure, strand.entered[0])
            self.front += two_lines(LABELS - 8, y + 11.5, shortened(strand.label, LETTERS), number)
            x += wide
            y += PITCH
        return first

    def room(self, room: int, y: float) -> float:
        """A room's bar and heading, its losses, its kept stream. Returns the height of the next room."""
        stream = self.stream
        width = sum(self.wide(strand.entered[room]) for strand in stream.strands)
        self.front.append(rect(0, y, max(width, HAIR), NODE, "node plain"))
        self.front.append(text(LABELS - 24, y + 2, room_title(stream.rooms[room].name), "room"))
        self.front.append(text(LABELS - 24, y + 18, f"{write(stream.measure, stream.entered(room))} in", "number"))
        kept = sum(self.wide(strand.kept[room]) for strand in stream.strands)
        bottom = self.losses(room, y + NODE, kept)
        following = max(bottom + 22, y + 74)
        x = into = 0.0
        last = room + 1 == len(stream.rooms)
        for place, strand in enumerate(stream.strands):
            wide = self.wide(strand.kept[room])
            arriving = wide if last else self.wide(strand.entered[room + 1])
            if wide:
                points = down(Edge(x, y + NODE, wide), Edge(into, following, arriving))
                self.ribbons.append(drawing.path(points, f"ribbon {tint(place)}"))
            x += wide
            into += arriving
        return following

    def losses(self, room: int, y: float, kept: float) -> float:
        """Branches, the outermost first, so that none crosses another. Returns where they end."""
        branches = self.stream.branches[room]
        right = kept + sum(self.wide(branch.value) for branch in branches)
        below = y + 30
        for branch in branches:
            wide = self.wide(branch.value)
            right -= wide
            middle = below + max(wide, PITCH - 6) / 2
            bar = middle - wide / 2
            number = drawing.branch_number(self.stream, room, branch)
            labels = two_lines(LABELS + NODE + 7, middle, shortened(branch.label, LETTERS), number)
            shapes = (rect(LABELS, bar, NODE, wide, "node"), *labels)
            points = peel(Edge(right, y, wide), Edge(LABELS, bar, wide))
            self.ribbons.append(drawing.branch_link(self.stream, room, branch, points, shapes))
            below += max(wide, PITCH - 6) + 6
        return below

    def svg(self, label: str) -> Html:
        y = self.sources()
        for room in range(len(self.stream.rooms)):
            y = self.room(room, y)
        stream, x = self.stream, 0.0
        for place, strand in enumerate(stream.strands):
            wide = self.wide(strand.kept[-1])
            self.front.append(rect(x, y, wide, NODE, f"node {tint(place)}"))
            x += wide
        kept = stream.kept(len(stream.rooms) - 1)
        number = f"{write(stream.measure, kept)} · {share(kept, stream.entered(0))}"
        self.front.append(text(LABELS - 24, y + 2, "Published" if stream.published else "Left so far", "room"))
        self.front.append(text(LABELS - 24, y + 18, number, "number strong"))
        box = f"0 0 {WIDTH} {at(y + 30)}"
        shapes = (*self.ribbons, tag("g", *self.front, class_="front"))
        return tag("svg", *shapes, viewBox=box, role="group", aria_label=label, class_="flow narrow")


def draw(stream: Stream, label: str) -> Html:
    """The drawing as SVG. At least one room."""
    return _Narrow(stream).svg(label)
