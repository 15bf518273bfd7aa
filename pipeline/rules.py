"""Drop rules as data: a reason and a DuckDB predicate over columns that the stages measured.

A predicate is one scalar expression, checked before any work (`predicates`). What decides is exact: integers, decimals,
booleans and strings; what is or becomes a float is refused, and an overflow or a division by zero raises.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field, field_validator

from pipeline.predicates import SETTINGS, parse
from pipeline.settings import settings_file
from pipeline.settings.complaints import shaped
from pipeline.settings.nearest import column_hint
from pipeline.trouble import ConfigError


class RuleNull(ValueError):
    """A predicate was NULL for a row, and its rule does not say `when_null: keep` or `drop`."""


class Rule(BaseModel):
    """Drop a row when the predicate holds; `section` says where in the paper the rule stands."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    drop: Annotated[str, shaped("[a-z0-9_]+:[a-z0-9_]+", "write it as set:name in a-z, 0-9 and _, e.g. mine:short")]
    """The reason that dropped rows get: `set:name`."""
    when: str
    """One SQL expression over columns that stand before the rule ([the data dictionary](data-dictionary.md) has all);
    numbers are compared exactly, so multiply instead of dividing: `part > 0.30 * whole`."""
    when_null: Literal["keep", "drop"] | None = None
    """What becomes of a row for which the expression is NULL; without it such a row stops the run."""
    section: str | None = None
    """Where in the paper the rule stands; for people."""

    @field_validator("when")
    @classmethod
    def _is_one_checked_expression(cls, when: str) -> str:
        parse(when)
        return when


class RuleSet(BaseModel):
    """Rules in the order in which they are asked; the first that holds names the reason."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    """Of the set, for messages."""
    paper: str | None = None
    """Where the rules are from; for people."""
    rules: tuple[Rule, ...] = Field(min_length=1)
    """The rules in the order in which they are asked."""
    sources: tuple[str, ...] = ()
    """Not in a file: a config says beside `file:` which sources the set judges."""

    def columns(self) -> frozenset[str]:
        """The columns that the predicates read; never `text`."""
        return frozenset().union(*(parse(rule.when).columns for rule in self.rules))

    def canonical(self) -> list[list[Any]]:
        """What a recipe remembers, [reason, tree, when_null] a rule: whatever the spaces, comments and brackets."""
        return [[rule.drop, parse(rule.when).tree, rule.when_null] for rule in self.rules]

    def query(self) -> str:
        """One number a row of `batch`: NULL is kept, i >= 0 dropped by rule i, ~i where rule i met a NULL.

        The order of the WHENs is the order of the rules, so a row that a rule dropped is not shown to the later ones.
        """
        whens = [
            f"WHEN coalesce({(p := parse(rule.when).sql)}, {rule.when_null != 'keep'}) "
            f"THEN {i if rule.when_null else f'CASE WHEN {p} THEN {i} ELSE {~i} END'}"
            for i, rule in enumerate(self.rules)
        ]
        return f"SELECT CASE {' '.join(whens)} END AS code FROM batch"


def load_rule_set(path: str) -> RuleSet:
    """The rule set in a YAML file. Raises ConfigError that names the file, the key and what would be right."""
    return settings_file.read(path, RuleSet)


def check_columns(rule_set: RuleSet, available: pa.Schema, added_by: Mapping[str, str]) -> None:
    """Check before any work that the columns exist with types that are exact, and that each predicate fits them.

    Each rule is run over one made-up row, so that a string column compared with a number shows here and not in a
    shard. Raises ConfigError that names the rule, and of `added_by` (kinds of stages by column) what adds the column.
    """
    read: dict[str, pa.Field[Any]] = {}
    for rule in rule_set.rules:
        for name in sorted(parse(rule.when).columns):
            if name not in available.names:
                raise ConfigError(f"{rule.drop}: no column {name!r} here{column_hint(name, available.names, added_by)}")
            read[name] = available.field(name)
    _check_fit(rule_set.rules, frozenset(read.values()))


@functools.lru_cache(maxsize=256)  # each source of a config asks the same of most rule sets
def _check_fit(rules: tuple[Rule, ...], columns: frozenset[pa.Field[Any]]) -> None:
    types = {field.name: field for field in columns}
    row: dict[str, pa.Array[Any]] = {}
    for rule in rules:
        for name in sorted(parse(rule.when).columns):
            row[name] = _wide(_probe(rule.drop, types[name]))
    with duckdb.connect(config=SETTINGS) as connection:
        connection.register("batch", pa.table(row))
        for rule in rules:
            try:
                verdict = connection.sql(f"SELECT {parse(rule.when).sql} FROM batch").to_arrow_table()
            except duckdb.Error as error:
                raise ConfigError(f"{rule.drop}: {rule.when!r} does not fit the columns: {error}") from error
            if (inexact := _float_in(connection, rule.when)) is not None:
                raise ConfigError(
                    f"{rule.drop}: {inexact} is a float, which is not exact; `//` takes integers only, "
                    "`floor`, `ceil` and `round` decimals"
                )
            if not pa.types.is_boolean(verdict.schema.types[0]):
                raise ConfigError(f"{rule.drop}: {rule.when!r} is a number or a string; a rule needs a comparison")


def _float_in(connection: duckdb.DuckDBPyConnection, when: str) -> str | None:
    """The first call in a predicate whose result is a float, as `//` of decimals gives it; None where there is none.

    Only bound, not run: a call stands here without the CASE that keeps it from a division by zero.
    """
    if not (calls := parse(when).calls):
        return None
    bound = connection.sql(f"SELECT {calls} FROM batch")
    named = zip(bound.columns, bound.types, strict=True)
    return next((name for name, type_ in named if type_ in ("FLOAT", "DOUBLE")), None)


def _probe(reason: str, field: pa.Field[Any]) -> pa.Array[Any]:
    """One value of the field's type that a comparison with the wrong kind of literal cannot stomach."""
    type_ = field.type
    if pa.types.is_string(type_) or pa.types.is_large_string(type_):
        return pa.array(["a string"], type_)
    if pa.types.is_decimal128(type_):
        return pa.array([Decimal(1)], type_)
    if pa.types.is_integer(type_) or pa.types.is_boolean(type_):
        return pa.array([1]).cast(type_)
    mend = "measure it in integers (1e-4 units)" if pa.types.is_floating(type_) else "rules read numbers and strings"
    raise ConfigError(f"{reason}: column {field.name!r} is {type_}; {mend}")


