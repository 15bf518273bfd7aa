"""How far the latest run in a folder is, by its journal; needs nothing that a run needs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from pipeline import journal
from pipeline.amounts import duration, size
from pipeline.rooms import PUBLISHED, Current


@dataclass
class _Step:
    """A step of the run as far as its journal tells."""

    title: str
    began: float
    total: int
    bytes_total: int
    is_raw: bool
    done: int = 0
    bytes: int = 0
    latest: float = 0.0


def status(data: str) -> str:
    """Whether the latest run lives, where it is, how long that may take, what failed last; and what is published.

    Raises FileNotFoundError where nobody has worked in `data`.
    """
    known = journal.runs(data)
    if not known:
        raise FileNotFoundError(f"{data}: no run has left a journal here; is --data the folder of a run?")
    living = journal.living(data)
    run = living or known[-1]
    events = list(journal.events(data, run))
    steps = _steps(events)
    lines = [f"run {run}: {_state(events, is_living=run == living)}", f"config {events[0].get('config', '?')}"]
    if (before := _shards(events[0], steps)) is not None:
        lines.append(before)
    if run == living:
        lines.append(_at_work(steps[-1], time.time()) if steps else "step: not begun")
    elif steps and events[-1]["event"] != "finished":
        amount = f", {_amount(steps[-1])}" if steps[-1].total else ""
        lines.append(f"it was at: {steps[-1].title}{amount}")
    failed = [event for event in events if event["event"] == "failure"]
    if failed:
        last = failed[-1]
        lines.append(f"last failure, {len(failed)} in all: {last['name']} ({last['kind']}): {last['error']}")
    lines.append(_published(Current.read(data)))
    return "\n".join(lines)


def _state(events: list[dict[str, Any]], *, is_living: bool) -> str:
    started, last = events[0], events[-1]
    ago = duration(time.time() - last["at"])
    if last["event"] == "finished":
        return f"finished {ago} ago, after {duration(last['at'] - started['at'])}"
    if last["event"] == "interrupted":
        return f"interrupted {ago} ago; give the same command again to resume"
    if last["event"] == "failed":
        return f"failed {ago} ago: {last.get('error', '')}"
    if is_living:
        return f"running for {duration(time.time() - started['at'])}"
    return f"dead: silent for {ago}; give the same command again to resume"


def _steps(events: list[dict[str, Any]]) -> list[_Step]:
    steps: list[_Step] = []
    for event in events:
        if event["event"] == "step":
            counts = (event.get("total", 0), event.get("bytes_total", 0), event.get("is_raw", False))
            steps.append(_Step(event["step"], event["at"], *counts, latest=event["at"]))
        elif event["event"] == "done" and steps and event["step"] == steps[-1].title:
            steps[-1].done += 1
            steps[-1].bytes += event["bytes"]
            steps[-1].latest = event["at"]
    return steps


def _shards(started: dict[str, Any], steps: list[_Step]) -> str | None:
    """How many shards have all their own rooms; None of who has no shards to do: a takedown."""
    if "shards_done" not in started:
        return None
    passed = started["shards_done"] + sum(step.done for step in steps if step.title.startswith("10-30"))
    return f"shards {passed:,} of {started['shards']:,} have passed the rooms 10-30"


def _amount(step: _Step) -> str:
    share = (
        f"{step.bytes / step.bytes_total:.0%} of {size(step.bytes_total)}, " if step.is_raw and step.bytes_total else ""
    )
    return f"{share}{step.done:,} of {step.total:,} tasks"


def _at_work(step: _Step, now: float) -> str:
    """The step, its rate since it began, and the time that is left in it if that holds."""
    since = now - step.began
    if not step.total:
        return f"step: {step.title}, for {duration(since)}"
    line = f"step: {step.title}, {_amount(step)}"
    if not step.bytes:  # nothing yet, or only what is empty
        return f"{line}, for {duration(since)}"
    worked = max(step.latest - step.began, 1e-3)
    rate = f"{size(step.bytes / worked)}/s" if step.is_raw else f"{step.done / worked:.1f} tasks/s"
    left = max(worked / step.bytes * (step.bytes_total - step.bytes) - (now - step.latest), 0.0)
    return f"{line}, {rate}, about {duration(left)} left in this step"


def _published(current: Current | None) -> str:
    if current is None or PUBLISHED not in current.rooms:
        return "published: none yet"
    of = "" if current.sample >= 1 else f", a sample of {current.sample:.3g}"
    left = "" if current.finished else "; its reports are not written: give the same `run` command again"
    return f"published: version {current.run[:12]}{of}, queryable meanwhile{left}"
