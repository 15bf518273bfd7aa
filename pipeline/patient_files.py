"""A filesystem for DuckDB that reads as `storage` does: counted bytes, bounded patience, trouble by its name."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import fsspec

from pipeline.object_store import RangedFile, size_and_tag
from pipeline.trouble import EnvironmentTrouble

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

T = TypeVar("T")

BLOCK_BYTES = 1 << 20  # DuckDB asks for footers and single columns, of many files at once


class PatientFiles(fsspec.AbstractFileSystem):
    """The files of one protocol, to be read only.

    DuckDB clothes what a read raises as an error of its own; `trouble` keeps the first EnvironmentTrouble.
    """

    cachable = False

    def __init__(self, protocol: str) -> None:
        super().__init__()
        self.protocol = protocol
        self.trouble: EnvironmentTrouble | None = None

    def _open(self, path: str, mode: str = "rb", **options: Any) -> io.BufferedReader:
        if mode != "rb":
            raise ValueError(f"{path}: only to be read")
        return io.BufferedReader(_Remembering(self._url(path), self), BLOCK_BYTES)

    def info(self, path: str, **options: Any) -> dict[str, Any]:
        size, tag = self._remembering(lambda: size_and_tag(self._url(path)))
        return {"name": path, "size": size, "type": "file", "ETag": tag}

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


class _Remembering(RangedFile):
    """A file of PatientFiles."""

    def __init__(self, url: str, files: PatientFiles) -> None:
        self._files = files
        files._remembering(lambda: super(_Remembering, self).__init__(url))

    def readinto(self, buffer: WriteableBuffer) -> int:
        return self._files._remembering(lambda: super(_Remembering, self).readinto(buffer))
