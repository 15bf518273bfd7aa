"""Benchmarks' gold answers as texts to score: bits per byte of the answer behind its question, no sampling, no parser.

Tiny models answer no benchmark above chance, but give its right answers more or less probability: a loss that moves
smoothly with the mixture, task by task (arXiv:2403.08540 relates losses to accuracy at size). Beside each task stands
its control, the same answers without their questions: where the question helps by nothing that can be told from 0, the
task measures how near a mixture is to the answers' domain, and no more. BoolQ is left out: "yes" and "no" are no text.

As held-out documents are, questions are divided by a hash of theirs into two sides: `select`, by which a mixture is
found, and `final`, which the validation alone reads.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from tokenizers import Tokenizer

from proxy_models.evaluation.losses import Scores, Text
from proxy_models.tokens.permutation import key_of
from proxy_models.tokens.tokens import Side

Row = Mapping[str, Any]

ITEMS: Final = 1000  # of a benchmark, a side
ASKED, UNASKED = "gold:", "unasked:"  # what names of tasks begin with
SURE: Final = 1.96  # standard errors: 95 % of a normal distribution lie within


@dataclass(frozen=True)
class GoldAnswer:
    """A question as it is put to the model, and the right answer that would follow it, its leading space included."""

    prompt: str
    answer: str


@dataclass(frozen=True)
class QuestionGain:
    """What the question saves of the answer, bits per byte, with its standard error over items (paired).

    measures: "answers" where that is above 0 beyond doubt (SURE errors), else "domain match".
    """

    gain: float
    error: float | None
    measures: str

    @staticmethod
    def of(asked: Scores, unasked: Scores) -> QuestionGain:
        """Of the same answers in the same order."""
        saved = Scores(unasked.bits - asked.bits, asked.bytes)
        gain, error = saved.bits_per_byte, saved.standard_error()
        sure = error is not None and gain > SURE * error
        return QuestionGain(gain, error, "answers" if sure else "domain match")


class Malformed(ValueError):
    """A row without a question or a gold answer; says what is wrong."""


@dataclass(frozen=True)
class Benchmark:
    """Where a benchmark's rows lie in the data folder, which of a file's rows are its own, and how one is read."""

    file: str
    read: Callable[[Row], GoldAnswer]
    having: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Gold:
    """The chosen answers of one side of a benchmark; of both sides: how many rows it has, how many of them are distinct
    and whole (of equal ones one counts), and how many malformed, by reason."""

    answers: tuple[GoldAnswer, ...]
    rows: int
    distinct: int
    malformed: Mapping[str, int]


def _text(row: Row, key: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        raise Malformed(f"no {key}")
    return value


def _worked(row: Row) -> GoldAnswer:
    """GSM8K: the worked solution, without the calculator's annotations <<...>> (arXiv:2110.14168, appendix C)."""
    solution = re.sub(r"<<[^<>]*>>", "", _text(row, "answer"))
    return GoldAnswer(f"Question: {_text(row, 'question').strip()}\nAnswer:", f" {solution.strip()}")


def _program(row: Row) -> GoldAnswer:
    """MBXP, HumanEval: the canonical solution behind signature and docstring.

    The line feed between them is the answer's: a tokenizer reads it together with the spaces that follow, and spaces
    at the start of a text were never trained on.
    """
    prompt, solution = _text(row, "prompt"), _text(row, "canonical_solution")
    signature = prompt.rstrip()
    return GoldAnswer(signature, (prompt[len(signature) :] + solution).rstrip())


def _choice(row: Row) -> GoldAnswer:
    """Multiple choice: the text of the right choice; the others are not shown."""
    choices, label = row.get("choices"), row.get("label")
    if not isinstance(choices, list) or not isinstance(label, int) or not 0 <= label < len(choices):
        raise Malformed("no choice of that label")
    if not isinstance(choices[label], str) or not choices[label].strip():
        raise Malformed("no text in the right choice")
    return GoldAnswer(f"Question: {_text(row, 'question').strip()}\nAnswer:", f" {choices[label].strip()}")


_OPTIONS = re.compile(r"(?:Answer Choices|The options):")
_OPTION = re.compile(r"\(?\b([A-E]) ?\) ?(.*?)(?= ?,? ?\(?\b[A-E] ?\)|$)", re.DOTALL)


def _lettered(row: Row) -> GoldAnswer:
    """AQuA, MathQA: the text of the right option, cut out of the instruction; the others are not shown.

    A hundredth of the rows writes a letter twice, "A ) A ) 15": the last is what its text stands behind.
    """
    question, *rest = _OPTIONS.split(_text(row, "instruction"), maxsplit=1)
    found = {letter: option.strip() for letter, option in _OPTION.findall("".join(rest))}
    if not found.get(_text(row, "answer").strip()):
        raise Malformed("no option of that letter")
    return GoldAnswer(f"Question: {question.strip()}\nAnswer:", f" {found[_text(row, 'answer').strip()]}")


def _of(task: str) -> tuple[tuple[str, str], ...]:
    return (("task", task), ("split", "test"))


