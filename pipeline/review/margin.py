"""How far a row is from the other verdict of a rule, as SQL made of the rule's parsed tree.

Of a comparison of two numbers it is (|left - right| + 1) / (max(|left|, |right|) + 1): about the share by which a value
would have to change. The 1 makes a step of a small count a long way (`count > 0` at 0 is at 1), not a distance of
nothing. Signed, positive where it holds; AND is the least of its parts, OR the greatest, NOT turns the sign. What has
no distance (strings, flags) is at 1 or -1. NULL where all of it is NULL.
"""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from pipeline.predicates import parse
from pipeline.rules import Rule

_INFIX: Final = frozenset({"+", "-", "*", "%"})
_COMPARED: Final = {
    "compare_lessthan": "<",
    "compare_lessthanorequalto": "<=",
    "compare_greaterthan": ">",
    "compare_greaterthanorequalto": ">=",
    "compare_equal": "=",
    "compare_notequal": "<>",
}


class Unmeasured(ValueError):
    """The rule has no distance: it compares no numbers, or in a way that is not followed here."""


def margin(rule: Rule, columns: pa.Schema) -> str:
    """A DuckDB expression over these columns, -1 to 1. Raises Unmeasured."""
    numbers = {f.name for f in columns if pa.types.is_integer(f.type) or pa.types.is_decimal(f.type)}
    writer = _Writer(numbers)
    expression = writer.signed(parse(rule.when).tree)
    if not writer.measured:
        raise Unmeasured(f"{rule.drop}: {rule.when!r} compares no numbers")
    return expression


class _Writer:
    def __init__(self, numbers: set[str]) -> None:
        self.numbers = numbers
        self.measured = False

    def signed(self, node: list[Any]) -> str:
        kind, *parts = node
        if kind in ("conjunction_and", "conjunction_or"):
            return f"{'least' if kind == 'conjunction_and' else 'greatest'}({', '.join(map(self.signed, parts))})"
        if kind == "operator_not":
            return f"(-{self.signed(parts[0])})"
        if kind == "compare_between":
            value, low, high = parts
            both = (["compare_greaterthanorequalto", value, low], ["compare_lessthanorequalto", value, high])
            return self.signed(["conjunction_and", *both])
        if kind in _COMPARED and all(map(self._is_number, parts)):
            self.measured = True
            left, right = (f"cast({self.plain(part)} as double)" for part in parts)
            share = f"least(1, (abs({left} - {right}) + 1) / (greatest(abs({left}), abs({right})) + 1))"
            return f"(case when {left} {_COMPARED[kind]} {right} then {share} else -{share} end)"
        return f"(case when {self.plain(node)} then 1.0 else -1.0 end)"

    def _is_number(self, node: list[Any]) -> bool:
        kind, *parts = node
        if kind == "column":
            return parts[0] in self.numbers
        return kind in ("integer", "numeric", "length") or (
            kind not in ("string", "boolean", "lower", "upper") and bool(parts) and all(map(self._is_number, parts))
        )

    def plain(self, node: list[Any]) -> str:
        """The node as SQL; columns of numbers as double, so that no product overflows."""
        kind, *parts = node
        if kind == "column":
            name = '"' + parts[0].replace('"', '""') + '"'
            return f"cast({name} as double)" if parts[0] in self.numbers else name
        if kind in ("integer", "numeric", "boolean"):
            return f"({parts[0]})"
        if kind == "string":
            return "'" + parts[0].replace("'", "''") + "'"
        if kind == "case" or kind.startswith(("conjunction", "~", "!~")):
            raise Unmeasured(f"{kind} is not followed")
        written = [self.plain(part) for part in parts]
        if kind == "//":  # of doubles DuckDB's own is not that of integers
            return f"trunc({written[0]} / {written[1]})"
        if kind in _INFIX and len(written) == 2:
            return f"({written[0]} {kind} {written[1]})"
        if kind in _COMPARED:
            return f"({written[0]} {_COMPARED[kind]} {written[1]})"
        if kind in ("compare_in", "compare_not_in"):
            negated = "not " if kind == "compare_not_in" else ""
            return f"({written[0]} {negated}in ({', '.join(written[1:])}))"
        if kind in ("operator_is_null", "operator_is_not_null"):
            return f"({written[0]} {kind.removeprefix('operator_').replace('_', ' ')})"
        return f"{kind.removeprefix('operator_')}({', '.join(written)})"
