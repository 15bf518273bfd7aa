"""What all tests share: where the real data lies, and that its absence is said, not passed over."""

from __future__ import annotations

import os
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, settings

# Machines are shared and slow at times: no test fails for taking long. In CI the examples are the same each time.
settings.register_profile(
    "house", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
settings.load_profile("house")

ROOT = Path(__file__).parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"
MEMORY = Path("/dev/shm")


def pytest_configure() -> None:
    """Temporary files lie in memory, where 4 GiB are free, and the processes that tests start keep their bytecode.

    A committed file waits for a disk four times, some 4 ms each, and tests commit tens of thousands. Where Python may
    write no bytecode each process compiles all of its modules again: 1 of the 2.4 CPU seconds of `import pipeline.run`.
    """
    if "TMPDIR" not in os.environ and _free(MEMORY) > 4 << 30:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)
    for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(threads, "1")  # every core has a module: their threads would wait for each other
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


def _free(folder: Path) -> int:
    """Bytes that may be written there, in memory; 0 where nothing may."""
    if not os.access(folder, os.W_OK):
        return 0
    return min(psutil.disk_usage(str(folder)).free, psutil.virtual_memory().available)


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """The path of a file of the shared data; skips where it is absent, fails under REQUIRE_DATA=1."""

    def find(relative: str) -> Path:
        path = SHARED_DATA / relative
        if not path.exists():
            if os.environ.get("REQUIRE_DATA") == "1":
                pytest.fail(f"REQUIRE_DATA=1, but {relative} is not in ../shared/data")
            pytest.skip(f"no shared data: {relative}")
        return path

    return find


@pytest.fixture(scope="module", autouse=True)
def no_test_bounds_this_process() -> Iterator[None]:
    """A limit of CPU time that a test leaves behind ends the whole session without a word, an hour later."""
    before = resource.getrlimit(resource.RLIMIT_CPU)
    yield
    assert resource.getrlimit(resource.RLIMIT_CPU) == before
