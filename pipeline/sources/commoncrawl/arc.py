"""ARC files (Internet Archive, versions 1 and 2), plain or gzip, record by record.

A record is one line, `URL IP-address Archive-date Content-type Archive-length` (version 2 has five more fields before
the length), and that many bytes. URLs of old crawls hold spaces, so lines are read from the right.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator

from pipeline.sources.commoncrawl.archive_lines import MAX_LINE_BYTES, ArchiveLines, LinesPayload
from pipeline.sources.commoncrawl.archive_record import ArchiveRecord, Unreadable
from pipeline.sources.commoncrawl.warc import may_go_on, next_start
from pipeline.sources.streams.watched_stream import WatchedStream

_URL = re.compile(rb"(?m)^[ \t]*[A-Za-z][A-Za-z0-9+.-]*:[^\n]* \d{1,18}[ \t\r]*$")
# Between type and length version 2 has five fields; a type may have parameters. Bounded: no line costs its square.
_LINE = re.compile(
    rb"(?P<url>[A-Za-z][A-Za-z0-9+.-]*:.*) (?:[0-9A-Fa-f.:]+|-) (?P<date>\d{8,17}) (?P<type>\S+)(?: [^ ]*){0,9}"
    rb" (?P<length>\d{1,18})"
)


def is_arc(start: bytes) -> bool:
    """Whether what begins so is an ARC file: its version block, or, where that is lost, a record."""
    return (
        start.startswith(b"filedesc:")
        or _LINE.fullmatch(start[:MAX_LINE_BYTES].partition(b"\n")[0].strip()) is not None
    )


def read_arc(stream: WatchedStream, container: str) -> Iterator[ArchiveRecord | Unreadable]:
    """The records of an ARC file in file order, and each stretch that cannot be read, once.

    Raises what `stream` raises, and nothing else.
    """
    start, first, unpacked = 0, stream.passed, 0
    told = False
    while may_go_on(stream, first, start):
        lines = ArchiveLines(stream, start, container, unpacked)
        told = yield from _run(lines, stream, start, told)
        if not lines.broken:
            return
        start, unpacked = lines.unit, lines.unpacked
        if not told:
            told = True
            yield Unreadable(start)
        found = next_start(stream, container, start + 1)
        if found is None:
            return
        start = found
    yield Unreadable(start)


def _run(
    lines: ArchiveLines, stream: WatchedStream, start: int, told: bool
) -> Generator[ArchiveRecord | Unreadable, None, bool]:
    """The records up to the end of `lines`; whether what stands behind the last one is told already."""
    last: ArchiveRecord | None = None
    while True:
        lines.pass_over_padding()
        offset, in_file = lines.place()
        line = lines.readline()
        found = _LINE.fullmatch(line.strip())
        if found is not None:
            last = _record(found, offset, in_file, lines, stream)
            yield last
            last.drain()
            told = not last.whole
        elif line.strip():
            if not told:
                told = True
                yield Unreadable(last.offset, last.in_file) if last else Unreadable(start)
            lines.pass_over_lines(_URL)
        if not line or (last is not None and last.broken):
            return told


def _record(
    found: re.Match[bytes], offset: int, in_file: bool, lines: ArchiveLines, stream: WatchedStream
) -> ArchiveRecord:
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
        payload=LinesPayload(lines, length),
        stream=stream,
    )
