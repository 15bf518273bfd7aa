"""What deduplication took away: by source, how alike near duplicates were, the largest clusters side by side."""

from __future__ import annotations

from pipeline.report.page.markup import Html, cut, joined, tag
from pipeline.report.page.model import FunnelReport
from pipeline.report.page.numbers import NARROW_SPACE, count, exact, share
from pipeline.report.page.samples import MAX_NAME, pairs
from pipeline.report.page.tables import bar, head, table

ROOM = "31_duplicates"
MAX_SOURCES = 40


def duplicates(report: FunnelReport) -> Html:
    """Both tables and the pairs, each where there is something to show."""
    return joined((sources(report), similarities(report), pairs(report.clusters)))


def sources(report: FunnelReport) -> Html:
    """The share that each source lost here, the greatest first; empty where none lost anything."""
    sums: dict[str, tuple[int, int]] = {}
    for flow in report.flows:
        if flow.room == ROOM:
            entered, gone = sums.get(flow.source, (0, 0))
            sums[flow.source] = (entered + flow.docs_in, gone + (flow.docs_in if flow.outcome != "kept" else 0))
    ranked = sorted((-gone / entered, name, entered, gone) for name, (entered, gone) in sums.items() if gone)
    if not ranked:
        return Html("")
    rows = (
        tag(
            "tr",
            tag("th", cut(name, MAX_NAME), scope="row", dir="auto"),
            tag("td", exact(gone, count(gone)), class_="n"),
            tag("td", exact(entered, count(entered)), class_="n"),
            tag("td", bar(gone, entered), class_="bars time"),
            tag("td", share(gone, entered), class_="n"),
        )
        for _, name, entered, gone in ranked[:MAX_SOURCES]
    )
    heads = (head("source"), head("gone", "n"), head("of", "n"), head(""), head("share", "n"))
    return table("Removed as duplicates, by source", heads, tag("tbody", *rows), class_="times")


def similarities(report: FunnelReport) -> Html:
    """How many near duplicates are how alike their survivors."""
    if not report.similarities:
        return Html("")
    longest = max(documents for _, documents in report.similarities)
    rows = (
        tag(
            "tr",
            tag("th", f"{least / 100:.1f}{NARROW_SPACE}% and more", scope="row"),
            tag("td", exact(documents, count(documents)), class_="n"),
            tag("td", bar(documents, longest), class_="bars time"),
        )
        for least, documents in report.similarities
    )
    heads = (head("alike"), head("documents", "n"), head(""))
    label = "Near duplicates by verified similarity to their survivor"
    return table(label, heads, tag("tbody", *rows), class_="times")
