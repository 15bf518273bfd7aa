"""Commands that only set type, and what to make of those that nobody knows: their arguments, where these are text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.extraction.latex.converter import Converter, Handler
from pipeline.extraction.latex.skipped import DIMENSIONS, SKIPPED
from pipeline.extraction.latex.tables import end_row

MAX_PEEKED = 40  # tokens of an argument that are looked at to tell text from a length
_NO_TEXT = re.compile(
    r"[\s*]*(?:-?\d*\.?\d*\s*(?:pt|cm|mm|in|em|ex|bp|pc|sp|fil+|mu)?|-?\d*\.?\d*\s*\\[a-zA-Z]+|\d+(?:[,;-]\s*\d+)*"
    r"|[a-zA-Z@-]+\s*=.*|[a-zA-Z]+[:_/.][\w:./-]*|[\w./-]+\.(?:pdf|eps|ps|png|jpe?g|tex|sty|bib)|[a-z]+(?:,[a-z]+)+"
    r"|[lcr|@p]{2,})\s*",
    re.DOTALL,
)


def _skipper(pattern: str) -> Handler:
    def skip(converter: Converter, _name: str) -> None:
        converter.reader.skip(pattern)

    return skip


def unknown(converter: Converter, name: str) -> None:
    """A command that nobody knows: brackets behind it go, braces too where they hold no text; other text stays."""
    if name.startswith("\\end") and converter.open_names.get(name[4:]):
        converter.end(name[4:])
        return
    if "@" in name or not name[1:2].isalpha():
        return
    drop_options(converter)


def drop_options(converter: Converter) -> None:
    """Read over brackets, and over arguments that are lengths, names or settings."""
    reader = converter.reader
    while reader.peek().startswith("["):
        if reader.option() is None:
            break
    while reader.peek() == "{":
        reader.next()
        peeked: list[str] = []
        depth = 0
        while len(peeked) < MAX_PEEKED and depth >= 0 and (token := reader.next()):
            peeked.append(token)
            depth += (token == "{") - (token == "}")
        whole = depth < 0
        if whole and _NO_TEXT.fullmatch("".join(peeked[:-1])):
            continue
        for token in reversed(peeked):
            reader.back(token)
        reader.back("{")
        break


def _dimension(converter: Converter, name: str) -> None:
    """A length that is set, or space of that length: down the page a paragraph, along the line a space."""
    converter.reader.skip_dimension()
    if name == "\\vskip":
        converter.par()
    elif name == "\\hskip":
        converter.space()


def _font(converter: Converter, _name: str) -> None:
    """\\font\\name=file scaled 1200: the new command sets type."""
    reader = converter.reader
    name = reader.skip_spaces().rstrip()
    reader.next()
    converter.definitions.macros.pop(name, None)
    while (token := reader.next()) and (token[0] not in "\\{}$" or token == "\\magstep"):
        if token == " " and reader.peek().split(" ")[0] not in ("scaled", "at", "=") and not _is_scale(reader.peek()):
            return
    reader.back("" if token.startswith("\\magstep") else token)
    if token.startswith("\\magstep"):
        reader.take("1")


def _is_scale(token: str) -> bool:
    return token[:1].isdigit() or token.startswith(("=", "scaled", "at"))


def _keep_first(converter: Converter, _name: str) -> None:
    """Two arguments of which the first is read: \\texorpdfstring."""

    def close(text: str) -> None:
        converter.add(text)
        converter.reader.argument()

    converter.capture(close)


def _link(converter: Converter, name: str) -> None:
    """An address: written as it is; of \\href only where it has no text of its own."""
    reader = converter.reader
    if name == "\\href":
        reader.argument()
        return
    tokens = reader.argument()
    converter.add("".join(_address(tokens)))


def _address(tokens: Sequence[str]) -> list[str]:
    return [token[1:] if token[:1] == "\\" and len(token) == 2 else token.strip() for token in tokens]


def _line_break(converter: Converter, _name: str) -> None:
    reader = converter.reader
    reader.is_star()
    if reader.peek().startswith("["):
        reader.option()
    table = converter.groups[-1].table if converter.groups else None
    if table is not None:
        end_row(converter)
    elif any(group.table is not None for group in converter.groups[-3:]):
        converter.space()
    else:
        converter.line()


def _symbol(converter: Converter, _name: str) -> None:
    words = converter.reader.words()
    if words.isdigit() and len(words) < 4 and 32 < int(words) < 127:
        converter.add(chr(int(words)))


def _ion(converter: Converter, _name: str) -> None:
    """AASTeX's ionisation state: \\ion{N}{2} is N II."""
    reader = converter.reader
    element, state = reader.words(), reader.words()
    numerals = (
        "",
        "I",
        "II",
        "III",
        "IV",
        "V",
        "VI",
        "VII",
        "VIII",
        "IX",
        "X",
        "XI",
        "XII",
        "XIII",
        "XIV",
        "XV",
        "XVI",
    )
    known = state.isdigit() and len(state) < 3 and int(state) < len(numerals)
    converter.add(f"{element} {numerals[int(state)] if known else state.upper()}")


