"""Block lists of domains and addresses in the format of squidGuard, which the Université Toulouse Capitole (UT1) uses.

A category is a folder with a file `domains` (a host a line; it stands for all hosts below it, too) and a file `urls`
(host and path a line, without scheme; it stands for every address that goes on after it at a `/`, `?` or `&`). Each
may be packed as `.gz`. A path names a folder of categories, one category, or a `.tar` or `.tar.gz` of either. Other
files (`expressions`, `usage`) are not read. A leading `www.`, `www2.` counts neither in the lists' addresses nor in
those asked for (squidGuard, documentation of `urllist`); letter case never counts.

In memory an entry is the 64-bit hash of its name and the number of its category, 10 bytes: 5 million take 50 MB. Some
host is taken for a listed one with probability 5e6 / 2^64, which is accepted.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
from numba import njit
from numpy.typing import NDArray

from pipeline.stages.words import hash_bytes
from pipeline.text.hashing import FNV_OFFSET, FNV_PRIME
from pipeline.text.utf8 import utf8_buffers
from pipeline.urls.addresses import address_of, host_name

NOT_LISTED: Final = -1
_LISTS: Final = ("domains", "urls")
_WWW: Final = re.compile(r"www\d*\.")
State = tuple[tuple[str, int, int], ...]


class Table(NamedTuple):
    """Ascending hashes, and of each the least category."""

    keys: NDArray[np.uint64]
    categories: NDArray[np.int16]


class BlockLists(NamedTuple):
    """Lists as they are asked. digest: sha256 of what they hold, in hex; categories: their names in order."""

    digest: str
    categories: tuple[str, ...]
    domains: Table
    urls: Table


_LOADED: Final[dict[tuple[str, tuple[str, ...]], tuple[State, BlockLists]]] = {}
"""What this process loaded last, by path and categories, and the state on disk that it was."""


def load(path: str, categories: tuple[str, ...]) -> BlockLists:
    """The lists now at `path`: of `categories` in that order, or of all in the order of their names.

    Read where anything has changed since this process last did, which costs a look at every file there.
    Raises FileNotFoundError where nothing is there, ValueError that says what there is where a category is not.
    """
    if not Path(path).exists():
        raise FileNotFoundError(f"{path}: no such block lists; give a folder or a .tar.gz of UT1's format")
    state = _state(Path(path))
    last = _LOADED.get((path, categories))
    if last is None or last[0] != state:
        last = _LOADED[path, categories] = (state, _read(path, categories))
    return last[1]


def loaded(path: str, categories: tuple[str, ...]) -> BlockLists:
    """What `load` gave last in this process, whatever is on disk by now; loaded where there is nothing yet."""
    last = _LOADED.get((path, categories))
    return load(path, categories) if last is None else last[1]


def _state(path: Path) -> State:
    """What tells whether anything changed since it was read."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    stats = ((str(file), file.stat()) for file in files if file.is_file())
    return tuple((name, status.st_size, status.st_mtime_ns) for name, status in stats)


def _read(path: str, categories: tuple[str, ...]) -> BlockLists:
    found: dict[str, dict[str, list[bytes]]] = {}
    for category, name, content in _files(Path(path)):
        if not categories or category in categories:
            found.setdefault(category, {}).setdefault(name, []).append(content)
    if missing := [name for name in categories if name not in found]:
        there = sorted({category for category, _, _ in _files(Path(path))})
        raise ValueError(f"{path}: no category {', '.join(missing)}; there are {', '.join(there) or 'none'}")
    if not found:
        raise ValueError(f"{path}: no category; one is a folder with a file `domains` or `urls`")
    names = categories or tuple(sorted(found))
    digest = hashlib.sha256()
    for category in sorted(found):
        for name, contents in sorted(found[category].items()):
            held = hashlib.sha256(b"\n".join(contents)).hexdigest()
            digest.update(f"{category}\0{name}\0{held}\n".encode())
    domains = [_hosts(b"\n".join(found[name].get("domains", []))) for name in names]
    urls = [_addresses(b"\n".join(found[name].get("urls", []))) for name in names]
    return BlockLists(digest.hexdigest(), names, _table(domains), _table(urls))


