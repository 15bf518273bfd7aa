"""Parts of texts taken out in a run: what is published is measured anew, what goes has a reason, every cut is shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipeline import funnel
from pipeline.__main__ import main
from pipeline.config import load
from pipeline.rooms.manifest import Manifest
from pipeline.rules import RuleSet
from pipeline.steps import Step

MENU = "Home | News | About us and our work since the year 2019"
CONFIG = """
run: test
sources:
  web: {reader: {kind: text, id_column: id, url_column: url}, inputs: %(folder)s/web.jsonl}
  books: {reader: {kind: text, id_column: id, url_column: url}, inputs: %(folder)s/books.jsonl}
filter:
  - {kind: normalise}
  - {kind: c4_lines, terminal_punctuation: false, min_words: 1}
  - {kind: statistics}
  - {kind: rules, name: size, rules: [{drop: "size:words", when: "word_count < 12"}]}
dedup: %(dedup)s
audit: {one_in: 1, floor: 5}
"""
LINES = "{lines: {sources: [web], min_pages: 5}}"


def story(i: int, words: int = 30) -> str:
    return " ".join(f"story{i}w{k}" for k in range(words)) + "."


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """20 pages under a menu; one is short without it, one is nothing else. Books have the menu, too, as their text."""
    pages = [f"{MENU}\n\n{story(i)}" for i in range(18)] + [f"{MENU}\n\n{story(18, 5)}", f"{MENU} \n\n{MENU}"]
    books = [f"{MENU}\n\n{story(100 + i)}" for i in range(8)]
    for name, texts in (("web", pages), ("books", books)):
        rows = [{"id": f"{name}-{i}", "url": f"http://{name}.example/{i}", "text": t} for i, t in enumerate(texts)]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def run(corpus: Path, dedup: str, data: str = "data", workers: int = 0) -> Path:
    (corpus / "c.yaml").write_text(CONFIG % {"folder": corpus, "dedup": dedup})
    arguments = ["run", "--config", f"{corpus}/c.yaml", "--data", f"{corpus}/{data}", "--workers", str(workers)]
    assert main(arguments) == 0
    return corpus / data


def ask(data: Path, sql: str) -> list[Any]:
    with funnel.connect(str(data)) as connection:
        return connection.execute(sql).fetchall()


def measured_anew(rows: Any, steps: tuple[Step, ...]) -> Any:
    """Published rows with every stage that does not rewrite run over the published text."""
    batch = rows.combine_chunks().to_batches()[0]
    for step in steps:
        if not isinstance(step, RuleSet) and not step.rewrites_text:
            batch = step(batch.drop_columns(step.adds.names))
    return batch


def test_published_columns_equal_a_fresh_measurement_of_the_published_text(corpus: Path) -> None:
    data = run(corpus, LINES)
    _, steps = load(f"{corpus}/c.yaml")
    for path in sorted((data / "40_published").glob("*.parquet")):
        rows = pq.read_table(path)
        anew = measured_anew(rows, steps)
        for name in rows.column_names:
            assert anew.column(name).to_pylist() == rows.column(name).to_pylist(), name


def test_what_is_cut_and_what_goes(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = run(corpus, LINES)
    assert ask(data, "select natural_key, reason from dropped order by 1") == [
        ("web-18", "after_cut:size:words"),
        ("web-19", "after_cut:empty"),
    ]
    published = ask(
        data, "select natural_key, text, cut_line_count, cut_passage_count, cut_bytes from documents order by 1"
    )
    assert [(key, text) for key, text, *_ in published if key.startswith("web")] == sorted(
        (f"web-{i}", story(i)) for i in range(18)
    )
    assert all(MENU in text for key, text, *_ in published if key.startswith("books"))
    assert {tuple(counts) for key, _, *counts in published} == {(1, 0, len(MENU) + 2), (0, 0, 0)}
    cuts = ask(data, "select doc_id, level, removed, start, stop, pages, other from cuts")
    assert len(cuts) == 21 and {row[1:] for row in cuts} >= {("line", True, 0, len(MENU) + 2, 20, None)}
    rows = ask(
        data, "select source, reason, docs_in, text_bytes from funnel where room = '31_duplicates' order by 1, 2"
    )
    assert [row[:3] for row in rows] == [
        ("books", "kept", 8),
        ("web", "after_cut:empty", 1),
        ("web", "after_cut:size:words", 1),
        ("web", "kept", 18),
    ]
    assert rows[-1][3] == sum(len(story(i)) for i in range(18))
    audited = ask(data, "select natural_key, reason, text from audit where room = '31_duplicates' order by 1")
    assert audited == [("web-18", "after_cut:size:words", story(18, 5)), ("web-19", "after_cut:empty", "")]
    capsys.readouterr()
    run(corpus, LINES)
    assert "othing to do" in capsys.readouterr().out


PASSAGES = "{passages: {min_words: 20}, source_priority: [books]}"


@pytest.mark.parametrize("workers", [0, 2])
def test_a_passage_stays_in_the_document_that_survives_first(corpus: Path, workers: int) -> None:
    """A book that a page quotes whole, between words of its own: the page loses it, and is measured anew."""
    quoted = story(100)
    page = {"id": "web-q", "url": "http://web.example/q", "text": f"{story(50, 15)} {quoted}\n\n{story(51, 15)}"}
    with (corpus / "web.jsonl").open("a") as file:
        file.write(json.dumps(page) + "\n")
    data = run(corpus, PASSAGES, workers=workers)
    own = f"{story(50, 15)}\n\n{story(51, 15)}"
    columns = "text, word_count, cut_line_count, cut_passage_count, cut_bytes"
    assert ask(data, f"select {columns} from documents where natural_key = 'web-q'") == [
        (own, 30, 0, 1, len(page["text"]) - len(own))
    ]
    ((level, removed, begin, end, other, other_start),) = ask(
        data, "select level, removed, start, stop, other, other_start from cuts"
    )
    assert (level, removed, page["text"][begin:end].strip()) == ("passage", True, quoted)
    assert ask(data, f"select natural_key, text[{other_start} + 1:] from documents where doc_id = '{other}'") == [
        ("books-0", quoted)
    ]


def manifests(data: Path, room: str) -> dict[str, Manifest]:
    return {path.name: Manifest.from_bytes(path.read_bytes()) for path in (data / room).glob("*.json")}


def test_another_threshold_redoes_only_what_it_reaches(corpus: Path) -> None:
    data = run(corpus, LINES)
    before = {room: manifests(data, room) for room in ("20_filtered", "30_signatures", "31_duplicates")}
    run(corpus, LINES.replace("5", "21"))
    after = {room: manifests(data, room) for room in before}
    assert after["20_filtered"] == before["20_filtered"] and after["30_signatures"] == before["30_signatures"]
    new = {
        name.partition(".")[0].rpartition("-")[0] for name in set(after["31_duplicates"]) - set(before["31_duplicates"])
    }
    assert new == {"lines", "boilerplate", "cuts", "web"}
    assert ask(data, "select count(*) from cuts") == [(0,)]
    run(corpus, "{}")
    assert ask(data, "select count(*) from cuts") == [(0,)]
    assert "cut_bytes" not in [row[0] for row in ask(data, "describe documents")]
