"""The page from top to bottom: what fills each slot of page.html."""

from __future__ import annotations

import re
from dataclasses import asdict

from pipeline.report.page import sankey_narrow, sankey_wide, tables
from pipeline.report.page.branches import ROOM_TITLES, room_title, stream
from pipeline.report.page.drawing import tint
from pipeline.report.page.duplicates import duplicates
from pipeline.report.page.markup import Html, joined, json_block, shortened, tag
from pipeline.report.page.model import OUTCOMES, FunnelReport
from pipeline.report.page.numbers import count, exact, share, size
from pipeline.report.page.samples import Shelf
from pipeline.report.page.tally import MEASURES, Tally
from pipeline.rooms.quarantine import summary

_PLAIN = re.compile(r"[\w:.-]+", re.ASCII)  # may stand in a quoted word of a shell command


def slots(report: FunnelReport, tally: Tally) -> dict[str, Html]:
    """Every slot of page.html but the style and the script."""
    shelf = Shelf(report, tally)
    rooms = joined(tables.room_table(tally, position, shelf.link) for position in range(len(tally.rooms)))
    sections = (
        ("flow", "Where it went", drawings(tally)),
        ("rooms", "Reasons, room by room", rooms),
        ("examples", "Examples", shelf.html()),
        ("duplicates", "Duplicates, side by side", duplicates(report)),
        ("time", "Where the time went", tables.time_table(report) if report.times else Html("")),
        ("published", "What was published", tables.published_table(report) if report.published else Html("")),
        ("ask", "How to ask further", questions(tally)),
    )
    alive = [(name, title, body) for name, title, body in sections if body]
    return {
        "title": tag("title", f"{report.run} – funnel report"),
        "masthead": masthead(report, tally),
        "navigation": joined(tag("a", _short(name), href=f"#{name}") for name, _, _ in alive),
        "sections": joined(_section(*section) for section in alive),
        "numbers": json_block(numbers(report, tally)),
    }


def _short(name: str) -> str:
    return {"ask": "Ask further"}.get(name, name.capitalize())


def _section(name: str, title: str, body: Html) -> Html:
    notes = {
        "flow": "Each branch is a reason and leads to its row. Small ones are drawn as one; the tables have them all.",
        "examples": "From the audit sample: how each text begins. Characters that cannot be seen are spelled out.",
        "duplicates": "Of the largest clusters: how both texts begin; words that only one of the two has are marked.",
    }
    note = tag("p", notes[name], class_="aside") if name in notes else ""
    return tag("section", tag("h2", title, id=f"{name}-title"), note, body, id=name, aria_labelledby=f"{name}-title")


def masthead(report: FunnelReport, tally: Tally) -> Html:
    """The run's name, the totals, the sentence that says it all, and whether the funnel balances."""
    origin = (("config", report.config), ("recipe", report.recipe[:12]), ("from", report.generated_from))
    facts = (
        tag("div", tag("dt", name), tag("dd", shortened(value, 72), title=value)) for name, value in origin if value
    )
    return joined(
        (
            tag("p", "Riffle funnel report", class_="kicker"),
            tag("h1", report.run, dir="auto"),
            tag("p", *lede(tally), class_="lede"),
            tag("dl", *totals(tally), class_="totals"),
            balance(tally),
            damage(report),
            quarantined(report),
            tag("dl", *facts, class_="origin"),
            sources(report),
        )
    )


def lede(tally: Tally) -> tuple[str, ...]:
    """One sentence for whoever reads no further."""
    if not tally.records:
        return ("No record entered this run.",)
    many = f"{len(tally.sources)} sources" if len(tally.sources) != 1 else "1 source"
    into = f"Of {count(tally.records)} records from {many}, "
    if tally.published is None:
        last = tally.rooms[-1]
        left = f"{count(last.kept.total('documents'))} are left after {room_title(last.name).lower()}"
        return (into, left, "; nothing has been published yet.")
    docs = tally.published.total("documents")
    part = f": {share(docs, tally.candidates)} of the {count(tally.candidates)} that could have become a document"
    were = "was" if docs == 1 else "were"
    return (
        into,
        tag("strong", f"{count(docs)} {were} published"),
        part if tally.candidates < tally.records else f": {share(docs, tally.records)} of all",
        ".",
    )


def totals(tally: Tally) -> list[Html]:
    """The figures of the head; a dash for what has not happened."""
    published = tally.published
    docs = published.total("documents") if published else None
    text = published.total("text_bytes") if published else None
    raw = tally.rooms[0].entered("raw_bytes") if tally.rooms else 0
    figures = (
        ("records-in", "records in", exact(tally.records, count(tally.records))),
        ("raw-in", "raw bytes in", exact(raw, size(raw))),
        ("published-docs", "documents published", "–" if docs is None else exact(docs, count(docs))),
        ("published-text", "text published", "–" if text is None else exact(text, size(text))),
        ("share-kept", "of possible documents", "–" if docs is None else share(docs, tally.candidates)),
    )
    return [tag("div", tag("dd", value, id=name), tag("dt", label)) for name, label, value in figures]


