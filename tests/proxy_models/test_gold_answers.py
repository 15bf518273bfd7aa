"""Gold answers: what is read of each benchmark, what is malformed, which are chosen, what is scored."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from proxy_models.evaluation.gold_answers import (
    BENCHMARKS,
    GoldAnswer,
    digest,
    encode,
    question_gains,
    read,
    side_of,
    tasks,
)
from proxy_models.evaluation.losses import Scores, Text
from proxy_models.tokens.tokenizer import train

MC = "commonsense_mc.jsonl.gz"


def write(folder: Path, file: str, rows: list[Any]) -> None:
    """Rows as a benchmark's file; of a `.jsonl` file a string is a line as it stands."""
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows)
    path.write_bytes(gzip.compress((json.dumps(rows) if file.endswith(".json.gz") else lines).encode()))


Q = "Question: {}\nAnswer:"
PIQA = {"task": "piqa", "split": "test", "question": "dresser"}
READ: list[tuple[str, Any, str, str]] = [
    ("gsm8k", {"question": "How? ", "answer": "2*3=<<2*3=6>>6 eggs\n#### 6"}, Q.format("How?"), " 2*3=6 eggs\n#### 6"),
    ("mbpp", {"prompt": "def f():\n", "canonical_solution": "\treturn 1\n"}, "def f():", "\n\treturn 1"),
    ("piqa", PIQA | {"choices": ["a", "b c"], "label": 1}, Q.format("dresser"), " b c"),
    (
        "aqua",
        {"instruction": "Is? Answer Choices: (A) 2 (B) 3 (or 4) m", "answer": "B"},
        Q.format("Is?"),
        " 3 (or 4) m",
    ),
    (
        "mathqa",
        {"instruction": "is ? The options: A ) 38 , B ) 2 , 5 , C ) x", "answer": "B"},
        Q.format("is ?"),
        " 2 , 5",
    ),
    ("mathqa", {"instruction": "is ? The options: A ) 38 , B ) x", "answer": "B"}, Q.format("is ?"), " x"),
    ("mathqa", {"instruction": "is ? The options: A ) A ) 15 , B ) B ) 10", "answer": "A"}, Q.format("is ?"), " 15"),
]


@pytest.mark.parametrize(("name", "row", "prompt", "answer"), READ)
def test_what_is_read_of_a_row(tmp_path: Path, name: str, row: Any, prompt: str, answer: str) -> None:
    write(tmp_path, BENCHMARKS[name].file, [row])
    gold = GoldAnswer(prompt, answer)
    assert read(tmp_path, name, side_of(gold, 0)).answers == (gold,)


MALFORMED: list[tuple[str, Any, str]] = [
    ("gsm8k", "{not json", "not an object"),
    ("gsm8k", [1], "not an object"),
    ("gsm8k", {"answer": "1"}, "no question"),
    ("gsm8k", {"question": "x", "answer": " "}, "no answer"),
    ("mbpp", {"prompt": "x", "canonical_solution": None}, "no canonical_solution"),
    ("piqa", PIQA | {"choices": ["a"], "label": 1}, "no choice of that label"),
    ("piqa", PIQA | {"choices": ["a"], "label": -1}, "no choice of that label"),
    ("piqa", PIQA | {"choices": [""], "label": 0}, "no text in the right choice"),
    ("aqua", {"instruction": "x Answer Choices: (A) 2", "answer": "B"}, "no option of that letter"),
    ("aqua", {"instruction": "x without options", "answer": "A"}, "no option of that letter"),
]


@pytest.mark.parametrize(("name", "row", "reason"), MALFORMED)
def test_a_malformed_row_is_counted_with_its_reason(tmp_path: Path, name: str, row: Any, reason: str) -> None:
    whole, prompt = next((good, prompt) for known, good, prompt, _ in READ if known == name)
    write(tmp_path, BENCHMARKS[name].file, [row, whole])
    gold = read(tmp_path, name, side_of(GoldAnswer(prompt, ""), 0))
    assert (gold.rows, gold.distinct, gold.malformed) == (2, 1, {reason: 1})


