"""A run's folder: who may write it and when, under whatever name it is given, and what must not take its place."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import time
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from pipeline import funnel, journal, storage
from pipeline import run as running
from pipeline.__main__ import main
from pipeline.duplicates.published_index import Index
from pipeline.planning import survey
from pipeline.rooms.version import Current
from pipeline.terminal import run as of_run
from pipeline.terminal import status as of_status
from tests.conftest import ROOT
from tests.e2e import drive

CONFIG = """
run: test
sources: {docs: {reader: {kind: text, id_column: id, title_column: title, url_column: url}, inputs: %s/in}}
filter: []
%s"""


def written(folder: Path, extra: str = "", count: int = 4) -> Path:
    """A config over so many documents that have nothing in common."""
    (folder / "in").mkdir(parents=True, exist_ok=True)
    texts = [" ".join(f"page{n}w{i}" for i in range(60)) for n in range(count)]
    rows = [json.dumps({"id": f"d{n}", "text": text}) + "\n" for n, text in enumerate(texts)]
    (folder / "in" / "rows.jsonl").write_text("".join(rows))
    (folder / "c.yaml").write_text(CONFIG % (folder, extra))
    return folder / "c.yaml"


def run(config: Path, data: Path | str, *more: str) -> int:
    return main(["run", "--config", str(config), "--data", str(data), "--workers", "0", *more])


def published(data: Path | str) -> dict[str, str]:
    """doc_id by natural key."""
    with funnel.connect(str(data), asked="documents") as connection:
        return dict(connection.execute("select natural_key, doc_id from documents").fetchall())


def test_what_is_taken_down_while_a_run_prepares_stays_down(tmp_path: Path) -> None:
    config, data = written(tmp_path), tmp_path / "data"
    assert run(config, data) == 0
    gone = published(data)["d2"]
    prepared = survey.prepare(survey.Order(str(config), str(data), 0))
    wanted = [drive.PYTHON, "-m", "pipeline", "takedown", "--data", str(data), "--doc-ids", gone, "--apply"]
    subprocess.run(wanted, check=True, cwd=ROOT, capture_output=True)
    running.execute(prepared)
    assert set(published(data)) == {"d0", "d1", "d3"}
    assert main(["purge", "--data", str(data)]) == 0


def test_a_folder_is_one_however_it_is_spelt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = written(tmp_path, f"dedup: {{scope: previous, index: {tmp_path}/index}}\n")
    data = tmp_path / "runs" / "o"
    assert run(config, data) == 0
    kept, index = published(data), Index.read(f"{tmp_path}/index")
    (tmp_path / "link").symlink_to(tmp_path / "runs")
    monkeypatch.chdir(tmp_path)
    for spelling in ("runs/../runs/o", f"{data}/", "link/o", f"{tmp_path}//runs/./o"):
        assert run(config, spelling) == 0
        assert run(config, spelling, "--retry-failed") == 0, "done once more"
        assert published(data) == kept
        assert Index.read(f"{tmp_path}/index") == index


def test_a_source_whose_files_are_all_gone_is_no_source_without_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As where a disk is not mounted: what is published stays, and the run says so."""
    config, data = written(tmp_path), tmp_path / "data"
    assert run(config, data) == 0
    before = published(data)
    (tmp_path / "in" / "rows.jsonl").rename(tmp_path / "rows.jsonl")
    assert run(config, data) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "sources.docs.inputs: " in said
    assert (
        "holds no file any more, of 1 that earlier runs read there; is a disk not mounted, or the pattern another?"
        in said
    )
    assert published(data) == before
    (tmp_path / "rows.jsonl").rename(tmp_path / "in" / "rows.jsonl")
    assert run(config, data) == 0


