"""Training speed of proxy models by size: tokens a second, MFU, tokens of a 4 s trial; on a CPU, and a GPU if seen.

python benchmarks/proxies.py [--seconds 4] [--rounds 3] [--threads 1] [--date 2026-11-24]

Tokens are random: what they say changes no speed. The first steps (allocation, compilation) are not counted. Writes
benchmarks/results/DATE-proxies.md.
"""

from __future__ import annotations

import argparse
import datetime
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from measure import hardware, load, median_and_range
from rich.console import Console
from tables import Table

from proxy_models.model.decoder import ModelConfig
from proxy_models.model.numerics import Numerics
from proxy_models.training import speed
from proxy_models.training.train import Progress, RunRecipe, train

RESULTS = Path(__file__).resolve().parent / "results"
WARMING_STEPS = 4
console = Console(highlight=False, width=None if sys.stdout.isatty() else 140)


@dataclass(frozen=True)
class Size:
    """A model, and the sequences of a step."""

    model: ModelConfig
    batch: int


def _size(layers: int, width: int, heads: int, sequence: int, vocabulary: int, batch: int) -> Size:
    model = ModelConfig(layers=layers, width=width, heads=heads, sequence=sequence, vocabulary=vocabulary)
    return Size(model, batch)


ON_CPU = (
    _size(2, 64, 2, 128, 2048, 4),
    _size(2, 64, 2, 128, 2048, 8),
    _size(2, 96, 3, 128, 2048, 8),
    _size(2, 128, 4, 128, 2048, 8),
    _size(4, 128, 4, 128, 2048, 8),
    _size(4, 256, 4, 256, 4096, 8),
)
ON_CUDA = (
    *ON_CPU,
    _size(8, 512, 8, 1024, 32_768, 32),
    _size(12, 768, 12, 1024, 32_768, 32),
    _size(16, 1024, 16, 2048, 32_768, 16),
)


class Random:
    """Batches of random tokens."""

    def __init__(self, size: Size) -> None:
        rng = np.random.default_rng(0)
        self._rows = rng.integers(size.model.vocabulary, size=(size.batch, size.model.sequence + 1))

    def batch(self, step: int) -> npt.NDArray[np.int64]:
        """The same rows at every step."""
        return self._rows


class _Enough(Exception):
    """Ends a run that was timed long enough."""


def tokens_per_s(size: Size, numerics: Numerics, seconds: float) -> float:
    """The rate of the training loop over about `seconds`, after the first steps."""
    done: list[Progress] = []

    def elapsed(at: Progress) -> float:
        return at.step * size.batch * size.model.sequence / at.tokens_per_s

    def count(at: Progress) -> None:
        done.append(at)
        if at.step > WARMING_STEPS and elapsed(at) - elapsed(done[WARMING_STEPS - 1]) >= seconds:
            raise _Enough

    recipe = RunRecipe(
        model=size.model, tokens="random", weights={"random": 1.0}, steps=10**6, batch=size.batch, seed=0
    )
    with tempfile.TemporaryDirectory(prefix="riffle-proxies-") as folder:
        try:
            train(
                recipe, Random(size), {}, Path(folder), device=numerics.device.type, threads=numerics.threads,
                checkpoint_steps=recipe.steps, progress=count,
            )  # fmt: skip
        except _Enough:
            pass
    steps = done[-1].step - WARMING_STEPS
    return steps * size.batch * size.model.sequence / (elapsed(done[-1]) - elapsed(done[WARMING_STEPS - 1]))


def table(device: str, sizes: Sequence[Size], options: argparse.Namespace) -> Table:
    """Every size on one device."""
    numerics = Numerics.of(device, options.threads)
    peak = speed.peak(numerics.device, numerics.threads)
    rows = []
    for size in sizes:
        model = size.model
        rates = [tokens_per_s(size, numerics, options.seconds) for _ in range(options.rounds)]
        middle = sorted(rates)[len(rates) // 2]
        mfu = speed.utilisation(model.flops_per_token, middle, peak)
        rows.append(
            [
                f"{model.layers} x {model.width}, {model.heads} heads",
                f"{model.vocabulary:,}",
                f"{size.batch} x {model.sequence}",
                f"{model.parameters:,}",
                f"{model.flops_per_token / 1e6:.2f}",
                median_and_range([rate / 1000 for rate in rates]),
                "unknown" if mfu is None else f"{mfu:.0%}",
                f"{4 * middle / 1000:.0f}",
            ]
        )
        console.print(" ".join(rows[-1]), markup=False)
    facts = numerics.facts()
    stated = "unknown" if peak is None else f"{peak / 1e9:,.0f} GFLOP/s"
    note = f"{facts['device']}, {facts['precision']}, {numerics.threads} thread(s); peak {stated}."
    header = [
        "layers x width",
        "vocabulary",
        "batch",
        "parameters",
        "MFLOP/token",
        "1000 tokens/s",
        "MFU",
        "1000 tokens in 4 s",
    ]
    return Table(f"Training on {device}", header, rows, note)


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line, checked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=4.0, help="of training a round and size")
    parser.add_argument("--rounds", type=int, default=3, help="times that each size is measured")
    parser.add_argument("--threads", type=int, default=1, help="of a run on the CPU")
    parser.add_argument("--date", type=datetime.date.fromisoformat, default=datetime.date.today(), help="of the result")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the Markdown file")
    options = parser.parse_args(given)
    if options.seconds <= 0 or options.rounds < 1 or options.threads < 1:
        parser.error("--seconds must be above 0, --rounds and --threads at least 1")
    return options


def main(given: Sequence[str] | None = None) -> int:
    """Measure, print, write the dated result."""
    options = arguments(given)
    tables = [table("cpu", ON_CPU, options)]
    if torch.cuda.is_available():
        tables.append(table("cuda", ON_CUDA, options))
    lines = [
        *hardware(),
        f"load over 1 and 5 minutes at the end: {load()}",
        f"torch {torch.__version__}; CUDA: {'seen' if torch.cuda.is_available() else 'none seen, not measured'}",
        f"median (min-max) of {options.rounds} rounds of {options.seconds:g} s",
        f"command: python benchmarks/proxies.py --seconds {options.seconds:g} --rounds {options.rounds} "
        f"--threads {options.threads}",
    ]
    for each in tables:
        each.show(console)
    console.print("\n".join(lines), markup=False)
    options.results.mkdir(parents=True, exist_ok=True)
    target = options.results / f"{options.date.isoformat()}-proxies.md"
    head = f"# Proxy models, {options.date.isoformat()}\n\n" + "\n".join(f"- {line}" for line in lines) + "\n\n"
    target.write_text(head + "\n".join(each.markdown() for each in tables), encoding="utf-8")
    console.print(f"written: {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