def _quantity(converter: Converter, name: str) -> None:
    """siunitx: \\SI{3}{\\metre} and \\num{3}."""
    reader = converter.reader
    reader.option()
    number = "".join(token for token in reader.argument() if token[0] != "\\") if name != "\\si" else ""
    unit = ""
    if name not in ("\\num", "\\ang"):
        unit = "".join(_UNITS.get(token.rstrip(), token.lstrip("\\").rstrip()) for token in reader.argument())
    converter.add(f"{number} {unit}".strip() + ("°" if name == "\\ang" else ""))


_UNITS = {
    "\\meter": "m",
    "\\metre": "m",
    "\\second": "s",
    "\\kilo": "k",
    "\\milli": "m",
    "\\micro": "µ",
    "\\nano": "n",
    "\\centi": "c",
    "\\mega": "M",
    "\\giga": "G",
    "\\gram": "g",
    "\\hertz": "Hz",
    "\\percent": "%",
    "\\per": "/",
    "\\kelvin": "K",
    "\\volt": "V",
    "\\watt": "W",
    "\\joule": "J",
    "\\newton": "N",
    "\\pascal": "Pa",
    "\\electronvolt": "eV",
    "\\eV": "eV",
    "\\degree": "°",
    "\\celsius": "°C",
    "\\degreeCelsius": "°C",
    "\\ampere": "A",
    "\\tesla": "T",
    "\\squared": "²",
    "\\cubed": "³",
    "\\square": "",
    "~": " ",
    "\\,": " ",
}


def _enquote(converter: Converter, _name: str) -> None:
    converter.capture(lambda text: converter.add(f"“{text}”"))


def _script(converter: Converter, name: str) -> None:
    """\\textsuperscript: 2nd is written 2nd; a number of its own, as behind an author's name, goes there."""

    def close(text: str) -> None:
        if converter.in_front:
            return
        converter.add(text if text.isalpha() or not text else f"{'^' if 'super' in name else '_'}{text}")

    converter.capture(close)


COMMANDS: dict[str, Handler] = {
    **{name: _skipper(pattern) for pattern, names in SKIPPED.items() for name in names},
    **dict.fromkeys(DIMENSIONS, _dimension),
    "\\font": _font,
    "\\texorpdfstring": _keep_first,
    "\\iflanguage": _keep_first,
    "\\url": _link,
    "\\path": _link,
    "\\nolinkurl": _link,
    "\\href": _link,
    "\\\\": _line_break,
    "\\newline": _line_break,
    "\\symbol": _symbol,
    "\\ion": _ion,
    **dict.fromkeys(("\\SI", "\\si", "\\num", "\\ang", "\\qty", "\\unit"), _quantity),
    "\\enquote": _enquote,
    "\\textsuperscript": _script,
    "\\textsubscript": _script,
    "\\makeatletter": lambda _converter, _name: None,
    "\\par": lambda converter, _name: converter.par(),
    **dict.fromkeys(("\\smallskip", "\\medskip", "\\bigskip", "\\filbreak"), lambda converter, _name: converter.par()),
}