def test_a_run_is_not_compared_with_its_own_files_under_a_name_that_leads_nowhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As where another machine mounts the folder elsewhere; or where it was copied."""
    config = written(tmp_path, f"dedup: {{scope: previous, index: {tmp_path}/index}}\n")
    assert run(config, tmp_path / "here") == 0
    (tmp_path / "here").rename(tmp_path / "there")
    assert run(config, tmp_path / "there") == 2
    assert "lists" in capsys.readouterr().err
    assert len(published(tmp_path / "there")) == 4


def test_a_sample_has_a_folder_of_its_own_and_no_place_in_an_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    config = written(tmp_path, f"dedup: {{scope: previous, index: {tmp_path}/index}}\n", count=40)
    arguments = ["run", "--config", str(config), "--workers", "0", "--sample", "50%"]
    assert main(arguments) == 0
    sample = tmp_path / "data" / "c-sample-0.5"
    assert 0 < len(published(sample)) < 40
    assert Index.read(f"{tmp_path}/index").segments == ()
    capsys.readouterr()
    assert main(["status", "--data", str(sample)]) == 0
    assert "a sample of 0.5" in capsys.readouterr().out
    assert main(["purge", "--data", str(sample)]) == 2
    assert "holds a sample" in capsys.readouterr().err
    assert run(config, sample) == 0, "everything may follow a sample"
    assert len(published(sample)) == 40
    assert len(Index.read(f"{tmp_path}/index").segments) == 1


def test_a_sample_never_takes_the_place_of_everything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config, data = written(tmp_path, count=40), tmp_path / "data"
    early = survey.prepare(survey.Order(str(config), str(data), 0, sample=0.5))
    assert run(config, data) == 0
    before = published(data)
    for more in ([], ["--plan"], ["--explain"]):
        assert run(config, data, "--sample", "50%", *more) == 2
        assert "holds a run of everything" in capsys.readouterr().err
    with pytest.raises(survey.ConfigError, match="holds a run of everything"):
        running.execute(early)  # prepared before everything was there
    assert main(["purge", "--data", str(data)]) == 0
    assert published(data) == before and len(before) == 40
    assert run(config, data, "--sample", "100%") == 0


def test_drafts_of_the_dead_are_swept(tmp_path: Path) -> None:
    config, data = written(tmp_path), tmp_path / "data"
    assert run(config, data) == 0
    (journal_of_it,) = journal.runs(str(data))
    fresh = [data / folder / ".draft-fresh" for folder in ("10_extracted", "40_published", "audit", "attribution")]
    old = [data / folder / ".draft-old" for folder in (".", "failed", "61_reports", f"journal/{journal_of_it}")]
    for path in (*fresh, *old):
        path.parent.mkdir(exist_ok=True)
        path.write_text("a text")
    for path in old:
        os.utime(path, (time.time() - storage.STALE_DRAFT_S - 9,) * 2)
    young = data / "61_reports" / ".draft-young"
    young.write_text("an experiment's, which is not asked who is at work")
    assert main(["purge", "--data", str(data)]) == 0
    assert [path for path in (*fresh, *old) if path.exists()] == []
    assert young.exists()
    for path in (*fresh, *old):
        path.write_text("a text")
        os.utime(path, (time.time() - storage.STALE_DRAFT_S - 9,) * 2)
    assert run(config, data, "--retry-failed") == 0
    assert [path for path in (*fresh, *old) if path.exists()] == []


def test_drafts_for_a_url_lie_where_they_are_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with storage.Draft("s3://bucket/run/10_extracted/a.parquet") as draft:
        draft.file.write(b"a text")
        ours = next(path for path in tmp_path.rglob(".draft-*"))
        assert storage.sweep_drafts("s3://bucket/run/10_extracted", 0.0) == 0, "another run may be writing it"
        dead = ours.with_name(".draft-dead")
        shutil.copy(ours, dead)
        os.utime(dead, (time.time() - storage.STALE_DRAFT_S - 9,) * 2)
        assert storage.sweep_drafts("s3://bucket/run/10_extracted", 0.0) == 1
        assert ours.exists() and not dead.exists()


def test_status_says_what_is_published(tmp_path: Path) -> None:
    data = str(tmp_path)
    journal.Journal(data).close("failed", error="wiped out")

    def said() -> str:
        return of_status.status(data).splitlines()[-1]

    assert said() == "published: none yet"
    Current("r" * 64, "c.yaml", {"10_extracted": "versions/x.json"}, False).write(data)
    assert said() == "published: none yet"
    Current("r" * 64, "c.yaml", {"40_published": "versions/x.json"}, True).write(data)
    assert said() == f"published: version {'r' * 12}, queryable meanwhile"
    Current("r" * 64, "c.yaml", {"40_published": "versions/x.json"}, False).write(data)
    assert "its reports are not written" in said()


def test_the_lines_to_copy_work_in_a_folder_of_any_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config, data = written(tmp_path), tmp_path / "it's a*b [here]" / "data"
    assert run(config, data) == 0
    lines = [line[len("ask next") :] for line in of_run.where(str(data)).splitlines() if "query" in line]
    assert len(lines) == 2
    for line in lines:
        assert main(shlex.split(line)[3:]) == 0
    capsys.readouterr()


def test_duckdb_spills_into_the_temporary_folder_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    assert run(written(tmp_path), data) == 0
    (tmp_path / "spill").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "spill"))
    with funnel.connect(str(data), asked="funnel") as connection:
        ((folder,),) = connection.execute("select current_setting('temp_directory')").fetchall()
        assert Path(folder).parent == tmp_path / "spill"
    with pytest.raises(duckdb.Error), funnel.connect(str(data), asked="funnel") as connection:
        connection.execute("select nothing from nowhere")
    assert list((tmp_path / "spill").iterdir()) == []


def test_batches_are_bounded_by_all_that_a_row_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config, data = written(tmp_path), tmp_path / "data"
    rows = [
        {"id": f"{n}", "text": "short", "title": "t" * 4000, "url": "http://a.example/" + "u" * 4000} for n in range(9)
    ]
    rows += [{"id": "long", "text": "short", "title": "é" * 9000, "url": "http://a.example/" + "u" * 20000}]
    (tmp_path / "in" / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.setattr("pipeline.shard.extract.BATCH_BYTES", 16_000)
    assert run(config, data) == 0
    (name,) = funnel.versions(str(data))["10_extracted"].files["rows"]
    file = pq.ParquetFile(data / name)
    assert [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)] == [2, 2, 2, 2, 2]
    by_key = {row["natural_key"]: row for row in file.read(["natural_key", "title", "url"]).to_pylist()}
    assert by_key["0"]["title"] == rows[0]["title"] and by_key["0"]["url"] == rows[0]["url"]
    assert by_key["long"]["title"] == "é" * 4096 and by_key["long"]["url"] is None
