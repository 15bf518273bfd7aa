"""What comes of it: losses task by task, the validation runs, and the runs that were left out."""

from __future__ import annotations

import math

from mixtures.proposal import Estimate, Proposal, TaskLoss
from mixtures.report_page.drawing import Axis, dot, line, row, stroke
from mixtures.report_page.markup import Html, joined, tag
from mixtures.report_page.numbers import change, exact, loss, percent, rank
from mixtures.report_page.tables import axis_head, head, legend, name_cell, number, table
from mixtures.validation import NATURAL, RANDOM, Judged, Validation

KEY = Axis(0, 1)
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
        head("Natural", "n"),
        head("Proposed", "n"),
        head("Gain", "n"),
        head("In the objective", "n"),
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
    noise = loss(one.noise.sd) if one.noise.source == "replicates" else "–"
    return tag(
        "tr",
        name_cell(one.task),
        tag("td", drawing, class_="plot"),
        number(exact(one.natural.value, loss(one.natural.value))),
        number(exact(one.proposed.value, loss(one.proposed.value))),
        number(exact(gain.value, change(gain.value)), "n total"),
        number(percent(one.share) if one.share else "–"),
        number(rank(one.scores["surface"].spearman)),
        number(noise),
    )


def validation(found: Validation | None) -> Html:
    """The runs by seed, the verdicts, and whether the written prediction held."""
    if found is None:
        return tag("p", "No validation runs yet: what stands above is a prediction.", class_="aside")
    values = [loss_ for one in found.judged for loss_ in one.losses.values()]
    axis = Axis.over(values)
    heads = (
        head("Mixture"),
        axis_head("Objective by seed", axis),
        head("Mean ± sd", "n"),
        head("Gain over natural (95 %)", "n"),
        head("Verdict"),
        head("Predicted gain (90 %)", "n"),
    )
    marks = (
        (dot(KEY, 0.5, "proposed seed"), "one run, a dot a seed"),
        (stroke(KEY, 0.5, "mean", 9), "their mean"),
    )
    rows = [_judged(one, found, axis) for one in found.judged]
    return joined((legend(*marks), table("Validation runs", heads, rows, "drawn"), seeds(found)))


def _judged(one: Judged, found: Validation, axis: Axis) -> Html:
    seed_dots = [dot(axis, value, MARKS.get(one.mixture, "proposed seed")) for value in one.losses.values()]
    mean = [] if one.mean is None else [stroke(axis, one.mean, "mean", 9)]
    drawing = row(
        line(axis, axis.low, axis.high, "track"),
        *seed_dots,
        *mean,
        label=", ".join(f"seed {seed}: {loss(value)}" for seed, value in one.losses.items()) or "no finished run",
    )
    planned = found.prediction.mixtures[one.mixture].gain
    failed = tag("small", f" {len(one.diverged)} diverged") if one.diverged else ""
    class_ = {"better": "better", "worse": "worse"}.get(one.verdict or "", "unresolved")
    return tag(
        "tr",
        name_cell(one.mixture, failed),
        tag("td", drawing, class_="plot"),
        number("–" if one.mean is None else f"{loss(one.mean)} ± {'–' if one.sd is None else loss(one.sd)}"),
        number(_gain(one.gain), "n total"),
        tag("td", one.verdict or "reference", class_=f"verdict {class_}"),
        number(joined((_gain(planned), {True: " ✓ held", False: " ✗ missed", None: ""}[one.as_predicted]))),
    )


def _gain(gain: Estimate | None) -> str:
    if gain is None:
        return "–"
    return f"{change(gain.value)} ({change(gain.low)} to {change(gain.high)})"


def seeds(found: Validation) -> Html:
    """How the comparison was made."""
    paired = all(one.paired for one in found.judged)
    how = "differences are paired by seed" if paired else "Welch’s interval where the finished seeds differ"
    return tag(
        "p",
        f"Seeds {', '.join(map(str, found.prediction.seeds))}; {how}. The prediction was written before these runs "
        "and cannot be replaced. Its size is that of the proxies; of a larger model, its sign is the claim.",
        class_="aside",
    )


def left_out(proposal: Proposal) -> Html:
    """Every run that does not count, and why."""
    if not proposal.left_out:
        return Html("")
    rows = [tag("tr", name_cell(one), tag("td", why)) for one, why in proposal.left_out.items()]
    return table("Runs that were left out", (head("Run"), head("Why")), rows)
