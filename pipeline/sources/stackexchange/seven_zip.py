"""The members of a 7z archive, unpacked as a stream, in the little memory that its codec asks for.

Why no library: py7zr 1.1.4 pushes a member into a writer of ours, in blocks whose size hangs on the machine's free
memory (a pull would need a thread), and answers damaged headers with TypeError, AttributeError, IndexError,
AssertionError and MemoryError, which cannot be told from bugs. The part of the format that dumps of text use is small;
tests hold this reader against archives that py7zr writes. Format: 7zFormat.txt and Methods.txt of the LZMA SDK.
"""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from pipeline.sources.stackexchange.seven_zip_header import (
    HEADER_BYTES,
    Archive,
    Bytes,
    Folder,
    parse_header,
    parse_streams,
)
from pipeline.sources.streams.lines import BLOCK_BYTES
from pipeline.sources.streams.raw_record import BrokenInputError
from pipeline.sources.streams.watched_stream import WatchedStream, read_up_to
from pipeline.trouble import EnvironmentTrouble

MAX_DICTIONARY_BYTES = 1 << 30  # 7-Zip's `ultra` asks for 64 MiB
PACKED_BYTES = 1 << 16
_SIGNATURE = b"7z\xbc\xaf\x27\x1c"


class UnsupportedArchiveError(Exception):
    """The archive is encrypted, or packed by a method that dumps of text do not use."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file in the archive: its name, its size in bytes, where it starts among all unpacked bytes, and its bytes.

    `runs` gives runs of at most 1 MiB, once, before the next member is asked for; what is not taken is passed over.
    It raises BrokenInputError where the bytes end too early, cannot be unpacked, or have another checksum.
    """

    name: str
    size: int
    start: int
    runs: Iterator[bytes]


class _Decoder(Protocol):
    def unpack(self, most: int) -> bytes:
        """At most `most` bytes, none only at the end. Raises BrokenInputError, and what the codec raises."""


def members(stream: WatchedStream, wanted: Callable[[str], bool]) -> Iterator[Member]:
    """Every file of the archive in its order; only what stands before a wanted one in its folder is unpacked.

    Raises BrokenInputError where the headers are damaged or missing, UnsupportedArchiveError, and EnvironmentTrouble
    where the memory for a dictionary is not to be had. The stream is then read to its end where it is called broken.
    """
    try:
        archive = _headers(stream)
    except BrokenInputError:
        _read_to_end(stream)
        raise
    start = 0
    for folder in archive.folders:
        last = max((n for n, member in enumerate(folder.members) if wanted(member.name)), default=-1)
        unpacked = _folder_bytes(stream, folder) if last >= 0 else None
        for number, member in enumerate(folder.members):
            if unpacked is None or number > last:
                yield Member(member.name, member.bytes, start, iter(()))
            else:
                runs = _member_bytes(stream, unpacked, member.bytes, member.checksum)
                yield Member(member.name, member.bytes, start, runs)
                for _ in runs:
                    pass
            start += member.bytes
    for name in archive.empty:
        yield Member(name, 0, start, iter(()))


def _headers(stream: WatchedStream) -> Archive:
    start = _exactly(stream, 32)
    if not start.startswith(_SIGNATURE) or zlib.crc32(start[12:]) != int.from_bytes(start[8:12], "little"):
        raise BrokenInputError("no 7z archive, or its start header is damaged")
    fields = Bytes(start[12:])
    offset, size, checksum = fields.fixed(8), fields.fixed(8), fields.fixed(4)
    if size > HEADER_BYTES or 32 + offset + size > (end := stream.seek(0, io.SEEK_END)):
        raise BrokenInputError(f"a header of {size} bytes at {offset}: the end of the file is missing")
    if size == 0:
        return Archive()
    stream.seek(32 + offset)
    header = _exactly(stream, size)
    if zlib.crc32(header) != checksum:
        raise BrokenInputError("the header's checksum is wrong")
    for _ in range(4):  # a packed header may be packed again
        packed = parse_streams(Bytes(header[1:])) if header[:1] == b"\x17" else []
        archive = Archive(tuple(packed)) if packed else parse_header(header)
        if any(32 + folder.packed_at + folder.packed_bytes > end for folder in archive.folders):
            raise BrokenInputError("a folder beyond the end of the file")
        if not packed:
            return archive
        folder = packed[0]
        if folder.bytes > HEADER_BYTES:
            raise BrokenInputError("the packed header is larger than a header may be")
        unpacked = _folder_bytes(stream, folder)
        header = b"".join(_member_bytes(stream, unpacked, folder.bytes, folder.members[0].checksum))
    raise BrokenInputError("the header is packed more than four times")


def _member_bytes(stream: WatchedStream, decoder: _Decoder, size: int, checksum: int | None) -> Iterator[bytes]:
    found, left = 0, size
    while left:
        try:
            run = decoder.unpack(min(left, BLOCK_BYTES))
            if not run:
                raise BrokenInputError("the packed bytes end before the member does")
        except (BrokenInputError, lzma.LZMAError, zlib.error, EOFError, OSError) as error:
            if stream.trouble is not None:  # bz2 says with an OSError, too, that the bytes are damaged
                raise
            _read_to_end(stream)
            raise BrokenInputError(str(error)) from error
        found, left = zlib.crc32(run, found), left - len(run)
        yield run
    if checksum is not None and found != checksum:
        _read_to_end(stream)
        raise BrokenInputError("the member's checksum is wrong")


