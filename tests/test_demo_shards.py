"""The demo's input: the same bytes in every process, sound formats, nothing of the machine in it, plants as said."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
import zstandard
from fastwarc.warc import ArchiveIterator as FastArchiveIterator
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from pipeline.demo.pages import Page, rendered, text_blocks
from pipeline.demo.shards import OTHERS, TEXTS, reworded, write_demo_shards
from pipeline.sources.commoncrawl.source import CommonCrawl
from pipeline.sources.source import Dropped, InputFile, NotADocument, Outcome, Piece, Row, Source
from pipeline.sources.text.source import Text

READERS: dict[str, Source] = {
    "web": CommonCrawl(kind="commoncrawl"),
    "docs": Text(id_column="id", title_column="title", date_column="date", label_column="label"),
}
DROPPED_BY_READERS = ("text:", "commoncrawl:")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    write_demo_shards(folder)
    return folder


@pytest.fixture(scope="module")
def planted(demo: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((demo / "planted.json").read_text())
    return found


@pytest.fixture(scope="module")
def outcomes(demo: Path) -> dict[tuple[str, str], list[Outcome]]:
    """By source and raw path."""
    found = {}
    for name, reader in READERS.items():
        for path in sorted((demo / name).rglob("*")):
            if path.is_file():
                content = path.read_bytes()
                file = InputFile(path.relative_to(demo / name).as_posix(), len(content), sha256(content))
                found[name, file.path] = list(reader.read(Piece(file), io.BytesIO(content)))
    return found


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): sha256(path.read_bytes()) for path in files}


def test_another_process_writes_the_same_bytes_and_touches_none_that_are_there(demo: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pipeline.demo.shards", str(tmp_path)]
    before: dict[Path, int] = {}
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "TZ": "Asia/Kathmandu", "LC_ALL": "C"}
        subprocess.run(command, check=True, env=environment, timeout=300)
        times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
        assert digests(tmp_path) == digests(demo)
        if seed == "2":
            assert times == before
        before = times


def test_readers_of_others_read_the_archives(demo: Path, planted: list[dict[str, Any]]) -> None:
    [cut] = [place for plant in planted if plant["name"] == "broken_record" for place in plant["records"]]
    for path in sorted((demo / "web").iterdir()):
        content = path.read_bytes()
        if path.name == cut["raw_path"]:
            content = content[: cut["raw_offset"]]
        ids = []
        for record in ArchiveIterator(io.BytesIO(content), check_digests="raise"):
            record.content_stream().read()
            ids.append(record.rec_headers["WARC-Record-ID"])
        fast = [record.record_id for record in FastArchiveIterator(io.BytesIO(content), parse_http=False)]
        assert ids == fast
        assert len(set(ids)) == len(ids) > 100
    with pytest.raises(ArchiveLoadFailed), (demo / "web" / cut["raw_path"]).open("rb") as stream:
        for _ in ArchiveIterator(stream):
            pass


def test_every_reader_finds_a_few_hundred_documents_in_megabytes(
    demo: Path, outcomes: dict[tuple[str, str], list[Outcome]]
) -> None:
    web = [o for (source, _), found in outcomes.items() if source == "web" for o in found]
    assert sum(isinstance(o, Row) for o in web) > 300
    assert 4e6 < sum(o.raw_bytes for o in web) < 20e6
    assert len({o.url.split("/")[2] for o in web if isinstance(o, Row) and o.url}) == 4
    assert sum(path.stat().st_size for path in demo.rglob("*") if path.is_file()) < 20e6


def test_nothing_of_the_machine_is_in_it(demo: Path) -> None:
    secrets = {
        sysconfig.get_path("stdlib"),
        sys.prefix,
        sys.base_prefix,
        str(Path.home()),
        str(Path.cwd()),
        os.uname()[1],
    }
    secrets = {secret for secret in secrets if len(secret) > 5}
    for path in demo.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            if path.suffix == ".gz":
                content = b"".join(_members(content))
            if path.suffix == ".zst":
                content = zstandard.ZstdDecompressor().decompressobj().decompress(content)
            text = content.decode("utf-8", "replace")
            assert not [secret for secret in secrets if secret in text]
            assert not re.search(r" at 0x[0-9a-f]{8,}", text)


def _members(content: bytes) -> list[bytes]:
    starts = [found.start() for found in re.finditer(rb"\x1f\x8b\x08\x00\x00\x00\x00\x00", content)]
    members = []
    for start, stop in zip(starts, [*starts[1:], len(content)], strict=True):
        try:
            members.append(gzip.decompress(content[start:stop]))
        except EOFError:  # the one that was cut
            continue
    return members


def test_what_was_planted_is_where_it_says_and_readers_do_as_it_says(
    planted: list[dict[str, Any]], outcomes: dict[tuple[str, str], list[Outcome]]
) -> None:
    for plant in planted:
        for place in plant["records"]:
            found = outcomes[place["source"], place["raw_path"]]
            by_key = {o.natural_key: o for o in found if isinstance(o, Row | Dropped)}
            if plant["fate"] == "not_a_document":
                assert place["natural_key"] not in by_key
                assert any(isinstance(o, NotADocument) and o.reason == plant["reason"] for o in found)
                continue
            outcome = by_key[place["natural_key"]]
            assert outcome.raw_offset == place["raw_offset"]
            if (plant["reason"] or "").startswith(DROPPED_BY_READERS):
                assert isinstance(outcome, Dropped)
                assert outcome.reason == plant["reason"]
            else:
                assert isinstance(outcome, Row)


def test_what_readers_drop_was_planted(
    planted: list[dict[str, Any]], outcomes: dict[tuple[str, str], list[Outcome]]
) -> None:
    expected = {place["natural_key"] for plant in planted for place in plant["records"] if plant["fate"] == "dropped"}
    dropped = [o for found in outcomes.values() for o in found if isinstance(o, Dropped)]
    assert {o.natural_key for o in dropped} <= expected
    assert len(dropped) == 6


def _jaccard(one: str, two: str) -> float:
    first, second = (set(zip(*(words[at:] for at in range(5)), strict=False)) for words in (one.split(), two.split()))
    return len(first & second) / len(first | second)


def test_planted_copies_are_as_alike_as_they_should_be(
    planted: list[dict[str, Any]], outcomes: dict[tuple[str, str], list[Outcome]]
) -> None:
    rows = {o.natural_key: o for found in outcomes.values() for o in found if isinstance(o, Row)}
    pairs = {
        plant["name"]: [rows[place["natural_key"]] for place in plant["records"]]
        for plant in planted
        if plant["name"] in ("exact_duplicate", "near_duplicate", "half_alike")
    }
    alike = {name: _jaccard(one.text, two.text) for name, (one, two) in pairs.items()}
    assert alike["exact_duplicate"] == 1
    assert 0.85 < alike["near_duplicate"] < 0.95
    assert 0.4 < alike["half_alike"] < 0.6
    assert all(one.url != two.url for one, two in pairs.values())


def test_charsets_are_read_as_they_were_written(
    planted: list[dict[str, Any]], outcomes: dict[tuple[str, str], list[Outcome]]
) -> None:
    rows = {o.natural_key: o for found in outcomes.values() for o in found if isinstance(o, Row)}
    texts = {plant["name"]: rows.get(plant["records"][0]["natural_key"]) for plant in planted}
    latin, chinese = texts["latin_1"], texts["gb18030"]
    assert latin is not None
    assert "fiancée" in latin.text
    assert chinese is not None
    assert "语料库" in chinese.text
    assert chinese.charset == "gb18030"


def test_texts_of_ours_are_as_long_as_documents_are() -> None:
    for path in TEXTS.glob("*/*"):
        if path.parent.name not in OTHERS and ".zh" not in path.suffixes:  # the others' modules see to their own
            assert 80 <= len(path.read_text(encoding="utf-8").split()) <= 450, path


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("One line\nand another.", [("p", "One line and another.")]),
        ("Head\n****\n\nBody.", [("h2", "Head"), ("p", "Body.")]),
        ("- one\n  more\n- two", [("li", "one more"), ("li", "two")]),
        ("1. one\n\n2. two", [("li", "one"), ("li", "two")]),
        ("    code\n    more", [("pre", "    code\n    more")]),
        (">>> f()\n1", [("pre", ">>> f()\n1")]),
        ("", []),
    ],
)
def test_plain_text_becomes_blocks(text: str, blocks: list[tuple[str, str]]) -> None:
    assert list(text_blocks(text)) == blocks


def test_a_page_escapes_what_it_holds() -> None:
    html = rendered(Page("a.example", "/<x>", 'A & "B"', (("p", "<script>"), ("li", "one"), ("p", "x"))))
    assert "<p>&lt;script&gt;</p>\n<ul>\n<li>one</li>\n</ul>\n<p>x</p>" in html
    assert "<h1>A &amp; &quot;B&quot;</h1>" in html
    assert "/&lt;x&gt;" in html


def test_rewording_counts_words_across_paragraphs() -> None:
    assert reworded("a b\n\nc d e  f", 3) == "a b\n\nindeed d e  indeed"
