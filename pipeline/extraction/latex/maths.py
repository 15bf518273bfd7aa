"""Formulas: kept as LaTeX, with the author's macros expanded, so that they can be read without the paper's preamble."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from pipeline.extraction.latex.converter import Converter
from pipeline.extraction.latex.lexer import ADDRESS, END_OF_USER_ENVIRONMENT, FROZEN, RAW, VERBATIM
from pipeline.extraction.latex.maths_tables import (
    DIMENSIONS,
    DISPLAYS,
    DROPPED,
    PLAIN,
    REFERENCES,
    SKIPPED,
    TEXTS,
    UNNUMBERED,
)
from pipeline.extraction.latex.state import TAG, TAG_END

_DIMENSION = re.compile(r"\s*[-+]?\s*\d*\.?\d*\s*(?:pt|cm|mm|in|em|ex|bp|pc|mu|\\[a-z]+)\s*")
_SPACES = re.compile(r"[ \t\n]*\n[ \t\n]*|[ \t]{2,}")
_EMPTY = re.compile(r"(?:\\[,;:! ]|\\q?quad\b|\\hspace|[\s{}&~.]|\\\\|\\begin\{[a-z*]+\}|\\end\{[a-z*]+\})*")
_PLAIN_TAG = re.compile(r"\\(?:rm|bf|mathrm|textrm|text|hbox|mbox|mathbf|textbf)\b|[{}()\s$~]|\\[,;:! ]")


@dataclass(slots=True)
class _Formula:
    """A formula that is being read. `levels` has one letter for each open brace or environment:

    `m` maths, `t` text, `i` a formula within text, `e` an environment.
    """

    converter: Converter
    end: str
    is_display: bool
    is_numbered: bool
    has_rows: bool
    parts: list[str] = field(default_factory=list)
    levels: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    row_is_numbered: bool = True
    tag: str = ""
    text_next: bool = False

    def read(self) -> str:
        """The formula up to its end, without the delimiters."""
        reader = self.converter.reader
        self.row_is_numbered = self.is_numbered
        while token := reader.next():
            first = token[0]
            if first == "\\":
                if self._control(token[:-1] if len(token) > 2 and token[-1] == " " else token, token):
                    break
            elif token == "$":
                if self._dollar():
                    break
            elif token == "{":
                self._open()
            elif token == "}":
                if self._close_brace():
                    break
            elif first == FROZEN:
                self._put(token[1:])
            elif first == VERBATIM:
                self._put("\\texttt{" + token[1:].replace("\\", "").replace("$", "") + "}")
            elif first == END_OF_USER_ENVIRONMENT:
                self.converter.close_user_environment(token[1:])
            elif first not in (RAW, ADDRESS) and token != "#":
                self._put(token)
        self._end_row()
        while self.levels:
            self._put({"e": "", "i": "\\)"}.get(self.levels.pop(), "}"))
        return _tidy("".join(self.parts))

    def _put(self, piece: str) -> None:
        parts = self.parts
        if piece[:1].isalpha() and parts and parts[-1][:1] == "\\" and parts[-1][-1:].isalpha():
            parts.append(" ")
        parts.append(piece)
        if piece != " ":
            self.text_next = False

    def _open(self) -> None:
        is_text = self.text_next or (self.levels and self.levels[-1] == "t")
        self._put("{")
        self.levels.append("t" if is_text else "m")

    def _close_brace(self) -> bool:
        """Whether this brace ends the formula."""
        while self.levels and self.levels[-1] == "i":
            self._put("\\)")
            self.levels.pop()
        if self.levels and self.levels[-1] in "mt":
            self.levels.pop()
            self._put("}")
            return False
        if self.levels:  # a stray one within an environment
            return False
        if self.end == "}":
            return True
        if self.is_display:
            return False
        self.converter.reader.back("}")
        return True

    def _dollar(self) -> bool:
        """Whether this dollar sign ends the formula."""
        if self.levels and self.levels[-1] == "t":
            self._put("\\(")
            self.levels.append("i")
            return False
        if "i" in self.levels[-8:]:
            while self.levels and self.levels[-1] != "i":
                self._put("}" if self.levels[-1] != "e" else "")
                self.levels.pop()
            self.levels.pop()
            self._put("\\)")
            return False
        reader = self.converter.reader
        if self.end == "$$" and reader.peek() == "$":
            reader.next()
        return self.end in ("$", "$$")

    def _control(self, name: str, token: str) -> bool:
        """Whether this control sequence ends the formula."""
        converter = self.converter
        reader = converter.reader
        if name == "\\par" and not self.is_display:
            reader.back(token)
            return True
        if name == self.end and "t" not in self.levels:
            return True
        macro = converter.definitions.macros.get(name)
        if macro is not None:
            if token != name and not macro.pattern:
                reader.back(" ")  # TeX swallows it; a reader likes it
            macro.expand(reader)
            return False
        if converter.expand(name):
            return False
        if name == "\\begin":
            self._begin(reader.words())
        elif name == "\\end":
            return self._end(reader.words())
        elif name in _COMMANDS:
            _COMMANDS[name](self)
        elif name in SKIPPED:
            reader.skip(SKIPPED[name])
        elif name in DIMENSIONS:
            reader.skip_dimension()
        elif name in REFERENCES:
            self._put(converter.reference(name, reader.words()))
        elif name not in DROPPED and name != "\\par":
            if name in ("\\)", "\\]", "\\(", "\\["):
                return False
            self._put(token)
            self.text_next = name in TEXTS
        return False

    def _begin(self, name: str) -> None:
        definitions = self.converter.definitions.environments
        if name in definitions:
            self.converter.begin(name)
            return
        self._put(f"\\begin{{{name}}}")
        self.levels.append("e")

    def _end(self, name: str) -> bool:
        converter = self.converter
        if converter.end_user_environment(name):
            return False
        if self.end == f"\\end{{{name}}}":
            return True
        if "e" in self.levels:
            while self.levels[-1] != "e":
                self._put("\\)" if self.levels.pop() == "i" else "}")
            self.levels.pop()
            self._put(f"\\end{{{name}}}")
            return False
        converter.reader.push(["\\end", "{", name, "}"])
        return True

    def label(self) -> None:
        """\\label: its number is that of the row."""
        self.labels.append(self.converter.reader.words())

    def unnumbered(self) -> None:
        """\\nonumber."""
        self.row_is_numbered = False

    def tagged(self) -> None:
        """\\tag: the author's own number."""
        reader = self.converter.reader
        reader.is_star()
        if reader.peek() == "{":
            self.tag = self.converter.evaluated(reader.argument())
        else:
            self._tag_to_the_end()

    def _tag_to_the_end(self) -> None:
        """\\eqno: the number is all that follows."""
        reader = self.converter.reader
        tokens: list[str] = []
        depth = 0
        while token := reader.next():
            depth += (token == "{") - (token == "}")
            if depth < 0 or (depth == 0 and token in ("$", "\\par", self.end)):
                reader.back(token)
                break
            if token[0] == "\\" and token.rstrip() == "\\label":
                self.labels.append(reader.words())
            elif token[0] != "\\" or not self.converter.expand_within(token.rstrip()):
                tokens.append(token)
        self.tag = _PLAIN_TAG.sub("", "".join(token for token in tokens if token != "$"))[:40]

    def row(self) -> None:
        """A double backslash: the row ends; its options go."""
        reader = self.converter.reader
        reader.is_star()
        if reader.peek().startswith("["):
            option = reader.option()
            if option is not None and not _DIMENSION.fullmatch("".join(option)):
                reader.push(["[", *option, "]"])
        if self.levels:
            self._put("\\\\ ")
            return
        if self.has_rows:
            self._end_row()
        self._put("\\\\\n" if self.is_display else "\\\\")

    def _end_row(self) -> None:
        counters = self.converter.counters
        number = self.tag
        if self.tag:
            counters.current = number, "equation"
        elif self.row_is_numbered:
            number = self.converter.step("equation")
        if self.tag and not self.labels:
            self._put(f" \\tag{{{self.tag}}}")
        elif self.labels and number:
            self.converter.tags.append(self.labels[0])
            self._put(f"{TAG}{len(self.converter.tags) - 1}{TAG_END}")
        for key in self.labels:
            counters.label(key)
        self.labels, self.tag = [], ""
        self.row_is_numbered = self.is_numbered

    def lines(self) -> None:
        """A line break of plain TeX's alignments."""
        self._put("\\cr ")


