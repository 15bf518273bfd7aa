"""Streams as sources read them: their own trouble is never taken for damage in the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Protocol


class WatchedStream:
    """A stream that remembers what went wrong in it, for readers in another language.

    They answer damage in a file with the same OSError as a failing disk, or hand on what the stream raised in another
    exception's clothes. What the stream itself raised is kept in `trouble`, to be raised again.
    """

    closed = False  # readers ask, and never close what they did not open

    def __init__(self, inner: BinaryIO) -> None:
        self._inner = inner
        self.trouble: BaseException | None = None
        self.passed = 0  # bytes read so far; those that were read again count again

    def read(self, size: int = -1) -> bytes:
        """As BinaryIO has it."""
        with self._remembering():
            part = self._inner.read(size)
        self.passed += len(part)
        return part

    def seek(self, offset: int, whence: int = 0) -> int:
        """As BinaryIO has it."""
        with self._remembering():
            return self._inner.seek(offset, whence)

    def tell(self) -> int:
        """As BinaryIO has it."""
        return self._inner.tell()

    def readable(self) -> bool:
        """As BinaryIO has it."""
        return True

    def seekable(self) -> bool:
        """As BinaryIO has it."""
        return True

    def close(self) -> None:
        """Nothing: the stream belongs to whoever opened it."""

    @contextmanager
    def _remembering(self) -> Iterator[None]:
        try:
            yield
        except BaseException as trouble:
            self.trouble = trouble
            raise


class Readable(Protocol):
    """What can be read from, a WatchedStream too."""

    def read(self, size: int, /) -> bytes:
        """As BinaryIO has it."""


def read_up_to(stream: Readable, size: int) -> bytes:
    """The next `size` bytes, however little each read gives; fewer only at the end."""
    parts = []
    while size > 0 and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
