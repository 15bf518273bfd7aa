"""What is read of an object: ranges whose bytes are counted, all of one version; its size and tag."""

from __future__ import annotations

import errno
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from fsspec.asyn import sync

from pipeline.storage.patience import (
    PRECONDITION_FAILED,
    RANGE_NOT_SATISFIABLE,
    Changed,
    filesystem,
    patiently,
    status_of,
)
from pipeline.trouble import EnvironmentTrouble

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BLOCK_BYTES = 8 << 20  # one request moves enough to hide 50 ms of latency, and a worker can afford the buffer
END_BYTES = 1 << 18  # of a table: its footer, and all of a small one; pyarrow asks for 64 KiB first
NO_SIZE = "the server does not state a size; copy the file to a disk or an S3 store"
NO_RANGES = (
    "the server gives whole files only, not the bytes that are asked for; copy the files to a disk or a store first"
)
TAGS = ("etag", "lastmodified", "mtime", "updated", "created")
"""What changes with an object, the surest first, as fsspec's filesystems spell it but for case, "-" and "_"."""
_PLAIN = str.maketrans("", "", "-_")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an object before it is read: size and tag, and maybe its last bytes."""

    size: int
    tag: str
    end: bytes = b""


class Object(Protocol):
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
            status = status_of(error)
            if status == PRECONDITION_FAILED:
                raise Changed(self._url) from error
            if status != RANGE_NOT_SATISFIABLE or self.size is not None:
                raise
            self.size, self.tag = _head(self._url)
            return b""  # an empty object has no first byte; of another the count shows that it has grown
        if self.size is not None and (size, tag) != (self.size, self.tag):  # some stores pass over If-Match
            raise Changed(self._url)
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
        fs, path = filesystem(url)
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

    Every answer of S3 and the Hub has the size and tag that the object has, or that were seen first, so bytes of two
    versions are not mixed (of equal size, where the store has no ETags, they can be). There nothing is asked for before
    the first read, or the first seek from the end. `end`: the last bytes, where they are known.
    """

    def __init__(self, url: str, of: Object, end: bytes = b"") -> None:
        super().__init__()
        self.url = url
        self._object = of
        self._position = 0
        self._end = end

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
            return patiently(self.url, "reading" if is_open else "opening", lambda: self._exactly(start, count))
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


def opened(url: str, known: Known | None = None) -> RangedFile:
    """The object at `url`, maybe known from before."""
    if url.startswith("s3://"):
        return RangedFile(url, _S3Object(url, known), known.end if known else b"")
    return RangedFile(url, patiently(url, "opening", lambda: _OpenedObject(url)))


def begun(file: RangedFile) -> io.BufferedReader:
    """A stream whose first bytes are asked for: absence is said here, and the bytes are kept."""
    stream: io.BufferedReader = io.BufferedReader(file, BLOCK_BYTES)
    stream.peek()
    return stream


def ended(file: RangedFile) -> io.BufferedReader:
    """A stream whose last bytes are asked for, and its size with them: readers of Parquet begin there."""
    file.known()
    return io.BufferedReader(file, BLOCK_BYTES)


def open_input(url: str) -> io.BufferedReader:
    """See `storage.open_input`."""
    file = opened(url)
    return begun(file) if url.startswith("s3://") else io.BufferedReader(file, BLOCK_BYTES)


def open_table(url: str) -> io.BufferedReader:
    """See `storage.open_committed`: of S3 the end comes first, with the size."""
    return ended(opened(url))


def open_version(url: str, size: int, tag: str) -> io.BufferedReader | None:
    """An object of S3 as a listing has it; a read raises EnvironmentTrouble where it is another by then.

    None of other stores, whose answers do not tell.
    """
    if not url.startswith("s3://"):
        return None
    return io.BufferedReader(opened(url, Known(size, tag)), BLOCK_BYTES)


def size_and_tag(url: str) -> tuple[int, str]:
    """Size and ETag, or what else the store says of the last change, "" if nothing.

    FileNotFoundError where no object is, EnvironmentTrouble where the server does not state a size.
    """
    if url.startswith("s3://"):
        return patiently(url, "looking up", lambda: _head(url))
    fs, path = filesystem(url)
    info = patiently(url, "looking up", lambda: fs.info(path))
    if info["type"] != "file":
        raise FileNotFoundError(f"{url}: no such object")
    if info["size"] is None:
        raise EnvironmentTrouble(f"{url}: {NO_SIZE}")
    return int(info["size"]), tag_of(info)


def _placed(url: str) -> tuple[Any, dict[str, str]]:
    """The client of an object of S3, and by what names it is asked for. Raises FileNotFoundError for a bucket."""
    fs, path = filesystem(url)
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


def tag_of(info: dict[str, Any]) -> str:
    said = {key.lower().translate(_PLAIN): value for key, value in info.items()}
    return str(next((said[key] for key in TAGS if said.get(key)), ""))
