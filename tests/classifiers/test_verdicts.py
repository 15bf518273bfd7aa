"""What the sentences say, at, below and above each bound."""

from __future__ import annotations

import pytest

from classifiers.card.results import (
    Estimate,
    Identity,
    LabelResult,
    Pair,
    QualityResult,
    SourceSummary,
    Split,
    TopicResult,
)
from classifiers.evaluation.verdicts import of_quality, of_topic


def estimate(value: float, width: float = 0.02) -> Estimate:
    return Estimate(value=value, low=round(value - width / 2, 4), high=round(value + width / 2, 4))


def split(auc: Estimate, documents: int) -> Split:
    pair = Pair(
        positive="a", negative="b", positives=documents, negatives=documents, trained_on=9, kept_apart=0, auc=auc,
        average_precision=auc,
    )  # fmt: skip
    return Split(auc=auc, average_precision=auc, lowest_auc=auc.value or 0.0, pairs=(pair,))


def source(label: str, documents: object) -> SourceSummary:
    return SourceSummary(
        name="a", label=label, documents=documents, text_bytes=9, sites=9, broken_up=(), blank=0, not_taken=0,
        sha256="0",
    )  # fmt: skip


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
    return "\n".join(of_quality((source("positive", values["all"]),), found))


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
        ({"gap": estimate(-0.02, 0.06)}, "do not differ beyond chance", True),
        ({"gap": estimate(-0.02, 0.06)}, "BETTER where the sources are new", False),
        ({"gap": estimate(-0.06, 0.02)}, "do not differ beyond chance", False),
        ({"gap": estimate(-0.06, 0.02)}, "BETTER where the sources are new", True),
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


def said_of_topics(**changed: object) -> str:
    """The verdicts on a good model of 600 documents with two labels, of which each source has both."""
    values: dict[str, object] = {
        "accuracy": estimate(0.8), "gap": estimate(0.02, 0.06), "over_baseline": estimate(0.1), "documents": (300, 50),
        "sources": {"(column topic)": 600},
    } | changed  # fmt: skip
    sources, documents = values["sources"], values["documents"]
    assert isinstance(sources, dict) and isinstance(documents, tuple)
    found = TopicResult(
        accuracy=values["accuracy"],
        macro_f1=estimate(0.7),
        majority=0.5,
        baseline=estimate(0.6),
        over_baseline=values["over_baseline"],
        labels=tuple(
            LabelResult(label=name, documents=count, precision=None, recall=0)
            for name, count in zip("xy", documents, strict=True)
        ),
        left_out={},
        gap=values["gap"],
    )
    return "\n".join(of_topic(tuple(source(label, count) for label, count in sources.items()), found))


@pytest.mark.parametrize(
    ("changed", "sentence", "is_said"),
    [
        ({}, "PLUMBING CHECK", False),
        ({"sources": {"(column topic)": 499}}, "PLUMBING CHECK: 499 documents", True),
        ({"sources": {"(column topic)": 500}}, "PLUMBING CHECK", False),
        ({"documents": (300, 49)}, "at most 49 of some class or label", True),
        ({"accuracy": estimate(0.8, 0.12)}, "PLUMBING CHECK", True),
        (
            {},
            "the most frequent label alone 0.500, length and punctuation 0.600 (0.590 to 0.610): words add to it.",
            True,
        ),
        ({"over_baseline": estimate(0.01)}, "better is not shown", True),
        ({"over_baseline": estimate(-0.02)}, "WORSE than that", True),
        ({"gap": estimate(0.06, 0.02)}, "LEARNED THE SOURCE", True),
        ({"gap": None}, "No source could be left out, since none has 10 sites", True),
        ({"gap": None, "sources": {"x": 300, "y": 300}}, "Every label is a source of its own", True),
        ({"gap": None, "sources": {"x": 300, "y": 299, "z": 1}}, "Every label is a source of its own", False),
        ({"gap": None, "sources": {"x": 300, "(column topic)": 300}}, "Every label is a source of its own", False),
    ],
)
def test_each_bound_of_topics(changed: dict[str, object], sentence: str, is_said: bool) -> None:
    assert (sentence in said_of_topics(**changed)) == is_said
