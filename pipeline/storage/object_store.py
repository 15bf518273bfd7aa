"""Object stores behind fsspec URLs: what `ranged` reads, listings and conditional writes.

Only `storage` calls this module; everyone else speaks to `storage`. What `paths.PROTOCOLS` has is read, and its
failures are known by their types; only S3 (and `memory://`, which is one process) is written to, because a commit needs
a conditional write.
"""

from __future__ import annotations

import errno
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline.storage.patience import PRECONDITION_FAILED, answer_of, filesystem, patiently, status_of
from pipeline.storage.ranged import open_input, open_table, open_version, size_and_tag, tag_of
from pipeline.trouble import ConfigError, EnvironmentTrouble

__all__ = [
    "check_writable",
    "list_files",
    "list_names",
    "open_input",
    "open_table",
    "open_version",
    "publish_file",
    "put_if_absent",
    "remove",
    "replace",
    "size_and_tag",
    "stated_digest",
]

PART_BYTES = 16 << 20  # two parts in flight hold 64 MiB at most
MAX_PARTS = 10_000  # of one S3 multipart upload
TOKEN_KEY = "riffle-writer"
ASKED_TWICE = ".conditional-write"
"""An empty object of a data folder, which stays: what is there cannot be put again."""


def list_files(
    url: str, wanted: Callable[[str], bool], follows: Callable[[str], bool]
) -> dict[str, tuple[int, str] | None]:
    """See `storage.list_stats`; `wanted` says of a relative name whether it is asked for. There are no links."""
    del follows
    fs, path = filesystem(url)
    found: dict[str, dict[str, Any]] = patiently(url, "listing", lambda: fs.find(path, detail=True))
    if not found:
        raise FileNotFoundError(errno.ENOENT, "no objects under this URL", url)
    path = path.rstrip("/")
    prefix = path.rpartition("/")[0] + "/" if [*found] == [path] else path + "/"
    # a name that ends in "/" is the empty object by which some tools show a folder
    names = (name.removeprefix(prefix) for name in found if name.startswith(prefix) and not name.endswith("/"))
    return {name: _stat(found[prefix + name]) for name in names if wanted(name)}


def _stat(info: dict[str, Any]) -> tuple[int, str] | None:
    """Size and tag as `size_and_tag` has them; None where a listing does not say both, as that of a web server."""
    return (int(info["size"]), tag) if info["size"] is not None and (tag := tag_of(info)) else None


def list_names(url: str) -> list[str]:
    """Names directly under `url`; none where nothing is."""
    fs, path = filesystem(url)
    try:
        found: list[str] = patiently(url, "listing", lambda: fs.ls(path, detail=False))
    except FileNotFoundError:
        return []
    prefix = path.rstrip("/") + "/"
    names = (name.rstrip("/").removeprefix(prefix) for name in found if name.startswith(prefix))
    return [name for name in names if name]


def _writable(url: str) -> tuple[Any, str]:
    if not url.startswith(("s3://", "memory://")):
        raise ConfigError(f"{url}: only local paths and s3:// URLs can be written to (a commit needs If-None-Match)")
    return filesystem(url)


def check_writable(url: str) -> None:
    """Raises ConfigError where a second conditional write takes the place of a first, EnvironmentTrouble as writes do.

    Stores that speak S3 and pass over `If-None-Match` answer that all went well, and two runs would both commit.
    """
    name = f"{url.rstrip('/')}/{ASKED_TWICE}"
    if put_if_absent(name, b"") and put_if_absent(name, b""):
        raise ConfigError(
            f"nothing can be committed to {url}: this store passes over If-None-Match, so that two runs could write "
            "over each other; take a store that keeps to it, or a disk"
        )


def stated_digest(url: str, tag: str) -> None:
    """ETags are no digests of a content that came in parts."""
    del url, tag


def put_if_absent(url: str, data: bytes) -> bool:
    """PutObject with `If-None-Match: *`; see `storage.put_if_absent`.

    A 412 may answer our own success: when a connection breaks before the answer, not only we but aiohttp too, unasked,
    send the PUT again. So the object carries a token of this call in its metadata, and who reads it back knows.
    """
    fs, path = _writable(url)
    token = secrets.token_hex(16)
    options = {"Metadata": {TOKEN_KEY: token}} if url.startswith("s3://") else {}

    def is_ours() -> bool:
        return bool(options) and patiently(url, "reading back", lambda: fs.metadata(path)).get(TOKEN_KEY) == token

    def attempt() -> bool:
        try:
            fs.pipe_file(path, data, mode="create", **options)
        except OSError as error:
            if _is_refused(error):
                return is_ours()
            raise
        return True

    try:
        return patiently(url, "committing", attempt)
    except FileNotFoundError as error:
        raise _no_bucket(url) from error
    except EnvironmentTrouble:
        try:
            if is_ours():  # the first try got through, its answer and all later tries did not
                return True
        except FileNotFoundError:
            pass
        raise


def _is_refused(error: OSError) -> bool:
    """Whether the store answered that the object exists: 412, whatever words it found for it."""
    return isinstance(error, FileExistsError) or status_of(error) == PRECONDITION_FAILED


def replace(url: str, data: bytes) -> None:
    """Overwrite the object; readers see the old or the new one."""
    fs, path = _writable(url)
    try:
        patiently(url, "writing", lambda: fs.pipe_file(path, data))
    except FileNotFoundError as error:
        raise _no_bucket(url) from error


def publish_file(local_path: str, url: str) -> bool:
    """Upload a file unless the object exists; False where it exists, also when a try whose answer was lost made it."""
    fs, path = _writable(url)
    size = Path(local_path).stat().st_size
    part_bytes = max(PART_BYTES, -(-size // MAX_PARTS))
    options = {"chunksize": part_bytes, "max_concurrency": 2} if url.startswith("s3://") else {}

    def attempt() -> bool:
        if size > PART_BYTES and fs.exists(path):  # asked first: a refusal comes only after all has been sent
            return False
        try:
            fs.put_file(local_path, path, mode="create", **options)
        except OSError as error:
            if _is_refused(error):
                return False
            if answer_of(error).get("Error", {}).get("Code") == "NoSuchUpload":
                # the answer to the last request of an upload in parts was lost, and s3fs tried to abort what was done
                raise OSError("the store no longer knows the upload") from error
            raise
        return True

    try:
        return patiently(url, "uploading", attempt)
    except FileNotFoundError as error:
        raise _no_bucket(url) from error


def _no_bucket(url: str) -> EnvironmentTrouble:
    return EnvironmentTrouble(f"{url}: no such bucket; create it first")


def remove(url: str) -> None:
    """Delete the object; nothing happens where none is."""
    fs, path = _writable(url)
    try:
        patiently(url, "deleting", lambda: fs.rm_file(path))
    except FileNotFoundError:
        pass
