"""What is set verbatim, and algorithms: blocks of code."""

from __future__ import annotations

import re

from pipeline.extraction.fences import fence_for
from pipeline.extraction.latex.converter import Converter, Handler
from pipeline.extraction.latex.lexer import RAW
from pipeline.extraction.latex.lists import one_line
from pipeline.extraction.latex.state import INDENT, SAVED, SAVED_END

_LANGUAGE = re.compile(r"(?:language|style)\s*=\s*\{?(?:\[[^\]]*\])?\s*([A-Za-z+#]+)")
_OPTIONS = re.compile(r"\s*\[[^\]]{0,2000}\]")
_SAVED = re.compile(f"{SAVED}(\\d+){SAVED_END}")
_ARGUMENT = re.compile(r"\s*\{([^{}]{0,60})\}")


def code(converter: Converter, token: str) -> None:
    """What stands verbatim: a block of code."""
    name, _, content = token.removeprefix(RAW).partition("\0")
    language = ""
    if not name.startswith(("verbatim", "alltt", "semiverbatim")):
        if name == "minted":
            options = _OPTIONS.match(content)
            content = content[options.end() :] if options else content
            found = _ARGUMENT.match(content)
            language, content = (found[1], content[found.end() :]) if found else ("", content)
        else:
            options = _OPTIONS.match(content)
            if options is not None and "\n" not in content[: options.end()].lstrip("\n").split("[", 1)[0]:
                found = _LANGUAGE.search(options[0])
                language, content = (found[1] if found else ""), content[options.end() :]
    body = content.strip("\n").rstrip()
    if body.strip():
        fence = fence_for(body)
        text = converter.save(f"{fence}{language.lower()}\n{body}\n{fence}")
        converter.par()
        converter.add(text)
        converter.par()


def as_code(converter: Converter, text: str, *, has_caption: bool) -> str:
    """Paragraphs as they are, lines of an algorithm as a block of code."""
    captions, lines = [], []
    for line in text.split("\n"):
        words = line.strip(" ")
        if has_caption and words.startswith("Algorithm ") and ":" in words:
            captions.append(words)
        elif words.strip(INDENT + " "):
            lines.append(words)
    body = "\n".join(lines).replace(INDENT, "    ")
    fence = fence_for(_SAVED.sub(lambda found: converter.saved[int(found[1])], body))  # \verb may hold one
    code = converter.save(f"{fence}\n{body}\n{fence}") if lines else ""
    return "\n\n".join([*captions, code])


def begin_algorithmic(converter: Converter, name: str) -> None:
    """The lines of an algorithm."""
    converter.reader.skip("o")
    in_float = bool(converter.algorithms)

    def close(text: str) -> None:
        if in_float:
            converter.line()
            converter.add(text)
        else:
            converter.block(as_code(converter, text, has_caption=False))

    converter.open_group(name, close)
    converter.algorithms.append(0)


def _new_line(converter: Converter) -> None:
    converter.line()
    converter.add(INDENT * min(converter.algorithms[-1], 12))


def _statement(words: str, *, before: int = 0, after: int = 0, condition: str | None = None) -> Handler:
    """A line of an algorithm that begins with `words`; with `condition` an argument and these words behind it."""

    def write(converter: Converter, _name: str) -> None:
        if not converter.algorithms:
            if words:
                converter.add(words + " ")
            return
        level = max(0, converter.algorithms[-1] + before)
        converter.algorithms[-1] = level
        _new_line(converter)
        converter.algorithms[-1] = level + after
        converter.add(f"{words} " if words else "")
        if condition is None:
            return

        def close(text: str) -> None:
            converter.add(f"{one_line(text)} {condition}".rstrip() + " ")
            if converter.algorithms and converter.reader.skip_spaces() == "{":
                converter.reader.next()
                _block(converter)

        converter.capture(close)

    return write


def _block(converter: Converter) -> None:
    """algorithm2e: the statements of a loop are its second argument."""
    level = converter.algorithms[-1]
    _new_line(converter)

    def close(text: str) -> None:
        converter.add(text)
        if converter.algorithms:
            converter.algorithms[-1] = max(0, level - 1)
            _new_line(converter)
            if converter.reader.skip_spaces() == "{" and converter.algorithms:
                converter.reader.next()
                converter.add("else ")
                converter.algorithms[-1] += 1
                _block(converter)

    converter.open_group("{", close)


