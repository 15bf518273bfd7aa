"""A swarm of M proxies as one program against the same model alone: tokens a second, MFU, memory, by size and M.

python benchmarks/swarm.py --into FOLDER [--minutes 13] [--device cuda] [--sizes 1M,5M,15M,30M] [--ends]

Baselines: (a) M = 1 as a swarm is trained: compiled, a CUDA graph, bfloat16, tokens on the GPU; (b) the same without
compiler and graph. Each configuration is a process of its own, timed after its first steps, which are stated apart, as
the median of 5 windows of 3 s or more, of fewer where the minutes end within it. Results are lines of
FOLDER/swarm.jsonl, written as they come: given again, what is there is not measured again, so that a budget of minutes
may be spent in parts; exit code 3 says that something was left. --ends: one member and the most alone. On a CPU
(`--device cpu`, one thread, one size) it says what a stack costs there, where it is for equality alone. `--table`
prints what is there. It needs torch and numpy alone: PYTHONPATH=. from the repository's root.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

from proxy_models.batches.feed import Resident
from proxy_models.batches.sampling import MixtureSampler
from proxy_models.model.decoder import ModelConfig
from proxy_models.model.numerics import Numerics
from proxy_models.model.optimiser import learning_rate
from proxy_models.swarm import Member, Swarm
from proxy_models.tokens.documents import Documents
from proxy_models.training import speed

STREAM_TOKENS = 2_000_000  # of each of two domains
STEPS = 2000  # then they begin anew; rates and moments are what they are, and the time of a step is the same
FIRST_S = 90.0  # that the first steps of a compiled configuration may take, until one has told
COMING_UP_S = 20.0  # of a configuration's process before and after what it measures
AGAIN = 3  # exit code: the minutes are over
CPU_S = 1.0  # windows on a CPU: steps are slow, and CPU seconds are what is counted
AIMS = {"1M": (3, 8, 0.08), "5M": (2, 5, 0.18), "15M": (1.3, 2, 0.28), "30M": (0.95, 1.3, 0.35)}


@dataclass(frozen=True)
class Size:
    """A model, and the tokens of a step of one member."""

    model: ModelConfig
    step_tokens: int
    members: tuple[int, ...]

    @property
    def batch(self) -> int:
        return self.step_tokens // self.model.sequence


def _size(layers: int, width: int, sequence: int, step_tokens: int, members: tuple[int, ...]) -> Size:
    model = ModelConfig(layers=layers, width=width, heads=width // 64, sequence=sequence, vocabulary=4096)
    return Size(model, step_tokens, members)


SIZES = {
    "1M": _size(4, 128, 512, 8192, (4, 16, 64)),
    "5M": _size(6, 256, 512, 16_384, (4, 12, 36)),
    "15M": _size(8, 384, 512, 16_384, (4, 16)),
    "30M": _size(8, 512, 512, 32_768, (2, 6)),
    "toy": _size(2, 64, 128, 1024, (2, 4)),
}


@dataclass(frozen=True)
class Case:
    """One configuration. plain: neither compiled nor a graph, but bfloat16 on CUDA all the same."""

    size: str
    members: int
    plain: bool


def cases(sizes: Sequence[str], device: str, ends: bool = False) -> Iterator[Case]:
    """The baselines and every M of each size, the most telling first; a CPU compiles nothing, so (b) is (a) there.

    ends: no M between 1 and the largest.
    """
    for size in sizes:
        yield Case(size, 1, plain=False)
        yield Case(size, SIZES[size].members[-1], plain=False)
        if device == "cuda":
            yield Case(size, 1, plain=True)
    for size in [] if ends else sizes:
        for members in SIZES[size].members[:-1]:
            yield Case(size, members, plain=False)


def swarm_of(case: Case, device: str) -> Swarm:
    """The members on random tokens; what they say changes no speed."""
    size, drawn = SIZES[case.size], np.random.default_rng(0)
    tokens = {name: drawn.integers(size.model.vocabulary, size=STREAM_TOKENS).astype(np.uint16) for name in "ab"}
    streams = {name: Documents(of, np.array([0, len(of)]), np.array([len(of)])) for name, of in tokens.items()}
    sampler = MixtureSampler(
        streams,
        {"a": 0.5, "b": 0.5},
        sequence=size.model.sequence,
        batch=size.batch,
        steps=STEPS,
        max_epochs=1e9,
        seed=0,
    )
    numerics = Numerics(torch.device(device), 1, plain=case.plain)
    feed = Resident([sampler] * case.members, STEPS, size.model.sequence, size.model.vocabulary, numerics.device)
    rate = learning_rate(size.model.width)
    members = [Member(seed, rate) for seed in range(case.members)]
    swarm = Swarm(size.model, members, feed, numerics, steps=STEPS, warmup_steps=100)
    if case.plain and numerics.cuda:
        swarm.decoder.compute = torch.bfloat16
    return swarm


def measured(case: Case, device: str, windows: int, window_s: float, end: float) -> dict[str, Any]:
    """One line: rates of each window, their median, what compiling took, the peak of memory.

    end: by the monotonic clock; no window after the first is begun that would go beyond it.
    """
    size = SIZES[case.size]
    numerics = Numerics(torch.device(device), 1, plain=case.plain)
    clock = time.perf_counter if numerics.cuda else time.process_time
    with numerics.set():
        start = time.perf_counter()
        swarm = swarm_of(case, device)
        _do(swarm, 3, numerics)
        first_s = time.perf_counter() - start
        steps, rates = 1, []
        while len(rates) < windows and not (rates and time.monotonic() + 1.3 * window_s > end):
            start = clock()
            _do(swarm, steps, numerics)
            took = clock() - start
            if took >= window_s:
                rates.append(steps * case.members * size.step_tokens / took)
            else:
                steps = int(steps * min(10.0, 1.3 * window_s / max(took, 1e-3))) + 1
        finite = all(swarm.alive())
    rate = median(rates)
    line = asdict(case) | {
        "device": numerics.facts()["device"],
        "torch": str(torch.__version__),
        "sizes": size.model.sizes,
        "step_tokens": size.step_tokens,
        "tokens_per_s": rate,
        "windows": rates,
        "first_s": first_s,
        "finite": finite,
    }
    if numerics.cuda:
        name = torch.cuda.get_device_name()
        line["mfu"] = speed.utilisation(_flops(size.model), rate, speed.gpu_peak(name))
        line["peak_gib"] = torch.cuda.max_memory_allocated() / 2**30
    return line


def _flops(model: ModelConfig) -> int:
    """A token's: 6 (block + head) + 6 L T d. Attention counts its causal half, unlike `ModelConfig.flops_per_token`."""
    products = model.block_parameters + model.embedding_parameters
    return 6 * products + 6 * model.layers * model.sequence * model.width


