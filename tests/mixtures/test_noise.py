"""Noise: pooled over repeated mixtures by hand, and found again in made runs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mixtures.mixture import Array
from mixtures.simplex import numbered
from mixtures.surface import fit
from mixtures.uncertainty import joint
from mixtures.uncertainty.noise import Noise, RunNoise, deviations, estimated, from_replicates, of_objective, of_tasks
from tests.mixtures import made


def test_the_spread_is_pooled_over_repeated_mixtures() -> None:
    noise = from_replicates(np.array([1.0, 3.0, 10.0, 10.0, 13.0, 99.0]), np.array([0, 0, 1, 1, 1, 2]))
    assert noise is not None
    assert (noise.freedom, noise.source) == (3, "replicates")
    assert noise.sd == pytest.approx(np.sqrt((2 + 6) / 3))


def test_without_repeats_the_held_out_error_stands_in_and_says_so() -> None:
    losses = np.array([1.0, 2.0, 3.0, 4.0])
    assert from_replicates(losses, np.arange(4)) is None
    noise = estimated(losses, losses + 0.5, np.arange(4))
    assert (noise.sd, noise.freedom, noise.source) == (0.5, 3, "cross-validation")


def test_made_noise_is_found_again() -> None:
    runs = made.runs(count=8, repeats=200)
    for task in range(len(runs.tasks)):
        noise = from_replicates(runs.losses[:, task], runs.mixture)
        assert noise is not None
        assert noise.sd == pytest.approx(made.NOISE_SD, rel=0.15)


def test_a_difference_below_the_smallest_is_seen_in_one_of_twenty() -> None:
    """What the threshold promises: two means of the same mixture differ by more in 5 % of cases."""
    noise = Noise(sd=1.0, freedom=10_000, source="replicates")
    assert noise.smallest_difference(8) == pytest.approx(noise.smallest_difference(2) / 2)
    apart = stats.norm(scale=np.sqrt(2 / 4))
    assert 2 * apart.sf(noise.smallest_difference(4)) == pytest.approx(0.05, rel=0.01)


def test_the_noise_of_an_objective_is_what_runs_of_its_tasks_have_in_common() -> None:
    """Half of it common to a run's tasks: the root of .01^2 + .01^2 (.6^2 + .4^2), not less, as the fit's own is."""
    shares, found, plain = np.array([0.6, 0.4]), [], []
    for seed in range(20):
        generator = np.random.default_rng(seed)
        weights, helped = generator.dirichlet(np.full(4, 0.8), 48), generator.gamma(1.0, 1.0, (2, 4))
        noise = generator.normal(0, 0.01, (48, 1)) + generator.normal(0, 0.01, (48, 2))
        losses = 0.7 + 0.5 * (weights @ helped.T + 0.05) ** -0.4 + noise
        losses[:3, 1] = np.nan
        surface = fit(weights, losses)
        known = of_objective(surface, losses, np.arange(48), shares)
        assert known.source == "residuals"
        found.append(known.sd / (0.01 * np.sqrt(1.52)))
        plain.append(np.linalg.norm(joint.task_root(surface, losses, np.arange(2)).T @ (shares * surface.noise_sd)))
    assert 0.93 <= np.sqrt(np.mean(np.square(found))) <= 1.1
    assert np.sqrt(np.mean(np.square(plain))) / (0.01 * np.sqrt(1.52)) < 0.93


def swarm(seed: int, noise: float, domains: int, again: int) -> tuple[Array, Array, float]:
    """30 runs, of which `again` are the first mixture's: weights, losses of two tasks, and the noise of their mean.

    The truth has waves beside its law; `noise` is in units of its spread, half of its variance common to both tasks.
    """
    generator = np.random.default_rng([seed, domains])
    weights, helped = generator.dirichlet(np.full(domains, 0.8), 30), generator.gamma(1.0, 1.0, (domains, 2))
    weights[30 - again :] = weights[0]
    waves = np.sin(3 * np.sqrt(weights) @ generator.normal(size=(domains, 2)))
    truth = 0.7 + 0.5 * (weights @ helped + 0.05) ** -0.4 + 0.05 * waves
    sd = noise * float(truth.std()) * np.sqrt(0.5)
    return weights, truth + generator.normal(0, sd, (30, 1)) + generator.normal(0, sd, (30, 2)), sd * np.sqrt(1.5)


def test_repeats_bring_the_noise_nearer_to_the_truth_and_few_of_them_turn_nothing_over() -> None:
    """Root mean square of log noise over truth: of both, of what processes leave, and of repeats alone.

    Where the surface follows every run (its noise a fiftieth of the spread), and where it does not; by one repeat, and
    four.
    """
    even, errors = np.full(2, 0.5), []
    for noise, domains, again in ((0.02, 6, 4), (0.3, 4, 4), (0.3, 4, 1)):
        for seed in range(8):
            weights, losses, true = swarm(seed, noise, domains, again)
            surface, mixture = fit(weights, losses), numbered(weights)
            both = of_objective(surface, losses, mixture, even)
            left = RunNoise.of(surface.models, losses, np.arange(30)).within(even)
            alone = from_replicates(losses @ even, mixture)
            assert alone is not None
            assert (both.source, both.freedom) == ("replicates and residuals", max(left.freedom, again))
            assert min(left.sd, alone.sd) <= both.sd <= max(left.sd, alone.sd)
            errors.append(np.log(np.array([both.sd, left.sd, alone.sd]) / true))
    by_kind = np.sqrt((np.array(errors).reshape(3, 8, 3) ** 2).mean(axis=1))
    both, left, alone = by_kind.T
    assert both.mean() < min(left.mean(), alone.mean())
    assert both[0] < 0.9 * left[0] and np.all(both[1:] < 0.8 * alone[1:])


@pytest.mark.parametrize(("apart", "freedom"), [(3.0, 27), (0.0, 28)])
def test_degrees_of_freedom_of_repeats_and_of_what_is_left_do_not_add_up(apart: float, freedom: int) -> None:
    """30 runs of three mixtures: 27 where they differ, `apart` in noise; where they do not, as many as say the same.

    By how the estimates of 100 such swarms spread, 28.4 and 29.0. 95 in 100 intervals of what is not there hold 0.
    """
    found, mixture = [], np.arange(30) % 3
    weights = np.array([[0.6, 0.2, 0.1, 0.1], [0.1, 0.5, 0.2, 0.2], [0.2, 0.1, 0.4, 0.3]])[mixture]
    for seed in range(12):
        losses = 2 + apart * np.array([[0, 0.5], [1, 0], [-1, 1]])[mixture]
        losses = losses + np.random.default_rng([seed, 7]).normal(size=(30, 2))
        found.append(of_objective(fit(weights, losses), losses, numbered(weights), np.full(2, 0.5)))
    assert {one.source for one in found} == {"replicates and residuals"}
    assert np.median([one.freedom for one in found]) == freedom
    assert all(27 <= one.freedom <= 29 for one in found)
    assert np.mean([one.sd**2 for one in found]) == pytest.approx(0.5, rel=0.2)  # of 12 times 27: a sd of .08
    assert Noise(1.0, 1, "residuals").origin == "what the surface leaves of the runs (1 degree of freedom)"


@pytest.mark.parametrize("common", [0, 1, 4])
def test_tasks_of_different_runs_are_taken_to_err_as_one(common: int) -> None:
    """No run, or too few, say how the tasks of one err together: from them alone noise was 0, or a hundredth."""
    weights, losses, _ = swarm(2, 0.3, 4, 0)
    losses[: 15 - common, 0], losses[15:, 1] = np.nan, np.nan
    surface, shares = fit(weights, losses), np.array([0.7, 0.3])
    by_task = of_tasks(surface, losses, np.arange(30))
    known = of_objective(surface, losses, np.arange(30), shares)
    assert known.sd == pytest.approx(shares @ deviations(by_task))
    assert known.freedom == min(one.freedom for one in by_task)


def test_the_order_of_tasks_decides_no_noise_and_a_flat_one_has_its_spread() -> None:
    weights, losses, _ = swarm(0, 0.3, 4, 4)
    losses = np.column_stack((losses, np.ones(30)))
    losses[2, 0] = np.nan
    order = np.array([2, 1, 0])
    here, there = (of_tasks(fit(weights, table), table, numbered(weights)) for table in (losses, losses[:, order]))
    assert deviations(there) == pytest.approx(deviations(here)[order], rel=1e-9)
    assert [one.freedom for one in there] == [here[at].freedom for at in order]
    assert here[2].sd == 0


def test_runs_of_a_mixture_that_lack_a_loss_say_nothing_of_it() -> None:
    assert from_replicates(np.array([1.0, 2.0]), np.array([3, 5])) is None
    noise = from_replicates(np.array([1.0, 2.0, 4.0]), np.array([0, 4, 4]))
    assert noise is not None and (noise.freedom, noise.sd) == (1, pytest.approx(np.sqrt(2)))
