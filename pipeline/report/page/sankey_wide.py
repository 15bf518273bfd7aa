"""The funnel for wide screens: the stream runs from left to right, losses fan out beneath the room they leave."""

from __future__ import annotations

from pipeline.report.page import drawing
from pipeline.report.page.branches import Stream, room_title
from pipeline.report.page.drawing import Edge, across, at, rect, text, tint, two_lines
from pipeline.report.page.markup import Html, shortened, tag
from pipeline.report.page.numbers import share, write

WIDTH = 1180
TOP = 58.0  # room headings stand above
STREAM_HEIGHT = 250.0  # of everything that entered
SOURCES_WIDTH, PUBLISHED_WIDTH = 190.0, 112.0
NAMES = 112.0  # where the names of sources end, left of their ribbons
NODE, FAN, PITCH = 5.0, 54.0, 36.0  # width of a node, of the fan of losses; height that a label needs
LETTER = 6.1  # mean advance of a 12 px sans-serif letter
HAIR = 1.2  # what is there is drawn, however small


class _Wide:
    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        first = stream.entered(0)
        largest = max([first, *(stream.entered(room) for room in range(len(stream.rooms)))])
        self.scale = STREAM_HEIGHT / largest if largest else 0.0
        self.slot = (WIDTH - SOURCES_WIDTH - PUBLISHED_WIDTH) / len(stream.rooms)
        self.bottom = TOP + STREAM_HEIGHT
        self.ribbons: list[Html] = []
        self.front: list[Html] = []

    def high(self, value: int) -> float:
        return max(HAIR, value * self.scale) if value else 0.0

    def room_x(self, room: int) -> float:
        return SOURCES_WIDTH + room * self.slot

    def sources(self) -> None:
        """Each source, its name to the left; its ribbon runs into the first room."""
        y, into = TOP, TOP
        for place, strand in enumerate(self.stream.strands):
            high = self.high(strand.entered[0])
            title = f"{strand.label}: {strand.entered[0]:,} entered"
            top = y + (max(high, PITCH - 6) - max(high, HAIR)) / 2  # the name stands in the middle of its node
            self.front.append(rect(NAMES, top, NODE, max(high, HAIR), f"node {tint(place)}"))
            if high:
                points = across(Edge(NAMES + NODE, top, high), Edge(self.room_x(0), into, high))
                self.ribbons.append(drawing.path(points, f"ribbon {tint(place)}", title))
            number = write(self.stream.measure, strand.entered[0])
            name = shortened(strand.label, int((NAMES - 8) / LETTER))
            self.front += two_lines(NAMES - 8, y + max(high, PITCH - 6) / 2, name, number, "end")
            y += max(high, PITCH) + 6
            into += high
        self.bottom = max(self.bottom, y)

    def room(self, room: int) -> None:
        """A room's heading and node, its kept stream to the right, its losses beneath."""
        x, stream = self.room_x(room), self.stream
        entered = stream.entered(room)
        height = sum(self.high(strand.entered[room]) for strand in stream.strands)
        self.front.append(text(x, TOP - 30, room_title(stream.rooms[room].name), "room"))
        self.front.append(text(x, TOP - 13, f"{write(stream.measure, entered)} in", "number"))
        self.front.append(rect(x, TOP, NODE, max(height, HAIR), "node plain"))
        out = self.kept(room, x + NODE)
        self.losses(room, x + NODE, out)

    def kept(self, room: int, x: float) -> float:
        """Ribbons by source to the next room, or to the published corpus. Returns where the losses begin."""
        last = room + 1 == len(self.stream.rooms)
        out = into = TOP
        for place, strand in enumerate(self.stream.strands):
            high = self.high(strand.kept[room])
            arriving = high if last else self.high(strand.entered[room + 1])
            if high:
                points = across(Edge(x, out, high), Edge(x - NODE + self.slot, into, arriving))
                title = f"{strand.label}: {strand.kept[room]:,} kept by {room_title(self.stream.rooms[room].name)}"
                self.ribbons.append(drawing.path(points, f"ribbon {tint(place)}", title))
            out += high
            into += arriving
        return out

    def losses(self, room: int, x: float, leaves: float) -> None:
        """A fan of branches in the room's own strip, so that none crosses a neighbour's."""
        letters = int((self.slot - NODE - FAN - NODE - 18) / LETTER)
        y = leaves + 26
        for branch in self.stream.branches[room]:
            high = self.high(branch.value)
            middle = y + max(high, PITCH - 8) / 2
            bar = middle - high / 2
            number = drawing.branch_number(self.stream, room, branch)
            labels = two_lines(x + FAN + NODE + 7, middle, shortened(branch.label, letters), number)
            shapes = (rect(x + FAN, bar, NODE, high, "node"), *labels)
            points = across(Edge(x, leaves, high), Edge(x + FAN, bar, high))
            self.ribbons.append(drawing.branch_link(self.stream, room, branch, points, shapes))
            leaves += high
            y += max(high, PITCH - 8) + 8
        self.bottom = max(self.bottom, y)

    def end(self) -> None:
        """What is left at the end, with its share of everything."""
        x, last, stream = self.room_x(len(self.stream.rooms)), len(self.stream.rooms) - 1, self.stream
        y = TOP
        for place, strand in enumerate(stream.strands):
            high = self.high(strand.kept[last])
            self.front.append(rect(x, y, NODE, high, f"node {tint(place)}"))
            y += high
        kept = stream.kept(last)
        self.front.append(text(x, TOP - 30, "Published" if stream.published else "Left so far", "room"))
        self.front.append(text(x, TOP - 13, write(stream.measure, kept), "number strong"))
        self.front.append(text(x + NODE + 8, TOP + 12, share(kept, stream.entered(0)), "share"))
        self.front.append(text(x + NODE + 8, TOP + 26, "of what entered", "number"))

    def svg(self, label: str) -> Html:
        self.sources()
        for room in range(len(self.stream.rooms)):
            self.room(room)
        self.end()
        box = f"0 0 {WIDTH} {at(self.bottom + 8)}"
        shapes = (*self.ribbons, tag("g", *self.front, class_="front"))
        return tag("svg", *shapes, viewBox=box, role="group", aria_label=label, class_="flow wide")


def draw(stream: Stream, label: str) -> Html:
    """The drawing as SVG. At least one room."""
    return _Wide(stream).svg(label)
