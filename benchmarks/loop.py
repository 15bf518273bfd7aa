"""From raw files of every kind to a validated mixture in one command, and what each step costs.

python benchmarks/loop.py FOLDER [--into data/loop] [--date 2026-11-27]

FOLDER holds a folder of each kind's files (web, labelled, pdf, reddit, stackexchange, wikipedia, arxiv, benchmarks);
code is made of installed packages. Given again it resumes. Writes benchmarks/results/DATE-loop.md.
"""

from __future__ import annotations

import argparse
import datetime
import subprocess
import sys
import sysconfig
import time
import zipfile
from pathlib import Path

import psutil
from measure import hardware, load
from rich.console import Console

from mixtures.report import terminal
from mixtures.report.report import Report

HERE = Path(__file__).resolve().parent
PACKAGES = ("dask", "distributed", "fsspec", "pydantic", "typer", "yaml")
console = Console(highlight=False, soft_wrap=True)


def make_code(folder: Path) -> None:
    """Installed packages as zips of a repository."""
    site = Path(sysconfig.get_paths()["purelib"])
    folder.mkdir(parents=True, exist_ok=True)
    for name in PACKAGES:
        if (folder / f"{name}.zip").exists():
            continue
        with zipfile.ZipFile(folder / f"{name}.zip", "w") as archive:
            for path in sorted((site / name).rglob("*.py")):
                entry = zipfile.ZipInfo(f"{name}-main/{path.relative_to(site)}", (2026, 1, 1, 0, 0, 0))
                archive.writestr(entry, path.read_bytes())


def written(name: str, into: Path, places: dict[str, Path]) -> Path:
    """A file of this folder with its places filled in."""
    path = into / name
    path.write_text((HERE / name).read_text() % places)
    return path


def timed(arguments: list[str]) -> tuple[float, float]:
    """Seconds by the clock, and CPU seconds of the process and its children."""
    start, before = time.monotonic(), psutil.Process().cpu_times()
    subprocess.run([sys.executable, "-m", *arguments], check=True, cwd=HERE.parent)
    after = psutil.Process().cpu_times()
    cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
    return time.monotonic() - start, cpu_s


def main() -> None:
    """Run the steps, say what came out, write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--into", type=Path, default=Path("data/loop"))
    parser.add_argument("--date", default=datetime.date.today().isoformat())
    given = parser.parse_args()
    into = given.into.absolute()
    places = {"data": given.folder.absolute(), "made": into / "raw", "rules": HERE.parent / "configs" / "rules"}
    make_code(into / "raw" / "code")
    config, experiment = written("loop.yaml", into, places), written("loop.mixture.yaml", into, places)
    run = ["pipeline", "run", "--config", str(config), "--data", str(into)]
    mix = ["--experiment", str(experiment), "--data", str(into), "--device", "cpu"]
    rows = [
        ("raw files to the published corpus", *timed(run)),
        ("tokens, sweep, proposal", *timed(["proxy_models", "sweep", *mix])),
        ("validation, report", *timed(["proxy_models", "validate", *mix])),
    ]
    report = Report.read(into / "61_reports" / "loop")
    table = "\n".join(f"| {name} | {wall:.0f} | {cpu:.0f} |" for name, wall, cpu in rows)
    wall, cpu = (sum(row[at] for row in rows) for at in (1, 2))
    said = "\n".join(terminal.lines(report))
    machine = "; ".join(hardware())
    text = (
        f"# From raw files to a validated mixture, {given.date}\n\n{machine}; load {load()}; "
        f"`python benchmarks/loop.py {given.folder.name}`\n\n| step | s | CPU s |\n|---|---:|---:|\n{table}\n"
        f"| all | {wall:.0f} | {cpu:.0f} |\n\n{report.title}\n\n```\n{said}\n```\n"
    )
    (HERE / "results" / f"{given.date}-loop.md").write_text(text)
    console.print(text, markup=False)


if __name__ == "__main__":
    main()
