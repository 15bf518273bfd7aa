"""Run a task for every job, in this process or on a cluster, and collect what failed."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pipeline.process import interrupts
from pipeline.trouble import EnvironmentTrouble

if TYPE_CHECKING:
    from pipeline.execution.cluster import Client

Job = TypeVar("Job")
Result = TypeVar("Result")

PAUSE_S = (0.0, 2.0, 8.0)  # before each try of a lost worker or the environment; a bug is never tried again


@dataclass(frozen=True)
class Failure:
    """A job that did not finish: `environment` may succeed when tried again, `bug` is an exception of ours.

    `killed`: all workers died that began it, which may be either.
    """

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


@contextmanager
def cluster(workers: int, scheduler: str | None, warm_up: Callable[[], None] | None = None) -> Iterator[Client | None]:
    """A client of the cluster at `scheduler`, or of `workers` processes started here; None with 0 workers: in-process.

    `warm_up` is called in every worker before its first task; what it raises is raised here. Raises EnvironmentTrouble
    where the scheduler does not answer or has no worker.
    """
    if workers <= 0 and scheduler is None:
        yield None
        return
    from pipeline.execution import cluster as of_dask  # here, where it is needed: see there

    with of_dask.connected(workers, scheduler, warm_up) as client:
        yield client


def each(
    task: Callable[[Job], Result],
    jobs: Sequence[Job],
    client: Client | None,
    *,
    name: Callable[[Job], str],
    on_failure: Callable[[Failure], None] = lambda failure: None,
) -> Iterator[tuple[Job, Result]]:
    """Yield (job, `task(job)`) for every job as it finishes; failures are raised together at the end, as `Failures`.

    `on_failure` hears of each one at once.

    Without a client the jobs run here, one by one in the given order, so that breakpoints work and tests need no
    cluster. On a cluster a task may run twice when its worker is lost, which commits make harmless.
    """
    failures: list[Failure] = []

    def failed(failure: Failure) -> None:
        failures.append(failure)
        on_failure(failure)

    yield from _here(task, jobs, name, failed) if client is None else _there(task, jobs, client, name, failed)
    if failures:
        raise Failures(sorted(failures, key=lambda f: f.name))


def _here(
    task: Callable[[Job], Result], jobs: Sequence[Job], name: Callable[[Job], str], failed: Callable[[Failure], None]
) -> Iterator[tuple[Job, Result]]:
    for job in jobs:
        for attempt, pause_s in enumerate(PAUSE_S):
            time.sleep(pause_s)
            try:
                with interrupts.held():
                    result = task(job)
            except EnvironmentTrouble as error:
                if attempt + 1 == len(PAUSE_S):
                    failed(_failure(name(job), "environment", error))
            except Exception as error:  # noqa: BLE001  # any other is a bug of ours: reported with its traceback
                failed(_failure(name(job), "bug", error))
                break
            else:
                yield job, result
                break


def _there(
    task: Callable[[Job], Result],
    jobs: Sequence[Job],
    client: Client,
    name: Callable[[Job], str],
    failed: Callable[[Failure], None],
) -> Iterator[tuple[Job, Result]]:
    from pipeline.execution import cluster as of_dask

    for job, answer in of_dask.each(task, jobs, client, PAUSE_S):
        if isinstance(answer, of_dask.Lost):
            kind = "killed" if answer.is_killed else "environment" if answer.is_environment else "bug"
            failed(_failure(name(job), kind, answer.error, answer.traceback))
        else:
            yield job, answer


def _failure(name: str, kind: str, error: BaseException, trace: Any = None) -> Failure:
    text = "".join(traceback.format_exception(type(error), error, trace or error.__traceback__))
    return Failure(name, kind, f"{type(error).__name__}: {error}", text)
