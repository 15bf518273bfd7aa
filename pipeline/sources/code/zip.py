"""ZIP archives (APPNOTE 6.3.10) without trust: the central directory, or where it is lost the local headers in order.

Python's zipfile holds every entry, takes names and sizes on trust, raises a dozen kinds of exceptions, and reads
nothing at all of an archive whose end is missing.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from pipeline.sources.code.archive import BrokenMemberError, Budget, Kind, Member, OverBudgetError
from pipeline.sources.streams.raw_record import BrokenInputError, iso_time_of
from pipeline.sources.streams.watched_stream import read_up_to

MAX_DIRECTORY_BYTES: Final = 1 << 27
"""A central directory is held while its members are read: about 100 bytes each."""

_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_END = struct.Struct("<4sHHHHIIH")
_END_64_LOCATOR = struct.Struct("<4sIQI")
_END_64 = struct.Struct("<4sQHHIIQQQQ")
_TAIL_BYTES = _END.size + 0xFFFF
_BLOCK = 1 << 16
_SMALL_BLOCK = 1 << 12  # unpacks to 4 MiB at most
_COMMIT = re.compile(rb"[0-9a-f]{40}\Z")
_ENCRYPTED, _DESCRIPTOR, _UTF8 = 1 << 0, 1 << 3, 1 << 11
_STORED, _DEFLATED = 0, 8


@dataclass(frozen=True, slots=True)
class _Entry:
    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    mode: int
    extra: bytes


class Zip:
    """A ZIP archive as a `Container`; `commit` is the archive comment where it is one, as GitHub and git write it."""

    def __init__(self, stream: BinaryIO, budget: Callable[[], Budget]) -> None:
        self.commit: str | None = None
        self._stream, self._budget = stream, budget

    def members(self) -> Iterator[Member]:
        """See `Container`."""
        budget = self._budget()
        directory = self._directory()
        if directory is not None:
            yield from (self._member(entry, budget) for entry in _entries(*directory))
            return
        yield from self._scanned(budget)
        raise BrokenInputError("the central directory is missing")

    def _directory(self) -> tuple[bytes, int] | None:
        """The central directory and how far the archive's own offsets are off; None where there is no sound one."""
        length = self._stream.seek(0, 2)
        start = max(0, length - _TAIL_BYTES)
        self._stream.seek(start)
        tail = read_up_to(self._stream, _TAIL_BYTES)
        at = tail.rfind(b"PK\5\6", 0, max(0, len(tail) - _END.size + 4))
        if at < 0:
            return None
        _, disk, first_disk, here, count, size, offset, comment = _END.unpack_from(tail, at)
        end = start + at
        if at >= _END_64_LOCATOR.size and tail[at - _END_64_LOCATOR.size :].startswith(b"PK\6\7"):
            found = self._end_64(_END_64_LOCATOR.unpack_from(tail, at - _END_64_LOCATOR.size)[2], end)
            if found is None:
                return None
            end, count, size, offset = found
        elif disk or first_disk or here != count:
            return None
        begin = end - size
        if begin < 0 or offset > begin:
            return None
        said = tail[at + _END.size : at + _END.size + comment]
        self.commit = said.decode("ascii") if _COMMIT.fullmatch(said) else None
        if size > MAX_DIRECTORY_BYTES:
            raise OverBudgetError("archive_members")
        self._stream.seek(begin)
        directory = read_up_to(self._stream, size)
        sound = len(directory) == size and (directory.startswith(b"PK\1\2") if count else size == 0)
        return (directory, begin - offset) if sound else None

    def _end_64(self, offset: int, end: int) -> tuple[int, int, int, int] | None:
        """Where the 64-bit end record stands, and its count, size and offset of the directory."""
        for begin in (offset, end - _END_64_LOCATOR.size - _END_64.size):
            if 0 <= begin < end:
                self._stream.seek(begin)
                raw = read_up_to(self._stream, _END_64.size)
                if len(raw) == _END_64.size and raw.startswith(b"PK\6\6"):
                    *_, count, size, start = _END_64.unpack(raw)
                    return begin, count, size, start
        return None

    def _member(self, entry: _Entry, budget: Budget) -> Member:
        budget.take_member()

        def read(limit: int) -> bytes:
            self._stream.seek(entry.offset)
            raw = read_up_to(self._stream, _LOCAL.size)
            if len(raw) < _LOCAL.size or not raw.startswith(b"PK\3\4"):
                raise BrokenMemberError("no local header")
            name, extra = _LOCAL.unpack(raw)[9:]
            self._stream.seek(entry.offset + _LOCAL.size + name + extra)
            content, is_whole = self._unpacked(entry, limit, budget)
            if is_whole and zlib.crc32(content) != entry.crc:
                raise BrokenMemberError("the checksum differs")
            return content

        return Member(_text(entry), _kind(entry), entry.offset, entry.size, _date(entry.extra), read)

    def _unpacked(self, entry: _Entry, limit: int, budget: Budget) -> tuple[bytes, bool]:
        """At most `limit` bytes of the content at the stream's place, and whether they are all."""
        if entry.method == _STORED:
            content = read_up_to(self._stream, min(limit, entry.packed))
            budget.take(len(content))
            if len(content) < min(limit, entry.packed):
                raise BrokenMemberError("the file ends within a member")
            return content, len(content) == entry.packed
        inflate = zlib.decompressobj(-15)
        parts, size, left = [], 0, entry.packed
        while size < limit and not inflate.eof:
            packed = inflate.unconsumed_tail or read_up_to(self._stream, min(_BLOCK, left))
            if not inflate.unconsumed_tail:
                left -= len(packed)
            if not packed:
                raise BrokenMemberError("the member ends too early")
            try:
                part = inflate.decompress(packed, limit - size)
            except zlib.error as error:
                raise BrokenMemberError(str(error)) from error
            budget.take(len(part))
            parts.append(part)
            size += len(part)
        return b"".join(parts), inflate.eof

    def _scanned(self, budget: Budget) -> Iterator[Member]:
        """The members by their local headers, for as long as one follows the other, those that are whole alone."""
        at = 0
        while True:
            self._stream.seek(at)
            raw = read_up_to(self._stream, _LOCAL.size)
            if len(raw) < _LOCAL.size or not raw.startswith(b"PK\3\4"):
                return
            _, _, flags, method, _, _, crc, packed, size, name_bytes, extra_bytes = _LOCAL.unpack(raw)
            rest = read_up_to(self._stream, name_bytes + extra_bytes)
            if len(rest) < name_bytes + extra_bytes:
                return
            name, extra = rest[:name_bytes], rest[name_bytes:]
            begin = at + _LOCAL.size + len(rest)
            if flags & _DESCRIPTOR:
                found = self._measured(begin, method)
                if found is None:
                    return
                packed, size, crc, after = found
            else:
                size, packed, _ = _large(extra, size, packed, 0)
                after = begin + packed
                if self._stream.seek(0, 2) < after:
                    return
            entry = _Entry(name, flags, method, crc, packed, size, at, 0o040000 if name.endswith(b"/") else 0, extra)
            yield self._member(entry, budget)
            at = after

    def _measured(self, begin: int, method: int) -> tuple[int, int, int, int] | None:
        """Packed and unpacked size, checksum and end of a deflated member whose header leaves its sizes open."""
        if method != _DEFLATED:
            return None
        self._stream.seek(begin)
        inflate, packed, size, crc = zlib.decompressobj(-15), 0, 0, 0
        while not inflate.eof:
            block = read_up_to(self._stream, _SMALL_BLOCK)
            packed += len(block)
            if not block:
                return None
            try:
                part = inflate.decompress(block)
            except zlib.error:
                return None
            size, crc = size + len(part), zlib.crc32(part, crc)
        packed -= len(inflate.unused_data)
        self._stream.seek(begin + packed)
        descriptor = read_up_to(self._stream, 24)
        signed = 4 if descriptor.startswith(b"PK\7\x08") else 0
        for sizes in (8, 16):  # 32-bit sizes, or 64-bit ones
            end = signed + 4 + sizes
            following = descriptor[end : end + 2]
            if len(descriptor) >= end and following in (b"PK", b""):
                return packed, size, crc, begin + packed + end
        return packed, size, crc, begin + packed + signed + 12


