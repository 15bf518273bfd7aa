"""A report in a few lines of plain text: the mixture with its intervals, the verdicts, where nothing can be seen."""

from __future__ import annotations

from collections.abc import Iterator

from mixtures.names import aligned
from mixtures.proposal.proposal import Proposal, sized
from mixtures.report.report import Report
from mixtures.search.bounds import AT_BOUND
from mixtures.tables.runs import left_out_lines
from mixtures.uncertainty.estimate import Estimate
from mixtures.uncertainty.paired import Comparison
from mixtures.validation.judged import Judged, Validation


def lines(report: Report) -> Iterator[str]:
    """What somebody at a terminal needs to know, a line each; where there is a validation, its verdicts alone."""
    yield from _mixture(report.proposal)
    yield from left_out_lines(report.proposal.left_out)
    if report.validation is None:
        yield f"predicted  {report.proposal.verdict}"
    else:
        unit = report.proposal.objective.unit
        yield f"predicted  gain over natural {sized(report.proposal.gain, unit)}"
        yield from _validation(report.validation, unit)
    if report.registered is not None:
        yield f"registered  {report.registered}"
    yield from report.notes


def _mixture(found: Proposal) -> Iterator[str]:
    offered = [one for one in found.domains if one.maximum > 0]
    ranked = sorted(offered, key=lambda one: (-one.proposed.value, one.domain))
    head, *names = aligned(["domain", *(one.domain for one in ranked)])
    yield f"{head}  natural  proposed  90 % of draws"
    for name, one in zip(names, ranked, strict=True):
        held = f"  held by {one.binding}" if one.binding and one.proposed.value > AT_BOUND else ""
        interval = f"{one.proposed.low:6.1%} to {one.proposed.high:6.1%}"
        yield f"{name}  {one.natural:7.1%}  {one.proposed.value:8.1%}  {interval}{held}"


def _validation(found: Validation, unit: str) -> Iterator[str]:
    for one in found.judged:
        yield f"measured  {one.arm:<13} {_spread(one)} {unit}{_gain(one, found.registration.arms[one.arm].difference)}"
    for comparison in found.comparisons:
        yield f"validated  proposed against {comparison.reference}: {said(comparison, unit)}"


def _spread(one: Judged) -> str:
    runs = f"{len(one.losses)} runs" + (f", {len(one.diverged)} diverged" if one.diverged else "")
    if one.mean is None:
        return f"no loss ({runs})"
    return f"{one.mean:.4f}" + (f" +- {one.sd:.4f}" if one.sd is not None else "") + f" ({runs})"


def _gain(one: Judged, registered: Estimate | None) -> str:
    """What was measured beside what was registered: whether they agree is no verdict."""
    if one.gain is None or registered is None:
        return ""
    where = "within" if one.as_predicted else "outside"
    return (
        f", gain over natural {one.gain.value:+.4f}, {where} the registered {registered.low:+.4f} to "
        f"{registered.high:+.4f}"
    )


def said(one: Comparison, unit: str) -> str:
    """A verdict with what it rests on."""
    if one.difference is None:
        return "not resolved, too few runs ended"
    if one.detectable is None:
        return f"{one.verdict}, every pair of runs is equal: they were too short to tell such mixtures apart"
    size = (
        f"{one.difference.value:+.4f} (95 %: {one.difference.low:+.4f} to {one.difference.high:+.4f}; p {one.t_p:.3f}, "
        f"corrected {one.adjusted_p:.3f}, sign flips {one.sign_flip_p:.3f})"
    )
    seen = f" (detectable: {one.detectable:.4f} {unit})" if one.verdict == "not resolved" else ""
    return f"{one.verdict}{seen}, {size}"
