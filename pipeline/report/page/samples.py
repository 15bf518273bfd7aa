"""What the audit sample shows: documents by reason, and duplicates beside their survivors. All of it hostile."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from pipeline.report.page.markup import Html, cut, joined, tag
from pipeline.report.page.model import ClusterExample, Example, FunnelReport, PairMember
from pipeline.report.page.numbers import NARROW_SPACE
from pipeline.report.page.tables import reason_name, room_heading
from pipeline.report.page.tally import Fate, Tally
from pipeline.report.page.words import compared

MAX_TEXT, MAX_ADDRESS, MAX_NAME, MAX_SIGNALS = 900, 240, 120, 48
MAX_EXAMPLES, MAX_PER_REASON = 180, 6  # about 2.5 kB each: the page stays under 1 MB
MAX_PAIRS = 24


class Shelf:
    """The examples that the page shows, by room and reason; it knows which anchors exist."""

    def __init__(self, report: FunnelReport, tally: Tally) -> None:
        self.tally = tally
        self.given: dict[tuple[str, str], list[Example]] = defaultdict(list)
        for example in report.examples:
            self.given[example.room, "" if example.reason == "kept" else example.reason].append(example)
        self.per_reason = max(1, min(MAX_PER_REASON, MAX_EXAMPLES // max(1, len(self.given))))

    def link(self, room: int, reason: int | None) -> str:
        """From a row of a room's table to its examples; empty where the sample holds none."""
        fate = self.tally.rooms[room].kept if reason is None else self.tally.rooms[room].losses[reason]
        if not self.given.get((self.tally.rooms[room].name, fate.reason)):
            return ""
        return tag("a", "examples", href=f"#{_anchor(room, reason)}", aria_label=f"examples of {fate.label}")

    def chosen(self, room: str, reason: str) -> list[Example]:
        """A few of one reason, taking turns between the sources, in the order of their ids."""
        by_source: dict[str, list[Example]] = defaultdict(list)
        for example in sorted(self.given.get((room, reason), ()), key=lambda one: (one.source, one.doc_id, one.raw)):
            by_source[example.source].append(example)
        turns = [(turn, name, one) for name, examples in by_source.items() for turn, one in enumerate(examples)]
        return [one for _, _, one in sorted(turns, key=lambda row: row[:2])[: self.per_reason]]

    def html(self) -> Html:
        """Every room that has examples, one fold a reason."""
        sections = []
        for position, room in enumerate(self.tally.rooms):
            fates: list[tuple[int | None, Fate]] = [*enumerate(room.losses), (None, room.kept)]
            folds = [self._fold(room.name, position, at, fate) for at, fate in fates]
            if any(folds):
                sections.append(joined((tag("h3", *room_heading(room.name)), *folds)))
        return joined(sections)

    def _fold(self, room: str, position: int, at: int | None, fate: Fate) -> Html:
        shown, given = self.chosen(room, fate.reason), len(self.given.get((room, fate.reason), ()))
        if not shown:
            return Html("")
        number = (
            f"{len(shown)} of {given:,} examples"
            if given > len(shown)
            else "1 example"
            if given == 1
            else f"{given} examples"
        )
        summary = tag("summary", reason_name(fate), " ", tag("small", number, class_="count"))
        cards = (_card(example, fate) for example in shown)
        return tag("details", summary, *cards, id=_anchor(position, at), class_="fold")


def _anchor(room: int, reason: int | None) -> str:
    return f"examples-{room}-{'kept' if reason is None else reason}"


def hostile(text: str, limit: int, class_: str, name: str = "span") -> Html:
    """A stranger's text, cut and kept from reordering what stands around it."""
    return tag(name, cut(text, limit), class_=class_, dir="auto")


def _card(example: Example, fate: Fate) -> Html:
    origin = (
        tag("b", cut(example.source, MAX_NAME)),
        tag("code", cut(example.doc_id, MAX_NAME), class_="id"),
        hostile(example.raw, MAX_ADDRESS, "address"),
        hostile(example.url, MAX_ADDRESS, "address url") if example.url else "",
    )
    empty = not example.text.strip()
    body = tag("p", "no text", class_="text none") if empty else hostile(example.text, MAX_TEXT, "text", "p")
    signals = _signals(example.signals, fate.reason)
    return tag("article", tag("header", *origin), tag("div", body, signals, class_="sides"), class_="card")


def _signals(signals: Mapping[str, int | str | None], reason: str) -> Html:
    """What was measured; signals that the reason's name speaks of come first, and stand out."""
    rule_set, _, rule = reason.partition(":")

    def spoken_of(name: str) -> bool:
        measured = _stems(name)
        return measured <= _stems(rule_set) | _stems(rule) or any(
            part and part <= measured for part in (_stems(rule), _stems(rule_set))
        )

    ranked = sorted(signals.items(), key=lambda item: (not spoken_of(item[0]), item[0]))[:MAX_SIGNALS]
    rows = (
        tag("div", tag("dt", cut(name, MAX_NAME)), _value(value), class_="named" if spoken_of(name) else "other")
        for name, value in ranked
    )
    return tag("dl", *rows, class_="signals") if ranked else Html("")


def _stems(name: str) -> frozenset[str]:
    """The words of a name without their plural: short_lines and short_line_count have short and line in common."""
    return frozenset(word.rstrip("s") for word in name.split("_") if word)


def _value(value: int | str | None) -> Html:
    if value is None:
        return tag("dd", "–", class_="none")
    return tag("dd", f"{value:,}") if isinstance(value, int) else hostile(value, MAX_NAME, "word", "dd")


def pairs(clusters: Iterable[ClusterExample]) -> Html:
    """Removed documents beside their survivors, differing words marked; the given order, at most MAX_PAIRS."""
    return joined(_pair(cluster) for cluster in list(clusters)[:MAX_PAIRS])


def _pair(cluster: ClusterExample) -> Html:
    removed, survivor = compared(cluster.removed.text[: 4 * MAX_TEXT], cluster.survivor.text[: 4 * MAX_TEXT])
    known = cluster.similarity_1e4
    similarity = "texts not compared" if known is None else f"{known / 100:.2f}{NARROW_SPACE}% alike"
    title = tag(
        "header",
        tag("span", reason_name(Fate("merged", cluster.reason, ()))),
        tag("small", f"cluster of {cluster.members:,}") if cluster.members > 2 else "",
        tag("b", similarity, class_="similarity"),
    )
    sides = (_member("removed", cluster.removed, removed), _member("survivor", cluster.survivor, survivor))
    return tag("article", title, tag("div", *sides, class_="pair"), _evidence(cluster), class_="card")


def _evidence(cluster: ClusterExample) -> Html:
    """What both have, in a sentence and a few quotations."""
    if not cluster.evidence:
        return Html("")
    quoted = [part for passage in cluster.passages for part in (" ", tag("q", cut(passage, MAX_ADDRESS), dir="auto"))]
    return tag("p", tag("small", cluster.evidence, ". For instance" if quoted else ".", *quoted))


def _member(role: str, member: PairMember, text: Html) -> Html:
    origin = (
        tag("b", role),
        tag("code", cut(member.doc_id, MAX_NAME), class_="id"),
        hostile(member.url, MAX_ADDRESS, "address url") if member.url else "",
    )
    return tag("section", tag("header", *origin), tag("p", text, class_="text", dir="auto"), class_=role)
