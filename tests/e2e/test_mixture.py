"""From a published corpus to a validated mixture as a user types it; killed, resumed, looked at, asked."""

from __future__ import annotations

import hashlib
import json
import re
import signal
import subprocess
import time
from pathlib import Path

import duckdb
import psutil
import pytest
import yaml

from mixtures.proposal.propose import VERSION as PROPOSAL_VERSION
from mixtures.report import report as reporting
from mixtures.report.report import Report
from proxy_models.__main__ import main
from tests.conftest import ROOT
from tests.e2e import drive
from tests.proxy_models.tiny_experiment import FIELDS, corpus

ARMS = ("natural", "proposed", "uniform", "best_observed", "random")


def command(name: str, data: Path) -> list[str]:
    experiment = data / "tiny.yaml"
    options = ("--experiment", str(experiment), "--data", str(data), "--device", "cpu", "--workers", "2")
    return [drive.PYTHON, "-m", "proxy_models", name, *options]


def told(name: str, data: Path, expect: int = 0) -> str:
    """What the command says, in this process; where it trains, its workers are processes."""
    return drive.said_by(main, command(name, data)[3:], expect)


def told_by_a_process(name: str, data: Path) -> str:
    done = subprocess.run(command(name, data), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def made(folder: Path) -> dict[str, bytes]:
    """What must be the same again: results, tables, report and registration."""
    files = [*folder.glob("60_trials/*/result.json"), *folder.glob("61_reports/tiny/*")]
    files = [path for path in files if path.name not in ("spent.json", "mixture.html")]  # which tell minutes
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(files)}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = corpus(tmp_path_factory.mktemp("mixture"))
    (folder / "tiny.yaml").write_text(yaml.safe_dump(FIELDS))
    return folder


@pytest.fixture(scope="module")
def first(data: Path) -> str:
    """What registering and validating say; the first makes tokens and trains the sweep, too."""
    return told_by_a_process("register", data) + told_by_a_process("validate", data)


def test_one_command_goes_from_the_corpus_to_the_verdict(data: Path, first: str) -> None:
    assert "not which mixture is best: differences below" in first
    assert "left out  tiny: 1 documents" in first
    assert "validated  proposed" in first
    report = Report.read(data / "61_reports" / "tiny")
    assert report.validation is not None
    judged = {one.arm: len(one.losses) for one in report.validation.judged}
    left_out = report.validation.registration.left_out
    assert judged == dict.fromkeys((name for name in ARMS if name not in left_out), 2)
    assert {"natural", "proposed", "random"} <= judged.keys()
    assert (report.proposal.runs, report.proposal.mixtures, report.proposal.left_out) == (14, 10, {})
    assert report.proposal.noise.source == "replicates"


def test_it_was_registered_before_the_first_validation_run(data: Path, first: str) -> None:
    path = data / "61_reports" / "tiny" / "preregistered.json"
    rows = duckdb.sql(f"select run_id, arm from '{data}/61_reports/tiny/validation.runs.parquet'").fetchall()
    written, registered = path.stat().st_mtime_ns, json.loads(path.read_bytes())
    assert all((data / "60_trials" / run_id / "recipe.json").stat().st_mtime_ns > written for run_id, _ in rows)
    assert {run_id for run_id, _ in rows} == {one for ids in registered["runs"].values() for one in ids}
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    report = Report.read(path.parent)
    assert report.validation is not None
    assert (report.registered, report.validation.sha256) == (sha256, sha256)
    assert f"sha256     {sha256}" in first
    assert report.inputs.items() <= registered["inputs"].items()


def test_nothing_is_trained_that_was_not_registered(data: Path, first: str) -> None:
    path, trials = data / "61_reports" / "tiny" / "preregistered.json", data / "60_trials"
    before, kept = {one.name for one in trials.iterdir()}, made(data)
    try:
        (data / "tiny.yaml").write_text(yaml.safe_dump(FIELDS | {"experiment": "unregistered"}))
        assert "nothing is registered" in told("validate", data, expect=2)
        other = FIELDS["validation"] | {"learning_rate": 0.01}
        (data / "tiny.yaml").write_text(yaml.safe_dump(FIELDS | {"validation": other}))
        for name in ("validate", "register"):
            assert "something else was registered before (runs)" in told(name, data, expect=2)
    finally:
        (data / "tiny.yaml").write_text(yaml.safe_dump(FIELDS))
    assert path.exists()
    assert made(data) == kept
    assert {one.name for one in trials.iterdir()} == before


def test_validation_runs_differ_in_mixture_and_seed_only(data: Path, first: str) -> None:
    folder = data / "61_reports" / "tiny"
    rows = duckdb.sql(
        f"select arm, count(distinct seed), min(tokens), max(tokens), count(distinct parameters) "
        f"from '{folder}/validation.runs.parquet' group by 1"
    ).fetchall()
    assert sorted(rows) == [(name, 2, 1024, 1024, 1) for name in sorted(one[0] for one in rows)]
    recipes = [json.loads(path.read_bytes()) for path in data.glob("60_trials/*/recipe.json")]
    of = [one for one in recipes if one["evaluation"]["side"] == "final"]
    ids = {run_id for (run_id,) in duckdb.sql(f"select run_id from '{folder}/validation.runs.parquet'").fetchall()}
    assert len(ids) == len(of)  # nothing else has read the final side
    rest = [{name: value for name, value in one.items() if name not in ("weights", "seed")} for one in of]
    assert all(one == rest[0] for one in rest)


