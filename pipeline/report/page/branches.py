"""What the drawing shows of a funnel in one measure: a few branches a room, the small ones merged."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.report.page.model import PUBLISHED_ROOM
from pipeline.report.page.tally import Measure, Room, Tally

MAX_BRANCHES = 7  # labels of two lines that fit under a room beside its neighbours without scrolling
MAX_SOURCES = 8
ROOM_TITLES = {
    "10_extracted": "Extraction",
    "20_filtered": "Filter",
    "30_signatures": "Signatures",
    "31_duplicates": "Deduplication",
    PUBLISHED_ROOM: "Publishing",
}


def room_title(name: str) -> str:
    """What a room does, in a word; its own name where it is none of ours."""
    return ROOM_TITLES.get(name, name)


def room_anchor(room: int) -> str:
    """The id of a room's table; ids hold positions, never a stranger's text."""
    return f"room-{room}"


def fate_anchor(room: int, fate: int) -> str:
    """The id of a reason's row in its room's table."""
    return f"room-{room}-reason-{fate}"


@dataclass(frozen=True)
class Branch:
    """A way out of a room: one reason, or several small ones of any outcome merged."""

    label: str
    outcome: str
    value: int
    reasons: int
    href: str


@dataclass(frozen=True)
class Strand:
    """A source's part of the main stream: what entered each room and what each room kept."""

    label: str
    entered: tuple[int, ...]
    kept: tuple[int, ...]


@dataclass(frozen=True)
class Stream:
    """The funnel in one measure, ready to be drawn."""

    measure: Measure
    rooms: tuple[Room, ...]
    strands: tuple[Strand, ...]
    branches: tuple[tuple[Branch, ...], ...]
    published: bool

    def entered(self, room: int) -> int:
        return sum(strand.entered[room] for strand in self.strands)

    def kept(self, room: int) -> int:
        return sum(strand.kept[room] for strand in self.strands)


def _branches(index: int, room: Room, measure: Measure) -> tuple[Branch, ...]:
    """The largest losses of a room, largest first, the rest as one; what weighs nothing is left to the tables."""
    weighed = [(fate.total(measure), position, fate) for position, fate in enumerate(room.losses)]
    alive = sorted((row for row in weighed if row[0] > 0), key=lambda row: (-row[0], row[1]))
    shown = alive if len(alive) <= MAX_BRANCHES else alive[: MAX_BRANCHES - 1]
    made = [
        Branch(fate.label, fate.outcome, value, 1, f"#{fate_anchor(index, position)}")
        for value, position, fate in shown
    ]
    if rest := alive[len(shown) :]:
        value = sum(row[0] for row in rest)
        made.append(Branch(f"{len(rest)} other reasons", "others", value, len(rest), f"#{room_anchor(index)}"))
    return tuple(sorted(made, key=lambda branch: -branch.value))


def _strands(tally: Tally, measure: Measure) -> tuple[Strand, ...]:
    return tuple(
        Strand(
            label,
            tuple(room.entered(measure, names) for room in tally.rooms),
            tuple(room.kept.total(measure, names) for room in tally.rooms),
        )
        for label, names in tally.groups(MAX_SOURCES, measure)
    )


def stream(tally: Tally, measure: Measure) -> Stream:
    """The funnel in `measure`."""
    return Stream(
        measure=measure,
        rooms=tally.rooms,
        strands=_strands(tally, measure) if tally.rooms else (),
        branches=tuple(_branches(index, room, measure) for index, room in enumerate(tally.rooms)),
        published=tally.published is not None,
    )
