"""How far the latest run in a folder is, by its journal; needs nothing that a run needs."""

from __future__ import annotations

import time

from pipeline import journal, storage
from pipeline.journal.state import SoFar, Step
from pipeline.progress.amounts import duration, size
from pipeline.rooms.names import PUBLISHED
from pipeline.rooms.quarantine import FILE, Quarantine, summary
from pipeline.rooms.version import Current


def status(data: str) -> str:
    """Whether the latest run lives, where it is, how long that may take, what failed last; and what is published.

    Raises FileNotFoundError where nobody has worked in `data`.
    """
    known = journal.runs(data)
    if not known:
        raise FileNotFoundError(f"{data}: no run has left a journal here; is --data the folder of a run?")
    living = journal.living(data)
    run = living or known[-1]
    now = journal.so_far(data, run)
    lines = [f"run {run}: {_state(now, is_living=run == living)}", f"config {now.started.get('config', '?')}"]
    if (before := _shards(now)) is not None:
        lines.append(before)
    if run == living:
        lines.append(_at_work(now.step, time.time()) if now.step else "step: not begun")
    elif now.step and now.last["event"] != "finished":
        amount = f", {_amount(now.step)}" if now.step.total else ""
        lines.append(f"it was at: {now.step.title}{amount}")
    if (last := now.failure) is not None:
        lines.append(f"last failure, {now.failures} in all: {last['name']} ({last['kind']}): {last['error']}")
    if deadly := Quarantine.read(data).entries:
        lines.append(f"{summary(deadly)}: {storage.join(data, FILE)}")
    lines.append(_published(Current.read(data)))
    return "\n".join(lines)


def _state(now: SoFar, *, is_living: bool) -> str:
    began, last = now.started["at"], now.last
    ago = duration(time.time() - last["at"])
    if last["event"] == "finished":
        return f"finished {ago} ago, after {duration(last['at'] - began)}"
    if last["event"] == "interrupted":
        return f"interrupted {ago} ago; give the same command again to resume"
    if last["event"] == "failed":
        return f"failed {ago} ago: {last.get('error', '')}"
    if is_living:
        return f"running for {duration(time.time() - began)}"
    return f"dead: silent for {ago}; give the same command again to resume"


def _shards(now: SoFar) -> str | None:
    """How many shards have all their own rooms; None of who has no shards to do: a takedown."""
    if "shards_done" not in now.started:
        return None
    passed = now.started["shards_done"] + now.passed
    return f"shards {passed:,} of {now.started['shards']:,} have passed the rooms 10-30"


def _amount(step: Step) -> str:
    share = (
        f"{step.bytes / step.bytes_total:.0%} of {size(step.bytes_total)}, " if step.is_raw and step.bytes_total else ""
    )
    return f"{share}{step.done:,} of {step.total:,} tasks"


def _at_work(step: Step, now: float) -> str:
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
