"""Object stores behind fsspec URLs: ranged reads that count their bytes, conditional writes, bounded patience.

Only `storage` calls this module; everyone else speaks to `storage`. S3 and web servers are read (`storage.PROTOCOLS`),
whose failures are known by their types; only S3 (and `memory://`, which is one process) is written to, because a commit
needs a conditional write. Endpoint and credentials come from the usual AWS variables (`AWS_ENDPOINT_URL`,
`AWS_ACCESS_KEY_ID`, ...); `FSSPEC_S3_ANON=true` reads public buckets. fsspec keeps one client per process and thread
and drops those inherited over a fork.
"""

from __future__ import annotations

import errno
import io
import secrets
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import aiohttp
import fsspec
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError  # type: ignore[import-untyped]
from fsspec.asyn import sync
from s3fs.utils import FileExpired

from pipeline.process import interrupts
from pipeline.trouble import ConfigError, EnvironmentTrouble

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

T = TypeVar("T")

RETRY_DELAYS_S = (0.2, 1.0, 4.0, 15.0)  # five tries in about 20 s: longer than a restart of a gateway
BLOCK_BYTES = 8 << 20  # one request moves enough to hide 50 ms of latency, and a worker can afford the buffer
END_BYTES = 1 << 18  # of a table: its footer, and all of a small one; pyarrow asks for 64 KiB first
PART_BYTES = 16 << 20  # two parts in flight hold 64 MiB at most
MAX_PARTS = 10_000  # of one S3 multipart upload
TOKEN_KEY = "riffle-writer"
NO_SIZE = "the server does not state a size; copy the file to a disk or an S3 store"
NO_RANGES = (
    "the server gives whole files only, not the bytes that are asked for; copy the files to a disk or a store first"
)
TAGS = ("etag", "lastmodified", "mtime", "updated", "created")
"""What changes with an object, the surest first, as fsspec's filesystems spell it but for case, "-" and "_"."""
_PLAIN = str.maketrans("", "", "-_")
GONE = (404, 410)
PRECONDITION_FAILED, RANGE_NOT_SATISFIABLE = 412, 416
OPTIONS: dict[str, dict[str, Any]] = {
    # Our retries decide, so botocore's are off (s3fs' own: see `_filesystem`); a listing is never remembered.
    "s3": {
        "use_listings_cache": False,
        "config_kwargs": {
            "retries": {"mode": "standard", "total_max_attempts": 1},
            "connect_timeout": 10,
            "read_timeout": 60,
        },
    }
}
pause: Callable[[float], None] = interrupts.sleep  # tests put a clock of their own here


def _filesystem(url: str) -> tuple[Any, str]:
    """The fsspec filesystem of `url` and the path within it."""
    protocol = url.partition("://")[0]
    fs, path = fsspec.url_to_fs(url, **OPTIONS.get(protocol, {}))
    if protocol == "s3":
        fs.retries = 1
    return fs, path


def _writable(url: str) -> tuple[Any, str]:
    if not url.startswith(("s3://", "memory://")):
        raise ConfigError(f"{url}: only local paths and s3:// URLs can be written to (a commit needs If-None-Match)")
    return _filesystem(url)


def _patiently(url: str, doing: str, action: Callable[[], T]) -> T:
    """`action()`, tried again after each of `RETRY_DELAYS_S`; then EnvironmentTrouble.

    FileNotFoundError and FileExistsError are answers and pass at once; refused rights and a changed object are
    EnvironmentTrouble at once. Delays are spread over a fifth by a checksum of the URL, not by chance.
    """
    spread = 1 + zlib.crc32(url.encode()) % 1000 / 5000
    for delay_s in (*RETRY_DELAYS_S, None):
        try:
            return action()
        except FileNotFoundError as error:
            if _is_an_answer(url, error):
                raise FileNotFoundError(errno.ENOENT, "no such object or bucket", url) from error
            if delay_s is None:
                raise _given_up(url, doing, error.__cause__ or error) from error
            pause(delay_s * spread)
        except (FileExistsError, EnvironmentTrouble):
            raise
        except (PermissionError, NoCredentialsError) as error:
            raise EnvironmentTrouble(
                f"{url}: {doing} was refused ({error}); check the AWS credentials and the rights of the bucket"
            ) from error
        except FileExpired as error:
            raise EnvironmentTrouble(
                f"{url}: the object changed while it was read; run again when nobody writes to it"
            ) from error
        except (OSError, BotoCoreError, ClientError, aiohttp.ClientError) as error:
            if delay_s is None:
                raise _given_up(url, doing, error) from error
            pause(delay_s * spread)
    raise AssertionError("unreachable: the last try returns or raises")


