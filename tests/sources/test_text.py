"""What becomes of each kind of record in a company's own documents: tables of (bytes, outcome) at every boundary."""

from __future__ import annotations

import gzip
import hashlib
import io
import itertools
import json
import tracemalloc
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
import zstandard
from pydantic import ValidationError

from pipeline.sources.source import Dropped, InputFile, NotADocument, Outcome, Piece, Row
from pipeline.sources.text import jsonl as text_jsonl
from pipeline.sources.text.jsonl import MAX_DEPTH, MAX_VALUES
from pipeline.sources.text.source import MAX_KEY_BYTES, Text
from pipeline.trouble import EnvironmentTrouble
from tests.made_stream import MadeStream

GOLDEN = Path(__file__).parent.parent / "golden" / "text.json"


def outcomes(path: str, content: bytes, **fields: object) -> list[Outcome]:
    source = Text(kind="text", **fields)
    return list(source.read(Piece(InputFile(path, len(content), "d1")), io.BytesIO(content)))


def brief(outcome: Outcome) -> str:
    return outcome.text if isinstance(outcome, Row) else outcome.reason


NESTED = MAX_DEPTH - 1  # the object around it is a level of its own


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'{"text": "a"}', "a"),
        (b'{"text": "a"}\r', "a"),
        (b'\xef\xbb\xbf{"text": "a"}', "a"),
        (b'{"text": "a", "text": "b"}', "b"),
        (b'{"text": " \\n\\t"}', "text:empty"),
        (b'{"text": ""}', "text:empty"),
        (b'{"text": null}', "text:no_text_field"),
        (b'{"text": 5}', "text:no_text_field"),
        (b'{"text": ["a"]}', "text:no_text_field"),
        (b'{"body": "a"}', "text:no_text_field"),
        (b'["a"]', "text:no_text_field"),
        (b"5", "text:no_text_field"),
        (b'{"text": "a"', "text:bad_json"),
        (b'{"text": "a"} x', "text:bad_json"),
        (b"{'text': 'a'}", "text:bad_json"),
        (b'{"text": "a\x01"}', "text:bad_json"),
        (b'{"text": "a", "n": ' + b"9" * 5000 + b"}", "text:bad_json"),
        (b"\xff\xfe{", "text:bad_utf8"),
        (b'{"text": "caf\xe9"}', "text:bad_utf8"),
        (b'{"text": "\\ud83d\\ude00"}', "\U0001f600"),
        (b'{"text": "a\\ud83d!"}', "a\ufffd!"),
        (b'{"text": "\\ude00\\ud83d"}', "\ufffd\ufffd"),
        (b'{"text": "\xed\xa0\x80"}', "text:bad_utf8"),
        (b'{"text": "a", "x": ' + b"[" * NESTED + b"]" * NESTED + b"}", "a"),
        (b'{"text": "a", "x": ' + b"[" * (NESTED + 1) + b"]" * (NESTED + 1) + b"}", "text:bad_json"),
        (b'{"text": "a", "x": ' + b"[{}," * 500 + b"1" + b"]" * 500 + b"}", "text:bad_json"),
        (b'{"text": "' + b"[" * 500 + b'\\""}', "[" * 500 + '"'),
        (b"[" * 100_000, "text:bad_json"),
        (b'{"a":' * 100_000, "text:bad_json"),
        (b'"' + b"[" * 500 + b'\\"' * 500, "text:bad_json"),
        (b"   \r", "text:blank_line"),
    ],
)
def test_a_json_line(line: bytes, expected: str) -> None:
    assert [brief(outcome) for outcome in outcomes("a.jsonl", line + b"\n")] == [expected]


@pytest.mark.parametrize(
    ("line", "url"),
    [
        ({"metadata": {"url": "https://a.example/"}}, "https://a.example/"),
        ({"metadata.url": "https://b.example/", "metadata": {"url": "https://a.example/"}}, "https://b.example/"),
        ({"metadata.url": None, "metadata": {"url": "https://a.example/"}}, None),
        ({"metadata": {"url": {"url": "https://a.example/"}}}, None),
        ({"metadata": ["url"]}, None),
        ({"metadata": "url"}, None),
        ({}, None),
    ],
)
def test_a_key_may_lie_within_another(line: dict[str, object], url: str | None) -> None:
    [row] = outcomes("a.jsonl", json.dumps({"text": "a"} | line).encode(), url_column="metadata.url")
    assert isinstance(row, Row)
    assert row.url == url


