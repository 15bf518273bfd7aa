"""The user's files as shards of documents: rooms 10 and 30 of a run that has one source and no filter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import BinaryIO, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import ArrowInvalid

from pipeline import storage
from pipeline.config import Config, SourceConfig
from pipeline.dedup.settings import Deduplication
from pipeline.rooms import EXTRACTED, SIGNATURES
from pipeline.shard import Receipt, Shard, extract, sign
from pipeline.sources.source import InputFile, Outcome, Piece
from pipeline.sources.text import Text
from pipeline.sources.text_jsonl import json_records
from pipeline.sources.text_parquet import may_be_id
from pipeline.sources.text_record import RawRecord
from pipeline.survey import Prepared
from pipeline.timing import Stopwatch
from pipeline.trouble import ConfigError, EnvironmentTrouble

SOURCE = "corpus"
LOOKED_AT = 100
"""Records of a JSONL file that are asked for the named fields before any work; a field may be left out of some."""


class Tables(Text):
    """The source `text` over tables alone: a folder's notes and licences are no part of a corpus of rows.

    Where no column of ids is named a row is called `path#row`, the path as it stands below the inputs' folder, the
    first row 0; where one is named, a text without an id is text:no_id.
    """

    suffixes: ClassVar[tuple[str, ...]] = (".parquet", ".jsonl", ".jsonl.gz", ".jsonl.zst")
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


def check_columns(prepared: Prepared) -> None:
    """Look into every input for the named columns. Raises ConfigError that names file, column and what is there.

    Also for ids of a type that cannot name a row.
    """
    reader = prepared.config.sources[SOURCE].reader
    assert isinstance(reader, Text)
    options = {"--text": reader.text_column, "--id": reader.id_column, "--url": reader.url_column}
    wanted = {option: name for option, name in options.items() if name is not None}
    for known in prepared.inputs:
        path = storage.join(known.input.root, known.input.path)
        with storage.open_input(path) as stream:
            there = _columns(path, stream)
        for option, name in wanted.items():
            if there and name not in there:
                listed = ", ".join(sorted(there))
                raise ConfigError(f"{path}: there is no column {name}; give {option} one of: {listed:.500}")
            kind = there.get(name)
            if option == "--id" and kind is not None and not may_be_id(kind):
                raise ConfigError(
                    f"{path}: column {name} is {kind}; ids are texts, integers or binary of a fixed size (UUIDs): give "
                    "--id another column, or leave it out"
                )


def _columns(path: str, stream: BinaryIO) -> dict[str, pa.DataType | None]:
    """The columns of a table with their types; of JSON without.

    None where the table has no row, or cannot be read: that is said record by record.
    """
    if path.lower().endswith(".parquet"):
        try:
            return {column.name: column.type for column in pq.read_schema(stream)}
        except EnvironmentTrouble:
            raise
        except (ArrowInvalid, OSError):
            return {}
    records: Iterable[object] = islice(json_records(Piece(InputFile(path, 0, "")), stream, 64 << 20), LOOKED_AT)
    names = (name for record in records if isinstance(record, RawRecord) and record.values for name in record.values)
    return dict.fromkeys(names)


def read_and_sign(shard: Shard) -> Receipt:
    """Commit one shard's documents and their signatures: a task."""
    watch = Stopwatch()
    with watch.room(EXTRACTED):
        documents = extract(shard, watch)
    with watch.room(SIGNATURES):
        signed = sign(shard, documents, watch)
    return Receipt(shard.name, (documents, signed), watch.rows())