def _entries(directory: bytes, shift: int) -> Iterator[_Entry]:
    at = 0
    while at < len(directory):
        if at + _CENTRAL.size > len(directory) or not directory.startswith(b"PK\1\2", at):
            raise BrokenInputError("the central directory breaks off")
        fields = _CENTRAL.unpack_from(directory, at)
        _, made_by, _, flags, method, _, _, crc, packed, size, names, extras, comments, _, _, attributes, offset = (
            fields
        )
        begin = at + _CENTRAL.size
        name, extra = directory[begin : begin + names], directory[begin + names : begin + names + extras]
        size, packed, offset = _large(extra, size, packed, offset)
        at = begin + names + extras + comments
        mode = attributes >> 16 if made_by >> 8 == 3 else 0
        if offset + shift < 0 or at > len(directory):
            raise BrokenInputError("the central directory points nowhere")
        yield _Entry(name, flags, method, crc, packed, size, offset + shift, mode, extra)


def _large(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Sizes and offset, those that do not fit in 32 bits taken from the ZIP64 field."""
    values = iter(struct.unpack(f"<{len(raw) // 8}Q", raw[: len(raw) // 8 * 8]) if (raw := _extra(extra, 1)) else ())
    size = next(values, size) if size == 0xFFFFFFFF else size
    packed = next(values, packed) if packed == 0xFFFFFFFF else packed
    offset = next(values, offset) if offset == 0xFFFFFFFF else offset
    return size, packed, offset


def _extra(extra: bytes, wanted: int) -> bytes:
    """The content of one extra field."""
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        if kind == wanted:
            return extra[at + 4 : at + 4 + size]
        at += 4 + size
    return b""


def _text(entry: _Entry) -> str:
    """The name: UTF-8 where it is valid, else code page 437, as APPNOTE D has it for names without a flag."""
    try:
        return entry.name.decode("utf-8")
    except UnicodeDecodeError:
        return entry.name.decode("utf-8", "replace") if entry.flags & _UTF8 else entry.name.decode("cp437")


def _kind(entry: _Entry) -> Kind:
    if entry.name.endswith((b"/", b"\\")) or entry.mode & 0o170000 == 0o040000:
        return "folder"
    if entry.mode & 0o170000 == 0o120000:
        return "link"
    if entry.mode & 0o170000 not in (0, 0o100000):
        return "device"
    if entry.flags & _ENCRYPTED:
        return "encrypted"
    return "file" if entry.method in (_STORED, _DEFLATED) else "unknown_compression"


def _date(extra: bytes) -> str | None:
    """The day of change in the extended time stamp; DOS times have no time zone, and most tools fake them."""
    stamp = _extra(extra, 0x5455)
    return iso_time_of(int.from_bytes(stamp[1:5], "little"), is_day=True) if len(stamp) >= 5 and stamp[0] & 1 else None
