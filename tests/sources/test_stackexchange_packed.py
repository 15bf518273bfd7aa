"""The dump's packings: gzip, zstd and 7z of every codec, damaged and whole."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import struct
import tracemalloc
import zlib
from collections import Counter

import py7zr
import pytest
import zstandard

from pipeline.sources.source import Dropped, InputFile, NotADocument, Piece, Row
from pipeline.sources.stackexchange.source import StackExchange
from pipeline.trouble import EnvironmentTrouble
from tests.made_posts import PATH, answer, brief, dump, question, read, row
from tests.made_stream import MadeStream

POSTS = dump(question(), answer(2), row(Id=3, PostTypeId=5, Body=""), question(4, Body="<p>ü</p>" * 400))
CODECS = {
    "default": None,
    "lzma2": [{"id": py7zr.FILTER_LZMA2, "preset": 1}],
    "lzma": [{"id": py7zr.FILTER_LZMA, "preset": 1}],
    "bzip2": [{"id": py7zr.FILTER_BZIP2}],
    "deflate": [{"id": py7zr.FILTER_DEFLATE}],
    "copy": [{"id": py7zr.FILTER_COPY}],
}


def archive(codec: str, packed_header: bool = True, **files: bytes) -> bytes:
    held = io.BytesIO()
    with py7zr.SevenZipFile(held, "w", filters=CODECS.get(codec)) as writer:
        writer.set_encoded_header_mode(packed_header)
        for name, content in (files or {"Badges.xml": b"<x/>" * 999, "Posts.xml": POSTS, "Votes.xml": b""}).items():
            writer.writestr(content, name)
    return held.getvalue()


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress], ids=["gz", "zst"])
def test_packed_posts_give_the_same(pack) -> None:  # type: ignore[no-untyped-def]
    suffix = "gz" if pack is gzip.compress else "zst"
    assert read(pack(POSTS), f"{PATH}.{suffix}") == read(POSTS)
    assert "stackexchange:broken_file" in brief(read(pack(POSTS)[:-9], f"{PATH}.{suffix}"))


@pytest.mark.parametrize("packed_header", [True, False])
@pytest.mark.parametrize("codec", CODECS)
def test_archives_of_every_codec_give_the_same(codec: str, packed_header: bool) -> None:
    found = read(archive(codec, packed_header), "tea.example.com.7z")
    others = [outcome for outcome in found if isinstance(outcome, NotADocument)]
    assert Counter(brief(others)) == {"stackexchange:other_file": 2, "stackexchange:tag_wiki": 1}
    rows = [outcome for outcome in found if isinstance(outcome, Row)]
    plain = [outcome for outcome in read(POSTS) if isinstance(outcome, Row)]
    assert [(r.natural_key, r.text, r.url) for r in rows] == [(r.natural_key, r.text, r.url) for r in plain]
    assert [r.raw_offset for r in rows] == [3996 + (r.raw_offset or 0) for r in plain]


def test_an_archive_may_hold_a_folder_a_site() -> None:
    held = archive(
        "bzip2", **{"a.example.com/Posts.xml": dump(question()), "b.example.com/Posts.xml": dump(question())}
    )
    found = read(held, "all.7z")
    assert [o.natural_key for o in found if isinstance(o, Row)] == ["a.example.com:1", "b.example.com:1"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "broken_file"),
        (b"no archive", "broken_file"),
        (archive("lzma2")[:-1], "broken_file"),
        (archive("lzma2")[:200], "broken_file"),
    ],
)
def test_a_broken_archive_is_one_record(content: bytes, reason: str) -> None:
    assert read(content, "a.7z") == [Dropped(f"stackexchange:{reason}", "d@end", None, 0)]


def test_a_codec_of_programs_or_a_password_is_not_supported() -> None:
    held = io.BytesIO()
    with py7zr.SevenZipFile(held, "w", filters=[{"id": py7zr.FILTER_PPMD, "order": 6, "mem": 16}]) as writer:
        writer.writestr(POSTS, "Posts.xml")
    assert brief(read(held.getvalue(), "a.7z")) == ["stackexchange:unsupported_archive"]
    held = io.BytesIO()
    with py7zr.SevenZipFile(held, "w", password="secret") as writer:
        writer.writestr(POSTS, "Posts.xml")
    assert brief(read(held.getvalue(), "a.7z")) == ["stackexchange:unsupported_archive"]


def test_damage_within_an_archive_costs_what_stands_behind_it() -> None:
    rows = [
        question(n, Body="".join(hashlib.sha256(b"%d" % (n * 99 + k)).hexdigest() for k in range(99)))
        for n in range(300)
    ]
    content = bytearray(archive("bzip2", **{"Posts.xml": dump(*rows)}))
    content[len(content) // 2] ^= 0xFF
    counts = Counter(brief(read(bytes(content), "tea.example.com.7z")))
    assert counts["stackexchange:broken_file"] == 1
    assert 0 < counts["row"] < 300


def test_a_wrong_checksum_is_damage() -> None:
    stored = archive("copy", **{"Posts.xml": dump(question())})
    assert brief(read(stored.replace(b"Title", b"Citle", 1), "a.7z")) == ["stackexchange:broken_file", "row"]


def test_a_dictionary_is_never_larger_than_what_it_unpacks() -> None:
    """A header that asks for 4 GiB, of 40 kB of posts, is answered with 40 kB."""
    content = bytearray(archive("lzma2", packed_header=False, **{"Posts.xml": POSTS * 10}))
    start = 32 + struct.unpack("<Q", content[12:20])[0]
    at = content.index(b"\x21\x21\x01", start)  # one simple coder with properties: LZMA2, of one byte
    content[at + 3] = 40
    content[28:32] = zlib.crc32(content[start:]).to_bytes(4, "little")
    content[8:12] = zlib.crc32(content[12:32]).to_bytes(4, "little")
    tracemalloc.start()
    try:
        assert "row" in brief(read(bytes(content), "a.7z"))
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("path", ["a.7z", "Posts.xml", "Posts.xml.gz"])
def test_trouble_of_the_stream_passes_through(path: str) -> None:
    content = archive("bzip2") if path == "a.7z" else gzip.compress(POSTS) if path.endswith("gz") else POSTS
    whole = MadeStream(content)
    assert "row" in brief(list(StackExchange().read(Piece(InputFile(path, 0, "d")), whole)))
    for nth in range(1, whole.reads + 1):
        with pytest.raises(EnvironmentTrouble, match="the store is away"):
            list(StackExchange().read(Piece(InputFile(path, 0, "d")), MadeStream(content, fails_at=nth)))


def test_bzip2_of_several_streams_is_read_to_its_end() -> None:
    held = archive("bzip2", packed_header=False, **{"Posts.xml": POSTS})
    start = 32 + struct.unpack("<Q", held[12:20])[0]
    packed = bz2.compress(POSTS[:100]) + bz2.compress(POSTS[100:])
    header = held[start:].replace(b"\x09" + _number(start - 32), b"\x09" + _number(len(packed)), 1)
    head = struct.pack("<QQI", len(packed), len(header), zlib.crc32(header))
    made = held[:8] + zlib.crc32(head).to_bytes(4, "little") + head + packed + header
    assert brief(read(made, "a.7z")).count("row") == 2


def _number(value: int) -> bytes:
    """As 7z writes numbers below 2^14."""
    return bytes([value]) if value < 0x80 else bytes([0x80 | value >> 8, value & 0xFF])
