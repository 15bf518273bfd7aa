"""What becomes of submissions and comments, the text of a thread, and the drift of the dumps."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import lzma
import os
import random
import re
import tracemalloc
from collections import Counter
from importlib.metadata import version
from pathlib import Path

import pytest
import zstandard

from pipeline.demo import reddit as demo_reddit
from pipeline.rules import load_rule_set
from pipeline.sources.reddit.source import Reddit
from pipeline.sources.source import Dropped, Fragment, InputFile, Merged, NotADocument, Outcome, Piece, Row
from pipeline.trouble import EnvironmentTrouble
from tests.made_stream import MadeStream

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests/golden/reddit.json"
WRITE = os.environ.get("GOLDEN_WRITE") == "1"


def read(*records: dict[str, object] | bytes, path: str = "a.jsonl", **fields: object) -> list[Outcome]:
    lines = [record if isinstance(record, bytes) else json.dumps(record).encode() for record in records]
    return raw(b"\n".join(lines), path, **fields)


def raw(content: bytes, path: str = "a.jsonl", **fields: object) -> list[Outcome]:
    return list(Reddit(**fields).read(Piece(InputFile(path, len(content), "d")), io.BytesIO(content)))


def post(text: object = "asked", **more: object) -> dict[str, object]:
    fields = {"id": "p1", "title": "Title", "selftext": text, "score": 9, "author": "asker", "created_utc": 1375315200}
    return {**fields, "subreddit": "sieves", "over_18": False, **more}


def said(number: int, text: object = "", parent: str = "t3_p1", **more: object) -> dict[str, object]:
    fields = {"id": f"c{number}", "link_id": "t3_p1", "parent_id": parent, "author": f"writer{number}"}
    return {**fields, "body": text or f"text {number}", "score": 1, "created_utc": 1375315200 + number, **more}


def reasons(outcomes: list[Outcome]) -> list[str]:
    return ["row" if isinstance(outcome, Row) else outcome.reason for outcome in outcomes]


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([post()], ["row"]),
        ([post(), said(1)], ["row", "reddit:comment"]),
        ([said(1), post()], ["row", "reddit:comment"]),
        ([said(1)], ["reddit:no_submission"]),
        ([post("")], ["reddit:no_text"]),
        ([post("."), b""], ["reddit:no_text"]),
        ([post(None)], ["reddit:no_text"]),
        ([{"id": "p1", "title": None}], ["reddit:no_text"]),
        ([post("[picture](https://i.redd.it/a.png)")], ["row"]),
        ([post("![img](a)")], ["reddit:no_text"]),
        ([post("[deleted]")], ["reddit:removed"]),
        ([post("[removed]"), said(1)], ["row", "reddit:comment"]),
        ([post("", title="[deleted by user]")], ["reddit:removed"]),
        ([post(""), said(1)], ["row", "reddit:comment"]),
        ([post(""), said(1, "[removed]")], ["reddit:no_text", "reddit:removed"]),
        ([post(), said(1, "[deleted]"), said(2, "[ Removed by Reddit ]")], ["row", "reddit:removed", "reddit:removed"]),
        ([post(), said(1, author="[deleted]")], ["row", "reddit:comment"]),
        ([post(), said(1, "![img](emote|x)")], ["row", "reddit:no_text"]),
        ([post(), {**said(1), "body": None}], ["row", "reddit:no_text"]),
        ([post(), said(1, author="AutoModerator")], ["row", "reddit:left_out"]),
        ([post(promoted=True)], ["reddit:promoted"]),
        ([post(), post()], ["reddit:repeated_record", "row"]),
        ([post(), said(1), said(1)], ["reddit:repeated_record", "row", "reddit:comment"]),
        ([b'{"title": "a"'], ["reddit:bad_json"]),
        ([b"[" * 5000], ["reddit:bad_json"]),
        ([b'{"title": "\xff"}'], ["reddit:bad_utf8"]),
        ([post(), b"\xef\xbb\xbf" + json.dumps(said(1)).encode()], ["row", "reddit:comment"]),
        ([b"[]"], ["reddit:not_reddit"]),
        ([{"title": "no identifier"}], ["reddit:not_reddit"]),
        ([{"id": "c1", "body": "no link_id"}], ["reddit:not_reddit"]),
        ([{"id": "c1", "link_id": "t3_p1"}], ["reddit:not_reddit"]),
        ([{"id": "", "title": "a"}], ["reddit:not_reddit"]),
        ([{"id": "A Z", "title": "a"}], ["reddit:not_reddit"]),
        ([b"  \t", b"\xef\xbb\xbf ", b""], ["reddit:blank_line", "reddit:blank_line"]),
    ],
)
def test_what_becomes_of_a_record(records: list[dict[str, object] | bytes], expected: list[str]) -> None:
    assert reasons(read(*records)) == expected


def test_the_budget_of_a_line_is_inclusive() -> None:
    size = len(json.dumps(post()))
    assert reasons(read(post(), max_record_bytes=size)) == ["row"]
    assert read(post(), max_record_bytes=size - 1) == [Dropped("resource:record_bytes", "d@0", 0, size)]


def test_a_thread_as_text() -> None:
    records = [
        post("**Which** sieve?\n\nEdit: thanks"),
        said(1, "low", score=1),
        said(2, "high", score=5, author="ann"),
        said(3, "low, but younger", score=1),
        said(4, "Two\n\nparagraphs", "t1_c2", author="asker"),
        said(5, "> quoted\n\nanswered", "t1_c4", author="ann"),
        said(6, author="[deleted]", parent="t1_c1"),
    ]
    row, *merged = read(*records)
    assert isinstance(row, Row)
    assert row.text == (
        "# Title\n\nWhich sieve?\n\nEdit: thanks\n\n"
        "User 1: high\n\n  OP: Two\n\n  paragraphs\n\n    User 1:\n    > quoted\n\n    answered\n\n"
        "User 2: low\n\n  User: text 6\n\nUser 3: low, but younger"
    )
    assert [outcome.into for outcome in merged if isinstance(outcome, Merged)] == ["p1"] * 6
    assert merged[0].natural_key == "p1/c1"
    expected = Row(
        natural_key="p1",
        raw_offset=0,
        raw_bytes=len(json.dumps(records[0])),
        text=row.text,
        url="https://www.reddit.com/comments/p1",
        title="Title",
        date="2013-08-01T00:00:00Z",
        charset="utf-8",
        label="sieves",
        author="asker",
        score=9,
        over_18=False,
        parts=7,
        removed_parts=0,
    )
    assert row == expected


def test_answers_to_what_was_removed_stand_under_what_is_left() -> None:
    records = [
        post("[removed]"),
        said(1, "top"),
        said(2, "[deleted]", "t1_c1"),
        said(3, "[removed]", "t1_c2"),
        said(4, "under top", "t1_c3"),
        said(5, "[removed]"),
        said(6, "at the root", "t1_c5"),
        said(7, "parent in no file", "t1_zzz"),
    ]
    [row] = [outcome for outcome in read(*records) if isinstance(outcome, Row)]
    assert row.text == (
        "# Title\n\nUser 1: top\n\n  User 2: under top\n\nUser 3: at the root\n\nUser 4: parent in no file"
    )
    assert (row.parts, row.removed_parts) == (5, 4)


@pytest.mark.parametrize("bodies", [["a", "b", "c"], ["a", "[removed]", "c"], ["[removed]", "[removed]", "c"]])
def test_a_circle_of_answers_is_told_once(bodies: list[str]) -> None:
    comments = [said(n, body, f"t1_c{(n + 1) % 3}") for n, body in enumerate(bodies)]
    [row] = [outcome for outcome in read(post(), *comments) if isinstance(outcome, Row)]
    assert row.text.count("User") == row.parts - 1 == sum(body != "[removed]" for body in bodies)
    [row] = [o for o in read(post(), said(1, parent="t1_c1")) if isinstance(o, Row)]
    assert row.text.endswith("User 1: text 1")


def test_a_thread_of_any_depth_is_indented_up_to_a_bound() -> None:
    comments = [said(n, parent=f"t1_c{n - 1}" if n else "t3_p1") for n in range(5000)]
    [row] = [outcome for outcome in read(post(), *comments) if isinstance(outcome, Row)]
    lines = row.text.split("\n\n")
    assert len(lines) == 5002
    assert lines[-1] == " " * 16 + "User 5000: text 4999"


@pytest.mark.parametrize(
    ("fields", "date", "score", "over_18"),
    [
        ({}, "2013-08-01T00:00:00Z", 9, False),
        ({"created_utc": "1375315200"}, "2013-08-01T00:00:00Z", 9, False),
        ({"created_utc": 1375315200.5, "score": "12"}, "2013-08-01T00:00:00Z", 12, False),
        ({"created_utc": "1375315200.0", "over_18": True}, "2013-08-01T00:00:00Z", 9, True),
        ({"created_utc": None, "over_18": None}, None, 9, None),
        ({"created_utc": "yesterday", "score": None, "ups": 10, "downs": 3}, None, 7, False),
        ({"created_utc": 10**30, "score": "many"}, None, None, False),
        ({"created_utc": True, "over_18": "no"}, None, 9, None),
        ({"created_utc": -1}, "1969-12-31T23:59:59Z", 9, False),
    ],
)
def test_numbers_however_they_are_written(fields, date, score, over_18) -> None:  # type: ignore[no-untyped-def]
    [row] = read(post(**fields))
    assert isinstance(row, Row)
    assert (row.date, row.score, row.over_18) == (date, score, over_18)


def test_infinities_are_no_numbers() -> None:
    line = json.dumps(post()).replace("1375315200", "NaN").replace('"score": 9', '"score": Infinity').encode()
    [row] = raw(line)
    assert isinstance(row, Row)
    assert (row.date, row.score) == (None, None)


def test_identifiers_with_prefix_without_and_as_numbers() -> None:
    comment = {**said(1), "link_id": 25 * 36 + 1, "parent_id": 25 * 36 + 1, "id": None, "name": "t1_C1"}
    row, merged = read(post(id=None, name="t3_p1"), comment)
    assert (row.natural_key, merged.natural_key) == ("p1", "p1/c1")


def test_what_is_escaped_is_unescaped_once() -> None:
    row, _ = read(post("&gt; a\n\nb &amp;lt; &amp;amp; c", title="A &amp; B &lt;3"), said(1, "x &lt; y"))
    assert isinstance(row, Row)
    assert row.text == "# A & B <3\n\n> a\n\nb < & c\n\nUser 1: x < y"


def test_names_that_are_gone_are_none() -> None:
    [row] = read(post(author="[deleted]", subreddit=None))
    assert isinstance(row, Row)
    assert (row.author, row.label, row.licence_declared) == (None, None, None)


def test_comments_find_their_submission_in_another_file() -> None:
    source = Reddit()
    found: list[Fragment] = []
    for name, record in (("RC_2013-08.zst", said(1)), ("RS_2013-08.zst", post())):
        content = zstandard.compress(json.dumps(record).encode())
        [one] = source.fragments(InputFile(name, len(content), name), io.BytesIO(content))
        assert isinstance(one, Fragment)
        found.append(one)
    assert {one.group for one in found} == {"p1"}
    assert reasons(list(source.join("p1", found))) == ["row", "reddit:comment"]


LINES = b"".join(json.dumps(post(id=f"p{n}")).encode() + b"\n" for n in range(50))


def window(content: bytes) -> bytes:
    parameters = zstandard.ZstdCompressionParameters(window_log=31, enable_ldm=True)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    return compressor.compress(content) + compressor.flush()


PACKINGS = {
    "RS.zst": window,
    "a.ndjson.gz": gzip.compress,
    "RC_2009-01.bz2": bz2.compress,
    "RC_2018-01.XZ": lzma.compress,
    "two.bz2": lambda content: bz2.compress(content[:99]) + bz2.compress(content[99:]),
    "two.xz": lambda content: lzma.compress(content[:99]) + b"\0" * 8 + lzma.compress(content[99:]),
}


@pytest.mark.parametrize("path", PACKINGS)
def test_every_packing_gives_the_same(path: str) -> None:
    packed = PACKINGS[path](LINES)
    assert raw(packed, path) == raw(LINES)
    assert "reddit:broken_file" in reasons(raw(packed[:-20], path))
    assert reasons(raw(b"not packed", path)) == ["reddit:broken_file"]


@pytest.mark.parametrize("path", ["a.bz2", "a.xz"])
def test_a_dump_of_many_streams_is_read_to_its_end(path: str) -> None:
    """As pbzip2 and pixz pack: wherever a stream begins in what is read at once, nothing behind it is lost."""
    draw = random.Random(3)
    lines = b"\n".join(json.dumps(said(number, draw.randbytes(3000).hex())).encode() for number in range(1200))
    pack = bz2.compress if path == "a.bz2" else lzma.compress
    packed = b"".join(pack(lines[at : at + 900_000]) for at in range(0, len(lines), 900_000))
    assert len(packed) > 3 << 20
    assert raw(packed, path) == raw(lines)


def test_what_an_xz_decoder_may_ask_for_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.sources.reddit.source.MAX_XZ_BYTES", 1 << 16)
    assert reasons(raw(lzma.compress(LINES), "a.xz")) == ["reddit:broken_file"]


@pytest.mark.parametrize("path", PACKINGS)
def test_trouble_of_the_stream_passes_through(path: str) -> None:
    with pytest.raises(EnvironmentTrouble, match="the store is away"):
        list(Reddit().read(Piece(InputFile(path, 0, "d")), MadeStream(b"", fails_at=1)))


@pytest.mark.parametrize("path", ["a.bz2", "a.xz"])
def test_a_bomb_is_not_held(path: str) -> None:
    size = 64 << 20
    packed = bz2.compress(bytes(size), 1) if path.endswith("bz2") else lzma.compress(bytes(size), preset=0)
    tracemalloc.start()
    try:
        found = raw(packed, path, max_record_bytes=1 << 20)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found == [Dropped("resource:record_bytes", "d@0", 0, size)]
    assert peak < 32 << 20


def test_the_rules_are_well_formed_and_ask_for_columns_that_are_there() -> None:
    rules = load_rule_set(str(ROOT / "configs/rules/reddit.yaml"))
    assert rules.columns() == {"score", "over_18", "word_count", "character_count"}


def test_the_demo_ends_in_the_reasons_that_it_promises() -> None:
    source, content = Reddit(), demo_reddit.files()
    assert content == demo_reddit.files()
    lines = b"".join(zstandard.decompress(packed) for packed in content.values())
    counts = Counter(reasons(raw(lines)))
    assert all(reason in counts for reason in re.findall(r"reddit:\w+", demo_reddit.__doc__ or ""))
    assert (counts["row"], counts["reddit:comment"]) == (5, 11)
    for name, packed in content.items():
        assert list(source.fragments(InputFile(name, len(packed), "d"), io.BytesIO(packed)))


# --- the real files ---


@pytest.mark.data
def test_the_real_files_give_what_they_gave_and_what_they_hold(shared_data) -> None:  # type: ignore[no-untyped-def]
    observed: dict[str, object] = {
        "lock": {name: version(name) for name in Reddit.decides_with} | {"Reddit": Reddit.version}
    }
    for name in ("RS_2013-08.zst", "RC_schema_exemplars.jsonl"):
        content = shared_data(f"reddit/{name}").read_bytes()
        file = InputFile(name, len(content), hashlib.sha256(content).hexdigest())
        found = list(Reddit().read(Piece(file), io.BytesIO(content)))
        digest = hashlib.sha256()
        for one in found:
            if isinstance(one, Row):
                fields = (one.natural_key, one.raw_offset, one.title, one.date, one.label, one.score, one.over_18)
                digest.update(json.dumps([*fields, one.parts, one.text]).encode())
        counts = dict(sorted(Counter(reasons(found)).items()))
        observed[name] = {"outcomes": counts, "rows_sha256": digest.hexdigest()}
        if name.startswith("RS"):
            _check_against_the_file(content, found)
    golden = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {"lock": None}
    if WRITE and golden != observed:
        if golden["lock"] == observed["lock"]:
            pytest.fail("the outcomes changed under the same versions: raise Reddit.version")
        GOLDEN.write_text(json.dumps(observed, indent=1, sort_keys=True) + "\n")
        golden = observed
    assert observed == golden


def _check_against_the_file(content: bytes, found: list[Outcome]) -> None:
    plain = zstandard.ZstdDecompressor(max_window_size=1 << 31).stream_reader(content).read()
    records = [json.loads(line) for line in plain.splitlines()]
    assert len(records) == len(found) == 15_995
    assert not any(isinstance(one, NotADocument) for one in found)
    rows = {one.natural_key: one for one in found if isinstance(one, Row)}
    texts = {record["id"] for record in records if any(map(str.isalnum, record["selftext"]))}
    assert texts >= set(rows)
    assert len(texts - set(rows)) <= 1
    over_18 = {record["id"] for record in records if record["over_18"]}
    assert {id_ for id_, row in rows.items() if row.over_18} == over_18 & set(rows)
    assert not any("&gt;" in row.text or "](http" in row.text[:200] for row in rows.values())
