"""What comes of it: losses task by task, the validation runs, and the runs that were left out."""

from __future__ import annotations

import math

from mixtures.proposal.proposal import Proposal, TaskLoss
from mixtures.report.page.drawing import Axis, dot, line, row, stroke
from mixtures.report.page.markup import Html, joined, tag
from mixtures.report.page.numbers import chance, change, exact, loss, percent, rank
from mixtures.report.page.tables import axis_head, head, legend, name_cell, number, table
from mixtures.uncertainty.estimate import Estimate
from mixtures.uncertainty.paired import Comparison
from mixtures.validation.judged import Judged, Validation
from mixtures.validation.registration import NATURAL, RANDOM

KEY = Axis(0, 1)
HELD = {True: " ✓ held", False: " ✗ missed", None: ""}
UNFOLDED = 12  # runs that were left out, of a line each
MARKS = {NATURAL: "natural seed", RANDOM: "random seed"}


def gain_of(task: TaskLoss) -> Estimate:
    """Natural minus proposed; the two predictions' intervals are added as if they were independent."""
    value = task.natural.value - task.proposed.value
    below = math.hypot(task.natural.value - task.natural.low, task.proposed.high - task.proposed.value)
    return Estimate(value=value, low=value - below, high=value + below)


def tasks(proposal: Proposal) -> Html:
    """One row a task: its predicted loss under both mixtures and the gain with its interval."""
    gains = [gain_of(one) for one in proposal.tasks]
    axis = Axis.over([end for gain in gains for end in (gain.low, gain.high)], include=(0.0,))
    heads = (
        head("Task"),
        axis_head("Predicted gain", axis),
        head("Gain", "n"),
        head("Natural", "n"),
        head("Proposed", "n"),
        head("In the objective", "n"),
        head("Reliability", "n"),
        head("Spearman", "n"),
        head("Noise sd", "n"),
    )
    ranked = sorted(zip(gains, proposal.tasks, strict=True), key=lambda pair: (-pair[0].value, pair[1].task))
    rows = [_task(gain, one, axis) for gain, one in ranked]
    return table("Predicted losses, task by task", heads, rows, "drawn")


def _task(gain: Estimate, one: TaskLoss, axis: Axis) -> Html:
    drawing = row(
        line(axis, axis.low, axis.high, "track"),
        stroke(axis, 0.0, "zero"),
        line(axis, gain.low, gain.high, "interval"),
        dot(axis, gain.value, "proposed"),
        label=f"predicted gain {change(gain.value)}",
    )
    return tag(
        "tr",
        name_cell(one.task),
        tag("td", drawing, class_="plot"),
        number(exact(gain.value, change(gain.value)), "n total"),
        number(exact(one.natural.value, loss(one.natural.value))),
        number(exact(one.proposed.value, loss(one.proposed.value))),
        number(percent(one.share) if one.share else "–"),
        number(exact(one.reliability, percent(one.reliability))),
        number(rank(one.scores["surface"].spearman)),
        number(loss(one.noise.sd)),
    )


def validation(found: Validation | None, registered: str | None) -> Html:
    """The verdicts, the runs by seed, and whether what was registered held."""
    if found is None:
        told = (
            "No validation runs yet: what stands above is a prediction."
            if registered is None
            else f"No validation runs yet. What they must show is registered: sha256 {registered}."
        )
        return tag("p", told, class_="aside")
    return joined((verdicts(found), tag("h3", "Every run"), _arms(found), how(found)))


def verdicts(found: Validation) -> Html:
    """The proposal against each reference."""
    ends = [end for one in found.comparisons if (d := one.difference) for end in (d.low, d.high)]
    axis = Axis.over(ends, include=(0.0,))
    heads = (
        head("Reference"),
        axis_head("Reference minus proposed", axis),
        head("Difference (95 %)", "n"),
        head("Detectable", "n"),
        head("p, corrected", "n"),
        head("p, sign flips", "n"),
    )
    rows = [_verdict(one, axis) for one in found.comparisons]
    return table("The proposal against each reference", heads, rows, "drawn stacked")


