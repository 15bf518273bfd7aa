"""LaTeX and plain TeX to text with formulas: what a paper says, without what only sets it in type."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.extraction.latex import (
    code,
    commands,
    environments,
    floats,
    headings,
    lists,
    maths,
    notes,
    plain,
    primitives,
    symbols,
    tables,
    theorems,
)
from pipeline.extraction.latex.citations import sources
from pipeline.extraction.latex.converter import Converter, Grammar
from pipeline.extraction.latex.files import body, found_file
from pipeline.extraction.latex.front import names
from pipeline.extraction.latex.lexer import Lexer
from pipeline.extraction.latex.macros import Definitions
from pipeline.extraction.latex.polish import Polish
from pipeline.extraction.latex.reader import LatexBudgetError, Reader
from pipeline.extraction.latex.state import NEXT_AUTHOR

MAX_LATEX_BYTES = 8 << 20  # of all files read, each time it is read; a long thesis has 2 MB
MAX_STEPS = 1_000_000  # tokens beyond one for each byte read; real papers take half a token a byte, macros included
MAX_PUSHED = 32 << 20  # characters that macros put back; a thesis of 460 kB full of macros has 180,000
MAX_INPUTS = 500
MAX_STYLE_BYTES = 1 << 18
_PACKAGES = re.compile(r"\\(?:usepackage|RequirePackage)\s*(?:\[[^\]]{0,300}\])?\s*\{([^{}]{1,300})\}")
_COMMENT = re.compile(r"(?<!\\)%[^\n]*")
_CLASS = re.compile(r"\\document(?:class|style)\s*(?:\[([^\]]{0,400})\])?\s*\{([^{}]{1,80})\}")
_BABEL = re.compile(r"\\usepackage\s*\[([^\]]{1,200})\]\s*\{babel\}")
_DEFINING = frozenset(
    {
        *("\\newcommand", "\\renewcommand", "\\providecommand", "\\DeclareRobustCommand", "\\def", "\\gdef"),
        *("\\DeclareMathOperator", "\\newtheorem", "\\newenvironment", "\\NewDocumentCommand"),
    }
)
_LANGUAGES = {
    **dict.fromkeys(("english", "american", "british", "USenglish", "UKenglish"), "en"),
    **dict.fromkeys(("german", "ngerman", "austrian"), "de"),
    **dict.fromkeys(("french", "francais", "frenchb"), "fr"),
    "spanish": "es",
    "italian": "it",
    "portuguese": "pt",
    "brazil": "pt",
    "russian": "ru",
    "ukrainian": "uk",
    "polish": "pl",
    "dutch": "nl",
}
# Names that keep their meaning, whatever a document or its style says: what gives a paper its shape.
_KEPT = frozenset(
    {
        *primitives.EXPANDING,
        *environments.COMMANDS,
        *headings.COMMANDS,
        *theorems.COMMANDS,
        *lists.COMMANDS,
        *notes.COMMANDS,
        *tables.COMMANDS,
        *floats.COMMANDS,
        *("\\\\", "\\par", "\\href", "\\url", "\\maketitle", "\\documentclass", "\\usepackage", "\\bibliography"),
        *("\\vspace", "\\hspace", "\\includegraphics", "\\thanks", "\\tableofcontents", "\\date", "\\centering"),
    }
) - {"\\and", "\\xspace", "\\sep", "\\acks", "\\ack"}


@dataclass(frozen=True, slots=True)
class Extracted:
    """What a paper says. `text` is empty where it says nothing, or where `over_budget` names the budget it broke.

    title, author (names, separated by commas): as the paper states them. language: BCP 47, that of babel.
    over_budget: `resource:latex_expansion` (macros that never end, or grow without measure) or `resource:latex_bytes`.
    """

    text: str
    title: str | None = None
    author: str | None = None
    language: str | None = None
    over_budget: str | None = None


def extract(texts: Mapping[str, str], main: str, *, keep_bibliography: bool = False) -> Extracted:
    """The paper whose main file is `texts[main]`; the other files are what it may \\input, by name within its archive.

    Headings are Markdown's, formulas stay LaTeX between dollar signs with the author's macros expanded, references are
    numbers as LaTeX counts them, tables rows of cells between bars, code and algorithms fenced blocks. Total: any
    strings end in a result, in time linear in what is read and expanded. Nothing outside `texts` is looked at.
    """
    paper = _Paper(texts, main)
    try:
        text, polish = paper.read(keep_bibliography=keep_bibliography)
    except LatexBudgetError as error:
        return Extracted("", over_budget=f"resource:{error}")
    front = paper.converter.front
    title = " ".join(polish(front.title).split()) or None
    return Extracted(text, title, names([polish.partly(block) for block in front.authors]), paper.language())


class _Paper:
    """One paper while it is read."""

    def __init__(self, texts: Mapping[str, str], main: str) -> None:
        self._texts = texts
        self._main = main
        self._bytes_left = MAX_LATEX_BYTES
        self._inputs_left = MAX_INPUTS
        self._read: list[str] = []
        self.converter = Converter(_GRAMMAR, Reader(MAX_STEPS, MAX_PUSHED), Definitions(_KEPT))
        self.converter.input = self._input

    def read(self, *, keep_bibliography: bool) -> tuple[str, Polish]:
        """The text, and what polished it. Raises LatexBudgetError."""
        converter = self.converter
        main = self._texts[self._main]
        converter.keep_bibliography = keep_bibliography
        self._class(main)
        self._styles(main)
        self._charge(main)
        converter.include(main)
        converter.run()
        polish = Polish(converter, sources(self._bibliographies()))
        front = converter.front
        parts = [
            f"# {front.title}" if front.title else "",
            f"## Abstract\n\n{front.abstract}" if front.abstract else "",
            f"Keywords: {front.keywords}" if front.keywords and front.abstract else "",
            "".join(converter.out),
        ]
        if not any(part.strip() for part in (parts[1], parts[3])):
            return "", polish
        return polish("\n\n".join(part for part in parts if part.strip())), polish

    def language(self) -> str | None:
        """What babel says of the main file, by its last option."""
        found = _BABEL.search(self._texts[self._main][:200_000])
        options = [option.strip() for option in found[1].split(",")] if found else []
        main = next((option[5:].strip() for option in options if option.startswith("main=")), "")
        return _LANGUAGES.get(main or (options[-1] if options else ""))

    def _class(self, main: str) -> None:
        found = _CLASS.search(main)
        name = found[2].strip() if found else ""
        if name.startswith(("revtex", "IEEE", "ieee")):
            self.converter.counters.numbered_by_letters()
        babel = _BABEL.search(main)
        self.converter.is_german = babel is not None and "german" in babel[1] and self.language() == "de"

    def _styles(self, main: str) -> None:
        """Take macros out of the paper's own style files; what is LaTeX's inside (an @ in it) is not looked at."""
        seen: set[str] = set()
        waiting = [name.strip() for found in _PACKAGES.findall(_COMMENT.sub("", main)) for name in found.split(",")]
        while waiting and len(seen) < 50:
            name = found_file(self._texts, waiting.pop(0) + ".sty", posixpath.dirname(self._main))
            if name is None or name in seen:
                continue
            seen.add(name)
            text = self._texts[name]
            if len(text) > MAX_STYLE_BYTES:
                continue
            self._charge(text)
            waiting += [
                each.strip() for found in _PACKAGES.findall(_COMMENT.sub("", text)) for each in found.split(",")
            ]
            self._harvest(text)

    def _harvest(self, text: str) -> None:
        reader = Reader(MAX_STEPS, MAX_PUSHED)
        reader.push_file(Lexer(text, self.converter.raw, is_style=True))
        own = Definitions(_KEPT | frozenset(commands.COMMANDS) | frozenset(symbols.COMMANDS))
        helper = Converter(_GRAMMAR, reader, own)
        while token := reader.next():
            name = token.rstrip()
            if token == "{":
                reader.group()
            elif name == "\\newtheorem":
                theorems.new_theorem(helper, name)
            elif name in _DEFINING:
                _GRAMMAR.expanding[name](helper, name)
        for name, macro in own.macros.items():
            if "@" not in name and not any("@" in token and token[0] == "\\" for token in macro.body):
                self.converter.definitions.define(name, macro)
        for name, (begin, end) in own.environments.items():
            if not any("@" in token and token[0] == "\\" for token in (*begin.body, *end)):
                self.converter.definitions.environments[name] = begin, end
        for name, theorem in helper.theorems.items():
            self.converter.theorems.setdefault(name, theorem)

    def _charge(self, text: str) -> None:
        self._bytes_left -= len(text)
        if self._bytes_left < 0:
            raise LatexBudgetError("latex_bytes")
        self.converter.reader.allow(len(text))

    def _input(self, converter: Converter, _command: str, wanted: str) -> None:
        name = found_file(self._texts, wanted, posixpath.dirname(self._main))
        if name is None or name == self._main or name.endswith((".bbl", ".sty", ".cls")):
            return
        if self._inputs_left == 0:
            raise LatexBudgetError("latex_bytes")
        self._inputs_left -= 1
        self._read.append(name)
        text = body(self._texts[name])
        self._charge(text)
        converter.include(text)

    def _bibliographies(self) -> list[str]:
        stem = posixpath.splitext(self._main)[0]
        own = self._texts.get(f"{stem}.bbl")
        if own is None:
            bbls = sorted(name for name in self._texts if name.endswith(".bbl"))
            own = self._texts[bbls[0]] if bbls else ""
        written = [self._texts[name] for name in (self._main, *dict.fromkeys(self._read))]
        return [*(text for text in written if "\\bibitem" in text), own]


def _author_end(converter: Converter, _name: str) -> None:
    if converter.in_front:
        converter.add(NEXT_AUTHOR)
    else:
        headings.separator(converter, _name)


_PARTS = (
    *(symbols, commands, environments, headings, theorems, lists, notes),
    *(floats, tables, code, plain),
)
_GRAMMAR = Grammar(
    expanding=primitives.EXPANDING,
    commands={
        **{name: handler for part in _PARTS for name, handler in part.COMMANDS.items()},
        **dict.fromkeys(("\\and", "\\And", "\\AND"), _author_end),
    },
    begin={name: handler for part in _PARTS for name, handler in getattr(part, "BEGIN", {}).items()},
    end={name: handler for part in _PARTS for name, handler in getattr(part, "END", {}).items()},
    unknown=commands.unknown,
    unknown_environment=environments.other_environment,
    formula=maths.formula,
)
