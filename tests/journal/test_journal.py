"""The journal: what it is told is there to be read, in order, whatever storage does; and it fails no run."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import journal, storage
from pipeline.journal import Journal
from pipeline.journal.spent import spent
from pipeline.journal.state import SoFar
from pipeline.trouble import EnvironmentTrouble

PUT, READ = storage.put_if_absent, storage.read_bytes


class Failing:
    """Storage whose puts go as `script` says: "fine", "lost" (refused), "late" (made, but the answer is lost)."""

    def __init__(self, *script: str, then: str = "fine") -> None:
        self.script, self.then, self.puts = list(script), then, 0

    def __call__(self, path: str, data: bytes) -> bool:
        self.puts += 1
        how = self.script.pop(0) if self.script else self.then
        made = how != "lost" and PUT(path, data)
        if how != "fine":
            raise EnvironmentTrouble(f"{path}: {how}")
        return made


@pytest.fixture(autouse=True)
def no_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of the journal stands still, unless a test sets it going."""
    monkeypatch.setattr(journal, "FLUSH_S", 3600.0)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Failing]:
    def install(*script: str, then: str = "fine") -> Failing:
        store = Failing(*script, then=then)
        monkeypatch.setattr("pipeline.journal.storage.put_if_absent", store)
        return store

    return install


def told(data: str) -> list[str]:
    """The events of the only run, in the order in which they are read."""
    (run,) = journal.runs(data)
    return [event["event"] for event in journal.events(data, run)]


@given(st.lists(st.sampled_from(["fine", "lost", "late"]), max_size=12), st.lists(st.integers(0, 3), max_size=12))
def test_what_is_said_is_read_once_and_in_order(tmp_path_factory, script, says):
    data = str(tmp_path_factory.mktemp("run"))
    with pytest.MonkeyPatch.context() as patch:
        store = Failing(*script)
        patch.setattr("pipeline.journal.storage.put_if_absent", store)
        noted, expected = Journal(data), []
        for times in says:
            for _ in range(times):
                expected.append(str(len(expected)))
                noted.say(expected[-1])
            noted.flush()
        store.script.clear()
        noted.close("finished")
    assert told(data) == [*expected, "finished"]


def test_segments_have_no_gaps(tmp_path, failing):
    failing("fine", "lost", "lost")
    noted = Journal(str(tmp_path))
    for event in "abcd":
        noted.say(event)
        noted.flush()
    noted.close("finished")
    names = storage.list_files(str(tmp_path / "journal"))
    assert [name.split("/")[1] for name in names] == [f"{n:06d}.jsonl" for n in range(1, len(names) + 1)]
    assert told(str(tmp_path)) == [*"abcd", "finished"]


def test_closing_does_not_hide_the_runs_own_error(tmp_path, failing):
    store = failing(then="lost")
    with pytest.raises(ZeroDivisionError):
        close_after_an_error(Journal(str(tmp_path)))
    assert store.puts == 1
    assert journal.runs(str(tmp_path)) == []


def close_after_an_error(noted: Journal) -> None:
    try:
        raise ZeroDivisionError
    finally:
        noted.close("failed")


def test_the_beat_outlives_trouble(tmp_path, failing, monkeypatch):
    store = failing("lost", "lost")
    begun = threading.Event()
    beat = Journal._beat
    monkeypatch.setattr(Journal, "_beat", lambda noted: (begun.wait(), beat(noted)))
    monkeypatch.setattr(journal, "FLUSH_S", 0.01)
    noted = Journal(str(tmp_path))
    noted.say("started")
    begun.set()  # or the first beat may come before it
    until = time.monotonic() + 300
    while store.puts < 4 and time.monotonic() < until:
        time.sleep(0.01)
    noted.close("finished")
    assert store.puts >= 4
    events = told(str(tmp_path))
    assert (events[0], events[-1]) == ("started", "finished")
    assert set(events[1:-1]) == {"beat"}


def test_two_journals_in_one_folder_lose_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("pipeline.journal.time.strftime", lambda *_: "20300101T000000")
    first, second = Journal(str(tmp_path)), Journal(str(tmp_path))
    first.close("one")
    second.close("two")
    assert told(str(tmp_path)) == ["one", "two"]


def test_a_run_that_begins_after_the_clock_went_back_is_the_latest(tmp_path):
    """Of many only the last few are asked whether they live: one sorted before them would let another begin beside."""
    ahead = [f"2099123{day}T235959-elsewhere-7-1-1" for day in (0, 1)] + ["not-a-run"]
    for name in ahead:
        PUT(str(tmp_path / "journal" / name / "000001.jsonl"), json.dumps({"at": 0.0, "event": "finished"}).encode())
    for _ in range(3):
        Journal(str(tmp_path)).close("finished")
    begun = [run.split("-")[0] for run in journal.runs(str(tmp_path)) if run not in ahead]
    assert begun == ["21000101T000000", "21000101T000001", "21000101T000002"]


def test_many_segments_are_read_in_order(tmp_path, monkeypatch):
    for n in range(40):
        PUT(str(tmp_path / "journal" / "run" / f"{n:06d}.jsonl"), json.dumps({"event": str(n)}).encode())

    def slow_at_first(path: str) -> bytes:
        time.sleep(0.02 if path.endswith("0.jsonl") else 0)
        return READ(path)

    monkeypatch.setattr("pipeline.journal.storage.read_bytes", slow_at_first)
    assert told(str(tmp_path)) == [str(n) for n in range(40)]


