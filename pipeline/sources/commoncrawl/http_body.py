"""A stored HTTP response: its head, and its body with transfer and content encodings undone, within a budget."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

import brotli
import zstandard

_LISTS = frozenset({"content-encoding", "transfer-encoding"})
"""Headers of which several make one list (RFC 9110, 5.3)."""
MAX_ENCODINGS = 4  # a response names one, seldom two; each costs a pass over the body
ZSTD_WINDOW_BYTES = 8 << 20  # what a sender may use at most (RFC 9659)
_ZSTD_FEED_BYTES = 256  # a block header of four bytes may stand for 128 KiB: one feed gives at most 8 MiB
_FORMATS = re.compile(
    rb"%PDF-|\x89PNG\r\n|\xff\xd8\xff|GIF8[79]a|RIFF....(?:AVI |WAVE|WEBP)|wOF[F2]|....ftyp|\x1a\x45\xdf\xa3|OggS\x00"
    rb"|ID3[\x02-\x04]|\x1f\x8b\x08|PK\x03\x04|Rar!\x1a\x07|7z\xbc\xaf\x27\x1c|\x28\xb5\x2f\xfd|\xfd7zXZ\x00|BZh[1-9]1AY"
    rb"|\xd0\xcf\x11\xe0|\x7fELF",
    re.DOTALL,
)
_CONTROLS = bytes([*range(1, 9), 0x0B, *range(0x10, 0x1B), *range(0x1C, 0x20)])
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
    """Status code, each header under its lower-case name, and where the body starts in the block.

    Of a header that stands twice the first value counts; encodings are joined with commas.
    """

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
            key, says = name.strip().lower().decode("latin-1"), value.strip().decode("latin-1")
            headers[key] = f"{headers[key]}, {says}" if key in _LISTS and key in headers else headers.get(key, says)
    return Head(int(status[1]), headers, body_start)


def decode_body(body: bytes, head: Head, *, limit: int, cut: bool = False) -> bytes:
    """`body` as the page's bytes: chunks joined, then transfer and content encodings undone, last first.

    Crawlers store bodies decoded and keep the headers: what does not decode, but begins like markup, is taken as it
    is. `cut` says that the crawler stopped early: what decodes up to there is the page.
    Raises BodyError with `resource:body_bytes` above `limit` bytes, `commoncrawl:bad_chunking` or
    `commoncrawl:bad_encoding`.
    """
    transfers = _names(head, "transfer-encoding")
    if "chunked" in transfers:
        body = _join_chunks(body, cut)
    encodings = [*_names(head, "content-encoding"), *(name for name in transfers if name != "chunked")]
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


def is_binary(body: bytes, charset: str | None) -> bool:
    """Whether a body is no text whatever its media type says: a picture, an archive, a PDF.

    What begins like markup is text. Else its first bytes are those of a known format, or more than one in fifty of its
    first 4,096 bytes is a control character that text does not have: the binary data bytes of the WHATWG's MIME
    Sniffing Standard, 3, but for NUL and the shifts of ISO-2022; of random bytes one in eleven is.
    """
    declared = (charset or "").lower()
    if _is_markup(body) or body.startswith((b"\xff\xfe", b"\xfe\xff")) or declared.startswith(("utf-16", "utf-32")):
        return False
    if _FORMATS.match(body):
        return True
    start = body[:4096]
    return 50 * (len(start) - len(start.translate(None, _CONTROLS))) > len(start)


def _is_markup(body: bytes) -> bool:
    return body[:64].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"


def _names(head: Head, header: str) -> list[str]:
    """The encodings that a header lists, in lower case, without those that leave the body as it is."""
    named = (name.strip().lower() for name in head.headers.get(header, "").split(","))
    return [name for name in named if name not in ("", "identity", "none")]


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
