"""What a source is: it turns one piece of a raw file into outcomes, one per raw record."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, ClassVar

from pydantic import BaseModel, ConfigDict

from pipeline.process import marker

MAX_BESIDE_BYTES = 1 << 20
KILLED_WORKER = "resource:killed_worker"
"""Of a record that ended every process that read it."""


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
class LeftOut:
    """What of a piece, or of a share of a join, is not parsed: it ended the processes that did (see `isolation`).

    place: what the piece or share is called. keys: the natural keys of records as they are known before they are
    parsed; where records are joined, their groups. behind: of how many records nothing is read behind them. only: of
    all records that one alone is parsed, where it is not None.
    """

    place: str = ""
    keys: frozenset[str] = frozenset()
    behind: int | None = None
    only: str | None = None

    def is_asked(self) -> bool:
        """Whether `has` can matter: for a source whose records are so small that to name each one is a cost."""
        return bool(self.keys) or self.only is not None or marker.is_kept()

    def has(self, key: str) -> bool:
        """Whether that record is left out; asked before it is parsed, which is marked."""
        is_left_out = key in self.keys if self.only is None else key != self.only
        if not is_left_out:
            marker.at("record", self.place, key)
        return is_left_out


@dataclass(frozen=True, slots=True)
class Piece:
    """What one task reads of one file: everything, or the part from `start` up to, not including, `stop`.

    The unit of `start` and `stop` is the source's own (row groups of a Parquet file); 0 and None mean the whole file.
    `first_row`: records that begin before byte `start`, of a file with `Source.record_end`; None until it was digested.
    `beside` are other files of the source that decide, too, what becomes of this one.
    """

    file: InputFile
    start: int = 0
    stop: int | None = None
    first_row: int | None = None
    beside: tuple[InputFile, ...] = ()
    left_out: LeftOut = LeftOut()

    @property
    def place(self) -> str:
        """What it is called among all pieces of a source."""
        return f"{self.file.digest}:{self.start}"

    def passed_over(self, key: str, offset: int | None, size: int) -> Dropped | None:
        """What becomes of a record that is not to be parsed; None of every other.

        For a source to ask before it parses one of many records of a file, where C code sees what they hold.
        """
        return Dropped(KILLED_WORKER, key, offset, size) if self.left_out.has(key) else None


@dataclass(frozen=True, slots=True)
class Row:
    """A record that became a document. The fields are those of `schema.DOCUMENT`, where they say what they mean."""

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
    licence_where: str | None = None
    licence_quote: str | None = None
    licence_method: str | None = None
    licence_confidence: int | None = None
    licence_start: int | None = None
    licence_end: int | None = None
    label: str | None = None
    author: str | None = None
    work: str | None = None
    repository: str | None = None
    repository_path: str | None = None
    commit: str | None = None
    programming_language: str | None = None
    score: int | None = None
    over_18: bool | None = None
    parts: int = 1
    removed_parts: int | None = None
    pages: int | None = None
    pages_without_text: int | None = None
    pages_by_ocr: int | None = None
    ocr_confidence: int | None = None
    ocr_tokens: int | None = None
    is_repaired: bool | None = None
    opt_out_noindex: bool | None = None
    opt_out_noai: bool | None = None
    opt_out_noimageai: bool | None = None
    opt_out_tdm: bool | None = None
    tdm_policy: str | None = None
    directives_quote: str | None = None
    directives_as_of: str | None = None
    page_evidence: Sequence[Mapping[str, Any]] | None = None


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


@dataclass(frozen=True, slots=True)
class Merged:
    """A record whose text stands in another record's row: `into` is that row's natural key."""

    reason: str
    natural_key: str
    raw_offset: int | None
    raw_bytes: int
    into: str


@dataclass(frozen=True, slots=True)
class Expanded:
    """A record that holds `children` others, each of which is an outcome of its own; comes after them."""

    reason: str
    natural_key: str
    raw_offset: int | None
    raw_bytes: int
    children: int


@dataclass(frozen=True, slots=True)
class Fragment:
    """A raw record of which others make a document: those of one `group` meet in `JoiningSource.join`.

    `content` is what the join needs of it, in a form of the source's own.
    """

    group: str
    natural_key: str
    raw_offset: int | None
    raw_bytes: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Unread:
    """A raw record as it stands in its file, of which `ScatteringSource.outcome` tells what becomes."""

    raw_offset: int
    raw_bytes: int
    content: bytes


Outcome = Row | Dropped | Merged | Expanded | NotADocument
Loose = Fragment | Unread | Dropped | NotADocument
"""What is spilled: a record that has not met its fate yet, or has."""


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
    cpu_s_per_mb: ClassVar[float] = 1.0  # of raw file, to the signatures; what a plan says before a run knows better
    places: ClassVar[frozenset[str]] = frozenset()  # fields that say where something lies: `fingerprint` says what
    disk_per_byte: ClassVar[float] = 3.0  # bytes on disk in all rooms for a byte of raw file; likewise
    kind: str

    def fingerprint(self) -> str:
        """As `Stage.fingerprint`: of what `places` point to, besides the inputs. Default: nothing."""
        return ""

    def warm_up(self) -> None:
        """Compile or load what reading needs; a worker calls it before its first shard. Default: nothing."""

    @abstractmethod
    def read(self, piece: Piece, stream: BinaryIO) -> Iterator[Outcome]:
        """Every raw record of `piece` in file order, each exactly once. `stream` is seekable, at 0, read-only."""

    def link_levels(self) -> int | None:
        """How many folders below `inputs` links are followed; None: however deep they are, as the user's own."""
        return None

    def beside(self, paths: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Of all `paths` of the source, which other ones decide what becomes of a file (a licence for its folder)."""
        del paths
        return {}

    def read_beside(self, piece: Piece, stream: BinaryIO, contents: Mapping[str, bytes]) -> Iterator[Outcome]:
        """`read`, knowing the first MAX_BESIDE_BYTES of each file that stands `beside`, by path."""
        del contents
        return self.read(piece, stream)

    def split(self, file: InputFile, stream: BinaryIO) -> list[Piece]:
        """The pieces of one file, in order; together they hold each record once. Default: the whole file."""
        del stream
        return [Piece(file)]

    def record_end(self, path: str) -> bytes | None:
        """The byte that ends each record, where pieces are ranges of bytes and records are called by their number.

        Who reads a piece cannot know it without reading all before, so it is counted while the file is digested.
        """
        del path
        return None


class SpillingSource(Source):
    """A source of which a run reads files once, in order, and spills what it finds, sorted by a hash (`spill`).

    So files of any size become many shards, whatever can be read of them from the middle.
    """

    @abstractmethod
    def fragments(self, file: InputFile, stream: BinaryIO) -> Iterator[Loose]:
        """Every raw record of the file in its order, each exactly once; as `read` in all else."""


class ScatteringSource(SpillingSource):
    """A source that has some files spilled, whose records do not belong together, and reads the others."""

    @abstractmethod
    def scatters(self, path: str, size: int) -> bool:
        """Whether a file is spilled: one that is too large for a shard, and cannot be read from its middle."""

    @abstractmethod
    def outcome(self, file: InputFile, record: Unread) -> Outcome:
        """What `read` says of that record of the file, of which path and digest are known."""


class JoiningSource(SpillingSource):
    """A source whose documents are made of records that lie apart: a submission and its comments, in two files.

    What is spilled is sorted by a hash of the group, and joined group by group; so groups may be spread over files.
    """

    joins_files: ClassVar[bool]  # whether records of different files belong together; else each file is joined alone

    @abstractmethod
    def fragments(self, file: InputFile, stream: BinaryIO) -> Iterator[Fragment | Dropped | NotADocument]:
        """As of any source that spills; none is `Unread`.

        The natural key of a fragment is its group, or that, "/" and more; a group has no "/". So a takedown that knows
        the key knows where the record is joined.
        """

    @abstractmethod
    def join(self, group: str, fragments: Sequence[Fragment]) -> Iterator[Outcome]:
        """Exactly one outcome for each fragment, under the fragment's natural key; in any order.

        `fragments` are all of the group, in order of file and place; no two have one natural key.
        """

    def read(self, piece: Piece, stream: BinaryIO) -> Iterator[Outcome]:
        """One file joined in memory: to look at a file. A run spills instead."""
        groups: dict[str, dict[str, Fragment]] = {}
        for found in self.fragments(piece.file, stream):
            if not isinstance(found, Fragment):
                yield found
            elif found.natural_key in groups.setdefault(found.group, {}):
                yield self.repeated(piece.file.digest, found)
            else:
                groups[found.group][found.natural_key] = found
        for group in sorted(groups):
            yield from self.join(group, list(groups[group].values()))

    def repeated(self, digest: str, fragment: Fragment) -> Dropped:
        """What becomes of a record that the group holds already."""
        key = f"{digest}@{fragment.raw_offset}"
        return Dropped(f"{self.kind}:repeated_record", key, fragment.raw_offset, fragment.raw_bytes)
