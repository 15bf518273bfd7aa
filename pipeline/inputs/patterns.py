"""Files that a user names: one file, a folder, a pattern such as `crawl/*/*.parquet`, or a list of names."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from pipeline import storage
from pipeline.inputs import paths_list

_WILD = re.compile(r"[*?\[]")


def named_files(
    named: str,
    suffixes: tuple[str, ...],
    left_out: storage.LeftOut | None = None,
    link_levels: int | None = None,
) -> tuple[str, dict[str, tuple[int, str] | None]]:
    """The folder that `named` speaks of, and the files in it that are meant, as `storage.list_stats` has them.

    A pattern stands for whole paths: `*`, `?` and `[abc]` match within one folder's or file's name, `**` any number of
    folders. What exists is taken by its name, whatever characters that has. A list (see `paths_list`) means the files
    that it names, which nobody has looked for yet. Raises FileNotFoundError where there is neither such a file nor such
    a folder, and as `storage.list_stats` does; a pattern may match nothing. `left_out` gets the names of files that are
    meant and end otherwise, and of links below `link_levels` folders.
    """
    out = storage.LeftOut() if left_out is None else left_out
    if paths_list.is_list(named):
        root, names = paths_list.listed(named)
        meant = {name: None for name in names if name.lower().endswith(suffixes or "")}
        out.files += [name for name in names if name not in meant]
        return root, {**meant}
    root, listed, pattern = _placed(named)
    if not pattern:
        return root, storage.list_stats(listed, suffixes, out, link_levels)
    others = storage.LeftOut()
    found = storage.list_stats(listed, suffixes, others, link_levels)
    out.files += [path for path in others.files if _matches(path.split("/"), pattern)]
    out.links += others.links
    return root, {path: stat for path, stat in found.items() if _matches(path.split("/"), pattern)}


def absent(named: str) -> str:
    """What a message says of a name under which nothing is."""
    return f"{named} does not exist{'' if storage.is_remote(named) else ' (relative to the working directory)'}"


def root_of(named: str) -> str:
    """The folder that `named` speaks of, without a listing of all that is in it."""
    return paths_list.listed(named)[0] if paths_list.is_list(named) else _placed(named)[0]


def _placed(named: str) -> tuple[str, str, list[str]]:
    """(the folder that is meant, what to list, the parts of the pattern: none where `named` exists or has none)."""
    if storage.exists(named):
        return named.rpartition("/")[0] or ("/" if named.startswith("/") else "."), named, []
    wild = _WILD.search(named)
    if wild is None or storage.list_names(named):
        return named, named, []
    root, pattern = _taken_apart(named, wild.start())
    return root, root, pattern


def would_name(named: str, path: str) -> bool:
    """Whether a file that was made at `path` would be one of those that `named` means, where that is no file itself."""
    path, wild = storage.absolute(path), _WILD.search(named)
    if path.startswith(f"{storage.absolute(named).rstrip('/')}/"):
        return True
    if wild is None:
        return False
    root, pattern = _taken_apart(named, wild.start())
    below = f"{storage.absolute(root).rstrip('/')}/"
    return path.startswith(below) and _matches(path.removeprefix(below).split("/"), pattern)


def _taken_apart(named: str, wild: int) -> tuple[str, list[str]]:
    """The folder before the first wild character of a pattern, which stands at `wild`, and the parts from there on."""
    before, _, after = named[:wild].rpartition("/")
    root = before or ("/" if named.startswith("/") else ".")
    return root, [part for part in f"{after}{named[wild:]}".split("/") if part]


def _matches(parts: list[str], pattern: list[str]) -> bool:
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return _matches(parts, pattern[1:]) or (bool(parts) and _matches(parts[1:], pattern))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and _matches(parts[1:], pattern[1:])
