"""An archive as lines and payloads, packed or plain, and where in the file one stands."""

from __future__ import annotations

import re
from typing import BinaryIO, cast

from fastwarc.stream_io import Lz4Reader, ZstdReader

from pipeline.sources.commoncrawl.archive_record import Reader
from pipeline.sources.streams.gzip_stream import GzipStream
from pipeline.sources.streams.watched_stream import WatchedStream

MAX_LINE_BYTES = 1 << 16
_READ_BYTES = 1 << 16
PADDING = b" \t\r\n\0"
_PADDING = re.compile(b"[" + PADDING + b"]*")
_FRAME_READ_BYTES = 1 << 12  # at once: a read that meets damage gives nothing of what it had unpacked before


class ArchiveLines:
    """Lines and bytes of an archive from byte `start` of the file on.

    container: `gzip`, `zstd` (also "with dictionary"), `lz4`, or else what is not packed. unpacked_before: bytes that
    were unpacked of what stands before, if anything was. `broken`: what is packed there is damaged or cut, and ends for
    that.
    """

    def __init__(self, stream: WatchedStream, start: int, container: str, unpacked_before: int = 0) -> None:
        stream.seek(start)
        self._stream = stream
        self._start, self._unpacked_before = start, unpacked_before
        self._gzip = GzipStream(cast(BinaryIO, stream), start) if container == "gzip" else None
        self._reader = ZstdReader if container.startswith("zstd") else Lz4Reader if container == "lz4" else None
        self._frames = self._reader(cast(BinaryIO, stream)) if self._reader else None
        self._source = cast(Reader, self._gzip or self._frames or stream)
        self._is_plain = self._source is stream
        self._broken = False
        self._buffer = b""
        self._next = 0  # place in the buffer of the byte to be read next
        self._member: int | None = None  # where the gzip member begins of which the buffer is the beginning
        self._unit = start
        self._at = start if self._is_plain else unpacked_before

    @property
    def unit(self) -> int:
        """Where in the file the member or frame begins that was read last; in a plain file where reading began."""
        return self._unit if self._frames is None else self._frames.frame_start_position() or self._start

    @property
    def unpacked(self) -> int:
        """How many bytes were read of what is packed, those before it too."""
        return 0 if self._is_plain else self._at

    @property
    def broken(self) -> bool:
        """Whether what is packed there is damaged or cut, as far as it was read."""
        return self._broken or (self._gzip is not None and self._gzip.broken)

    def place(self) -> tuple[int, bool]:
        """Where the next byte stands: in the file, or, inside of what is packed, in what is unpacked."""
        self._fill()
        return (self._at, self._is_plain) if self._member is None or self._next else (self._member, True)

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end."""
        self._fill()
        return self._take(self._next + size)

    def readline(self) -> bytes:
        """Up to the next line feed, or MAX_LINE_BYTES of it; none at the end."""
        line = b""
        while len(line) < MAX_LINE_BYTES and self._fill():
            line += self._take(self._buffer.find(b"\n", self._next) + 1 or len(self._buffer))
            if line.endswith(b"\n"):
                break
        return line

    def pass_over_padding(self) -> None:
        """Go on behind line feeds, white space and NUL characters, of which a hostile file has millions of lines."""
        while self._fill():
            end = cast(re.Match[bytes], _PADDING.match(self._buffer, self._next)).end()
            self._take(end)
            if end < len(self._buffer):
                return

    def pass_over_lines(self, wanted: re.Pattern[bytes]) -> None:
        """Go on to the next line that begins as `wanted` (which starts with `(?m)^`), as far as lines are at hand."""
        if self._fill():
            found = wanted.search(self._buffer, self._next)
            end = found.start() if found else self._buffer.rfind(b"\n", self._next) + 1
            self._take(max(end, self._next))

    def _take(self, end: int) -> bytes:
        part = self._buffer[self._next : end]
        self._next += len(part)
        self._at += len(part)
        return part

    def _fill(self) -> bool:
        """See that there is something to read; False at the end."""
        if self._next == len(self._buffer):
            self._member = self._gzip.member_start() if self._gzip else None
            self._unit = self._unit if self._member is None else self._member
            self._buffer, self._next = self._read(), 0
        return bool(self._buffer)

    def _read(self) -> bytes:
        if self._is_plain or self._gzip:
            return self._source.read(_READ_BYTES)
        try:
            return b"" if self._broken else self._source.read(_FRAME_READ_BYTES)
        except OSError:
            if self._stream.trouble is not None:
                raise self._stream.trouble from None
            self._broken = True
            return self._up_to_damage()

    def _up_to_damage(self) -> bytes:
        """What the read that met damage had unpacked before, which it does not give: unpacked anew, byte by byte."""
        assert self._reader is not None
        self._stream.seek(self._start)
        frames = self._reader(cast(BinaryIO, self._stream))
        known, parts = self._at - self._unpacked_before, list[bytes]()
        try:
            while known > 0 and (part := frames.read(min(known, _FRAME_READ_BYTES))):
                known -= len(part)
            while len(parts) < _FRAME_READ_BYTES and (part := frames.read(1)):
                parts.append(part)
        except OSError:
            if self._stream.trouble is not None:
                raise self._stream.trouble from None
        return b"".join(parts)


class LinesPayload:
    """The `length` bytes of one record that follow in `lines`; damage around them is an OSError."""

    def __init__(self, lines: ArchiveLines, length: int) -> None:
        self._lines = lines
        self._left = length

    def read(self, size: int = -1) -> bytes:
        """As record.Reader has it."""
        part = self._lines.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(part)
        if not part and self._left and self._lines.broken:
            raise OSError("what is packed is damaged")
        return part
