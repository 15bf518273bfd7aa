"""Takedown on a made corpus: what is shared, and that after the next run no file holds the text."""

from __future__ import annotations

import json
import os

import duckdb
import pyarrow.parquet as pq
import pytest

from classifiers.models import trained_on
from pipeline import funnel, journal
from pipeline.__main__ import main
from pipeline.inspection import raw_record
from pipeline.planning import plan
from pipeline.publishing.card import published_domains
from pipeline.rooms.manifest import read_manifests
from pipeline.rooms.names import EXTRACTED, PUBLISHED
from pipeline.rooms.tombstones import Tombstones
from pipeline.takedown import apply as taking
from pipeline.takedown.find import Request, find
from pipeline.trouble import EnvironmentTrouble
from tests.e2e.takedown_corpus import CANARY, article, described, holding, post, rows_of


def test_a_merged_record_is_taken_down_by_its_own_id(copied_run, capsys) -> None:  # type: ignore[no-untyped-def]
    config, data = copied_run
    (answer,) = [row for row in rows_of(data, EXTRACTED, "ledger") if row["outcome"] == "merged"]
    found = find(str(data), Request(doc_ids=(answer["doc_id"],)))
    assert [each.doc_id for each in found.asked] == [answer["doc_id"]]
    assert [each.doc_id for each in found.hosts] == [answer["survivor"]]
    assert [each.doc_id for each in found.gone("document")] == [answer["doc_id"]]
    wanted = ["takedown", "--data", str(data), "--doc-ids", answer["doc_id"], "--note", "case [7]"]
    assert main(wanted) == 0
    assert "published shard" in capsys.readouterr().out
    assert main([*wanted, "--apply"]) == 0
    assert not [row for row in rows_of(data, PUBLISHED, "rows") if row["source"] == "posts" and CANARY in row["text"]]
    capsys.readouterr()
    assert main(["trace", "--data", str(data), answer["doc_id"]]) == 0
    assert "taken down by 1 id (case [7]), scope document" in capsys.readouterr().out
    funnel.check_balance(funnel.versions(str(data)))
    assert main(["purge", "--data", str(data)]) == 2, "the thread was extracted with the answer in it"
    assert main(["run", "--config", str(config), "--data", str(data), "--workers", "0"]) == 0
    assert main(["purge", "--data", str(data)]) == 0
    left = {row["title"]: row["text"] for row in rows_of(data, PUBLISHED, "rows") if row["source"] == "posts"}
    assert set(left) == {"Question 1", "Question 3"}
    assert CANARY not in left["Question 1"]


def test_a_classifier_that_learnt_from_it_is_named(copied_run, tmp_path, capsys) -> None:  # type: ignore[no-untyped-def]
    _, data = copied_run
    texts = {row["doc_id"]: row["text"].encode() for row in rows_of(data, PUBLISHED, "rows")}
    secret = next(doc_id for doc_id, text in texts.items() if CANARY.encode() in text)
    for name, keys in (("learnt", texts), ("innocent", texts.keys() - {secret})):
        (tmp_path / name).mkdir()
        trained_on.write(tmp_path / name, [trained_on.key_of(texts[each]) for each in keys], ["corpus"] * len(keys))
    wanted = ["takedown", "--data", str(data), "--doc-ids", secret, "--model", str(tmp_path / "innocent")]
    assert main([*wanted, "--model", str(tmp_path / "learnt")]) == 0
    told = "".join(capsys.readouterr().out.split())
    assert "classifier" in told
    assert "learnt" in told
    assert "innocent" not in told
    assert main([*wanted, "--model", str(tmp_path)]) == 2
    assert "trained_on.parquet: not there" in " ".join(capsys.readouterr().err.split())


