"""Items of benchmarks in the text: measured for rules, or cut out of it."""

from __future__ import annotations

from itertools import groupby
from typing import Any, ClassVar, Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.contamination.benchmarks import detector_of, fingerprint
from pipeline.contamination.detector import Hit
from pipeline.contamination.index import Index
from pipeline.contamination.kinds import KINDS
from pipeline.schema import field
from pipeline.stage import Stage, with_columns

NONE: Final = "none"
MAX_EVIDENCE: Final = 20
"""Hits of a document that are named one by one; all are counted."""

_PUNCTUATION: Final = frozenset(b"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_SPACE: Final = frozenset(b" \t\n\r\x0b\x0c")

EVIDENCE = pa.struct(
    [
        pa.field("benchmark", pa.string(), False),
        pa.field("item", pa.string(), False),
        pa.field("part", pa.string(), False),
        pa.field("kind", pa.string(), False),
        pa.field("start", pa.int64(), False),
        pa.field("stop", pa.int64(), False),
        pa.field("score", pa.int16(), False),
    ]
)

Kind = Literal[
    "verbatim",
    "reformatted",
    "choices_reordered",
    "numbers_changed",
    "variables_renamed",
    "reworded",
    "truncated",
]


class _OfBenchmarks(Stage):
    """What both stages have: a folder of benchmarks, the same on every machine that works, and who names its fields."""

    benchmarks: str
    """Folder of benchmarks (jsonl, JSON, Parquet), the same on every machine that works."""
    fields: str | None = None
    """YAML that names the benchmarks' [fields](#fields-of-benchmarks); none: their common names."""
    reads: ClassVar[frozenset[str]] = frozenset({"text"})
    places: ClassVar[frozenset[str]] = frozenset({"benchmarks", "fields"})

    def fingerprint(self) -> str:
        return fingerprint(self.benchmarks, self.fields)

    def hits(self, texts: Any) -> tuple[Index, list[list[Hit]]]:
        """The index, and the hits of every text by place."""
        detector = detector_of(self.benchmarks, self.fields)
        by_row: list[list[Hit]] = [[] for _ in range(len(texts))]
        for row, hits in groupby(detector.hits(texts), key=lambda hit: hit.row):
            by_row[row] = list(hits)
        return detector.index, by_row


class Contamination(_OfBenchmarks):
    """Say which items of benchmarks each text holds, exactly or nearly.

    Reads `text`. Adds `contamination_item_count` (int32), `contamination_kind` (of the closest hit, "none" without
    one), `contamination_benchmark` (of that hit, "" without one), `contamination_bytes` (int64, of the text
    in hits) and `contamination` (the first 20 hits: benchmark, item, part, kind, span in UTF-8 bytes of the text, share
    of the part's information in 1e-4). A rule drops by them; without one they are a mark. Texts that lose a part in
    room 31 are measured once more, so the columns speak of what is published.
    """

    kind: Literal["contamination"] = "contamination"
    adds: ClassVar[pa.Schema] = pa.schema(
        [
            field("contamination_item_count", pa.int32(), "items of benchmarks in it", unit="items", nullable=False),
            field(
                "contamination_kind", pa.string(), f"of the closest hit: {' | '.join(KINDS)}; or none", nullable=False
            ),
            field("contamination_benchmark", pa.string(), "benchmark of that hit; empty without one", nullable=False),
            field("contamination_bytes", pa.int64(), "bytes of the text in hits", unit="UTF-8 bytes", nullable=False),
            field("contamination", pa.list_(EVIDENCE), "the first 20 hits; spans in bytes of the text, score in 1e-4"),
        ]
    )

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        index, by_row = self.hits(batch.column("text"))
        closest = [min(hits, key=lambda hit: KINDS.index(hit.kind), default=None) for hits in by_row]
        columns = [
            pa.array([len({hit.item for hit in hits}) for hits in by_row], pa.int32()),
            pa.array([hit.kind if hit else NONE for hit in closest], pa.string()),
            pa.array([index.items[hit.item].benchmark if hit else "" for hit in closest], pa.string()),
            pa.array([sum(stop - start for start, stop in _union(hits)) for hits in by_row], pa.int64()),
            pa.array([_evidence(index, hits) if hits else None for hits in by_row], pa.list_(EVIDENCE)),
        ]
        return with_columns(batch, self.adds, columns)


class ContaminationCut(_OfBenchmarks):
    """Take items of benchmarks out of each text, with the choices that stand behind a question.

    Rewrites `text`: the spans of hits of these `kinds` go, with the punctuation and labels that touch them; a line
    break or a space stands in their place. Adds `contamination_cut_count` (int32, spans) and `contamination_cut_bytes`
    (int64, how much shorter the text is).
    """

    version: ClassVar[int] = 2  # 2: one separator for spans between which nothing stands
    kind: Literal["contamination_cut"] = "contamination_cut"
    kinds: tuple[Kind, ...] = (
        "verbatim",
        "reformatted",
        "choices_reordered",
        "numbers_changed",
        "variables_renamed",
        "reworded",
    )
    """Hits of which kinds are cut."""
    rewrites_text: ClassVar[bool] = True
    adds: ClassVar[pa.Schema] = pa.schema(
        [
            field("contamination_cut_count", pa.int32(), "spans that were taken out", unit="spans", nullable=False),
            field("contamination_cut_bytes", pa.int64(), "what the text has less", unit="UTF-8 bytes", nullable=False),
        ]
    )

    def __call__(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        texts = batch.column("text")
        _, by_row = self.hits(texts)
        spans = [_union([hit for hit in hits if hit.kind in self.kinds]) for hits in by_row]
        counts = np.array([len(each) for each in spans], dtype=np.int32)
        cut = pa.array(counts > 0)
        new = [_without(texts[int(row)].as_buffer().to_pybytes(), spans[row]) for row in np.flatnonzero(counts)]
        column = pc.replace_with_mask(texts, cut, pa.array(new, pa.large_string()))
        gone = pc.subtract(pc.binary_length(texts), pc.binary_length(column)).cast(pa.int64())
        index = batch.schema.get_field_index("text")
        batch = batch.set_column(index, batch.schema.field(index), column)
        return with_columns(batch, self.adds, [pa.array(counts), gone])


def _union(hits: list[Hit]) -> list[tuple[int, int]]:
    """The spans of hits, with the choices behind questions; those that overlap as one."""
    spans: list[tuple[int, int]] = []
    for begin, end in sorted((hit.begin, max(hit.end, hit.reach)) for hit in hits):
        if spans and begin <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((begin, end))
    return spans


def _without(text: bytes, spans: list[tuple[int, int]]) -> str:
    """The text without these spans, which are in order, and the punctuation that touches them."""
    kept: list[bytes] = []
    at = 0
    for first, last in spans:
        begin, end = max(first, at), max(last, at)
        while begin > at and text[begin - 1] in _PUNCTUATION:
            begin -= 1
        before = begin
        while before > at and text[before - 1] in _SPACE:
            before -= 1
        while end < len(text) and text[end] in _PUNCTUATION:
            end += 1
        after = end
        while after < len(text) and text[after] in _SPACE:
            after += 1
        mark = b"\n" if b"\n" in text[before:begin] or b"\n" in text[end:after] else b" "
        if kept and before == at:  # nothing stands between it and the span before
            kept[-1] = max(kept[-1], mark, key=b" \n".index)
        else:
            kept += [text[at:before], mark]
        at = after
    return b"".join([*kept, text[at:]]).strip().decode()


def _evidence(index: Index, hits: list[Hit]) -> list[dict[str, Any]]:
    return [
        {
            "benchmark": index.items[hit.item].benchmark,
            "item": index.items[hit.item].id,
            "part": hit.role,
            "kind": hit.kind,
            "start": hit.begin,
            "stop": hit.end,
            "score": hit.score_e4,
        }
        for hit in hits[:MAX_EVIDENCE]
    ]