def test_a_shard_done_again_counts_with_its_latest_time(tmp_path):
    for run, seconds in (("1", 5.0), ("2", 7.0)):
        rows = [{"room": "r", "stage": "s", "cpu_s": seconds, "docs": 2, "bytes": 3}]
        line = json.dumps({"event": "done", "name": "shard", "timings": rows})
        PUT(str(tmp_path / "journal" / run / "000001.jsonl"), line.encode())
    assert spent(str(tmp_path)).rows() == [{"room": "r", "stage": "s", "cpu_s": 7.0, "docs": 2, "bytes": 3}]


STEPS = st.sampled_from(["10-30 extract", "31 edges"])
EVENTS = st.one_of(
    st.builds(lambda step, total: {"event": "step", "step": step, "total": total, "bytes_total": 9}, STEPS, st.just(3)),
    st.builds(lambda step, size: {"event": "done", "step": step, "name": "a", "bytes": size}, STEPS, st.integers(0, 9)),
    st.builds(lambda seconds: {"event": "step_end", "seconds": seconds}, st.integers(0, 9)),
    st.builds(lambda error: {"event": "failure", "name": "a", "kind": "bug", "error": error}, st.text(max_size=5)),
    st.just({"event": "beat"}),
)


@given(st.lists(st.lists(EVENTS, min_size=1, max_size=4), max_size=6))
def test_the_last_segment_says_what_all_of_them_come_to(tmp_path_factory, segments):
    data = str(tmp_path_factory.mktemp("run"))
    noted = Journal(data)
    noted.say("started", config="c", shards=4, shards_done=1)
    for events in segments:
        for event in events:
            noted.say(**event)
        noted.flush()
    noted.close("failed", error="x")
    (run,) = journal.runs(data)
    expected = SoFar()
    for event in journal.events(data, run):
        expected.add(event)
    with pytest.MonkeyPatch.context() as patch:
        read = []
        patch.setattr("pipeline.journal.storage.read_bytes", lambda path: read.append(path) or READ(path))
        assert journal.so_far(data, run) == expected
        assert len(read) == 1


def test_a_journal_of_an_earlier_version_is_read_whole(tmp_path):
    for number, event in enumerate(({"event": "started", "shards": 2}, {"event": "step", "step": "31 x"}), 1):
        line = json.dumps(event | {"at": float(number)})
        PUT(str(tmp_path / "journal" / "1" / f"{number:06d}.jsonl"), line.encode())
    now = journal.so_far(str(tmp_path), "1")
    assert (now.started["shards"], now.last["at"], now.step and now.step.title) == (2, 2.0, "31 x")


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["05_spilled", "10_extracted", "31_duplicates"]), st.sampled_from("xy"), st.integers(1, 9)
    ),
    unique_by=lambda row: row[:2],
    max_size=4,
)
TASKS = st.dictionaries(st.sampled_from("abc"), st.tuples(st.sampled_from(["web", None]), ROWS), max_size=3)


@given(st.lists(TASKS, max_size=4))
def test_of_work_done_twice_the_latest_counts(tmp_path_factory, runs):
    data = str(tmp_path_factory.mktemp("run"))
    latest = {}
    raw = {}
    for number, tasks in enumerate(runs):
        lines = []
        for task, (source, rows) in tasks.items():
            timings = [
                {"room": room, "stage": stage, "cpu_s": s, "docs": s + 1, "bytes": 2 * s} for room, stage, s in rows
            ]
            lines.append(json.dumps({"event": "done", "name": task, "source": source, "bytes": 7, "timings": timings}))
            for room, stage, seconds in rows:
                latest[task, room, stage] = (source, seconds)
            if source and any(room != "05_spilled" for room, _, _ in rows):
                raw[source, task] = 7
        if lines:
            PUT(f"{data}/journal/{number}/000001.jsonl", "\n".join(lines).encode())
    found = spent(data)
    sums = {}
    for (_, room, stage), (_, seconds) in latest.items():
        sums[room, stage] = sums.get((room, stage), 0) + seconds
    assert {(row["room"], row["stage"]): row["cpu_s"] for row in found.rows()} == sums
    assert sum(row["docs"] - row["cpu_s"] for row in found.rows()) == len(latest)
    assert found.of_source("web") == sum(seconds for source, seconds in latest.values() if source == "web")
    assert found.raw_bytes == ({"web": 7 * len(raw)} if raw else {})


def test_who_is_at_work_is_told_by_the_last_segment_alone(tmp_path, monkeypatch):
    for number in range(1, 40):
        line = json.dumps({"event": "beat", "at": time.time()})
        PUT(str(tmp_path / "journal" / "20260101T000000-elsewhere-1" / f"{number:06d}.jsonl"), line.encode())
    read = []
    monkeypatch.setattr("pipeline.journal.storage.read_bytes", lambda path: read.append(path) or READ(path))
    assert journal.living(str(tmp_path)) == "20260101T000000-elsewhere-1"
    assert [path.rpartition("/")[2] for path in read] == ["000039.jsonl"]
