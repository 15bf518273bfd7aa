"""How far a run is, folded from the events of its journal: all that `status` needs, in some hundred bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

OWN_ROOMS = "10-30"  # how the step begins that takes shards through their own rooms
ERROR_CHARACTERS = 2000


@dataclass
class Step:
    """A step of the run as far as its journal tells."""

    title: str
    began: float
    total: int
    bytes_total: int
    is_raw: bool
    done: int = 0
    bytes: int = 0
    latest: float = 0.0


@dataclass
class SoFar:
    """started, last, failure: the first event, the latest, the latest that failed. in_steps_s: of finished steps."""

    started: dict[str, Any] = field(default_factory=dict)
    last: dict[str, Any] = field(default_factory=dict)
    step: Step | None = None
    passed: int = 0
    """Shards that have passed their own rooms in this run."""
    in_steps_s: float = 0.0
    failures: int = 0
    failure: dict[str, Any] | None = None

    def add(self, event: dict[str, Any]) -> None:
        """The next event."""
        self.started = self.started or event
        self.last = {name: event[name] for name in ("at", "event", "error") if name in event}
        match event["event"]:
            case "step":
                counts = (event.get("total", 0), event.get("bytes_total", 0), event.get("is_raw", False))
                self.step = Step(event["step"], event["at"], *counts, latest=event["at"])
            case "done" if self.step is not None and event["step"] == self.step.title:
                self.step.done += 1
                self.step.bytes += event["bytes"]
                self.step.latest = event["at"]
                self.passed += event["step"].startswith(OWN_ROOMS)
            case "step_end":
                self.in_steps_s += event["seconds"]
            case "failure":
                self.failures += 1
                self.failure = event | {"error": event["error"][:ERROR_CHARACTERS]}

    @staticmethod
    def of(state: dict[str, Any]) -> SoFar:
        """What `dataclasses.asdict` made of it."""
        return SoFar(**state | {"step": None if state["step"] is None else Step(**state["step"])})
