"""What steps say on a pipe: each is told once, the short ones of a room together."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.progress import progress
from pipeline.progress.progress import FIRST_LINE_S, SHORT_S, Progress, Screen, Steps


class Clock:
    """Seconds that go on when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def lines_of(steps: list[tuple[str, float, int]]) -> list[str]:
    """The lines of a run of such (title, seconds, tasks)."""
    clock = Clock()
    with progress.console.capture() as captured:
        run = Steps(clock)
        for title, seconds, tasks in steps:
            with run.step(title, tasks, "tasks") as bar:
                clock.now += seconds
                bar.advance(tasks)
        run.tell_short()
    return captured.get().splitlines()


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["10-30 sign", "31 edges", "31 works", "39 sort", "40 publish"]),
            st.sampled_from([0.0, 0.5, SHORT_S - 0.25, SHORT_S, 70.0]),
            st.integers(0, 3),
        ),
        max_size=12,
    )
)
def test_each_step_with_work_is_told_once_and_a_long_one_alone(steps: list[tuple[str, float, int]]) -> None:
    lines = [line for line in lines_of(steps) if " left" not in line]
    together = [int(found.group(1)) for line in lines if (found := re.search(r"(\d+) short steps", line))]
    assert all(count > 1 for count in together)
    with_work = [step for step in steps if step[2]]
    assert sum(together) + len(lines) - len(together) == len(with_work)
    alone = [line for line in lines if "short steps" not in line]
    long = [step for step in with_work if step[1] >= SHORT_S]
    assert sum(float(line.rsplit(", ", 1)[1].removesuffix(" s")) >= SHORT_S for line in alone) == len(long)


def test_the_twelve_steps_of_deduplication_are_one_line() -> None:
    assert lines_of([(f"31 step {n}", 0.1, 1) for n in range(12)]) == [
        "31 deduplication             12 short steps, 1.2 s"
    ]


def test_a_step_that_takes_minutes_says_what_is_left_of_it_now_and_then(capsys: Any) -> None:
    clock = Clock()
    with progress.console.capture() as captured, Progress("10-30 sign", 100, "tasks", clock=clock) as bar:
        for _ in range(100):
            clock.now += FIRST_LINE_S / 10
            bar.advance(1)
    lines = captured.get().splitlines()
    assert [line.split()[2] for line in lines] == ["10", "20", "40", "80", "100"], lines
    assert lines[0].endswith("10 of 100, about 1 min 30 s left")
    assert lines[-1].endswith("100 of 100, 100.0 s")


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_reader_that_goes_away_does_not_end_the_work(stream):
    """`run 2>&1 | head`: the run went on to exit code 1, which says that a stage has a bug."""
    program = (
        "import sys\nfrom pipeline.progress.progress import Screen\n"
        f"screen = Screen(stderr={stream == 'stderr'})\n"
        "for _ in range(3000):\n    screen.print('a line that is as long as lines are')\nsys.exit(7)\n"
    )
    command = [sys.executable, "-c", program]
    pipes = {stream: subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as process:
        reader = getattr(process, stream)
        reader.read(10)
        reader.close()
        assert process.wait(timeout=600) == 7


def test_a_name_between_colons_is_no_picture(capsys: Any) -> None:
    Screen(highlight=False).print("heldout:books:loss")
    assert capsys.readouterr().out == "heldout:books:loss\n"


def test_a_terminal_that_closes_does_not_end_the_work():
    """A run that an ssh connection took its terminal from ended as failed, or with 1, not as interrupted."""
    ours, theirs = pty.openpty()
    program = (
        "import sys\nfrom pipeline.progress.progress import Screen\nscreen = Screen(stderr=True)\n"
        "screen.print('here')\n"
        "sys.stdin.read()\nscreen.print('gone')\nscreen.print('gone')\nsys.exit(7)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stderr=theirs) as process:
        os.close(theirs)
        assert os.read(ours, 4) == b"here"
        os.close(ours)
        process.stdin.close()
        assert process.wait(timeout=600) == 7