def _do(swarm: Swarm, steps: int, numerics: Numerics) -> None:
    for _ in range(steps):
        if swarm.done == swarm.steps:
            swarm.rewind(0)
        swarm.advance()
    if numerics.cuda:
        torch.cuda.synchronize()


def read(path: Path) -> list[dict[str, Any]]:
    """The lines that are there."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def table(lines: Sequence[dict[str, Any]], sizes: Sequence[str]) -> str:
    """Markdown: every M with its ratios to both baselines; 'not measured' where there is no line."""
    rows = [
        "| size | M | 1000 tokens/s (min-max) | against (a) | against (b) | MFU | first steps, s | peak, GiB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    by_case = {(one["size"], one["members"], one["plain"]): one for one in lines if "tokens_per_s" in one}
    failed = {(one["size"], one["members"], one["plain"]): one["failed"] for one in lines if "failed" in one}
    for size in sizes:
        alone, eager = by_case.get((size, 1, False)), by_case.get((size, 1, True))
        every = [(1, True), *((members, False) for members in (1, *SIZES[size].members))]
        for members, plain in every:
            name = f"| {size} | {members}{' eager (b)' if plain else ' (a)' if members == 1 else ''} | "
            one = by_case.get((size, members, plain))
            if one is None:
                rows.append(name + failed.get((size, members, plain), "not measured") + " | | | | | |")
                continue
            rates = [rate / 1000 for rate in one["windows"]]
            cells = [
                f"{one['tokens_per_s'] / 1000:,.0f} ({min(rates):,.0f}-{max(rates):,.0f})",
                *(f"{one['tokens_per_s'] / of['tokens_per_s']:.2f}" if of else "" for of in (alone, eager)),
                f"{one['mfu']:.1%}" if one.get("mfu") else "",
                f"{one['first_s']:.1f}",
                f"{one['peak_gib']:.1f}" if "peak_gib" in one else "",
            ]
            rows.append(name + " | ".join(cells) + " |")
    return "\n".join(rows)


def needed_s(case: Case, lines: Sequence[dict[str, Any]], window_s: float) -> float:
    """Seconds that must be left for a case: its process, its first steps, a window and what finds its length.

    Compiling is most of the first steps of what is not plain: as long as it took at most so far.
    """
    first = [one["first_s"] for one in lines if "failed" not in one and one["plain"] == case.plain]
    return COMING_UP_S + max(first, default=0.0 if case.plain else FIRST_S) + 3 * window_s


def measure_all(options: argparse.Namespace, path: Path) -> int:
    """Every case that is not measured yet and fits into what is left; how many did not. A failure is tried again."""
    end = time.monotonic() + 60 * options.minutes
    done = {(one["size"], one["members"], one["plain"]) for one in read(path) if "failed" not in one}
    left_out = 0
    for case in cases(options.sizes, options.device, options.ends):
        if (case.size, case.members, case.plain) in done:
            continue
        left_s = end - time.monotonic()
        if left_s < (needed_s(case, read(path), options.window_s) if options.device == "cuda" else 0):
            left_out += 1
            continue
        command = [sys.executable, __file__, "--one", json.dumps(asdict(case)), "--device", options.device]
        command += ["--windows", str(options.windows), "--window-s", str(options.window_s), "--into", str(options.into)]
        command += ["--minutes", str(max(1.0, left_s - COMING_UP_S) / 60)]
        try:
            ran = subprocess.run(command, capture_output=True, text=True, timeout=max(1.0, left_s), check=False)
        except subprocess.TimeoutExpired:
            print(f"the minutes ended within {case}, which is not measured", flush=True)
            left_out += 1
            continue
        if ran.returncode:
            line = asdict(case) | {"failed": fault(ran.stderr, ran.returncode)}
            print(ran.stderr[-2000:], file=sys.stderr, flush=True)
        else:
            line = json.loads(ran.stdout.splitlines()[-1])
        with path.open("a") as stream:
            stream.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)
    return left_out


def fault(stderr: str, code: int) -> str:
    """The line of a traceback that names the error: what torch says behind it may be lines of advice."""
    named = [line for line in stderr.splitlines() if re.match(r"[\w.]+(Error|Exception)\b", line)]
    return (named or [f"exit code {code}"])[-1][:300]


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line, checked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--into", type=Path, required=True, help="folder of swarm.jsonl")
    parser.add_argument("--minutes", type=float, default=13.0, help="budget; a case that would not fit is not begun")
    parser.add_argument("--ends", action="store_true", help="of each size one member and the most alone")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--sizes", default=None, help="of 1M,5M,15M,30M; on a CPU toy")
    parser.add_argument("--windows", type=int, default=5)
    parser.add_argument("--window-s", type=float, default=None, help="least seconds of a window [3; on a CPU 1]")
    parser.add_argument("--table", action="store_true", help="only print what is there")
    parser.add_argument("--one", default=None, help=argparse.SUPPRESS)
    options = parser.parse_args(given)
    on_cpu = options.device == "cpu"
    options.sizes = (options.sizes or ("toy" if on_cpu else ",".join(AIMS))).split(",")
    if unknown := sorted(set(options.sizes) - set(SIZES)):
        parser.error(f"--sizes: no {', '.join(unknown)}; there are {', '.join(SIZES)}")
    options.window_s = options.window_s or (CPU_S if on_cpu else 3.0)
    if options.windows < 1 or options.window_s <= 0 or options.minutes <= 0:
        parser.error("--windows, --window-s and --minutes must be above 0")
    return options


def main(given: Sequence[str] | None = None) -> int:
    """Measure what is missing and print the table; or, for itself, one case."""
    options = arguments(given)
    if options.one is not None:
        end = time.monotonic() + 60 * options.minutes
        case = Case(**json.loads(options.one))
        print(json.dumps(measured(case, options.device, options.windows, options.window_s, end)))
        return 0
    options.into.mkdir(parents=True, exist_ok=True)
    path = options.into / "swarm.jsonl"
    left_out = 0 if options.table else measure_all(options, path)
    print(table(read(path), options.sizes))
    for size, (alone, eager, mfu) in AIMS.items():
        if size in options.sizes:
            print(f"aims at {size}: {alone} times (a), {eager} times (b), MFU {mfu:.0%}")
    if left_out:
        print(f"{left_out} configurations did not fit into the minutes; give the same command again to go on")
    return AGAIN if left_out else 0


if __name__ == "__main__":
    sys.exit(main())
