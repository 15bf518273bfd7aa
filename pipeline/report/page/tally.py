"""The report's arithmetic: flows added up by room, source and reason in each of the three measures."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from pipeline.report.page.model import NEVER_ALONE, PUBLISHED_ROOM, Flow, FunnelReport, Outcome

Measure = Literal["documents", "raw_bytes", "text_bytes"]
MEASURES: dict[Measure, str] = {"documents": "Documents", "raw_bytes": "Raw bytes", "text_bytes": "Text bytes"}


def amount(flow: Flow, measure: Measure) -> int:
    """What `flow` weighs in `measure`."""
    return flow.docs_in if measure == "documents" else flow.raw_bytes if measure == "raw_bytes" else flow.text_bytes


@dataclass(frozen=True)
class Fate:
    """What became of some records of a room: one (outcome, reason), its flows by source."""

    outcome: Outcome
    reason: str
    flows: tuple[Flow, ...]

    @property
    def label(self) -> str:
        return self.reason or self.outcome

    def total(self, measure: Measure, sources: tuple[str, ...] | None = None) -> int:
        """Sum over all sources, or over some."""
        sums = self._sums[measure]
        return sum(sums.values()) if sources is None else sum(sums.get(name, 0) for name in sources)

    @cached_property
    def _sums(self) -> dict[Measure, Counter[str]]:
        """By source."""
        sums: dict[Measure, Counter[str]] = {measure: Counter() for measure in MEASURES}
        for measure, of_source in sums.items():
            for flow in self.flows:
                of_source[flow.source] += amount(flow, measure)
        return sums


@dataclass(frozen=True)
class Room:
    """One room: what was kept, and every other fate, largest first."""

    name: str
    kept: Fate
    losses: tuple[Fate, ...]

    @property
    def fates(self) -> tuple[Fate, ...]:
        return (self.kept, *self.losses)

    def entered(self, measure: Measure, sources: tuple[str, ...] | None = None) -> int:
        """What came in: the sum of all fates."""
        return sum(fate.total(measure, sources) for fate in self.fates)


@dataclass(frozen=True)
class Mismatch:
    """Documents of a source that left one room as kept and did not enter the next, or the other way round."""

    source: str
    before: str
    after: str
    left: int
    entered: int


@dataclass(frozen=True)
class Tally:
    """The whole funnel: rooms in the order of their names (they are numbered), sources in the order of the config."""

    rooms: tuple[Room, ...]
    sources: tuple[str, ...]

    def groups(self, most: int, measure: Measure = "documents") -> list[tuple[str, tuple[str, ...]]]:
        """(label, sources), at most so many: each source alone, or the smallest of the first room together, last."""
        if len(self.sources) <= most or not self.rooms:
            return [(name, (name,)) for name in self.sources]
        ranked = sorted(self.sources, key=lambda name: -self.rooms[0].entered(measure, (name,)))
        shown = set(ranked[: most - 1])
        rest = tuple(name for name in self.sources if name not in shown)
        single = [(name, (name,)) for name in self.sources if name in shown]
        return [*single, (f"{len(rest)} other sources", rest)]

    @property
    def records(self) -> int:
        """Raw records that entered the first room."""
        return self.rooms[0].entered("documents") if self.rooms else 0

    @property
    def candidates(self) -> int:
        """Of these, the ones that could have been documents of their own."""
        if not self.rooms:
            return 0
        never = (fate for fate in self.rooms[0].losses if fate.outcome in NEVER_ALONE)
        return self.records - sum(fate.total("documents") for fate in never)

    @property
    def published(self) -> Fate | None:
        """What the publishing room kept; None where the run has not come so far."""
        return self.rooms[-1].kept if self.rooms and self.rooms[-1].name == PUBLISHED_ROOM else None

    @cached_property
    def mismatches(self) -> tuple[Mismatch, ...]:
        """Where the funnel does not balance: empty unless a count is wrong. Children of expanded records may add."""
        found = []
        for before, after in zip(self.rooms, self.rooms[1:], strict=False):
            for source in self.sources:
                mine = (source,)
                left, entered = before.kept.total("documents", mine), after.entered("documents", mine)
                expanded = any(fate.outcome == "expanded" and fate.total("documents", mine) for fate in before.losses)
                if left > entered or (left < entered and not expanded):
                    found.append(Mismatch(source, before.name, after.name, left, entered))
        return tuple(found)


def _room(name: str, flows: Iterable[Flow]) -> Room:
    by_fate: dict[tuple[Outcome, str], list[Flow]] = defaultdict(list)
    for flow in flows:
        by_fate[flow.outcome, "" if flow.outcome == "kept" else flow.reason].append(flow)
    kept = Fate("kept", "", tuple(by_fate.pop(("kept", ""), ())))
    losses = [Fate(outcome, reason, tuple(rows)) for (outcome, reason), rows in by_fate.items()]
    losses.sort(key=lambda fate: (-fate.total("documents"), fate.reason, fate.outcome))
    return Room(name, kept, tuple(losses))


def tally(report: FunnelReport) -> Tally:
    """Add up `report.flows`."""
    by_room: dict[str, list[Flow]] = defaultdict(list)
    for flow in report.flows:
        by_room[flow.room].append(flow)
    named = [source.name for source in report.sources]
    others = sorted({flow.source for flow in report.flows} - set(named))
    rooms = tuple(_room(name, by_room[name]) for name in sorted(by_room))
    return Tally(rooms, sources=tuple(dict.fromkeys(named + others)))