def _semicolon(converter: Converter, _name: str) -> None:
    if converter.algorithms:
        _new_line(converter)
    else:
        converter.space()


def _comment(converter: Converter, _name: str) -> None:
    converter.reader.is_star()
    converter.capture(lambda text: converter.add(f" // {one_line(text)}"))


def _word(word: str) -> Handler:
    return lambda converter, _name: converter.add(f" {word} ")


COMMANDS: dict[str, Handler] = {
    RAW: code,
    "\\STATE": _statement(""),
    "\\State": _statement(""),
    "\\Statex": _statement(""),
    "\\REQUIRE": _statement("Require:"),
    "\\Require": _statement("Require:"),
    "\\ENSURE": _statement("Ensure:"),
    "\\Ensure": _statement("Ensure:"),
    "\\INPUT": _statement("Input:"),
    "\\OUTPUT": _statement("Output:"),
    "\\IF": _statement("if", after=1, condition="then"),
    "\\If": _statement("if", after=1, condition="then"),
    "\\uIf": _statement("if", after=1, condition="then"),
    "\\eIf": _statement("if", after=1, condition="then"),
    "\\lIf": _statement("if", condition="then"),
    "\\ELSIF": _statement("else if", before=-1, after=1, condition="then"),
    "\\ElsIf": _statement("else if", before=-1, after=1, condition="then"),
    "\\ElseIf": _statement("else if", after=1, condition="then"),
    "\\uElseIf": _statement("else if", after=1, condition="then"),
    "\\ELSE": _statement("else", before=-1, after=1),
    "\\Else": _statement("else", before=-1, after=1),
    "\\ENDIF": _statement("end if", before=-1),
    "\\EndIf": _statement("end if", before=-1),
    "\\FOR": _statement("for", after=1, condition="do"),
    "\\For": _statement("for", after=1, condition="do"),
    "\\FORALL": _statement("for all", after=1, condition="do"),
    "\\ForAll": _statement("for all", after=1, condition="do"),
    "\\ForEach": _statement("for each", after=1, condition="do"),
    "\\ENDFOR": _statement("end for", before=-1),
    "\\EndFor": _statement("end for", before=-1),
    "\\WHILE": _statement("while", after=1, condition="do"),
    "\\While": _statement("while", after=1, condition="do"),
    "\\ENDWHILE": _statement("end while", before=-1),
    "\\EndWhile": _statement("end while", before=-1),
    "\\REPEAT": _statement("repeat", after=1),
    "\\Repeat": _statement("repeat", after=1),
    "\\UNTIL": _statement("until", before=-1, condition=""),
    "\\Until": _statement("until", before=-1, condition=""),
    "\\RETURN": _statement("return"),
    "\\Return": _statement("return"),
    "\\PRINT": _statement("print"),
    "\\EndFunction": _statement("end function", before=-1),
    "\\EndProcedure": _statement("end procedure", before=-1),
    "\\KwIn": _statement("Input:", condition=""),
    "\\KwOut": _statement("Output:", condition=""),
    "\\KwData": _statement("Data:", condition=""),
    "\\KwResult": _statement("Result:", condition=""),
    "\\KwRet": _statement("return", condition=""),
    **{
        f"\\{name}": _word(word)
        for name, word in (
            *(("KwTo", "to"), ("TO", "to"), ("AND", "and"), ("OR", "or"), ("NOT", "not"), ("TRUE", "true")),
            *(("FALSE", "false"), ("DOWNTO", "down to"), ("XOR", "xor"), ("KwBy", "by")),
        )
    },
    "\\COMMENT": _comment,
    "\\Comment": _comment,
    "\\tcp": _comment,
    "\\tcc": _comment,
    "\\;": _semicolon,
}
BEGIN: dict[str, Handler] = dict.fromkeys(("algorithmic", "algorithmicx"), begin_algorithmic)
