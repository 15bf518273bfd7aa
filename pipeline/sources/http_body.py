"""A stored HTTP response: its head, and its body with transfer and content encodings undone, within a budget."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

import brotli
import zstandard

MAX_ENCODINGS = 4  # a response names one, seldom two; each costs a pass over the body
ZSTD_WINDOW_BYTES = 8 << 20  # what a sender may use at most (RFC 9659)
_ZSTD_FEED_BYTES = 256  # a block header of four bytes may stand for 128 KiB: one feed gives at most 8 MiB
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+(\d{3})(?!\d)[^\r\n]*")
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")


class BodyError(ValueError):
    """The body cannot be had; `reason` is what the ledger says."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Head:
    """Status code, first value of each header under its lower-case name, and where the body starts in the block."""

    status: int
    headers: dict[str, str]
    body_start: int

    @property
    def media_type(self) -> str:
        """`type/subtype` in lower case, empty where the response does not say."""
        return self.headers.get("content-type", "").partition(";")[0].partition(",")[0].strip().lower()

    @property
    def charset(self) -> str | None:
        """What Content-Type declares, as it stands there."""
        found = re.search(r"charset\s*=\s*[\"']?([^\s;,\"']+)", self.headers.get("content-type", ""), re.IGNORECASE)
        return found[1] if found else None


def parse_head(block: bytes) -> Head | None:
    """The head of an HTTP/1.x (or recorded HTTP/2) response; None where `block` does not begin with one."""
    status = _STATUS.match(block)
    if status is None:
        return None
    end = _END_OF_HEAD.search(block)
    head, body_start = (block[: end.start()], end.end()) if end else (block, len(block))
    headers: dict[str, str] = {}
    for line in head.splitlines()[1:]:
        name, colon, value = line.partition(b":")
        if colon:
            headers.setdefault(name.strip().lower().decode("latin-1"), value.strip().decode("latin-1"))
    return Head(int(status[1]), headers, body_start)


def decode_body(body: bytes, head: Head, *, limit: int, cut: bool = False) -> bytes:
    """`body` as the page's bytes: chunks joined, then the content encodings undone, last first.

    Crawlers store bodies decoded and keep the headers: what does not decode, but begins like markup, is taken as it
    is. `cut` says that the crawler stopped early: what decodes up to there is the page.
    Raises BodyError with `resource:body_bytes` above `limit` bytes, `commoncrawl:bad_chunking` or
    `commoncrawl:bad_encoding`.
    """
    if "chunked" in head.headers.get("transfer-encoding", "").lower():
        body = _join_chunks(body, cut)
    named = [name.strip().lower() for name in head.headers.get("content-encoding", "").split(",")]
    encodings = [name for name in named if name not in ("", "identity", "none")]
    if len(encodings) > MAX_ENCODINGS:
        raise BodyError("commoncrawl:bad_encoding")
    for encoding in reversed(encodings):
        try:
            body = _decompress(body, encoding, limit, cut)
        except (zlib.error, brotli.error, zstandard.ZstdError, EOFError):
            if body and not _is_markup(body):
                raise BodyError("commoncrawl:bad_encoding") from None
    if len(body) > limit:
        raise BodyError("resource:body_bytes")
    return body


def _is_markup(body: bytes) -> bool:
    return body[:64].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"


def _join_chunks(body: bytes, cut: bool) -> bytes:
    """The chunks of RFC 9112, 7.1, joined; a body without a first chunk line was joined by the crawler already."""
    parts: list[bytes] = []
    at = 0
    while at < len(body):
        line = _CHUNK_SIZE.match(body, at)
        if line is None:
            if not parts:
                return body
            break
        size = int(line[1], 16)
        part = body[line.end() : line.end() + size]
        parts.append(part)
        if size == 0:
            return b"".join(parts)
        at = line.end() + size
        if len(part) < size:
            break
        at += 2 if body.startswith(b"\r\n", at) else body.startswith(b"\n", at)
    if body and not cut:
        raise BodyError("commoncrawl:bad_chunking")
    return b"".join(parts)


def _decompress(body: bytes, encoding: str, limit: int, cut: bool) -> bytes:
    if encoding in ("gzip", "x-gzip"):
        return _inflate(body, 31, limit, cut)
    if encoding == "deflate":
        try:
            return _inflate(body, zlib.MAX_WBITS, limit, cut)  # as RFC 9110 has it
        except zlib.error:
            return _inflate(body, -zlib.MAX_WBITS, limit, cut)  # as some servers have it
    if encoding == "br":
        return _unbrotli(body, limit, cut)
    if encoding == "zstd":
        return _unzstd(body, limit, cut)
    raise EOFError(f"no such content encoding: {encoding!r}")


def _inflate(body: bytes, window_bits: int, limit: int, cut: bool) -> bytes:
    parts: list[bytes] = []
    room = limit
    while body:
        inflate = zlib.decompressobj(window_bits)
        parts.append(inflate.decompress(body, room + 1))
        room -= len(parts[-1])
        if room < 0:
            raise BodyError("resource:body_bytes")
        if not inflate.eof:
            if not cut:
                raise EOFError("the compressed body ends early")
            break
        # Further members follow only in gzip; other bytes after the end are padding.
        body = inflate.unused_data if window_bits == 31 and inflate.unused_data.startswith(b"\x1f\x8b") else b""
    return b"".join(parts)


def _unbrotli(body: bytes, limit: int, cut: bool) -> bytes:
    decompressor = brotli.Decompressor()
    parts = [decompressor.process(body, output_buffer_limit=limit + 1)]
    size = len(parts[0])
    while size <= limit and not decompressor.is_finished() and not decompressor.can_accept_more_data():
        parts.append(decompressor.process(b"", output_buffer_limit=limit + 1 - size))
        size += len(parts[-1])
    if size > limit:
        raise BodyError("resource:body_bytes")
    if not decompressor.is_finished() and not cut:
        raise EOFError("the compressed body ends early")
    return b"".join(parts)


def _unzstd(body: bytes, limit: int, cut: bool) -> bytes:
    decompressor = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW_BYTES).decompressobj()
    parts: list[bytes] = []
    size = 0
    for start in range(0, len(body), _ZSTD_FEED_BYTES):
        parts.append(decompressor.decompress(body[start : start + _ZSTD_FEED_BYTES]))
        size += len(parts[-1])
        if size > limit:
            raise BodyError("resource:body_bytes")
        if decompressor.eof:
            break
    if not decompressor.eof and not cut:
        raise EOFError("the compressed body ends early")
    return b"".join(parts)
