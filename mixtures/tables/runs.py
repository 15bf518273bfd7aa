"""What was trained and what came of it: weights and losses joined by run id, and which runs were left out and why."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa

from mixtures.canonical import Order
from mixtures.mixture import Array
from mixtures.simplex import few, normalised, numbered
from mixtures.tables.files import RUN_ID, Numbers, about, numbers, read_together

BEFORE = " (before)"  # behind the name of a domain that was filtered anew: what earlier runs had of it


@dataclass(frozen=True)
class Runs:
    """The runs that count, sorted by id.

    `weights` (runs, domains), rows sum to 1; `losses` (runs, tasks), lower is better, finite unless read as `partial`,
    bits per byte; `left_out` maps the ids of all other runs to why. `mixture` (runs,) numbers equal rows of weights
    alike: runs of one mixture differ in their seeds only. `id_column`: what the column of ids was called.
    """

    ids: tuple[str, ...]
    domains: tuple[str, ...]
    tasks: tuple[str, ...]
    weights: Array
    losses: Array
    left_out: dict[str, str]
    id_column: str = RUN_ID

    @classmethod
    def read(cls, weights: Path, losses: Path, *, id_column: str | None = None, partial: bool = False) -> Self:
        """Join two tables, Parquet or CSV by their names; every column but that of ids is a domain or a task.

        The column of ids is `id_column`, or the one that `tables.id_column_of` finds. A run without a finite loss on
        every task is left out; where `partial`, only one without any. Rows of weights are divided by their sum. Raises
        ValueError, naming the file, where a column is missing or not of numbers, where a row is no mixture (see
        `simplex.normalised`; it names the run), and where no run is left.
        """
        key, (left, right) = read_together((weights, losses), id_column)
        return cls.joined(left, right, id_column=key, partial=partial, names=(str(weights), str(losses)))

    @classmethod
    def joined(
        cls,
        weights: pa.Table,
        losses: pa.Table,
        *,
        id_column: str = RUN_ID,
        partial: bool = False,
        names: tuple[str, str] = ("weights", "losses"),
    ) -> Self:
        """`read` of tables in memory; `names` are what messages call them."""
        left, right = numbers(weights, id_column, names[0]), numbers(losses, id_column, names[1])
        left_out = {one: f"stands {count} times in weights" for one, count in left.twice.items()}
        left_out |= {one: f"stands {count} times in losses" for one, count in right.twice.items()}
        left_out |= dict.fromkeys(set(left.ids) - set(right.ids), "has weights but no losses")
        left_out |= dict.fromkeys(set(right.ids) - set(left.ids), "has losses but no weights")
        at, loss_at = ({one: row for row, one in enumerate(table.ids)} for table in (left, right))
        for one in sorted(at.keys() & loss_at.keys() - left_out.keys()):
            missing = [
                task
                for task, loss in zip(right.names, right.values[loss_at[one]], strict=True)
                if not np.isfinite(loss)
            ]
            if len(missing) == len(right.names) or (missing and not partial):
                left_out[one] = without_loss(missing)
        ids = tuple(sorted(at.keys() & loss_at.keys() - left_out.keys()))
        if not ids:
            told = f"{len(left_out)} left out: {_first(left_out)}"
            if empty := [task for task, column in zip(right.names, right.values.T, strict=True) if not _any(column)]:
                told = f"no run has a loss on {few(empty)}: drop the column, or write its losses"
            if not at.keys() & loss_at.keys():
                told = f"{id_column} {few(left.ids)} against {few(right.ids)}: write ids alike in both"
            raise ValueError(f"{names[0]} and {names[1]}: no run has both weights and finite losses; {told}")
        rows, found = [at[one] for one in ids], right.values[[loss_at[one] for one in ids]]
        if left.names == right.names and np.array_equal(left.values[rows], found):
            raise ValueError(
                f"{names[0]} and {names[1]} hold the same numbers: give weights, and the losses of their runs"
            )
        return cls(
            ids=ids,
            domains=left.names,
            tasks=right.names,
            weights=mixtures_in(left, names[0], rows),
            losses=found,
            left_out=dict(sorted(left_out.items())),
            id_column=id_column,
        )

    @property
    def mixture(self) -> np.ndarray:
        """(runs,) int: equal for runs of one mixture, numbered by first occurrence."""
        return numbered(self.weights)

    def without(self, tasks: Collection[str]) -> Self:
        """The same runs without the losses of `tasks`."""
        kept = [at for at, task in enumerate(self.tasks) if task not in tasks]
        return replace(self, tasks=tuple(self.tasks[at] for at in kept), losses=self.losses[:, kept])

    def ordered(self, domains: tuple[str, ...]) -> Self:
        """The same runs with the domains in another order; runs have weight 0 of those that they do not know.

        Raises ValueError where a domain of the runs is not among them.
        """
        if extra := sorted(set(self.domains) - set(domains)):
            raise ValueError(f"the runs were trained on {', '.join(extra)}, which is not among the domains asked for")
        weights = np.zeros((len(self.ids), len(domains)))
        weights[:, [domains.index(name) for name in self.domains]] = self.weights
        return replace(self, domains=domains, weights=weights)

    def in_order(self, of: Order) -> Self:
        """The same runs, domains and tasks in the order `of` them."""
        weights, losses = of.apply(self.weights, self.losses)
        return replace(
            self,
            ids=tuple(self.ids[at] for at in of.runs),
            domains=tuple(self.domains[at] for at in of.domains),
            tasks=tuple(self.tasks[at] for at in of.tasks),
            weights=weights,
            losses=losses,
        )

    def beside(self, earlier: Self, refiltered: Collection[str] = ()) -> Self:
        """These runs and `earlier` ones, made before a domain was added or filtered anew.

        An earlier run has weight 0 of a domain that was added: that is what it was trained on. What it had of a
        `refiltered` domain was other text, so it counts as a domain of its own, "NAME (before)": nothing has to be
        assumed of how alike both are, and what it says of all other domains is kept. Losses must be of the same
        held-out documents. Raises ValueError for a run that stands in both, a task that earlier runs lack, and a
        refiltered domain that is not in both.
        """
        if twice := sorted(set(self.ids) & set(earlier.ids)):
            raise ValueError(f"run {twice[0]} is among the later runs, too: let each stand in one of them")
        if missing := sorted(set(self.tasks) - set(earlier.tasks)):
            raise ValueError(f"no column {few(missing)}: earlier runs need every task of these")
        if strange := sorted(set(refiltered) - (set(self.domains) & set(earlier.domains))):
            raise ValueError(f"{strange[0]} was filtered anew, but is not a domain of both tables: name one that is")
        named = tuple(f"{name}{BEFORE}" if name in refiltered else name for name in earlier.domains)
        domains = (*self.domains, *(name for name in named if name not in self.domains))
        before = replace(earlier, domains=named).ordered(domains)
        tasks = [earlier.tasks.index(name) for name in self.tasks]
        return replace(
            self,
            ids=self.ids + earlier.ids,
            domains=domains,
            weights=np.vstack((self.ordered(domains).weights, before.weights)),
            losses=np.vstack((self.losses, earlier.losses[:, tasks])),
            left_out=earlier.left_out | self.left_out,
        )


def mixtures_in(table: Numbers, what: str, rows: list[int] | None = None) -> Array:
    """(rows, domains) of `table`, or some `rows`; ValueError, which begins with `what`, for one that is no mixture."""
    at = list(range(len(table.ids))) if rows is None else rows
    with about(what):
        return normalised(table.values[at], [table.ids[one] for one in at], table.names)


def without_loss(tasks: Sequence[str]) -> str:
    """Why a run without a finite loss on these is left out."""
    return f"no finite loss on {tasks[0]}" + f" and {len(tasks) - 1} more" * (len(tasks) > 1)


def _any(losses: Array) -> bool:
    return bool(np.isfinite(losses).any())


def _first(left_out: dict[str, str]) -> str:
    return "; ".join(f"{one}: {why}" for one, why in sorted(left_out.items())[:3])


def left_out_lines(left_out: Mapping[str, str], what: str = "run") -> Iterator[str]:
    """A line for each reason why runs, or `what` else, do not count: how many do not, and the first of their ids."""
    reasons: dict[str, list[str]] = {}
    for one, why in left_out.items():
        reasons.setdefault(why, []).append(one)
    for why, ids in reasons.items():
        yield f"left out  {len(ids)} {what}{'s' * (len(ids) > 1)} ({few(ids)}): {why}"
