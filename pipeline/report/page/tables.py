"""The tables of the page: reasons by source, time by stage, published domains."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pipeline.report.page.branches import fate_anchor, room_anchor, room_title
from pipeline.report.page.markup import Html, joined, tag
from pipeline.report.page.model import FunnelReport, StageTime
from pipeline.report.page.numbers import NARROW_SPACE, count, exact, rate, share, size, three_digits, write
from pipeline.report.page.tally import MEASURES, Fate, Measure, Room, Tally

ROOM_WORK = {
    "10_extracted": "Raw records become documents with text, or say why not.",
    "20_filtered": "Rules judge what the stages measured; the first rule that holds names the reason.",
    "31_duplicates": "Copies leave, each verified against the document that stands for it.",
    "40_published": "Survivors are checked a last time and written to even shards.",
}

MAX_COLUMNS = 16
"""Of sources; of more the smallest share one. The embedded numbers have each."""

LINE_MAY_BREAK = Html("<wbr>")


def measured(value: Callable[[Measure], int]) -> Html:
    """One number in all three measures; the page shows the one that is switched on."""
    parts = ((measure, value(measure)) for measure in MEASURES)
    return joined(exact(number, write(measure, number), class_=f"m m-{measure}") for measure, number in parts)


def fraction(part: Callable[[Measure], int], whole: Callable[[Measure], int]) -> Html:
    """A bar and a number: the share that `part` is of `whole`, in all three measures."""
    widths = (f"--{measure}:{_percent(part(measure), whole(measure))}" for measure in MEASURES)
    numbers = (tag("span", share(part(measure), whole(measure)), class_=f"m m-{measure}") for measure in MEASURES)
    return tag("div", tag("i", style=";".join(widths)), tag("span", *numbers), class_="fraction")


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.2f}%" if whole else "0%"


def bar(part: float, longest: float) -> Html:
    """A bar in one measure."""
    return tag("div", tag("i", style=f"--alone:{_percent(part, longest)}"), class_="fraction alone")


def head(label: str, class_: str | None = None, sort: str | None = None) -> Html:
    """A column's head; a sortable one is a button. `sort` is the order it starts in, `none` or `descending`."""
    if sort is None:
        return tag("th", label, scope="col", class_=class_)
    return tag("th", tag("button", label, type="button"), scope="col", class_=class_, aria_sort=sort)


def table(label: str, heads: tuple[str, ...], *bodies: str, class_: str, columns: int = 1) -> Html:
    """A table that scrolls by itself where the screen is narrow, reachable by keyboard; `columns` hold numbers."""
    caption, top = tag("caption", label, class_="aside"), tag("thead", tag("tr", *heads))
    inner = tag("table", caption, top, *bodies, class_=class_, style=f"--columns:{columns}")
    return tag("div", inner, class_="scroll", tabindex=0, role="region", aria_label=label)


def reason_name(fate: Fate) -> Html:
    """`rule_set:` stands back, the rule stands out; an outcome other than dropped is said."""
    rule_set, colon, rule = fate.label.partition(":")
    name = joined((tag("span", rule_set + colon, class_="set"), LINE_MAY_BREAK, rule)) if colon else fate.label
    said = () if fate.outcome in ("kept", "dropped") else (" ", tag("small", fate.outcome.replace("_", " ")))
    return joined((tag("i", class_=f"dot {fate.outcome}"), tag("span", name, class_="reason", dir="auto"), *said))


def room_heading(name: str) -> tuple[str, ...]:
    """What a room does, and the name of its folder."""
    return (room_title(name), " ", tag("code", name)) if room_title(name) != name else (name,)


def _columns(tally: Tally) -> list[tuple[str, tuple[str, ...]]]:
    return tally.groups(MAX_COLUMNS) if len(tally.sources) > 1 else []


def _counts(tally: Tally, of: Callable[[Measure, tuple[str, ...] | None], int], bar_cell: Html) -> list[Html]:
    """The number cells of a row: the sum, its bar, and one a source where there are several."""

    def cell(sources: tuple[str, ...] | None, class_: str) -> Html:
        return tag("td", measured(lambda measure: of(measure, sources)), class_=class_)

    single = [cell(sources, "n") for _, sources in _columns(tally)]
    return [cell(None, "n total"), bar_cell, *single]


def _row(tally: Tally, room: Room, fate: Fate, anchor: str | None, examples: str) -> Html:
    return tag(
        "tr",
        tag("th", reason_name(fate), scope="row"),
        *_counts(tally, fate.total, tag("td", fraction(fate.total, room.entered), class_=f"bars {fate.outcome}")),
        tag("td", examples, class_="link"),
        id=anchor,
        class_=fate.outcome,
    )


