"""Room 20: measured in stages, judged in SQL, parted at once; the audit sample passes all stages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.process import interrupts, marker
from pipeline.process.timing import Stopwatch
from pipeline.rooms.manifest import Manifest, Place, commit
from pipeline.rooms.names import AUDIT, FILTERED
from pipeline.rooms.recipe import libraries, recipe_of, schema_of
from pipeline.rooms.tables import LAYOUT, TableFile, conform, read_batches, rebatch, text_bytes
from pipeline.rules import Judge, RuleSet
from pipeline.schema import DOCUMENT, LEDGER
from pipeline.schema import field as column
from pipeline.shard import audit
from pipeline.shard.ledger import Counts, Ledger
from pipeline.shard.shard import VERSION, Shard
from pipeline.steps import Step, applies, deciding_libraries, signals, steps_recipe
from pipeline.trouble import EnvironmentTrouble


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
        if recipe_of(filter_parts(shard, extracted))[0] != recipe:
            raise EnvironmentTrouble(f"{shard.name}: a model or table that its steps read changed meanwhile; run again")
        files = (rows.publish(), ledger.publish(), sampled.publish())
    return commit(place, Manifest(FILTERED, shard.name, recipe, parts, files, passage.counts.done()))


class Passage:
    """Batches through the steps of one shard: who is hit by a rule leaves for the ledger and perhaps the sample.

    Without a ledger nobody is asked who left.
    """

    def __init__(self, shard: Shard, watch: Stopwatch, ledger: Ledger | None) -> None:
        self.watch, self.ledger = watch, ledger
        self.steps = tuple(step for step in shard.steps if applies(step, shard.source))
        self.counts = Counts(shard.source)
        self.sample = audit.Sample(shard.config.audit)
        self.judge = Judge()

    def kept(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """What all rule sets let pass, fully measured."""
        for number, batch in enumerate(batches):
            marker.at("batch", FILTERED, number)
            living = self.living(batch)
            if living.num_rows:
                self._count("kept", audit.KEPT, living)
                self.sample.offer(audit.KEPT, living, len(self.steps))
                yield living

    def living(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Its rows that all rule sets let pass, measured; where none is left, as far as that."""
        for index, step in enumerate(self.steps):
            interrupts.check()
            batch = self._apply(step, index, batch)
            if not batch.num_rows:
                break
        return batch

    def measured(self, batch: pa.RecordBatch, first: int = 0) -> pa.RecordBatch:
        """Its rows after all stages from the step `first` on, whatever rules say of them."""
        for step in self.steps[first:]:
            if not isinstance(step, RuleSet):
                batch = step(batch)
        return batch

    def _apply(self, step: Step, index: int, living: pa.RecordBatch) -> pa.RecordBatch:
        if not isinstance(step, RuleSet):
            with self.watch.stage(step.kind, living.num_rows, living.column("text").nbytes):
                return step(living)
        with self.watch.stage(f"rules {step.name}", living.num_rows, 0):
            verdict = self.judge.judge(step, living)
        if verdict.null_count == len(verdict):
            return living
        gone = verdict.is_valid()
        if self.ledger is not None:
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
        marker.at("audit", FILTERED)
        for (reason, index), batch in self.sample.chosen().items():
            measured = self.measured(batch, index)
            fate = [pa.repeat(FILTERED, measured.num_rows), pa.repeat(reason, measured.num_rows)]
            yield pa.RecordBatch.from_arrays([*measured.columns, *fate], schema=pa.schema([*measured.schema, *AUDITED]))
