"""Which mixtures to train next: those whose runs would say most about the mixtures that may be best."""

from __future__ import annotations

import numpy as np

from mixtures.mixture import Array

NEAR = 0.1  # of the candidates: the share that is looked at, by how often a draw has one lowest, then by its mean
NOTHING = 1e-9  # of the variance in question: what rounding leaves


def most_informative(
    objective: Array, noise_sd: float, count: int, asked: Array | None = None
) -> tuple[list[int], Array]:
    """Up to `count` rows of candidates, one after the other, and by how much each lowers the variance in question.

    `objective` (draws, rows): what each draw of the surface says of each candidate; `asked` (draws, mixtures) of those
    that may be best, by default the best NEAR of the candidates. In question is their mean variance around their mean,
    as a share of it before; a run of `noise_sd` at a candidate tells of all others by their covariance over draws
    (active learning, Cohn 1996; Gaussian conditioning). Fewer come back where no other would lower it. Raises
    ValueError for a count below 1 or above the rows.
    """
    if not 1 <= count <= objective.shape[1]:
        raise ValueError(f"count {count}: choose from 1 to all {objective.shape[1]} mixtures")
    moved = objective - objective.mean(axis=0)
    if asked is None:
        near = np.argsort(objective.mean(axis=0), kind="stable")[: max(2, int(NEAR * objective.shape[1]))]
        asked = objective[:, near]
    asked = asked - asked.mean(axis=0)
    asked = asked - asked.mean(axis=1, keepdims=True)
    before = float((asked**2).mean()) or 1.0
    chosen: list[int] = []
    shares: list[float] = []
    for _ in range(count):
        covariance = moved.T @ asked / len(moved)
        own = (moved**2).mean(axis=0)
        lowered = (covariance**2).mean(axis=1) / np.maximum(own + noise_sd**2, np.finfo(float).tiny)
        lowered[chosen] = 0.0
        best = int(np.argmax(lowered))
        if lowered[best] <= NOTHING * before:
            break
        chosen.append(best)
        shares.append(float(lowered[best]) / before)
        seen = moved[:, best].copy()
        slope = 1.0 / (own[best] + noise_sd**2)
        # Conditioning on a noisy run: sqrt form keeps the draws' covariance exact
        keep = 1.0 - np.sqrt(noise_sd**2 / (own[best] + noise_sd**2))
        weight = keep / own[best] if own[best] > 0 else slope
        asked = asked - np.outer(seen, (seen @ asked) / len(moved) * weight)
        moved = moved - np.outer(seen, (seen @ moved) / len(moved) * weight)
    return chosen, np.array(shares)