_COMMANDS: dict[str, Callable[[_Formula], None]] = {
    "\\label": _Formula.label,
    "\\nonumber": _Formula.unnumbered,
    "\\notag": _Formula.unnumbered,
    "\\IEEEnonumber": _Formula.unnumbered,
    "\\tag": _Formula.tagged,
    "\\eqno": _Formula._tag_to_the_end,
    "\\leqno": _Formula._tag_to_the_end,
    "\\\\": _Formula.row,
    "\\cr": _Formula.lines,
}


def _tidy(formula: str) -> str:
    """One space for several, no line break at the end, no backslash that would hide the closing dollar."""
    formula = _SPACES.sub(lambda found: "\n" if "\\\\" in formula and "\n" in found[0] else " ", formula).strip()
    while formula.endswith("\\\\"):
        formula = formula[:-2].rstrip()
    if formula.endswith("\\"):
        formula = formula[:-1].rstrip()
    return formula


def formula(converter: Converter, _token: str) -> None:
    """A dollar sign in text: a formula in the line, or displayed behind two of them."""
    if converter.reader.peek() == "$":
        converter.reader.next()
        display(converter, "$$")
    else:
        inline(converter, "$")


def inline(converter: Converter, end: str) -> None:
    """A formula in the line, up to the token `end`."""
    tex = _Formula(converter, end, is_display=False, is_numbered=False, has_rows=False).read().replace("\n", " ")
    if tex.strip(" {}~.,;:"):
        converter.add(converter.save(f"${tex}$"))
    else:
        converter.add(tex.strip(" {}~"))


def display(converter: Converter, end: str, *, name: str = "") -> None:
    """A displayed formula up to the token `end` or the end of environment `name`."""
    plain_name = name.removesuffix("*")
    is_numbered = bool(name) and not name.endswith("*") and plain_name not in UNNUMBERED
    outer = converter.counters.current
    before = ""
    if plain_name in ("alignat", "xalignat"):
        before = "{" + converter.reader.words() + "}"
    elif plain_name == "IEEEeqnarray":
        converter.reader.skip("om")
        plain_name = "eqnarray"
    elif plain_name in ("dmath", "dgroup", "darray"):
        converter.reader.skip("o")
    end = f"\\end{{{name}}}" if name else end
    has_rows = DISPLAYS.get(plain_name, False)
    tex = _Formula(converter, end, is_display=True, is_numbered=is_numbered, has_rows=has_rows).read()
    converter.counters.current = outer
    if _EMPTY.fullmatch(tex):
        return
    if plain_name and plain_name not in PLAIN:
        tex = f"\\begin{{{plain_name}*}}{before}\n{tex}\n\\end{{{plain_name}*}}"
    converter.line()
    converter.add(converter.save(f"$${tex}$$"))
    converter.add("\n")


def environment(converter: Converter, name: str) -> None:
    """An environment that is a displayed formula."""
    display(converter, "", name=name)
