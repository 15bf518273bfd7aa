"""The distance of a row from a rule's other verdict: its sign is the verdict, it grows with the way that is left."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.predicates import SETTINGS
from pipeline.review.margin import Unmeasured, margin
from pipeline.rules import Judge, Rule, RuleSet

COLUMNS = pa.schema(
    [("a", pa.int32()), ("b", pa.int64()), ("lines", pa.int32()), ("flag", pa.bool_()), ("kind", pa.string())]
)
CONNECTION = duckdb.connect(config=SETTINGS)
JUDGE = Judge()
RULES = (
    "a < 50",
    "a >= 50",
    "a not between 50 and 1000",
    "a > 0.30 * lines",
    "a > 0.30 * lines and b <= 0.5 * lines",
    "not (a < 3 or b = 4)",
    "a - b > -1 and not flag",
    "a <> 7 and kind in ('x', 'y')",
    "10 * a // 3 > abs(b) % 5 or length(kind) > 3",
    "coalesce(a, 3) > 2 and kind = 'x'",
    "greatest(a, b) > 9 and a is not null",
)
ROWS = st.fixed_dictionaries(
    {
        "a": st.integers(-60, 1100),
        "b": st.integers(-(2**31), 2**31),
        "lines": st.integers(0, 2**31 - 1) | st.integers(0, 50),
        "flag": st.booleans(),
        "kind": st.sampled_from(["x", "y", "z", "long", ""]),
    }
)


def asked(when: str, rows: list[dict[str, object]]) -> list[float]:
    batch = pa.Table.from_pylist(rows, COLUMNS)
    CONNECTION.register("batch", batch)
    expression = margin(Rule(drop="r:x", when=when), COLUMNS)
    return [value for (value,) in CONNECTION.execute(f"select {expression} from batch").fetchall()]


@pytest.mark.parametrize("when", RULES)
@settings(max_examples=20)
@example(rows=[{"a": 1, "b": 3, "lines": 0, "flag": False, "kind": "x"}])  # 10 // 3 is 3, of doubles 3.33
@given(rows=st.lists(ROWS, min_size=10, max_size=40))
def test_the_sign_is_the_verdict_and_the_size_at_most_one(when: str, rows: list[dict[str, object]]) -> None:
    rule_set = RuleSet(name="r", rules=(Rule(drop="r:x", when=when),))
    batch = pa.RecordBatch.from_pylist(rows, COLUMNS)
    verdicts = [reason is not None for reason in JUDGE.judge(rule_set, batch).to_pylist()]
    margins = asked(when, rows)
    assert [each > 0 for each in margins] == verdicts
    assert all(0 < abs(each) <= 1 for each in margins)


@settings(max_examples=20)
@given(threshold=st.integers(1, 10_000), steps=st.lists(st.integers(0, 5000), min_size=2, max_size=10))
def test_it_grows_with_the_way_that_is_left(threshold: int, steps: list[int]) -> None:
    found = asked(f"a < {threshold}", [{"a": threshold + step} for step in sorted(steps)])
    assert found == sorted(found, reverse=True)


def test_a_step_of_a_small_count_is_a_long_way() -> None:
    assert asked("a > 0", [{"a": 0}]) == [-1]
    assert abs(asked("b < 2000", [{"b": 2000}])[0]) < 0.001


@pytest.mark.parametrize(
    "when", ["flag", "kind <> 'en'", "kind in ('a', 'b')", "case when a > 1 then flag else true end"]
)
def test_what_compares_no_numbers_has_no_distance(when: str) -> None:
    with pytest.raises(Unmeasured):
        margin(Rule(drop="r:x", when=when), COLUMNS)
