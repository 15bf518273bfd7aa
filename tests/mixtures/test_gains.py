"""Gains: known slopes through noise, shrunk by chance; weightings count tasks as they say."""

from __future__ import annotations

import numpy as np
import pytest

from mixtures.search.weighting import reliability, reliable, signal_sd, weightings
from mixtures.surface import Surface, fit
from mixtures.uncertainty import gains
from tests.mixtures import made

SLOPES = np.array([0.4, 0.8, 1.2])
NOISE = np.full(3, 0.05)


def pairs(count: int, noise: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    true = generator.normal(0, 0.1, (count, 3))
    small = true + generator.normal(0, noise, true.shape)
    return small, 2.0 + true * SLOPES + generator.normal(0, 0.01, true.shape)


def test_noise_of_the_small_models_does_not_flatten_slopes() -> None:
    found = np.array([gains.fit(*pairs(64, 0.05, seed), NOISE, draws=50).slopes for seed in range(60)])
    assert found.mean(axis=0) == pytest.approx(SLOPES, abs=0.04)
    plain = np.array([gains.fit(*pairs(64, 0.05, seed), np.zeros(3), draws=50).slopes for seed in range(60)])
    assert plain.mean(axis=0)[2] < 1.05  # what a slope that knows of no noise finds


def test_the_order_of_pairs_decides_nothing() -> None:
    small, large = pairs(20, 0.05, 0)
    moved = np.random.default_rng(1).permutation(20)
    one, other = gains.fit(small, large, NOISE), gains.fit(small[moved], large[moved], NOISE)
    assert np.array_equal(one.slopes, other.slopes) and np.array_equal(one.drawn, other.drawn)


def test_slopes_without_noise_are_exact_and_intervals_hold_them() -> None:
    small, _ = pairs(20, 0.0, 0)
    assert gains.fit(small, 1.0 + small * SLOPES, np.zeros(3)).slopes == pytest.approx(SLOPES)
    held = []
    for seed in range(100):
        low, high = gains.fit(*pairs(64, 0.05, seed), NOISE, draws=200, seed=seed).bounds
        held.append((low <= SLOPES) & (high >= SLOPES))
    assert 0.65 <= np.mean(held) <= 0.92


def test_moments_are_without_bias_as_the_noise_is() -> None:
    """Fuller 1987, 1.2, with n - 1: at few pairs n would take too much noise out."""
    small, large = pairs(gains.MIN_PAIRS, 0.05, 3)
    for x, y, found in zip(
        small.T, large.T, gains._slopes(small[None], large[None], NOISE, np.ones((1, gains.MIN_PAIRS)))[0], strict=True
    ):
        moments = np.cov(x, y)
        assert found == pytest.approx(moments[0, 1] / (moments[0, 0] - 0.05**2))


def test_means_of_small_runs_have_less_noise_to_take_out() -> None:
    """Half are means of eight runs; the noise of one taken out of all would steepen slopes."""
    generator, found = np.random.default_rng(0), []
    for _ in range(40):
        true = generator.normal(0, 0.1, (64, 3))
        counts = np.where(np.arange(64) < 32, 8, 1)
        small = true + generator.normal(0, 0.08, true.shape) / np.sqrt(counts)[:, None]
        noise, large = np.full(3, 0.08), 0.8 * true + generator.normal(0, 0.01, true.shape)
        weights = generator.dirichlet(np.ones(4), 64)
        known = gains.fit(small, large, noise, weights, small_runs=counts, draws=20)
        moved = generator.permutation(64)
        again = gains.fit(small[moved], large[moved], noise, weights[moved], small_runs=counts[moved], draws=20)
        assert np.array_equal(known.slopes, again.slopes)
        found.append([known.slopes, gains.fit(small, large, noise, weights, draws=20).slopes])
    told, ignored = np.mean(found, axis=0)
    assert told == pytest.approx([0.8] * 3, abs=0.05)
    assert (ignored > 1.2 * 0.8).all()


def test_a_mixture_that_was_repeated_at_both_sizes_is_one_point() -> None:
    """Two pairs of it, means of three small runs and of one, are as a mean of four with two larger runs."""
    generator = np.random.default_rng(0)
    small, large = pairs(12, 0.05, 0)
    weights, counts = generator.dirichlet(np.ones(4), 12), np.array([3, 1] + [1] * 10)
    weights[1] = weights[0]
    found = gains.fit(small, large, NOISE, weights, small_runs=counts, draws=20)
    one = np.vstack(((3 * small[0] + small[1]) / 4, small[2:])), np.vstack((large[:2].mean(axis=0), large[2:]))
    again = gains.fit(*one, NOISE, weights[1:], small_runs=np.array([4] + [1] * 10), draws=20)
    assert found.slopes.mean() == pytest.approx(again.slopes.mean())


def test_slopes_that_differ_by_chance_are_drawn_to_their_mean() -> None:
    generator = np.random.default_rng(0)
    true = generator.normal(0, 0.1, (12, 6))
    found = gains.fit(true, 0.7 * true + generator.normal(0, 0.1, true.shape), np.zeros(6))
    raw = [np.polyfit(x, y, 1)[0] for x, y in zip(true.T, (0.7 * true).T, strict=True)]
    assert raw == pytest.approx([0.7] * 6)
    more = (0.7 * true + generator.normal(0, 0.1, true.shape))[None]
    noisy = gains._slopes(true[None], more, np.zeros(6), np.ones((1, 12)))
    assert found.slopes.std() < 0.6 * noisy.std()


@pytest.mark.parametrize(
    ("small", "large", "message"),
    [
        (np.ones((9, 2)), np.ones((9, 3)), "shapes"),
        (np.ones((5, 2)), np.ones((5, 2)), "5 pairs: gains need 8 different"),
        (np.full((9, 2), np.nan), np.ones((9, 2)), "not finite"),
        (np.ones((9, 2)), np.ones((9, 2)), "all equal"),
    ],
)
def test_what_are_no_pairs_is_refused(small: np.ndarray, large: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        gains.fit(small, large, np.zeros(2))


@pytest.fixture(scope="module")
def surface() -> Surface:
    runs = made.runs()
    return fit(runs.weights, runs.losses)


def test_the_scale_of_z_is_of_the_surface_and_not_of_the_runs(surface: Surface) -> None:
    """Twice as many corners among the runs change their sd, and not that of a known law around natural."""
    feasible, runs = made.constraints(), made.runs()
    corners = np.eye(4) * 0.97 + 0.0075
    weights = np.vstack((runs.weights, corners, corners, corners))
    more = fit(weights, np.vstack((runs.losses, np.tile(made.truth(corners), (3, 1)))))
    assert signal_sd(surface, feasible) == pytest.approx(signal_sd(more, feasible), rel=0.15)
    assert np.array_equal(signal_sd(surface, feasible), signal_sd(surface, feasible))
    with_corners = np.vstack((runs.losses, made.truth(corners)))
    assert abs(with_corners.std(axis=0) / runs.losses.std(axis=0) - 1).max() > 0.15


def test_weightings_keep_the_sum_of_shares_and_count_as_they_say(surface: Surface) -> None:
    feasible, shares = made.constraints(), np.array([0.5, 0.5, 0.0])
    pair = gains.Gains(np.array([1.0, 3.0, 9.0]), np.array([[1.0, 3.0, 9.0], [1.0, 1.0, 9.0]]), 8)
    found = weightings(shares, surface, feasible, pair, 4)
    assert list(found) == ["raw", "z", "gain"]
    for one in found.values():
        assert one.middle.sum() == pytest.approx(1.0)
        assert one.drawn.shape == (4, 3)
    for name in ("raw", "z"):
        assert np.array_equal(found[name].drawn, np.tile(found[name].middle, (4, 1)))
    assert found["raw"].middle.tolist() == shares.tolist()
    sd = signal_sd(surface, feasible)
    assert found["z"].middle[0] / found["z"].middle[1] == pytest.approx(sd[1] / sd[0])
    assert found["gain"].middle == pytest.approx([0.25, 0.75, 0.0])
    assert found["gain"].drawn[:2] == pytest.approx(np.array([[0.25, 0.75, 0.0], [0.25, 0.25, 0.0]]))  # in one unit


def test_what_larger_models_follow_in_no_resample_counts_for_nothing_there(surface: Surface) -> None:
    pair = gains.Gains(np.array([0.5, -0.1, 1.0]), np.array([[1.0, -0.5, 1.0], [-0.1, -0.2, 1.0]]), 8)
    found = weightings(np.array([0.5, 0.5, 0.0]), surface, made.constraints(), pair, 2)["gain"]
    assert found.middle == pytest.approx([1.0, 0.0, 0.0])
    assert found.drawn == pytest.approx(np.array([[2.0, 0.0, 0.0], [0.0, 0.0, 0.0]]))
    nothing = gains.Gains(-pair.slopes, pair.drawn, 8)
    with pytest.raises(ValueError, match="in no task that counts: leave the pairs out"):
        weightings(np.array([1.0, 0.0, 0.0]), surface, made.constraints(), nothing, 2)


def test_a_task_of_noise_decides_little(surface: Surface) -> None:
    feasible = made.constraints()
    signal = signal_sd(surface, feasible)
    noise = signal * np.array([0.0, 1.0, 1000.0])
    told = reliability(surface, feasible, noise)
    assert told == pytest.approx([1.0, 0.5, 0.0], abs=1e-5)
    shares = reliable(np.full(3, 1 / 3), told)
    assert shares == pytest.approx(np.array([1.0, 0.5, 0.01]) / 1.51)
