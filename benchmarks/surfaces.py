"""How well each surface ranks unseen mixtures of published proxy runs: `python benchmarks/surfaces.py [FOLDER]`.

FOLDER (default ../shared/data/mixtures) holds `<set>_mix.csv` and `<set>_loss.csv`. The Pile swarm is fitted to its 512
runs and asked for the 64 of the paired set at 1M and at 60M parameters; the other two are split into five folds.
Spearman times 100, median over tasks and the Pile's pile_cc; CPU seconds a fit, all tasks of the Pile and the first ten
of the others.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import stats

from mixtures.cross_validation import folds, linear
from mixtures.gaussian_process import GaussianProcess
from mixtures.power_law import PowerLaw
from mixtures.runs import Runs
from mixtures.surface import Surface

Predictor = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
MODELS: dict[str, Predictor] = {
    "linear": linear,
    "power law": lambda x, y, new: PowerLaw.fit(x, y).predict_mean(new),
    "Gaussian process": lambda x, y, new: GaussianProcess.fit(x, y).predict_mean(new),
    "mean of both": lambda x, y, new: Surface.fit(x, y).predict_mean(new),
}
TASKS = 10


def read(folder: Path, name: str, id_column: str) -> Runs:
    """A pair of tables; their weights were rounded to three digits."""
    return Runs.read(folder / f"{name}_mix.csv", folder / f"{name}_loss.csv", id_column=id_column, sum_tolerance=0.02)


def pile(folder: Path) -> None:
    """512 runs at 1M parameters, asked for 64 others."""
    train = read(folder, "pile_1m_train", "index")
    unseen = {size: read(folder, f"pile_{size}_paired64", "index") for size in ("1m", "60m")}
    print("| Pile, 512 runs | pile_cc 1M | median 1M | lowest 1M | pile_cc 60M | median 60M | CPU s a task |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name, predictor in MODELS.items():
        began = time.process_time()
        ranks: dict[str, list[float]] = {size: [] for size in unseen}
        pages = [unseen["1m"].weights, unseen["60m"].ordered(train.domains).weights]
        for task in range(len(train.tasks)):
            predicted = predictor(train.weights, train.losses[:, task], np.concatenate(pages))
            for size, part in zip(unseen, np.split(predicted, 2), strict=True):
                column = unseen[size].tasks.index(train.tasks[task])
                ranks[size].append(100 * stats.spearmanr(part, unseen[size].losses[:, column]).statistic)
        cpu_s = (time.process_time() - began) / len(train.tasks)
        at = train.tasks.index("pile_cc")
        small, large = ranks["1m"], ranks["60m"]
        figures = (small[at], np.median(small), min(small), large[at], np.median(large))
        print(f"| {name} |" + "".join(f" {figure:.1f} |" for figure in figures) + f" {cpu_s:.2f} |", flush=True)


def folded(folder: Path, name: str) -> None:
    """Five folds of one swarm."""
    runs = read(folder, name, "run")
    parts = folds(runs.mixture, 5, seed=0)
    print(f"\n| {name}, {len(runs.ids)} runs x {len(runs.domains)} | median | lowest | CPU s a fit |")
    print("|---|---:|---:|---:|")
    for label, predictor in MODELS.items():
        began, ranks = time.process_time(), []
        for losses in runs.losses.T[:TASKS]:
            predicted = np.empty(len(losses))
            for part in range(5):
                kept, held = parts != part, parts == part
                predicted[held] = predictor(runs.weights[kept], losses[kept], runs.weights[held])
            ranks.append(100 * stats.spearmanr(predicted, losses).statistic)
        cpu_s = (time.process_time() - began) / (5 * TASKS)
        print(f"| {label} | {np.median(ranks):.1f} | {min(ranks):.1f} | {cpu_s:.2f} |", flush=True)


if __name__ == "__main__":
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2] / "shared" / "data" / "mixtures"
    pile(root)
    folded(root, "dclm24_30m")
    folded(root, "super64_30m_dev256")
