"""What else the surfaces say: caps and prices, who helps whom, a domain's worth, the learning curve, what to train."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mixtures.proposal.insight import Without
from mixtures.proposal.proposal import DomainWeight, Proposal
from mixtures.report.page.drawing import Axis, dot, line, row, stroke
from mixtures.report.page.heat import heat
from mixtures.report.page.markup import Html, joined, tag
from mixtures.report.page.numbers import change, epochs, exact, loss, percent
from mixtures.report.page.tables import axis_head, head, name_cell, number, table
from mixtures.report.page.weights import HELD, by_weight

NAMES = {"raw": "as they are", "z": "in units of their signal", "gain": "as larger models keep them"}


def caps(proposal: Proposal) -> Html:
    """One row a domain that has a limit: how often it is read, its most, the room left, what more would gain."""
    limited = [one for one in by_weight(proposal) if one.natural_epochs or one.minimum > 0 or one.maximum < 1]
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
    )
    free = len(by_weight(proposal)) - len(limited)
    aside = tag("p", f"Nothing limits the other {free} domains.", class_="aside") if free else ""
    return joined((table("Epochs, caps and their prices", heads, [_cap(one) for one in limited]), aside))


def _cap(one: DomainWeight) -> Html:
    room = max(one.maximum - one.proposed.value, 0.0)
    capped = one.binding in ("max_epochs", "maximum")
    return tag(
        "tr",
        name_cell(one.domain),
        number(exact(one.natural_epochs, epochs(one.natural_epochs))),
        number(exact(one.proposed_epochs, epochs(one.proposed_epochs)), "n total"),
        number(percent(one.proposed.value)),
        number(percent(min(one.maximum, 1.0))),
        number("–" if capped else percent(room)),
        tag("td", HELD[one.binding] if one.binding else "", class_="held"),
        number(exact(one.multiplier or 0.0, f"{one.multiplier or 0.0:.5f}") if capped else "–"),
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
        tag("tr", name_cell(name), *(number(exact(one[name], percent(one[name]))) for one in mixtures))
        for name in (one.domain for one in by_weight(proposal))
    ]
    rows += [tag("tr", name_cell(name), *(number(one, "n total") for one in cells)) for name, cells in last.items()]
    return table(caption, (head("Domain"), *(head(one, "n") for one in heads)), rows, "beside")


def helps(proposal: Proposal) -> Html:
    """Tasks by domains."""
    found = {(one.task, one.domain): one.change for one in proposal.insight.helps}
    names = [one.domain for one in by_weight(proposal)]
    tasks = list(dict.fromkeys(one.task for one in proposal.insight.helps))
    rows = [(task, [found[task, name] for name in names]) for task in tasks]
    return heat("Change of a task's loss by one point more of a domain", names, rows, 4)


def without(proposal: Proposal) -> Html:
    """The best mixture without each domain."""
    ranked = sorted(proposal.insight.without, key=lambda one: -(one.loss.value if one.loss else float("inf")))
    ends = [end for one in ranked if one.loss for end in (one.loss.low, one.loss.high)]
    axis = Axis.over(ends, include=(0.0,))
    heads = (
        head("Without"),
        axis_head("Objective lost", axis),
        head("Lost", "n"),
        head("90 % of draws", "n"),
        head("Then mostly"),
    )
    return table("The best mixture without one domain", heads, [_lost(one, axis) for one in ranked], "drawn")


def _lost(one: Without, axis: Axis) -> Html:
    if one.loss is None or one.weights is None:
        empty = tag("td", row(line(axis, axis.low, axis.high, "track"), label="not possible"), class_="plot")
        return tag(
            "tr", name_cell(one.domain), empty, number("–"), number("–"), tag("td", "bounds forbid it", class_="held")
        )
    drawing = row(
        line(axis, axis.low, axis.high, "track"),
        stroke(axis, 0.0, "zero"),
        line(axis, one.loss.low, one.loss.high, "interval"),
        dot(axis, one.loss.value, "proposed"),
        label=f"{change(one.loss.value)} lost",
    )
    most = sorted(one.weights.items(), key=lambda pair: -pair[1])[:2]
    return tag(
        "tr",
        name_cell(one.domain),
        tag("td", drawing, class_="plot"),
        number(exact(one.loss.value, change(one.loss.value)), "n total"),
        number(f"{change(one.loss.low)} to {change(one.loss.high)}"),
        tag("td", ", ".join(f"{name} {percent(weight)}" for name, weight in most if weight > 0), class_="held"),
    )


def learned(proposal: Proposal) -> Html:
    """Held-out error by the number of mixtures, with the noise of one run as the floor."""
    points, floor = proposal.insight.learned, proposal.run_noise.sd
    axis = Axis(0.0, max([floor, *(one.rmse.high for one in points)]) * 1.02)
    heads = (head("Mixtures"), axis_head("Held-out error", axis), head("RMSE", "n"), head("Over draws", "n"))
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
    return joined(
        (table("Held-out error by the number of mixtures", heads, rows, "drawn"), tag("p", told, class_="aside"))
    )


def optima(proposal: Proposal) -> Html:
    """The optimum under each weighting of the tasks."""
    found = proposal.insight.optima
    last = {"Gain so weighed": [exact(one.gain, change(one.gain)) for one in found.values()]}
    whole = _beside(
        "The best mixture under each weighting", proposal, list(found), [one.weights for one in found.values()], last
    )
    told = ", ".join(f"{name}: losses {NAMES[name]}" for name in found) + "."
    if "gain" not in found:
        told += " “Gain” needs the same mixtures at two sizes; there were none."
    return joined((whole, tag("p", told, class_="aside")))


def next_runs(proposal: Proposal, run_tokens: int | None) -> Html:
    """What would say most about the mixtures that may be best."""
    found = proposal.insight.next_runs
    last = {"Lowers the variance by": [exact(one.variance_share, percent(one.variance_share)) for one in found]}
    if run_tokens is not None:
        last["Tokens"] = [exact(run_tokens, f"{run_tokens:,}")] * len(found)
    heads = [f"run {at}" for at, _ in enumerate(found, 1)]
    return _beside("What to train next", proposal, heads, [one.weights for one in found], last)
