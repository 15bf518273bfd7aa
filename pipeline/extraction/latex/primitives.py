"""What expands in text and in formulas alike: definitions, the reading of other files."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.extraction.latex import conditionals, registers
from pipeline.extraction.latex.converter import Converter, Handler
from pipeline.extraction.latex.lexer import FROZEN
from pipeline.extraction.latex.macros import NO_VALUE, Macro
from pipeline.extraction.latex.reader import Reader

_SUFFIXES_THAT_ARE_NO_TEXT = (".pstex_t", ".pspdftex", ".eps_tex", ".pdf_tex", ".pgf", ".tikz", ".pstex", ".latexmk")


def _named(converter: Converter, _name: str) -> None:
    """\\csname: the control sequence that the text up to \\endcsname spells."""
    reader, text = converter.reader, ""
    for _ in range(60):
        token = reader.next()
        if token.rstrip() == "\\endcsname" or not token:
            break
        if token[0] != "\\":
            text += token
        elif not converter.expand_within(token.rstrip()):
            break
    if text.strip():
        reader.back("\\" + text.strip())


def _input(converter: Converter, name: str) -> None:
    reader = converter.reader
    folder = ""
    if "import" in name or "inputfrom" in name or "includefrom" in name:
        folder = reader.words()
    if reader.skip_spaces() == "{":
        file = reader.words()
    else:
        file = ""
        while (token := reader.next()) and token not in (" ", "\\par", "{", "}") and token[0] != "\\":
            file += token
        if token not in (" ",):
            reader.back(token)
    if name == "\\InputIfFileExists":
        reader.skip("mm")
    file = file.strip().strip('"')
    if file and not file.endswith(_SUFFIXES_THAT_ARE_NO_TEXT):
        converter.input(converter, name, folder + file)


def _definition(method: Callable[[Converter, Reader], None]) -> Handler:
    return lambda converter, _name: method(converter, converter.reader)


def _nothing(_converter: Converter, _name: str) -> None:
    pass


def _x_space(converter: Converter, _name: str) -> None:
    token = converter.reader.peek()
    is_word = token[:1] == "\\" and token[1:2].isalpha() and token.rstrip() not in ("\\par", "\\footnote", "\\xspace")
    if is_word or token[:1].isalnum() or token[:1] in ("(", "$", "[", FROZEN):
        converter.reader.back(" ")


def _new_column(converter: Converter, _name: str) -> None:
    converter.reader.skip("moom")


def _alphabet(converter: Converter, _name: str) -> None:
    """\\DeclareMathAlphabet{\\name}{encoding}{family}{series}{shape}: the alphabet of LaTeX that is most like it."""
    reader = converter.reader
    name, _, family, series, shape = (reader.words() for _ in range(5))
    if any(script in family for script in ("rsfs", "eus", "scr", "cal", "pzc")):
        alphabet = "\\mathscr"
    elif "euf" in family:
        alphabet = "\\mathfrak"
    elif series.startswith("b"):
        alphabet = "\\boldsymbol" if shape in ("it", "sl") else "\\mathbf"
    elif "ss" in family or "phv" in family:
        alphabet = "\\mathsf"
    else:
        alphabet = "\\mathit" if shape in ("it", "sl") else "\\mathrm"
    if name != alphabet:
        converter.definitions.define(name, Macro((FROZEN + alphabet,)), only_new=True)


EXPANDING: dict[str, Handler] = {
    **dict.fromkeys(
        ("\\newcommand", "\\renewcommand", "\\DeclareRobustCommand", "\\newrobustcmd", "\\renewrobustcmd"),
        _definition(lambda converter, reader: converter.definitions.new_command(reader)),
    ),
    "\\providecommand": _definition(lambda converter, reader: converter.definitions.new_command(reader, only_new=True)),
    **dict.fromkeys(
        ("\\def", "\\edef", "\\gdef", "\\xdef"),
        _definition(lambda converter, reader: converter.definitions.primitive(reader)),
    ),
    "\\let": _definition(lambda converter, reader: converter.definitions.let(reader)),
    "\\futurelet": _definition(lambda _converter, reader: reader.skip("mmm")),
    "\\DeclareMathOperator": _definition(lambda converter, reader: converter.definitions.operator(reader)),
    "\\DeclareMathOperator*": _definition(lambda converter, reader: converter.definitions.operator(reader)),
    **dict.fromkeys(
        ("\\NewDocumentCommand", "\\RenewDocumentCommand", "\\DeclareDocumentCommand"),
        _definition(lambda converter, reader: converter.definitions.document_command(reader)),
    ),
    "\\ProvideDocumentCommand": _definition(
        lambda converter, reader: converter.definitions.document_command(reader, only_new=True)
    ),
    **dict.fromkeys(
        ("\\newenvironment", "\\renewenvironment"),
        _definition(lambda converter, reader: converter.definitions.new_environment(reader)),
    ),
    **conditionals.EXPANDING,
    **registers.EXPANDING,
    "\\csname": _named,
    **dict.fromkeys(
        ("\\input", "\\include", "\\subfile", "\\subfileinclude", "\\import", "\\subimport", "\\InputIfFileExists"),
        _input,
    ),
    "\\endinput": lambda converter, _name: converter.reader.end_file(),
    "\\makeatletter": lambda converter, _name: converter.reader.letter_at(True),
    "\\makeatother": lambda converter, _name: converter.reader.letter_at(False),
    "\\xspace": _x_space,
    "\\DeclareMathAlphabet": _alphabet,
    "\\newcolumntype": _new_column,
    **dict.fromkeys(
        (
            *("\\relax", "\\protect", "\\expandafter", "\\noexpand", "\\long", "\\global", "\\outer", "\\unexpanded"),
            *("\\ignorespaces", "\\leavevmode", "\\unskip", "\\empty", NO_VALUE, "\\endcsname", "\\allowbreak"),
            *("\\ignorespacesafterend", "\\@empty", "\\immediate"),
        ),
        _nothing,
    ),
}
