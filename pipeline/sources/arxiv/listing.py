"""arXiv's listing of its papers: who wrote each, when it was submitted, and under which licence arXiv got it.

A JSON object a line (`id`, `title`, `authors`, `authors_parsed`, `license`, `versions`), as in the snapshot that arXiv
publishes at https://www.kaggle.com/datasets/Cornell-University/arxiv: some GB for all papers. Of it only the place of
each line is kept, 16 bytes a paper; a line is read when its paper is.
"""

from __future__ import annotations

import hashlib
import json
import re
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.trouble import EnvironmentTrouble

MAX_LINE_BYTES = 4 << 20  # an abstract has 2,000 characters, a collaboration 3,000 authors
_ID = re.compile(rb'\s*\{\s*"id"\s*:\s*"([^"\\]{1,64})"')
_LICENCE = re.compile(r"https?://(?:creativecommons|arxiv)\.org/[\w./-]{1,100}")


@dataclass(frozen=True, slots=True)
class Listed:
    """What the listing says of a paper; None where it says nothing. date: YYYY-MM-DD of the first version."""

    title: str | None
    author: str | None
    date: str | None
    licence: str | None


@dataclass(frozen=True, slots=True)
class _Index:
    keys: NDArray[np.uint64]  # (papers,) hashes of identifiers, sorted
    places: NDArray[np.uint64]  # (papers,) bytes at which their lines begin


_states: dict[str, tuple[int, int]] = {}  # of each listing, when its digest was asked for last


def digest_of(path: str) -> str:
    """sha256 of a listing as it is now: a worker may live longer than a run.

    Raises FileNotFoundError, and ValueError where its first line is of no paper.
    """
    _states[path] = state = _state(path)
    return _digest(path, state)


def _state(path: str) -> tuple[int, int]:
    status = Path(path).stat()
    return status.st_size, status.st_mtime_ns


@lru_cache(maxsize=4)
def _digest(path: str, state: tuple[int, int]) -> str:
    del state
    with Path(path).open("rb") as stream:
        if _id_of(stream.readline(MAX_LINE_BYTES)) is None:
            raise ValueError(f"{path}: its first line is no JSON object with an id, as in arXiv's metadata snapshot")
        stream.seek(0)
        return hashlib.file_digest(stream, "sha256").hexdigest()


def listed(path: str, work: str) -> Listed | None:
    """What the listing in `path` says of the paper with identifier `work`; None where it does not have it.

    Of two lines the first counts. Raises EnvironmentTrouble where the file has changed since its digest was asked for.
    """
    state = _state(path)
    if _states.setdefault(path, state) != state:
        raise EnvironmentTrouble(f"{path}: changed since the run began; give the command again")
    index = _index_of(path, state)
    key = np.uint64(_key(work.encode()))
    at = int(np.searchsorted(index.keys, key))
    if at == len(index.keys) or index.keys[at] != key:
        return None
    with Path(path).open("rb") as stream:
        stream.seek(int(index.places[at]))
        line = stream.readline(MAX_LINE_BYTES)
    found = _object(line)
    return _listed(found) if found is not None and _id_of(line) == work.encode() else None


@lru_cache(maxsize=2)
def _index_of(path: str, state: tuple[int, int]) -> _Index:
    """Of the content that the file has in that state; made once a process."""
    del state
    keys, places = array("Q"), array("Q")
    for place, line in _lines(path):
        name = _id_of(line)
        if name is not None:
            keys.append(_key(name))
            places.append(place)
    hashes = np.frombuffer(keys, np.uint64)
    order = np.argsort(hashes, kind="stable")
    return _Index(hashes[order], np.frombuffer(places, np.uint64)[order])


def _lines(path: str) -> Iterator[tuple[int, bytes]]:
    place = 0
    with Path(path).open("rb") as stream:
        while line := stream.readline(MAX_LINE_BYTES):
            yield place, line
            place += len(line)


def _id_of(line: bytes) -> bytes | None:
    if (found := _ID.match(line)) is not None:
        return found[1]
    name = (_object(line) or {}).get("id")
    return name.encode("utf-8", "replace") if isinstance(name, str) else None


def _key(name: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(name, digest_size=8, person=b"arxiv").digest(), "big")


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _listed(found: Mapping[str, Any]) -> Listed:
    licence = found.get("license")
    return Listed(
        title=_words(found.get("title")),
        author=_authors(found.get("authors_parsed")) or _words(found.get("authors")),
        date=_date(found.get("versions")),
        licence=licence if isinstance(licence, str) and _LICENCE.fullmatch(licence) else None,
    )


def _words(said: object) -> str | None:
    return (" ".join(said.split()) or None) if isinstance(said, str) else None


def _authors(parsed: object) -> str | None:
    """Of [surname, first names, suffix] each, as they are written."""
    names = []
    for one in parsed if isinstance(parsed, list) else ():
        if isinstance(one, list) and len(one) >= 2 and all(isinstance(part, str) for part in one):
            names.append(" ".join(" ".join([one[1], one[0], *one[2:3]]).split()))
    return ", ".join(filter(None, names)) or None


def _date(versions: object) -> str | None:
    first = versions[0] if isinstance(versions, list) and versions else None
    created = first.get("created") if isinstance(first, dict) else None
    try:
        return parsedate_to_datetime(created).date().isoformat() if isinstance(created, str) else None
    except (ValueError, OverflowError):
        return None
