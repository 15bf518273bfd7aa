"""What authors define: macros and environments of their own, read and expanded as TeX does it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.extraction.latex.lexer import FROZEN
from pipeline.extraction.latex.reader import Reader

NO_VALUE = "\\NoValue"  # an optional argument of xparse that is not there
_DIGITS = frozenset("123456789")


@dataclass(frozen=True, slots=True)
class Macro:
    """A body in which `#1` to `#9` stand for arguments, and how these are read.

    `pattern` has one letter an argument: `m` mandatory, `o` optional with its value in `defaults`, `s` a star, `d`
    delimited by the tokens in `delimiters`. `prefix` is what stands before the first delimited argument.
    """

    body: tuple[str, ...]
    pattern: str = ""
    defaults: tuple[tuple[str, ...], ...] = ()
    delimiters: tuple[tuple[str, ...], ...] = ()
    prefix: tuple[str, ...] = ()

    def arguments(self, reader: Reader) -> list[list[str]]:
        """Read the arguments of one use."""
        found = []
        _delimited(reader, self.prefix)
        for at, kind in enumerate(self.pattern):
            if kind == "m":
                found.append(reader.argument())
            elif kind == "d":
                delimiter = self.delimiters[at]
                found.append(_delimited(reader, delimiter) if delimiter else reader.argument())
            elif kind == "s":
                found.append(["\\iftrue" if reader.is_star() else "\\iffalse"])
            else:
                option = reader.option()
                found.append(list(self.defaults[at]) if option is None else option)
        return found

    def expand(self, reader: Reader) -> None:
        """Read the arguments and let the body with them in it be read next."""
        reader.push(filled(self.body, self.arguments(reader)) if self.pattern or self.prefix else self.body)


def filled(body: Sequence[str], arguments: Sequence[Sequence[str]]) -> list[str]:
    """The body with the arguments in their places."""
    tokens: list[str] = []
    for token in body:
        if token[0] == "#" and len(token) == 2:
            at = int(token[1]) - 1
            if at < len(arguments):
                tokens.extend(arguments[at])
        else:
            tokens.append(token)
    return tokens


def _delimited(reader: Reader, delimiter: Sequence[str]) -> list[str]:
    """The tokens up to `delimiter`, outside of braces; one pair of braces around all of them goes."""
    tokens: list[str] = []
    ends: list[int] = []  # where in `tokens` braces stand, so that a delimiter inside them does not count
    if not delimiter:
        return tokens
    depth, size = 0, len(delimiter)
    while token := reader.next():
        token = reader.first_of(token)
        if token == "}" and depth == 0:
            reader.back(token)
            return tokens
        depth += (token == "{") - (token == "}")
        if token in ("{", "}"):
            ends.append(len(tokens))
        tokens.append(token)
        tail = [each.rstrip() or " " for each in tokens[-size:]]
        if depth == 0 and tail == list(delimiter) and (not ends or ends[-1] < len(tokens) - size):
            del tokens[-size:]
            break
    if tokens[:1] == ["{"] and len(ends) == 2 and ends[1] == len(tokens) - 1:
        tokens = tokens[1:-1]
    return tokens


@dataclass(slots=True)
class Definitions:
    """All that the author defined so far. Names in `kept` keep their meaning, whatever a document says."""

    kept: frozenset[str]
    macros: dict[str, Macro] = field(default_factory=dict)
    environments: dict[str, tuple[Macro, tuple[str, ...]]] = field(default_factory=dict)
    flags: dict[str, bool] = field(default_factory=dict)

    def define(self, name: str, macro: Macro, *, only_new: bool = False) -> None:
        """Let `name` be `macro` from here on."""
        if name.startswith("\\") and name not in self.kept and not (only_new and name in self.macros):
            self.macros[name] = macro

    def new_command(self, reader: Reader, *, only_new: bool = False) -> None:
        """\\newcommand and its kin: `*{\\name}[count][default]{body}`."""
        name, macro = self._command(reader)
        self.define(name, macro, only_new=only_new)

    def _command(self, reader: Reader) -> tuple[str, Macro]:
        reader.is_star()
        name = _name(reader)
        pattern, defaults = _signature(reader)
        return name, Macro(parametrised(reader.argument()), pattern, defaults)

    def operator(self, reader: Reader) -> None:
        """\\DeclareMathOperator: `*{\\name}{text}`."""
        star = ["*"] if reader.is_star() else []
        name = _name(reader)
        body = reader.argument()
        self.define(name, Macro(("\\operatorname", *star, "{", *body, "}")))

    def primitive(self, reader: Reader) -> None:
        """\\def and its kin: `\\name#1 delimiter#2{body}`."""
        name = reader.skip_spaces().rstrip()
        reader.next()
        parameters: list[str] = []
        while (token := reader.next()) not in ("{", ""):
            parameters.append(reader.first_of(token))
        body = parametrised(reader.group())
        prefix, delimiters = _parameters(parameters)
        self.define(name, Macro(body, "d" * len(delimiters), ((),) * len(delimiters), delimiters, prefix))

    def let(self, reader: Reader) -> None:
        """\\let: the new name means what the other one means now."""
        name = reader.skip_spaces().rstrip()
        reader.next()
        reader.skip_spaces()
        if reader.take("="):
            reader.skip_spaces()
        target = reader.first_of(reader.next())
        known = self.macros.get(target.rstrip())
        if known is None:
            known = Macro((FROZEN + target.rstrip(),) if target.startswith("\\") and len(target) > 1 else (target,))
        if name != target.rstrip() and target:
            self.define(name, known)

    def document_command(self, reader: Reader, *, only_new: bool = False) -> None:
        """xparse's \\NewDocumentCommand: `{\\name}{m O{default} s}{body}`."""
        name = _name(reader)
        pattern, defaults = _specification(reader.argument())
        self.define(name, Macro(parametrised(reader.argument()), pattern, defaults), only_new=only_new)

    def new_environment(self, reader: Reader) -> None:
        """\\newenvironment: `*{name}[count][default]{begin}{end}`."""
        reader.is_star()
        name = reader.words()
        pattern, defaults = _signature(reader)
        begin = Macro(parametrised(reader.argument()), pattern, defaults)
        self.environments[name] = begin, parametrised(reader.argument())


