"""The command line on anyone's tables: constraints, design, propose, report; what is wrong is said in a line."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest

from mixtures.__main__ import main
from mixtures.mixture import Constraints, Domain
from tests.mixtures import made


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


def mixtures(*arguments: str | int | Path) -> Done:
    """The command in this process; that processes end as the function does is asked in `test_mistakes`."""
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as errors:
        code = main([*map(str, arguments)])
    return Done(code, out.getvalue(), errors.getvalue())


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """weights.csv, losses.csv with one diverged run, and c.json."""
    folder, runs = tmp_path_factory.mktemp("tables"), made.runs(count=16, repeats=2)
    losses = runs.losses.copy()
    losses[3, 1] = float("nan")
    for name, columns, values in (("weights", runs.domains, runs.weights), ("losses", runs.tasks, losses)):
        table = pa.table({"run": runs.ids, **dict(zip(columns, values.T, strict=True))})
        pa_csv.write_csv(table, folder / f"{name}.csv")
    (folder / "c.json").write_text(json.dumps(made.constraints().written()))
    return folder


def test_from_tables_to_a_report(tables: Path, tmp_path: Path) -> None:
    done = mixtures(
        "propose", "--weights", tables / "weights.csv", "--losses", tables / "losses.csv",
        "--constraints", tables / "c.json", "--id-column", "run", "--objective", "heldout:*=1",
        "--objective", "gold:*=0.5", "--replicas", 10, "--divergence", 0.001, "--run-tokens", 5000,
        "--output", tmp_path,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{tables / 'losses.csv'}: losses 0.9974 to 1.725, lower is better\n" in done.stdout
    told = json.loads((tmp_path / "mixture.json").read_bytes())
    assert told["proposal"]["left_out"] == {"run003": "no finite loss on heldout:code"}
    assert [one["share"] for one in told["proposal"]["tasks"]] == pytest.approx([1 / 3] * 3, abs=0.01)
    assert all(len(digest) == 64 for digest in told["inputs"].values())
    assert told["proposal"]["objective"]["divergence"] == 0.001
    assert told["made"]["run_tokens"] == {"proxy": 5000}
    assert {"python", "numpy", "scipy", "proposal"} <= told["made"]["versions"].keys()
    page = (tmp_path / "mixture.html").read_bytes()
    (tmp_path / "mixture.html").unlink()
    assert mixtures("report", tmp_path).returncode == 0
    assert (tmp_path / "mixture.html").read_bytes() == page


def test_earlier_runs_and_two_sizes_go_into_a_report(tables: Path, tmp_path: Path) -> None:
    """Old runs know nothing of `poems`, and their `web` was other text; losses at a larger size add an optimum."""
    runs = made.runs(count=16, repeats=2)
    now = np.column_stack((0.9 * runs.weights, np.full(len(runs.ids), 0.1)))
    ids = [f"new{one}" for one in runs.ids]
    for name, columns, values in (
        ("weights", (*runs.domains, "poems"), now),
        ("losses", runs.tasks, runs.losses),
        ("large", runs.tasks, 0.5 * runs.losses + 0.2),
    ):
        table = pa.table({"run": ids, **dict(zip(columns, values.T, strict=True))})
        pa_csv.write_csv(table, tmp_path / f"{name}.csv")
    feasible = made.constraints()
    more = {**feasible.domains, "poems": Domain(natural=0.1, maximum=0.2)}
    c = Constraints(domains=more, budget_tokens=feasible.budget_tokens, max_epochs=4)
    (tmp_path / "c.json").write_text(json.dumps(c.written()))
    done = mixtures(
        "propose", "--weights", tmp_path / "weights.csv", "--losses", tmp_path / "losses.csv", "--id-column", "run",
        "--constraints", tmp_path / "c.json", "--earlier-weights", tables / "weights.csv",
        "--earlier-losses", tables / "losses.csv", "--refiltered", "web", "--replicas", 10,
        "--small", tmp_path / "losses.csv", "--large", tmp_path / "large.csv", "--output", tmp_path,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads((tmp_path / "mixture.json").read_bytes())["proposal"]
    assert told["runs"] == 2 * 18 - 1
    offered = {one["domain"]: one["maximum"] for one in told["domains"]}
    assert offered["web (before)"] == 0 < offered["poems"]
    assert set(told["insight"]["optima"]) == {"raw", "z", "gain"}
    assert told["insight"]["gain_slopes"]["heldout:code"]["value"] == pytest.approx(0.5, rel=0.05)
    assert "web (before)" not in done.stdout
    page = (tmp_path / "mixture.html").read_text()
    assert "What is left of a difference in a larger model" in page
    done = mixtures(
        "propose", "--weights", tables / "weights.csv", "--losses", tables / "losses.csv", "--id-column", "run",
        "--constraints", tmp_path / "c.json", "--output", tmp_path,
    )  # fmt: skip
    assert done.returncode == 2
    assert "no run was trained on any of poems" in done.stderr


def test_design_writes_the_same_trials_for_a_seed(tables: Path, tmp_path: Path) -> None:
    written = []
    for name in ("a.json", "b.json"):
        done = mixtures(
            "design", "--constraints", tables / "c.json", "--count", 6, "--seed", 3, "--output", tmp_path / name
        )
        assert (done.returncode, done.stderr) == (0, "")
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]
    told = json.loads(written[0])
    assert [one["trial"] for one in told["runs"]] == [*range(6), *[0] * 8, *[1] * 4, *[2] * 4]
    assert [one["seed"] for one in told["runs"]] == list(range(3, 25))
    assert list(told["runs"][0]["weights"]) == list(made.NATURAL)
    assert told["runs"][6]["weights"] == told["runs"][0]["weights"]


def test_fit_predict_design_search(tables: Path, tmp_path: Path) -> None:
    """Tables whose rows and columns are shuffled give the same answers: ids and names join them, never positions."""
    loss_table = pa_csv.read_csv(tables / "losses.csv")
    order = np.random.default_rng(0).permutation(loss_table.num_rows)
    shuffled = loss_table.take(order).select(["run", *reversed(loss_table.column_names[1:])])
    pa_csv.write_csv(shuffled, tmp_path / "shuffled.csv")
    for name, losses in (("a", tables / "losses.csv"), ("b", tmp_path / "shuffled.csv")):
        done = mixtures(
            "fit", "--weights", tables / "weights.csv", "--losses", losses, "--out", tmp_path / f"{name}.npz"
        )
        assert (done.returncode, done.stderr) == (0, "")
        ends = f"{made.runs(count=16, repeats=2).losses.min():.4g} to {made.runs(count=16, repeats=2).losses.max():.4g}"
        assert f"18 runs of 4 domains, 3 tasks; losses {ends}, lower is better\n" in done.stdout
        surface = ("--surface", tmp_path / f"{name}.npz")
        done = mixtures("predict", *surface, "--candidates", tables / "weights.csv", "--out", tmp_path / f"{name}.csv")
        assert (done.returncode, done.stderr) == (0, "")
    left, right = (pa_csv.read_csv(tmp_path / f"{name}.csv") for name in "ab")
    assert tuple(left["run"].to_pylist()) == made.runs(count=16, repeats=2).ids
    for task in made.TASKS:
        assert left[task].to_numpy() == pytest.approx(right[task].to_numpy(), abs=1e-9)
        assert np.all(left[f"{task}:lower"].to_numpy() < left[f"{task}:upper"].to_numpy())
    done = mixtures(
        "search", *surface, "--constraints", tables / "c.json", "--objective", "heldout:*", "--draws", 20,
        "--small", tables / "losses.csv", "--large", tables / "losses.csv", "--out", tmp_path / "best.json",
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads((tmp_path / "best.json").read_bytes())
    assert list(told["best"]) == ["raw", "z", "gain"]
    for one in told["best"].values():
        weights = {name: value["weight"] for name, value in one["weights"].items()}
        assert sum(value["value"] for value in weights.values()) == pytest.approx(1)
        assert all(value["low"] <= value["high"] for value in weights.values())
        assert one["better_than_natural_share"] > 0.9


def test_design_chooses_from_a_table(tables: Path, tmp_path: Path) -> None:
    weights = tables / "weights.csv"
    done = mixtures("design", "--candidates", weights, "--k", 6, "--out", tmp_path / "ids.csv")
    assert (done.returncode, done.stderr) == (0, "")
    chosen = pa_csv.read_csv(tmp_path / "ids.csv")
    assert (chosen.column_names, chosen.num_rows) == (["run", *made.NATURAL], 6)
    assert len(set(chosen["run"].to_pylist())) == 6
    more = mixtures(
        "design", "--candidates", weights, "--trained", tmp_path / "ids.csv", "--k", 3, "--out", tmp_path / "more.csv"
    )
    assert (more.returncode, more.stderr) == (0, "")
    assert not set(pa_csv.read_csv(tmp_path / "more.csv")["run"].to_pylist()) & set(chosen["run"].to_pylist())
    assert (
        mixtures("fit", "--weights", weights, "--losses", tables / "losses.csv", "--out", tmp_path / "s.npz").stderr
        == ""
    )
    told = mixtures(
        "design", "--candidates", weights, "--surface", tmp_path / "s.npz", "--k", 2, "--run-tokens", 1000,
        "--out", tmp_path / "next.csv",
    )  # fmt: skip
    assert (told.returncode, told.stderr) == (0, "")
    assert "2 mixtures, 2,000 tokens" in told.stdout
    assert pa_csv.read_csv(tmp_path / "next.csv")["variance_share"].to_pylist()[0] > 0
    both = mixtures("design", "--k", 2, "--out", tmp_path / "x.csv")
    assert both.returncode == 2
    assert "give --constraints" in both.stderr


@pytest.mark.data
def test_published_tables_go_through_as_the_how_to_says(shared_data: Callable[[str], Path], tmp_path: Path) -> None:
    weights = shared_data("mixtures/pile_1m_paired64_mix.csv")
    losses = shared_data("mixtures/pile_1m_paired64_loss.csv")
    begun = mixtures("constraints", "--weights", weights, "--output", tmp_path / "c.json")
    assert (begun.returncode, begun.stderr) == (0, "")
    done = mixtures(
        "propose", "--weights", weights, "--losses", losses, "--constraints", tmp_path / "c.json",
        "--objective", "pile_cc", "--unit", "nats a token", "--replicas", 10, "--output", tmp_path,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads((tmp_path / "mixture.json").read_bytes())["proposal"]
    assert told["scores"]["surface"]["spearman"] > max(0.8, told["scores"]["linear"]["spearman"])
    assert "nats a token cannot be seen" in told["verdict"]


def test_what_is_missing_in_a_table_is_said_before_anybody_trusts_it(tmp_path: Path) -> None:
    """Blanks around names, losses that some runs lack, runs of one table only, a domain that nobody trained on."""
    runs = made.runs(count=16, repeats=2)
    head = ", ".join(("run", *runs.domains, "legal"))
    rows = [f"{one:03d}, {', '.join(map(str, row))}, 0" for one, row in enumerate(runs.weights)]
    (tmp_path / "w.csv").write_text("\n".join((head, *rows)))
    losses = [[f"{one:03d}", *map(str, row)] for one, row in enumerate(runs.losses)]
    losses[3][2], losses[4][2] = "NaN", "inf"
    lines = [",".join(("run", *runs.tasks)), *map(",".join, losses[:-2])]
    (tmp_path / "l.csv").write_text("\n".join(lines))
    done = mixtures("fit", "--weights", tmp_path / "w.csv", "--losses", tmp_path / "l.csv", "--out", tmp_path / "s.npz")
    assert (done.returncode, done.stderr) == (0, "")
    assert "left out  2 runs (016, 017): has weights but no losses\n" in done.stdout
    guess = "no run was trained on any of legal: whatever is said of it is a guess; set its maximum to 0\n"
    assert guess in done.stdout
    assert "16 runs of 5 domains, 3 tasks; losses 0.9974 to 1.648, lower is better\n" in done.stdout
    code = next(line for line in done.stdout.splitlines() if line.startswith("heldout:code"))
    assert code.endswith("(14 of 16 runs have it)") and done.stdout.count("runs have it") == 1
    feasible = made.constraints()
    for most in (0.0, 1.0):
        more = {**feasible.domains, "legal": Domain(natural=0.0, maximum=most)}
        c = Constraints(domains=more, budget_tokens=feasible.budget_tokens, max_epochs=4)
        (tmp_path / "c.json").write_text(json.dumps(c.written()))
        done = mixtures(
            "search", "--surface", tmp_path / "s.npz", "--constraints", tmp_path / "c.json", "--objective", "*",
            "--draws", 10, "--out", tmp_path / "b.json",
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        assert (guess in done.stdout) == (most > 0)


def test_a_task_that_counts_for_nothing_costs_no_pair(tables: Path, tmp_path: Path) -> None:
    """Three runs have its loss, all at neither size of the pairs: they were left out for it, and weights not found."""
    runs = made.runs(count=16, repeats=2)
    rare = [f"{at}.5" if at < 3 else "None" for at in range(len(runs.ids))]
    for name, losses in (("small", runs.losses), ("large", 0.5 * runs.losses + 0.2)):
        columns = dict(zip(runs.tasks, losses.T, strict=True))
        pa_csv.write_csv(pa.table({"run": runs.ids, **columns, "qa:books:": rare}), tmp_path / f"{name}.csv")
    fitted = mixtures(
        "fit", "--weights", tables / "weights.csv", "--losses", tmp_path / "small.csv", "--out", tmp_path / "s.npz"
    )
    assert (fitted.returncode, fitted.stderr) == (0, "")
    for large in (tmp_path / "large.csv", tmp_path / "without.csv"):
        done = mixtures(
            "search", "--surface", tmp_path / "s.npz", "--constraints", tables / "c.json", "--draws", 10,
            "--small", tmp_path / "small.csv", "--large", large, "--out", tmp_path / "o.json",
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        said = [one for one in done.stdout.splitlines() if one.startswith(("left out", str(tmp_path / "small")))]
        assert said == ["left out  qa:books:: 3 runs have a loss of it, and 8 are needed: it counts for nothing"]
        told = json.loads((tmp_path / "o.json").read_bytes())
        assert [told["gain_slopes"][task]["value"] for task in runs.tasks] == pytest.approx([0.5] * 3, abs=0.05)
        table = pa_csv.read_csv(tmp_path / "large.csv").drop_columns("qa:books:")
        pa_csv.write_csv(table, tmp_path / "without.csv")
