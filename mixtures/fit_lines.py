"""What a fit says of itself: how well each task's held-out runs are ranked, and within what bounds a run ends."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from mixtures.models.task_model import Constant
from mixtures.simplex import few
from mixtures.surface_file import Named


def lines(named: Named) -> Iterator[str]:
    """A line a task, and what was decided for all."""
    from scipy import stats  # here: half a second that most commands need not pay

    surface = named.surface
    mean, sd = surface.held_out.predicted
    width = max(map(len, ("task", *named.tasks)))
    yield f"{len(named.ids)} runs of {len(named.domains)} domains, {len(named.tasks)} tasks"
    yield from untrained(named)
    yield f"{'task':<{width}}  held-out Spearman  R2      80 % bounds  noise sd"
    for at, (task, model) in enumerate(zip(named.tasks, surface.models, strict=True)):
        if isinstance(model, Constant):
            yield f"{task:<{width}}  says nothing of mixtures: equal losses, or too few"
            continue
        seen = np.isfinite(named.losses[:, at])
        measured, predicted = named.losses[seen, at], mean[seen, at]
        error = measured - predicted
        rank = stats.spearmanr(measured, predicted).statistic
        reach = float(np.median(surface.widths[at] * sd[seen, at]))
        r2 = 1 - (error**2).sum() / ((measured - measured.mean()) ** 2).sum()
        yield f"{task:<{width}}  {rank:17.3f}  {r2:6.3f}  +-{reach:9.4f}  {model.noise_sd:.4f}{_of(seen)}"
    process = next((one.processes[0] for one in surface.models if not isinstance(one, Constant)), None)
    shares = ", ".join(f"{share:.2f}" for share in surface.shares)
    floor = "" if process is None else f" (floor {process.features.floor})"
    yield f"shares: process on logarithms{floor}, on roots, law: {shares}"


def untrained(named: Named, offered: Collection[str] | None = None) -> Iterator[str]:
    """What is said of domains that no run was trained on, of those `offered`."""
    pairs = zip(named.domains, named.weights.max(axis=0), strict=True)
    if never := [name for name, most in pairs if most == 0 and (offered is None or name in offered)]:
        yield f"no run was trained on any of {few(never)}: whatever is said of it is a guess; set its maximum to 0"


def _of(seen: np.ndarray) -> str:
    return "" if seen.all() else f"  ({seen.sum()} of {len(seen)} runs have it)"
