"""The bytes of a file, whichever way it is packed: bzip2 and xz beside what `lines` unpacks."""

from __future__ import annotations

import bz2
import lzma
from collections.abc import Callable, Iterator
from typing import BinaryIO, cast

from pipeline.sources.streams.lines import BLOCK_BYTES, blocks, unpacked
from pipeline.sources.streams.raw_record import BrokenInputError
from pipeline.sources.streams.watched_stream import WatchedStream
from pipeline.trouble import EnvironmentTrouble

PACKED_BYTES = 1 << 16

_Decoder = bz2.BZ2Decompressor | lzma.LZMADecompressor


def unpacked_runs(name: str, stream: BinaryIO, *, max_xz_bytes: int) -> Iterator[bytes]:
    """The stream's bytes in runs of at most 1 MiB, unpacked as the suffix of `name` says, in lower case.

    `max_xz_bytes`: the most memory that an xz decoder may ask for (`xz -9`: 65 MiB). All bzip2 or xz streams that
    follow one another count; zero bytes between them do not. Raises as `lines.unpacked` does.
    """
    if name.endswith((".bz2", ".tbz2")):
        return _decoded(stream, bz2.BZ2Decompressor)
    if name.endswith((".xz", ".txz")):
        return _decoded(stream, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=max_xz_bytes))
    return unpacked(f"{name}.gz" if name.endswith(".tgz") else name, stream)


def _decoded(stream: BinaryIO, start: Callable[[], _Decoder]) -> Iterator[bytes]:
    watched = WatchedStream(stream)
    source = blocks(cast(BinaryIO, watched))
    decoder: _Decoder | None = None
    try:
        for block in source:
            for at in range(0, len(block), PACKED_BYTES):
                left = block[at : at + PACKED_BYTES]
                while left := left if decoder else left.lstrip(b"\0"):
                    decoder = decoder or start()
                    yield from _runs(decoder, left)
                    left = decoder.unused_data if decoder.eof else b""
                    decoder = None if decoder.eof else decoder
    except (EOFError, lzma.LZMAError, OSError) as error:
        if watched.trouble is not None:  # bz2 says with an OSError, too, that the bytes are damaged
            raise
        for _ in source:  # only what was read whole may be called broken
            pass
        raise BrokenInputError(str(error)) from error
    except MemoryError as error:
        raise EnvironmentTrouble(f"no memory to decompress: {error}") from error
    if decoder:
        raise BrokenInputError("the compressed stream ends too early")


def _runs(decoder: _Decoder, packed: bytes) -> Iterator[bytes]:
    while not decoder.eof:
        if run := decoder.decompress(packed, BLOCK_BYTES):
            yield run
        if decoder.needs_input:
            return
        packed = b""
