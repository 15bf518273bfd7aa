"""What a person sees of a run: before it, at its end, and when it cannot begin."""

from __future__ import annotations

import gzip
import io
import json
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from pipeline import funnel, journal
from pipeline import run as running
from pipeline.__main__ import main
from pipeline.config import load
from pipeline.journal.process import Process
from pipeline.journal.spent import spent
from pipeline.planning import estimate, survey
from pipeline.terminal import plan as of_plan
from pipeline.terminal import run as of_run
from tests.e2e.test_folders import run

CONFIG = """
run: test
sources:
  docs: {reader: {kind: text}, inputs: %(folder)s/in}
  more: {reader: {kind: text}, inputs: %(folder)s/more}
filter:
  - {kind: statistics}
  - kind: rules
    name: size
    rules:
      - {drop: "size:words", when: "word_count < 20"}
"""


def rows(source: str, count: int) -> bytes:
    """JSON Lines of documents that have nothing in common; every third is short."""
    texts = [" ".join(f"{source}{n}w{i}" for i in range(10 if n % 3 == 0 else 60)) for n in range(count)]
    return "".join(json.dumps({"text": text}) + "\n" for text in texts).encode()


TOLD = "3 input files could not be read whole:"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(config, data) of a finished run with a file that is noise, one that is cut short, and a table without texts."""
    folder = tmp_path_factory.mktemp("told")
    for name in ("in", "more"):
        (folder / name).mkdir()
    (folder / "more" / "whole.jsonl").write_bytes(rows("m", 30))
    cut = gzip.compress(rows("c", 2000), mtime=0)
    (folder / "in" / "cut.jsonl.gz").write_bytes(cut[: len(cut) * 3 // 4])
    (folder / "in" / "noise.jsonl.gz").write_bytes(bytes(range(256)) * 40)
    pq.write_table(pa.table({"body": ["a text under another name"] * 9}), folder / "in" / "other.parquet")
    config = folder / "c.yaml"
    config.write_text(CONFIG % {"folder": folder})
    assert run(config, folder / "data") == 0
    return config, folder / "data"


def shown(thing: Any) -> str:
    """As on a terminal that is wide enough for every line."""
    page = Console(width=1000, file=io.StringIO())
    page.print(thing)
    return page.file.getvalue()  # type: ignore[attr-defined]


def test_damaged_files_are_told_by_name_with_a_query_that_lists_them(
    told: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    config, data = told
    (note,) = of_run.notes(str(data), load(str(config))[0])
    assert (
        f"{TOLD} cut.jsonl.gz (broken_file), noise.jsonl.gz (broken_file, nothing could be read), "
        "other.parquet (no_text_column, nothing could be read)" in note
    )
    assert main(shlex.split(note.split("all of them: python -m pipeline ")[1])) == 0
    listed = capsys.readouterr().out
    assert "cut.jsonl.gz" in listed and "noise.jsonl.gz" in listed and "whole" not in listed
    page = (data / "61_reports" / "funnel.html").read_text()
    assert TOLD in page and "noise.jsonl.gz (broken_file, nothing could" in page


def test_the_total_is_what_the_tables_hold(told: tuple[Path, Path]) -> None:
    _, data = told
    printed = shown(of_run.result(str(data)))
    (total,) = [line.split() for line in printed.splitlines() if line.split()[:1] == ["total"]]
    with funnel.connect(str(data), asked="documents funnel") as connection:
        ((published,),) = connection.execute("select count(*) from documents").fetchall()
        ((records,),) = connection.execute("select sum(docs_in) from funnel where room = '10_extracted'").fetchall()
    assert total[1:4] == [f"{records:,}", f"{records:,}", f"{published:,}"]
    assert total[4] == f"{published / records:.1%}"


def test_what_was_merged_or_is_no_document_is_said_so_and_not_counted_as_lost() -> None:
    def row(room: str, outcome: str, docs: int) -> dict[str, Any]:
        return {"room": room, "outcome": outcome, "docs_in": docs, "text_bytes": 8 * docs, "raw_bytes": 9 * docs}

    fates = [("kept", 10), ("dropped", 5), ("merged", 70), ("not_a_document", 30), ("expanded", 1)]
    rows = [row("10_extracted", *fate) for fate in fates] + [row("40_published", "kept", 6)]
    assert of_run._sums(rows, 2.0).cells()[:4] == ["116", "15", "6", "40.0%"]
    named = [{**each, "reason": f"x:{each['outcome']}"} for each in rows]
    said = {reason: outcome for reason, outcome, _ in of_run._reasons(named)}
    assert said["x:merged"] == "merged into another" and said["x:dropped"] == "dropped"


@pytest.mark.parametrize(("ocr", "notes"), [("never", 1), ("auto", 0)])
def test_scans_that_were_lost_are_counted_where_ocr_was_off(tmp_path: Path, ocr: str, notes: int) -> None:
    (tmp_path / "c.yaml").write_text(
        f"run: t\nsources:\n  pdf: {{reader: {{kind: pdf, ocr: {ocr}}}, inputs: x}}\nfilter: []\n"
    )
    fates = [("pdf:no_text_layer", 38), ("pdf:no_unicode", 8), ("pdf:bad_ocr_layer", 2), ("pdf:broken", 5)]
    rows = [
        {"room": "10_extracted", "source": "pdf", "outcome": "dropped", "reason": reason, "docs_in": docs}
        for reason, docs in fates
    ]
    said = of_run._scans(rows, load(str(tmp_path / "c.yaml"))[0])
    assert len(said) == notes
    if said:
        assert (
            "38 of 53 PDFs have no text layer, 10 one that cannot be used; `reader: {kind: pdf, ocr: auto}`" in said[0]
        )


def test_the_plan_of_a_folder_with_a_run_goes_by_what_it_took(told: tuple[Path, Path], tmp_path: Path) -> None:
    config, data = told
    changed = tmp_path / "c.yaml"
    changed.write_text(config.read_text().replace("word_count < 20", "word_count < 30"))
    prepared = survey.prepare(survey.Order(str(changed), str(data), 2), explain=True)
    expected = estimate.of(prepared)
    took = dict.fromkeys(("10_extracted", "20_filtered", "30_signatures"), 0.0)
    later = 0.0
    for row in spent(str(data)).rows():
        if row["room"] in took:
            took[row["room"]] += row["cpu_s"]
        else:
            later += row["cpu_s"]
    assert expected.is_told
    own = sum(one.cpu_s for one in expected.sources.values())
    assert own == pytest.approx(took["20_filtered"] + took["30_signatures"], rel=1e-6), "extraction is done"
    assert expected.later_cpu_s == pytest.approx(later, rel=1e-6)
    assert expected.wall_s == pytest.approx((own + later) / 2 + expected.around_s)
    said = shown(of_plan.explanation(prepared))
    assert "filter.1 rules size: size:words.when: word_count < 20 → word_count < 30" in said
    assert "to deduplicate and publish" in said


def test_a_second_run_is_refused_at_once_and_told_apart_from_trouble(
    told: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config, data = told
    shutil.copytree(data, tmp_path / "data")
    own = Process.this()
    monkeypatch.setattr(survey, "prepare", pytest.fail)
    with journal.at_work(str(tmp_path / "data"), config="x"), monkeypatch.context() as other:
        other.setattr(Process, "this", classmethod(lambda cls: own._replace(pid=own.pid + 1)))
        other.setattr(Process, "is_alive", lambda process: True)
        assert run(config, tmp_path / "data") == 4
    said = capsys.readouterr().err
    assert said.startswith("busy: ") and "is at work here; wait for it" in said and "resume" not in said


def test_an_interrupted_run_is_no_failed_one(
    told: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(running.Run, "duplicates", interrupted)
    assert run(told[0], tmp_path / "data") == 130
    capsys.readouterr()
    assert main(["status", "--data", str(tmp_path / "data")]) == 0
    said = capsys.readouterr().out
    assert ": interrupted " in said and "failed" not in said
    assert re.search(r"shards (\d+) of \1 have passed", said)


UNWRITABLE: list[tuple[str, Callable[[Path], str]]] = [
    ("no folder can be made there", lambda folder: "/proc/nothing/here"),
    ("a part of this path is a file", lambda folder: f"{folder}/file/data"),
    ("a part of this path is a file", lambda folder: f"{folder}/file"),
]


@pytest.mark.parametrize(("why", "where"), UNWRITABLE)
def test_where_nothing_can_be_written_nothing_is_read(
    told: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    why: str,
    where: Callable[[Path], str],
) -> None:
    (tmp_path / "file").write_text("x")
    monkeypatch.setattr(survey.listing, "list_inputs", pytest.fail)
    assert run(told[0], where(tmp_path)) == 2
    said = capsys.readouterr().err
    assert "nothing can be written to " in said and why in said
