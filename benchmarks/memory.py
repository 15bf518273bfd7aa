"""Peak memory of a whole run over one archive of 1 GB uncompressed, process by process and step by step.

python benchmarks/memory.py [--gb 1] [--workers 1] [--warc FILE ...] [--date 2026-11-23]

The archive is made from real pages, again and again with changed URLs and texts. Peaks are the kernel's own high-water
marks (VmHWM), read until each process ends; those of a step are sampled. Writes benchmarks/results/DATE-memory.md.
"""

from __future__ import annotations

import argparse
import datetime
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import archives
import contenders
import psutil
from archives import Input
from contenders import CONFIG, OUT
from measure import CommandFailed, hardware, load, tail
from rich.console import Console
from run import DEMO_PAGES, REAL_PAGES, RESULTS
from tables import Table

from pipeline import journal
from pipeline.rooms.names import EXTRACTED, PUBLISHED

SAMPLE_S = 0.05
LIMIT_MIB = 1024  # what a worker may take
console = Console(highlight=False, width=None if sys.stdout.isatty() else 140)


@dataclass
class Watched:
    """One process of the run: what it is, its high-water mark so far, and samples of (time of day, RSS)."""

    role: str
    peak_bytes: int = 0
    cpu_s: float = 0.0
    samples: list[tuple[float, int]] = field(default_factory=list)


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line, checked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--warc", type=Path, nargs="+", help="WARC files (default: all real pages, else the demo's)")
    parser.add_argument("--gb", type=float, default=1.0, help="uncompressed size of the archive, in 10^9 bytes")
    parser.add_argument("--workers", type=int, default=1, help="worker processes; 0 runs in the command's own")
    parser.add_argument("--date", type=datetime.date.fromisoformat, default=datetime.date.today(), help="of the result")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the Markdown file")
    options = parser.parse_args(given)
    if options.gb <= 0 or options.workers < 0:
        parser.error("--gb must be above 0, --workers at least 0")
    options.warc = options.warc or sorted(REAL_PAGES.parent.glob("*.warc.gz")) or sorted(DEMO_PAGES.glob("*.warc.gz"))
    if not options.warc:
        parser.error(f"no archives in {DEMO_PAGES}; run `make demo` first, or give --warc FILE")
    return options


def watch(command: Sequence[str], folder: Path) -> tuple[list[Watched], float, int]:
    """Run `command`; its processes in order of appearance, wall seconds, and the kernel's ru_maxrss in bytes.

    ru_maxrss is the largest of any single process that was waited for. Raises CommandFailed.
    """
    log = folder / "log.txt"
    seen: dict[int, Watched] = {}
    with log.open("wb") as output:
        began = time.monotonic()
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT)
        root = psutil.Process(process.pid)
        while (found := os.wait4(process.pid, os.WNOHANG))[0] == 0:
            _sample(root, seen)
            time.sleep(SAMPLE_S)
        wall_s = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(found[1])
    if process.returncode:
        raise CommandFailed(f"{' '.join(command)}: exit code {process.returncode}\n{tail(log)}")
    return list(seen.values()), wall_s, found[2].ru_maxrss * 1024


def _sample(root: psutil.Process, seen: dict[int, Watched]) -> None:
    now = time.time()
    try:
        processes = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for process in processes:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
            entry = seen.setdefault(process.pid, Watched(role(process.cmdline(), process.pid == root.pid)))
            times = process.cpu_times()
            entry.cpu_s = times.user + times.system
            entry.samples.append((now, process.memory_info().rss))
            entry.peak_bytes = max(entry.peak_bytes, high_water(process.pid), entry.samples[-1][1])
        except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
            continue


def role(command: Sequence[str], is_root: bool) -> str:
    """What a process of the run is, by its command line."""
    line = " ".join(command)
    if is_root:
        return "command (client, scheduler, nanny)"
    if "spawn_main" in line:
        return "worker"
    return "resource tracker" if "resource_tracker" in line else "other child"


