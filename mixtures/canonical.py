"""One order of a swarm's runs, domains and tasks, whatever order and names they were given in.

Folds, seeds and the last digits of a sum follow the order of a table. What is fitted and drawn is made in this order
and put back, so that tables sorted or named otherwise give the same surface.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mixtures.mixture import Array


@dataclass(frozen=True)
class Order:
    """`runs`, `domains`, `tasks`: for each place in the canonical order, its position in the tables that were given."""

    runs: np.ndarray
    domains: np.ndarray
    tasks: np.ndarray

    def apply(self, weights: Array, losses: Array) -> tuple[Array, Array]:
        """Both tables in this order, and in one layout of memory: sums take their last digit from it, too."""
        return (
            np.ascontiguousarray(weights[np.ix_(self.runs, self.domains)]),
            np.ascontiguousarray(losses[np.ix_(self.runs, self.tasks)]),
        )


def order(weights: Array, losses: Array) -> Order:
    """Of `weights` (runs, domains) and `losses` (runs, tasks), NaN where there is none.

    Runs are ranked by their sorted weights and sorted losses, which no order of columns changes; columns by what they
    hold in runs of each rank; runs of one rank by their columns. What is left tied is equal, or mirrored by a symmetry
    of the whole swarm.
    """
    known = np.where(np.isfinite(losses), losses, np.inf)
    rank = _ranks(np.hstack((np.sort(weights, axis=1), np.sort(known, axis=1))))
    domains, tasks = _columns(weights, rank), _columns(known, rank)
    runs = _sorted(np.column_stack((rank, weights[:, domains], known[:, tasks])))
    return Order(runs, domains, tasks)


def back(places: np.ndarray) -> np.ndarray:
    """The inverse of a permutation: where each position that was given stands in the canonical order."""
    return np.argsort(places)


def _ranks(rows: Array) -> np.ndarray:
    """(rows,) equal for equal rows, rising as rows do."""
    return np.unique(rows, axis=0, return_inverse=True)[1].reshape(-1)


def _columns(table: Array, rank: np.ndarray) -> np.ndarray:
    return _sorted(np.array([column[np.lexsort((column, rank))] for column in table.T]))


def _sorted(rows: Array) -> np.ndarray:
    """The positions of rows, lowest first; the first column that differs decides."""
    return np.lexsort(rows.T[::-1])
