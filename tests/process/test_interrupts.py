"""Ctrl-C in a run without workers: heard between records, never in the midst of compiled code."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from pipeline.execution import runner
from pipeline.process import interrupts
from pipeline.process.interrupts import check, held


@pytest.fixture(autouse=True)
def heard() -> Iterator[None]:
    """What a shell's background job ignores, its children do."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_waits_for_the_next_check() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), held():
        check()
        signal.raise_signal(signal.SIGINT)
        done.append("what is in hand")
        check()
        done.append("more")
    assert done == ["what is in hand"]
    check()  # it was heard, and is over


def test_an_interrupt_that_no_check_hears_is_raised_at_the_end_before_whatever_else_was() -> None:
    with pytest.raises(KeyboardInterrupt), held():
        signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), held():
        signal.raise_signal(signal.SIGINT)
        raise ValueError
    with pytest.raises(ValueError, match="alone"), held():
        raise ValueError("alone")


def test_a_pause_ends_with_an_interrupt() -> None:
    with pytest.raises(KeyboardInterrupt), held():
        threading.Timer(0.01, signal.pthread_kill, (threading.get_ident(), signal.SIGINT)).start()
        interrupts.sleep(3600)
    interrupts.sleep(0)


def test_a_job_ends_at_its_next_check_and_no_other_begins() -> None:
    begun = []

    def task(job: int) -> int:
        begun.append(job)
        signal.raise_signal(signal.SIGINT)
        check()
        return job

    with pytest.raises(KeyboardInterrupt):
        list(runner.each(task, [1, 2], None, name=str))
    assert begun == [1]


def test_what_ignores_interrupts_goes_on_ignoring_them() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with held():
        signal.raise_signal(signal.SIGINT)
        check()
    assert signal.signal(signal.SIGINT, signal.default_int_handler) is signal.SIG_IGN


def test_what_ignores_interrupts_is_asked_to_end_by_other_signals_and_waits_as_long() -> None:
    """As a job in the background of a script, to which a queue sends SIGTERM."""
    before = signal.signal(signal.SIGTERM, interrupts.ask)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    done = []
    try:
        with pytest.raises(KeyboardInterrupt), held():
            signal.raise_signal(signal.SIGTERM)
            done.append("what is in hand")
            check()
            done.append("more")
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert done == ["what is in hand"]
    assert signal.signal(signal.SIGINT, signal.default_int_handler) is signal.SIG_IGN


def test_an_interrupt_that_waits_is_not_lost_within_another_run() -> None:
    with pytest.raises(KeyboardInterrupt), held():
        signal.raise_signal(signal.SIGINT)
        with held():
            pass
        pytest.fail("the inner one ends, and nothing was heard")
    with pytest.raises(KeyboardInterrupt), held(), held():
        signal.raise_signal(signal.SIGINT)
        check()
        pytest.fail("not heard within")
    with held():
        check()


def test_beside_the_main_thread_nothing_changes() -> None:
    seen = []

    def work() -> None:
        with held():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]


TWICE = """
import signal
from pipeline.process.interrupts import held
signal.signal(signal.SIGINT, signal.default_int_handler)
with held():
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)
    print("lives")
"""


def test_a_second_interrupt_ends_the_process_at_once() -> None:
    done = subprocess.run([sys.executable, "-c", TWICE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (-signal.SIGINT, "")


KERNEL = """
import random, signal
import numpy as np
from numba import njit
from pipeline.execution import runner
from pipeline.process.interrupts import check

@njit
def kernel(numbers):
    return numbers.copy(), numbers.copy(), numbers.copy()

def task(seconds):
    signal.setitimer(signal.ITIMER_REAL, seconds)
    while True:
        for _ in range(100):
            kernel(NUMBERS)
        check()

NUMBERS = np.zeros(1)
kernel(NUMBERS)
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGALRM, lambda number, frame: signal.raise_signal(signal.SIGINT))
chance, heard = random.Random(7), 0
for _ in range(300):
    try:
        list(runner.each(task, [chance.uniform(1e-4, 1e-3)], None, name=str))
    except KeyboardInterrupt:
        heard += 1
print(heard)
"""


def test_each_of_300_interrupts_of_compiled_code_is_heard_and_none_ends_the_process() -> None:
    """Where they were raised at once, numba made a SystemError of the first, as it comes back from 3 arrays a call."""
    done = subprocess.run([sys.executable, "-c", KERNEL], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "300\n"), done.stderr
