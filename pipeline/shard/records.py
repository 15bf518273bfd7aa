"""The raw records of a shard, each exactly once, with the file that it stands in: read in order, or joined by group."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, count

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipeline import storage
from pipeline.joins import spill
from pipeline.joins.join import Share
from pipeline.joins.spill import read_groups
from pipeline.process import marker
from pipeline.rooms.version import read_list
from pipeline.sources.source import (
    KILLED_WORKER,
    MAX_BESIDE_BYTES,
    Dropped,
    Expanded,
    Fragment,
    InputFile,
    JoiningSource,
    LeftOut,
    Loose,
    Merged,
    NotADocument,
    Outcome,
    Piece,
    Row,
    ScatteringSource,
    Source,
    Unread,
)
from pipeline.sources.streams.watched_stream import read_up_to

VERSION = 1  # raise it when the same fragments may be joined into other outcomes
MAX_GROUP_BYTES = 256 << 20  # of content: a thread of a million comments; what goes beyond is dropped
KEPT_BESIDE = 16  # files beside others, of up to MAX_BESIDE_BYTES each
JOIN = [VERSION, spill.VERSION, MAX_GROUP_BYTES]
"""What decides of a join beside its source: part of the recipe."""


@dataclass(frozen=True)
class Records:
    """Where a shard's records are: pieces of files under `root`, or its `share` of a join, out of the `spills` of it.

    rate: the share of the records (of the groups, where they are joined) that a sampled run takes. spills: the list of
    sorted files, each [name, least hash, the hash that it ends before]. left_out: by `Piece.place` or `Share.place`.
    """

    data: str
    root: str
    pieces: tuple[Piece, ...]
    reader: Source
    rate: float = 1.0
    share: Share | None = None
    spills: str = ""
    left_out: Mapping[str, LeftOut] = field(default_factory=dict)

    def outcomes(self) -> Iterator[tuple[str, Outcome]]:
        """(raw path, outcome) of every record. Raises EnvironmentTrouble where a file has changed since its digest."""
        if self.share is not None:
            yield from self._shared(self.share)
            return
        # one licence stands beside many files; pieces come by path, so those of a folder in a row
        contents = functools.lru_cache(KEPT_BESIDE)(self._beginning)
        for whole in self.pieces:
            piece = replace(whole, left_out=self.left_out.get(whole.place) or LeftOut(whole.place))
            path = storage.join(self.root, piece.file.path)
            known = {file.path: contents(file) for file in piece.beside}
            with storage.open_unchanged(path, piece.file.bytes, piece.file.tag) as stream:
                read = functools.partial(self.reader.read_beside, piece, stream, known)
                is_plain = piece.left_out.behind is None and not marker.is_kept()
                for index, outcome in enumerate(read() if is_plain else _one_by_one(piece, read)):
                    if self._takes(f"{piece.file.digest}:{piece.start}:{index}"):
                        yield piece.file.path, outcome

    def _beginning(self, file: InputFile) -> bytes:
        with storage.open_unchanged(storage.join(self.root, file.path), file.bytes, file.tag) as stream:
            return read_up_to(stream, MAX_BESIDE_BYTES)

    def _takes(self, key: str) -> bool:
        """By a hash of its own: that of `spill.hash_of` says already in which share a group is."""
        if self.rate >= 1.0:
            return True
        raw = key.encode("utf-8", "surrogatepass")
        hashed = hashlib.blake2b(raw, digest_size=8, person=b"sample").digest()
        return int.from_bytes(hashed, "big") < int(self.rate * 2**64)

    def _shared(self, share: Share) -> Iterator[tuple[str, Outcome]]:
        digests = {path: digest for path, digest, _ in read_list(self.data, share.files)}
        low, high = share.low, share.high
        left_out = self.left_out.get(share.place) or LeftOut(share.place)
        files = overlapping(self.data, self.spills, low, high)
        for key, group in read_groups(self.data, files, low, high):
            path, record = first = next(group)
            name = key if isinstance(record, Fragment) else f"{digests[path]}@{key}"
            if not self._takes(name):
                continue
            if left_out.has(name):
                yield from group_left_out(self.reader, chain([first], group), digests)
            elif isinstance(record, Fragment):
                assert isinstance(self.reader, JoiningSource)
                yield from joined(self.reader, chain([first], group), digests)
            elif isinstance(record, Unread):
                assert isinstance(self.reader, ScatteringSource)
                yield path, self.reader.outcome(InputFile(path, 0, digests[path]), record)
            else:
                yield path, record
            marker.at("read", share.place)


def _one_by_one(piece: Piece, read: Callable[[], Iterator[Outcome]]) -> Iterator[Outcome]:
    """What `read` gives, up to where the rest is left out; what is read next is marked, and that all is read."""
    outcomes: Iterator[Outcome] | None = None
    for number in count():
        if number == piece.left_out.behind:
            size = piece.file.bytes if number == 0 else 0  # behind others nobody knows how much it is
            yield Dropped(KILLED_WORKER, f"{piece.file.digest}@{piece.start}+{number}-", None, size)
            return
        marker.at("next", piece.place, number)
        outcomes = read() if outcomes is None else outcomes
        if (outcome := next(outcomes, None)) is None:
            return
        marker.at("read", piece.place, number)
        yield outcome


def group_left_out(
    reader: Source, group: Iterable[tuple[str, Loose]], digests: Mapping[str, str]
) -> Iterator[tuple[str, Outcome]]:
    """The records of a group that is not joined, and of lines that are not parsed, each dropped under its own key."""
    seen: set[str] = set()
    for path, record in group:
        if isinstance(record, Unread):
            place = f"{digests[path]}@{record.raw_offset}"
            yield path, Dropped(KILLED_WORKER, place, record.raw_offset, record.raw_bytes)
        elif not isinstance(record, Fragment):
            yield path, record
        elif record.natural_key in seen:
            assert isinstance(reader, JoiningSource)
            yield path, reader.repeated(digests[path], record)
        else:
            seen.add(record.natural_key)
            yield path, Dropped(KILLED_WORKER, record.natural_key, record.raw_offset, record.raw_bytes)


def overlapping(data: str, spills: str, low: int, high: int) -> list[str]:
    """The sorted files of that list with hashes in [low, high), in its order."""
    names, first, last = _sorted_files(data, spills)
    mine = (first <= np.uint64(high - 1)) & (last >= np.uint64(low))
    found: list[str] = names.filter(pa.array(mine)).to_pylist()
    return found


@functools.lru_cache(maxsize=8)
def _sorted_files(data: str, spills: str) -> tuple[pa.Array, NDArray[np.uint64], NDArray[np.uint64]]:
    """(name, least hash, greatest) of the files of that list, packed: a join of many TB has 300,000."""
    files = json.loads(storage.read_bytes(storage.join(data, spills)))
    first = np.array([low for _, low, _ in files], np.uint64)
    last = np.array([end - 1 for _, _, end in files], np.uint64)
    return pa.array([name for name, _, _ in files], pa.string()), first, last


def joined(
    reader: JoiningSource, group: Iterable[tuple[str, Loose]], digests: dict[str, str]
) -> Iterator[tuple[str, Outcome]]:
    """One outcome for each fragment of a group: what the join says, or that it is repeated, or beyond the budget.

    What is repeated or beyond is let go as it comes. Raises RuntimeError where the join does not answer for every
    fragment once: a bug of the source.
    """
    found: dict[str, tuple[str, Fragment]] = {}
    held = 0
    name = first_path = ""
    for path, fragment in group:
        assert isinstance(fragment, Fragment)
        name, first_path = fragment.group, first_path or path
        if fragment.natural_key in found:
            yield path, reader.repeated(digests[path], fragment)
        elif held + len(fragment.content) > MAX_GROUP_BYTES:
            yield path, Dropped("resource:group_bytes", fragment.natural_key, fragment.raw_offset, fragment.raw_bytes)
        else:
            held += len(fragment.content)
            found[fragment.natural_key] = (path, fragment)
    outcomes = list(reader.join(name, [fragment for _, fragment in found.values()]))
    keyed = [outcome for outcome in outcomes if not isinstance(outcome, NotADocument)]
    rows = {outcome.natural_key for outcome in keyed if isinstance(outcome, Row)}
    if (
        len(outcomes) != len(found)
        or len({outcome.natural_key for outcome in keyed}) != len(keyed)
        or not {outcome.natural_key for outcome in keyed} <= set(found)
        or not {outcome.into for outcome in keyed if isinstance(outcome, Merged)} <= rows
        or any(isinstance(outcome, Expanded) for outcome in keyed)
    ):
        raise RuntimeError(f"{reader.kind}: the join of {name} does not answer for each of its records once")
    for outcome in outcomes:
        yield (first_path if isinstance(outcome, NotADocument) else found[outcome.natural_key][0]), outcome
