"""`python -m pipeline contamination`: what is in the folder afterwards."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.__main__ import main
from pipeline.contamination.items import FieldMap, read_items
from tests.contamination.made import PAGE, SUMS, folder

LEAK = SUMS[0]["question"].upper()


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


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"--benchmarks": "/nowhere"}, "nowhere"),
        ({"--text": "body"}, "there is no column body"),
        ({"--input": "/tmp/no-such-file.parquet"}, "no-such-file"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, capsys, change: dict[str, str], said: str) -> None:
    given = {"--benchmarks": folder(), "--input": corpus(tmp_path), "--output": str(tmp_path / "out")} | change
    assert main(["contamination", *(word for option in given.items() for word in option)]) == 2
    assert said in "".join(capsys.readouterr())


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
