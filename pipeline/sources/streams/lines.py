"""Lines out of plain, gzip and Zstandard streams, each held only up to a budget."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol

import zstandard

from pipeline.sources.streams.raw_record import BrokenInputError
from pipeline.trouble import EnvironmentTrouble

BLOCK_BYTES = 1 << 20  # what is asked of the stream at once, and the longest run of bytes handed on
# Compressed bytes given to a decoder at once. It returns all that they unpack to: at most 0.5 MiB by gzip (1032:1), and
# 16 MiB by Zstandard (a block of four bytes may stand for 128 KiB).
PACKED_BYTES = 512
ZSTD_MAX_WINDOW = 1 << 31  # Pushshift's dumps use it; zstd then asks for 2 GiB of memory


@dataclass(frozen=True, slots=True)
class Line:
    """A line without its line feed: its number from 0, size in bytes, and content unless it is over the budget."""

    row: int
    line_bytes: int
    content: bytes | None
    is_cut: bool = False  # the stream broke within this line, or right before it


class _Decoder(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


def unpacked(name: str, stream: BinaryIO) -> Iterator[bytes]:
    """The stream's bytes, decompressed as the suffix of `name` says, in runs of at most 1 MiB.

    All gzip members and Zstandard frames count; zero bytes between them do not. Raises BrokenInputError after what
    could be read, and EnvironmentTrouble where the memory for a Zstandard window is not to be had.
    """
    if name.endswith(".gz"):
        return _decoded(stream, _gzip_member)
    if name.endswith((".zst", ".zstd")):
        return _decoded(stream, _zstd_frame)
    return blocks(stream)


def line_start(stream: BinaryIO, at: int, stop: int) -> int | None:
    """Where the first line begins of those that begin at byte `at` or behind it; None where none does before `stop`."""
    if at == 0:
        return 0
    stream.seek(at - 1)
    for block in blocks(stream):
        if (end := block.find(b"\n")) >= 0:
            return at + end if at + end < stop else None
        at += len(block)
        if at >= stop:
            return None
    return None


def bounded_lines(
    runs: Iterator[bytes], budget: int, first_row: int = 0, most_bytes: int | None = None
) -> Iterator[Line]:
    """Every line of `runs` that begins among their first `most_bytes`; at most `budget` bytes are held.

    Rows count from `first_row`; the last line comes with or without its line feed. Where the runs end in
    BrokenInputError, the last line is cut: the rest of the file is lost with it.
    """
    row, size, begin = first_row, 0, 0
    held: list[bytes] = []
    try:
        for run in runs:
            *ended, rest = run.split(b"\n")
            for part in ended:
                size += len(part)
                held.append(part)
                yield Line(row, size, b"".join(held) if size <= budget else None)
                held.clear()
                row, begin, size = row + 1, begin + size + 1, 0
                if most_bytes is not None and begin >= most_bytes:
                    return
            size += len(rest)
            if size <= budget:
                held.append(rest)
            else:
                held.clear()
    except BrokenInputError:
        yield Line(row, size, None, is_cut=True)
        return
    if size:
        yield Line(row, size, b"".join(held) if size <= budget else None)


def blocks(stream: BinaryIO) -> Iterator[bytes]:
    """The stream in blocks of exactly 1 MiB, the last one shorter, however its reads are cut.

    Exactly, since what can be saved of a corrupt file depends on where the decoder's input is cut.
    """
    block = bytearray()
    while got := stream.read(BLOCK_BYTES - len(block)):
        block += got
        if len(block) == BLOCK_BYTES:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)


def _decoded(stream: BinaryIO, start: Callable[[], _Decoder]) -> Iterator[bytes]:
    decoder: _Decoder | None = None
    for packed in _slices(blocks(stream), PACKED_BYTES):
        left = packed
        while left := left if decoder else left.lstrip(b"\0"):
            decoder = decoder or start()
            try:
                run = decoder.decompress(left)
            except (zlib.error, zstandard.ZstdError) as error:
                if "Allocation error" in str(error):
                    raise EnvironmentTrouble(f"no memory to decompress: {error}") from error
                for _ in blocks(stream):  # only what was read whole may be called broken
                    pass
                raise BrokenInputError(str(error)) from error
            yield from _slices(iter((run,)), BLOCK_BYTES)
            left = decoder.unused_data if decoder.eof else b""
            decoder = None if decoder.eof else decoder
    if decoder:
        raise BrokenInputError("the compressed stream ends too early")


def _slices(runs: Iterator[bytes], size: int) -> Iterator[bytes]:
    for run in runs:
        for start in range(0, len(run), size):
            yield run[start : start + size]


def _gzip_member() -> _Decoder:
    return zlib.decompressobj(wbits=31)


def _zstd_frame() -> _Decoder:
    return zstandard.ZstdDecompressor(max_window_size=ZSTD_MAX_WINDOW).decompressobj()
