"""Reading labelled sources: every format the same documents; the order of files does not matter; faults are named."""

from __future__ import annotations

import csv
import gzip
import json
import tempfile
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.labelled import inputs
from classifiers.labelled.inputs import read
from classifiers.models import fasttext_training
from classifiers.models.fasttext_model import FastTextModel
from classifiers.models.manner import manner_of
from classifiers.settings import LabelledSource
from tests.classifiers import made

ROWS = [
    {"text": "The river rose.", "meta": {"topic": "two words"}, "url": "https://a.example.org/1"},
    {"text": "Bread was good,\nthat year.", "meta": {"topic": "food"}, "url": "https://b.example.net/2"},
    {"text": "  ", "meta": {"topic": "none"}, "url": None},
]

PARQUET_SINK = pa.BufferOutputStream()
pq.write_table(pa.table({"text": ["a"], "b": ["c"]}), PARQUET_SINK)
PARQUET = PARQUET_SINK.getvalue().to_pybytes()
PACKED = gzip.compress(b'{"text": "a"}\n', mtime=0)


def source(path: Path | str, **more: object) -> LabelledSource:
    return LabelledSource.model_validate({"name": "s", "label": "positive", "input": str(path), **more})


def write_all(folder: Path) -> dict[str, LabelledSource]:
    """The same documents in every format."""
    lines = "".join(json.dumps(row) + "\n" for row in ROWS)
    (folder / "a.jsonl").write_text(lines)
    (folder / "a.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    pq.write_table(pa.Table.from_pylist(ROWS), folder / "a.parquet")
    with (folder / "a.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([["text"], *([row["text"]] for row in ROWS)])
    with gzip.open(folder / "b.csv.gz", "wt", newline="") as stream:
        csv.writer(stream).writerows([[number, row["text"]] for number, row in enumerate(ROWS)])
    texts = folder / "texts" / "deep"
    texts.mkdir(parents=True)
    for number, row in enumerate(ROWS):
        (texts / f"{number}.txt").write_text(str(row["text"]))
    names = {name: source(folder / name) for name in ("a.jsonl", "a.jsonl.gz", "a.parquet", "a.csv", "texts")}
    return names | {
        "b.csv.gz": source(folder / "b.csv.gz", columns=["number", "text"]),
        "glob": source(folder / "**" / "*.txt"),
    }


def test_every_format_gives_the_same_documents(tmp_path: Path) -> None:
    for name, one in write_all(tmp_path).items():
        found = read(one)
        assert sorted(document.line for document in found.documents) == [
            "bread was good, that year.",
            "the river rose.",
        ]
        assert (found.blank, found.not_taken) == (1, 0), name


def test_columns_labels_sites_and_rows_that_are_chosen(tmp_path: Path) -> None:
    path = write_all(tmp_path)["a.jsonl"].input
    by_column = LabelledSource(name="s", input=path, label_column="meta.topic", site="url")
    found = {document.label: document.site for document in read(by_column).documents}
    assert found == {"two_words": "example.org", "food": "example.net"}
    chosen = read(source(path, where={"meta.topic": "food"})).documents
    assert [document.line for document in chosen] == ["bread was good, that year."]
    folders = read(LabelledSource(name="s", input=str(tmp_path / "texts"), label_column="folder")).documents
    assert {document.label for document in folders} == {"deep"}


def test_columns_that_nobody_asks_for_are_not_read(tmp_path: Path) -> None:
    table = pa.Table.from_pylist(ROWS)
    beyond = pa.array([2**50] * len(ROWS), pa.timestamp("s"))  # a time that Python cannot hold
    pq.write_table(table.append_column("when", beyond), tmp_path / "a.parquet")
    one = LabelledSource(name="s", input=str(tmp_path / "a.parquet"), label_column="meta.topic", site="url")
    assert {(found.label, found.site) for found in read(one).documents} == {
        ("two_words", "example.org"),
        ("food", "example.net"),
    }


def test_a_manner_is_measured_where_a_task_needs_it(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Furthermore, it rained.")
    [without], [with_] = (read(source(tmp_path / "a.txt"), manner).documents for manner in (False, True))
    assert (without.manner, with_.manner) == ((), manner_of(b"Furthermore, it rained."))
    assert without == replace(with_, manner=())


def test_bytes_are_read_as_utf8(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": [b"na\xc3\xafve w\xff", b""], "n": [1984, 1]}), tmp_path / "a.parquet")
    found = read(source(tmp_path / "a.parquet", site="n"))
    assert [(one.line, one.site) for one in found.documents] == [("na\u00efve w\ufffd", "1984")]
    assert found.blank == 1


def test_half_of_a_surrogate_pair_is_a_question_mark(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(r'{"text": "a \ud800", "url": "x\ud800", "topic": "\udc00"}')
    found = read(LabelledSource(name="s", input=str(tmp_path / "a.jsonl"), label_column="topic", site="url"))
    assert [(one.line, one.site, one.label) for one in found.documents] == [("a ?", "x?", "?")]


def test_a_label_is_one_word_to_fasttext(tmp_path: Path) -> None:
    labels = [" two words ", "a\0b", "\0", "x" * 100, "__label__y", "</s>"]
    lines = [json.dumps({"text": f"text {number}", "topic": label}) for number, label in enumerate(labels)]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    found = read(LabelledSource(name="s", input=str(tmp_path / "a.jsonl"), label_column="topic"))
    names = {document.label for document in found.documents}
    assert names == {"two_words", "a_b", "x" * 100, "__label__y", "</s>"} and found.blank == 1
    words = [(document.label, document.line) for document in found.documents]
    fasttext_training.train(words * 10, made.SMALL, 0, tmp_path / "model.bin")
    assert set(FastTextModel(tmp_path / "model.bin").labels) == names


def test_a_limit_draws_the_same_documents_in_any_order(tmp_path: Path) -> None:
    lines = [json.dumps({"text": f"text number {chr(97 + n // 10)}{chr(97 + n % 10)}"}) for n in range(100)]
    drawn = []
    for name, order in (("forth", lines), ("back", lines[::-1] + lines[:5])):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(order))
        drawn.append(read(source(tmp_path / f"{name}.jsonl", limit=10)))
    assert drawn[0].documents == drawn[1].documents
    assert [len(one.documents) for one in drawn] == [10, 10]
    assert [one.not_taken for one in drawn] == [90, 95]
    assert [one.key for one in drawn[0].documents] == sorted(one.key for one in drawn[0].documents)


@given(
    st.lists(st.tuples(st.sampled_from(["", *"abcdef"]), st.sampled_from("xy"), st.sampled_from(["u", "v", None]))),
    st.integers(1, 4),
    st.randoms(use_true_random=False),
)
def test_all_that_is_found_is_the_same_in_any_order(
    rows: list[tuple[str, str, str | None]], limit: int, random: Random
) -> None:
    rows = [("g", "x", None), *rows]
    found = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.jsonl"
        for order in (rows, random.sample(rows, len(rows))):
            path.write_text("".join(json.dumps({"text": a, "label": b, "site": c}) + "\n" for a, b, c in order))
            found.append(
                read(LabelledSource(name="s", input=str(path), label_column="label", site="site", limit=limit))
            )
    assert found[0] == found[1]
    assert found[0].blank + found[0].not_taken + len(found[0].documents) == len(rows)


def test_only_what_is_taken_is_prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = []
    monkeypatch.setattr(inputs, "prepare", lambda utf8: prepared.append(utf8) or "")
    keys = {text: blake2b(text.encode(), digest_size=16).digest() for text in "abcdefgh"}
    ascending = sorted(keys, key=lambda text: keys[text])
    (tmp_path / "a.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in ascending * 2))
    assert [one.key for one in read(source(tmp_path / "a.jsonl", limit=3)).documents] == sorted(keys.values())[:3]
    assert prepared == [text.encode() for text in ascending[:3]]


@pytest.mark.parametrize(
    ("name", "content", "more", "complaint"),
    [
        ("x.jsonl", b'{"text": "a"}\n{', {}, r"x\.jsonl, line 2: not JSON"),
        ("x.jsonl", b"[" * 100_000, {}, r"x\.jsonl, line 1: not JSON: maximum recursion"),
        ("x.jsonl", b"[1]", {}, r"x\.jsonl, line 1: a line must be a JSON object"),
        ("x.jsonl", b'{"body": "a"}', {}, r"sources\.s\.text: no column text in .*x\.jsonl, row 1; there are body"),
        ("x.jsonl", b'{"text": "a"}', {"site": "a.b"}, r"sources\.s\.site: no column a\.b"),
        ("x.jsonl", b'{"text": "a"}', {"where": {"text": "b"}}, r"has no document with a text where"),
        ("x.jsonl", b"", {}, r"has no document with a text"),
        ("x.parquet", PARQUET, {"site": "c.d"}, r"sources\.s\.site: no column c\.d in .*, row 1; there are text, b$"),
        ("x.parquet", b"PAR", {}, r"x\.parquet: not Parquet"),
        ("x.jsonl.gz", PACKED[:-9], {}, r"x\.jsonl\.gz: not gzip, or cut short: Compressed file ended"),
        ("x.jsonl.gz", PACKED[:10] + b"\xff" * 20, {}, r"x\.jsonl\.gz: not gzip, or cut short: Error -3"),
        ("x.csv.gz", b"text\na", {}, r"x\.csv\.gz: not gzip, or cut short: Not a gzipped file"),
        ("x.txt.gz", b"", {}, r"has no document with a text"),
        ("x.jsonl", b'{"text": ["a"]}', {}, r"sources\.s\.text: text in .*x\.jsonl, row 1 is not text"),
        ("x.jsonl", b'{"text": {"a": "b"}}', {}, r"sources\.s\.text: text in .*x\.jsonl, row 1 is not text"),
        ("x.jsonl", b'{"text": "a", "b": []}', {"site": "b"}, r"sources\.s\.site: b in .*x\.jsonl, row 1 is not text"),
        (
            "x.jsonl",
            json.dumps({"text": "a", "b": "x" * 101}).encode(),
            {"label": None, "label_column": "b"},
            r"sources\.s\.label_column: b in .*x\.jsonl, row 1 is no label: it has 101 characters",
        ),
        ("x.docx", b"", {}, r"sources\.s\.input: .*x\.docx is none of \.txt"),
    ],
)
def test_what_is_wrong_is_named(
    tmp_path: Path, name: str, content: bytes, more: dict[str, object], complaint: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=complaint):
        read(source(tmp_path / name, **more))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"sources\.s\.input: no file is called"):
        read(source(tmp_path / "none-*.parquet"))
