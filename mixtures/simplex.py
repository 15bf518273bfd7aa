"""Rows of weights: which are mixtures, divided by their sums, and which are the same mixture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mixtures.mixture import Array

SUM_TOLERANCE = 0.05  # of a row that is divided by its sum: tables that were rounded are off by less
ROUNDING = 1e-9  # below 0: what 1 - (all others) leaves of nothing
PERCENT = 100.0
SAME = 2e-7  # of a weight: 32-bit floats and a division by their sum move one by 1.2e-7; designs differ by far more
SHOWN = 7  # names in a message


def normalised(weights: Array, rows: Sequence[str] | None = None, columns: Sequence[str] = ()) -> Array:
    """Mixtures (rows, domains), each divided by its sum; what rounding left below 0 is 0.

    Raises ValueError for weights that are not (rows, domains), and for a row with a weight that is negative or not
    finite or whose sum is off 1 by more than SUM_TOLERANCE: it is named by `rows`, and the `columns` taken for domains.
    """
    given = np.ascontiguousarray(weights, dtype=np.float64)
    if given.ndim != 2:
        raise ValueError(f"weights of shape {given.shape}: give rows of mixtures, (rows, domains)")
    wrong = ~(np.isfinite(given) & (given >= -ROUNDING))
    if wrong.any():
        at, column = map(int, np.unravel_index(int(np.argmax(wrong)), wrong.shape))
        where = _row(at, rows) + (f", {columns[column]}" if columns else f", column {column}")
        raise ValueError(f"{where}: the weight is {given[at, column]:g}: each must be a number of at least 0")
    positive = np.maximum(given, 0.0)
    sums = np.sort(positive, axis=1).sum(axis=1, keepdims=True)  # to the last digit in any order of the domains
    far = abs(sums[:, 0] - 1) > SUM_TOLERANCE
    if far.any():
        at = int(np.argmax(far))
        raise ValueError(f"{_row(at, rows)} adds up to {sums[at, 0]:.6g}, not to 1: {_mend(positive, sums, columns)}")
    return positive / sums


def _row(at: int, rows: Sequence[str] | None) -> str:
    return f"row {at} of weights" if rows is None else f"run {rows[at]}"


def _mend(weights: Array, sums: Array, columns: Sequence[str]) -> str:
    above = np.flatnonzero(weights.max(axis=0) > 1 + SUM_TOLERANCE)
    if columns and np.all(abs(np.delete(weights, above, axis=1).sum(axis=1) - 1) <= SUM_TOLERANCE):
        return f"but for {few([columns[int(at)] for at in above])} all do: drop {'them' if len(above) > 1 else 'it'}"
    if abs(float(np.median(sums)) - PERCENT) <= PERCENT * SUM_TOLERANCE:
        return "these look like percent; divide them by 100"
    middle = float(np.median(sums))
    if len(sums) > 1 and middle > 1 and np.all(abs(sums - middle) <= middle * SUM_TOLERANCE):
        told = f", if all columns but the ids are domains ({few(columns)})" if columns else ""
        return f"all rows add up to about {middle:.6g}; divide each by its sum{told}"
    if not columns:
        return f"rows of weights are divided by sums within {SUM_TOLERANCE:g} of 1 only"
    return f"all columns but the ids are taken for domains ({few(columns)}); drop what is none, add what is missing"


def few(names: Sequence[str]) -> str:
    """The first of `names` and how many more there are, for a message."""
    return ", ".join(names[:SHOWN]) + f" and {len(names) - SHOWN} more" * (len(names) > SHOWN)


def numbered(weights: Array) -> np.ndarray:
    """(rows,) int: equal for rows of one mixture, numbered by first occurrence.

    Rows are one mixture where in each column their weights are within SAME, or weights of other rows lie between that
    are. No digit is rounded: two weights beside the edge of one, which rounding would part, are as near as they are.
    No order decides.
    """
    order = np.argsort(weights, axis=0, kind="stable")
    rising = np.take_along_axis(weights, order, axis=0)
    values = np.empty(weights.shape, dtype=np.int64)  # of each column, those apart by no more than SAME counted as one
    np.put_along_axis(values, order, (np.diff(rising, axis=0, prepend=rising[:1]) > SAME).cumsum(axis=0), axis=0)
    seen: dict[bytes, int] = {}
    return np.array([seen.setdefault(row.tobytes(), len(seen)) for row in values], dtype=np.int64)