@pytest.mark.parametrize("name", text_jsonl.JSON_LINES)
def test_lines_by_each_name(name: str) -> None:
    """Dolma and C4 call them .json.gz, DCLM .jsonl.zstd."""
    lines = b'{"text": "a"}\n{"text": "b"}\n'
    packed = gzip.compress(lines) if name.endswith(".gz") else zstandard.compress(lines) if ".zst" in name else lines
    assert name in Text.suffixes
    assert [brief(outcome) for outcome in outcomes(f"x{name.upper()}", packed)] == ["a", "b"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'{"text": "a", "x": [' + b"1," * (MAX_VALUES - 3) + b"1]}", "a"),
        (b'{"text": "a", "x": [' + b"1," * (MAX_VALUES - 2) + b"1]}", "resource:json_values"),
        (b'{"text": "a", "x": [' + b"{}," * MAX_VALUES + b"1]}", "resource:json_values"),
        (b'{"text": "a", "x": [' + b"[]," * MAX_VALUES, "resource:json_values"),
        (b'{"text": "' + b'a, [b] {c} \\"' * MAX_VALUES + b'"}', 'a, [b] {c} "' * MAX_VALUES),
    ],
    ids=["at", "above", "objects", "broken", "prose"],
)
def test_a_json_line_has_so_many_values_at_most(line: bytes, expected: str) -> None:
    assert [brief(outcome) == expected for outcome in outcomes("a.jsonl", line)] == [True]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"plain", ("plain", "utf-8")),
        ("naïve".encode(), ("naïve", "utf-8")),
        (b"\xef\xbb\xbfmarked", ("marked", "utf-8")),
        ("wide".encode("utf-16-le").join([b"\xff\xfe", b""]), ("wide", "utf-16-le")),
        ("wide".encode("utf-16-be").join([b"\xfe\xff", b""]), ("wide", "utf-16-be")),
        (b"na\xefve \x80", ("naïve €", "windows-1252")),
        (b"na\xefve \x81", "text:bad_charset"),
        (b"\xef\xbb\xbf\xff", "text:bad_charset"),
        (b"\xff\xfe\x00\xd8", "text:binary"),  # a lone surrogate, with a zero byte in it
        (b"\xff\xfea\xd8", "text:bad_charset"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\r", "text:binary"),
        (b"a\0b", "text:binary"),
        (b"\xff\xfe\0\0a\0\0\0", "text:binary"),  # UTF-32
        (b"", "text:empty"),
        (b" \n\t\r\n", "text:empty"),
        (b"\xef\xbb\xbf", "text:empty"),
    ],
)
def test_a_plain_file(content: bytes, expected: str | tuple[str, str]) -> None:
    [outcome] = outcomes("notes/a.txt", content)
    assert outcome.natural_key == "notes/a.txt"
    assert outcome.raw_bytes == len(content)
    if isinstance(expected, str):
        assert isinstance(outcome, Dropped)
        assert outcome.reason == expected
    else:
        assert isinstance(outcome, Row)
        assert (outcome.text, outcome.charset) == expected
        assert outcome.label == "notes"


def test_the_fallback_charset_is_configured_and_checked() -> None:
    chinese = "语料库".encode("gb18030")
    assert [brief(o) for o in outcomes("a.txt", chinese, fallback_charset="gb18030")] == ["语料库"]
    assert [brief(o) for o in outcomes("a.txt", chinese, fallback_charset=None)] == ["text:bad_charset"]
    for name in ("gb18031", "base64"):
        with pytest.raises(ValidationError, match="no character encoding"):
            Text(fallback_charset=name)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# Sieves\n\nBody", "Sieves"),
        ("\n\n#  Sieves  \n", "Sieves"),
        ("Body\n# No", None),
        ("## No", None),
        ("# ", None),
    ],
)
def test_a_markdown_file_has_the_title_it_begins_with(text: str, title: str | None) -> None:
    [row] = outcomes("a.md", text.encode())
    assert isinstance(row, Row)
    assert (row.title, row.label, row.text) == (title, None, text)


def test_columns_become_fields() -> None:
    record = {
        "body": "text",
        "key": 7,
        "at": "https://a.example/",
        "name": "N",
        "day": "2026-01-31",
        "topic": "T",
        "l": "MIT",
    }
    [row] = outcomes(
        "x/y/a.jsonl",
        json.dumps(record).encode(),
        text_column="body",
        id_column="key",
        url_column="at",
        title_column="name",
        date_column="day",
        label_column="topic",
        licence_column="l",
    )
    assert row == Row(
        natural_key="7",
        raw_offset=0,
        raw_bytes=len(json.dumps(record)),
        text="text",
        url="https://a.example/",
        title="N",
        date="2026-01-31",
        charset="utf-8",
        licence_declared="MIT",
        licence_where="the record",
        label="T",
    )


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ('"2026-01-31"', "2026-01-31"),
        ('"2026-01-31T10:00:00Z"', "2026-01-31T10:00:00Z"),
        ('"31 January"', None),
        ("1769817600", None),
        ("null", None),
    ],
)
def test_a_date_is_iso_8601_or_none(date: str, expected: str | None) -> None:
    [row] = outcomes("a.jsonl", f'{{"text": "a", "date": {date}}}'.encode(), date_column="date")
    assert isinstance(row, Row)
    assert row.date == expected


