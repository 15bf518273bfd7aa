"""Tar archives (POSIX.1-2017, pax; ustar; GNU) as streams, compressed or not, without trust.

Python's tarfile holds whatever a header claims (pax records, long names) and stops in its own way at each damage.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from pipeline.sources.code.archive import BrokenMemberError, Budget, Kind, Member, OverBudgetError
from pipeline.sources.streams.lines import BLOCK_BYTES
from pipeline.sources.streams.packed import unpacked_runs
from pipeline.sources.streams.raw_record import BrokenInputError, iso_time_of
from pipeline.sources.streams.tar_header import BLOCK, is_sound, name_of, number, records, size_of

MAX_HEADER_BYTES: Final = 1 << 20  # of a pax header or a long name; paths have a few hundred bytes
MAX_RATIO: Final = 1000  # deflate makes at most 1,032 bytes of one; source code comes to 3 to 20
FREE_BYTES: Final = 1 << 26  # unpacked bytes before the ratio is looked at
MAX_XZ_BYTES: Final = 1 << 28  # of memory for a decoder: nobody packs source code with more than `xz -9`

_COMMIT = re.compile(r"[0-9a-f]{40}\Z")
_TYPES: Final[dict[bytes, Kind]] = {
    b"0": "file",
    b"\0": "file",
    b"7": "file",
    b"5": "folder",
    b"1": "link",
    b"2": "link",
    b"3": "device",
    b"4": "device",
    b"6": "device",
    b"S": "sparse",
}


class Tar:
    """A tar archive as a `Container`; `commit` is the comment of its global header, as `git archive` writes it."""

    def __init__(self, name: str, stream: BinaryIO, budget: Callable[[], Budget]) -> None:
        self.commit: str | None = None
        self._name, self._stream, self._budget = name.lower(), stream, budget

    def members(self) -> Iterator[Member]:
        """See `Container`."""
        self._stream.seek(0)
        budget = self._budget()
        runs = unpacked_runs(self._name, self._stream, max_xz_bytes=MAX_XZ_BYTES)
        plain = _Plain(runs, self._stream, budget)
        is_packed = not self._name.endswith(".tar")
        said: dict[str, str] = {}
        for header in _headers(plain):
            if header.type == b"g":
                comment = records(plain.exactly(header.padded)[: header.size]).get("comment", "")
                self.commit = comment if _COMMIT.match(comment) else self.commit
            elif header.type == b"x":
                said |= records(plain.exactly(header.padded)[: header.size])
            elif header.type == b"L":
                said["path"] = plain.exactly(header.padded)[: header.size].rstrip(b"\0").decode("utf-8", "replace")
            elif header.type == b"K":
                plain.exactly(header.padded)
            else:
                budget.take_member()
                yield _member(header, said, plain, is_packed)
                plain.finish()
                said = {}
        plain.drain()


@dataclass(slots=True)
class _Header:
    name: str
    type: bytes
    size: int
    time: int
    offset: int
    is_extended: bool

    @property
    def padded(self) -> int:
        """Bytes of content up to the next header. Raises for a header's own content beyond what a header may have."""
        if self.type in (b"x", b"g", b"L", b"K") and self.size > MAX_HEADER_BYTES:
            raise BrokenInputError("a header of more than 1 MiB")
        return -(-self.size // BLOCK) * BLOCK


@dataclass(slots=True)
class _Plain:
    """The unpacked bytes of an archive, in runs of at most 1 MiB."""

    runs: Iterator[bytes]
    stream: BinaryIO
    budget: Budget
    held: memoryview = field(default_factory=lambda: memoryview(b""))
    at: int = 0
    due: int = 0  # bytes up to the next header that nobody has read
    total: int = 0

    def upto(self, size: int) -> bytes:
        """The next `size` bytes; fewer at the end."""
        parts = []
        while size > 0 and (len(self.held) or self._more()):
            part = self.held[:size]
            self.held = self.held[len(part) :]
            parts.append(bytes(part))
            size -= len(part)
            self.at += len(part)
        return b"".join(parts)

    def exactly(self, size: int) -> bytes:
        """The next `size` bytes. Raises BrokenInputError where there are fewer."""
        found = self.upto(size)
        if len(found) < size:
            raise BrokenInputError("the archive ends too early")
        return found

    def finish(self) -> None:
        """Pass over what is due, holding none of it."""
        while self.due > 0:
            self.due -= len(self.exactly(min(self.due, BLOCK_BYTES)))

    def drain(self) -> None:
        """Read to the end: what is damaged behind the last member is damage too."""
        self.held = memoryview(b"")
        while self._more():
            pass

    def _more(self) -> bool:
        run = next(self.runs, None)
        if run is None:
            return False
        self.budget.take(len(run))
        self.total += len(run)
        if self.total > FREE_BYTES and self.total > MAX_RATIO * self.stream.tell():
            raise OverBudgetError("compression_ratio")
        self.held = memoryview(run)
        return True


def _headers(plain: _Plain) -> Iterator[_Header]:
    """Headers up to the block of zeros that ends an archive. Raises BrokenInputError where there is none."""
    while True:
        offset = plain.at
        raw = plain.exactly(BLOCK)
        if not raw.strip(b"\0"):
            return
        if not is_sound(raw):
            raise BrokenInputError("the checksum of a header differs")
        size, time = number(raw[124:136]), number(raw[136:148])
        yield _Header(name_of(raw), raw[156:157], size, time, offset, bool(raw[482]))


def _member(header: _Header, said: dict[str, str], plain: _Plain, is_packed: bool) -> Member:
    kind = _TYPES.get(header.type, "device")
    if header.type == b"S":
        more = header.is_extended
        while more:
            more = bool(plain.exactly(BLOCK)[504])
    elif any(key.startswith("GNU.sparse.") for key in said):
        kind = "sparse"
    header.size = size_of(said, header.size)
    has_content = kind in ("file", "sparse") or header.type not in _TYPES
    plain.due = header.padded if has_content else 0
    name = said.get("path", header.name)
    if header.type in (b"0", b"\0") and name.endswith("/"):  # how archives before ustar say folder
        kind = "folder"

    def read(limit: int) -> bytes:
        content = plain.upto(min(limit, header.size))
        plain.due -= len(content)
        if len(content) < min(limit, header.size):
            raise BrokenMemberError("the archive ends within a member")
        return content

    time = said.get("mtime", "").partition(".")[0]
    seconds = int(time) if time.isdecimal() and len(time) < 12 else header.time
    date = iso_time_of(seconds, is_day=True) if seconds else None
    return Member(name, kind, None if is_packed else header.offset, header.size, date, read)
