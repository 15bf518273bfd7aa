"""What a check says, by benchmark: items hit, how closely, by which documents, with examples."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from pipeline import storage
from pipeline.contamination.kinds import KINDS
from pipeline.contamination.same_items import Shared, shared
from pipeline.corpus.contamination.tally import Example, Tally

RESULTS = ("report.html", "hits.parquet", "summary.json", "clean")


@dataclass(frozen=True)
class OfBenchmark:
    """What was found of one benchmark; `kinds`: items by the closest kind of their hits.

    `unusable` are records without an item; `too_short` are items.
    """

    name: str
    items: int
    too_short: int
    unusable: int
    kinds: dict[str, int]
    documents: int
    sources: dict[str, int]
    examples: tuple[Example, ...]

    @property
    def hit(self) -> int:
        return sum(self.kinds.values())


@dataclass(frozen=True)
class Told:
    """The result of a check."""

    benchmarks: tuple[OfBenchmark, ...]
    unusable: int
    index_bytes: int
    files: int
    documents: int
    text_bytes: int
    documents_hit: int
    hits: int
    kinds: dict[str, int]
    shared: tuple[Shared, ...] = ()

    def json(self) -> str:
        """As JSON, without the examples: those quote the documents."""
        said = asdict(self)
        for benchmark in said["benchmarks"]:
            del benchmark["examples"]
        return json.dumps(said, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def told_of(tally: Tally, unusable: Counter[str]) -> Told:
    """The result, benchmark by benchmark in the order of their names; `unusable`: their records without an item."""
    index, closest = tally.detector.index, tally.closest
    short = set(index.too_short)
    items, too_short = Counter[str](), Counter[str]()
    kinds: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for number, item in enumerate(index.items):
        items[item.benchmark] += 1
        too_short[item.benchmark] += number in short
        if number in closest:
            kinds[item.benchmark][closest[number]] += 1
    found = [
        OfBenchmark(
            name,
            items[name],
            too_short[name],
            unusable[name],
            {kind: kinds[name][kind] for kind in KINDS if kinds[name][kind]},
            tally.documents_of.get(name, 0),
            dict(sorted(tally.sources_of.get(name, {}).items())),
            tuple(tally.examples.get(name, ())),
        )
        for name in sorted({*items, *unusable})
    ]
    whole = Counter(closest.values())
    return Told(
        benchmarks=tuple(found),
        unusable=unusable.total(),
        index_bytes=index.nbytes,
        files=tally.files,
        documents=tally.documents,
        text_bytes=tally.bytes,
        documents_hit=tally.documents_hit,
        hits=tally.hits,
        kinds={kind: whole[kind] for kind in KINDS if whole[kind]},
        shared=shared(index.items),
    )


def shown(told: Told, output: str) -> RenderableType:
    """The summary for the terminal."""
    table = Table(title="Benchmarks")
    for name in ("benchmark", "items", "too short", "unusable", "hit", "closest kinds", "documents"):
        table.add_column(name, justify="left" if name in ("benchmark", "closest kinds") else "right")
    for one in told.benchmarks:
        kinds = ", ".join(f"{kind} {count}" for kind, count in one.kinds.items())
        share = f"{one.hit} ({one.hit / one.items:.1%})" if one.hit else "0"
        counts = (f"{number:,}" for number in (one.items, one.too_short, one.unusable))
        table.add_row(escape(one.name), *counts, share, kinds, f"{one.documents:,}")
    of_all = f"{told.documents_hit:,} of {told.documents:,} documents hold an item ({told.hits:,} hits)"
    same = [escape(f"same items: {one.told()}") for one in told.shared]
    where = [Text(storage.join(output, name), no_wrap=True, overflow="ignore") for name in RESULTS]
    return Group(table, *same, of_all, *where)
