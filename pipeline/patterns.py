"""Files that a user names: one file, a folder, or a pattern such as `crawl/*/*.parquet`."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from pipeline import storage

_WILD = re.compile(r"[*?\[]")


def named_files(named: str, suffixes: tuple[str, ...]) -> tuple[str, list[str]]:
    """The folder that `named` speaks of, and the files in it that are meant, relative to it and sorted.

    A pattern stands for whole paths: `*`, `?` and `[abc]` match within one folder's or file's name, `**` any number of
    folders. What exists is taken by its name, whatever characters that has. Raises FileNotFoundError where there is
    neither such a file nor such a folder, and as `storage.list_files` does; a pattern may match nothing.
    """
    if storage.exists(named):
        return named.rpartition("/")[0] or ("/" if named.startswith("/") else "."), storage.list_files(named, suffixes)
    try:
        return named, storage.list_files(named, suffixes)
    except FileNotFoundError:
        if (wild := _WILD.search(named)) is None:
            raise
    before, _, after = named[: wild.start()].rpartition("/")
    root = before or ("/" if named.startswith("/") else ".")
    pattern = [*(part for part in f"{after}{named[wild.start() :]}".split("/") if part)]
    return root, [path for path in storage.list_files(root, suffixes) if _matches(path.split("/"), pattern)]


def _matches(parts: list[str], pattern: list[str]) -> bool:
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return _matches(parts, pattern[1:]) or (bool(parts) and _matches(parts[1:], pattern))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and _matches(parts[1:], pattern[1:])
