"""`python -m pipeline contamination`: a corpus against benchmarks; hits, a report, what of each benchmark is clean."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline import storage
from pipeline.contamination.benchmarks import detector_of
from pipeline.contamination.detector import Detector, Hit
from pipeline.contamination.index import ANSWER
from pipeline.contamination.items import records
from pipeline.contamination.kinds import KINDS
from pipeline.contamination.page import page
from pipeline.contamination.telling import Example, Told, told_of
from pipeline.patterns import named_files
from pipeline.schema import field as column
from pipeline.trouble import ConfigError

BATCH_ROWS = 1024
EXAMPLES = 12  # of a benchmark, the closest kinds first
SHOWN_BYTES = 1200  # of an example's document, about the hit

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


@dataclass
class _Tally:
    """What is known of the hits so far: of each item the closest kind, of each benchmark some examples."""

    detector: Detector
    documents: int = 0
    bytes: int = 0
    documents_hit: int = 0
    hits: int = 0
    closest: dict[int, str] = field(default_factory=dict)
    examples: dict[str, list[Example]] = field(default_factory=dict)
    documents_of: dict[str, int] = field(default_factory=dict)
    sources_of: dict[str, dict[str, int]] = field(default_factory=dict)

    def add(self, batch: dict[str, Any], hits: list[Hit]) -> None:
        items, parts = self.detector.index.items, set()
        for hit in hits:
            name = items[hit.item].benchmark
            parts.add((name, hit.row))
            known = self.closest.get(hit.item)
            if known is None or KINDS.index(hit.kind) < KINDS.index(known):
                self.closest[hit.item] = hit.kind
            self._example(name, batch, hit)
        self.hits += len(hits)
        self.documents_hit += len({hit.row for hit in hits})
        for name, row in sorted(parts):
            self.documents_of[name] = self.documents_of.get(name, 0) + 1
            source = batch["source"][row] or "(no source)"
            of_source = self.sources_of.setdefault(name, {})
            of_source[source] = of_source.get(source, 0) + 1

    def _example(self, name: str, batch: dict[str, Any], hit: Hit) -> None:
        held = self.examples.setdefault(name, [])
        if len(held) == EXAMPLES and KINDS.index(hit.kind) >= KINDS.index(held[-1].kind):
            return
        if any(other.item == hit.item for other in held):
            return
        text = batch["text"][hit.row].as_buffer().to_pybytes()
        end = min(hit.end, hit.begin + SHOWN_BYTES)
        spans = (
            (max(0, hit.begin - SHOWN_BYTES // 4), hit.begin),
            (hit.begin, end),
            (end, min(len(text), end + SHOWN_BYTES // 4)),
        )
        before, stretch, behind = (text[first:last].decode(errors="ignore") for first, last in spans)
        item = self.detector.index.items[hit.item]
        asked = item.answer if hit.role == ANSWER else "\n".join((item.question, *item.choices))
        doc_id = batch["doc_id"][hit.row]
        said = (item.id, hit.role, hit.kind, hit.score_e4, asked, before, stretch, behind, doc_id)
        held.append(Example(hit.item, *said))
        held.sort(key=lambda example: KINDS.index(example.kind))
        del held[EXAMPLES:]


def check(asked: Check) -> Told:
    """Look for all items in all documents and write the result; raises ConfigError for what cannot be read.

    `hits.parquet`, `summary.json`, `report.html`, and by benchmark `clean/*.jsonl.gz` (its records of which nothing was
    found) and `too_short/*.jsonl.gz` (those that could not be looked for). What was there before is replaced.
    """
    root, files = named_files(asked.inputs, (".parquet",))
    if not files:
        raise ConfigError(f"--input {asked.inputs}: no file that ends in .parquet")
    try:
        detector = detector_of(asked.benchmarks, asked.fields)
    except FileNotFoundError as error:
        raise ConfigError(f"--benchmarks {asked.benchmarks}: {error}") from error
    tally = _Tally(detector)
    path = storage.join(asked.output, "hits.parquet")
    with storage.Draft(path) as draft:
        with pq.ParquetWriter(draft.file, HITS, compression="zstd") as writer:
            for file in files:
                for start, batch in _batches(storage.join(root, file), file, asked):
                    hits = detector.hits(batch["text"])
                    tally.add(batch, hits)
                    tally.documents += len(batch["text"])
                    tally.bytes += pc.sum(pc.binary_length(batch["text"])).as_py() or 0
                    writer.write_batch(_rows(detector, batch, hits, file, start))
        storage.remove(path)
        draft.publish()
    told = told_of(detector.index, tally.closest, tally.examples, tally.documents_of, tally.sources_of)
    told = told.with_corpus(len(files), tally.documents, tally.bytes, tally.documents_hit, tally.hits)
    _write_subsets(asked, detector, tally.closest)
    storage.replace(storage.join(asked.output, "summary.json"), told.json().encode())
    storage.replace(storage.join(asked.output, "report.html"), page(told).encode())
    return told


def _batches(path: str, file: str, asked: Check) -> Iterator[tuple[int, dict[str, Any]]]:
    """(first row, columns) of a file, by batch: text as `large_string` without nulls, the others as lists."""
    with storage.open_input(path) as stream:
        try:
            table = pq.ParquetFile(stream)
        except pa.ArrowInvalid as error:
            raise ConfigError(f"{path}: not Parquet: {error}") from error
        names = table.schema_arrow.names
        id_column = asked.id_column or ("doc_id" if "doc_id" in names else None)
        for option, name in (("--text", asked.text_column), ("--id", id_column)):
            if name is not None and name not in names:
                raise ConfigError(f"{path}: there is no column {name}; give {option} one of: {', '.join(names):.500}")
        extra = [name for name in (id_column, "source", "url") if name in names]
        start = 0
        for batch in table.iter_batches(BATCH_ROWS, columns=list(dict.fromkeys([asked.text_column, *extra]))):
            size = batch.num_rows
            text = pc.fill_null(batch.column(asked.text_column).cast(pa.large_string()), "")
            held: dict[str, Any] = {"text": text}
            for name in ("source", "url"):
                held[name] = batch.column(name).cast(pa.string()).to_pylist() if name in names else [None] * size
            rows = range(start, start + size)
            ids = batch.column(id_column).cast(pa.string()).to_pylist() if id_column else [None] * size
            held["doc_id"] = [own or f"{file}#{row}" for own, row in zip(ids, rows, strict=True)]
            yield start, held
            start += size


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


def _write_subsets(asked: Check, detector: Detector, closest: dict[int, str]) -> None:
    """Of every benchmark the records of which nothing was found, and those that could not be looked for."""
    items, short = detector.index.items, set(detector.index.too_short)
    of_file: dict[str, dict[int, tuple[str, str]]] = {}
    for number, item in enumerate(items):
        folder = "hit" if number in closest else "too_short" if number in short else "clean"
        of_file.setdefault(item.file, {})[item.row] = (folder, item.benchmark)
    lines: dict[tuple[str, str], list[bytes]] = {
        (folder, item.benchmark): [] for item in items for folder in ("clean", "too_short")
    }
    for file, rows in of_file.items():
        for row, record in records(asked.benchmarks, file):
            folder, benchmark = rows.get(row, ("hit", ""))
            if folder != "hit":
                line = json.dumps(record, ensure_ascii=False, default=str) + "\n"
                lines[folder, benchmark].append(line.encode())
    for (folder, benchmark), held in lines.items():
        packed = io.BytesIO()
        with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as stream:
            stream.writelines(held)
        name = f"{benchmark.replace('/', '_')}.jsonl.gz"
        storage.replace(storage.join(asked.output, folder, name), packed.getvalue())
