"""Agreement by its definition, and an interval that holds the truth."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.review.agreement import PIPELINE, agreements, compare, wilson
from pipeline.review.answers import ANSWERS, Answer

PAIRS = st.lists(st.tuples(st.sampled_from(ANSWERS), st.sampled_from(ANSWERS)), min_size=1, max_size=60)


def answer(
    doc: int, who: str, given_: str, side: str = "keep", about: str = "quality", at: int = 0, blind: bool = False
) -> Answer:
    when = datetime(2026, 11, 28, tzinfo=UTC) + timedelta(seconds=at)
    return Answer(f"{doc:032x}", "0" * 32, "s", about, given_, who, when, 3, side, "kept", "r", 10, "run", blind)


@given(PAIRS)
def test_kappa_is_symmetric_bounded_and_within_its_interval(pairs: list[tuple[str, str]]) -> None:
    found = compare("quality", "a", "b", pairs)
    turned = compare("quality", "b", "a", [(b, a) for a, b in pairs])
    assert (found.share, found.equal) == (turned.share, turned.equal)
    assert found.share[1] <= found.share[0] <= found.share[2] and 0 <= found.share[1] < found.share[2] <= 1
    assert (found.kappa is None) == (len({each for pair in pairs for each in pair}) == 1)
    if found.kappa is not None and turned.kappa is not None:
        assert found.kappa == pytest.approx(turned.kappa)
        kappa, low, high = found.kappa
        assert -1 <= kappa <= 1 and low <= kappa <= high + 1e-12 and low < high
        assert (kappa == pytest.approx(1)) == (found.equal == found.documents)


def test_a_table_from_the_literature() -> None:
    # Cohen 1960's own kind of table: 20 + 15 of 50 equal, chance gives half, kappa .4
    pairs = [("keep", "keep")] * 20 + [("keep", "drop")] * 5 + [("drop", "keep")] * 10 + [("drop", "drop")] * 15
    found = compare("quality", "a", "b", pairs)
    assert found.equal == 35 and found.kappa is not None
    assert found.kappa[0] == pytest.approx(0.4)
    assert wilson(0, 10) == (0, pytest.approx(0.2775, abs=1e-4))  # 1 - 0.7225, the known value for 0 of 10
    assert wilson(10, 10)[1] == 1


@pytest.mark.parametrize("truth", [0.0, 0.4, 0.8])
@pytest.mark.parametrize("often", [0.5, 0.8, 0.95])
def test_the_interval_holds_the_truth(truth: float, often: float) -> None:
    random = np.random.Generator(np.random.PCG64(7))
    margin = np.array([often, 1 - often])
    cells = truth * np.diag(margin) + (1 - truth) * np.outer(margin, margin)
    names = [(a, b) for a in ("keep", "drop") for b in ("keep", "drop")]
    held = asked = 0
    for _ in range(300):
        counts = random.multinomial(50, cells.ravel())
        found = compare(
            "quality", "a", "b", [name for name, count in zip(names, counts, strict=True) for _ in range(count)]
        )
        if found.kappa is not None:
            asked += 1
            held += found.kappa[1] <= truth <= found.kappa[2]
    assert held / asked > 0.92


def test_last_words_count_pairs_share_a_text_and_the_pipeline_is_never_unsure() -> None:
    rows = [
        answer(1, "ann", "keep"), answer(2, "ann", "drop", at=1), answer(2, "ann", "withdrawn", at=2),
        answer(2, "ann", "unsure", at=3), answer(3, "ann", "keep", "drop"),
        answer(1, "bob", "keep"), answer(2, "bob", "unsure"), answer(9, "bob", "drop"),
        answer(1, "bob", "drop", about="licence"),
    ]  # fmt: skip
    found = {(each.about, each.first, each.second): (each.equal, each.documents) for each in agreements(rows)}
    assert found == {
        ("quality", "ann", "bob"): (2, 2),
        ("quality", "ann", PIPELINE): (1, 2),
        ("quality", "bob", PIPELINE): (1, 2),
        ("licence", "bob", PIPELINE): (0, 1),
    }


def test_what_was_answered_blind_stands_apart() -> None:
    rows = [
        answer(1, "ann", "keep", blind=True), answer(2, "ann", "drop", blind=True), answer(3, "ann", "keep"),
        answer(1, "bob", "keep", blind=True), answer(2, "bob", "drop"), answer(3, "bob", "drop"),
    ]  # fmt: skip
    found = {(each.first, each.second, each.blind): (each.equal, each.documents) for each in agreements(rows)}
    assert found == {
        ("ann", "bob", False): (1, 2),  # of two people both must have been blind
        ("ann", "bob", True): (1, 1),
        ("ann", PIPELINE, False): (1, 1),
        ("ann", PIPELINE, True): (1, 2),
        ("bob", PIPELINE, False): (0, 2),
        ("bob", PIPELINE, True): (1, 1),
    }
    assert sum(counted for _, counted in found.values()) == 3 + 6, "none is lost, none counts twice"
