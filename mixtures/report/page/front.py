"""The page from top to bottom: what fills each slot of page.html."""

from __future__ import annotations

from dataclasses import dataclass

from mixtures.proposal.proposal import Proposal
from mixtures.report.page import fit, insights, outcome, scale, weights
from mixtures.report.page.markup import Html, joined, tag
from mixtures.report.page.numbers import change, exact, loss, percent, rank, span
from mixtures.report.page.tables import head, name_cell, table
from mixtures.uncertainty.estimate import Estimate
from mixtures.validation.judged import Validation
from mixtures.validation.registration import NATURAL


def slots(
    title: str,
    cautions: tuple[str, ...],
    proposal: Proposal,
    validation: Validation | None,
    how: How,
) -> dict[str, Html]:
    """Every slot of page.html but the style."""
    sections = _sections(proposal, validation, how)
    alive = [one for one in sections if one[3]]
    return {
        "title": tag("title", f"{title} – mixture report"),
        "masthead": masthead(title, proposal, validation),
        "mixture": tag(
            "section",
            weights.mixture(proposal),
            *(tag("p", one, class_="told caution") for one in cautions),
            tag(
                "details",
                tag("summary", "What the proxies predicted, and within which bounds"),
                tag("p", proposal.verdict, class_="told", id="verdict"),
                tag("p", _mixture_note(proposal), class_="told"),
                class_="fold",
            ),
            id="mixture",
        ),
        "navigation": joined(
            tag("a", name.capitalize(), href=f"#{name}") for name in ("mixture", *(one[0] for one in alive))
        ),
        "sections": joined(_section(*one) for one in alive),
    }


def _sections(proposal: Proposal, validation: Validation | None, how: How) -> tuple[tuple[str, str, str, Html], ...]:
    """Id, heading, note and content of each; one without content is not shown."""
    unit = proposal.objective.unit
    return (
        ("validation", "Validation", "", outcome.validation(validation, how.registered)),
        ("caps", "Epochs, caps and their prices", CAPS_NOTE, insights.caps(proposal)),
        ("equals", "As good, as far as can be seen", _near_note(proposal), insights.near(proposal)),
        ("fit", "Predicted against measured", f"In {unit}. {FIT_NOTE}", fit.predicted(proposal)),
        (
            "tasks",
            "What the proposal would change, task by task",
            f"In {unit}; positive is better. {TASK_NOTE}",
            outcome.tasks(proposal),
        ),
        ("helps", "Who helps whom", f"In {unit}. {SLOPE_NOTE}", insights.helps(proposal)),
        ("worth", "What each domain is worth", f"In {unit}. {WITHOUT_NOTE}", insights.without(proposal)),
        ("learning", "Would more runs help?", f"In {unit}. {LEARNED_NOTE}", insights.learned(proposal)),
        ("weightings", "If tasks counted otherwise", f"Gains in {unit}. {OPTIMA_NOTE}", insights.optima(proposal)),
        (
            "next",
            "What to train next",
            NEXT_NOTE,
            insights.next_runs(proposal, how.run_tokens.get("proxy"), how.run_minutes),
        ),
        (
            "scale",
            "From proxies to larger models",
            _scale_note(unit, validation),
            scale.calibration(proposal, validation),
        ),
        ("runs", "Runs that were left out", "", outcome.left_out(proposal)),
        ("reading", "How to read this", "", notes(proposal)),
        ("made", "How it was made", "", made(proposal, how)),
    )


FIT_NOTE = (
    "Every run is predicted by surfaces fitted to other mixtures only. On the dashed line, both agree; the number at "
    "a task is its rank correlation."
)
TASK_NOTE = (
    "Predictions are of the surfaces, with their 90 % interval. In the objective is what was asked for times the "
    "task’s reliability, how much of a run’s spread is the mixture’s doing; tasks outside of it are only watched."
)
SLOPE_NOTE = (
    "One point of weight (0.01) more of a domain, taken from all others in proportion, at the natural mixture: blue "
    "lowers the loss. Bold where 90 % of draws agree on the sign."
)
CAPS_NOTE = (
    "A domain’s price is what one point of weight (0.01) beyond the bound that holds it would gain, in predicted loss "
    "with its caution. Domains that a bound holds come first."
)
WITHOUT_NOTE = (
    "The search repeated with one domain shut out, and what its best mixture loses against the proposal. The search "
    "counts caution and any pull to natural, which this loss does not: it may lie a little below 0."
)
LEARNED_NOTE = "Surfaces fitted to fewer mixtures, and asked for the objective of the others."
OPTIMA_NOTE = (
    "Each column is the best mixture when the tasks’ losses are weighed so, and its gain over natural; the last line "
    "is what the proposal gains by the same scale, both with 90 % of draws. Where they are alike, the scale decides "
    "little."
)
NEXT_NOTE = (
    "The mixtures whose runs would say most about which mixture is best, in the order in which they should be made."
)
ARMS_NOTE = (
    "What the proxies predicted of each arm and what larger models measured, as gains over natural: on the dashed "
    "line, differences carry over in full."
)
SLOPES_NOTE = (
    "How much of a difference of losses between mixtures is left in larger models, by mixtures of both sizes: of tasks "
    "near 0 the proxies say nothing."
)


