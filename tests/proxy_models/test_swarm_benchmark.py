"""The swarm's benchmark at toy size: it measures, goes on where it stopped, and says what it did not measure."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.conftest import ROOT


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    yield importlib.import_module("swarm")
    sys.modules.pop("swarm", None)


def line(size: str, members: int, rate: float, **more: Any) -> str:
    return json.dumps(
        {"size": size, "members": members, "plain": False, "tokens_per_s": rate, "windows": [rate], "first_s": 1.0}
        | more
    )


def test_what_is_missing_is_measured_and_nothing_twice(bench: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "swarm.jsonl"
    path.write_text(line("toy", 1, 1000.0) + "\n" + line("toy", 4, 1500.0) + "\n")
    given = ["--into", str(tmp_path), "--device", "cpu", "--windows", "2", "--window-s", "0.05", "--minutes", "2"]
    assert bench.main(given) == 0
    lines = bench.read(path)
    assert [(one["members"], len(one["windows"])) for one in lines] == [(1, 1), (4, 1), (2, 2)]
    assert lines[2]["finite"]
    assert lines[2]["sizes"]["total"] == sum(lines[2]["sizes"][part] for part in ("block", "embedding")) + 5 * 64
    before = path.read_bytes()
    assert bench.main(given) == 0
    assert path.read_bytes() == before


def test_a_budget_that_is_spent_begins_nothing(bench: ModuleType, tmp_path: Path) -> None:
    given = ["--into", str(tmp_path), "--device", "cuda", "--sizes", "1M", "--minutes", "0.01"]
    assert bench.main(given) == 3
    assert not (tmp_path / "swarm.jsonl").exists()


def test_a_case_is_begun_only_where_it_would_end_by_what_the_others_took(
    bench: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compiling told 200 s: with three minutes left only the baseline that compiles nothing is begun."""
    path = tmp_path / "swarm.jsonl"
    path.write_text(line("1M", 1, 2e6, first_s=200.0) + "\n")
    begun: list[Any] = []

    def one(command: list[str], **_: Any) -> Any:
        begun.append(json.loads(command[command.index("--one") + 1]))
        told = line("1M", 1, 1e6, plain=True, first_s=5.0)
        return subprocess.CompletedProcess(command, 0, stdout=told, stderr="")

    monkeypatch.setattr(bench.subprocess, "run", one)
    given = ["--into", str(tmp_path), "--device", "cuda", "--sizes", "1M", "--minutes", "3"]
    assert bench.main(given) == 3
    assert [(of["members"], of["plain"]) for of in begun] == [(1, True)]
    assert bench.main([*given[:-1], "4", "--ends"]) == 0
    assert [(of["members"], of["plain"]) for of in begun[1:]] == [(64, False)]


def test_what_failed_is_the_error_and_not_the_advice_behind_it(bench: ModuleType) -> None:
    traceback = """Traceback (most recent call last):
  File "swarm.py", line 1, in <module>
ValueError: first

During handling of the above exception, another exception occurred:

torch._inductor.exc.InductorError: RuntimeError: no kernel

Set TORCHDYNAMO_VERBOSE=1 for the internal stack trace
"""
    assert bench.fault(traceback, 1) == "torch._inductor.exc.InductorError: RuntimeError: no kernel"
    assert bench.fault("Killed\n", -9) == "exit code -9"


def test_windows_end_with_the_minutes_but_for_the_first(bench: ModuleType) -> None:
    toy = bench.Case("toy", 1, plain=False)
    assert len(bench.measured(toy, "cpu", 3, 0.01, end=0.0)["windows"]) == 1


def test_the_table_has_ratios_and_what_was_not_measured(bench: ModuleType) -> None:
    lines = [json.loads(line("1M", 1, 2e6, mfu=0.05)), json.loads(line("1M", 64, 5e6, mfu=0.125, peak_gib=9.0))]
    lines.append({"size": "1M", "members": 16, "plain": False, "failed": "OutOfMemoryError: made"})
    table = bench.table(lines, ["1M"])
    assert "| 1M | 1 eager (b) | not measured |" in table
    assert "| 1M | 64 | 5,000 (5,000-5,000) | 2.50 |  | 12.5% | 1.0 | 9.0 |" in table
    assert "| 1M | 16 | OutOfMemoryError: made |" in table
    assert "| 1M | 4 | not measured |" in table


def test_operations_are_those_of_the_formula(bench: ModuleType) -> None:
    model = bench.SIZES["5M"].model
    assert (model.layers, model.width, model.sequence) == (6, 256, 512)
    matrices = 6 * (4 * 256**2 + 3 * 256 * 704) + 4096 * 256
    assert bench._flops(model) == 6 * matrices + 6 * 6 * 512 * 256


def test_sizes_are_near_their_names(bench: ModuleType) -> None:
    millions = {name: size.model.parameters / 1e6 for name, size in bench.SIZES.items() if name != "toy"}
    assert [round(number, 1) for number in millions.values()] == [1.3, 5.9, 15.7, 27.4]
    tokens = {name: size.batch * size.model.sequence for name, size in bench.SIZES.items() if name != "toy"}
    assert tokens == {"1M": 8192, "5M": 16_384, "15M": 16_384, "30M": 32_768}
