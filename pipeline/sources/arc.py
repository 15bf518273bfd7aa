"""ARC files (Internet Archive, versions 1 and 2), plain or gzip, record by record.

A record is one line, `URL IP-address Archive-date Content-type Archive-length` (version 2 has five more fields before
the length), and that many bytes. URLs of old crawls hold spaces, so lines are read from the right.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import BinaryIO, cast

from pipeline.sources.gzip_stream import GzipStream
from pipeline.sources.record import ArchiveRecord, Unreadable
from pipeline.sources.warc import may_go_on, next_start
from pipeline.sources.watched_stream import WatchedStream

MAX_LINE_BYTES = 1 << 16
_READ_BYTES = 1 << 16
_LINE = re.compile(
    rb"(?P<url>[A-Za-z][A-Za-z0-9+.-]*:.*) (?:[0-9A-Fa-f.:]+|-) (?P<date>\d{8,17}) (?P<type>\S+)(?: .*)?"
    rb" (?P<length>\d{1,18})"
)


def read_arc(stream: WatchedStream, container: str) -> Iterator[ArchiveRecord | Unreadable]:
    """The records of an ARC file in file order, and each stretch that cannot be read, once.

    Raises what `stream` raises, and nothing else.
    """
    start, first = 0, stream.passed
    told = False
    while may_go_on(stream, first, start):
        lines = _Lines(stream, start, packed=container == "gzip")
        last, told = yield from _run(lines, stream, start, told)
        if not lines.broken:
            return
        if last is not None and last.in_file:
            start = last.offset
        if not told:
            told = True
            yield Unreadable(start)
        found = next_start(stream, container, start + 1)
        if found is None:
            return
        start = found
    yield Unreadable(start)


def _run(
    lines: _Lines, stream: WatchedStream, start: int, told: bool
) -> Generator[ArchiveRecord | Unreadable, None, tuple[ArchiveRecord | None, bool]]:
    """The records up to the end of `lines`: the last one, and whether what stands behind it is told already."""
    last: ArchiveRecord | None = None
    while True:
        offset, in_file = lines.place()
        line = lines.readline()
        found = _LINE.fullmatch(line.strip())
        if found is not None:
            last = _record(found, offset, in_file, lines, stream)
            yield last
            last.drain()
            told = not last.whole
        elif line.strip() and not told:
            told = True
            yield Unreadable(last.offset, last.in_file) if last else Unreadable(start)
        if not line or (last is not None and last.broken):
            return last, told


def _record(found: re.Match[bytes], offset: int, in_file: bool, lines: _Lines, stream: WatchedStream) -> ArchiveRecord:
    url = found["url"].decode("utf-8", "replace")
    date = found["date"].decode("ascii")
    length = int(found["length"])
    return ArchiveRecord(
        kind="warcinfo" if url.startswith("filedesc:") else "response",
        record_id=None,
        offset=offset,
        in_file=in_file,
        length=length,
        url=url,
        date=f"{date[:4]}-{date[4:6]}-{date[6:8]}",
        content_type="",
        identified_type="",
        language=None,
        cut_by_crawler=False,
        payload=_Payload(lines, length),
        stream=stream,
    )


class _Payload:
    """The bytes of one record; damage of the gzip member around it is an OSError."""

    def __init__(self, lines: _Lines, length: int) -> None:
        self._lines = lines
        self._left = length

    def read(self, size: int = -1) -> bytes:
        """As record.Reader has it."""
        part = self._lines.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(part)
        if not part and self._left and self._lines.broken:
            raise OSError("damaged gzip member")
        return part


class _Lines:
    """Lines and bytes of an ARC file from `start` on, and where in the file one stands."""

    def __init__(self, stream: WatchedStream, start: int, *, packed: bool) -> None:
        stream.seek(start)
        self._gzip = GzipStream(cast(BinaryIO, stream), start) if packed else None
        self._source = cast(BinaryIO, self._gzip or stream)
        self._buffer = b""
        self._at = start

    @property
    def broken(self) -> bool:
        """Whether the gzip member read last is damaged or cut."""
        return self._gzip is not None and self._gzip.broken

    def place(self) -> tuple[int, bool]:
        """Where the next byte stands: in the file, or, inside a gzip member, in what is decompressed."""
        member = self._gzip.member_start() if self._gzip and not self._buffer else None
        return (self._at, self._gzip is None) if member is None else (member, True)

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end."""
        if not self._buffer:
            self._buffer = self._source.read(_READ_BYTES)
        part, self._buffer = self._buffer[:size], self._buffer[size:]
        self._at += len(part)
        return part

    def readline(self) -> bytes:
        """Up to the next line feed, or MAX_LINE_BYTES of it; none at the end."""
        line = b""
        while len(line) < MAX_LINE_BYTES:
            part = self.read(MAX_LINE_BYTES)
            end = part.find(b"\n") + 1
            if end:
                self._buffer = part[end:] + self._buffer
                self._at -= len(part) - end
                return line + part[:end]
            line += part
            if not part:
                break
        return line
