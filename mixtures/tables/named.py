"""Tables of mixtures and of losses beside those of a fit: columns are found by name, ids by their own column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mixtures.mixture import Array
from mixtures.simplex import few
from mixtures.tables.files import RUN_ID, NamedError, Numbers, numbers, read, read_together
from mixtures.tables.runs import mixtures_in


@dataclass(frozen=True)
class Mixtures:
    """`weights` (rows, domains) of `ids`, which stand in `id_column`; `absent` domains have no column, and weight 0."""

    id_column: str
    ids: tuple[str, ...]
    domains: tuple[str, ...]
    weights: Array
    absent: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: Path, id_column: str | None = None) -> Mixtures:
        """Every column but that of ids is a domain; ValueError for an id that stands twice, and what is no mixture."""
        key, (table,) = read_together((path,), id_column)
        found = numbers(table, key, str(path))
        _once(found, path)
        return cls(key, found.ids, found.names, mixtures_in(found, str(path)))

    @classmethod
    def over(
        cls, path: Path, domains: Sequence[str], id_column: str | None = None, preferred: str = RUN_ID
    ) -> Mixtures:
        """`read`, its columns found among `domains`; a domain that it lacks has weight 0, and one more is refused.

        A domain is never the column of ids; that is `preferred` where the table has it.
        """
        if id_column in domains:
            raise ValueError(f"{path}: --id-column {id_column} is a domain of the surface: name the column of ids")
        key, (table,) = read_together((path,), id_column, known=domains, preferred=preferred)
        found = numbers(table, key, str(path))
        _once(found, path)
        return cls(key, found.ids, tuple(domains), *_placed(found, path, domains))


def mixtures_beside(path: Path, domains: Sequence[str]) -> Array:
    """(rows, domains) of a table whose ids nobody asks for: it has one column that is no domain, or none."""
    table = read(path)
    others = [name for name in table.column_names if name not in domains]
    if len(others) > 1:
        raise ValueError(f"{path}: {few(others)} are no domains of the candidates; one may hold ids, drop the others")
    if not others:
        others = [RUN_ID]
        table = table.append_column(RUN_ID, [[f"row {at}" for at in range(table.num_rows)]])
    found = numbers(table, others[0], str(path))
    return _placed(found, path, domains)[0]


def _placed(found: Numbers, path: Path, domains: Sequence[str]) -> tuple[Array, tuple[str, ...]]:
    """Mixtures with a column for each of `domains`, and which of them the table lacks."""
    if strange := [name for name in found.names if name not in domains]:
        raise ValueError(f"{path}: {few(strange)} is no domain; there are {few(domains)}: rename or drop it")
    lacking = tuple(name for name in domains if name not in found.names)
    weights = np.zeros((len(found.ids), len(domains)))
    try:
        weights[:, [list(domains).index(name) for name in found.names]] = mixtures_in(found, str(path))
    except ValueError as error:
        told = f"; it has no column {few(lacking)}" if lacking else ""
        raise NamedError(f"{error}{told}") from error
    return weights, lacking


def _once(found: Numbers, path: Path) -> None:
    if found.twice:
        told = ", ".join(f"{one} stands {count} times" for one, count in list(found.twice.items())[:3])
        raise ValueError(f"{path}: {told}: give each mixture an id of its own")
