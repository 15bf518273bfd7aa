"""`make bench`: documents and MB per CPU second of our web path and its stages, and of datatrove on the same archives.

python benchmarks/run.py [--warc FILE ...] [--every 2] [--rounds 3] [--no-peer] [--date 2026-11-23]

In each round every contender runs once, in turn, in a fresh process; CPU seconds are user and system time of the
process and its children. Start-up is measured apart, over an archive with one page of ours. Writes
benchmarks/results/DATE.md.
"""

from __future__ import annotations

import argparse
import datetime
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

import archives
import contenders
from archives import Input
from contenders import CONFIG, HERE, OUT, Contender, Outcome
from measure import CommandFailed, Cost, hardware, load, measure, median_and_range
from rich.console import Console
from tables import Table

from pipeline.journal.spent import spent

ROOT = HERE.parent
REAL_PAGES = ROOT.parent / "shared" / "data" / "web" / "wcxb_dev.warc.gz"
DEMO_PAGES = ROOT / "data" / "demo-raw" / "web"
OWN_TEXTS = ROOT / "configs" / "demo_texts" / "articles"
RESULTS = HERE / "results"
WHOLE_RUN = "riffle, whole run"
FILES = 4  # that the pages are spread over: a file is a task
MIN_CPU_S = 0.01  # below that no rate means anything, and the clock of some kernels ticks no finer

console = Console(highlight=False, width=None if sys.stdout.isatty() else 140)


