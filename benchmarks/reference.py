"""The reference experiment on CPUs: from real data to a registered, tested mixture of six domains, one command.

    python -m benchmarks.reference ../shared/data [--work data/reference] [--steps 150] [--workers N]

`web`, `reddit`, `wikipedia` and `books` are read from the folder of third-party data, `code` is this Python's standard
library, `technical` is LaTeX papers and a forum: so little that its epoch cap binds (configs/mixtures/reference.yaml).
Resumes by itself. --steps: fewer make a rehearsal.
"""

from __future__ import annotations

import argparse
import io
import sys
import sysconfig
import tarfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import yaml

from pipeline.__main__ import main as pipeline
from proxy_models.__main__ import main as proxies

CONFIG = Path(__file__).resolve().parents[1] / "configs" / "mixtures" / "reference.yaml"
SECONDS = 315_532_800  # of every member of a tar: 1980, so that equal files are equal archives
NOT_LIBRARY = {"site-packages", "test", "tests", "idlelib", "lib2to3", "__pycache__"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shared", type=Path, help="folder with web, reddit, wikipedia, books, arxiv, stackexchange")
    parser.add_argument("--work", type=Path, default=Path("data/reference"))
    parser.add_argument("--steps", type=int, help="of every run, for a rehearsal")
    parser.add_argument("--workers", default="2", help="processes; 0: this one")
    asked = parser.parse_args()
    if missing := [name for name in ("web", "reddit", "wikipedia", "books") if not (asked.shared / name).is_dir()]:
        parser.error(f"{asked.shared} has no folder {missing[0]}")
    began = time.monotonic()
    raw, data = asked.work / "raw", asked.work / "run"
    write_books(asked.shared / "books", raw / "books")
    write_library(raw / "code")
    config, experiment = asked.work / "corpus.yaml", asked.work / "experiment.yaml"
    config.write_text(yaml.safe_dump(corpus(asked.shared.resolve(), raw.resolve())))
    of: dict[str, Any] = yaml.safe_load(CONFIG.read_text())
    if asked.steps:
        of["experiment"] = f"rehearsal{asked.steps}"
        for kind in ("proxies", "validation"):
            of[kind]["steps"] = asked.steps
    experiment.write_text(yaml.safe_dump(of))
    steps = [(pipeline, ["run", "--config", str(config), "--data", str(data), "--workers", asked.workers])]
    for name in ("register", "validate"):
        options = ["--experiment", str(experiment), "--data", str(data), "--device", "cpu"]
        steps.append((proxies, [name, *options, "--workers", asked.workers]))
    for run, arguments in steps:
        if code := run(arguments):
            return code
    print(f"{(time.monotonic() - began) / 60:.1f} minutes")
    return 0


def corpus(shared: Path, raw: Path) -> dict[str, Any]:
    """The pipeline's config: light rules, since everything here was chosen by somebody before."""
    prose = ["web", "reddit", "wikipedia", "books", "arxiv", "stackexchange"]
    return {
        "run": "reference",
        "sources": {
            "web": {"reader": {"kind": "commoncrawl"}, "inputs": f"{shared}/web"},
            "reddit": {"reader": {"kind": "reddit"}, "inputs": f"{shared}/reddit"},
            "wikipedia": {"reader": {"kind": "wikipedia"}, "inputs": f"{shared}/wikipedia"},
            "books": {"reader": {"kind": "text"}, "inputs": f"{raw}/books"},
            "code": {"reader": {"kind": "code"}, "inputs": f"{raw}/code"},
            "arxiv": {"reader": {"kind": "arxiv"}, "inputs": f"{shared}/arxiv", "domain": "technical"},
            "stackexchange": {
                "reader": {"kind": "stackexchange"},
                "inputs": f"{shared}/stackexchange",
                "domain": "technical",
            },
        },
        "filter": [
            {"kind": "normalise"},
            {"kind": "language"},
            {
                "kind": "rules",
                "name": "language",
                "sources": prose,
                "rules": [{"drop": "language:not_english", "when": "language <> 'en'"}],
            },
            {"kind": "statistics"},
            {
                "kind": "rules",
                "name": "length",
                "sources": prose,
                "rules": [{"drop": "length:word_count", "when": "word_count < 20"}],
            },
        ],
        "audit": {"one_in": 1000, "floor": 20},
        "dedup": {"min_jaccard": 0.8},
        "publish": {"shard_bytes": 20_000_000},
    }


def write_books(zips: Path, folder: Path) -> None:
    """Every text of the archives as a file; plays are XML, of which the words are kept."""
    for archive in sorted(zips.glob("*.zip")):
        with zipfile.ZipFile(archive) as opened:
            for name in sorted(opened.namelist()):
                path = folder / f"{name.replace('/', '_').rsplit('.', 1)[0]}.txt"
                if name.endswith(".txt"):
                    put(path, opened.read(name))
                elif name.endswith(".xml"):
                    words = "\n".join(one.strip() for one in ElementTree.fromstring(opened.read(name)).itertext())
                    put(path, words.encode())


def write_library(folder: Path) -> None:
    """A tar for each package of the standard library, and one for its single modules."""
    home = Path(sysconfig.get_path("stdlib"))
    packages: dict[str, list[Path]] = {}
    for path in modules(home):
        inside = path.relative_to(home).parts
        packages.setdefault(inside[0] if len(inside) > 1 else "modules", []).append(path)
    for name, paths in sorted(packages.items()):
        plain = io.BytesIO()
        with tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            for path in paths:
                entry = tarfile.TarInfo(f"{name}/{path.relative_to(home).as_posix()}")
                content = path.read_bytes()
                entry.size, entry.mtime = len(content), SECONDS
                archive.addfile(entry, io.BytesIO(content))
        put(folder / f"{name}.tar", plain.getvalue())


def modules(home: Path) -> Iterator[Path]:
    for path in sorted(home.rglob("*.py")):
        if not NOT_LIBRARY & set(path.relative_to(home).parts):
            yield path


def put(path: Path, content: bytes) -> None:
    """Write what is not there already: a changed time would be a changed input."""
    if not path.exists() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


if __name__ == "__main__":
    sys.exit(main())
