"""What the funnel report is told: counts from the manifests, samples from the audit room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from pipeline.rooms.quarantine import Quarantined

Outcome = Literal["kept", "dropped", "not_a_document", "merged", "expanded"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
PUBLISHED_ROOM = "40_published"
NEVER_ALONE: tuple[Outcome, ...] = ("not_a_document", "merged", "expanded")
"""What a record can be in the first room that never is a document of its own: none, part of one, a holder of some."""


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """A source as the config names it; `files` and `raw_bytes` (as stored) are what the run read of it."""

    name: str
    kind: str
    files: int
    raw_bytes: int


@dataclass(frozen=True, slots=True)
class Flow:
    """One fate in one room: how many records of a source went which way, and why.

    Fates are additive: the rows of one (room, source) sum to what entered. `kept` has docs_in == docs_out, every other
    outcome docs_out == 0; else ValueError. `reason` is `rule_set:rule`, empty for `kept`. Sizes are sums over the
    records that entered, as stored (`raw_bytes`) and as UTF-8 of the text where there is one (`text_bytes`).
    """

    room: str
    source: str
    outcome: Outcome
    reason: str
    docs_in: int
    docs_out: int
    raw_bytes: int
    text_bytes: int

    def __post_init__(self) -> None:
        if self.outcome not in OUTCOMES:
            raise ValueError(f"{self.room}/{self.source}: outcome {self.outcome!r} is none of {', '.join(OUTCOMES)}")
        if self.docs_out != (self.docs_in if self.outcome == "kept" else 0):
            raise ValueError(
                f"{self.room}/{self.source}: {self.docs_in} in, {self.outcome}, cannot be {self.docs_out} out"
            )
        if min(self.docs_in, self.raw_bytes, self.text_bytes) < 0:
            raise ValueError(f"{self.room}/{self.source}: {self.reason or self.outcome} has a negative count")


@dataclass(frozen=True, slots=True)
class Example:
    """A record of the audit sample: what became of it, its text's beginning, and what was measured of it.

    Text, url and signals are a stranger's bytes; the page shows them and never obeys them. `raw` is path@offset.
    """

    room: str
    source: str
    reason: str
    doc_id: str
    url: str | None
    raw: str
    text: str
    signals: Mapping[str, int | str | None]


@dataclass(frozen=True, slots=True)
class StageTime:
    """CPU seconds that one stage took in one room, summed over all shards, and what it was given."""

    room: str
    stage: str
    cpu_s: float
    docs: int
    bytes: int


@dataclass(frozen=True, slots=True)
class PublishedDomain:
    """One domain of the published corpus; `licences` counts documents by SPDX id.

    licence_classes: of licences that the config puts in another class than their id has.
    """

    domain: str
    docs: int
    text_bytes: int
    shards: int
    licences: Mapping[str, int]
    licence_classes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PairMember:
    """One of two documents that were found to be copies."""

    doc_id: str
    url: str | None
    text: str


@dataclass(frozen=True, slots=True)
class ClusterExample:
    """A removed document beside the one that stands for it.

    similarity_1e4: verified, in units of 1e-4 (10,000 is equal); None where the texts were not compared. members: of
    their cluster, kept ones too; 0 where that is not known. evidence: a sentence; passages: some that both have.
    """

    reason: str
    similarity_1e4: int | None
    removed: PairMember
    survivor: PairMember
    members: int = 0
    evidence: str = ""
    passages: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class DamagedFile:
    """An input that could not be read to its end. reasons: without the reader's name; documents: read of it."""

    source: str
    path: str
    reasons: tuple[str, ...]
    documents: int

    def told(self) -> str:
        """`x.warc.gz (truncated)`."""
        nothing = "" if self.documents else ", nothing could be read"
        return f"{self.path} ({', '.join(self.reasons)}{nothing})"


@dataclass(frozen=True, slots=True)
class FunnelReport:
    """Everything on the page; no time of day. `generated_from` is a phrase ("32 manifests of 4 rooms")."""

    run: str
    config: str
    recipe: str
    generated_from: str
    sources: Sequence[SourceInfo] = ()
    flows: Sequence[Flow] = ()
    examples: Sequence[Example] = ()
    times: Sequence[StageTime] = ()
    published: Sequence[PublishedDomain] = ()
    clusters: Sequence[ClusterExample] = ()
    damaged: Sequence[DamagedFile] = ()
    quarantined: Sequence[Quarantined] = ()
    similarities: Sequence[tuple[int, int]] = ()
    """(least similarity in 1e-4, near duplicates): in even steps by similarity to the survivor, from low to high."""