def test_the_choice_does_not_depend_on_the_order_of_rows(tmp_path: Path) -> None:
    rows = numbered(50)
    write(tmp_path / "a", "gsm8k/test.jsonl.gz", rows)
    random.Random(0).shuffle(rows)
    write(tmp_path / "b", "gsm8k/test.jsonl.gz", [*rows, rows[0]])
    chosen = read(tmp_path / "a", "gsm8k", "select", 20)
    assert read(tmp_path / "b", "gsm8k", "select", 20).answers == chosen.answers
    assert read(tmp_path / "b", "gsm8k", "select", 5).answers == chosen.answers[:5]
    assert (len(chosen.answers), chosen.distinct) == (20, 50)


def test_the_sides_share_no_question_and_leave_none_out(tmp_path: Path) -> None:
    rows = numbered(400)
    rows += [row | {"answer": f"also {row['answer']}"} for row in rows]  # a question with two answers
    write(tmp_path, "gsm8k/test.jsonl.gz", rows)
    select, final = (read(tmp_path, "gsm8k", side, 9999).answers for side in ("select", "final"))
    asked = [{one.prompt for one in of} for of in (select, final)]
    assert not asked[0] & asked[1]
    assert len(asked[0] | asked[1]) == 400
    assert len(select) + len(final) == 800
    assert abs(len(asked[0]) - 200) < 50  # five deviations
    other = {one.prompt for one in read(tmp_path, "gsm8k", "select", 9999, seed=1).answers}
    assert 50 < len(asked[0] & other) < 150


def numbered(count: int) -> list[Any]:
    return [{"question": f"number {n}", "answer": str(n)} for n in range(count)]


def test_only_rows_of_the_task_and_its_test_split_are_read(tmp_path: Path) -> None:
    row = {"question": "q", "choices": ["a", "b"], "label": 0}
    others = [row | {"task": "piqa", "split": "train"}, row | {"task": "boolq", "split": "test"}]
    write(tmp_path, MC, [*others, row | {"task": "piqa", "split": "test", "label": 1}])
    found = read(tmp_path, "piqa", side_of(GoldAnswer(Q.format("q"), ""), 0))
    assert found.rows == 1
    assert [gold.answer for gold in found.answers] == [" b"]


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no benchmark mmlu"):
        read(tmp_path, "mmlu", "select")
    with pytest.raises(ValueError, match="most"):
        read(tmp_path, "gsm8k", "select", 0)
    with pytest.raises(FileNotFoundError):
        read(tmp_path, "gsm8k", "select")
    write(tmp_path, "gsm8k/test.jsonl.gz", [{}])
    with pytest.raises(ValueError, match="no gold answer for gsm8k on the side final"):
        read(tmp_path, "gsm8k", "final")


