"""What is said of a fit: losses that are far off, and those whose mixtures are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mixtures.fit_lines import far_off, sense
from mixtures.tables.runs import Runs


def test_a_loss_is_not_far_off_where_its_mixture_is() -> None:
    names = tuple(f"d{one}" for one in range(9))
    noise = np.random.default_rng(0).normal(0, 0.003, (9, 9))
    for weights, apart in ((np.eye(9), -1.0), ((1 - np.eye(9)) / 8, 1.0)):
        losses = 3 + apart * np.eye(9) + noise
        runs = Runs(ids=names, domains=names, tasks=names, weights=weights, losses=losses, left_out={})
        assert list(far_off(runs)) == []
        for bad in (1e9, 0.0, -999.0):
            losses[3, 5] = bad
            (line,) = far_off(replace(runs, losses=losses))
            assert line.startswith(f"far off  d5: d3: {bad:.4g} where the median is 3")


@pytest.mark.parametrize(
    ("losses", "small"),
    [
        ([[1.0, 2.0], [1.5, 2.0]], ""),
        ([[1.0, 2.0], [np.nan, 2.0009]], "; they differ by at most 9.0e-04"),
        ([[1e-9, np.nan], [2e-9, np.nan]], "; they differ by at most 1.0e-09"),
        ([[1.0, 2.0], [1.0, 2.0]], ""),
        ([[1.0, 2.0], [1.0011, 2.0]], ""),
    ],
)
def test_losses_that_four_decimals_cannot_tell_apart_are_said(losses: list[list[float]], small: str) -> None:
    told = sense(np.array(losses))
    assert told.partition(", lower is better")[2].startswith(small)
    assert ("give them in a smaller unit" in told) is bool(small)
