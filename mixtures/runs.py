"""What was trained and what came of it: weights and losses joined by run id, and which runs were left out and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from mixtures.mixture import Array

RUN_ID = "run_id"
TABLE_TOLERANCE = 0.05  # of a row of published weights, rounded: it is divided by its sum
SUM_TOLERANCE = 1e-6  # of a row of weights; tables printed with few digits say how far theirs may be off


@dataclass(frozen=True)
class Runs:
    """The runs that count, sorted by id.

    `weights` (runs, domains), rows sum to 1; `losses` (runs, tasks), lower is better, finite unless read as `partial`,
    bits per byte; `left_out` maps the ids of all other runs to why. `mixture` (runs,) numbers equal rows of weights
    alike: runs of one mixture differ in their seeds only.
    """

    ids: tuple[str, ...]
    domains: tuple[str, ...]
    tasks: tuple[str, ...]
    weights: Array
    losses: Array
    left_out: dict[str, str]

    @classmethod
    def read(
        cls,
        weights: Path,
        losses: Path,
        *,
        id_column: str = RUN_ID,
        sum_tolerance: float = SUM_TOLERANCE,
        partial: bool = False,
    ) -> Self:
        """Join two tables, Parquet or CSV by their names, on `id_column`; every other column is a domain or a task.

        A run without a finite loss on every task is left out; where `partial`, only one without any. Rows of weights
        are divided by their sum. Raises ValueError where a column is missing or not of numbers, where weights are
        negative, not finite, or add up to 1 +- more than `sum_tolerance` (naming the run), and where no run is left.
        """
        left, right = _read(weights, id_column), _read(losses, id_column)
        return cls.joined(left, right, id_column=id_column, sum_tolerance=sum_tolerance, partial=partial)

    @classmethod
    def joined(
        cls,
        weights: pa.Table,
        losses: pa.Table,
        *,
        id_column: str = RUN_ID,
        sum_tolerance: float = SUM_TOLERANCE,
        partial: bool = False,
    ) -> Self:
        """`read` of tables in memory."""
        weight_ids, domains, weight_rows = _numbers(weights, id_column, "weights")
        loss_ids, tasks, loss_rows = _numbers(losses, id_column, "losses")
        left_out = _repeated(weight_ids, "weights") | _repeated(loss_ids, "losses")
        left_out |= dict.fromkeys(set(weight_ids) - set(loss_ids), "has weights but no losses")
        left_out |= dict.fromkeys(set(loss_ids) - set(weight_ids), "has losses but no weights")
        at, loss_at = ({one: row for row, one in enumerate(ids)} for ids in (weight_ids, loss_ids))
        for one in sorted(at.keys() & loss_at.keys() - left_out.keys()):
            missing = [task for task, loss in zip(tasks, loss_rows[loss_at[one]], strict=True) if not np.isfinite(loss)]
            if len(missing) == len(tasks) or (missing and not partial):
                left_out[one] = f"no finite loss on {missing[0]}" + (
                    f" and {len(missing) - 1} more" * (len(missing) > 1)
                )
        ids = tuple(sorted(at.keys() & loss_at.keys() - left_out.keys()))
        if not ids:
            raise ValueError(f"no run has both weights and finite losses; {len(left_out)} left out: {_first(left_out)}")
        kept = weight_rows[[at[one] for one in ids]]
        _check(kept, ids, sum_tolerance)
        return cls(
            ids=ids,
            domains=domains,
            tasks=tasks,
            weights=kept / kept.sum(axis=1, keepdims=True),
            losses=loss_rows[[loss_at[one] for one in ids]],
            left_out=dict(sorted(left_out.items())),
        )

    @property
    def mixture(self) -> np.ndarray:
        """(runs,) int: equal for runs of one mixture, numbered by first occurrence."""
        seen: dict[bytes, int] = {}
        keys = [np.round(row, 12).tobytes() for row in self.weights + 0.0]
        return np.array([seen.setdefault(key, len(seen)) for key in keys])

    def ordered(self, domains: tuple[str, ...]) -> Self:
        """The same runs with the domains in another order; runs have weight 0 of those that they do not know.

        Raises ValueError where a domain of the runs is not among them.
        """
        if extra := sorted(set(self.domains) - set(domains)):
            raise ValueError(f"the runs were trained on {', '.join(extra)}, which is not among the domains asked for")
        weights = np.zeros((len(self.ids), len(domains)))
        weights[:, [domains.index(name) for name in self.domains]] = self.weights
        return type(self)(self.ids, domains, self.tasks, weights, self.losses, self.left_out)

    def beside(self, earlier: Self, refiltered: Collection[str] = ()) -> Self:
        """These runs and `earlier` ones, made before a domain was added or filtered anew.

        An earlier run has weight 0 of a domain that was added: that is what it was trained on. What it had of a
        `refiltered` domain was other text, so it counts as a domain of its own, "NAME (before)": nothing has to be
        assumed of how alike both are, and what it says of all other domains is kept. Losses must be of the same
        held-out documents. Raises ValueError for a run that stands in both, a task that earlier runs lack, and a
        refiltered domain that is not in both.
        """
        if twice := sorted(set(self.ids) & set(earlier.ids)):
            raise ValueError(f"run {twice[0]} is among the earlier runs, too: name each once")
        if missing := sorted(set(self.tasks) - set(earlier.tasks)):
            raise ValueError(f"the earlier runs have no losses of {', '.join(missing[:5])}")
        if strange := sorted(set(refiltered) - (set(self.domains) & set(earlier.domains))):
            raise ValueError(f"{strange[0]} was filtered anew, but is not a domain of both tables")
        named = tuple(f"{name} (before)" if name in refiltered else name for name in earlier.domains)
        domains = (*self.domains, *(name for name in named if name not in self.domains))
        before = type(self)(earlier.ids, named, earlier.tasks, earlier.weights, earlier.losses, {}).ordered(domains)
        tasks = [earlier.tasks.index(name) for name in self.tasks]
        return type(self)(
            ids=self.ids + earlier.ids,
            domains=domains,
            tasks=self.tasks,
            weights=np.vstack((self.ordered(domains).weights, before.weights)),
            losses=np.vstack((self.losses, earlier.losses[:, tasks])),
            left_out=earlier.left_out | self.left_out,
        )


def mixtures_of(path: Path, domains: tuple[str, ...], id_column: str = RUN_ID) -> tuple[tuple[str, ...], Array]:
    """Ids and mixtures (rows, domains) of a table, its columns found by name; a domain that it lacks has weight 0.

    Raises ValueError for a column that is no domain, an id that stands twice, and rows that are no weights.
    """
    ids, names, rows = _numbers(_read(path, id_column), id_column, str(path))
    if strange := sorted(set(names) - set(domains)):
        raise ValueError(
            f"{path}: {', '.join(strange[:5])} is no domain of the runs; there are {', '.join(domains[:9])}"
        )
    if twice := _repeated(ids, str(path)):
        raise ValueError(f"{path}: {_first(twice)}")
    _check(rows, tuple(ids), TABLE_TOLERANCE)
    found = np.zeros((len(ids), len(domains)))
    found[:, [domains.index(name) for name in names]] = rows / rows.sum(axis=1, keepdims=True)
    return tuple(ids), found


def domains_of(path: Path, id_column: str = RUN_ID) -> tuple[str, ...]:
    """The columns of a table of weights but for its ids."""
    return tuple(name for name in _columns(path) if name != id_column)


def losses_of(path: Path, tasks: tuple[str, ...], id_column: str = RUN_ID) -> dict[str, Array]:
    """Losses (tasks,) of each run of a table, its columns found by name; runs without all of them are left out.

    Raises ValueError where a task has no column.
    """
    ids, names, rows = _numbers(_read(path, id_column), id_column, str(path))
    if missing := sorted(set(tasks) - set(names)):
        raise ValueError(f"{path}: no column {', '.join(missing[:5])}")
    found = rows[:, [names.index(one) for one in tasks]]
    return {one: row for one, row in zip(ids, found, strict=True) if np.isfinite(row).all()}


def write(path: Path, columns: Mapping[str, object]) -> None:
    """A table, Parquet or CSV by its name."""
    table = pa.table(dict(columns))
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        pq.write_table(table, path, compression="zstd")
    elif path.suffix == ".csv":
        pa_csv.write_csv(table, path)
    else:
        raise ValueError(f"{path}: tables are written as .parquet or .csv")


def id_column_of(*tables: Path) -> str:
    """The column that tables are joined by where none is named: RUN_ID, or the first of all of them, if it is one.

    Raises ValueError where they share neither.
    """
    columns = [_columns(path) for path in tables]
    if all(RUN_ID in names for names in columns):
        return RUN_ID
    if len(first := {names[0] for names in columns}) == 1:
        return first.pop()
    told = "; ".join(f"{path} begins {names[:3]}" for path, names in zip(tables, columns, strict=True))
    raise ValueError(
        f"no column {RUN_ID} in every table, and their first columns differ ({told}): name it, --id-column"
    )


def _columns(path: Path) -> list[str]:
    if path.suffix == ".parquet":
        return list(pq.read_schema(path).names)
    with pa_csv.open_csv(path) as stream:
        return list(stream.schema.names)


def mean_weights(weights: Path, id_column: str = RUN_ID) -> dict[str, float]:
    """The mean weight of each domain over the rows of a table; ValueError where it is not one of weights."""
    ids, domains, rows = _numbers(_read(weights, id_column), id_column, "weights")
    if not ids:
        raise ValueError(f"{weights}: no rows")
    return dict(zip(domains, map(float, rows.mean(axis=0)), strict=True))


def _read(path: Path, id_column: str) -> pa.Table:
    if path.suffix == ".parquet":
        return pq.read_table(path)
    if path.suffix == ".csv":
        types = {id_column: pa.string()}
        return pa_csv.read_csv(path, convert_options=pa_csv.ConvertOptions(column_types=types))
    raise ValueError(f"{path}: weights and losses are read from .parquet or .csv")


def _numbers(table: pa.Table, id_column: str, what: str) -> tuple[list[str], tuple[str, ...], Array]:
    """Ids, names of the other columns, and their values (rows, columns) with NaN for null."""
    if id_column not in table.column_names:
        raise ValueError(f"{what}: no column {id_column} among {table.column_names[:5]}; name it with id_column")
    names = tuple(name for name in table.column_names if name != id_column)
    if not names or len(set(names)) < len(names):
        raise ValueError(f"{what}: needs columns beside {id_column}, each name once")
    for name in names:
        kind = table.schema.field(name).type
        if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_null(kind)):
            raise ValueError(f"{what}: column {name} holds {kind}, not numbers")
    if table[id_column].null_count:
        raise ValueError(f"{what}: {table[id_column].null_count} rows have no {id_column}")
    columns = [table[name].cast(pa.float64()).to_numpy(zero_copy_only=False) for name in names]
    ids = [str(one) for one in table[id_column].to_pylist()]
    return ids, names, np.array(columns, dtype=np.float64).reshape(len(names), len(ids)).T


def _repeated(ids: list[str], what: str) -> dict[str, str]:
    return {one: f"stands {count} times in {what}" for one, count in Counter(ids).items() if count > 1}


def _first(left_out: dict[str, str]) -> str:
    return "; ".join(f"{one}: {why}" for one, why in sorted(left_out.items())[:3])


def _check(rows: Array, ids: tuple[str, ...], sum_tolerance: float) -> None:
    for one, row in zip(ids, rows, strict=True):
        if not (np.isfinite(row).all() and (row >= 0).all()):
            raise ValueError(f"weights of run {one}: each must be a number of at least 0")
        if not abs(row.sum() - 1) <= sum_tolerance:
            raise ValueError(
                f"weights of run {one} add up to {row.sum():.6g}, not to 1 within {sum_tolerance:g}; "
                "if they were rounded when written, raise sum_tolerance"
            )