def test_a_raw_file_that_was_renamed_is_named(tmp_path, capsys) -> None:  # type: ignore[no-untyped-def]
    raw, config, data = tmp_path / "raw", tmp_path / "c.yaml", tmp_path / "data"
    raw.mkdir()
    rows = [{"text": article(1)}, {"text": article(2, CANARY)}]
    (raw / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    config.write_text(f"run: r\nsources: {{notes: {{reader: {{kind: text}}, inputs: {raw}}}}}\nfilter: []\n")
    run = ["run", "--config", str(config), "--data", str(data), "--workers", "0"]
    assert main(run) == 0
    (secret,) = [row["doc_id"] for row in rows_of(data, PUBLISHED, "rows") if CANARY in row["text"]]
    wanted = ["takedown", "--data", str(data), "--doc-ids", secret, "--apply"]
    assert main(wanted) == 0
    (raw / "a.jsonl").rename(raw / "b.jsonl")
    assert main(run) == 0
    capsys.readouterr()
    assert main(["purge", "--data", str(data)]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert f"b.jsonl of notes holds {secret}, which was taken down in a.jsonl" in said
    assert "--doc-ids" in said
    assert [main(wanted), main(run), main(["purge", "--data", str(data)])] == [0, 0, 0]
    assert holding(data) == []


def test_takedown_and_purge_are_at_work_while_they_work(copied_run, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    _, data = copied_run
    own = os.getpid()
    seen = []

    def looked(*_: object) -> int:
        with monkeypatch.context() as other:
            other.setattr(os, "getpid", lambda: own + 1)  # as another process of this machine sees it
            seen.append(journal.living(str(data)))
        return 0

    monkeypatch.setattr(taking, "_publish_without", looked)
    monkeypatch.setattr(taking, "_check_that_none_is_held", looked)
    request = Request(domain="gone.example")
    taking.apply(str(data), request, find(str(data), request))
    taking.purge(str(data))
    assert len(seen) == 2 and all(seen)
    assert journal.living(str(data)) is None


def test_of_two_that_begin_at_once_each_sees_the_other(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    asked: list[int] = []
    monkeypatch.setattr(journal, "living", lambda data: "other" if asked.append(1) or len(asked) == 2 else None)
    with pytest.raises(EnvironmentTrouble, match="other"), journal.at_work(str(tmp_path), config="x"):
        raise AssertionError
    (run,) = journal.runs(str(tmp_path))
    assert [event["event"] for event in journal.events(str(tmp_path), run)][-1] == "failed"


def test_a_takedown_lists_shares_and_after_the_next_run_leaves_nothing(made_run, monkeypatch, capsys) -> None:  # type: ignore[no-untyped-def]
    config, data = made_run
    assert any(name.startswith("40_published") for name in holding(data))
    found = find(str(data), Request(url_pattern="https://gone.example/private/*", scope="cluster"))
    assert [each.url for each in found.asked] == ["https://gone.example/private/a"]
    assert {each.source for each in found.copies} == {"web", "notes"}
    before = read_manifests(str(data), funnel.versions(str(data))[PUBLISHED].manifests)

    monkeypatch.chdir(data.parent)
    wanted = ["takedown", "--data", data.name, "--url-pattern", "https://gone.example/private/*", "--scope", "cluster"]
    assert main(wanted) == 0
    told = capsys.readouterr().out
    assert "published shard" in told
    assert "61_reports/funnel.html" in told
    assert not (data / "tombstones.parquet").exists()
    assert main([*wanted, "--note", "case 1", "--apply"]) == 0
    rooms = funnel.versions(str(data))
    funnel.check_balance(rooms)
    after = read_manifests(str(data), rooms[PUBLISHED].manifests)
    shared = {manifest.to_bytes() for manifest in before} & {manifest.to_bytes() for manifest in after}
    assert 0 < len(shared) < len(after) == len(before)
    names = {name.rpartition("/")[2] for name in rooms[PUBLISHED].files["rows"]}
    assert described(data) == (names, names)
    left = sum(pq.read_metadata(data / name).num_rows for name in rooms[PUBLISHED].files["rows"])
    card = (data / "40_published/README.md").read_text(encoding="utf-8")
    assert f"\n{left:,} documents, " in card
    assert sum(domain.docs for domain in published_domains(after)) == left
    monkeypatch.chdir(data)
    with duckdb.connect("riffle.duckdb", read_only=True) as connection:
        assert connection.execute("select count(*) from documents").fetchone() == (left,)
    assert {row.note for row in Tombstones.read(str(data)).rows} == {"case 1"}

    # the answer holds the text, the thread is one document
    thread = next(
        row
        for name in rooms[PUBLISHED].files["rows"]
        for row in pq.read_table(data / name).to_pylist()
        if row["source"] == "posts" and CANARY in row["text"]
    )
    assert main(["takedown", "--data", str(data), "--doc-ids", thread["doc_id"], "--apply"]) == 0
    funnel.check_balance(funnel.versions(str(data)))
    published = funnel.versions(str(data))[PUBLISHED].files["rows"]
    assert not [name for name in holding(data) if name in published]

    assert main(["purge", "--data", str(data)]) == 2, "the extracted room holds it still"
    kept = {path.name for path in (data / "10_extracted").glob("web-*.json")}
    assert main(["run", "--config", str(config), "--data", str(data), "--workers", "0"]) == 0
    assert len({path.name for path in (data / "10_extracted").glob("web-*.json")} - kept) == 1, "one shard was redone"
    assert main(["purge", "--data", str(data)]) == 0
    assert holding(data) == []
    names = {name.rpartition("/")[2] for name in funnel.versions(str(data))[PUBLISHED].files["rows"]}
    assert described(data) == (names, names), "what the corpus says of itself stays"
    texts = [row["url"] for name in funnel.versions(str(data))[PUBLISHED].files["rows"]
             for row in pq.read_table(data / name).to_pylist() if row["source"] == "web"]  # fmt: skip
    assert sorted(texts) == sorted(["https://gone.example/public", *(f"https://clean.example/{n}" for n in range(8))])
    reasons = {
        row["reason"]
        for name in funnel.versions(str(data))["10_extracted"].files["ledger"]
        for row in pq.read_table(data / name).to_pylist()
    }
    assert "takedown:listed" in reasons


def test_of_a_join_one_shard_is_redone(tmp_path, monkeypatch, capsys) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path / "raw/posts/a.stackexchange.com"
    folder.mkdir(parents=True)
    rows = [post(n, 1, article(n, CANARY if n == 7 else "")) for n in range(1, 25)]
    content = "\n".join(["<posts>", *rows, post(99, 2, f"{article(99)} {CANARY}", 'ParentId="9"'), "</posts>\n"])
    (folder / "Posts.xml").write_text(content, encoding="utf-8")
    monkeypatch.setattr(plan, "JOINED_BYTES", len(content) // 8)
    config, data = tmp_path / "config.yaml", tmp_path / "data"
    posts = "run: p\nsources: {posts: {reader: {kind: stackexchange}, inputs: RAW}}\nfilter: [{kind: statistics}]\n"
    config.write_text(posts.replace("RAW", str(folder.parent)), encoding="utf-8")
    run = ["run", "--config", str(config), "--data", str(data), "--workers", "0"]
    assert main(run) == 0

    def extracted() -> set[str]:
        return {path.name for path in (data / "10_extracted").glob("posts-*.json")}

    before = rows_of(data, EXTRACTED, "rows")
    assert (len(before), len(extracted())) == (24, 16)  # the power of two
    (thread,) = (row["doc_id"] for row in before if "Question 7" in row["title"])
    (answer,) = (row["doc_id"] for row in rows_of(data, EXTRACTED, "ledger") if row["outcome"] == "merged")
    for doc_id, left in ((thread, 23), (answer, 23)):
        there = extracted()
        assert main(["takedown", "--data", str(data), "--doc-ids", doc_id, "--apply"]) == 0
        assert main(run) == 0
        assert len(extracted() - there) == 1
        assert len(rows_of(data, EXTRACTED, "rows")) == left
    assert main(["purge", "--data", str(data)]) == 0
    assert holding(data) == []


def test_trace_reads_the_raw_record_again(made_run, capsys) -> None:  # type: ignore[no-untyped-def]
    _, data = made_run
    names = funnel.versions(str(data))[PUBLISHED].files["rows"]
    rows = [row for name in names for row in pq.read_table(data / name).to_pylist()]
    web = next(row for row in rows if row["source"] == "web")
    capsys.readouterr()
    assert main(["trace", "--data", str(data), web["doc_id"]]) == 0
    told = capsys.readouterr().out
    assert "raw record, read again" in told
    assert "its record id gives this doc_id" in told
    assert "HTTP/1.1 200 OK" in told
    note = next(row for row in rows if row["source"] == "notes")  # its offset is a row, not a byte
    assert main(["trace", "--data", str(data), note["doc_id"]]) == 0
    assert "raw record" not in capsys.readouterr().out


def test_a_raw_record_is_read_where_its_bytes_stand_and_nowhere_else(made_run, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    _, data = made_run
    rows = rows_of(data, PUBLISHED, "rows")
    asked = {}
    for source in ("web", "notes", "posts"):
        row = next(row for row in rows if row["source"] == source)
        asked[source] = (source, row["raw_path"], row["raw_offset"], row["raw_bytes"], row["doc_id"])
    assert raw_record.raw_record(str(data), *asked["notes"]) is None
    post = raw_record.raw_record(str(data), *asked["posts"])
    assert post is not None and post.beginning.startswith("<row Id=")
    source, path, _, size, doc_id = asked["web"]
    assert raw_record.raw_record(str(data), source, path, None, size, doc_id) is None
    assert raw_record.raw_record(str(data), source, path, asked["web"][2], size, "0" * 32) is None
    read: list[int] = []
    plain = raw_record._of_archive
    monkeypatch.setattr(
        raw_record, "_of_archive", lambda packed, *more: read.append(len(packed)) or plain(packed, *more)
    )
    found = raw_record.raw_record(str(data), *asked["web"])
    assert found is not None and found.verified
    assert read[0] <= size + (1 << 16)


def test_from_raw_in_a_fresh_folder_the_tombstones_hold(made_run, tmp_path) -> None:  # type: ignore[no-untyped-def]
    config, data = made_run
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    (fresh / "tombstones.parquet").write_bytes((data / "tombstones.parquet").read_bytes())
    assert main(["run", "--config", str(config), "--data", str(fresh), "--workers", "0"]) == 0
    assert holding(fresh) == []
