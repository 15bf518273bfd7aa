"""Validation: a verdict is what the registered test says, and errs no oftener than it says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mixtures.report.terminal import said
from mixtures.uncertainty import paired
from mixtures.uncertainty.estimate import Estimate
from mixtures.validation.judged import Measured, Validation, judge
from mixtures.validation.registration import Analysis, Arm, Preregistration

SEEDS = (0, 1, 2)
REFERENCES = ("natural", "uniform", "best_observed", "random")


def registration(
    seeds: tuple[int, ...] = SEEDS, references: tuple[str, ...] = ("natural", "random")
) -> Preregistration:
    gain = Estimate(value=0.1, low=0.05, high=0.15)
    names = ("proposed", *references)
    return Preregistration(
        objective={"a": 0.5, "b": 0.5},
        endpoint="the mean of both",
        arms={name: Arm(mixtures=({"web": 1.0},), difference=None if name == "natural" else gain) for name in names},
        left_out={},
        seeds=SEEDS,
        steps=10,
        run_tokens=1280,
        runs={name: tuple(f"{name}{seed}" for seed in SEEDS) for name in names},
        analysis=Analysis(references=references),
        inputs={"weights": "00"},
    )


def measured(**losses: list[float | None]) -> list[Measured]:
    """Runs of each arm with seeds 0, 1, 2 ...; None for one that diverged."""
    return [
        Measured(arm=name, seed=seed, losses=None if loss is None else {"a": loss - 0.2, "b": loss + 0.2})
        for name, values in losses.items()
        for seed, loss in enumerate(values)
    ]


NATURAL: list[float | None] = [1.0, 1.01, 1.02]


@pytest.mark.parametrize(
    ("proposed", "verdict", "as_predicted"),
    [
        ([0.9, 0.911, 0.919], "better", True),
        ([0.98, 0.991, 0.999], "better", False),
        ([1.1, 1.111, 1.119], "worse", False),
        ([0.5, 1.012, 1.3], "not resolved", True),
    ],
)
def test_a_verdict_needs_more_than_the_seeds_spread(
    proposed: list[float | None], verdict: str, as_predicted: bool
) -> None:
    found = judge(registration(references=("natural",)), measured(natural=NATURAL, proposed=proposed))
    comparison = found.against("natural")
    assert (comparison.verdict, comparison.pairs) == (verdict, 3)
    assert comparison.difference is not None
    assert comparison.difference.value == pytest.approx(np.mean(NATURAL) - np.mean(proposed))
    assert (comparison.difference.low <= 0 <= comparison.difference.high) == (verdict == "not resolved")
    judged = next(one for one in found.judged if one.arm == "proposed")
    assert judged.gain == comparison.difference
    assert judged.as_predicted is as_predicted or verdict == "not resolved"
    assert found.sha256 == registration(references=("natural",)).sha256


def test_pairs_that_are_all_equal_detect_nothing() -> None:
    """Runs of few windows read the same of two mixtures that are nearly alike: no difference is ruled out by that."""
    found = judge(registration(references=("natural",)), measured(natural=NATURAL, proposed=NATURAL))
    comparison = found.against("natural")
    assert (comparison.verdict, comparison.adjusted_p, comparison.detectable) == ("not resolved", 1.0, None)
    assert said(comparison, "nats").startswith("not resolved, every pair of runs is equal")


def test_many_references_ask_for_more() -> None:
    """What one reference resolves alone, it does not beside three others that say nothing."""
    proposed: list[float | None] = [0.9, 0.93, 0.96]
    far: list[float | None] = [0.8, 1.02, 0.96]
    alone = judge(registration(references=("natural",)), measured(natural=NATURAL, proposed=proposed))
    beside = judge(
        registration(references=REFERENCES),
        measured(natural=NATURAL, proposed=proposed, uniform=far, best_observed=far[::-1], random=far),
    )
    assert alone.against("natural").verdict == "better"
    assert beside.against("natural").verdict == "not resolved"
    assert alone.against("natural").t_p == beside.against("natural").t_p
    assert (beside.against("natural").detectable or 0) > (alone.against("natural").detectable or 0)


def test_one_finished_pair_resolves_nothing_and_a_diverged_run_is_told() -> None:
    found = judge(
        registration(), measured(natural=NATURAL, proposed=[0.5, 0.52, None], random=[0.6, None, float("nan")])
    )
    natural, other = found.comparisons
    assert (natural.pairs, other.pairs) == (2, 1)
    assert (other.verdict, other.difference, other.adjusted_p) == ("not resolved", None, None)
    judged = {one.arm: one for one in found.judged}
    assert (judged["random"].diverged, judged["random"].mean, judged["random"].sd) == ((1, 2), 0.6, None)
    assert judged["natural"].gain is None
    assert Validation.model_validate_json(found.model_dump_json()) == found


@given(st.integers(0, 10_000), st.integers(2, 7))
def test_p_and_intervals_are_those_of_scipy(seed: int, count: int) -> None:
    generator = np.random.default_rng(seed)
    left, right = generator.normal(size=count), generator.normal(size=count)
    expected = stats.ttest_rel(left, right)
    assert paired.t_p(left - right) == pytest.approx(expected.pvalue)
    assert paired.interval(left - right)[1:] == pytest.approx(tuple(expected.confidence_interval(0.95)))
    flips = stats.permutation_test(
        (left - right, np.zeros(count)), lambda x, y: np.sum(x - y), permutation_type="samples", n_resamples=np.inf
    )
    assert paired.sign_flip_p(left - right) == pytest.approx(flips.pvalue)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_is_a_closed_test_of_bonferroni(ps: list[float]) -> None:
    """Rejected after correction exactly where every set of hypotheses that holds it is rejected by Bonferroni."""
    named = {str(at): p for at, p in enumerate(ps)}
    sets = [[str(at) for at in range(len(ps)) if bits >> at & 1] for bits in range(1, 2 ** len(ps))]
    for name, adjusted in paired.holm(named).items():
        closed = max(min(1.0, len(one) * min(named[each] for each in one)) for one in sets if name in one)
        assert adjusted == pytest.approx(closed)


def _wrong(apart: np.ndarray, p: object) -> bool:
    """Whether any of the references (references, seeds), none of which differs, is resolved."""
    assert callable(p)
    return min(paired.holm({str(at): p(row) for at, row in enumerate(apart)}).values()) <= paired.ALPHA


@pytest.mark.parametrize("p", [paired.t_p, paired.sign_flip_p])
@pytest.mark.parametrize("shape", ["normal", "heavy"])
def test_where_nothing_differs_a_verdict_is_as_rare_as_alpha(p: object, shape: str) -> None:
    """Four references that share the proposal's runs, six seeds, 1,500 experiments: at most 5 %, give or take."""
    generator = np.random.default_rng(len(shape))
    draw = generator.normal if shape == "normal" else lambda size: generator.standard_t(3, size)
    experiments = 1500
    arms = draw(size=(experiments, 5, 6))
    rate = np.mean([_wrong(one[1:] - one[0], p) for one in arms])
    assert rate <= paired.ALPHA + 2.5 * np.sqrt(paired.ALPHA * (1 - paired.ALPHA) / experiments)


