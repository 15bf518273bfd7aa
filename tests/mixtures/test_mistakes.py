"""Whatever is wrong with a command, its files or its numbers: one line that names it with its mend, exit code 2."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest

from mixtures.__main__ import main
from tests.conftest import ROOT
from tests.mixtures import made

RUNS = made.runs(count=14, repeats=2)


def table(path: Path, ids: tuple[str, ...], columns: tuple[str, ...], values: np.ndarray, name: str = "run") -> None:
    """The column of ids last."""
    pa_csv.write_csv(pa.table({**dict(zip(columns, values.T, strict=True)), name: ids}), path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """w.csv, l.csv, c.json and s.npz are right; all others are not."""
    to = tmp_path_factory.mktemp("mistakes")
    runs, feasible = RUNS, made.constraints().written()
    table(to / "w.csv", runs.ids, runs.domains, runs.weights)
    table(to / "l.csv", runs.ids, runs.tasks, runs.losses)
    table(to / "pool.csv", tuple(f"p{one}" for one in range(6)), runs.domains, runs.weights[:6], "id")
    table(to / "p_short.csv", runs.ids, ("web", "papers", "books"), runs.weights[:, [0, 2, 3]])
    table(to / "percent.csv", runs.ids, runs.domains, 100 * runs.weights)
    table(to / "seed.csv", runs.ids, (*runs.domains, "seed"), np.column_stack((runs.weights, range(16))))
    table(to / "few.csv", runs.ids[:3], runs.domains, runs.weights[:3])
    table(to / "l_few.csv", runs.ids[:3], runs.tasks, runs.losses[:3])
    table(to / "l_other.csv", tuple(f"x{one}" for one in runs.ids), runs.tasks, runs.losses)
    table(to / "l_flat.csv", runs.ids, runs.tasks, np.column_stack((runs.losses[:, :2], np.ones(16))))
    pa_csv.write_csv(pa.table(dict(zip(runs.domains, runs.weights.T, strict=True))), to / "no_ids.csv")
    table(to / "tokens.csv", runs.ids, runs.domains, np.round(1e6 * runs.weights))
    table(to / "l_upper.csv", runs.ids, runs.tasks, runs.losses, "Run")
    (to / "l_head.csv").write_text("run,prose\n")
    table(to / "l_all_flat.csv", runs.ids, runs.tasks, np.ones((16, 3)))
    table(to / "same.csv", runs.ids, runs.domains, np.tile(runs.weights[0], (16, 1)))
    table(to / "l_anti.csv", runs.ids, runs.tasks, -runs.losses)
    table(to / "l_none.csv", runs.ids, runs.tasks, np.column_stack((np.full(16, np.nan), runs.losses[:, 1:])))
    (to / "typo.json").write_text(json.dumps({**feasible, "domains": {**feasible["domains"], "Web": {"natural": 1}}}))
    table(to / "early.csv", tuple(f"e{one}" for one in range(16)), runs.domains, runs.weights)
    table(to / "l_early.csv", tuple(f"e{one}" for one in range(16)), runs.tasks[:2], runs.losses[:, :2])
    table(to / "l_one_flat.csv", runs.ids, runs.tasks, np.column_stack((np.ones(16), runs.losses[:, 1:])))
    for name, mark in (("l_semi", ";"), ("l_tab", "\t")):
        (to / f"{name}.csv").write_text((to / "l.csv").read_text().replace(",", mark))
    (to / "l_words.csv").write_text("run,prose\na,1.5\nb,NaN\nc,N/A\nd,diverged\n")
    (to / "w_sign.csv").write_text("run,web,code\na,50%,50%\n")
    (to / "empty.csv").write_text("")
    (to / "latin.csv").write_bytes((to / "w.csv").read_text().replace("web", "Ärzte").encode("latin-1"))
    (to / "comma.csv").write_text((to / "w.csv").read_text().replace("\n", ",\n"))
    (to / "commas.csv").write_text((to / "w.csv").read_text().replace("\n", ",,\n"))
    (to / "ragged.csv").write_text("run,web\na,1\nb\n")
    (to / "twice.csv").write_text("run,web,web\na,1,0\n")
    (to / "words.csv").write_text("run,web,code\na,much,little\n")
    (to / "c.json").write_text(json.dumps(feasible))
    (to / "broken.json").write_text('{"budget_tokens": 1, ')
    (to / "twice.json").write_text('{"domains": {"web": {"natural": 1}, "web": {"natural": 2}}}')
    (to / "list.json").write_text("[1]")
    (to / "text.json").write_text(json.dumps({**feasible, "budget_tokens": "x"}))
    (to / "domain.json").write_text(json.dumps({**feasible, "domains": {"web": 3}}))
    (to / "key.json").write_text(json.dumps({**feasible, "domains": {"web": {"natural": 1, "most": 1}}}))
    (to / "word.json").write_text(json.dumps({**feasible, "domains": {"web": {"natural": 1, "minimum": "x"}}}))
    (to / "other.json").write_text(json.dumps({**feasible, "domains": {"web": {"natural": 1}}}))
    (to / "reports").mkdir()
    (to / "reports" / "mixture.json").write_text('{"title": 1}')
    assert main(["fit", "--weights", f"{to}/w.csv", "--losses", f"{to}/l.csv", "--out", f"{to}/s.npz"]) == 0
    (to / "cut.npz").write_bytes((to / "s.npz").read_bytes()[:5000])
    with zipfile.ZipFile(to / "s.npz") as whole, zipfile.ZipFile(to / "part.npz", "w") as part:
        for name in whole.namelist():
            if not name.startswith("task0"):
                part.writestr(name, whole.read(name))
    np.save(to / "array.npy", np.ones(3))
    np.savez(to / "arrays.npz", a=np.ones(3))
    return to


PROPOSE = "propose --output {0}/o --weights {0}/w.csv --losses {0}/l.csv --constraints {0}/c.json "
FIT = "fit --out {0}/o.npz --weights {0}/"
PREDICT = "predict --out {0}/o.csv --surface {0}/"
DESIGN = "design --out {0}/o.csv "
SEARCH = "search --out {0}/o.json --surface {0}/s.npz --constraints {0}/"

MISTAKES = [
    (
        "propose --output {0}/o --weights {0}/w.csv --losses {0}/l_all_flat.csv --constraints {0}/c.json",
        "l_all_flat.csv: no task says anything of mixtures (heldout:prose, heldout:code, gold:science: all 16 losses",
    ),
    (
        SEARCH + "c.json --small {0}/l_one_flat.csv --large {0}/l.csv",
        f"l_one_flat.csv: all losses of {RUNS.tasks[0]} are equal: no larger loss can follow them; mend them",
    ),
    (
        "propose --output {0}/o --weights {0}/same.csv --losses {0}/l.csv --constraints {0}/c.json",
        "same.csv and",
    ),
    (
        "propose --output {0}/o --weights {0}/few.csv --losses {0}/l_few.csv --constraints {0}/c.json",
        "gold:science: 3 runs have a loss of it, and 8 are needed): give runs that do",
    ),
    (
        "propose --output {0}/o --weights {0}/w.csv --losses {0}/l_none.csv --constraints {0}/c.json",
        "no run has a loss on heldout:prose: drop the column, or write its losses",
    ),
    (
        "propose --output {0}/o --weights {0}/w.csv --losses {0}/l.csv --constraints {0}/typo.json",
        "typo.json: domains: no run was trained on any of Web (there are web, code, papers, books)",
    ),
    (PROPOSE + "--objective silver", "l.csv: objective: no task is left for silver: ask for some of gold:science,"),
    (PROPOSE + "--small {0}/l_few.csv --large {0}/l_few.csv", "l_few.csv: 3 pairs: gains need 8 different mixtures"),
    (
        PROPOSE + "--small {0}/l.csv --large {0}/l.csv --small-weights {0}/same.csv",
        "l.csv: 16 pairs of 1 mixtures: gains need 8 different mixtures at both sizes",
    ),
    (PROPOSE + "--small {0}/l.csv --large {0}/l_anti.csv", "l_anti.csv: larger models follow smaller ones in no task"),
    (SEARCH + "c.json --small {0}/l.csv --large {0}/l_anti.csv", "l_anti.csv: larger models follow smaller ones in no"),
    (
        PROPOSE + "--small {0}/l.csv --large {0}/l_none.csv",
        "l_none.csv: no run has all its losses at both sizes: run000: no finite loss on heldout:prose in ",
    ),
    (
        PROPOSE + "--earlier-weights {0}/early.csv --earlier-losses {0}/l_early.csv",
        "l_early.csv: no column gold:science: earlier runs need every task of these",
    ),
    (FIT + "none.csv --losses {0}/l.csv", "none.csv: no file is there"),
    (FIT + "c.json --losses {0}/l.csv", "c.json: tables are read from .parquet or .csv"),
    (FIT + "empty.csv --losses {0}/l.csv", "empty.csv: not a table of the kind its name says: Empty CSV file"),
    (FIT + "ragged.csv --losses {0}/l.csv", "ragged.csv: not a table of the kind its name says: CSV parse error"),
    (FIT + "twice.csv --losses {0}/l.csv", "twice.csv: column web stands twice; rename or drop one"),
    (
        FIT + "latin.csv --losses {0}/l.csv",
        "latin.csv: its text is not UTF-8 (invalid continuation byte): save it as UTF-8",
    ),
    (
        FIT + "comma.csv --losses {0}/l.csv",
        "comma.csv: column 6 has no name: give it one, or drop it (a comma at the end",
    ),
    (FIT + "commas.csv --losses {0}/l.csv", "commas.csv: column 6 has no name: give it one"),
    (FIT + "words.csv --losses {0}/l.csv", "words.csv: column web holds string, not numbers: drop it"),
    (
        FIT + "w_sign.csv --losses {0}/l.csv",
        "w_sign.csv: column web holds string, not numbers: drop it, or mend what is written there (a: 50%)",
    ),
    (
        FIT + "w.csv --losses {0}/l_words.csv",
        "l_words.csv: column prose holds string, not numbers: drop it, or mend what is written there (d: diverged)",
    ),
    (FIT + "w.csv --losses {0}/l_head.csv", "l_head.csv: no rows below the header"),
    (FIT + "w.csv --losses {0}/l_semi.csv", "l_semi.csv: its columns are separated by semicolons: write commas"),
    (FIT + "w.csv --losses {0}/l_tab.csv", "l_tab.csv: its columns are separated by tabs: write commas"),
    (
        FIT + "w.csv --losses {0}/l_upper.csv",
        "against heldout:prose, heldout:code, gold:science, Run: give both one of the same name",
    ),
    (FIT + "tokens.csv --losses {0}/l.csv", "all rows add up to about 1e+06; divide each by its sum"),
    (
        FIT + "percent.csv --losses {0}/l.csv",
        "percent.csv: run run000 adds up to 100, not to 1: these look like",
    ),
    (
        FIT + "seed.csv --losses {0}/l.csv",
        "seed.csv: run run001 adds up to 2, not to 1: but for seed all do: drop it",
    ),
    (FIT + "no_ids.csv --losses {0}/l.csv", "no column of ids that both have among web, code, papers, books against"),
    (
        FIT + "w.csv --losses {0}/l_other.csv",
        "no run has both weights and finite losses; run run000, run001,",
    ),
    (FIT + "w.csv --losses {0}/w.csv", "w.csv hold the same numbers: give weights, and the losses of their runs"),
    (FIT + "few.csv --losses {0}/l_few.csv", "l_few.csv: 3 runs: a surface needs at least 8"),
    (FIT + "w.csv --losses {0}/l.csv --id-column key", "w.csv: no column key among"),
    (FIT + "w.csv", "Missing option '--losses'; python -m mixtures --help"),
    (PREDICT + "none.npz --candidates {0}/pool.csv", "none.npz: no file is there; python -m mixtures fit makes one"),
    (PREDICT + "w.csv --candidates {0}/pool.csv", "w.csv: not a surface, or not a whole one; python -m mixtures fit"),
    (PREDICT + "cut.npz --candidates {0}/pool.csv", "cut.npz: not a surface, or not a whole one"),
    (PREDICT + "part.npz --candidates {0}/pool.csv", "part.npz: not a whole surface"),
    (PREDICT + "array.npy --candidates {0}/pool.csv", "array.npy: not a surface"),
    (PREDICT + "arrays.npz --candidates {0}/pool.csv", "arrays.npz: not a surface"),
    (
        PREDICT + "s.npz --candidates {0}/no_ids.csv",
        "no_ids.csv: no column of ids among web, code, papers, books",
    ),
    (PREDICT + "s.npz --candidates {0}/no_ids.csv --id-column web", "no_ids.csv: --id-column web is a domain"),
    (PREDICT + "s.npz --candidates {0}/seed.csv", "seed.csv: seed is no domain; there are web, code, papers, books"),
    (PREDICT + "s.npz --candidates {0}/p_short.csv", "drop what is none, add what is missing; it has no column code"),
    (PREDICT + "s.npz --candidates {0}/percent.csv", "percent.csv: run run000 adds up to 100"),
    (DESIGN, "give --constraints, and trials are made, or --candidates"),
    (DESIGN + "--candidates {0}/pool.csv --k 7", "pool.csv: count 7: choose from 1 to all 6 mixtures"),
    (DESIGN + "--candidates {0}/pool.csv --k 7 --surface {0}/s.npz", "pool.csv: count 7: choose from 1 to all 6"),
    (DESIGN + "--candidates {0}/pool.csv --k 0", "Invalid value for '--count' / '--k'"),
    (DESIGN + "--candidates {0}/pool.csv --k -3", "Invalid value for '--count' / '--k'"),
    (DESIGN + "--candidates {0}/pool.csv --k 2 --trained {0}/percent.csv", "percent.csv: run run000 adds up to 100"),
    (
        DESIGN + "--candidates {0}/pool.csv --surface {0}/s.npz --trained {0}/w.csv",
        "--trained: it is read without --surface (which knows its runs) only; leave it out",
    ),
    (
        DESIGN + "--candidates {0}/pool.csv --constraints {0}/c.json",
        "--constraints: it is read without --candidates",
    ),
    (DESIGN + "--candidates {0}/pool.csv --repeats 3", "--repeats: it is read without --candidates only"),
    (DESIGN + "--constraints {0}/c.json --trained {0}/w.csv", "--trained: it is read with --candidates only"),
    (DESIGN + "--constraints {0}/c.json --seed -1", "Invalid value for '--seed'"),
    (SEARCH + "none.json", "none.json: no file is there; python -m mixtures constraints begins one"),
    (SEARCH + "broken.json", "broken.json: not JSON: Expecting property name"),
    (SEARCH + "twice.json", "twice.json: not JSON: web stands twice"),
    (SEARCH + "list.json", "list.json: the file must be an object"),
    (SEARCH + "text.json", "text.json: budget_tokens: 'x' is not a number above 0"),
    (SEARCH + "domain.json", "domain.json: domains.web: it must be an object"),
    (SEARCH + "key.json", "key.json: domains.web: most: unknown; give natural, available_tokens, minimum, maximum"),
    (SEARCH + "word.json", "word.json: domains.web: minimum: 'x' is not a number within 0 to 1"),
    (
        SEARCH + "other.json",
        "other.json: domains: books, code, papers: missing in the constraints; what may not be used has a maximum of 0",
    ),
    (
        SEARCH + "typo.json",
        "typo.json: domains: Web: the surface's runs had none of it; leave it out of the constraints",
    ),
    (SEARCH + "c.json --draws 0", "Invalid value for '--draws'"),
    (SEARCH + "c.json --caution -1", "Invalid value for '--caution'"),
    (SEARCH + "c.json --caution inf", "caution: Input should be a finite number (got inf)"),
    (
        SEARCH + "c.json --objective silver",
        "s.npz: objective: no task is left for silver: ask for some of gold:science, heldout:code, heldout:prose",
    ),
    (SEARCH + "c.json --objective gold:*=x", "--objective gold:*=x: give PATTERN or PATTERN=SHARE"),
    (SEARCH + "c.json --small {0}/l.csv", "give --small and --large"),
    (SEARCH + "c.json --small {0}/l.csv --large {0}/l_other.csv", "l_other.csv: no run is in both (run000,"),
    (
        SEARCH + "c.json --small {0}/l_few.csv --large {0}/l_few.csv",
        "l_few.csv: 3 pairs: gains need 8 different mixtures at both sizes: train more of them, or leave the pairs out",
    ),
    (SEARCH + "c.json --small-weights {0}/w.csv", "--small-weights: it is read with --small and --large only"),
    (
        SEARCH + "c.json --small {0}/l.csv --large {0}/l.csv --small-weights {0}/few.csv",
        "few.csv: no row run003",
    ),
    ("constraints --weights {0}/percent.csv --output {0}/o.json", "percent.csv: run run000 adds up to 100"),
    ("constraints --weights {0}/w.csv --output {0}/o.json --budget-tokens 0", "Invalid value for '--budget-tokens'"),
    (PROPOSE + "--replicas 5", "Invalid value for '--replicas'"),
    (PROPOSE + "--seeds 40", "Invalid value for '--seeds'"),
    (PROPOSE + "--refiltered web", "earlier runs need --earlier-weights and --earlier-losses"),
    ("report {0}/none", "none holds no mixture.json: python -m mixtures propose makes one"),
    ("report {0}/reports", "reports/mixture.json: title: Input should be a valid string (got 1)"),
    ("guess", "No such command 'guess'; python -m mixtures --help"),
]


@pytest.mark.parametrize(("command", "message"), MISTAKES, ids=[message[:60] for _, message in MISTAKES])
def test_a_mistake_is_one_line(folder: Path, capsys: pytest.CaptureFixture[str], command: str, message: str) -> None:
    before = sorted(folder.rglob("*"))
    code = main(command.format(folder).split())
    told = capsys.readouterr()
    assert (code, told.out) == (2, "")
    assert told.err.startswith("wrong: ")
    assert told.err.count("\n") == 1
    assert message in told.err
    assert sorted(folder.rglob("*")) == before


def test_processes_end_as_the_function_does(folder: Path) -> None:
    """The interpreter's own exit code, warning and traceback; a warning is a sentence without a line of source."""

    def done(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "mixtures", *map(str, arguments)]
        env = {"OPENBLAS_NUM_THREADS": "1", "PATH": ""}
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)

    cut = folder / "cut.npz"
    failed = done("predict", "--surface", cut, "--candidates", folder / "w.csv", "--out", folder / "x.csv")
    assert failed.returncode == 2
    assert failed.stderr.splitlines() == [
        f"wrong: {cut}: not a surface, or not a whole one; python -m mixtures fit makes one"
    ]
    weights = np.random.default_rng(0).dirichlet(np.ones(12), 8)
    ids = tuple(map(str, range(1, 9)))
    table(folder / "wide.csv", ids, tuple("abcdefghijkl"), weights)
    table(folder / "wide_l.csv", ids, ("x",), weights[:, :1])
    warned = done(
        "fit", "--weights", folder / "wide.csv", "--losses", folder / "wide_l.csv", "--out", folder / "wide.npz"
    )
    assert warned.returncode == 0
    assert warned.stderr.splitlines() == [
        "warning: 8 runs of 12 domains: fewer runs than domains leave most of it a guess"
    ]