BENCHMARKS: Final[Mapping[str, Benchmark]] = {
    "gsm8k": Benchmark("gsm8k/test.jsonl.gz", _worked),
    "humaneval": Benchmark("mxeval/HumanEval.jsonl.gz", _program),
    "mbpp": Benchmark("mxeval/mbpp_release_v1.jsonl.gz", _program),
    "mbcpp": Benchmark("mxeval/mbcpp_release_v1.2.jsonl.gz", _program),
    "mbjsp": Benchmark("mxeval/mbjsp_release_v1.2.jsonl.gz", _program),
    "mathqa_python": Benchmark("mxeval/mathqa-test-python_v1.jsonl.gz", _program),
    "arc_easy": Benchmark("commonsense_mc.jsonl.gz", _choice, _of("ARC-Easy")),
    "openbookqa": Benchmark("commonsense_mc.jsonl.gz", _choice, _of("openbookqa")),
    "piqa": Benchmark("commonsense_mc.jsonl.gz", _choice, _of("piqa")),
    "social_i_qa": Benchmark("commonsense_mc.jsonl.gz", _choice, _of("social_i_qa")),
    "aqua": Benchmark("commonsense/AQuA_test.json.gz", _lettered),
    "mathqa": Benchmark("commonsense/mathqa_test.json.gz", _lettered),
}
"""By the name after `gold:`. Only test splits; the rest of `commonsense/` is `commonsense_mc` in other words."""


def read(folder: Path, name: str, side: Side, most: int = ITEMS, seed: int = 0) -> Gold:
    """At most `most` gold answers of one side of a benchmark, those whose hash with `seed` is lowest, in any order of
    the rows. Equal questions stand on one side.

    Raises ValueError for a name that is not in BENCHMARKS and for a side without a single answer, FileNotFoundError
    where the file is missing.
    """
    if name not in BENCHMARKS:
        raise ValueError(f"no benchmark {name}; there are {', '.join(BENCHMARKS)}")
    if most < 1:
        raise ValueError(f"most: {most} is below 1")
    benchmark = BENCHMARKS[name]
    answers: set[GoldAnswer] = set()
    malformed: dict[str, int] = {}
    rows = 0
    for row in _rows(folder / benchmark.file):
        if isinstance(row, dict) and any(row.get(key) != value for key, value in benchmark.having):
            continue
        rows += 1
        try:
            if not isinstance(row, dict):
                raise Malformed("not an object")
            answers.add(benchmark.read(row))
        except Malformed as reason:
            malformed[str(reason)] = malformed.get(str(reason), 0) + 1
    mine = sorted((one for one in answers if side_of(one, seed) == side), key=lambda one: _hash(one, seed))
    if not mine:
        raise ValueError(
            f"{folder / benchmark.file} has no gold answer for {name} on the side {side}: {rows} rows, {len(answers)} "
            f"distinct and whole, malformed {malformed}"
        )
    return Gold(tuple(mine[:most]), rows, len(answers), dict(sorted(malformed.items())))


def side_of(answer: GoldAnswer, seed: int) -> Side:
    """By a hash of the question alone."""
    return "final" if key_of("side", seed, answer.prompt) & 1 else "select"


def _hash(answer: GoldAnswer, seed: int) -> bytes:
    return hashlib.sha256(json.dumps([seed, answer.prompt, answer.answer]).encode()).digest()


def _rows(path: Path) -> Iterator[Any]:
    """The rows of a gzip file, JSON lines or one JSON array; a line that is not JSON comes as None."""
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        if path.name.endswith(".json.gz"):
            yield from json.load(stream)
            return
        for line in stream:
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                yield None


def tasks(name: str, answers: Sequence[GoldAnswer], tokenizer: Tokenizer, end: int) -> dict[str, list[Text]]:
    """The task of a benchmark, `gold:<name>`, and its control, `unasked:<name>`: the same answers in the same order."""
    unasked = [GoldAnswer("", one.answer) for one in answers]
    return {
        f"{ASKED}{name}": encode(answers, tokenizer, end),
        f"{UNASKED}{name}": encode(unasked, tokenizer, end),
    }


def question_gains(scores: Mapping[str, Scores]) -> dict[str, QuestionGain]:
    """By benchmark, of tasks that were scored with their controls."""
    names = sorted(task.removeprefix(ASKED) for task in scores if task.startswith(ASKED))
    return {
        name: QuestionGain.of(scores[ASKED + name], scores[UNASKED + name])
        for name in names
        if UNASKED + name in scores
    }


def encode(answers: Sequence[GoldAnswer], tokenizer: Tokenizer, end: int) -> list[Text]:
    """Each answer as a text to score behind the end token and its prompt (if it has one).

    The two are encoded apart, so that exactly the answer's bytes are scored; of a long prompt a window keeps the end.
    """
    texts = []
    for gold in answers:
        prompt, answer = (tokenizer.encode(part, add_special_tokens=False).ids for part in (gold.prompt, gold.answer))
        tokens = np.array([end, *prompt, *answer], np.int64)
        texts.append(Text(tokens, 1 + len(prompt), len(gold.answer.encode())))
    return texts


def digest(gold: Mapping[str, Sequence[Text]]) -> str | None:
    """sha256 of encoded answers by task: what a recipe says of them. None for none."""
    if not gold:
        return None
    hashed = hashlib.sha256()
    for task in sorted(gold):
        hashed.update(json.dumps([task, len(gold[task])]).encode())
        for text in gold[task]:
            hashed.update(json.dumps([text.first, text.bytes, len(text.tokens)]).encode())
            hashed.update(np.ascontiguousarray(text.tokens, "<i8").tobytes())
    return hashed.hexdigest()
