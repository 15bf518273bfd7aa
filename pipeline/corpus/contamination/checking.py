"""`python -m pipeline contamination`: a corpus against benchmarks; hits, a report, what of each benchmark is clean."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline import storage
from pipeline.contamination.benchmarks import detector_of, fingerprint
from pipeline.contamination.detector import Detector, Hit
from pipeline.contamination.kinds import KINDS
from pipeline.corpus.contamination.page import page
from pipeline.corpus.contamination.subsets import write_subsets
from pipeline.corpus.contamination.tally import Tally
from pipeline.corpus.contamination.telling import Told, told_of
from pipeline.inputs.patterns import absent, named_files
from pipeline.schema import field as column
from pipeline.trouble import ConfigError

BATCH_ROWS = 1024

HITS = pa.schema(
    [
        column("benchmark", pa.string(), "name of the benchmark", nullable=False),
        column("item_id", pa.string(), "the item's own id, or its row", nullable=False),
        column("item_file", pa.string(), "its file, below the benchmarks' folder", nullable=False),
        column("item_row", pa.int64(), "its row there, first is 0", nullable=False),
        column("part", pa.string(), "question | answer | choice | question and choices", nullable=False),
        column("kind", pa.string(), f"how the document differs: {' | '.join(KINDS)}", nullable=False),
        column("doc_id", pa.string(), "the document: its id column, or file#row", nullable=False),
        column("source", pa.string(), "its source, where it names one"),
        column("url", pa.string(), "its address, where it has one"),
        column("file", pa.string(), "its file, below the inputs' folder", nullable=False),
        column("row", pa.int64(), "its row there, first is 0", nullable=False),
        column("start", pa.int64(), "first byte of the hit in the document's text", unit="UTF-8 bytes", nullable=False),
        column("stop", pa.int64(), "the byte after its last one", unit="UTF-8 bytes", nullable=False),
        column("score", pa.int16(), "share of the part's information that is there", unit="1e-4", nullable=False),
        column("choices", pa.int16(), "choices of the item behind the question", unit="choices", nullable=False),
    ]
)
"""Sorted by (file, row, start)."""


@dataclass(frozen=True)
class Check:
    """What the user asked for."""

    benchmarks: str
    inputs: str
    output: str
    fields: str | None = None
    text_column: str = "text"
    id_column: str | None = None


def check(asked: Check) -> Told:
    """Look for all items in all documents and write the result; raises ConfigError for what cannot be read.

    `hits.parquet`, `summary.json`, `report.html`, and by benchmark `clean/*.jsonl.gz` (its records of which nothing was
    found) and `too_short/*.jsonl.gz` (those that could not be looked for, records without an item among them). What an
    earlier check left there is replaced, and its `hits.parquet` is no input, wherever it lies.
    """
    try:
        root, named = named_files(asked.inputs, (".parquet",))
    except FileNotFoundError as error:
        raise ConfigError(f"--input {absent(asked.inputs)}") from error
    files = [file for file in named if not _is_result(storage.join(root, file))]
    if not files:
        raise ConfigError(f"--input {asked.inputs}: no file of documents that ends in .parquet")
    path = storage.join(asked.output, "hits.parquet")
    if storage.exists(path) and not _is_result(path):
        raise ConfigError(f"--output {asked.output}: {path} is no result of this command; name another folder")
    try:
        fingerprint(asked.benchmarks, asked.fields)
        detector = detector_of(asked.benchmarks, asked.fields)
    except FileNotFoundError as error:
        raise ConfigError(f"--benchmarks {asked.benchmarks}: {error}") from error
    tally = Tally(detector, len(files))
    with storage.Draft(path) as draft:
        with pq.ParquetWriter(draft.file, HITS, compression="zstd") as writer:
            for file in files:
                for start, batch in _batches(storage.join(root, file), file, asked):
                    hits = detector.hits(batch["text"])
                    tally.add(batch, hits)
                    writer.write_batch(_rows(detector, batch, hits, file, start))
        storage.remove(path)
        draft.publish()
    told = told_of(tally, write_subsets(asked.benchmarks, asked.fields, asked.output, detector.index, tally.closest))
    storage.replace(storage.join(asked.output, "summary.json"), told.json().encode())
    storage.replace(storage.join(asked.output, "report.html"), page(told).encode())
    return told


def _parquet(stream: BinaryIO, path: str) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(stream)
    except pa.ArrowInvalid as error:
        raise ConfigError(f"{path}: not Parquet: {error}") from error


def _is_result(path: str) -> bool:
    """Whether a Parquet file is the hits of a check."""
    with storage.open_input(path) as stream:
        return bool(_parquet(stream, path).schema_arrow.names == HITS.names)


def _batches(path: str, file: str, asked: Check) -> Iterator[tuple[int, dict[str, Any]]]:
    """(first row, columns) of a file, by batch: text as `large_string` without nulls, the others as lists."""
    with storage.open_input(path) as stream:
        table = _parquet(stream, path)
        types = {one.name: one.type for one in table.schema_arrow}
        id_column = asked.id_column or ("doc_id" if "doc_id" in types else None)
        for option, name, fits in (("--text", asked.text_column, _is_text), ("--id", id_column, _is_id)):
            if name is not None and name not in types:
                raise ConfigError(f"{path}: there is no column {name}; give {option} one of: {', '.join(types):.500}")
            if name is not None and not fits(types[name]):
                raise ConfigError(f"{path}: column {name} holds {types[name]}, which {option} cannot be")
        told = [name for name in ("source", "url") if name in types and _is_text(types[name])]
        read = [name for name in (asked.text_column, id_column, *told) if name is not None]
        start = 0
        for batch in table.iter_batches(BATCH_ROWS, columns=list(dict.fromkeys(read))):
            size = batch.num_rows
            text = pc.fill_null(batch.column(asked.text_column).cast(pa.large_string()), "")
            held: dict[str, Any] = {"text": text}
            for name in ("source", "url"):
                held[name] = batch.column(name).cast(pa.string()).to_pylist() if name in told else [None] * size
            rows = range(start, start + size)
            ids = batch.column(id_column).cast(pa.string()).to_pylist() if id_column else [None] * size
            held["doc_id"] = [own or f"{file}#{row}" for own, row in zip(ids, rows, strict=True)]
            yield start, held
            start += size


def _is_text(held: pa.DataType) -> bool:
    if pa.types.is_dictionary(held):
        return _is_text(held.value_type)
    return bool(pa.types.is_string(held) or pa.types.is_large_string(held) or pa.types.is_string_view(held))


def _is_id(held: pa.DataType) -> bool:
    return _is_text(held) or bool(pa.types.is_integer(held))


def _rows(detector: Detector, batch: dict[str, Any], hits: list[Hit], file: str, start: int) -> pa.RecordBatch:
    items = [detector.index.items[hit.item] for hit in hits]
    columns = {
        "benchmark": [item.benchmark for item in items],
        "item_id": [item.id for item in items],
        "item_file": [item.file for item in items],
        "item_row": [item.row for item in items],
        "part": [hit.role for hit in hits],
        "kind": [hit.kind for hit in hits],
        **{name: [batch[name][hit.row] for hit in hits] for name in ("doc_id", "source", "url")},
        "file": [file] * len(hits),
        "row": [start + hit.row for hit in hits],
        "start": [hit.begin for hit in hits],
        "stop": [hit.end for hit in hits],
        "score": [hit.score_e4 for hit in hits],
        "choices": [hit.choices for hit in hits],
    }
    return pa.RecordBatch.from_arrays([pa.array(columns[f.name], f.type) for f in HITS], schema=HITS)