def test_keys_are_ids_or_rows_and_a_repeated_id_stays_for_deduplication() -> None:
    ids = [
        '"a"',
        '"b"',
        '"a"',
        "5",
        '"5"',
        "null",
        '""',
        "1.5",
        '"' + "k" * MAX_KEY_BYTES + '"',
        '"' + "k" * (MAX_KEY_BYTES + 1) + '"',
    ]
    lines = "\n".join(f'{{"id": {id_}, "text": "t{row}"}}' for row, id_ in enumerate(ids))
    found = outcomes("a.jsonl", lines.encode(), id_column="id")
    assert [o.natural_key for o in found if isinstance(o, Row)] == [
        "a", "b", "a", "5", "5", "d1#5", "d1#6", "d1#7", "k" * MAX_KEY_BYTES, "d1#9",
    ]  # fmt: skip


def test_a_record_without_a_text_is_named_by_its_id_too() -> None:
    found = outcomes("a.jsonl", b'{"id": "a"}\n{"id": "a", "text": "t"}', id_column="id")
    assert [(brief(o), o.natural_key) for o in found if not isinstance(o, NotADocument)] == [
        ("text:no_text_field", "a"),
        ("t", "a"),
    ]


def test_ids_cost_no_memory() -> None:
    """Held after 20,000 rows: what is left of a block of 1 MiB and its lines, 1.5 MB; with the ids met, 4.6."""
    line = b'{"id": "document number %d", "text": "' + b"x" * 400 + b'"}\n'
    content = b"".join(line % n for n in range(20_000))
    records = Text(id_column="id").read(Piece(InputFile("a.jsonl", len(content), "d1")), io.BytesIO(content))
    tracemalloc.start()
    assert sum(1 for _ in itertools.islice(records, 20_000)) == 20_000
    held_bytes = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held_bytes < 3 << 20


def test_the_budget_of_a_record_is_inclusive() -> None:
    line = b'{"text": "abc"}'
    for budget, expected in ((len(line), "abc"), (len(line) - 1, "resource:record_bytes")):
        found = outcomes("a.jsonl", line + b"\n" + b'{"text":"z"}', max_record_bytes=budget)
        assert [brief(o) for o in found] == [expected, "z"]
        assert [o.raw_bytes for o in found] == [len(line), 12]
    assert [brief(o) for o in outcomes("a.txt", b"abcd", max_record_bytes=4)] == ["abcd"]
    assert outcomes("a.txt", b"abcd", max_record_bytes=3) == [Dropped("resource:record_bytes", "a.txt", 0, 4)]


class Repeated(io.RawIOBase):
    """`times` times the same bytes and then `end`, without holding them."""

    def __init__(self, block: bytes, times: int, end: bytes) -> None:
        self.left = iter((*(block for _ in range(times)), end))
        self.held = b""

    def read(self, size: int = -1) -> bytes:
        self.held = self.held or next(self.left, b"")
        given, self.held = self.held[:size], self.held[size:]
        return given


@pytest.mark.parametrize("newline", [b"", b"\n"])
def test_a_line_of_200_mb_is_not_held(newline: bytes) -> None:
    stream = Repeated(b"x" * (1 << 20), 200, newline + b'{"text": "next"}')
    tracemalloc.start()
    try:
        found = list(Text().read(Piece(InputFile("a.jsonl", 0, "d1")), stream))  # type: ignore[arg-type]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [brief(o) for o in found] == (["resource:record_bytes", "next"] if newline else ["resource:record_bytes"])
    assert found[0].raw_bytes == 200 << 20 if newline else found[0].raw_bytes == (200 << 20) + 16
    assert peak < 80 << 20  # the budget of 64 MiB, and a few blocks


