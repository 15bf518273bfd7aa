"""All reading and writing of the project: local paths and URLs, both as `str`.

What fails here after bounded retries is EnvironmentTrouble, naming the path and what would help; refused rights and a
full disk are among it. FileNotFoundError alone passes, because absence is an answer. What a file *contains* is never
judged here.
"""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Protocol, Self

from pipeline.storage import local_disk
from pipeline.storage.local_disk import naming
from pipeline.storage.paths import absolute as absolute
from pipeline.storage.paths import beside as beside
from pipeline.storage.paths import is_remote as is_remote
from pipeline.storage.paths import is_same_folder as is_same_folder
from pipeline.storage.paths import join as join
from pipeline.trouble import ConfigError, DeterminismError, EnvironmentTrouble

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

    from pipeline.storage.duckdb_files import PatientFiles


STALE_DRAFT_S = 24 * 3600
"""Nobody can still be writing a draft so old: a shard takes seconds to minutes."""
_COUNTED_BYTES = 1 << 20  # read at once where bytes are counted


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A published file as a manifest lists it: name within its folder, size in bytes, sha256 of its content."""

    name: str
    bytes: int
    sha256: str


class _Store(Protocol):
    """What the modules `local_disk`, `object_store` and `hub` all offer; the functions below say what each means."""

    def open_input(self, path: str, /) -> io.BufferedReader: ...
    def open_table(self, path: str, /) -> io.BufferedReader: ...
    def open_version(self, path: str, size: int, tag: str, /) -> io.BufferedReader | None: ...
    def size_and_tag(self, path: str, /) -> tuple[int, str]: ...
    def stated_digest(self, path: str, tag: str, /) -> str | None: ...
    def list_files(
        self, base: str, wanted: Callable[[str], bool], follows: Callable[[str], bool], /
    ) -> dict[str, tuple[int, str] | None]: ...
    def list_names(self, folder: str, /) -> list[str]: ...
    def check_writable(self, folder: str, /) -> None: ...
    def put_if_absent(self, path: str, data: bytes, /) -> bool: ...
    def publish_file(self, draft: str, final: str, /) -> bool: ...
    def replace(self, path: str, data: bytes, /) -> None: ...
    def remove(self, path: str, /) -> None: ...


def _store(path: str) -> _Store:
    if not is_remote(path):
        return local_disk
    # imported late: aiohttp and botocore cost 0.3 s, the Hub's client as much, and a local run needs none of them
    if path.startswith("hf://"):
        from pipeline.storage import hub

        return hub
    from pipeline.storage import object_store

    return object_store


def open_input(path: str) -> io.BufferedReader:
    """A seekable, buffered, read-only stream of `path`.

    Remote bytes come in ranged requests of 8 MiB that verify their length and are tried again with growing pauses; an
    object that changes while it is read, like any failure that lasts, raises EnvironmentTrouble from the read. Bytes
    that are returned are right. Raises FileNotFoundError where there is no such file.
    """
    return _store(path).open_input(path)


def read_bytes(path: str) -> bytes:
    """The whole content. Raises FileNotFoundError, EnvironmentTrouble."""
    with open_input(path) as stream:
        return stream.read()


def size_and_tag(path: str) -> tuple[int, str]:
    """Size in bytes, and what changes with the content: mtime in ns locally, the ETag remotely.

    Raises FileNotFoundError where there is no file (a folder is none).
    """
    return _store(path).size_and_tag(path)


def exists(path: str) -> bool:
    """Whether there is a file at `path`; False for a folder."""
    try:
        size_and_tag(path)
    except FileNotFoundError:
        return False
    return True


def digest(path: str) -> str:
    """sha256 of the content as hex, read as a stream."""
    with open_input(path) as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def stated_digest(path: str, tag: str) -> str | None:
    """The sha256 of the content as the store knows it, of a file with that `tag`; None: it has to be read."""
    return _store(path).stated_digest(path, tag)


def digest_and_counts(path: str, byte: bytes, places: Sequence[int]) -> tuple[str, list[int]]:
    """`digest`, and how often `byte` stands before each of the ascending `places` : read once."""
    hashed = hashlib.sha256()
    counts: list[int] = []
    at = count = 0
    with open_input(path) as stream:
        while block := stream.read(_COUNTED_BYTES):
            hashed.update(block)
            while len(counts) < len(places) and places[len(counts)] <= at + len(block):
                counts.append(count + block.count(byte, 0, places[len(counts)] - at))
            count, at = count + block.count(byte), at + len(block)
    return hashed.hexdigest(), counts + [count] * (len(places) - len(counts))


def patient_files(path: str) -> PatientFiles | None:
    """A filesystem through which DuckDB reads what lies beside `path`; None for a local path, which it reads itself."""
    if not is_remote(path):
        return None
    from pipeline.storage.duckdb_files import PatientFiles

    return PatientFiles(path.partition("://")[0])


def open_committed(path: str) -> io.BufferedReader:
    """`open_input` for a Parquet file that a manifest lists. Raises EnvironmentTrouble where it is gone."""
    try:
        return _store(path).open_table(path)
    except FileNotFoundError as error:
        raise EnvironmentTrouble(
            f"{path}: this committed file is gone; bring it back, or remove the manifest (.json) of the same name, "
            "and it is made again"
        ) from error


def check_unchanged(path: str, size: int, tag: str) -> None:
    """The recipe names a content: raises EnvironmentTrouble where the file is no longer the one that was digested."""
    try:
        now = size_and_tag(path)
    except FileNotFoundError as error:
        raise EnvironmentTrouble(f"{path}: gone since the run began; give the command again") from error
    if now != (size, tag):
        raise EnvironmentTrouble(f"{path}: changed since the run began; give the command again")


@contextmanager
def open_unchanged(path: str, size: int, tag: str) -> Iterator[io.BufferedReader]:
    """`open_input` of the content that was digested.

    Raises EnvironmentTrouble where the file is another, or has become one when the context is left. Of S3 and the Hub
    each read tells by itself whether it is the one that is meant, so nobody looks it up; an empty one is not asked for.
    """
    if (version := _store(path).open_version(path, size, tag)) is not None:
        with version:
            yield version
        return
    check_unchanged(path, size, tag)
    with open_input(path) as stream:
        yield stream
    check_unchanged(path, size, tag)


def list_files(base: str, suffixes: tuple[str, ...] = ()) -> list[str]:
    """The names that `list_stats` has."""
    return [*list_stats(base, suffixes)]


@dataclass
class LeftOut:
    """What a listing passed over, by name: files that end otherwise than asked for, links that are not followed."""

    files: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)


def list_stats(
    base: str,
    suffixes: tuple[str, ...] = (),
    left_out: LeftOut | None = None,
    link_levels: int | None = None,
) -> dict[str, tuple[int, str] | None]:
    """Files at any depth below `base`, relative to it with "/", sorted; of a `base` that is one file, its name.

    With each what `size_and_tag` says of it, where the listing tells, as that of S3 does; None: to be asked for.
    `suffixes` (lower case; () is all) choose by the end of the name, whatever its case. Names with a part that starts
    with "." are left out. Links to folders are followed, but each real folder is listed once, under its real name
    where it has one below `base`. Raises FileNotFoundError where `base` is nothing; ConfigError for a name that is not
    UTF-8; EnvironmentTrouble for a link that leads nowhere. `left_out` gets the names that end otherwise.

    link_levels: so many folders deep links are followed, directly in `base` is 1; those below are left out, wherever
    they lead. None: all are followed.
    """
    out = LeftOut() if left_out is None else left_out

    def wanted(name: str) -> bool:
        if any(part.startswith(".") for part in name.split("/")):
            return False
        is_named = name.lower().endswith(suffixes or "")
        if not is_named:
            out.files.append(name)
        return is_named

    def follows(link: str) -> bool:
        is_followed = link_levels is None or link.count("/") < link_levels
        if not is_followed and not any(part.startswith(".") for part in link.split("/")):
            out.links.append(link)
        return is_followed

    found = _store(base).list_files(base, wanted, follows)
    for name in found:
        try:
            name.encode()
        except UnicodeEncodeError as error:
            raise ConfigError(f"{base}: the name {os.fsencode(name)!r} is not UTF-8; rename the file") from error
    return dict(sorted(found.items()))


def list_names(folder: str) -> list[str]:
    """Names of what is directly in `folder`, sorted, hidden ones left out; empty where there is no such folder."""
    return sorted(name for name in _store(folder).list_names(folder) if not name.startswith("."))


def put_if_absent(path: str, data: bytes) -> bool:
    """The commit: put `data` at `path` in one step, durably. True if this call did it, False if something was there.

    Of many callers exactly one gets True, whatever their bytes. On an object store EnvironmentTrouble leaves open
    whether the object was made: a later call says False if it was, and its content can be compared.
    """
    return _store(path).put_if_absent(path, data)


def replace(path: str, data: bytes) -> None:
    """Overwrite a small file in one step; readers see the old content or the new, whenever the process dies."""
    _store(path).replace(path, data)


def remove(path: str) -> None:
    """Delete a file; nothing happens where none is."""
    _store(path).remove(path)


def check_writable(folder: str) -> None:
    """Raises ConfigError where nothing can be written in a local folder, which is made, or committed at a URL.

    Raises EnvironmentTrouble where an object store refuses, fails, or has no such bucket.
    """
    _store(folder).check_writable(folder)


def sweep_drafts(folder: str, older_than_s: float) -> int:
    """Remove drafts in `folder` that nobody has written to for `older_than_s` seconds; how many went.

    Of a URL those that lie on this machine, where other runs write theirs, too: from STALE_DRAFT_S on. What a broken
    upload leaves behind in an object store is for a lifecycle rule of the bucket.
    """
    if is_remote(folder):
        return local_disk.sweep_drafts(_drafts_of_urls(), max(older_than_s, STALE_DRAFT_S))
    return local_disk.sweep_drafts(folder, older_than_s)


def _drafts_of_urls() -> str:
    return join(tempfile.gettempdir(), f"riffle-{os.getuid()}")


class _HashedFile(io.BufferedIOBase):
    """Writes through to `file`, and counts and hashes what it wrote. Closing it only flushes: Draft owns the file."""

    def __init__(self, file: BinaryIO, path: str) -> None:
        super().__init__()
        self.sha256 = hashlib.sha256()
        self.bytes = 0
        self._file, self._path = file, path

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.bytes

    def write(self, data: ReadableBuffer) -> int:
        view = memoryview(data).cast("B")
        with naming(self._path):
            self._file.write(view)
        self.sha256.update(view)
        self.bytes += len(view)
        return len(view)

    def flush(self) -> None:
        if not self._file.closed:
            with naming(self._path):
                self._file.flush()


class Draft:
    """A big file in the making: write to `file`, then `publish()`; leaving the context without it removes the draft.

    Locally the draft lies beside its final name and is linked to it; for a URL it lies in a folder of this user's in
    the temporary one (`TMPDIR`) and is uploaded. The final name shows the whole file or nothing, whenever the process
    dies. `file` takes `write`, `tell`, `flush` and `close`; it cannot seek.
    """

    file: BinaryIO

    def __init__(self, final_path: str) -> None:
        self.final_path = final_path

    def __enter__(self) -> Self:
        to_url = is_remote(self.final_path)
        folder = _drafts_of_urls() if to_url else str(Path(self.final_path).parent)
        with naming(self.final_path):
            (local_disk.make_private_folder if to_url else local_disk.make_folder)(folder)
            self._draft = Path(local_disk.new_draft(folder))
            self._raw = self._draft.open("xb", buffering=local_disk.BUFFER_BYTES)
        self._hashed = _HashedFile(self._raw, str(self._draft))
        self.file = self._hashed  # type: ignore[assignment]  # a BinaryIO in all but its class
        return self

    def publish(self) -> FileEntry:
        """Put the file under its final name, durably, and say what a manifest needs to know. At most once.

        An equal file that is already there stays, and the draft goes; one with other bytes raises DeterminismError.
        """
        with naming(str(self._draft)):
            self._raw.flush()
            os.fsync(self._raw.fileno())
            self._raw.close()
            created = _store(self.final_path).publish_file(str(self._draft), self.final_path)
        entry = FileEntry(Path(self.final_path).name, self._hashed.bytes, self._hashed.sha256.hexdigest())
        if not created and digest(self.final_path) != entry.sha256:
            raise DeterminismError(
                f"{self.final_path}: this file exists with other bytes than the same recipe has just made; "
                "compare the two runs' library versions, then remove the file to replace it"
            )
        return entry

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._raw.close()
        except OSError:
            # A full disk may refuse the last flush of what is thrown away; unpublished bytes are no loss.
            pass
        finally:
            self._draft.unlink(missing_ok=True)
