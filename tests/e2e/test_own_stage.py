"""A run with a stage in a file of the user's own: it decides, is published, fails its shard, and redoes one room."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from pipeline import funnel
from pipeline.__main__ import main
from tests.e2e import drive

SHIPPED = Path(__file__).parent.parent.parent / "configs" / "stages" / "exclamations.py"
CONFIG = """run: test
sources:
  a: {reader: {kind: text, id_column: id}, inputs: IN}
filter:
  - {kind: own, file: mine/loud.py, settings: {mark: "?"}}
  - {kind: rules, name: loud, rules: [{drop: "loud:asks", when: "mark_count > 1"}]}
"""
TEXTS = {"calm": "A river rose.", "asks": "Who? What? Why?", "once": "A bridge, a toll: for whom?"}

TYPES = """
from datetime import date
from typing import Literal
import pyarrow as pa
from pipeline.schema import field
from pipeline.stage import Stage, with_columns
class Types(Stage):
    kind: Literal["types"] = "types"
    reads = frozenset({"text"})
    adds = pa.schema([
        field("mark_count", pa.int32(), "marks", nullable=False), field("raw", pa.binary(), "its beginning"),
        field("day", pa.date32(), "a day"), field("spans", pa.struct([("low", pa.binary())]), "a structure"),
        field("names", pa.list_(pa.string()), "names"),
    ])
    def __call__(self, batch):
        rows = [(text.count("?"), text[:2].encode(), date(2026, 1, 2), {"low": b"\\0"}, text.split()[:1])
                for text in batch["text"].to_pylist()]
        columns = zip(*rows) if rows else [[]] * 5
        return with_columns(batch, self.adds, [pa.array(c, f.type) for c, f in zip(columns, self.adds)])
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    lines = (json.dumps({"id": name, "text": text}) + "\n" for name, text in TEXTS.items())
    (tmp_path / "in" / "x.jsonl").write_text("".join(lines))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "loud.py").write_bytes(SHIPPED.read_bytes())
    (tmp_path / "x.yaml").write_text(CONFIG.replace("IN", f"{tmp_path}/in"))
    return tmp_path


def published(data: Path) -> list[tuple[str, int]]:
    with funnel.connect(str(data)) as connection:
        return connection.execute("select natural_key, mark_count from documents order by 1").fetchall()


def test_it_decides_and_is_published_whoever_works(folder: Path) -> None:
    for data, workers in ("data", "2"), ("alone", "0"):
        drive.run(folder / "x.yaml", folder / data, "--workers", workers)
    assert drive.digest(folder / "data") == drive.digest(folder / "alone")
    assert published(folder / "data") == [("calm", 0), ("once", 1)]

    extracted = {path: path.stat().st_mtime_ns for path in (folder / "alone" / "10_extracted").iterdir()}
    file = folder / "mine" / "loud.py"
    file.write_text(file.read_text().replace("self.mark)", "'e')"))
    assert "exclamations" in drive.run_here(folder / "x.yaml", folder / "alone", "--explain")
    drive.run_here(folder / "x.yaml", folder / "alone")
    assert {path: path.stat().st_mtime_ns for path in (folder / "alone" / "10_extracted").iterdir()} == extracted
    assert published(folder / "alone") == [("asks", 0), ("once", 1)]


def test_an_error_in_it_fails_its_shard_and_says_where(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = folder / "mine" / "loud.py"
    file.write_text(
        file.read_text().replace("        counts", "        assert 'bridge' not in str(batch['text'])\n        counts")
    )
    arguments = ["run", "--config", f"{folder}/x.yaml", "--data", f"{folder}/data", "--workers", "0"]
    assert main(arguments) == 1
    (failed,) = (folder / "data" / "failed").iterdir()
    assert "mine/loud.py" in failed.read_text() and "assert 'bridge' not in" in failed.read_text()
    assert drive.committed(folder / "data", "20_filtered") == 0
    file.write_bytes(SHIPPED.read_bytes())
    assert main(arguments) == 0
    assert published(folder / "data") == [("calm", 0), ("once", 1)]


def test_columns_of_any_type_are_published_and_shown(folder: Path) -> None:
    """Reports show examples of what was measured; bytes, dates and structures among it."""
    (folder / "mine" / "loud.py").write_text(TYPES)
    (folder / "x.yaml").write_text(CONFIG.replace("IN", f"{folder}/in").replace(', settings: {mark: "?"}', ""))
    drive.run_here(folder / "x.yaml", folder / "data")
    page = (folder / "data" / "61_reports" / "funnel.html").read_text()
    assert "4120" in page and "2026-01-02" in page and "{&quot;low&quot;: &quot;00&quot;}" in page
    with funnel.connect(str(folder / "data")) as connection:
        asked = connection.execute("select raw, day, spans.low, names from documents where natural_key = 'once'")
        assert asked.fetchall() == [(b"A ", date(2026, 1, 2), b"\0", ["A"])]
