"""The user's files as shards of documents: rooms 10 and 30 of a run that has one source and no filter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import BinaryIO, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import ArrowInvalid

from pipeline import storage
from pipeline.config import Config, SourceConfig
from pipeline.dedup.settings import Deduplication
from pipeline.process.timing import Stopwatch
from pipeline.rooms.names import EXTRACTED, SIGNATURES
from pipeline.shard.extract import extract
from pipeline.shard.shard import Receipt, Shard
from pipeline.shard.sign import sign
from pipeline.sources.source import InputFile, Outcome, Piece
from pipeline.sources.streams.raw_record import RawRecord, value_at
from pipeline.sources.text.jsonl import JSON_LINES, json_records
from pipeline.sources.text.parquet import column_path, may_be_id, may_be_text, type_at
from pipeline.sources.text.source import Text
from pipeline.trouble import ConfigError, EnvironmentTrouble

SOURCE = "corpus"
LOOKED_AT = 100
"""Records of a JSONL file that are asked for the named fields before any work; more until each was seen once."""


class Tables(Text):
    """The source `text` over tables alone: a folder's notes and licences are no part of a corpus of rows.

    Where no column of ids is named a row is called `path#row`, the path as it stands below the inputs' folder, the
    first row 0; where one is named, a text without an id is text:no_id.
    """

    suffixes: ClassVar[tuple[str, ...]] = (".parquet", *JSON_LINES)
    needs_ids: ClassVar[bool] = True
    version: ClassVar[int] = 100 + Text.version

    def read(self, piece: Piece, stream: BinaryIO) -> Iterator[Outcome]:
        """As `Text.read`, with the path where that has the digest of the content."""
        named = replace(piece, file=replace(piece.file, digest=piece.file.path))
        return super().read(named, stream)


def config_of(
    inputs: str,
    id_column: str | None,
    text_column: str,
    url_column: str | None,
    settings: Deduplication,
    named: str,
) -> Config:
    """The run that compares these files. Raises ConfigError for settings (file `named`) that mean nothing here."""
    if settings.url_sources:
        raise ConfigError(f"{named}: url_sources: all documents are of one source here; give --url COLUMN instead")
    for key, part in (("lines", settings.lines), ("passages", settings.passages)):
        if part and part.sources:
            raise ConfigError(f"{named}: {key}.sources: all documents are of one source here; remove the key")
    if settings.lines and url_column is None:
        raise ConfigError(f"{named}: lines: they are compared within a site; give --url COLUMN, too")
    if settings.source_priority:
        raise ConfigError(f"{named}: source_priority: all documents are of one source here; remove the key")
    if settings.scope != "global":
        raise ConfigError(
            f"{named}: scope: all documents given are compared here; remove the key, or use a run's config"
        )
    if extra := [name for name in settings.columns if name not in Deduplication().columns]:
        raise ConfigError(
            f"{named}: {', '.join(extra)}: only ids and texts are read here; remove the key, or use a run's config"
        )
    reader = Tables(id_column=id_column, text_column=text_column, url_column=url_column)
    if url_column is not None:
        settings = settings.model_copy(update={"url_sources": (SOURCE,)})
    sources = {SOURCE: SourceConfig(reader=reader, inputs=inputs)}
    return Config(run="dedup", sources=sources, filter=(), dedup=settings)


def check_columns(paths: Sequence[str], id_column: str | None, text_column: str, url_column: str | None) -> None:
    """Look into every input for the named columns. Raises ConfigError that names file, column and what is there.

    Also for a column of a type that is not read, or that cannot name a row, and for a file that is not there.
    """
    options = {"--text": text_column, "--id": id_column, "--url": url_column}
    wanted = {option: name for option, name in options.items() if name is not None}
    for path in paths:
        try:
            with storage.open_input(path) as stream:
                there = _columns(path, stream, set(wanted.values()))
        except FileNotFoundError as error:
            raise ConfigError(f"--input: {path} is named and is not there") from error
        for option, name in wanted.items():
            kinds = [kind for column, kind in there if column == name]
            if there and len(kinds) != 1:
                said = f"there are {len(kinds)} columns" if kinds else "there is no column"
                listed = ", ".join(sorted({column for column, _ in there} - ({name} if kinds else set())))
                raise ConfigError(f"{path}: {said} {name}; give {option} one of: {listed:.500}")
            if kinds and kinds[0] is not None:
                _check_kind(path, option, name, kinds[0])


def _check_kind(path: str, option: str, name: str, kind: pa.DataType) -> None:
    if option == "--id" and not may_be_id(kind):
        raise ConfigError(
            f"{path}: column {name} is {kind}; ids are texts, integers or binary of a fixed size (UUIDs): give "
            "--id another column, or leave it out"
        )
    if option != "--id" and not may_be_text(kind) and not pa.types.is_null(kind):
        what = "texts" if option == "--text" else "addresses"
        raise ConfigError(f"{path}: column {name} is {kind}; {what} are strings: give {option} another column")


def _columns(path: str, stream: BinaryIO, wanted: set[str]) -> list[tuple[str, pa.DataType | None]]:
    """The columns of a table with their types; of JSON without, and those of its first records.

    None where the table has no row, or cannot be read: that is said record by record.
    """
    if path.lower().endswith(".parquet"):
        try:
            schema = pq.read_schema(stream)
        except EnvironmentTrouble:
            raise
        except (ArrowInvalid, OSError):
            return []
        paths = {name: column_path(schema, name) or () for name in sorted(wanted)}
        within = [(name, type_at(schema, path)) for name, path in paths.items() if len(path) > 1]
        return [*((column.name, column.type) for column in schema), *within]
    names: dict[str, None] = {}
    for number, record in enumerate(json_records(Piece(InputFile(path, 0, "")), stream, 64 << 20)):
        if number >= LOOKED_AT and (not names or wanted <= names.keys()):
            break
        if isinstance(record, RawRecord):
            values = record.values or {}
            names |= dict.fromkeys(values if number < LOOKED_AT else ())
            names |= {name: None for name in sorted(wanted) if name in values or value_at(values, name) is not None}
    return [(name, None) for name in names]


def read_and_sign(shard: Shard) -> Receipt:
    """Commit one shard's documents and their signatures: a task."""
    watch = Stopwatch()
    with watch.room(EXTRACTED):
        documents = extract(shard, watch)
    with watch.room(SIGNATURES):
        signed = sign(shard, documents, watch)
    return Receipt(shard.name, (documents, signed), watch.rows())
