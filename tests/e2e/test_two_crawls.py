"""`dedup: {scope: previous}`: a new crawl against what is published, an index that only grows, kills, refusals."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline import funnel
from pipeline import run as running
from pipeline.__main__ import INTERRUPTED, main
from pipeline.dedup.room import deduplicate
from pipeline.dedup.settings import Deduplication
from pipeline.duplicates.published_index import Index
from tests.e2e import drive

CONFIG = """
run: test
sources:
  web: {reader: {kind: text, id_column: id}, inputs: %s.jsonl}
filter: []
dedup: {scope: previous, index: %s/index%s}
publish: {shard_bytes: 1024}
"""


def page(number: int, end: str = "") -> str:
    return " ".join(f"page{number}w{i}" for i in range(100)) + end


CRAWLS = {
    "first": {f"a{i}": page(i) for i in range(10)} | {"copy": page(0, " less")},
    # longer copies, which would win by length; an equal text; the same record; new pages, one of them twice
    "second": {f"b{i}": page(i, " and so on") for i in range(5)}
    | {"b5": page(5), "a6": page(6, " changed")}
    | {f"b{i}": page(i) for i in range(10, 15)}
    | {"twice": page(10, " again")},
    "third": {"c1": page(1, " once more"), "c12": page(12, " once more"), "c20": page(20)},
}


def run(folder: Path, crawl: str, extra: str = "", expect: int = 0) -> None:
    lines = (json.dumps({"id": name, "text": text}) + "\n" for name, text in CRAWLS[crawl].items())
    (folder / f"{crawl}.jsonl").write_text("".join(lines))
    (folder / f"{crawl}.yaml").write_text(CONFIG % (folder / crawl, folder, extra))
    arguments = ["--config", f"{folder}/{crawl}.yaml", "--data", f"{folder}/data/{crawl}", "--workers", "0"]
    assert main(["run", *arguments]) == expect


def ask(folder: Path, crawl: str, sql: str) -> list[tuple[Any, ...]]:
    with funnel.connect(f"{folder}/data/{crawl}", asked=sql) as connection:
        return connection.execute(sql).fetchall()


def keys(folder: Path, crawl: str) -> set[str]:
    return {name for (name,) in ask(folder, crawl, "select natural_key from documents")}


def state(folder: Path) -> dict[str, str]:
    """sha256 of every committed file of all crawls and of the index."""
    found = {f"{crawl}/{name}": d for crawl in CRAWLS for name, d in drive.digest(folder / "data" / crawl).items()}
    paths = [path for path in (folder / "index").rglob("*") if path.is_file()]
    return found | {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("crawls")
    run(folder, "first")
    before = state(folder)
    run(folder, "second")
    after = state(folder)
    assert {name: after[name] for name in before} == before, "no file of the first crawl or of the index was touched"
    return folder


def test_a_new_crawl_gives_way_to_what_is_published(crawled: Path) -> None:
    assert keys(crawled, "first") == {f"a{i}" for i in range(10)} - {"a0"} | {"copy"}
    assert keys(crawled, "second") == {"twice", *(f"b{i}" for i in range(11, 15))}
    gone = ask(crawled, "second", "select reason, survivor from dropped where room = '31_duplicates'")
    assert sorted(reason for reason, _ in gone) == ["dedup:exact", *["dedup:near"] * 6, "dedup:same_record"]
    published = dict(ask(crawled, "first", "select doc_id, natural_key from documents"))
    ours = dict(ask(crawled, "second", "select doc_id, natural_key from documents"))
    stands = sorted((published | ours)[survivor] for _, survivor in gone)
    assert stands == ["a1", "a2", "a3", "a4", "a5", "a6", "copy", "twice"]


def test_it_equals_the_rule_with_the_published_kept(crawled: Path, tmp_path: Path) -> None:
    data = crawled / "data"
    filtered = sorted(map(str, (data / "second" / "20_filtered").glob("web-?????.????????????.parquet")))
    index = Index.read(str(crawled / "index"))
    published = [shard.rows.name for shard in index.before(str(data / "second"))]
    assert len(published) > 1 and len(index.segments) == 2
    table = deduplicate(filtered, str(tmp_path), Deduplication(), published)
    columns = "shard, row, doc_id, reason, survivor, similarity, cluster, cluster_size, stands_for"
    expected = ask(crawled, "second", f"select {columns} from '{table}' order by shard, row")
    assert ask(crawled, "second", f"select {columns} from duplicates order by shard, row") == expected


def test_a_removed_document_is_shown_beside_a_survivor_of_another_run(
    crawled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ((doc_id, survivor),) = ask(
        crawled, "second", "select doc_id, survivor from dropped where natural_key = 'b3' and room = '31_duplicates'"
    )
    assert main(["trace", "--data", f"{crawled}/data/second", doc_id]) == 0
    said = capsys.readouterr().out
    assert survivor in said and "96 of 99 shingles are in both" in " ".join(said.split())


def test_a_finished_crawl_is_not_compared_with_itself(crawled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = state(crawled)
    for crawl in ("first", "second"):
        run(crawled, crawl)
        assert "Nothing to do" in capsys.readouterr().out
    assert state(crawled) == before


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.9, 1.0])
def test_killed_and_resumed_it_is_the_same(
    crawled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    """Interrupted before its first task, among them, and between its last one and the index."""
    shutil.copytree(crawled, tmp_path / "kept")
    run(crawled, "third")
    undisturbed = state(crawled)

    def restored() -> None:
        shutil.rmtree(crawled)
        shutil.copytree(tmp_path / "kept", crawled)

    restored()
    done, perform, add = [0], running.perform, Index.add

    def counting(task: Any) -> Any:
        done[0] += 1
        return perform(task)

    def interrupted_at(limit: int) -> Callable[[Any], Any]:
        def performing(task: Any) -> Any:
            if done[0] == limit:
                raise KeyboardInterrupt
            return counting(task)

        return performing

    monkeypatch.setattr(running, "perform", counting)
    run(crawled, "third")
    tasks, done[0] = done[0], 0
    restored()
    monkeypatch.setattr(running, "perform", interrupted_at(int(tasks * share)))
    if share == 1.0:
        monkeypatch.setattr(Index, "add", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt()))
    run(crawled, "third", expect=INTERRUPTED)
    monkeypatch.setattr(running, "perform", perform)
    monkeypatch.setattr(Index, "add", add)
    run(crawled, "third")
    assert state(crawled) == undisturbed
    assert keys(crawled, "third") == {"c20"}
    restored()


def test_what_others_build_on_cannot_change(crawled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(path.name for path in (crawled / "index").glob("*.json"))
    run(crawled, "first", ", min_jaccard: 0.99", expect=2)
    assert "later runs were compared with what" in " ".join(capsys.readouterr().err.split())
    assert sorted(path.name for path in (crawled / "index").glob("*.json")) == before
    run(crawled, "first")


def test_what_was_taken_down_leaves_the_index_and_what_it_displaced_comes_back(
    crawled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Later runs stay listed and are named; given again, each may publish anew, whoever came after it."""
    shutil.copytree(crawled, tmp_path / "kept")
    run(crawled, "third")
    ((doc_id,),) = ask(crawled, "first", "select doc_id from documents where natural_key = 'a3'")
    ((displaced,),) = ask(
        crawled, "second", "select doc_id from dropped where natural_key = 'b3' and survivor is not null"
    )
    data = {crawl: f"{crawled}/data/{crawl}" for crawl in CRAWLS}
    assert main(["takedown", "--data", data["first"], "--doc-ids", doc_id, "--apply"]) == 0
    capsys.readouterr()
    run(crawled, "first")
    assert f"give them again, in this order: {data['second']}, {data['third']}" in " ".join(
        capsys.readouterr().err.split()
    )
    assert main(["purge", "--data", data["first"]]) == 0
    capsys.readouterr()
    assert main(["trace", "--data", data["second"], displaced]) == 0
    assert doc_id in capsys.readouterr().out  # it stood for it, and is nowhere to be shown
    run(crawled, "second")
    assert f"in this order: {data['third']}" in " ".join(capsys.readouterr().err.split())
    run(crawled, "third")
    assert keys(crawled, "second") == {"twice", "b3", *(f"b{i}" for i in range(11, 15))}
    assert keys(crawled, "third") == {"c20"}
    index = Index.read(str(crawled / "index"))
    assert [segment.data for segment in index.segments] == list(data.values())
    before = state(crawled)
    for crawl in CRAWLS:
        run(crawled, crawl)
    assert state(crawled) == before
    run(crawled, "second", ", min_jaccard: 0.99", expect=2)
    shutil.rmtree(crawled)
    shutil.copytree(tmp_path / "kept", crawled)


