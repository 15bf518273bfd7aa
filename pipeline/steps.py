"""The steps of a filter: that they fit one another, the columns that they add, and what of them decides."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from pipeline.kinds import ADDED_BY
from pipeline.rules import RuleSet, check_columns
from pipeline.schema import DOCUMENT
from pipeline.settings.nearest import column_hint
from pipeline.stage import Stage
from pipeline.trouble import ConfigError

Step = Stage | RuleSet


def applies(step: Step, source: str) -> bool:
    """Whether rows of `source` pass this step."""
    return not step.sources or source in step.sources


def check_steps(steps: tuple[Step, ...], path: str, source: str) -> None:
    """Check the order of steps before any work: columns exist, names are free, rewriting comes before measuring.

    Checked is what rows of one source pass.
    """
    schema, measured = DOCUMENT, ""
    for index, step in enumerate(steps):
        if not applies(step, source):
            continue
        key = f"{path}: filter.{index}" + (f" (of source {source})" if step.sources else "")
        if isinstance(step, RuleSet):
            try:
                check_columns(step, schema, ADDED_BY)
            except ConfigError as error:
                raise ConfigError(f"{key} (rules {step.name}): {error}") from error
            continue
        for name in sorted(step.reads - set(schema.names)):
            hinted = column_hint(name, schema.names, ADDED_BY)
            raise ConfigError(f"{key} ({step.kind}): no column {name!r} here{hinted}")
        if step.rewrites_text and measured:
            raise ConfigError(f"{key} ({step.kind}): rewrites text after {measured} measured it; move it before")
        taken = sorted(set(step.added().names) & set(schema.names))
        if taken:
            raise ConfigError(f"{key} ({step.kind}): adds {taken}, which exist already; is the stage there twice?")
        if not step.rewrites_text and "text" in step.reads:
            measured = step.kind
        schema = pa.schema([*schema, *step.added()])


def signals(steps: tuple[Step, ...]) -> pa.Schema:
    """The columns that the steps add, in order; null for the sources that a step is not for."""
    columns: dict[str, pa.Field] = {}
    for step in steps:
        if isinstance(step, Stage):
            for column in step.added():
                columns.setdefault(column.name, column.with_nullable(column.nullable or bool(step.sources)))
    return pa.schema(columns.values())


def steps_recipe(steps: tuple[Step, ...], source: str) -> list[Any]:
    """What rows of `source` pass, as plain data: fields, versions, model digests; rules as parsed."""
    return [
        {"rules": step.canonical(), "name": step.name}
        if isinstance(step, RuleSet)
        else {
            "stage": step.model_dump(mode="json", exclude={"sources", *step.places}),
            "version": step.version,
            "model": step.fingerprint(),
        }
        for step in steps
        if applies(step, source)
    ]


def deciding_libraries(steps: tuple[Step, ...], source: str) -> set[str]:
    """Distributions whose version may change what the steps decide of rows of `source`."""
    return {
        "duckdb",
        "pyarrow",
        "numba",
        "numpy",
        *(name for s in steps if isinstance(s, Stage) and applies(s, source) for name in s.decides_with),
    }
