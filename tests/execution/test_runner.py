"""The runner without a cluster: order, retries, and failures that wait for the others."""

from __future__ import annotations

import os
import time

import dask
import distributed
import pytest

from pipeline.execution import cluster, runner
from pipeline.run import with_inputs
from pipeline.shard.shard import Shard
from pipeline.sources.source import InputFile, Piece
from pipeline.trouble import EnvironmentTrouble


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(runner, "PAUSE_S", (0.0,) * len(runner.PAUSE_S))


def test_without_a_client_jobs_run_here_in_order():
    assert list(runner.each(lambda n: n * n, [3, 1, 2], None, name=str)) == [(3, 9), (1, 1), (2, 4)]


def test_a_bug_waits_for_the_others_and_is_not_tried_again():
    calls = []

    def task(number):
        calls.append(number)
        return 1 // number

    results = runner.each(task, [1, 0, 2], None, name=str)
    seen = []
    with pytest.raises(runner.Failures) as caught:
        seen.extend(results)
    assert calls == [1, 0, 2]
    (failure,) = caught.value.failures
    assert (failure.name, failure.kind) == ("0", "bug")
    assert "ZeroDivisionError" in failure.traceback


def test_the_environment_is_tried_again_a_bounded_number_of_times():
    calls = []

    def task(number):
        calls.append(number)
        if number == 1 or len(calls) < 3:
            raise EnvironmentTrouble("the disk is away")
        return number

    assert list(runner.each(task, [7], None, name=str)) == [(7, 7)]
    assert calls == [7, 7, 7]
    calls.clear()
    with pytest.raises(runner.Failures) as caught:
        list(runner.each(task, [1], None, name=str))
    assert calls == [1] * len(runner.PAUSE_S)
    assert caught.value.failures[0].kind == "environment"


@pytest.mark.cluster
@pytest.mark.parametrize("asked", ["exception", "result"])
def test_a_scheduler_that_is_lost_between_two_questions_is_environment(monkeypatch, asked):
    """The connection goes after `_there` has asked whether the future was cancelled."""
    real = getattr(distributed.Future, asked)

    def losing(future, *arguments, **options):
        future._state.cancel(reason="scheduler-connection-lost", msg="lost")
        return real(future, *arguments, **options)

    with runner.cluster(1, None) as client:
        monkeypatch.setattr(distributed.Future, asked, losing)
        with pytest.raises(EnvironmentTrouble, match="scheduler was lost"):
            list(runner.each(str, [1], client, name=str))
        monkeypatch.undo()


@pytest.mark.cluster
def test_a_client_that_gave_up_is_environment():
    with runner.cluster(1, None) as client:
        client.close()
        with pytest.raises(EnvironmentTrouble, match="scheduler was lost"):
            list(runner.each(str, [1], client, name=str))


@pytest.mark.cluster
def test_a_cluster_without_workers_is_not_waited_for_for_ever(monkeypatch):
    monkeypatch.setattr(cluster, "WAIT_FOR_WORKERS_S", 0.5)
    monkeypatch.setattr(cluster, "RECOUNT_S", 0.1)
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0") as local,
        runner.cluster(0, local.scheduler_address) as client,
    ):
        assert next(runner.each(str, [1], client, name=str)) == (1, "1")
        local.scale(0)
        while client.nthreads():
            time.sleep(0.05)
        with pytest.raises(EnvironmentTrouble, match="has had no worker"):
            list(runner.each(str, [3], client, name=str))


def _dies(number: int) -> int:
    if number == 1:
        os._exit(9)
    return number


@pytest.mark.cluster
def test_a_task_that_kills_its_workers_is_told_with_what_would_help():
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}), runner.cluster(1, None) as client:
        done = []
        with pytest.raises(runner.Failures) as caught:
            done.extend(runner.each(_dies, [0, 1, 2], client, name=str))
    assert sorted(done) == [(0, 0), (2, 2)]
    (failure,) = caught.value.failures
    assert (failure.name, failure.kind) == ("1", "killed")
    assert "every worker process that began it died" in failure.error
    assert "more memory" in failure.error


def test_a_shard_that_failed_names_the_files_that_it_reads():
    pieces = tuple(Piece(InputFile(f"{name}.jsonl", 1, "")) for name in "aabcde")
    shard = Shard.__new__(Shard)
    for name, value in (("pieces", pieces), ("root", "/in"), ("data", "/out")):
        object.__setattr__(shard, name, value)
    failure = runner.Failure("docs-00000", "bug", "ValueError: 3", "")
    assert with_inputs(failure, shard).error == (
        "ValueError: 3 (it reads /in/a.jsonl, /in/b.jsonl, /in/c.jsonl and 2 more)"
    )
    named = runner.Failure("docs-00000", "environment", "/in/b.jsonl: gone", "")
    assert with_inputs(named, shard) == named
    assert with_inputs(failure, "a step") == failure
    full = runner.Failure("docs-00000", "environment", "/out/10_extracted/.draft-x: the disk is full", "")
    assert with_inputs(full, shard) == full