@dataclass(frozen=True)
class How:
    """How the runs were made, by name; see `report.Made` and `report.Spent`. `run_minutes`: of a run, in the mean."""

    inputs: dict[str, str]
    registered: str | None
    versions: dict[str, str]
    seeds: dict[str, str]
    run_tokens: dict[str, int]
    minutes: dict[str, float]
    run_minutes: float | None = None


def made(proposal: Proposal, how: How) -> Html:
    """Seeds, versions, minutes, digests."""
    told = {f"Seeds, {kind}": value for kind, value in how.seeds.items()}
    told["Seed of draws and search"] = str(proposal.settings.seed)
    told |= {f"Tokens of a run, {kind}": f"{value:,}" for kind, value in how.run_tokens.items()}
    told |= {f"Minutes, {kind}": f"{value:.1f}" for kind, value in how.minutes.items()}
    if how.versions:
        told["Versions"] = ", ".join(f"{name} {version}" for name, version in how.versions.items())
    if how.registered:
        told["Preregistration, sha256"] = how.registered
    told |= {f"{name}, sha256": value for name, value in how.inputs.items()}
    rows = [tag("tr", name_cell(name), tag("td", value, class_="id")) for name, value in told.items()]
    return table("How it was made", (head("What"), head("Value")), rows)


def _near_note(proposal: Proposal) -> str:
    within, unit, caution = proposal.insight.near.within, proposal.objective.unit, proposal.objective.caution
    counted = f" in predicted loss with its caution of {caution:g} sd{_pull(proposal)}" if caution else ""
    return (
        f"The most different mixtures within {loss(within)} {unit} of the proposal{counted}, the smallest "
        "difference that the planned validation can see. Between them one may choose by other reasons."
    )


def _pull(proposal: Proposal) -> str:
    """What is added for the divergence from natural, if any is."""
    cost = proposal.objective.divergence
    return f" plus {cost:g} times its divergence from the natural mixture in nats" if cost else ""


def _scale_note(unit: str, validation: Validation | None) -> str:
    return SLOPES_NOTE if validation is None else f"In {unit}. {ARMS_NOTE}"


def _mixture_note(proposal: Proposal) -> str:
    constraints = proposal.constraints
    return (
        f"For a budget of {constraints.budget_tokens:,} tokens, no domain read more than "
        f"{constraints.max_epochs:g} times. Intervals say how far the proposal moves over surfaces that the runs leave "
        "possible."
    )


def _section(name: str, title: str, note: str, body: Html) -> Html:
    told = tag("p", note, class_="aside") if note else ""
    return tag("section", tag("h2", title, id=f"{name}-title"), told, body, id=name, aria_labelledby=f"{name}-title")


def masthead(title: str, proposal: Proposal, validation: Validation | None) -> Html:
    """The title, the verdict, the figures that it rests on."""
    return joined(
        (
            tag("h1", title, dir="auto"),
            tag(
                "p",
                tag("strong", headline(proposal, validation)),
                " ",
                moves(proposal),
                class_="lede",
            ),
            tag("dl", *totals(proposal), class_="totals"),
        )
    )


def headline(proposal: Proposal, validation: Validation | None) -> str:
    """The verdict, said once, for whoever reads no further; what was validated goes before what was predicted."""
    if validation is None:
        if proposal.resolved:
            return "A better mixture than the natural one is predicted; it is not validated yet."
        return "No mixture can be told from the natural one with these runs."
    judged = validation.against(NATURAL)
    seen = ""
    if judged.verdict == "not resolved" and judged.detectable is not None:
        seen = f"; differences from natural below {loss(judged.detectable)} {proposal.objective.unit} are not seen"
    said = {
        "better": "Validated: the proposed mixture is better than",
        "worse": "Refuted: the proposed mixture is worse than",
        "not resolved": "Not resolved: validation cannot tell the proposed mixture from",
    }[judged.verdict]
    others = [one for one in validation.comparisons if one.reference != NATURAL]
    alike = [one.reference for one in others if one.verdict == judged.verdict]
    told = f"{said} {_listed([NATURAL, *alike])}"
    for verdict, words in (("better", "better than"), ("worse", "worse than"), ("not resolved", "not told apart from")):
        names = [one.reference for one in others if one.verdict == verdict != judged.verdict]
        told += f"; {words} {_listed(names)}" if names else ""
    return f"{told}{seen}."