def test_weights_and_losses_are_joined_by_run(data: Path, first: str) -> None:
    folder = data / "61_reports" / "tiny"
    rows = duckdb.sql(
        'select r.kind, count(*), bool_and(abs(w.web + w.wiki - 1) < 1e-9), bool_and(isfinite("heldout:web")) '
        f"from '{folder}/runs.parquet' r join '{folder}/weights.parquet' w using (run_id) "
        f"join '{folder}/losses.parquet' l using (run_id) group by 1 order by 1"
    ).fetchall()
    assert rows == [("repeat", 4, True, True), ("trial", 10, True, True)]


def test_a_second_call_trains_nothing_and_changes_nothing(data: Path, first: str) -> None:
    before = made(data)
    again = told("validate", data)
    assert "14 of 14 runs have ended before" in again
    assert len(re.findall(r"(\d+) of \1 runs have ended before", again)) == 2
    assert "run 1 of" not in again
    assert made(data) == before
    swept = told("sweep", data)
    assert "validated  proposed" in swept  # the report is the one that is there
    assert made(data) == before


def test_killed_and_given_again_it_ends_in_the_same_bytes(data: Path, first: str, tmp_path: Path) -> None:
    killed = corpus(tmp_path / "data")
    (killed / "tiny.yaml").write_text(yaml.safe_dump(FIELDS))
    with drive.started(command("register", killed), tmp_path / "log") as process:
        assert drive.wait_for(lambda: len(list(killed.glob("60_trials/*/result.json"))) > 1, process)
        children = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert psutil.wait_procs(children, 300)[1] == []  # nobody goes on training for a parent that is gone
    before = {path: path.stat().st_mtime_ns for path in killed.glob("60_trials/*/result.json")}
    assert before
    time.sleep(0.01)
    told("register", killed)
    assert "validated  proposed" in told("validate", killed)
    assert all(path.stat().st_mtime_ns == written for path, written in before.items())
    assert made(killed) == made(data)


def test_another_objective_is_another_proposal_of_the_same_runs(data: Path, first: str, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in data.glob("60_trials/*/result.json")}
    other = FIELDS | {"experiment": "other", "objective": {"tasks": {"heldout:wiki": 1.0}}}
    (data / "tiny.yaml").write_text(yaml.safe_dump(other))
    try:
        told("sweep", data)
    finally:
        (data / "tiny.yaml").write_text(yaml.safe_dump(FIELDS))
    report = Report.read(data / "61_reports" / "other")
    assert [one.share for one in report.proposal.tasks if one.task == "heldout:wiki"] == [1.0]
    assert report.validation is None
    assert {path: path.stat().st_mtime_ns for path in data.glob("60_trials/*/result.json")} == before


def test_a_proposal_of_an_older_version_is_made_anew_unless_it_was_registered(data: Path, first: str) -> None:
    other = FIELDS | {"experiment": "older"}
    folder = data / "61_reports" / "older"
    titles = []
    (data / "tiny.yaml").write_text(yaml.safe_dump(other))
    try:
        told("sweep", data)
        made = Report.read(folder)
        assert made.made is not None and made.made.versions["proposal"] == str(PROPOSAL_VERSION)
        old = made.model_copy(
            update={"title": "old", "made": made.made.model_copy(update={"versions": {"proposal": "0"}})}
        )
        for registered in (None, "0" * 64):
            reporting.write(folder, old.model_copy(update={"registered": registered}))
            told("sweep", data)
            titles.append(Report.read(folder).title)
    finally:
        (data / "tiny.yaml").write_text(yaml.safe_dump(FIELDS))
    assert titles == [made.title, "old"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"proxies": FIELDS["proxies"] | {"steps": 10**6}}, "a budget of"),
        ({"feasible": {"domains": {"web": {"minimum": 0.6}, "wiki": {"minimum": 0.6}}}}, "minimums add up to 1.2"),
        ({"gold": {"folder": "nowhere", "benchmarks": ["piqa"]}}, "commonsense_mc.jsonl.gz"),
        ({"objective": {"tasks": {"gold:*": 1.0}}}, "no task is left for gold:*"),
        ({"experiments": "x"}, "experiments: no such key; did you mean experiment?"),
    ],
)
def test_what_is_wrong_is_said_with_its_mend(data: Path, first: str, changes: dict[str, object], said: str) -> None:
    (data / "tiny.yaml").write_text(yaml.safe_dump(FIELDS | {"experiment": "wrong"} | changes))
    try:
        printed = told("sweep", data, expect=2)
    finally:
        (data / "tiny.yaml").write_text(yaml.safe_dump(FIELDS))
    assert said in " ".join(printed.split())
    assert "Traceback" not in printed


def test_the_front_door_opens(data: Path, first: str) -> None:
    before = made(data)
    for target in ("mixture", "validate", "report"):
        arguments = [*drive.MAKE, target, f"DATA={data}", f"EXPERIMENT={data / 'tiny.yaml'}"]
        done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "validated  proposed" in done.stdout
    assert made(data) == before


@pytest.mark.browser
def test_the_report_in_a_browser_says_what_the_runs_say(data: Path, first: str, browser) -> None:
    said, asked = [], []
    page = browser.new_page()
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto((data / "61_reports" / "tiny" / "mixture.html").as_uri())
    assert said == []
    assert [url for url in asked if not url.startswith("file:")] == []
    head = page.locator("header").first.inner_text()
    assert "14 proxies" in head
    assert "Plumbing check" in page.inner_text("#mixture")
    report = Report.read(data / "61_reports" / "tiny")
    assert page.locator("#mixture tbody tr").count() == len(report.proposal.domains)
    assert "proposed" in page.inner_text("#validation")
    page.close()
