"""The only module that knows Dask; imported where a run has workers, for the import takes as long as a query."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError as FutureCancelledError
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from typing import Any, TypeVar

import dask
from distributed import CancelledError, Client, LocalCluster, Worker, WorkerPlugin, as_completed
from distributed.client import ClosedClientError
from distributed.scheduler import KilledWorker

from pipeline.trouble import EnvironmentTrouble

__all__ = ["Client", "Lost", "connected", "each"]

Job = TypeVar("Job")
Result = TypeVar("Result")

AHEAD = 2  # tasks under way for each worker: one at work, one waiting, so that no worker idles
REACH_S = 30
"""How long a scheduler is looked for that does not answer, at the beginning and when it was lost."""
WAIT_FOR_WORKERS_S = 120
RECOUNT_S = 5.0
LOOK_S = 0.1
WARM_UP = "riffle: warm up"
LOST = "the Dask scheduler was lost; start it again and give the same command to resume"
DIED = (
    "every worker process that began it died: killed for its memory, or by a crash in a library; give each worker more "
    "memory (fewer of them), and if that does not help, take the input out of `inputs`"
)


@dataclass(frozen=True)
class Lost:
    """The exception that a job ended with, after all tries; `is_environment`: another try may succeed.

    is_killed: each time the workers died that had begun it.
    """

    error: BaseException
    traceback: Any
    is_environment: bool
    is_killed: bool = False


class _WarmUp(WorkerPlugin):
    """Has every worker, those that come later too, call a function before its first task."""

    def __init__(self, warm_up: Callable[[], None]) -> None:
        self.warm_up = warm_up

    async def setup(self, worker: Worker) -> None:
        del worker
        await asyncio.to_thread(self.warm_up)  # beside the loop: who compiles for a minute must not seem to be dead


@contextmanager
def connected(workers: int, scheduler: str | None, warm_up: Callable[[], None] | None) -> Iterator[Client]:
    """A client of the cluster at `scheduler`, or of `workers` processes started here; see `runner.cluster`.

    Worker processes have one thread: the kernels hold no lock for each other, and a stage may use the process-wide
    caches. Their profiler is off: it keeps frames alive in another thread, which the parser of HTML does not allow.
    Raises EnvironmentTrouble where the scheduler does not answer or has no worker.
    """
    with _reached(scheduler) if scheduler is not None else _started(workers) as client:
        if warm_up is not None:
            client.register_plugin(_WarmUp(warm_up), name=WARM_UP)
        try:
            yield client
        finally:
            if warm_up is not None and client.status == "running":  # the scheduler may live on, for others
                client.unregister_worker_plugin(WARM_UP)


@contextmanager
def _reached(scheduler: str) -> Iterator[Client]:
    try:
        client = Client(scheduler, timeout=REACH_S)
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


@contextmanager
def _started(workers: int) -> Iterator[Client]:
    with dask.config.set({"distributed.worker.profile.enabled": False}), ExitStack() as opened:
        with _deaf_to_interrupts():
            local = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                dashboard_address="127.0.0.1:0",  # any free port: the default warns when two runs share a machine
                silence_logs=logging.CRITICAL,  # a worker whose scheduler has just gone prints a traceback as an error
            )
            client = opened.enter_context(Client(opened.enter_context(local)))
        yield client


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """No thread that starts within, and no process that such a thread ever starts, gets a SIGINT.

    A terminal sends Ctrl-C to all processes of a run: this one ends the workers, which would each die with a traceback.
    A signal mask is inherited, by a worker that is started anew much later, too. An interrupt that comes meanwhile is
    raised at the end: what is half started cannot be closed.
    """
    came: list[int] = []
    in_main = threading.current_thread() is threading.main_thread()
    resource_tracker.ensure_running()  # started within, it would take the mask off
    handler = signal.signal(signal.SIGINT, lambda number, _: came.append(number)) if in_main else None
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if in_main:
            signal.signal(signal.SIGINT, handler)
    if came:
        raise KeyboardInterrupt


def each(
    task: Callable[[Job], Result], jobs: Sequence[Job], client: Client, pauses_s: Sequence[float]
) -> Iterator[tuple[Job, Result | Lost]]:
    """(job, result or what it ended with) of every job as it finishes; a bounded number is under way.

    A lost worker and the environment are tried again, as often and after such pauses as `pauses_s` says. Raises
    EnvironmentTrouble where the scheduler is lost, or has had no worker for WAIT_FOR_WORKERS_S.
    """
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
                future = client.submit(_paused, task, job, pauses_s[attempt], pure=False)
                under_way[future.key] = (job, attempt)
                finished.add(future)
            future = _first(finished, client)
            job, attempt = under_way.pop(future.key)
            if future.cancelled():
                raise EnvironmentTrouble(LOST)
            error = future.exception()
            is_environment = isinstance(error, EnvironmentTrouble | KilledWorker)
            if error is None:
                yield job, future.result()
            elif is_environment and attempt + 1 < len(pauses_s):
                waiting.append((job, attempt + 1))
            elif isinstance(error, KilledWorker):
                yield job, Lost(EnvironmentTrouble(DIED), future.traceback(), is_environment, is_killed=True)
            else:
                yield job, Lost(error, future.traceback(), is_environment)
            future.release()
    except EnvironmentTrouble:
        raise
    except (OSError, CancelledError, FutureCancelledError, ClosedClientError) as error:  # CommClosedError is an OSError
        raise EnvironmentTrouble(f"{LOST} ({error})") from error


def _first(finished: Any, client: Client) -> Any:
    """The next future that has ended."""
    seen = time.monotonic()
    asked = seen
    while not finished.has_ready():
        with finished.thread_condition:
            finished.thread_condition.wait(timeout=LOOK_S)
        if time.monotonic() - asked < RECOUNT_S or client.status != "running":
            continue
        asked = time.monotonic()
        if client.nthreads():
            seen = asked
        elif asked - seen > WAIT_FOR_WORKERS_S:
            raise EnvironmentTrouble(
                f"the scheduler at {client.scheduler.address} has had no worker for {WAIT_FOR_WORKERS_S} s; start "
                "some, then give the same command again"
            )
    return next(finished)


def _paused(task: Callable[[Job], Result], job: Job, pause_s: float) -> Result:
    time.sleep(pause_s)
    return task(job)
