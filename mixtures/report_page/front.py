"""The page from top to bottom: what fills each slot of page.html."""

from __future__ import annotations

from mixtures.proposal import Proposal
from mixtures.report_page import fit, outcome, weights
from mixtures.report_page.markup import Html, joined, tag
from mixtures.report_page.numbers import change, exact, loss, percent, rank
from mixtures.validation import PROPOSED, Validation


def slots(title: str, cautions: tuple[str, ...], proposal: Proposal, validation: Validation | None) -> dict[str, Html]:
    """Every slot of page.html but the style."""
    unit = proposal.objective.unit
    sections = (
        ("mixture", "The mixture", _mixture_note(proposal), weights.mixture(proposal)),
        ("fit", "Predicted against measured", f"In {unit}. {FIT_NOTE}", fit.predicted(proposal)),
        (
            "tasks",
            "What the proposal would change, task by task",
            f"In {unit}; positive is better. {TASK_NOTE}",
            outcome.tasks(proposal),
        ),
        ("domains", "What each domain would change", f"In {unit}. {SLOPE_NOTE}", weights.slopes(proposal)),
        ("validation", "Validation", "", outcome.validation(validation)),
        ("runs", "Runs that were left out", "", outcome.left_out(proposal)),
        ("reading", "How to read this", "", notes(proposal)),
    )
    alive = [one for one in sections if one[3]]
    return {
        "title": tag("title", f"{title} – mixture report"),
        "masthead": masthead(title, cautions, proposal, validation),
        "navigation": joined(tag("a", name.capitalize(), href=f"#{name}") for name, *_ in alive),
        "sections": joined(_section(*one) for one in alive),
    }


FIT_NOTE = (
    "Every run is predicted by surfaces fitted to other mixtures only. On the dashed line, both agree; the number at "
    "a task is its rank correlation."
)
TASK_NOTE = "Predictions are of the surfaces, with their 90 % interval; tasks outside the objective are only watched."
SLOPE_NOTE = (
    "One point of weight (0.01) more of a domain, taken from all others in proportion, at the natural mixture. Left of "
    "zero it lowers the loss."
)


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


def masthead(title: str, cautions: tuple[str, ...], proposal: Proposal, validation: Validation | None) -> Html:
    """The title, the verdict, what must be known of the runs, the figures that it rests on."""
    return joined(
        (
            tag("p", "Riffle mixture report", class_="kicker"),
            tag("h1", title, dir="auto"),
            tag("p", tag("strong", headline(proposal, validation)), " ", moves(proposal), class_="lede"),
            *(tag("p", one, class_="told caution") for one in cautions),
            tag("dl", *totals(proposal), class_="totals"),
            tag("p", "Prediction: ", proposal.verdict, class_="told", id="verdict"),
        )
    )


def headline(proposal: Proposal, validation: Validation | None) -> str:
    """One sentence for whoever reads no further; what was validated goes before what was predicted."""
    if validation is not None:
        judged = next(one for one in validation.judged if one.mixture == PROPOSED)
        return {
            "better": "Validated: the proposed mixture is better than the natural one.",
            "worse": "Refuted: the proposed mixture is worse than the natural one.",
        }.get(judged.verdict or "", "Validation did not resolve whether the proposed mixture is better.")
    if proposal.resolved:
        return "A better mixture than the natural one is predicted; it is not validated yet."
    return "No mixture can be told from the natural one with these runs."


def moves(proposal: Proposal) -> str:
    """The domains that the proposal moves most, up and down."""
    moved = sorted(proposal.domains, key=lambda one: one.proposed.value - one.natural)
    down, up = moved[0], moved[-1]
    if up.proposed.value - up.natural < 0.005:
        return "The proposal is the natural mixture."
    return (
        f"The proposal moves {up.domain} from {percent(up.natural)} to {percent(up.proposed.value)} and {down.domain} "
        f"from {percent(down.natural)} to {percent(down.proposed.value)}."
    )


def totals(proposal: Proposal) -> list[Html]:
    """The figures of the head."""
    score, seeds = proposal.scores["surface"], proposal.settings.validation_seeds
    figures = (
        ("gain", "predicted gain", exact(proposal.gain.value, change(proposal.gain.value))),
        ("visible", f"smallest visible, {seeds} seeds", loss(proposal.smallest_difference)),
        ("better-share", "of draws say better", percent(proposal.better_share)),
        ("rank", "rank correlation, held out", rank(score.spearman)),
        ("runs", f"runs of {proposal.mixtures} mixtures", exact(proposal.runs, f"{proposal.runs:,}")),
        ("left-out", "runs left out", exact(len(proposal.left_out), f"{len(proposal.left_out):,}")),
    )
    return [tag("div", tag("dd", value, id=name), tag("dt", label)) for name, label, value in figures]


def notes(proposal: Proposal) -> Html:
    """What each figure rests on."""
    settings = proposal.settings
    origin = (
        f"from runs of one mixture with other seeds ({proposal.noise.freedom} degrees of freedom)"
        if proposal.noise.source == "replicates"
        else "the surface’s held-out error, since no mixture was trained twice: rather too large than too small"
    )
    told = (
        ("Natural", "The shares of the corpus, or the feasible mixture nearest to them where a bound forbids them."),
        (
            "Surface",
            "A mean of two Gaussian processes (Matérn 5/2 on logarithms and on roots of weights) and a power law of "
            "effective exposure, for every task; their shares are decided by held-out runs.",
        ),
        (
            "Proposed",
            f"The lowest predicted objective plus {proposal.objective.caution:g} times its deviation, over the "
            "feasible set.",
        ),
        (
            "Draws",
            f"{settings.replicas} surfaces that the runs leave possible: fitted to mixtures drawn with replacement, "
            "plus what remains unknown, as wide as the errors on mixtures that were left out; each is searched again. "
            "They say how much depends on which runs were made, not whether a larger model agrees.",
        ),
        (
            "Gain",
            f"Predicted loss of the natural mixture less that of the proposal, less {loss(proposal.optimism)} of "
            "optimism: what a search gains on drawn surfaces only because it looks where they err low.",
        ),
        ("Noise", f"Standard deviation {loss(proposal.noise.sd)} {proposal.objective.unit}, {origin}."),
        ("Seed", f"Everything that is drawn here is drawn from seed {settings.seed}."),
    )
    return tag("dl", *(joined((tag("dt", name), tag("dd", text))) for name, text in told), class_="notes")
