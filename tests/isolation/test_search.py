"""Which records a shard that killed its workers is done without, and which never: by processes that really die."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from pipeline.extraction.child import allow_cpu
from pipeline.inputs import listing
from pipeline.isolation import child, search
from pipeline.planning import plan
from pipeline.rooms.quarantine import Quarantine, Quarantined
from pipeline.rooms.tombstones import Tombstones
from pipeline.shard.advance import advance
from pipeline.shard.shard import Shard
from pipeline.storage import digest
from pipeline.trouble import EnvironmentTrouble
from tests.e2e import drive
from tests.isolation import deadly
from tests.isolation.deadly import DEADLY, DeadlyStage, DeadlyText, text_of

LONG = f"{DEADLY}, though it looks like any other text about a river and its bridge."


TEXTS = [text_of(0), LONG, text_of(2)]


def shard_of(
    folder: Path, texts: list[str], reader: DeadlyText | None = None, stage: DeadlyStage | None = None
) -> Shard:
    """The shard of one file of these texts, called 0, 1, ..."""
    raw = folder / "raw"
    deadly.write_records(raw, {"docs/a.jsonl": texts, "notes/b.jsonl": []})
    config, steps = deadly.config_of(folder, raw, reader)
    if stage is not None:
        steps = (steps[0], stage, *steps[1:])
    data = str(folder / "data")
    splits = [listing.digest(known) for known in listing.list_inputs(config, listing.Digests(data))]
    joins = plan.joins_of(config, splits, Tombstones())
    return plan.shards_of(data, config, steps, splits, joins, 1.0)[0]


def shard_of_two(folder: Path, other: list[str], reader: DeadlyText | None, stage: DeadlyStage | None) -> Shard:
    """The shard of two files: one of three texts, the second deadly, and another."""
    deadly.write_records(folder / "raw", {"docs/b.jsonl": other})
    return shard_of(folder, TEXTS, reader, stage)


def known_of(shard: Shard, *entries: Quarantined) -> Shard:
    """The shard as the next run plans it."""
    (known,) = search.with_quarantined([shard], Quarantine(entries))
    return known


@pytest.mark.parametrize(
    ("reader", "stage", "kind", "key", "room"),
    [
        (DeadlyText(id_column="id"), None, "record", "{digest}#2", "10_extracted"),
        (DeadlyText(id_column="id", stops_at=2), None, "rest", "2", "10_extracted"),
        (None, DeadlyStage(), "row", "2", "20_filtered"),
    ],
    ids=["while it is parsed", "between two records", "while it is measured"],
)
def test_a_record_that_ends_processes_is_left_out_and_the_others_are_not(tmp_path, reader, stage, kind, key, room):
    texts = [text_of(0), text_of(1), LONG if kind != "rest" else text_of(2), text_of(3)]
    shard = shard_of(tmp_path, texts, reader, stage)
    receipt = search.advance_alone(shard)
    (one,) = receipt.quarantined
    assert (one.source, one.raw_path, one.kind, one.room) == ("docs", "a.jsonl", kind, room)
    of_file = digest(str(tmp_path / "raw" / "docs" / "a.jsonl"))
    assert (one.key, one.died) == (key.format(digest=of_file), "SIGSEGV")
    kept = 2 if kind == "rest" else 3
    extracted, filtered, _ = receipt.manifests
    assert {count.reason: count.docs for count in extracted.counts} == {"kept": kept, "resource:killed_worker": 1}
    assert filtered.file("rows").rows == kept
    done = drive.digest(tmp_path / "data")
    known = known_of(shard, one)
    assert advance(known).manifests == receipt.manifests
    again = replace(known, data=str(tmp_path / "again"))
    assert advance(again).manifests == receipt.manifests  # in this process: what is left ends none
    assert drive.digest(tmp_path / "again").items() <= done.items()


@pytest.mark.parametrize(
    ("reader", "stage"), [(DeadlyText(id_column="id"), None), (None, DeadlyStage())], ids=["parsed", "measured"]
)
@pytest.mark.parametrize(("other", "gone"), [(TEXTS, 2), ([text_of(5), text_of(6)], 1)], ids=["equal", "equal keys"])
def test_of_files_with_equal_keys_only_what_is_deadly_is_left_out(tmp_path, reader, stage, other, gone):
    shard = shard_of_two(tmp_path, other, reader, stage)
    receipt = search.advance_alone(shard)
    kept = len(TEXTS) + len(other) - gone
    counts = {count.reason: count.docs for count in receipt.manifests[0].counts}
    assert counts == {"kept": kept, "resource:killed_worker": gone}
    (one,) = receipt.quarantined
    assert advance(known_of(shard, one)).manifests == receipt.manifests, "the next run finds it done"


def test_what_reads_or_measures_a_record_anew_tries_it_again(tmp_path):
    shard = shard_of(tmp_path, [text_of(0), LONG], stage=DeadlyStage())
    (one,) = search.advance_alone(shard).quarantined
    assert known_of(replace(shard, steps=shard.steps[:-1]), one).quarantined == (one,), "rules alone are others"
    mended = known_of(replace(shard, steps=(shard.steps[0], *shard.steps[2:])), one)
    assert mended.quarantined == ()
    assert advance(mended).manifests[1].file("rows").rows == 2


def test_nothing_is_left_out_for_what_may_have_come_from_outside(tmp_path, monkeypatch):
    """As the out-of-memory killer ends a process, or a person does, however often."""
    monkeypatch.setattr(search, "TRIES", 2)
    shard = shard_of(tmp_path, [text_of(0), LONG], stage=DeadlyStage(by=signal.SIGKILL))
    with pytest.raises(EnvironmentTrouble, match=r"from outside 2 times \(SIGKILL\), .* batch 20_filtered 0"):
        search.advance_alone(shard)


LIMITED = """
import resource, sys
from pathlib import Path
from pipeline.isolation import child, search
from tests.isolation.deadly import DeadlyStage
from tests.isolation.test_search import TEXTS, shard_of
search.TRIES = 1
resource.setrlimit(resource.RLIMIT_AS, (child.MEMORY_BYTES - 1, resource.getrlimit(resource.RLIMIT_AS)[1]))
search.advance_alone(shard_of(Path(sys.argv[1]), TEXTS, stage=DeadlyStage()))
"""
"""In a process of its own: that of the tests may have 8 GiB of addresses already, and could do nothing more."""


def test_a_record_that_needs_more_than_a_ulimit_gives_is_not_left_out(tmp_path):
    """Another machine reads it. Below a limit a process may end in any way: by a signal, too."""
    done = subprocess.run([sys.executable, "-c", LIMITED, str(tmp_path)], capture_output=True, text=True, check=False)
    assert re.search(r"EnvironmentTrouble: .* from outside .* `ulimit -v`", done.stderr), done.stderr


def test_one_death_proves_nothing_and_the_bytes_are_those_of_a_run_without_it(tmp_path):
    stage = DeadlyStage(once=str(tmp_path / "died"))
    shard = shard_of(tmp_path, [text_of(0), LONG], stage=stage)
    receipt = search.advance_alone(shard)
    assert (tmp_path / "died").exists()
    assert receipt.quarantined == ()
    undisturbed = replace(shard, data=str(tmp_path / "undisturbed"))
    assert advance(undisturbed).manifests == receipt.manifests


def test_where_no_record_alone_ends_a_process_none_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(search, "TRIES", 1)
    shard = shard_of(tmp_path, [text_of(0), LONG], stage=DeadlyStage(rows=2))
    with pytest.raises(EnvironmentTrouble, match="no record alone ends one, so none is left out"):
        search.advance_alone(shard)


def test_of_too_many_the_shard_fails(tmp_path, monkeypatch):
    monkeypatch.setattr(search, "MOST", 0)
    shard = shard_of(tmp_path, [text_of(0), LONG], DeadlyText(id_column="id"))
    with pytest.raises(search.TooManyDeadly, match=r"more than 0 records end .* a\.jsonl; SIGSEGV"):
        search.advance_alone(shard)


def test_a_process_that_dies_before_it_reads_is_no_record_s_doing(tmp_path, monkeypatch):
    shard = shard_of(tmp_path, [text_of(0)])
    monkeypatch.setattr(search, "_advance", deadly.crashes_at_once)
    with pytest.raises(EnvironmentTrouble, match="dies before it reads anything"):
        search.advance_alone(shard)


def _spins() -> None:
    allow_cpu(0)
    while True:
        pass


def _raises(error: Exception) -> None:
    raise error


@pytest.mark.parametrize(
    ("work", "died"),
    [
        (partial(np.ones, child.MEMORY_BYTES // 8), "more than 8 GiB of memory"),
        (_spins, "more than 600 CPU seconds"),
        (deadly.crash, "SIGSEGV"),
    ],
    ids=["memory", "time", "crash"],
)
def test_what_a_process_dies_of_is_told(work, died):
    ended = child.run(work)
    assert (ended.died, ended.at, ended.is_from_outside) == (died, (), False)


def test_what_is_raised_in_the_process_is_raised_here():
    assert child.run(partial(divmod, 7, 2)).result == (3, 1)
    with pytest.raises(EnvironmentTrouble, match="the disk is away"):
        child.run(partial(_raises, EnvironmentTrouble("the disk is away")))
    with pytest.raises(RuntimeError, match="ValueError: of ours"):
        child.run(partial(_raises, ValueError("of ours")))


def _removes_all_below(folder: Path) -> None:
    for name in folder.iterdir():
        shutil.rmtree(name)


def _interrupted() -> str:
    os.kill(os.getpid(), signal.SIGINT)
    return "done"


def test_an_interrupt_of_all_processes_is_no_bug_of_the_work():
    assert child.run(_interrupted).result == "done"


def test_where_nothing_can_be_written_it_is_the_environment(tmp_path, monkeypatch):
    """As on a full disk; the process is done, and what came of it cannot be told."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(EnvironmentTrouble, match="is the disk full"):
        child.run(partial(_removes_all_below, tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(EnvironmentTrouble, match="cannot make a folder"):
        child.run(_interrupted)
