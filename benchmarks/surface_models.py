"""What surfaces are compared with: linear, log-linear, and boosted trees.

LightGBM with RegMix's settings where it is installed, else scikit-learn's histogram boosting, the same algorithm.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable

import numpy as np
from scipy import optimize

from mixtures.uncertainty.cross_validation import linear

Array = np.ndarray


def log_linear(weights: Array, losses: Array, new: Array) -> Array:
    """L = c + exp(b + t . w) a task, least squares with t free: Data Mixing Laws' and Olmix's form."""

    def fitted(column: Array) -> Array:
        scale = float(column.std())
        target = column / scale
        first = np.concatenate(([target.min() - 1.0, 0.0], np.zeros(weights.shape[1])))

        def error(x: Array) -> tuple[float, Array]:
            raised = np.exp(np.clip(x[1] + weights @ x[2:], -30, 30))
            residual = x[0] + raised - target
            pull = 1e-3 * x[2:]
            slope = np.concatenate(([residual.sum(), residual @ raised], (residual * raised) @ weights + pull))
            return float(0.5 * residual @ residual + 0.5 * 1e-3 * x[2:] @ x[2:]), slope

        x = optimize.minimize(error, first, jac=True, method="L-BFGS-B", options={"maxiter": 2000, "maxfun": 4000}).x
        return scale * (x[0] + np.exp(np.clip(x[1] + new @ x[2:], -30, 30)))

    return np.column_stack([fitted(column) for column in losses.T])


def boosted(weights: Array, losses: Array, new: Array) -> Array:
    """RegMix's LightGBM with its settings (github.com/sail-sg/regmix, regression notebook: 1,000 rounds at .01)."""
    import lightgbm  # type: ignore[import-not-found]

    settings = {
        "objective": "regression",
        "learning_rate": 0.01,
        "num_leaves": 31,
        "verbosity": -1,
        "num_threads": 1,
        "seed": 42,
    }

    def fitted(column: Array) -> Array:
        return lightgbm.train(settings, lightgbm.Dataset(weights, column), num_boost_round=1000).predict(new)

    return np.column_stack([fitted(column) for column in losses.T])


def histogram_trees(weights: Array, losses: Array, new: Array) -> Array:
    """scikit-learn's histogram boosting, the same algorithm, with the same settings."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    def fitted(column: Array) -> Array:
        model = HistGradientBoostingRegressor(learning_rate=0.01, max_iter=1000, early_stopping=False, random_state=42)
        return model.fit(weights, column).predict(new)

    return np.column_stack([fitted(column) for column in losses.T])


MODELS: dict[str, Callable[[Array, Array, Array], Array]] = {
    "linear": linear,
    "log-linear": log_linear,
    **({"LightGBM": boosted} if importlib.util.find_spec("lightgbm") else {"histogram boosting": histogram_trees}),
}
