"""Laws of the Stack Exchange source: total on any bytes, one outcome a row, the same whatever way it is read."""

from __future__ import annotations

import gzip
import io
import re
import struct
import zlib

import py7zr
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.sources.source import Dropped, Expanded, Fragment, InputFile, Merged, NotADocument, Outcome, Piece, Row
from pipeline.sources.stackexchange.rows import elements
from pipeline.sources.stackexchange.source import StackExchange
from tests.made_stream import MadeStream

ATTRIBUTES = st.fixed_dictionaries(
    {},
    optional={
        "Id": st.sampled_from(["1", "2", "3", "4", "x", ""]),
        "PostTypeId": st.sampled_from(["1", "2", "2", "5", "77", "-"]),
        "ParentId": st.sampled_from(["1", "2", "9", "none"]),
        "Body": st.sampled_from(["", "&lt;p&gt;text&lt;/p&gt;", "&lt;pre&gt;", "a &amp;amp; b", "\u00fc &#xD800;"]),
        "Score": st.sampled_from(["3", "-1", "many"]),
        "Tags": st.sampled_from(["&lt;a&gt;&lt;b&gt;", "|a|b|", ""]),
    },
)
ROW = ATTRIBUTES.map(lambda found: " ".join(["<row", *(f'{name}="{found[name]}"' for name in found), "/>"]).encode())
PART = st.one_of(ROW, ROW, st.sampled_from([b"<row", b'"', b"<", b"/>", b"\xff", b"<posts>", b"</posts>", b"\r\n  "]))
CONTENT = st.lists(PART, max_size=14).map(b"".join)


def read(content: bytes, path: str = "a.example.com/Posts.xml", stream: io.RawIOBase | None = None) -> list[Outcome]:
    source = StackExchange(max_record_bytes=150)
    return list(source.read(Piece(InputFile(path, len(content), "d")), stream or io.BytesIO(content)))  # type: ignore[arg-type]


def check(found: list[Outcome]) -> None:
    keys = [outcome.natural_key for outcome in found if not isinstance(outcome, NotADocument)]
    assert len(keys) == len(set(keys))
    rows = {outcome.natural_key for outcome in found if isinstance(outcome, Row)}
    for outcome in found:
        assert outcome.raw_bytes >= 0
        assert not isinstance(outcome, Expanded)
        if isinstance(outcome, Row):
            assert outcome.text.strip()
            outcome.text.encode()
        else:
            assert outcome.reason.partition(":")[0] in ("stackexchange", "resource")
        if isinstance(outcome, Merged):
            assert outcome.into in rows


@pytest.mark.parametrize("suffix", StackExchange.suffixes)
@given(content=st.one_of(st.binary(max_size=200), CONTENT))
@settings(max_examples=60, deadline=None)
def test_any_bytes_end_in_outcomes(suffix: str, content: bytes) -> None:
    packed = gzip.compress(content) if suffix.endswith(".gz") else content
    found = read(packed, f"a.example.com/{suffix}")
    check(found)
    assert found == read(packed, f"a.example.com/{suffix}")


@given(content=CONTENT)
@settings(max_examples=300, deadline=None)
def test_each_row_has_one_outcome_and_stands_where_it_says(content: bytes) -> None:
    found = read(content)
    check(found)
    begun = re.findall(rb"<row[\s/>]", content)
    lost = [o for o in found if isinstance(o, Dropped) and o.reason == "stackexchange:broken_file"]
    assert len(lost) <= 1
    assert len(begun) in (len(found), len(found) - len(lost))
    for outcome in found:
        if isinstance(outcome, Row):
            assert content[outcome.raw_offset : (outcome.raw_offset or 0) + outcome.raw_bytes].endswith(b">")


@given(content=CONTENT, most=st.integers(1, 7))
@settings(max_examples=100, deadline=None)
def test_small_reads_change_nothing(content: bytes, most: int) -> None:
    assert read(content, stream=MadeStream(content, most=most)) == read(content)
    runs = iter([content[at : at + most] for at in range(0, len(content), most)])
    assert list(elements(runs, 0, 150)) == list(elements(iter([content]), 0, 150))


