"""What a drop rule may say: one scalar expression of DuckDB, its tree walked against an allow-list.

What runs is that tree written out again, so nothing that was not looked at can run.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any, NamedTuple

import duckdb

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


class Predicate(NamedTuple):
    """A checked predicate: SQL to run, the tree that a recipe remembers, the columns it reads, the calls in it.

    calls: a list of all its calls of functions for a SELECT; empty where it has none.
    """

    sql: str
    tree: list[Any]
    columns: frozenset[str]
    calls: str


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
    calls: list[dict[str, Any]] = []
    try:
        tree = _tree(expression, columns, calls)
    except ValueError as error:
        raise ValueError(f"{when!r}: {error}") from error
    if not columns:
        raise ValueError(f"{when!r} reads no column")
    sql = _selected(answer)
    node["select_list"] = calls
    return Predicate(sql, tree, frozenset(columns), _selected(json.dumps(parsed)) if calls else "")


def _selected(statement: str) -> str:
    """What DuckDB's tree of a SELECT selects, as SQL."""
    return _ask("SELECT json_deserialize_sql(?::JSON)", statement).removeprefix("SELECT ")


def _tree(node: dict[str, Any], columns: set[str], calls: list[dict[str, Any]]) -> list[Any]:
    """`node` without places and spellings, its columns and calls noted; ValueError for what is not allowed."""
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
        calls.append(node)
        return [
            _function(node),
            *(_tree(argument["expression"], columns, calls) for argument in node.get("arguments", [])),
        ]
    if kind == "CASE":
        checks = [
            [_tree(c["when_expr"], columns, calls), _tree(c["then_expr"], columns, calls)] for c in node["case_checks"]
        ]
        return ["case", checks, _tree(node["else_expr"], columns, calls)]
    if kind == "OPERATOR" and type_ not in OPERATORS:
        raise ValueError(f"{type_.removeprefix('OPERATOR_').lower()} is not allowed in a rule")
    children = node.get("children") or [
        node[name] for name in ("input", "lower", "upper", "left", "right") if name in node
    ]
    if type_ in {"COMPARE_IN", "COMPARE_NOT_IN"} and any(child["class"] != "CONSTANT" for child in children[1:]):
        raise ValueError("IN takes literals only")
    return [type_.lower(), *(_tree(child, columns, calls) for child in children)]


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
