"""benchmarks/readings.py: with all switches set, its literal rules are ours; what explains a difference must be so."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from provoking_texts import KEPT, TEXTS

from pipeline.rules import load_rule_set
from pipeline.stages.lines import C4Lines
from pipeline.stages.normalise import Normalise
from pipeline.stages.statistics import TextStatistics

ROOT = Path(__file__).parents[2]
ALL = [text for name in ("gopher", "fineweb") for text in [*TEXTS[name].values(), KEPT[name]]]


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import readings as module

    yield module
    sys.modules.pop("readings")


def columns(text: str, *, after_lines: bool) -> pa.Table:
    batch = Normalise()(pa.record_batch({"text": pa.array([text], pa.large_string())}))
    if after_lines:
        batch = C4Lines(terminal_punctuation=False, min_words=3)(batch)
    return pa.Table.from_batches([TextStatistics()(batch)])


def sentences(lines: list[str]) -> dict[str, int]:
    batch = pa.record_batch({"text": pa.array(lines, pa.large_string())})
    return dict(zip(lines, TextStatistics()(batch)["sentence_count"].to_pylist(), strict=True))


def dropped(text: str) -> set[str]:
    found = set()
    for name in ("gopher", "fineweb"):
        for rule in load_rule_set(str(ROOT / f"configs/rules/{name}.yaml")).rules:
            of_c4 = rule.drop in ("fineweb:lorem_ipsum", "fineweb:curly_bracket", "fineweb:sentence_count")
            batch = columns(text, after_lines=of_c4)
            if rule.drop != "fineweb:language" and duckdb.sql(f"select {rule.when} from batch").fetchall()[0][0]:
                assert batch.num_rows == 1
                found.add(rule.drop)
    return found


@pytest.mark.parametrize("text", ALL)
def test_with_all_switches_a_reading_drops_what_our_rules_drop(readings: Any, text: str) -> None:
    text = Normalise()(pa.record_batch({"text": pa.array([text], pa.large_string())}))["text"][0].as_py()
    page = readings.Page(text, text.split(), {}, sentences(readings.lines_to_count(text)), (".",), frozenset())
    ours, everything = dropped(text), frozenset(readings.SWITCHES)
    said = {rule.ours: rule.drops(readings.Reading(page, everything)) for rule in readings.RULES}
    assert said == {rule.ours: rule.is_ours(ours) for rule in readings.RULES}
