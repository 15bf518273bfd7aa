"""Losses of the same mixtures at two sizes of model, joined by id."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mixtures.mixture import Array
from mixtures.simplex import few, normalised
from mixtures.surface_file import Named
from mixtures.tables.files import numbers, read_together
from mixtures.tables.named import Mixtures
from mixtures.tables.runs import without_loss
from mixtures.uncertainty import gains
from mixtures.uncertainty.gains import Gains

SAME = 1e-9  # of a loss: two tables of one run's losses may have been written with fewer digits, not others


@dataclass(frozen=True)
class Pairs:
    """Losses `small` and `large` (mixtures, tasks) of the mixtures `ids`; `left_out` maps other ids to why.

    `weights` (mixtures, domains), where they are known.
    """

    ids: tuple[str, ...]
    tasks: tuple[str, ...]
    small: Array
    large: Array
    left_out: dict[str, str]
    weights: Array | None = None

    @classmethod
    def read(
        cls, small: Path, large: Path, tasks: Sequence[str], id_column: str | None = None, flat: Collection[str] = ()
    ) -> Pairs:
        """Joined by id; a mixture that stands twice, in one table only, or lacks a finite loss of `tasks` is left out.

        Losses of those `tasks` that are `flat`, and count for nothing, may lack, and are NaN where they do. Raises
        ValueError where another task has no column or small losses that are all equal, or no mixture is left.
        """
        counted = [at for at, task in enumerate(tasks) if task not in flat]
        key, both = read_together((small, large), id_column, known=tasks)
        tables = [numbers(table, key, str(path)) for table, path in zip(both, (small, large), strict=True)]
        losses: list[dict[str, Array]] = []
        left_out: dict[str, str] = {}
        for table, path in zip(tables, (small, large), strict=True):
            if missing := [tasks[at] for at in counted if tasks[at] not in table.names]:
                raise ValueError(f"{path}: no column {few(missing)}: it needs every task of the runs")
            found = np.full((len(table.ids), len(tasks)), np.nan)
            there = [at for at, task in enumerate(tasks) if task in table.names]
            found[:, there] = table.values[:, [table.names.index(tasks[at]) for at in there]]
            losses.append(dict(zip(table.ids, found, strict=True)))
            left_out |= {one: f"stands {count} times in {path}" for one, count in table.twice.items()}
            for one, row in losses[-1].items():
                if missing := [tasks[at] for at in counted if not np.isfinite(row[at])]:
                    left_out[one] = f"{without_loss(missing)} in {path}"
        for one in losses[0].keys() ^ losses[1].keys():
            left_out[one] = f"stands in {small if one in losses[0] else large} only"
        ids = tuple(sorted(losses[0].keys() - left_out.keys()))
        if not ids:
            begin = " against ".join(few(table.ids) for table in tables)
            told = f"no {key} is in both ({begin}): give a mixture the same id in both"
            if both_have := sorted(losses[0].keys() & losses[1].keys()):
                told = f"no {key} has all its losses at both sizes: {both_have[0]}: {left_out[both_have[0]]}; mend them"
            raise ValueError(f"{small} and {large}: {told}")
        rows = [np.array([table[one] for one in ids]) for table in losses]
        equal = [tasks[at] for at in counted if np.ptp(rows[0][:, at]) == 0]
        if equal and len(ids) >= gains.MIN_PAIRS:
            raise ValueError(
                f"{small}: all losses of {few(equal)} are equal: no larger loss can follow them; mend them"
            )
        return cls(ids, tuple(tasks), rows[0], rows[1], dict(sorted(left_out.items())))

    @property
    def tables(self) -> tuple[Array, Array] | tuple[Array, Array, Array]:
        """Losses at both sizes, and weights where they are known."""
        return (self.small, self.large) if self.weights is None else (self.small, self.large, self.weights)

    def among(self, ids: Sequence[str], weights: Array, losses: Array) -> Pairs:
        """The same with the weights of the runs of these ids, if all have the small losses: else ids are another's.

        Of the runs: `ids`, `weights` (runs, domains), `losses` (runs, tasks).
        """
        at = {one: row for row, one in enumerate(ids)}
        rows = [at[one] for one in self.ids if one in at]
        if len(rows) < len(self.ids) or not np.allclose(losses[rows], self.small, rtol=SAME, atol=0, equal_nan=True):
            return self
        return replace(self, weights=normalised(weights[rows]))

    def of_mixtures(self, path: Path, domains: Sequence[str], id_column: str | None = None) -> Pairs:
        """The same with weights from a table. Raises ValueError where it lacks a mixture, or has another domain."""
        table = Mixtures.over(path, domains, id_column)
        at = {one: row for row, one in enumerate(table.ids)}
        if missing := [one for one in self.ids if one not in at]:
            raise ValueError(f"{path}: no row {few(missing)}: it needs every mixture that has losses at both sizes")
        return replace(self, weights=table.weights[[at[one] for one in self.ids]])

    def gains(self, named: Named, noise_sd: Array, seed: int) -> Gains:
        """Of all tasks of a surface, decided in its own order; of those that say nothing of mixtures, 0.

        `noise_sd` (tasks,) of a small run.
        """
        order, flat = named.surface.order, named.flat_tasks
        able = np.array([at for at in order.tasks if self.tasks[at] not in flat], dtype=np.intp)
        kept = None if self.weights is None else self.weights[:, order.domains]
        found = gains.fit(self.small[:, able], self.large[:, able], noise_sd[able], kept, seed=seed)
        return found.among(len(self.tasks), able, order.domains)
