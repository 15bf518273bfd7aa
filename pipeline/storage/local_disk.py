"""Local and mounted file systems: the same names as `object_store`, for `storage` alone.

Writing needs hard links: `os.link` is the only portable call that puts a complete file under a name and fails if the
name is taken. Where a file system has none (FAT, some FUSE mounts) writing is refused. The usual substitute, `O_EXCL`
on the final name, would show a torn manifest to readers and leave it behind after a crash: a commit that may be torn
is worse than a refusal.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import re
import secrets
import socket
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.trouble import ConfigError, EnvironmentTrouble

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

DRAFT_PREFIX = ".draft-"  # hidden, so that no listing shows it
BUFFER_BYTES = 1 << 20
MENDS = {
    errno.ENOSPC: "the disk is full: free space or choose another folder",
    errno.EDQUOT: "the quota is used up: free space or choose another folder",
    errno.EACCES: "check the owner and the rights of the file and its folder",
    errno.EPERM: "check the owner and the rights of the file and its folder",
    errno.EROFS: "the file system is mounted read-only: choose another folder",
    errno.EISDIR: "a file is needed here, and this is a folder",
    errno.EEXIST: "a part of this path is a file, not a folder",
    errno.ENOTDIR: "a part of this path is a file, not a folder",
    errno.EMFILE: "too many open files: raise `ulimit -n`",
}
NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS}


def trouble(path: str, error: OSError) -> EnvironmentTrouble:
    mend = MENDS.get(error.errno or 0, "check the disk or mount, then run again")
    return EnvironmentTrouble(f"{path}: {error.strerror or error}; {mend}")


@contextmanager
def naming(path: str) -> Iterator[None]:
    """Turn the operating system's errors about `path` into EnvironmentTrouble, except absence."""
    try:
        yield
    except (FileNotFoundError, EnvironmentTrouble):
        raise
    except OSError as error:
        raise trouble(path, error) from error


class _LocalFile(io.FileIO):
    """A file whose failing reads (a dying disk, a lost mount) are EnvironmentTrouble."""

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        with naming(str(self.name)):
            return super().readinto(buffer)

    def readall(self) -> bytes:
        with naming(str(self.name)):
            return super().readall()


def open_input(path: str) -> io.BufferedReader:
    """See `storage.open_input`."""
    with naming(path):
        return io.BufferedReader(_LocalFile(path, "rb"), BUFFER_BYTES)


open_table = open_input
"""See `storage.open_committed`: a seek costs nothing here."""


def size_and_tag(path: str) -> tuple[int, str]:
    """Size and mtime in ns. FileNotFoundError for a folder: it is no file."""
    with naming(path):
        status = Path(path).stat()
    if stat.S_ISDIR(status.st_mode):
        raise FileNotFoundError(errno.ENOENT, "a folder, not a file", path)
    return status.st_size, str(status.st_mtime_ns)


def list_files(
    base: str, wanted: Callable[[str], bool], follows: Callable[[str], bool]
) -> dict[str, tuple[int, str] | None]:
    """See `storage.list_stats`; `wanted` says of a relative name whether it is asked for, `follows` of a link."""
    names = filter(wanted, [Path(base).name]) if Path(base).is_file() else _walk(base, wanted, follows)
    return dict.fromkeys(names)


def _walk(base: str, wanted: Callable[[str], bool], follows: Callable[[str], bool]) -> Iterator[str]:
    """Wanted files below `base`; real folders before linked ones, each once, so that links that loop end."""
    real, linked, seen = [""], list[str](), set[tuple[int, int]]()
    while real or linked:
        folder = real.pop() if real else linked.pop(0)
        with naming(f"{base}/{folder}"):
            status = Path(base, folder).stat()
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(Path(base, folder)) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
            for entry in found:
                name = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_symlink() and not follows(name):
                    continue
                if entry.is_dir():
                    if not entry.name.startswith("."):
                        (linked if entry.is_symlink() else real).append(name)
                elif wanted(name):
                    if entry.is_file():
                        yield name
                    elif entry.is_symlink() and not Path(entry.path).exists():
                        raise EnvironmentTrouble(f"{entry.path}: the link leads nowhere; mount its target or remove it")


