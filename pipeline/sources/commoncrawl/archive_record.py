"""What the readers of archives hand to the web door: records one by one, and the places that cannot be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from pipeline.sources.streams.watched_stream import WatchedStream

_READ_BYTES = 1 << 20
_LENGTH = re.compile(r"[0-9]{1,18}")


class Reader(Protocol):
    """What the payload of a record is read from; OSError says that it is damaged, or what the stream raised."""

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes; none at the end."""


@dataclass(slots=True)
class ArchiveRecord:
    """One record of a WARC or ARC file; valid until the next one is asked for.

    kind: WARC-Type; ARC records are `response`, their version block is `warcinfo`. record_id: the record's own id.
    offset: where it starts in the file, or, where `in_file` does not hold, in what the file decompresses to.
    length: payload bytes that its header promises, None where it promises nonsense.
    """

    kind: str
    record_id: str | None
    offset: int
    in_file: bool
    length: int | None
    url: str | None
    date: str | None
    content_type: str
    identified_type: str
    language: str | None
    cut_by_crawler: bool
    payload: Reader
    stream: WatchedStream
    received: int = 0
    broken: bool = False

    def read(self, size: int) -> bytes:
        """The next `size` bytes of the payload; fewer at its end, or where the file is damaged or ends: see `whole`."""
        parts: list[bytes] = []
        while size > 0 and not self.broken:
            try:
                part = self.payload.read(min(size, _READ_BYTES))
            except OSError:
                if self.stream.trouble is not None:
                    raise self.stream.trouble from None
                self.broken = True
                break
            if not part:
                break
            parts.append(part)
            size -= len(part)
            self.received += len(part)
        return b"".join(parts)

    def drain(self) -> None:
        """Pass over what is left of the payload, holding none of it."""
        while self.read(_READ_BYTES):
            pass

    @property
    def whole(self) -> bool:
        """Whether what was promised came; asked once everything was read."""
        return not self.broken and self.length == self.received


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A stretch of the file from which no record could be read.

    It lies behind the record that starts at `offset` (0 where there is none) and before the next one that is read.
    """

    offset: int
    in_file: bool = True


def warc_record(
    fields: Iterable[tuple[bytes, bytes]],
    payload: Callable[[int], Reader],
    stream: WatchedStream,
    *,
    offset: int,
    in_file: bool,
) -> ArchiveRecord:
    """A WARC record by the names and values of its head, in order: of a name that stands twice the first counts.

    payload: what its content is read from, by the length that is promised (0 for nonsense).
    """
    headers: dict[str, str] = {}
    for name, value in fields:
        headers.setdefault(name.strip().lower().decode("utf-8", "replace"), value.strip().decode("utf-8", "replace"))
    stated = headers.get("content-length", "")
    length = int(stated) if _LENGTH.fullmatch(stated) else None
    return ArchiveRecord(
        kind=headers.get("warc-type", "").lower(),
        record_id=headers.get("warc-record-id", "").strip("<> ") or None,
        offset=offset,
        in_file=in_file,
        length=length,
        url=headers.get("warc-target-uri"),
        date=headers.get("warc-date"),
        content_type=headers.get("content-type", ""),
        identified_type=headers.get("warc-identified-payload-type", ""),
        language=headers.get("warc-identified-content-language"),
        cut_by_crawler="warc-truncated" in headers,
        payload=payload(length or 0),
        stream=stream,
    )
