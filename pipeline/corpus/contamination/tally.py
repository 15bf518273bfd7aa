"""What a check has found so far, in memory that does not grow with the corpus."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pyarrow.compute as pc

from pipeline.contamination.detector import Detector, Hit
from pipeline.contamination.index import ANSWER
from pipeline.contamination.kinds import KINDS

EXAMPLES = 12  # of a benchmark, the closest kinds first
SHOWN_BYTES = 1200  # of an example's document, about the hit


@dataclass(frozen=True, slots=True)
class Example:
    """A hit to be looked at: the item's part, and the document's text before, in and behind the hit."""

    item: int
    item_id: str
    role: str
    kind: str
    score_e4: int
    asked: str
    before: str
    stretch: str
    behind: str
    doc_id: str


@dataclass
class Tally:
    """What is known so far: of each item the closest kind of its hits, of each benchmark some examples."""

    detector: Detector
    files: int = 0
    documents: int = 0
    bytes: int = 0
    documents_hit: int = 0
    hits: int = 0
    closest: dict[int, str] = field(default_factory=dict)
    examples: dict[str, list[Example]] = field(default_factory=dict)
    documents_of: dict[str, int] = field(default_factory=dict)
    sources_of: dict[str, dict[str, int]] = field(default_factory=dict)

    def add(self, batch: dict[str, Any], hits: list[Hit]) -> None:
        """Count the hits in a batch, whose `text`, `doc_id` and `source` are told."""
        items, pairs = self.detector.index.items, set()
        for hit in hits:
            name = items[hit.item].benchmark
            pairs.add((name, hit.row))
            known = self.closest.get(hit.item)
            if known is None or KINDS.index(hit.kind) < KINDS.index(known):
                self.closest[hit.item] = hit.kind
            self._example(name, batch, hit)
        self.documents += len(batch["text"])
        self.bytes += pc.sum(pc.binary_length(batch["text"])).as_py() or 0
        self.hits += len(hits)
        self.documents_hit += len({hit.row for hit in hits})
        for name, row in sorted(pairs):
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
