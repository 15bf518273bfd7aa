"""What an evaluation found, as the card says it. Every figure is rounded to four decimals."""

from __future__ import annotations

import math
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict

from classifiers.metrics import Floats, interval

LISTED = 10  # labels in a message


def listed(labels: Iterable[str]) -> str:
    """The labels in their order, of many the first."""
    names = sorted(labels)
    return ", ".join(names[:LISTED]) + (f" and {len(names) - LISTED:,} more" if len(names) > LISTED else "")


class Result(BaseModel):
    """Frozen, and nothing but the fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Estimate(Result):
    """A figure with its 95 % interval over resampled sites; null where it could not be computed."""

    value: float | None
    low: float | None
    high: float | None

    @classmethod
    def of(cls, replicates: Floats) -> Estimate:
        """replicates: (1 + resamples,), the sample's own figure first."""
        low, high = interval(replicates[1:])
        return cls(value=rounded(float(replicates[0])), low=rounded(low), high=rounded(high))

    def __str__(self) -> str:
        if self.value is None or self.low is None or self.high is None:
            return "not computed"
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


class SourceSummary(Result):
    """What was read of a source. sha256: over label, site and text of each document, in the order of their hashes.

    sites: without those that are broken up in another source.
    blank: rows without a text or a label; not_taken: rows whose text is there already or is beyond the limit.
    """

    name: str
    label: str
    documents: int
    text_bytes: int
    sites: int
    broken_up: tuple[str, ...]
    blank: int
    not_taken: int
    sha256: str


class MannerWeights(Result):
    """A regression of the manner of a text: log-odds = bias + the sum of weights times what the names say."""

    version: int
    names: tuple[str, ...]
    weights: tuple[float, ...]
    bias: float


class Beside(Result):
    """The AUC of another scorer on the same splits, means over the pairs."""

    left_out: Estimate
    in_source: Estimate


class AnswersSummary(Result):
    """What people answered: sha256 of the export, documents, how many two or more judged, and all of these alike.

    copies: how often each stands in training; overruled: documents of other sources that gave way to an answer.
    """

    sha256: str
    documents: int
    by_two_or_more: int
    unanimous: int
    copies: int
    overruled: int


def rounded(value: float) -> float | None:
    """Four decimals; None for NaN."""
    return None if math.isnan(value) else round(value, 4)


class Pair(Result):
    """One positive against one negative source. `trained_on` and `kept_apart` (documents) are the mean over models."""

    positive: str
    negative: str
    positives: int
    negatives: int
    trained_on: int
    kept_apart: int
    auc: Estimate
    average_precision: Estimate


class Split(Result):
    """Means over the pairs of sources, each pair counted once whatever its size."""

    auc: Estimate
    average_precision: Estimate
    lowest_auc: float
    pairs: tuple[Pair, ...]


class Threshold(Result):
    """What a score of at least `score` keeps, by the models that saw neither source; means over the pairs."""

    score: int
    positives_kept: float
    negatives_kept: float
    precision: float | None
    """As if both classes were equally frequent."""


class Identity(Result):
    """How well the score alone tells two sources of one class apart (AUC or 1 - AUC, the larger)."""

    mean: float
    highest: float
    highest_pair: tuple[str, str]


class QualityResult(Result):
    """gap: AUC in source less AUC left out; over_baseline: AUC left out less the baseline's; by the same resamples."""

    left_out: Split
    in_source: Split
    gap: Estimate
    baseline_left_out: Estimate
    baseline_in_source: Estimate
    over_baseline: Estimate
    identity: Identity | None
    """Null where no class has two sources of IDENTITY_SITES."""
    thresholds: tuple[Threshold, ...]
    beside: dict[str, Beside] = {}
    """By name what parts of the model reach, and `source_only`, which knows the source of a text and nothing else."""
    never_left_out: tuple[str, ...]


class LabelResult(Result):
    """One topic, by the models that had not seen the document's site."""

    label: str
    documents: int
    precision: float | None
    recall: float | None


class TopicResult(Result):
    """Shares of documents whose most probable label is theirs. majority: of the most frequent label."""

    accuracy: Estimate
    macro_f1: Estimate
    majority: float
    baseline: Estimate
    over_baseline: Estimate
    labels: tuple[LabelResult, ...]
    left_out: dict[str, Estimate]
    """By source, accuracy when it is left out whole: of those of MIN_SITES that leave all labels to the others."""
    gap: Estimate | None
    """Accuracy on these sources by equally large models that saw other sites of them, less that; mean over sources."""
