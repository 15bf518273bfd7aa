"""The mixture: each domain's weight, natural, observed and proposed, with its interval and bounds."""

from __future__ import annotations

from mixtures.proposal.insight import Range
from mixtures.proposal.proposal import DomainWeight, Proposal
from mixtures.report.page.drawing import Axis, dot, line, row, stroke
from mixtures.report.page.markup import Html, joined, listed, tag
from mixtures.report.page.numbers import change, exact, percent
from mixtures.report.page.tables import axis_head, folded, head, legend, name_cell, number

KEY = Axis(0, 1)
HELD = {"max_epochs": "epoch cap", "maximum": "maximum", "minimum": "minimum"}
MINOR = 0.005  # of weight: a domain that has less in every mixture of a long table is folded away with its like

MINOR_TOLD = f"domains with less than {percent(MINOR)} in each of these"


def holds(one: DomainWeight) -> str:
    """The bound that holds a domain in words, of which weight 0 is one that nobody has set; empty where none does."""
    if one.binding is None:
        return ""
    return "at zero" if one.binding == "minimum" and one.minimum == 0 else HELD[one.binding]


def by_weight(proposal: Proposal) -> list[DomainWeight]:
    """The domains that are offered, the largest proposed weight first."""
    offered = [one for one in proposal.domains if one.maximum > 0]
    return sorted(offered, key=lambda one: (-one.proposed.value, one.domain))


def mixture(proposal: Proposal) -> Html:
    """One row a domain: natural and proposed weight, interval, bounds, epochs, and the bound that holds it."""
    ranked = by_weight(proposal)
    seen, near = proposal.best_observed.mixtures[0], proposal.insight.near.ranges
    most = max(max(one.natural, one.proposed.value, one.proposed.high, seen[one.domain]) for one in ranked)
    axis = Axis(0.0, most)
    heads = (
        head("Domain"),
        axis_head("Weight", axis, percent=True),
        head("Proposed", "n"),
        head("90 % of draws", "n"),
        head("Natural", "n"),
        head("Best observed", "n"),
        head("As good", "n"),
        head("Held by"),
    )
    marks = (
        (dot(KEY, 0.5, "natural"), "natural"),
        (dot(KEY, 0.5, "proposed"), "proposed"),
        (dot(KEY, 0.5, "observed", 4), "best observed"),
        (line(KEY, 0, 1, "interval"), "where 90 % of the draws' proposals lie"),
        (stroke(KEY, 0.5, "bound", 9), "a bound that holds"),
        (stroke(KEY, 0.5, "bound loose", 9), "a bound with room left"),
    )
    rows = [
        (_domain(one, axis, seen[one.domain], near[one.domain]), _is_minor(one, seen[one.domain])) for one in ranked
    ]
    told = folded("The mixture, domain by domain", heads, rows, "drawn", MINOR_TOLD)
    return joined((legend(*marks), told, held(ranked), outside(ranked)))


def _is_minor(one: DomainWeight, observed: float) -> bool:
    """Whether a domain has next to nothing in all three mixtures, nor would in most draws, and no bound above 0."""
    most = max(one.natural, one.proposed.value, one.proposed.high, observed)
    return most < MINOR and holds(one) in ("", "at zero")


def _domain(one: DomainWeight, axis: Axis, observed: float, near: Range) -> Html:
    said = f"{percent(one.natural)} natural, {percent(one.proposed.value)} proposed"
    bounds = [
        stroke(axis, bound, "bound" if one.binding in names else "bound loose", 9)
        for bound, names in ((one.minimum, ("minimum",)), (one.maximum, ("maximum", "max_epochs")))
        if bound <= axis.high and (bound > 0 or one.binding in names)
    ]
    drawing = row(
        line(axis, axis.low, axis.high, "track"),
        line(axis, one.proposed.low, one.proposed.high, "interval"),
        line(axis, one.natural, one.proposed.value, "move"),
        *bounds,
        dot(axis, one.natural, "natural", 4),
        dot(axis, observed, "observed", 4),
        dot(axis, one.proposed.value, "proposed"),
        label=said,
    )
    return tag(
        "tr",
        name_cell(one.domain),
        tag("td", drawing, class_="plot"),
        number(exact(one.proposed.value, percent(one.proposed.value)), "n total"),
        number(f"{percent(one.proposed.low)} to {percent(one.proposed.high)}"),
        number(exact(one.natural, percent(one.natural))),
        number(exact(observed, percent(observed))),
        number(f"{percent(near.low)} to {percent(near.high)}"),
        tag("td", holds(one), class_="held"),
    )


def held(ranked: list[DomainWeight]) -> Html:
    """The bounds that bind, what a hundredth of weight beyond each would gain, and which domains have no weight."""
    priced = [(one, one.multiplier) for one in ranked if one.multiplier is not None]
    unused = [one.domain for one in ranked if one.binding and one.multiplier is None]
    told = "; ".join(
        joined((tag("bdi", one.domain), f" ({holds(one)}, {change(price)})"))
        for one, price in sorted(priced, key=lambda pair: -pair[1])
    )
    sentences = []
    if priced:
        begin = "Bounds that hold, and the predicted gain of a weight one point beyond each: "
        sentences.append(joined((begin, Html(told), ".")))
    if unused:
        sentences.append(joined(("Without any weight: ", listed(unused, len(unused)), ".")))
    text = " ".join(sentences) or "No bound holds the proposal: it lies inside the feasible set."
    return tag("p", Html(text), class_="aside")


def outside(ranked: list[DomainWeight]) -> Html:
    """Of weights that lie outside of where 90 % of the draws' own best mixtures have them; empty where none does."""
    names = [
        one.domain
        for one in ranked
        if not one.proposed.low - MINOR / 5 <= one.proposed.value <= one.proposed.high + MINOR / 5
    ]
    if not names:
        return Html("")
    why = (
        "A draw is rougher than the mean of all, which is searched with caution, so that the proposal may be more "
        "extreme than most draws’ own best, or keep to what runs have shown."
    )
    return tag("p", "Outside of their 90 % of draws: ", listed(names), f". {why}", class_="aside")