def list_names(folder: str) -> list[str]:
    """Names directly in `folder`; none where it does not exist."""
    try:
        with naming(folder), os.scandir(folder) as entries:
            return [entry.name for entry in entries]
    except FileNotFoundError:
        return []


def _sync(folder: str) -> None:
    """Make the names in `folder` outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: str) -> None:
    if not Path(folder).is_dir():
        parent = str(Path(folder).parent)
        make_folder(parent)
        Path(folder).mkdir(exist_ok=True)
        _sync(parent)


def check_writable(folder: str) -> None:
    """Make the folder and a file in it, which is gone again. Raises ConfigError that says why it cannot be written."""
    try:
        with naming(folder):
            make_folder(folder)
            draft = Path(new_draft(folder))
            draft.touch(exist_ok=False)
            draft.unlink()
    except EnvironmentTrouble as error:
        raise ConfigError(f"nothing can be written to {error}") from error
    except FileNotFoundError as error:  # of a file system that makes no folders, such as /proc
        raise ConfigError(f"nothing can be written to {folder}: no folder can be made there; choose another") from error


def make_private_folder(folder: str) -> None:
    """Make a folder in one that all users share, for this user alone. Raises EnvironmentTrouble where it is another's.

    Who owns it could read what is drafted there, or put something else in its place.
    """
    with contextlib.suppress(FileExistsError):
        Path(folder).mkdir(mode=0o700, parents=True)
    status = os.lstat(folder)
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise EnvironmentTrouble(f"{folder}: not a folder of yours; remove it, or set TMPDIR to one that is")
    Path(folder).chmod(0o700)


def new_draft(folder: str) -> str:
    """A path in `folder` that nobody else uses."""
    # host and process tell a person whose it is; the random end only keeps two apart and decides nothing
    host = re.sub(r"[^A-Za-z0-9-]", "", socket.gethostname())[:40]
    return str(Path(folder) / f"{DRAFT_PREFIX}{host}-{os.getpid()}-{secrets.token_hex(6)}")


def publish_file(draft: str, final: str) -> bool:
    """Give the finished draft its final name, durably; False where the name is taken."""
    try:
        os.link(draft, final)
    except FileExistsError:
        return False
    except FileNotFoundError as error:
        raise EnvironmentTrouble(f"{draft}: somebody removed this draft while it was written; run again") from error
    except OSError as error:
        if error.errno in NO_LINKS:
            raise EnvironmentTrouble(
                f"{final}: this file system has no hard links, so nothing can be committed safely; "
                "put the data folder on another one (ext4, XFS, NFS, APFS, NTFS) or into an object store"
            ) from error
        raise
    _sync(str(Path(final).parent))
    return True


@contextmanager
def _finished_draft(path: str, data: bytes) -> Iterator[str]:
    """A draft beside `path` that holds `data` on disk; gone afterwards, unless it was renamed."""
    folder = str(Path(path).parent)
    draft = new_draft(folder)
    with naming(path):
        make_folder(folder)
        try:
            with open(draft, "xb") as file:  # noqa: PTH123
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            yield draft
        finally:
            Path(draft).unlink(missing_ok=True)


def open_version(path: str, size: int, tag: str) -> None:
    """A disk does not tell by what it reads which version it is of."""
    del path, size, tag


def stated_digest(path: str, tag: str) -> None:
    """A disk knows none."""
    del path, tag


def put_if_absent(path: str, data: bytes) -> bool:
    """See `storage.put_if_absent`."""
    with _finished_draft(path, data) as draft:
        return publish_file(draft, path)


def replace(path: str, data: bytes) -> None:
    """See `storage.replace`."""
    with _finished_draft(path, data) as draft:
        Path(draft).replace(path)
        _sync(str(Path(path).parent))


def sweep_drafts(folder: str, older_than_s: float) -> int:
    """See `storage.sweep_drafts`."""
    removed = 0
    with naming(folder):
        for draft in sorted(Path(folder).glob(DRAFT_PREFIX + "*")):
            try:
                if time.time() - draft.stat().st_mtime > older_than_s:
                    draft.unlink()
                    removed += 1
            except FileNotFoundError:  # its writer, or another sweeper, was faster
                pass
    return removed


def remove(path: str) -> None:
    """See `storage.remove`."""
    with naming(path):
        Path(path).unlink(missing_ok=True)
