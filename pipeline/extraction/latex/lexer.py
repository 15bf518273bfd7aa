"""TeX's eyes: a file as tokens, each a plain string, in one pass and without holding more than the file's text.

A token is known by its first character: a backslash begins a control sequence (with one space behind it where white
space was swallowed), `{ } $ & # ^ _ ~` and a space stand for themselves, a blank line is `\\par`, and anything else is
a run of characters. What must be taken as it stands comes as one token that begins with VERBATIM or RAW.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

VERBATIM: Final = "\x0c"  # + the text of \verb
RAW: Final = "\x10"  # + name of the environment + NUL + everything up to its end
FROZEN: Final = "\x0b"  # + a control sequence in the meaning it had before the author's own definition
END_OF_USER_ENVIRONMENT: Final = "\x11"  # + its name
ADDRESS: Final = "\x13"  # + a URL
MARK: Final = "\x12"  # the end of something that was pushed to be evaluated
CONTROLS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f]")  # no such character survives decoding: ours are these

CODE_ENVIRONMENTS: Final = frozenset(
    {
        *("verbatim", "verbatim*", "Verbatim", "Verbatim*", "BVerbatim", "LVerbatim", "SaveVerbatim", "alltt"),
        *("lstlisting", "minted", "code", "spverbatim", "verbatimtab", "boxedverbatim", "pyglist", "semiverbatim"),
    }
)
DROPPED_ENVIRONMENTS: Final = frozenset(
    {
        *("comment", "filecontents", "filecontents*", "CCSXML", "tikzpicture", "pspicture", "pspicture*", "picture"),
        *("asy", "asydef", "feynmandiagram", "fmffile", "pgfpicture", "psfrags", "overpic", "circuitikz", "axis"),
        *("rawhtml", "htmlonly", "VerbatimOut", "forest", "dependency", "bytefield", "luacode", "axopicture"),
    }
)

_TOKENS = r"""
 ([^\\{{}}$&\#^_~%\ \t\n]+)                          # 1 a run of characters
|([ \t]*\n(?:[ \t]*\n)+[ \t]*)                       # 2 a blank line
|([ \t]+\n?[ \t]*|\n[ \t]*)                          # 3 white space
|\\({letters}+)([ \t]*(?:\n[ \t]*(?=[^ \t\n]))?)     # 4 a control word, 5 the white space behind it
|(\\(?:.|\n)?)                                       # 6 a control symbol; a backslash at the very end
|([{{}}$&\#^_~])                                     # 7 special characters
|%[^\n]*(?:\n[ \t]*)?(\n[ \t\n]*)?                   # 8 a blank line behind a comment
"""
_WORDS = re.compile(_TOKENS.format(letters="[A-Za-z]"), re.VERBOSE)
_INTERNAL = re.compile(_TOKENS.format(letters="[A-Za-z@]"), re.VERBOSE)
_NAME = re.compile(r"[ \t]*\{([A-Za-z*]{1,40})\}")
_OPTIONS = re.compile(r"[ \t]*(?:\[[^\]\n]{0,400}\])?[ \t]*")
_LANGUAGE = re.compile(r"[ \t]*\{[^{}\n]{0,40}\}")
_SHORT_CODE = frozenset({"verb", "lstinline", "mintinline", "Verb", "spverb"})
_ADDRESSES = frozenset({"url", "href", "path", "nolinkurl", "burl"})
_SPECIAL = _SHORT_CODE | _ADDRESSES | {"begin"}
_IN_ADDRESS = re.compile(r"[ \t]*\{((?:[^\\{}#\n]|\\.|\{[^{}\\\n]{0,200}\}|#(?![1-9])|\n(?![ \t]*\n)){0,2000})\}")
_ESCAPED = re.compile(r"\\([%#&_~{}$\\^])|\s+")


class Lexer:
    """The tokens of one file. `raw` names the environments whose content is not TeX; it may grow while one reads."""

    def __init__(self, text: str, raw: set[str], *, is_style: bool = False) -> None:
        self._text = text
        self._raw = raw
        self._is_style = is_style
        self._unended: set[str] = set()
        self._restart: re.Pattern[str] | None = None

    def letter_at(self, is_letter: bool) -> None:
        """Whether @ is a letter from the next token on: \\makeatletter, \\makeatother."""
        self._restart = _INTERNAL if is_letter else _WORDS

    def tokens(self) -> Iterator[str]:
        """Every token in order; linear in the text, whatever it is."""
        pattern, at = (_INTERNAL if self._is_style else _WORDS), 0
        while at < len(self._text):
            for found in pattern.finditer(self._text, at):
                kind = found.lastindex
                at = found.end()
                if kind in {1, 7}:
                    yield found[0]
                elif kind == 3:
                    yield " "
                elif kind == 5:
                    name = found[4]
                    if name in _SPECIAL:
                        special = self._verbatim(name, found.end(4))
                        if special is not None:
                            token, at = special
                            if token:
                                yield token
                            break
                    yield f"\\{name} " if found[5] else f"\\{name}"
                    if self._restart is not None:
                        pattern, self._restart = self._restart, None
                        break
                elif kind == 6:
                    symbol = found[0]
                    yield "\\ " if symbol in ("\\\n", "\\\t", "\\") else symbol
                elif kind is not None:  # 2 and 8
                    yield "\\par"

    def _verbatim(self, name: str, at: int) -> tuple[str, int] | None:
        """What stands behind \\begin or \\verb as one token (empty: nothing to show) and where it ends."""
        if name in _ADDRESSES:
            return self._address(name, at)
        return self._environment(at) if name == "begin" else self._short(name, at)

    def _address(self, name: str, at: int) -> tuple[str, int] | None:
        """A URL, in which a percent sign begins no comment; that of \\href gives way to its text."""
        found = _IN_ADDRESS.match(self._text, at)
        if found is None:
            return None
        return "" if name == "href" else ADDRESS + _ESCAPED.sub(r"\1", found[1]), found.end()

    def _environment(self, at: int) -> tuple[str, int] | None:
        found = _NAME.match(self._text, at)
        if found is None or found[1] not in self._raw or found[1] in self._unended:
            return None
        name = found[1]
        end = self._text.find(f"\\end{{{name}}}", found.end())
        if end < 0:
            self._unended.add(name)
            return None
        after = end + len(name) + 6
        if name in DROPPED_ENVIRONMENTS:
            return "", after
        return f"{RAW}{name}\0{self._text[found.end() : end]}", after

    def _short(self, name: str, at: int) -> tuple[str, int] | None:
        text = self._text
        if text.startswith("*", at):
            at += 1
        if name != "verb":
            options = _OPTIONS.match(text, at)
            at = options.end() if options else at
        if name == "mintinline" and (language := _LANGUAGE.match(text, at)):
            at = language.end()
        line_end = text.find("\n", at)
        line_end = len(text) if line_end < 0 else line_end
        if at >= line_end or text[at] in " \t" or (text[at].isalpha() and name == "verb"):
            return None
        end = text.find("}" if text[at] == "{" else text[at], at + 1, line_end)
        return None if end < 0 else (VERBATIM + text[at + 1 : end], end + 1)
