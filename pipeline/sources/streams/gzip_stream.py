"""Gzip members read one after the other, so that one knows where in the compressed file a record starts."""

from __future__ import annotations

import io
import zlib
from typing import BinaryIO

_READ_BYTES = 1 << 16


class GzipStream(io.RawIOBase):
    """The decompressed bytes of the gzip members of `raw` from byte `start` on; it cannot seek.

    A read never crosses a member's end. Damage and a cut end the stream early and set `broken`; zero padding between
    members is passed over; exceptions of `raw` pass through.
    """

    def __init__(self, raw: BinaryIO, start: int = 0) -> None:
        super().__init__()
        raw.seek(start)
        self._raw = raw
        self._next = start  # compressed offset of the first byte of `_input`
        self._input = b""
        self._inflate = zlib.decompressobj(31)
        self._inside = False
        self._output = memoryview(b"")
        self._origin: int | None = start
        self._passed = 0
        self.broken = False

    def readable(self) -> bool:
        """Always: this is what the stream is for."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """As io.RawIOBase has it."""
        self._fill()
        size = min(len(buffer), len(self._output))
        if size:
            buffer[:size] = self._output[:size]
            self._output = self._output[size:]
            self._passed += size
            self._origin = None
        return size

    def tell(self) -> int:
        """How many decompressed bytes were read."""
        return self._passed

    def member_start(self) -> int | None:
        """The compressed offset of the member whose first byte is the next to be read; None inside a member."""
        self._fill()
        return self._origin

    def _fill(self) -> None:
        """See that there is output, except at the end."""
        while not self._output and not self.broken:
            if self._inflate.eof:
                self._begin(self._inflate.unused_data)
                self._inflate = zlib.decompressobj(31)
                self._inside = False
            if not self._input:
                self._input = self._raw.read(_READ_BYTES)
                if not self._input:
                    self.broken = self._inside
                    return
            if not self._inside:
                self._begin(self._input.lstrip(b"\0"))
                self._inside = bool(self._input)
            if self._inside:
                self._decompress()

    def _begin(self, rest: bytes) -> None:
        """Let the next member start with `rest`, the tail of the input."""
        self._next += len(self._input) - len(rest)
        self._input = rest
        self._origin = self._next

    def _decompress(self) -> None:
        try:
            self._output = memoryview(self._inflate.decompress(self._input, _READ_BYTES))
        except zlib.error:
            self.broken = True
            return
        if not self._inflate.eof:
            rest = self._inflate.unconsumed_tail
            self._next += len(self._input) - len(rest)
            self._input = rest
