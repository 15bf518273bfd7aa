"""TeX's stomach: tokens in, text out. What each command does is in the grammar that it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.extraction.latex.counters import Counters, alph
from pipeline.extraction.latex.lexer import (
    ADDRESS,
    CODE_ENVIRONMENTS,
    DROPPED_ENVIRONMENTS,
    END_OF_USER_ENVIRONMENT,
    FROZEN,
    MARK,
    RAW,
    VERBATIM,
    Lexer,
)
from pipeline.extraction.latex.macros import Definitions, filled
from pipeline.extraction.latex.reader import Reader
from pipeline.extraction.latex.state import REF, REF_END, SAVED, SAVED_END, Front, Group, Table, set_as

MAX_CAPTURES = 48  # texts within texts (a footnote in a caption ...); deeper ones flow into the text around them
MAX_NESTED = 8  # expansions that need another one's result first: a number within a number

Handler = Callable[["Converter", str], None]


@dataclass(frozen=True, slots=True)
class Grammar:
    """What commands and environments do. `expanding` holds in formulas too; `begin` and `end` are environments'."""

    expanding: Mapping[str, Handler]
    commands: Mapping[str, Handler]
    begin: Mapping[str, Handler]
    end: Mapping[str, Handler]
    unknown: Handler
    unknown_environment: Handler
    formula: Callable[[Converter, str], None]


