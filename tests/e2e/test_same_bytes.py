"""Promise 2: a run is a function of its inputs, whoever computes it and whatever is killed on the way."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
from pathlib import Path

import pytest

from pipeline import run as running
from pipeline.__main__ import main
from pipeline.execution import cluster
from pipeline.planning import survey
from pipeline.publishing import gathering
from pipeline.rooms.version import Current
from tests.e2e import drive

pytestmark = pytest.mark.cluster


def test_workers_give_the_same_bytes_as_none(undisturbed, tmp_path):
    config, data = undisturbed
    drive.run(config, tmp_path, "--workers", "2")
    assert drive.digest(tmp_path) == drive.digest(data)


def test_shuffled_shards_give_the_same_bytes(undisturbed, tmp_path, monkeypatch):
    config, data = undisturbed
    each = running.runner.each

    def shuffled(task, jobs, client, **more):
        jobs = list(jobs)
        random.Random(7).shuffle(jobs)
        return each(task, jobs, client, **more)

    monkeypatch.setattr(running.runner, "each", shuffled)
    running.execute(survey.prepare(survey.Order(str(config), str(tmp_path), 0)))
    assert drive.digest(tmp_path) == drive.digest(data)


def test_sorted_files_that_are_gathered_first_give_the_same_bytes(undisturbed, tmp_path, monkeypatch):
    config, data = undisturbed
    done = []
    each = running.runner.each
    monkeypatch.setattr(gathering, "OPENINGS", 1)
    monkeypatch.setattr(gathering, "FAN", 3)
    monkeypatch.setattr(gathering, "FILE_BYTES", 10_000)

    def watched(task, jobs, client, **more):
        done.extend(job.name for job in jobs if getattr(job, "name", "").startswith("gather-"))
        return each(task, jobs, client, **more)

    monkeypatch.setattr(running.runner, "each", watched)
    running.execute(survey.prepare(survey.Order(str(config), str(tmp_path), 0)))
    assert len({name.split("-")[1] for name in done}) > 3, "more than one round"
    assert drive.digest(tmp_path) == drive.digest(data)


ELSEWHERE = {
    "NUMBA_CPU_NAME": "generic",  # compiled for it once on a machine: numba keeps kernels apart by processor
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-AVX512F,-FMA4",
    "OPENBLAS_CORETYPE": "Prescott",
    "PYTHONHASHSEED": "7",
    "LC_ALL": "C",
    "TZ": "Pacific/Kiritimati",
}
"""Another processor, for kernels, libm and BLAS alike; other hashes of strings, another language and place."""


def test_another_machine_gives_the_same_bytes(undisturbed, tmp_path):
    config, data = undisturbed
    drive.run(config, tmp_path / "data", "--workers", "0", env=ELSEWHERE)
    assert drive.digest(tmp_path / "data") == drive.digest(data)


def test_a_client_killed_in_every_room_resumes_to_the_same_bytes(undisturbed, tmp_path):
    config, data = undisturbed
    target = tmp_path / "data"
    kills = 0
    for room in ("10_extracted", "20_filtered", "31_duplicates", "40_published"):
        before = drive.committed(target, room)
        with drive.started(drive.command(config, target, "--workers", "2"), tmp_path / "log") as process:
            if drive.wait_for(lambda room=room, before=before: drive.committed(target, room) > before, process):
                os.killpg(process.pid, signal.SIGKILL)
                kills += 1
    assert kills >= 3, (tmp_path / "log").read_text()
    drive.run(config, target, "--workers", "2")
    assert drive.digest(target) == drive.digest(data)


def test_a_killed_worker_is_replaced_and_the_run_goes_on(undisturbed, tmp_path):
    config, data = undisturbed
    target = tmp_path / "data"
    with (
        drive.dask_scheduler(tmp_path) as (_, address),
        drive.dask_workers(tmp_path, address) as nannies,
        drive.started(drive.command(config, target, "--scheduler", address), tmp_path / "log") as client,
    ):
        for room in ("10_extracted", "30_signatures"):
            assert drive.wait_for(lambda room=room: drive.committed(target, room) > 0, client), (
                tmp_path / "log"
            ).read_text()
            for pid in drive.worker_pids(nannies[0]):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        assert client.wait(timeout=1200) == 0, (tmp_path / "log").read_text()
    assert drive.digest(target) == drive.digest(data)


IMPATIENT = """
import sys
from pipeline.execution import cluster
from pipeline.__main__ import main
cluster.REACH_S = 1
if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
"""


def impatient(config: Path, data: Path, scheduler: str) -> list[str]:
    """The command of a run that looks one second for a scheduler, instead of thirty."""
    return [drive.PYTHON, "-c", IMPATIENT, *drive.command(config, data, "--scheduler", scheduler)[3:]]


def test_a_killed_scheduler_ends_the_run_as_environment_and_the_next_resumes(undisturbed, tmp_path):
    config, data = undisturbed
    target = tmp_path / "data"
    with (
        drive.dask_scheduler(tmp_path) as (scheduler, address),
        drive.dask_workers(tmp_path, address),
        drive.started(impatient(config, target, address), tmp_path / "log") as client,
    ):
        assert drive.wait_for(lambda: drive.committed(target, "10_extracted") > 0, client), (
            tmp_path / "log"
        ).read_text()
        scheduler.kill()
        assert client.wait(timeout=1200) == 3, (tmp_path / "log").read_text()
    assert Current.read(str(target)) is None
    with drive.dask_scheduler(tmp_path) as (_, address), drive.dask_workers(tmp_path, address):
        drive.run(config, target, "--scheduler", address)
    assert drive.digest(target) == drive.digest(data)


def test_a_scheduler_that_is_not_there_is_an_environment_failure(undisturbed, tmp_path, monkeypatch):
    config, _ = undisturbed
    monkeypatch.setattr(cluster, "REACH_S", 1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    printed = drive.said_by(main, drive.command(config, tmp_path, "--scheduler", address)[3:], expect=3)
    assert address in printed


def test_the_moved_folder_of_a_run_redoes_nothing(undisturbed, tmp_path):
    config, data = undisturbed
    shutil.copytree(data, tmp_path / "moved")
    assert "Nothing to do" in drive.run_here(config, tmp_path / "moved")
