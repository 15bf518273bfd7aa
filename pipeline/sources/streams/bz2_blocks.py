"""The blocks of a bzip2 file, found at any bit and decoded one by one.

A block begins with a 48-bit magic (the digits of pi) and a stream ends with another (of its square root), at any bit of
any byte; nothing else says where a block ends. So a large file can be read from its middle, and a damaged block costs
no other one. Format: J. Tsai, "BZIP2: Format Specification" (2016), sections 2.2 to 2.4.
"""

from __future__ import annotations

import bz2
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

BLOCK_MAGIC = 0x314159265359
END_MAGIC = 0x177245385090
MAGIC_BITS = 48
READ_BYTES = 1 << 20
# A block of one byte has 27 bytes; what is shorter is no block, whatever its first bits are.
MIN_BLOCK_BITS = 20 * 8
# 900,000 bytes that no code makes shorter, at 20 bits each in the worst case of the format.
MAX_BLOCK_BITS = 900_000 * 20 + (1 << 20)
KEPT_BYTES = 2 * (MAX_BLOCK_BITS // 8) + (1 << 20)
# Behind the end of a stream: its magic, 32 bits of checksum, up to 7 of padding, and the four bytes of the next header.
NEXT_STREAM_BITS = MAGIC_BITS + 32 + 7 + 32
HEADER_BITS = 32


def _needles(magic: int) -> list[tuple[bytes, int, bytes, bytes]]:
    """For each of the eight shifts the inner bytes, the shift, and the bits of the first and the last byte."""
    found = []
    for shift in range(8):
        spread = (magic << (8 - shift)).to_bytes(7, "big")
        found.append((spread[1:6], shift, spread[:1], spread[6:]))
    return found


_MAGICS = [(needle, magic == END_MAGIC) for magic in (BLOCK_MAGIC, END_MAGIC) for needle in _needles(magic)]


@dataclass(frozen=True, slots=True)
class Mark:
    """Where the file has a magic: bit offset, and whether it is that of a stream's end."""

    bit: int
    is_end: bool


@dataclass(frozen=True, slots=True)
class Stretch:
    """What stands between two bit offsets of the file: the bytes of one block, or None where nothing can be read.

    `at_end`: the file ends in it.
    """

    start: int
    stop: int
    content: bytes | None
    at_end: bool = False

    @property
    def packed_bytes(self) -> int:
        """Its size in the file, in bytes, rounded up."""
        return (self.stop - self.start + 7) // 8


def blocks(stream: BinaryIO, start: int = 0) -> Iterator[Stretch]:
    """Every block from bit `start` on, of all streams, in order; what lies between readable ones is one stretch each.

    `start` is 0 or the offset of a block that can be read. About two blocks are held, each of at most 46 MB (900 kB
    before the run-length coding is undone). What follows the last stream is passed over.
    """
    lost: int | None = None  # where the unreadable stretch begins
    for begin, end, content in _decoded(_Window(stream, start), start):
        if content is None:
            lost = begin if lost is None else lost
            if end is None:
                yield Stretch(lost, stream.seek(0, 2) * 8, None, at_end=True)
                return
        else:
            if lost is not None:
                yield Stretch(lost, begin, None)
                lost = None
            assert end is not None
            yield Stretch(begin, end, content)
    if lost is not None:
        yield Stretch(lost, stream.seek(0, 2) * 8, None, at_end=True)


def next_block(stream: BinaryIO, start: int, contains: bytes) -> int | None:
    """The bit offset of the first block at or after bit `start` that can be read and holds `contains`; None: none.

    Only such an offset is a safe place to start from: a magic may also stand within a block by chance.
    """
    for begin, _, content in _decoded(_Window(stream, start), None):
        if content is not None and contains in content:
            return begin
    return None


def _decoded(window: _Window, start: int | None) -> Iterator[tuple[int, int | None, bytes | None]]:
    """(first bit, last bit, content) of each block; content None: unreadable; end None: as far as the file goes.

    `start` None: what stands before the first magic is of no interest.
    """
    mark = window.next()
    if start == 0 and mark is not None and mark.bit > HEADER_BITS:
        yield 0, mark.bit, None
    while mark is not None:
        window.forget(mark.bit)
        following = window.next()
        if mark.is_end:
            if following is not None and following.bit - mark.bit > NEXT_STREAM_BITS:
                yield mark.bit, following.bit, None
            mark = following
            continue
        if following is None:
            yield mark.bit, None, None
            return
        content = _block(window, mark, following)
        if content is None:
            beyond = window.next()
            joined = None if beyond is None else _block(window, mark, beyond)
            if beyond is not None and joined is not None:  # the magic between stood in the block by chance
                following, content = beyond, joined
            else:
                window.push(beyond)
        yield mark.bit, following.bit, content
        mark = following


def _block(window: _Window, mark: Mark, following: Mark) -> bytes | None:
    """The content of the block that reaches from one mark to another; None where it is none or damaged."""
    size = following.bit - mark.bit
    if not MIN_BLOCK_BITS <= size <= MAX_BLOCK_BITS:
        return None
    value = window.bits(mark.bit, following.bit)
    checksum = value >> (size - MAGIC_BITS - 32) & 0xFFFFFFFF  # of a stream of one block it is the stream's too
    value = value << (MAGIC_BITS + 32) | END_MAGIC << 32 | checksum
    size += MAGIC_BITS + 32
    padding = -size % 8
    decoder = bz2.BZ2Decompressor()
    try:
        content = decoder.decompress(b"BZh9" + (value << padding).to_bytes((size + padding) // 8, "big"))
    except OSError:  # of the decoder, which reads no file
        return None
    return content if decoder.eof else None


class _Window:
    """The marks of the file from a bit on, and the bytes since the oldest one that is still needed."""

    def __init__(self, stream: BinaryIO, start: int) -> None:
        self._stream = stream
        self._base = start // 8  # file offset of the first byte held
        self._held = bytearray()
        self._searched = 0  # how much of `_held` was searched for marks
        self._first = start
        self._marks: list[Mark] = []  # found and not handed on, the last comes next
        self._at_end = False
        stream.seek(self._base)

    def next(self) -> Mark | None:
        """The next mark; None where there is none any more."""
        while not self._marks and not self._at_end:
            self._read()
        return self._marks.pop() if self._marks else None

    def push(self, mark: Mark | None) -> None:
        """Let `mark` be the next one again."""
        if mark is not None:
            self._marks.append(mark)

    def forget(self, bit: int) -> None:
        """Bits before `bit` are not needed any more."""
        done = bit // 8 - self._base
        if done >= READ_BYTES:
            del self._held[:done]
            self._base += done
            self._searched -= done

    def bits(self, start: int, stop: int) -> int:
        """The bits from `start` up to, not including, `stop`, at most MAX_BLOCK_BITS, as an integer."""
        last = -(-stop // 8)
        value = int.from_bytes(self._held[start // 8 - self._base : last - self._base], "big")
        return (value >> (last * 8 - stop)) & ((1 << (stop - start)) - 1)

    def _read(self) -> None:
        """Read on, and search what came. A magic has at most seven bytes, so six are searched again."""
        if len(self._held) > KEPT_BYTES:  # what is older belongs to no block that could still be read
            self.forget((self._base + len(self._held) - KEPT_BYTES) * 8)
        got = self._stream.read(READ_BYTES)
        self._at_end = not got
        self._held += got
        start = max(0, self._searched - 6)
        found = set()
        for (inner, shift, first, last), is_end in _MAGICS:
            at = self._held.find(inner, start)
            while at >= 0:
                if self._matches(at, shift, first, last):
                    bit = (self._base + at - 1) * 8 + shift
                    if bit >= self._first:
                        found.add((bit, is_end))
                at = self._held.find(inner, at + 1)
        if found:
            self._first = max(found)[0] + 1
        self._marks[:0] = [Mark(bit, is_end) for bit, is_end in sorted(found, reverse=True)]
        self._searched = len(self._held)

    def _matches(self, at: int, shift: int, first: bytes, last: bytes) -> bool:
        """Whether the byte before `at` ends, and the byte behind the inner ones begins, as the magic does."""
        if at == 0 or (shift and at + 5 >= len(self._held)):
            return False
        before = self._held[at - 1] & (0xFF >> shift)
        behind = self._held[at + 5] & (0xFF << (8 - shift) & 0xFF) if shift else 0
        return before == first[0] and behind == last[0]
