"""How far a surface can be trusted: errors and ranks on mixtures that it was not fitted to, beside plain baselines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict
from scipy import stats

from mixtures.mixture import Array
from mixtures.surface import Surface

FOLDS = 5
RESAMPLES = 1000  # of the rank correlation: its interval's ends move by about a hundredth of its width
LEVEL = 0.9  # of every interval here and in the report


class Score(BaseModel):
    """Held-out predictions against measurements. `rmse` in the losses' units; `spearman` and its interval in -1..1.

    `spearman` is None where the predictions are all alike (the baseline "mean"). `covered_share`: of the measurements,
    how many lie in the LEVEL interval of deviation and noise; None where the model gives no deviation.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    rmse: float
    r2: float
    spearman: float | None
    spearman_low: float | None
    spearman_high: float | None
    covered_share: float | None = None


@dataclass(frozen=True)
class CrossValidation:
    """(runs,) predictions by surfaces that never saw a run's mixture, and by baselines; `sd` is the surface's."""

    predicted: dict[str, Array]
    sd: Array
    noise_sd: Array


def linear(weights: Array, losses: Array, new: Array) -> Array:
    """The baseline: least squares on the weights, which sum to 1 and so need no intercept."""
    slopes, *_ = np.linalg.lstsq(weights, losses, rcond=None)
    return new @ slopes


def folds(mixture: np.ndarray, count: int, seed: int) -> np.ndarray:
    """(runs,) fold of each run, 0 to count - 1: runs of one mixture stay together, mixtures divide evenly."""
    mixtures = int(mixture.max()) + 1
    if mixtures < count:
        raise ValueError(f"{mixtures} mixtures cannot be split into {count} folds: train more, or ask for fewer folds")
    of_mixture = np.random.default_rng(seed).permutation(mixtures) % count
    return of_mixture[mixture]


def cross_validate(
    weights: Array, losses: Array, mixture: np.ndarray, *, surface: Surface, count: int = FOLDS, seed: int = 0
) -> CrossValidation:
    """Fit to all folds but one, predict the one; for the losses (runs,) of one task.

    The optimisers begin where those of `surface`, fitted to all runs, ended: it saves most of the time, and what they
    end at is decided by the fold's runs.
    """
    part = folds(mixture, count, seed)
    names = ("surface", "gaussian_process", "power_law", "linear", "mean")
    predicted = {name: np.empty(len(losses)) for name in names}
    sd, noise = np.empty(len(losses)), np.empty(len(losses))
    for fold in range(count):
        kept, held = part != fold, part == fold
        fitted = Surface.fit(weights[kept], losses[kept], start=surface)
        new = weights[held]
        predicted["surface"][held], sd[held] = fitted.predict(new)
        noise[held] = fitted.noise_sd
        predicted["gaussian_process"][held] = fitted.process.predict_mean(new)
        predicted["power_law"][held] = fitted.law.predict_mean(new)
        predicted["linear"][held] = linear(weights[kept], losses[kept], new)
        predicted["mean"][held] = losses[kept].mean()
    return CrossValidation(predicted, sd, noise)


def scored(measured: Array, predicted: Array, mixture: np.ndarray, seed: int, sd: Array | None = None) -> Score:
    """The score of held-out predictions; whole mixtures are resampled for the interval of the rank correlation."""
    error = measured - predicted
    covered = None
    if sd is not None:
        covered = float((abs(error) <= stats.norm.ppf((1 + LEVEL) / 2) * sd).mean())
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