def test_what_is_called_detectable_is_found_four_times_of_five() -> None:
    generator = np.random.default_rng(0)
    for seeds in (3, 6):
        apart = generator.normal(paired.detectable_sds(seeds), 1, size=(2000, seeds))
        assert np.mean([paired.t_p(row) <= paired.ALPHA for row in apart]) == pytest.approx(paired.POWER, abs=0.03)
    assert [round(paired.detectable_sds(seeds), 1) for seeds in (3, 6)] == [3.3, 1.4]
    assert paired.detectable_sds(6, 4) > paired.detectable_sds(6)


@pytest.mark.parametrize(
    ("results", "message"),
    [
        ([Measured(arm="other", seed=0, losses=None)], "not registered"),
        ([Measured(arm="natural", seed=9, losses=None)], "not registered"),
        ([Measured(arm="natural", seed=0, losses=None)] * 2, "given twice"),
        ([Measured(arm="natural", seed=0, losses={"a": 1.0})], "no loss for b"),
        ([Measured(arm="natural", seed=0, losses={})], "no loss for a, b"),
        (measured(natural=[1.0, 1.0, 1.0]), "the seeds changed nothing"),
    ],
)
def test_runs_that_prove_nothing_are_refused(results: list[Measured], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        judge(registration(), results)


def test_arms_that_did_not_end_make_no_verdict_easier() -> None:
    """Holm is over all references that were registered: losing runs of the others changes nothing of natural's."""
    generator = np.random.default_rng(0)
    losses = {"proposed": dict(enumerate(generator.normal(0, 0.01, 6)))}
    losses["natural"] = {seed: loss + 0.012 + generator.normal(0, 0.01) for seed, loss in losses["proposed"].items()}
    losses |= {name: dict(enumerate(generator.normal(0, 0.05, 6))) for name in REFERENCES[1:]}
    whole = {one.reference: one for one in paired.compare(losses, "proposed", REFERENCES)}
    lost = losses | {"uniform": {}, "best_observed": {0: 1.0}, "random": {}}
    left = {one.reference: one for one in paired.compare(lost, "proposed", REFERENCES)}
    natural = whole["natural"]
    assert natural.t_p is not None and paired.ALPHA / 4 < natural.t_p <= paired.ALPHA
    assert natural.adjusted_p == pytest.approx(4 * natural.t_p)
    assert left["natural"] == natural
    assert natural.verdict == "not resolved"
    assert [(left[name].adjusted_p, left[name].verdict) for name in REFERENCES[1:]] == [(None, "not resolved")] * 3
