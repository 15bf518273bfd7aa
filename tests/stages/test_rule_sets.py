"""The rule sets of configs/rules: each threshold at, below and above; each reason provoked by a text."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import yaml
from provoking_texts import KEPT, TEXTS

from pipeline.stage import Stage
from pipeline.stages.language import Language
from pipeline.stages.lines import C4Lines, RefinedWebLines
from pipeline.stages.normalise import Normalise
from pipeline.stages.statistics import TextStatistics
from pipeline.stages.unicode_tables import UNICODE_VERSION

ROOT = Path(__file__).parents[2]
STAGES: dict[str, list[Stage]] = {
    "gopher": [Normalise(), TextStatistics()],
    "c4": [Normalise(), C4Lines(), Language(), TextStatistics()],
    "fineweb": [Normalise(), C4Lines(terminal_punctuation=False, min_words=3), Language(), TextStatistics()],
    "refinedweb": [Normalise(), RefinedWebLines(), Language(), TextStatistics()],
}
RULES: dict[str, list[dict[str, str]]] = {
    name: yaml.safe_load((ROOT / f"configs/rules/{name}.yaml").read_text(encoding="utf-8"))["rules"] for name in STAGES
}
GOLDEN = ROOT / "tests/golden/stages.json"


def reasons(rules: list[dict[str, str]], table: pa.Table) -> list[str | None]:
    """The first rule that holds of each row, by DuckDB and nothing of ours."""
    cases = " ".join(f"when {rule['when']} then '{rule['drop']}'" for rule in rules)
    connection = duckdb.connect()
    connection.register("measured", table)
    return [row[0] for row in connection.execute(f"select case {cases} end from measured").fetchall()]


def measured(rule_set: str, texts: list[str]) -> pa.Table:
    batch = pa.record_batch({"text": pa.array(texts, pa.large_string())})
    for stage in STAGES[rule_set]:
        batch = stage(batch)
    return pa.Table.from_batches([batch])


# A document that every rule keeps; the tables below change what they are about.
FINE: dict[str, Any] = {added.name: 0 for stages in STAGES.values() for stage in stages for added in stage.adds}
FINE |= {"language": "en", "language_score": 10_000, "word_count": 100, "word_characters": 500, "line_count": 100}
FINE |= {"alphabetic_word_count": 100, "distinct_stop_word_count": 8, "paragraph_count": 100, "character_count": 600}
FINE |= {"sentence_count": 10, "terminal_punctuation_line_count": 100, "ngram_characters": 100}
FINE |= {"refinedweb_word_count": 100}

# rule, column, a value that stays, the next value, which goes
GOPHER = [
    ("mean_word_length", "word_characters", 300, 299),
    ("mean_word_length", "word_characters", 1000, 1001),
    ("hash_to_word_ratio", "hash_count", 10, 11),
    ("ellipsis_to_word_ratio", "ellipsis_count", 10, 11),
    ("bullet_lines", "bullet_line_count", 90, 91),
    ("ellipsis_lines", "ellipsis_line_count", 30, 31),
    ("alphabetic_words", "alphabetic_word_count", 80, 79),
    ("stop_words", "distinct_stop_word_count", 2, 1),
    ("duplicate_lines", "duplicate_line_count", 30, 31),
    ("duplicate_paragraphs", "duplicate_paragraph_count", 30, 31),
    ("duplicate_line_characters", "duplicate_line_characters", 120, 121),
    ("duplicate_paragraph_characters", "duplicate_paragraph_characters", 120, 121),
    *((f"top_{n}gram", f"top_{n}gram_characters", most, most + 1) for n, most in ((2, 20), (3, 18), (4, 16))),
    *((f"duplicate_{n}grams", f"duplicate_{n}gram_characters", 20 - n, 21 - n) for n in range(5, 11)),
]
OTHERS = [
    ("c4", "lorem_ipsum", "lorem_ipsum_count", 0, 1),
    ("c4", "curly_bracket", "curly_bracket_count", 0, 1),
    ("c4", "sentence_count", "sentence_count", 3, 2),
    ("c4", "language", "language", "en", "de"),
    ("fineweb", "language", "language_score", 6500, 6499),
    ("fineweb", "language", "language", "en", "de"),
    ("fineweb", "lorem_ipsum", "lorem_ipsum_count", 0, 1),
    ("fineweb", "curly_bracket", "curly_bracket_count", 0, 1),
    ("fineweb", "sentence_count", "sentence_count", 5, 4),
    ("fineweb", "terminal_punctuation_lines", "terminal_punctuation_line_count", 13, 12),
    ("fineweb", "line_duplication", "duplicate_line_characters", 59, 60),
    ("fineweb", "short_lines", "short_line_count", 66, 67),
    ("refinedweb", "language", "language_score", 6500, 6499),
    ("refinedweb", "language", "language", "en", "de"),
    ("refinedweb", "flagged_lines", "refinedweb_flagged_word_count", 5, 6),
]
BOUNDARIES = [("gopher", *case) for case in GOPHER] + OTHERS


@pytest.mark.parametrize(("rule_set", "rule", "column", "stays", "goes"), BOUNDARIES)
def test_boundaries(rule_set: str, rule: str, column: str, stays: int | str, goes: int | str) -> None:
    table = pa.Table.from_pylist([FINE | {column: stays}, FINE | {column: goes}])
    assert reasons(RULES[rule_set], table) == [None, f"{rule_set}:{rule}"]


@pytest.mark.parametrize(("words", "stays"), [(49, False), (50, True), (100_000, True), (100_001, False)])
def test_boundaries_of_gopher_word_count(words: int, stays: bool) -> None:
    columns = {"word_count": words, "word_characters": 5 * words, "alphabetic_word_count": words}
    table = pa.Table.from_pylist([FINE | columns])
    assert reasons(RULES["gopher"], table) == [None if stays else "gopher:word_count"]


def test_every_rule_has_a_boundary_and_a_text() -> None:
    drops = {rule["drop"] for rules in RULES.values() for rule in rules}
    assert {f"{case[0]}:{case[1]}" for case in BOUNDARIES} | {"gopher:word_count"} == drops
    assert {f"{rule_set}:{rule}" for rule_set, texts in TEXTS.items() for rule in texts} == drops


@pytest.mark.parametrize("rule_set", list(RULES))
def test_each_text_is_dropped_for_its_reason(rule_set: str) -> None:
    table = measured(rule_set, [*TEXTS[rule_set].values(), KEPT[rule_set]])
    assert reasons(RULES[rule_set], table) == [*(f"{rule_set}:{rule}" for rule in TEXTS[rule_set]), None]


@pytest.mark.parametrize("rule_set", list(RULES))
def test_an_empty_document_is_dropped(rule_set: str) -> None:
    assert None not in reasons(RULES[rule_set], measured(rule_set, ["", "\n \n"]))


def test_golden() -> None:
    """What the stages measure of these texts; changes only with the `version` of the stage that measures otherwise.

    A new golden: `python tests/stages/test_rule_sets.py`.
    """
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    if golden["unicode"] != UNICODE_VERSION:
        pytest.skip(f"golden of Unicode {golden['unicode']}, this Python has {UNICODE_VERSION}")
    assert golden == current_golden()


def current_golden() -> dict[str, Any]:
    rows = {}
    for rule_set, texts in TEXTS.items():
        table = measured(rule_set, list(texts.values()))
        for rule, row in zip(texts, table.to_pylist(), strict=True):
            text = row.pop("text").encode()
            row.pop("language_score", None)  # a float's rounding is no contract; the model's digest is
            nonzero = {name: value for name, value in row.items() if value}
            rows[f"{rule_set}:{rule}"] = {"text_sha256": hashlib.sha256(text).hexdigest()[:16], **nonzero}
    versions = {stage.kind: stage.version for stages in STAGES.values() for stage in stages}
    return {"unicode": UNICODE_VERSION, "versions": versions, "measured": rows}


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(current_golden(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
