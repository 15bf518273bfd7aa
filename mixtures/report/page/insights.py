"""What else the surfaces say: caps and prices, who helps whom, a domain's worth, the learning curve, what to train."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mixtures.proposal.insight import Learned, Range, Without
from mixtures.proposal.proposal import DomainWeight, Proposal
from mixtures.report.page.drawing import Axis, dot, line, row, stroke
from mixtures.report.page.heat import heat
from mixtures.report.page.markup import Html, joined, tag
from mixtures.report.page.numbers import change, epochs, exact, loss, percent, span
from mixtures.report.page.tables import axis_head, folded, head, name_cell, number, table
from mixtures.report.page.weights import MINOR, MINOR_TOLD, by_weight, holds
from mixtures.uncertainty.estimate import Estimate

TAKERS, MOVED = 2, 0.001  # domains that are told to take the weight of one that is shut out, and the least of it
NEAR_NOISE = 1.25  # of a run's noise: in an error below it the surface's own is less than three quarters of the noise
FELL = 0.8  # of the first error: a last one below it says that runs still help
NAMES = {"raw": "as they are", "z": "in units of their signal", "gain": "as larger models keep them"}


def caps(proposal: Proposal) -> Html:
    """One row a domain that has a limit: how often it is read, its most, the room left, what more would gain."""
    ends = {name: one.available_tokens is None for name, one in proposal.constraints.domains.items()}
    ranked = by_weight(proposal)
    limited = [one for one in ranked if not ends[one.domain] or one.minimum > 0 or one.maximum < 1]
    if not limited:
        told = (
            "Nothing limits this mixture: the constraints give no domain’s tokens, no minimum and no maximum below 1."
        )
        return tag("p", told, class_="aside")
    heads = (
        head("Domain"),
        head("Epochs, natural", "n"),
        head("Epochs, proposed", "n"),
        head("Weight", "n"),
        head("Most", "n"),
        head("Room", "n"),
        head("Held by"),
        head("Price of the bound", "n"),
        head("90 % of draws", "n"),
    )
    free = len(ranked) - len(limited)
    aside = tag("p", f"Nothing limits the other {free} domains.", class_="aside") if free else ""
    limited.sort(key=lambda one: -(one.multiplier or 0.0))
    rows = [(_cap(one, endless=ends[one.domain]), one.proposed.value < MINOR and not one.minimum) for one in limited]
    told = f"domains of less than {percent(MINOR)}"
    return joined((folded("Epochs, caps and their prices", heads, rows, "beside", told), aside))


def _cap(one: DomainWeight, *, endless: bool) -> Html:
    room = max(one.maximum - one.proposed.value, 0.0)
    capped = one.binding in ("max_epochs", "maximum")
    natural, proposed = (None if endless else value for value in (one.natural_epochs, one.proposed_epochs))
    price, drawn = one.multiplier, one.multiplier_drawn
    return tag(
        "tr",
        name_cell(one.domain),
        number(exact(one.natural_epochs, epochs(natural))),
        number(exact(one.proposed_epochs, epochs(proposed)), "n total"),
        number(percent(one.proposed.value)),
        number(percent(min(one.maximum, 1.0))),
        number("–" if capped else percent(room)),
        tag("td", holds(one), class_="held"),
        number("–" if price is None else exact(price, f"{price:.5f}")),
        number("–" if drawn is None else f"{drawn.low:.5f} to {drawn.high:.5f}"),
    )


def near(proposal: Proposal) -> Html:
    """What cannot be told from the proposal, and the most different mixtures among it."""
    found = proposal.insight.near.extremes
    heads = ["proposed", *(f"as good, {at}" for at, _ in enumerate(found, 1))]
    gains = [proposal.gain.value, *(one.gain for one in found)]
    last = {"Predicted gain": [exact(gain, change(gain)) for gain in gains]}
    mixtures = [proposal.weights, *(one.weights for one in found)]
    return _beside("Mixtures that are as good, as far as can be seen", proposal, heads, mixtures, last)


def _beside(
    caption: str,
    proposal: Proposal,
    heads: Sequence[str],
    mixtures: Sequence[Mapping[str, float]],
    last: Mapping[str, Sequence[str]],
) -> Html:
    """A few mixtures side by side, a row a domain; then rows by name with a cell a mixture."""
    rows = [
        (
            tag("tr", name_cell(name), *(number(exact(one[name], percent(one[name]))) for one in mixtures)),
            max((one[name] for one in mixtures), default=0.0) < MINOR,
        )
        for name in (one.domain for one in by_weight(proposal))
    ]
    rows += [
        (tag("tr", name_cell(name), *(number(one, "n total") for one in cells)), False) for name, cells in last.items()
    ]
    return folded(caption, (head("Domain"), *(head(one, "n") for one in heads)), rows, "beside", MINOR_TOLD)


def helps(proposal: Proposal) -> Html:
    """Tasks by domains."""
    found = {(one.task, one.domain): one.change for one in proposal.insight.helps}
    names = [one.domain for one in by_weight(proposal)]
    tasks = list(dict.fromkeys(one.task for one in proposal.insight.helps))
    rows = [(task, [found[task, name] for name in names]) for task in tasks]
    return heat("Change of a task's loss by one point more of a domain", names, rows, 4)


def without(proposal: Proposal) -> Html:
    """The best mixture without each domain."""
    ranked = sorted(proposal.insight.without, key=lambda one: -(one.loss.value if one.loss else -float("inf")))
    ends = [end for one in ranked if one.loss for end in (one.loss.low, one.loss.high)]
    axis = Axis.over(ends, include=(0.0,))
    heads = (
        head("Without"),
        axis_head("Objective lost", axis),
        head("Lost", "n"),
        head("90 % of draws", "n"),
        head("Its weight goes to"),
    )
    proposed = proposal.weights
    held = {one.domain for one in proposal.domains if one.minimum > 0}
    rows = [
        (
            _lost(one, axis, proposed, has_minimum=one.domain in held),
            one.loss is not None and proposed[one.domain] < MINOR,
        )
        for one in ranked
    ]
    told = f"domains of which less than {percent(MINOR)} is proposed"
    return folded("The best mixture without one domain", heads, rows, "drawn", told)


def _lost(one: Without, axis: Axis, proposed: Mapping[str, float], *, has_minimum: bool) -> Html:
    if one.loss is None or one.weights is None:
        why = "its minimum forbids it" if has_minimum else "the others cannot fill its place"
        empty = tag("td", row(line(axis, axis.low, axis.high, "track"), label="not possible"), class_="plot")
        return tag("tr", name_cell(one.domain), empty, number("–"), number("–"), tag("td", why, class_="held"))
    drawing = row(
        line(axis, axis.low, axis.high, "track"),
        stroke(axis, 0.0, "zero"),
        line(axis, one.loss.low, one.loss.high, "interval"),
        dot(axis, one.loss.value, "proposed"),
        label=f"{change(one.loss.value)} lost",
    )
    more = sorted(((weight - proposed[name], name) for name, weight in one.weights.items()), reverse=True)[:TAKERS]
    takers = [joined((tag("bdi", name), f" +{percent(weight)}")) for weight, name in more if weight >= MOVED]
    return tag(
        "tr",
        name_cell(one.domain),
        tag("td", drawing, class_="plot"),
        number(exact(one.loss.value, change(one.loss.value)), "n total"),
        number(span(one.loss.low, one.loss.high)),
        tag("td", Html(", ".join(takers) or "–"), class_="moved"),
    )


def learned(proposal: Proposal) -> Html:
    """Held-out error by the number of mixtures, with the noise of one run as the floor."""
    points, floor = proposal.insight.learned, proposal.run_noise.sd
    axis = Axis(0.0, max([floor, *(one.rmse.high for one in points)]) * 1.02)
    heads = (head("Mixtures"), axis_head("Held-out error", axis), head("RMSE", "n"), head("Least to most", "n"))
    rows = [
        tag(
            "tr",
            name_cell(f"{one.mixtures}"),
            tag(
                "td",
                row(
                    line(axis, axis.low, axis.high, "track"),
                    line(axis, one.rmse.low, one.rmse.high, "interval"),
                    stroke(axis, floor, "bound", 9),
                    dot(axis, one.rmse.value, "proposed"),
                    label=f"{loss(one.rmse.value)}",
                ),
                class_="plot",
            ),
            number(exact(one.rmse.value, loss(one.rmse.value)), "n total"),
            number(f"{loss(one.rmse.low)} to {loss(one.rmse.high)}"),
        )
        for one in points
    ]
    told = (
        f"The upright stroke is the noise of one run, {loss(floor)}: errors on single runs are not expected below it."
    )
    told = f"{_more_runs(points, floor)} {told}".strip()
    return joined(
        (table("Held-out error by the number of mixtures", heads, rows, "drawn"), tag("p", told, class_="aside"))
    )


def _more_runs(points: Sequence[Learned], floor: float) -> str:
    """What the curve says: whether its last error is near the noise, and whether it still fell; nothing without one."""
    first, last = points[0], points[-1]
    if not floor:
        return ""
    size = f"By {last.mixtures} mixtures the error is {last.rmse.value / floor:.1f} times the noise of one run"
    if last.rmse.value < NEAR_NOISE * floor:
        return f"{size}: more runs of this kind tell little."
    if last.rmse.value < FELL * first.rmse.value:
        return f"{size}, and was {loss(first.rmse.value)} by {first.mixtures}: more runs would tell more."
    return f"{size}, and was hardly more by {first.mixtures}: it would take many more runs to tell more."


def optima(proposal: Proposal) -> Html:
    """The optimum under each weighting of the tasks."""
    found = proposal.insight.optima
    last: dict[str, Sequence[str]] = {
        "Gain so weighed": [_sure(one.gain, one.drawn) for one in found.values()],
        "The proposal’s gain": [
            "–" if one.proposal_gain is None else _sure(one.proposal_gain.value, one.proposal_gain)
            for one in found.values()
        ],
    }
    whole = _beside(
        "The best mixture under each weighting", proposal, list(found), [one.weights for one in found.values()], last
    )
    told = ", ".join(f"{name}: losses {NAMES[name]}" for name in found) + "."
    if "gain" not in found:
        told += " “Gain” needs the same mixtures at two sizes; there were none."
    if silent := max(one.silent_draws for one in found.values()):
        told += (
            f" In {silent} of {proposal.settings.replicas} draws larger models follow smaller ones in no task: there "
            "nothing is gained, and natural is as good as any."
        )
    return joined((whole, tag("p", told, class_="aside")))


def _sure(gain: float, drawn: Range | Estimate | None) -> Html:
    """A gain, and below it where 90 % of draws have it, if that is known."""
    told = exact(gain, change(gain))
    return told if drawn is None else joined((told, tag("small", span(drawn.low, drawn.high))))


def next_runs(proposal: Proposal, run_tokens: int | None, run_minutes: float | None) -> Html:
    """What would say most about the mixtures that may be best, and what it costs where that is known."""
    found = proposal.insight.next_runs
    last = {"Lowers the variance by": [exact(one.variance_share, percent(one.variance_share)) for one in found]}
    if run_tokens is not None:
        last["Tokens"] = [exact(run_tokens, f"{run_tokens:,}")] * len(found)
    if run_minutes is not None:
        last["Minutes, as those before"] = [exact(run_minutes, f"{run_minutes:.1f}")] * len(found)
    heads = [f"run {at}" for at, _ in enumerate(found, 1)]
    whole = _beside("What to train next", proposal, heads, [one.weights for one in found], last)
    together = percent(sum(one.variance_share for one in found))
    told = f"Together they lower the variance between mixtures that may be best by {together}, if the surface is right."
    cost = "" if run_tokens is None else f" They cost {run_tokens * len(found):,} tokens."
    return joined((whole, tag("p", told + cost, class_="aside")))
