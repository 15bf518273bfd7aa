"""Runs are joined by id, never by position; what cannot count is left out by name."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixtures.tables.runs import Runs


def weights(*rows: tuple[str, float, float]) -> pa.Table:
    ids, left, right = zip(*rows, strict=True)
    return pa.table({"run_id": ids, "web": pa.array(left, pa.float64()), "code": pa.array(right, pa.float64())})


def losses(*rows: tuple[str, float | None]) -> pa.Table:
    ids, values = zip(*rows, strict=True)
    return pa.table({"run_id": ids, "heldout:web": pa.array(values, pa.float64())})


@given(st.permutations(range(5)), st.permutations(range(5)))
def test_the_order_of_rows_does_not_decide(left: list[int], right: list[int]) -> None:
    whole_weights = weights(*((f"r{at}", at / 10, 1 - at / 10) for at in range(5)))
    whole_losses = losses(*((f"r{at}", 1.0 + at) for at in range(5)))
    runs = Runs.joined(whole_weights.take(left), whole_losses.take(right))
    assert runs.ids == ("r0", "r1", "r2", "r3", "r4")
    assert np.allclose(runs.weights[:, 0], [0, 0.1, 0.2, 0.3, 0.4])
    assert runs.losses[:, 0].tolist() == [1, 2, 3, 4, 5]


def test_what_cannot_count_is_left_out_and_told() -> None:
    runs = Runs.joined(
        weights(
            ("good", 0.5, 0.5), ("twice", 1, 0), ("twice", 1, 0), ("diverged", 0, 1), ("empty", 0, 1), ("alone", 0, 1)
        ),
        losses(("stray", 1.0), ("empty", None), ("diverged", float("inf")), ("twice", 1.0), ("good", 2.0)),
    )
    assert runs.ids == ("good",)
    assert runs.left_out == {
        "alone": "has weights but no losses",
        "diverged": "no finite loss on heldout:web",
        "empty": "no finite loss on heldout:web",
        "stray": "has losses but no weights",
        "twice": "stands 2 times in weights",
    }


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (weights(("a", 0.5, 0.4)), "run a adds up to 0.9"),
        (weights(("a", -0.5, 1.5)), "run a, web: the weight is"),
        (weights(("a", float("nan"), 1)), "run a, web: the weight is"),
        (weights(("b", 0.5, 0.5)), "no run has both"),
        (pa.table({"run": ["a"], "web": [1.0]}), "no column run_id"),
        (pa.table({"run_id": ["a", None], "web": [1.0, 1.0]}), "1 rows have no run_id"),
        (pa.table({"run_id": ["a"]}), "needs columns beside"),
        (pa.table({"run_id": ["a"], "web": ["much"]}), "column web holds string"),
    ],
)
def test_wrong_tables_are_refused(table: pa.Table, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Runs.joined(table, losses(("a", 1.0)))


def test_rounded_weights_are_divided_by_their_sum() -> None:
    runs = Runs.joined(weights(("a", 0.333, 0.666)), losses(("a", 1.0)))
    assert runs.weights.sum() == pytest.approx(1.0, abs=1e-15)
    assert runs.weights[0, 0] == pytest.approx(1 / 3)


def test_csv_and_parquet_give_the_same_runs_and_ids_stay_text(tmp_path: Path) -> None:
    left, right = weights(("007", 0.25, 0.75), ("7", 1, 0)), losses(("7", 1.5), ("007", 2.5))
    for table, name in ((left, "w"), (right, "l")):
        pq.write_table(table, tmp_path / f"{name}.parquet")
        pa_csv.write_csv(table, tmp_path / f"{name}.csv")
    made = [Runs.read(tmp_path / f"w.{kind}", tmp_path / f"l.{kind}") for kind in ("csv", "parquet")]
    assert [one.ids for one in made] == [("007", "7")] * 2
    assert np.array_equal(made[0].losses, made[1].losses)
    with pytest.raises(ValueError, match=r"\.csv"):
        Runs.read(tmp_path / "w.json", tmp_path / "l.csv")


def test_equal_weights_are_one_mixture_and_domains_follow_the_constraints() -> None:
    runs = Runs.joined(weights(("a", 0.2, 0.8), ("b", 1, 0), ("c", 0.2, 0.8)), losses(("a", 1), ("b", 2), ("c", 3)))
    assert runs.mixture.tolist() == [0, 1, 0]
    assert runs.ordered(("code", "web")).weights[0].tolist() == [0.8, 0.2]
    assert runs.ordered(("web", "books", "code")).weights[0].tolist() == [0.2, 0.0, 0.8]
    with pytest.raises(ValueError, match="trained on code, which is not among"):
        runs.ordered(("web", "books"))


def test_runs_from_before_a_domain_was_added_or_filtered_anew_still_count() -> None:
    before = Runs.joined(weights(("a", 0.2, 0.8), ("b", 1, 0)), losses(("a", 1), ("b", 2)))
    now = dataclasses.replace(before, ids=("c", "d"), domains=("web", "books"))
    both = now.beside(before)
    assert (both.ids, both.domains) == (("c", "d", "a", "b"), ("web", "books", "code"))
    assert both.weights.tolist() == [[0.2, 0.8, 0], [1, 0, 0], [0.2, 0, 0.8], [1, 0, 0]]
    assert both.losses.tolist() == [*now.losses.tolist(), *before.losses.tolist()]
    anew = now.beside(before, ["web"])
    assert anew.domains == ("web", "books", "web (before)", "code")
    assert anew.weights[2:].tolist() == [[0, 0, 0.2, 0.8], [0, 0, 1, 0]]
    assert anew.mixture.tolist() == [0, 1, 2, 3]
    for earlier, refiltered, message in (
        (now, [], "run c is among the later runs"),
        (dataclasses.replace(before, tasks=("other",)), [], "no column heldout:web: earlier runs need"),
        (before, ["code"], "code was filtered anew, but is not a domain of both"),
    ):
        with pytest.raises(ValueError, match=message):
            now.beside(earlier, refiltered)
