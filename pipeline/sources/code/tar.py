"""Tar archives (POSIX.1-2017, pax; ustar; GNU) as streams, compressed or not, without trust.

Python's tarfile holds whatever a header claims (pax records, long names) and stops in its own way at each damage.
"""

from __future__ import annotations

import bz2
import lzma
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from pipeline.sources.code.archive import BrokenMemberError, Budget, Kind, Member, OverBudgetError
from pipeline.sources.text_lines import BLOCK_BYTES, blocks, unpacked
from pipeline.sources.text_record import BrokenInputError, iso_time_of

BLOCK: Final = 512
MAX_HEADER_BYTES: Final = 1 << 20  # of a pax header or a long name; paths have a few hundred bytes
MAX_RATIO: Final = 1000  # deflate makes at most 1,032 bytes of one; source code comes to 3 to 20
FREE_BYTES: Final = 1 << 26  # unpacked bytes before the ratio is looked at
XZ_MEMORY: Final = 1 << 28  # what a decoder may ask for; `xz -9` needs 65 MiB

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
        plain = _Plain(_runs(self._name, self._stream), self._stream, budget)
        is_packed = not self._name.endswith(".tar")
        said: dict[str, str] = {}
        for header in _headers(plain):
            if header.type == b"g":
                comment = _records(plain.exactly(header.padded)[: header.size]).get("comment", "")
                self.commit = comment if _COMMIT.match(comment) else self.commit
            elif header.type == b"x":
                said |= _records(plain.exactly(header.padded)[: header.size])
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
        run = next(self.runs, b"")
        self.budget.take(len(run))
        self.total += len(run)
        if self.total > FREE_BYTES and self.total > MAX_RATIO * self.stream.tell():
            raise OverBudgetError("compression_ratio")
        self.held = memoryview(run)
        return bool(run)


def _headers(plain: _Plain) -> Iterator[_Header]:
    """Headers up to the block of zeros that ends an archive. Raises BrokenInputError where there is none."""
    while True:
        offset = plain.at
        raw = plain.exactly(BLOCK)
        if not raw.strip(b"\0"):
            return
        if _number(raw[148:156]) not in _checksums(raw):
            raise BrokenInputError("the checksum of a header differs")
        name = _name(raw[:100])
        if raw[257:262] == b"ustar" and raw[263:265] != b" \0" and raw[345]:
            name = f"{_name(raw[345:500])}/{name}"
        yield _Header(name, raw[156:157], _number(raw[124:136]), _number(raw[136:148]), offset, bool(raw[482]))


def _checksums(raw: bytes) -> tuple[int, int]:
    """The sum of a header's bytes with its own checksum as blanks; of signed bytes too, as old systems had it."""
    total = sum(raw) - sum(raw[148:156]) + 8 * 32
    return total, total - 256 * sum(byte > 127 for byte in raw[:148] + raw[156:])


def _member(header: _Header, said: dict[str, str], plain: _Plain, is_packed: bool) -> Member:
    kind = _TYPES.get(header.type, "device")
    if header.type == b"S":
        more = header.is_extended
        while more:
            more = bool(plain.exactly(BLOCK)[504])
    elif any(key.startswith("GNU.sparse.") for key in said):
        kind = "sparse"
    if said.get("size", "").isdecimal() and len(said["size"]) < 20:
        header.size = int(said["size"])
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


def _name(raw: bytes) -> str:
    return raw.partition(b"\0")[0].decode("utf-8", "replace")


def _number(raw: bytes) -> int:
    """An octal number, or one in base 256 (GNU). Raises BrokenInputError for neither, and for a negative one."""
    if raw[0] == 0x80:
        return int.from_bytes(raw[1:])
    digits = raw.strip(b" \0")
    try:
        return int(digits or b"0", 8) if digits.isdigit() or not digits else _broken()
    except ValueError:
        return _broken()


def _broken() -> int:
    raise BrokenInputError("a header without its numbers")


def _records(raw: bytes) -> dict[str, str]:
    """The records of a pax header: `length key=value`, where the length counts the record itself."""
    found, at = {}, 0
    while at < len(raw):
        length, blank, _ = raw[at : at + 24].partition(b" ")
        if not blank or not length.isdigit() or int(length) <= len(length) + 1:
            break
        key, _, value = raw[at + len(length) + 1 : at + int(length)].removesuffix(b"\n").partition(b"=")
        found[key.decode("utf-8", "replace")] = value.decode("utf-8", "replace")
        at += int(length)
    return found


def _runs(name: str, stream: BinaryIO) -> Iterator[bytes]:
    """The unpacked stream, in runs of at most 1 MiB. Raises BrokenInputError after what could be unpacked."""
    if name.endswith((".bz2", ".tbz2")):
        return _decoded(stream, bz2.BZ2Decompressor)
    if name.endswith((".xz", ".txz")):
        return _decoded(stream, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY))
    return unpacked(name.replace(".tgz", ".tar.gz"), stream)


def _decoded(
    stream: BinaryIO, start: Callable[[], bz2.BZ2Decompressor] | Callable[[], lzma.LZMADecompressor]
) -> Iterator[bytes]:
    """All bzip2 or xz streams that follow one another; zero bytes between them do not count."""
    decoder: bz2.BZ2Decompressor | lzma.LZMADecompressor | None = None
    for packed in blocks(stream):
        left = packed
        while left or (decoder is not None and not decoder.eof and not decoder.needs_input):
            if decoder is None:
                left = left.lstrip(b"\0")
                if not left:
                    break
                decoder = start()
            try:
                run = decoder.decompress(left, BLOCK_BYTES)
            except (OSError, EOFError, lzma.LZMAError) as error:
                raise BrokenInputError(str(error)) from error
            left = b""
            if decoder.eof:
                left, decoder = decoder.unused_data, None
            yield run
    if decoder is not None:
        raise BrokenInputError("the compressed stream ends too early")
