"""A made corpus to take documents down from, and where its canary stands."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from pipeline import funnel
from pipeline.__main__ import main
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


def made(folder: Path) -> tuple[Path, Path]:
    """(config, data folder) of a run over pages, a table and a thread, three of which hold the canary."""
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


def rows_of(data: Path, room: str, role: str) -> list[dict[str, Any]]:
    names = funnel.versions(str(data))[room].files[role]
    return [row for name in names for row in pq.read_table(data / name).to_pylist()]


def described(data: Path) -> tuple[set[str], set[str]]:
    """The shards that the card and the Croissant metadata list."""
    card = (data / "40_published/README.md").read_text(encoding="utf-8")
    croissant = json.loads((data / "40_published/croissant.json").read_bytes())
    listed = {line[4:] for line in card.splitlines() if line.startswith("  - ")}
    return listed, {name for each in croissant["distribution"] for name in each["includes"]}
