"""Takedown on a made corpus: who is listed, what is shared, and that after the next run no file holds the text."""

from __future__ import annotations

import csv
import gzip
import json
import os
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers import trained_on
from pipeline import funnel, journal, plan, raw_record
from pipeline.__main__ import main
from pipeline.card import published_domains
from pipeline.publish import range_of
from pipeline.rooms import EXTRACTED, PUBLISHED, read_manifests
from pipeline.sorting import order_of
from pipeline.takedown import apply as taking
from pipeline.takedown import find as finding
from pipeline.takedown.find import Request, find
from pipeline.tombstones import Tombstone, Tombstones
from pipeline.trouble import ConfigError, EnvironmentTrouble
from tests.made_archives import OK, record

CANARY = "quetzalcoatlus marmalade 7741"
WORDS = "The river rose in the night and nobody in the town had seen the like of it before, number {}. "
CONFIG = """
run: down
sources:
  web: {{reader: {{kind: commoncrawl}}, inputs: {raw}/web}}
  notes: {{reader: {{kind: text}}, inputs: {raw}/notes}}
  posts: {{reader: {{kind: stackexchange}}, inputs: {raw}/posts}}
filter: [{{kind: statistics}}]
audit: {{one_in: 1, floor: 100}}
publish: {{shard_bytes: 4000}}
"""


def article(number: int, extra: str = "") -> str:
    return " ".join(WORDS.format(number * 100 + line) for line in range(12)) + extra


def page(number: int, url: str, text: str) -> bytes:
    html = f"<html><head><title>T{number}</title></head><body><article><p>{text}</p></article></body></html>"
    return gzip.compress(record("response", OK + html.encode(), number=number, **{"WARC-Target-URI": url}))