class Judge:
    """Says of each row which rule drops it. One a worker: it holds a DuckDB connection with one thread and 256 MB."""

    def __init__(self) -> None:
        self._connection = duckdb.connect(config=SETTINGS)

    def judge(self, rule_set: RuleSet, batch: pa.RecordBatch) -> pa.StringArray:
        """For each row, in order, the reason of the first rule that holds; null where none does.

        Only the columns that the rules read are shown to DuckDB. Raises RuleNull, and duckdb.Error where a number
        overflows or is divided by zero: never a wrong verdict.
        """
        narrow = {name: _wide(batch.column(name)) for name in sorted(rule_set.columns())}
        self._connection.register("batch", pa.table(narrow))
        try:
            codes = self._connection.sql(rule_set.query()).to_arrow_table().column("code").combine_chunks()
        finally:
            self._connection.unregister("batch")
        lowest = pc.min(codes).as_py()
        if lowest is not None and lowest < 0:
            raise _null_met(rule_set, batch, pc.index(codes, lowest).as_py(), ~lowest)
        return pa.array([rule.drop for rule in rule_set.rules], pa.string()).take(codes)


def _wide(column: pa.Array[Any]) -> pa.Array[Any]:
    """Integers as int64, so that `10 * word_count` cannot overflow what a stage stores in 32 bits."""
    return column.cast(pa.int64()) if pa.types.is_integer(column.type) else column


def _null_met(rule_set: RuleSet, batch: pa.RecordBatch, row: int, number: int) -> RuleNull:
    rule = rule_set.rules[number]
    values = {name: batch.column(name)[row].as_py() for name in sorted(parse(rule.when).columns)}
    doc_id = batch.column("doc_id")[row].as_py() if "doc_id" in batch.schema.names else f"row {row}"
    return RuleNull(
        f"{rule.drop}: {rule.when!r} is NULL for {doc_id}, where {values}; "
        "say `when_null: keep` or `when_null: drop` in the rule, or let the stage measure it"
    )
