"""Room 10: every raw record of a shard becomes a row, a ledger row or a count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pyarrow as pa

from pipeline.process import interrupts
from pipeline.process.timing import Stopwatch
from pipeline.rooms import tombstones
from pipeline.rooms.manifest import Manifest, Place, commit
from pipeline.rooms.names import EXTRACTED
from pipeline.rooms.recipe import libraries, recipe_of, schema_of
from pipeline.rooms.tables import BATCH_BYTES, BATCH_ROWS, LAYOUT, TableFile
from pipeline.schema import DOCUMENT, LEDGER, THE_CONFIG, doc_id_of
from pipeline.shard import records
from pipeline.shard.ledger import Counts, Ledger
from pipeline.shard.shard import VERSION, Shard
from pipeline.sources.source import KILLED_WORKER, Dropped, Merged, NotADocument, Outcome, Row

MAX_TITLE = 4096  # characters; a longer title is cut
MAX_URL = 16384  # characters; a longer address is left out: the beginning of one leads elsewhere
STRINGS = tuple(f.name for f in DOCUMENT if pa.types.is_string(f.type) and f.name in Row.__slots__ and f.name != "text")


def extraction_parts(shard: Shard) -> dict[str, Any]:
    """What decides the outcome of extraction."""
    entry = shard.config.sources[shard.source]
    left_out = sorted([one.place, one.kind, one.key] for one in shard.quarantined)
    return (
        {
            "input": [
                [p.file.path, p.file.digest, p.start, p.stop, *([file.path, file.digest] for file in p.beside)]
                for p in shard.pieces
            ]
            if shard.share is None
            else [shard.share.files, shard.share.low, shard.share.high],
            "version": VERSION,
            "source": [
                shard.source,
                entry.reader.model_dump(mode="json", exclude=set(entry.reader.places)),
                entry.reader.version,
                entry.licence,
                entry.licence_basis,
                *filter(None, [entry.reader.fingerprint()]),
            ],
            "sample": repr(shard.record_rate),
            "schema": [schema_of(DOCUMENT), schema_of(LEDGER), LAYOUT],
            "libraries": libraries({"pyarrow", *entry.reader.decides_with}),
        }
        | ({"join": records.JOIN} if shard.share is not None else {})
        | ({"tombstones": shard.tombstones} if shard.tombstones else {})
        | ({"quarantine": left_out} if left_out else {})
    )


def extract(shard: Shard, watch: Stopwatch) -> Manifest:
    """Room 10: every raw record becomes a row, a ledger row or a count."""
    recipe, parts = recipe_of(extraction_parts(shard))
    place = Place(shard.data, EXTRACTED, shard.name, recipe)
    if (done := place.committed()) is not None:
        return done
    counts = Counts(shard.source)
    with TableFile(place, "rows", ".parquet", DOCUMENT) as rows, Ledger(place, LEDGER) as ledger:
        for batch in _documents(shard, watch, counts, ledger):
            with watch.stage("write", batch.num_rows, batch.nbytes):
                rows.write(batch)
        files = (rows.publish(), ledger.publish())
    return commit(place, Manifest(EXTRACTED, shard.name, recipe, parts, files, counts.done()))


def _documents(shard: Shard, watch: Stopwatch, counts: Counts, ledger: Ledger) -> Iterator[pa.RecordBatch]:
    waiting: list[Row] = []
    paths: list[str] = []
    held = 0
    gone = shard.taken_down()
    deadly = shard.deadly_rows()
    for path, found in watch.each("extract", shard.records().outcomes(), _one):
        interrupts.check()
        outcome = _taken_down(shard.source, found, gone) if gone else found
        if deadly and isinstance(outcome, Row) and (path, outcome.natural_key) in deadly:
            outcome = Dropped(KILLED_WORKER, outcome.natural_key, outcome.raw_offset, outcome.raw_bytes)
        size = 0
        if isinstance(outcome, Row):
            size = len(outcome.text.encode())
            counts.add("kept", "kept", 1, outcome.raw_bytes, size)
            waiting.append(_bounded(outcome))
            paths.append(path)
            held += size + _beside_text(waiting[-1])
        elif isinstance(outcome, NotADocument):
            counts.add("not_a_document", outcome.reason, 1, outcome.raw_bytes, 0)
        else:
            counts.add(ledger.add_record(shard.source, path, outcome), outcome.reason, 1, outcome.raw_bytes, 0)
        if len(waiting) >= BATCH_ROWS or held >= BATCH_BYTES:
            yield _batch(shard, waiting, paths)
            waiting, paths, held = [], [], 0
    if waiting:
        yield _batch(shard, waiting, paths)


def _taken_down(source: str, outcome: Outcome, gone: frozenset[str]) -> Outcome:
    """The outcome, or that it was taken down: a document, or a record that was merged into one."""
    if isinstance(outcome, Row | Merged) and doc_id_of(source, outcome.natural_key) in gone:
        return Dropped(tombstones.REASON, outcome.natural_key, outcome.raw_offset, outcome.raw_bytes)
    return outcome


def _bounded(row: Row) -> Row:
    """The row with a title and an address of bounded length: all that follows is cut by bytes of text."""
    title, url = row.title or "", row.url or ""
    if len(title) <= MAX_TITLE and len(url) <= MAX_URL:
        return row
    return replace(row, title=row.title and title[:MAX_TITLE], url=None if len(url) > MAX_URL else row.url)


def _beside_text(row: Row) -> int:
    """Characters of all strings but the text."""
    evidence = (value for each in row.page_evidence or () for value in each.values() if isinstance(value, str))
    return sum(len(getattr(row, name) or "") for name in STRINGS) + sum(map(len, evidence))


def _one(found: tuple[str, Outcome]) -> tuple[int, int]:
    return 1, found[1].raw_bytes


def _batch(shard: Shard, rows: list[Row], paths: list[str]) -> pa.RecordBatch:
    entry = shard.config.sources[shard.source]
    licence, basis = entry.licence, entry.licence_basis
    columns: dict[str, list[Any]] = {
        "doc_id": [doc_id_of(shard.source, row.natural_key) for row in rows],
        "source": [shard.source] * len(rows),
        "raw_path": paths,
        # a record that says where its licence stands and names none has terms of its own: the config's are not its
        "licence_declared": [row.licence_declared or (None if row.licence_where else licence) for row in rows],
        "licence_where": [row.licence_where or (licence and THE_CONFIG) for row in rows],
        "licence_quote": [row.licence_quote if row.licence_declared or row.licence_where else basis for row in rows],
    }
    return pa.RecordBatch.from_arrays(
        [
            pa.array(columns[f.name] if f.name in columns else [getattr(row, f.name) for row in rows], f.type)
            for f in DOCUMENT
        ],
        schema=DOCUMENT,
    )
