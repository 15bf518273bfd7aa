"""What the readers of `text` hand to it: raw records, and plain values out of what a record holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

PIECE_BYTES = 256 << 20  # of a table, uncompressed, all columns: a shard's worth of work
_SURROGATE = re.compile("[\ud800-\udfff]")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class BrokenInputError(Exception):
    """The file ends too early or is not what its name says; it has been read to its end."""


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A record as its file holds it: its row from 0, its size in bytes, and its values or why it has none.

    `rest` is set where this is no record but all that could not be read any more: it names the place in the file.
    """

    row: int
    bytes: int
    values: Mapping[str, object] | None = None
    reason: str = ""
    rest: str = ""


def value_at(values: Mapping[str, object], name: str) -> object:
    """What stands under `name`, or, where no key is called so, under its parts between dots; else None."""
    if name in values or "." not in name:
        return values.get(name)
    found: object = values
    for part in name.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(part)
    return found


def without_surrogates(text: str) -> str:
    """`text` with each lone surrogate as U+FFFD, so that it can be written as UTF-8."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def plain(value: object) -> str | None:
    """A short value (an id, a title) as text: strings as they are, integers in decimal, anything else is None.

    Bytes are read as UTF-8, with U+FFFD for what is not.
    """
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return without_surrogates(value) if isinstance(value, str) and value else None


def iso_date(value: object) -> str | None:
    """The value where it is an ISO 8601 date or time, else None."""
    text = plain(value) if isinstance(value, str | bytes) else None
    if text is None:
        return None
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return None
    return text


def iso_time_of(seconds: int | None, *, is_day: bool = False, is_utc: bool = False) -> str | None:
    """ISO 8601 of seconds since 1970; the day alone where `is_day`, with a Z where `is_utc`; None beyond year 9999."""
    if seconds is None:
        return None
    try:
        moment = _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return None
    text = moment.strftime("%Y-%m-%d") if is_day else moment.strftime("%Y-%m-%dT%H:%M:%S")
    return text.rjust(10 if is_day else 19, "0") + ("Z" if is_utc and not is_day else "")
