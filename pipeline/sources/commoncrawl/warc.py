"""WARC files (ISO 28500) record by record through fastwarc, going on behind what is damaged.

fastwarc stops without a word at an empty gzip member and at a header cut short, takes a Content-Length that is no
number for 0, and gives up at the first damaged byte. So once it has stopped, it is
checked that it stopped at the end; if not, reading goes on at the next place where a record may start.

What it reads wrongly or cannot place is read line by line (`warc_lines`), from there to the end of the file or the next
damage: names of headers in other letters, of which it misses Content-Length; heads without carriage returns, which it
does not see end; of several records in one gzip member or frame all but the first.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Callable, Generator, Iterator
from itertools import islice
from typing import BinaryIO, cast

import zstandard
from fastwarc.stream_io import Lz4Reader, ZstdReader
from fastwarc.warc import ArchiveIterator

from pipeline.sources.commoncrawl.archive_lines import PADDING, ArchiveLines
from pipeline.sources.commoncrawl.archive_record import ArchiveRecord, Reader, Unreadable, warc_record
from pipeline.sources.commoncrawl.warc_lines import MAX_HEADER_BYTES, read_warc_lines
from pipeline.sources.streams.gzip_stream import GzipStream
from pipeline.sources.streams.watched_stream import WatchedStream, read_up_to

MAX_READ_AGAIN = 1 << 30  # bytes of a file beyond twice its own; one made of false starts must not cost its square
_FIRST_BYTES = 1 << 20
_MAX_FIRST_MEMBERS = 16  # that are looked at for one that is not damaged
MAX_WINDOW_BYTES = 1 << 27
"""Of zstd: what fastwarc reads, and `zstd --long` writes without a number."""
_FRAME_HEADER_BYTES = 18
_FIRST_SEARCH_BYTES, _SEARCH_BYTES = 1 << 14, 1 << 20
_LONGEST_START = 16

_STARTS = {
    "gzip": re.compile(rb"\x1f\x8b\x08[\x00-\x1f]"),
    "zstd": re.compile(rb"\x28\xb5\x2f\xfd"),  # first of the two, for `container_of`
    "zstd with dictionary": re.compile(rb"\x28\xb5\x2f\xfd"),
    "lz4": re.compile(rb"\x04\x22\x4d\x18"),
    "plain": re.compile(rb"WARC/[01]\.\d{1,2}\r?\n"),
}
_LENGTH_NAME = b"Content-Length"
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")


def container_of(start: bytes) -> str:
    """How a file is packed, by its first bytes; where they say nothing, by the first place a record may start at."""
    if start[1:4] == b"\x2a\x4d\x18" and start[0] & 0xF0 == 0x50:
        return "zstd with dictionary"
    if start.startswith((b"WARC/", b"filedesc:")):
        return "plain"
    found = {name: match.start() for name, pattern in _STARTS.items() if (match := pattern.search(start))}
    return min(found, key=found.__getitem__, default="plain")


def window_of(stream: WatchedStream) -> int:
    """The window in bytes that the first zstd frame of a file asks for; 0 of a file without one."""
    stream.seek(0)
    head = read_up_to(stream, _FRAME_HEADER_BYTES)
    if container_of(head) == "zstd with dictionary":
        stream.seek(8 + int.from_bytes(head[4:8], "little"))  # RFC 8878, 3.1.2
        head = read_up_to(stream, _FRAME_HEADER_BYTES)
    stream.seek(0)
    try:
        return int(zstandard.get_frame_parameters(head).window_size)
    except zstandard.ZstdError:
        return 0


def first_bytes(start: bytes, container: str) -> tuple[bytes, int]:
    """What `start`, the first bytes of a file, unpacks to, at most 1 MiB, and of how many members or frames it is.

    Of gzip it is the first member that is not damaged.
    """
    try:
        if container == "gzip":
            return _first_member(start), 1
        if container == "zstd":
            frame = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW_BYTES).stream_reader(start)
            return frame.read(_FIRST_BYTES), 1
    except (zlib.error, zstandard.ZstdError):
        return b"", 1
    if container == "lz4":  # this reader goes on from frame to frame
        frames = len(_STARTS["lz4"].findall(start))
        return _up_to_cut(cast(Reader, Lz4Reader(io.BytesIO(start))), _FIRST_BYTES), frames
    return (start if container == "plain" else b""), 1


def _first_member(start: bytes) -> bytes:
    for found in islice(_STARTS["gzip"].finditer(start), _MAX_FIRST_MEMBERS):
        try:
            return zlib.decompressobj(31).decompress(start[found.start() :], _FIRST_BYTES)
        except zlib.error:
            continue
    return b""


def _up_to_cut(reader: Reader, size: int) -> bytes:
    """What a reader gives that answers a cut with OSError, and nothing of the read that meets it."""
    parts: list[bytes] = []
    try:
        while sum(map(len, parts)) < size and (part := reader.read(1 << 10)):
            parts.append(part)
    except OSError:
        pass
    return b"".join(parts)


def read_warc(stream: WatchedStream, container: str, *, by_lines: bool = False) -> Iterator[ArchiveRecord | Unreadable]:
    """The records of a WARC file in file order, and each stretch that cannot be read, once.

    by_lines: its first bytes tell that fastwarc would not do. Raises what `stream` raises, and nothing else.
    """
    start, first, unpacked = 0, stream.passed, 0
    told = False
    while may_go_on(stream, first, start):
        last, end, records = None, "unplaced", 0
        if not by_lines:
            stream.seek(start)
            last, end, records = yield from _run(stream, container)
        if end == "unplaced":
            lines = ArchiveLines(stream, start, container, unpacked)
            last, told = yield from read_warc_lines(lines, stream, start, told=told, passed_over=records)
            if not lines.broken:
                return
            behind, unpacked = lines.unit, lines.unpacked
        else:
            if end == "end" and _at_end(stream, container, start if last is None else last.offset, last):
                return
            if last is not None:
                told = last.broken or last.length is None  # the record's own row says it
            behind = start if last is None else last.offset
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


def _run(
    stream: WatchedStream, container: str
) -> Generator[ArchiveRecord, None, tuple[ArchiveRecord | None, str, int]]:
    """The records from where `stream` stands: the last one, what came then, and how many there were.

    Then came the `end`, `damage`, or a record that is `unplaced`: not where fastwarc says, or not as it reads it.
    """
    last: ArchiveRecord | None = None
    records = 0
    try:
        for found in ArchiveIterator(cast(BinaryIO, stream), parse_http=False, max_header_len=MAX_HEADER_BYTES):
            fields = [*found.headers.items_bytes()]
            shares_place = container != "plain" and last is not None and last.offset == found.stream_pos
            if shares_place or _is_misread(fields):
                return last, "unplaced", records
            payload = _whatever_length(cast(Reader, found.reader))
            last = warc_record(fields, payload, stream, offset=found.stream_pos, in_file=True)
            records += 1
            yield last
            last.drain()
            if last.broken or last.length is None:
                return last, "damage", records
    except OSError:
        if stream.trouble is not None:
            raise stream.trouble from None
        return last, "damage", records
    return last, "end", records


def _whatever_length(reader: Reader) -> Callable[[int], Reader]:
    """fastwarc's reader ends by the length that fastwarc read."""
    return lambda _: reader


def _is_misread(fields: list[tuple[bytes, bytes]]) -> bool:
    """Whether fastwarc took several lines for one value, or did not see the length."""
    names = {name for name, _ in fields}
    return any(b"\n" in value for _, value in fields) or (
        _LENGTH_NAME not in names and any(name.strip().lower() == b"content-length" for name in names)
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
            if rest.strip(PADDING):
                return False
        while part := unpacked.read(_SEARCH_BYTES):
            if part.strip(PADDING):
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
