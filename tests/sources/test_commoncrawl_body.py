"""Bodies of stored responses: round trips through every encoding, and a reason for each that cannot be had."""

from __future__ import annotations

import gzip
import random
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.sources.commoncrawl.http_body import BodyError, Head, decode_body, is_binary, parse_head

LIMIT = 1 << 20


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACK = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "Deflate": raw_deflate,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


def chunked(data: bytes, size: int) -> bytes:
    parts = [data[start : start + size] for start in range(0, len(data), size)]
    return b"".join(b"%x;q=1\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def head(encoding: str = "", transfer: str = "") -> Head:
    return Head(200, {"content-encoding": encoding, "transfer-encoding": transfer}, 0)


@pytest.mark.parametrize("encoding", PACK)
@given(data=st.binary(max_size=3000), size=st.integers(1, 700))
@settings(deadline=None)
def test_chunks_and_encodings_are_undone(encoding, data, size):
    packed = PACK[encoding](data)
    assert decode_body(packed, head(encoding), limit=LIMIT) == data
    assert decode_body(chunked(packed, size), head(encoding, "chunked"), limit=LIMIT) == data


@pytest.mark.parametrize("first", PACK)
def test_encodings_are_undone_last_first(first):
    body = gzip.compress(PACK[first](b"<p>hello"))
    assert decode_body(body, head(f"{first}, gzip"), limit=LIMIT) == b"<p>hello"


@pytest.mark.parametrize("encoding", PACK)
def test_a_bomb_is_over_budget(encoding):
    bomb = PACK[encoding](bytes(LIMIT * 20))
    with pytest.raises(BodyError, match="resource:body_bytes"):
        decode_body(bomb, head(encoding), limit=LIMIT)
    exact = PACK[encoding](bytes(LIMIT))
    assert len(decode_body(exact, head(encoding), limit=LIMIT)) == LIMIT


@pytest.mark.parametrize("encoding", PACK)
@given(cut=st.integers(1, 60))
@settings(deadline=None)
def test_a_cut_body_is_bad_unless_the_crawler_says_that_it_cut(encoding, cut):
    page = b"".join(b"<p>line %d of a page</p>" % line for line in range(200))
    packed = PACK[encoding](page)
    short = packed[:-cut]
    with pytest.raises(BodyError, match="commoncrawl:bad_encoding"):
        decode_body(short, head(encoding), limit=LIMIT)
    assert page.startswith(decode_body(short, head(encoding), limit=LIMIT, cut=True))


@pytest.mark.parametrize(
    ("body", "given_head", "answer"),
    [
        (b"<html>", head("gzip"), b"<html>"),  # decoded by the crawler, header kept
        (b"\xef\xbb\xbf <html>", head("br"), b"\xef\xbb\xbf <html>"),
        (b"<html>", head(transfer="chunked"), b"<html>"),
        (b"", head("gzip", "chunked"), b""),
        (b"x", head("identity, none,"), b"x"),
        (b"garbage", head("gzip"), "commoncrawl:bad_encoding"),
        (b"garbage", head("sdch"), "commoncrawl:bad_encoding"),
        (b"garbage", head("gzip,gzip,gzip,gzip,gzip"), "commoncrawl:bad_encoding"),
        (b"5\r\nhello\r\nzz\r\nworld", head(transfer="chunked"), "commoncrawl:bad_chunking"),
        (b"ff\r\nhello", head(transfer="Chunked"), "commoncrawl:bad_chunking"),
        (b"5\r\nhello\r\n", head(transfer="chunked"), "commoncrawl:bad_chunking"),
        (b"5 \r\nhello\r\n0\r\n\r\n", head(transfer="chunked"), b"hello"),
        (b"5\nhello\n0\n\n", head(transfer="chunked"), b"hello"),
        (bytes(LIMIT + 1), head(), "resource:body_bytes"),
        (bytes(LIMIT), head(), bytes(LIMIT)),
    ],
    ids=lambda value: "" if not isinstance(value, str) else value,
)
def test_bodies(body, given_head, answer):
    if isinstance(answer, str):
        with pytest.raises(BodyError, match=answer):
            decode_body(body, given_head, limit=LIMIT)
    else:
        assert decode_body(body, given_head, limit=LIMIT) == answer


@given(
    body=st.binary(max_size=500),
    encoding=st.lists(st.sampled_from([*PACK, "x-gzip", "?", ""]), max_size=3).map(", ".join),
    transfer=st.sampled_from(["", "chunked"]),
    cut=st.booleans(),
)
@settings(deadline=None)
def test_any_body_gives_bytes_or_a_reason(body, encoding, transfer, cut):
    try:
        assert isinstance(decode_body(body, head(encoding, transfer), limit=1000, cut=cut), bytes)
    except BodyError as error:
        assert error.reason in ("commoncrawl:bad_encoding", "commoncrawl:bad_chunking", "resource:body_bytes")


@pytest.mark.parametrize(
    ("block", "status", "media_type", "charset", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Type: Text/HTML; Charset='gbk'\r\n\r\nx", 200, "text/html", "gbk", b"x"),
        (b"HTTP/1.0 404\n\nx", 404, "", None, b"x"),
        (b"HTTP/2 200 \r\ncontent-type:text/html\r\ncontent-type:image/png\r\n\r\n", 200, "text/html", None, b""),
        (b"HTTP/1.1 200 OK\r\nno end", 200, "", None, b""),
        (b"HTTP/1.1 2000 OK\r\n\r\n", None, "", None, b""),
        (b"<html>", None, "", None, b""),
        (b"", None, "", None, b""),
    ],
)
def test_heads(block, status, media_type, charset, body):
    found = parse_head(block)
    if status is None:
        assert found is None
    else:
        assert found is not None
        assert (found.status, found.media_type, found.charset) == (status, media_type, charset)
        assert block[found.body_start :] == body


def test_encodings_in_several_headers_are_one_list():
    """RFC 9110, 5.3; of other headers the first counts."""
    block = b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nX-A: 1\r\ncontent-encoding: gzip\r\nX-A: 2\r\n\r\n"
    found = parse_head(block)
    assert found is not None
    assert found.headers == {"content-encoding": "br, gzip", "x-a": "1"}
    assert decode_body(gzip.compress(brotli.compress(b"<p>hello")), found, limit=LIMIT) == b"<p>hello"


@pytest.mark.parametrize("transfer", ["gzip", "gzip, chunked", "x-gzip,Chunked"])
@pytest.mark.parametrize("encoding", ["", "br"])
def test_transfer_encodings_other_than_chunks_are_undone_first(transfer, encoding):
    body = gzip.compress(brotli.compress(b"<p>hello") if encoding else b"<p>hello")
    body = chunked(body, 7) if "hunked" in transfer else body
    assert decode_body(body, head(encoding, transfer), limit=LIMIT) == b"<p>hello"
    assert decode_body(b"<p>undone by the crawler", head(encoding, transfer), limit=LIMIT).startswith(b"<p>undone")


@pytest.mark.parametrize(
    "body",
    [
        b"%PDF-1.4\n1 0 obj",
        b"\x89PNG\r\n\x1a\n....",
        gzip.compress(b"<html>", mtime=0),  # else its name tells the time, and each process collects another test
        b"PK\x03\x04....",
        b"GIF89a....",
        b"\xff\xd8\xff\xe0",
        b"RIFF\0\0\0\0WEBP",
        b"\0\0\0\x18ftypmp42",
        random.Random(1).randbytes(3000),
        b"MZ" + random.Random(2).randbytes(200),
    ],
)
def test_what_is_no_text_is_binary_whatever_it_says(body):
    assert is_binary(body, None)
    assert is_binary(body, "utf-8")
    assert not is_binary(b"<html>" + body, None)


@pytest.mark.parametrize(
    ("text", "charsets"),
    [
        ("PK, GIF, RIFF and ID3 are words. \t\r\n\f", "utf-8 ascii utf-16 utf-16-le utf-16-be utf-7"),
        ("河川在夜间上涨。没有人受伤。", "utf-8 gb18030 big5 utf-16 utf-16-le hz"),
        ("川は夜に増水した。けが人はいなかった。", "utf-8 shift_jis euc_jp iso2022_jp utf-16-be"),
        ("강물이 밤에 불어났다.", "utf-8 euc_kr iso2022_kr utf-16"),
        ("Река поднялась ночью.", "utf-8 koi8-r cp1251 cp866 utf-16-le"),
        ("Ο ποταμός ανέβηκε", "utf-8 iso8859-7 utf-16-be"),
    ],
)
def test_text_in_any_charset_is_not_binary(text, charsets):
    for charset in charsets.split():
        encoded = (text * 30).encode(charset, "ignore")
        assert not is_binary(encoded, charset), charset
        assert charset.startswith("utf-16") or not is_binary(encoded, None), charset
