"""Cross-validation: no mixture on both sides, no loss of a held-out run decides, scores by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mixtures.models import kernel, stacking
from mixtures.models.stacking import folds
from mixtures.surface import fit
from mixtures.uncertainty.cross_validation import cross_validated, linear, scored
from tests.mixtures import made


@given(st.lists(st.integers(0, 9), min_size=10, max_size=60), st.integers(2, 5), st.integers(0, 99))
def test_runs_of_a_mixture_stay_together_and_folds_are_even(drawn: list[int], count: int, seed: int) -> None:
    mixture = np.array([*range(10), *drawn])
    part = folds(mixture, count, seed)
    of_mixture = [set(part[mixture == one]) for one in range(10)]
    assert all(len(one) == 1 for one in of_mixture)
    sizes = np.bincount([next(iter(one)) for one in of_mixture], minlength=count)
    assert sizes.max() - sizes.min() <= 1


def test_more_folds_than_mixtures_are_refused() -> None:
    with pytest.raises(ValueError, match="3 mixtures cannot be split into 5"):
        folds(np.array([0, 1, 2, 2, 2, 2]), 5, 0)


@pytest.mark.parametrize("missing", [False, True])
def test_a_held_out_loss_does_not_decide_its_prediction(missing: bool) -> None:
    """But for lengths that all tasks decide together, and the shares: so its members are looked at, with those kept.

    Nor what stands in for a missing loss of another run.
    """
    runs = made.runs()
    surface = fit(runs.weights, runs.losses)
    part = surface.held_out.part
    held = part == 2
    says = np.ones(3, dtype=bool)
    measured = runs.losses.copy()
    measured[np.flatnonzero(~held)[::4] if missing else [], 0] = np.nan
    features = [replace(one.features, helped=None) for one in surface.models[0].processes[1:]]  # type: ignore[union-attr]
    shared = [kernel.common(one, runs.weights, runs.losses) for one in features]
    before, after = (
        stacking.held_out(runs.weights, losses, says, part, features, shared).means
        for losses in (measured, measured + 0.1 * held[:, None])
    )
    assert np.array_equal(after[held][..., :-1], before[held][..., :-1])
    assert after[held][..., -1] == pytest.approx(before[held][..., -1], abs=2e-3)  # its optimiser begins elsewhere
    assert np.nanmax(abs(after[~held] - before[~held])) > 0.02


def test_every_model_is_judged_on_the_same_folds() -> None:
    runs = made.runs()
    surface = fit(runs.weights, runs.losses)
    found = cross_validated(surface, runs.weights, runs.losses)
    held = surface.held_out.part == 1
    assert found["linear"][held] == pytest.approx(linear(runs.weights[~held], runs.losses[~held], runs.weights[held]))
    error = {name: float(np.sqrt(((one - runs.losses) ** 2).mean())) for name, one in found.items()}
    assert error["surface"] < 0.5 * error["linear"] < error["mean"]


def test_scores_by_hand() -> None:
    measured, mixture = np.arange(8.0), np.arange(8)
    perfect = scored(measured, measured.copy(), mixture, 0, np.full(8, 0.1))
    assert (perfect.rmse, perfect.r2, perfect.covered_share) == (0.0, 1.0, 1.0)
    assert perfect.spearman == pytest.approx(1.0)
    off = scored(measured, measured + 1, mixture, 0, np.full(8, 0.1))
    assert (off.rmse, off.covered_share) == (1.0, 0.0)
    assert scored(measured, np.full(8, 3.0), mixture, 0).spearman is None


@given(st.integers(0, 200))
def test_the_interval_of_a_rank_correlation_holds_it(seed: int) -> None:
    generator = np.random.default_rng(seed)
    measured = generator.normal(size=30)
    predicted = measured + generator.normal(size=30)
    score = scored(measured, predicted, np.arange(30), seed)
    assert score.spearman == pytest.approx(stats.spearmanr(measured, predicted).statistic)
    assert score.spearman is not None and score.spearman_low is not None and score.spearman_high is not None
    assert -1 <= score.spearman_low < score.spearman < score.spearman_high <= 1


def test_the_linear_baseline_is_exact_where_losses_are_linear() -> None:
    weights = np.random.default_rng(0).dirichlet(np.ones(3), 20)
    slopes = np.array([1.0, 2.0, 3.0])
    assert linear(weights[:10], weights[:10] @ slopes, weights[10:]) == pytest.approx(weights[10:] @ slopes)
