"""What a shard is: the task that goes through its rooms, and what it sends back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from pipeline.config import Config
from pipeline.joins.join import Share
from pipeline.rooms.manifest import Manifest
from pipeline.rooms.quarantine import Quarantined
from pipeline.rooms.version import read_list
from pipeline.shard.records import Records
from pipeline.sources.source import LeftOut, Piece
from pipeline.steps import Step

VERSION = 2  # raise it when this package may write other bytes for equal outcomes and verdicts


@dataclass(frozen=True)
class Shard:
    """Pieces of one source's files, or a share of a join, and all that decides what becomes of it.

    Pickles small: it is a task.
    """

    data: str
    name: str
    source: str
    root: str
    pieces: tuple[Piece, ...]
    config: Config
    steps: tuple[Step, ...]
    record_rate: float = 1.0  # of the shard's records; below 1 only in a sampled run
    done: tuple[Manifest, ...] = ()  # commits of its first rooms, if any, perhaps under another number
    share: Share | None = None  # of files that are spilled; then it has no pieces
    spills: str = ""  # the name of the list of what they were spilled to
    tombstones: tuple[str, ...] = ()  # doc_ids of its pieces' files, or its share, that were taken down
    quarantined: tuple[Quarantined, ...] = ()  # what of it ended every process that read it
    bytes: int = 0  # of its raw files; of a file that it shares with other shards, its share

    def identity(self) -> list[Any]:
        """Which shard it is, whatever its number and content: two that are empty are two all the same."""
        if self.share is not None:
            return [self.source, [[self.share.alone, self.share.low, self.share.high]]]
        return [self.source, [[piece.file.path, piece.start, piece.stop] for piece in self.pieces]]

    def taken_down(self) -> frozenset[str]:
        """The doc_ids of its raw files that were taken down; of those of a join that may be anywhere, all."""
        listed = read_list(self.data, self.share.files) if self.share is not None else ()
        return frozenset(chain(self.tombstones, *(gone for _, _, gone in listed)))

    def deadly_rows(self) -> frozenset[tuple[str, str]]:
        """(raw path, natural key) of the rows that are not to be measured: files of a source may use the same keys."""
        rows = [entry for entry in self.quarantined if entry.kind == "row"]
        paths = [(entry.raw_path, entry.key) for entry in rows]
        of_equal_files = [(path, row.key) for row in rows for place, path in self.places() if place == row.place]
        return frozenset([*paths, *of_equal_files])

    def places(self) -> list[tuple[str, str]]:
        """(place, raw path) of its pieces, or of its share of a join, which is of many files: ""."""
        if self.share is not None:
            return [(self.share.place, self.share.alone)]
        return [(piece.place, piece.file.path) for piece in self.pieces]

    def records(self) -> Records:
        """Where its raw records are, without those that are not to be parsed."""
        reader = self.config.sources[self.source].reader
        left_out = dict(self._left_out())
        return Records(self.data, self.root, self.pieces, reader, self.record_rate, self.share, self.spills, left_out)

    def _left_out(self) -> Iterator[tuple[str, LeftOut]]:
        for place in {entry.place for entry in self.quarantined}:
            mine = [entry for entry in self.quarantined if entry.place == place]
            keys = frozenset(entry.key for entry in mine if entry.kind == "record")
            behind = min((int(entry.key) for entry in mine if entry.kind == "rest"), default=None)
            yield place, LeftOut(place, keys, behind)


@dataclass(frozen=True)
class Receipt:
    """What a task sends back: the commits of its shard, where the time went, what was found that ends processes.

    Small, never data.
    """

    shard: str
    manifests: tuple[Manifest, ...]
    timings: list[dict[str, Any]]
    quarantined: tuple[Quarantined, ...] = ()
