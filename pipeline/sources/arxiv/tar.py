"""Tar archives read from front to back, with long names by pax or GNU.

Nothing is ever written, and a name is only a name: it is not joined to any folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pipeline.sources.streams.raw_record import BrokenInputError
from pipeline.sources.streams.tar_header import BLOCK, is_sound, name_of, number, records, size_of

MAX_NAME_BYTES = 1 << 16  # of a long name or a pax header
MAX_MEMBER_BYTES = 1 << 62  # what a stream can still seek beyond; no file is as large
_REGULAR = frozenset(b"0\x007")


class BrokenTarError(Exception):
    """What stands here is no header of a tar archive, or the archive ends within a member."""


@dataclass(frozen=True, slots=True)
class Member:
    """A regular file of the archive: its name, size, and where its header and content begin."""

    name: str
    size: int
    header: int
    offset: int


def is_header(block: bytes) -> bool:
    """Whether these 512 bytes are a header: the sum over its bytes is what it says."""
    return len(block) == BLOCK and block[0] != 0 and is_sound(block)


def members(read: Callable[[int], bytes], skip: Callable[[int], None], *, needs_end: bool) -> Iterator[Member]:
    """The regular files in their order. `read` and `skip` move on in the archive; `read` is short at its end only.

    After each member the caller has read or skipped exactly `size` bytes. Raises BrokenTarError where a header is
    none or gives no size, and with `needs_end` where the archive ends without a block of zeros.
    """
    at = 0
    said: dict[str, str] = {}
    while True:
        header = at
        block = read(BLOCK)
        at += BLOCK
        if not block and not needs_end:
            return
        if len(block) == BLOCK and not any(block):
            return
        if not is_header(block):
            raise BrokenTarError(f"no header at {header}")
        kind = block[156]
        told = _size(block, {} if kind in b"LxgK" else said)
        if kind in b"LxgK":
            if told > MAX_NAME_BYTES:
                raise BrokenTarError(f"a name of {told} bytes at {header}")
            content = read(told)
            if len(content) < told:
                raise BrokenTarError(f"the archive ends within a name at {header}")
            at += told + _padding(skip, told)
            if kind == ord("L"):
                said["path"] = content.rstrip(b"\0").decode("utf-8", "replace")
            elif kind == ord("x"):
                said |= records(content)
            continue
        if kind in _REGULAR:
            yield Member(said.get("path") or name_of(block), told, header, at)
        else:
            told = 0 if kind in b"123456" else told
            skip(told)
        at += told + _padding(skip, told)
        said = {}


def _padding(skip: Callable[[int], None], size: int) -> int:
    rest = -size % BLOCK
    skip(rest)
    return rest


def _size(block: bytes, said: Mapping[str, str]) -> int:
    try:
        size = size_of(said, number(block[124:136]))
    except BrokenInputError as error:
        raise BrokenTarError(str(error)) from error
    if size >= MAX_MEMBER_BYTES:
        raise BrokenTarError(f"a member of {size} bytes")
    return size
