"""Plain TeX and AMS-TeX: the commands of papers that are older than LaTeX, or did without it."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.extraction.latex.converter import Converter, Handler
from pipeline.extraction.latex.headings import begin_abstract, heading
from pipeline.extraction.latex.lists import one_line

_FRONT = (
    "affil",
    "address",
    "email",
    "thanks",
    "subjclass",
    "curraddr",
    "dedicatory",
    "date",
    "keywords",
    "translator",
)


def _until(converter: Converter, end: str) -> list[str]:
    """The tokens up to the control sequence `end`."""
    tokens: list[str] = []
    while (token := converter.reader.next()) and token.rstrip() != end:
        tokens.append(token)
    return tokens


def _heading(converter: Converter, tokens: Sequence[str], depth: int) -> None:
    converter.capture_tokens(tokens, lambda text: heading(converter, one_line(text), "section", depth))


def _begin_section(converter: Converter, _name: str) -> None:
    """\\beginsection 1. Title\\par."""
    _heading(converter, _until(converter, "\\par"), 0)


def _head(converter: Converter, name: str) -> None:
    """\\head Title\\endhead."""
    _heading(converter, _until(converter, f"\\end{name[1:]}"), 1 if name.startswith("\\sub") else 0)


def _proclaim(converter: Converter, _name: str) -> None:
    """\\proclaim{Theorem 1} ... \\endproclaim, and \\proclaim Theorem 1. ... \\par."""
    converter.par()
    if converter.reader.skip_spaces() == "{":
        converter.capture(lambda text: converter.add(f"**{one_line(text).strip(' .')}.** "))


def _end_of_paragraph(converter: Converter, _name: str) -> None:
    converter.par()


def _dropped(name: str) -> Handler:
    """A command of the title page: its braces, or all up to its \\end, go."""

    def drop(converter: Converter, _name: str) -> None:
        if converter.reader.skip_spaces() == "{" or name == "date":
            converter.reader.argument()
        else:
            converter.open_group(name, lambda _text: None)

    return drop


def _references(converter: Converter, _name: str) -> None:
    if converter.keep_bibliography:
        heading(converter, "References", "section", 0)
    converter.open_group("Refs", None if converter.keep_bibliography else lambda _text: None)


def _abstract(converter: Converter, _name: str) -> None:
    begin_abstract(converter, "abstract")


def _roster(converter: Converter, _name: str) -> None:
    converter.begin("roster")


def _setting(converter: Converter, _name: str) -> None:
    """\\headline={...}."""
    converter.reader.take("=")
    converter.reader.argument()


COMMANDS: dict[str, Handler] = {
    "\\beginsection": _begin_section,
    "\\head": _head,
    "\\subhead": _head,
    "\\subsubhead": _head,
    "\\heading": _head,
    "\\subheading": lambda converter, _name: converter.capture(
        lambda text: converter.add(f"**{one_line(text).strip(' .')}.** ")
    ),
    "\\proclaim": _proclaim,
    "\\demo": _proclaim,
    "\\definition": _proclaim,
    "\\remark": _proclaim,
    "\\example": _proclaim,
    **dict.fromkeys(
        ("\\endproclaim", "\\enddemo", "\\enddefinition", "\\endremark", "\\endexample"), _end_of_paragraph
    ),
    **{f"\\{name}": _dropped(name) for name in _FRONT if name != "keywords"},
    "\\Refs": _references,
    "\\amsabstract": _abstract,
    "\\roster": _roster,
    **dict.fromkeys(
        ("\\headline", "\\footline", "\\everypar", "\\output", "\\mark", "\\rightheadtext", "\\leftheadtext"), _setting
    ),
    "\\bye": lambda converter, _name: converter.reader.stop(),
    "\\enddocument": lambda converter, _name: converter.reader.stop(),
}