def _is_an_answer(url: str, error: FileNotFoundError) -> bool:
    """Whether nothing is there: fsspec's HTTP says so of every failure, and a 503 or a lost connection is its cause."""
    cause = error.__cause__
    if not url.startswith(("http://", "https://")) or cause is None:
        return True
    return isinstance(cause, FileNotFoundError) or getattr(cause, "status", None) in GONE


def _given_up(url: str, doing: str, error: BaseException) -> EnvironmentTrouble:
    return EnvironmentTrouble(
        f"{url}: {doing} failed {len(RETRY_DELAYS_S) + 1} times, last with {type(error).__name__}: {error}; check the "
        "network and the store, then run again"
    )


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an object of S3 before it is read: its size and ETag, and maybe its last bytes."""

    size: int
    tag: str
    end: bytes = b""


class _Object(Protocol):
    """What is read of an object. `size` in bytes, and `tag` as `size_and_tag` has it: None and "" until it is known."""

    size: int | None
    tag: str

    def read(self, start: int, count: int) -> bytes:
        """Up to `count` bytes from `start` on, which before 0 is from the end; `size` is known afterwards."""
        ...

    def close(self) -> None: ...


class _S3Object:
    """Size and ETag come with the first bytes: to ask for them alone is a request more for every file."""

    def __init__(self, url: str, known: Known | None) -> None:
        self._url = url
        self._fs, self._place = _placed(url)
        self.size: int | None = known.size if known else None
        self.tag = known.tag if known else ""

    def read(self, start: int, count: int) -> bytes:
        asked = {"Range": f"bytes={start}-{start + count - 1}" if start >= 0 else f"bytes={start}"}
        if self.tag and not self.tag.startswith("W/"):  # a weak one never matches (RFC 9110, 13.1.1)
            asked["IfMatch"] = self.tag
        try:
            size, tag, data = sync(self._fs.loop, self._get, asked, count)
        except OSError as error:
            status = _status(error)
            if status == PRECONDITION_FAILED:
                raise FileExpired(self._place["Key"], self.tag) from error
            if status != RANGE_NOT_SATISFIABLE or self.size is not None:
                raise
            self.size, self.tag = _head(self._url)
            return b""  # an empty object has no first byte; of another the count shows that it has grown
        if self.size is not None and (size, tag) != (self.size, self.tag):  # some stores pass over If-Match
            raise FileExpired(self._place["Key"], self.tag)
        self.size, self.tag = size, tag
        return data

    async def _get(self, asked: dict[str, str], count: int) -> tuple[int, str, bytes]:
        answer = await self._fs._call_s3("get_object", **self._place, **asked)
        async with answer["Body"] as body:
            return self._size(answer, count), answer.get("ETag", ""), await body.read()

    def _size(self, answer: dict[str, Any], count: int) -> int:
        """Of the whole object, of which `answer` gives a range; before its bytes are read."""
        if said := answer.get("ContentRange"):
            if not (size := said.rpartition("/")[2]).isdigit():
                raise OSError(f"the store says {said!r} of a range, not how large the object is")
            return int(size)
        # all of it, as some stores answer where nothing is left out or the object is empty
        length = int(answer.get("ContentLength", count + 1))
        if length > count:
            raise EnvironmentTrouble(f"{self._url}: {NO_RANGES}")
        return length

    def close(self) -> None:
        """Nothing is held."""


class _OpenedObject:
    """An object of a web server, or in memory, as fsspec opens it."""

    def __init__(self, url: str) -> None:
        fs, path = _filesystem(url)
        self._url, self._file = url, fs.open(path, "rb", cache_type="none")
        size = self._file.size if hasattr(self._file, "size") else fs.size(path)
        if size is None:
            raise EnvironmentTrouble(f"{url}: {NO_SIZE}")
        self.size: int | None = int(size)
        self.tag = ""

    def read(self, start: int, count: int) -> bytes:
        self._file.seek(start)
        try:
            data: bytes = self._file.read(count)
        except ValueError as error:  # fsspec's, of a whole object where a range was asked for
            raise EnvironmentTrouble(f"{self._url}: {NO_RANGES}") from error
        return data

    def close(self) -> None:
        self._file.close()


class RangedFile(io.RawIOBase):
    """An object as a seekable, unbuffered stream: each read is one ranged request whose byte count is verified.

    Every answer of S3 has the size and ETag seen first, or `known`, so bytes of two versions are not mixed (of equal
    size, where the store has no ETags, they can be). There nothing is asked for before the first read, or the first
    seek from the end.
    """

    def __init__(self, url: str, known: Known | None = None) -> None:
        super().__init__()
        self.url = url
        self._object: _Object = (
            _S3Object(url, known) if url.startswith("s3://") else _patiently(url, "opening", lambda: _OpenedObject(url))
        )
        self._position = 0
        self._end = known.end if known else b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def known(self) -> Known:
        """Size and ETag; where nothing has been read yet the last bytes are: readers of Parquet begin there."""
        if self._object.size is None:
            self._end = self._read(-END_BYTES, END_BYTES)
        assert self._object.size is not None
        return Known(self._object.size, self._object.tag, self._end)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position}.get(whence)
        place = (self.known().size if base is None else base) + offset
        if place < 0:
            raise ValueError(f"{self.url}: seek to {place}, before the start")
        self._position = place
        return place

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        size = self._object.size
        count = len(view) if size is None else max(0, min(len(view), size - self._position))
        if not count:
            return 0
        if size is not None and (held := self._position - size + len(self._end)) >= 0:
            data = self._end[held : held + count]
        else:
            data = self._read(self._position, count)
        view[: len(data)] = data
        self._position += len(data)
        return len(data)

    def readall(self) -> bytes:
        """The rest. RawIOBase would ask for 8 KiB at a time."""
        return b"".join(iter(lambda: self.read(BLOCK_BYTES), b""))

    def _read(self, start: int, count: int) -> bytes:
        is_open = self._object.size is not None
        try:
            return _patiently(self.url, "reading" if is_open else "opening", lambda: self._exactly(start, count))
        except FileNotFoundError as error:
            if not is_open:
                raise
            raise EnvironmentTrouble(f"{self.url}: gone while it was read; give the command again") from error

    def _exactly(self, start: int, count: int) -> bytes:
        data = self._object.read(start, count)
        assert self._object.size is not None
        place = max(0, start if start >= 0 else self._object.size + start)
        if len(data) != (wanted := max(0, min(count, self._object.size - place))):
            raise OSError(f"got {len(data)} of {wanted} bytes at {place}")
        return data

    def close(self) -> None:
        if not self.closed:
            self._object.close()
        super().close()


def open_input(url: str) -> io.BufferedReader:
    """See `storage.open_input`."""
    stream: io.BufferedReader = io.BufferedReader(RangedFile(url), BLOCK_BYTES)
    if url.startswith("s3://"):
        stream.peek()  # absence is said here, and the bytes are kept
    return stream


def open_table(url: str) -> io.BufferedReader:
    """See `storage.open_committed`: of S3 the end comes first, with the size."""
    raw = RangedFile(url)
    raw.known()
    return io.BufferedReader(raw, BLOCK_BYTES)


def open_version(url: str, size: int, tag: str) -> io.BufferedReader:
    """An object of S3 as a listing has it. Whatever is read raises EnvironmentTrouble where it is another by then."""
    return io.BufferedReader(RangedFile(url, Known(size, tag)), BLOCK_BYTES)


def size_and_tag(url: str) -> tuple[int, str]:
    """Size and ETag, or what else the store says of the last change, "" if nothing.

    FileNotFoundError where no object is, EnvironmentTrouble where the server does not state a size.
    """
    if url.startswith("s3://"):
        return _patiently(url, "looking up", lambda: _head(url))
    fs, path = _filesystem(url)
    info = _patiently(url, "looking up", lambda: fs.info(path))
    if info["type"] != "file":
        raise FileNotFoundError(f"{url}: no such object")
    if info["size"] is None:
        raise EnvironmentTrouble(f"{url}: {NO_SIZE}")
    return int(info["size"]), _tag(info)


def _placed(url: str) -> tuple[Any, dict[str, str]]:
    """The client of an object of S3, and by what names it is asked for. Raises FileNotFoundError for a bucket."""
    fs, path = _filesystem(url)
    bucket, key, version = fs.split_path(path)
    if not key:
        raise FileNotFoundError(errno.ENOENT, "a bucket, not an object", url)
    return fs, {"Bucket": bucket, "Key": key, **({"VersionId": version} if version else {})}


def _head(url: str) -> tuple[int, str]:
    """Size and ETag. fsspec's `info` would list, too, where nothing is, lest it be a folder."""
    fs, place = _placed(url)
    answer = fs.call_s3("head_object", **place)
    if "ContentLength" not in answer:
        raise EnvironmentTrouble(f"{url}: {NO_SIZE}")
    return int(answer["ContentLength"]), answer.get("ETag", "")


