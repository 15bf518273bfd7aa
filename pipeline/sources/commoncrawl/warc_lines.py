"""WARC files line by line: those that fastwarc reads wrongly or cannot place.

It misses the length where the header is not written `Content-Length` (names are case-insensitive, ISO 28500:2017, 4;
some writers have all of them in lower case), does not see the end of a head whose lines end in a line feed alone, and
of several records in one gzip member or frame does not say where they stand.
"""

from __future__ import annotations

import re
from collections.abc import Generator

from pipeline.sources.commoncrawl.archive_lines import PADDING, ArchiveLines, LinesPayload
from pipeline.sources.commoncrawl.archive_record import ArchiveRecord, Unreadable, warc_record
from pipeline.sources.streams.watched_stream import WatchedStream

MAX_HEADER_BYTES = 1 << 16
_START = re.compile(rb"(?m)^[ \t\0]*WARC/[01]\.\d{1,2}[ \t\r\0]*$")
_VERSION = re.compile(rb"WARC/[01]\.\d{1,2}")


def read_warc_lines(
    lines: ArchiveLines, stream: WatchedStream, start: int, *, told: bool = False, passed_over: int = 0
) -> Generator[ArchiveRecord | Unreadable, None, tuple[ArchiveRecord | None, bool]]:
    """The records up to the end of `lines`, which begin at `start`: the last one, and whether its end is told already.

    told: whether what stands before the first record is. passed_over: so many records at the beginning are, too. A
    stretch between records that is none is told once.
    """
    last: ArchiveRecord | None = None
    while True:
        lines.pass_over_padding()
        offset, in_file = lines.place()
        line = lines.readline()
        fields = _fields(lines) if _VERSION.fullmatch(line.strip(PADDING)) else None
        if fields is not None:
            last = warc_record(
                fields, lambda length: LinesPayload(lines, length), stream, offset=offset, in_file=in_file
            )
            if passed_over == 0:
                yield last
            passed_over = max(0, passed_over - 1)
            last.drain()
            told = not last.whole
        elif line.strip(PADDING):
            if not told:
                told = True
                yield Unreadable(last.offset, last.in_file) if last else Unreadable(start)
            lines.pass_over_lines(_START)
        if not line or (last is not None and last.broken):
            return last, told


def _fields(lines: ArchiveLines) -> list[tuple[bytes, bytes]] | None:
    """Names and values of the head behind its first line, continued lines joined; None where it does not end."""
    fields: list[bytes] = []
    size = 0
    while size < MAX_HEADER_BYTES and (line := lines.readline()):
        size += len(line)
        if not line.strip():
            return [field.partition(b":")[::2] for field in fields]
        if line[:1] in (b" ", b"\t") and fields:
            fields[-1] += b" " + line.strip()
        else:
            fields.append(line)
    return None
