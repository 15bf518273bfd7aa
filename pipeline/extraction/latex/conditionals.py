"""Conditionals of TeX, LaTeX and xparse, as far as they can be told without setting type."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.extraction.latex.converter import Converter, Handler
from pipeline.extraction.latex.macros import NO_VALUE, Macro

_TESTS = frozenset(
    {
        *(
            "\\if",
            "\\ifx",
            "\\ifnum",
            "\\ifdim",
            "\\ifodd",
            "\\ifmmode",
            "\\iftrue",
            "\\iffalse",
            "\\ifcase",
            "\\ifcat",
        ),
        *("\\ifvmode", "\\ifhmode", "\\ifinner", "\\ifvoid", "\\ifhbox", "\\ifvbox", "\\ifeof", "\\ifdefined"),
        *("\\ifcsname", "\\ifpdf", "\\ifxetex", "\\ifluatex", "\\ifPDFTeX", "\\if@twocolumn", "\\if@twoside"),
    }
)
_COMPARISON = re.compile(r"\s*(-?\d+)\s*([<=>])\s*(-?\d+)")


def _skip_branch(converter: Converter, *, to_else: bool) -> str:
    """Pass over a branch that is not taken; says whether it ended in \\else, \\or or \\fi."""
    reader, depth = converter.reader, 0
    flags = converter.definitions.flags
    while token := reader.next():
        name = token.rstrip()
        if token[0] != "\\" or len(name) < 3:
            continue
        if name in _TESTS or (name.startswith("\\if") and name[3:] in flags):
            depth += 1
        elif name == "\\fi":
            if depth == 0:
                return name
            depth -= 1
        elif depth == 0 and to_else and name in ("\\else", "\\or"):
            return name
    return ""


def _decide(converter: Converter, *, holds: bool) -> None:
    if not holds:
        _skip_branch(converter, to_else=True)


def _if_x(converter: Converter, _name: str) -> None:
    reader, macros = converter.reader, converter.definitions.macros
    first = reader.first_of(reader.skip_spaces() and reader.next()).rstrip()
    second = reader.first_of(reader.skip_spaces() and reader.next()).rstrip()
    same = first == second or (first in macros and second in macros and macros[first].body == macros[second].body)
    _decide(converter, holds=same or (first in macros and not macros[first].body and second == "\\empty"))


def _if_number(converter: Converter, _name: str) -> None:
    """A comparison of two numbers; where it cannot be told, it does not hold."""
    reader = converter.reader
    text = ""
    for _ in range(12):
        token = reader.next()
        if token[:1] == "\\":
            if token.rstrip() == "\\relax":
                break
            if converter.expand_within(token.rstrip()):
                continue
            reader.back(token)
            break
        text += token
        if _COMPARISON.match(text) and (token == " " or not text[-1].isdigit()):
            break
    found = _COMPARISON.match(text)
    if found is None:
        _decide(converter, holds=False)
        return
    reader.back(text[found.end() :].lstrip(" "))
    first, second = int(found[1][:12]), int(found[3][:12])
    _decide(converter, holds={"<": first < second, "=": first == second, ">": first > second}[found[2]])


def _if_defined(converter: Converter, _name: str) -> None:
    token = converter.reader.next().rstrip()
    _decide(converter, holds=token in converter.definitions.macros)


def _if_unknown(converter: Converter, name: str) -> None:
    """A test of two things that cannot be made here: it does not hold."""
    if name in ("\\if", "\\ifcat"):
        reader = converter.reader
        _decide(converter, holds=reader.first_of(reader.next()) == reader.first_of(reader.next()))
        return
    if name == "\\ifdim":
        converter.reader.skip_dimension()
    _decide(converter, holds=False)


def _end_of_branch(converter: Converter, name: str) -> None:
    if name != "\\fi":
        _skip_branch(converter, to_else=False)


def _new_if(converter: Converter, _name: str) -> None:
    reader = converter.reader
    flag = reader.skip_spaces().rstrip()
    reader.next()
    if flag.startswith("\\if") and len(flag) > 3:
        _declare_flag(converter, flag[3:], is_set=False)


def _declare_flag(converter: Converter, flag: str, *, is_set: bool) -> None:
    definitions = converter.definitions
    if f"\\if{flag}" in definitions.kept:
        return
    definitions.flags[flag] = is_set
    definitions.define(f"\\{flag}true", Macro(("\\@setflag", "{", "1", flag, "}")))
    definitions.define(f"\\{flag}false", Macro(("\\@setflag", "{", "0", flag, "}")))
    definitions.define(f"\\if{flag}", Macro(("\\@testflag", "{", flag, "}")))


def _set_flag(converter: Converter, _name: str) -> None:
    words = converter.reader.words()
    converter.definitions.flags[words[1:]] = words[:1] == "1"


def _if_then_else(converter: Converter, _name: str) -> None:
    reader = converter.reader
    condition = reader.argument()
    then, otherwise = reader.argument(), reader.argument()
    reader.push(then if _holds(converter, condition) else otherwise)


def _holds(converter: Converter, condition: Sequence[str]) -> bool:
    text = "".join(condition).strip()
    found = re.fullmatch(r"\\equal\s*\{([^{}]*)\}\s*\{([^{}]*)\}", text)
    if found is not None:
        return found[1].strip() == found[2].strip()
    found = re.fullmatch(r"\\boolean\s*\{([^{}]*)\}", text)
    if found is not None:
        return converter.definitions.flags.get(found[1], False)
    found = _COMPARISON.fullmatch(text)
    return found is not None and {"<": found[1] < found[3], "=": found[1] == found[3]}.get(found[2], False)


def _if_value(converter: Converter, name: str) -> None:
    """xparse's tests of what an argument is."""
    reader = converter.reader
    value = reader.argument()
    holds = value == ["\\iftrue"] if "Boolean" in name else value == [NO_VALUE]
    if name.startswith("\\IfValue"):
        holds = not holds
    then = reader.argument() if name.endswith(("TF", "T")) else []
    otherwise = reader.argument() if name.endswith("F") else []
    reader.push(then if holds else otherwise)