def list_files(
    url: str, wanted: Callable[[str], bool], follows: Callable[[str], bool]
) -> dict[str, tuple[int, str] | None]:
    """See `storage.list_stats`; `wanted` says of a relative name whether it is asked for. There are no links."""
    del follows
    fs, path = _filesystem(url)
    found: dict[str, dict[str, Any]] = _patiently(url, "listing", lambda: fs.find(path, detail=True))
    if not found:
        raise FileNotFoundError(errno.ENOENT, "no objects under this URL", url)
    path = path.rstrip("/")
    prefix = path.rpartition("/")[0] + "/" if [*found] == [path] else path + "/"
    # a name that ends in "/" is the empty object by which some tools show a folder
    names = (name.removeprefix(prefix) for name in found if name.startswith(prefix) and not name.endswith("/"))
    return {name: _stat(found[prefix + name]) for name in names if wanted(name)}


def _stat(info: dict[str, Any]) -> tuple[int, str] | None:
    """Size and tag as `size_and_tag` has them; None where a listing does not say both, as that of a web server."""
    return (int(info["size"]), tag) if info["size"] is not None and (tag := _tag(info)) else None


def _tag(info: dict[str, Any]) -> str:
    said = {key.lower().translate(_PLAIN): value for key, value in info.items()}
    return str(next((said[key] for key in TAGS if said.get(key)), ""))


