"""A run of seconds for tests: recipe, batches and held-out documents; as a script, the run itself, to be killed.

python tests/proxy_models/tiny_run.py FOLDER
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from proxy_models.model.decoder import ModelConfig
from proxy_models.tokens.documents import Documents
from proxy_models.training.train import Progress, RunRecipe, RunResult, train

SEQUENCE, BATCH, VOCABULARY = 16, 4, 31
TOLERANCE = 0.05  # bfloat16 keeps 8 bits: a product is off by up to 2^-8, a mean over 64 tokens by far less


def recipe(**changes: Any) -> RunRecipe:
    fields: dict[str, Any] = {
        "model": ModelConfig(layers=2, width=16, heads=2, sequence=SEQUENCE, vocabulary=VOCABULARY),
        "tokens": "made",
        "weights": {"web": 0.75, "books": 0.25},
        "steps": 12,
        "batch": BATCH,
        "seed": 7,
    }
    return RunRecipe(**(fields | changes))


def wider(**changes: Any) -> RunRecipe:
    """A run that bfloat16 follows within TOLERANCE; at the default rate it learns so fast that any rounding tells."""
    model = ModelConfig(layers=2, width=64, heads=2, sequence=SEQUENCE, vocabulary=VOCABULARY)
    return recipe(**({"model": model, "steps": 20, "learning_rate": 0.002} | changes))


class Counting:
    """Rows that count upwards, modulo the vocabulary, from a start drawn for the step."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def batch(self, step: int) -> npt.NDArray[np.int64]:
        self.asked.append(step)
        starts = np.random.default_rng([3, step]).integers(VOCABULARY, size=BATCH)
        return (starts[:, None] + np.arange(SEQUENCE + 1)) % VOCABULARY


def held_out() -> dict[str, Documents]:
    tokens = np.arange(1, 91, dtype=np.uint16) % VOCABULARY
    tokens[29::30] = 0
    return {"web": Documents(tokens, np.array([0, 30, 60, 90]), np.array([60, 61, 62]))}


def run(folder: Path, of: RunRecipe, progress: Callable[[Progress], None] | None = None, **options: Any) -> RunResult:
    return train(of, Counting(), held_out(), folder, progress=progress, **options)


if __name__ == "__main__":
    run(Path(sys.argv[1]), recipe(steps=300), lambda at: print(at.step, flush=True), checkpoint_steps=7)
