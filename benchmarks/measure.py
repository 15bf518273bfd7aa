"""What a command took, as the kernel counts it, and on which machine."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TAIL_BYTES = 4000  # of a failed command's output: enough for a traceback


class CommandFailed(RuntimeError):
    """A measured command did not exit with 0; says which and how its output ends."""


@dataclass(frozen=True)
class Cost:
    """What a command and all its descendants took; a descendant counts once its parent has waited for it.

    `max_rss_bytes` is the largest of any single process among them, not their sum.
    """

    wall_s: float
    cpu_s: float
    max_rss_bytes: int


def measure(command: Sequence[str], folder: Path, log: Path, env: Mapping[str, str] | None = None) -> Cost:
    """Run `command` in `folder` with its output in `log`. Raises CommandFailed."""
    with log.open("wb") as output:
        began = time.monotonic()
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise CommandFailed(f"{' '.join(command)}: exit code {process.returncode}\n{tail(log)}")
    return Cost(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def tail(log: Path) -> str:
    """The end of a log."""
    return log.read_bytes()[-TAIL_BYTES:].decode("utf-8", "replace")


def median_and_range(values: Sequence[float], digits: int = 1) -> str:
    """`median (min-max)`, the figures that a result is quoted with."""
    middle = statistics.median(values)
    return f"{middle:.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def load() -> str:
    """The machine's load over the last one and five minutes: with others at work, read ratios."""
    one, five, _ = os.getloadavg()
    return f"{one:.1f}, {five:.1f}"


def hardware() -> list[str]:
    """CPU, cores, memory and interpreter, a line each."""
    return [
        f"CPU: {_cpu_model()}, {os.cpu_count()} cores seen",
        f"memory: {os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        f"{platform.system()} {platform.release()}, {platform.python_implementation()} {platform.python_version()}",
    ]


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
