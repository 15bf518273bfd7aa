"""A run with a quality model: its score is published and decides; another model than the one named stops it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.classifiers.made import tiny_model
from tests.conftest import ROOT

CONFIG = """run: test
sources:
  a: {{reader: {{kind: text}}, inputs: {inputs}}}
filter:
  - {{kind: quality, model: {model}, sha256: {sha256}}}
  - {{kind: rules, name: quality, rules: [{{drop: "quality:low", when: "quality_score < 5000"}}]}}
"""
GOOD, BAD = "posa posb posc posd xa xb", "nega negb negc negd xa xb"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path, card = tiny_model("quality")
    shutil.copytree(path.parent, tmp_path / "model")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in (GOOD, BAD)))
    text = CONFIG.format(inputs=tmp_path / "in", model=tmp_path / "model" / "model.bin", sha256=card.sha256)
    (tmp_path / "x.yaml").write_text(text)
    return tmp_path / "x.yaml"


def run(config: Path) -> subprocess.CompletedProcess[str]:
    data = str(config.parent / "data")
    command = [sys.executable, "-m", "pipeline", "run", "--config", str(config), "--data", data, "--workers", "0"]
    return subprocess.run(command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=False)


def test_the_score_is_published_and_decides(config: Path) -> None:
    done = run(config)
    assert done.returncode == 0, done.stderr
    published = config.parent / "data" / "40_published" / "*.parquet"
    [(text, score)] = duckdb.sql(f"select text, quality_score from '{published}'").fetchall()
    assert text == GOOD and score > 5000


def test_another_model_stops_the_run_before_any_work(config: Path) -> None:
    (config.parent / "model" / "model.bin").write_bytes(b"another")
    done = run(config)
    assert done.returncode == 2
    assert (
        "filter.0 (quality): " in done.stderr and "sha256 should be" in done.stderr and "Traceback" not in done.stderr
    )
    assert not list((config.parent / "data").rglob("*.parquet"))
