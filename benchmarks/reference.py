"""The reference experiment on CPUs: from real data to a registered, tested mixture of six domains, one command.

    python -m benchmarks.reference ../shared/data [--work data/reference] [--steps 150] [--workers N] [--for-gpu INTO]

`web`, `reddit`, `wikipedia` and `books` are read from the folder of third-party data, `code` is this Python's standard
library, `technical` is LaTeX papers and a forum: so little that its epoch cap binds (configs/mixtures/reference.yaml).
Resumes by itself. --steps: fewer make a rehearsal. --for-gpu: trains nothing, but prepares in INTO the tokens of the
larger experiment (`python -m proxy_models.reference run`): eight domains at a vocabulary of 4,096, `pdf` and
`packages` (what Riffle requires is installed) beside the six.
"""

from __future__ import annotations

import argparse
import sys
import sysconfig
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import yaml

from pipeline.__main__ import main as pipeline
from pipeline.demo.code import tar_of
from proxy_models.__main__ import main as proxies
from proxy_models.reference import experiment as gpu

CONFIG = Path(__file__).resolve().parents[1] / "configs" / "mixtures" / "reference.yaml"
NOT_LIBRARY = {"site-packages", "test", "tests", "idlelib", "lib2to3", "__pycache__"}
PACKAGES = ("dask", "distributed", "networkx", "numba", "numpy", "scipy", "sklearn")
GPU_VOCABULARY, GPU_TOKENS = 4096, 15_000_000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shared", type=Path, help="folder with web, reddit, wikipedia, books, arxiv, stackexchange")
    parser.add_argument("--work", type=Path, default=Path("data/reference"))
    parser.add_argument("--steps", type=int, help="of every run, for a rehearsal")
    parser.add_argument("--workers", default="2", help="processes; 0: this one")
    parser.add_argument("--for-gpu", type=Path, metavar="INTO", help="a folder for what is carried to a GPU")
    asked = parser.parse_args()
    if missing := [name for name in ("web", "reddit", "wikipedia", "books") if not (asked.shared / name).is_dir()]:
        parser.error(f"{asked.shared} has no folder {missing[0]}")
    began = time.monotonic()
    commands = of_gpu(asked) if asked.for_gpu else of_cpu(asked)
    for run, arguments in commands:
        if code := run(arguments):
            return code
    print(f"{(time.monotonic() - began) / 60:.1f} minutes")
    return 0


Command = tuple[Callable[[list[str]], int], list[str]]


def of_cpu(asked: argparse.Namespace) -> Iterator[Command]:
    """Corpus, tokens, proxies, proposal and validation, as configs/mixtures/reference.yaml has them."""
    raw, data = asked.work / "raw", asked.work / "run"
    yield pipeline, run_of(corpus("reference", six(asked.shared.resolve(), raw.resolve())), raw, data, asked)
    experiment = asked.work / "experiment.yaml"
    of: dict[str, Any] = yaml.safe_load(CONFIG.read_text())
    if asked.steps:
        of["experiment"] = f"rehearsal{asked.steps}"
        for kind in ("proxies", "validation"):
            of[kind]["steps"] = asked.steps
    experiment.write_text(yaml.safe_dump(of))
    for name in ("register", "validate"):
        options = ["--experiment", str(experiment), "--data", str(data), "--device", "cpu"]
        yield proxies, [name, *options, "--workers", asked.workers]


def of_gpu(asked: argparse.Namespace) -> Iterator[Command]:
    """Corpus, tokens, and the one file that is carried over."""
    raw, data = asked.work / "raw", asked.work / "run8"
    yield pipeline, run_of(corpus("reference8", eight(asked.shared.resolve(), raw.resolve())), raw, data, asked)
    tokens = asked.work / "tokens8"
    yield proxies, ["tokens", "--data", str(data), "--into", str(tokens), "--vocabulary", str(GPU_VOCABULARY)]
    (made,) = tokens.glob("*/manifest.json")
    prepare = ["prepare", "--tokens", str(made.parent), "--into", str(asked.for_gpu)]
    yield gpu.main, [*prepare, "--most-tokens", str(GPU_TOKENS)]


def run_of(config: dict[str, Any], raw: Path, data: Path, asked: argparse.Namespace) -> list[str]:
    """The pipeline's command, with its config and its raw files written."""
    write_books(asked.shared / "books", raw / "books")
    write_library(raw / "code")
    if "packages" in config["sources"]:
        write_packages(raw / "packages")
    path = asked.work / f"{config['run']}.yaml"
    path.write_text(yaml.safe_dump(config))
    return ["run", "--config", str(path), "--data", str(data), "--workers", asked.workers]


def six(shared: Path, raw: Path) -> dict[str, Any]:
    """Sources of the experiment on CPUs."""
    return {
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
    }


def eight(shared: Path, raw: Path) -> dict[str, Any]:
    """Sources of the experiment on a GPU."""
    return six(shared, raw) | {
        "packages": {"reader": {"kind": "code"}, "inputs": f"{raw}/packages"},
        "pdf": {"reader": {"kind": "pdf"}, "inputs": f"{shared}/pdf"},
    }


def corpus(run: str, sources: dict[str, Any]) -> dict[str, Any]:
    """The pipeline's config: light rules, since everything here was chosen by somebody before."""
    prose = [name for name, of in sources.items() if of["reader"]["kind"] != "code"]
    return {
        "run": run,
        "sources": sources,
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
        put(folder / f"{name}.tar", tar_of(name, home, paths))


def write_packages(folder: Path) -> None:
    """A tar for each of PACKAGES, as installed."""
    home = Path(sysconfig.get_path("purelib"))
    for name in PACKAGES:
        put(folder / f"{name}.tar", tar_of(name, home / name, modules(home / name)))


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