def room_table(tally: Tally, position: int, example_link: Callable[[int, int | None], str]) -> Html:
    """One room: its reasons by source, what it kept, what entered. `example_link(room, reason or None for kept)`."""
    room, title = tally.rooms[position], room_title(tally.rooms[position].name)
    sources = [label for label, _ in _columns(tally)]
    heads = (
        head("Reason", sort="none"),
        head("All sources" if sources else "Records", "n", "descending"),
        head("Share of what entered"),
        *(head(source, "n", "none") for source in sources),
        head("", "link"),
    )
    losses = (
        _row(tally, room, fate, fate_anchor(position, reason), example_link(position, reason))
        for reason, fate in enumerate(room.losses)
    )
    kept = _row(tally, room, room.kept, None, example_link(position, None))
    entered = tag("tr", tag("th", "entered", scope="row"), *_counts(tally, room.entered, tag("td")), tag("td"))
    work = tag("p", ROOM_WORK[room.name], class_="aside") if room.name in ROOM_WORK else ""
    bodies = (tag("tbody", *losses, class_="sortable"), tag("tfoot", kept, entered))
    shown = table(f"{title}: reasons by source", heads, *bodies, class_="reasons", columns=len(sources) + 1)
    heading = tag("h3", *room_heading(room.name))
    return tag("section", heading, work, shown, id=room_anchor(position), class_="room")


def _time_row(time: StageTime, longest: float, total: float) -> Html:
    return tag(
        "tr",
        tag("th", time.stage, scope="row"),
        tag("td", tag("data", three_digits(time.cpu_s), value=f"{time.cpu_s:.6f}"), class_="n total"),
        tag("td", bar(time.cpu_s, longest), class_="bars time"),
        tag("td", f"{100 * time.cpu_s / total:.1f}{NARROW_SPACE}%" if total else "–", class_="n"),
        tag("td", exact(time.docs, count(time.docs)), class_="n"),
        tag("td", rate(time.docs, time.cpu_s), class_="n"),
        tag("td", rate(time.bytes / 1e6, time.cpu_s), class_="n"),
    )


def time_table(report: FunnelReport) -> Html:
    """CPU seconds by stage in the order of the run, with documents and decimal megabytes per CPU second."""
    longest = max((time.cpu_s for time in report.times), default=0.0)
    total = sum(time.cpu_s for time in report.times)
    bodies = []
    for room in sorted({time.room for time in report.times}):
        rows = [_time_row(time, longest, total) for time in report.times if time.room == room]
        label = tag("th", *room_heading(room), scope="rowgroup", colspan=7)
        bodies.append(tag("tbody", tag("tr", label, class_="group"), *rows))
    heads = ("CPU seconds", "", "Share", "Documents", "Documents / CPU s", "MB / CPU s")
    number = tag("td", three_digits(total), class_="n total")
    foot = tag("tr", tag("th", "all stages", scope="row"), number, tag("td", colspan=5))
    columns = (head("Stage"), *(head(label, "n") for label in heads))
    return table("CPU time by stage", columns, *bodies, tag("tfoot", foot), class_="times")


LICENCES_SHOWN = 20


def licence_chips(licences: Mapping[str, int]) -> Html:
    """The most frequent licences of a domain with their counts of documents; all the others as one."""
    ranked = sorted(licences.items(), key=lambda item: (-item[1], item[0]))
    if rest := ranked[LICENCES_SHOWN:]:
        ranked = [*ranked[:LICENCES_SHOWN], (f"{len(rest)} others", sum(docs for _, docs in rest))]
    chips = (tag("li", tag("span", name, dir="auto"), " ", exact(docs, count(docs))) for name, docs in ranked)
    return tag("ul", *chips, class_="chips")


def published_table(report: FunnelReport) -> Html:
    """The domains of the corpus, the largest first."""
    ranked = sorted(report.published, key=lambda row: (-row.text_bytes, row.domain))
    docs, text = sum(row.docs for row in ranked), sum(row.text_bytes for row in ranked)
    longest = max((row.text_bytes for row in ranked), default=0)
    rows = [
        tag(
            "tr",
            tag("th", row.domain, scope="row"),
            tag("td", exact(row.docs, count(row.docs)), class_="n"),
            tag("td", exact(row.text_bytes, size(row.text_bytes)), class_="n total"),
            tag("td", bar(row.text_bytes, longest), class_="bars kept"),
            tag("td", share(row.text_bytes, text), class_="n"),
            tag("td", exact(row.shards, count(row.shards)), class_="n"),
            tag("td", licence_chips(row.licences)),
        )
        for row in ranked
    ]
    foot = tag(
        "tr",
        tag("th", "all domains", scope="row"),
        tag("td", exact(docs, count(docs)), class_="n"),
        tag("td", exact(text, size(text)), class_="n total"),
        tag("td", colspan=4),
    )
    numbers = (head(label, "n") for label in ("Documents", "Text", "", "Share of text", "Shards"))
    heads = (head("Domain"), *numbers, head("Licences, in documents"))
    return table("Published domains", heads, tag("tbody", *rows), tag("tfoot", foot), class_="domains")
