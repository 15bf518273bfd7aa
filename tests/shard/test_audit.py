"""The audit sample: a function of the rows alone, with its floor, its rate and its bytes."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.schema import doc_id_of
from pipeline.settings.run_settings import Audit
from pipeline.shard import audit
from pipeline.shard.audit import Sample, row_bytes

FIXED = 2 * audit.VALUE_BYTES + 32  # of a row of `batch`: two columns and an id
Rows = list[tuple[str, int]]  # (doc_id, bytes of text)


def batch(rows: Rows) -> pa.RecordBatch:
    texts = ["x" * size for _, size in rows]
    ids = [doc_id for doc_id, _ in rows]
    return pa.RecordBatch.from_pydict(
        {"doc_id": pa.array(ids, pa.string()), "text": pa.array(texts, pa.large_string())}
    )


def cut(rows: Rows, sizes: list[int]) -> list[Rows]:
    """`rows` in batches of these sizes, and the rest in one."""
    parts, start = [], 0
    for size in [*sizes, len(rows)]:
        parts.append(rows[start : start + size])
        start += size
    return parts


def chosen(rows: Rows, sizes: list[int], settings: Audit) -> Rows:
    sample = Sample(settings)
    for part in cut(rows, sizes):
        sample.offer("why", batch(part), 3)
    assert set(sample.chosen()) <= {("why", 3)}
    return [(row["doc_id"], len(row["text"])) for part in sample.chosen().values() for row in part.to_pylist()]


def defined(rows: Rows, settings: Audit) -> Rows:
    """The definition: in id order, below the line or within the floor, up to the first that does not fit."""
    result: Rows = []
    held = 0
    for doc_id, size in sorted(row for row in rows if FIXED + row[1] <= audit.BYTES_PER_REASON):
        held += FIXED + size
        wanted = int(doc_id, 16) < 2**128 // settings.one_in or len(result) < settings.floor
        if not wanted or held > audit.BYTES_PER_REASON:
            break
        result.append((doc_id, size))
    return result


SIZES = st.lists(st.integers(1, 60), max_size=9)
SETTINGS = st.builds(Audit, one_in=st.integers(1, 50), floor=st.integers(0, 30))


@given(st.integers(0, 400), SETTINGS, SIZES, st.randoms())
def test_the_lowest_ids_are_chosen_whatever_the_order(number, settings, sizes, random):
    ids = [doc_id_of("s", str(n)) for n in range(number)]
    below = [doc_id for doc_id in ids if int(doc_id, 16) < 2**128 // settings.one_in]
    expected = sorted(ids)[: max(settings.floor, len(below))]
    random.shuffle(ids)
    assert [doc_id for doc_id, _ in chosen([(doc_id, 1) for doc_id in ids], sizes, settings)] == expected


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 500)), max_size=120),
    SETTINGS,
    st.integers(0, 4000),
    SIZES,
    st.randoms(),
)
def test_the_bytes_end_the_sample_at_the_same_row_whatever_the_order(drawn, settings, budget, sizes, random):
    rows = [(doc_id_of("s", str(n)), size) for n, size in drawn]  # some ids more than once
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audit, "BYTES_PER_REASON", budget)
        expected = defined(rows, settings)
        random.shuffle(rows)
        assert chosen(rows, sizes, settings) == expected


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([60, 40], [60, 40]),
        ([60, 41], [60]),
        ([60, 41, 0], [60]),  # nothing passes a row that did not fit,
        ([101, 60, 40], [60, 40]),  # unless that row fits nowhere
        ([101], []),
        ([100, 0, 1], [100, 0]),
    ],
)
@pytest.mark.parametrize("backwards", [False, True])
def test_where_the_bytes_end(sizes, expected, backwards, monkeypatch):
    ids = sorted(doc_id_of("s", str(n)) for n in range(len(sizes)))
    monkeypatch.setattr(audit, "BYTES_PER_REASON", 100)
    monkeypatch.setattr(audit, "row_bytes", lambda part: row_bytes(part) - FIXED)
    rows = list(zip(ids, sizes, strict=True))
    if backwards:
        rows.reverse()
    assert [size for _, size in chosen(rows, [1] * len(rows), Audit())] == expected


def test_big_rows_are_let_go():
    sample, before = Sample(Audit(one_in=1, floor=100)), pa.total_allocated_bytes()
    for n in range(60):
        sample.offer("why", batch([(doc_id_of("s", str(n)), 1 << 20)]), 0)
        assert pa.total_allocated_bytes() - before <= audit.BYTES_PER_REASON + (1 << 20)
    assert sum(part.num_rows for part in sample.chosen().values()) == 3


def test_each_reason_and_step_has_its_own_sample():
    sample, row = Sample(Audit(one_in=1000, floor=1)), batch([("f" * 32, 1)])
    for reason, step in [("b", 1), ("a", 2), ("a", 0)]:
        sample.offer(reason, row, step)
    assert sample.chosen() == {("a", 0): row, ("a", 2): row, ("b", 1): row}
    assert list(sample.chosen()) == [("a", 0), ("a", 2), ("b", 1)]


def test_the_same_id_twice_is_no_trouble():
    rows = [(doc_id_of("s", "same"), 1)] * 5
    assert chosen(rows, [2], Audit(one_in=10**6, floor=3)) == rows[:3]


def test_a_row_weighs_the_same_in_every_batch():
    whole = pa.RecordBatch.from_pydict(
        {"a": pa.array(["é", None, ""], pa.string()), "n": pa.array([1, 2, None]), "b": pa.array([True, None, False])}
    )
    assert row_bytes(whole).tolist() == [26, 24, 24]
    assert [row_bytes(whole.slice(i, 1)).tolist() for i in range(3)] == [[26], [24], [24]]
