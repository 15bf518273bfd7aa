"""Drop rules as data: a reason and a DuckDB predicate over columns that the stages measured.

A predicate is one scalar expression. It is parsed by DuckDB, its tree is walked against an allow-list, and what runs is
that tree written out again, so nothing that was not looked at can run. What decides is exact: integers, decimals,
booleans and strings; float columns, `/` and exponents are refused, and an overflow or a division by zero raises.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field, field_validator

from pipeline import settings_file
from pipeline.complaints import shaped
from pipeline.nearest import column_hint
from pipeline.trouble import ConfigError

SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,  # rows stay in order, and a worker is one core
    "memory_limit": "256MB",  # a batch of 16k rows and 60 columns needs about 10 MB
    "enable_external_access": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "lock_configuration": True,
    "temp_directory": "",  # never spills; DuckDB refuses this setting anywhere but last
}
FUNCTIONS = frozenset(
    {"+", "-", "*", "//", "%", "mod", "abs", "round", "floor", "ceil", "ceiling", "greatest", "least"}
    | {"length", "lower", "upper", "contains", "starts_with", "ends_with", "prefix", "suffix"}
    | {"regexp_matches", "regexp_full_match", "~~", "!~~", "~~*", "!~~*"}  # RE2 is linear; the others are [I]LIKE
)
OPERATORS = frozenset(
    {"OPERATOR_NOT", "OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL", "OPERATOR_COALESCE", "COMPARE_IN", "COMPARE_NOT_IN"}
)
PLACE = frozenset({"class", "type", "query_location", "query_location_length"})
CALL = {"function_name", "order_bys", "distinct", "is_operator", "export_state", "arguments", "qualified_name"}
# What a node of each class may carry; a node with more (a FILTER, a schema, an alias) is refused.
PARTS: dict[str, frozenset[str]] = {
    "COLUMN_REF": PLACE | {"column_names"},
    "CONSTANT": PLACE | {"literal"},
    "COMPARISON": PLACE | {"left", "right"},
    "BETWEEN": PLACE | {"input", "lower", "upper"},
    "CONJUNCTION": PLACE | {"children"},
    "OPERATOR": PLACE | {"children"},
    "CASE": PLACE | {"case_checks", "else_expr"},
    "FUNCTION": PLACE | CALL,
}
STATEMENT = {"type", "cte_map", "select_list", "from_table", "aggregate_handling"}
MENDS = {
    "/": "`/` is refused because its result is a float; multiply instead: `part > 0.30 * whole` is exact",
    "CAST": "casts are refused; compare numbers with numbers, strings with strings, and a boolean stands alone",
    "SUBQUERY": "subqueries are refused: a rule sees one row",
    "WINDOW": "window functions are refused: a rule sees one row",
    "STAR": "`*` is refused: name the columns",
    "PARAMETER": "parameters are refused: write the value",
}


class RuleNull(ValueError):
    """A predicate was NULL for a row, and its rule does not say `when_null: keep` or `drop`."""


class Predicate(NamedTuple):
    """A checked predicate: SQL to run, the tree that a recipe remembers, the columns it reads."""

    sql: str
    tree: list[Any]
    columns: frozenset[str]


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


@cache
def _parser() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config=SETTINGS)


def _ask(query: str, argument: str) -> str:
    with _parser().cursor() as connection:  # a cursor of its own: threads may parse at once
        ((answer,),) = connection.execute(query, [argument]).fetchall()
    return str(answer)


@cache
def parse(when: str) -> Predicate:
    """Check one predicate. Raises ValueError that says what is refused and what would be right."""
    answer = _ask("SELECT json_serialize_sql(?::VARCHAR, skip_null := true, skip_empty := true)", f"SELECT ({when}\n)")
    parsed = json.loads(answer)
    if parsed["error"]:
        said = parsed["error_message"]
        if ")" not in when:  # the one that is put around it
            said = said.replace('at or near ")"', "at its end")
        raise ValueError(f"{when!r} does not parse: {said}")
    node, *others = (statement["node"] for statement in parsed["statements"])
    expression, *others_selected = node.get("select_list", [None])
    if others or others_selected or set(node) - STATEMENT or node["from_table"]["type"] != "EMPTY":
        raise ValueError(f"{when!r} is more than one expression")
    columns: set[str] = set()
    try:
        tree = _tree(expression, columns)
    except ValueError as error:
        raise ValueError(f"{when!r}: {error}") from error
    if not columns:
        raise ValueError(f"{when!r} reads no column")
    sql = _ask("SELECT json_deserialize_sql(?::JSON)", answer)
    return Predicate(sql.removeprefix("SELECT "), tree, frozenset(columns))


def _tree(node: dict[str, Any], columns: set[str]) -> list[Any]:
    """`node` without places and spellings, its columns added to `columns`; ValueError for what is not allowed."""
    kind, type_ = node["class"], node["type"]
    if kind not in PARTS:
        raise ValueError(MENDS.get(kind, f"{type_.lower()} is not allowed in a rule"))
    if extra := set(node) - PARTS[kind]:
        raise ValueError(f"{sorted(extra)} is not allowed in a rule")
    if kind == "COLUMN_REF":
        columns.add(_column(node["column_names"]))
        return ["column", *node["column_names"]]
    if kind == "CONSTANT":
        return _literal(node["literal"])
    if kind == "FUNCTION":
        return [_function(node), *(_tree(argument["expression"], columns) for argument in node.get("arguments", []))]
    if kind == "CASE":
        checks = [[_tree(c["when_expr"], columns), _tree(c["then_expr"], columns)] for c in node["case_checks"]]
        return ["case", checks, _tree(node["else_expr"], columns)]
    if kind == "OPERATOR" and type_ not in OPERATORS:
        raise ValueError(f"{type_.removeprefix('OPERATOR_').lower()} is not allowed in a rule")
    children = node.get("children") or [
        node[name] for name in ("input", "lower", "upper", "left", "right") if name in node
    ]
    if type_ in {"COMPARE_IN", "COMPARE_NOT_IN"} and any(child["class"] != "CONSTANT" for child in children[1:]):
        raise ValueError("IN takes literals only")
    return [type_.lower(), *(_tree(child, columns) for child in children)]


def _column(names: list[str]) -> str:
    if len(names) != 1:
        raise ValueError(f"{'.'.join(names)}: a column is one plain name")
    if names[0].lower() == "text":
        raise ValueError("rules never read text: measure it in a stage and judge the number")
    return names[0]


def _literal(literal: dict[str, str]) -> list[Any]:
    kind, text = literal["kind"], literal.get("text", "")
    if kind == "NULL_LITERAL":
        raise ValueError("NULL is not allowed: write IS NULL, give every CASE an ELSE, or use when_null")
    if kind in {"INTEGER", "NUMERIC"} and not (re.fullmatch(r"-?\d*\.?\d*", text) and len(text) <= 18):
        raise ValueError(f"{text}: write a plain number of at most 18 characters, so that it is not read as a float")
    if kind not in {"INTEGER", "NUMERIC", "STRING", "BOOLEAN"}:
        raise ValueError(f"a literal of kind {kind.lower()} is not allowed in a rule")
    return [kind.lower(), text]


def _function(node: dict[str, Any]) -> str:
    name: str = node["function_name"].lower()
    plain = (
        len(node["qualified_name"]["path"]) == 1
        and not node["distinct"]
        and set(node["order_bys"]) == {"type"}
        and all(set(argument) == {"expression"} for argument in node.get("arguments", []))
    )
    if name not in FUNCTIONS or not plain:
        raise ValueError(
            MENDS.get(name, f"the function {name} is not allowed; these are: {' '.join(sorted(FUNCTIONS))}")
        )
    return name


def check_columns(rule_set: RuleSet, available: pa.Schema, added_by: Mapping[str, str]) -> None:
    """Check before any work that the columns exist with types that are exact, and that each predicate fits them.

    Each rule is run over one made-up row, so that a string column compared with a number shows here and not in a
    shard. Raises ConfigError that names the rule, and of `added_by` (kinds of stages by column) what adds the column.
    """
    row: dict[str, pa.Array[Any]] = {}
    for rule in rule_set.rules:
        for name in sorted(parse(rule.when).columns):
            if name not in available.names:
                raise ConfigError(f"{rule.drop}: no column {name!r} here{column_hint(name, available.names, added_by)}")
            row[name] = _wide(_probe(rule.drop, available.field(name)))
    with duckdb.connect(config=SETTINGS) as connection:
        connection.register("batch", pa.table(row))
        for rule in rule_set.rules:
            try:
                verdict = connection.sql(f"SELECT {parse(rule.when).sql} FROM batch").to_arrow_table()
            except duckdb.Error as error:
                raise ConfigError(f"{rule.drop}: {rule.when!r} does not fit the columns: {error}") from error
            if not pa.types.is_boolean(verdict.schema.types[0]):
                raise ConfigError(f"{rule.drop}: {rule.when!r} is a number or a string; a rule needs a comparison")


def _probe(reason: str, field: pa.Field[Any]) -> pa.Array[Any]:
    """One value of the field's type that a comparison with the wrong kind of literal cannot stomach."""
    type_ = field.type
    if pa.types.is_string(type_) or pa.types.is_large_string(type_):
        return pa.array(["a string"], type_)
    if pa.types.is_integer(type_) or pa.types.is_boolean(type_) or pa.types.is_decimal128(type_):
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
