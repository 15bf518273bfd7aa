"""ROC and precision-recall against their definitions; a bootstrap that never splits a site."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from classifiers.metrics import auc, average_precision, concordance, interval, site_weights

SCORES = st.lists(st.integers(0, 6), min_size=1, max_size=12).map(lambda values: np.array(values, dtype=np.int64))


@given(SCORES, SCORES)
def test_auc_is_the_share_of_pairs_in_order(positive: np.ndarray, negative: np.ndarray) -> None:
    pairs = [(p > n) + 0.5 * (p == n) for p in positive for n in negative]
    assert auc(positive, negative) == pytest.approx(np.mean(pairs))
    assert auc(positive, negative) + auc(negative, positive) == pytest.approx(1)


@given(SCORES, SCORES, st.data())
def test_a_weight_is_that_many_copies(positive: np.ndarray, negative: np.ndarray, data: st.DataObject) -> None:
    times = [
        data.draw(st.lists(st.integers(0, 3), min_size=len(side), max_size=len(side))) for side in (positive, negative)
    ]
    assume(min(map(sum, times)) > 0)
    weights = [np.array([one], dtype=np.float64) for one in times]
    copies = [np.repeat(side, one) for side, one in zip((positive, negative), times, strict=True)]
    ones = [np.ones((1, len(one))) for one in copies]
    assert concordance(positive, negative, *weights) == pytest.approx(concordance(*copies, *ones))
    assert average_precision(positive, negative, *weights) == pytest.approx(average_precision(*copies, *ones))


@given(SCORES, SCORES)
def test_average_precision_is_that_of_balanced_classes(positive: np.ndarray, negative: np.ndarray) -> None:
    from sklearn.metrics import average_precision_score  # here: a second that no other module need spend

    found = average_precision(positive, negative, np.ones((1, len(positive))), np.ones((1, len(negative))))[0]
    truth = np.repeat([1, 0], [len(positive), len(negative)])
    weights = np.where(truth == 1, 1 / len(positive), 1 / len(negative))
    expected = average_precision_score(truth, np.concatenate([positive, negative]), sample_weight=weights)
    assert found == pytest.approx(expected)


def test_an_empty_side_has_no_figure() -> None:
    some, none = np.array([1, 2]), np.array([], dtype=np.int64)
    assert np.isnan(auc(some, none)) and np.isnan(auc(none, some))
    assert np.isnan(interval(np.array([np.nan]))).all()


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2)), min_size=1, max_size=30), st.integers(0, 9))
def test_the_bootstrap_draws_whole_sites(rows: list[tuple[int, int]], seed: int) -> None:
    _, site = np.unique([one for one, _ in rows], return_inverse=True)
    source = np.array([one for _, one in rows])
    drawn = site_weights(site, source, 20, seed)
    assert drawn.shape == (21, site.max() + 1)
    assert (drawn[0] == 1).all()
    assert (drawn.sum(axis=1) == drawn.shape[1]).all()
    assert np.array_equal(drawn, site_weights(site, source, 20, seed))


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(5)
    covered = 0
    for trial in range(200):
        sites = np.repeat(np.arange(80), 3)  # three documents a site, all alike
        shift = np.repeat(random.normal(size=80), 3) + np.where(sites < 40, 1.0, 0.0)
        scores = np.floor(1000 * shift).astype(np.int64)
        drawn = site_weights(sites, (sites >= 40).astype(np.int64), 200, trial)[:, sites].astype(np.float64)
        p = sites < 40
        right, pairs = concordance(scores[p], scores[~p], drawn[:, p], drawn[:, ~p]).T
        low, high = interval((right / pairs)[1:])
        covered += low <= 0.7602 <= high  # P(N(1, 1) > N(0, 1)) = Phi(1 / sqrt 2)
    assert 0.88 <= covered / 200 <= 0.99
