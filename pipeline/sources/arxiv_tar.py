"""Tar archives read from front to back: ustar and pax (POSIX.1-2017, pax), GNU's long names (GNU tar, "Basic Tar").

Nothing is ever written, and a name is only a name: it is not joined to any folder.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

BLOCK = 512
MAX_NAME_BYTES = 1 << 16  # of a long name or a pax header
_PAX_PATH = re.compile(rb"\d+ path=([^\n\0]{1,4096})\n")
_PAX_SIZE = re.compile(rb"\d+ size=(\d{1,18})\n")
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
    if len(block) < BLOCK or not block[0]:
        return False
    told = _octal(block[148:156])
    counted = sum(block) - sum(block[148:156]) + 8 * 32
    if told == counted:
        return True
    high = sum(1 for byte in block if byte >= 128) - sum(1 for byte in block[148:156] if byte >= 128)
    return told == counted - 256 * high  # old tars add the bytes as signed ones


def members(read: Callable[[int], bytes], skip: Callable[[int], None], *, needs_end: bool) -> Iterator[Member]:
    """The regular files in their order. `read` and `skip` move on in the archive; `read` is short at its end only.

    After each member the caller has read or skipped exactly `size` bytes. Raises BrokenTarError where a header is
    none, and with `needs_end` where the archive ends without a block of zeros.
    """
    at = 0
    name: str | None = None
    size: int | None = None
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
        told = _size(block) if size is None else size
        kind = block[156]
        if kind in b"LxgK":
            if told > MAX_NAME_BYTES:
                raise BrokenTarError(f"a name of {told} bytes at {header}")
            content = read(told)
            if len(content) < told:
                raise BrokenTarError(f"the archive ends within a name at {header}")
            at += told + _padding(skip, told)
            if kind == ord("L"):
                name = content.rstrip(b"\0").decode("utf-8", "replace")
            elif kind == ord("x"):
                path, length = _PAX_PATH.search(content), _PAX_SIZE.search(content)
                name = path[1].decode("utf-8", "replace") if path else name
                size = int(length[1]) if length else size
            continue
        if kind in _REGULAR:
            yield Member(name or _name(block), told, header, at)
        else:
            told = 0 if kind in b"123456" else told
            skip(told)
        at += told + _padding(skip, told)
        name, size = None, None


def _padding(skip: Callable[[int], None], size: int) -> int:
    rest = -size % BLOCK
    skip(rest)
    return rest


def _name(block: bytes) -> str:
    name = block[:100].partition(b"\0")[0]
    if block[257:262] == b"ustar" and block[345] and block[257:265] != b"ustar  \0":
        name = block[345:500].partition(b"\0")[0] + b"/" + name
    return name.decode("utf-8", "replace")


def _size(block: bytes) -> int:
    field = block[124:136]
    if field[0] & 0x80:  # GNU: a binary number
        return int.from_bytes(field[1:], "big") & ((1 << 62) - 1)
    return max(0, _octal(field))


def _octal(field: bytes) -> int:
    digits = field.strip(b" \0")
    return int(digits, 8) if digits and digits.isdigit() and not digits.strip(b"01234567") else -1
