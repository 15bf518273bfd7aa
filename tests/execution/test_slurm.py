"""`configs/slurm.sbatch` with a real scheduler, worker and run; `srun` and `scontrol` are stand-ins."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from pipeline.rooms.version import Current
from tests.conftest import ROOT

SCRIPT = ROOT / "configs" / "slurm.sbatch"
OF_SBATCH = {
    "--job-name",
    "--dependency",
    "--ntasks",
    "--cpus-per-task",
    "--mem-per-cpu",
    "--time",
    "--signal",
    "--requeue",
    "--open-mode",
    "--output",
}
"""Options of the script's head, which sbatch 22.05 takes."""
SRUN = """#!/bin/bash
set -e
while [[ $1 == --* ]]; do
  case $1 in
    --exact | --kill-on-bad-exit=0 | --wait=0 | --cpus-per-task=1) ;;
    --ntasks=*) count=${1#--ntasks=} ;;
    *) echo "srun: $1" >&2; exit 1 ;;
  esac
  shift
done
trap 'kill $(jobs -p); wait' EXIT TERM
for ((i = 0; i < count; i++)); do "$@" & done
wait
"""


def executable(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a job is given: `.venv/bin`, a config, stand-ins for SLURM in `bin`."""
    python = shlex.quote(sys.executable)
    executable(tmp_path / ".venv/bin/python", f'#!/bin/sh\nexec {python} "$@"\n')
    executable(tmp_path / ".venv/bin/dask", f'#!/bin/sh\nexec {python} -m dask "$@"\n')
    executable(tmp_path / "bin/srun", SRUN)
    executable(tmp_path / "bin/scontrol", '#!/bin/sh\necho "$@" >> scontrol.log\n')
    for number in range(4):
        lines = [{"id": f"{number}-{i}", "text": f"Text {i} of file {number}. " * 30} for i in range(200)]
        (tmp_path / f"{number}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    source = {"reader": {"kind": "text", "id_column": "id"}, "inputs": str(tmp_path / "*.jsonl")}
    (tmp_path / "x.yaml").write_text(yaml.safe_dump({"run": "x", "sources": {"s": source}, "filter": []}))
    return tmp_path


def job(folder: Path) -> subprocess.Popen[bytes]:
    """The script as SLURM starts it, leading a group of processes of its own, with one worker."""
    environment = os.environ | {
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "TMPDIR": str(folder),
        "SLURM_JOB_ID": "7",
        "SLURM_NTASKS": "3",
        "SLURM_CPUS_PER_TASK": "1",
        "SLURM_MEM_PER_CPU": "2048",
    }
    with (folder / "job.log").open("ab") as log:
        return subprocess.Popen(
            ["bash", SCRIPT, "x.yaml", "data"],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def ended(folder: Path, running: subprocess.Popen[bytes]) -> int:
    """Its exit code; SLURM ends what it leaves behind."""
    code = running.wait()
    os.killpg(running.pid, signal.SIGKILL)
    assert not (folder / "riffle-7.scheduler.json").exists()
    return code


def until_at_work(folder: Path, running: subprocess.Popen[bytes]) -> None:
    while not list(folder.glob("data/journal/*/*.jsonl")):
        assert running.poll() is None, (folder / "job.log").read_text()
        time.sleep(0.05)


def asked_of_slurm(folder: Path) -> str:
    log = folder / "scontrol.log"
    return log.read_text() if log.exists() else ""


def test_the_head_is_of_options_that_sbatch_has():
    options = re.findall(r"(?m)^#SBATCH (--[a-z-]+)", SCRIPT.read_text())
    assert options and set(options) <= OF_SBATCH
    assert len(options) == SCRIPT.read_text().count("#SBATCH")


def test_a_job_whose_time_is_nearly_up_asks_to_be_queued_again_and_resumes(folder):
    running = job(folder)
    until_at_work(folder, running)
    running.send_signal(signal.SIGUSR1)
    assert ended(folder, running) == 130, (folder / "job.log").read_text()
    assert asked_of_slurm(folder) == "requeue 7\n"
    running = job(folder)
    assert ended(folder, running) == 0, (folder / "job.log").read_text()
    current = Current.read(str(folder / "data"))
    assert current is not None and current.finished
    assert asked_of_slurm(folder) == "requeue 7\n"


def test_a_job_that_is_cancelled_ends(folder):
    running = job(folder)
    until_at_work(folder, running)
    running.send_signal(signal.SIGTERM)
    assert ended(folder, running) == 130, (folder / "job.log").read_text()
    assert "interrupted" in (folder / "job.log").read_text()
    assert asked_of_slurm(folder) == ""


def test_a_scheduler_that_does_not_start_ends_the_job(folder):
    executable(folder / ".venv/bin/dask", "#!/bin/sh\nexit 1\n")
    assert job(folder).wait() == 1
