"""Templates that give numbers, quantities, money and dates."""

from __future__ import annotations

import re

from pipeline.extraction.wikitext.arguments import Arguments, number_of
from pipeline.extraction.wikitext.marks import LOST, SUB, SUB_END, SUP, SUP_END
from pipeline.extraction.wikitext.names import MONTHS, UNITS

# Between the numbers of a range: what the template writes for what it is given (Template:Convert, "Ranges of values").
_RANGES = {
    "to": " to ",
    "-": "–",
    "–": "–",
    "to(-)": "–",
    "and": " and ",
    "or": " or ",
    "by": " by ",
    "x": " × ",
    "×": " × ",
    "xx": " × ",
    "+/-": " ± ",
    "±": " ± ",
    "+": " + ",
    "and(-)": " and ",
    "to about": " to about ",
    "*": " × ",
}
_MONTH_NUMBERS = {name.lower(): number for number, name in enumerate(MONTHS, 1)} | {
    name[:3].lower(): number for number, name in enumerate(MONTHS, 1)
}
_THOUSANDS = re.compile(r"(?<=\d)(?=(?:\d{3})+\Z)")


def superscript(text: str) -> str:
    """Marked as superscript, where there is any."""
    return f"{SUP}{text}{SUP_END}" if text else ""


def subscript(text: str) -> str:
    """Marked as subscript, where there is any."""
    return f"{SUB}{text}{SUB_END}" if text else ""


def convert(arguments: Arguments) -> str:
    """The quantity as it was given, with its unit in words unless the template asks for symbols; nothing converted."""
    values = [value.strip() for value in arguments.positional()]
    text, at = "", 0
    while at + 1 < len(values):
        amount = thousands(values[at])
        if (between := _RANGES.get(values[at + 1])) is not None and at + 2 < len(values):
            text += amount + between
            at += 2
            continue
        text += _with_unit(amount, values[at + 1], arguments)
        at += 2
        # Feet and inches, or pounds and ounces: a number and a unit follow that the first unit can be followed by.
        if at + 1 < len(values) and number_of(values[at]) and (values[at - 1], values[at + 1]) in _COMPOUND:
            text += " "
            continue
        return text
    return text or (values[0] if values else "")


_COMPOUND = frozenset(
    [
        *(("ft", "in"), ("foot", "in"), ("lb", "oz"), ("st", "lb"), ("yd", "ft"), ("mi", "yd"), ("mi", "ft")),
        *(("mi", "chain"), ("mi", "furlong"), ("LT", "cwt"), ("m", "cm")),
    ]
)


def _with_unit(amount: str, unit: str, arguments: Arguments) -> str:
    abbreviated = arguments.get("abbr").lower()
    names = UNITS.get(unit)
    if unit in ("C", "F") and (abbreviated != "off" or arguments.is_on("adj")):
        return f"{amount} °{unit}"
    if names is None or abbreviated in ("on", "in", "values", "~"):
        sign = re.sub(r"(?<=m)([23])$", lambda found: superscript(found[1]), unit).replace("sq", "sq ")
        return f"{amount} {sign}" if abbreviated != "values" else amount
    singular, plural = names
    if arguments.get("adj").lower() in ("on", "mid", "pre"):
        return f"{amount}-{singular.replace(' ', '-')}"
    if arguments.get("sp").lower() == "us":
        singular, plural = _american(singular), _american(plural)
    return f"{amount} {singular if amount in ('1', '−1') else plural}"


def _american(name: str) -> str:
    return re.sub(r"(met|lit)re(s?)\b", r"\1er\2", name)


def val(arguments: Arguments) -> str:
    """A value with uncertainty, power of ten and unit: 1.23(4) × 10⁵ m."""
    text = arguments.get("p") + thousands(arguments.get("1"))
    second = arguments.get("2")
    if second.startswith("(") or arguments.get("end"):
        text += second
    elif second:
        third = arguments.get("3")
        text += f" +{second} −{third}" if third else f" ± {second}"
    exponent = arguments.get("e")
    if exponent:
        text += power_of_ten(exponent)
    unit, per = arguments.get("u", "ul"), arguments.get("up", "upl")
    unit = re.sub(r"(?<=[A-Za-zμΩ])[-−]?\d\b", lambda power: superscript(power[0].replace("-", "−")), unit[:100])
    if unit:
        text += f" {unit}"
    return text + (f"/{per}" if per else "") + arguments.get("s")


def power_of_ten(exponent: str) -> str:
    """× 10 to the power of `exponent`."""
    return f" × 10{superscript(exponent.replace('-', '−'))}"


