"""What this process is at, written where another process can read it once this one is dead.

Nothing is written where nobody looks on: see `isolation`.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Callable
from pathlib import Path

Place = tuple[str | int, ...]

BYTES = 4 << 20  # of the file, which is sparse; a place holds a natural key, such as a path in an archive
_LENGTH_BYTES = 8

_kept: mmap.mmap | None = None
_before_each: Callable[[], None] = lambda: None  # noqa: E731 - replaced with the map


def keep(path: Path, before_each: Callable[[], None]) -> None:
    """From now on write to the file of `path` what this process is at, for as long as it lives."""
    global _kept, _before_each  # noqa: PLW0603 - one a process, as what dies is the process
    with path.open("wb") as file:
        file.truncate(BYTES)
    with path.open("r+b") as file:
        _kept = mmap.mmap(file.fileno(), BYTES)  # a page that is written survives its process
    _before_each = before_each


def is_kept() -> bool:
    """Whether anybody looks on."""
    return _kept is not None


def at(*place: str | int) -> None:
    """What follows is at `place`."""
    if _kept is None:
        return
    raw = json.dumps(place).encode()
    _kept[:_LENGTH_BYTES] = bytes(_LENGTH_BYTES)  # a kill between these lines leaves no place, not half of two
    _kept[_LENGTH_BYTES : _LENGTH_BYTES + len(raw)] = raw
    _kept[:_LENGTH_BYTES] = len(raw).to_bytes(_LENGTH_BYTES)
    _before_each()


def read(path: Path) -> Place:
    """The last place that another process wrote; () where it wrote none."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return ()
    length = int.from_bytes(content[:_LENGTH_BYTES])
    return tuple(json.loads(content[_LENGTH_BYTES : _LENGTH_BYTES + length])) if length else ()
