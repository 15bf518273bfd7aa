"""A report in a few lines of plain text: the mixture with its intervals, the verdicts, where nothing can be seen."""

from __future__ import annotations

from collections.abc import Iterator

from mixtures.proposal import Proposal
from mixtures.report import Report
from mixtures.validation import NATURAL, Judged, Validation


def lines(report: Report) -> Iterator[str]:
    """What somebody at a terminal needs to know, a line each."""
    yield from _mixture(report.proposal)
    if report.proposal.left_out:
        names = ", ".join(report.proposal.left_out)
        yield f"left out  {len(report.proposal.left_out)} runs: {names}"
    yield f"predicted  {report.proposal.verdict}"
    if report.validation is not None:
        yield from _validation(report.validation, report.proposal.objective.unit)
    yield from report.notes


def _mixture(found: Proposal) -> Iterator[str]:
    width = max(len(one.domain) for one in found.domains)
    yield f"{'domain':<{width}}  natural  proposed  90 % of draws"
    for one in sorted(found.domains, key=lambda one: (-one.proposed.value, one.domain)):
        held = f"  held by {one.binding}" if one.binding else ""
        interval = f"{one.proposed.low:6.1%} to {one.proposed.high:6.1%}"
        yield f"{one.domain:<{width}}  {one.natural:7.1%}  {one.proposed.value:8.1%}  {interval}{held}"


def _validation(found: Validation, unit: str) -> Iterator[str]:
    for one in found.judged:
        yield f"validated  {one.mixture:<9} {_spread(one)} {unit}{_against_natural(one)}"


def _spread(one: Judged) -> str:
    runs = f"{len(one.losses)} runs" + (f", {len(one.diverged)} diverged" if one.diverged else "")
    if one.mean is None:
        return f"no loss ({runs})"
    return f"{one.mean:.4f}" + (f" +- {one.sd:.4f}" if one.sd is not None else "") + f" ({runs})"


def _against_natural(one: Judged) -> str:
    if one.mixture == NATURAL:
        return ""
    if one.gain is None:
        return ": not resolved, too few runs ended"
    reach = (one.gain.high - one.gain.low) / 2
    seen = "" if one.verdict != "not resolved" else f"; differences below {reach:.4f} cannot be seen"
    predicted = {True: ", as predicted", False: ", not as predicted", None: ""}[one.as_predicted]
    words = "not resolved from natural" if one.verdict == "not resolved" else f"{one.verdict} than natural"
    interval = f"{one.gain.value:+.4f} (95 %: {one.gain.low:+.4f} to {one.gain.high:+.4f})"
    return f": {words}, {interval}{predicted}{seen}"
