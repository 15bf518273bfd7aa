"""Who survives: each criterion decides before all that come after it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from pipeline.dedup.settings import Deduplication
from pipeline.dedup.signing.ranking import PUBLISHED, pack, ranks
from tests.dedup.shards import Doc, batch_of

BEST = {"licence_rank": 0, "opted_out": False, "source_rank": 0, "quality": 10_000, "length": 2**32 - 1}
WORSE: list[tuple[str, Any]] = [
    ("length", 2**32 - 2),
    ("length", 0),
    ("quality", 9_999),
    ("quality", 0),
    ("source_rank", 1),
    ("source_rank", 2047),
    ("opted_out", True),
    ("licence_rank", 1),
    ("licence_rank", 63),
]


def packed(**values: Any) -> int:
    return int(pack(**{name: np.array([value]) for name, value in values.items()})[0])


def test_an_earlier_criterion_decides_before_all_later_ones() -> None:
    """A document that is a little worse in one thing ranks behind one that is worst in all that come after it."""
    worst: dict[str, Any] = dict(BEST)
    previous = packed(**BEST)
    assert previous == 1 << 32 > PUBLISHED
    for name, value in WORSE:
        if worst[name] == BEST[name]:
            assert packed(**{**BEST, name: value}) > previous
        worst[name] = value
        previous = packed(**worst)
    assert previous == 2**64 - 1 - ((10_001 ^ 0x3FFF) << 32)  # quality has 14 bits, of which 10,001 uses not all


@pytest.mark.parametrize(
    ("name", "value"), [("licence_rank", 64), ("licence_rank", -1), ("source_rank", 2048), ("quality", 10_001)]
)
def test_a_value_outside_its_range_is_refused(name: str, value: int) -> None:
    with pytest.raises(ValueError, match="lies outside"):
        packed(**{**BEST, name: value})


def test_the_longest_length_is_a_bound() -> None:
    assert packed(**{**BEST, "length": 2**40}) == packed(**BEST)


def test_columns_that_are_named_decide() -> None:
    docs = [Doc(0, "aa"), Doc(1, "é", "books"), Doc(2, "a", "books")]
    batch = batch_of(docs)
    more = pa.RecordBatch.from_arrays(
        [*batch.columns, pa.array([2, 1, 1], pa.int8()), pa.array([None, 7, 8]), pa.array([False, None, True])],
        names=[*batch.schema.names, "licence_rank", "quality", "opted_out"],
    )

    def order(**named: Any) -> list[int]:
        return np.argsort(ranks(more, Deduplication(**named)), kind="stable").tolist()

    assert order() == [0, 1, 2]  # bytes, not characters
    assert order(source_priority=("books",)) == [1, 2, 0]
    assert order(licence_rank_column="licence_rank") == [1, 2, 0]
    assert order(quality_column="quality") == [2, 1, 0]
    assert order(opt_out_column="opted_out", source_priority=("books",)) == [1, 0, 2]  # null does not opt out
    with pytest.raises(ValueError, match="quality holds a null"):
        order(licence_rank_column="quality")
    with pytest.raises(KeyError):
        order(quality_column="absent")
