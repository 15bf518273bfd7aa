"""Ctrl-C: what a terminal sends to every process of a run."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.terminal.status import status
from tests.e2e import drive

pytestmark = pytest.mark.cluster

LINE = "interrupted; give the same command again to resume"


def small_config(folder: Path) -> Path:
    """Six sources, a shard each, of documents that have nothing in common."""
    entries = ""
    for source in "abcdef":
        (folder / source).mkdir()
        texts = [" ".join(f"{source}{n}w{i}" for i in range(60)) for n in range(200)]
        (folder / source / "rows.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
        entries += f"  {source}: {{reader: {{kind: text}}, inputs: {folder / source}}}\n"
    (folder / "config.yaml").write_text(f"run: test\nsources:\n{entries}filter:\n  - {{kind: normalise}}\n")
    return folder / "config.yaml"


def interrupted(config: Path, data: Path, when: Callable[[int], bool], by: int = signal.SIGINT) -> str:
    """What a run prints that gets the signal as soon as `when` holds of its process id; checks its exit code."""
    log = data.with_suffix(".log")
    with drive.started(drive.command(config, data, "--workers", "2"), log) as process:
        assert drive.wait_for(lambda: when(process.pid), process), log.read_text()
        (os.killpg if by == signal.SIGINT else os.kill)(process.pid, by)
        assert process.wait(timeout=600) == 130, log.read_text()
    return log.read_text()


def test_an_interrupt_prints_one_line_and_the_next_run_resumes_to_the_same_bytes(tmp_path: Path) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell's background job ignores, its children do
    config, data = small_config(tmp_path), tmp_path / "data"
    for when in (lambda pid: len(drive.children_of(pid)) >= 2, lambda _: drive.committed(data, "10_extracted") > 0):
        printed = interrupted(config, data, when)
        assert "Traceback" not in printed and "Error" not in printed, printed
        assert printed.splitlines()[-1] == LINE, printed
    assert ": interrupted " in status(str(data))
    drive.run_here(config, data)
    drive.run_here(config, tmp_path / "undisturbed")
    assert drive.digest(data) == drive.digest(tmp_path / "undisturbed")


def test_what_a_queue_or_a_closed_terminal_sends_to_the_command_alone_is_an_interrupt(tmp_path: Path) -> None:
    for ends in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ends, signal.SIG_DFL)  # what nohup ignores, its children do
    config, data = small_config(tmp_path), tmp_path / "data"
    workers: list[int] = []

    def has_workers(pid: int) -> bool:
        workers[:] = drive.children_of(pid)
        return len(workers) >= 2

    moments = {signal.SIGTERM: has_workers, signal.SIGHUP: lambda _: drive.committed(data, "10_extracted") > 0}
    for ends, when in moments.items():
        printed = interrupted(config, data, when, ends)
        assert printed.splitlines()[-1] == LINE, printed
        assert "Traceback" not in printed and "leaked" not in printed, printed
        assert ": interrupted " in status(str(data))
        for _ in range(600):  # they end with the command, and a moment after it
            if not (left := [pid for pid in workers if Path(f"/proc/{pid}").exists()]):
                break
            time.sleep(0.1)
        assert not left
    drive.run_here(config, data)
    drive.run_here(config, tmp_path / "undisturbed")
    assert drive.digest(data) == drive.digest(tmp_path / "undisturbed")
