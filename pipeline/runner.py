"""The only module that knows Dask: run a task for every job, here or on a cluster, and collect what failed."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError as FutureCancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import dask
from distributed import CancelledError, Client, LocalCluster, Worker, WorkerPlugin, as_completed
from distributed.client import ClosedClientError
from distributed.scheduler import KilledWorker

from pipeline.trouble import EnvironmentTrouble

__all__ = ["Client", "Failure", "Failures", "cluster", "each"]

Job = TypeVar("Job")
Result = TypeVar("Result")

TRIES = 3  # for a lost worker or the environment; an exception of ours is never tried again
PAUSE_S = (0.0, 2.0, 8.0)  # before each try
AHEAD = 2  # tasks under way for each worker: one at work, one waiting, so that no worker idles
WAIT_FOR_WORKERS_S = 120
RECOUNT_S = 5.0
WARM_UP = "riffle: warm up"
LOST = "the Dask scheduler was lost; start it again and give the same command to resume"


@dataclass(frozen=True)
class Failure:
    """A job that did not finish: `environment` may succeed when tried again, `bug` is an exception of ours."""

    name: str
    kind: str
    error: str
    traceback: str


class Failures(RuntimeError):
    """Some jobs failed after all others were finished; where `remembered`, bugs are not tried again unasked."""

    def __init__(self, failures: Sequence[Failure], *, remembered: bool = False) -> None:
        super().__init__("\n".join(f"{f.name} ({f.kind}): {f.error}" for f in failures))
        self.failures = tuple(failures)
        self.remembered = remembered


class _WarmUp(WorkerPlugin):
    """Has every worker, those that come later too, call a function before its first task."""

    def __init__(self, warm_up: Callable[[], None]) -> None:
        self.warm_up = warm_up

    async def setup(self, worker: Worker) -> None:
        del worker
        await asyncio.to_thread(self.warm_up)  # beside the loop: who compiles for a minute must not seem to be dead


@contextmanager
def cluster(workers: int, scheduler: str | None, warm_up: Callable[[], None] | None = None) -> Iterator[Client | None]:
    """A client of the cluster at `scheduler`, or of `workers` processes started here; None with 0 workers: in-process.

    `warm_up` is called in every worker before its first task; what it raises is raised here.
    Worker processes have one thread: the kernels hold no lock for each other, and a stage may use the process-wide
    caches. Their profiler is off: it keeps frames alive in another thread, which the parser of HTML does not allow.
    Raises EnvironmentTrouble where the scheduler does not answer or has no worker.
    """
    with _connected(workers, scheduler) as client:
        if client is not None and warm_up is not None:
            with _warmed(client, warm_up):
                yield client
        else:
            yield client


@contextmanager
def _warmed(client: Client, warm_up: Callable[[], None]) -> Iterator[None]:
    client.register_plugin(_WarmUp(warm_up), name=WARM_UP)
    try:
        yield
    finally:
        if client.status == "running":  # the scheduler may live on, for others
            client.unregister_worker_plugin(WARM_UP)


@contextmanager
def _connected(workers: int, scheduler: str | None) -> Iterator[Client | None]:
    if scheduler is not None:
        try:
            client = Client(scheduler, timeout=30)
        except OSError as error:
            raise EnvironmentTrouble(
                f"no Dask scheduler answers at {scheduler}: {error}; start it, then run again"
            ) from error
        with client:
            try:
                client.wait_for_workers(1, timeout=WAIT_FOR_WORKERS_S)
            except TimeoutError as error:
                raise EnvironmentTrouble(
                    f"the scheduler at {scheduler} has no worker; start some, then run again"
                ) from error
            yield client
    elif workers > 0:
        with (
            dask.config.set({"distributed.worker.profile.enabled": False}),
            LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                dashboard_address="127.0.0.1:0",  # any free port: the default warns when two runs share a machine
                silence_logs=logging.ERROR,
            ) as local,
            Client(local) as client,
        ):
            yield client
    else:
        yield None


def each(
    task: Callable[[Job], Result], jobs: Sequence[Job], client: Client | None, *, name: Callable[[Job], str]
) -> Iterator[tuple[Job, Result]]:
    """Yield (job, `task(job)`) for every job as it finishes; failures are raised together at the end, as `Failures`.

    Without a client the jobs run here, one by one in the given order, so that breakpoints work and tests need no
    cluster. On a cluster a bounded number is under way; a task may run twice when its worker is lost, which commits
    make harmless.
    """
    failures: list[Failure] = []
    yield from _here(task, jobs, name, failures) if client is None else _there(task, jobs, client, name, failures)
    if failures:
        raise Failures(sorted(failures, key=lambda f: f.name))


def _here(
    task: Callable[[Job], Result], jobs: Sequence[Job], name: Callable[[Job], str], failures: list[Failure]
) -> Iterator[tuple[Job, Result]]:
    for job in jobs:
        for attempt in range(TRIES):
            time.sleep(PAUSE_S[attempt])
            try:
                result = task(job)
            except EnvironmentTrouble as error:
                if attempt + 1 == TRIES:
                    failures.append(_failure(name(job), error))
            except Exception as error:  # noqa: BLE001 - any other exception is a bug of ours: reported with its traceback
                failures.append(_failure(name(job), error))
                break
            else:
                yield job, result
                break


def _there(
    task: Callable[[Job], Result],
    jobs: Sequence[Job],
    client: Client,
    name: Callable[[Job], str],
    failures: list[Failure],
) -> Iterator[tuple[Job, Result]]:
    waiting = deque((job, 0) for job in jobs)
    under_way: dict[Any, tuple[Job, int]] = {}
    finished = as_completed([])
    limit, counted = 0, -RECOUNT_S
    try:
        while waiting or under_way:
            if client.status != "running":  # it gave up to reach its scheduler
                raise EnvironmentTrouble(LOST)
            if time.monotonic() - counted > RECOUNT_S:  # workers come and go; asking costs a request
                limit, counted = max(2, AHEAD * sum(client.nthreads().values())), time.monotonic()
            while waiting and len(under_way) < limit:
                job, attempt = waiting.popleft()
                future = client.submit(_paused, task, job, PAUSE_S[attempt], pure=False)
                under_way[future.key] = (job, attempt)
                finished.add(future)
            future = next(finished)
            job, attempt = under_way.pop(future.key)
            if future.cancelled():
                raise EnvironmentTrouble(LOST)
            error = future.exception()
            if error is None:
                yield job, future.result()
            elif isinstance(error, EnvironmentTrouble | KilledWorker) and attempt + 1 < TRIES:
                waiting.append((job, attempt + 1))
            else:
                failures.append(_failure(name(job), error, future.traceback()))
            future.release()
    except EnvironmentTrouble:
        raise
    except (OSError, CancelledError, FutureCancelledError, ClosedClientError) as error:  # CommClosedError is an OSError
        raise EnvironmentTrouble(f"{LOST} ({error})") from error


def _paused(task: Callable[[Job], Result], job: Job, pause_s: float) -> Result:
    time.sleep(pause_s)
    return task(job)


def _failure(name: str, error: BaseException, trace: Any = None) -> Failure:
    retryable = isinstance(error, EnvironmentTrouble | KilledWorker)
    text = "".join(traceback.format_exception(type(error), error, trace or error.__traceback__))
    return Failure(name, "environment" if retryable else "bug", f"{type(error).__name__}: {error}", text)
