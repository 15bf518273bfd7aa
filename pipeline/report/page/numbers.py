"""How the page writes numbers: decimal units, exact value always kept beside the rounded one."""

from __future__ import annotations

from pipeline.report.page.markup import Html, tag

_UNITS = ((10**15, "PB"), (10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB"))
NARROW_SPACE = "\u202f"


def count(value: int) -> str:
    """12,345."""
    return f"{value:,}"


def size(value: int) -> str:
    """Bytes in decimal units, three digits: 1.23 GB."""
    for unit, name in _UNITS:
        if value >= unit:
            return f"{three_digits(value / unit)}{NARROW_SPACE}{name}"
    return f"{value}{NARROW_SPACE}B"


def share(part: int, whole: int) -> str:
    """`part` of `whole` in percent, never 0 % for something nor 100 % for less than all; a dash where whole is 0."""
    if whole == 0:
        return "–"
    percent = 100 * part / whole
    if 0 < percent < 0.05:
        return f"<0.1{NARROW_SPACE}%"
    if part < whole and percent >= 99.95:
        return f">99.9{NARROW_SPACE}%"
    return f"{percent:.{1 if 0 < percent < 100 else 0}f}{NARROW_SPACE}%"


def rate(amount: float, seconds: float) -> str:
    """`amount` per second with three digits; a dash where nothing was counted or no time was measured."""
    return three_digits(amount / seconds) if amount and seconds > 0 else "–"


def three_digits(value: float) -> str:
    """1,234, 99.9, 9.99."""
    return f"{value:,.0f}" if value >= 99.95 else f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"


def write(measure: str, value: int) -> str:
    """A value of a measure: documents as a count, the others as sizes."""
    return count(value) if measure == "documents" else size(value)


def exact(value: int, shown: str, *, class_: str | None = None) -> Html:
    """A number as `<data value="exact">shown</data>`, so that people and programs can read both."""
    title = f"{value:,}" if shown != f"{value:,}" else None
    return tag("data", shown, class_=class_, value=value, title=title)
