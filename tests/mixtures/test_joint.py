"""Joint draws: one function for all mixtures, tasks that move together, and intervals that cover what they say."""

from __future__ import annotations

import numpy as np
import pytest

from mixtures.mixture import Array
from mixtures.models.gaussian_process import GaussianProcess
from mixtures.surface import Surface, fit
from mixtures.uncertainty import joint
from mixtures.uncertainty.draws import left_out, resampled, width
from mixtures.uncertainty.joint import Joint, drawn
from tests.mixtures import made

SHARES = np.array([0.4, 0.3, 0.3])
REPLICATIONS = 200


@pytest.fixture(scope="module")
def surface() -> Surface:
    runs = made.runs()
    return fit(runs.weights, runs.losses)


@pytest.fixture(scope="module")
def draws(surface: Surface) -> Joint:
    runs = made.runs()
    return drawn(surface, runs.weights, runs.losses, SHARES, draws=300, seed=0)


def mixtures(rows: int, seed: int = 1) -> Array:
    return np.random.default_rng(seed).dirichlet(np.ones(4), rows)


def test_runs_of_a_mixture_are_drawn_as_one() -> None:
    mixture = np.array([0, 1, 1, 2, 0, 3])
    counts = resampled(mixture, 500, np.random.default_rng(0))
    assert np.array_equal(counts[:, 0], counts[:, 4])
    assert np.array_equal(counts[:, 1], counts[:, 2])
    assert np.all(counts[:, [0, 1, 3, 5]].sum(axis=1) == 4)
    assert counts.mean(axis=0) == pytest.approx(np.ones(6), abs=0.15)


def test_a_draw_is_one_function_of_all_mixtures(draws: Joint) -> None:
    rows = mixtures(draws.draws)
    everywhere = draws.objective(rows)
    value, gradient = draws.one_each(rows)
    assert value == pytest.approx(np.diag(everywhere))
    assert everywhere == pytest.approx(draws.losses(rows) @ SHARES)
    near = draws.objective(rows[:1] + 1e-7 * (rows[1:2] - rows[:1]))[:, 0]
    assert near == pytest.approx(everywhere[:, 0], abs=1e-4)
    step = 1e-6
    for at, unit in enumerate(step * np.eye(4)):
        change = (draws.one_each(rows + unit)[0] - draws.one_each(rows - unit)[0]) / (2 * step)
        assert gradient[:, at] == pytest.approx(change, rel=1e-3, abs=1e-3)


def test_draws_lie_about_the_surface_and_spread_where_no_run_was(surface: Surface, draws: Joint) -> None:
    runs = made.runs()
    drawn_losses = draws.losses(runs.weights)
    spread = drawn_losses.std(axis=0)
    assert abs(drawn_losses.mean(axis=0) - surface.predict_mean(runs.weights)).mean() < 0.5 * spread.mean()
    corner = draws.losses(np.eye(4)[2:3]).std(axis=0)
    assert np.all(corner.mean() > spread.mean())


def test_narrowed_draws_keep_their_middle(surface: Surface, draws: Joint) -> None:
    """Twice is as once by the product, and a factor of 0 leaves the surface of all runs."""
    rows = mixtures(9)
    middle, wide = surface.predict_mean(rows) @ SHARES, draws.objective(rows)
    assert draws.narrowed(0.0).objective(rows) == pytest.approx(np.tile(middle, (draws.draws, 1)))
    half = draws.narrowed(0.5)
    assert half.objective(rows) == pytest.approx(middle + 0.5 * (wide - middle))
    assert half.width == pytest.approx(0.5 * draws.width)
    assert half.narrowed(0.4).objective(rows) == pytest.approx(draws.narrowed(0.2).objective(rows))
    each = mixtures(draws.draws)
    assert half.one_each(each)[0] == pytest.approx(np.diag(half.objective(each)))
    drawn_shares = np.random.default_rng(0).uniform(0.5, 1, (draws.draws, 3))
    assert draws.weighed(drawn_shares).narrowed(0.5).shares == pytest.approx(
        (drawn_shares + drawn_shares.mean(axis=0)) / 2
    )


def test_equal_seeds_give_equal_draws(surface: Surface, draws: Joint) -> None:
    runs, rows = made.runs(), mixtures(5)
    again = drawn(surface, runs.weights, runs.losses, SHARES, draws=300, seed=0)
    assert np.array_equal(again.objective(rows), draws.objective(rows))
    other = drawn(surface, runs.weights, runs.losses, SHARES, draws=300, seed=1)
    assert not np.allclose(other.objective(rows), draws.objective(rows))


