"""`python -m pipeline contamination`: what is in the folder afterwards."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.__main__ import main
from pipeline.contamination.items import FieldMap, Item, read_items
from pipeline.contamination.same_items import Shared, shared
from pipeline.corpus.contamination.checking import Check, check
from tests.contamination.made import PAGE, SUMS, folder

FERRY = SUMS[0]["question"]
LEAK = FERRY.upper()


def corpus(where: Path) -> str:
    rows = [
        {"doc_id": "clean", "source": "web", "text": PAGE},
        {"doc_id": "leak", "source": "forum", "text": f"{PAGE}<b>{LEAK}</b>{PAGE}"},
        {"doc_id": "null", "source": "web", "text": None},
    ]
    pq.write_table(pa.Table.from_pylist(rows), where / "one.parquet")
    pq.write_table(pa.Table.from_pylist([{"text": SUMS[1]["question"]}]), where / "two.parquet")
    return str(where / "*.parquet")


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


def test_hits_report_and_clean_items(tmp_path: Path) -> None:
    inputs, output = corpus(tmp_path), tmp_path / "out"
    assert main(["contamination", "--benchmarks", folder(), "--input", inputs, "--output", str(output)]) == 0
    hits = pq.read_table(output / "hits.parquet").to_pylist()
    told = [(hit["item_id"], hit["kind"], hit["doc_id"], hit["source"]) for hit in hits]
    assert told == [("s1", "reformatted", "leak", "forum"), ("s2", "verbatim", "two.parquet#0", None)]
    text = pq.read_table(tmp_path / "one.parquet")["text"][1].as_py().encode()
    assert text[hits[0]["start"] : hits[0]["stop"]].decode() == LEAK
    assert lines(output / "clean" / "sums.jsonl.gz") == []
    assert [row["id"] for row in lines(output / "clean" / "chosen.jsonl.gz")] == ["c1", "c2"]
    assert [row["id"] for row in lines(output / "too_short" / "chosen.jsonl.gz")] == ["c3"]
    summary = json.loads((output / "summary.json").read_text())
    assert (summary["documents"], summary["documents_hit"], summary["hits"]) == (4, 2, 2)
    page = (output / "report.html").read_text()
    assert "&lt;b&gt;<mark>" in page
    assert "<b>A FERRYMAN" not in page
    again = {path: path.read_bytes() for path in output.rglob("*.*")}
    assert main(["contamination", "--benchmarks", folder(), "--input", inputs, "--output", str(output)]) == 0
    assert again == {path: path.read_bytes() for path in output.rglob("*.*")}


def test_the_same_items_under_two_names_are_noticed_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = tmp_path / "benchmarks"
    shutil.copytree(folder(), names)
    other = [{**row, "question": f" {row['question'].upper()}", "answer": "in words of its own"} for row in SUMS]
    (names / "zoo.jsonl").write_text("".join(json.dumps(row) + "\n" for row in other))
    output = tmp_path / "out"
    wanted = ["contamination", "--benchmarks", str(names), "--input", corpus(tmp_path), "--output", str(output)]
    assert main(wanted) == 0
    said = "sums and zoo: 2 of 2 questions are the same"
    told = " ".join(capsys.readouterr().out.split())
    assert told.count(said) == 1 and f"{output}/report.html" in told
    assert json.loads((output / "summary.json").read_text())["shared"] == [
        {"first": "sums", "second": "zoo", "equal": 2, "of": 2}
    ]
    page = (output / "report.html").read_text()
    assert page.count(said) == 1 and "The questions are those of sums" in page
    assert page.count("A ferryman carries") == 1, "examples of the second name are those of the first"


def test_a_collection_that_holds_another_benchmark_and_more_shows_its_examples(tmp_path: Path) -> None:
    names = tmp_path / "benchmarks"
    names.mkdir()
    (names / "first.jsonl").write_text(json.dumps(SUMS[0]) + "\n")
    (names / "whole.jsonl").write_text("".join(json.dumps(row) + "\n" for row in SUMS))
    check(Check(str(names), corpus(tmp_path), str(tmp_path / "out")))
    page = (tmp_path / "out" / "report.html").read_text()
    assert "first and whole: 1 of 1 questions are the same" in page
    assert "The questions are those of" not in page
    assert SUMS[1]["question"][:20] in page, "what it alone asks"


@given(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=8, unique=True), st.integers(0, 8))
def test_sharing_is_counted_of_the_smaller_and_told_from_half_on(questions: list[str], kept: int) -> None:
    ours = [Item("ours", q, f"{q}  what?", "", (), "f", 0) for q in questions]
    part = questions[: min(kept, len(questions))]
    theirs = [Item("theirs", q, f"{q.upper()} What?", q, ("x",), "g", 0) for q in (*part, *"xy")]
    expected = (Shared("ours", "theirs", len(part), min(len(questions), len(part) + 2)),)
    found = shared([*theirs, *ours])
    assert found == (expected if part and 2 * len(part) >= expected[0].of else ())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"--benchmarks": "/nowhere"}, "nowhere"),
        ({"--text": "body"}, "there is no column body"),
        ({"--input": "/tmp/no-such-file.parquet"}, "--input /tmp/no-such-file.parquet does not exist"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, capsys, change: dict[str, str], said: str) -> None:
    given = {"--benchmarks": folder(), "--input": corpus(tmp_path), "--output": str(tmp_path / "out")} | change
    assert main(["contamination", *(word for option in given.items() for word in option)]) == 2
    assert said in "".join(capsys.readouterr())


@pytest.mark.parametrize(
    "column", [[["a"]], [1], [b"\xff What"], [{"a": 1}]], ids=["lists", "numbers", "bytes", "structs"]
)
def test_a_column_that_is_no_text_is_refused(tmp_path: Path, capsys, column: list[object]) -> None:
    pq.write_table(pa.table({"text": column}), tmp_path / "in.parquet")
    given = ["--benchmarks", folder(), "--input", str(tmp_path / "in.parquet"), "--output", str(tmp_path / "out")]
    assert main(["contamination", *given]) == 2
    assert "column text" in "".join(capsys.readouterr())


def test_a_record_without_an_item_could_not_be_looked_for(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    rows = [{"question": FERRY}, {"other": "record"}, {"question": ""}]
    (tmp_path / "own" / "x.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    pq.write_table(pa.table({"text": [PAGE]}), tmp_path / "in.parquet")
    check(Check(str(tmp_path / "own"), str(tmp_path / "in.parquet"), str(tmp_path / "out")))
    assert lines(tmp_path / "out" / "clean" / "x.jsonl.gz") == rows[:1]
    assert lines(tmp_path / "out" / "too_short" / "x.jsonl.gz") == rows[1:]
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["unusable"] == 2


def test_benchmarks_of_like_names_stay_apart_and_those_of_an_earlier_run_go(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    where, out = tmp_path / "own" / "x.jsonl", tmp_path / "out"
    where.write_text("".join(json.dumps({"task": name, "question": FERRY}) + "\n" for name in ("a/b", "a_b", "old")))
    pq.write_table(pa.table({"text": [PAGE]}), tmp_path / "in.parquet")
    asked = Check(str(tmp_path / "own"), str(tmp_path / "in.parquet"), str(out))
    check(asked)
    assert sorted(path.relative_to(out / "clean").as_posix() for path in out.glob("clean/**/*.gz")) == [
        "a/b.jsonl.gz",
        "a_b.jsonl.gz",
        "old.jsonl.gz",
    ]
    (out / "clean" / "mine.jsonl.gz").write_text("mine")
    where.write_text(json.dumps({"task": "new", "question": FERRY}) + "\n")
    check(asked)
    assert sorted(path.name for path in out.glob("clean/**/*") if path.is_file()) == ["mine.jsonl.gz", "new.jsonl.gz"]


@pytest.mark.parametrize("name", ["../../up", "/root", ".", "..", "a//b", "%", ".hidden/x", "a\\..\\b"])
def test_a_benchmark_of_any_name_is_written_below_the_output(tmp_path: Path, name: str) -> None:
    (tmp_path / "own").mkdir()
    rows = [{"task": name, "question": FERRY}, {"task": name}]
    (tmp_path / "own" / "x.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    pq.write_table(pa.table({"text": [PAGE]}), tmp_path / "in.parquet")
    before = set(tmp_path.rglob("*"))
    told = check(Check(str(tmp_path / "own"), str(tmp_path / "in.parquet"), str(tmp_path / "deep" / "out")))
    assert [(one.name, one.items, one.unusable) for one in told.benchmarks] == [(name, 1, 1)]
    made = [path for path in set(tmp_path.rglob("*")) - before if path.is_file()]
    assert all(path.is_relative_to(tmp_path / "deep" / "out") for path in made)
    packed = [lines(path) for path in sorted((tmp_path / "deep" / "out").rglob("*.gz"))]
    assert packed == [rows[:1], rows[1:]]


def test_what_somebody_else_left_in_the_output_is_not_overwritten(tmp_path: Path, capsys) -> None:
    pq.write_table(pa.table({"text": [FERRY]}), tmp_path / "hits.parquet")
    asked = ["--benchmarks", folder(), "--input", str(tmp_path), "--output", str(tmp_path)]
    assert main(["contamination", *asked]) == 2
    assert "no result of this command" in "".join(capsys.readouterr())
    assert pq.read_table(tmp_path / "hits.parquet")["text"].to_pylist() == [FERRY]


@pytest.mark.parametrize("summary", ["[]", "{", '{"benchmarks": {"a": 1}}', '{"benchmarks": [{"name": "../in"}]}'])
def test_a_summary_of_somebody_else_removes_nothing(tmp_path: Path, summary: str) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "summary.json").write_text(summary)
    pq.write_table(pa.table({"text": [FERRY]}), tmp_path / "in.parquet")
    (tmp_path / "out" / "in.jsonl.gz").write_text("mine")
    check(Check(folder(), str(tmp_path / "in.parquet"), str(tmp_path / "out")))
    assert (tmp_path / "out" / "in.jsonl.gz").read_text() == "mine"


def test_ids_may_be_numbers_and_what_is_no_text_is_not_told(tmp_path: Path, capsys) -> None:
    held = {"text": pa.array([FERRY]).dictionary_encode(), "n": [7], "source": [{"a": 1}], "url": [b"x"], "deep": [[1]]}
    pq.write_table(pa.table(held), tmp_path / "in.parquet")
    check(Check(folder(), str(tmp_path / "in.parquet"), str(tmp_path / "out"), id_column="n"))
    (hit,) = pq.read_table(tmp_path / "out" / "hits.parquet").to_pylist()
    assert (hit["doc_id"], hit["source"], hit["url"]) == ("7", None, None)
    given = ["--benchmarks", folder(), "--input", str(tmp_path / "in.parquet"), "--output", str(tmp_path / "out")]
    assert main(["contamination", *given, "--id", "deep"]) == 2
    assert "column deep holds list" in "".join(capsys.readouterr())


def test_a_result_below_the_inputs_is_no_input_of_the_next_run(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": [FERRY]}), tmp_path / "in.parquet")
    for output in (tmp_path, tmp_path / "out"):
        for _ in range(2):
            told = check(Check(folder(), str(tmp_path), str(output)))
            assert (told.files, told.documents) == (1, 1)
        (output / "hits.parquet").unlink()


def test_fields_are_found_by_their_common_names_or_named(tmp_path: Path) -> None:
    rows = [{"question": f"What is the use of thing {n}?\n(A) one\n(B) two {n}\n(C) three"} for n in range(3)]
    (tmp_path / "labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    hub = [{"goal": "Dry a wet boot", "sol1": "with paper", "sol2": "with rain"}]
    (tmp_path / "hub.json").write_text(json.dumps(hub))
    own = {"body": {"ask": "Whence?"}, "picks": {"text": ["a", "b"], "label": ["A", "B"]}}
    pq.write_table(pa.Table.from_pylist([own]), tmp_path / "own.parquet")
    named = {"files": {"own": {"question": ["body.ask"], "choices": ["picks"]}}}
    found = {item.benchmark: item for item in read_items(str(tmp_path), FieldMap.model_validate(named))}
    assert (found["labels"].question, found["labels"].choices) == (
        "What is the use of thing 2?",
        ("one", "two 2", "three"),
    )
    assert (found["hub"].question, found["hub"].choices) == ("Dry a wet boot", ("with paper", "with rain"))
    assert (found["own"].question, found["own"].choices) == ("Whence?", ("a", "b"))


def test_what_a_file_writes_around_its_items_is_no_part_of_them(tmp_path: Path) -> None:
    rows = [
        {"instruction": f"Please answer the question: is stone {n * n} grey?\n\nAnswer format: yes or no"}
        for n in range(30)
    ]
    (tmp_path / "framed.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert [item.question for item in read_items(str(tmp_path), FieldMap())][5] == "25"