@given(rows=st.lists(ROW, max_size=6), cut=st.integers(0, 400))
@settings(max_examples=100, deadline=None)
def test_a_cut_file_begins_as_the_whole_does(rows: list[bytes], cut: int) -> None:
    whole = b"<posts>" + b"\n".join(rows) + b"</posts>"
    loose = list(elements(iter([whole]), 0, 10_000))
    found = list(elements(iter([whole[:cut]]), 0, 10_000))
    if cut < len(whole) - 1:
        assert found[-1].reason == "broken_file"
        assert found[:-1] == loose[: len(found) - 1]
    else:
        assert [one for one in found if one.reason != "broken_file"] == loose


@given(order=st.permutations([1, 2, 3, 4, 5]))
@settings(max_examples=30, deadline=None)
def test_the_order_of_the_file_does_not_decide_on_the_text(order: list[int]) -> None:
    posts = {1: b'<row Id="1" PostTypeId="1" Title="T" Body="q" />'} | {
        n: b'<row Id="%d" PostTypeId="2" ParentId="1" Score="%d" Body="a%d" />' % (n, n % 2, n) for n in range(2, 6)
    }
    [found] = [
        one for one in read(b"<posts>" + b"".join(posts[n] for n in order) + b"</posts>") if isinstance(one, Row)
    ]
    assert found.text.split("\n\n")[2::2] == [f"## Answer {n}" for n in range(1, 5)]
    assert found.text.split("\n\n")[3::2] == ["a3", "a5", "a2", "a4"]


def archive() -> bytes:
    held = io.BytesIO()
    with py7zr.SevenZipFile(held, "w", filters=[{"id": py7zr.FILTER_LZMA2, "preset": 1}]) as writer:
        writer.set_encoded_header_mode(False)
        writer.writestr(b"<badges/>", "Badges.xml")
        writer.writestr(b'<posts><row Id="1" PostTypeId="1" Body="q" /></posts>', "Posts.xml")
    return held.getvalue()


ARCHIVE = archive()


@given(changes=st.lists(st.tuples(st.integers(0, len(ARCHIVE) - 1), st.integers(0, 255)), min_size=1, max_size=4))
@settings(max_examples=500, deadline=None)
def test_a_damaged_archive_ends_in_outcomes(changes: list[tuple[int, int]]) -> None:
    content = bytearray(ARCHIVE)
    for at, value in changes:
        content[at] = value
    check(read(bytes(content), "a.7z"))
    offset, size = struct.unpack("<QQ", content[12:28])  # with checksums that hold, so that the header is looked at
    content[28:32] = zlib.crc32(content[32 + offset : 32 + offset + size]).to_bytes(4, "little")
    content[8:12] = zlib.crc32(content[12:32]).to_bytes(4, "little")
    check(read(bytes(content), "a.7z"))


@given(cut=st.integers(0, len(ARCHIVE) - 1), most=st.integers(1, 50))
@settings(max_examples=50, deadline=None)
def test_a_cut_archive_is_one_record(cut: int, most: int) -> None:
    content = ARCHIVE[:cut]
    found = read(content, "a.7z", MadeStream(content, most=most))
    assert found == [Dropped("stackexchange:broken_file", "d@end", None, 0)]


def test_fragments_are_what_a_spill_can_hold() -> None:
    content = b'<posts><row Id="2" PostTypeId="2" ParentId="1" Body="\xc3\xbc" Views="9" /></posts>'
    [found] = StackExchange().fragments(InputFile("a.example.com/Posts.xml", 0, "d"), io.BytesIO(content))
    assert isinstance(found, Fragment)
    assert (found.group, found.natural_key, found.raw_offset) == ("a.example.com:1", "a.example.com:1/2", 7)
    assert b"Views" not in found.content
