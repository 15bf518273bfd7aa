"""The column of ids is found wherever it stands and whatever it is called; domains and tasks go by their names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixtures.tables.files import id_column_of, numbers
from mixtures.tables.named import Mixtures, mixtures_beside
from mixtures.tables.runs import Runs
from mixtures.uncertainty.pairs import Pairs

TEXT, WHOLE = ["a", "b", "c"], [7, 1, 12]
HASHES = [2**60 + 1, 2**60 + 2, 3]  # which float64 cannot tell apart
DOMAINS = {"web": [0.2, 0.5, 1.0], "code": [0.8, 0.5, 0.0], "moon": [0, 0, 0]}
LOSSES = {"web": [3.1, 2.9, 2.5], "heldout:x": [4.0, 3.0, 2.0]}


@given(st.permutations(range(4)), st.permutations(range(3)), st.sampled_from(["", "run_id", "index", "Zeile"]))
@pytest.mark.parametrize("ids", [TEXT, WHOLE, HASHES, [str(one) for one in WHOLE]])
def test_ids_are_found_in_any_place_under_any_name(
    ids: list[object], left: list[int], right: list[int], name: str
) -> None:
    """`moon` is of whole numbers, too, and `web` is a domain and a task."""
    weights = pa.table({name: ids, **DOMAINS})
    losses = pa.table({name: ids, "web": LOSSES["web"], "heldout:x": [4.5, 3.0, 2.0]})
    tables = {"w": weights.select([weights.column_names[at] for at in left])}
    assert id_column_of(tables) == name
    assert id_column_of(tables, known=DOMAINS) == name
    assert id_column_of({**tables, "l": losses.select([losses.column_names[at] for at in right])}) == name


@pytest.mark.parametrize(
    ("columns", "known", "message"),
    [
        (DOMAINS, (), "no column of ids among web, code, moon: add one, or name it, --id-column"),
        (DOMAINS, DOMAINS, "no column of ids among"),
        ({"a": TEXT, "b": TEXT, **DOMAINS}, (), "a, b could all be the column of ids"),
        ({"a": WHOLE, "b": WHOLE, **DOMAINS}, (), "a, b could all be"),
        (
            {"sun": [0.0, 0.5, 0.0], "star": [0.1, 0.0, 0.0], **DOMAINS},
            DOMAINS,
            "sun, star are no names of",
        ),
    ],
)
def test_no_column_of_ids_is_guessed(columns: dict[str, list[object]], known: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        id_column_of({"t.csv": pa.table(columns)}, known=known)


def test_the_text_is_preferred_and_the_name_that_a_fit_used() -> None:
    table = pa.table({"seed": WHOLE, "key": TEXT, **DOMAINS})
    assert id_column_of({"t": table}) == "key"
    assert id_column_of({"t": table}, known=DOMAINS, preferred="seed") == "seed"


def written(folder: Path, name: str, columns: dict[str, object]) -> Path:
    table = pa.table(columns)
    (pq.write_table if name.endswith("parquet") else pa_csv.write_csv)(table, folder / name)
    return folder / name


def test_a_domain_is_never_the_column_of_ids(tmp_path: Path) -> None:
    """Its weights would be ids, and it would have weight 0."""
    domains = ("rare", "web", "code")
    bare = written(tmp_path, "bare.csv", {"rare": [0.01, 0.02], "web": [0.5, 0.5], "code": [0.49, 0.48]})
    with pytest.raises(ValueError, match="no column of ids"):
        Mixtures.over(bare, domains)
    with pytest.raises(ValueError, match="--id-column rare is a domain"):
        Mixtures.over(bare, domains, "rare")
    with pytest.raises(ValueError, match="rare holds shares of 1, not ids"):
        Mixtures.read(bare, "rare")
    other = written(tmp_path, "other.csv", {"scarce": [0.01, 0.02], "web": [0.5, 0.5], "code": [0.49, 0.48]})
    with pytest.raises(ValueError, match="scarce holds shares of 1, not ids"):
        Mixtures.over(other, domains)


@pytest.mark.parametrize(
    ("ids", "refused"),
    [
        (pa.array(["0.5", "1"]), True),
        (pa.array(["5e-1", ".25"]).dictionary_encode(), True),
        (pa.array(["0.5", ""]), False),
        (pa.array(["0.5", "run 2"]), False),
        (pa.array(["1", "0"]), False),
        (pa.array([0.5, 1.0], pa.float32()), True),
        (pa.array([1.0, 2.5]), False),
        (pa.array(HASHES[:2]), False),
        (pa.array([1, 2], pa.date32()), False),
    ],
)
def test_a_named_column_of_shares_is_refused_and_any_other_is_text(ids: pa.Array, refused: bool) -> None:
    table = pa.table({"k": ids, "web": [1.0, 1.0]})
    if refused:
        with pytest.raises(ValueError, match="t: k holds shares of 1, not ids"):
            numbers(table, "k", "t")
    else:
        assert numbers(table, "k", "t").ids == tuple(map(str, ids.to_pylist()))


def test_mixtures_are_placed_by_name_and_a_domain_without_a_column_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, "pool.parquet", {"code": [0.3, 1.0], "n": [10, 11], "web": [0.7, 0.0]})
    found = Mixtures.over(path, ("web", "moon", "code"))
    assert (found.id_column, found.ids, found.absent) == ("n", ("10", "11"), ("moon",))
    assert found.weights.tolist() == [[0.7, 0.0, 0.3], [0.0, 0.0, 1.0]]
    assert Mixtures.read(path).domains == ("code", "web")
    with pytest.raises(ValueError, match="code is no domain; there are web, moon"):
        Mixtures.over(path, ("web", "moon"), "n")
    twice = written(tmp_path, "twice.csv", {"id": ["x", "x"], "web": [1.0, 1.0]})
    with pytest.raises(ValueError, match="x stands 2 times"):
        Mixtures.read(twice)


def test_trained_mixtures_need_no_ids_and_theirs_may_have_another_name(tmp_path: Path) -> None:
    domains = ("web", "code")
    for name, more in (("a.csv", {}), ("b.csv", {"run": ["x", "y"]}), ("c.csv", {"k": [1, 0]})):
        path = written(tmp_path, name, {"code": [0.25, 0.5], "web": [0.75, 0.5], **more})
        assert mixtures_beside(path, domains).tolist() == [[0.75, 0.25], [0.5, 0.5]]
    path = written(tmp_path, "d.csv", {"code": [0.25], "web": [0.75], "k": [1], "gain": [0.1]})
    with pytest.raises(ValueError, match="k, gain are no domains of the candidates"):
        mixtures_beside(path, domains)


def test_pairs_are_joined_by_id_and_say_whom_they_leave_out(tmp_path: Path) -> None:
    small = written(tmp_path, "s.csv", {"b": [1.0, 2, 3, 4, 9], "id": list("pqrss"), "a": [5.0, 6, 7, 8, 8]})
    large = written(tmp_path, "l.csv", {"id": ["r", "p", "t", "q"], "a": [0.7, 0.5, 1, 0.6], "b": [0.3, 0.1, 1, None]})
    found = Pairs.read(small, large, ("a", "b"))
    assert found.ids == ("p", "r")
    assert found.small.tolist() == [[5, 1], [7, 3]]
    assert found.large.tolist() == [[0.5, 0.1], [0.7, 0.3]]
    assert found.left_out == {
        "q": f"no finite loss on b in {large}", "s": f"stands in {small} only", "t": f"stands in {large} only",
    }  # fmt: skip
    with pytest.raises(ValueError, match=r"l.csv: no column c: it needs every task"):
        Pairs.read(large, small, ("a", "b", "c"))
    other = written(tmp_path, "o.csv", {"id": ["x"], "a": [1.0], "b": [1.0]})
    with pytest.raises(ValueError, match=r"no id is in both \(p, q, r, s, s against x\)"):
        Pairs.read(small, other, ("a", "b"))


def test_weights_of_pairs_are_those_of_the_same_runs_or_of_a_table(tmp_path: Path) -> None:
    small = written(tmp_path, "s.csv", {"id": list("pqr"), "a": [1.0, 2, 3]})
    large = written(tmp_path, "l.csv", {"id": list("pqr"), "a": [0.5, 1, 1.5]})
    found = Pairs.read(small, large, ("a",))
    assert found.weights is None and len(found.tables) == 2
    ids, weights = ("r", "x", "q", "p"), np.array([[0.25, 0.75], [1, 0], [0, 1], [0.5, 0.5]])
    known = found.among(ids, weights, np.array([[3.0], [9], [2], [1]]))
    assert known.weights is not None and known.weights.tolist() == [[0.5, 0.5], [0, 1], [0.25, 0.75]]
    assert known.tables[-1] is known.weights
    assert found.among(ids, weights, np.array([[3.0], [9], [2], [1.01]])).weights is None  # another table's ids
    assert found.among(ids[:3], weights[:3], np.array([[3.0], [9], [2]])).weights is None
    table = written(tmp_path, "w.csv", {"code": [0.75, 0.5, 1], "web": [0.25, 0.5, 0], "id": list("rpq")})
    told = found.of_mixtures(table, ("web", "code"))
    assert told.weights is not None and told.weights.tolist() == [[0.5, 0.5], [0, 1], [0.25, 0.75]]
    with pytest.raises(ValueError, match=r"w.csv: code is no domain"):
        found.of_mixtures(table, ("web",))
    few = written(tmp_path, "f.csv", {"code": [0.75], "web": [0.25], "id": ["r"]})
    with pytest.raises(ValueError, match=r"f.csv: no row p, q: it needs every mixture"):
        found.of_mixtures(few, ("web", "code"))


def test_runs_join_where_the_column_of_ids_is_last_and_ids_stay_text(tmp_path: Path) -> None:
    left = tmp_path / "w.csv"
    left.write_text("web,key,code\n0.25,007,0.75\n1,7,0\n")
    right = tmp_path / "l.csv"
    right.write_text("heldout:x,key\n1.5,7\n2.5,007\n")
    found = Runs.read(left, right)
    assert (found.ids, found.id_column, found.domains) == (("007", "7"), "key", ("web", "code"))
    assert found.losses[:, 0].tolist() == [2.5, 1.5]
    assert np.array_equal(found.weights, [[0.25, 0.75], [1, 0]])
