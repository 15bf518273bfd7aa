"""What files declare of their licence: the command `licence`, one JSON line a file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from resiliparse.parse.encoding import detect_encoding

from pipeline.extraction.charset import MARKS
from pipeline.extraction.html import extract
from pipeline.licences import reuse
from pipeline.licences.identify import Match, identify
from pipeline.licences.page import page_licence
from pipeline.licences.spdx_ids import NOT_KNOWN
from pipeline.licences.taxonomy import CONFLICTING, OPEN, PROPRIETARY, UNKNOWN, class_of, strictest
from pipeline.trouble import ConfigError

MAX_BYTES: Final = 1 << 22
MAX_QUOTE: Final = 200
_PAGE = re.compile(r"<(?:!doctype html|html|body)\b", re.IGNORECASE)


def class_of_matches(matches: Iterable[Match]) -> str:
    """The class of a text with these licences: the strictest of them; no licence is no permission.

    Terms that forbid copying beside an open licence are conflicting: only a person can tell what each is about.
    """
    classes = {class_of(match.spdx) for match in matches}
    if PROPRIETARY in classes and not OPEN.isdisjoint(classes) and UNKNOWN not in classes:
        return CONFLICTING
    return strictest(classes)


def told(paths: Iterable[str]) -> Iterator[dict[str, Any]]:
    """A row for each file, and for each file of a folder, in the order of their names; raises ConfigError for none.

    file; class; licences: spdx, class, start, end, confidence, quote, and like and against for altered texts; of a web
    page what it declares of itself, start and end in bytes of its UTF-8, and the place where; truncated: whether bytes
    beyond 4 MiB were not read; reuse: the FILE.license or REUSE.toml (in any case) that decides, if one.
    """
    for path in paths:
        place = Path(path)
        if not place.exists():
            raise ConfigError(f"{path}: no such file or folder")
        files = sorted(each for each in place.rglob("*") if each.is_file()) if place.is_dir() else [place]
        root = place if place.is_dir() else place.parent
        around = files if place.is_dir() else sorted(each for each in root.iterdir() if each.is_file())
        tables = {
            "" if toml.parent == root else toml.parent.relative_to(root).as_posix(): reuse.tables_of(_text_of(toml))
            for toml in around
            if toml.name.lower() == reuse.FILE
        }
        for file in files:
            yield _under_reuse(file, file.relative_to(root).as_posix(), tables)


def _under_reuse(file: Path, path: str, tables: dict[str, tuple[reuse.Annotation, ...]]) -> dict[str, Any]:
    """A row, with what REUSE says of the file; `reuse` names where."""
    companion = file.with_name(file.name + reuse.COMPANION)
    if companion.is_file():
        return _row(companion) | {"file": str(file), "reuse": str(companion)}
    found = reuse.stated(tables, path)
    row = _row(file)
    if found is None or (found[1].precedence == reuse.CLOSEST and row["licences"]):
        return row
    home, table = found
    licence = {"spdx": table.licence or NOT_KNOWN, "class": class_of(table.licence or NOT_KNOWN)}
    kept = row["licences"] if table.precedence == reuse.AGGREGATE else []
    named = [*kept, licence | {"confidence": 1.0, "quote": f"SPDX-License-Identifier = {table.licence}"}]
    where = f"{home}/REUSE.toml" if home else "REUSE.toml"
    return row | {"class": strictest(each["class"] for each in named), "licences": named, "reuse": where}


def _text_of(file: Path) -> str:
    return file.read_bytes()[:MAX_BYTES].decode("utf-8", "replace")


def _row(file: Path) -> dict[str, Any]:
    with file.open("rb") as stream:
        content = stream.read(MAX_BYTES + 1)
    raw = content[:MAX_BYTES]
    text = _decoded(raw)
    if _PAGE.search(text[:4096]):
        licences = _of_page(raw)
        category = strictest(each["class"] for each in licences)
    else:
        matches = identify(text)
        licences = [_told(match, text) for match in matches]
        category = class_of_matches(matches)
    return {"file": str(file), "class": category, "licences": licences, "truncated": len(content) > MAX_BYTES}


def _of_page(page: bytes) -> list[dict[str, Any]]:
    """What a page declares of its own licence: one row, or none."""
    found = page_licence(extract(page).licences)
    if found is None:
        return []
    return [
        {
            "spdx": found.spdx,
            "class": class_of(found.spdx),
            "start": found.start,
            "end": found.end,
            "confidence": found.confidence / 10_000,
            "quote": found.quote,
            "place": found.where,
        }
    ]


def _decoded(content: bytes) -> str:
    """The text by its byte order mark, as UTF-8, or as detected; empty for bytes that are none."""
    for mark, charset in MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(charset, "replace")
    if b"\0" in content[:8192]:
        return ""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode(detect_encoding(content) or "latin-1", "replace")


def _told(match: Match, text: str) -> dict[str, Any]:
    row: dict[str, Any] = {
        "spdx": match.spdx,
        "class": class_of(match.spdx),
        "start": match.start,
        "end": match.end,
        "confidence": match.confidence,
        "quote": " ".join(text[match.start : match.end][: 2 * MAX_QUOTE].split())[:MAX_QUOTE],
    }
    return row if match.against is None else row | {"like": match.like, "against": match.against}
