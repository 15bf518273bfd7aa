"""What a GPU is asked in a budget of minutes: the order, what is begun again and what is not, what is stopped."""

from __future__ import annotations

import importlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import psutil
import pytest

from proxy_models.reference import experiment
from tests.conftest import ROOT
from tests.proxy_models.test_reference import BLOCKED


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    yield importlib.import_module("gpu")
    sys.modules.pop("gpu", None)
    sys.modules.pop("swarm", None)


def script(folder: Path, name: str, code: int, then: str = "") -> tuple[str, ...]:
    """A command that writes its name and what it is told after it into a file."""
    told = f"import sys; open({str(folder / 'did')!r}, 'a').write({name!r} + ' '.join(sys.argv[1:]) + chr(10))"
    return (sys.executable, "-c", f"{told}; {then}sys.exit({code})")


def did(folder: Path) -> list[str]:
    lines = (folder / "did").read_text().splitlines()
    (folder / "did").unlink()
    return lines


def test_parts_that_ended_are_not_begun_again_and_others_are(
    bench: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "gpu.jsonl"

    def parts(code: int) -> list[object]:
        return [
            bench.Part("tests", script(tmp_path, "tests", 1), 0.0, 60.0),
            bench.Part("swarm", script(tmp_path, "swarm", code), 0.0),
            bench.Part("experiment", script(tmp_path, "experiment", 0), 240.0),
        ]

    end = time.monotonic() + 120
    assert bench.run(parts(bench.AGAIN), path, end) == bench.AGAIN
    began = did(tmp_path)
    assert began[0] == "tests"
    assert began[1].startswith("swarm--minutes 1.") or began[1].startswith("swarm--minutes 2.")
    assert len(began) == 2
    assert "experiment: not begun, it takes 240 s" in capsys.readouterr().out
    assert bench.run(parts(0), path, time.monotonic() + 600) == 1
    assert [one.partition("--")[0] for one in did(tmp_path)] == ["swarm", "experiment"]
    assert [(one.part, one.code) for one in bench.read(path)] == [("tests", 1), ("swarm", 0), ("experiment", 0)]
    assert bench.run(parts(0), path, time.monotonic() + 600) == 1
    assert not (tmp_path / "did").exists()
    path.write_text("".join(one + "\n" for one in path.read_text().splitlines() if "tests" not in one))
    assert bench.run(parts(0)[1:], path, time.monotonic() + 600) == 0


def test_tests_that_hang_are_stopped_with_all_that_they_started(bench: ModuleType, tmp_path: Path) -> None:
    then = f"""
import subprocess, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open({str(tmp_path / "child")!r}, "w").write(str(child.pid))
time.sleep(600)
"""
    command = script(tmp_path, "tests", 0)
    hangs = (*command[:2], command[2].partition("; sys.exit")[0] + then)
    path = tmp_path / "gpu.jsonl"
    assert bench.run([bench.Part("tests", hangs, 0.0, 20.0)], path, time.monotonic() + 60) == 1
    assert [one.code for one in bench.read(path)] == [bench.STOPPED]
    child = int((tmp_path / "child").read_text())
    while psutil.pid_exists(child) and psutil.Process(child).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.05)  # for ever, were it not stopped


def test_the_commands_are_those_that_there_are(
    bench: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert [one.name for one in bench.parts(tmp_path, tmp_path)] == ["tests", "swarm", "members"]
    (tmp_path / "prepared.npz").touch()
    parts = {one.name: one for one in bench.parts(tmp_path, tmp_path)}
    assert list(parts) == ["tests", "swarm", "experiment", "members"]
    swarm = importlib.import_module("swarm")
    asked = swarm.arguments([*parts["swarm"].command[2:], "--minutes", "2.000"])
    assert (asked.ends, asked.windows, asked.device, asked.into) == (True, 1, "cuda", tmp_path)
    assert experiment.main([*parts["experiment"].command[3:], "--device", "cpu", "--minutes", "4.000"]) == 2
    assert "prepared.npz is no prepared file" in capsys.readouterr().out
    assert parts["experiment"].least_s == 60 * experiment.LEAST_MINUTES


def test_packages_that_were_brought_along_are_found(
    bench: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "brought.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    command = (sys.executable, "-c", "import brought, proxy_models")
    assert bench.do(bench.Part("tests", command, 0.0, 60.0), 60.0) == 0


def test_tests_of_swarms_need_little() -> None:
    blocked = f"import sys; sys.modules.update(dict.fromkeys({BLOCKED}))"
    imports = "import tests.proxy_models.test_gpu, tests.proxy_models.test_swarm"
    subprocess.run([sys.executable, "-c", f"{blocked}; {imports}"], check=True, cwd=ROOT, timeout=300)


def test_every_test_for_a_gpu_is_asked_for(bench: ModuleType) -> None:
    folder = ROOT / "tests" / "proxy_models"
    marked = {path for path in (ROOT / "tests").rglob("test_*.py") if "mark.gpu" in path.read_text()}
    assert marked - {Path(__file__)} == {folder / name for name in bench.TESTS}
