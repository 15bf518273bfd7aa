"""What the work in a run's folder took: CPU seconds, documents and bytes; of work done twice the latest."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from pipeline import journal
from pipeline.rooms.names import SPILLED


@dataclass
class Spent:
    """stages: [CPU seconds, documents, bytes] by (room, stage). cpu_s: by (source, room), of the shards' own rooms.

    raw_bytes: of raw files, by source, each once.
    """

    stages: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(lambda: [0.0, 0, 0]))
    cpu_s: dict[tuple[str, str], float] = field(default_factory=lambda: defaultdict(float))
    raw_bytes: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def rows(self) -> list[dict[str, Any]]:
        """One a stage, by (room, stage)."""
        return [
            {"room": room, "stage": stage, "cpu_s": cpu_s, "docs": docs, "bytes": size}
            for (room, stage), (cpu_s, docs, size) in sorted(self.stages.items())
        ]

    def of_source(self, source: str) -> float:
        """CPU seconds of a source's shards in their own rooms."""
        return sum(cpu_s for (name, _), cpu_s in self.cpu_s.items() if name == source)


def spent(data: str) -> Spent:
    """Over all runs in this folder, read from the latest back; holds a number for each task and its raw bytes' bit."""
    found = Spent()
    stages: dict[tuple[str, str], int] = {}  # the bit of each
    raw = 1  # the bit of a task's raw bytes
    seen: dict[str, int] = {}
    for run in reversed(journal.runs(data)):
        now: dict[str, int] = defaultdict(int)  # within a run nothing is done twice
        for event in journal.events(data, run):
            if event["event"] != "done":
                continue
            task, source = event["name"], event.get("source")
            for row in event["timings"]:
                key = row["room"], row["stage"]
                bit = 2 << stages.setdefault(key, len(stages))
                now[task] |= bit
                if seen.get(task, 0) & bit:
                    continue
                for place, name in enumerate(("cpu_s", "docs", "bytes")):
                    found.stages[key][place] += row[name]
                if source:
                    found.cpu_s[source, row["room"]] += row["cpu_s"]
            if (
                source
                and not (seen.get(task, 0) | now[task]) & raw
                and any(r["room"] != SPILLED for r in event["timings"])
            ):
                now[task] |= raw  # what is spilled is counted where it is extracted
                found.raw_bytes[source] += event.get("bytes", 0)
        for task, bits in now.items():
            seen[task] = seen.get(task, 0) | bits
    return found
