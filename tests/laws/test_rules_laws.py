"""Laws of the rules: DuckDB's verdict equals three-valued logic in exact arithmetic, row by row, in order."""

from __future__ import annotations

import operator
import string
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.predicates import parse
from pipeline.rules import Judge, Rule, RuleNull, RuleSet, check_columns

Row = dict[str, Any]
SCHEMA = pa.schema([("a", pa.int64()), ("b", pa.int32()), ("s", pa.large_string()), ("f", pa.bool_())])
INT64 = st.integers(-(2**63), 2**63 - 1)


class Term(NamedTuple):
    """An expression as a user would write it, and what it means; None is NULL."""

    sql: str
    of: Callable[[Row], Any]


def both(x: Term, y: Term, sql: str, of: Callable[[Any, Any], Any]) -> Term:
    def value(row: Row) -> Any:
        left, right = x.of(row), y.of(row)
        return None if left is None or right is None else of(left, right)

    return Term(f"({x.sql} {sql} {y.sql})", value)


def either(x: Term, y: Term) -> Term:
    def value(row: Row) -> bool | None:
        values = {x.of(row), y.of(row)}
        return True if True in values else None if None in values else False

    return Term(f"({x.sql} OR {y.sql})", value)


def negated(x: Term) -> Term:
    return Term(f"(not {x.sql})", lambda row: None if x.of(row) is None else not x.of(row))


def column(name: str) -> Term:
    return Term(name, lambda row: row[name])


def number(text: str) -> Term:
    return Term(text, lambda row: Fraction(text))


COLUMNS = st.sampled_from(["a", "b"]).map(column)
INTEGERS = st.integers(-9999, 9999).map(lambda n: number(str(n)))
DECIMALS = st.decimals(-99, 99, places=2).map(lambda d: number(f"{d:f}"))
NUMBERS = st.one_of(
    COLUMNS,
    INTEGERS,
    st.builds(lambda x, y: both(x, y, "*", operator.mul), DECIMALS, COLUMNS),
    st.builds(lambda x, y: both(x, y, "+", operator.add), COLUMNS, INTEGERS | DECIMALS),
    st.builds(lambda x, y: both(x, y, "-", operator.sub), DECIMALS, COLUMNS),
)
COMPARISONS = st.sampled_from(
    [
        ("<", operator.lt),
        ("<=", operator.le),
        (">", operator.gt),
        (">=", operator.ge),
        ("=", operator.eq),
        ("<>", operator.ne),
    ]
)
WORDS = st.text(string.ascii_letters + "'% é\n", max_size=3)


def quoted(word: str) -> str:
    return "'" + word.replace("'", "''") + "'"


ATOMS = st.one_of(
    st.builds(lambda x, c, y: both(x, y, *c), NUMBERS, COMPARISONS, NUMBERS),
    st.builds(
        lambda x, low, high: negated(
            either(negated(both(x, low, ">=", operator.ge)), negated(both(x, high, "<=", operator.le)))
        )._replace(sql=f"{x.sql} BETWEEN {low.sql} and {high.sql}"),
        NUMBERS, NUMBERS, NUMBERS,
    ),
    st.builds(lambda x: Term(f"{x.sql} is null", lambda row: x.of(row) is None), NUMBERS),
    st.builds(
        lambda ns: Term(f"a in ({', '.join(map(str, ns))})", lambda row: None if row["a"] is None else row["a"] in ns),
        st.lists(st.integers(-9, 9), min_size=1, max_size=4),
    ),
    WORDS.map(lambda w: Term(f"s = {quoted(w)}", lambda row: None if row["s"] is None else row["s"] == w)),
    WORDS.map(lambda w: Term(f"contains(s, {quoted(w)})", lambda row: None if row["s"] is None else w in row["s"])),
    st.just(column("f")),
)  # fmt: skip
PREDICATES = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds(either, inner, inner),
        st.builds(
            lambda x, y: negated(either(negated(x), negated(y)))._replace(sql=f"({x.sql}\nand /* ; */ {y.sql})"),
            inner, inner,
        ),
        inner.map(negated),
        st.builds(
            lambda c, x, y: Term(
                f"CASE WHEN {c.sql} THEN {x.sql} ELSE {y.sql} END", lambda row: (x if c.of(row) else y).of(row)
            ),
            inner, inner, inner,
        ),
    ),
    max_leaves=6,
).filter(lambda term: any(name in term.sql for name in ("a", "b", "s", "f")))  # fmt: skip
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "a": st.none() | st.integers(-9, 9) | st.integers(-(10**15), 10**15),
            "b": st.none() | st.integers(-9, 9) | st.integers(-(2**31), 2**31 - 1),
            "s": st.none() | WORDS,
            "f": st.none() | st.booleans(),
        }
    ),
    max_size=9,
)
RULES = st.lists(st.tuples(PREDICATES, st.sampled_from(["keep", "drop", None])), min_size=1, max_size=4)


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge()


