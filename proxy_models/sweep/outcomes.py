"""What came of the runs, as tables that anyone can read: weights and losses by run id, and how each run ended.

weights.parquet      run_id, and the share of every domain
losses.parquet       run_id, and bits per byte of every task; null for a run that diverged
runs.parquet         one row a run: what it was for, its seed, how it ended

Those of the validation runs are called validation.weights.parquet and so on; beside them lies constraints.json.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from mixtures.tables.files import RUN_ID
from pipeline import storage
from pipeline.schema import field
from proxy_models.sweep.trials import Run
from proxy_models.training.runs import RunResult

WEIGHTS, LOSSES, RUNS = "weights.parquet", "losses.parquet", "runs.parquet"
VALIDATION = "validation."

RUN = pa.schema(
    [
        field(RUN_ID, pa.string(), "hash of the recipe, and the run's folder in 60_trials", nullable=False),
        field("kind", pa.string(), "trial | repeat (of a trial's mixture) | validation", nullable=False),
        field("arm", pa.string(), "of a validation run: natural | proposed | uniform | best_observed | random"),
        field("seed", pa.int64(), "of initialisation and data order", nullable=False),
        field("status", pa.string(), "ok | diverged", nullable=False),
        field("step", pa.int64(), "updates made", unit="steps", nullable=False),
        field("tokens", pa.int64(), "trained on", unit="tokens", nullable=False),
        field("training_loss", pa.float64(), "of the last update", unit="nats a token"),
        field("parameters", pa.int64(), "of the model, embedding included", nullable=False),
        field("block_parameters", pa.int64(), "of the matrices of its layers", nullable=False),
        field("embedding_parameters", pa.int64(), "of the table that is embedding and output", nullable=False),
        field("flops", pa.int64(), "of its training (arXiv:2204.02311, appendix B)", nullable=False),
    ]
)


def write_tables(folder: Path, runs: Sequence[Run], results: Mapping[str, RunResult], prefix: str = "") -> None:
    """The three tables of these runs, rows sorted by run id; equal runs give equal bytes. `prefix`: of their names."""
    order = sorted(runs, key=lambda run: run.recipe.run_id)
    ids = [run.recipe.run_id for run in order]
    domains = sorted({name for run in order for name in run.recipe.weights})
    weights = {name: [run.recipe.weights[name] for run in order] for name in domains}
    tasks = sorted({task for one in ids for task in results[one].losses})
    losses = {task: pa.array([results[one].losses.get(task) for one in ids], pa.float64()) for task in tasks}
    rows = [_row(run, results[run.recipe.run_id]) for run in order]
    _replace(folder / f"{prefix}{WEIGHTS}", pa.table({RUN_ID: ids, **weights}))
    _replace(folder / f"{prefix}{LOSSES}", pa.table({RUN_ID: ids, **losses}))
    _replace(folder / f"{prefix}{RUNS}", pa.Table.from_pylist(rows, schema=RUN))


def _row(run: Run, result: RunResult) -> dict[str, str | int | float | None]:
    return {
        RUN_ID: result.run_id,
        "kind": run.kind,
        "arm": run.arm,
        "seed": run.recipe.seed,
        "status": result.status,
        "step": result.step,
        "tokens": result.tokens,
        "training_loss": result.training_loss,
        "parameters": run.recipe.model.parameters,
        "block_parameters": run.recipe.model.block_parameters,
        "embedding_parameters": run.recipe.model.embedding_parameters,
        "flops": run.recipe.flops,
    }


def _replace(path: Path, table: pa.Table) -> None:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    storage.replace(str(path), buffer.getvalue())
