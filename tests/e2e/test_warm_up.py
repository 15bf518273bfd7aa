"""After the warm-up no kernel that a shard goes through is compiled."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import json, sys
from numba.core.registry import CPUDispatcher
from pipeline.config import load
from pipeline.execution.warm_up import warm_up
from pipeline.planning.survey import Order, prepare
from pipeline.run import execute

OF_SHARDS = ("pipeline.extraction.", "pipeline.stages.", "pipeline.dedup.minhash", "pipeline.dedup.signing.")

def compiled():
    found = [f for name, m in list(sys.modules.items()) if name.startswith("pipeline.") for f in vars(m).values()]
    kernels = [f for f in found if isinstance(f, CPUDispatcher) and f.py_func.__module__.startswith(OF_SHARDS)]
    kernels = [f for f in kernels if f.py_func.__name__ != "_bits_of"]  # where pairs are verified, after all shards
    return {f"{kernel} {signature}" for kernel in kernels for signature in kernel.signatures}

config, steps = load(sys.argv[1])
warm_up(config, steps)
before = compiled()
execute(prepare(Order(sys.argv[1], sys.argv[2], 0)))
print(json.dumps([len(before), sorted(compiled() - before)]))
"""


def test_a_run_after_the_warm_up_compiles_nothing_in_its_shards(undisturbed: tuple[Path, Path], tmp_path: Path) -> None:
    command = [sys.executable, "-c", SCRIPT, str(undisturbed[0]), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    warmed, later = json.loads(done.stdout.splitlines()[-1])
    assert warmed >= 10
    assert later == []
