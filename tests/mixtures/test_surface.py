"""Surfaces: exact gradients, known laws found again, doubt far from runs, hostile tables, a floor on published runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from mixtures.mixture import Array
from mixtures.models import exposures, kernel, power_law
from mixtures.models.gaussian_process import GaussianProcess
from mixtures.models.kernel import Features
from mixtures.models.power_law import PowerLaw
from mixtures.models.task_model import Constant
from mixtures.surface import Surface, fit
from mixtures.tables.runs import Runs
from mixtures.uncertainty.cross_validation import linear
from tests.mixtures import made

MIN_PILE = {"surface": 97.0, "gain over linear": 10.0}  # Spearman x 100, median of tasks; measured: 98.7 and 16.1
ROOT, LOGARITHM = Features(None), Features(0.003)


def simplex(rows: int, domains: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.ones(domains), rows)


@pytest.fixture(scope="module")
def surface() -> Surface:
    runs = made.runs()
    return fit(runs.weights, runs.losses)


@given(st.integers(0, 1000))
@settings(max_examples=10)
def test_gradients_are_exact(seed: int) -> None:
    generator = np.random.default_rng(seed)
    weights, losses = simplex(15, 3, seed), generator.normal(size=(15, 2))
    middle = np.array([0.5, 0.5, 0.5, -4.0])
    at = middle + generator.normal(0, 0.5, 4)

    def error(function: Callable[..., tuple[float, np.ndarray]], point: np.ndarray, *args: np.ndarray) -> float:
        found = optimize.check_grad(lambda x: function(x, *args)[0], lambda x: function(x, *args)[1], point)
        return float(found / (1 + np.linalg.norm(function(point, *args)[1])))

    assert error(kernel.energy, at, LOGARITHM(weights), losses, middle, np.ones(4)) < 2e-4
    deep = generator.normal(0, 0.5, 2 * 3 + 3 + 2 + 1)
    prior = np.zeros(len(deep)), np.ones(len(deep))
    assert error(exposures._energy, deep, LOGARITHM, weights, losses, 1.7, *prior) < 2e-4
    of_law = np.concatenate(([-0.5], generator.uniform(0.5, 2, 3)))
    counts = generator.integers(1, 4, 15).astype(float)
    assert error(power_law._energy, of_law, weights, losses[:, 0], counts) < 1e-4


@given(st.integers(0, 1000), st.sampled_from([None, 0.003]))
@settings(max_examples=10)
def test_what_features_say_of_weights_is_their_derivative(seed: int, floor: float | None) -> None:
    generator = np.random.default_rng(seed)
    features = Features(floor, generator.gamma(1.0, 1.0, (2, 3)) + 0.01)
    weights, pull = simplex(6, 3, seed) * 0.9 + 0.03, generator.normal(size=(6, 5))
    steps = 1e-6 * np.eye(3)
    apart = [((features(weights + step) - features(weights - step)) * pull).sum(axis=1) / 2e-6 for step in steps]
    np.testing.assert_allclose(features.pulled(weights, pull), np.transpose(apart), rtol=1e-5, atol=1e-6)
    order = generator.permutation(3)
    np.testing.assert_allclose(
        features.reordered(order)(weights[:, order]), features(weights)[:, features.places(order)], rtol=1e-12
    )


def test_exposures_begin_equal_where_runs_tell_no_domain_from_another() -> None:
    """A loss that is symmetric in its two domains, and one that no domain moves."""
    share = np.arange(1, 40)[:, None] / 40
    for losses in ((share - 0.5) ** 2, np.sin(9 * np.abs(share - 0.5))):
        targets = (losses - losses.mean()) / losses.std()
        first = exposures._regressed(LOGARITHM(np.hstack((share, 1 - share))), targets)
        assert np.array_equal(first, np.zeros((2, 2)))
    assert np.array_equal(exposures._regressed(np.ones((39, 2)), targets), np.zeros((2, 2)))


@pytest.mark.parametrize("seed", range(3))
def test_exposures_find_domains_that_stand_for_one_another(seed: int) -> None:
    """Losses of three tasks follow exposures to eight of 24 domains: what was read of one tells of the others."""
    generator = np.random.default_rng(seed)
    weights, new = (generator.dirichlet(np.full(24, 0.2), rows) for rows in (100, 200))
    helped = (np.arange(24) < 8) * generator.uniform(0.5, 1.5, (3, 24))
    losses, unseen = (-np.log(rows @ helped.T + 0.02) for rows in (weights, new))
    losses += generator.normal(0, 0.02, losses.shape)
    shared = kernel.common(ROOT, weights, losses)

    def rmse(features: Features, lengths: np.ndarray) -> float:
        pairs = zip(losses.T, unseen.T, strict=True)
        apart = [GaussianProcess.over(features, lengths, weights, one).predict_mean(new) - true for one, true in pairs]
        return float(np.sqrt(np.square(apart).mean()))

    assert rmse(*exposures.exposed(ROOT, weights, losses, shared)) < 0.75 * rmse(ROOT, shared)


@pytest.mark.parametrize("features", [ROOT, LOGARITHM])
def test_a_run_that_counts_twice_is_two_runs_and_one_that_counts_none_is_none(features: Features) -> None:
    weights, counts = simplex(20, 3), np.array([0, 1, 2, 3, 1] * 4)
    losses, repeated = made.truth(np.column_stack((weights, np.zeros(20))))[:, 0], np.repeat(np.arange(20), counts)
    lengths = np.array([0.1, 0.2, 0.3, -3.0])
    short = GaussianProcess.over(features, lengths, weights, losses, counts.astype(float), variance=1.0)
    long = GaussianProcess.over(features, lengths, weights[repeated], losses[repeated], variance=1.0)
    for one, other in zip(short.predict(simplex(9, 3, 1)), long.predict(simplex(9, 3, 1)), strict=True):
        assert one == pytest.approx(other, abs=1e-9)
    law = PowerLaw.fit(weights, losses)
    left = PowerLaw.fit(weights, losses, law, counts.astype(float)).predict_mean(weights)
    assert left == pytest.approx(PowerLaw.fit(weights[repeated], losses[repeated], law).predict_mean(weights), abs=1e-4)


def test_laws_of_resampled_runs_are_those_that_a_whole_fit_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    generator, weights = np.random.default_rng(0), simplex(40, 4)
    losses = made.truth(weights)[:, 0] + generator.normal(0, 0.01, 40)
    law, counts = PowerLaw.fit(weights, losses), generator.multinomial(40, np.full(40, 1 / 40), 30).astype(float)
    parameters, floors = law.refitted(weights, losses, counts)
    exposure = parameters[:, 1:] @ weights.T
    quick = floors[:, None] + law.scale * exposure ** -np.exp(parameters[:, :1])
    slow = np.array([PowerLaw.fit(weights, losses, law, one).predict_mean(weights) for one in counts])
    monkeypatch.setattr(power_law, "NUMBERS", 1)
    for one, other in zip(law.refitted(weights, losses, counts), (parameters, floors), strict=True):
        assert one == pytest.approx(other, rel=1e-6)  # however many are made at once
    spread = slow.std(axis=0)
    assert np.median(abs(quick - slow) / spread) < 0.15
    assert np.median(quick.std(axis=0) / spread) == pytest.approx(1.0, abs=0.15)


def test_a_law_is_found_again() -> None:
    weights, new = simplex(40, 4), simplex(200, 4, seed=1)
    losses, expected = made.truth(weights), made.truth(new)
    for task in range(losses.shape[1]):
        law = PowerLaw.fit(weights, losses[:, task])
        assert abs(law.predict_mean(new) - expected[:, task]).max() < 0.003


def test_doubt_of_the_law_is_its_spread_over_noise_and_wide_where_no_run_was() -> None:
    generator, weights, new = np.random.default_rng(0), simplex(30, 4), simplex(5, 4, seed=1)
    expected, clean = made.truth(new)[:, 0], made.truth(weights)[:, 0]
    laws = [PowerLaw.fit(weights, clean + generator.normal(0, 0.01, 30)) for _ in range(40)]
    means, sds = (np.array(column) for column in zip(*(law.predict(new) for law in laws), strict=True))
    assert np.median(sds / means.std(axis=0)) == pytest.approx(1.0, abs=0.4)
    assert abs(means.mean(axis=0) - expected).max() < 0.01
    inside = weights[:, 0] < 0.3
    blind, seeing = PowerLaw.fit(weights[inside], clean[inside] + 0.001), laws[0]
    corner = np.eye(4)[:1]
    assert blind.predict(corner)[1][0] > blind.predict(weights[inside])[1].mean()
    assert seeing.predict(corner)[1][0] > seeing.predict(weights)[1].mean()


def test_losses_that_are_only_noise_still_have_a_finite_law() -> None:
    for seed in range(10):
        weights, losses = simplex(24, 4, seed), np.random.default_rng(seed).normal(1, 0.01, 24)
        mean, sd = PowerLaw.fit(weights, losses).predict(weights)
        assert np.isfinite(mean).all()
        assert np.isfinite(sd).all()


def test_the_process_passes_through_runs_without_noise_and_doubts_far_from_them() -> None:
    weights = simplex(30, 3)
    weights = weights[weights[:, 0] > 0.2]
    losses = made.truth(np.column_stack((weights, np.zeros(len(weights)))))[:, 1]
    process = GaussianProcess.over(ROOT, kernel.common(ROOT, weights, losses[:, None]), weights, losses)
    mean, sd = process.predict(weights)
    assert mean == pytest.approx(losses, abs=3 * process.noise_sd + 1e-3)
    assert abs(mean - process.predict_mean(weights)).max() < 1e-12
    _, far = process.predict(np.array([[0.0, 0.02, 0.98]]))
    assert far[0] > 5 * sd.mean()


@given(st.floats(-5, 5), st.floats(0.1, 10))
@settings(max_examples=5)
def test_the_unit_of_losses_does_not_decide(shift: float, scale: float) -> None:
    runs = made.runs()
    plain = fit(runs.weights, runs.losses[:, 0]).predict(runs.weights)
    other = fit(runs.weights, shift + scale * runs.losses[:, 0]).predict(runs.weights)
    assert other[0] == pytest.approx(shift + scale * plain[0], abs=1e-3 * scale)
    assert other[2] - other[1] == pytest.approx(scale * (plain[2] - plain[1]), rel=0.2)


def test_the_surface_is_a_mean_by_shares_and_its_doubt_covers_disagreement(surface: Surface) -> None:
    new = simplex(20, 4, seed=3)
    assert surface.shares.sum() == pytest.approx(1)
    assert np.all(surface.shares >= 0)
    mean, sd = surface.deviation(new)
    for task, model in enumerate(surface.models):
        members, _ = model.members(new)  # type: ignore[union-attr]
        assert mean[:, task] == pytest.approx(members @ surface.shares)
        spread = np.sqrt((members - mean[:, [task]]) ** 2 @ surface.shares)
        assert np.all(sd[:, task] >= spread)
    assert mean == pytest.approx(surface.predict_mean(new))


def test_bounds_hold_eight_in_ten_of_unseen_runs() -> None:
    generator, covered = np.random.default_rng(0), []
    for seed in range(8):
        weights, new = simplex(40, 4, seed), simplex(100, 4, seed + 100)
        seen = made.truth(weights) + generator.normal(0, 0.02, (40, 3))
        _, lower, upper = fit(weights, seen).predict(new)
        unseen = made.truth(new) + generator.normal(0, 0.02, (100, 3))
        covered.append(((lower <= unseen) & (unseen <= upper)).mean())
    assert 0.75 <= np.mean(covered) <= 0.87


def test_bounds_are_as_wide_as_errors_are_and_not_as_a_normal_law_would_have_them() -> None:
    """One run in eight is far off: noise is wide, and most runs lie well within 1.28 deviations of it."""
    generator, covered, normal = np.random.default_rng(0), [], []
    for seed in range(4):
        weights, new = simplex(40, 4, seed), simplex(100, 4, seed + 100)
        far = [1 + 30 * (generator.random((rows, 3)) < 0.125) for rows in (40, 100)]
        seen, unseen = (
            made.truth(rows) + 0.004 * times * generator.normal(size=(len(rows), 3))
            for rows, times in zip((weights, new), far, strict=True)
        )
        found = fit(weights, seen)
        mean, lower, upper = found.predict(new)
        covered.append(((lower <= unseen) & (unseen <= upper)).mean())
        sd = np.hypot(found.deviation(new)[1], found.noise_sd)
        normal.append((abs(unseen - mean) <= stats.norm.ppf(0.9) * sd).mean())
    assert 0.75 <= np.mean(covered) <= 0.87
    assert np.mean(normal) > 0.9


def test_a_task_of_one_mixture_says_nothing_of_others() -> None:
    """And one of two mixtures, which may fall into one fold, or into two: neither divides by nothing."""
    runs = made.runs(repeats=8)
    for mixtures in (1, 2):
        losses = np.column_stack((runs.losses, np.where(np.arange(len(runs.ids)) >= 24, runs.losses[:, 0], np.nan)))
        losses[1:mixtures, 3] = runs.losses[1:mixtures, 0]
        found = fit(runs.weights, losses)
        assert isinstance(found.models[3], Constant) == (mixtures == 1)
        assert np.isfinite(found.predict(runs.weights)[0]).all()
        alone = fit(runs.weights, losses[:, 3])
        assert np.isfinite(alone.predict(runs.weights)).all()
        assert alone.shares.sum() == pytest.approx(1)


def test_tables_as_they_come() -> None:
    """Rows that add up to .996, zero weights, repeats, a task without spread, one nearly empty, losses missing."""
    runs = made.runs()
    weights = np.where(runs.weights < 0.02, 0.0, runs.weights)
    weights *= 0.996 / weights.sum(axis=1, keepdims=True)
    losses = np.column_stack(
        (runs.losses, np.full(len(weights), 2.5), runs.losses[:, 0], np.full(len(weights), np.nan))
    )
    losses[3, 0] = np.nan
    losses[4:, 4] = np.inf
    found = fit(np.vstack((weights, weights[:3])), np.vstack((losses, losses[:3])))
    mean, lower, upper = found.predict(weights)
    assert np.isfinite(mean[:, :5]).all()
    assert np.isnan(mean[:, 5]).all()
    assert np.all(lower[:, :3] < upper[:, :3])
    assert np.array_equal(mean[:, 3], np.full(len(weights), 2.5))
    assert np.array_equal(lower[:, 3], upper[:, 3])
    assert mean[:, 4] == pytest.approx(np.full(len(weights), np.append(losses[:4, 4], losses[:3, 4]).mean()))
    truth = made.truth(weights / weights.sum(axis=1, keepdims=True))[:, 0]
    assert stats.spearmanr(mean[:, 0], truth).statistic > 0.98


def test_fewer_runs_than_domains_are_told() -> None:
    weights = simplex(10, 12)
    with pytest.warns(UserWarning, match="10 runs of 12 domains"):
        found = fit(weights, weights[:, 0])
    assert found.predict(weights)[0].shape == (10,)


@pytest.mark.parametrize(
    ("weights", "losses", "message"),
    [
        (simplex(7, 3), np.arange(7.0), "at least 8"),
        (simplex(9, 3), np.arange(8.0), "9 rows of weights and 8 of losses"),
        (0.9 * simplex(9, 3), np.arange(9.0), "row 0 of weights adds up to 0.9"),
        (simplex(9, 3) - 0.5, np.arange(9.0), "at least 0"),
        (np.full((9, 3), np.nan), np.arange(9.0), "must be a number"),
        (np.ones(9), np.arange(9.0), "give rows of mixtures"),
    ],
)
def test_what_is_no_table_of_runs_is_refused(weights: Array, losses: Array, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fit(weights, losses)


@pytest.mark.data
def test_published_runs_are_ranked_above_a_floor(shared_data: Callable[[str], Path]) -> None:
    def read(name: str) -> Runs:
        mix, loss = shared_data(f"mixtures/{name}_mix.csv"), shared_data(f"mixtures/{name}_loss.csv")
        return Runs.read(mix, loss, id_column="index")

    train, unseen = read("pile_1m_train"), read("pile_1m_paired64")
    weights, losses = train.weights[:128], train.losses[:128]
    surface, baseline = fit(weights, losses).predict_mean(unseen.weights), linear(weights, losses, unseen.weights)
    measured = unseen.losses[:, [unseen.tasks.index(name) for name in train.tasks]]

    def ranks(predicted: Array) -> float:
        pairs = zip(predicted.T, measured.T, strict=True)
        return float(np.median([100 * stats.spearmanr(*pair).statistic for pair in pairs]))

    assert ranks(surface) >= MIN_PILE["surface"]
    assert ranks(surface) - ranks(baseline) >= MIN_PILE["gain over linear"]