def _listed(names: list[str]) -> str:
    told = [name.replace("_", " ") for name in names]
    return " and ".join([", ".join(told[:-1]), told[-1]]) if len(told) > 1 else told[0]


def moves(proposal: Proposal) -> Html:
    """The domains that the proposal moves most, up and down."""
    moved = sorted(proposal.domains, key=lambda one: one.proposed.value - one.natural)
    down, up = moved[0], moved[-1]
    if up.proposed.value - up.natural < 0.005:
        return Html("The proposal is the natural mixture.")
    told = [
        joined((tag("bdi", one.domain), f" from {percent(one.natural)} to {percent(one.proposed.value)}"))
        for one in (up, down)
    ]
    return joined(("The proposal moves ", told[0], " and ", told[1], "."))


def totals(proposal: Proposal) -> list[Html]:
    """The figures of the head, each with its unit and how sure it is."""
    score, seeds, unit = proposal.scores["surface"], proposal.settings.validation_seeds, proposal.objective.unit
    gain, observed, seen = proposal.gain, proposal.best_observed, proposal.noise.source == "replicates"
    ranks = "" if score.spearman_low is None else f"90 %: {rank(score.spearman_low)} to {rank(score.spearman_high)}"
    best = f"90 % of draws: {span(observed.gain.low, observed.gain.high)}"
    figures = (
        ("gain", f"predicted gain, {unit}", _signed(gain), f"90 % of draws: {span(gain.low, gain.high)}"),
        ("observed", "gain of the best observed", _signed(observed.gain), best),
        (
            "better-share",
            "of draws say better than natural",
            percent(proposal.better_share),
            f"{percent(observed.proposal_better_share)} than the best observed",
        ),
        (
            "visible",
            f"smallest visible, {seeds} seeds",
            loss(proposal.smallest_difference),
            "from repeated runs" if seen else "from held-out errors",
        ),
        ("rank", "rank correlation, held out", rank(score.spearman), ranks),
        (
            "runs",
            f"runs of {proposal.mixtures} mixtures",
            exact(proposal.runs, f"{proposal.runs:,}"),
            f"{len(proposal.left_out):,} left out",
        ),
    )
    return [
        tag("div", tag("dd", value, id=name), tag("dt", label, tag("small", more) if more else ""))
        for name, label, value, more in figures
    ]


def _signed(gain: Estimate) -> Html:
    return exact(gain.value, change(gain.value))


def notes(proposal: Proposal) -> Html:
    """What each figure rests on."""
    settings = proposal.settings
    told = (
        ("Natural", "The shares of the corpus, or the feasible mixture nearest to them where a bound forbids them."),
        (
            "Surface",
            "A mean of three Gaussian processes (Matérn 5/2 on logarithms of weights, and on logarithms and roots with "
            "exposures that all tasks share) and a power law of effective exposure, for every task; their shares are "
            "decided by held-out runs.",
        ),
        (
            "Proposed",
            f"The lowest predicted objective plus {proposal.objective.caution:g} times its deviation"
            f"{_pull(proposal)}, over the feasible set.",
        ),
        (
            "Draws",
            f"{settings.replicas} surfaces that the runs leave possible: fitted to mixtures drawn with replacement, "
            "plus what remains unknown, as wide as the errors on mixtures that were left out; each is searched again. "
            "They say how much depends on which runs were made, not whether a larger model agrees. A draw is searched "
            "without caution.",
        ),
        (
            "Gain",
            "Predicted loss of the natural mixture less that of the proposal; its interval is of their difference in "
            "every draw.",
        ),
        (
            "Noise",
            f"What can be seen is judged by {loss(proposal.noise.sd)} {proposal.objective.unit}, from "
            f"{proposal.noise.origin}. Tasks are weighed, and intervals made, by {loss(proposal.run_noise.sd)}, from "
            f"{proposal.run_noise.origin}. Both are standard deviations of one run.",
        ),
        ("Seed", f"Everything that is drawn here is drawn from seed {settings.seed}."),
    )
    return tag("dl", *(joined((tag("dt", name), tag("dd", text))) for name, text in told), class_="notes")
