"""What the headers of a tar archive say: ustar and pax (POSIX.1-2017, pax), GNU's numbers (GNU tar, "Basic Tar")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipeline.sources.streams.raw_record import BrokenInputError

BLOCK: Final = 512


def is_sound(block: bytes) -> bool:
    """Whether a header's checksum is the sum of its bytes with the checksum as blanks.

    Or that of its signed bytes, as old systems had it: counted only where the other differs, as it takes far longer.
    """
    try:
        told = number(block[148:156])
    except BrokenInputError:
        return False
    total = sum(block) - sum(block[148:156]) + 8 * 32
    return told == total or told == total - 256 * sum(byte > 127 for byte in block[:148] + block[156:])


def name_of(block: bytes) -> str:
    """The path of the member, with the prefix that ustar keeps apart."""
    name = _string(block[:100])
    if block[257:262] == b"ustar" and block[263:265] != b" \0" and block[345]:
        return f"{_string(block[345:500])}/{name}"
    return name


def number(field: bytes) -> int:
    """An octal number, or one in base 256 (GNU). Raises BrokenInputError for neither, and for a negative one."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:])
    digits = field.strip(b" \0")
    try:
        return int(digits or b"0", 8) if digits.isdigit() or not digits else _broken()
    except ValueError:
        return _broken()


def records(raw: bytes) -> dict[str, str]:
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


def size_of(said: Mapping[str, str], told: int) -> int:
    """The size of a member: that in the pax records `said`, where there is one, else what its header `told`."""
    size = said.get("size", "")
    return int(size) if size.isdecimal() and len(size) < 20 else told


def _string(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "replace")


def _broken() -> int:
    raise BrokenInputError("a header without its numbers")
