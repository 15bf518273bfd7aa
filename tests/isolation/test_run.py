"""A run on a real cluster whose workers really die of two records: it goes on, and says so."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import dask
import pytest

from pipeline import funnel, reports
from pipeline.execution import runner
from pipeline.planning.survey import Order, Prepared, is_done, prepare_config
from pipeline.run import execute
from pipeline.terminal import run as of_run
from pipeline.terminal.status import status
from tests.e2e import drive
from tests.isolation import deadly
from tests.isolation.deadly import DEADLY, DeadlyStage, DeadlyText, text_of

IN_READER, IN_STAGE = DEADLY, "this one is deadly later"


def prepared(folder: Path, data: Path, workers: int) -> Prepared:
    config, steps = deadly.config_of(folder, folder / "raw", DeadlyText(id_column="id"))
    steps = (steps[0], DeadlyStage(word=IN_STAGE), *steps[1:])
    return prepare_config(Order(str(folder / "config.yaml"), str(data), workers), config, steps)


@pytest.mark.cluster
def test_two_deadly_records_are_left_out_of_a_run_that_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "PAUSE_S", (0.0,))
    texts = [text_of(number) for number in range(12)]
    texts[3] = f"{IN_READER}, though it looks like any other text about a river and its bridge."
    texts[8] = f"{IN_STAGE}, though it looks like any other text about a river and its bridge."
    deadly.write_records(
        tmp_path / "raw", {"docs/a.jsonl": texts, "notes/b.jsonl": [text_of(number) for number in range(20, 30)]}
    )
    data = tmp_path / "data"
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}):
        execute(prepared(tmp_path, data, 2))
    with funnel.connect(str(data)) as connection:
        gone = connection.execute("select natural_key, raw_path, reason from dropped order by raw_offset").fetchall()
        kept = connection.execute("select source, count(*) from documents group by all order by all").fetchall()
    (by_place, _, _), _ = gone
    assert by_place.endswith("#3")
    assert gone == [(key, "a.jsonl", "resource:killed_worker") for key in (by_place, "8")]
    assert kept == [("docs", 10), ("notes", 10)]

    listed = json.loads((data / "quarantine.json").read_text())
    assert [(entry["kind"], entry["key"], entry["died"]) for entry in listed] == [
        ("record", by_place, "SIGSEGV"),
        ("row", "8", "SIGSEGV"),
    ]
    said = "2 records ended every process that read them, and are left out"
    assert f"{said}: {data}/quarantine.json" in status(str(data))
    assert "last failure" not in status(str(data))
    now = prepared(tmp_path, data, 0)
    (note,) = of_run.notes(str(data), now.config)
    assert note.startswith(f"note: {said}: {by_place} (docs: a.jsonl; SIGSEGV), 8 (docs: a.jsonl; SIGSEGV)")
    assert f"{said}:" in (data / reports.FUNNEL_PAGE).read_text()

    assert is_done(now)
    again = tmp_path / "again"
    again.mkdir()
    shutil.copy(data / "quarantine.json", again)
    execute(prepared(tmp_path, again, 0))  # in this process, which lives on
    done, redone = drive.digest(data), drive.digest(again)
    assert {name: value for name, value in done.items() if name in redone} == redone
    assert len(redone) > 20
