"""Two mixtures compared seed by seed: paired t test, exact sign-flip test, Holm's correction, what can be seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
from scipy import optimize, special

from mixtures.mixture import Array
from mixtures.uncertainty.estimate import Estimate

ALPHA = 0.05  # of all comparisons together; 1 - ALPHA is the level of one interval
POWER = 0.8  # with which a difference that counts as detectable is found
MIN_SEEDS, MAX_SEEDS = 2, 16  # below there is no spread; above the 2^n sign flips no longer fit into memory


def interval(differences: Array) -> tuple[float, float, float]:
    """Mean of paired `differences` (seeds,), and its 1 - ALPHA t interval."""
    middle, error = float(differences.mean()), float(differences.std(ddof=1) / np.sqrt(len(differences)))
    reach = float(special.stdtrit(len(differences) - 1, 1 - ALPHA / 2)) * error
    return middle, middle - reach, middle + reach


def t_p(differences: Array) -> float:
    """Two-sided p of the paired t test: exact where differences are normal."""
    error = float(differences.std(ddof=1) / np.sqrt(len(differences)))
    if error == 0:
        return 0.0 if differences.mean() else 1.0
    return float(2 * special.stdtr(len(differences) - 1, -abs(differences.mean()) / error))


def sign_flip_p(differences: Array) -> float:
    """Two-sided p over all 2^seeds signs: exact where differences are symmetric around 0; at least 2 / 2^seeds."""
    signs = np.array(list(product((1.0, -1.0), repeat=len(differences))))
    sums = np.abs(signs @ differences)
    return float((sums >= sums[0] * (1 - 1e-12)).mean())


def holm(p: Mapping[str, float]) -> dict[str, float]:
    """Each p corrected for all (Holm 1979): rejecting those of at most ALPHA errs at all with at most ALPHA."""
    adjusted, most = {}, 0.0
    for at, name in enumerate(sorted(p, key=lambda one: (p[one], one))):
        most = max(most, min(1.0, (len(p) - at) * p[name]))
        adjusted[name] = most
    return {name: adjusted[name] for name in p}


def detectable_sds(seeds: int, comparisons: int = 1) -> float:
    """The difference, in standard deviations of a paired difference, that is found with POWER among `comparisons`."""
    from scipy import stats  # here: half a second that most commands need not pay

    freedom, alpha = seeds - 1, ALPHA / comparisons
    reach = special.stdtrit(freedom, 1 - alpha / 2)

    def missing(size: float) -> float:
        return float(stats.nct.sf(reach, freedom, size * np.sqrt(seeds))) - POWER

    return float(optimize.brentq(missing, 1e-3, 4 * reach))


Verdict = Literal["better", "worse", "not resolved"]


@dataclass(frozen=True)
class Comparison:
    """The proposal against one reference, over the `pairs` of seeds that ended in both.

    `difference` is reference minus proposal (positive: the proposal is better) with its own 1 - ALPHA interval. `t_p`
    and `sign_flip_p` are of this comparison alone, `adjusted_p` is Holm's of the t test over all references: it decides
    the verdict. `detectable`: what would have been found with POWER, at the level that this comparison had to meet;
    None where every difference is 0, since runs so short read the same of both mixtures. All None where fewer than
    MIN_SEEDS seeds ended in both.
    """

    reference: str
    pairs: int
    difference: Estimate | None = None
    t_p: float | None = None
    sign_flip_p: float | None = None
    adjusted_p: float | None = None
    detectable: float | None = None
    verdict: Verdict = "not resolved"


def compare(losses: Mapping[str, Mapping[int, float]], proposed: str, references: Sequence[str]) -> list[Comparison]:
    """Judge one arm against the others by their losses by seed: "better" or "worse" where Holm's p is at most ALPHA.

    A reference that cannot be compared, since too few of its seeds ended, stays in Holm's family with p 1: runs that
    are lost make no verdict easier. Raises ValueError where all runs of an arm have one loss.
    """
    for name in (proposed, *references):
        if len(losses[name]) >= MIN_SEEDS and len(set(losses[name].values())) == 1:
            raise ValueError(f"all runs of {name} have the same loss: the seeds changed nothing, so nothing is known")
    apart = {name: differences(losses[name], losses[proposed]) for name in references}
    enough = {name for name, one in apart.items() if len(one) >= MIN_SEEDS}
    adjusted = holm({name: t_p(one) if name in enough else 1.0 for name, one in apart.items()})
    left = max(1, sum(p > ALPHA for p in adjusted.values()))  # what Holm's first comparison that fails had to meet
    return [
        _comparison(name, one, adjusted[name], left) if name in enough else Comparison(name, len(one))
        for name, one in apart.items()
    ]


def _comparison(reference: str, apart: Array, adjusted: float, left: int) -> Comparison:
    middle, low, high = interval(apart)
    verdict: Verdict = "not resolved"
    if adjusted <= ALPHA:
        verdict = "better" if middle > 0 else "worse"
    return Comparison(
        reference,
        len(apart),
        Estimate(middle, low, high),
        t_p(apart),
        sign_flip_p(apart),
        adjusted,
        detectable_sds(len(apart), left) * float(apart.std(ddof=1)) if apart.any() else None,
        verdict,
    )


def differences(reference: Mapping[int, float], other: Mapping[int, float]) -> Array:
    """(seeds,) reference minus other over the seeds of both."""
    return np.array([reference[seed] - other[seed] for seed in common(reference, other)])


def common(left: Mapping[int, float], right: Mapping[int, float]) -> Sequence[int]:
    """The seeds that both have, sorted."""
    return sorted(left.keys() & right.keys())