def byte_tokenizer() -> Tokenizer:
    """A token a byte, 1 to 256; 0 ends."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({"<end>": 0} | {letter: 1 + n for n, letter in enumerate(letters)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def test_exactly_the_bytes_of_the_answer_are_scored() -> None:
    tokenizer = byte_tokenizer()
    answers = [GoldAnswer("Question: wieviel?\nAnswer:", " drei Köpfe"), GoldAnswer("def f():\n", "\treturn 1")]
    for gold, of in zip(answers, encode(answers, tokenizer, 0), strict=True):
        assert of.tokens[0] == 0
        assert tokenizer.decode(of.tokens[1 : of.first].tolist()) == gold.prompt
        assert tokenizer.decode(of.tokens[of.first :].tolist()) == gold.answer
        assert of.bytes == len(gold.answer.encode()) == len(of.tokens) - of.first


def test_code_begins_with_tokens_that_training_showed(tmp_path: Path) -> None:
    """A byte-level tokenizer splits before the last space of a run: a line feed and its indentation are one piece."""
    tokenizer = train(["def f():\n    return 1\n"] * 9, 300)
    write(tmp_path, BENCHMARKS["mbpp"].file, [{"prompt": "def f():\n", "canonical_solution": "    return 1\n"}])
    side = side_of(GoldAnswer("def f():", ""), 0)
    ((of,),) = [encode(read(tmp_path, "mbpp", side).answers, tokenizer, 0)]
    whole = tokenizer.encode("def f():\n    return 1").ids
    assert of.tokens.tolist() == [0, *whole]
    apart = encode([GoldAnswer("def f():\n", "    return 1")], tokenizer, 0)
    assert apart[0].tokens.tolist() != [0, *whole]


def test_a_seed_is_another_sample(tmp_path: Path) -> None:
    write(tmp_path, "gsm8k/test.jsonl.gz", numbered(50))
    first, again, other = (set(read(tmp_path, "gsm8k", "select", 20, seed).answers) for seed in (0, 0, 1))
    assert first == again != other
    assert len(other) == 20


def test_the_control_scores_the_same_bytes_without_the_question() -> None:
    answers = [GoldAnswer("Question: wieviel?\nAnswer:", " drei Köpfe"), GoldAnswer("def f():\n", "\treturn 1")]
    found = tasks("made", answers, byte_tokenizer(), 0)
    assert list(found) == ["gold:made", "unasked:made"]
    for asked, unasked in zip(*found.values(), strict=True):
        assert (unasked.first, unasked.bytes) == (1, asked.bytes)
        assert unasked.tokens.tolist() == [0, *asked.tokens[asked.first :].tolist()]


@pytest.mark.parametrize(
    ("saved", "measures"),
    [([1.0, 1.1, 0.9, 1.0], "answers"), ([3.0, -3.0, 1.0, -1.0], "domain match"), ([-1.0] * 4, "domain match")],
)
def test_a_question_that_helps_by_nothing_sure_measures_the_domain(saved: list[float], measures: str) -> None:
    asked = Scores(np.array([5.0, 6.0, 7.0, 8.0]), np.array([10, 10, 10, 10]))
    scores = {"gold:made": asked, "unasked:made": Scores(asked.bits + saved, asked.bytes), "heldout:web": asked}
    (found,) = question_gains(scores).values()
    assert found.gain == pytest.approx(sum(saved) / 40)
    assert found.measures == measures


def test_the_digest_sees_tasks_tokens_and_where_scoring_begins() -> None:
    gold = {"a": [Text(np.arange(5), 2, 3)], "b": [Text(np.arange(6), 2, 3)]}
    others = [
        {"a": gold["a"]},
        {"a": gold["b"], "b": gold["a"]},
        {"a": [Text(np.arange(5), 3, 3)], "b": gold["b"]},
        {"a": [Text(np.arange(5), 2, 4)], "b": gold["b"]},
        {"a": [*gold["a"], *gold["b"]], "b": []},
    ]
    assert len({digest(gold), *map(digest, others)}) == 6
    assert digest(dict(reversed(gold.items()))) == digest(gold)
    assert digest({}) is None


REAL = {  # rows, distinct and whole, malformed
    "gsm8k": (1319, 1319, {}),
    "humaneval": (164, 164, {}),
    "mbpp": (974, 974, {}),
    "mbcpp": (848, 773, {"no canonical_solution": 75}),
    "mbjsp": (966, 938, {"no canonical_solution": 28}),
    "mathqa_python": (1883, 1883, {}),
    "arc_easy": (2376, 2375, {}),
    "openbookqa": (500, 500, {}),
    "piqa": (1838, 1838, {}),
    "social_i_qa": (1954, 1935, {}),
    "aqua": (254, 254, {}),
    "mathqa": (2985, 2985, {}),
}


@pytest.mark.data
@pytest.mark.parametrize("name", BENCHMARKS)
def test_the_real_files_are_read_to_the_last_row(shared_data: Callable[[str], Path], name: str) -> None:
    sides = [read(shared_data("benchmarks"), name, side, 10_000) for side in ("select", "final")]
    for gold in sides:
        assert (gold.rows, gold.distinct, dict(gold.malformed)) == REAL[name]
        assert all(answer.prompt.strip() and answer.answer.strip() for answer in gold.answers)
    assert sum(len(gold.answers) for gold in sides) == REAL[name][1]
