"""Runs on real clusters whose workers really die of two records: they go on, and say so, whatever comes next."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import dask
import distributed  # noqa: F401 - a setting made before its defaults are read takes them away when it ends
import pytest

from pipeline import funnel, reports
from pipeline.__main__ import main
from pipeline.execution import runner
from pipeline.planning.survey import Order, Prepared, is_done, prepare_config
from pipeline.run import execute
from pipeline.terminal import run as of_run
from pipeline.terminal.status import status
from tests.e2e import drive
from tests.isolation import deadly
from tests.isolation.deadly import DEADLY, DeadlyStage, DeadlyText, text_of

IN_READER, IN_STAGE = DEADLY, "this one is deadly later"


def prepared(folder: Path, data: Path, workers: int, sample: float = 1.0, retry_failed: bool = False) -> Prepared:
    config, steps = deadly.config_of(folder, folder / "raw", DeadlyText(id_column="id"))
    steps = (steps[0], DeadlyStage(word=IN_STAGE), *steps[1:])
    order = Order(str(folder / "config.yaml"), str(data), workers, sample=sample, retry_failed=retry_failed)
    return prepare_config(order, config, steps)


def done(now: Prepared) -> None:
    """Carry it out, by workers that are not tried again for long."""
    with pytest.MonkeyPatch.context() as patch, dask.config.set({"distributed.scheduler.allowed-failures": 0}):
        patch.setattr(runner, "PAUSE_S", (0.0,))
        execute(now)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Raw files with a record that ends who parses it and one that ends who measures it; `data`, a run over them."""
    made = tmp_path_factory.mktemp("deadly")
    texts = [text_of(number) for number in range(12)]
    texts[3] = f"{IN_READER}, though it looks like any other text about a river and its bridge."
    texts[8] = f"{IN_STAGE}, though it looks like any other text about a river and its bridge."
    deadly.write_records(
        made / "raw", {"docs/a.jsonl": texts, "notes/b.jsonl": [text_of(number) for number in range(20, 30)]}
    )
    done(prepared(made, made / "data", 2))
    return made


@pytest.fixture
def copied(folder: Path, tmp_path: Path) -> Path:
    """The run's folder, to be changed."""
    shutil.copytree(folder / "data", tmp_path / "data")
    return tmp_path / "data"


def asked(data: Path, sql: str) -> list[tuple[object, ...]]:
    with funnel.connect(str(data)) as connection:
        return connection.execute(sql).fetchall()


GONE = "select natural_key, reason from dropped where source = 'docs' order by raw_offset"
KEPT = "select source, count(*) from documents group by all order by all"
LEFT_OUT = "resource:killed_worker"


@pytest.mark.cluster
def test_two_deadly_records_are_left_out_of_a_run_that_goes_on(folder, tmp_path):
    data = folder / "data"
    gone = asked(data, "select natural_key, raw_path, reason from dropped order by raw_offset")
    (by_place, _, _), _ = gone
    assert by_place.endswith("#3")
    assert gone == [(key, "a.jsonl", LEFT_OUT) for key in (by_place, "8")]
    assert asked(data, KEPT) == [("docs", 10), ("notes", 10)]

    listed = json.loads((data / "quarantine.json").read_text())
    assert [(entry["kind"], entry["key"], entry["died"]) for entry in listed] == [
        ("record", by_place, "SIGSEGV"),
        ("row", "8", "SIGSEGV"),
    ]
    said = "2 records ended every process that read them, and are left out"
    assert f"{said}: {data}/quarantine.json" in status(str(data))
    assert "last failure" not in status(str(data))
    now = prepared(folder, data, 0)
    (note,) = of_run.notes(str(data), now.config)
    assert note.startswith(f"note: {said}: {by_place} (docs: a.jsonl; SIGSEGV), 8 (docs: a.jsonl; SIGSEGV)")
    assert f"{said}:" in (data / reports.FUNNEL_PAGE).read_text()

    assert is_done(now)
    again = tmp_path / "again"
    again.mkdir()
    shutil.copy(data / "quarantine.json", again)
    execute(prepared(folder, again, 0))  # in this process, which lives on
    before, redone = drive.digest(data), drive.digest(again)
    assert {name: value for name, value in before.items() if name in redone} == redone
    assert len(redone) > 20


@pytest.mark.cluster
@pytest.mark.parametrize("key", ["3", "8"], ids=["never parsed", "never measured"])
def test_what_is_left_out_may_be_taken_down_with_its_neighbours_and_purged(folder, copied, key):
    before = drive.digest(copied)
    ids = asked(copied, f"select doc_id from dropped where natural_key = '{key}' or natural_key like '%#{key}'")
    neighbour = asked(copied, "select doc_id from documents where source = 'docs' and natural_key = '5'")
    wanted = ",".join(str(doc_id) for (doc_id,) in [*ids, *neighbour])
    assert main(["takedown", "--data", str(copied), "--doc-ids", wanted, "--apply"]) == 0
    assert asked(copied, KEPT) == [("docs", 9), ("notes", 10)]
    execute(prepared(folder, copied, 0))  # a record that ended this process would be no longer left out
    assert {reason for gone, reason in asked(copied, GONE) if gone == "5"} == {"takedown:listed"}
    assert asked(copied, KEPT) == [("docs", 9), ("notes", 10)]
    assert main(["purge", "--data", str(copied)]) == 0
    assert is_done(prepared(folder, copied, 0))
    assert len(json.loads((copied / "quarantine.json").read_text())) == 2
    assert before.items() - drive.digest(copied).items()
    assert "2 records ended" in status(str(copied))


@pytest.mark.cluster
def test_a_run_that_tries_failures_again_leaves_out_what_is_left_out(folder, copied):
    before = drive.digest(copied)
    execute(prepared(folder, copied, 0, retry_failed=True))
    assert drive.digest(copied) == before
    assert main(["purge", "--data", str(copied)]) == 0
    assert is_done(prepared(folder, copied, 0))
    (copied / "quarantine.json").unlink()
    done(prepared(folder, copied, 2, retry_failed=True))  # tried again, and found again
    assert asked(copied, KEPT) == [("docs", 10), ("notes", 10)]
    assert len(json.loads((copied / "quarantine.json").read_text())) == 2
    assert drive.digest(copied).items() >= {name: value for name, value in before.items() if name[0].isdigit()}.items()


@pytest.mark.cluster
def test_a_sample_finds_them_and_a_run_of_everything_that_follows_it_knows_them(folder, tmp_path):
    data = tmp_path / "data"
    done(prepared(folder, data, 2, sample=0.5))
    listed = json.loads((data / "quarantine.json").read_text())
    assert listed, "all records of a shard are parsed, whether the sample takes them or not"
    now = prepared(folder, data, 0, sample=0.5)
    assert is_done(now)
    left_out = [reason for _, reason in asked(data, GONE)].count(LEFT_OUT)
    notes = [note for note in of_run.notes(str(data), now.config) if "ended every process" in note]
    assert len(notes) == (left_out > 0)
    done(prepared(folder, data, 2))
    assert asked(data, KEPT) == [("docs", 10), ("notes", 10)]
    known = json.loads((data / "quarantine.json").read_text())
    assert [entry["key"] for entry in known][-1] == "8" and len(known) == 2
