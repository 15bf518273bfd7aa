"""What a run would do: the shards of its inputs, what is done of them already, and why the rest is not."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from pipeline.config import Config
from pipeline.inputs.listing import Split
from pipeline.joins.join import Join, Share
from pipeline.rooms.manifest import REQUESTS, Manifest, Shelf, read_manifests
from pipeline.rooms.names import EXTRACTED, FILTERED, SIGNATURES
from pipeline.rooms.recipe import difference, recipe_of
from pipeline.rooms.tombstones import Tombstones
from pipeline.rooms.version import Current, read_version
from pipeline.shard.extract import extraction_parts
from pipeline.shard.filter import filter_parts
from pipeline.shard.shard import Shard
from pipeline.shard.sign import signature_parts
from pipeline.sources.source import JoiningSource, Piece, ScatteringSource, Source
from pipeline.steps import Step

BUCKET_BYTES = 16 * 2**20
BUCKET_FILES = 1000
"""Files smaller than a bucket share shards where their source allows it; one task costs about 1.5 ms of scheduling."""

JOINED_BYTES = 16 * 2**20
"""Of raw files that are spilled, compressed as they are: a share of them is a shard, seconds to a minute of work."""


def joins_of(config: Config, inputs: Sequence[Split], gone: Tombstones) -> list[Join]:
    """What is spilled, by source and path: of a joining source all files together, or each alone; else large ones."""
    joins: list[Join] = []
    for name, source in config.sources.items():
        joins_files = isinstance(source.reader, JoiningSource) and source.reader.joins_files
        mine = [known for known in _of_source(name, inputs) if _is_spilled(known)]
        for together in [mine] if joins_files and mine else [[known] for known in mine]:
            files = tuple(piece.file for known in together for piece in known.pieces)
            taken_down = tuple(gone.of(name, [file.path]) for file in files)
            # lines that are scattered stand under a hash of their place in the file, whatever they are called
            placed = (
                gone.placed(name, [file.path for file in files]) if isinstance(source.reader, JoiningSource) else ()
            )
            joins.append(Join(name, together[0].input.root, files, taken_down, joins_files, placed))
    return joins


def _is_spilled(known: Split) -> bool:
    reader = known.input.reader
    if isinstance(reader, ScatteringSource):
        return reader.scatters(known.input.path, known.input.size)
    return isinstance(reader, JoiningSource)


def _of_source(name: str, inputs: Sequence[Split]) -> list[Split]:
    return sorted((known for known in inputs if known.input.source == name), key=lambda known: known.input.path)


def shards_of(
    data: str, config: Config, steps: tuple[Step, ...], inputs: Sequence[Split], joins: Sequence[Join], rate: float
) -> list[Shard]:
    """The shards of a run, numbered by source and path; at a rate below 1 a share of them, and of their records.

    joins: those of `joins_of`. What the inputs contain changes no shard's pieces, share or number.
    """
    shards: list[Shard] = []
    for name, source in config.sources.items():
        mine = _of_source(name, inputs)
        root = mine[0].input.root if mine else source.inputs
        mine_joined = {join.name: join for join in joins if join.source == name}
        parts: Iterator[tuple[tuple[Piece, ...], Share | None, int]] = chain(
            ((pieces, None, size) for pieces, size in _read([k for k in mine if not _is_spilled(k)], source.reader)),
            (((), share, size) for share, size in _spilled(mine_joined.values())),
        )
        all_ = [
            Shard(
                data,
                f"{name}-{i:05d}",
                name,
                root,
                pieces,
                config,
                steps,
                share=share,
                tombstones=mine_joined[share.files].placed_in(share) if share is not None else (),
                bytes=size,
            )
            for i, (pieces, share, size) in enumerate(parts)
        ]
        shards += _sampled(all_, rate)
    return shards


def _read(inputs: list[Split], reader: Source) -> Iterator[tuple[tuple[Piece, ...], int]]:
    """The pieces of each shard and their share of the files' bytes.

    Large files piece by piece; small ones in buckets by hash of their path, so that a new file moves no other.
    """
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


def _spilled(joins: Iterable[Join]) -> Iterator[tuple[Share, int]]:
    """The shares of each join, by hash of the group, and each's part of the files' bytes."""
    for join in joins:
        count = _power_of_two(join.bytes / JOINED_BYTES)
        yield from ((share, join.bytes // count) for share in join.shares(count))


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
    ranked = sorted(shards, key=lambda shard: _hash(_beginnings(shard)))
    chosen = {shard.name for shard in ranked[:wanted]}
    return [replace(shard, record_rate=inner) for shard in shards if shard.name in chosen]


def _beginnings(shard: Shard) -> str:
    if shard.share is not None:
        return f"{shard.share.alone}:{shard.share.low}"
    return "\n".join(f"{piece.file.path}:{piece.start}" for piece in shard.pieces)


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def unread(shards: Sequence[Shard], inputs: Sequence[Split], joins: Sequence[Join]) -> list[Split]:
    """The inputs that these shards need and nobody has read yet."""
    needed = {
        (shard.source, file.path) for shard in shards for piece in shard.pieces for file in (piece.file, *piece.beside)
    }
    shared = {(shard.source, shard.share.files) for shard in shards if shard.share is not None}
    needed |= {(join.source, file.path) for join in joins if (join.source, join.name) in shared for file in join.files}
    return [known for known in inputs if not known.is_read and (known.input.source, known.input.path) in needed]


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
