"""`python -m pipeline dedup` over a user's own tables: the result, what is refused, kills and workers."""

from __future__ import annotations

import gzip
import hashlib
import json
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.__main__ import main
from pipeline.sources.text import jsonl as text_jsonl
from pipeline.sources.text import parquet as text_parquet
from tests.e2e import drive

WORDS = [f"w{i:03}" for i in range(130)]
LONG = " ".join(WORDS)
ROWS: list[tuple[Any, Any]] = [
    ("a", LONG),
    ("b", LONG + "  "),
    ("c/ü", LONG + " more"),
    (4, "another text of its own"),
    ("e", None),
    ("f", "short"),
]


def parquet(path: Path, rows: Sequence[tuple[Any, Any]], id_: str = "key", text: str = "body") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = {id_: [str(row[0]) for row in rows], text: pa.array([row[1] for row in rows], pa.string())}
    pq.write_table(pa.table(columns | {"noise": [1] * len(rows)}), path)


def jsonl(path: Path, rows: Sequence[tuple[Any, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(json.dumps({"key": key, "body": body}) + "\n" for key, body in rows).encode()
    path.write_bytes(gzip.compress(lines, mtime=0) if path.name.endswith(".gz") else lines)


def dedup(folder: Path, *extra: str, inputs: str = "in", output: str = "out") -> int:
    named = ["--input", f"{folder}/{inputs}", "--output", f"{folder}/{output}", "--text", "body", "--workers", "0"]
    return main(["dedup", *named, *extra])


def rows_of(folder: Path, name: str, output: str = "out") -> list[dict[str, Any]]:
    return pq.read_table(folder / output / f"{name}.parquet").to_pylist()


def test_what_goes_and_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parquet(tmp_path / "in" / "one.parquet", ROWS[:3])
    jsonl(tmp_path / "in" / "more" / "two.jsonl.gz", ROWS[3:])
    assert dedup(tmp_path, "--id", "key") == 0
    similar = {"similarity": 0.9921, "level": "near", "cluster_size": 3, "file": "one.parquet"}
    assert rows_of(tmp_path, "duplicates") == [
        {"doc_id": "a", "survivor_id": "c/ü", **similar, "row": 0},
        {"doc_id": "b", "survivor_id": "c/ü", **similar, "row": 1},
    ]
    (evidence,) = rows_of(tmp_path, "evidence")
    counted = {"shared": 126, "either": 127, "similarity": 0.9921}
    assert {name: evidence[name] for name in ("better_id", "worse_id", *counted)} == {
        "better_id": "c/ü",
        "worse_id": "b",
        **counted,
    }
    assert evidence["estimate"] == pytest.approx(0.9921, abs=0.05)
    assert len(evidence["passages"]) == 3 and all(
        text in LONG and len(text.split()) == 5 for text in evidence["passages"]
    )
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    counted = ("documents", "exact", "near", "clusters", "documents_in_clusters", "left_out")
    assert [summary[name] for name in counted] == [5, 0, 2, 1, 3, {"text:no_text_field": 1}]
    (largest,) = summary["largest_clusters"]
    assert (largest["survivor_id"], largest["removed_ids"], largest["size"]) == ("c/ü", ["a", "b"], 3)
    assert LONG.startswith(largest["text"]) and len(largest["text"]) == 80
    assert "share gone" in capsys.readouterr().out


def test_equal_texts_are_exact_and_ids_may_be_left_out(tmp_path: Path) -> None:
    for name in ("x", "y"):  # two equal files: what has no id is told apart by its place
        jsonl(tmp_path / "in" / f"{name}.jsonl", [(None, "one text"), (None, f"of {name} alone")])
    assert dedup(tmp_path) == 0
    (row,) = rows_of(tmp_path, "duplicates")
    gone, stays = sorted(["x.jsonl#0", "y.jsonl#0"], key=lambda name: name == row["survivor_id"])
    assert (row["doc_id"], row["survivor_id"], row["level"], row["similarity"]) == (gone, stays, "exact", 1.0)
    assert rows_of(tmp_path, "evidence") == []


def test_of_one_address_one_row_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pages = [
        ("http://a.example/x?utm_source=y", "of an older crawl"),
        ("http://a.example/x", "of the newest crawl"),
        ("http://a.example/y", "of another page"),
        (None, "of no page"),
        (None, "of none, too"),
    ]
    parquet(tmp_path / "in" / "one.parquet", pages, id_="link")
    assert dedup(tmp_path, "--url", "link") == 0
    (row,) = rows_of(tmp_path, "duplicates")
    names = ("doc_id", "survivor_id", "similarity", "level", "cluster_size")
    assert [row[name] for name in names] == ["one.parquet#0", "one.parquet#1", None, "url", 2]
    assert rows_of(tmp_path, "evidence") == []
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert [summary[name] for name in ("exact", "url", "near")] == [0, 1, 0]
    assert "gone, url" in capsys.readouterr().out
    assert dedup(tmp_path) == 0
    assert rows_of(tmp_path, "duplicates") == []


def test_what_to_cut_is_named_in_bytes_of_the_users_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    menu = "Über uns | Menü"
    pages = [(f"http://a.example/{i}", f"{menu}\n\nstory {i}") for i in range(10)] + [(None, f"{menu}\n\nno page")]
    parquet(tmp_path / "in" / "one.parquet", pages, id_="link")
    (tmp_path / "s.yaml").write_text("lines: {}\nmin_jaccard: 1.0\n")
    assert dedup(tmp_path, "--url", "link", "--config", f"{tmp_path}/s.yaml") == 0
    cuts = rows_of(tmp_path, "cuts")
    assert [(row["doc_id"], row["row"]) for row in cuts] == [(f"one.parquet#{i}", i) for i in range(10)]
    assert {(row["level"], row["pages"], row["other_id"], row["file"]) for row in cuts} == {
        ("line", 10, None, "one.parquet")
    }
    left = pages[3][1].encode()
    assert (left[: cuts[3]["start"]] + left[cuts[3]["stop"] :]).decode() == "story 3"
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["cuts"] == 10
    assert "spans to cut" in capsys.readouterr().out
    assert dedup(tmp_path, "--url", "link") == 0
    assert not (tmp_path / "out" / "cuts.parquet").exists()


def test_passages_name_the_document_that_keeps_them(tmp_path: Path) -> None:
    quoted = " ".join(WORDS[:60])
    rows = [("page", f"Über: {quoted} and more"), ("book", f"{' '.join(f'own{i}' for i in range(90))}. {quoted}")]
    parquet(tmp_path / "in" / "one.parquet", rows)
    (tmp_path / "s.yaml").write_text("passages: {policy: mark}\n")
    assert dedup(tmp_path, "--id", "key", "--config", f"{tmp_path}/s.yaml") == 0
    (row,) = rows_of(tmp_path, "cuts")
    assert (row["doc_id"], row["other_id"], row["level"], row["pages"]) == ("page", "book", "passage", None)
    assert rows[0][1].encode()[row["start"] : row["stop"]].decode().strip() == quoted
    assert rows[1][1].encode()[row["other_start"] :].decode() == quoted


def test_bytes_that_two_spans_hold_are_counted_once(tmp_path: Path) -> None:
    """What stands in two other texts goes as two spans: they share the words that stand in both."""
    others = [" ".join(f"{name}{i}" for i in range(300)) for name in ("own", "other")]
    both = [f"{others[0]} {' '.join(WORDS[:100])}", f"{others[1]} {' '.join(WORDS[40:])}"]
    parquet(tmp_path / "in" / "one.parquet", [("a", both[0]), ("b", both[1]), ("c", LONG)])
    (tmp_path / "s.yaml").write_text("passages: {}\n")
    assert dedup(tmp_path, "--id", "key", "--config", f"{tmp_path}/s.yaml") == 0
    spans = [(row["doc_id"], row["start"], row["stop"]) for row in rows_of(tmp_path, "cuts")]
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    covered = {(key, byte) for key, start, stop in spans for byte in range(start, stop)}
    assert (summary["cuts"], summary["cut_bytes"]) == (len(spans), len(covered))
    assert len(covered) < sum(stop - start for _, start, stop in spans)


def test_nothing_goes_from_rows_without_duplicates(tmp_path: Path) -> None:
    parquet(tmp_path / "in" / "one.parquet", ROWS[3:])
    assert dedup(tmp_path, inputs="in/*.parquet") == 0
    assert rows_of(tmp_path, "duplicates") == []


def test_settings_come_from_a_file_and_a_change_redoes_what_it_reaches(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parquet(tmp_path / "in" / "one.parquet", ROWS)
    assert dedup(tmp_path) == 0
    signed = sorted((tmp_path / "out" / "work" / "30_signatures").iterdir())
    (tmp_path / "strict.yaml").write_text("min_jaccard: 1.0\n")
    assert dedup(tmp_path, "--config", f"{tmp_path}/strict.yaml") == 0
    assert sorted((tmp_path / "out" / "work" / "30_signatures").iterdir()) == signed
    assert [row["level"] for row in rows_of(tmp_path, "duplicates")] == ["exact"]
    capsys.readouterr()
    assert dedup(tmp_path, "--config", f"{tmp_path}/strict.yaml") == 0
    assert "Nothing to do" in capsys.readouterr().out


REFUSED = [
    ("no such column", ["--id", "kee"], "", "one.parquet: there is no column kee; give --id one of: body, endless"),
    ("nor for texts", ["--text", "content"], "", "there is no column content; give --text one of: body, endless"),
    ("a repeated id", ["--id", "body"], "", "the same is the id of one.parquet row 0 and of one.parquet row 1"),
    ("ids that are no ids", ["--id", "share"], "", "column share is double; ids are texts, integers or binary"),
    ("texts that are no texts", ["--text", "share"], "", "one.parquet: column share is double; texts are strings"),
    ("nor lists of them", ["--text", "lines"], "", "column lines is list<element: string>; texts are strings"),
    ("addresses that are none", ["--url", "noise"], "", "column noise is int64; addresses are strings"),
    ("ids of some rows", ["--id", "some"], "", "--id some: 1 rows with a text have no id there"),
    ("an endless id", ["--id", "endless"], "", "2 rows with a text have no id there"),
    ("no such key", [], "min_jacard: 0.7", "min_jacard"),
    ("nor for addresses", ["--url", "link"], "", "there is no column link; give --url one of: body, endless"),
    ("sources of addresses", [], "url_sources: [web]", "url_sources: all documents are of one source here; give --url"),
    ("lines of no site", [], "lines: {}", "lines: they are compared within a site; give --url COLUMN"),
    ("passages of sources", [], "passages: {sources: [web]}", "passages.sources: all documents are of one source here"),
    ("lines of sources", [], "lines: {sources: [web]}", "lines.sources: all documents are of one source here"),
    ("a source", [], "source_priority: [web]", "source_priority: all documents are of one source here"),
    ("a scope", [], "scope: per_snapshot", "scope: all documents given are compared here"),
    ("a column", [], "quality_column: score_x", "score_x: only ids and texts are read here"),
    ("a column of documents", [], "work_column: url", "url: only ids and texts are read here"),
]


@pytest.mark.parametrize(("extra", "settings", "said"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED])
def test_what_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], extra: list[str], settings: str, said: str
) -> None:
    columns = {"key": ["1", "2"], "body": ["the same", "the same"], "noise": [1, 1], "share": [0.5, 1.5]}
    columns |= {"some": ["1", None], "endless": ["k" * 1025, "l" * 1025], "lines": [["a"], []]}
    (tmp_path / "in").mkdir()
    pq.write_table(pa.table(columns), tmp_path / "in" / "one.parquet")
    (tmp_path / "s.yaml").write_text(settings or "{}")
    assert dedup(tmp_path, *extra, "--config", f"{tmp_path}/s.yaml") == 2
    assert said in " ".join(capsys.readouterr().err.split())


def test_columns_within_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of Parquet and of lines as Dolma calls them; one that is not there is told."""
    rows = [{"meta": {"key": key, "url": None}, "body": body} for key, body in (("a", LONG), ("b", LONG + " more"))]
    (tmp_path / "in").mkdir()
    pq.write_table(pa.Table.from_pylist(rows[:1]), tmp_path / "in" / "one.parquet")
    (tmp_path / "in" / "two.json.gz").write_bytes(gzip.compress(json.dumps(rows[1]).encode(), mtime=0))
    assert dedup(tmp_path, "--id", "meta.key") == 0
    assert [(row["doc_id"], row["survivor_id"], row["file"]) for row in rows_of(tmp_path, "duplicates")] == [
        ("a", "b", "one.parquet")
    ]
    assert dedup(tmp_path, "--id", "meta.kee", output="other") == 2
    assert "there is no column meta.kee; give --id one of: body, meta" in " ".join(capsys.readouterr().err.split())


def test_a_name_that_two_columns_have_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in").mkdir()
    table = pa.Table.from_arrays([pa.array(["a"])] * 3, names=["key", "body", "body"])
    pq.write_table(table, tmp_path / "in" / "one.parquet")
    assert dedup(tmp_path) == 2
    assert "there are 2 columns body; give --text one of: key" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(("inputs", "output"), [("in", "in/out"), ("in/**/*.parquet", "in/out"), ("in", "in/a/b")])
def test_a_result_among_the_inputs_is_refused_before_any_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], inputs: str, output: str
) -> None:
    parquet(tmp_path / "in" / "one.parquet", ROWS)
    assert dedup(tmp_path, inputs=inputs, output=output) == 2
    assert "give a folder beside the inputs" in " ".join(capsys.readouterr().err.split())
    assert [path.name for path in (tmp_path / "in").iterdir()] == ["one.parquet"]
    for _ in range(2):
        assert dedup(tmp_path, inputs="in/*.parquet", output=output) == 0


def test_a_file_of_a_list_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parquet(tmp_path / "in" / "one.parquet", ROWS)
    (tmp_path / "in" / "all.paths").write_text("one.parquet\ntwo.parquet\n")
    assert dedup(tmp_path, inputs="in/all.paths") == 2
    assert f"--input: {tmp_path}/in/two.parquet is named and is not there" in " ".join(capsys.readouterr().err.split())


def test_a_field_that_comes_late_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [json.dumps({"body": f"text {i}"} | ({"link": "http://a.example/"} if i > 120 else {})) for i in range(123)]
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "one.jsonl").write_text("\n".join(rows))
    assert dedup(tmp_path, "--url", "link") == 0
    assert [row["level"] for row in rows_of(tmp_path, "duplicates")] == ["url"]
    assert dedup(tmp_path, "--url", "lnik") == 2
    assert "there is no column lnik; give --url one of: body" in " ".join(capsys.readouterr().err.split())


def test_an_id_in_two_files_is_refused_with_both_places(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    parquet(tmp_path / "in" / "one.parquet", [("1", "a text"), ("2", "another")])
    parquet(tmp_path / "in" / "two.parquet", [("3", "a third"), ("2", "and one more")])
    assert dedup(tmp_path, "--id", "key") == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "2 is the id of one.parquet row 1 and of two.parquet row 1" in said and "leave --id out" in said
    assert not (tmp_path / "out" / "duplicates.parquet").exists()


@pytest.mark.parametrize("key", ["1.5", '"' + "k" * 1025 + '"', "null"])
def test_a_row_of_json_that_ids_cannot_name_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], key: str
) -> None:
    (tmp_path / "in").mkdir()
    lines = ['{"key": 7, "body": "a text"}', f'{{"key": {key}, "body": "another"}}', f'{{"key": {key}}}']
    (tmp_path / "in" / "one.jsonl").write_text("\n".join(lines))
    assert dedup(tmp_path, "--id", "key") == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "--id key: 1 rows with a text have no id there" in said and "one.jsonl row 1" in said
    assert dedup(tmp_path) == 0


def test_uuids_are_named_by_their_digits(tmp_path: Path) -> None:
    ids = [uuid.uuid5(uuid.NAMESPACE_DNS, str(n)) for n in range(3)]
    (tmp_path / "in").mkdir()
    column = pa.ExtensionArray.from_storage(pa.uuid(), pa.array([one.bytes for one in ids], pa.binary(16)))
    pq.write_table(pa.table({"key": column, "body": ["a text", "a text", "b"]}), tmp_path / "in" / "one.parquet")
    assert dedup(tmp_path, "--id", "key") == 0
    (row,) = rows_of(tmp_path, "duplicates")
    assert {row["doc_id"], row["survivor_id"]} == {ids[0].hex, ids[1].hex}
    left = duckdb.sql(f"""
        select count(*) from '{tmp_path}/in/one.parquet' as p
        anti join '{tmp_path}/out/duplicates.parquet' as d on p.key = d.doc_id
    """)
    assert left.fetchall() == [(2,)]


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_a_large_file_is_read_in_pieces_that_decide_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    rows = [(f"id-{i}", " ".join(WORDS[i % 7 : 90 + i % 11]) + f" {i // 5}") for i in range(60)]
    if suffix == "jsonl":
        jsonl(tmp_path / "in" / "one.jsonl", rows)
    else:
        (tmp_path / "in").mkdir()
        table = pa.table({"key": [row[0] for row in rows], "body": [row[1] for row in rows]})
        pq.write_table(table, tmp_path / "in" / "one.parquet", row_group_size=7)
    assert dedup(tmp_path, output="whole") == 0 and dedup(tmp_path, "--id", "key", output="whole-ids") == 0
    for module in (text_jsonl, text_parquet):
        monkeypatch.setattr(module, "PIECE_BYTES", 2_000)
    assert dedup(tmp_path, output="cut") == 0 and dedup(tmp_path, "--id", "key", output="cut-ids") == 0
    for name in ("", "-ids"):
        assert len(list((tmp_path / f"cut{name}" / "work" / "10_extracted").glob("*.json"))) > 3
        for table_name in ("duplicates", "evidence"):
            assert rows_of(tmp_path, table_name, f"cut{name}") == rows_of(tmp_path, table_name, f"whole{name}")
    for committed in sorted((tmp_path / "cut" / "work" / "10_extracted").glob("*.json"))[1::2]:
        committed.unlink()  # as after a kill: what is missing is made again, to the byte
    before = digests(tmp_path / "cut")
    (tmp_path / "cut" / "summary.json").unlink()
    assert dedup(tmp_path, output="cut") == 0
    assert digests(tmp_path / "cut") == before


@pytest.mark.parametrize("inputs", ["none", "in/*.csv", "in"])
def test_no_input_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], inputs: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "notes.txt").write_text("no table")
    assert dedup(tmp_path, inputs=inputs) == 2
    assert "--input" in capsys.readouterr().err


def digests(folder: Path) -> list[str]:
    names = ("duplicates.parquet", "evidence.parquet", "summary.json")
    return [hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names]


@pytest.mark.cluster
def test_killed_resumed_and_with_workers_it_is_the_same(tmp_path: Path) -> None:
    texts = [" ".join(WORDS[i % 7 : 90 + i % 11]) + f" {i // 5}" for i in range(240)]
    for part in range(6):
        rows = [(f"{part}-{i}", text) for i, text in enumerate(texts[part * 40 : part * 40 + 40])]
        jsonl(tmp_path / "in" / f"{part}.jsonl", rows)
    assert dedup(tmp_path, "--id", "key", output="undisturbed") == 0
    assert len(rows_of(tmp_path, "duplicates", "undisturbed")) > 100
    command = [sys.executable, "-m", "pipeline", "dedup", "--input", f"{tmp_path}/in/*.jsonl", "--id", "key"]
    command += ["--text", "body", "--output", f"{tmp_path}/killed"]
    work = tmp_path / "killed" / "work"
    with drive.started([*command, "--workers", "0"], tmp_path / "log") as process:
        drive.wait_for(lambda: drive.committed(work, "30_signatures") > 0, process)
        process.kill()
        process.wait()
    assert not (tmp_path / "killed" / "summary.json").exists()
    with drive.started([*command, "--workers", "2"], tmp_path / "log") as process:
        assert process.wait(timeout=300) == 0, (tmp_path / "log").read_text()
    assert digests(tmp_path / "killed") == digests(tmp_path / "undisturbed")
