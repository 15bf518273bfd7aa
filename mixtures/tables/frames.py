"""Tables in memory: data frames are matched by the names of their columns and by their index, arrays by position."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from mixtures.mixture import Array
from mixtures.simplex import few


class Frame(Protocol):
    """A pandas data frame, or what holds columns by name and an index as one does."""

    @property
    def columns(self) -> Any: ...

    @property
    def index(self) -> Any: ...

    def __getitem__(self, name: Any) -> Any: ...


class Series(Protocol):
    """One column of a frame."""

    @property
    def name(self) -> Any: ...

    @property
    def index(self) -> Any: ...

    def to_numpy(self) -> Any: ...


@dataclass(frozen=True)
class Names:
    """What the tables of a fit called their columns; None where arrays were given, or an index without a name."""

    domains: tuple[str, ...] | None = None
    tasks: tuple[str, ...] | None = None
    id_column: str | None = None


NAMELESS = Names()


def runs_of(weights: Array | Frame, losses: Array | Frame | Series) -> tuple[Array, Array, Names]:
    """Weights (runs, domains), losses (runs, tasks) or (runs,), and their names; runs in the order of `weights`.

    Two frames (or a series of losses) are joined by their index, which holds the ids of runs. Raises ValueError for an
    id that stands twice or in one of them only, a column that stands twice or is not of numbers, and anything else that
    has names but no index: it could be joined by position only.
    """
    left, domains, ids = _read(weights, "weights")
    right, tasks, loss_ids = _read(losses, "losses")
    id_column = None
    if ids is not None and loss_ids is not None:
        at, mine = {one: row for row, one in enumerate(loss_ids)}, set(ids)
        if alone := [repr(one) for one in dict.fromkeys((*ids, *loss_ids)) if (one in at) != (one in mine)]:
            raise ValueError(f"{few(alone)} stand in the index of weights or of losses only: give both the same runs")
        right = right[[at[one] for one in ids]]
        id_column = weights.index.name  # type: ignore[union-attr]
    return left, right, Names(domains, tasks, None if id_column is None else str(id_column))


def mixtures_of(weights: Array | Frame, names: Names) -> Array:
    """(rows, domains) in the order of the fit: a frame's columns are found by name, an array's are taken as they stand.

    Raises ValueError for a frame that lacks a domain or has another column, and for one where the fit knew no names.
    """
    rows, given, _ = _read(weights, "weights", distinct=False)
    if given is None:
        return rows
    if names.domains is None:
        raise ValueError("weights: the surface was fitted to an array and knows no names: give an array in its order")
    if missing := [name for name in names.domains if name not in given]:
        raise ValueError(f"weights: no column {few(missing)}: each domain of the surface needs one, be it of 0")
    if extra := [name for name in given if name not in names.domains]:
        raise ValueError(f"weights: {few(extra)} is no domain of the surface: drop it, or make it the index")
    return rows[:, [given.index(name) for name in names.domains]]


def _read(table: Any, what: str, *, distinct: bool = True) -> tuple[Array, tuple[str, ...] | None, list[Any] | None]:
    """Values, and names and ids where it has them."""
    if not hasattr(table, "index") or callable(table.index):
        if any(hasattr(table, name) for name in ("columns", "column_names", "keys")):
            kind = type(table).__name__
            raise ValueError(f"{what}: a {kind} has names but no index of runs: give a pandas frame, or an array")
        return _numbers(table, what), None, None
    ids = list(table.index)
    if distinct and (twice := [repr(one) for one, count in Counter(ids).items() if count > 1]):
        raise ValueError(f"{what}: {few(twice)} stands more than once in the index: give each run an id of its own")
    if not hasattr(table, "columns"):
        return _numbers(table, what), (what if table.name is None else str(table.name),), ids
    names = tuple(map(str, table.columns))
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise ValueError(f"{what}: column {twice[0]} stands twice: rename or drop one")
    columns = [_numbers(table[name], f"{what}: column {name}") for name in table.columns]
    return np.array(columns).reshape(len(names), len(ids)).T, names, ids


def _numbers(values: Sequence[Any] | Array, what: str) -> Array:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{what}: not numbers ({error}): ids belong into the index") from error