def list_names(url: str) -> list[str]:
    """Names directly under `url`; none where nothing is."""
    fs, path = _filesystem(url)
    try:
        found: list[str] = _patiently(url, "listing", lambda: fs.ls(path, detail=False))
    except FileNotFoundError:
        return []
    prefix = path.rstrip("/") + "/"
    names = (name.rstrip("/").removeprefix(prefix) for name in found if name.startswith(prefix))
    return [name for name in names if name]


def put_if_absent(url: str, data: bytes) -> bool:
    """PutObject with `If-None-Match: *`; see `storage.put_if_absent`.

    A 412 may answer our own success: when a connection breaks before the answer, not only we but aiohttp too, unasked,
    send the PUT again. So the object carries a token of this call in its metadata, and who reads it back knows.
    """
    fs, path = _writable(url)
    token = secrets.token_hex(16)
    options = {"Metadata": {TOKEN_KEY: token}} if url.startswith("s3://") else {}

    def is_ours() -> bool:
        return bool(options) and _patiently(url, "reading back", lambda: fs.metadata(path)).get(TOKEN_KEY) == token

    def attempt() -> bool:
        try:
            fs.pipe_file(path, data, mode="create", **options)
        except OSError as error:
            if _is_refused(error):
                return is_ours()
            raise
        return True

    try:
        return _patiently(url, "committing", attempt)
    except FileNotFoundError as error:
        raise _no_bucket(url) from error
    except EnvironmentTrouble:
        try:
            if is_ours():  # the first try got through, its answer and all later tries did not
                return True
        except FileNotFoundError:
            pass
        raise


def _answer(error: OSError) -> dict[str, Any]:
    """What the store answered, where s3fs made `error` out of an answer."""
    return getattr(error.__cause__, "response", None) or {}


def _is_refused(error: OSError) -> bool:
    """Whether the store answered that the object exists: 412, whatever words it found for it."""
    return isinstance(error, FileExistsError) or _status(error) == PRECONDITION_FAILED


def _status(error: OSError) -> int | None:
    return _answer(error).get("ResponseMetadata", {}).get("HTTPStatusCode")


def replace(url: str, data: bytes) -> None:
    """Overwrite the object; readers see the old or the new one."""
    fs, path = _writable(url)
    try:
        _patiently(url, "writing", lambda: fs.pipe_file(path, data))
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
            if _answer(error).get("Error", {}).get("Code") == "NoSuchUpload":
                # the answer to the last request of an upload in parts was lost, and s3fs tried to abort what was done
                raise OSError("the store no longer knows the upload") from error
            raise
        return True

    try:
        return _patiently(url, "uploading", attempt)
    except FileNotFoundError as error:
        raise _no_bucket(url) from error


def _no_bucket(url: str) -> EnvironmentTrouble:
    return EnvironmentTrouble(f"{url}: no such bucket; create it first")


def remove(url: str) -> None:
    """Delete the object; nothing happens where none is."""
    fs, path = _writable(url)
    try:
        _patiently(url, "deleting", lambda: fs.rm_file(path))
    except FileNotFoundError:
        pass