def parametrised(tokens: Sequence[str]) -> tuple[str, ...]:
    """The tokens of a body with `#1` as one token, and a doubled # as one."""
    if "#" not in tokens:
        return tuple(tokens)
    body: list[str] = []
    is_open = False
    for token in tokens:
        if not is_open:
            if token == "#":
                is_open = True
            else:
                body.append(token)
            continue
        is_open = False
        if token[0] in _DIGITS:
            body.append("#" + token[0])
            if token[1:]:
                body.append(token[1:])
        else:
            body.append(token)
    return tuple(body)


def _name(reader: Reader) -> str:
    return "".join(reader.argument()).strip()


def _signature(reader: Reader) -> tuple[str, tuple[tuple[str, ...], ...]]:
    count_text = "".join(reader.option() or ()).strip()
    count = int(count_text) if count_text in _DIGITS else 0
    default = reader.option()
    if default is None or count == 0:
        return "m" * count, ((),) * count
    return "o" + "m" * (count - 1), (tuple(default), *((),) * (count - 1))


def _specification(tokens: Sequence[str]) -> tuple[str, tuple[tuple[str, ...], ...]]:
    """The arguments that an xparse specification such as `s O{1} m` names; at most nine."""
    pattern, defaults = "", []
    depth = 0
    letters = [letter for token in tokens for letter in (token if token[0] not in "\\{}" else (token,))]
    for letter in letters:
        depth += (letter == "{") - (letter == "}")
        if depth == 0 and letter in "mosO" and len(pattern) < 9:
            pattern += letter.lower()
            defaults.append([NO_VALUE] if letter == "o" else [])
        elif depth > 0 and pattern.endswith("o") and (depth > 1 or letter != "{"):
            defaults[-1].append(letter)
    return pattern, tuple(map(tuple, defaults))


def _parameters(tokens: Sequence[str]) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """What stands before the first parameter, and the delimiter behind each."""
    prefix: list[str] = []
    delimiters: list[list[str]] = []
    current = prefix
    is_open = False
    for token in tokens:
        if is_open:
            is_open = False
            current = []
            delimiters.append(current)
        elif token == "#":
            is_open = True
        else:
            current.append(token.rstrip() or " ")
    while prefix[-1:] == [" "]:
        prefix.pop()
    return tuple(prefix), tuple(map(tuple, delimiters[:9]))