@pytest.mark.parametrize(
    ("into", "code", "message"),
    [
        ("/dev/full", 3, "environment: [Errno 28] No space left on device"),
        ("/dev/full/o.npz", 2, "wrong: /dev/full: "),
        ("/dev", 2, "wrong: /dev: Is a directory"),
    ],
)
def test_a_full_disk_is_not_called_a_mistake(
    folder: Path, capsys: pytest.CaptureFixture[str], into: str, code: int, message: str
) -> None:
    assert main(["fit", "--weights", f"{folder}/w.csv", "--losses", f"{folder}/l.csv", "--out", into]) == code
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert told.startswith(message)


def test_tasks_of_equal_losses_are_left_out_and_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flat = ["--losses", f"{folder}/l_flat.csv", "--weights", f"{folder}/w.csv"]
    assert main(["fit", *flat, "--out", f"{folder}/flat.npz"]) == 0
    assert "gold:science   says nothing of mixtures" in capsys.readouterr().out
    search = ["search", "--surface", f"{folder}/flat.npz", "--constraints", f"{folder}/c.json", "--draws", "10"]
    small = ["--small", f"{folder}/l_flat.csv", "--large", f"{folder}/l.csv"]
    assert main([*search, *small, "--out", f"{folder}/best.json"]) == 0
    assert "slopes alone" not in (said := capsys.readouterr().out)
    line = "left out  gold:science: all 16 losses are equal: it counts for nothing"
    assert line in said.splitlines()
    others = ["--small", f"{folder}/l.csv", "--large", f"{folder}/l.csv"]
    assert main([*search, *others, "--out", f"{folder}/best.json"]) == 0
    assert "l.csv: not all are runs of the fit, with their losses: gains are slopes alone" in capsys.readouterr().out
    assert main([*search, *others, "--small-weights", f"{folder}/w.csv", "--out", f"{folder}/best.json"]) == 0
    assert "slopes alone" not in capsys.readouterr().out
    slopes = json.loads((folder / "best.json").read_text())["gain_slopes"]
    assert slopes["gold:science"]["value"] == 0 < slopes["heldout:code"]["value"]
    assert main([*search, "--objective", "gold:*", "--out", f"{folder}/best.json"]) == 2
    assert "all tasks of gold:* have equal losses or too few" in capsys.readouterr().err
    propose = ["propose", *flat, "--constraints", f"{folder}/c.json", "--objective", "*", "--replicas", "10"]
    assert main([*propose, "--output", f"{folder}/report"]) == 0
    assert line in capsys.readouterr().out.splitlines()
    tasks = json.loads((folder / "report" / "mixture.json").read_text())["proposal"]["tasks"]
    assert [one["task"] for one in tasks] == ["heldout:prose", "heldout:code"]