@pytest.mark.parametrize("path", ["a.jsonl.gz", "a.jsonl.zst"])
def test_a_bomb_is_not_held(path: str) -> None:
    size = 256 << 20
    packed = gzip.compress(bytes(size), 1) if path.endswith(".gz") else zstandard.compress(bytes(size))
    source = Text(max_record_bytes=1 << 20)
    tracemalloc.start()
    try:
        found = list(source.read(Piece(InputFile(path, 0, "d")), io.BytesIO(packed)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found == [Dropped("resource:record_bytes", "d#0", 0, size)]
    assert peak < 48 << 20


LINES = b"".join(b'{"text": "document number %d"}\n' % n for n in range(20))


def members(content: bytes, size: int) -> Iterator[bytes]:
    return (content[start : start + size] for start in range(0, len(content), size))


def skippable_frame() -> bytes:
    return b"\x50\x2a\x4d\x18" + (3).to_bytes(4, "little") + b"abc"


def long_window(content: bytes) -> bytes:
    parameters = zstandard.ZstdCompressionParameters(window_log=31, enable_ldm=True)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    return compressor.compress(content) + compressor.flush()


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("a.jsonl.gz", gzip.compress(LINES)),
        ("A.JSONL.GZ", gzip.compress(LINES)),
        ("a.jsonl.gz", b"".join(gzip.compress(part) for part in members(LINES, 7))),
        ("a.jsonl.gz", b"\0\0".join(gzip.compress(part) for part in members(LINES, 100)) + b"\0" * 5000),
        ("a.jsonl.zst", zstandard.compress(LINES)),
        ("a.jsonl.zst", b"".join(zstandard.compress(part) for part in members(LINES, 7))),
        ("a.jsonl.zst", skippable_frame().join(zstandard.compress(part) for part in members(LINES, 100))),
        ("a.jsonl.zst", long_window(LINES)),
    ],
)
def test_every_member_and_frame_is_read(path: str, content: bytes) -> None:
    assert outcomes(path, content) == outcomes("a.jsonl", LINES)


@pytest.mark.parametrize("path", ["a.jsonl.gz", "a.jsonl.zst"])
def test_what_is_not_compressed_is_one_broken_file(path: str) -> None:
    assert outcomes(path, LINES) == [Dropped("text:broken_file", "d1@end", 0, 0)]
    assert outcomes(path, b"") == []


def test_a_broken_file_was_read_to_its_end() -> None:
    for path, packed in (("a.jsonl.gz", gzip.compress(LINES)), ("a.jsonl.zst", zstandard.compress(LINES))):
        stream = MadeStream(packed[:20] + b"\xff" * 5_000_000)
        [*_, last] = Text().read(Piece(InputFile(path, 0, "d1")), stream)
        assert brief(last) == "text:broken_file"
        assert stream.tell() == len(stream.getvalue())


@pytest.mark.parametrize("path", ["a.jsonl", "a.jsonl.gz", "a.jsonl.zst", "a.txt", "a.md"])
def test_trouble_of_the_stream_passes_through(path: str) -> None:
    content = b'{"text": "%s"}\n' % (b"long " * 1_000_000)
    packed = {"gz": gzip.compress, "zst": zstandard.compress}.get(path.rpartition(".")[2], bytes)(content)
    whole = MadeStream(packed)
    assert [brief(o)[:4] for o in Text().read(Piece(InputFile(path, 0, "d")), whole)] in (["long"], ['{"te'], ["# {"])
    for nth in range(1, whole.reads + 1):
        with pytest.raises(EnvironmentTrouble, match="the store is away"):
            list(Text().read(Piece(InputFile(path, 0, "d")), MadeStream(packed, fails_at=nth)))


REAL = {
    "benchmarks/gsm8k/test.jsonl.gz": {"text_column": "question"},
    "licences/licence_texts.jsonl.gz": {},
    "reddit/RC_schema_exemplars.jsonl": {"text_column": "body", "id_column": "id", "label_column": "subreddit"},
    "labelled/dolma_topic_dev.jsonl.gz": {},
    "pdf/ocrmypdf/linn.txt": {},
    "neardup/articles_1000.txt": {},
}


def summary(found: list[Outcome]) -> dict[str, object]:
    counts: dict[str, int] = {}
    digest = hashlib.sha256()
    for outcome in found:
        name = "row" if isinstance(outcome, Row) else outcome.reason
        counts[name] = counts.get(name, 0) + 1
        says = {name: value for name, value in asdict(outcome).items() if value is not None}
        digest.update(json.dumps(says, sort_keys=True).encode() + b"\n")
    return {"counts": counts, "raw_bytes": sum(o.raw_bytes for o in found), "sha256": digest.hexdigest()}


@pytest.mark.data
@pytest.mark.parametrize("path", REAL)
def test_real_files_give_what_they_gave(shared_data, path: str) -> None:  # type: ignore[no-untyped-def]
    golden = json.loads(GOLDEN.read_text())
    assert golden["version"] == Text.version
    content = shared_data(path).read_bytes()
    assert summary(outcomes(path, content, **REAL[path])) == golden["files"][path]
