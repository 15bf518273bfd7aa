"""What is joined: the files whose records belong together, and a task's share of their groups.

Thousands of shards share one join of hundreds of files. A shard names the list of them, which is kept once under its
hash: so its recipe changes with any of the files, and neither plan nor task repeats them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pipeline.rooms.version import list_name
from pipeline.sources.source import InputFile

HASHES = 2**64
"""How many hashes of groups there are: see `spill.hash_of`."""


@dataclass(frozen=True, slots=True)
class Share:
    """Of a join the groups with low <= hash < high.

    files: the name of the list of its files, each [path, digest, doc_ids that were taken down and may be of any share].
    alone: the path of the only one where each file of a source is joined alone, else "".
    """

    files: str
    alone: str
    low: int
    high: int

    @property
    def place(self) -> str:
        """What it is called among all shares of a source."""
        return f"{self.files}:{self.low}-{self.high}"


@dataclass(frozen=True)
class Join:
    """Files of a source that are joined with one another; of each the doc_ids that were taken down.

    placed: of which of them it is known in whose share they are, (hash of the group, doc_id) by hash.
    """

    source: str
    root: str
    files: tuple[InputFile, ...]
    gone: tuple[tuple[str, ...], ...]
    is_whole_source: bool
    placed: tuple[tuple[int, str], ...] = ()

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files)

    def listed(self) -> list[list[Any]]:
        """What decides of all that is joined of these files: see `Share.files`."""
        placed = {doc_id for _, doc_id in self.placed}
        return [
            [file.path, file.digest, [doc_id for doc_id in gone if doc_id not in placed]]
            for file, gone in zip(self.files, self.gone, strict=True)
        ]

    def placed_in(self, share: Share) -> tuple[str, ...]:
        """The doc_ids that were taken down and are known to be in this share of it, sorted."""
        first, last = (bisect_left(self.placed, (value, "")) for value in (share.low, share.high))
        return tuple(sorted(doc_id for _, doc_id in self.placed[first:last]))

    @cached_property
    def name(self) -> str:
        """Of the list of its files."""
        return list_name(self.listed())

    def shares(self, count: int) -> Iterator[Share]:
        """`count` equal shares of the hashes."""
        alone = "" if self.is_whole_source else self.files[0].path
        for number in range(count):
            yield Share(self.name, alone, HASHES * number // count, HASHES * (number + 1) // count)
