"""Archives made for tests: records, pages, containers, and what the web door makes of them."""

from __future__ import annotations

import gzip
import io

import zstandard
from fastwarc.stream_io import Lz4Writer

from pipeline.sources.commoncrawl.source import CommonCrawl
from pipeline.sources.source import InputFile, Outcome, Piece, Row

DIGEST = "0" * 64
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
PAGE = b"<html><head><title>A page</title></head><body><main><p>Page number %d, written for a test.</p></main></body>"


def record(kind: str, block: bytes, *, number: int | None = 0, length: object = None, **headers: str) -> bytes:
    fields = {
        "WARC-Type": kind,
        "WARC-Target-URI": f"http://example.test/{number}",
        "WARC-Date": "2020-02-02T02:02:02Z",
    }
    if number is not None:
        fields["WARC-Record-ID"] = f"<urn:test:{number}>"
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    fields["Content-Length"] = str(len(block) if length is None else length)
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return b"WARC/1.0\r\n" + head.encode() + b"\r\n" + block + b"\r\n\r\n"


def page(number: int, **headers: str) -> bytes:
    return record("response", OK + PAGE % number, number=number, **headers)


def lz4(data: bytes) -> bytes:
    target = io.BytesIO()
    writer = Lz4Writer(target)
    writer.write(data)
    writer.close()
    return target.getvalue()


PACK = {
    "gzip": lambda records: b"".join(map(gzip.compress, records)),
    "whole gzip": lambda records: gzip.compress(b"".join(records)),
    "zstd": lambda records: b"".join(map(zstandard.ZstdCompressor().compress, records)),
    "whole zstd": lambda records: zstandard.ZstdCompressor().compress(b"".join(records)),
    "lz4": lambda records: b"".join(map(lz4, records)),
    "whole lz4": lambda records: lz4(b"".join(records)),
    "plain": b"".join,
}


def read(data: bytes, source: CommonCrawl | None = None) -> list[Outcome]:
    source = source or CommonCrawl()
    return list(source.read(Piece(InputFile("test.warc.gz", len(data), DIGEST)), io.BytesIO(data)))


def reasons(outcomes: list[Outcome]) -> list[str]:
    return ["row" if isinstance(outcome, Row) else outcome.reason.removeprefix("commoncrawl:") for outcome in outcomes]


def texts(outcomes: list[Outcome]) -> list[str]:
    return [outcome.text for outcome in outcomes if isinstance(outcome, Row)]


ARC = b"filedesc://x 0.0.0.0 20200101000000 text/plain 0\n\n" + b"".join(
    b"http://example.test/%d 1.2.3.4 20200101000000 text/html %d\n%s\n"
    % (number, len(OK + PAGE % number), OK + PAGE % number)
    for number in range(4)
)