def high_water(pid: int) -> int:
    """The kernel's high-water mark of a process's RSS, in bytes; 0 where it does not say."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def phases(data: str) -> list[tuple[str, float, float]]:
    """The steps of the latest run: name, and the times of day at which it began and its last task was done."""
    began, ends = 0.0, dict[str, float]()
    for event in journal.events(data, journal.runs(data)[-1]):
        if event["event"] == "started":
            began = event["at"]
        elif event["event"] == "done":
            ends[event["step"]] = event["at"]
    starts = [began, *ends.values()]
    return [(step, start, end) for (step, end), start in zip(ends.items(), starts, strict=False)]


def process_table(processes: list[Watched], maxrss: int) -> Table:
    """Each process with its peak."""
    rows = [
        [p.role, f"{p.peak_bytes / 2**20:.0f}", f"{p.cpu_s:.1f}", str(len(p.samples))]
        for p in processes
        if p.peak_bytes
    ]
    note = f"Largest single process by ru_maxrss: {maxrss / 2**20:.0f} MiB. A worker may take {LIMIT_MIB} MiB."
    return Table("Peak memory", ["process", "peak RSS, MiB", "CPU s", "samples"], rows, note)


def phase_table(processes: list[Watched], steps: list[tuple[str, float, float]]) -> Table:
    """Each step with its time and, sampled, the most that a worker and the command took in it."""
    command = processes[0]
    workers = [p for p in processes if p.role == "worker"] or [command]

    def most(of: list[Watched], start: float, end: float) -> str:
        inside = [rss for p in of for at, rss in p.samples if start <= at <= end]
        return f"{max(inside) / 2**20:.0f}" if inside else ""

    rows = [
        [step, f"{end - start:.1f}", most(workers, start, end), most([command], start, end)]
        for step, start, end in steps
    ]
    note = f"RSS sampled every {SAMPLE_S:g} s; a step shorter than that may have no sample."
    return Table("Steps", ["step", "wall s", "worker, MiB", "command, MiB"], rows, note)


def facts(options: argparse.Namespace, made: Input, processes: list[Watched], wall_s: float, data: Path) -> list[str]:
    """The run in words: hardware, input, speed, disk."""
    cpu_s = sum(p.cpu_s for p in processes)
    kept = {
        room: sum(c.docs for m in contenders.manifests(data, room) for c in m.counts if c.outcome == "kept")
        for room in (EXTRACTED, PUBLISHED)
    }
    disk = sum(size for _, size in contenders.disk_bytes(data))
    return [
        *hardware(),
        f"load over 1 and 5 minutes at the end: {load()}",
        *contenders.versions(with_peer=False),
        f"input: one WARC of {made.plain_bytes / 1e9:.2f} GB ({made.packed_bytes / 1e6:.0f} MB gzip), "
        f"{made.pages} pages, {made.html_bytes / 1e9:.2f} GB of HTML; config benchmarks/{CONFIG.name}",
        f"documents: {kept[EXTRACTED]} with text, {kept[PUBLISHED]} published",
        f"time: {wall_s:.0f} s, {made.pages / wall_s:.0f} pages a second; {cpu_s:.0f} CPU s in all processes, "
        f"{made.pages / cpu_s:.0f} pages a CPU second, {cpu_s / (made.packed_bytes / 1e6):.3f} CPU s per packed MB",
        f"disk: {disk / made.packed_bytes:.2f} bytes per packed byte, all rooms together",
        f"command: python benchmarks/memory.py --gb {options.gb:g} --workers {options.workers}",
    ]


def main(given: Sequence[str] | None = None) -> int:
    """Make the archive, run, print, write the dated result. Exit code 1 where the run failed."""
    options = arguments(given)
    with tempfile.TemporaryDirectory(prefix="riffle-memory-") as name:
        folder = Path(name)
        pages = archives.copies(lambda: archives.read(options.warc), int(options.gb * 1e9))
        made = archives.write(archives.as_common_crawl(pages), folder / "raw" / "pages.warc.gz")
        console.print(
            f"archive: {made.plain_bytes / 1e9:.2f} GB, {made.pages} pages, {made.packed_bytes / 1e6:.0f} MB gzip"
        )
        command = [sys.executable, "-m", "pipeline", "run", "--config", str(CONFIG), "--data", OUT]
        try:
            processes, wall_s, maxrss = watch([*command, "--workers", str(options.workers)], folder)
        except CommandFailed as error:
            console.print(f"memory: {error}", markup=False)
            return 1
        steps = phases(str(folder / OUT))
        tables = [process_table(processes, maxrss), phase_table(processes, steps)]
        lines = facts(options, made, processes, wall_s, folder / OUT)
    for table in tables:
        table.show(console)
    console.print("\n".join(lines), markup=False)
    options.results.mkdir(parents=True, exist_ok=True)
    target = options.results / f"{options.date.isoformat()}-memory.md"
    head = f"# Peak memory, {options.date.isoformat()}\n\n" + "\n".join(f"- {line}" for line in lines) + "\n\n"
    target.write_text(head + "\n".join(table.markdown() for table in tables), encoding="utf-8")
    console.print(f"written: {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
