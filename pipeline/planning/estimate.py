"""How long a run may take and how much disk it needs: by the journal of earlier runs there, else by constants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline import journal
from pipeline.journal.spent import Spent, spent
from pipeline.planning.survey import Prepared
from pipeline.rooms.names import DUPLICATES, EXTRACTED, PUBLISHED, SORTED

LATER_SHARE = 0.08
"""CPU of deduplication and publishing for each CPU second of extraction, filter and signatures.

2.2 s of 32 and 2.7 s of 36, for 75 and 87 MB of all kinds of raw files (28 November 2026); more where most pass.
"""
START_AND_REPORTS_S = 12.0
"""Wall time to start two workers with compiled kernels (8 s), and of the reports (4 s), on two free cores."""


@dataclass(frozen=True)
class OfSource:
    """What one source needs: raw bytes to read, CPU seconds to its signatures, bytes of disk in the run's folder."""

    shards: int
    done: int
    bytes: int
    cpu_s: float
    disk: float


@dataclass(frozen=True)
class Estimate:
    """Of a run. later_cpu_s: deduplication and publishing of everything; around_s: wall time before and after.

    is_told: the rates come from runs in this folder.
    """

    sources: dict[str, OfSource]
    later_cpu_s: float
    around_s: float
    workers: int
    is_told: bool

    @property
    def cpu_s(self) -> float:
        return sum(one.cpu_s for one in self.sources.values()) + self.later_cpu_s

    @property
    def wall_s(self) -> float:
        """Where each worker has a processor."""
        return self.cpu_s / self.workers + self.around_s

    @property
    def disk(self) -> float:
        return sum(one.disk for one in self.sources.values())


def of(prepared: Prepared) -> Estimate:
    """What is left to do. The later rooms see all documents again, whatever share of the shards is done."""
    data = prepared.order.data
    told = spent(data)
    known = _rates(told)
    sources: dict[str, OfSource] = {}
    own_s = 0.0
    for name, source in prepared.config.sources.items():
        rates = known.get(name, {EXTRACTED: source.reader.cpu_s_per_mb})
        mine = [s for s in prepared.standings if s.shard.source == name]
        todo = [s for s in mine if s.next_room is not None]
        raw = sum(s.shard.bytes for s in todo)
        cpu_s = sum(s.shard.bytes / 1e6 * _from(s.next_room, rates) for s in todo)
        own_s += sum(s.shard.bytes for s in mine) / 1e6 * sum(rates.values())
        sources[name] = OfSource(len(mine), len(mine) - len(todo), raw, cpu_s, raw * source.reader.disk_per_byte)
    told_s = _around_s(data)
    return Estimate(
        sources,
        own_s * _later_share(told),
        START_AND_REPORTS_S if told_s is None else told_s,
        max(1, prepared.order.workers),
        bool(known),
    )


def _rates(told: Spent) -> dict[str, dict[str, float]]:
    """CPU seconds a MB of raw file, by source and room, as earlier runs took them."""
    rates: dict[str, dict[str, float]] = {}
    for (source, room), cpu_s in told.cpu_s.items():
        if told.raw_bytes.get(source):
            rates.setdefault(source, {})[room] = cpu_s / (told.raw_bytes[source] / 1e6)
    return rates


def _from(room: str | None, rates: Mapping[str, float]) -> float:
    """The rates from a room on; what is spilled is spilled to be extracted. A rate that is not by room counts whole."""
    if room is None or room == EXTRACTED or len(rates) == 1:
        return sum(rates.values())
    return sum(rate for name, rate in rates.items() if name >= room)


def _later_share(told: Spent) -> float:
    """CPU of the later rooms for each second of the shards' own, as earlier runs took them."""
    later = (DUPLICATES, SORTED, PUBLISHED)
    later_s = sum(cpu_s for (room, _), (cpu_s, *_) in told.stages.items() if room in later)
    own_s = sum(cpu_s for (room, _), (cpu_s, *_) in told.stages.items() if room not in later)
    return later_s / own_s if own_s and later_s else LATER_SHARE


def _around_s(data: str) -> float | None:
    """Wall time of the latest finished run that was no step's: start, warm-up, reports. None before there is one."""
    for run in reversed(journal.runs(data)):
        now = journal.so_far(data, run)
        if now.last["event"] == "finished" and now.in_steps_s:
            return max(0.0, now.last["at"] - now.started["at"] - now.in_steps_s)
    return None
