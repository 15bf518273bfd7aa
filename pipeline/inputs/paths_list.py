"""Lists of files, a name a line, as Common Crawl publishes them: `warc.paths.gz`."""

from __future__ import annotations

import gzip
import io
import zlib

from pipeline import storage
from pipeline.trouble import ConfigError

ENDS = (".paths", ".paths.gz")
MAX_BYTES = 1 << 28  # of a list, unpacked: two million names of Common Crawl's


def is_list(named: str) -> bool:
    """Whether there is a list at a path or URL: a file of such a name."""
    return named.endswith(ENDS) and storage.exists(named)


def listed(named: str) -> tuple[str, list[str]]:
    """The folder or address that the names of a list go by, and the names, sorted, each once.

    Names go by the folder of the list or, as in Common Crawl's, by one above it: that in which what they begin with
    leads to the list's own folder. Whole URLs, all of one host or bucket, go by that, and paths from the root by the
    root. Raises FileNotFoundError where there is no list, and ConfigError, which names the line, for one that is none.
    """
    names = {name: number for number, line in enumerate(_lines(named), 1) if (name := line.strip())}
    roots: dict[str, str] = {}
    for name, number in names.items():
        try:
            roots[_root(name)] = name
        except ConfigError as error:
            raise ConfigError(f"{named}, line {number}: {error}") from error
    if len(roots) > 1:
        told = " and ".join(sorted(roots.values())[:2])
        raise ConfigError(f"{named}: {told} go by different folders or hosts: make a list and a source of each")
    root = next(iter(roots), "")
    found = {name.removeprefix(root).lstrip("/"): number for name, number in names.items()}
    for name, number in found.items():
        if not {"", ".", ".."}.isdisjoint(name.split("/")):
            raise ConfigError(f"{named}, line {number}: {name!r} is no name of a file below a folder")
    ordered = sorted(found)
    return root or _above(named, ordered[0].split("/") if ordered else []), ordered


def _root(name: str) -> str:
    """What a whole URL or a path from the root goes by; empty for a relative name."""
    if storage.is_remote(name):
        scheme, _, rest = name.partition("://")
        return f"{scheme}://{rest.partition('/')[0]}"
    return "/" if name.startswith("/") else ""


def _above(named: str, name: list[str]) -> str:
    """The folder by which the parts of a relative name go."""
    folder = named.split("/")[:-1]
    for at in range(len(folder)):
        if name[: len(folder) - at] == folder[at:]:
            folder = folder[:at]
            break
    return "/".join(folder) or ("/" if named.startswith("/") else ".")


def _lines(named: str) -> list[str]:
    with storage.open_input(named) as stream:
        try:
            held = (gzip.GzipFile(fileobj=stream) if named.endswith(".gz") else stream).read(MAX_BYTES + 1)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise ConfigError(f"{named}: not a whole gzip file: {error}; fetch it again") from error
    if len(held) > MAX_BYTES:
        raise ConfigError(f"{named}: a list of over {MAX_BYTES:,} bytes; cut it into some")
    try:
        return io.StringIO(held.decode()).readlines()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{named}: not UTF-8 at byte {error.start}: a list has a file's name a line") from error
