"""Items longer than a part: every word of them is looked for, called what it is, and cut."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.contamination.benchmarks import detector_of
from pipeline.contamination.index import MAX_WORDS
from pipeline.contamination.structure import MAX_TOKENS
from pipeline.stages.contamination import ContaminationCut

_CHOICE = random.Random(3)
WORDS = ["".join(_CHOICE.choice("abcdefghijklmnop") for _ in range(_CHOICE.randint(4, 9))) for _ in range(4000)]


def benchmark(where: Path, **record: object) -> str:
    (where / "own.jsonl").write_text(json.dumps(record) + "\n")
    return str(where)


def code(lines: int, name: str) -> str:
    """A function whose every line is another; more than MAX_TOKENS tokens from 100 lines on."""
    choice = random.Random(lines)
    signs = "+-*/%"
    body = [
        f"    {name} = [{name} {choice.choice(signs)} {n}, sum({name}) {choice.choice(signs)} {n}]"
        for n in range(lines)
    ]
    return "\n".join([f"def mix({name}):", *body, f"    return {name}"])


@pytest.mark.parametrize("count", [MAX_WORDS - 1, MAX_WORDS, MAX_WORDS + 1, 3 * MAX_WORDS + 7])
@pytest.mark.parametrize("form", ["verbatim", "reformatted"])
def test_a_long_item_is_called_what_it_is_and_a_cut_leaves_none_of_it(tmp_path: Path, count: int, form: str) -> None:
    question = " ".join(_CHOICE.choice(WORDS) for _ in range(count)) + "?"
    folder = benchmark(tmp_path, question=question)
    written = question if form == "verbatim" else question.upper().replace(" ", "  ")
    text = f"Before it stands this. {written} And after."
    hits = detector_of(folder, None).hits(pa.array([text], pa.large_string()))
    assert {hit.kind for hit in hits} == {form}
    batch = pa.RecordBatch.from_pydict({"doc_id": ["0" * 32], "text": pa.array([text], pa.large_string())})
    cut = ContaminationCut(benchmarks=folder)(batch)
    assert cut["text"].to_pylist() == ["Before it stands this. And after."]


@pytest.mark.parametrize("lines", [20, 200])
def test_long_code_is_found_to_its_end_whatever_its_names(tmp_path: Path, lines: int) -> None:
    folder = benchmark(tmp_path, question="Mix?", answer=code(lines, "values"))
    text = f"Before.\n{code(lines, 'amounts')}\nAfter."
    hits = detector_of(folder, None).hits(pa.array([text], pa.large_string()))
    assert {hit.kind for hit in hits} == {"variables_renamed"}
    assert len(hits) == (1 if lines == 20 else -(-(15 * lines + 8) // MAX_TOKENS))
    assert sum(hit.end - hit.begin for hit in hits) >= 0.99 * len(code(lines, "amounts"))