def test_tasks_whose_errors_go_together_are_drawn_together() -> None:
    """Two tasks with one law and nearly one noise, and one apart: what is said of their difference is far surer."""
    runs, generator = made.runs(), np.random.default_rng(3)
    shared, own = generator.normal(0, 0.02, len(runs.ids)), generator.normal(0, 0.001, (len(runs.ids), 2))
    truth = made.truth(runs.weights)
    apart = truth[:, 1] + generator.normal(0, 0.02, len(runs.ids))
    losses = np.column_stack((truth[:, 0] + shared + own[:, 0], truth[:, 0] + shared + own[:, 1], apart))
    surface = fit(runs.weights, losses)
    correlation = (root := joint.task_root(surface, losses, np.arange(3))) @ root.T
    assert correlation[0, 1] > 0.7
    assert abs(correlation[0, 2]) < 0.5
    found = drawn(surface, runs.weights, losses, np.ones(3) / 3, draws=200, seed=0).losses(mixtures(20))
    moved = found - found.mean(axis=0)
    together, alone = (np.corrcoef(moved[..., 0].ravel(), moved[..., at].ravel())[0, 1] for at in (1, 2))
    assert together > 0.6
    assert abs(alone) < 0.4


def test_a_task_that_says_nothing_cannot_be_drawn() -> None:
    runs = made.runs()
    losses = np.column_stack((runs.losses, np.ones(len(runs.ids))))
    surface = fit(runs.weights, losses)
    with pytest.raises(ValueError, match="equal losses"):
        drawn(surface, runs.weights, losses, np.ones(4) / 4, draws=10, seed=0)
    assert drawn(surface, runs.weights, losses, np.array([1.0, 0, 0, 0]), draws=10, seed=0).draws == 10


def test_the_width_makes_draws_cover_what_they_left_out() -> None:
    generator = np.random.default_rng(0)
    counts = resampled(np.arange(400), 200, generator)
    for spread, noise in ((1.0, 0.0), (1.0, 0.7), (0.4, 0.7)):
        middle = generator.normal(size=400)
        error = np.hypot(spread, noise) * generator.normal(size=400)
        drawn_at_runs = middle + 0.5 * generator.normal(size=(200, 400))
        told, apart = left_out(drawn_at_runs, counts)
        assert told == pytest.approx(middle, abs=0.6)
        assert apart.mean() == pytest.approx(0.25, rel=0.05)
        assert width(error, apart, noise) == pytest.approx(spread / 0.5, rel=0.2)
    assert width(error, left_out(drawn_at_runs, np.ones_like(counts))[1], noise) == 1.0
    unknown = np.where(np.arange(400) < 200, np.nan, error)  # runs of a task that a fold holds alone
    assert width(unknown, apart, noise) == width(error[200:], apart[200:], noise)


def test_hyperparameters_take_as_much_freedom_as_runs_say_of_them() -> None:
    runs = made.runs(count=40)
    process = fit(runs.weights, runs.losses[:, :1]).models[0].processes[1]  # type: ignore[union-attr]
    said = []
    for more in (0.0, 5.0, 12.0):  # noise that hides them
        hidden = process.hyperparameters + np.append(np.zeros(len(process.hyperparameters) - 1), more)
        said.append(GaussianProcess.over(process.features, hidden, runs.weights, runs.losses[:, 0]).taken())
    assert len(process.hyperparameters) > said[0] > said[1] > said[2] >= 0 and said[2] < 0.1


@pytest.mark.parametrize("wavy", [False, True])
def test_intervals_of_differences_cover_eight_in_ten(wavy: bool) -> None:
    """Swarms of 20 runs of 4 domains with repeats, noise that tasks share, truths that are, or are no, power law."""
    shares = np.array([0.6, 0.4])
    covered = []
    for seed in range(REPLICATIONS // 2):
        generator = np.random.default_rng([seed, wavy])
        weights, new = generator.dirichlet(np.full(4, 0.8), 20), generator.dirichlet(np.full(4, 0.8), 12)
        weights[-3:] = weights[0]
        helped, bent = generator.gamma(1.0, 1.0, (2, 4)), generator.normal(size=(4, 2))

        def truth(rows: Array, helped: Array = helped, bent: Array = bent) -> Array:
            law = 0.7 + 0.5 * (rows @ helped.T + 0.05) ** -0.4
            return np.asarray(law + wavy * 0.05 * np.sin(3 * np.sqrt(rows) @ bent))

        noise = generator.normal(0, 0.01, (20, 1)) + generator.normal(0, 0.01, (20, 2))
        losses = truth(weights) + noise
        found = drawn(fit(weights, losses), weights, losses, shares, draws=100, seed=seed).objective(new)
        left, right = np.triu_indices(12, 1)
        low, high = np.quantile(found[:, left] - found[:, right], [0.1, 0.9], axis=0)
        true = truth(new) @ shares
        covered.append(np.mean((low <= true[left] - true[right]) & (true[left] - true[right] <= high)))
    assert 0.7 <= np.mean(covered) <= 0.9
