"""What the end-to-end tests share: the raw shards and one undisturbed run over them, made once; a real browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.demo.shards import write_demo_shards
from tests.e2e import drive, takedown_corpus


@pytest.fixture(scope="session")
def demo_raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's raw shards."""
    folder = tmp_path_factory.mktemp("demo") / "raw"
    write_demo_shards(folder)
    return folder


@pytest.fixture(scope="session")
def raw(demo_raw: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same without the paper whose macros double until its budget ends: 2 of a run's 10 CPU seconds."""
    folder = tmp_path_factory.mktemp("raw") / "raw"
    shutil.copytree(demo_raw, folder, ignore=shutil.ignore_patterns("2601.99006.gz"))
    return folder


@pytest.fixture(scope="session")
def undisturbed(raw: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """(config, data folder) of one run in one process that nothing disturbed: what all others must equal."""
    folder = tmp_path_factory.mktemp("undisturbed")
    config = drive.write_config(folder, raw)
    drive.run(config, folder / "data", "--workers", "0")
    return config, folder / "data"


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


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's chromium; skips, saying so, where there is none."""
    if CHROMIUM is None:
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail("REQUIRE_BROWSER=1, but there is no chromium")
        pytest.skip("no chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET.split())
        yield running
        running.close()
