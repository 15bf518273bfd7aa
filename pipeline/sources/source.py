"""What a source is: it turns one piece of a raw file into outcomes, one per raw record."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, ClassVar

from pydantic import BaseModel, ConfigDict


@dataclass(frozen=True, slots=True)
class InputFile:
    """A raw file: path relative to the source's root, size in bytes, sha256 of its content.

    `tag` is what the listing said of it (mtime, ETag): it must not change while the run lasts, and decides nothing.
    """

    path: str
    bytes: int
    digest: str
    tag: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """What one task reads of one file: everything, or the part from `start` up to, not including, `stop`.

    The unit of `start` and `stop` is the source's own (row groups of a Parquet file); 0 and None mean the whole file.
    """

    file: InputFile
    start: int = 0
    stop: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A record that became a document. The fields are those of `schema.DOCUMENT`."""

    natural_key: str
    raw_offset: int | None
    raw_bytes: int
    text: str
    url: str | None = None
    title: str | None = None
    date: str | None = None
    language_hint: str | None = None
    charset: str | None = None
    licence_declared: str | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Dropped:
    """A record that could have been a document and is not, with the reason (`source_kind:reason`)."""

    reason: str
    natural_key: str
    raw_offset: int | None
    raw_bytes: int


@dataclass(frozen=True, slots=True)
class NotADocument:
    """A record that never was one (a request, an image): counted by reason, no ledger row."""

    reason: str
    raw_bytes: int


Outcome = Row | Dropped | NotADocument


class Source(BaseModel, ABC):
    """A kind of raw input. Fields are configuration and part of the recipe.

    `read` streams: it never holds more than one record, and a record beyond the source's budget ends as
    `Dropped("resource:record_bytes", ...)`. Whatever the bytes are, it raises nothing but `EnvironmentTrouble`, which
    the stream itself raises; any other exception is a bug. A record is called broken only once the stream has been read
    to its end or past the record.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    version: ClassVar[int] = 1  # raise it when the same bytes may give another outcome
    suffixes: ClassVar[tuple[str, ...]]  # names of files in a folder that this source reads, lower case
    small_file_bytes: ClassVar[int] = 0  # files below this size share a shard; 0: every file is its own
    decides_with: ClassVar[tuple[str, ...]] = ()  # distributions whose version may change the outcome
    natural_keys: ClassVar[str]  # what identifies a record, in words, for the table of natural keys
    kind: str

    @abstractmethod
    def read(self, piece: Piece, stream: BinaryIO) -> Iterator[Outcome]:
        """Every raw record of `piece` in file order, each exactly once. `stream` is seekable, at 0, read-only."""

    def split(self, file: InputFile, stream: BinaryIO) -> list[Piece]:
        """The pieces of one file, in order; together they hold each record once. Default: the whole file."""
        del stream
        return [Piece(file)]
