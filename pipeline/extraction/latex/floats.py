"""Figures, tables and algorithms that float: their captions and what is text in them."""

from __future__ import annotations

from pipeline.extraction.latex.code import as_code
from pipeline.extraction.latex.converter import Converter, Handler
from pipeline.extraction.latex.counters import alph
from pipeline.extraction.latex.lists import one_line
from pipeline.extraction.latex.skipped import ARGUMENTS, TABULARS

_FLOATS = {
    "figure": "Figure",
    "wrapfigure": "Figure",
    "SCfigure": "Figure",
    "sidewaysfigure": "Figure",
    "floatingfigure": "Figure",
    "teaserfigure": "Figure",
    "table": "Table",
    "wraptable": "Table",
    "sidewaystable": "Table",
    "deluxetable": "Table",
    "rotatetable": "Table",
    "longtable": "Table",
    "algorithm": "Algorithm",
    "algorithm2e": "Algorithm",
    "algo": "Algorithm",
    "listing": "Listing",
}
_SUB_FLOATS = ("subfigure", "subtable")
_COUNTERS = {"Figure": "figure", "Table": "table", "Algorithm": "algorithm", "Listing": "lstlisting"}


def caption(converter: Converter, name: str) -> None:
    """A caption: a paragraph that says of which figure or table."""
    reader = converter.reader
    kind = converter.floats[-1] if converter.floats else "Figure"
    if name == "\\captionof":
        starred = reader.is_star()
        kind = reader.words().title()
    else:
        starred = reader.is_star()
    reader.option()
    if name == "\\subcaption" or any(map(converter.open_names.get, _SUB_FLOATS)):
        starred = True
    counter = _COUNTERS.get(kind, "figure")
    number = "" if starred else converter.step(counter)

    def close(text: str) -> None:
        words = one_line(text)
        if words:
            converter.par()
            converter.add(f"{kind} {number}: {words}" if number else words)
            converter.par()

    converter.capture(close)


def begin_float(converter: Converter, name: str) -> None:
    """A figure or table: its captions and rows, behind the paragraph in which it stands."""
    plain = name.rstrip("*")
    converter.reader.skip(ARGUMENTS.get(plain, "o"))

    def close(text: str) -> None:
        if plain.startswith("algo"):
            text = as_code(converter, text, has_caption=True)
        if converter.captures:
            converter.par()
            converter.add(text.strip())
            converter.par()
        else:
            converter.block(text.strip())

    converter.open_group(name, close)
    converter.counters.set("subfigure", 0)
    converter.floats.append(_FLOATS[plain])
    if plain.startswith("algo"):
        converter.algorithms.append(0)


def sub_float(converter: Converter, _name: str) -> None:
    """\\subfloat[caption]{...}: a label in it is that of the figure to come, with a letter."""
    converter.reader.skip("oo")
    name_sub_float(converter)


def name_sub_float(converter: Converter) -> None:
    """What a label in a part of a figure or table says."""
    counters = converter.counters
    counter = _COUNTERS.get(converter.floats[-1] if converter.floats else "Figure", "figure")
    counters.step("subfigure")
    value = counters.value(counter)
    counters.set(counter, value + 1)
    counters.current = converter.number(counter) + alph(counters.value("subfigure")), counter
    counters.set(counter, value)


def begin_sub_float(converter: Converter, name: str) -> None:
    """subfigure and subtable."""
    converter.reader.skip(ARGUMENTS.get(name, "om"))
    converter.par()
    converter.open_group(name)
    name_sub_float(converter)


COMMANDS: dict[str, Handler] = dict.fromkeys(
    ("\\caption", "\\captionof", "\\subcaption", "\\topcaption", "\\figcaption", "\\tcaption"), caption
) | dict.fromkeys(("\\subfloat", "\\subfigure", "\\subtable"), sub_float)
BEGIN: dict[str, Handler] = {
    **{name + star: begin_float for name in _FLOATS if name not in TABULARS for star in ("", "*")},
    **dict.fromkeys(_SUB_FLOATS, begin_sub_float),
}
