"""LaTeX's counters and TeX's registers: set, counted up and shown."""

from __future__ import annotations

import re

from pipeline.extraction.latex.converter import Converter, Handler
from pipeline.extraction.latex.counters import STYLES
from pipeline.extraction.latex.macros import Macro

_NUMBER = re.compile(r"\s*=?\s*(-?\d{1,9})")


def _styled(converter: Converter, name: str) -> None:
    """A counter's value in a style: \\arabic{section}."""
    if converter.reader.skip_spaces() != "{":
        return
    counter = converter.reader.words()
    converter.reader.push([STYLES[name[1:]](converter.counters.value(counter))])


def _counter(converter: Converter, name: str) -> None:
    counters, reader = converter.counters, converter.reader
    counter = reader.words()
    if name == "\\stepcounter":
        counters.step(counter)
    elif name == "\\refstepcounter":
        converter.step(counter)
    elif name == "\\newcounter":
        counters.new(counter, "".join(reader.option() or ()) or None)
    elif name in ("\\numberwithin", "\\counterwithin", "\\@addtoreset"):
        counters.within(counter, reader.words()) if name != "\\@addtoreset" else counters.new(reader.words(), counter)
    else:
        value = _number(converter.evaluated(reader.argument()))
        counters.set(counter, value + (counters.value(counter) if name == "\\addtocounter" else 0))


def _number(text: str) -> int:
    found = _NUMBER.match(text)
    return int(found[1]) if found else 0


def _value(converter: Converter, _name: str) -> None:
    converter.reader.push([str(converter.counters.value(converter.reader.words()))])


def _new_register(converter: Converter, _name: str) -> None:
    reader = converter.reader
    register = reader.skip_spaces().rstrip()
    reader.next()
    if register.startswith("\\"):
        converter.registers[register] = 0
        converter.definitions.define(register, Macro(("\\@register", "{", register, "}")))


def _register(converter: Converter, _name: str) -> None:
    """A register of the author's stands where it is set: `\\x = 3`."""
    name = converter.reader.words()
    token = converter.reader.peek()
    number = _NUMBER.match(token)
    if number is not None:
        converter.registers[name] = int(number[1])
    converter.reader.skip_dimension()


def _the(converter: Converter, _name: str) -> None:
    reader = converter.reader
    register = reader.skip_spaces().rstrip()
    reader.next()
    if register in converter.registers:
        reader.push([str(converter.registers[register])])
    elif register in ("\\value", "\\c"):
        _value(converter, "")
    elif register[:1] != "\\":
        reader.back(register)


def _advance(converter: Converter, _name: str) -> None:
    reader = converter.reader
    register = reader.skip_spaces().rstrip()
    reader.next()
    text = ""
    while len(text) < 20 and (token := reader.next()):
        if token[0] in "\\{}$":
            reader.back(token)
            break
        text += token
    found = re.match(r"\s*(?:by)?\s*(-?\d{0,9})", text)
    if found is not None:
        amount = found[1]
        if register in converter.registers and amount not in ("", "-"):
            value = converter.registers[register] + int(amount)
            converter.registers[register] = max(-(10**9), min(10**9, value))
        rest = text[found.end() :]
        reader.back(rest.lstrip())
    if reader.peek().startswith("\\") and text.strip() in ("by", "by -", "by-"):
        reader.next()


EXPANDING: dict[str, Handler] = {
    **{f"\\{style}": _styled for style in STYLES},
    **dict.fromkeys(
        (
            *("\\stepcounter", "\\refstepcounter", "\\newcounter", "\\numberwithin", "\\counterwithin", "\\setcounter"),
            *("\\addtocounter", "\\@addtoreset"),
        ),
        _counter,
    ),
    "\\value": _value,
    "\\newcount": _new_register,
    "\\newdimen": _new_register,
    "\\newskip": _new_register,
    "\\newtoks": _new_register,
    "\\newlength": _new_register,
    "\\@register": _register,
    "\\the": _the,
    "\\number": _the,
    "\\romannumeral": _the,
    "\\advance": _advance,
}
