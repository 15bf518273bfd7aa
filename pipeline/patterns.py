"""Files that a user names: one file, a folder, or a pattern such as `crawl/*/*.parquet`."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from pipeline import storage

_WILD = re.compile(r"[*?\[]")


def named_files(
    named: str, suffixes: tuple[str, ...], left_out: list[str] | None = None
) -> tuple[str, dict[str, tuple[int, str] | None]]:
    """The folder that `named` speaks of, and the files in it that are meant, as `storage.list_stats` has them.

    A pattern stands for whole paths: `*`, `?` and `[abc]` match within one folder's or file's name, `**` any number of
    folders. What exists is taken by its name, whatever characters that has. Raises FileNotFoundError where there is
    neither such a file nor such a folder, and as `storage.list_stats` does; a pattern may match nothing. `left_out`
    gets the names of files that are meant and end otherwise.
    """
    if storage.exists(named):
        root = named.rpartition("/")[0] or ("/" if named.startswith("/") else ".")
        return root, storage.list_stats(named, suffixes, left_out)
    try:
        return named, storage.list_stats(named, suffixes, left_out)
    except FileNotFoundError:
        if (wild := _WILD.search(named)) is None:
            raise
    before, _, after = named[: wild.start()].rpartition("/")
    root = before or ("/" if named.startswith("/") else ".")
    pattern = [*(part for part in f"{after}{named[wild.start() :]}".split("/") if part)]
    others: list[str] = []
    found = storage.list_stats(root, suffixes, others)
    if left_out is not None:
        left_out += [path for path in others if _matches(path.split("/"), pattern)]
    return root, {path: stat for path, stat in found.items() if _matches(path.split("/"), pattern)}


def _matches(parts: list[str], pattern: list[str]) -> bool:
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return _matches(parts, pattern[1:]) or (bool(parts) and _matches(parts[1:], pattern))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and _matches(parts[1:], pattern[1:])
