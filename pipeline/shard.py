"""One shard through its own rooms: raw file -> documents -> kept, ledger and audit sample -> signatures.

Knows files and commits, not Dask. What is committed already is not done again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline import audit, records, tombstones
from pipeline.config import Config, Step, applies, deciding_libraries, signals, steps_recipe
from pipeline.dedup import room, signatures
from pipeline.join import Share
from pipeline.ledger import Counts, Ledger
from pipeline.recipe import libraries, recipe_of, schema_of
from pipeline.records import Records
from pipeline.rooms import AUDIT, EXTRACTED, FILTERED, SIGNATURES, Manifest, Place, commit, read_list
from pipeline.rules import Judge, RuleSet
from pipeline.schema import DOCUMENT, LEDGER, THE_CONFIG, doc_id_of
from pipeline.schema import field as column
from pipeline.sources.source import Dropped, Merged, NotADocument, Outcome, Piece, Row
from pipeline.tables import BATCH_BYTES, BATCH_ROWS, LAYOUT, TableFile, conform, read_batches, rebatch, text_bytes
from pipeline.timing import Stopwatch

VERSION = 2  # raise it when this module may write other bytes for equal outcomes and verdicts
MAX_TITLE = 4096  # characters; a longer title is cut
MAX_URL = 16384  # characters; a longer address is left out: the beginning of one leads elsewhere
STRINGS = tuple(f.name for f in DOCUMENT if pa.types.is_string(f.type) and f.name in Row.__slots__ and f.name != "text")


@dataclass(frozen=True)
class Shard:
    """Pieces of one source's files, or a share of a join, and all that decides what becomes of it.

    Pickles small: it is a task.
    """

    data: str
    name: str
    source: str
    root: str
    pieces: tuple[Piece, ...]
    config: Config
    steps: tuple[Step, ...]
    record_rate: float = 1.0  # of the shard's records; below 1 only in a sampled run
    done: tuple[Manifest, ...] = ()  # commits of its first rooms, if any, perhaps under another number
    share: Share | None = None  # of files that are spilled; then it has no pieces
    spills: str = ""  # the name of the list of what they were spilled to
    tombstones: tuple[str, ...] = ()  # doc_ids of its pieces' files, or its share, that were taken down
    bytes: int = 0  # of its raw files; of a file that it shares with other shards, its share

    def identity(self) -> list[Any]:
        """Which shard it is, whatever its number and content: two that are empty are two all the same."""
        if self.share is not None:
            return [self.source, [[self.share.alone, self.share.low, self.share.high]]]
        return [self.source, [[piece.file.path, piece.start, piece.stop] for piece in self.pieces]]

    def taken_down(self) -> frozenset[str]:
        """The doc_ids of its raw files that were taken down; of those of a join that may be anywhere, all."""
        listed = read_list(self.data, self.share.files) if self.share is not None else ()
        return frozenset(chain(self.tombstones, *(gone for _, _, gone in listed)))

    def records(self) -> Records:
        """Where its raw records are."""
        reader = self.config.sources[self.source].reader
        return Records(self.data, self.root, self.pieces, reader, self.record_rate, self.share, self.spills)


# --- 10_extracted -----------------------------------------------------------------------------------------------------


def extraction_parts(shard: Shard) -> dict[str, Any]:
    """What decides the outcome of extraction."""
    entry = shard.config.sources[shard.source]
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
    for path, found in watch.each("extract", shard.records().outcomes(), _one):
        outcome = _taken_down(shard.source, found, gone) if gone else found
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


# --- 20_filtered ------------------------------------------------------------------------------------------------------


def filter_parts(shard: Shard, extracted: Manifest) -> dict[str, Any]:
    """What decides the outcome of the filter: the documents' content, not how they were made."""
    return {
        "shard": shard.identity(),
        "input": extracted.file("rows").sha256,
        "version": [VERSION, audit.VERSION],
        "steps": steps_recipe(shard.steps, shard.source),
        "audit": shard.config.audit.model_dump(mode="json"),
        "schema": [
            *map(schema_of, (filtered_schema(shard.steps), ledger_schema(shard.steps), pa.schema(AUDITED))),
            LAYOUT,
        ],
        "libraries": libraries(deciding_libraries(shard.steps, shard.source)),
    }


def filtered_schema(steps: tuple[Step, ...]) -> pa.Schema:
    """A document with all that the steps measured."""
    return pa.schema([*DOCUMENT, *signals(steps)])


def ledger_schema(steps: tuple[Step, ...]) -> pa.Schema:
    """A ledger row with all that the steps measured; null is what was not measured before the row left."""
    return pa.schema([*LEDGER, *(f.with_nullable(True) for f in signals(steps))])


AUDITED = [
    column("room", pa.string(), "room in which the document's fate was decided", nullable=False),
    column("reason", pa.string(), "that fate: rule_set:rule, or kept", nullable=False),
]


