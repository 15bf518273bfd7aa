"""The library on disk, beside the compiled kernels: reading the list takes 1.6 CPU seconds of a process, this 0.2.

The file is JSON behind its own digest; words are numbers of a vocabulary. It is named after all that it is made of,
the bytes of the list, of the classes of its ids and of our own modules and the version of Python's tables of letters,
so that a file is right or has another name. One that is torn, or written in another way than here, is made anew; one
that somebody else may have written is not read.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import time
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final

from pipeline.licences.taxonomy import ships_classes
from pipeline.licences.texts.library import Library, Text, read, ships_texts
from pipeline.licences.texts.templates import Template, Zone
from pipeline.process.kernels import STALE_S, VARIABLE

_OURS: Final = Path(__file__).resolve().parent.parent
_NAME: Final = "licences-{}.json"


@lru_cache(maxsize=1)
def library() -> Library:
    """The library of this process."""
    listed = ships_texts().read_bytes()
    file = place(listed, ships_classes().read_bytes())
    kept = load(file) if file is not None else None
    if kept is not None:
        return kept
    made = read(listed)
    if file is not None:
        keep(file, made)
    return made


def place(*made_of: bytes) -> Path | None:
    """The file of the library made of these bytes and by our modules; None where kernels are not cached either."""
    folder = os.environ.get(VARIABLE)
    if folder is None:
        return None
    digest = hashlib.blake2b(unicodedata.unidata_version.encode(), digest_size=8)
    for part in (*made_of, *(path.read_bytes() for path in sorted(_OURS.rglob("*.py")))):
        digest.update(len(part).to_bytes(8, "big") + part)
    return Path(folder) / _NAME.format(digest.hexdigest())


def load(file: Path) -> Library | None:
    """The library of a file; None where there is none, or none that this module wrote for this user."""
    try:
        with file.open("rb") as stream:
            found = os.fstat(stream.fileno())
            if found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                return None
            digest, _, content = stream.read().partition(b"\n")
    except OSError:
        return None
    if digest != _digest(content):
        return None
    try:
        return _unpacked(json.loads(content))
    except (ValueError, TypeError, KeyError, IndexError):  # of another make
        return None


def keep(file: Path, library: Library) -> None:
    """Write the file at once, and remove those of other versions that nobody has written for STALE_S.

    The draft is a new file of a name that nobody can foresee: the folder may be one that others write to, too, from
    other machines with processes of the same number.
    """
    content = json.dumps(_packed(library), separators=(",", ":")).encode()
    draft = None
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}-", delete=False) as stream:
            draft = Path(stream.name)
            stream.write(_digest(content) + b"\n" + content)
        draft.replace(file)
        for other in (*file.parent.glob(_NAME.format("*")), *file.parent.glob(f".{_NAME.format('*')}-*")):
            if time.time() - other.stat().st_mtime > STALE_S and other != file:
                other.unlink()
    except OSError:  # a full disk, or somebody else was first: the next process makes it again
        with suppress(OSError):
            if draft is not None:
                draft.unlink()


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content).hexdigest().encode()


def _packed(library: Library) -> dict[str, Any]:
    numbers: dict[str, int] = {}

    def code(words: Iterable[str]) -> list[int]:
        return [numbers.setdefault(word, len(numbers)) for word in words]

    packed = {
        "templates": [
            [
                each.spdx,
                each.is_notice,
                code(each.words),
                "".join("1" if optional else "0" for optional in each.optional),
                [
                    [zone.start, zone.stop, code(sorted(zone.words)), zone.wild, zone.may_be_empty]
                    for zone in each.zones
                ],
                each.blocks,
                each.is_closed,
                each.disclaimer,
            ]
            for each in library.templates
        ],
        "ordinary": code(sorted(library.ordinary)),
        "permissive": list(map(code, library.permissive)),
        "notices": list(map(code, library.notices)),
    }
    return packed | {"words": list(numbers)}


def _unpacked(packed: dict[str, Any]) -> Library:
    words: list[str] = packed["words"]

    def text(numbers: list[int]) -> Text:
        return tuple(map(words.__getitem__, numbers))

    return Library(
        tuple(
            Template(
                spdx,
                is_notice,
                text(said),
                tuple(each == "1" for each in optional),
                tuple(
                    Zone(start, stop, frozenset(text(free)), wild, may_be_empty)
                    for start, stop, free, wild, may_be_empty in zones
                ),
                tuple((start, stop, begun) for start, stop, begun in blocks),
                is_closed,
                disclaimer,
            )
            for spdx, is_notice, said, optional, zones, blocks, is_closed, disclaimer in packed["templates"]
        ),
        frozenset(text(packed["ordinary"])),
        tuple(map(text, packed["permissive"])),
        tuple(map(text, packed["notices"])),
    )
