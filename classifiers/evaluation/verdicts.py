"""What the figures say, in sentences: on the card and at the end of the command."""

from __future__ import annotations

from classifiers.card.results import AnswersSummary, Estimate, Identity, QualityResult, SourceSummary, TopicResult
from classifiers.evaluation.quality_evaluation import MIN_SITES

MAX_GAP = 0.05
"""AUC lost on unseen sources beyond which a model counts as having learned the source, if the interval has no 0."""
MAX_WIDTH = 0.10
"""Of the interval of an AUC or accuracy: beyond it neither a good nor a useless model is ruled out."""
CHANCE = 0.5
MIN_DOCUMENTS = 500
"""In all sources together, for the same reason: at 250 a class an AUC of 0.8 has an interval of 0.08."""
MIN_LEFT_OUT = 50
"""Documents of the largest source of each class that is left out (or of the rarest topic): of 18 one is 6 %."""
STRONG_IDENTITY = 0.75
"""AUC: the score alone then tells two sources of one class apart in three of four pairs."""


def of_quality(sources: tuple[SourceSummary, ...], found: QualityResult) -> tuple[str, ...]:
    """Whether it can be believed, whether it learned the source, whether words were needed."""
    left_out = found.left_out.auc
    pairs = found.left_out.pairs
    largest = min(max(pair.positives for pair in pairs), max(pair.negatives for pair in pairs))
    lines = _size(sources, left_out, largest)
    lines.append(
        f"On sources that it never saw: ROC-AUC {left_out}, lowest pair {found.left_out.lowest_auc:.3f}; "
        f"on unseen sites of sources that it saw: {found.in_source.auc}."
    )
    if left_out.low is not None and left_out.low <= CHANCE:
        lines.append("That is NO BETTER THAN CHANCE on unseen sources: do not filter by it.")
    lines.append(_gap(found.gap))
    lines.append(f"Length and punctuation alone reach {found.baseline_left_out} there: {_words(found.over_baseline)}.")
    if (only := found.beside.get("source_only")) is not None:
        lines.append(
            f"Whoever knows the source and nothing else reaches {only.in_source} where sources were seen and "
            f"{only.left_out} where they are new: only what is above the latter was learned of the texts."
        )
    if found.identity is not None:
        lines.append(_identity(found.identity))
    if found.never_left_out:
        lines.append(f"Too small to be left out, so only trained on: {', '.join(found.never_left_out)}.")
    return tuple(lines)


def of_contradicted(documents: int) -> tuple[str, ...]:
    """What labels that contradict one another mean, where there are any."""
    if not documents:
        return ()
    return (f"{documents:,} documents stand with a near-duplicate of another label: no model can be right about both.",)


def of_answers(found: AnswersSummary | None) -> tuple[str, ...]:
    """What people's answers did, where there were any."""
    if found is None:
        return ()
    return (
        f"People labelled {found.documents:,} documents, {found.by_two_or_more:,} of them two or more, who agreed on "
        f"{found.unanimous:,}; each stands {found.copies} times in training, and {found.overruled:,} of other sources "
        "gave way to them. They lie near a boundary: their figures are those of hard documents.",
    )


def of_topic(sources: tuple[SourceSummary, ...], found: TopicResult) -> tuple[str, ...]:
    """The same of topics."""
    lines = _size(sources, found.accuracy, min(one.documents for one in found.labels))
    lines.append(
        f"Accuracy on unseen sites {found.accuracy}; the most frequent label alone {found.majority:.3f}, length and "
        f"punctuation {found.baseline}: {_words(found.over_baseline)}."
    )
    if sorted(one.label for one in sources) == sorted(one.label for one in found.labels):
        lines.append("Every label is a source of its own: that it learned anything but the source cannot be shown.")
    elif found.gap is None:
        lines.append(
            f"No source could be left out, since none has {MIN_SITES} sites and leaves all labels to the others: "
            "whether it learned the source is unknown."
        )
    else:
        lines.append(_gap(found.gap))
    return tuple(lines)


def _size(sources: tuple[SourceSummary, ...], headline: Estimate, judged: int) -> list[str]:
    """A line where the figures tell nothing; `judged`: what MIN_LEFT_OUT is about."""
    documents = sum(one.documents for one in sources)
    wide = headline.low is None or headline.high is None or headline.high - headline.low > MAX_WIDTH
    if not wide and judged >= MIN_LEFT_OUT and documents >= MIN_DOCUMENTS:
        return []
    return [
        f"PLUMBING CHECK: {documents:,} documents, at most {judged:,} of some class or label in what is judged: "
        "intervals this wide and figures of so few tell nothing, whatever stands below."
    ]


def _identity(found: Identity) -> str:
    first, second = found.highest_pair
    known = (
        f"{first} and {second} at {found.highest:.3f}, mean {found.mean:.3f} (may be chance below {STRONG_IDENTITY})"
    )
    strong = found.highest >= STRONG_IDENTITY
    said = "A threshold on it also chooses among sources." if strong else "That is little."
    return f"The score alone tells sources of one class apart: {known}. {said}"


def _words(over_baseline: Estimate) -> str:
    if over_baseline.low is not None and over_baseline.low > 0:
        return "words add to it"
    if over_baseline.high is not None and over_baseline.high < 0:
        return "this model is WORSE than that"
    return "that this model is better is not shown"


def _gap(gap: Estimate) -> str:
    if gap.value is None or gap.low is None:
        return "The gap between the two splits could not be computed."
    if gap.low > 0 and gap.value > MAX_GAP:
        return f"It LEARNED THE SOURCE: {gap} is lost where the sources are new. Believe the figure on unseen sources."
    if gap.low > 0:
        return f"It loses {gap} where the sources are new: a little of what it learned is the source."
    if gap.high is not None and gap.high < 0:
        return f"It does BETTER where the sources are new ({gap}): some sources mislead it; read the table of pairs."
    return f"Seen and unseen sources do not differ beyond chance ({gap})."
