"""How items are read from the files of benchmarks, and what is said of files that hold none."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from pipeline.contamination.items import FieldMap, read_items
from pipeline.contamination.templates import split_choices
from pipeline.trouble import ConfigError

ASKED = "What instrument measures the pressure of the atmosphere above a lake?"


def test_a_file_whose_fields_are_not_known_is_refused_with_its_fields(tmp_path: Path) -> None:
    (tmp_path / "good.jsonl").write_text(json.dumps({"question": ASKED}) + "\n")
    (tmp_path / "odd.jsonl").write_text(json.dumps({"stem": "x y z", "key": "A"}) + "\n")
    with pytest.raises(ConfigError, match=r"odd\.jsonl.*key, stem.*--fields"):
        read_items(str(tmp_path), FieldMap())


def test_a_field_that_is_empty_is_not_taken(tmp_path: Path) -> None:
    rows = [{"question": "", "prompt": ASKED}, {"question": "  ", "choices": [], "options": ["a", "b"], "goal": ASKED}]
    (tmp_path / "own.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert [(item.question, item.choices) for item in read_items(str(tmp_path), FieldMap())] == [
        (ASKED, ()),
        (ASKED, ("a", "b")),
    ]


@pytest.mark.parametrize(
    ("record", "wanted"),
    [
        ({"question": ASKED, "A": "甲", "B": "乙", "C": "丙", "D": "", "answer": "C"}, ("甲", "乙", "丙")),
        ({"Q": 1, "question": ASKED, "A": "only an answer"}, ()),
        (
            {"question": ASKED, "opa": "one", "opb": "two", "opc": "three", "opd": "four", "cop": 2},
            ("one", "two", "three", "four"),
        ),
        (
            {"question": ASKED, "distractor1": "x", "distractor2": "y", "distractor3": "z", "correct_answer": "w"},
            ("w", "x", "y", "z"),
        ),
        (
            {"Question": ASKED, "Correct Answer": "w", "Incorrect Answer 1": "x", "Incorrect Answer 2": "y"},
            ("w", "x", "y"),
        ),
        (
            {"question": {"stem": ASKED, "choices": [{"text": "x", "label": "A"}, {"text": "y", "label": "B"}]}},
            ("x", "y"),
        ),
        ({"ctx": ASKED, "ending0": "x", "ending1": "y", "ending2": "z", "ending3": "w"}, ("x", "y", "z", "w")),
        ({"text": ASKED, "code": "return 1"}, ()),
        ({"inputs": ASKED, "targets": ["a sextant"]}, ()),
    ],
)
def test_choices_in_fields_of_their_own_are_found(
    tmp_path: Path, record: dict[str, object], wanted: tuple[str, ...]
) -> None:
    (tmp_path / "own.jsonl").write_text(json.dumps(record) + "\n")
    (item,) = read_items(str(tmp_path), FieldMap())
    assert (item.question, item.choices) == (ASKED, wanted)


def test_a_text_alone_is_no_question(tmp_path: Path) -> None:
    (tmp_path / "corpus.jsonl").write_text(json.dumps({"text": ASKED}) + "\n")
    with pytest.raises(ConfigError, match="no record has one of the fields"):
        read_items(str(tmp_path), FieldMap())


@pytest.mark.parametrize("name", ["UP.JSONL", "Up.Jsonl.GZ", "a.jsonl.d/list.JSON"])
def test_a_suffix_is_the_end_of_a_name_in_any_case(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    rows = [{"question": "one"}, {"question": "two"}]
    text = json.dumps(rows) if name.endswith("JSON") else "".join(json.dumps(row) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if name.endswith("GZ") else text.encode())
    found = read_items(str(tmp_path), FieldMap())
    assert [item.question for item in found] == ["one", "two"]
    assert found[0].benchmark == name.partition(".J" if "J" in name else ".j")[0]


@pytest.mark.parametrize(
    "question",
    [
        "Plan A: we walk. If B: we drive. What is cheaper for the long way home to the lake?",
        "Vitamin A. is found in liver. Vitamin B. is found in grain. Which one of both does the body store for months?",
        "1. Name the capital of France.\n2. Name the river through it.",
        "(A) is a lake, (B) is a river, (C) is a sea.",
    ],
)
def test_prose_with_labels_in_it_is_no_row_of_choices(question: str) -> None:
    assert split_choices(question) == (question, ())


@pytest.mark.parametrize(
    ("question", "choices"),
    [
        ("What flows through Paris today? (A) the Seine (B) the Elbe", ("the Seine", "the Elbe")),
        ("What flows through Paris today?\nA. the Seine\nB. the Elbe", ("the Seine", "the Elbe")),
        ("What flows through Paris today? A. the Seine B. the Elbe C. the Po", ("the Seine", "the Elbe", "the Po")),
        ("What flows through Paris today?\n1. the Seine\n2. the Elbe", ("the Seine", "the Elbe")),
        ("What flows through Paris today? Answer1: the Seine Answer2: the Elbe", ("the Seine", "the Elbe")),
    ],
)
def test_choices_in_a_row_are_taken_apart(question: str, choices: tuple[str, ...]) -> None:
    assert split_choices(question) == ("What flows through Paris today?", choices)
