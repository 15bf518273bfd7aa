"""WARC files (ISO 28500) record by record through fastwarc, going on behind what is damaged.

fastwarc stops without a word at an empty gzip member, at a header cut short and at heads without carriage returns,
takes a Content-Length that is no number for 0, and gives up at the first damaged byte. So once it has stopped, it is
checked that it stopped at the end; if not, reading goes on at the next place where a record may start.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import BinaryIO, cast

from fastwarc.stream_io import Lz4Reader, ZstdReader
from fastwarc.warc import ArchiveIterator, WarcRecord

from pipeline.sources.gzip_stream import GzipStream
from pipeline.sources.record import ArchiveRecord, Reader, Unreadable
from pipeline.sources.watched_stream import WatchedStream

MAX_READ_AGAIN = 1 << 30  # bytes of a file beyond twice its own; one made of false starts must not cost its square
MAX_HEADER_BYTES = 1 << 16
_FIRST_SEARCH_BYTES, _SEARCH_BYTES = 1 << 14, 1 << 20
_LONGEST_START = 16
_PADDING = b" \t\r\n\0"

_STARTS = {
    "gzip": re.compile(rb"\x1f\x8b\x08[\x00-\x1f]"),
    "zstd": re.compile(rb"\x28\xb5\x2f\xfd"),  # first of the two, for `container_of`
    "zstd with dictionary": re.compile(rb"\x28\xb5\x2f\xfd"),
    "lz4": re.compile(rb"\x04\x22\x4d\x18"),
    "plain": re.compile(rb"WARC/[01]\.\d{1,2}\r?\n"),
}
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_LENGTH = re.compile(r"[0-9]{1,18}")


def container_of(start: bytes) -> str:
    """How a file is packed, by its first bytes; where they say nothing, by the first place a record may start at."""
    if start[1:4] == b"\x2a\x4d\x18" and start[0] & 0xF0 == 0x50:
        return "zstd with dictionary"
    if start.startswith((b"WARC/", b"filedesc:")):
        return "plain"
    found = {name: match.start() for name, pattern in _STARTS.items() if (match := pattern.search(start))}
    return min(found, key=found.__getitem__, default="plain")


def read_warc(stream: WatchedStream, container: str) -> Iterator[ArchiveRecord | Unreadable]:
    """The records of a WARC file in file order, and each stretch that cannot be read, once.

    Raises what `stream` raises, and nothing else.
    """
    start, first = 0, stream.passed
    told = False
    while may_go_on(stream, first, start):
        stream.seek(start)
        last, failed = yield from _run(stream, cast(BinaryIO, stream), in_file=True)
        if not failed and _at_end(stream, container, start if last is None else last.offset, last):
            return
        behind = start if last is None else last.offset
        if last is not None:
            told = last.broken or last.length is None  # the record's own row says it
        if not told:
            told = True
            yield Unreadable(behind)
        found = next_start(stream, container, behind + 1)
        if found is None:
            return
        start = found
    yield Unreadable(start)


def may_go_on(stream: WatchedStream, first: int, start: int) -> bool:
    """Whether reading goes on at `start`, for all that was read again since the stream had passed `first` bytes."""
    return stream.passed - first <= 2 * start + MAX_READ_AGAIN


def read_warc_in_one_member(stream: WatchedStream) -> Iterator[ArchiveRecord | Unreadable]:
    """The records of a WARC file that was compressed as a whole; behind damage nothing can be read."""
    plain = GzipStream(cast(BinaryIO, stream))
    last, failed = yield from _run(stream, cast(BinaryIO, plain), in_file=False)
    told = last is not None and not last.whole
    if (failed or plain.broken) and not told:
        yield Unreadable(0 if last is None else last.offset, in_file=False)


def _run(
    stream: WatchedStream, source: BinaryIO, *, in_file: bool
) -> Generator[ArchiveRecord, None, tuple[ArchiveRecord | None, bool]]:
    """The records from where `source` stands up to its end or its first damage: the last one, and which it was."""
    last: ArchiveRecord | None = None
    try:
        for found in ArchiveIterator(source, parse_http=False, max_header_len=MAX_HEADER_BYTES):
            last = _record(found, stream, in_file)
            yield last
            last.drain()
            if last.broken or last.length is None:
                return last, True
    except OSError:
        if stream.trouble is not None:
            raise stream.trouble from None
        return last, True
    return last, False


def _record(found: WarcRecord, stream: WatchedStream, in_file: bool) -> ArchiveRecord:
    headers: dict[str, str] = {}
    for name, value in found.headers.items_bytes():
        headers.setdefault(name.strip().lower().decode("utf-8", "replace"), value.strip().decode("utf-8", "replace"))
    length = _LENGTH.fullmatch(headers.get("content-length", ""))
    return ArchiveRecord(
        kind=headers.get("warc-type", "").lower(),
        record_id=headers.get("warc-record-id", "").strip("<> ") or None,
        offset=found.stream_pos,
        in_file=in_file,
        length=int(length[0]) if length else None,
        url=headers.get("warc-target-uri"),
        date=headers.get("warc-date"),
        content_type=headers.get("content-type", ""),
        identified_type=headers.get("warc-identified-payload-type", ""),
        language=headers.get("warc-identified-content-language"),
        cut_by_crawler="warc-truncated" in headers,
        payload=cast(Reader, found.reader),
        stream=stream,
    )


def _at_end(stream: WatchedStream, container: str, offset: int, last: ArchiveRecord | None) -> bool:
    """Whether nothing but padding follows the last record, which starts at `offset`; with none, the file from there."""
    if container == "zstd with dictionary" or (last is not None and not last.whole):
        return True  # the former cannot be read from its middle; the latter met the end of the file
    unpacked = _unpacked(stream, container, offset)
    try:
        if last is not None:
            head = _read(unpacked, MAX_HEADER_BYTES)
            end = _END_OF_HEAD.search(head)
            if end is None or last.length is None:
                return False
            skip = end.end() + last.length - len(head)
            rest = head[len(head) + skip :] if skip < 0 else b""
            while skip > 0 and (part := unpacked.read(min(skip, _SEARCH_BYTES))):
                skip -= len(part)
            if rest.strip(_PADDING):
                return False
        while part := unpacked.read(_SEARCH_BYTES):
            if part.strip(_PADDING):
                return False
    except OSError:
        if stream.trouble is not None:
            raise stream.trouble from None
        return False
    return not (isinstance(unpacked, GzipStream) and unpacked.broken)


def _unpacked(stream: WatchedStream, container: str, offset: int) -> Reader:
    stream.seek(offset)
    source = cast(BinaryIO, stream)
    if container == "gzip":
        return cast(Reader, GzipStream(source, offset))
    if container == "lz4":
        return cast(Reader, Lz4Reader(source))
    return cast(Reader, ZstdReader(source)) if container == "zstd" else stream


def _read(reader: Reader, size: int) -> bytes:
    parts: list[bytes] = []
    while size > 0 and (part := reader.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def next_start(stream: WatchedStream, container: str, offset: int) -> int | None:
    """The first place from `offset` on where a record may start; None where there is none."""
    pattern = _STARTS[container]
    stream.seek(offset)
    window, size = b"", _FIRST_SEARCH_BYTES  # the next record is near, or far away
    while part := stream.read(size):
        window, size = window + part, min(2 * size, _SEARCH_BYTES)
        found = pattern.search(window)
        if found:
            return offset + found.start()
        cut = max(0, len(window) - _LONGEST_START)
        offset, window = offset + cut, window[cut:]
    return None
