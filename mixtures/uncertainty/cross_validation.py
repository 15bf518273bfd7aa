"""How far a surface can be trusted: errors and ranks on mixtures that it was not fitted to, beside plain baselines."""

from __future__ import annotations

import numpy as np
from scipy import special

from mixtures.frozen import Frozen
from mixtures.mixture import Array
from mixtures.models.stacking import FOLDS
from mixtures.surface import Surface
from mixtures.uncertainty.estimate import LEVEL

RESAMPLES = 1000  # of the rank correlation: its interval's ends move by about a hundredth of its width


class Score(Frozen):
    """Held-out predictions against measurements. `rmse` in the losses' units; `spearman` and its interval in -1..1.

    `spearman` is None where the predictions are all alike (the baseline "mean"). `covered_share`: of the measurements,
    how many lie in the LEVEL interval of deviation and noise; None where the model gives no deviation.
    """

    rmse: float
    r2: float
    spearman: float | None
    spearman_low: float | None
    spearman_high: float | None
    covered_share: float | None = None


def linear(weights: Array, losses: Array, new: Array) -> Array:
    """The baseline: least squares on the weights, which sum to 1 and so need no intercept; (runs,) or (runs, tasks)."""
    slopes, *_ = np.linalg.lstsq(weights, losses, rcond=None)
    return np.asarray(new @ slopes)


def cross_validated(surface: Surface, weights: Array, losses: Array) -> dict[str, Array]:
    """(runs, tasks) of each model's predictions of runs whose mixtures it never saw; `losses` finite.

    The surface and its members as they were judged when it was fitted, and baselines on the same folds.
    """
    found = surface.held_out
    processes = surface.shares[:-1] + 1e-9
    predicted = {
        "surface": found.predicted[0],
        "gaussian_process": np.average(found.means[..., :-1], axis=-1, weights=processes),
        "power_law": found.means[..., -1],
        "linear": np.empty_like(losses),
        "mean": np.empty_like(losses),
    }
    for fold in range(int(found.part.max()) + 1):
        kept, held = found.part != fold, found.part == fold
        predicted["linear"][held] = linear(weights[kept], losses[kept], weights[held])
        predicted["mean"][held] = losses[kept].mean(axis=0)
    return predicted


def scored(measured: Array, predicted: Array, mixture: np.ndarray, seed: int, sd: Array | None = None) -> Score:
    """The score of held-out predictions; whole mixtures are resampled for the interval of the rank correlation."""
    error = measured - predicted
    covered = None
    if sd is not None:
        covered = float((abs(error) <= special.ndtri((1 + LEVEL) / 2) * sd).mean())
    middle, low, high = _ranks(measured, predicted, mixture, seed)
    return Score(
        rmse=float(np.sqrt((error**2).mean())),
        r2=float(1 - (error**2).sum() / ((measured - measured.mean()) ** 2).sum()),
        spearman=middle,
        spearman_low=low,
        spearman_high=high,
        covered_share=covered,
    )


def _ranks(
    measured: Array, predicted: Array, mixture: np.ndarray, seed: int
) -> tuple[float | None, float | None, float | None]:
    """Spearman's correlation and its interval; a resample keeps each run's ranks among all runs."""
    # Fold means are a few values that say nothing of a mixture: at most one a fold is no ranking
    if len(np.unique(predicted)) <= FOLDS or np.ptp(measured) == 0:
        return None, None, None
    from scipy import stats  # here: half a second that most commands need not pay

    generator = np.random.default_rng(seed)
    mixtures = int(mixture.max()) + 1
    times = generator.multinomial(mixtures, np.full(mixtures, 1 / mixtures), size=RESAMPLES)[:, mixture]
    x, y = stats.rankdata(measured), stats.rankdata(predicted)
    count = times.sum(axis=1)
    x_mean, y_mean = times @ x / count, times @ y / count
    x_variance, y_variance = times @ x**2 / count - x_mean**2, times @ y**2 / count - y_mean**2
    drawn = (times @ (x * y) / count - x_mean * y_mean) / np.sqrt(np.maximum(x_variance * y_variance, 1e-12))
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(np.corrcoef(x, y)[0, 1]), float(low), float(high)