def post(number: int, kind: int, body: str, parent: str = "") -> str:
    return (
        f'<row Id="{number}" PostTypeId="{kind}" {parent} CreationDate="2020-01-01T00:00:00.000" Score="1" '
        f'OwnerUserId="5" Title="Question {number}" Body="&lt;p&gt;{body}&lt;/p&gt;" Tags="" '
        'ContentLicense="CC BY-SA 4.0" />'
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, Path]:  # type: ignore[no-untyped-def]
    folder = tmp_path_factory.mktemp("takedown")
    raw = folder / "raw"
    for name in ("web", "notes", "posts/a.stackexchange.com"):
        (raw / name).mkdir(parents=True)
    (raw / "web/clean.warc.gz").write_bytes(
        b"".join(page(n, f"https://clean.example/{n}", article(n)) for n in range(8))
    )
    secret = article(50, CANARY)
    (raw / "web/other.warc.gz").write_bytes(
        page(20, "https://gone.example/private/a", secret)
        + page(21, "https://mirror.example/a", secret + " A word more.")
        + page(22, "https://gone.example/public", article(60))
    )
    rows = [{"text": article(70)}, {"text": secret}, {"text": article(71)}]
    (raw / "notes/n.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    parent = 'ParentId="1"'
    (raw / "posts/a.stackexchange.com/Posts.xml").write_text(
        "<posts>\n"
        + "\n".join([post(1, 1, article(80)), post(2, 2, f"{article(81)} {CANARY}", parent), post(3, 1, article(82))])
        + "\n</posts>\n",
        encoding="utf-8",
    )
    config = folder / "config.yaml"
    config.write_text(CONFIG.format(raw=raw), encoding="utf-8")
    data = folder / "data"
    assert main(["run", "--config", str(config), "--data", str(data), "--workers", "0"]) == 0
    shutil.copytree(data, folder / "untouched")
    return config, data


def holding(data: Path) -> list[str]:
    """Files under a run in which the canary stands, Parquet decoded."""
    found = []
    for path in sorted(each for each in data.rglob("*") if each.is_file()):
        content = path.read_bytes()
        if path.suffix == ".parquet":
            content = str(pq.read_table(path).to_pylist()).encode()
        if CANARY.encode() in content:
            found.append(str(path.relative_to(data)))
    return found


def rows_of(data: Path, room: str, role: str) -> list[dict[str, Any]]:
    names = funnel.versions(str(data))[room].files[role]
    return [row for name in names for row in pq.read_table(data / name).to_pylist()]


def described(data: Path) -> tuple[set[str], set[str]]:
    """The shards that the card and the Croissant metadata list."""
    card = (data / "40_published/README.md").read_text(encoding="utf-8")
    croissant = json.loads((data / "40_published/croissant.json").read_bytes())
    listed = {line[4:] for line in card.splitlines() if line.startswith("  - ")}
    return listed, {name for each in croissant["distribution"] for name in each["includes"]}


@pytest.fixture
def copy(made, tmp_path) -> tuple[Path, Path]:  # type: ignore[no-untyped-def]
    """The run as it was before anything was taken down."""
    config, data = made
    shutil.copytree(data.with_name("untouched"), tmp_path / "data")
    return config, tmp_path / "data"


def test_a_merged_record_is_taken_down_by_its_own_id(copy, capsys) -> None:  # type: ignore[no-untyped-def]
    config, data = copy
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


def test_a_classifier_that_learnt_from_it_is_named(copy, tmp_path, capsys) -> None:  # type: ignore[no-untyped-def]
    _, data = copy
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


def test_takedown_and_purge_are_at_work_while_they_work(copy, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    _, data = copy
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


@pytest.mark.parametrize("site", ["gone.example", ".gone.example.", "GONE.example", "example"])
def test_a_site_is_meant_as_dns_names_it(copy, site: str) -> None:  # type: ignore[no-untyped-def]
    asked = find(str(copy[1]), Request(domain=site)).asked
    assert {each.url for each in asked} >= {"https://gone.example/private/a", "https://gone.example/public"}


def test_names_outside_ascii_and_wrong_ones() -> None:
    assert Request(domain="Bücher.de.").host == "xn--bcher-kva.de"
    for wrong in ("https://a.example", "a.example/x", "a.example:80", "*.a.example", ".", "a b"):
        with pytest.raises(ConfigError, match="the name of a host alone"):
            Request(domain=wrong).check()


def test_the_list_is_whole_and_names_survivors(copy, tmp_path, capsys) -> None:  # type: ignore[no-untyped-def]
    _, data = copy
    (gone,) = find(str(data), Request(url_pattern="https://gone.example/private/*")).asked
    others = {row["doc_id"]: row for row in rows_of(data, "31_duplicates", "clusters")}
    listed = tmp_path / "list.csv"
    asked = ["takedown", "--data", str(data), "--url-pattern", "https://gone.example/private/*"]
    assert main([*asked, "--output", str(listed)]) == 0
    told = capsys.readouterr().out
    assert "1 document " in told and "2 copies, which stay (--scope cluster takes them)" in told
    with listed.open(encoding="utf-8", newline="") as stream:
        rows = {row["doc_id"]: row for row in csv.DictReader(stream)}
    assert rows.keys() == others.keys()
    assert [row["role"] for row in rows.values()] == ["asked", "copy", "copy"]
    for doc_id, row in rows.items():
        assert row["survivor"] == (others[doc_id]["survivor"] or "")
        similarity = others[doc_id]["similarity"]
        assert row["similarity"] == ("" if similarity is None else f"{similarity / 10000:.4f}")
        assert doc_id in told and row["raw_path"] and (row["url"] or row["raw_path"]) in told
    assert rows[gone.doc_id]["url"] == "https://gone.example/private/a"
    assert sum(row["survivor"] != "" for row in rows.values()) == 2, "one stands for the other two"
    assert main([*asked, "--scope", "cluster"]) == 0
    assert "2 copies, which go too" in capsys.readouterr().out


def test_what_matches_nothing_is_said_and_not_done(copy, capsys) -> None:  # type: ignore[no-untyped-def]
    _, data = copy
    wanted = ["takedown", "--data", str(data), "--domain", "nobody.example"]
    assert main(["takedown", "--data", str(data), "--domain", "gonne.example"]) == 0
    told = capsys.readouterr().out
    assert "spelt like it: gone.example" in told
    query = told[told.index('"select') + 1 : told.rindex('"')]
    assert main(["query", "--data", str(data), query]) == 0
    assert "clean.example" in capsys.readouterr().out
    assert main(wanted) == 0
    assert "nothing matches nobody.example" in capsys.readouterr().out
    assert main([*wanted, "--apply"]) == 2
    assert "nothing matches nobody.example" in capsys.readouterr().err
    assert main(["takedown", "--data", str(data), "--doc-ids", "0" * 32]) == 2
    assert "0" * 32 in capsys.readouterr().err
    assert not (data / "tombstones.parquet").exists()


def test_only_what_matches_is_held(copy, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    made_: list[str] = []
    meant = finding.Meant
    monkeypatch.setattr(finding, "Meant", lambda *row, **more: made_.append(row[0]) or meant(*row, **more))
    find(str(copy[1]), Request(domain="clean.example", scope="cluster"))
    assert len(made_) == 8


def test_tombstones_are_grouped_once() -> None:
    looks: list[int] = []

    class Rows(tuple):  # type: ignore[type-arg]
        def __iter__(self):  # type: ignore[no-untyped-def]
            looks.append(1)
            return super().__iter__()

    gone = Tombstones(Rows(Tombstone(f"{n:032x}", "web", f"{n % 3}", "x", "document") for n in range(9)))
    assert gone.of("web", ["0", "2"]) == tuple(f"{n:032x}" for n in (0, 2, 3, 5, 6, 8))
    assert gone.of("other", ["0"]) == ()
    assert len(looks) == 1


def test_a_takedown_lists_shares_and_after_the_next_run_leaves_nothing(made, monkeypatch, capsys) -> None:  # type: ignore[no-untyped-def]
    config, data = made
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
    assert sum(domain.docs for domain in published_domains(str(data), rooms[PUBLISHED])) == left
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


def test_trace_reads_the_raw_record_again(made, capsys) -> None:  # type: ignore[no-untyped-def]
    _, data = made
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


def test_a_raw_record_is_read_where_its_bytes_stand_and_nowhere_else(made, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    _, data = made
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


def test_from_raw_in_a_fresh_folder_the_tombstones_hold(made, tmp_path) -> None:  # type: ignore[no-untyped-def]
    config, data = made
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    (fresh / "tombstones.parquet").write_bytes((data / "tombstones.parquet").read_bytes())
    assert main(["run", "--config", str(config), "--data", str(fresh), "--workers", "0"]) == 0
    assert holding(fresh) == []


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        ["--domain", "a.example", "--doc-ids", "0" * 32],
        ["--doc-ids", "xyz"],
        ["--domain", "a.example", "--scope", "all"],
    ],
)
def test_what_cannot_be_meant_is_said(made, wrong, capsys) -> None:  # type: ignore[no-untyped-def]
    assert main(["takedown", "--data", str(made[1]), *wrong]) == 2
    assert "wrong:" in capsys.readouterr().err


HOSTS = st.text('aA.-_~!%é。\t 0"^|', min_size=1, max_size=5)
PATTERNS = st.text("aA*?[]./:", min_size=1, max_size=6)


@given(HOSTS, PATTERNS, st.lists(st.one_of(st.none(), HOSTS, PATTERNS), max_size=6))
def test_what_is_not_looked_at_is_not_meant(host: str, pattern: str, hosts: list[str | None]) -> None:
    urls = [None if each is None else text for each in hosts for text in (f"https://x@{each}/{host}", each)]
    batch = pa.RecordBatch.from_pydict({"url": pa.array(urls, pa.string())})
    for request in (Request(domain=host), Request(url_pattern=pattern), Request(url_pattern=f"https://{pattern}")):
        if request.domain and not request.host:
            continue
        is_address = request._is_address()
        assert request.meant()(batch).to_pylist() == [url is not None and is_address(url) for url in urls]


@given(st.lists(st.integers(0, 2**128 - 1), max_size=20), st.integers(1, 9))
def test_a_document_is_in_the_published_shard_whose_range_holds_its_order(numbers: list[int], count: int) -> None:
    ranges = [range_of(f"a-b-00001-of-00002-{index:05d}-of-{count:05d}") for index in range(count)]
    assert [low for low, _ in ranges] == [0, *(high for _, high in ranges[:-1])] and ranges[-1][1] == 2**64
    for number in numbers:
        order = order_of(f"{number:032x}")
        assert [low <= order < high for low, high in ranges].count(True) == 1
