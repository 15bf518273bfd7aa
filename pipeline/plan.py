"""What a run would do: its inputs, their shards, what is done already, and an estimate of time and disk."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from pipeline import storage
from pipeline.config import Config, Step
from pipeline.patterns import named_files
from pipeline.recipe import canonical, difference, hashed, recipe_of
from pipeline.rooms import (
    EXTRACTED,
    FILTERED,
    REQUESTS,
    SIGNATURES,
    Current,
    Manifest,
    Shelf,
    read_manifests,
    read_version,
)
from pipeline.shard import Shard, extraction_parts, filter_parts, signature_parts
from pipeline.sources.source import InputFile, JoiningSource, Piece, Source
from pipeline.spill import shares
from pipeline.trouble import ConfigError, EnvironmentTrouble

BUCKET_BYTES = 16 * 2**20
BUCKET_FILES = 1000
"""Files smaller than a bucket share shards where their source allows it; one task costs about 1.5 ms of scheduling."""

JOINED_BYTES = 16 * 2**20
"""Of raw files, compressed as they are: a share of them is a shard of a joining source, seconds to a minute of work."""


@dataclass(frozen=True)
class Input:
    """One file as a listing shows it: where it is, its size, and what changes with its content."""

    source: str
    root: str
    path: str
    size: int
    tag: str
    reader: Source

    @property
    def key(self) -> str:
        return f"{self.source}\t{self.root}\t{self.path}"

    @property
    def content(self) -> str:
        """What the remembered digest depends on."""
        return f"{self.size}:{self.tag}"

    @property
    def stamp(self) -> str:
        """What the remembered pieces depend on."""
        settings = hashed(self.reader.model_dump(mode="json"))[:16]
        return f"{self.content}:{self.reader.kind}:{self.reader.version}:{settings}"


@dataclass(frozen=True)
class Split:
    """An input and its pieces; their file has an empty digest until somebody has read it."""

    input: Input
    pieces: tuple[Piece, ...]

    @property
    def is_read(self) -> bool:
        return all(piece.file.digest for piece in self.pieces)

    @property
    def record_end(self) -> bytes | None:
        """What is to be counted before each piece."""
        return self.input.reader.record_end(self.input.path) if len(self.pieces) > 1 else None

    def with_digest(self, digest: str, first_rows: Sequence[int | None] | None = None) -> Split:
        """The same pieces of a file whose content is known, and what was counted before each of them."""
        file = InputFile(self.input.path, self.input.size, digest, self.input.tag)
        rows = first_rows or [None] * len(self.pieces)
        pieces = zip(self.pieces, rows, strict=True)
        return Split(self.input, tuple(replace(piece, file=file, first_row=row) for piece, row in pieces))


def digest(job: Split) -> Split:
    """Read one input to its end for its digest, and for what stands before each of its pieces: a task."""
    path = storage.join(job.input.root, job.input.path)
    try:
        if (end := job.record_end) is None:
            return job.with_digest(storage.digest(path))
        # a record begins at 0 and behind every end: before `start` begin as many as have their end before the byte
        # before it, and the first one
        starts = [piece.start for piece in job.pieces]
        content, ends = storage.digest_and_counts(path, end, [max(start - 1, 0) for start in starts])
        return job.with_digest(content, [n + (start > 0) for n, start in zip(ends, starts, strict=True)])
    except FileNotFoundError as error:
        raise EnvironmentTrouble(f"{path}: gone since it was listed; give the command again") from error


def split(job: Input) -> Split:
    """Ask the source for the pieces of a file; sources that never split do not open it."""
    file = InputFile(job.path, job.size, "")
    if type(job.reader).split is Source.split:
        return Split(job, (Piece(file),))
    with storage.open_input(storage.join(job.root, job.path)) as stream:
        return Split(job, tuple(job.reader.split(file, stream)))


def list_inputs(config: Config, digests: Digests) -> list[Split]:
    """Every input file of every source, by name, with what earlier runs know of it. Raises ConfigError."""
    found: list[Split] = []
    for name, source in config.sources.items():
        root, paths = _files(name, source.inputs, source.reader)
        with ThreadPoolExecutor(REQUESTS) as pool:
            stats = list(pool.map(storage.size_and_tag, (storage.join(root, path) for path in paths)))
            inputs = [Input(name, root, path, *stat, source.reader) for path, stat in zip(paths, stats, strict=True)]
            known = list(pool.map(lambda job: digests.get(job) or digests.with_digest(split(job)), inputs))
        found += _with_neighbours(known, source.reader.beside(paths))
    return found


def _with_neighbours(known: list[Split], beside: dict[str, tuple[str, ...]]) -> list[Split]:
    """Each split with the files that stand beside its own."""
    files = {piece.file.path: piece.file for one in known for piece in one.pieces}
    return [
        Split(one.input, tuple(replace(piece, beside=tuple(files[path] for path in near)) for piece in one.pieces))
        if (near := [path for path in beside.get(one.input.path, ()) if path in files])
        else one
        for one in known
    ]


def _files(name: str, inputs: str, reader: Source) -> tuple[str, list[str]]:
    try:
        root, paths = named_files(inputs, reader.suffixes)
    except FileNotFoundError as error:
        raise ConfigError(
            f"sources.{name}.inputs: {inputs} does not exist (relative to the working directory)"
        ) from error
    return storage.absolute(root), paths


class Digests:
    """What earlier runs learned of the inputs: size and time stamp only remember the digest of the content.

    Where a store states neither a tag nor a time, its files are read for their digests in every run.
    """

    def __init__(self, data: str) -> None:
        self._path = storage.join(data, "inputs.json")
        self._is_new = False
        try:
            self._known: dict[str, Any] = json.loads(storage.read_bytes(self._path))
        except FileNotFoundError:
            self._known = {}

    def get(self, job: Input) -> Split | None:
        """The pieces and digest of an input that has not changed since, else None; of one without a tag always None."""
        entry = self._known.get(job.key)
        if entry is None or entry["stamp"] != job.stamp or not job.tag:
            return None
        file = InputFile(job.path, job.size, entry["digest"], job.tag)
        return Split(job, tuple(Piece(file, *of_piece) for of_piece in entry["pieces"]))

    def with_digest(self, fresh: Split) -> Split:
        """A split made anew, for a reader of other settings; with the digest where the content was read before."""
        entry = self._known.get(fresh.input.key)
        same = entry is not None and entry.get("content") == fresh.input.content and fresh.input.tag
        if entry is None or not same or not entry["digest"]:
            return fresh
        rows: list[int | None] | None = None
        if fresh.record_end is not None:
            counted = {tuple(bounds): row for *bounds, row in entry["pieces"] if len(bounds) == 2}
            rows = [counted.get((piece.start, piece.stop)) for piece in fresh.pieces]
            if None in rows:
                return fresh
        known = fresh.with_digest(entry["digest"], rows)
        self.learn(known)
        return known

    def learn(self, known: Split) -> None:
        """Remember what has been read."""
        self._is_new = True
        self._known[known.input.key] = {
            "stamp": known.input.stamp,
            "content": known.input.content,
            "digest": known.pieces[0].file.digest if known.pieces else "",
            "pieces": [[p.start, p.stop, p.first_row] for p in known.pieces],
        }

    def save(self) -> None:
        """Keep what was learnt since the last time."""
        if self._is_new:
            storage.replace(self._path, canonical(self._known))
            self._is_new = False


def shards_of(data: str, config: Config, steps: tuple[Step, ...], inputs: Sequence[Split], rate: float) -> list[Shard]:
    """The shards of a run, numbered by source and path; at a rate below 1 a share of them, and of their records."""
    shards: list[Shard] = []
    for name, source in config.sources.items():
        mine = sorted((known for known in inputs if known.input.source == name), key=lambda known: known.input.path)
        shares = list(_shares(mine, source.reader))
        root = mine[0].input.root if mine else source.inputs
        all_ = [
            Shard(data, f"{name}-{i:05d}", name, root, pieces, config, steps, bytes=size)
            for i, (pieces, size) in enumerate(shares)
        ]
        shards += _sampled(all_, rate)
    return shards


def _shares(inputs: list[Split], reader: Source) -> Iterator[tuple[tuple[Piece, ...], int]]:
    """The pieces of each shard and their share of the files' bytes.

    Large files piece by piece; small ones in buckets by hash of their path, so that a new file moves no other. What a
    source joins is shared out by hash of the group.
    """
    if isinstance(reader, JoiningSource):
        yield from _joined_shares(inputs, reader)
        return
    limit = reader.small_file_bytes
    small = [known for known in inputs if known.input.size < limit and len(known.pieces) == 1]
    large = [known for known in inputs if known.input.size >= limit or len(known.pieces) != 1]
    buckets: dict[int, list[Split]] = {}
    if small:
        wanted = max(sum(known.input.size for known in small) / BUCKET_BYTES, len(small) / BUCKET_FILES, 1)
        count = _power_of_two(wanted)
        for known in small:
            buckets.setdefault(_hash(known.input.path) % count, []).append(known)
    for number in sorted(buckets):
        yield tuple(known.pieces[0] for known in buckets[number]), sum(known.input.size for known in buckets[number])
    yield from (((piece,), known.input.size // len(known.pieces)) for known in large for piece in known.pieces)


def _joined_shares(inputs: list[Split], reader: JoiningSource) -> Iterator[tuple[tuple[Piece, ...], int]]:
    together = [inputs] if reader.joins_files and inputs else [[known] for known in inputs]
    for mine in together:
        size = sum(known.input.size for known in mine)
        count = _power_of_two(size / JOINED_BYTES)
        files = [piece.file for known in mine for piece in known.pieces]
        yield from ((pieces, size // count) for pieces in shares(files, count))


def _power_of_two(wanted: float) -> int:
    """The least that is not below `wanted`, so that a little more input cuts all shards anew only now and then."""
    return int(2 ** math.ceil(math.log2(max(wanted, 1))))


def _sampled(shards: list[Shard], rate: float) -> list[Shard]:
    """A share `rate` of the records in as few shards as hold it: whole shards, or of one shard a share.

    Chosen by the names of their files, so that what is not chosen need not be read.
    """
    if rate >= 1.0 or not shards:
        return shards
    wanted = math.ceil(len(shards) * rate)
    inner = min(1.0, rate * len(shards) / wanted)
    ranked = sorted(shards, key=lambda s: _hash("\n".join(f"{p.file.path}:{p.start}" for p in s.pieces)))
    chosen = {shard.name for shard in ranked[:wanted]}
    return [replace(shard, record_rate=inner) for shard in shards if shard.name in chosen]


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def unread(shards: Sequence[Shard], inputs: Sequence[Split]) -> list[Split]:
    """The inputs that these shards need and nobody has read yet."""
    needed = {
        (shard.source, file.path) for shard in shards for piece in shard.pieces for file in (piece.file, *piece.beside)
    }
    return [known for known in inputs if not known.is_read and (known.input.source, known.input.path) in needed]


def with_digests(shards: Sequence[Shard], read: Sequence[Split]) -> list[Shard]:
    """The shards, knowing the content of the files that have been read."""
    files = {(known.input.source, piece.file.path): piece.file for known in read for piece in known.pieces}
    rows = {(one.input.source, p.file.path, p.start): p.first_row for one in read for p in one.pieces}

    def now(source: str, file: InputFile) -> InputFile:
        return files.get((source, file.path), file)

    return [
        replace(
            shard,
            pieces=tuple(
                replace(
                    p,
                    file=now(shard.source, p.file),
                    first_row=rows.get((shard.source, p.file.path, p.start), p.first_row),
                    beside=tuple(now(shard.source, file) for file in p.beside),
                )
                for p in shard.pieces
            ),
        )
        for shard in shards
    ]


# --- what is done, and why not ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """How far one shard has come: its manifests in room order, and why the next room has to be done."""

    shard: Shard
    manifests: tuple[Manifest, ...]
    next_room: str | None
    why: str


def standing(shards: list[Shard], data: str, *, explain: bool = False) -> list[Standing]:
    """Where each shard stands; with `explain`, which part of the recipe differs from the current version's.

    Room by room, so that an object store is asked for many manifests at once.
    """
    done: list[list[Manifest]] = [[] for _ in shards]
    stop: list[tuple[str | None, str]] = [(None, "committed")] * len(shards)
    for room, parts in LOCAL_ROOMS:
        shelf = Shelf(data, room)
        living = [index for index in range(len(shards)) if stop[index][0] is None]
        recipes = [recipe_of(parts(shards[index], done[index])) for index in living]
        with ThreadPoolExecutor(REQUESTS) as pool:
            found = list(pool.map(shelf.get, (recipe for recipe, _ in recipes)))
        before = _current(data, room) if explain and None in found else {}
        for index, (_, hashes), manifest in zip(living, recipes, found, strict=True):
            if manifest is None:
                stop[index] = (room, _why(before.get(shards[index].name), hashes))
            else:
                done[index].append(manifest)
    return [Standing(shard, tuple(done[i]), *stop[i]) for i, shard in enumerate(shards)]


def _current(data: str, room: str) -> dict[str, Manifest]:
    """The manifests of the current version of a room, by shard; none before the first run has finished."""
    current = Current.read(data)
    if current is None or room not in current.rooms:
        return {}
    return {m.shard: m for m in read_manifests(data, read_version(data, current.rooms[room]).manifests)}


Parts = Callable[[Shard, list[Manifest]], dict[str, Any]]
LOCAL_ROOMS: tuple[tuple[str, Parts], ...] = (
    (EXTRACTED, lambda shard, done: extraction_parts(shard)),
    (FILTERED, lambda shard, done: filter_parts(shard, done[0])),
    (SIGNATURES, lambda shard, done: signature_parts(shard, done[1])),
)
"""The rooms that a shard passes alone, and what decides each, given the manifests of those before."""


CHANGED = "changed: "


def _why(before: Manifest | None, now: dict[str, str]) -> str:
    if before is None:
        return "not done yet"
    return CHANGED + (", ".join(difference(before.parts, now)) or "nothing (its files are gone)")
