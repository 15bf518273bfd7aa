"""All that a GPU should be asked, the most telling first, in a budget of minutes; the same command goes on.

python benchmarks/gpu.py --into FOLDER [--minutes 8.5] [--carried data/carried]

tests: those marked `gpu`. swarm: what swarms cost (`swarm.py`), of each size one member and the most, one window each.
experiment: the reference experiment on what `python -m proxy_models.reference prepare` left in --carried; passed over,
and said so, without it. members: the other sizes of swarms.

What they say is printed as it comes, and kept as it comes: lines of FOLDER/swarm.jsonl, files of the experiment's
folder; a part that ended is a line of FOLDER/gpu.jsonl and not begun again, failed or not, before that line is removed.
No part is begun that would not fit into what is left, and the tests are stopped after some minutes, since a hang would
take all. Exit codes: 0 all is done, 1 a part failed, 2 a wrong setting, 3 the minutes are over.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from proxy_models.reference.experiment import AGAIN, ENVIRONMENT, LEAST_MINUTES
from proxy_models.reference.material import FILE
from proxy_models.reference.runs import say

ROOT = Path(__file__).resolve().parents[1]
TESTS = ("test_gpu.py", "test_swarm.py", "test_gpu_runs.py")  # by what they need: the last all of Riffle's packages
TESTS_S = 420.0  # after which they are stopped
TEST_S = 180  # after which one of them fails, if it still runs Python
TESTS_LEAST_S = 90.0  # in which some of them end, as far as can be reckoned: three shapes are compiled
SWARM_LEAST_S = 60.0  # of a configuration that compiles little; each says itself what it needs
GRACE_S = 60.0  # for a last checkpoint of a part that keeps to its minutes
STOPPED = -signal.SIGKILL


@dataclass(frozen=True)
class Part:
    """A command of its own. least_s: not begun with less left.

    most_s: then it is stopped; None: it takes `--minutes`.
    """

    name: str
    command: tuple[str, ...]
    least_s: float
    most_s: float | None = None


@dataclass(frozen=True)
class Ended:
    """A part that is not begun again: its exit code, STOPPED if it did not end by itself, and its seconds."""

    part: str
    code: int
    seconds: float


def parts(into: Path, carried: Path) -> list[Part]:
    """In their order; the experiment only where its tokens are."""
    python = sys.executable
    tests = [f"tests/proxy_models/{name}" for name in TESTS]
    pytest = (python, "-m", "pytest", "-v", "-m", "gpu", "-p", "no:cacheprovider", "--timeout", str(TEST_S))
    swarm = (python, "benchmarks/swarm.py", "--into", str(into), "--windows", "1")
    experiment = (python, "-m", "proxy_models.reference", "run", "--into", str(carried))
    found = [
        Part("tests", (*pytest, "--continue-on-collection-errors", *tests), TESTS_LEAST_S, TESTS_S),
        Part("swarm", (*swarm, "--ends"), SWARM_LEAST_S),
        Part("experiment", experiment, 60 * LEAST_MINUTES),
        Part("members", swarm, SWARM_LEAST_S),
    ]
    return [one for one in found if one.name != "experiment" or (carried / FILE).exists()]


def read(path: Path) -> list[Ended]:
    """What has ended before."""
    return [Ended(**json.loads(line)) for line in path.read_text().splitlines()] if path.exists() else []


def do(part: Part, left_s: float) -> int:
    """Run it in the root of the repository, its words among ours; its exit code. Stopped with all that it started."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    environment = os.environ | {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}
    command, limit_s = part.command, left_s + GRACE_S
    if part.most_s is None:
        command = (*command, "--minutes", f"{left_s / 60:.3f}")
    else:
        limit_s = min(part.most_s, left_s)
    with subprocess.Popen(command, cwd=ROOT, env=environment, process_group=0) as process:
        try:
            return process.wait(limit_s)
        except subprocess.TimeoutExpired:
            return STOPPED
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def run(of: Sequence[Part], path: Path, end: float) -> int:
    """Each part that is not in `path` and fits before `end` of the monotonic clock; the exit code."""
    left = []
    for part in of:
        if part.name in {one.part for one in read(path)}:
            continue
        left_s = end - time.monotonic()
        if left_s < part.least_s:
            say(f"{part.name}: not begun, it takes {part.least_s:.0f} s and {max(0.0, left_s):.0f} are left")
            left.append(part.name)
            continue
        say(f"{part.name}: begun, {left_s:.0f} s are left")
        began = time.monotonic()
        code = do(part, left_s)
        ended = Ended(part.name, code, round(time.monotonic() - began, 1))
        say(f"{part.name}: exit code {code} after {ended.seconds:.0f} s")
        if code in {AGAIN, ENVIRONMENT}:
            left.append(part.name)
            continue
        with path.open("a") as stream:
            stream.write(json.dumps(asdict(ended)) + "\n")
    if failed := [one.part for one in read(path) if one.code]:
        say(f"failed, and not begun again before its line of {path} is removed: {', '.join(failed)}")
    if left:
        say(f"left: {', '.join(left)}; give the same command again to go on")
    return AGAIN if left else 1 if failed else 0


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--into", type=Path, required=True, help="folder of the results")
    parser.add_argument(
        "--minutes", type=float, default=8.5, help="budget; a last checkpoint may take some seconds more"
    )
    parser.add_argument("--carried", type=Path, default=Path("data/carried"), help="folder of the reference experiment")
    options = parser.parse_args(given)
    if not torch.cuda.is_available():
        parser.error("torch sees no CUDA")
    if options.minutes <= 0:
        parser.error("--minutes must be above 0")
    options.into.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + 60 * options.minutes
    if not (options.carried / FILE).exists():
        say(f"experiment: passed over, there is no {options.carried / FILE}")
    return run(parts(options.into.resolve(), options.carried.resolve()), options.into / "gpu.jsonl", end)


if __name__ == "__main__":
    sys.exit(main())
