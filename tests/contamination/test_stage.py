"""The stages: what a rule can ask, and what a cut leaves."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.rules import Judge, RuleSet
from pipeline.stages.contamination import Contamination, ContaminationCut
from pipeline.steps import check_steps
from pipeline.trouble import ConfigError, EnvironmentTrouble
from tests.contamination.made import CHOSEN, PAGE, SUMS, folder

QUESTION = SUMS[0]["question"]
ASKED = "\n".join(
    [CHOSEN[0]["question"], *(f"{label}. {text}" for label, text in zip("ABCD", CHOSEN[0]["choices"], strict=True))]
)


def batch_of(*texts: str) -> pa.RecordBatch:
    ids = pa.array([f"{row:032x}" for row in range(len(texts))])
    return pa.RecordBatch.from_arrays([ids, pa.array(texts, pa.large_string())], names=["doc_id", "text"])


def test_the_columns_say_what_was_found() -> None:
    text = f"{PAGE}{QUESTION}\n{PAGE}"
    measured = Contamination(benchmarks=folder())(batch_of(PAGE, text))
    clean, hit = measured.to_pylist()
    assert (clean["contamination_item_count"], clean["contamination_kind"], clean["contamination"]) == (0, "none", None)
    assert (hit["contamination_item_count"], hit["contamination_kind"]) == (1, "verbatim")
    assert hit["contamination_benchmark"] == "sums"
    (found,) = hit["contamination"]
    assert text.encode()[found["start"] : found["stop"]].decode() == QUESTION
    assert hit["contamination_bytes"] == len(QUESTION.encode())


def test_a_rule_drops_by_kind() -> None:
    rules = RuleSet.model_validate(
        {"name": "contamination", "rules": [{"drop": "contamination:item", "when": "contamination_kind <> 'none'"}]}
    )
    measured = Contamination(benchmarks=folder())(batch_of(PAGE, QUESTION))
    assert Judge().judge(rules, measured).to_pylist() == [None, "contamination:item"]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (PAGE, PAGE),
        (f"{PAGE.strip()}\n\n{QUESTION}\n\n{PAGE.strip()}", f"{PAGE.strip()}\n{PAGE.strip()}"),
        (f"We ask: {QUESTION} Think.", "We ask: Think."),
        (f"Before.\n{ASKED}\nBehind.", "Before.\nBehind."),
        (f"Before. {QUESTION} {ASKED}\n{QUESTION.upper()} Behind.", "Before.\nBehind."),
        (f'Before. {QUESTION}\t"{QUESTION}" ({ASKED}) Behind.', "Before. Behind."),
        (f"{QUESTION} Is it? {QUESTION}", "Is it?"),
        (QUESTION, ""),
    ],
)
def test_a_cut_takes_the_item_and_leaves_the_rest(text: str, left: str) -> None:
    cut = ContaminationCut(benchmarks=folder())(batch_of(text))
    assert cut["text"].to_pylist() == [left]
    assert cut["contamination_cut_bytes"].to_pylist() == [len(text.encode()) - len(left.encode())]
    assert Contamination(benchmarks=folder())(cut)["contamination_item_count"].to_pylist() == [0]


def test_a_cut_leaves_the_kinds_that_are_not_named() -> None:
    stage = ContaminationCut(benchmarks=folder(), kinds=("numbers_changed",))
    assert stage(batch_of(QUESTION))["text"].to_pylist() == [QUESTION]


def test_cutting_comes_before_measuring() -> None:
    mark, cut = Contamination(benchmarks=folder()), ContaminationCut(benchmarks=folder())
    check_steps((cut, mark), "x.yaml", "web")
    with pytest.raises(ConfigError, match="rewrites text after"):
        check_steps((mark, cut), "x.yaml", "web")


def test_another_benchmark_is_another_recipe(tmp_path) -> None:
    (tmp_path / "a.jsonl").write_text('{"question": "what?"}\n')
    first = Contamination(benchmarks=str(tmp_path)).fingerprint()
    (tmp_path / "a.jsonl").write_text('{"question": "what else is there?"}\n')
    assert Contamination(benchmarks=str(tmp_path)).fingerprint() != first


def test_batches_are_judged_by_what_the_recipe_saw(tmp_path: Path) -> None:
    where = tmp_path / "own.jsonl"
    where.write_text(json.dumps({"question": QUESTION}) + "\n")
    stage = Contamination(benchmarks=str(tmp_path))
    first = stage.fingerprint()
    assert stage(batch_of(QUESTION))["contamination_item_count"].to_pylist() == [1]
    where.write_text(json.dumps({"question": SUMS[1]["question"]}) + "\n")
    assert stage(batch_of(QUESTION))["contamination_item_count"].to_pylist() == [1]
    assert stage.fingerprint() != first
    assert stage(batch_of(QUESTION))["contamination_item_count"].to_pylist() == [0]


def test_benchmarks_that_change_before_they_are_read_are_refused(tmp_path: Path) -> None:
    where = tmp_path / "own.jsonl"
    where.write_text(json.dumps({"question": QUESTION}) + "\n")
    stage = Contamination(benchmarks=str(tmp_path))
    stage.fingerprint()
    where.write_text(json.dumps({"question": SUMS[1]["question"]}) + "\n")
    with pytest.raises(EnvironmentTrouble, match="changed"):
        stage(batch_of(QUESTION))
