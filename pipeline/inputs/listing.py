"""The input files as a listing shows them: cut into pieces, and known by what they contain once they were read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from pipeline import storage
from pipeline.config import Config
from pipeline.inputs.patterns import named_files
from pipeline.progress.progress import console
from pipeline.rooms.damage import naming_damage
from pipeline.rooms.manifest import REQUESTS
from pipeline.rooms.recipe import canonical, hashed
from pipeline.sources.source import InputFile, Piece, Source
from pipeline.trouble import ConfigError, EnvironmentTrouble

MAX_ENDS = 5
"""Kinds of files left out that are named, the most frequent first."""


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
    """Read one input to its end for its digest, and for what stands before each of its pieces: a task.

    Not where the store states the digest, and no more is asked.
    """
    path = storage.join(job.input.root, job.input.path)
    try:
        if (end := job.record_end) is None:
            return job.with_digest(storage.stated_digest(path, job.input.tag) or storage.digest(path))
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
    with storage.open_unchanged(storage.join(job.root, job.path), job.size, job.tag) as stream:
        return Split(job, tuple(job.reader.split(file, stream)))


def list_inputs(config: Config, digests: Digests) -> list[Split]:
    """Every input file of every source, by name, with what earlier runs know of it. Raises ConfigError."""
    found: list[Split] = []
    for name, source in config.sources.items():
        root, listed = _files(name, source.inputs, source.reader)
        paths = [*listed]
        if not paths and (earlier := digests.files_of(name, root)):
            raise ConfigError(
                f"sources.{name}.inputs: {source.inputs} holds no file any more, of {earlier:,} that earlier runs read "
                "there; is a disk not mounted, or the pattern another? Where they are meant to go, take the source "
                "out of the config"
            )
        with ThreadPoolExecutor(REQUESTS) as pool:
            stats = pool.map(lambda path: listed[path] or _stat(name, storage.join(root, path)), paths)  # noqa: B023
            inputs = [Input(name, root, path, *stat, source.reader) for path, stat in zip(paths, stats, strict=True)]
            known = list(pool.map(lambda job: digests.get(job) or digests.with_digest(split(job)), inputs))
        found += _with_neighbours(known, source.reader.beside(paths))
    return found


def _stat(name: str, path: str) -> tuple[int, str]:
    try:
        return storage.size_and_tag(path)
    except FileNotFoundError as error:
        raise ConfigError(f"sources.{name}.inputs: {path} is named and is not there") from error


def _with_neighbours(known: list[Split], beside: dict[str, tuple[str, ...]]) -> list[Split]:
    """Each split with the files that stand beside its own."""
    files = {piece.file.path: piece.file for one in known for piece in one.pieces}
    return [
        Split(one.input, tuple(replace(piece, beside=tuple(files[path] for path in near)) for piece in one.pieces))
        if (near := [path for path in beside.get(one.input.path, ()) if path in files])
        else one
        for one in known
    ]


def _files(name: str, inputs: str, reader: Source) -> tuple[str, dict[str, tuple[int, str] | None]]:
    left_out = storage.LeftOut()
    try:
        root, listed = named_files(inputs, reader.suffixes, left_out, reader.link_levels())
    except FileNotFoundError as error:
        raise ConfigError(
            f"sources.{name}.inputs: {inputs} does not exist (relative to the working directory)"
        ) from error
    if left_out.files:
        ends = Counter(
            "".join(PurePosixPath(path).suffixes[-2:]) or PurePosixPath(path).name for path in left_out.files
        )
        told = ", ".join(f"{count} {end}" for end, count in ends.most_common(MAX_ENDS))
        files = _some(left_out.files, "file")
        note = f"note: source {name}: {files} left out, which {reader.kind} does not read: {told}"
        console.print(note, soft_wrap=True, markup=False)
    if left_out.links:
        links, some = _some(left_out.links, "link"), ", ".join(left_out.links[:MAX_ENDS])
        note = (
            f"note: source {name}: {links} left out, which may lead anywhere: {some}; where they are yours, name what "
            "they lead to as `inputs`, or say in `repository_folders` how many folders lead to a repository"
        )
        console.print(note, soft_wrap=True, markup=False)
    return storage.absolute(root), listed


def _some(names: Sequence[str], word: str) -> str:
    return f"{len(names)} {word}{'' if len(names) == 1 else 's'}"


class Digests:
    """What earlier runs learned of the inputs: size and time stamp only remember the digest of the content.

    Where a store states neither a tag nor a time, its files are read for their digests in every run.
    """

    def __init__(self, data: str) -> None:
        self._path = storage.join(data, "inputs.json")
        self._is_new = False
        try:
            with naming_damage(self._path, "remove it: all inputs are read once more for their digests"):
                self._known: dict[str, Any] = dict(json.loads(storage.read_bytes(self._path)))
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

    def files_of(self, source: str, root: str) -> int:
        """How many files of a source below `root` earlier runs have read."""
        return sum(key.startswith(f"{source}\t{root}\t") for key in self._known)

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


def with_digests(inputs: Sequence[Split], read: Sequence[Split]) -> list[Split]:
    """The inputs, knowing the content of those that have been read, also where they stand beside another."""
    now = {known.input.key: known for known in read}
    files = {(known.input.source, piece.file.path): piece.file for known in read for piece in known.pieces}
    return [
        Split(
            one.input,
            tuple(
                replace(piece, beside=tuple(files.get((one.input.source, file.path), file) for file in piece.beside))
                for piece in one.pieces
            ),
        )
        for one in (now.get(known.input.key, known) for known in inputs)
    ]