def _files(path: Path) -> Iterator[tuple[str, str, bytes]]:
    """(category, `domains` or `urls`, content) of every list under `path`."""
    if path.is_file():
        yield from _packed(path)
        return
    for child in sorted(path.iterdir()):
        if child.is_file() and child.name.removesuffix(".gz") in _LISTS:
            yield path.name, child.name.removesuffix(".gz"), _plain(child.name, child.read_bytes())
        elif child.is_file() and child.name.endswith((".tar", ".tar.gz", ".tgz")):
            yield from _packed(child)
        elif child.is_dir():
            for file in sorted(child.iterdir()):
                if file.is_file() and file.name.removesuffix(".gz") in _LISTS:
                    yield child.name, file.name.removesuffix(".gz"), _plain(file.name, file.read_bytes())


def _packed(path: Path) -> Iterator[tuple[str, str, bytes]]:
    """The lists of an archive; links in it (other names of a category) are passed over."""
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                name = PurePosixPath(member.name)
                stream = archive.extractfile(member) if member.isfile() else None
                if stream is not None and name.name.removesuffix(".gz") in _LISTS and name.parent.name:
                    yield name.parent.name, name.name.removesuffix(".gz"), _plain(name.name, stream.read())
    except (tarfile.TarError, EOFError, gzip.BadGzipFile) as error:
        raise ValueError(f"{path}: cannot be read as an archive of block lists: {error}") from error


def _plain(name: str, content: bytes) -> bytes:
    return gzip.decompress(content) if name.endswith(".gz") else content


@njit(cache=True, inline="always")
def _lower(byte: Any) -> Any:
    return byte | 0x20 if 0x41 <= byte <= 0x5A else byte


@njit(cache=True)
def _hosts_of_lines(data: Any, keys: Any) -> Any:
    """The hash of each line's host, read from its end; blank lines and comments (#) have none. How many there are."""
    count, at, stop = 0, 0, len(data)
    while at < stop:
        end = at
        while end < stop and data[end] != 0x0A:
            end += 1
        begin, last = at, end
        at = end + 1
        while begin < last and (data[begin] <= 0x20 or data[begin] == 0x2E):
            begin += 1
        while begin < last and (data[last - 1] <= 0x20 or data[last - 1] == 0x2E):
            last -= 1
        if begin == last or data[begin] == 0x23:
            continue
        key = FNV_OFFSET
        for place in range(last - 1, begin - 1, -1):
            key = (key ^ np.uint64(_lower(data[place]))) * FNV_PRIME
        keys[count] = key
        count += 1
    return count


def _hosts(lines: bytes) -> NDArray[np.uint64]:
    if not lines.isascii():  # hosts are asked for as the DNS has them
        lines = b"\n".join(line if line.isascii() else _host_of_line(line) for line in lines.split(b"\n"))
    keys = np.empty(lines.count(b"\n") + 1, np.uint64)
    return keys[: _hosts_of_lines(np.frombuffer(lines, np.uint8), keys)]


def _host_of_line(line: bytes) -> bytes:
    name = line.decode("utf-8", "replace").strip().strip(".")
    return b"" if name.startswith("#") else host_name(name).encode()


def _addresses(lines: bytes) -> NDArray[np.uint64]:
    """The hash of each line as `prefixes_listed` takes it: canonical, without scheme, `www.` and last slash."""
    listed = (address_of("http://" + line.strip()) for line in lines.decode("utf-8", "replace").split("\n"))
    names = [address.canonical.removeprefix("http://").lower() for address in listed if address is not None]
    bare = [(name[www.end() :] if (www := _WWW.match(name)) else name).rstrip("/") for name in names]
    return hash_each(bare)


