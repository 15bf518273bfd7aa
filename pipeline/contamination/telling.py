"""What a check says, by benchmark: items hit, how closely, by which documents, with examples."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field, replace

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from pipeline import storage
from pipeline.contamination.index import Index
from pipeline.contamination.kinds import KINDS


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


@dataclass(frozen=True)
class OfBenchmark:
    """What was found of one benchmark; `kinds`: items by the closest kind of their hits."""

    name: str
    items: int
    too_short: int
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
    index_bytes: int
    files: int = 0
    documents: int = 0
    text_bytes: int = 0
    documents_hit: int = 0
    hits: int = 0
    kinds: dict[str, int] = field(default_factory=dict)

    def with_corpus(self, files: int, documents: int, text_bytes: int, documents_hit: int, hits: int) -> Told:
        return replace(
            self, files=files, documents=documents, text_bytes=text_bytes, documents_hit=documents_hit, hits=hits
        )

    def json(self) -> str:
        """As JSON, without the examples: those quote the documents."""
        said = asdict(self)
        for benchmark in said["benchmarks"]:
            del benchmark["examples"]
        return json.dumps(said, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def told_of(
    index: Index,
    closest: dict[int, str],
    examples: dict[str, list[Example]],
    documents: dict[str, int],
    sources: dict[str, dict[str, int]],
) -> Told:
    """The result, benchmark by benchmark in the order of their names."""
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
            {kind: kinds[name][kind] for kind in KINDS if kinds[name][kind]},
            documents.get(name, 0),
            dict(sorted(sources.get(name, {}).items())),
            tuple(examples.get(name, ())),
        )
        for name in sorted(items)
    ]
    whole = Counter(closest.values())
    return Told(tuple(found), index.nbytes, kinds={kind: whole[kind] for kind in KINDS if whole[kind]})


def shown(told: Told, output: str) -> RenderableType:
    """The summary for the terminal."""
    table = Table(title="Benchmarks")
    for name in ("benchmark", "items", "too short", "hit", "closest kinds", "documents"):
        table.add_column(name, justify="left" if name in ("benchmark", "closest kinds") else "right")
    for one in told.benchmarks:
        kinds = ", ".join(f"{kind} {count}" for kind, count in one.kinds.items())
        share = f"{one.hit} ({one.hit / one.items:.1%})" if one.hit else "0"
        table.add_row(escape(one.name), f"{one.items:,}", f"{one.too_short:,}", share, kinds, f"{one.documents:,}")
    of_all = f"{told.documents_hit:,} of {told.documents:,} documents hold an item ({told.hits:,} hits)"
    where = ", ".join(storage.join(output, name) for name in ("report.html", "hits.parquet", "summary.json", "clean"))
    return Group(table, of_all, where)