def fraction(arguments: Arguments) -> str:
    """1/2, or 3 1/2 for three numbers, or 1/n for one."""
    values = arguments.positional()
    if len(values) == 1:
        return f"1/{values[0]}"
    return f"{values[0]} {values[1]}/{values[2]}" if len(values) > 2 else "/".join(values)


def thousands(text: str) -> str:
    """A number with commas between its thousands; anything else as it is."""
    number = number_of(text)
    if number is None or "," in number:
        return text.strip()
    whole, point, rest = number.partition(".")
    return _THOUSANDS.sub(",", whole) + point + rest


def money(sign: str, arguments: Arguments) -> str:
    """An amount behind its sign."""
    return sign + arguments.get("1")


def date(arguments: Arguments) -> str:
    """Year, month and day as `4 May 2010`, or `May 4, 2010` where the template asks for it; else as they stand."""
    values = [arguments.plain(place) for place in ("1", "2", "3")]
    if not values[0].isdecimal() and not (values[1].isdecimal() or values[2].isdecimal()):
        return " ".join(value for value in values[:1] if value)
    if values[1] and not _month(values[1]):  # in another language, and so in its order
        return " ".join(value for value in values if value)
    return written_date(*values, month_first=arguments.is_on("mf"))


def written_date(year: str, month: str = "", day: str = "", *, month_first: bool = False) -> str:
    """A date in words; what is no month is left out, and so is a day without a month."""
    number = _month(month)
    if not number:
        return year
    name = MONTHS[number - 1]
    day = day.lstrip("0") if day.isdecimal() and len(day) < 3 else ""
    if not day:
        return f"{name} {year}".strip()
    return f"{name} {day}, {year}" if month_first else f"{day} {name} {year}".strip()


def _month(text: str) -> int:
    """The number of a month, 0 where it is none."""
    number = int(text) if text.isdecimal() and len(text) < 3 else _MONTH_NUMBERS.get(text.lower(), 0)
    return number if number <= 12 else 0


def old_style_date(arguments: Arguments) -> str:
    """{{OldStyleDate|February 2|1905|January 20}}: a Gregorian day, the year, the Julian day."""
    day, year, julian = (arguments.get(place) for place in ("1", "2", "3"))
    return f"{day} [O.S. {julian}] {year}".strip() if julian else f"{day} {year}".strip()


def as_of(arguments: Arguments) -> str:
    """`As of May 2010`, or what stands instead."""
    instead = arguments.get("alt")
    if instead:
        return instead
    day = [arguments.plain(place) for place in ("1", "2", "3")]
    since = "Since" if arguments.is_on("since") else "As of"
    return f"{since.lower() if arguments.is_on('lc') else since} {written_date(day[0], day[1], day[2])}"


def coordinates(arguments: Arguments) -> str:
    """{{coord|57|18|22|N|4|27|32|W}} as 57°18′22″N 4°27′32″W; nothing where they are shown beside the title only."""
    if arguments.get("display").lower() in ("title", "t"):
        return ""
    text, numbers = "", 0
    for place in range(1, min(arguments.places, 8) + 1):
        value = arguments.get(str(place)).upper()
        if value in ("N", "S", "E", "W") and numbers:
            text, numbers = text + value + ("" if value in "EW" else " "), 0
        elif number_of(value) and numbers < 3:
            text, numbers = text + value + "°′″"[numbers], numbers + 1
        else:
            break
    return text.strip() if text[-1:] in ("E", "W") else ""


def age(arguments: Arguments) -> str:
    """Years between two dates; where one of them is today, nobody knows."""
    values = [arguments.plain(str(place)) for place in range(1, 7)]
    if not all(value.isdecimal() and len(value) < 5 for value in values):
        return LOST
    year, month, day, later, at_month, at_day = map(int, values)
    return str(later - year - ((at_month, at_day) < (month, day)))


def formula(arguments: Arguments) -> str:
    """A chemical formula given as symbols and numbers in turn, or in one: C₂H₅OH."""
    text = ""
    for place in range(1, min(arguments.places, 60) + 1):
        value = arguments.get(str(place))
        is_number = value[:1].isdigit() or value in ("x", "n", "y")
        is_charge = re.fullmatch(r"\d{0,2}[+−-]", value) is not None
        text += superscript(value.replace("-", "−")) if is_charge else subscript(value) if is_number else value
    return text


def formula_in_one(arguments: Arguments) -> str:
    """A chemical formula written in one: {{chem2|SO4(2-)}}."""
    text = arguments.get("1")[:500]
    text = re.sub(r"\((\d{0,2}[+-])\)", lambda charge: superscript(charge[1].replace("-", "−")), text)
    text = re.sub(r"(?<=[A-Za-z)\]])\d{1,4}", lambda count: subscript(count[0]), text)
    return text.replace("->", "→")
