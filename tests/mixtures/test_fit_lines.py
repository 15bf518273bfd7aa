"""What is said of a fit: losses that are far off, and those whose mixtures are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mixtures.fit_lines import far_off
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