class Converter:
    """One document on its way from tokens to text. Handlers of the grammar read from `reader` and write by `add`."""

    def __init__(self, grammar: Grammar, reader: Reader, definitions: Definitions) -> None:
        self.grammar = grammar
        self.reader = reader
        self.definitions = definitions
        self.counters = Counters()
        self.registers: dict[str, int] = {}
        self.raw = set(CODE_ENVIRONMENTS | DROPPED_ENVIRONMENTS)
        self.front = Front()
        self.out: list[str] = []
        self.groups: list[Group] = []
        self.open_names: dict[str, int] = {}
        self.user_environments: dict[str, list[Group]] = {}
        self.captures = 0
        self.pending: list[str] = []
        self.lists: list[str | None] = []
        self.list_labels: list[list[str] | None] = []
        self.theorems: dict[str, tuple[list[str], str | None]] = {}
        self.floats: list[str] = []
        self.algorithms: list[int] = []
        self.references: list[tuple[str, str]] = []
        self.citations: list[tuple[str, tuple[str, ...]]] = []
        self.tags: list[str] = []
        self.saved: list[str] = []
        self.has_chapters = False
        self.is_german = False
        self.in_front = 0
        self.subequations: list[str] = []
        self.sub_values: list[int] = []
        self.nested = 0
        self.input: Callable[[Converter, str, str], None] = lambda _converter, _command, _name: None
        self.keep_bibliography = False

    def run(self) -> None:
        """Read everything and close what is left open."""
        self.until("")
        while self.groups:
            self.close_group()
        self.par()

    def until(self, mark: str) -> None:
        """Read up to a token `mark`."""
        reader, special = self.reader, _SPECIAL
        while (token := reader.next()) != mark and token:
            if token[0] == "\\":
                self.control(token)
            elif (handler := special.get(token[0])) is not None:
                handler(self, token)
            else:
                self.text(token)

    def control(self, token: str) -> None:
        """Obey a control sequence."""
        name = token[:-1] if len(token) > 2 and token[-1] == " " else token
        if self.expand(name):
            return
        self.obey(name)

    def obey(self, name: str) -> None:
        """Obey a control sequence in the meaning that the grammar gives it."""
        handler = self.grammar.commands.get(name)
        if handler is not None:
            handler(self, name)
        else:
            self.grammar.unknown(self, name)

    def expand(self, name: str) -> bool:
        """Whether `name` is one of the author's macros or something else that expands in formulas too; it is done."""
        macro = self.definitions.macros.get(name)
        if macro is not None:
            macro.expand(self.reader)
            return True
        handler = self.grammar.expanding.get(name)
        if handler is not None:
            handler(self, name)
            return True
        if name.startswith("\\the") and name[4:] in self.counters:
            self.reader.push([self.counters.shown(name[4:])])
            return True
        return False

    def expand_within(self, name: str) -> bool:
        """As `expand`, for whoever needs what it expands to; not done where too many such need one another."""
        if self.nested >= MAX_NESTED:
            return False
        self.nested += 1
        is_done = self.expand(name)
        self.nested -= 1
        return is_done

    def text(self, token: str) -> None:
        """Write a run of characters, its ligatures as the characters that they are set as."""
        self.out.append(set_as(token, is_german=self.is_german))

    def add(self, text: str) -> None:
        """Write text as it is."""
        self.out.append(text)

    def space(self) -> None:
        """Write a space, unless one stands there."""
        if self.out and self.out[-1] != " ":
            self.out.append(" ")

    def line(self) -> None:
        """Begin a new line."""
        self.trim()
        if self.out and not self.out[-1].endswith("\n"):
            self.out.append("\n")

    def trim(self) -> None:
        """Take spaces at the end away."""
        while self.out and self.out[-1] in (" ", ""):
            self.out.pop()

    def par(self) -> None:
        """End the paragraph; floats and long notes that waited for its end come behind it."""
        self.trim()
        if self.out and self.out[-1] != "\n\n":
            self.out.append("\n\n")
        if self.pending and self.captures == 0 and not self.lists:
            waiting, self.pending = self.pending, []
            for text in waiting:
                self.out += (text, "\n\n")

    def block(self, text: str) -> None:
        """Write a paragraph of its own, now or behind the paragraph that is being written."""
        if not text.strip():
            return
        self.trim()
        if self.captures == 0 and (self.lists or (self.out and not self.out[-1].endswith("\n\n"))):
            self.pending.append(text)
        else:
            self.par()
            self.out += (text, "\n\n")

    def save(self, text: str) -> str:
        """What stands for `text` until everything else is polished."""
        self.saved.append(text)
        return f"{SAVED}{len(self.saved) - 1}{SAVED_END}"

    def open_group(self, name: str, close: Callable[[str], None] | None = None, *, end: tuple[str, ...] = ()) -> Group:
        """Enter a brace (`{`) or environment; with `close` its text is captured, unless too many captures are open."""
        outer = None
        if close is not None and self.captures >= MAX_CAPTURES:
            close = None
        if close is not None:
            outer, self.out = self.out, []
            self.captures += 1
        depths = (len(self.lists), len(self.floats), len(self.algorithms), len(self.subequations))
        group = Group(name, close, outer, self.counters.current, depths, end)
        self.groups.append(group)
        if name != "{":
            self.open_names[name] = self.open_names.get(name, 0) + 1
        return group

    def close_group(self) -> None:
        """Leave the innermost group."""
        group = self.groups.pop()
        if group.name != "{":
            self.open_names[group.name] -= 1
            self.counters.current = group.label
            lists, floats, algorithms, subequations = group.depths
            del self.lists[lists:], self.floats[floats:], self.algorithms[algorithms:]
            del self.list_labels[lists:], self.subequations[subequations:], self.sub_values[subequations:]
        if group.close is not None and group.outer is not None:
            text = "".join(self.out)
            self.out = group.outer
            self.captures -= 1
            group.close(text)

    def capture(self, close: Callable[[str], None]) -> None:
        """Let `close` have the text of the argument that follows, once it is read."""
        if self.reader.skip_spaces() != "{":
            self.reader.push([*self.reader.argument(), "}"])
        else:
            self.reader.next()
        self.open_group("{", close)

    def capture_tokens(self, tokens: Sequence[str], close: Callable[[str], None]) -> None:
        """Let `close` have the text that these tokens say; they are read next."""
        self.reader.push([*tokens, "}"])
        self.open_group("{", close)

    def evaluated(self, tokens: Sequence[str]) -> str:
        """What these tokens expand to, control sequences that do not expand left out."""
        self.reader.push([*tokens, MARK])
        parts = []
        while (token := self.reader.next()) not in (MARK, ""):
            if token[0] == "\\":
                name = token.rstrip() if len(token) > 2 else token
                if not self.expand_within(name) and name in ("\\ref", "\\eqref"):
                    parts.append(self.reference(name, self.reader.words()))
            elif token not in ("{", "}", "$") and token[0] != FROZEN:
                parts.append(" " if token == "~" else token)
        return "".join(parts).strip()

    def reference(self, command: str, key: str) -> str:
        """What stands for the number of `key` until all labels are known."""
        self.references.append((command, key))
        return f"{REF}{len(self.references) - 1}{REF_END}"

    def number(self, counter: str) -> str:
        """What \\the<counter> says: by the author's definition, else by default."""
        if counter == "equation" and self.subequations:
            return self.subequations[-1] + alph(self.counters.value(counter))
        if f"\\the{counter}" in self.definitions.macros:
            return self.evaluated([f"\\the{counter}"])
        return self.counters.shown(counter)

    def step(self, counter: str, kind: str = "") -> str:
        """\\refstepcounter: one more, and labels name it; gives the number."""
        self.counters.step(counter)
        number = self.number(counter)
        self.counters.current = number, kind or counter
        return number

    def begin(self, name: str) -> None:
        """Enter an environment."""
        if name in self.definitions.environments:
            macro, end = self.definitions.environments[name]
            arguments = macro.arguments(self.reader)
            self.reader.push(filled(macro.body, arguments))
            group = self.open_group(name, end=(*filled(end, arguments), END_OF_USER_ENVIRONMENT + name))
            self.user_environments.setdefault(name, []).append(group)
        elif name in self.grammar.begin:
            self.grammar.begin[name](self, name)
        else:
            self.grammar.unknown_environment(self, name)

    def end(self, name: str) -> None:
        """Leave an environment, with all that is still open in it; nothing where it is not open."""
        if not self.open_names.get(name) or self.end_user_environment(name):
            return
        while self.groups[-1].name != name:
            self.close_group()
        handler = self.grammar.end.get(name)
        if handler is not None:
            handler(self, name)
        if self.groups and self.groups[-1].name == name:
            self.close_group()

    def end_user_environment(self, name: str) -> bool:
        """Whether an environment of the author's is open; what it ends with is read next."""
        own = self.user_environments.get(name)
        if not own:
            return False
        self.reader.push(own.pop().end)
        return True

    def close_user_environment(self, name: str) -> None:
        """What an environment of the author's ends with was obeyed."""
        if self.open_names.get(name):
            while self.groups[-1].name != name:
                self.close_group()
            self.close_group()

    def include(self, text: str, *, is_style: bool = False) -> None:
        """Let a file be read next."""
        self.reader.push_file(Lexer(text, self.raw, is_style=is_style))


