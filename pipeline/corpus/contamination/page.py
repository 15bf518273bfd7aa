"""The report of a check as one HTML page that needs nothing else: what was hit, and examples side by side."""

from __future__ import annotations

from pipeline.contamination.kinds import KINDS, MEANING
from pipeline.corpus.contamination.tally import Example
from pipeline.corpus.contamination.telling import OfBenchmark, Told
from pipeline.report.page.markup import Html, cut, joined, tag

SAME_SHARE = 0.9  # of a benchmark's items: from there on its examples are those of the other
_LIMIT = 1500  # characters of an item that are shown
_STYLE = """
:root { color-scheme: light dark; --line: #8884; --mark: #ffd54a66; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1200px; margin: 0 auto; padding: 24px; }
h1 { font-size: 28px; } h2 { font-size: 20px; margin-top: 40px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 4px 12px 4px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number, th.number { text-align: right; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 16px; margin: 12px 0 24px; }
.pair pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid var(--line); padding: 8px; margin: 0; }
mark { background: var(--mark); color: inherit; }
.scroll { overflow-x: auto; }
@media (max-width: 700px) { .pair { grid-template-columns: 1fr; } }
"""


def page(told: Told) -> str:
    """The whole page."""
    share = f"{told.documents_hit / told.documents:.2%}" if told.documents else "0 %"
    lede = (
        f"{told.documents_hit:,} of {told.documents:,} documents ({share}) hold an item of a benchmark: "
        f"{told.hits:,} hits in {told.text_bytes / 1e6:,.1f} MB of text."
    )
    kinds = tag("ul", *(tag("li", tag("b", kind), f": {MEANING[kind]}") for kind in KINDS))
    body = [
        tag("h1", "Contamination"),
        tag("p", lede),
        tag("div", _table(told.benchmarks), class_="scroll"),
        tag(
            "p",
            "Too short are items of which nothing says enough to be told from a coincidence: they were not looked for. "
            "Unusable are records with neither question nor answer.",
        ),
        *([tag("h2", "The same items under two names"), _shared(told)] if told.shared else []),
        tag("h2", "Kinds, from the closest"),
        kinds,
        *(_benchmark(one, _told_before(one, told)) for one in told.benchmarks if one.hit),
    ]
    head = joined(
        [
            Html('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
            tag("title", "Contamination"),
            tag("style", Html(_STYLE)),
        ]
    )
    return "<!doctype html>\n" + tag("html", tag("head", head), tag("body", *body), lang="en") + "\n"


def _table(benchmarks: tuple[OfBenchmark, ...]) -> Html:
    names = (
        "benchmark",
        "items",
        "too short",
        "unusable",
        "hit",
        "documents",
        *(kind.replace("_", " ") for kind in KINDS),
    )
    head = tag("tr", *(tag("th", name, class_=None if name == "benchmark" else "number") for name in names))
    rows = []
    for one in benchmarks:
        numbers = (
            one.items,
            one.too_short,
            one.unusable,
            one.hit,
            one.documents,
            *(one.kinds.get(kind, 0) for kind in KINDS),
        )
        cells = (tag("td", f"{number:,}" if number else "", class_="number") for number in numbers)
        rows.append(tag("tr", tag("td", one.name), *cells))
    return tag("table", tag("thead", head), tag("tbody", *rows))


def _shared(told: Told) -> Html:
    return tag("ul", *(tag("li", one.told()) for one in told.shared))


def _told_before(one: OfBenchmark, told: Told) -> str:
    """The benchmark further up with hits that asks nearly all the questions of this one; empty without one.

    Of this one's items, not of the smaller one's: a collection asks more than the set within it, and shows examples.
    """
    hit = {other.name for other in told.benchmarks if other.hit}
    alike = (pair.first for pair in told.shared if pair.second == one.name and pair.equal >= SAME_SHARE * one.items)
    return next((first for first in alike if first in hit), "")


def _benchmark(one: OfBenchmark, before: str) -> Html:
    """Its hits by source, and examples; where `before` asks the same, its examples are not shown again."""
    sources = ", ".join(f"{name} ({count:,})" for name, count in one.sources.items())
    said = f"{one.hit:,} of {one.items:,} items in {one.documents:,} documents; by source: {sources}"
    shown = (
        [tag("p", f"The questions are those of {before}: see its examples.")] if before else map(_example, one.examples)
    )
    return tag("section", tag("h2", one.name), tag("p", said), *shown)


def _example(one: Example) -> Html:
    said = f"{one.kind}, {one.role} of {one.item_id}, {one.score_e4 / 100:.1f} % of its information, in {one.doc_id}"
    document = tag("pre", one.before, tag("mark", one.stretch), one.behind)
    return joined([tag("div", said), tag("div", tag("pre", cut(one.asked, _LIMIT)), document, class_="pair")])
