"""A filesystem for DuckDB that reads as `storage` does: counted bytes, bounded patience, trouble by its name."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar

import fsspec

from pipeline.storage.ranged import opened
from pipeline.trouble import EnvironmentTrouble

T = TypeVar("T")

BLOCK_BYTES = 1 << 20  # DuckDB asks for footers and single columns, of many files at once
KEPT = 64  # files, of which the ends are kept: DuckDB opens each two or three times on end, and asks for its size


class PatientFiles(fsspec.AbstractFileSystem):
    """The files of one protocol, to be read only.

    DuckDB clothes what a read raises as an error of its own; `trouble` keeps the first EnvironmentTrouble.
    """

    cachable = False

    def __init__(self, protocol: str) -> None:
        super().__init__()
        self.protocol = protocol
        self.trouble: EnvironmentTrouble | None = None
        self.known = lru_cache(KEPT)(lambda url: opened(url).known())

    def open(self, path: str, mode: str = "rb", **options: Any) -> _File:
        """The file at `path`, to be read by any number of threads."""
        if mode != "rb":
            raise ValueError(f"{path}: only to be read")
        return _File(self._url(path), self)

    def info(self, path: str, **options: Any) -> dict[str, Any]:
        return {"name": path, "size": self._remembering(lambda: self.known(self._url(path))).size, "type": "file"}

    def exists(self, path: str, **options: Any) -> bool:
        try:
            self.info(path)
        except FileNotFoundError:
            return False
        return True

    def modified(self, path: str) -> datetime:
        """Never: what is committed is written once."""
        return datetime.fromtimestamp(0, UTC)

    def glob(self, path: str, **options: Any) -> list[str]:
        """The path itself: file lists come from manifests, never globs."""
        return [path]

    def _url(self, path: str) -> str:
        return path if "://" in path else f"{self.protocol}://{path}"

    def _remembering(self, action: Callable[[], T]) -> T:
        try:
            return action()
        except EnvironmentTrouble as error:
            self.trouble = self.trouble or error
            raise


class _File:
    """An object as DuckDB uses a file: several of its threads seek and then read on one handle.

    Each thread has a position of its own, so that nobody comes between its seek and its read. They are known by number,
    not by `threading.local`: Python forgets a thread of DuckDB's each time a call returns to it.
    """

    def __init__(self, url: str, files: PatientFiles) -> None:
        self._files = files
        known = files._remembering(lambda: files.known(url))
        self._stream = files._remembering(lambda: io.BufferedReader(opened(url, known), BLOCK_BYTES))
        self._lock = threading.Lock()
        self._positions: dict[int, int] = {}

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Where this thread reads next."""
        if whence != io.SEEK_SET:
            raise ValueError("DuckDB only seeks from the start")
        self._positions[threading.get_ident()] = offset
        return offset

    def tell(self) -> int:
        """Where this thread is."""
        return self._positions.get(threading.get_ident(), 0)

    def read(self, size: int = -1) -> bytes:
        """The next bytes of this thread; fewer at the end of the object."""
        with self._lock:
            self._stream.seek(self.tell())
            data = self._files._remembering(lambda: self._stream.read(size))
            self._positions[threading.get_ident()] = self._stream.tell()
        return data

    def close(self) -> None:
        """Let go of the object."""
        self._stream.close()
