"""How far the surfaces can be trusted: held-out predictions against measurements, and the scores of each model."""

from __future__ import annotations

from mixtures.proposal.proposal import Proposal
from mixtures.report.page.drawing import square
from mixtures.report.page.markup import Html, joined, tag
from mixtures.report.page.numbers import change, exact, loss, percent, rank
from mixtures.report.page.tables import head, name_cell, number, table
from mixtures.uncertainty.cross_validation import Score

SQUARES = 24  # tasks with a square of their own; of more the worst are shown, and the others open
MODELS = {
    "surface": "surface (the next two, weighed by held-out error)",
    "gaussian_process": "Gaussian processes on log weights, roots and shared exposures",
    "power_law": "power law of exposure",
    "linear": "baseline: linear in the weights",
    "mean": "baseline: mean of the losses",
}


def predicted(proposal: Proposal) -> Html:
    """The objective large, with the scores beside it; then a small square a task; then every run."""
    points = [(one.measured, one.predicted) for one in proposal.held_out]
    title = f"Objective of {len(points)} runs: predicted, by surfaces that never saw the mixture, against measured"
    places = sorted(range(len(proposal.tasks)), key=lambda at: _rank_of(proposal, at))
    shown, others = (places[:SQUARES], places[SQUARES:]) if len(places) > SQUARES else (range(len(places)), [])
    rest = ""
    if others:
        told = tag("summary", f"{len(others)} more, which are predicted better")
        rest = tag(
            "details", told, tag("div", *(small(proposal, at) for at in others), class_="squares"), class_="fold minor"
        )
    return joined(
        (
            tag(
                "div",
                tag("figure", square(points, title, labelled=True)),
                tag("div", scores(proposal), coverage(proposal)),
                class_="fit",
            ),
            tag("h3", f"The {SQUARES} tasks that are predicted worst" if others else "The fit of each task"),
            tag("div", *(small(proposal, at) for at in shown), class_="squares"),
            rest,
            every_run(proposal),
        )
    )


def _rank_of(proposal: Proposal, at: int) -> tuple[float, str]:
    """By what tasks are told worst first: their rank correlation, and then their names."""
    one = proposal.tasks[at]
    found = one.scores["surface"].spearman
    return (-1.0 if found is None else found), one.task


def small(proposal: Proposal, at: int) -> Html:
    """One task's square."""
    one = proposal.tasks[at]
    points = [(run.task_measured[at], run.task_predicted[at]) for run in proposal.held_out]
    score = one.scores["surface"].spearman
    caption = tag("figcaption", tag("span", one.task, dir="auto"), " ", tag("small", rank(score)))
    title = f"{one.task}: predicted against measured, rank correlation {rank(score)}"
    return tag("figure", caption, square(points, title, labelled=False))


def scores(proposal: Proposal) -> Html:
    """Each model's error and rank correlation on the objective."""
    heads = (head("Model"), head("RMSE", "n"), head("R²", "n"), head("Spearman (90 %)", "n"))
    rows = [_score(MODELS[name], score) for name, score in proposal.scores.items()]
    return table("Models of the objective, held out", heads, rows)


def _score(name: str, score: Score) -> Html:
    interval = (
        ""
        if score.spearman_low is None
        else tag("small", f" {rank(score.spearman_low)} to {rank(score.spearman_high)}")
    )
    return tag(
        "tr",
        name_cell(name),
        number(exact(score.rmse, loss(score.rmse))),
        number(exact(score.r2, rank(score.r2))),
        number(joined((rank(score.spearman), interval))),
    )


def coverage(proposal: Proposal) -> Html:
    """Whether the surface knows how sure it is."""
    share = proposal.scores["surface"].covered_share
    assert share is not None, "the surface gives a deviation"
    return tag(
        "p",
        f"Of the held-out runs, {percent(share)} lie in the surface’s 90 % interval. Deviations of tasks are added as "
        "if they erred together, so that the interval of the objective is wide rather than narrow.",
        class_="aside",
    )


def every_run(proposal: Proposal) -> Html:
    """The table behind the squares."""
    heads = (head("Run"), head("Measured", "n"), head("Predicted", "n"), head("Difference", "n"))
    rows = [
        tag(
            "tr",
            name_cell(one.run_id),
            number(exact(one.measured, loss(one.measured))),
            number(exact(one.predicted, loss(one.predicted))),
            number(exact(one.measured - one.predicted, change(one.measured - one.predicted))),
        )
        for one in sorted(proposal.held_out, key=lambda one: (one.measured, one.run_id))
    ]
    return tag(
        "details",
        tag("summary", f"All {len(rows)} runs as a table, best first"),
        table("Objective of every run, measured and predicted held out", heads, rows),
        class_="fold",
    )
