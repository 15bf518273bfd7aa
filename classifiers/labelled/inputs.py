"""Labelled documents out of folders and files: text, jsonl, CSV, Parquet, published shards."""

from __future__ import annotations

import csv
import glob
import gzip
import heapq
import io
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from classifiers.labelled.sites import site_of
from classifiers.models.manner import manner_of
from classifiers.models.preparation import prepare
from classifiers.models.shape import shape_of
from classifiers.models.trained_on import key_of
from classifiers.settings import LABEL_CHARACTERS, LabelledSource

PLAIN = (".txt", ".md")
SUFFIXES = (*PLAIN, ".jsonl", ".csv", ".parquet")
FIELD_BYTES = 2**27
"""Of one CSV field; Python's own limit is 128 KiB."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Document:
    """A labelled document. key: 16 bytes of BLAKE2b of the text; line: the prepared text; shape, manner: see there.

    manner: empty where no task needs it, since it takes six times as long as all the rest.
    """

    key: bytes
    label: str
    line: str
    site: str | None
    text_bytes: int
    shape: tuple[float, ...]
    manner: tuple[float, ...]


@dataclass(frozen=True)
class Found:
    """The documents of one source, ascending by key. blank, not_taken: rows that gave none, as in SourceSummary."""

    source: LabelledSource
    documents: list[Document]
    blank: int
    not_taken: int
    copies: int = 1
    """How often each document stands in training."""

    def without(self, keys: Set[bytes]) -> Found:
        """Those whose text is not among `keys`; the others are not taken."""
        left = [document for document in self.documents if document.key not in keys]
        return replace(self, documents=left, not_taken=self.not_taken + len(self.documents) - len(left))


def read(source: LabelledSource, with_manner: bool = False) -> Found:
    """The documents of a source: of equal texts one, and of more than `limit` those with the smallest hashes.

    Of the labels and sites of equal texts the first in their order is kept. So the result does not depend on the order
    of rows or the number of files. ValueError names the file and what is wrong.
    """
    held: dict[bytes, Document] = {}
    heap: list[int] = []  # of the held keys, the largest first
    rows = blank = 0
    for where, row in _rows(source):
        rows += 1
        found = _labelled(source, row, where)
        if found is None:
            blank += 1
            continue
        rank = -int.from_bytes(found.key, "big")
        if found.key in held:
            held[found.key] = found.instead_of(held[found.key])
        elif len(heap) < source.limit:
            heapq.heappush(heap, rank)
            held[found.key] = found.document(with_manner)
        elif rank > heap[0]:
            del held[(-heapq.heapreplace(heap, rank)).to_bytes(16, "big")]
            held[found.key] = found.document(with_manner)
    if not held:
        raise ValueError(f"sources.{source.name}.input: {source.input} has no document with a text{_of(source)}")
    return Found(source, [held[key] for key in sorted(held)], blank, rows - blank - len(held))


def _of(source: LabelledSource) -> str:
    return f" where {source.where}" if source.where else ""


@dataclass(frozen=True)
class _Labelled:
    """What decides whether a row is taken; the work on its text is done only then."""

    key: bytes
    utf8: bytes
    label: str
    site: str | None

    def document(self, with_manner: bool) -> Document:
        line, shape, manner = prepare(self.utf8), shape_of(self.utf8), manner_of(self.utf8) if with_manner else ()
        return Document(self.key, self.label, line, self.site, len(self.utf8), shape, manner)

    def instead_of(self, held: Document) -> Document:
        """That of the same text, with the smaller label and site of the two."""
        if (self.label, self.site or "") < (held.label, held.site or ""):
            return replace(held, label=self.label, site=self.site)
        return held


def _labelled(source: LabelledSource, row: Row, where: str) -> _Labelled | None:
    text = _value(source, row, "text", source.text, where)
    if not text or not text.strip():
        return None
    label = source.label
    if source.label_column is not None:
        named = _value(source, row, "label_column", source.label_column, where) or ""
        label = "_".join(named.replace("\0", " ").split())  # what parts words for fastText, too
        if not label:
            return None
        if len(label) > LABEL_CHARACTERS:
            raise ValueError(
                f"sources.{source.name}.label_column: {source.label_column} in {where} is no label: it has "
                f"{len(label):,} characters, and a label at most {LABEL_CHARACTERS}"
            )
    site = None if source.site is None else _value(source, row, "site", source.site, where)
    utf8 = text.encode()
    key = key_of(utf8)
    return _Labelled(key, utf8, label or "", site_of(site) if site else None)


def _value(source: LabelledSource, row: Row, key: str, column: str, where: str) -> str | None:
    """A cell as text that UTF-8 can hold, bytes decoded. ValueError where there is no such column, or no text in it."""
    try:
        value = _cell(row, column)
    except KeyError as error:
        there = ", ".join(map(str, row))
        raise ValueError(f"sources.{source.name}.{key}: no column {column} in {where}; there are {there}") from error
    if value is None:
        return None
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list | Mapping):
        raise ValueError(f"sources.{source.name}.{key}: {column} in {where} is not text")
    return str(value).encode("utf-8", "replace").decode()  # JSON may hold half of a surrogate pair


def _cell(row: Row, column: str) -> Any:
    if column in row:
        return row[column]
    head, dot, rest = column.partition(".")
    if not dot or not isinstance(row.get(head), Mapping):
        raise KeyError(column)
    return _cell(row[head], rest)


def _rows(source: LabelledSource) -> Iterator[tuple[str, Row]]:
    for path, relative in files_of(source):
        for number, row in enumerate(_rows_of(path, relative, source), start=1):
            where = f"{path}, row {number}"
            if all(_value(source, row, f"where.{name}", name, where) == is_ for name, is_ in source.where.items()):
                yield where, row


def files_of(source: LabelledSource) -> list[tuple[Path, str]]:
    """The files of a source, sorted, each with its path below `input`. ValueError where there is none."""
    root = Path(source.input)
    if root.is_dir():
        found = sorted(path for path in root.rglob("*") if path.is_file() and _suffix(path) in SUFFIXES)
        pairs = [(path, path.relative_to(root).as_posix()) for path in found]
    else:
        paths = [root] if root.is_file() else sorted(map(Path, glob.glob(source.input, recursive=True)))  # noqa: PTH207 (Path.glob takes no absolute pattern)
        if wrong := [path for path in paths if _suffix(path) not in SUFFIXES]:
            raise ValueError(
                f"sources.{source.name}.input: {wrong[0]} is none of {', '.join(SUFFIXES)} (text ones also with .gz)"
            )
        pairs = [(path, path.name) for path in paths]
    if not pairs:
        raise ValueError(
            f"sources.{source.name}.input: no file is called {source.input}; give a file, a folder with "
            f"{', '.join(SUFFIXES)}, or a glob, relative to the working directory"
        )
    return pairs


def _suffix(path: Path) -> str:
    return Path(path.name.removesuffix(".gz")).suffix


def _rows_of(path: Path, relative: str, source: LabelledSource) -> Iterable[Row]:
    match _suffix(path):
        case ".parquet":
            return _parquet(
                path, [one for one in (source.text, source.label_column, source.site, *source.where) if one]
            )
        case ".jsonl":
            return _jsonl(path)
        case ".csv":
            return _csv(path, source.columns)
        case _:
            return _plain(path, relative)


def _plain(path: Path, relative: str) -> Iterator[Row]:
    with _opened(path) as stream:
        yield {"text": stream.read(), "file": relative, "folder": path.parent.name}


def _parquet(path: Path, asked: list[str]) -> Iterator[Row]:
    """Rows of the columns that are asked for; of all where one is missing, which is said of the first row."""
    try:
        with pq.ParquetFile(path) as file:
            there = set(file.schema_arrow.names)
            found = [there & {one, one.partition(".")[0]} for one in asked]
            columns = sorted(set().union(*found)) if all(found) else None
            for batch in file.iter_batches(batch_size=1024, columns=columns):
                yield from batch.to_pylist()
    except pa.ArrowInvalid as error:
        raise ValueError(f"{path}: not Parquet: {error}") from error


def _jsonl(path: Path) -> Iterator[Row]:
    with _opened(path) as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise ValueError(f"{path}, line {number}: not JSON: {error}") from error
            if not isinstance(row, dict):
                raise ValueError(f"{path}, line {number}: a line must be a JSON object")
            yield row


def _csv(path: Path, columns: tuple[str, ...]) -> Iterator[Row]:
    csv.field_size_limit(FIELD_BYTES)
    with _opened(path) as stream:
        try:
            for row in csv.DictReader(stream, fieldnames=columns or None, restkey="(more)"):
                yield {str(name): value for name, value in row.items()}
        except csv.Error as error:
            raise ValueError(f"{path}: not CSV: {error}") from error


@contextmanager
def _opened(path: Path) -> Iterator[io.TextIOWrapper]:
    """Text of a file, .gz or not; bytes that are no UTF-8 become U+FFFD. ValueError names a .gz that is none."""
    with path.open("rb") as raw:
        binary = gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else raw
        try:
            yield io.TextIOWrapper(binary, encoding="utf-8-sig", errors="replace", newline="")
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ValueError(f"{path}: not gzip, or cut short: {error}") from error
