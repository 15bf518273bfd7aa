"""What `status` says of a run, by what its journal holds."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from pipeline import journal
from pipeline.journal.process import Process
from pipeline.terminal import status as of_status


@pytest.fixture
def book(tmp_path: Path) -> journal.Journal:
    """The journal of a run of 40 shards, 28 of which were done before."""
    book = journal.Journal(str(tmp_path))
    book.say("started", config="c.yaml", shards=40, shards_done=28)
    return book


def as_another(monkeypatch: Any) -> None:
    """Look at this process's own run as somebody else does."""
    own = Process.this()
    monkeypatch.setattr(Process, "this", classmethod(lambda cls: own._replace(pid=own.pid + 1)))


def stop_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a second goes by between what is said and what is told of it."""
    now = time.time()
    monkeypatch.setattr(journal.time, "time", lambda: now)


def lines(data: Path) -> list[str]:
    return of_status.status(str(data)).splitlines()


def test_a_run_at_work_says_its_step_share_rate_and_what_is_left(
    book: journal.Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = time.time()
    monkeypatch.setattr(journal.time, "time", lambda: start - 100)
    book.say("step", step="start and warm-up of the workers")
    book.flush()
    as_another(monkeypatch)
    monkeypatch.setattr(journal.time, "time", lambda: start)
    book.say("beat")
    book.flush()
    assert lines(tmp_path)[3] == "step: start and warm-up of the workers, for 1 min 40 s"
    monkeypatch.setattr(journal.time, "time", lambda: start - 20)
    book.say("step", step="10-30 extract, filter, sign", total=12, bytes_total=40_000_000, is_raw=True)
    book.say("failure", name="web-00003", kind="bug", error="ValueError: [x]")
    monkeypatch.setattr(journal.time, "time", lambda: start)
    for name in ("a", "b"):
        book.say("done", step="10-30 extract, filter, sign", name=name, bytes=5_000_000, timings=[])
    book.flush()
    said = lines(tmp_path)
    assert ": running for " in said[0]
    assert said[2] == "shards 30 of 40 have passed the rooms 10-30"
    step = "step: 10-30 extract, filter, sign, 25% of 40.0 MB, 2 of 12 tasks, 500.0 kB/s"
    assert said[3] == f"{step}, about 1 min 00 s left in this step"
    assert said[4] == "last failure, 1 in all: web-00003 (bug): ValueError: [x]"
    assert said[5] == "published: none yet"
    book.close("finished")


def test_a_step_of_which_only_empty_shards_are_done_has_no_rate_yet(
    book: journal.Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_the_clock(monkeypatch)
    book.say("step", step="10-30 extract, filter, sign", total=2, bytes_total=0, is_raw=True)
    book.say("done", step="10-30 extract, filter, sign", name="a", bytes=0, timings=[])
    book.flush()
    as_another(monkeypatch)
    assert "step: 10-30 extract, filter, sign, 1 of 2 tasks, for 0 s" in lines(tmp_path)
    book.close("finished")


def test_the_end_is_told_as_what_it_was(book: journal.Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stop_the_clock(monkeypatch)
    book.say("step", step="31 edges", total=4, bytes_total=4, is_raw=False)
    book.close("interrupted")
    said = lines(tmp_path)
    assert ": interrupted 0 s ago; give the same command again" in said[0]
    assert "it was at: 31 edges, 0 of 4 tasks" in said


def test_a_run_whose_process_is_gone_is_dead_at_once(book: journal.Journal, tmp_path: Path, monkeypatch: Any) -> None:
    book.flush()
    as_another(monkeypatch)
    monkeypatch.setattr(Process, "is_alive", lambda process: False)
    assert ": dead: silent for " in lines(tmp_path)[0]
    book.close("finished")


@pytest.mark.parametrize(
    ("error", "event"), [(KeyboardInterrupt(), "interrupted"), (ValueError("x"), "failed"), (SystemExit(1), "failed")]
)
def test_who_works_leaves_how_it_ended(tmp_path: Path, error: BaseException, event: str) -> None:
    with pytest.raises(type(error)), journal.at_work(str(tmp_path), config="c"):
        raise error
    assert list(journal.events(str(tmp_path), journal.runs(str(tmp_path))[0]))[-1]["event"] == event
