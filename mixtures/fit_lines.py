"""What a fit says of itself: how well it ranks held-out runs, within what bounds one ends; and what tables lack."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import numpy as np

from mixtures.mixture import Array, Constraints
from mixtures.models.task_model import Constant
from mixtures.names import aligned
from mixtures.simplex import SAME, few
from mixtures.surface_file import Named
from mixtures.tables.named import Mixtures
from mixtures.tables.runs import BEFORE, Runs
from mixtures.uncertainty import noise
from mixtures.uncertainty.pairs import Pairs

TOLD_APART = 1e-3  # between losses of a task: ten steps of what four decimals show
FAR = 10.0  # of the 259 tasks of five published tables none has a loss beyond 6.1


def lines(named: Named) -> Iterator[str]:
    """A line a task, and what was decided for all."""
    from scipy import stats  # here: half a second that most commands need not pay

    surface, spread = named.surface, noise.of_run(named)
    mean, sd = surface.held_out.predicted
    head, *shown = aligned(["task", *named.tasks])
    size = f"{len(named.ids)} runs of {len(named.domains)} domains, {len(named.tasks)} tasks"
    yield f"{size}; {sense(named.losses)}"
    yield from untrained(named)
    yield f"{head}  held-out Spearman  R2      80 % bounds  noise sd"
    for at, (name, task, model) in enumerate(zip(shown, named.tasks, surface.models, strict=True)):
        if isinstance(model, Constant):
            yield f"{name}  says nothing of mixtures: {named.silent[task]}"
            continue
        seen = np.isfinite(named.losses[:, at])
        measured, predicted = named.losses[seen, at], mean[seen, at]
        error = measured - predicted
        rank = stats.spearmanr(measured, predicted).statistic
        reach = float(np.median(surface.widths[at] * sd[seen, at]))
        r2 = 1 - (error**2).sum() / ((measured - measured.mean()) ** 2).sum()
        yield f"{name}  {rank:17.3f}  {r2:6.3f}  +-{reach:9.4f}  {spread[at].sd:.4f}{_of(seen)}"
    if able := [one for one, model in zip(spread, surface.models, strict=True) if not isinstance(model, Constant)]:
        yield f"noise sd: of one run, from {noise.most(able).origin}"
    else:
        yield "nothing was measured: of each task its mean is predicted, whatever the mixture; it cannot be searched"
    process = next((one.processes[0] for one in surface.models if not isinstance(one, Constant)), None)
    floor = "" if process is None else f" (floor {process.features.floor})"
    members = f"process on logarithms{floor}", "on logarithms with exposures", "on roots with exposures", "law"
    yield "shares: " + ", ".join(f"{name} {share:.2f}" for name, share in zip(members, surface.shares, strict=True))


def sense(losses: Array) -> str:
    """Within what `losses` (runs, tasks) lie, which of them are good, and whether four decimals can tell them apart."""
    known = losses[np.isfinite(losses)]
    seen = (column[np.isfinite(column)] for column in losses.T)
    widest = max(float(np.ptp(one)) for one in seen if one.size)
    small = f"; they differ by at most {widest:.1e}, and gains are told in four decimals: give them in a smaller unit"
    return f"losses {known.min():.4g} to {known.max():.4g}, lower is better" + small * (0 < widest < TOLD_APART)


def far_off(runs: Runs) -> Iterator[str]:
    """Of losses that are FAR interquartile ranges of their task or more from its median, and spoil its fit.

    A run whose mixture is as far from the others' (as where each run leaves out one domain, or has one alone) may well
    end at such a loss: of it those are said that are also as far from the median as the median is from 0.
    """
    odd = np.zeros(len(runs.ids), dtype=bool)
    for column in runs.weights.T:
        _, spread, away = _away(column)
        odd |= (away > SAME) & (away >= FAR * spread)
    for task, column in zip(runs.tasks, runs.losses.T, strict=True):
        if not np.isfinite(column).any():
            continue
        middle, spread, away = _away(column)
        at = np.flatnonzero((away >= FAR * spread) & (~odd | (away >= abs(middle))))
        if spread > 0 and at.size:
            most = column[at[np.argmax(away[at])]]
            told = (
                f"{most:.4g} where the median is {middle:.4g}: it is fitted as it is; if it is no loss, leave it empty"
            )
            yield f"far off  {task}: {few([runs.ids[one] for one in at])}: {told}"


def _away(column: Array) -> tuple[float, float, Array]:
    """The median, the interquartile range, and (rows,) how far each is from the median, 0 where it is not known."""
    known = np.isfinite(column)
    low, middle, high = np.quantile(column[known], (0.25, 0.5, 0.75))
    return float(middle), float(high - low), np.where(known, abs(column - middle), 0.0)


def untrained(named: Named, offered: Collection[str] | None = None) -> Iterator[str]:
    """What is said of domains that no run was trained on, of those `offered`."""
    pairs = zip(named.domains, named.weights.max(axis=0), strict=True)
    if never := [name for name, most in pairs if most == 0 and (offered is None or name in offered)]:
        yield f"no run was trained on any of {few(never)}: whatever is said of it is a guess; set its maximum to 0"


def _of(seen: np.ndarray) -> str:
    return "" if seen.all() else f"  ({seen.sum()} of {len(seen)} runs have it)"


def silent(tasks: Mapping[str, str]) -> list[str]:
    """Of tasks that say nothing of mixtures, and why."""
    return [f"left out  {task}: {why}: it counts for nothing" for task, why in tasks.items()]


def all_silent(tasks: Mapping[str, str]) -> str:
    """What is wrong with runs of which no task says anything."""
    by_reason = {why: [task for task in tasks if tasks[task] == why] for why in tasks.values()}
    told = "; ".join(f"{few(names)}: {why}" for why, names in by_reason.items())
    return f"no task says anything of mixtures ({told}): give runs that do"


def not_offered(runs: Runs, feasible: Constraints) -> list[str]:
    """Of domains that runs were trained on and that nobody may use now."""
    gone = [name for name in runs.domains if name not in feasible.domains and not name.endswith(BEFORE)]
    return [f"not offered  {few(gone)}: no constraints name it: its weight is 0"] if gone else []


def followed_by_none(large: Path, pairs: Pairs) -> list[str]:
    """Of tasks whose losses are equal in all larger models."""
    equal = [task for task, losses in zip(pairs.tasks, pairs.large.T, strict=True) if np.ptp(losses) == 0]
    return [f"{large}: all losses of {few(equal)} are equal: under gain it counts for nothing"] if equal else []


def absent(path: Path, table: Mixtures) -> list[str]:
    """Of domains of a surface that a table of mixtures lacks."""
    return [f"{path}: no column {few(table.absent)}: its weight is 0 in all mixtures"] if table.absent else []
