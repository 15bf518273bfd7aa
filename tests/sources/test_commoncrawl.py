"""The web door on archives made here: what each record becomes."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import tracemalloc
from collections import Counter
from itertools import pairwise

import pytest
import zstandard

from pipeline.sources.commoncrawl import warc
from pipeline.sources.commoncrawl.archive_lines import ArchiveLines
from pipeline.sources.commoncrawl.source import CommonCrawl, records_of
from pipeline.sources.source import Dropped, InputFile, NotADocument, Piece, Row
from pipeline.sources.streams.watched_stream import WatchedStream
from tests.made_archives import ARC, DIGEST, OK, PACK, PAGE, page, read, reasons, record, texts


@pytest.mark.parametrize(
    ("block", "headers", "reason"),
    [
        (OK + PAGE % 1, {}, "row"),
        (OK.replace(b"text/html", b"Application/XHTML+XML; charset=utf-8") + PAGE % 1, {}, "row"),
        (OK.replace(b"200", b"206") + PAGE % 1, {}, "status_2xx"),
        (OK.replace(b"200", b"301"), {}, "status_3xx"),
        (OK.replace(b"200", b"404") + PAGE % 1, {}, "status_4xx"),
        (OK.replace(b"200", b"503") + PAGE % 1, {}, "status_5xx"),
        (OK.replace(b"text/html", b"image/png") + b"x", {}, "media_type_image"),
        (OK.replace(b"text/html", b"text/plain") + b"x", {}, "media_type_text"),
        (OK.replace(b"text/html", b"strange/type") + b"x", {}, "media_type_other"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + PAGE % 1, {}, "row"),  # sniffed
        (b"HTTP/1.1 200 OK\r\n\r\nno markup", {}, "media_type_unknown"),
        (b"HTTP/1.1 200 OK\r\n\r\nno markup", {"WARC_Identified_Payload_Type": "text/html"}, "row"),
        (b"HTTP/1.1 200 OK\r\n\r\n<html>", {"WARC_Identified_Payload_Type": "image/svg+xml"}, "media_type_image"),
        (OK, {}, "no_text"),
        (OK + b"<html><script>var x;</script>", {}, "no_text"),
        (b"no HTTP at all", {}, "broken_record"),
        (b"", {}, "broken_record"),
        (b"20200202 1.2.3.4", {"WARC_Target_URI": "dns:example.test", "Content_Type": "text/dns"}, "not_http"),
        (OK.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n") + gzip.compress(PAGE % 1, mtime=0), {}, "row"),
        (
            OK.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n") + gzip.compress(PAGE, mtime=0)[:30],
            {},
            "bad_encoding",
        ),
        (OK.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n") + b"fff\r\n<html>", {}, "bad_chunking"),
        (OK + b"<div>" * 200_000, {}, "resource:html_tags"),
        (OK + b"%PDF-1.4\n1 0 obj", {}, "binary"),
        (OK + gzip.compress(PAGE % 1, mtime=0), {}, "binary"),
    ],
)
def test_what_a_response_becomes(block, headers, reason):
    assert reasons(read(record("response", block, **headers))) == [reason]


@pytest.mark.parametrize("kind", ["warcinfo", "request", "metadata", "resource", "revisit", "continuation"])
def test_other_records_are_counted(kind):
    assert read(record(kind, b"some block")) == [NotADocument(f"commoncrawl:{kind}", 10)]


def test_an_unknown_type_is_counted():
    assert reasons(read(record("something", b"x"))) == ["unknown_type"]


def test_a_conversion_is_its_text():
    data = record(
        "conversion", " Größe\n".encode(), Content_Type="text/plain", WARC_Identified_Content_Language="deu,eng"
    )
    (row,) = read(data)
    assert isinstance(row, Row)
    assert (row.text, row.language_hint, row.date, row.charset) == ("Größe", "deu", "2020-02-02", "utf-8")
    assert reasons(read(record("conversion", b"{}", Content_Type="application/json"))) == ["media_type_application"]
    assert reasons(read(record("conversion", b" \n", Content_Type="text/plain"))) == ["no_text"]


def test_comments_below_an_article_are_an_option():
    said = "".join(
        f"<p>The bridge was closed in March {year}, after cracks were found in its piers.</p>" for year in range(6)
    )
    remark = "My grandfather worked on that bridge for forty years, and he never trusted it."
    block = f"<html><article>{said}</article><div class=comments><p class=comment>{remark}</p></div>".encode()
    for comments in (False, True):
        (row,) = read(record("response", OK + block), CommonCrawl(comments=comments))
        assert row.text.count("bridge was closed") == 6
        assert (remark in row.text) == comments


def test_what_a_page_carries():
    data = record("warcinfo", b"x") + page(1, WARC_Target_URI="<http://example.test/a b>")
    (_, row) = read(data)
    assert row == Row(
        natural_key="urn:test:1",
        raw_offset=len(record("warcinfo", b"x")),
        raw_bytes=len(OK + PAGE % 1),
        text="Page number 1, written for a test.",
        url="http://example.test/a%20b",
        title="A page",
        date="2020-02-02",
        charset="utf-8",
        directives_as_of="2020-02-02T02:02:02Z",
    )


def test_without_an_id_the_place_is_the_key():
    first, second = page(1), record("response", OK + PAGE % 2, number=None)
    assert [row.natural_key for row in read(first + second)] == ["urn:test:1", f"{DIGEST}@{len(first)}"]
    whole = gzip.compress(first + second, mtime=0)
    assert [row.natural_key for row in read(whole)] == ["urn:test:1", f"{DIGEST}@+{len(first)}"]
    assert [row.raw_offset for row in read(whole)] == [0, None]  # a record that begins a gzip member is found by it


def test_an_id_that_comes_again_is_dropped_under_its_place():
    first, second, third = read(page(1) + page(1) + page(2))
    assert isinstance(first, Row)
    assert second == Dropped("commoncrawl:repeated_record", f"{DIGEST}@{len(page(1))}", len(page(1)), first.raw_bytes)
    assert isinstance(third, Row)


@pytest.mark.parametrize("length", ["-1", "x", "", "99999999999999999999999"])
def test_a_length_that_is_none_is_a_broken_record_and_the_next_is_read(length):
    broken = record("response", OK + PAGE % 1, number=1, length=length)
    assert reasons(read(broken + page(2))) == ["broken_record", "row"]


@pytest.mark.parametrize(
    "junk", [b"junk", b"\0" * 30 + b"x", b"\x1f\x8b\x08\0" + bytes(9), gzip.compress(b"", mtime=0), b"WARC/1.0\r\n"]
)
@pytest.mark.parametrize("name", ["gzip", "plain"])
def test_junk_between_records_costs_no_record(name, junk):
    first, second = PACK[name]([page(1)]), PACK[name]([page(2), page(3)])
    outcomes = read(first + junk + second)
    assert len(texts(outcomes)) == 3
    # a version line before a record that has its own is passed over as a header line without meaning
    harmless = name == "plain" and junk.startswith(b"WARC/")
    assert len([outcome for outcome in outcomes if isinstance(outcome, Dropped)]) == (0 if harmless else 1)


def test_an_empty_file_holds_nothing():
    assert read(b"") == []


def test_arc_records():
    for data in (
        ARC,
        gzip.compress(ARC, mtime=0),
        b"".join(gzip.compress(part, mtime=0) for part in (ARC[:50], ARC[50:])),
    ):
        outcomes = read(data)
        assert reasons(outcomes) == ["warcinfo", "row", "row", "row", "row"]
        assert {row.date for row in outcomes if isinstance(row, Row)} == {"2020-01-01"}
    assert [outcome.raw_offset for outcome in read(ARC)[1:2]] == [50]


class Endless(io.RawIOBase):
    """One response of 200 MB that nobody holds: made as it is read."""

    def __init__(self, head: bytes, size: int) -> None:
        self.head, self.size, self.at = head, size, 0

    def read(self, size: int = -1) -> bytes:
        size = min(size, self.size - self.at)
        part = self.head[self.at : self.at + size].ljust(size, b"x")
        self.at += size
        return part

    def seek(self, offset: int, whence: int = 0) -> int:
        assert whence == 0
        self.at = offset
        return offset

    def tell(self) -> int:
        return self.at


def test_a_record_over_budget_is_streamed_past():
    block = 200_000_000
    head = record("response", OK, length=block)[:-4]
    stream = Endless(head, len(head) - len(OK) + block)
    tracemalloc.start()
    outcomes = list(CommonCrawl().read(Piece(InputFile("x", stream.size, DIGEST)), stream))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert outcomes == [Dropped("resource:record_bytes", "urn:test:0", 0, block)]
    assert peak < 20_000_000


@pytest.mark.parametrize(("more", "reason"), [(0, "row"), (1, "resource:record_bytes")])
def test_the_budget_includes_its_bound(more, reason):
    budget = len(OK + PAGE % 1) - more
    assert reasons(read(page(1), CommonCrawl(max_record_bytes=budget))) == [reason]


BROKEN = record("response", b"", number=None, length="x")
MEMBER = gzip.compress(BROKEN, mtime=0)


@pytest.mark.parametrize(("name", "damaged"), [("plain", BROKEN), ("gzip", MEMBER[:30] + b"\0\0" + MEMBER[32:])])
def test_however_much_is_damaged_what_stands_behind_is_read(name, damaged):
    found = reasons(read(damaged * 1_200 + PACK[name]([page(1), page(2)])))
    assert found[-2:] == ["row", "row"]
    assert Counter(found) == {"row": 2} | ({"broken_record": 1_200} if name == "plain" else {"broken_archive": 1})


@pytest.mark.parametrize("name", ["plain", "gzip", "arc"])
def test_what_is_not_read_any_more_is_told(name, monkeypatch):
    """A file of false starts must not cost its square: where too much of it was read again, the rest is one outcome."""
    monkeypatch.setattr(warc, "MAX_READ_AGAIN", 200_000)
    good = gzip.compress(ARC, mtime=0) if name == "arc" else PACK[name]([page(1)])
    false = b"WARC/1.0\r\nx" if name == "plain" else b"\x1f\x8b\x08\0" + bytes(9)
    data = good + false * 20_000 + (good if name == "arc" else PACK[name]([page(2)]))
    stream = WatchedStream(io.BytesIO(data))
    outcomes = list(CommonCrawl().read(Piece(InputFile("test.warc.gz", len(data), DIGEST)), stream))
    assert reasons(outcomes).count("row") == (4 if name == "arc" else 1)
    last = outcomes[-1]
    assert isinstance(last, Dropped) and last.reason == "commoncrawl:broken_archive"
    assert last.raw_offset is not None and len(good) < last.raw_offset < len(data) - len(good)
    assert stream.passed < 2 * len(data) + 200_000 + (1 << 19)


@pytest.mark.parametrize("name", ["whole gzip", "whole zstd", "whole lz4"])
@pytest.mark.parametrize("length", [20, 1000, "abc"])
def test_behind_a_wrong_length_reading_goes_on_inside_of_what_is_packed(name, length):
    wrong = record("response", OK + PAGE % 9, number=9, length=length)
    records = [page(0), wrong, *map(page, range(10, 20))]
    found = texts(read(PACK[name](records)))
    assert found[0] == "Page number 0, written for a test."
    assert found[-1] == "Page number 19, written for a test."
    assert len(found) >= 8


@pytest.mark.parametrize("filler", [b"\n", b"\r\n", b"a\n", b" \n", b"\0\n", b"WARC/\n", b"a:\n"])
@pytest.mark.parametrize("archive", [gzip.compress(page(0) + page(1)), gzip.compress(ARC)])
def test_lines_without_end_are_not_read_one_by_one(filler, archive, monkeypatch):
    """One line costs a microsecond, and 1 MB of gzip holds 500 million of them."""
    read_line, lines = ArchiveLines.readline, []
    monkeypatch.setattr(ArchiveLines, "readline", lambda self: lines.append(1) or read_line(self))
    unpacked = gzip.decompress(archive)
    outcomes = read(gzip.compress(unpacked + filler * (1 << 20) + b"\n" + unpacked))
    assert len(texts(outcomes)) >= len(texts(read(archive)))
    assert len(lines) < 500


@pytest.mark.parametrize("name", ["gzip", "zstd", "lz4"])
@pytest.mark.parametrize("ids", [True, False])
def test_behind_damage_nothing_is_read_twice_of_what_is_packed_together(name, ids):
    """Two records in each member or frame, of which the fourth is damaged."""
    filler = [hashlib.shake_256(bytes([number])).hexdigest(4096).encode() for number in range(12)]
    pages = [
        record("response", OK + PAGE % number + filler[number], number=number if ids else None) for number in range(12)
    ]
    packed = [bytearray(PACK[name]([pages[number] + pages[number + 1]])) for number in range(0, 12, 2)]
    packed[3][4:12] = b"\xff" * 8
    outcomes = read(b"".join(packed))
    assert "repeated_record" not in reasons(outcomes)
    keys = [outcome.natural_key for outcome in outcomes if isinstance(outcome, Row | Dropped)]
    assert len(keys) == len(set(keys))
    numbers = [int(text.split()[2].rstrip(",")) for text in texts(outcomes)]
    assert [number for number in numbers if number not in (6, 7)] == [0, 1, 2, 3, 4, 5, 8, 9, 10, 11]
    assert sum(not isinstance(outcome, Row) for outcome in outcomes) == 1


def test_places_in_what_is_unpacked_differ_on_both_sides_of_damage():
    """After damage they go on: a record behind it must not be called as one before it."""
    blocks = [hashlib.shake_256(b"%d" % n).hexdigest(n % 97).encode() for n in range(4000)]
    arc = [b"http://example.test/ 1.2.3.4 20200101000000 text/html %d\n%s\n" % (len(one), one) for one in blocks]
    first = gzip.compress(b"filedesc://x 0.0.0.0 20200101000000 text/plain 0\n\n" + b"".join(arc))
    data = first[:-8] + b"\xff" * 8 + gzip.compress(b"".join(reversed(arc)))
    places = [(one.in_file, one.offset) for one in records_of(WatchedStream(io.BytesIO(data)))]
    assert len(places) > 1.5 * len(arc)
    assert len(places) == len(set(places))


def test_a_line_of_many_dates_costs_no_square():
    """Where it does, each of these lines takes seconds."""
    line = b"a:" + b" 1 20200101" * 5900 + b"x\n"
    assert reasons(read(ARC + line * 50)) == [*reasons(read(ARC)), "broken_archive"]


@pytest.mark.parametrize("place", [0, 12, -1])
def test_an_arc_file_without_its_version_block_is_one(place):
    """Where the first member is damaged, the others tell."""
    starts = [*(found.start() for found in re.finditer(rb"filedesc:|http:", ARC)), len(ARC)]
    packed = [bytearray(gzip.compress(ARC[start:end], mtime=0)) for start, end in pairwise(starts)]
    packed[0][place] ^= 0xFF
    found = read(b"".join(packed))
    assert texts(found) == texts(read(ARC))
    assert texts(read(ARC[starts[1] :])) == texts(read(ARC))


@pytest.mark.parametrize("packed", ["each", "together", "lower case"])
def test_frames_with_a_dictionary_however_records_are_written(packed):
    records = [page(number) for number in range(6)]
    dictionary = zstandard.train_dictionary(2000, [page(number) for number in range(200)])
    if packed == "lower case":
        records = [one.replace(b"Content-Length", b"content-length", 1) for one in records]
    units = [b"".join(records[n : n + 2]) for n in range(0, 6, 2)] if packed == "together" else records
    raw = dictionary.as_bytes()
    data = b"\x5d\x2a\x4d\x18" + len(raw).to_bytes(4, "little") + raw
    data += b"".join(zstandard.ZstdCompressor(dict_data=dictionary).compress(unit) for unit in units)
    assert texts(read(data)) == [f"Page number {number}, written for a test." for number in range(6)]


@pytest.mark.parametrize("with_dictionary", [False, True])
@pytest.mark.parametrize(("window_log", "is_read"), [(27, True), (28, False)])
def test_a_zstd_window_beyond_what_is_read_is_told_as_that(window_log, is_read, with_dictionary):
    """As `zstd --long=31` packs a whole file in one frame."""
    parameters = zstandard.ZstdCompressionParameters.from_level(1, window_log=window_log)
    dictionary = zstandard.train_dictionary(2000, [page(number) for number in range(200)]) if with_dictionary else None
    frame = zstandard.ZstdCompressor(compression_params=parameters, dict_data=dictionary).compressobj()
    data = frame.compress(page(1)) + frame.flush()
    if dictionary is not None:
        raw = dictionary.as_bytes()
        data = b"\x5d\x2a\x4d\x18" + len(raw).to_bytes(4, "little") + raw + data
    found = read(data)
    if is_read:
        assert texts(found) == ["Page number 1, written for a test."]
    else:
        assert found == [Dropped("resource:zstd_window", f"{DIGEST}@0-", 0, len(data))]