def filter_(shard: Shard, extracted: Manifest, watch: Stopwatch) -> Manifest:
    """Room 20: measure in stages, judge in SQL, part at once; the audit sample passes all stages."""
    recipe, parts = recipe_of(filter_parts(shard, extracted))
    place = Place(shard.data, FILTERED, shard.name, recipe)
    if (done := place.committed()) is not None:
        return done
    schema = filtered_schema(shard.steps)
    audited = pa.schema([*schema, *AUDITED])
    with (
        TableFile(place, "rows", ".parquet", schema) as rows,
        TableFile(place, "audit", ".parquet", audited, folder=AUDIT) as sampled,
        Ledger(place, ledger_schema(shard.steps)) as ledger,
    ):
        passage = Passage(shard, watch, ledger)
        for batch in rebatch(passage.kept(read_batches(shard.data, extracted.file("rows").name))):
            with watch.stage("write", batch.num_rows, batch.nbytes):
                rows.write(conform(batch, schema))
        for batch in passage.audited():
            sampled.write(conform(batch, audited))
        files = (rows.publish(), ledger.publish(), sampled.publish())
    return commit(place, Manifest(FILTERED, shard.name, recipe, parts, files, passage.counts.done()))


class Passage:
    """Batches through the steps of one shard: who is hit by a rule leaves for the ledger and perhaps the sample."""

    def __init__(self, shard: Shard, watch: Stopwatch, ledger: Ledger) -> None:
        self.watch, self.ledger = watch, ledger
        self.steps = tuple(step for step in shard.steps if applies(step, shard.source))
        self.counts = Counts(shard.source)
        self.sample = audit.Sample(shard.config.audit)
        self.judge = Judge()

    def kept(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """What all rule sets let pass, fully measured."""
        for batch in batches:
            living = batch
            for index, step in enumerate(self.steps):
                living = self._apply(step, index, living)
                if not living.num_rows:
                    break
            if living.num_rows:
                self._count("kept", audit.KEPT, living)
                self.sample.offer(audit.KEPT, living, len(self.steps))
                yield living

    def _apply(self, step: Step, index: int, living: pa.RecordBatch) -> pa.RecordBatch:
        if not isinstance(step, RuleSet):
            with self.watch.stage(step.kind, living.num_rows, living.column("text").nbytes):
                return step(living)
        with self.watch.stage(f"rules {step.name}", living.num_rows, 0):
            verdict = self.judge.judge(step, living)
        if verdict.null_count == len(verdict):
            return living
        gone = verdict.is_valid()
        self.ledger.add_rows(living.filter(gone), verdict.filter(gone))
        for reason in sorted(set(verdict.drop_null().to_pylist())):
            hit = living.filter(pc.fill_null(pc.equal(verdict.cast(pa.string()), reason), False))
            self._count("dropped", reason, hit)
            self.sample.offer(reason, hit, index + 1)
        return living.filter(verdict.is_null())

    def _count(self, outcome: str, reason: str, batch: pa.RecordBatch) -> None:
        raw, text = pc.sum(batch.column("raw_bytes")).as_py(), pc.sum(text_bytes(batch)).as_py()
        self.counts.add(outcome, reason, batch.num_rows, raw, text)

    def audited(self) -> Iterator[pa.RecordBatch]:
        """The sample, after all stages that its rows had not passed yet, with room and reason."""
        for (reason, index), batch in self.sample.chosen().items():
            measured = batch
            for step in self.steps[index:]:
                if not isinstance(step, RuleSet):
                    measured = step(measured)
            fate = [pa.repeat(FILTERED, measured.num_rows), pa.repeat(reason, measured.num_rows)]
            yield pa.RecordBatch.from_arrays([*measured.columns, *fate], schema=pa.schema([*measured.schema, *AUDITED]))


# --- 30_signatures ----------------------------------------------------------------------------------------------------


def signature_parts(shard: Shard, filtered: Manifest) -> dict[str, Any]:
    """What decides a shard's signatures."""
    return {
        "shard": shard.identity(),
        "input": filtered.file("rows").sha256,
        "minhash": [room.VERSION, shard.config.dedup.of_signatures()],
        "schema": [schema_of(signatures.signature_schema(shard.config.dedup)), LAYOUT],
        "libraries": libraries({"pyarrow", "datasketch", "numpy", "numba"}),
    }


def sign(shard: Shard, filtered: Manifest, watch: Stopwatch) -> Manifest:
    """Room 30: what deduplication compares, sorted by (band, key)."""
    recipe, parts = recipe_of(signature_parts(shard, filtered))
    place = Place(shard.data, SIGNATURES, shard.name, recipe)
    if (done := place.committed()) is not None:
        return done
    name = filtered.file("rows").name
    texts = read_batches(shard.data, name, shard.config.dedup.columns)
    size = sum(count.text_bytes for count in filtered.counts if count.outcome == "kept")
    with (
        TableFile(place, "signatures", ".parquet", signatures.signature_schema(shard.config.dedup)) as table,
        watch.stage("signatures", filtered.file("rows").rows, size),
    ):
        for batch in signatures.sign(texts, shard.config.dedup):
            table.write(batch)
        files = (table.publish(),)
    return commit(place, Manifest(SIGNATURES, shard.name, recipe, parts, files))


# --- the shard's way --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Receipt:
    """What a task sends back: the commits of its shard and where the time went. Small, never data."""

    shard: str
    manifests: tuple[Manifest, ...]
    timings: list[dict[str, Any]]


def advance(shard: Shard) -> Receipt:
    """Take one shard through the rooms that are its own, from the first that is not done."""
    watch = Stopwatch()
    with watch.room(EXTRACTED):
        extracted = shard.done[0] if shard.done else extract(shard, watch)
    with watch.room(FILTERED):
        filtered = shard.done[1] if len(shard.done) > 1 else filter_(shard, extracted, watch)
    with watch.room(SIGNATURES):
        signed = sign(shard, filtered, watch)
    return Receipt(shard.name, (extracted, filtered, signed), watch.rows())
