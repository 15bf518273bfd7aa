"""Lists: a line an item, with the label that LaTeX gives it."""

from __future__ import annotations

import re

from pipeline.extraction.latex.converter import Converter, Handler
from pipeline.extraction.latex.state import INDENT, SAVED, SAVED_END

MAX_LEVELS = 8
_STYLE_OF_LABEL = re.compile(r"\\(arabic|roman|Roman|alph|Alph)\s*\*")
_FIRST_OF_LABEL = re.compile(r"[1aAiI]")
_STYLE_OF_FIRST = {"1": "arabic", "a": "alph", "A": "Alph", "i": "roman", "I": "Roman"}
_ONE_FORMULA = re.compile(f"{SAVED}(\\d+){SAVED_END}")
_BULLET = re.compile(
    r"\$?\s*(?:[-–—•*·+>o□■∎]|\\(?:bullet|circ|cdot|ast|star|diamond|diamondsuit|(?:black)?triangleright|blacktriangle"
    r"|square|blacksquare|rightarrow|Rightarrow|checkmark|dagger|triangle|to|succ|Box))?\s*\$?"
)
_LISTS = (
    *("itemize", "itemize*", "enumerate", "enumerate*", "description", "description*", "list", "trivlist"),
    *("compactitem", "compactenum", "compactdesc", "inparaenum", "inparaitem", "asparaenum", "asparaitem", "roster"),
    *("tablenotes", "enumerate1"),
)


def one_line(text: str) -> str:
    """The text in one line, spaces collapsed."""
    return " ".join(text.split())


def begin_list(converter: Converter, name: str) -> None:
    """itemize, enumerate, description and their kin."""
    reader = converter.reader
    reader.skip_spaces()
    option = reader.option()
    kind: str | None = "description"
    template: list[str] | None = None
    if name.startswith(("enumerate", "inparaenum", "compactenum", "asparaenum")):
        depth = sum(1 for each in converter.lists[-MAX_LEVELS:] if each is not None and each.startswith("enum"))
        kind = ("enumi", "enumii", "enumiii", "enumiv")[min(depth, 3)]
        template = _template("".join(option or ()), kind)
        if "resume" not in "".join(option or ()):
            converter.counters.set(kind, 0)
    elif name == "list":
        template = reader.argument()
        setting = reader.argument()
        at = next((at for at, token in enumerate(setting) if token.rstrip() == "\\usecounter"), None)
        kind = "".join(setting[at + 2 : setting.index("}", at)]) if at is not None and "}" in setting[at:] else "list"
        converter.counters.set(kind, 0)
    elif not name.startswith("desc"):
        kind = None
        if name in ("trivlist", "list"):
            kind = "trivlist"
    converter.par()
    converter.open_group(name)
    converter.lists.append(kind)
    converter.list_labels.append(template)


def _template(option: str, counter: str) -> list[str] | None:
    """The tokens of the label that the option of an enumeration asks for (enumitem's label=, or enumerate's)."""
    if "label" in option:
        found = _STYLE_OF_LABEL.search(option)
        if found is None:
            return None
        label = option.partition("label=")[2].partition(",")[0]
        before, _, after = label.partition(found[0])
        before = re.sub(r"\\[a-zA-Z]+|[{}]", "", before)
        return [before, f"\\{found[1]}", "{", counter, "}", after.strip("}")]
    found = _FIRST_OF_LABEL.search(option)
    if found is None or "=" in option or len(option) > 12:
        return None
    style = _STYLE_OF_FIRST[found[0]]
    before = re.sub(r"[{}\\]", "", option[: found.start()])
    return [before, f"\\{style}", "{", counter, "}", option[found.end() :].strip("}")]


def end_list(converter: Converter, _name: str) -> None:
    """Back to the text around the list."""
    converter.par()


def item(converter: Converter, _name: str) -> None:
    """An entry of the innermost list, or of plain TeX's \\item{label}."""
    reader = converter.reader
    if not converter.lists:
        _plain_item(converter)
        return
    label = reader.option()
    if label is None and converter.open_names.get("roster") and reader.skip_spaces().startswith('"'):
        reader.take('"')
        label = reader.option('"', "")
    kind = converter.lists[-1]
    template = converter.list_labels[-1]
    converter.line()
    converter.add(INDENT * (min(len(converter.lists), MAX_LEVELS) - 1) + ("" if kind == "trivlist" else "- "))
    if label is not None:
        bold = "**" if kind == "description" else ""
        converter.capture_tokens(label, lambda text: _label(converter, text, bold))
        return
    if kind is None or kind in ("description", "trivlist"):
        return
    number = converter.step(kind)
    if kind.startswith("enum"):
        converter.trim()
        converter.out[-1] = converter.out[-1].removesuffix("- ")
        words = converter.evaluated(template) if template else _default_label(converter, kind)
        converter.counters.current = (words.strip("().") if kind == "enumi" else number), kind
        converter.add(words + " ")
    elif template:
        converter.capture_tokens(template, lambda text: _label(converter, text, ""))


def _label(converter: Converter, text: str, bold: str) -> None:
    """Write an item's label, unless it is only another sign for the dash that stands there."""
    words = one_line(text)
    formula = _ONE_FORMULA.fullmatch(words)
    shown = converter.saved[int(formula[1])] if formula is not None else words
    if words and not _BULLET.fullmatch(shown):
        converter.add(f"{bold}{words}{bold} ")


def _default_label(converter: Converter, kind: str) -> str:
    own = f"\\label{kind}"
    if own in converter.definitions.macros:
        return converter.evaluated([own])
    shown = converter.number(kind)
    return {"enumi": f"{shown}.", "enumii": f"({shown.removeprefix(converter.number('enumi'))})"}.get(
        kind, f"{shown.removeprefix(converter.number('enumii'))}."
    )


def _plain_item(converter: Converter) -> None:
    converter.par()
    label = converter.reader.option()
    if label is not None:
        converter.capture_tokens(label, lambda text: converter.add(f"- {one_line(text)} "))
    elif converter.reader.skip_spaces() == "{":
        converter.capture(lambda text: converter.add(f"- {one_line(text)} "))
    else:
        converter.add("- ")


COMMANDS: dict[str, Handler] = {"\\item": item, "\\itemitem": item}
BEGIN: dict[str, Handler] = dict.fromkeys(_LISTS, begin_list)
END: dict[str, Handler] = dict.fromkeys(_LISTS, end_list)