def _verdict(one: Comparison, axis: Axis) -> Html:
    marks = [line(axis, axis.low, axis.high, "track"), stroke(axis, 0.0, "zero")]
    if one.difference is not None:
        marks += [
            line(axis, one.difference.low, one.difference.high, "interval"),
            dot(axis, one.difference.value, "proposed"),
        ]
    class_ = {"better": "better", "worse": "worse"}.get(one.verdict, "unresolved")
    return tag(
        "tr",
        name_cell(one.reference.replace("_", " "), tag("span", one.verdict, class_=f"verdict {class_}")),
        tag("td", row(*marks, label=f"{one.verdict}, {_gain(one.difference)}"), class_="plot"),
        number(_gain(one.difference), "n total", "difference"),
        number("–" if one.detectable is None else loss(one.detectable), label="detectable"),
        number(chance(one.adjusted_p), label="p, corrected"),
        number(chance(one.sign_flip_p), label="p, sign flips"),
    )


def _arms(found: Validation) -> Html:
    axis = Axis.over([loss_ for one in found.judged for loss_ in one.losses.values()])
    heads = (
        head("Mixture"),
        axis_head("Objective by seed", axis),
        head("Mean ± sd", "n"),
        head("Gain over natural (95 %)", "n"),
        head("Registered (90 %)", "n"),
    )
    marks = (
        (dot(KEY, 0.5, "proposed seed"), "one run, a dot a seed"),
        (stroke(KEY, 0.5, "mean", 9), "their mean"),
    )
    rows = [_judged(one, found, axis) for one in found.judged]
    return joined((legend(*marks), table("Validation runs", heads, rows, "drawn stacked")))


def _judged(one: Judged, found: Validation, axis: Axis) -> Html:
    seed_dots = [dot(axis, value, MARKS.get(one.arm, "proposed seed")) for value in one.losses.values()]
    mean = [] if one.mean is None else [stroke(axis, one.mean, "mean", 9)]
    drawing = row(
        line(axis, axis.low, axis.high, "track"),
        *seed_dots,
        *mean,
        label=", ".join(f"seed {seed}: {loss(value)}" for seed, value in one.losses.items()) or "no finished run",
    )
    planned = found.registration.arms[one.arm].difference
    failed = tag("small", f" {len(one.diverged)} diverged") if one.diverged else ""
    return tag(
        "tr",
        name_cell(one.arm.replace("_", " "), failed),
        tag("td", drawing, class_="plot"),
        number(_mean(one), label="mean ± sd"),
        number(_gain(one.gain), "n total", "gain over natural"),
        number(f"{_gain(planned)}{HELD[one.as_predicted]}", label="registered (90 %)"),
    )


def _mean(one: Judged) -> str:
    return "–" if one.mean is None else f"{loss(one.mean)} ± {'–' if one.sd is None else loss(one.sd)}"


def _gain(gain: Estimate | None) -> str:
    if gain is None:
        return "–"
    return f"{change(gain.value)} ({change(gain.low)} to {change(gain.high)})"


def how(found: Validation) -> Html:
    """How the comparison was made."""
    of = found.registration
    left_out = "".join(f" {name.replace('_', ' ')} is left out: {why}." for name, why in of.left_out.items())
    return tag(
        "p",
        f"Seeds {', '.join(map(str, of.seeds))}, {of.steps:,} steps of {of.run_tokens // of.steps:,} tokens; a seed "
        "has the same initialisation and the same order within a domain under every mixture, so that runs are paired. "
        "Texts of the final side, which no proxy was scored on. A verdict needs a paired t test at "
        f"{of.analysis.alpha:g}, corrected for all references (Holm); detectable is what would then be found in 80 % "
        f"of cases. The random mixture is another one for every seed.{left_out} Registered before the first of these "
        "runs: sha256 ",
        tag("span", found.sha256, class_="id"),
        ".",
        class_="aside",
    )


def left_out(proposal: Proposal) -> Html:
    """Every run that does not count, and why; folded up where they would fill a screen."""
    if not proposal.left_out:
        return Html("")
    rows = [tag("tr", name_cell(one), tag("td", why)) for one, why in proposal.left_out.items()]
    told = table("Runs that were left out", (head("Run"), head("Why")), rows)
    if len(rows) <= UNFOLDED:
        return told
    return tag("details", tag("summary", f"All {len(rows)} runs and why"), told, class_="fold")
