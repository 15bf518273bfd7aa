"""What the readers of archives hand to `code`: members one by one, whatever the container."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

Kind = Literal["file", "folder", "link", "device", "sparse", "encrypted", "unknown_compression"]


class BrokenMemberError(Exception):
    """The content of a member is damaged; the archive goes on."""


class OverBudgetError(Exception):
    """The archive is larger than it may be; the argument is the budget's name."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member of an archive, to be read before the next is asked for.

    name: as the archive has it. offset: where its header starts in the file; None in a compressed stream. size: bytes
    of content as the header says. date: the day on which it was last changed, in UTC, where the archive says so. `read`
    gives the first so many bytes of the content, and raises BrokenMemberError.
    """

    name: str
    kind: Kind
    offset: int | None
    size: int
    date: str | None
    read: Callable[[int], bytes]


class Container(Protocol):
    """An open archive. `members` may be asked for more than once; each time the file is read anew.

    It raises BrokenInputError after the members that could be found, and OverBudgetError. `commit` is what the archive
    as a whole says, known once its members have been listed.
    """

    commit: str | None

    def members(self) -> Iterator[Member]:
        """The members in the order of the archive."""


class Budget:
    """Bytes that an archive may unpack to and members that it may have."""

    def __init__(self, max_bytes: int, max_members: int) -> None:
        self._bytes, self._members = max_bytes, max_members

    def take(self, size: int) -> None:
        """Count unpacked bytes."""
        self._bytes -= size
        if self._bytes < 0:
            raise OverBudgetError("archive_bytes")

    def take_member(self) -> None:
        """Count a member."""
        self._members -= 1
        if self._members < 0:
            raise OverBudgetError("archive_members")