def _close_brace(converter: Converter, _token: str) -> None:
    if converter.groups and converter.groups[-1].name == "{":
        converter.close_group()


def _cell(converter: Converter, _token: str) -> None:
    table = converter.groups[-1].table if converter.groups else None
    if table is None:
        converter.space()
        return
    end_cell(converter, table)


def end_cell(converter: Converter, table: Table) -> None:
    """The cell of the table that is being written is complete."""
    table.rows[-1].append("".join(converter.out))
    table.rows[-1].extend([""] * (table.span - 1))
    table.span = 1
    converter.out = []


_SPECIAL: dict[str, Handler] = {
    " ": lambda converter, _: converter.space(),
    "~": lambda converter, _: converter.space(),
    "{": lambda converter, _: void(converter.open_group("{")),
    "}": _close_brace,
    "&": _cell,
    "$": lambda converter, token: converter.grammar.formula(converter, token),
    "#": lambda _converter, _token: None,
    "^": lambda converter, token: converter.add(token),
    "_": lambda converter, token: converter.add(token),
    MARK: lambda _converter, _token: None,
    FROZEN: lambda converter, token: converter.obey(token[1:]),
    RAW: lambda converter, token: converter.grammar.commands[RAW](converter, token),
    VERBATIM: lambda converter, token: converter.add(converter.save(f"`{token[1:]}`") if token[1:].strip() else ""),
    ADDRESS: lambda converter, token: converter.add(token[1:]),
    END_OF_USER_ENVIRONMENT: lambda converter, token: converter.close_user_environment(token[1:]),
}


def void(_value: object) -> None:
    """Nothing, whatever was given."""