def hash_each(names: Iterable[str]) -> NDArray[np.uint64]:
    """`hash_bytes` of each name, in order."""
    listed = pa.array(names, pa.large_string())
    keys = np.empty(len(listed), np.uint64)
    _hash_each(*utf8_buffers(listed), keys)
    return keys


@njit(cache=True)
def _hash_each(data: Any, bounds: Any, keys: Any) -> None:
    for row in range(len(bounds) - 1):
        keys[row] = hash_bytes(data, bounds[row], bounds[row + 1])


def _table(of_categories: Iterable[NDArray[np.uint64]]) -> Table:
    lists = list(of_categories)
    keys = np.concatenate([np.empty(0, np.uint64), *lists])
    numbers = np.repeat(np.arange(len(lists), dtype=np.int16), [len(part) for part in lists])
    order = np.lexsort((numbers, keys))
    keys, numbers = keys[order], numbers[order]
    first = np.ones(len(keys), np.bool_)
    first[1:] = keys[1:] != keys[:-1]
    return Table(keys[first], numbers[first])


@njit(cache=True)
def find(key: Any, keys: Any) -> Any:
    """Where `key` stands in the ascending `keys`; -1 where it does not. Binary search."""
    low, high = 0, len(keys)
    while low < high:
        middle = (low + high) // 2
        if keys[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low if low < len(keys) and keys[low] == key else -1


@njit(cache=True)
def _category(key: Any, keys: Any, categories: Any) -> Any:
    place = find(key, keys)
    return np.int64(categories[place]) if place >= 0 else np.int64(NOT_LISTED)


@njit(cache=True, inline="always")
def _first_of(a: Any, b: Any) -> Any:
    return b if a < 0 or 0 <= b < a else a


@njit(cache=True, nogil=True)
def _hosts_listed(data: Any, bounds: Any, keys: Any, categories: Any, found: Any) -> None:
    for row in range(len(bounds) - 1):
        key, begin = FNV_OFFSET, bounds[row]
        for place in range(bounds[row + 1] - 1, begin - 1, -1):
            key = (key ^ np.uint64(data[place])) * FNV_PRIME
            if place == begin or data[place - 1] == 0x2E:
                found[row] = _first_of(found[row], _category(key, keys, categories))


@njit(cache=True, inline="always")
def _after_www(data: Any, at: int, stop: int) -> Any:
    """Where the host goes on after `www.`, `www2.`, ...; `at` where it does not begin so."""
    place = at
    while place < stop and place < at + 3 and data[place] == 0x77:
        place += 1
    if place < at + 3:
        return at
    while place < stop and 0x30 <= data[place] <= 0x39:
        place += 1
    return place + 1 if place < stop and data[place] == 0x2E else at


@njit(cache=True, nogil=True)
def _prefixes_listed(data: Any, bounds: Any, keys: Any, categories: Any, found: Any) -> None:
    for row in range(len(bounds) - 1):
        at, stop = bounds[row], bounds[row + 1]
        while at < stop and data[at] != 0x2F:
            at += 1
        at = _after_www(data, at + 2, stop)
        key = FNV_OFFSET
        while at < stop:
            key = (key ^ np.uint64(_lower(data[at]))) * FNV_PRIME
            at += 1
            if at >= stop or data[at] in (0x2F, 0x3F, 0x26):
                found[row] = _first_of(found[row], _category(key, keys, categories))


def hosts_listed(lists: BlockLists, hosts: pa.Array) -> NDArray[np.int64]:
    """Of each host (large_string, no nulls) the first category that lists it or a domain above it; else NOT_LISTED."""
    found = np.full(len(hosts), NOT_LISTED, np.int64)
    _hosts_listed(*utf8_buffers(hosts), *lists.domains, found)
    return found


def prefixes_listed(lists: BlockLists, addresses: pa.Array) -> NDArray[np.int64]:
    """Of each canonical address (large_string, no nulls) the first category that lists a beginning of it."""
    found = np.full(len(addresses), NOT_LISTED, np.int64)
    if len(lists.urls.keys):
        _prefixes_listed(*utf8_buffers(addresses), *lists.urls, found)
    return found