@dataclass
class Result:
    """What was measured of one contender: two costs a round, of one page and of all; the counts of the last round."""

    contender: Contender
    starts: list[Cost] = field(default_factory=list)
    rounds: list[Cost] = field(default_factory=list)
    outcome: Outcome | None = None

    def cpu_s(self) -> list[float]:
        """CPU seconds of each round, start-up left out."""
        return [cost.cpu_s - self.start_cpu_s for cost in self.rounds]

    @property
    def start_cpu_s(self) -> float:
        """CPU seconds of a run over one page: imports, compiled kernels, models, and writing down next to nothing."""
        return statistics.median(cost.cpu_s for cost in self.starts)

    def rates(self, amount: float) -> list[float]:
        """`amount` per CPU second, round by round."""
        return [amount / max(cpu_s, MIN_CPU_S) for cpu_s in self.cpu_s()]

    @property
    def is_measurable(self) -> bool:
        """Whether the pages took enough beside the start-up, which varies from run to run."""
        return min(self.cpu_s()) > self.start_cpu_s / 4


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line, checked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--warc", type=Path, nargs="+", help="WARC files (default: the real pages, else the demo's)")
    parser.add_argument("--every", type=int, default=2, help="take each n-th record; 1 takes all (default: 2)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each contender (default: 3)")
    parser.add_argument("--timeout-s", type=float, default=1.0, help="datatrove's limit a page (default: its own, 1 s)")
    parser.add_argument("--no-peer", action="store_true", help="leave datatrove out")
    parser.add_argument("--date", type=datetime.date.fromisoformat, default=datetime.date.today(), help="of the result")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the Markdown file")
    options = parser.parse_args(given)
    if options.every < 1 or options.rounds < 1 or options.timeout_s <= 0:
        parser.error("--every and --rounds must be at least 1, --timeout-s above 0")
    options.warc = options.warc or default_pages()
    missing = [str(path) for path in options.warc if not path.is_file()]
    if missing or not options.warc:
        parser.error(f"no such archive: {', '.join(missing) or DEMO_PAGES}; run `make demo` first, or give --warc FILE")
    return options


def default_pages() -> list[Path]:
    """The real pages where they are, else the archives that `make demo` writes."""
    return [REAL_PAGES] if REAL_PAGES.exists() else sorted(DEMO_PAGES.glob("*.warc.gz"))


def prepare(options: argparse.Namespace, work: Path) -> Input:
    """Write the archives to be measured and, beside them, the one with a single page."""
    records = list(archives.as_common_crawl(archives.every(archives.read(options.warc), options.every)))
    raw = work / "pages" / "raw"
    measured = [archives.write(records[at::FILES], raw / f"pages-{at}.warc.gz") for at in range(FILES)]
    texts = [path.read_text(encoding="utf-8") for path in sorted(OWN_TEXTS.glob("*.md"))]
    paragraphs = [line for text in texts for line in text.split("\n") if line and not line.startswith("#")]
    page = archives.page_of(paragraphs, "https://example.org/one-page")
    archives.write(archives.as_common_crawl([page]), work / "start" / "raw" / "page.warc.gz")
    return Input(*(sum(counts) for counts in zip(*map(astuple, measured), strict=True)))


def once(contender: Contender, folder: Path) -> Cost:
    """Run a contender from nothing in a working directory. Raises CommandFailed."""
    shutil.rmtree(folder / OUT, ignore_errors=True)
    return measure(contender.command, folder, folder / "log.txt", contender.env)


Timings = list[dict[str, Any]]
"""What `spent` says of one run: CPU seconds, documents and bytes by room and stage."""


def compare(chosen: list[Contender], rounds: int, work: Path) -> tuple[list[Result], list[tuple[Timings, Timings]]]:
    """All rounds; also the stages of our whole run in each, over one page and over all. Leaves that run's data."""
    results, stages = [Result(contender) for contender in chosen], []
    for result in results:
        once(result.contender, work / "start")  # fills caches: compiled kernels, bytecode, the peer's copy of the model
    for number in range(1, rounds + 1):
        for result in results:
            result.starts.append(once(result.contender, work / "start"))
            cost = once(result.contender, work / "pages")
            result.rounds.append(cost)
            result.outcome = result.contender.outcome(work / "pages")
            if result.contender.name == WHOLE_RUN:
                stages.append((spent(str(work / "start" / OUT)).rows(), spent(str(work / "pages" / OUT)).rows()))
                shutil.rmtree(work / "whole", ignore_errors=True)
                shutil.move(work / "pages" / OUT, work / "whole")
            console.print(f"round {number}: {result.contender.name:<28} {cost.cpu_s:6.1f} CPU s, load {load()}")
    return results, stages


def path_table(results: list[Result], measured: Input) -> Table:
    """Pages and MB per CPU second of each contender, and its speed as a multiple of the peer's default."""
    mb = measured.html_bytes / 1e6
    base = next((r for r in results if r.contender.frame == "datatrove"), results[0])
    header = ["path", "CPU s", "pages / CPU s", "MB / CPU s", f"x {base.contender.name}", "start-up CPU s", "peak MB"]
    rows = [
        [
            r.contender.name,
            median_and_range(r.cpu_s()),
            median_and_range(r.rates(measured.pages)),
            median_and_range(r.rates(mb)),
            f"{statistics.median(base.cpu_s()) / max(statistics.median(r.cpu_s()), MIN_CPU_S):.1f}",
            f"{r.start_cpu_s:.1f}",
            f"{max(cost.max_rss_bytes for cost in r.rounds) / 1e6:.0f}",
        ]
        for r in results
    ]
    note = (
        f"{measured.pages} pages of {measured.html_bytes / max(measured.pages, 1) / 1e3:.0f} kB, counted at input; "
        "median (min-max) over the rounds, start-up subtracted. Peak: of the largest single process."
    )
    if not all(r.is_measurable for r in results):
        note += " TOO LITTLE INPUT: start-up outweighs the pages; give more with --every 1 or --warc."
    return Table("The web path", header, rows, note)


def outcome_table(results: list[Result], measured: Input) -> Table:
    """What each contender did with the pages."""
    rows = []
    for r in results:
        counts = (measured.pages, *vars(r.outcome).values())
        rows.append([r.contender.name, r.contender.what, *map(str, counts)])
    header = ["path", "what it does", "pages in", "read", "with text", "kept", "lost"]
    note = "lost: to datatrove's time-out a page, a dead child or an error; with us, to a broken record or a budget."
    return Table("What became of the pages", header, rows, note)


def stage_table(stages: list[tuple[Timings, Timings]], whole: Result, pages: int) -> Table:
    """Our stages, each over what reaches it; shares are of the whole run's CPU seconds without start-up."""
    start, full = (_medians([timings[index] for timings in stages]) for index in (0, 1))
    seen = {(row["room"], row["stage"]): row for row in stages[-1][1]}
    total = statistics.median(whole.cpu_s())
    lines = [_stage_row(row, full[key] - start.get(key, 0.0), start.get(key, 0.0), total) for key, row in seen.items()]
    rest = total - sum(full[key] - start.get(key, 0.0) for key in seen)
    rest_start = whole.start_cpu_s - sum(start.values())
    lines.append(["everything else", "", "", f"{rest:.2f}", "", "", f"{rest / total:.1%}", f"{rest_start:.2f}"])
    header = ["room, stage", "documents", "MB", "CPU s", "documents / CPU s", "MB / CPU s", "share", "start-up CPU s"]
    note = (
        f"Medians over the rounds, whole run over {pages} pages. Start-up, subtracted, is the stage over one page. "
        "MB: of raw records in `extract`, of text elsewhere (of the table in `write`). Everything else: imports, "
        "digests, commits, reports. No rates for steps that handle tables, or that take less than 10 ms."
    )
    return Table("Our stages", header, lines, note)


def _medians(runs: list[Timings]) -> dict[tuple[str, str], float]:
    times: dict[tuple[str, str], list[float]] = {}
    for rows in runs:
        for row in rows:
            times.setdefault((row["room"], row["stage"]), []).append(row["cpu_s"])
    return {key: statistics.median(values) for key, values in times.items()}


def _stage_row(row: dict[str, Any], cpu_s: float, start_cpu_s: float, total: float) -> list[str]:
    docs, size = row["docs"] if row["docs"] > 1 else 0, row["bytes"] if row["docs"] > 1 else 0
    measurable, cpu_s = cpu_s >= MIN_CPU_S, max(cpu_s, 0.0)
    return [
        f"{row['room']} {row['stage']}",
        str(docs or ""),
        f"{size / 1e6:.1f}" if size else "",
        f"{cpu_s:.2f}",
        f"{docs / cpu_s:,.0f}" if docs and measurable else "",
        f"{size / 1e6 / cpu_s:,.1f}" if size and measurable else "",
        f"{cpu_s / total:.1%}",
        f"{start_cpu_s:.2f}",
    ]


def plan_table(whole: Result, data: Path, measured: Input) -> Table:
    """What `--plan` needs: CPU seconds and disk for each packed byte of raw archive."""
    packed, plain = measured.packed_bytes, measured.plain_bytes
    rows = [["CPU s per MB of packed archive", median_and_range([s / (packed / 1e6) for s in whole.cpu_s()], 3)]]
    rows += [[f"disk, {name}", f"{size / packed:.3f}"] for name, size in contenders.disk_bytes(data) if size]
    note = f"Disk in bytes per packed byte. The archive: {packed / 1e6:.1f} MB packed, {plain / 1e6:.1f} MB plain."
    return Table("For --plan", ["what", "whole run"], rows, note)


def document(options: argparse.Namespace, tables: list[Table], loads: tuple[str, str]) -> str:
    """The dated result: hardware, versions, command, tables. Archive names without folders."""
    names = ", ".join(path.name for path in options.warc)
    facts = [
        *hardware(),
        f"load over 1 and 5 minutes: {loads[0]} at the start, {loads[1]} at the end (shared machine: read the ratios)",
        *contenders.versions(not options.no_peer),
        f"input: {names}, each record of {options.every}, in {FILES} files, "
        "gzip a record, WARC-Identified-Payload-Type as Common Crawl states it",
        f"configs: benchmarks/{CONFIG.name}; benchmarks/datatrove_path.py, time-out {options.timeout_s:g} s a page",
        f"command: python benchmarks/run.py --every {options.every} --rounds {options.rounds}",
    ]
    lines = "\n".join(f"- {fact}" for fact in facts)
    head = f"# The web path, {options.date.isoformat()}\n\n{lines}\n\n"
    return head + "\n".join(table.markdown() for table in tables)


def main(given: Sequence[str] | None = None) -> int:
    """Measure, print, write the dated result. Exit code 1 where a contender failed."""
    options = arguments(given)
    before = load()
    chosen = contenders.ours()
    try:
        if not options.no_peer:
            contenders.install_peer()
            chosen += contenders.peers(options.timeout_s)
        with tempfile.TemporaryDirectory(prefix="riffle-bench-") as folder:
            work = Path(folder)
            measured = prepare(options, work)
            results, stages = compare(chosen, options.rounds, work)
            whole = next(r for r in results if r.contender.name == WHOLE_RUN)
            tables = [
                path_table(results, measured),
                outcome_table(results, measured),
                stage_table(stages, whole, measured.pages),
                plan_table(whole, work / "whole", measured),
            ]
    except (CommandFailed, contenders.PeerMissing) as error:
        console.print(f"bench: {error}", markup=False)
        return 1
    for table in tables:
        table.show(console)
    options.results.mkdir(parents=True, exist_ok=True)
    target = options.results / f"{options.date.isoformat()}.md"
    target.write_text(document(options, tables, (before, load())), encoding="utf-8")
    console.print(f"written: {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
