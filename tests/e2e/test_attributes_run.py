"""Scores made elsewhere come back into a run: a rule decides by them; new ones redo the filter, and nothing before."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from pipeline import funnel
from pipeline.__main__ import main
from pipeline.planning import survey
from pipeline.stages.attributes import Attributes

CONFIG = """run: test
sources:
  a: {{reader: {{kind: text, id_column: id}}, inputs: {folder}/in}}
filter:
{filter}"""
STEPS = """  - {{kind: attributes, table: {folder}/edu.attributes}}
  - {{kind: rules, name: edu, rules: [{{drop: "edu:low", when: "edu_score < 25000", when_null: keep}}]}}
"""
TEXTS = {
    str(number): f"Document {number} speaks of {word} alone." for number, word in enumerate(["river", "bridge", "toll"])
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    lines = (json.dumps({"id": name, "text": text}) + "\n" for name, text in TEXTS.items())
    (tmp_path / "in" / "x.jsonl").write_text("".join(lines))
    (tmp_path / "x.yaml").write_text(CONFIG.format(folder=tmp_path, filter="  - {kind: normalise}\n"))
    return tmp_path


def run(folder: Path, *extra: str) -> int:
    return main(["run", "--config", f"{folder}/x.yaml", "--data", f"{folder}/data", "--workers", "0", *extra])


def score(folder: Path, scores: dict[str, float]) -> None:
    """As a model on another machine would: from what is published, by doc_id."""
    rows = ", ".join(str(row) for row in scores.items())
    files = f"{folder}/first/40_published/*.parquet"
    duckdb.execute(
        f"copy (select doc_id, value::float as edu_score from '{files}' join (values {rows}) s(name, value) "
        f"on natural_key = name) to '{folder}/scores.parquet'"
    )
    made = ["attributes", "--input", f"{folder}/scores.parquet", "--output", f"{folder}/edu.attributes"]
    assert main(made) == 0


def published(folder: Path) -> list[tuple[str, int | None]]:
    with funnel.connect(f"{folder}/data") as connection:
        return connection.execute("select natural_key, edu_score from documents order by 1").fetchall()


def test_scores_made_elsewhere_decide(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder) == 0
    shutil.copytree(folder / "data", folder / "first")
    score(folder, {"0": 4.5, "1": 1.25})
    (folder / "x.yaml").write_text(CONFIG.format(folder=folder, filter=STEPS.format(folder=folder)))
    assert run(folder) == 0
    assert published(folder) == [("0", 45000), ("2", None)]
    query = "select natural_key, reason, edu_score from dropped"
    capsys.readouterr()
    assert main(["query", "--data", f"{folder}/data", query]) == 0
    assert "edu:low" in capsys.readouterr().out

    extracted = {path: path.stat().st_mtime_ns for path in (folder / "data" / "10_extracted").iterdir()}
    score(folder, {"0": 2.0, "1": 3.0, "2": 3.5})
    assert run(folder, "--explain") == 0
    assert "attributes" in capsys.readouterr().out
    assert run(folder) == 0
    assert published(folder) == [("1", 30000), ("2", 35000)]
    assert {path: path.stat().st_mtime_ns for path in (folder / "data" / "10_extracted").iterdir()} == extracted


def test_a_table_made_anew_under_a_run_is_not_committed_under_the_old_ones_recipe(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shard is done again, by the new one; a run after it has nothing to do."""
    assert run(folder) == 0
    shutil.copytree(folder / "data", folder / "first")
    score(folder, {"0": 4.5, "1": 1.25})
    (folder / "x.yaml").write_text(CONFIG.format(folder=folder, filter=STEPS.format(folder=folder)))
    asked = Attributes.__call__

    def while_it_runs(stage: Attributes, batch: pa.RecordBatch) -> pa.RecordBatch:
        if not (folder / "again").exists():
            (folder / "again").touch()
            score(folder, {"0": 1.0, "1": 3.0})
        return asked(stage, batch)

    monkeypatch.setattr(Attributes, "__call__", while_it_runs)
    assert run(folder) == 0
    assert published(folder) == [("1", 30000), ("2", None)]
    assert survey.is_done(survey.prepare(survey.Order(f"{folder}/x.yaml", f"{folder}/data", 0)))


def test_workers_read_the_same_table(folder: Path) -> None:
    assert run(folder) == 0
    shutil.copytree(folder / "data", folder / "first")
    score(folder, {"0": 4.5, "1": 1.25})
    (folder / "x.yaml").write_text(CONFIG.format(folder=folder, filter=STEPS.format(folder=folder)))
    assert run(folder, "--workers", "2") == 0
    assert published(folder) == [("0", 45000), ("2", None)]


def test_a_table_that_is_not_there_stops_the_run_before_any_work(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "x.yaml").write_text(CONFIG.format(folder=folder, filter=STEPS.format(folder=folder)))
    assert run(folder) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "filter.0 (attributes)" in said and "edu.attributes" in said
