"""What a run did and when: appended while it runs, read by `status`; decides nothing."""

from __future__ import annotations

import calendar
import json
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from pipeline import storage
from pipeline.journal.process import Process
from pipeline.journal.state import SoFar
from pipeline.rooms.damage import naming_damage
from pipeline.rooms.manifest import REQUESTS
from pipeline.trouble import Busy, EnvironmentTrouble

FLUSH_S = 5.0
BEGINNING = "%Y%m%dT%H%M%S"
_BEGINNING = re.compile(r"[0-9]{8}T[0-9]{6}-")
ENDS = ("finished", "failed", "interrupted")
SO_FAR = "so far"
"""The event at the beginning of each segment: what all before it come to, so that the last segment is enough."""
DEAD_AFTER_S = 30.0  # a live run writes at least every FLUSH_S


class Journal:
    """Events of one run, written in segments so that an object store can hold them and a kill loses seconds.

    Also beats while the run lives, for those who cannot ask for its process: see `living`. It fails nothing: what
    storage refuses is kept and tried again, and lost if the last try fails.
    """

    def __init__(self, data: str) -> None:
        self._folder = storage.join(data, "journal", f"{_beginning(data)}-{Process.this()}")
        self._lock = threading.Lock()  # of what waits
        self._writing = threading.Lock()  # of the segments, which are written one by one
        self._waiting: list[dict[str, Any]] = []
        self._so_far = SoFar()  # of the segments
        self._segment = 1
        self._text = b""  # of that segment, until it is written
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self._thread.start()

    def say(self, event: str, **details: Any) -> None:
        """Note an event with the time of day."""
        with self._lock:
            self._waiting.append({"at": time.time(), "event": event, **details})

    def close(self, event: str, **details: Any) -> None:
        """Note how the run ended and write everything. Never raises EnvironmentTrouble: the run's own error counts."""
        self.say(event, **details)
        self._stop.set()
        self._thread.join()
        self.flush()

    def _beat(self) -> None:
        while not self._stop.wait(FLUSH_S):
            self.say("beat")
            self.flush()

    def flush(self) -> None:
        """Write what waits, so that a reader sees everything said so far; what cannot be written waits on."""
        with self._writing:
            while self._take():
                try:
                    self._write()
                except (EnvironmentTrouble, FileNotFoundError):
                    return

    def _take(self) -> bool:
        """Make a segment of what waits, unless one is unwritten already; whether there is one."""
        if not self._text:
            with self._lock:
                lines, self._waiting = self._waiting, []
            if lines:
                before = {"event": SO_FAR, "state": asdict(self._so_far)}
                self._text = "".join(json.dumps(line, default=str) + "\n" for line in (before, *lines)).encode()
            for line in lines:
                self._so_far.add(line)
        return bool(self._text)

    def _write(self) -> None:
        """Write the segment; where another journal has taken its number, it gets the next one.

        A try that failed may have made the file all the same, so each try has the same bytes.
        """
        path = storage.join(self._folder, f"{self._segment:06d}.jsonl")
        if storage.put_if_absent(path, self._text) or storage.read_bytes(path) == self._text:
            self._text = b""
        self._segment += 1


def _beginning(data: str) -> str:
    """Now, or a second after the latest journal began where a clock went back: names tell in which order runs began."""
    now = time.strftime(BEGINNING, time.gmtime())
    latest = max(filter(_BEGINNING.match, storage.list_names(storage.join(data, "journal"))), default="").split("-")[0]
    if latest <= now:
        return now
    return time.strftime(BEGINNING, time.gmtime(calendar.timegm(time.strptime(latest, BEGINNING)) + 1))


def runs(data: str) -> list[str]:
    """The runs that left a journal in this folder, oldest first."""
    try:
        names = storage.list_files(storage.join(data, "journal"), (".jsonl",))
    except FileNotFoundError:
        return []
    return sorted({name.split("/")[0] for name in names})


def living(data: str) -> str | None:
    """The run that is at work in this folder now, if any: its journal has no end, and its process lives.

    Where the process cannot be asked for, what it last wrote decides. On this machine it can: a killed run never stands
    in the way of the next, and one that is stopped, or kept from writing, is at work all the same.
    """
    folder = storage.join(data, "journal")
    for run in storage.list_names(folder)[-3:]:
        process = Process.named(run.partition("-")[2])
        if process == Process.this():
            continue
        last = next(iter([*_events_of(_segments(data, run)[-1:])][-1:]), None)
        if last is None or last["event"] in ENDS:
            continue
        alive = process and process.is_alive()
        if time.time() - last["at"] <= DEAD_AFTER_S if alive is None else alive:
            return run
    return None


@contextmanager
def at_work(data: str, **details: Any) -> Iterator[Journal]:
    """The journal of who works in this folder now, from its beginning to its end.

    Raises Busy beside another. Asked before, so that who is refused leaves nothing, and once more after
    the own beginning is written: of two that begin at once each sees the other.
    """
    refuse_beside_another(data)
    journal = Journal(data)
    journal.say("started", **details)
    journal.flush()
    outcome: dict[str, Any] = {"event": "failed"}
    try:
        refuse_beside_another(data)
        yield journal
        outcome = {"event": "finished"}
    except KeyboardInterrupt:
        outcome = {"event": "interrupted"}
        raise
    except BaseException as error:
        outcome["error"] = str(error) or type(error).__name__
        raise
    finally:
        journal.close(**outcome)


def refuse_beside_another(data: str) -> None:
    """Raises Busy where another run is at work in this folder."""
    if (other := living(data)) is not None:
        raise Busy(f"{data}: the run {other} is at work here; wait for it (see `status`), or give another --data")


def events(data: str, run: str) -> Iterator[dict[str, Any]]:
    """The events of one run in order."""
    return (event for event in _events_of(_segments(data, run)) if event["event"] != SO_FAR)


def so_far(data: str, run: str) -> SoFar:
    """How far one run is, by its last segment; of a run that an earlier version wrote by all of them."""
    segments = _segments(data, run)
    last = list(_events_of(segments[-1:]))
    is_told = last[0]["event"] == SO_FAR
    state = SoFar.of(last[0]["state"]) if is_told else SoFar()
    for event in last[1:] if is_told else _events_of(segments):
        state.add(event)
    return state


def _segments(data: str, run: str) -> list[str]:
    folder = storage.join(data, "journal", run)
    return [storage.join(folder, name) for name in storage.list_files(folder, (".jsonl",))]


def _events_of(segments: list[str]) -> Iterator[dict[str, Any]]:
    with ThreadPoolExecutor(REQUESTS) as pool:  # a segment holds five seconds: a day's run has many
        for path, content in zip(segments, pool.map(storage.read_bytes, segments), strict=True):
            with naming_damage(path, "remove it: the journal is for people, and decides nothing"):
                found = [json.loads(line) for line in content.splitlines()]
            yield from found