def test_a_loss_far_from_all_others_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    losses = RUNS.losses.copy()
    losses[3, 1], losses[5, 1], losses[:, 2] = 1e9, np.nan, np.nan
    table(folder / "l_far.csv", RUNS.ids, RUNS.tasks, losses)
    given = ["--weights", f"{folder}/w.csv", "--losses", f"{folder}/l_far.csv", "--out", f"{folder}/far.npz"]
    assert main(["fit", *given]) == 0
    far = [line for line in capsys.readouterr().out.splitlines() if line.startswith("far off")]
    assert len(far) == 1
    assert far[0].startswith("far off  heldout:code: run003: 1e+09 where the median is 1.")
    assert far[0].endswith("it is fitted as it is; if it is no loss, leave it empty")
    assert main(["fit", *given[:2], "--losses", f"{folder}/l.csv", "--out", f"{folder}/near.npz"]) == 0
    assert "far off" not in capsys.readouterr().out


def test_a_fit_of_nothing_says_so_and_of_each_task_why(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for weights, losses, why in (
        ("w", "l_all_flat", "all 16 losses are equal"),
        ("same", "l", "all 16 runs are of one"),
    ):
        given = ["--weights", f"{folder}/{weights}.csv", "--losses", f"{folder}/{losses}.csv"]
        assert main(["fit", *given, "--out", f"{folder}/nothing.npz"]) == 0
        said = capsys.readouterr().out
        assert said.count(f"says nothing of mixtures: {why}") == 3
        assert "nothing was measured: of each task its mean is predicted" in said
        pool = ["--candidates", f"{folder}/pool.csv", "--out", f"{folder}/nothing.csv"]
        assert main(["predict", "--surface", f"{folder}/nothing.npz", *pool]) == 0
        told = pa_csv.read_csv(folder / "nothing.csv")
        assert np.ptp(told["gold:science"].to_numpy()) == 0
        search = ["search", "--surface", f"{folder}/nothing.npz", "--constraints", f"{folder}/c.json"]
        assert main([*search, "--out", f"{folder}/nothing.json"]) == 2
        assert "nothing.npz: objective: all tasks of * have equal losses or too few" in capsys.readouterr().err


def test_larger_losses_that_are_equal_and_domains_that_are_not_offered_are_said(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    feasible = made.constraints().written()
    feasible["domains"].pop("books")
    (folder / "less.json").write_text(json.dumps(feasible))
    pairs = ["--small", f"{folder}/l.csv", "--large", f"{folder}/l_flat.csv", "--replicas", "10", "--objective", "*"]
    given = ["--weights", f"{folder}/w.csv", "--losses", f"{folder}/l.csv", "--constraints", f"{folder}/less.json"]
    assert main(["propose", *given, *pairs, "--output", f"{folder}/less"]) == 0
    said = capsys.readouterr().out
    assert "not offered  books: no constraints name it: its weight is 0" in said
    assert "l_flat.csv: all losses of gold:science are equal: under gain it counts for nothing" in said
