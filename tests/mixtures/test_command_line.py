"""The command line on anyone's tables: constraints, design, propose, report; what is wrong is said in a line."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest

from tests.mixtures import made

ROOT = Path(__file__).parents[2]


def mixtures(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mixtures", *map(str, arguments)]
    env = {"OPENBLAS_NUM_THREADS": "1", "PATH": ""}
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """weights.csv, losses.csv with one diverged run, and c.json."""
    folder, runs = tmp_path_factory.mktemp("tables"), made.runs(count=16, repeats=2)
    losses = runs.losses.copy()
    losses[3, 1] = float("nan")
    for name, columns, values in (("weights", runs.domains, runs.weights), ("losses", runs.tasks, losses)):
        table = pa.table({"run": runs.ids, **dict(zip(columns, values.T, strict=True))})
        pa_csv.write_csv(table, folder / f"{name}.csv")
    (folder / "c.json").write_text(made.constraints().model_dump_json())
    return folder


def test_from_tables_to_a_report(tables: Path, tmp_path: Path) -> None:
    done = mixtures(
        "propose", "--weights", tables / "weights.csv", "--losses", tables / "losses.csv",
        "--constraints", tables / "c.json", "--id-column", "run", "--objective", "heldout:*=1",
        "--objective", "gold:*=0.5", "--replicas", 10, "--output", tmp_path,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads((tmp_path / "mixture.json").read_bytes())
    assert told["proposal"]["left_out"] == {"run003": "no finite loss on heldout:code"}
    assert [one["share"] for one in told["proposal"]["tasks"]] == pytest.approx([1 / 3] * 3)
    assert all(len(digest) == 64 for digest in told["inputs"].values())
    page = (tmp_path / "mixture.html").read_bytes()
    (tmp_path / "mixture.html").unlink()
    assert mixtures("report", tmp_path).returncode == 0
    assert (tmp_path / "mixture.html").read_bytes() == page


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
    assert (len(told["trials"]), list(told["trials"][0])) == (6, list(made.NATURAL))


def test_what_is_wrong_is_said_in_a_line(tables: Path, tmp_path: Path) -> None:
    done = mixtures(
        "propose", "--weights", tables / "weights.csv", "--losses", tables / "losses.csv",
        "--constraints", tables / "c.json", "--output", tmp_path / "none",
    )  # fmt: skip
    assert done.returncode == 2
    assert "no column run_id among ['run', 'web'" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "none").exists()


@pytest.mark.data
def test_published_tables_go_through_as_the_how_to_says(shared_data: Callable[[str], Path], tmp_path: Path) -> None:
    weights = shared_data("mixtures/pile_1m_paired64_mix.csv")
    losses = shared_data("mixtures/pile_1m_paired64_loss.csv")
    begun = mixtures("constraints", "--weights", weights, "--id-column", "index", "--output", tmp_path / "c.json")
    assert (begun.returncode, begun.stderr) == (0, "")
    done = mixtures(
        "propose", "--weights", weights, "--losses", losses, "--constraints", tmp_path / "c.json",
        "--id-column", "index", "--sum-tolerance", "0.02", "--objective", "pile_cc", "--unit", "nats a token",
        "--replicas", 10, "--output", tmp_path,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads((tmp_path / "mixture.json").read_bytes())["proposal"]
    assert told["scores"]["surface"]["spearman"] > max(0.8, told["scores"]["linear"]["spearman"])
    assert "nats a token cannot be seen" in told["verdict"]
