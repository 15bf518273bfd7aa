"""From the proxies' size to the validation's: predicted against measured gains of the arms, and the tasks' slopes."""

from __future__ import annotations

from mixtures.proposal.proposal import Proposal
from mixtures.report.page.drawing import square
from mixtures.report.page.markup import Html, joined, tag
from mixtures.report.page.numbers import change, percent
from mixtures.report.page.tables import head, name_cell, number, table
from mixtures.uncertainty.estimate import Estimate
from mixtures.uncertainty.gains import pairs_note
from mixtures.validation.judged import Judged, Validation
from mixtures.validation.registration import NATURAL

MIN_DRAWN = 3
"""Arms, with fewer of which a drawing shows nothing that their two numbers do not say."""
DISCREPANCY_NOTE = (
    "Beside the slopes a smooth function of the weights says what larger models gain or lose by a mixture; {kept} of "
    "it counts, which is what pairs that were left out bear out."
)


def calibration(proposal: Proposal, validation: Validation | None) -> Html:
    """Empty where there is one size only."""
    parts = []
    if validation is not None and (found := _arms(validation)):
        parts.append(_against(found))
    if proposal.insight.gain_slopes:
        parts.append(_slopes(proposal.insight.gain_slopes))
        if pairs := proposal.insight.pairs:
            parts.append(tag("p", pairs_note(pairs), class_="aside"))
        if kept := proposal.insight.discrepancy_kept:
            parts.append(tag("p", DISCREPANCY_NOTE.format(kept=percent(kept)), class_="aside"))
    return joined(parts)


def _arms(validation: Validation) -> list[tuple[Judged, Estimate, Estimate]]:
    """Arms but natural with their predicted and measured gains."""
    arms = validation.registration.arms
    return [
        (one, planned, one.gain)
        for one in validation.judged
        if one.arm != NATURAL and one.gain is not None and (planned := arms[one.arm].difference) is not None
    ]


def _against(found: list[tuple[Judged, Estimate, Estimate]]) -> Html:
    points = [(measured.value, planned.value) for _, planned, measured in found]
    heads = (head("Mixture"), head("Predicted", "n"), head("Measured", "n"))
    rows = [
        tag("tr", name_cell(one.arm.replace("_", " ")), number(change(planned.value)), number(change(measured.value)))
        for one, planned, measured in found
    ]
    told = table("Gains over natural, by size", heads, rows)
    if len(points) < MIN_DRAWN:
        return told
    title = f"Gains over natural of {len(points)} arms, predicted by proxies and measured by larger models"
    return tag("div", tag("figure", square(points, title, labelled=True)), told, class_="fit")


def _slopes(slopes: dict[str, Estimate]) -> Html:
    heads = (head("Task"), head("Left of a difference of 1", "n"), head("80 % interval", "n"))
    rows = [
        tag("tr", name_cell(task), number(f"{one.value:.2f}"), number(f"{one.low:.2f} to {one.high:.2f}"))
        for task, one in sorted(slopes.items(), key=lambda pair: -pair[1].value)
    ]
    return table("What is left of a difference in a larger model", heads, rows, "beside")
