"""Which process does a piece of work, so that another can ask whether it still lives."""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path
from typing import NamedTuple, Self

NOWHERE = "0"
"""The place where the platform names neither a boot nor a namespace."""


class Process(NamedTuple):
    """A process among all that share a file system.

    host: the machine's name, which containers may share. place: hash of the boot and the pid namespace (Linux), within
    which a pid means one process at a time. born: when it began, in clock ticks since the boot; 0 where nobody says.
    """

    host: str
    place: str
    pid: int
    born: int

    @classmethod
    def this(cls) -> Self:
        """The process that asks."""
        return cls(socket.gethostname(), _place(), os.getpid(), _born(os.getpid()) or 0)

    def __str__(self) -> str:
        return "-".join(map(str, self))

    @classmethod
    def named(cls, text: str) -> Self | None:
        """The process that `str` wrote so; None for what it did not."""
        host, *rest = text.rsplit("-", len(cls._fields) - 1)
        if len(rest) < len(cls._fields) - 1 or not (rest[1].isdecimal() and rest[2].isdecimal()):
            return None
        return cls(host, rest[0], int(rest[1]), int(rest[2]))

    def is_alive(self) -> bool | None:
        """Whether it lives; None where this process cannot tell.

        That is from another machine, boot or namespace, and, where nobody says when a process was born (macOS), of a
        pid that somebody has: it may have been given to another since.
        """
        this = type(self).this()
        if (self.host, self.place) != (this.host, this.place):
            return None
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass  # it is another user's
        born = _born(self.pid)
        return None if born is None or not self.born else born == self.born


def _place() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_bytes()
        namespace = str(Path("/proc/self/ns/pid").readlink()).encode()
    except OSError:
        return NOWHERE
    return hashlib.blake2b(boot + namespace, digest_size=4).hexdigest()


def _born(pid: int) -> int | None:
    """Clock ticks from the boot to the start of a process (proc(5), field 22 of stat); 0 for one that only waits to be
    reaped, None where /proc does not say, or tells of another namespace's processes."""
    try:
        if str(Path("/proc/self").readlink()) != str(os.getpid()):
            return None
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return 0 if state in "ZX" else int(fields[18])
