"""What the end-to-end tests share: the raw shards and one undisturbed run over them, made once; a real browser."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.demo.shards import write_demo_shards
from tests.e2e import drive, takedown_corpus


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """The folder that `make` has filled, for all processes of a session: who comes first makes it, the others wait.

    What lies in it is for reading.
    """
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with folder.with_suffix(".made").open("a+") as made:
        fcntl.flock(made, fcntl.LOCK_EX)
        if not os.fstat(made.fileno()).st_size:
            shutil.rmtree(folder, ignore_errors=True)  # of a process in which it failed
            folder.mkdir()
            make(folder)
            made.write("whole")
    return folder


@pytest.fixture(scope="session")
def demo_raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's raw shards."""
    return made_once(tmp_path_factory, "demo", lambda folder: write_demo_shards(folder / "raw")) / "raw"


@pytest.fixture(scope="session")
def raw(demo_raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same without the paper whose macros double until its budget ends: 2 of a run's 10 CPU seconds."""

    def make(folder: Path) -> None:
        shutil.copytree(demo_raw, folder / "raw", ignore=shutil.ignore_patterns("2601.99006.gz"))

    return made_once(tmp_path_factory, "without_macros", make) / "raw"


@pytest.fixture(scope="session")
def undisturbed(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(config, data folder) of one run in one process that nothing disturbed: what all others must equal."""

    def make(folder: Path) -> None:
        drive.run(drive.write_config(folder, raw), folder / "data", "--workers", "0")

    folder = made_once(tmp_path_factory, "undisturbed", make)
    return folder / "config.yaml", folder / "data"


@pytest.fixture(scope="module")
def made_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(config, data folder) of `takedown_corpus`, for the tests of a module that follow one another."""
    config, data = takedown_corpus.made(tmp_path_factory.mktemp("takedown"))
    shutil.copytree(data, data.with_name("untouched"))
    return config, data


@pytest.fixture
def copied_run(made_run: tuple[Path, Path], tmp_path: Path) -> tuple[Path, Path]:
    """The run as it was before anything was taken down."""
    config, data = made_run
    shutil.copytree(data.with_name("untouched"), tmp_path / "data")
    return config, tmp_path / "data"


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


PATIENCE_MS = 600_000
"""What is waited for comes, on a busy machine after half a minute."""


class Patient:
    """A browser whose pages wait as long as it takes."""

    def __init__(self, running: Any) -> None:
        self._running = running

    def new_page(self, **options: Any) -> Any:
        page = self._running.new_page(**options)
        page.set_default_timeout(PATIENCE_MS)
        return page


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's chromium; skips, saying so, where there is none."""
    if CHROMIUM is None:
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail("REQUIRE_BROWSER=1, but there is no chromium")
        pytest.skip("no chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET.split(), timeout=PATIENCE_MS)
        playwright.expect.set_options(timeout=PATIENCE_MS)
        yield Patient(running)
        running.close()
