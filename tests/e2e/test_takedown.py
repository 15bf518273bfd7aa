"""Takedown on a made corpus: who is listed, what is shared, and that after the next run no file holds the text."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline import funnel
from pipeline.__main__ import main
from pipeline.rooms import PUBLISHED, read_manifests
from pipeline.takedown import Request, find
from pipeline.tombstones import Tombstones
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


def test_a_takedown_lists_shares_and_after_the_next_run_leaves_nothing(made, capsys) -> None:  # type: ignore[no-untyped-def]
    config, data = made
    assert any(name.startswith("40_published") for name in holding(data))
    found = find(str(data), Request(url_pattern="https://gone.example/private/*", scope="cluster"))
    assert [each.url for each in found.asked] == ["https://gone.example/private/a"]
    assert {each.source for each in found.copies} == {"web", "notes"}
    before = read_manifests(str(data), funnel.versions(str(data))[PUBLISHED].manifests)

    wanted = ["takedown", "--data", str(data), "--url-pattern", "https://gone.example/private/*", "--scope", "cluster"]
    assert main(wanted) == 0
    assert "published shard" in capsys.readouterr().out
    assert not (data / "tombstones.parquet").exists()
    assert main([*wanted, "--note", "case 1", "--apply"]) == 0
    rooms = funnel.versions(str(data))
    funnel.check_balance(rooms)
    after = read_manifests(str(data), rooms[PUBLISHED].manifests)
    shared = {manifest.to_bytes() for manifest in before} & {manifest.to_bytes() for manifest in after}
    assert 0 < len(shared) < len(after) == len(before)
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
    texts = [row["url"] for name in funnel.versions(str(data))[PUBLISHED].files["rows"]
             for row in pq.read_table(data / name).to_pylist() if row["source"] == "web"]  # fmt: skip
    assert sorted(texts) == sorted(["https://gone.example/public", *(f"https://clean.example/{n}" for n in range(8))])
    reasons = {
        row["reason"]
        for name in funnel.versions(str(data))["10_extracted"].files["ledger"]
        for row in pq.read_table(data / name).to_pylist()
    }
    assert "takedown:listed" in reasons


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
