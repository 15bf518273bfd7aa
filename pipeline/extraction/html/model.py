"""The model that says which blocks of a page are its main text: two looks, whole numbers, one choice for the page.

It is read from `model.npz` beside this file; `model.json` is its card. Both are written by
`python -m pipeline.train_html`.
"""

from __future__ import annotations

import functools
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from pipeline.extraction.html.boost import Trees
from pipeline.extraction.html.comments import are_remarks, in_comments
from pipeline.extraction.html.context import context_of, likelihoods
from pipeline.extraction.html.features import features
from pipeline.extraction.html.page import Page
from pipeline.extraction.html.words import B_UNITS

MODEL: Final = Path(__file__).with_name("model.npz")
CARD: Final = Path(__file__).with_name("model.json")
SURE: Final = 20  # by cross-validation: of 10, 15, 20, 25 the first that leaves word F1 as it was, to four digits
LEAST: Final = 2
BALANCED: Final = 70  # the operating point of the card's figures: precision weighs more, as flat there as recall


class ModelError(ValueError):
    """The model's file is not the one that its card describes."""


@dataclass(frozen=True, slots=True)
class BlockModel:
    """subwords: a score for each bucket of hashed sub-words of class and id. table: see `likelihood_table`."""

    subwords: NDArray[np.int8]
    first: Trees
    second: Trees
    table: NDArray[np.int32]

    def likelihoods(self, page: Page) -> NDArray[np.int32]:
        """How likely each block is main text, in 1/256."""
        rows = features(page, self.subwords)
        return likelihoods(self.second.scores(second_look(page, rows, self.first, self.table)), self.table)

    def choose(self, page: Page, recall_weight: int = BALANCED, *, comments: bool = False) -> NDArray[np.bool_]:
        """The blocks that are main text, see `best_choice`; with `comments`, what readers wrote below it too."""
        likely = self.likelihoods(page)
        below = in_comments(page.blocks, page.nodes, likely)
        likely[below] = 0
        chosen = best_choice(likely, page.blocks[:, B_UNITS], recall_weight)
        return np.asarray(chosen | (below & are_remarks(page.blocks, page.nodes)) if comments else chosen)


def second_look(page: Page, rows: NDArray[np.uint8], first: Trees, table: NDArray[np.int32]) -> NDArray[np.uint8]:
    """The rows of a second look: those of the first, and what its scores say around each block."""
    scores = first.scores(rows)
    return np.hstack((rows, context_of(page.blocks, page.nodes, scores, likelihoods(scores, table))))


@njit(cache=True, nogil=True)
def best_choice(likely: Any, units: Any, recall_weight: Any) -> Any:
    """The likeliest blocks, as many as make the expected F measure of their words highest.

    F is that of precision and recall where recall counts `recall_weight` hundredths as much as precision (van
    Rijsbergen's beta squared); less on a page that is nearly sure: where less than one part in `SURE` of the
    highest expected F1 is lost, the weight falls in proportion, to `LEAST` fifths of itself. Blocks of equal likelihood
    are chosen together, so that no order decides.
    """
    held = np.zeros(257, np.int64)
    expected = np.int64(0)
    for b in range(len(likely)):
        held[likely[b]] += units[b]
        expected += np.int64(units[b]) * likely[b]
    _, hit, size = _best_level(held, expected, 100)
    lost = 5 * SURE * (size - 200 * hit)
    weight = recall_weight * min(5 * size, max(LEAST * size, lost)) // (5 * size)
    return likely >= _best_level(held, expected, weight)[0]


@njit(cache=True, nogil=True)
def _best_level(held: Any, expected: Any, recall_weight: Any) -> Any:
    """The likelihood from which on blocks are chosen, and of the choice numerator and denominator of F.

    held: units at each likelihood. A choice has F = (100 + recall_weight) * numerator / denominator.
    """
    best_hit, best_size, best = np.int64(0), np.int64(1), 257
    hit = taken = np.int64(0)
    for value in range(256, 0, -1):
        if held[value] == 0:
            continue
        taken += held[value]
        hit += held[value] * value
        size = 256 * taken * 100 + recall_weight * expected
        if np.float64(hit) * np.float64(best_size) > np.float64(best_hit) * np.float64(size):
            best_hit, best_size, best = hit, size, value
    return best, best_hit, best_size


def save(model: BlockModel, path: Path) -> str:
    """Write a model; its SHA-256. Equal models give equal bytes."""
    arrays: dict[str, Any] = {"subwords": model.subwords, "table": model.table}
    for name, trees in (("first", model.first), ("second", model.second)):
        arrays |= {f"{name}_features": trees.features, f"{name}_thresholds": trees.thresholds}
        arrays |= {f"{name}_leaves": trees.leaves, f"{name}_bias": np.array(trees.bias)}
    np.savez_compressed(path, allow_pickle=False, **arrays)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def load(path: Path) -> BlockModel:
    """Read a model."""
    with np.load(path, allow_pickle=False) as arrays:
        first, second = (
            Trees(
                arrays[f"{name}_features"],
                arrays[f"{name}_thresholds"],
                arrays[f"{name}_leaves"],
                int(arrays[f"{name}_bias"]),
            )
            for name in ("first", "second")
        )
        return BlockModel(arrays["subwords"], first, second, arrays["table"])


@functools.cache
def stated_digest() -> str:
    """The SHA-256 of the model that the card states."""
    return str(json.loads(CARD.read_text(encoding="utf-8"))["sha256"])


@functools.cache
def shipped() -> BlockModel:
    """The model in the package, once a process. Raises ModelError where its bytes are not those of its card."""
    found = hashlib.sha256(MODEL.read_bytes()).hexdigest()
    if found != stated_digest():
        raise ModelError(f"{MODEL.name} has SHA-256 {found}, its card says {stated_digest()}: install the package anew")
    return load(MODEL)
