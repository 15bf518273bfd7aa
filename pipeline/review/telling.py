"""The command's words: what is asked, the agreement, what was exported."""

from __future__ import annotations

from collections import Counter

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from pipeline.review import answers
from pipeline.review.agreement import PIPELINE, agreements
from pipeline.review.answers import ANSWERS
from pipeline.review.labelled import Written
from pipeline.review.queue import Queue
from pipeline.trouble import ConfigError


def asked(queue: Queue) -> RenderableType:
    """How many documents of which source and side are asked."""
    counts = Counter((each.source, each.pipeline) for each in queue.candidates)
    table = Table(
        "source", "on the side of", "documents", title=f"{len(queue.candidates):,} documents about {queue.about}"
    )
    for (source, side), count in sorted(counts.items()):
        table.add_row(escape(source), side, f"{count:,}")
    return table


def agreement(data: str) -> RenderableType:
    """What people answered, and how far they agree. Raises ConfigError where nobody has answered."""
    rows = answers.read(data)
    if not rows:
        raise ConfigError(f"{data}: nobody has answered yet; give `review` without --agreement")
    given = Table("about", "who", *ANSWERS, "seconds each", title="answers")
    by_person: dict[tuple[str, str], list[answers.Answer]] = {}
    for answer in answers.standing(rows):
        by_person.setdefault((answer.about, answer.who), []).append(answer)
    for (about, who), mine in sorted(by_person.items()):
        counts = Counter(answer.answer for answer in mine)
        middle = sorted(answer.seconds for answer in mine)[len(mine) // 2]
        given.add_row(about, who, *(f"{counts[answer]:,}" for answer in ANSWERS), f"{middle}")
    table = Table(
        "about", "between", "verdict", "documents", "equal", "share (95 %)", "kappa (95 %)", title="agreement"
    )
    for found in agreements(rows):
        share, low, high = found.share
        table.add_row(
            found.about,
            f"{found.first}, {found.second}",
            "hidden" if found.blind else "seen",
            f"{found.documents:,}",
            f"{found.equal:,}",
            f"{share:.3f} ({low:.3f} to {high:.3f})",
            "not defined" if found.kappa is None else "{:.3f} ({:.3f} to {:.3f})".format(*found.kappa),
        )
    note = (
        f"{PIPELINE}: of documents near its boundaries, not its accuracy on all; a verdict that was seen sways people"
    )
    return Group(given, table, note)


def exported(data: str, written: Written) -> str:
    """Where the labelled texts are, how many, and what was not used."""
    labels = ", ".join(f"{count:,} {label}" for label, count in written.by_label.items())
    return (
        f"{labels} of {written.people} people in {data}/{written.name}; not used: {written.undecided:,} undecided, "
        f"{written.gone:,} changed, taken down or not published since"
    )
