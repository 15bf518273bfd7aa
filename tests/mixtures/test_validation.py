"""Validation: a prediction is written once, and the verdict is what the t interval says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mixtures.proposal import Estimate, Proposal
from mixtures.validation import (
    Measured,
    PlannedMixture,
    Prediction,
    Validation,
    difference,
    judge,
    predict,
)

SEEDS = (0, 1, 2)


def prediction() -> Prediction:
    gain = Estimate(value=0.1, low=0.05, high=0.15)
    return Prediction(
        inputs={"weights": "00"},
        tasks={"a": 0.5, "b": 0.5},
        seeds=SEEDS,
        mixtures={
            "natural": PlannedMixture(weights={"web": 1.0}, gain=None),
            "proposed": PlannedMixture(weights={"web": 1.0}, gain=gain),
            "random": PlannedMixture(weights={"web": 1.0}, gain=gain),
        },
    )


def measured(**losses: list[float | None]) -> list[Measured]:
    """Runs of each mixture with seeds 0, 1, 2; None for one that diverged."""
    return [
        Measured(mixture=name, seed=seed, losses=None if loss is None else {"a": loss - 0.2, "b": loss + 0.2})
        for name, values in losses.items()
        for seed, loss in enumerate(values)
    ]


NATURAL: list[float | None] = [1.0, 1.01, 1.02]


@pytest.mark.parametrize(
    ("other", "verdict", "as_predicted"),
    [
        ([0.9, 0.912, 0.918], "better", True),
        ([0.99, 1.0, 1.0101], "better", False),
        ([1.1, 1.112, 1.118], "worse", False),
        ([0.5, 1.012, 1.3], "not resolved", True),
    ],
)
def test_a_verdict_needs_an_interval_without_zero(other: list[float | None], verdict: str, as_predicted: bool) -> None:
    found = judge(prediction(), measured(natural=NATURAL, proposed=other)).judged[1]
    assert (found.mixture, found.verdict, found.paired) == ("proposed", verdict, True)
    assert found.gain is not None
    assert found.gain.value == pytest.approx(np.mean(NATURAL) - np.mean(other))
    if verdict != "not resolved":
        assert found.as_predicted is as_predicted


def test_one_finished_run_resolves_nothing_and_a_diverged_one_is_told() -> None:
    found = judge(prediction(), measured(natural=NATURAL, proposed=[0.5, None, float("nan")]))
    natural, proposed, random = found.judged
    assert (proposed.verdict, proposed.gain, proposed.diverged) == ("not resolved", None, (1, 2))
    assert (proposed.mean, proposed.sd) == (0.5, None)
    assert (natural.verdict, natural.mean) == (None, pytest.approx(1.01))
    assert (random.verdict, random.mean, random.losses) == ("not resolved", None, {})
    assert Validation.model_validate_json(found.model_dump_json()) == found


@given(st.integers(0, 10_000))
def test_intervals_are_those_of_the_t_tests(seed: int) -> None:
    generator = np.random.default_rng(seed)
    left, right = generator.normal(size=4), generator.normal(size=4)
    paired = difference(dict(enumerate(left)), dict(enumerate(right)))
    expected = stats.ttest_rel(left, right).confidence_interval(0.95)
    assert (paired.low, paired.high) == pytest.approx((expected.low, expected.high))
    welch = difference(dict(enumerate(left)), dict(enumerate(right[:3])))
    expected = stats.ttest_ind(left, right[:3], equal_var=False).confidence_interval(0.95)
    assert (welch.low, welch.high) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize(
    ("results", "message"),
    [
        ([Measured(mixture="other", seed=0, losses=None)], "not in the prediction"),
        ([Measured(mixture="natural", seed=9, losses=None)], "not in the prediction"),
        ([Measured(mixture="natural", seed=0, losses=None)] * 2, "given twice"),
        ([Measured(mixture="natural", seed=0, losses={"a": 1.0})], "no loss for b"),
        (measured(natural=[1.0, 1.0, 1.0]), "the seeds changed nothing"),
    ],
)
def test_runs_that_prove_nothing_are_refused(results: list[Measured], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        judge(prediction(), results)


def test_a_seed_stands_once() -> None:
    with pytest.raises(ValueError, match="each must stand once"):
        Prediction.model_validate(prediction().model_dump() | {"seeds": (1, 1)})


def test_a_prediction_is_written_once(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "prediction.json"
    prediction().write(path)
    before = path.read_bytes()
    prediction().write(path)
    with pytest.raises(ValueError, match="another prediction was written before"):
        prediction().model_copy(update={"seeds": (0, 1)}).write(path)
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.iterdir()] == ["prediction.json"]
    assert Prediction.read(path) == prediction()
    path.write_text("{}")
    with pytest.raises(ValueError, match=r"prediction\.json"):
        Prediction.read(path)


def test_a_prediction_names_three_mixtures_and_widens_by_the_noise(proposal: Proposal) -> None:
    found = predict(proposal, SEEDS, {"weights": "00"})
    assert list(found.mixtures) == ["natural", "proposed", "random"]
    for planned in found.mixtures.values():
        proposal.constraints.check(np.array(list(planned.weights.values())))
    gain, noise = found.mixtures["proposed"].gain, 1.645 * proposal.noise.sd * np.sqrt(2 / 3)
    assert gain is not None
    assert gain.high - gain.value == pytest.approx(np.hypot(proposal.gain.high - proposal.gain.value, noise), rel=1e-3)
    assert gain.value - gain.low >= noise * 0.999
    assert found.tasks == {"heldout:prose": 0.5, "heldout:code": 0.5}