def rule_set(rules: list[tuple[Term, str | None]]) -> RuleSet:
    return RuleSet(
        name="law",
        rules=tuple(Rule(drop=f"law:r{i}", when=term.sql, when_null=null) for i, (term, null) in enumerate(rules)),
    )


def reads_a_column(rules: list[tuple[Term, str | None]]) -> bool:
    try:
        return all(parse(term.sql).columns for term, _ in rules)
    except ValueError as error:
        assert "reads no column" in str(error)
        return False


def by_hand(rules: list[tuple[Term, str | None]], row: Row) -> str | None:
    """The definition: ask one rule after the other."""
    for i, (term, when_null) in enumerate(rules):
        holds = term.of(row)
        if holds is None and when_null is None:
            raise RuleNull
        if holds or (holds is None and when_null == "drop"):
            return f"law:r{i}"
    return None


def batch_of(rows: list[Row]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(rows, schema=SCHEMA)


@settings(max_examples=150, deadline=None)
@given(rules=RULES, rows=ROWS)
def test_the_verdict_is_what_asking_rule_by_rule_and_row_by_row_gives(judge, rules, rows):
    assume(reads_a_column(rules))
    rule_set_ = rule_set(rules)
    check_columns(rule_set_, SCHEMA, {})
    try:
        expected = [by_hand(rules, row) for row in rows]
    except RuleNull:
        with pytest.raises(RuleNull, match="law:r"):
            judge.judge(rule_set_, batch_of(rows))
    else:
        assert judge.judge(rule_set_, batch_of(rows)).to_pylist() == expected


@settings(max_examples=60, deadline=None)
@given(rules=RULES, rows=ROWS, cut=st.integers(0, 9), order=st.randoms(use_true_random=False))
def test_batches_may_be_cut_and_rows_permuted(judge, rules, rows, cut, order):
    assume(reads_a_column(rules))
    rules = [(term, when_null or "keep") for term, when_null in rules]
    rule_set_ = rule_set(rules)
    whole = judge.judge(rule_set_, batch_of(rows)).to_pylist()
    parts = [judge.judge(rule_set_, batch_of(part)).to_pylist() for part in (rows[:cut], rows[cut:])]
    assert parts[0] + parts[1] == whole
    assert judge.judge(rule_set_, batch_of(rows).slice(cut)).to_pylist() == whole[cut:]
    permuted = list(range(len(rows)))
    order.shuffle(permuted)
    assert judge.judge(rule_set_, batch_of([rows[i] for i in permuted])).to_pylist() == [whole[i] for i in permuted]


def test_order_is_kept_far_beyond_the_engine_s_own_batches(judge):
    n = 300_000  # DuckDB works in vectors of 2,048 rows and groups of 122,880
    rules = RuleSet(
        name="law", rules=(Rule(drop="law:three", when="a % 3 = 0"), Rule(drop="law:seven", when="a % 7 = 0"))
    )
    verdict = judge.judge(rules, pa.record_batch({"a": pa.array(range(n))}))
    assert verdict.to_pylist() == ["law:three" if i % 3 == 0 else "law:seven" if i % 7 == 0 else None for i in range(n)]


@settings(max_examples=200, deadline=None)
@given(part=INT64, whole=INT64, share=st.decimals(0, 1, places=2))
def test_a_share_of_any_count_is_exact(judge, part, whole, share):
    """A decimal times a 64-bit integer has room: no overflow, and no float anywhere."""
    batch = pa.record_batch({"part": pa.array([part]), "whole": pa.array([whole])})
    rules = RuleSet(name="law", rules=(Rule(drop="law:share", when=f"part > {share:f} * whole"),))
    assert (judge.judge(rules, batch)[0].as_py() is not None) == (part > Fraction(share) * whole)


@settings(max_examples=200, deadline=None)
@given(x=INT64 | st.integers(2**62 - 9, 2**62 + 9), y=INT64 | st.integers(-9, 9), sign=st.sampled_from("+-*"))
def test_integers_are_exact_or_raise(judge, x, y, sign):
    batch = pa.record_batch({"x": pa.array([x]), "y": pa.array([y])})
    rules = RuleSet(name="law", rules=(Rule(drop="law:sum", when=f"x {sign} y > 1000"),))
    exact = {"+": x + y, "-": x - y, "*": x * y}[sign]
    try:
        verdict = judge.judge(rules, batch)[0].as_py()
    except duckdb.OutOfRangeException:
        assert not -(2**63) <= exact < 2**63
    else:
        assert (verdict is not None) == (exact > 1000)


@settings(max_examples=100, deadline=None)
@given(term=PREDICATES, space=st.sampled_from([" ", "\n\t ", " /* note */ "]))
def test_spelling_does_not_reach_the_recipe(term, space):
    assume(reads_a_column([(term, None)]) and "'" not in term.sql)
    other = f"--\n(({term.sql.replace(' ', space)})) -- why"
    assert parse(other).tree == parse(term.sql).tree
    assert parse(other).sql == parse(term.sql).sql
    assert parse(parse(term.sql).sql).tree == parse(term.sql).tree, "what runs is what was checked"
