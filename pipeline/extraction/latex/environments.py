"""\\begin and \\end: which environment is what, and the document itself."""

from __future__ import annotations

from pipeline.extraction.latex.commands import drop_options
from pipeline.extraction.latex.converter import Converter, Handler
from pipeline.extraction.latex.maths import display, environment, inline
from pipeline.extraction.latex.maths_tables import DISPLAYS
from pipeline.extraction.latex.skipped import ARGUMENTS, TABULARS
from pipeline.extraction.latex.theorems import begin_theorem, end_theorem, is_theorem

_INLINE_ENVIRONMENTS = frozenset({"small", "footnotesize", "scriptsize", "tiny", "normalsize", "large", "CJK", "CJK*"})


def begin(converter: Converter, _name: str) -> None:
    """\\begin."""
    name = converter.reader.words()
    if name == "document":
        start_document(converter)
    elif name in DISPLAYS or (name.endswith("*") and name[:-1] in DISPLAYS):
        if name in converter.definitions.environments:
            converter.begin(name)
        else:
            environment(converter, name)
    elif is_theorem(converter, name) and name not in converter.definitions.environments:
        begin_theorem(converter, name)
    else:
        converter.begin(name)


def start_document(converter: Converter) -> None:
    """What was set in the preamble is no text."""
    while converter.groups:
        converter.close_group()
    converter.out.clear()
    converter.pending.clear()


def end(converter: Converter, _name: str) -> None:
    """\\end; plain TeX's ends the document."""
    if converter.reader.skip_spaces() != "{":
        return
    name = converter.reader.words()
    if name == "document":
        end_document(converter)
    else:
        if is_theorem(converter, name) and converter.open_names.get(name):
            end_theorem(converter, name)
        converter.end(name)


def end_document(converter: Converter) -> None:
    """Nothing behind the end is read."""
    while converter.groups:
        converter.close_group()
    converter.par()
    converter.reader.stop()


def other_environment(converter: Converter, name: str) -> None:
    """An environment that nobody knows: its settings go, its text stays."""
    if is_theorem(converter, name):
        begin_theorem(converter, name)
        return
    if name in ARGUMENTS:
        converter.reader.skip(ARGUMENTS[name])
    else:
        drop_options(converter)
    if name not in _INLINE_ENVIRONMENTS:
        converter.par()
    converter.open_group(name)


def _end_block(converter: Converter, _name: str) -> None:
    converter.par()


def begin_subequations(converter: Converter, name: str) -> None:
    """Equations 2a, 2b ..."""
    counters = converter.counters
    number = converter.step("equation")
    before = counters.value("equation")
    converter.open_group(name)
    converter.subequations.append(number)
    converter.sub_values.append(before)
    counters.set("equation", 0)
    counters.current = number, "equation"


def end_subequations(converter: Converter, _name: str) -> None:
    """Numbers go on where they were."""
    if converter.sub_values:
        converter.counters.set("equation", converter.sub_values[-1])


def _ensure_math(converter: Converter, _name: str) -> None:
    if converter.reader.skip_spaces() == "{":
        converter.reader.next()
        inline(converter, "}")


COMMANDS: dict[str, Handler] = {
    "\\begin": begin,
    "\\end": end,
    "\\(": lambda converter, _name: inline(converter, "\\)"),
    "\\[": lambda converter, _name: display(converter, "\\]"),
    "\\ensuremath": _ensure_math,
}
BEGIN: dict[str, Handler] = {
    "subequations": begin_subequations,
    "math": lambda converter, _name: inline(converter, "\\end{math}"),
}
END: dict[str, Handler] = {
    "subequations": end_subequations,
    **dict.fromkeys([name for name in ARGUMENTS if name not in _INLINE_ENVIRONMENTS | TABULARS], _end_block),
}