class _Copied:
    """A folder that is stored as it is."""

    def __init__(self, packed: _Packed) -> None:
        self._packed = packed

    def unpack(self, most: int) -> bytes:
        return self._packed.read(most)


class _Lzma:
    """LZMA and LZMA2 without their container."""

    def __init__(self, packed: _Packed, filters: list[dict[str, int]]) -> None:
        self._packed = packed
        try:
            self._inner = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters)
        except MemoryError as error:
            raise EnvironmentTrouble(f"no memory for an LZMA dictionary: {error}") from error

    def unpack(self, most: int) -> bytes:
        while not self._inner.eof:
            packed = self._packed.read(PACKED_BYTES) if self._inner.needs_input else b""
            if run := self._inner.decompress(packed, most):
                return run
            if self._inner.needs_input and not packed:
                break
        return b""


class _Bzip2:
    """One bzip2 stream after the other."""

    def __init__(self, packed: _Packed) -> None:
        self._packed = packed
        self._inner = bz2.BZ2Decompressor()

    def unpack(self, most: int) -> bytes:
        while True:
            left = b""
            if self._inner.eof:
                left, self._inner = self._inner.unused_data, bz2.BZ2Decompressor()
            packed = left or (self._packed.read(PACKED_BYTES) if self._inner.needs_input else b"")
            if run := self._inner.decompress(packed, most):
                return run
            if self._inner.needs_input and not packed:
                return b""


class _Deflated:
    """A raw deflate stream."""

    def __init__(self, packed: _Packed) -> None:
        self._packed = packed
        self._inner = zlib.decompressobj(-15)

    def unpack(self, most: int) -> bytes:
        while not self._inner.eof:
            packed = self._inner.unconsumed_tail or self._packed.read(PACKED_BYTES)
            if run := self._inner.decompress(packed, most):
                return run
            if not packed:
                break
        return b""


class _Packed:
    """The packed bytes of one folder, in exact reads."""

    def __init__(self, stream: WatchedStream, size: int) -> None:
        self._stream, self._left = stream, size

    def read(self, size: int) -> bytes:
        part = read_up_to(self._stream, min(size, self._left))
        self._left -= len(part)
        return part


def _folder_bytes(stream: WatchedStream, folder: Folder) -> _Decoder:
    """What unpacks the folder. Raises UnsupportedArchiveError where nothing here does."""
    stream.seek(32 + folder.packed_at)
    packed = _Packed(stream, folder.packed_bytes)
    match folder.coders:
        case [(b"\0", _)]:
            return _Copied(packed)
        case [(b"\4\2\2", _)]:
            return _Bzip2(packed)
        case [(b"\4\1\x08", _)]:
            return _Deflated(packed)
        case [(b"\3\1\1", properties)] if len(properties) == 5 and properties[0] < 9 * 5 * 5:
            return _Lzma(packed, [_lzma1(properties, folder)])
        case [(b"\x21", properties)] if len(properties) == 1 and properties[0] <= 40:
            return _Lzma(packed, [_lzma2(properties, folder)])
        case [(b"\3\3\1\3", _), (b"\x21", properties)] if len(properties) == 1 and properties[0] <= 40:
            return _Lzma(packed, [{"id": lzma.FILTER_X86}, _lzma2(properties, folder)])  # as py7zr packs by default
    raise UnsupportedArchiveError(f"methods {[method.hex() for method, _ in folder.coders]}: encrypted, or not of text")


def _lzma1(properties: bytes, folder: Folder) -> dict[str, int]:
    rest, literal_context = divmod(properties[0], 9)
    position, literal_position = divmod(rest, 5)
    if literal_context + literal_position > 4:
        raise UnsupportedArchiveError("LZMA properties that liblzma does not know")
    dictionary = _dictionary(int.from_bytes(properties[1:], "little"), folder)
    filters = {"id": lzma.FILTER_LZMA1, "lc": literal_context, "lp": literal_position, "pb": position}
    return {**filters, "dict_size": dictionary}


def _lzma2(properties: bytes, folder: Folder) -> dict[str, int]:
    exponent = properties[0]
    declared = (1 << 32) - 1 if exponent == 40 else (2 | exponent & 1) << (exponent // 2 + 11)
    return {"id": lzma.FILTER_LZMA2, "dict_size": _dictionary(declared, folder)}


def _dictionary(declared: int, folder: Folder) -> int:
    """Bytes of history to keep: never more than there are bytes in the folder."""
    needed = min(declared, folder.bytes)
    if needed > MAX_DICTIONARY_BYTES:
        raise UnsupportedArchiveError(f"a dictionary of {needed} bytes")
    return max(needed, 4096)  # the least that liblzma takes


def _exactly(stream: WatchedStream, size: int) -> bytes:
    found = read_up_to(stream, size)
    if len(found) < size:
        raise BrokenInputError("the file ends within a header")
    return found


def _read_to_end(stream: WatchedStream) -> None:
    """Only what was read whole may be called broken."""
    while stream.read(BLOCK_BYTES):
        pass