def balance(tally: Tally) -> Html:
    """Whether what each room kept is what the next was given; where not, which source and by how much."""
    if not tally.mismatches:
        text = "The funnel balances: for every source, a room was given what the last one kept; all else has a reason."
        return tag("p", text, class_="balance") if tally.rooms else Html("")
    lines = (
        tag("li", f"{one.source}: {one.before} kept {count(one.left)}, {one.after} was given {count(one.entered)}")
        for one in tally.mismatches
    )
    return tag("div", "The funnel does not balance:", tag("ul", *lines), class_="balance wrong", role="alert")


DAMAGED_SHOWN = 20


def damage(report: FunnelReport) -> Html:
    """Which input files could not be read to their end."""
    if not (files := report.damaged):
        return Html("")
    lines = [tag("li", f"{one.source}: {one.told()}", dir="auto") for one in files[:DAMAGED_SHOWN]]
    if len(files) > DAMAGED_SHOWN:
        lines.append(tag("li", f"and {count(len(files) - DAMAGED_SHOWN)} more"))
    many = "1 input file" if len(files) == 1 else f"{count(len(files))} input files"
    return tag(
        "div",
        f"{many} could not be read whole:",
        tag("ul", *lines),
        class_="balance wrong damaged",
    )


def quarantined(report: FunnelReport) -> Html:
    """Which records ended every process that read them."""
    if not (deadly := report.quarantined):
        return Html("")
    lines = [tag("li", one.told(), dir="auto") for one in deadly[:DAMAGED_SHOWN]]
    if len(deadly) > DAMAGED_SHOWN:
        lines.append(tag("li", f"and {count(len(deadly) - DAMAGED_SHOWN)} more, all in quarantine.json"))
    return tag("div", f"{summary(deadly)}:", tag("ul", *lines), class_="balance wrong damaged")


def sources(report: FunnelReport) -> Html:
    """What was read."""
    if not report.sources:
        return Html("")
    items = []
    for one in report.sources:
        files = "1 file" if one.files == 1 else f"{count(one.files)} files"
        items.append(tag("li", tag("b", one.name, dir="auto"), f" {one.kind}, {files}, {size(one.raw_bytes)}"))
    return tag("ul", *items, class_="sources", aria_label="Sources")


def drawings(tally: Tally) -> Html:
    """The funnel, for each measure and for wide and narrow screens; page.css shows the one that fits."""
    if not tally.records:
        return tag("p", "Nothing flowed.", class_="empty")
    drawn = []
    for measure, name in MEASURES.items():
        flow = stream(tally, measure)
        label = f"Flow from sources to published, in {name.lower()}"
        both = (sankey_wide.draw(flow, label), sankey_narrow.draw(flow, label))
        kept = (
            tag("li", tag("i", class_=f"dot {tint(place)}"), tag("b", strand.label, dir="auto"))
            for place, strand in enumerate(flow.strands)
        )
        sources = tag("ul", tag("li", "kept, by source:"), *kept, class_="legend", aria_label="Colours of sources")
        drawn.append(tag("div", *both, sources, class_=f"m m-{measure}"))
    present = {fate.outcome for room in tally.rooms for fate in room.losses}
    legend = (
        tag("li", tag("i", class_=f"dot {outcome}"), outcome.replace("_", " "))
        for outcome in OUTCOMES
        if outcome in present
    )
    return joined((*drawn, tag("ul", *legend, class_="legend", aria_label="Colours of losses")))


def questions(tally: Tally) -> Html:
    """Queries to go on with, about this run's own largest loss where its name can stand in a shell command."""
    losses = [(fate.total("documents"), room.name, fate) for room in tally.rooms for fate in room.losses]
    dropped = [row for row in losses if row[2].outcome == "dropped" and _PLAIN.fullmatch(row[2].reason)]
    _, room, fate = max(dropped, key=lambda row: row[0], default=(0, "", None))
    reason = fate.reason if fate else "gopher:word_count"
    room = room if room in ROOM_TITLES else "20_filtered"
    by_reason = f"select reason, sum(docs_in) as docs from funnel where room = '{room}' group by all order by docs desc"
    records = f"select source, raw_path, raw_offset from dropped where reason = '{reason}' limit 20"
    asked = (
        ("The numbers on this page", "select * from funnel order by room, source, docs_in desc"),
        ("One room by reason", by_reason),
        ("Which records a reason took", records),
        ("Copies and who stands for them", "select * from duplicates limit 20"),
        ("What was published", "select source, count(*) as docs from documents group by all order by docs desc"),
    )
    items = (joined((tag("dt", what), tag("dd", tag("code", f'make query SQL="{sql}"')))) for what, sql in asked)
    return tag("dl", *items, class_="questions")


def numbers(report: FunnelReport, tally: Tally) -> dict[str, object]:
    """What the page says, for programs: the given rows and the totals made of them."""
    published = tally.published
    return {
        "run": report.run,
        "config": report.config,
        "recipe": report.recipe,
        "generated_from": report.generated_from,
        "sources": [asdict(row) for row in report.sources],
        "flows": [asdict(row) for row in report.flows],
        "times": [asdict(row) for row in report.times],
        "published": [asdict(row) for row in report.published],
        "totals": {
            "records_in": tally.records,
            "raw_bytes_in": tally.rooms[0].entered("raw_bytes") if tally.rooms else 0,
            "published_documents": published.total("documents") if published else None,
            "published_text_bytes": published.total("text_bytes") if published else None,
        },
        "balances": not tally.mismatches,
    }
