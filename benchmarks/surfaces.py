"""How well surfaces rank unseen mixtures of published runs: `python benchmarks/surfaces.py [PART ...] [--repeats 5]`.

PARTs (default all): `pile` 5-fold cross-validation of 512 runs; `paired` the 512 asked for 64 others at 1M and 60M
parameters; `gains` their average loss at 60M with gains by task; `few` 64 runs chosen by k-centre asked for the other
448, ten starts; `dclm24`, `super64` 5-fold cross-validation, all 110 tasks; `speed` 512 runs x 64 domains x 110 tasks,
made: a fit, and a search with 200 draws. Data: --data, default ../shared/data/mixtures. Spearman times 100; differences
to each baseline with the 90 % interval of a paired bootstrap over unseen mixtures; fixed seeds, one thread. LightGBM,
RegMix's, takes part where it is installed: `pip install -r benchmarks/requirements-surfaces.txt`. --models compares
with these alone, without a name with none.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import stats
from surface_models import MODELS

from mixtures.design.design import spread_out
from mixtures.mixture import Constraints, Domain
from mixtures.models.stacking import folds
from mixtures.search.objective import Objective
from mixtures.search.searched import searched
from mixtures.simplex import numbered
from mixtures.surface import fit
from mixtures.surface_file import Named
from mixtures.tables.runs import Runs
from mixtures.uncertainty import gains, noise

Array = np.ndarray
RESAMPLES, FEW_RESAMPLES, LEVEL = 500, 200, 0.9
GAIN_FOLDS = 4
OURS = "surface"


def read(folder: Path, name: str, id_column: str) -> Runs:
    """A pair of tables; their weights were rounded to three digits."""
    return Runs.read(folder / f"{name}_mix.csv", folder / f"{name}_loss.csv", id_column=id_column)


def spearman(left: Array, right: Array) -> float:
    return float(100 * stats.spearmanr(left, right).statistic)


Measure = Callable[[Array, Array], float]  # of predicted and measured, each (runs, tasks)


def one_task(at: int) -> Measure:
    return lambda predicted, measured: spearman(predicted[:, at], measured[:, at])


def mean_rank(predicted: Array, measured: Array) -> float:
    """Over tasks."""
    x, y = (stats.rankdata(one, axis=0) for one in (predicted, measured))
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    return float(100 * ((x * y).sum(axis=0) / np.sqrt((x**2).sum(axis=0) * (y**2).sum(axis=0))).mean())


def average(predicted: Array, measured: Array) -> float:
    return spearman(predicted.mean(axis=1), measured.mean(axis=1))


def squared(predicted: Array, measured: Array) -> float:
    return float(((predicted - measured) ** 2).mean())


def cell(name: str, value: float, sign: str = "") -> str:
    return f"{value:{sign}.4f}" if name == "MSE" else f"{value:{sign}.2f}"


def head(measures: dict[str, Measure]) -> str:
    return "| model | " + " | ".join(measures) + " |\n|---" + "|---:" * len(measures) + "|"


def less(name: str, apart: Array, measures: dict[str, Measure]) -> str:
    """The row of ours less theirs, from `apart` (measures, draws)."""
    ends = zip(measures, np.quantile(apart, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=1).T, strict=True)
    cells = [f"{cell(measure, low, '+')} to {cell(measure, high, '+')}" for measure, (low, high) in ends]
    return f"| ours less {name} | " + " | ".join(cells) + " |"


def told(title: str, predicted: dict[str, Array], measured: Array, measures: dict[str, Measure]) -> None:
    """A table: each measure of each model, then ours less theirs with the interval of a paired bootstrap.

    `predicted` (repeats, runs, tasks) of each model: measures are means over repeats (lowest to highest, where there
    are several); runs are drawn with replacement.
    """
    print(f"\n{title}\n\n{head(measures)}")
    for name, rows in predicted.items():
        cells = []
        for of, measure in measures.items():
            each = [measure(one, measured) for one in rows]
            ends = f" ({cell(of, min(each))} to {cell(of, max(each))})" if len(rows) > 1 else ""
            cells.append(cell(of, float(np.mean(each))) + ends)
        print(f"| {name} | " + " | ".join(cells) + " |")
    draws = np.random.default_rng(0).integers(len(measured), size=(RESAMPLES, len(measured)))
    scored = {
        name: np.array(
            [
                [np.mean([measure(one[at], measured[at]) for one in rows]) for at in draws]
                for measure in measures.values()
            ]
        )
        for name, rows in predicted.items()
    }
    for name, scores in scored.items():
        if name != OURS:
            print(less(name, scored[OURS] - scores, measures), flush=True)


def covered(lower: Array, upper: Array, losses: Array, train: Array) -> str:
    """How often 80 % bounds hold, their width and interval score (Gneiting & Raftery 2007) beside a constant band."""
    inside = float(((lower <= losses) & (losses <= upper)).mean())
    scale = train.std(axis=0)

    def score(low: Array, high: Array) -> float:
        missed = np.maximum(low - losses, 0) + np.maximum(losses - high, 0)
        return float((((high - low) + missed * 2 / 0.2) / scale).mean())

    middle = (lower + upper) / 2
    reach = np.quantile(np.abs(losses - middle), 0.8, axis=0)  # the best constant band there is: it saw the answers
    ours, flat = score(lower, upper), score(middle - reach, middle + reach)
    return (
        f"80 % bounds hold {100 * inside:.1f} %; in sds of a task: width {((upper - lower) / scale).mean():.3f} "
        f"(constant {(2 * reach / scale).mean():.3f}), interval score {ours:.3f} (constant {flat:.3f})"
    )


def predictions(
    weights: Array, losses: Array, new: Array, names: list[str]
) -> tuple[dict[str, Array], Array, Array, Array]:
    surface = fit(weights, losses)
    mean, lower, upper = surface.predict(new)
    others = {name: MODELS[name](weights, losses, new) for name in names}
    return {OURS: mean, **others}, lower, upper, surface.shares


def folded(runs: Runs, title: str, measures: dict[str, Measure], repeats: int, names: list[str]) -> None:
    """Five folds, `repeats` times over."""
    predicted = {name: np.empty((repeats, *runs.losses.shape)) for name in (OURS, *names)}
    lower, upper = np.empty((2, repeats, *runs.losses.shape))
    shares, began = [], time.process_time()
    for repeat in range(repeats):
        part = folds(runs.mixture, 5, seed=100 + repeat)
        for fold in range(5):
            kept, held = part != fold, part == fold
            found, low, high, share = predictions(runs.weights[kept], runs.losses[kept], runs.weights[held], names)
            for name, rows in found.items():
                predicted[name][repeat, held] = rows
            lower[repeat, held], upper[repeat, held] = low, high
            shares.append(share)
    told(f"{title}, {repeats} x 5 folds", predicted, runs.losses, measures)
    flat = (-1, len(runs.tasks))
    print("\n" + covered(lower.reshape(flat), upper.reshape(flat), np.tile(runs.losses, (repeats, 1)), runs.losses))
    spent = (time.process_time() - began) / (5 * repeats)
    print(f"shares {np.round(np.mean(shares, axis=0), 2).tolist()}; {spent:.1f} CPU s a fold, all models", flush=True)


def pile_measures(train: Runs) -> dict[str, Measure]:
    at = train.tasks.index("pile_cc")
    return {"pile_cc": one_task(at), "mean of 13": mean_rank, "average loss": average, "MSE": squared}


def paired(folder: Path, names: list[str]) -> None:
    """512 runs at 1M parameters, asked for 64 others at two sizes."""
    train = read(folder, "pile_1m_train", "index")
    for size in ("1m", "60m"):
        unseen = read(folder, f"pile_{size}_paired64", "index").ordered(train.domains)
        measured = unseen.losses[:, [unseen.tasks.index(name) for name in train.tasks]]
        found, lower, upper, _ = predictions(train.weights, train.losses, unseen.weights, names)
        told(
            f"Pile, 512 runs at 1M asked for 64 at {size}",
            {n: p[None] for n, p in found.items()},
            measured,
            pile_measures(train),
        )
        if size == "1m":
            print("\n" + covered(lower, upper, measured, train.losses), flush=True)


def gained(folder: Path) -> None:
    """The average loss of 64 mixtures at 60M: raw, and by gains from pairs, which every resample redraws.

    No pair is scored by gains that saw it or its copies: they are from the other folds, of which each mixture that was
    drawn counts once; beside them the figure in sample. The surface is fitted to the 512 runs at 1M, and to these and
    the pairs' own 1M runs, which whoever has pairs has.
    """
    train = read(folder, "pile_1m_train", "index")
    sides = [read(folder, f"pile_{size}_paired64", "index").ordered(train.domains) for size in ("1m", "60m")]
    small, large = (side.losses[:, [side.tasks.index(name) for name in train.tasks]] for side in sides)
    mixed = sides[0].weights
    tables = {
        "512 runs": (train.weights, train.losses),
        "512 and the pairs' 64": (np.vstack((train.weights, mixed)), np.vstack((train.losses, small))),
    }
    columns = ["rank", "20 splits", "above raw in", "in sample", "MSE of a task, of its variance"]
    print("\n| average loss at 60M | " + " | ".join(columns) + " |\n|---" + "|---:" * len(columns) + "|")
    for title, (weights, losses) in tables.items():
        surface = fit(weights, losses)
        predicted = surface.predict_mean(mixed)
        noise_sd = noise.deviations(noise.of_tasks(surface, losses, numbered(weights)))
        every, true = np.arange(len(small)), large.mean(axis=1)

        def larger(at: Array, known: Array | None, predicted: Array = predicted, noise_sd: Array = noise_sd) -> Array:
            """(64, tasks) less their means, by gains of the pairs `at`."""
            found = gains.fit(small[at], large[at], noise_sd, None if known is None else known[at], draws=100)
            told = found.predict(predicted, mixed)
            return told - told.mean(axis=0)  # one level for all folds

        def apart(at: Array, seed: int, known: Array | None, larger: Callable[..., Array] = larger) -> Array:
            """(rows of `at`, tasks), each by gains of the other folds."""
            part = folds(np.unique(at, return_inverse=True)[1], GAIN_FOLDS, seed)
            found = np.empty((len(at), large.shape[1]))
            for fold in range(GAIN_FOLDS):
                found[part == fold] = larger(np.unique(at[part != fold]), known)[at[part == fold]]
            return found

        raw = predicted.mean(axis=1)
        print(f"| {title}: raw | {spearman(raw, true):.2f} | | | | |")
        draws = np.random.default_rng(0).integers(len(small), size=(1000, len(small)))
        for name, known in (("slopes alone", None), ("slopes and discrepancy", mixed)):
            splits = [apart(every, seed, known) for seed in range(20)]
            ranks = [spearman(one.mean(axis=1), true) for one in splits]
            centred = large - large.mean(axis=0)
            squares = np.mean([((one - centred) ** 2).mean(axis=0) for one in splits], axis=0) / large.var(axis=0)
            above = [spearman(apart(at, 0, known).mean(axis=1), true[at]) > spearman(raw[at], true[at]) for at in draws]
            seen = spearman(larger(every, known).mean(axis=1), true)
            print(
                f"| {title}: {name} | {np.mean(ranks):.2f} | {min(ranks):.2f} to {max(ranks):.2f} | "
                f"{100 * np.mean(above):.1f} % | {seen:.2f} | {squares.mean():.4f} |",
                flush=True,
            )


def few(folder: Path, names: list[str]) -> None:
    """64 chosen of 512 by k-centre, ten starts, asked for all others; runs are drawn once for all starts and models."""
    train = read(folder, "pile_1m_train", "index")
    starts = np.random.default_rng(0).choice(len(train.ids), 10, replace=False)
    draws = np.random.default_rng(1).integers(len(train.ids), size=(FEW_RESAMPLES, len(train.ids)))
    measures, inside = pile_measures(train), []
    rows: dict[str, list[Array]] = {}
    for start in starts:
        chosen = spread_out(train.weights, 64, int(start))
        others = np.setdiff1d(np.arange(len(train.ids)), chosen)
        found, lower, upper, _ = predictions(train.weights[chosen], train.losses[chosen], train.weights[others], names)
        inside.append(((lower <= train.losses[others]) & (train.losses[others] <= upper)).mean())
        place = np.full(len(train.ids), -1)
        place[others] = np.arange(len(others))
        samples = [np.arange(len(others)), *(at[at >= 0] for at in place[draws])]
        for name, predicted in found.items():
            scores = [[f(predicted[at], train.losses[others[at]]) for at in samples] for f in measures.values()]
            rows.setdefault(name, []).append(np.array(scores))
    print(f"\n64 k-centre runs asked for the other 448, ten starts: mean (lowest to highest)\n\n{head(measures)}")
    for name, found in rows.items():
        whole = zip(measures, np.array(found)[:, :, 0].T, strict=True)
        cells = [f"{cell(of, c.mean())} ({cell(of, c.min())} to {cell(of, c.max())})" for of, c in whole]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
    ends = np.quantile(np.mean(rows[OURS], axis=0)[:, 1:], [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=1).T
    cells = [f"{cell(of, low)} to {cell(of, high)}" for of, (low, high) in zip(measures, ends, strict=True)]
    print(f"| {OURS}, {100 * LEVEL:.0f} % | " + " | ".join(cells) + " |", flush=True)
    for name, found in rows.items():
        if name != OURS:
            print(less(name, np.mean(rows[OURS], axis=0)[:, 1:] - np.mean(found, axis=0)[:, 1:], measures), flush=True)
    print(f"\n80 % bounds hold {100 * np.mean(inside):.1f} %", flush=True)


def speed() -> None:
    """A made swarm of the largest size that is promised."""
    generator = np.random.default_rng(0)
    weights, helped = generator.dirichlet(np.full(64, 0.2), 512), generator.gamma(1.0, 1.0, (64, 110))
    losses = (weights @ helped + 0.05) ** -0.4 + generator.normal(0, 0.02, (512, 110))
    began = time.process_time()
    surface = fit(weights, losses)
    print(f"\nfit of 512 runs x 64 domains x 110 tasks: {time.process_time() - began:.0f} CPU s", flush=True)
    domains, tasks = tuple(f"d{at:02}" for at in range(64)), tuple(f"t{at:03}" for at in range(110))
    named = Named(surface, tuple(map(str, range(512))), domains, tasks, weights, losses)
    limits = Constraints({name: Domain(1.0, 2_000_000_000) for name in domains}, 10_000_000_000, 4.0)
    began = time.process_time()
    searched(named, limits, Objective(tasks={"*": 1.0}), draws=200, seed=0)
    print(f"search with 200 draws, raw and z: {time.process_time() - began:.0f} CPU s", flush=True)


def main() -> None:
    parts = ("paired", "gains", "few", "pile", "dclm24", "super64", "speed")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=parts)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--models", nargs="*", choices=list(MODELS), default=list(MODELS), help="to compare with")
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data" / "mixtures")
    given = parser.parse_args()
    names = given.models
    for part in given.parts or parts:
        if part == "paired":
            paired(given.data, names)
        elif part == "gains":
            gained(given.data)
        elif part == "few":
            few(given.data, names)
        elif part == "pile":
            train = read(given.data, "pile_1m_train", "index")
            folded(train, "Pile, 512 runs", pile_measures(train), given.repeats, names)
        elif part == "speed":
            speed()
        else:
            name = {"dclm24": "dclm24_30m", "super64": "super64_30m_dev256"}[part]
            runs = read(given.data, name, "run")
            measures = {"average of tasks": average, "mean over tasks": mean_rank}
            folded(runs, f"{part}, {len(runs.ids)} runs", measures, given.repeats, names)


if __name__ == "__main__":
    main()
