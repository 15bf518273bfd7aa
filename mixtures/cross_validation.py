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

    `spearman` is None where the predictions are all alike (the baseline "mean"). `covered_share`: of the measurements, how many
    lie in the LEVEL interval of deviation and noise; None where the model gives no deviation.
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
    """(runs,) predictions of each run by surfaces that never saw its mixture, and of the baselines; `sd` of the surface."""

    predicted: dict[str, Array]
    sd: Array
    noise_sd: Array


def linear(weights: Array, losses: Array, new: Array) -> Array:
    """The baseline: least squares on the weights, which sum to 1 and so need no intercept."""
    slopes, *_ = np.linalg.lstsq(weights, losses, rcond=None)
    return new @ slopes


def folds(mixture: np.ndarray, count: int, seed: int) -> np.ndarray:
    """(runs,) fold of each run, 0 to count - 1: runs of one mixture stay together, folds of nearly equal numbers of mixtures."""
    mixtures = int(mixture.max()) + 1
    if mixtures < count:
        raise ValueError(f"{mixtures} mixtures cannot be split into {count} folds: train more, or ask for fewer folds")
    of_mixture = np.random.default_rng(seed).permutation(mixtures) % count
    return of_mixture[mixture]


def cross_validate(
    weights: Array, losses: Array, mixture: np.ndarray, *, surface: Surface, count: int = FOLDS, seed: int = 0
) -> CrossValidation:
    """Fit to all folds but one, predict the one; for the losses (runs,) of one task.

    The optimisers begin where those of `surface`, fitted to all runs, ended: it saves most of the time, and what they end
    at is decided by the fold's runs.
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
    # Fold means are a few values that say nothing of a mixture: at most one a fold is no ranking
    if len(np.unique(predicted)) <= FOLDS or np.ptp(measured) == 0:
        return None, None, None
    generator = np.random.default_rng(seed)
    rows = [np.flatnonzero(mixture == one) for one in range(int(mixture.max()) + 1)]
    drawn = []
    for _ in range(RESAMPLES):
        at = np.concatenate([rows[one] for one in generator.integers(len(rows), size=len(rows))])
        left, right = stats.rankdata(measured[at]), stats.rankdata(predicted[at])
        if np.ptp(left) and np.ptp(right):
            drawn.append(np.corrcoef(left, right)[0, 1])
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(stats.spearmanr(measured, predicted).statistic), float(low), float(high)
