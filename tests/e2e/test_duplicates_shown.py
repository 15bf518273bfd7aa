"""What a run says of its duplicates: weights that undo deduplication, evidence, a document beside its survivor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline import funnel
from pipeline.__main__ import main

FRAME = " ".join(f"word{i}" for i in range(120))
CONFIG = """
run: test
sources:
  one: {reader: {kind: text, id_column: id}, inputs: %s/one.jsonl}
  two: {reader: {kind: text, id_column: id}, inputs: %s/two.jsonl}
filter: [{kind: statistics}]
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> str:
    """12 pages; of each in the other source a longer near copy, and of the first three an exact copy as well."""
    folder = tmp_path_factory.mktemp("shown")
    pages = [FRAME.replace("word", f"page{i}w") for i in range(12)]
    texts = {"one": pages, "two": [f"{page} and more" for page in pages] + [f"{page}\n" for page in pages[:3]]}
    for name, held in texts.items():
        lines = [json.dumps({"id": f"{name}-{i}", "text": text}) + "\n" for i, text in enumerate(held)]
        (folder / f"{name}.jsonl").write_text("".join(lines))
    (folder / "c.yaml").write_text(CONFIG % (folder, folder))
    assert main(["run", "--config", f"{folder}/c.yaml", "--data", f"{folder}/data", "--workers", "0"]) == 0
    return f"{folder}/data"


def ask(data: str, sql: str) -> list[tuple[Any, ...]]:
    with funnel.connect(data, asked=sql) as connection:
        return connection.execute(sql).fetchall()


def test_published_rows_stand_for_all_that_came(data: str) -> None:
    sizes = "select cluster_size, stands_for, count(*) from documents group by all order by all"
    assert ask(data, sizes) == [(2, 2, 9), (3, 3, 3)]
    came = ask(data, "select sum(docs_in) from funnel where room = '31_duplicates'")
    assert ask(data, "select sum(stands_for) from documents") == came == [(27,)]


def test_every_near_duplicate_has_its_edge(data: str) -> None:
    gone = "select doc_id, survivor, similarity from duplicates where reason = 'dedup:near'"
    edges = {(worse, better): row for better, worse, *row in ask(data, "select * from evidence")}
    near = ask(data, gone)
    with_edge = [row for row in near if row[:2] in edges]
    assert len(near) == 15 and len(with_edge) == 12, "a copy goes with the text that it equals"
    for doc_id, survivor, similarity in with_edge:
        shared, either, exact, estimate, sample = edges[doc_id, survivor]
        assert exact == similarity == shared * 10_000 // either and abs(estimate - exact) < 500 and len(sample) == 3


def test_a_removed_document_is_shown_beside_its_survivor(data: str, capsys: pytest.CaptureFixture[str]) -> None:
    gone = "select doc_id, survivor, similarity from duplicates where reason = 'dedup:near' order by 1"
    doc_id, survivor, similarity = ask(data, gone)[0]
    assert main(["trace", "--data", data, doc_id]) == 0
    said = " ".join(capsys.readouterr().out.split())
    like = f"similarity {similarity / 10000:.4f}"
    assert said.startswith(f"{doc_id}: dropped in 31_duplicates by dedup:near; {survivor} stands for it, {like}")
    assert said.count("word_count") == said.count("alphabetic_word_count") + 1 == 2, (
        "what was measured stands there once"
    )
    assert "hash_count" not in said and "that are 0 or no: --all" in said
    assert main(["trace", "--data", data, "--all", doc_id]) == 0
    assert "hash_count" in capsys.readouterr().out
    assert main(["trace", "--data", data, survivor]) == 0
    (others,) = ask(data, f"select stands_for - 1 from documents where doc_id = '{survivor}'")[0]
    assert f"; it stands for {others} other" in capsys.readouterr().out
    assert "116 of 118 shingles are in both: similarity 0.9830" in said
    assert "in both, for instance: “page" in said
    page = (Path(data) / "61_reports" / "funnel.html").read_text()
    assert "shingles are in both" in page and "<q" in page