def _if_next(converter: Converter, name: str) -> None:
    reader = converter.reader
    wanted = "*" if name == "\\@ifstar" else "".join(reader.argument())
    then, otherwise = reader.argument(), reader.argument()
    if name == "\\@ifstar":
        reader.push(then if reader.is_star() else otherwise)
        return
    reader.push(then if reader.skip_spaces().startswith(wanted or "\0") else otherwise)


def _if_undefined(converter: Converter, name: str) -> None:
    reader = converter.reader
    wanted = "\\" + reader.words().removeprefix("\\")
    first, second = reader.argument(), reader.argument()
    known = wanted in converter.definitions.macros or wanted in converter.grammar.commands
    reader.push(first if known == (name == "\\ifcsdef") else second)


EXPANDING: dict[str, Handler] = {
    "\\newif": _new_if,
    "\\@setflag": _set_flag,
    "\\@testflag": lambda converter, _name: _decide(
        converter, holds=converter.definitions.flags.get(converter.reader.words(), False)
    ),
    **dict.fromkeys(_TESTS, _if_unknown),
    **dict.fromkeys(("\\iftrue", "\\ifpdf", "\\ifPDFTeX"), lambda converter, _name: _decide(converter, holds=True)),
    "\\iffalse": lambda converter, _name: _decide(converter, holds=False),
    "\\ifx": _if_x,
    "\\ifnum": _if_number,
    "\\ifdefined": _if_defined,
    "\\else": _end_of_branch,
    "\\or": _end_of_branch,
    "\\fi": _end_of_branch,
    "\\ifthenelse": _if_then_else,
    **dict.fromkeys(
        [f"\\If{kind}{ending}" for kind in ("Boolean", "NoValue", "Value") for ending in ("TF", "T", "F")], _if_value
    ),
    "\\@ifnextchar": _if_next,
    "\\@ifstar": _if_next,
    "\\@ifundefined": _if_undefined,
    "\\ifcsdef": _if_undefined,
}
