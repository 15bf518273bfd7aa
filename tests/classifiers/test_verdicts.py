"""What the sentences say, at, below and above each bound."""

from __future__ import annotations

import pytest

from classifiers.results import Estimate, Identity, Pair, QualityResult, SourceSummary, Split
from classifiers.verdicts import of_quality


def estimate(value: float, width: float = 0.02) -> Estimate:
    return Estimate(value=value, low=round(value - width / 2, 4), high=round(value + width / 2, 4))


def split(auc: Estimate, documents: int) -> Split:
    pair = Pair(
        positive="a", negative="b", positives=documents, negatives=documents, trained_on=9, kept_apart=0, auc=auc,
        average_precision=auc,
    )  # fmt: skip
    return Split(auc=auc, average_precision=auc, lowest_auc=auc.value or 0.0, pairs=(pair,))


def said(**changed: object) -> str:
    """The verdicts on a good model of 600 documents, but for what is changed."""
    values: dict[str, object] = {
        "left_out": estimate(0.8), "gap": estimate(0.02, 0.06), "over_baseline": estimate(0.1), "identity": 0.6,
        "documents": 100, "all": 600,
    } | changed  # fmt: skip
    outer, documents = values["left_out"], values["documents"]
    assert isinstance(outer, Estimate) and isinstance(documents, int)
    found = QualityResult(
        left_out=split(outer, documents),
        in_source=split(estimate(0.9), documents),
        gap=values["gap"],
        baseline_left_out=estimate(0.7),
        baseline_in_source=estimate(0.7),
        over_baseline=values["over_baseline"],
        identity=Identity(mean=0.5, highest=values["identity"], highest_pair=("a", "c")),
        thresholds=(),
        never_left_out=(),
    )
    source = SourceSummary(
        name="a", label="positive", documents=values["all"], text_bytes=9, sites=9, broken_up=(), blank=0, not_taken=0,
        sha256="0", smallest=(),
    )  # fmt: skip
    return "\n".join(of_quality((source,), found))


@pytest.mark.parametrize(
    ("changed", "sentence", "is_said"),
    [
        ({}, "PLUMBING CHECK", False),
        ({"all": 499}, "PLUMBING CHECK", True),
        ({"all": 500}, "PLUMBING CHECK", False),
        ({"documents": 49}, "PLUMBING CHECK", True),
        ({"documents": 50}, "PLUMBING CHECK", False),
        ({"left_out": estimate(0.8, 0.12)}, "PLUMBING CHECK", True),
        ({"left_out": Estimate(value=0.8, low=None, high=None)}, "PLUMBING CHECK", True),
        ({"gap": estimate(0.06, 0.02)}, "LEARNED THE SOURCE", True),
        ({"gap": estimate(0.05, 0.02)}, "LEARNED THE SOURCE", False),
        ({"gap": estimate(0.05, 0.02)}, "a little of what it learned is the source", True),
        ({"gap": estimate(0.06, 0.12)}, "LEARNED THE SOURCE", False),
        ({"gap": estimate(0.06, 0.12)}, "do not differ beyond chance", True),
        ({"left_out": estimate(0.51)}, "NO BETTER THAN CHANCE", True),
        ({"left_out": estimate(0.52)}, "NO BETTER THAN CHANCE", False),
        ({"over_baseline": estimate(0.01)}, "better is not shown", True),
        ({"over_baseline": estimate(0.02)}, "words add to it", True),
        ({"over_baseline": estimate(-0.01)}, "better is not shown", True),
        ({"over_baseline": estimate(-0.02)}, "WORSE than that", True),
        ({"identity": 0.75}, "also chooses among sources", True),
        ({"identity": 0.74}, "also chooses among sources", False),
    ],
)
def test_each_bound(changed: dict[str, object], sentence: str, is_said: bool) -> None:
    assert (sentence in said(**changed)) == is_said
