"""TeX's mouth: the stream of tokens with what macros push back into it, and the reading of arguments from it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pipeline.extraction.latex.lexer import ADDRESS, FROZEN, RAW, VERBATIM, Lexer

MAX_OPTION_TOKENS = 1_000  # a bracket that nothing closes within that was no option
_NOT_RUNS = frozenset("{}$&#^_~ \\" + FROZEN + RAW + VERBATIM + ADDRESS)
_DIMENSION = re.compile(
    r"\s*=?\s*[-+ ]*(?:\d*[.,]?\d*)\s*(?:true)?\s*(?:(?:pt|cm|mm|in|em|ex|bp|pc|dd|cc|sp|mu|fil+)(?![A-Za-z]))?"
    r"(?:\s*(?:plus|minus)\s*-?\d*[.,]?\d*\s*(?:true)?\s*(?:pt|cm|mm|in|em|ex|bp|pc|mu|fil+))*"
)
_LENGTHS = ("size", "width", "height", "skip", "amount", "sep", "indent", "\\magstep", "half", "\\fill", "length", "@")


class LatexBudgetError(Exception):
    """A budget is spent; the message names it (`latex_expansion`, `latex_bytes`)."""


class Reader:
    """What is to be read next: a file's tokens, and before them whatever was pushed.

    Every token given out counts as a step; `LatexBudgetError("latex_expansion")` after `max_steps` of them or
    `max_pushed` characters pushed.
    """

    def __init__(self, max_steps: int, max_pushed: int) -> None:
        self._frames: list[Iterator[str]] = []
        self._current: Iterator[str] = iter(())
        self._back: list[str] = []
        self._lexers: list[tuple[int, Lexer]] = []
        self._steps_left = max_steps
        self._pushed_left = max_pushed

    def allow(self, steps: int) -> None:
        """Let so many more tokens be given out."""
        self._steps_left += steps

    def next(self) -> str:
        """The next token; an empty string at the end."""
        self._steps_left -= 1
        if self._steps_left < 0:
            raise LatexBudgetError("latex_expansion")
        if self._back:
            return self._back.pop()
        while True:
            for token in self._current:
                return token
            if not self._frames:
                return ""
            self._current = self._frames.pop()

    def back(self, token: str) -> None:
        """Let `token` be the next one again; nothing where it is the end."""
        if token:
            self._back.append(token)

    def push(self, tokens: Sequence[str]) -> None:
        """Let these be read before all else."""
        self._pushed_left -= sum(map(len, tokens))
        if self._pushed_left < 0:
            raise LatexBudgetError("latex_expansion")
        self._enter(filter(None, tokens))

    def push_file(self, lexer: Lexer) -> None:
        """Let a file be read before all else."""
        self._enter(lexer.tokens())
        self._lexers.append((len(self._frames), lexer))

    def _enter(self, tokens: Iterator[str]) -> None:
        self._frames.append(self._current)
        if self._back:
            self._frames.append(iter(self._back[::-1]))
            self._back = []
        self._current = tokens

    def end_file(self) -> None:
        """Leave the innermost file, as \\endinput does."""
        while self._lexers and self._lexers[-1][0] > len(self._frames):
            self._lexers.pop()
        if self._lexers:
            depth, _ = self._lexers.pop()
            self._back = []
            self._current = self._frames[depth - 1]
            del self._frames[depth - 1 :]

    def stop(self) -> None:
        """Read nothing more."""
        self._frames, self._current, self._back, self._lexers = [], iter(()), [], []

    def letter_at(self, is_letter: bool) -> None:
        """Make @ a letter, or no letter, in the files that are being read."""
        for _, lexer in self._lexers[-4:]:
            lexer.letter_at(is_letter)

    def peek(self) -> str:
        """The next token, which stays the next one."""
        token = self.next()
        self.back(token)
        return token

    def skip_spaces(self) -> str:
        """Pass over spaces; gives the token behind them, which stays the next one."""
        while (token := self.next()) == " ":
            pass
        self.back(token)
        return token

    def is_star(self) -> bool:
        """Whether a star follows; it is taken."""
        return self.take("*")

    def take(self, character: str) -> bool:
        """Whether the next run of characters begins with this one; it is taken."""
        token = self.next()
        if not token.startswith(character):
            self.back(token)
            return False
        self.back(token[len(character) :])
        return True

    def group(self) -> list[str]:
        """The tokens up to the brace that closes the group whose opening brace was just read."""
        tokens: list[str] = []
        depth = 0
        while token := self.next():
            if token == "}":
                if depth == 0:
                    break
                depth -= 1
            elif token == "{":
                depth += 1
            tokens.append(token)
        return tokens

    def argument(self) -> list[str]:
        """An argument as TeX takes it: a group without its braces, else one token or one character of a run."""
        token = self.skip_spaces()
        self.next()
        if token == "{":
            return self.group()
        if token in ("}", ""):
            self.back(token)
            return []
        return [self.first_of(token)]

    def first_of(self, token: str) -> str:
        """The first character of a run that was just read, the rest goes back; any other token as it is."""
        if len(token) > 1 and token[0] not in _NOT_RUNS:
            self.back(token[1:])
            return token[0]
        return token

    def words(self) -> str:
        """An argument as a string: a name, a length, a key."""
        return "".join(self.argument()).strip()

    def option(self, closing: str = "]", opening: str = "[") -> list[str] | None:
        """What stands in brackets, where brackets follow on this line or the next; None where none do."""
        spaces = []
        while (token := self.next()) == " ":
            spaces.append(token)
        self.back(token)
        if not token.startswith(opening):
            self.back(" " if spaces else "")
            return None
        self.next()
        self.back(token[len(opening) :])
        tokens: list[str] = []
        depth = 0
        for _ in range(MAX_OPTION_TOKENS):
            token = self.next()
            if depth == 0 and closing in token and token[0] not in _NOT_RUNS:
                before, _, after = token.partition(closing)
                self.back(after)
                return [*tokens, before] if before else tokens
            if token in ("", "\\par"):
                self.back(token)
                break
            depth += (token == "{") - (token == "}")
            tokens.append(token)
            if depth < 0:
                break
        self._back.extend(reversed(tokens))
        self.back(opening)
        return None

    def skip(self, pattern: str) -> None:
        """Pass over arguments: `m` one, `o` brackets, `p` parentheses, `*` a star."""
        for kind in pattern:
            if kind == "m":
                self.argument()
            elif kind == "o":
                self.option()
            elif kind == "p":
                self.option(")", "(")
            else:
                self.is_star()

    def skip_dimension(self) -> None:
        """Pass over what a length of TeX is set to, such as `= 3pt plus 1fil`, and the space that ends it."""
        tokens: list[str] = []
        while len(tokens) < 12 and (token := self.next()):
            if token[0] in _NOT_RUNS and token != " ":
                self.back(token)
                break
            tokens.append(token)
        text = "".join(tokens)
        found = _DIMENSION.match(text)
        rest = text[found.end() :] if found else text
        if not rest and not text.strip(" =-+.0123456789"):  # another length follows, with a factor or without
            name = self.peek().rstrip()
            is_set = "=" in text and not text.strip(" =-+")
            if name.startswith("\\") and (is_set or name.endswith(_LENGTHS)):
                self.next()
                if name == "\\magstep":
                    self.argument()
        self.back(rest.lstrip(" "))  # TeX takes the space that ends a length
