"""The alarm before publishing: a templated source stops the run, is shown, and may be allowed."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from pipeline.__main__ import main
from tests.e2e import drive

FRAME = " ".join(f"word{i}" for i in range(120))
CONFIG = """
run: test
sources:
  shop: {reader: {kind: text, id_column: id}, inputs: %s/shop.jsonl}
  essays: {reader: {kind: text, id_column: id}, inputs: %s/essays.jsonl}
filter: []
wipe_out: %s
"""


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """48 pages of 12 templates, of which 36 go, and 40 essays, of which none does."""
    shop = [f"template {i % 12} {FRAME.replace('word', f'frame{i % 12}w')} costs {i}" for i in range(48)]
    essays = [FRAME.replace("word", f"essay{i}w") for i in range(40)]
    for name, texts in (("shop", shop), ("essays", essays)):
        lines = [json.dumps({"id": f"{name}-{i}", "text": text}) + "\n" for i, text in enumerate(texts)]
        (tmp_path / f"{name}.jsonl").write_text("".join(lines))
    return tmp_path


def run(corpus: Path, wipe_out: str) -> int:
    (corpus / "c.yaml").write_text(CONFIG % (corpus, corpus, wipe_out))
    return main(["run", "--config", f"{corpus}/c.yaml", "--data", f"{corpus}/data", "--workers", "0"])


STOPS = [
    ("more than the share", "{max_share: 0.74, min_documents: 48}", True),
    ("no more than the share", "{max_share: 0.75, min_documents: 48}", False),
    ("a smaller source", "{max_share: 0.1, min_documents: 49}", False),
    ("the defaults", "{}", False),
    ("the default share", "{min_documents: 1}", False),
    ("a share of its own", "{max_share: 0.1, max_share_of: {shop: 0.75}, min_documents: 1}", False),
    ("a smaller one of its own", "{max_share_of: {shop: 0.5}, min_documents: 1}", True),
]


@pytest.mark.parametrize(("settings", "stops"), [row[1:] for row in STOPS], ids=[row[0] for row in STOPS])
def test_which_source_stops_the_run(corpus: Path, settings: str, stops: bool) -> None:
    assert run(corpus, settings) == (2 if stops else 0)
    assert drive.committed(corpus / "data", "40_published") == (0 if stops else 2)


def test_the_alarm_shows_clusters_and_the_way_on(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(corpus, "{min_documents: 10, max_share: 0.5}") == 2
    said = capsys.readouterr().err
    assert "source shop: 36 of 48 documents (75.0%)" in said and "source essays" not in said
    assert said.count("3 gone") == 10, "the ten largest clusters"
    assert said.count("template ") >= 10 and "max_share_of: {shop: 1.0}" in said
    assert main(["query", "--data", f"{corpus}/data", "select 'n=' || count(*) from duplicates"]) == 0
    assert "n=48" in capsys.readouterr().out, "what stopped can be asked"
    before = {room: drive.committed(corpus / "data", room) for room in drive.ROOMS}
    assert run(corpus, "{min_documents: 10, max_share: 0.5, max_share_of: {shop: 1.0}}") == 0
    after = {room: drive.committed(corpus / "data", room) for room in drive.ROOMS}
    assert {room for room in after if after[room] > before[room]} == {"40_published", "versions"}
    facts = [json.loads(path.read_text())["facts"] for path in (corpus / "data" / "31_duplicates").glob("shop-*.json")]
    assert [sum(one["near_by_similarity"].values()) for one in facts] == [36]
    assert "Removed as duplicates, by source" in (corpus / "data" / "61_reports" / "funnel.html").read_text()
    assert run(corpus, "{min_documents: 9, max_share: 0.5}") == 0, "what is published stays published"


def test_one_more_than_the_default_share_stops_the_run(corpus: Path) -> None:
    """37 of 49 documents are 75.5 %."""
    page = json.dumps({"id": "shop-48", "text": f"template 0 {FRAME.replace('word', 'frame0w')} costs 48"}) + "\n"
    with (corpus / "shop.jsonl").open("a") as file:
        file.write(page)
    assert run(corpus, "{min_documents: 1}") == 2


def test_what_stopped_last_is_what_is_asked(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(corpus, "{min_documents: 10, max_share: 0.5}") == 2
    more = (corpus / "shop.jsonl").read_text().replace('"shop-', '"more-').replace(" costs ", " is ")
    with (corpus / "shop.jsonl").open("a") as file:
        file.write(more)
    assert run(corpus, "{min_documents: 10, max_share: 0.5}") == 2
    assert "84 of 96 documents" in capsys.readouterr().err
    assert main(["query", "--data", f"{corpus}/data", "select 'n=' || count(*) from duplicates"]) == 0
    assert "n=96" in capsys.readouterr().out


def test_the_question_that_is_printed_can_be_asked(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In a folder of any name; also where something is published, which is not what the alarm is about."""
    corpus = corpus.rename(corpus.with_name("o'neil's $HOME"))
    for settings, code in (("{min_documents: 10, max_share: 0.5}", 2), ("{}", 0)):
        assert run(corpus, settings) == code
    more = (corpus / "shop.jsonl").read_text().replace('"shop-', '"more-').replace(" costs ", " is ")
    with (corpus / "shop.jsonl").open("a") as file:
        file.write(more)
    assert run(corpus, "{min_documents: 10, max_share: 0.5}") == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "select cluster" in line][-1:]
    command = shlex.split(line)
    assert command[:4] == ["python", "-m", "pipeline", "query"]
    assert main(command[3:]) == 0
    shown = capsys.readouterr().out
    assert shown.count("\u2502         8 \u2502") == 12, shown  # 12 templates, 8 pages of each


def test_an_unknown_source_is_refused(corpus: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(corpus, "{max_share_of: {shops: 0.5}}") == 2
    assert "wipe_out.max_share_of: no source is called shops" in " ".join(capsys.readouterr().err.split())