def test_the_last_one_may_publish_anew(crawled: Path, tmp_path: Path) -> None:
    shutil.copytree(crawled, tmp_path / "kept")
    run(crawled, "second", ", min_jaccard: 0.99")
    index = Index.read(str(crawled / "index"))
    assert index.number == 2 and len(index.segments) == 2
    assert sum(shard.rows.rows for shard in index.segments[1].shards) == len(keys(crawled, "second")) == 11
    shutil.rmtree(crawled)
    shutil.copytree(tmp_path / "kept", crawled)


def test_keys_of_other_settings_are_refused(crawled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(crawled, "third", ", shingle_words: 7", expect=2)
    assert "'shingle_words': 5" in capsys.readouterr().err


def test_of_two_runs_at_once_the_second_is_told(crawled: Path, tmp_path: Path) -> None:
    index = Index.read(str(crawled / "index"))
    early = Index(index.folder, 0, index.segments[:1])
    with pytest.raises(OSError, match="another run has published there"):
        early.add(index.segments[1].__class__(str(tmp_path), {}, ()))
    early.add(index.segments[1])  # what is there already is no news


@pytest.mark.parametrize("wrong", ["{scope: previous}", "{index: x}", "{scope: nobody}"])
def test_a_scope_and_its_index_go_together(tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: str) -> None:
    (tmp_path / "c.yaml").write_text(
        f"run: x\nsources: {{a: {{reader: {{kind: text}}, inputs: .}}}}\nfilter: []\ndedup: {wrong}\n"
    )
    assert main(["run", "--config", f"{tmp_path}/c.yaml", "--data", f"{tmp_path}/d", "--workers", "0"]) == 2
    assert "dedup" in capsys.readouterr().err
